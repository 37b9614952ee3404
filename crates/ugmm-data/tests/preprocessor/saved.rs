//! Saved preprocessors, sound and damaged.

use proptest::prelude::*;
use serde_json::{Value, json};
use ugmm_data::frame::{Frame, ReadAs, Values};
use ugmm_data::{Preprocessor, Scaling, Table};

use crate::fixture::{all_rows, assert_same, fit_all, letters, numbers, ordered, scaled, table};

fn example() -> Table {
    table(&[
        ("n", numbers(&[0.1, 0.2, 0.3, 4.0, 5.0, 6.0, 7.0, 1e300])),
        ("c", letters("aaabbbcd")),
        ("size", letters("lmslms s")),
    ])
}

fn fitted(scaling: Scaling) -> Preprocessor {
    fit_all(&example(), &ordered(scaling, "size", Some(&["s", "m", "l"]))).unwrap()
}

#[test]
fn what_is_saved_comes_back() {
    for scaling in [Scaling::Standard, Scaling::Quantile, Scaling::None] {
        let before = fitted(scaling);
        let after: Preprocessor = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
        assert_eq!(after, before);
    }
}

/// The message about the saved preprocessor with `changed` at the place `pointer`.
fn refusal(scaling: Scaling, pointer: &str, changed: Value) -> String {
    let mut saved = serde_json::to_value(fitted(scaling)).unwrap();
    *saved.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = changed;
    serde_json::from_value::<Preprocessor>(saved).unwrap_err().to_string()
}

#[test]
fn every_rule_about_a_saved_preprocessor_has_its_message() {
    let columns =
        |index: usize| serde_json::to_value(fitted(Scaling::Standard)).unwrap()["columns"][index].clone();
    let expected = [
        ("/columns", json!([]), "the preprocessing has no columns; it needs at least one"),
        ("/columns/1/request/name", json!(""), "column 2 of the preprocessing has no name"),
        ("/columns/1", columns(0), "the preprocessing has the column \"n\" twice; each may occur once"),
        (
            "/columns/0/request/read_as",
            json!("text"),
            "the preprocessing reads the column \"n\" as text, which makes no inputs",
        ),
        (
            "/columns/2/request/read_as/codes",
            json!([]),
            "the preprocessing has no levels for the column \"size\"; categories need at least one",
        ),
        (
            "/columns/1/request/read_as/codes/3",
            json!("a"),
            "the preprocessing has the level \"a\" of the column \"c\" twice; each may occur once",
        ),
        (
            "/columns/1/request/read_as",
            json!("days"),
            "the preprocessing makes an input for each level of the column \"c\", which holds no categories",
        ),
        (
            "/columns/1/inputs/per_level/own",
            json!(5),
            "the preprocessing gives 5 levels of the column \"c\" an input of their own, where there are 4",
        ),
        (
            "/columns/1/inputs/per_level/own",
            json!(4),
            "the preprocessing has 3 scales for the 4 inputs of the column \"c\"",
        ),
        (
            "/columns/1/inputs/per_level/own",
            json!(3),
            "the preprocessing has 3 scales for the 4 inputs of the column \"c\"",
        ),
        (
            "/columns/1/inputs/per_level/scales/0",
            json!({"quantile": {"values": [0, 1], "scores": [0, 1]}}),
            "the preprocessing scales the levels of the column \"c\" by quantiles; they are standardised or 0 and 1",
        ),
        (
            "/columns/1/inputs/per_level/scales/2/standard/deviation",
            json!(-1),
            "the preprocessing has -1 as the standard deviation of the column \"c\"; it must be positive and finite",
        ),
        (
            "/columns/0/inputs/one/standard/deviation",
            json!(0.0),
            "the preprocessing has 0 as the standard deviation of the column \"n\"; it must be positive and finite",
        ),
    ];
    for (pointer, changed, message) in expected {
        assert_eq!(refusal(Scaling::Standard, pointer, changed), message);
    }
    let knots = "the preprocessing has values and scores for the quantiles of the column \"n\" that are not finite or do not \
                 ascend, each greater than the one before";
    let quantile = |pointer: &str, changed| {
        refusal(Scaling::Quantile, &format!("/columns/0/inputs/one/quantile/{pointer}"), changed)
    };
    assert_eq!(quantile("values/1", json!(0.1)), knots);
    assert_eq!(quantile("scores/7", json!(-9)), knots);
    assert_eq!(
        quantile("values", json!([1, 2])),
        "the preprocessing has 2 values and 8 scores for the quantiles of the column \"n\"; there must be as many of \
         both, from 2 to 255"
    );
    assert!(refusal(Scaling::Standard, "/columns/0/inputs/one/standard/mean", json!(null)).contains("null"));
}

/// Uses all that a preprocessor can do, on rows with every kind of value.
fn use_all(preprocessor: &Preprocessor) {
    let values = |read_as: &ReadAs| match read_as {
        ReadAs::Codes(_) => Values::Codes(vec![None, Some(0), Some(1), Some(u32::MAX)]),
        _ => Values::Numbers(vec![f64::NAN, f64::MAX, -f64::MAX, 0.0]),
    };
    let columns = preprocessor.requests().iter().map(|request| values(&request.read_as)).collect();
    let mut inputs = Vec::new();
    preprocessor.append(&Frame { columns, rows: vec![1, 2, 3, 4] }, &mut inputs);
    assert_eq!(inputs.len(), 4 * preprocessor.inputs());
    assert!(inputs.iter().all(|input| !input.is_infinite()));
    assert_eq!(preprocessor.names().len(), preprocessor.inputs());
    for input in 0..preprocessor.inputs() {
        assert!(preprocessor.to_data_units(input, 1e10).is_some_and(f64::is_finite));
    }
    let _ = preprocessor.transform(&example(), &all_rows(&example()));
}

/// A place in the JSON and what to put there.
fn replaced(value: &mut Value, at: &mut usize, new: &Value) {
    if *at == 0 {
        *value = new.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replaced(item, at, new)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replaced(field, at, new)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_damaged_byte_makes_an_error_or_a_preprocessor_that_works(
        scaling in prop::sample::select(vec![Scaling::Standard, Scaling::Quantile, Scaling::None]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut saved = serde_json::to_vec(&fitted(scaling)).unwrap();
        let at = at.index(saved.len());
        saved[at] = byte;
        if let Ok(preprocessor) = serde_json::from_slice::<Preprocessor>(&saved) {
            use_all(&preprocessor);
        }
    }

    #[test]
    fn a_changed_value_makes_an_error_or_a_preprocessor_that_works(
        scaling in prop::sample::select(vec![Scaling::Standard, Scaling::Quantile, Scaling::None]),
        at in 0..100_usize,
        new in prop::sample::select(vec![
            json!(null), json!(0), json!(1), json!(-1.5), json!(1e308), json!(1e-320),
            json!(""), json!("none"), json!([]),
            json!({}), json!(["a"]), json!("booleans"), json!({"codes": ["a", "b"]}), json!({"one": "none"}),
        ]),
    ) {
        let mut saved = serde_json::to_value(fitted(scaling)).unwrap();
        replaced(&mut saved, &mut at.clone(), &new);
        if let Ok(preprocessor) = serde_json::from_value::<Preprocessor>(saved) {
            use_all(&preprocessor);
        }
    }
}

#[test]
fn inputs_are_the_same_after_saving() {
    let table = example();
    for scaling in [Scaling::Standard, Scaling::Quantile, Scaling::None] {
        let before = fit_all(&table, &scaled(scaling)).unwrap();
        let after: Preprocessor = serde_json::from_value(serde_json::to_value(&before).unwrap()).unwrap();
        let rows = all_rows(&table);
        assert_same(&after.transform(&table, &rows).unwrap(), &before.transform(&table, &rows).unwrap());
    }
}
