//! What holds of any table.

use proptest::prelude::*;
use ugmm_data::frame::{ColumnData, Frame, UNSEEN, Values};
use ugmm_data::{Encoded, Preprocessor, Scaling, Table};

use crate::fixture::{all_rows, assert_same, by_input, fit_all, numbers, scaled, table};

fn scaling() -> impl Strategy<Value = Scaling> {
    prop::sample::select(vec![Scaling::Standard, Scaling::Quantile, Scaling::None])
}

/// Finite numbers of any size, some of them alike, about a fifth missing.
fn column() -> impl Strategy<Value = Vec<f64>> {
    let any =
        prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL | prop::num::f64::NEGATIVE;
    let number = prop_oneof![2 => any, 2 => (-3..3_i8).prop_map(f64::from), 1 => Just(f64::NAN)];
    prop::collection::vec(number, 4..400)
}

/// Two columns of numbers and one of categories, of the same length.
fn any_table() -> impl Strategy<Value = Table> {
    (4..60_usize).prop_flat_map(|rows| {
        let number = prop_oneof![4 => -1e3..1e3_f64, 1 => Just(f64::NAN)];
        let level = prop_oneof![4 => (0..6_u8).prop_map(|level| Some(format!("l{level}"))), 1 => Just(None)];
        let numbers = prop::collection::vec(number, rows);
        (numbers.clone(), numbers, prop::collection::vec(level, rows)).prop_map(|(a, b, c)| {
            let columns =
                [("a", ColumnData::Numbers(a)), ("b", ColumnData::Numbers(b)), ("c", ColumnData::Text(c))];
            table(&columns)
        })
    })
}

fn known(inputs: &[f32]) -> Vec<f64> {
    inputs.iter().filter(|input| !input.is_nan()).map(|&input| input.into()).collect()
}

proptest! {
    #[test]
    fn standardised_inputs_have_mean_0_and_deviation_1(table in any_table(), share in 2..5_usize) {
        let rows: Vec<usize> = (0..table.rows()).filter(|row| row % share != 0).collect();
        let options = scaled(Scaling::Standard);
        let Ok(preprocessor) = Preprocessor::fit(&table, &rows, None, &options) else { return Ok(()) };
        let inputs = preprocessor.transform(&table, &rows).unwrap();
        let count = preprocessor.inputs();
        for input in 0..count {
            let column: Vec<f32> = inputs.iter().skip(input).step_by(count).copied().collect();
            let known = known(&column);
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            let variance = known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / known.len() as f64;
            prop_assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-5, "{mean} {variance} {column:?}");
        }
    }

    #[test]
    fn numbers_of_any_size_are_finite_inputs_in_their_order(values in column(), scaling in scaling()) {
        let table = table(&[("n", numbers(&values))]);
        let Ok(preprocessor) = fit_all(&table, &scaled(scaling)) else { return Ok(()) };
        let inputs = by_input(&preprocessor, &table).remove(0);
        let mut pairs: Vec<(f64, f32)> = values.iter().copied().zip(inputs).collect();
        for (value, input) in &pairs {
            prop_assert!(value.is_nan() == input.is_nan() && !input.is_infinite());
        }
        pairs.retain(|(value, _)| !value.is_nan());
        pairs.sort_by(|a, b| a.partial_cmp(b).unwrap());
        for pair in pairs.windows(2) {
            prop_assert!(pair[0].1 <= pair[1].1, "{pair:?}");
        }
    }

    #[test]
    fn quantiles_are_monotone_bounded_and_have_an_inverse(
        values in column(),
        new in prop::collection::vec(prop::num::f64::NORMAL, 0..20),
    ) {
        let learnt = table(&[("n", numbers(&values))]);
        let Ok(preprocessor) = fit_all(&learnt, &scaled(Scaling::Quantile)) else { return Ok(()) };
        let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        let mut all: Vec<f64> = known.iter().chain(&new).copied().collect();
        all.sort_by(f64::total_cmp);
        let scaled = by_input(&preprocessor, &table(&[("n", numbers(&all))])).remove(0);
        prop_assert!(scaled.is_sorted());
        // The normal quantile of 1/(2n) is not further out than this.
        let bound = (2.0 * (2.0 * known.len() as f64).ln()).sqrt();
        prop_assert!(scaled.iter().all(|&score| f64::from(score).abs() <= bound));
        let (least, greatest) = known.iter().fold((f64::MAX, f64::MIN), |(a, b), &value| (a.min(value), b.max(value)));
        for (&value, &score) in all.iter().zip(&scaled) {
            let back = preprocessor.to_data_units(0, score.into()).unwrap();
            prop_assert!((least..=greatest).contains(&back));
            let again = by_input(&preprocessor, &table(&[("n", numbers(&[back, value]))]))[0][0];
            prop_assert!((again - score).abs() <= 1e-5, "{value} {score} {back} {again}");
        }
    }

    #[test]
    fn frames_and_tables_make_the_same_inputs(table in any_table(), scaling in scaling(), share in 2..5_usize) {
        let rows: Vec<usize> = (0..table.rows()).filter(|row| row % share != 0).collect();
        let Ok(preprocessor) = Preprocessor::fit(&table, &rows, Some("a"), &scaled(scaling)) else { return Ok(()) };
        // What a reader makes of the requests.
        let mut expected = Encoded::default();
        let column = |request: &ugmm_data::frame::Request| match &request.read_as {
            ugmm_data::frame::ReadAs::Codes(levels) => {
                let labels = table.labels(&request.name).unwrap();
                let code = |label: &Option<String>| label.as_ref().map(|label| {
                    levels.iter().position(|level| level == label).map_or(UNSEEN, |position| position as u32)
                });
                let codes: Vec<Option<u32>> = labels.iter().map(code).collect();
                expected.missing += codes.iter().filter(|code| code.is_none()).count();
                expected.unseen += codes.iter().filter(|&&code| code == Some(UNSEEN)).count();
                Values::Codes(codes)
            }
            _ => {
                let Values::Numbers(numbers) = table.column(&request.name).unwrap() else { panic!() };
                expected.missing += numbers.iter().filter(|number| number.is_nan()).count();
                Values::Numbers(numbers.clone())
            }
        };
        let columns = preprocessor.requests().iter().map(column).collect();
        let mut streamed = Vec::new();
        let encoded = preprocessor.append(&Frame { columns, rows: all_rows(&table) }, &mut streamed);
        assert_same(&streamed, &preprocessor.transform(&table, &all_rows(&table)).unwrap());
        prop_assert_eq!(encoded, expected);
    }

    #[test]
    fn saving_changes_nothing(values in column(), scaling in scaling()) {
        let table = table(&[("n", numbers(&values))]);
        let Ok(before) = fit_all(&table, &scaled(scaling)) else { return Ok(()) };
        let after: Preprocessor = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
        prop_assert_eq!(&after, &before);
        assert_same(&by_input(&after, &table)[0], &by_input(&before, &table)[0]);
    }
}

/// More rows than are written at once.
#[test]
fn rows_of_a_large_table_stay_in_order() {
    let values: Vec<f64> = (0..3000).map(f64::from).collect();
    let levels = values.iter().map(|value| Some(format!("{}", value % 3.0))).collect();
    let table = table(&[("n", numbers(&values)), ("c", ColumnData::Text(levels))]);
    let preprocessor = fit_all(&table, &scaled(Scaling::None)).unwrap();
    let rows: Vec<usize> = (0..3000).rev().collect();
    let inputs = preprocessor.transform(&table, &rows).unwrap();
    for (inputs, row) in inputs.chunks(4).zip(rows) {
        let mut expected = [row as f32, 0.0, 0.0, 0.0];
        expected[1 + row % 3] = 1.0;
        assert_eq!(inputs, expected);
    }
}
