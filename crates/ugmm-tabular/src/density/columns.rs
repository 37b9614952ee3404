//! The columns of a table as variables of a circuit.

use crate::Table;
use crate::column::range::NumberRange;
use crate::column::usable::check_column;
use crate::column::{Column, ColumnValues, PIXEL_TOLERANCE, RareLevel, WHITE};
use crate::error::TabularError;
use ugmm_circuit::Variable;
use ugmm_data::frame::{Column as TableColumn, Kind, NumberFormat, ReadAs, Request, Schema, Values};
use ugmm_data::{ImageShape, MIN_LEVEL_ROWS};

/// The possible values of a column of whole numbers end at its least or greatest number if at least this many
/// rows have it. If numbers thin out towards an end, about one row has the last one, however many rows there
/// are.
const PILED_UP: usize = 10;
/// Least fraction of the known rows that must have the number for a column of whole numbers to end there.
const PILED_UP_SHARE: f64 = 0.05;
/// Largest span of a column of whole numbers that has a probability for each number. A wider column has a
/// density, which is as accurate where each number has little probability, and trains faster than a table.
const WIDEST: f64 = 1024.0;
/// Number of values of a byte.
const BYTES: usize = 256;

impl Column {
    /// Whether the circuit's variable is the one for this column.
    pub(crate) fn fits(&self, variable: &Variable) -> bool {
        use ugmm_circuit::VariableKind as V;
        match (&self.values, variable.kind) {
            (ColumnValues::Number, V::Continuous { low, high, .. }) => {
                (self.least, self.greatest) == (low, high)
            }
            (ColumnValues::Whole { low, high }, V::Integer { low: least, high: greatest }) => {
                (*low, *high) == (least, greatest)
            }
            (ColumnValues::Pixel, V::Categorical { states: BYTES }) => true,
            (ColumnValues::Truth { .. } | ColumnValues::States { .. }, V::Categorical { states }) => {
                self.states().is_some_and(|names| names.len() == states)
            }
            _ => false,
        }
    }

    /// The circuit's variable for the column, whose training values are `values`, each with its weight.
    pub(crate) fn variable(&self, values: impl Iterator<Item = (f64, f64)> + Clone) -> Variable {
        let variable = match &self.values {
            ColumnValues::Number => {
                Variable::standardizing_weighted(values).between(self.least, self.greatest)
            }
            ColumnValues::Whole { low, high } => Variable::integer(*low, *high),
            // Each byte has a probability: there are enough rows, and black and white are not the ends of a
            // bell curve.
            ColumnValues::Pixel => Variable::categorical(BYTES),
            ColumnValues::Truth { .. } | ColumnValues::States { .. } => {
                Variable::categorical(self.states().map_or(1, |names| names.len()))
            }
        };
        variable.named(self.name())
    }
}

/// The columns of a table that a density is trained on; the target is the last.
///
/// # Errors
///
/// Returns an error if no column is left, or a category identifies rows.
pub(crate) fn used_columns<'t>(
    table: &'t Table,
    target: Option<&str>,
) -> Result<Vec<&'t TableColumn>, TabularError> {
    let schema = table.schema();
    let is_target = |column: &&TableColumn| Some(column.name.as_str()) == target;
    let used = schema.columns.iter().filter(|column| !is_target(column) && column.is_informative());
    // A density of images leaves out labels unless they are the target.
    let mut columns: Vec<_> = used.filter(|column| !schema.is_label(&column.name)).collect();
    if columns.is_empty() {
        return Err(TabularError::NothingToLearn);
    }
    columns.iter().try_for_each(|column| check_column(column, table.rows()))?;
    columns.extend(schema.columns.iter().filter(is_target));
    Ok(columns)
}

/// The columns of [`used_columns`] as variables. Their levels and ranges are those of the training rows
/// `rows`; other rows have no influence.
pub(crate) fn columns_of(
    table: &Table,
    target: Option<&str>,
    rows: &[usize],
) -> Result<Vec<Column>, TabularError> {
    let schema = table.schema();
    let column_of = |column: &TableColumn| match (&column.kind, Some(column.name.as_str()) == target) {
        // A split leaves each class of the target at least one training row.
        (Kind::Categorical, true) => {
            let values = ColumnValues::States { with_other: false };
            Ok(Column::new(schema.request(&column.name)?, values, None))
        }
        (_, is_target) => column_of(table, column, schema.images.is_some() && !is_target, rows),
    };
    used_columns(table, target)?.into_iter().map(column_of).collect()
}

fn column_of(
    table: &Table,
    column: &TableColumn,
    is_image: bool,
    rows: &[usize],
) -> Result<Column, TabularError> {
    let mut request = table.schema().request(&column.name)?;
    Ok(match (table.column(&column.name)?, &column.kind) {
        (Values::Numbers(_), Kind::Boolean) => {
            Column::new(request, ColumnValues::Truth { words: column.words() }, None)
        }
        (Values::Numbers(numbers), _) => {
            let of_rows = rows.iter().map(|&row| numbers[row]);
            let no_value = NumberRange { low: 0.0, high: 0.0, whole: false };
            match NumberRange::of(of_rows.clone()) {
                None => Column::new(request, ColumnValues::Number, Some(no_value)),
                Some(range) if is_image && numbers.iter().all(|number| is_byte(*number)) => {
                    Column::new(request, ColumnValues::Pixel, Some(range))
                }
                Some(range) => of_numbers(request, range, of_rows),
            }
        }
        (values, _) => {
            let levels = column.levels.as_deref().unwrap_or_default();
            let mut counts = vec![0usize; levels.len()];
            if let Values::Codes(codes) = values {
                let codes = rows.iter().filter_map(|&row| codes[row]);
                codes
                    .for_each(|code| counts.get_mut(code as usize).into_iter().for_each(|count| *count += 1));
            }
            let seen = levels.iter().zip(counts).filter(|(_, rows)| *rows > 0);
            let (common, rare): (Vec<_>, Vec<_>) = seen.partition(|(_, rows)| *rows >= MIN_LEVEL_ROWS);
            let common = common.into_iter().map(|(level, _)| level.text.clone()).collect();
            let rare = rare.into_iter().map(|(level, rows)| RareLevel { text: level.text.clone(), rows });
            request.read_as = ReadAs::Codes(common);
            let values = ColumnValues::States { with_other: true };
            let rare = Some(rare.collect());
            Column { rare, ..Column::new(request, values, None) }
        }
    })
}

/// A column of numbers, days or times, with possible values inferred from the training values:
///
/// * If no number is negative, numbers below 0 are impossible; if none is positive, numbers above 0 are.
/// * Whole numbers and days over a short range have a probability each. The variable extends the range by its
///   own width on both sides, because numbers outside have probability 0, and training rows cannot rule out
///   all of them. The variable ends at a least or greatest whole number that many rows have: the best of
///   five stars, 100 of 100 percent.
/// * Days and times over a long range may also lie outside the range by its own width.
fn of_numbers(request: Request, range: NumberRange, numbers: impl Iterator<Item = f64> + Clone) -> Column {
    let is_date = request.read_as.is_date();
    let width = range.high - range.low;
    let margin = width.max(1.0);
    // Dates may be negative. A column of zeros needs only one of the two limits.
    let least = (!is_date && range.low >= 0.0).then_some(0.0);
    let greatest = (!is_date && range.high <= 0.0 && range.low < 0.0).then_some(0.0);
    let low = (range.low - margin).max(least.unwrap_or(f64::NEG_INFINITY));
    let high = (range.high + margin).min(greatest.unwrap_or(f64::INFINITY));
    let is_exact = range.low.abs().max(range.high.abs()) <= (1_i64 << 50) as f64;
    if range.whole && is_exact && width <= WIDEST {
        let known = numbers.clone().filter(|number| !number.is_nan()).count();
        let is_piled_up = |end: f64| {
            let rows = numbers.clone().filter(|number| *number == end).count();
            !is_date && width > 0.0 && rows >= PILED_UP && rows as f64 >= PILED_UP_SHARE * known as f64
        };
        let low = if is_piled_up(range.low) { range.low } else { low };
        let high = if is_piled_up(range.high) { range.high } else { high };
        let values = ColumnValues::Whole { low: low as i64, high: high as i64 };
        return Column::new(request, values, Some(range));
    }
    let (least, greatest) = if is_date { (Some(low), Some(high)) } else { (least, greatest) };
    Column { least, greatest, ..Column::new(request, ColumnValues::Number, Some(range)) }
}

fn is_byte(number: f64) -> bool {
    (number * WHITE - (number * WHITE).round()).abs() < PIXEL_TOLERANCE
}

/// Makes every pixel of a file of images a numeric column, even if it is the same in all images, because a
/// density of images needs whole images.
pub fn prepare_pixels(schema: &mut Schema) {
    let Some(shape) = schema.images.as_ref().map(|images| images.shape) else { return };
    let pixels: std::collections::HashSet<String> = ImageShape::names(shape).collect();
    for column in schema.columns.iter_mut().filter(|column| pixels.contains(&column.name)) {
        if let (Kind::Constant, Some([level])) = (&column.kind, column.levels.as_deref()) {
            let value = level.text.parse().unwrap_or(0.0);
            let format = NumberFormat::default();
            column.kind = Kind::Numeric { min: value, max: value, integers: false, format };
        }
    }
}
