//! Models as modules of JavaScript and as pages for a browser, without dependencies.

use crate::portable::PortableModel;

/// What computes predictions from the description, and contributions.
const PREDICT: &str = include_str!("../../assets/predict.js");
const CONTRIBUTIONS: &str = include_str!("../../assets/contributions.js");
/// The page, and what shows predictions on it.
const PAGE: &str = include_str!("../../assets/page.html");
const SHOW: &str = include_str!("../../assets/page.js");

/// The text of an ES module with the model.
#[must_use]
pub fn module(model: &PortableModel) -> String {
    let card: String =
        model.card.iter().map(|(key, value)| format!("// {key}: {}\n", one_line(value))).collect();
    format!("{card}\nconst MODEL = {};\n\n{PREDICT}{CONTRIBUTIONS}", json(model))
}

/// The text of a page with the model: a control for each column, and the prediction for what they are set to.
#[must_use]
pub fn page(model: &PortableModel) -> String {
    let title = model
        .target
        .as_ref()
        .map_or("A density".to_owned(), |target| format!("Prediction of {}", target.name));
    let script = format!("const MODEL = {};\n\n{PREDICT}{CONTRIBUTIONS}{SHOW}", json(model));
    // The title may hold the word that stands for the script.
    let (head, tail) = PAGE.split_once("SCRIPT").unwrap_or((PAGE, ""));
    format!("{}{script}{tail}", head.replace("TITLE", &escaped(&title)))
}

/// The description as an expression of JavaScript, which does not end a script of a page.
fn json(model: &PortableModel) -> String {
    // All keys of objects are texts, so that it can be written.
    serde_json::to_string(model).unwrap_or_default().replace('<', "\\u003c")
}

/// A text without ends of lines, which would end a comment.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\u{2028}', '\u{2029}'], " ")
}

/// A text in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
