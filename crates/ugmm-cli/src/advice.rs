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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments;
    use clap::Parser;

    #[test]
    fn every_option_can_be_typed() {
        let column = || "a column".to_owned();
        for remedy in [
            Remedy::Missing("n/d".into()),
            Remedy::Decimal(DecimalMark::Point),
            Remedy::Thousands(Thousands::Blank),
            Remedy::Thousands(Thousands::Nothing),
            Remedy::Dates { column: column(), format: None },
            Remedy::Dates { column: column(), format: Some("%Y%m".into()) },
            Remedy::Numeric(column()),
            Remedy::Categorical(column()),
            Remedy::KeepText(column()),
            Remedy::Ignore(column()),
            Remedy::Delimiter('\t'),
            Remedy::NoHeader,
        ] {
            let text = option(&remedy);
            let (name, value) = text.split_once(' ').map_or((text.as_str(), None), |(name, value)| {
                (name, value.strip_prefix('"').and_then(|value| value.strip_suffix('"')))
            });
            let typed = ["ugmm", "train", "t.csv", "--target", "y", "-o", "m", name].into_iter().chain(value);
            assert!(Arguments::try_parse_from(typed).is_ok(), "{text}");
        }
        let advice = in_words(vec![Remedy::NoHeader, Remedy::Ignore("a".into())]);
        assert_eq!(
            advice,
            "; if the file has no header: --no-header; to leave the column \"a\" out: --ignore \"a\""
        );
    }
}
