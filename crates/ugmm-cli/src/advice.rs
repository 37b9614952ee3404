//! Translates remedies of the libraries' errors and doubts to what to type.

use crate::arguments::List;
use ugmm_data::frame::{DecimalMark, Thousands};
use ugmm_data::{Remedy as Reading, Scaling};
use ugmm_tabular::{Remedy, TaskChoice};

/// A clause for each remedy, with what to type, to append to the message of an error or a doubt.
pub fn of<R: Into<Remedy>>(remedies: impl IntoIterator<Item = R>) -> String {
    let clause = |remedy: Remedy| format!("; {remedy}: {}", what_to_type(&remedy));
    remedies.into_iter().map(|remedy| clause(remedy.into())).collect()
}

/// The option with its value, the command, or the change of the input.
fn what_to_type(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Reading(remedy) => reading_option(remedy),
        Remedy::NoMark(_) => "leave it out of --na".to_owned(),
        Remedy::WithoutUnit { written, number } => format!("write {number} in place of {written:?}"),
        Remedy::Task(TaskChoice::Classification) => "--task classification".to_owned(),
        Remedy::Task(TaskChoice::Regression) => "--task regression".to_owned(),
        Remedy::Scaling(Scaling::Standard) => "--scaling standard".to_owned(),
        Remedy::Scaling(Scaling::Quantile) => "--scaling quantile".to_owned(),
        Remedy::Scaling(Scaling::None) => "--scaling none".to_owned(),
        Remedy::UgmmNetwork => "--model ugmm".to_owned(),
        Remedy::Hidden(sizes) => format!("--hidden {}", listed(sizes)),
        Remedy::Dropout(rates) => format!("--dropout {}", listed(rates)),
        Remedy::MissingValues => "missing_values = true in the file of --config".to_owned(),
        Remedy::LearningRate(rate) => format!("--learning-rate {rate}"),
        Remedy::GradientNorm(norm) => format!("--clip {norm}"),
        Remedy::Search => "--search".to_owned(),
        Remedy::Network => "ugmm train TABLE --target COLUMN".to_owned(),
        Remedy::Density => "ugmm train TABLE --objective density".to_owned(),
        Remedy::Range(column) => format!("--range {:?}", format!("{column}=LOW:HIGH")),
        Remedy::Resume => "--resume".to_owned(),
    }
}

/// The option of reading a table with its value, in quotes where a shell needs them.
fn reading_option(remedy: &Reading) -> String {
    match remedy {
        Reading::Missing(text) => list_option("--na", [text]),
        Reading::Decimal(DecimalMark::Point) => "--decimal \".\"".to_owned(),
        Reading::Decimal(DecimalMark::Comma) => "--decimal \",\"".to_owned(),
        Reading::Thousands(thousands) => {
            let mark = match thousands {
                Thousands::Nothing => "none",
                Thousands::Comma => ",",
                Thousands::Point => ".",
                Thousands::Blank => " ",
                Thousands::Apostrophe => "'",
            };
            format!("--thousands {mark:?}")
        }
        Reading::Dates { column, format } => {
            format!("--date-format \"{column}={}\"", format.as_deref().unwrap_or("%d/%m/%Y"))
        }
        Reading::Numeric(column) => list_option("--numeric", [column]),
        Reading::Categorical(column) => list_option("--categorical", [column]),
        Reading::KeepText(column) => list_option("--keep-text", [column]),
        Reading::Ignore(column) => list_option("--ignore", [column]),
        Reading::Delimiter(delimiter) => format!("--delimiter {:?}", delimiter.to_string()),
        Reading::Encoding(name) => format!("--encoding {name:?}"),
        Reading::Weights => "--weights COLUMN".to_owned(),
        Reading::NoHeader => "--no-header".to_owned(),
    }
}

/// An option with a list of names or texts, quoted for a shell; names that contain commas are also quoted in
/// the list.
pub fn list_option<'n>(option: &str, names: impl IntoIterator<Item = &'n String>) -> String {
    let list = List::text(names);
    match list.contains('"') {
        true => format!("{option} '{}'", list.replace('\'', "'\\''")),
        false => format!("{option} {list:?}"),
    }
}

fn listed<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
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
            Reading::Missing("n/d".into()),
            Reading::Decimal(DecimalMark::Point),
            Reading::Thousands(Thousands::Blank),
            Reading::Thousands(Thousands::Nothing),
            Reading::Dates { column: column(), format: None },
            Reading::Dates { column: column(), format: Some("%Y%m".into()) },
            Reading::Numeric(column()),
            Reading::Categorical(column()),
            Reading::KeepText(column()),
            Reading::Ignore(column()),
            Reading::Ignore("a column, and more".into()),
            Reading::Delimiter('\t'),
            Reading::Encoding("windows-1252".into()),
            Reading::Weights,
            Reading::NoHeader,
        ] {
            let text = reading_option(&remedy);
            let (name, value) = text
                .split_once(' ')
                .map_or((text.as_str(), None), |(name, value)| (name, value.get(1..value.len() - 1)));
            let typed = ["ugmm", "train", "t.csv", "--target", "y", "-o", "m", name].into_iter().chain(value);
            assert!(Arguments::try_parse_from(typed).is_ok(), "{text}");
        }
        let advice = of([Reading::NoHeader, Reading::Ignore("a".into())]);
        assert_eq!(
            advice,
            "; if the file has no header: --no-header; to leave the column \"a\" out: --ignore \"a\""
        );
    }
}
