//! Models as modules of JavaScript, without dependencies.

use crate::portable::PortableModel;

/// What computes predictions from the description.
const PREDICT: &str = include_str!("../../assets/predict.js");

/// The text of an ES module with the model.
#[must_use]
pub fn module(model: &PortableModel) -> String {
    let card: String =
        model.card.iter().map(|(key, value)| format!("// {key}: {}\n", one_line(value))).collect();
    format!("{card}\nconst MODEL = {};\n\n{PREDICT}", json(model))
}

/// The description as an expression of JavaScript.
fn json(model: &PortableModel) -> String {
    // All parts have names that are texts, so that they can be written.
    serde_json::to_string(model).unwrap_or_default()
}

/// A text without ends of lines, which would end a comment.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\u{2028}', '\u{2029}'], " ")
}
