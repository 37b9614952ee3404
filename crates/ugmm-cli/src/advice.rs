//! The options of this command that the remedies of the libraries' errors are.

use ugmm_data::Remedy;
use ugmm_data::frame::{DecimalMark, FrameError, Thousands};
use ugmm_tabular::TabularError;

/// What to type in each case in which that helps, to be added to the message of an error.
pub fn of_frame(error: &FrameError) -> String {
    in_words(error.remedies())
}

/// What to type in each case in which that helps, to be added to the message of an error.
pub fn of_tabular(error: &TabularError) -> String {
    in_words(match error {
        TabularError::Frame(error) => error.remedies(),
        TabularError::Preprocess(error) => error.remedies(),
        TabularError::NoSuchTarget { columns, .. } => Remedy::of_columns(columns).into_iter().collect(),
        _ => vec![],
    })
}

fn in_words(remedies: Vec<Remedy>) -> String {
    remedies.iter().map(|remedy| format!("; {remedy}: {}", option(remedy))).collect()
}

/// The option with its value, in quotes where a shell needs them.
fn option(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Missing(text) => format!("--na {text:?}"),
        Remedy::Decimal(DecimalMark::Point) => "--decimal \".\"".to_owned(),
        Remedy::Decimal(DecimalMark::Comma) => "--decimal \",\"".to_owned(),
        Remedy::Thousands(thousands) => {
            let mark = match thousands {
                Thousands::Nothing => "none",
                Thousands::Comma => ",",
                Thousands::Point => ".",
                Thousands::Blank => " ",
                Thousands::Apostrophe => "'",
            };
            format!("--thousands {mark:?}")
        }
        Remedy::Dates { column, format } => {
            format!("--date-format \"{column}={}\"", format.as_deref().unwrap_or("%d/%m/%Y"))
        }
        Remedy::Numeric(column) => format!("--numeric {column:?}"),
        Remedy::Categorical(column) => format!("--categorical {column:?}"),
        Remedy::KeepText(column) => format!("--keep-text {column:?}"),
        Remedy::Ignore(column) => format!("--ignore {column:?}"),
        Remedy::Delimiter(delimiter) => format!("--delimiter {:?}", delimiter.to_string()),
        Remedy::NoHeader => "--no-header".to_owned(),
    }
}
