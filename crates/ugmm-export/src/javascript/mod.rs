//! Models as modules of JavaScript and as pages for a browser, without dependencies.

use crate::portable::PortableModel;

/// What computes predictions from the description, and contributions.
const PREDICT: &str = include_str!("../../assets/predict.js");
const CONTRIBUTIONS: &str = include_str!("../../assets/contributions.js");
/// The panel with the columns and the prediction, what shows predictions on it, and a page around it.
const PANEL: &str = include_str!("../../assets/panel.html");
const SHOW: &str = include_str!("../../assets/panel.js");
const PAGE: &str = include_str!("../../assets/page.html");

/// The text of an ES module with the model.
#[must_use]
pub fn module(model: &PortableModel) -> String {
    let card: String =
        model.card.iter().map(|(key, value)| format!("// {key}: {}\n", one_line(value))).collect();
    format!("{card}\nconst MODEL = {};\n\n{PREDICT}{CONTRIBUTIONS}", json(model))
}

/// A part of a page with the model: a control for each column, and the prediction for what they are set to. The element
/// `what-if` takes an event `row`, whose `detail` has values of columns by name, null for missing ones.
#[must_use]
pub fn panel(model: &PortableModel) -> String {
    let script = format!("const MODEL = {};\n\n{PREDICT}{CONTRIBUTIONS}{SHOW}", json(model));
    PANEL.replacen("SCRIPT", &script, 1)
}

/// The text of a page with the model, which has the [panel](panel()) alone.
#[must_use]
pub fn page(model: &PortableModel) -> String {
    let title = model
        .target
        .as_ref()
        .map_or("A density".to_owned(), |target| format!("Prediction of {}", target.name));
    let title = escaped(&title);
    let card: Vec<String> = model.card.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let marks = [
        ("{title}", &title),
        ("{title}", &title),
        ("{panel}", &panel(model)),
        ("{card}", &escaped(&card.join(" · "))),
    ];
    let (mut html, mut rest) = (String::new(), PAGE);
    // A text that takes the place of a mark is not searched for further ones.
    for (mark, text) in marks {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        html += before;
        html += text;
        rest = after;
    }
    html + rest
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
