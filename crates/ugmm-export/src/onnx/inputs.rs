//! From the columns of a table to numbers and states.

use super::graph::{Graph, Type, Value};
use super::proto::AttributeProto;
use crate::portable::{Column, Kind, PortableModel, States};

/// Words for false and true, by which booleans are read in any case.
const WORDS: [[&str; 2]; 6] =
    [["false", "true"], ["f", "t"], ["no", "yes"], ["n", "y"], ["0", "1"], ["0.0", "1.0"]];

/// The values of rows.
pub struct Inputs {
    /// Numbers side by side, `[rows, numbers]`, doubles; NaN where one is missing. None without numbers.
    pub numbers: Option<Value>,
    /// Where the values of each column are.
    pub places: Vec<Place>,
}

/// Where the values of a column are.
pub enum Place {
    /// At this position of the numbers.
    Number(usize),
    /// In a value of its own.
    State(State),
}

/// The states of a column.
pub struct State {
    /// Index of the state, `[rows]`; the number of states where the value is missing.
    pub index: Value,
    /// The logarithm of the value's share of the state, `[rows]`, doubles; none if it is 0 for all values.
    pub log_share: Option<Value>,
}

impl Inputs {
    pub fn new(graph: &mut Graph, model: &PortableModel) -> Self {
        if let Some(image) = &model.image {
            let pixels = image.rows * image.columns;
            let about = format!("{} × {} pixels from 0 to 1, row by row", image.rows, image.columns);
            let all = graph.input("image", Type::Double, pixels, &about);
            let numbers = select(graph, &all, &image.places, pixels);
            let places = (0..image.places.len()).map(Place::Number).collect();
            return Self { numbers: Some(numbers), places };
        }
        let (mut numbers, mut places) = (Vec::new(), Vec::new());
        for column in &model.columns {
            let about = about(column);
            places.push(match &column.states {
                Some(states) => {
                    let text = graph.input(&column.name, Type::Text, 1, &about);
                    Place::State(state(graph, column.kind, states, &text))
                }
                None => {
                    numbers.push(graph.input(&column.name, Type::Double, 1, &about));
                    Place::Number(numbers.len() - 1)
                }
            });
        }
        let numbers = (!numbers.is_empty()).then(|| graph.concat(&numbers, 1));
        Self { numbers, places }
    }

    /// How many columns are numbers.
    pub fn count(&self) -> usize {
        self.places.iter().filter(|place| matches!(place, Place::Number(_))).count()
    }

    /// The numbers at these positions, `[rows, positions]`.
    pub fn some_numbers(&self, graph: &mut Graph, positions: &[usize]) -> Option<Value> {
        let numbers = self.numbers.as_ref()?;
        Some(select(graph, numbers, positions, self.count()))
    }
}

/// Columns of a value that has `width` of them.
pub fn select(graph: &mut Graph, value: &Value, columns: &[usize], width: usize) -> Value {
    if columns.iter().copied().eq(0..width) {
        return value.clone();
    }
    if let [first, .., last] | [first @ last] = columns
        && columns.iter().copied().eq(*first..=*last)
    {
        return graph.slice(value, *first, *last + 1);
    }
    let indices: Vec<i64> = columns.iter().map(|&column| column as i64).collect();
    let indices = graph.ints(&[indices.len()], &indices);
    graph.gather(value, &indices, 1)
}

fn about(column: &Column) -> String {
    match column.kind {
        Kind::Date | Kind::Month => format!("days since 1970-01-01; {}", column.values),
        _ => column.values.clone(),
    }
}

fn state(graph: &mut Graph, kind: Kind, states: &States, text: &Value) -> State {
    // The texts have numbers first, because two of them may have one state and different shares.
    let mut keys: Vec<(String, i64)> = Vec::new();
    let known = states.levels.len();
    match kind {
        Kind::Truth => {
            for words in WORDS {
                for (truth, word) in words.into_iter().enumerate() {
                    let title = word[..1].to_uppercase() + &word[1..];
                    for written in [word.to_owned(), title, word.to_uppercase()] {
                        if !keys.iter().any(|(key, _)| *key == written) {
                            keys.push((written, truth as i64));
                        }
                    }
                }
            }
        }
        _ => keys.extend(
            states.levels.iter().enumerate().map(|(place, level)| (level.text.clone(), place as i64)),
        ),
    }
    let (missing, unseen) = (known as i64, known as i64 + 1);
    keys.push((String::new(), missing));
    let (texts, numbers): (Vec<String>, Vec<i64>) = keys.into_iter().unzip();
    let settings = vec![
        AttributeProto::strings("keys_strings", &texts),
        AttributeProto::ints("values_int64s", numbers),
        AttributeProto::int("default_int64", unseen),
    ];
    let place = graph.with("LabelEncoder", &[text], settings);
    let place = graph.squeeze(&place, -1);
    let count = states.count as i64;
    let of_place = states.levels.iter().map(|level| level.state as i64);
    let other = states.unseen.map_or(count, |state| state as i64);
    let of_place: Vec<i64> = of_place.chain([count, other]).collect();
    let table = graph.ints(&[of_place.len()], &of_place);
    let index = graph.gather(&table, &place, 0);
    let shares: Vec<f64> = states.levels.iter().map(|level| level.log_share).chain([0.0; 2]).collect();
    let log_share = shares.iter().any(|share| *share != 0.0).then(|| {
        let table = graph.doubles(&[shares.len()], &shares);
        graph.gather(&table, &place, 0)
    });
    State { index, log_share }
}
