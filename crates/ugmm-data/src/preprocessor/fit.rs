//! How columns become inputs, fitted to rows of a table.

use std::collections::{HashMap, HashSet};

use super::encoding::{ColumnEncoding, Inputs};
use super::error::PreprocessError;
use super::options::{Ordinal, PreprocessingOptions, Scaling};
use super::scale::Scale;
use super::view::kind_in_words;
use crate::frame::{Column, FrameError, Kind, LevelIndex, NumberFormat, ReadAs, Request, Values};
use crate::table::Table;

/// Rows that a category must have to get an input of its own; the rarer ones share one.
pub const MIN_LEVEL_ROWS: usize = 3;

/// The columns that make inputs, in the order of the table.
pub(super) fn fit(
    table: &Table,
    rows: &[usize],
    target: Option<&str>,
    options: &PreprocessingOptions,
) -> Result<Vec<ColumnEncoding>, PreprocessError> {
    if let Some(target) = target {
        table.schema().column(target)?;
    }
    if rows.is_empty() {
        return Err(PreprocessError::NoRows);
    }
    let (weights, scaling) = (table.weights(), options.scaling);
    let orders = orders(table, target, &options.ordinal)?;
    let mut columns = Vec::new();
    for (column, values) in table.held().filter(|(column, _)| Some(column.name.as_str()) != target) {
        if column.kind == Kind::Constant {
            columns.extend(constant(column).filter(|_| options.keep_constant));
            continue;
        }
        let Some(request) = column.request() else { continue };
        let encoding = match values {
            Values::Numbers(_) if options.keep_constant && is_constant(values, rows) => {
                Some(ColumnEncoding { request, inputs: Inputs::One(Scale::None) })
            }
            Values::Numbers(numbers) => of_numbers(request, column, numbers, (rows, weights), scaling),
            Values::Codes(codes) => match orders.get(column.name.as_str()) {
                Some(order) => of_positions(order.clone(), column, codes, (rows, weights), scaling),
                None => of_levels(column, codes, (rows, weights), scaling),
            },
            // A table holds none.
            Values::Text(_) => None,
        };
        columns.extend(encoding);
    }
    if columns.is_empty() { Err(PreprocessError::NothingToLearn) } else { Ok(columns) }
}

/// A column with one value, if it is a number, as it is.
fn constant(column: &Column) -> Option<ColumnEncoding> {
    let read_as = ReadAs::Numbers(NumberFormat::default());
    let names = column.level_names();
    let is_number = names.len() == 1 && names.iter().all(|name| read_as.number(name).is_some());
    let request = Request { name: column.name.clone(), read_as };
    is_number.then_some(ColumnEncoding { request, inputs: Inputs::One(Scale::None) })
}

/// Whether these rows have one number, known in one of them at least.
fn is_constant(values: &Values, rows: &[usize]) -> bool {
    let Values::Numbers(numbers) = values else { return false };
    let mut known = rows.iter().map(|&row| numbers[row]).filter(|number| !number.is_nan());
    known.next().is_some_and(|first| known.all(|number| number == first))
}

/// The levels from least to greatest of the columns that have an order.
fn orders<'a>(
    table: &Table,
    target: Option<&str>,
    ordinals: &'a [Ordinal],
) -> Result<HashMap<&'a str, Vec<String>>, PreprocessError> {
    let mut orders = HashMap::new();
    for Ordinal { column: name, order } in ordinals {
        let found = table.schema().column(name)?;
        let column = || name.clone();
        if Some(name.as_str()) == target {
            return Err(PreprocessError::OrdinalTarget { column: column() });
        }
        match &found.kind {
            Kind::Categorical | Kind::Constant => {}
            Kind::Ignored => return Err(FrameError::IgnoredColumn { column: column() }.into()),
            kind => {
                let found = kind_in_words(kind);
                return Err(PreprocessError::NotCategories { column: column(), found });
            }
        }
        let levels = found.level_names();
        let order = match order {
            None => levels,
            Some(order) => {
                let mut seen = HashSet::new();
                if let Some(level) = order.iter().find(|level| !seen.insert(*level)) {
                    return Err(PreprocessError::OrderRepeats { column: column(), level: level.clone() });
                }
                let index = LevelIndex::new(order);
                let lacking: Vec<String> =
                    levels.into_iter().filter(|level| index.position(level).is_none()).collect();
                if !lacking.is_empty() {
                    return Err(PreprocessError::OrderLacks { column: column(), levels: lacking });
                }
                order.clone()
            }
        };
        if orders.insert(name.as_str(), order).is_some() {
            return Err(PreprocessError::OrdinalTwice { column: column() });
        }
    }
    Ok(orders)
}

/// Rows to fit to, and the weights of all rows of the table if they have any.
type WeightedRows<'a> = (&'a [usize], Option<&'a [f64]>);

/// A column of numbers, unless all that are known are alike.
fn of_numbers(
    request: Request,
    column: &Column,
    numbers: &[f64],
    rows: WeightedRows<'_>,
    scaling: Scaling,
) -> Option<ColumnEncoding> {
    let scaling = match (&column.kind, scaling) {
        // Two values have no distribution to speak of.
        (Kind::Boolean, Scaling::Quantile) => Scaling::None,
        _ => scaling,
    };
    let known = |row: usize| Some(numbers[row]).filter(|number| !number.is_nan());
    Some(ColumnEncoding { request, inputs: one(known, rows, scaling)? })
}

/// A column of categories as positions in their order.
fn of_positions(
    order: Vec<String>,
    column: &Column,
    found: &[Option<u32>],
    rows: WeightedRows<'_>,
    scaling: Scaling,
) -> Option<ColumnEncoding> {
    let index = LevelIndex::new(&order);
    let positions: Vec<f64> =
        column.level_names().iter().filter_map(|name| index.position(name).map(f64::from)).collect();
    let inputs = one(|row| positions.get(found[row]? as usize).copied(), rows, scaling)?;
    Some(ColumnEncoding {
        request: Request { name: column.name.clone(), read_as: ReadAs::Codes(order) },
        inputs,
    })
}

/// One input, fitted to the known numbers of the rows.
fn one(
    known: impl Fn(usize) -> Option<f64>,
    (rows, weights): WeightedRows<'_>,
    scaling: Scaling,
) -> Option<Inputs> {
    let rows: Vec<(usize, f64)> = rows.iter().filter_map(|&row| Some((row, known(row)?))).collect();
    let numbers: Vec<f64> = rows.iter().map(|&(_, number)| number).collect();
    let weights: Option<Vec<f64>> =
        weights.map(|weights| rows.iter().map(|&(row, _)| weights[row]).collect());
    let first = *numbers.first()?;
    let differ = numbers.iter().any(|&number| number != first);
    differ.then(|| Inputs::One(Scale::fit(scaling, &numbers, weights.as_deref())))
}

/// A column of categories with an input for each that is not rare, unless there is one only or all are rare.
fn of_levels(
    column: &Column,
    found: &[Option<u32>],
    (rows, weights): WeightedRows<'_>,
    scaling: Scaling,
) -> Option<ColumnEncoding> {
    // Rows decide which levels are rare, and weights how the inputs are scaled.
    let mut levels: Vec<(String, usize, f64)> =
        column.level_names().into_iter().map(|name| (name, 0, 0.0)).collect();
    for (row, code) in rows.iter().filter_map(|&row| Some((row, found[row]?))) {
        if let Some((_, count, weight)) = levels.get_mut(code as usize) {
            *count += 1;
            *weight += weights.map_or(1.0, |weights| weights[row]);
        }
    }
    let seen = levels.into_iter().filter(|(_, count, _)| *count > 0);
    let (mut levels, rare): (Vec<_>, Vec<_>) = seen.partition(|(_, count, _)| *count >= MIN_LEVEL_ROWS);
    let own = levels.len();
    if own == 0 || own + rare.len() < 2 {
        return None;
    }
    let mut sums: Vec<f64> = levels.iter().map(|(_, _, weight)| *weight).collect();
    if !rare.is_empty() {
        sums.push(rare.iter().map(|(_, _, weight)| weight).sum());
    }
    levels.extend(rare);
    let known = sums.iter().sum::<f64>();
    let scale = |sum: f64| match scaling {
        Scaling::Standard => {
            let share = sum / known;
            Scale::Standard { mean: share, deviation: (share * (1.0 - share)).sqrt() }
        }
        Scaling::Quantile | Scaling::None => Scale::None,
    };
    let inputs = Inputs::PerLevel { own, scales: sums.into_iter().map(scale).collect() };
    let levels = levels.into_iter().map(|(name, ..)| name).collect();
    Some(ColumnEncoding {
        request: Request { name: column.name.clone(), read_as: ReadAs::Codes(levels) },
        inputs,
    })
}
