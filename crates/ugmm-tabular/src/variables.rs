//! The columns of a model's table as variables of its network.

use crate::error::TabularError;
use crate::model::TabularModel;
use crate::question_error::QuestionError;
use crate::range::NumberRange;
use crate::target::{NumberTarget, Target};
use crate::value_text::{first_of_month, is_month, value_text};
use std::ops::Range;
use ugmm_data::frame::{ReadAs, minute_text};
use ugmm_data::{ColumnStates, Preprocessor, closest};
use ugmm_network::inference::variable::Variable;
use ugmm_network::{LabelEncoding, Objective};

/// Whole numbers of a range that have a probability each, at most; those of more are as good as a density.
const FEW_NUMBERS: usize = 64;

/// The columns of a model's table as variables of its network: features in the order of the table, and after them the
/// target, where it is among the network's inputs (it is not where the network is discriminative).
#[derive(Clone, Debug)]
pub struct TableVariables<'m> {
    variables: Vec<TableVariable<'m>>,
    inputs: usize,
    /// The target, where it is no variable.
    other_target: Option<&'m str>,
}

/// A column as a variable of a network.
#[derive(Clone, Debug)]
pub struct TableVariable<'m> {
    name: String,
    inputs: Range<usize>,
    values: Values,
    read_as: ReadAs,
    scale: Scale<'m>,
    is_target: bool,
    /// Rows that had each of the rare levels, where the model knows that.
    rare_rows: &'m [usize],
}

#[derive(Clone, Debug)]
enum Values {
    /// What it ranges over, where that is known.
    Number(Option<NumberRange>),
    States(ColumnStates),
}

/// Between the data's units and the network's.
#[derive(Clone, Copy, Debug)]
enum Scale<'m> {
    Feature {
        preprocessor: &'m Preprocessor,
        column: usize,
    },
    Number(NumberTarget),
    /// Of classes.
    None,
}

/// What is known of a row: the network's values of some variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Index of the variable and its inputs' values, in ascending order of variables, each at most once.
    pub values: Vec<(usize, Vec<f64>)>,
}

impl Evidence {
    /// Whether the variable's value is known.
    #[must_use]
    pub fn holds(&self, variable: usize) -> bool {
        self.values.iter().any(|(known, _)| *known == variable)
    }
}

impl TabularModel {
    /// The columns of the table as variables of the network. The range of a number is that of the rows learned from, of a
    /// target a tenth more on both sides.
    #[must_use]
    pub fn variables(&self) -> TableVariables<'_> {
        let (preprocessor, task) = (self.preprocessor(), self.saved().task());
        let sources = preprocessor.source_columns();
        let mut variables = Vec::new();
        for (column, request) in preprocessor.requests().into_iter().enumerate() {
            let start = sources.partition_point(|&source| source < column);
            let inputs = start..sources.partition_point(|&source| source <= column);
            let values = match preprocessor.states(column) {
                Some(states) => Values::States(match self.words(column) {
                    Some(words) => ColumnStates { names: words.to_vec(), ..states },
                    None => states,
                }),
                None => Values::Number(self.range(column)),
            };
            let (name, read_as) = (request.name, request.read_as);
            let scale = Scale::Feature { preprocessor, column };
            let rare_rows = self.rare_rows(column);
            variables.push(TableVariable {
                name,
                inputs,
                values,
                read_as,
                scale,
                is_target: false,
                rare_rows,
            });
        }
        let features = task.features;
        let target = |values, width, scale| TableVariable {
            name: self.target_name().to_owned(),
            inputs: features..features + width,
            values,
            read_as: self.target_request().read_as.clone(),
            scale,
            is_target: true,
            rare_rows: &[],
        };
        match (self.target(), task.objective) {
            (Target::Number(number), Objective::Conditional { .. }) => {
                let (low, high) = number.possible();
                let range = NumberRange { low, high, whole: false };
                variables.push(target(Values::Number(Some(range)), 1, Scale::Number(*number)));
            }
            (Target::Classes(labels), objective) => {
                if let Some(encoding) = objective.label_encoding() {
                    let states = class_states(labels.names(), encoding);
                    let width = encoding.columns(labels.len());
                    variables.push(target(Values::States(states), width, Scale::None));
                }
            }
            (Target::Number(_), _) => {}
        }
        let is_variable = variables.last().is_some_and(|variable| variable.is_target);
        let other_target = (!is_variable).then(|| self.target_name());
        TableVariables { variables, inputs: task.inputs(), other_target }
    }
}

fn class_states(names: &[String], encoding: LabelEncoding) -> ColumnStates {
    let value = |class: usize| match encoding {
        LabelEncoding::Index => vec![class as f32],
        LabelEncoding::OneHot => (0..names.len()).map(|input| f32::from(u8::from(input == class))).collect(),
    };
    let inputs = (0..names.len()).map(value).collect();
    ColumnStates { names: names.to_vec(), inputs, rare: Vec::new() }
}

impl<'m> TableVariables<'m> {
    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[TableVariable<'m>] {
        &self.variables
    }

    /// Number of the network's inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The index of the target, where it is among the network's inputs.
    #[must_use]
    pub fn target(&self) -> Option<usize> {
        self.variables.iter().position(|variable| variable.is_target)
    }

    /// The index of the column `name`.
    ///
    /// # Errors
    ///
    /// When it is no variable; the message has the closest name there is.
    pub fn index_of(&self, name: &str) -> Result<usize, TabularError> {
        let found = self.variables.iter().position(|variable| variable.name == name);
        found.ok_or_else(|| match self.other_target {
            Some(target) if target == name => {
                TabularError::from(QuestionError::NoTargetInput { target: target.to_owned() })
            }
            _ => {
                let columns: Vec<String> = self.variables.iter().map(|known| known.name.clone()).collect();
                TabularError::from(QuestionError::NoSuchColumn { column: name.to_owned(), columns })
            }
        })
    }

    /// Sets what a column of numbers ranges over, from text such as `0:10`, in the data's units.
    ///
    /// # Errors
    ///
    /// When there is no such column of numbers, or the text is no range.
    pub fn set_range(&mut self, name: &str, text: &str) -> Result<(), TabularError> {
        let index = self.index_of(name)?;
        let variable = &mut self.variables[index];
        let wrong = |expected: &str| {
            TabularError::from(QuestionError::NoValue {
                column: name.to_owned(),
                value: text.to_owned(),
                expected: expected.to_owned(),
            })
        };
        let Values::Number(known) = &variable.values else {
            let (column, value) = (name.to_owned(), text.to_owned());
            return Err(QuestionError::RangeOfCategories { column, value }.into());
        };
        match range_ends(&variable.read_as, text) {
            Some((low, high)) if !known.is_some_and(|range| range.whole) => {
                variable.values = Values::Number(Some(NumberRange { low, high, whole: false }));
                Ok(())
            }
            Some((low, high)) if low.ceil() <= high.floor() => {
                let (low, high) = (low.ceil(), high.floor());
                variable.values = Values::Number(Some(NumberRange { low, high, whole: true }));
                Ok(())
            }
            Some(_) => Err(wrong(range_expected::WHOLE)),
            None => Err(wrong(range_expected::RANGE)),
        }
    }

    /// What is known, from pairs of a column and its value in the data's units and words.
    ///
    /// # Errors
    ///
    /// Names the first column that is not there or is given twice, and the first value that is none of its column's.
    pub fn evidence<N: AsRef<str>, V: AsRef<str>>(&self, pairs: &[(N, V)]) -> Result<Evidence, TabularError> {
        let mut values: Vec<(usize, Vec<f64>)> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let index = self.index_of(name.as_ref())?;
            if values.iter().any(|(known, _)| *known == index) {
                return Err(TabularError::from(QuestionError::GivenTwice {
                    column: name.as_ref().to_owned(),
                }));
            }
            values.push((index, self.variables[index].parse(value.as_ref())?));
        }
        values.sort_by_key(|(index, _)| *index);
        Ok(Evidence { values })
    }

    /// Names of the variables that are neither known nor asked for.
    #[must_use]
    pub fn missing(&self, evidence: &Evidence, asked: &[usize]) -> Vec<String> {
        let is_missing = |index: &usize| !evidence.holds(*index) && !asked.contains(index);
        let missing = (0..self.variables.len()).filter(is_missing);
        missing.map(|index| self.variables[index].name.clone()).collect()
    }

    /// The network's inputs of a row of which this is known; NaN where nothing is.
    #[must_use]
    pub fn row(&self, evidence: &Evidence) -> Vec<f32> {
        let mut row = vec![f32::NAN; self.inputs];
        for (index, values) in &evidence.values {
            let inputs = self.variables[*index].inputs.clone();
            row[inputs].iter_mut().zip(values).for_each(|(input, &value)| *input = value as f32);
        }
        row
    }
}

impl TableVariable<'_> {
    /// The column's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The inputs of the network that hold it.
    #[must_use]
    pub fn inputs(&self) -> Range<usize> {
        self.inputs.clone()
    }

    /// Whether it is the column to predict.
    #[must_use]
    pub fn is_target(&self) -> bool {
        self.is_target
    }

    /// Whether its numbers are dates, as days since 1970-01-01.
    #[must_use]
    pub fn is_date(&self) -> bool {
        self.read_as.is_date()
    }

    /// Its states, where it has some: categories, classes, true and false.
    #[must_use]
    pub fn states(&self) -> Option<&ColumnStates> {
        match &self.values {
            Values::States(states) => Some(states),
            Values::Number(_) => None,
        }
    }

    /// What it ranges over, in the data's units, where it is a number and that is known.
    #[must_use]
    pub fn range(&self) -> Option<NumberRange> {
        match self.values {
            Values::Number(range) => range,
            Values::States(_) => None,
        }
    }

    /// The numbers that it can be, ascending, in the data's units, where these are few: a column whose numbers are all whole.
    #[must_use]
    pub fn few_numbers(&self) -> Option<Vec<f64>> {
        self.range().and_then(|range| range.whole_numbers(FEW_NUMBERS))
    }

    /// The variable with its domain in the network's units: the states of categories, each whole number where these are
    /// few, the range of other numbers.
    ///
    /// # Errors
    ///
    /// When the range of a number is not known: the model was trained by a version that did not keep it.
    pub fn variable(&self) -> Result<Variable, TabularError> {
        self.with_numbers_up_to(FEW_NUMBERS)
    }

    /// [`Self::variable`] with whole numbers one by one up to so many of them.
    pub(crate) fn with_numbers_up_to(&self, most: usize) -> Result<Variable, TabularError> {
        match &self.values {
            Values::States(states) => Ok(Variable::states(self.inputs.clone(), states.inputs.clone())?),
            Values::Number(None) => {
                Err(TabularError::from(QuestionError::NoRange { column: self.name.clone() }))
            }
            Values::Number(Some(range)) => {
                if let Some(numbers) = range.whole_numbers(most) {
                    let numbers = numbers.into_iter().map(|number| self.to_network(number)).collect();
                    return Ok(Variable::numbers(self.inputs.start, numbers)?);
                }
                let (low, high) = (self.to_network(range.low), self.to_network(range.high));
                Ok(Variable::number(self.inputs.start, low, high)?)
            }
        }
    }

    /// A number of the data in the network's units, before it is rounded to `f32`; 0 where there are states.
    #[must_use]
    pub fn to_network(&self, number: f64) -> f64 {
        match self.scale {
            Scale::Feature { preprocessor, column } => {
                preprocessor.input_of(column, number).unwrap_or_default()
            }
            Scale::Number(target) => target.to_network(number).clamp(f32::MIN.into(), f32::MAX.into()),
            Scale::None => 0.0,
        }
    }

    /// A number of the network in the data's units, days since 1970-01-01 of a date.
    #[must_use]
    pub fn to_data(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Feature { preprocessor, .. } => {
                preprocessor.to_data_units(self.inputs.start, value).unwrap_or(value)
            }
            Scale::Number(target) => target.to_data(value),
            Scale::None => value,
        }
    }

    /// The network's inputs for a value as it would stand in the table.
    ///
    /// # Errors
    ///
    /// When it is no value of the column; the message says what would be.
    pub fn parse(&self, text: &str) -> Result<Vec<f64>, TabularError> {
        let text = text.trim();
        let wrong = |expected: String| {
            TabularError::from(QuestionError::NoValue {
                column: self.name.clone(),
                value: text.to_owned(),
                expected,
            })
        };
        match &self.values {
            Values::Number(range) => {
                let number = number(&self.read_as, text).ok_or_else(|| {
                    let example = range.map(|range| {
                        format!(
                            ", such as those from {} to {}",
                            self.text_of(range.low),
                            self.text_of(range.high)
                        )
                    });
                    let kind = if self.read_as.is_date() { "a date" } else { "a number" };
                    wrong(format!("{kind}{}", example.unwrap_or_default()))
                })?;
                Ok(vec![self.to_network(number)])
            }
            Values::States(states) => match states.of(text, &self.read_as) {
                Some(state) => Ok(states.inputs[state].iter().map(|&input| input.into()).collect()),
                None => Err(wrong(one_of(text, &states.values()))),
            },
        }
    }

    /// A number in the data's units as it would stand in the table.
    #[must_use]
    pub fn text_of(&self, number: f64) -> String {
        value_text(&self.read_as, number)
    }

    /// What is typed for a number or a rare level, which the network's inputs do not tell exactly; `None` for another level.
    #[must_use]
    pub fn exact_text(&self, typed: &str) -> Option<String> {
        let typed = typed.trim();
        match &self.values {
            Values::Number(_) => number(&self.read_as, typed).map(|number| self.text_of(number)),
            Values::States(states) => states.rare.iter().find(|level| *level == typed).cloned(),
        }
    }

    /// A number of the network in the data's units, as exact as the column's are: whole where all of them were.
    #[must_use]
    pub(crate) fn whole_to_data(&self, value: f64) -> f64 {
        let number = self.to_data(value);
        match self.range() {
            Some(range) if range.whole => rounded(number, range),
            _ => number,
        }
    }

    /// A number in the data's units, to a hundred-thousandth of its range whether or not those of the column are whole; of a date
    /// the day and the minute.
    #[must_use]
    pub fn fine_text(&self, number: f64) -> String {
        if self.is_date() {
            return minute_text(number);
        }
        let range = self.range().map(|range| NumberRange { whole: false, ..range });
        ReadAs::Numbers(Default::default()).text(range.map_or(number, |range| rounded(number, range)))
    }

    /// The network's inputs of this variable as they would stand in the table: numbers to a hundred-thousandth of their
    /// range, whole where all of the column's were; the nearest state.
    #[must_use]
    pub fn text(&self, inputs: &[f64]) -> String {
        match &self.values {
            Values::Number(range) => {
                let number = self.to_data(inputs[0]);
                self.text_of(range.map_or(number, |range| rounded(number, range)))
            }
            Values::States(states) => {
                nearest(states, inputs).map_or_else(String::new, |state| states.names[state].clone())
            }
        }
    }

    /// Whether these inputs are the state that all rare levels share, which is no value of the table.
    #[must_use]
    pub fn is_rare(&self, inputs: &[f64]) -> bool {
        self.states().is_some_and(|states| {
            !states.rare.is_empty() && nearest(states, inputs) == states.names.len().checked_sub(1)
        })
    }

    /// The rare levels, each with its share of the rows that have one; none where the model does not know how many those are.
    #[must_use]
    pub fn rare_levels(&self) -> Vec<(&str, f64)> {
        let Some(states) = self.states().filter(|states| states.rare.len() == self.rare_rows.len()) else {
            return Vec::new();
        };
        let rows = self.rare_rows.iter().sum::<usize>().max(1) as f64;
        let levels = states.rare.iter().map(String::as_str);
        levels.zip(self.rare_rows).map(|(level, of_level)| (level, *of_level as f64 / rows)).collect()
    }

    /// The variable without the state of rare levels: what its most probable value is looked for among.
    pub(crate) fn of_own_states(&self, most: usize) -> Result<Variable, TabularError> {
        match &self.values {
            // There is a level with an input of its own wherever there is this state.
            Values::States(states) if !states.rare.is_empty() && states.inputs.len() > 1 => {
                let own = states.inputs[..states.inputs.len() - 1].to_vec();
                Ok(Variable::states(self.inputs.clone(), own)?)
            }
            _ => self.with_numbers_up_to(most),
        }
    }
}

/// The state whose inputs are nearest.
fn nearest(states: &ColumnStates, inputs: &[f64]) -> Option<usize> {
    let distance =
        |state: &[f32]| -> f64 { state.iter().zip(inputs).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum() };
    let distances = states.inputs.iter().map(|state| distance(state));
    distances.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(state, _)| state)
}

/// What ranges must be, for messages.
pub(crate) mod range_expected {
    pub const RANGE: &str = "a range such as 0:10, from one number to a greater one";
    pub const WHOLE: &str = "a range with a whole number in it, because all of the column's are whole";
}

/// The ends of a range of a column of numbers, the lower one first, from text such as `0:10`.
pub(crate) fn range_ends(read_as: &ReadAs, text: &str) -> Option<(f64, f64)> {
    let read = |text: &str| number(read_as, text.trim());
    // A time has colons of its own.
    let colons = text.match_indices(':').map(|(place, _)| place);
    let ends = |place: usize| Some((read(&text[..place])?, read(&text[place + 1..])?));
    colons.filter_map(ends).find(|(low, high)| low < high)
}

/// A number as the column has them, or with a decimal point; of a day the month, where the column has months.
pub(crate) fn number(read_as: &ReadAs, text: &str) -> Option<f64> {
    let plain = || ReadAs::Numbers(Default::default()).number(text);
    match read_as {
        ReadAs::Numbers(_) | ReadAs::Text => read_as.number(text).or_else(plain),
        _ if is_month(read_as) => read_as.number(text).map(first_of_month),
        _ => read_as.number(text),
    }
}

/// A number as exact as the column's are: whole and inside of the range where all of them are.
fn rounded(number: f64, range: NumberRange) -> f64 {
    match range.whole {
        true => number.round().clamp(range.low, range.high) + 0.0,
        false => range.step_rounded(number),
    }
}

/// What a text must be that is none of these.
pub(crate) fn one_of(text: &str, names: &[String]) -> String {
    match closest(text, names) {
        Some(name) => format!("one of {}; did you mean {name:?}?", some_of(names)),
        None => format!("one of {}", some_of(names)),
    }
}

fn some_of(names: &[String]) -> String {
    /// Names shown in a message, at most.
    const SHOWN: usize = 20;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
