//! The columns of a table as variables of a circuit.

use crate::Table;
use crate::column::range::NumberRange;
use crate::column::usable::check_column;
use crate::column::{Column, ColumnValues, PIXEL_TOLERANCE, RareLevel, WHITE};
use crate::error::TabularError;
use ugmm_circuit::Variable;
use ugmm_data::frame::{Column as TableColumn, Kind, NumberFormat, ReadAs, Request, Schema, Values};
use ugmm_data::{ImageShape, MIN_LEVEL_ROWS};

/// Rows, and the share of all rows, that have the least or the greatest of a column's whole numbers where they end with it: numbers
/// that thin out towards an end have about one row there, however many rows there are.
const PILED_UP: usize = 10;
const PILED_UP_SHARE: f64 = 0.05;
/// How far the numbers of a column of whole numbers may be apart: those of a wider one are a density, which says as much where each
/// number has little probability, and is learned faster than a table.
const WIDEST: f64 = 1024.0;
/// Bytes that there are.
const BYTES: usize = 256;

impl Column {
    /// Whether the circuit's variable is the one that this column makes.
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

    /// The circuit's variable, for these values of the rows to learn from.
    pub(crate) fn variable(&self, values: impl Iterator<Item = f64> + Clone) -> Variable {
        let variable = match &self.values {
            ColumnValues::Number => Variable::standardizing(values).between(self.least, self.greatest),
            ColumnValues::Whole { low, high } => Variable::integer(*low, *high),
            // A probability for each byte: there are rows enough, and black and white are no ends of a bell.
            ColumnValues::Pixel => Variable::categorical(BYTES),
            ColumnValues::Truth { .. } | ColumnValues::States { .. } => {
                Variable::categorical(self.states().map_or(1, |names| names.len()))
            }
        };
        variable.named(self.name())
    }
}

/// The columns of a table that a density is learned of, the target last.
///
/// # Errors
///
/// When nothing is left to learn from, or a category names rows rather than kinds of rows.
pub(crate) fn used_columns<'t>(
    table: &'t Table,
    target: Option<&str>,
) -> Result<Vec<&'t TableColumn>, TabularError> {
    let schema = table.schema();
    let is_target = |column: &&TableColumn| Some(column.name.as_str()) == target;
    let used = schema.columns.iter().filter(|column| !is_target(column) && column.is_informative());
    // Labels that nobody asks for are no part of an image.
    let mut columns: Vec<_> = used.filter(|column| !schema.is_label(&column.name)).collect();
    if columns.is_empty() {
        return Err(TabularError::NothingToLearn);
    }
    columns.iter().try_for_each(|column| check_column(column, table.rows()))?;
    columns.extend(schema.columns.iter().filter(is_target));
    Ok(columns)
}

/// The columns of [`used_columns`] as variables. Levels and ranges are those of `rows`, the rows to learn from: what other rows
/// hold makes no difference.
pub(crate) fn columns_of(
    table: &Table,
    target: Option<&str>,
    rows: &[usize],
) -> Result<Vec<Column>, TabularError> {
    let schema = table.schema();
    let column_of = |column: &TableColumn| match (&column.kind, Some(column.name.as_str()) == target) {
        // A split leaves no class of the target without a row to learn from.
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

/// A column of numbers, days or times, with the values that it can have by those that it had:
///
/// * Numbers none of which was negative are not below 0, those none of which was positive not above it.
/// * Whole numbers and days over a short range have a probability each, over this range and as much again on both sides, since to be
///   outside is to be impossible, which no number of rows can say of the next ones. At an end that many rows have, whole numbers
///   end: the best of five stars, the hundred of a hundred percent.
/// * Days and times over a long range are within as much again on both sides as well.
fn of_numbers(request: Request, range: NumberRange, numbers: impl Iterator<Item = f64> + Clone) -> Column {
    let is_date = request.read_as.is_date();
    let width = range.high - range.low;
    let margin = width.max(1.0);
    // No day is less than nothing. Of a column of zeros only, either end would do.
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

/// Makes every pixel of a file of images a column of numbers, also one that is the same in all images: a density of images is
/// one of whole images.
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
