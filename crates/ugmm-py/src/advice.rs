//! Translates remedies of the libraries' errors and doubts to what to pass in Python.

use ugmm_data::{Remedy as Reading, Scaling};
use ugmm_tabular::{Remedy, TaskChoice};

/// A clause for each remedy that Python has, to append to the message of an error or a doubt.
pub fn of<R: Into<Remedy>>(remedies: impl IntoIterator<Item = R>) -> String {
    let clause = |remedy: Remedy| what_to_pass(&remedy).map(|what| format!("; {remedy}: {what}"));
    remedies.into_iter().filter_map(|remedy| clause(remedy.into())).collect()
}

/// The argument with its value, or the change of the input.
fn what_to_pass(remedy: &Remedy) -> Option<String> {
    Some(match remedy {
        Remedy::Reading(remedy) => return reading_argument(remedy),
        Remedy::NoMark(text) => format!("leave {text:?} out of missing"),
        Remedy::WithoutUnit { written, number } => format!("put {number} in place of {written:?}"),
        Remedy::Task(TaskChoice::Classification) => "UgmmClassifier".to_owned(),
        Remedy::Task(TaskChoice::Regression) => "UgmmRegressor".to_owned(),
        Remedy::Scaling(Scaling::Standard) => "scaling=\"standard\"".to_owned(),
        Remedy::Scaling(Scaling::Quantile) => "scaling=\"quantile\"".to_owned(),
        Remedy::Scaling(Scaling::None) => "scaling=\"none\"".to_owned(),
        Remedy::UgmmNetwork => "model=\"ugmm\"".to_owned(),
        Remedy::Hidden(sizes) => format!("hidden={sizes:?}"),
        Remedy::Dropout(rates) => format!("settings={{\"dropout\": {rates:?}}}"),
        Remedy::MissingValues => "settings={\"missing_values\": True}".to_owned(),
        Remedy::LearningRate(rate) => format!("learning_rate={rate}"),
        Remedy::GradientNorm(norm) => format!("settings={{\"max_gradient_norm\": {norm}}}"),
        Remedy::Search => "search=True".to_owned(),
        Remedy::Network => "UgmmClassifier or UgmmRegressor".to_owned(),
        Remedy::Density => "UgmmDensity".to_owned(),
        Remedy::Range(column) => format!("ranges={{{column:?}: (LOW, HIGH)}}"),
        Remedy::Resume => "resume=True".to_owned(),
    })
}

/// The argument that says how a frame is read; `None` for what only files have.
fn reading_argument(remedy: &Reading) -> Option<String> {
    Some(match remedy {
        Reading::Missing(text) => format!("missing=[{text:?}]"),
        Reading::Dates { column, .. } => format!("convert {column:?} to dates with pandas.to_datetime"),
        Reading::Numeric(column) => format!("numeric=[{column:?}]"),
        Reading::Categorical(column) => format!("categorical=[{column:?}]"),
        Reading::Ignore(column) => format!("ignore=[{column:?}]"),
        Reading::KeepText(_)
        | Reading::Decimal(_)
        | Reading::Thousands(_)
        | Reading::Delimiter(_)
        | Reading::Weights
        | Reading::Encoding(_)
        | Reading::NoHeader => return None,
    })
}
