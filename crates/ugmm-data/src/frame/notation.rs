//! How a file writes its values, so that others can be written the same way.

use super::boolean;
use super::date::{self, DateFormat};
use super::levels::LevelIndex;
use super::number::DecimalMark;
use super::number_format::NumberFormat;
use super::reading::Reading;

/// Values whose dates are compared with the ways in which a date may be written.
const MOST_COMPARED: usize = 1000;

/// How the values of a column are written in a file. The decimal mark is known from the beginning; the words for true and false, the
/// texts of categories and the format of dates are inferred from the values passed to [`Self::see`].
#[derive(Debug, Clone)]
pub struct Notation(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Numbers {
        format: NumberFormat,
        words: Words,
        /// The text before and after a number that has the sign of its unit.
        around: Option<(String, String)>,
    },
    Booleans(Words),
    /// The texts that levels have in this file, by the levels' positions.
    Codes(LevelIndex, Vec<Option<String>>),
    Dates(Dates),
    Other,
}

/// The words for false and true; none where they have not been met.
type Words = [Option<String>; 2];

#[derive(Debug, Clone)]
struct Dates {
    format: Option<DateFormat>,
    /// Patterns, each of which gives all values met so far; none before the first of them.
    patterns: Vec<String>,
    compared: usize,
    /// Whether names of months have capitals only, or none.
    capitals: bool,
    small: bool,
}

impl Notation {
    pub(super) fn of(reading: &Reading) -> Self {
        Self(match reading {
            Reading::Numbers(format) => {
                Kind::Numbers { format: *format, words: Words::default(), around: None }
            }
            Reading::Booleans => Kind::Booleans(Words::default()),
            Reading::Codes(levels) => Kind::Codes(levels.clone(), Vec::new()),
            Reading::Days(format) => Kind::Dates(Dates {
                format: format.clone(),
                patterns: Vec::new(),
                compared: 0,
                capitals: true,
                small: true,
            }),
            Reading::Text => Kind::Other,
        })
    }

    /// Takes a value of the file into account.
    pub fn see(&mut self, text: &str) {
        match &mut self.0 {
            Kind::Numbers { format, words, .. } if format.truth && boolean::pairs(text) != 0 => {
                note(words, text)
            }
            Kind::Numbers { format, around: around @ None, .. } => {
                let number = format.without_unit(text);
                let split = text.split_once(&*number).filter(|_| number != text);
                *around = split.map(|(before, after)| (before.to_owned(), after.to_owned()));
            }
            Kind::Booleans(words) => note(words, text),
            Kind::Codes(levels, texts) => {
                if let Some(position) = levels.position(text).map(|position| position as usize) {
                    texts.resize(texts.len().max(position + 1), None);
                    texts[position].get_or_insert_with(|| text.to_owned());
                }
            }
            Kind::Dates(dates) if dates.compared < MOST_COMPARED => dates.see(text),
            Kind::Numbers { .. } | Kind::Dates(_) | Kind::Other => {}
        }
    }

    /// The number that a text of the file is, of a column of numbers.
    pub fn number(&self, text: &str) -> Option<f64> {
        let Kind::Numbers { format, .. } = &self.0 else { return None };
        // A file may have some numbers with the other mark.
        let other = NumberFormat { mark: format.mark.other(), grouped: true, ..*format };
        format.parse(text).or_else(|_| other.parse(text)).ok()
    }

    /// A value as the file would have it, given as [`ReadAs::text`](super::ReadAs::text) or a level has it.
    pub fn write(&self, text: String) -> String {
        match &self.0 {
            Kind::Numbers { format, words, around } => match in_words(words, &text) {
                Some(word) => word,
                None => {
                    let number =
                        if format.mark == DecimalMark::Comma { text.replace('.', ",") } else { text };
                    let (before, after) = around.as_ref().map_or(("", ""), |(before, after)| (before, after));
                    format!("{before}{number}{after}")
                }
            },
            Kind::Booleans(words) => in_words(words, &text).unwrap_or(text),
            Kind::Codes(levels, texts) => {
                let known = levels.position(&text).and_then(|position| texts.get(position as usize)?.clone());
                known.unwrap_or(text)
            }
            Kind::Dates(dates) => dates.write(&text).unwrap_or(text),
            Kind::Other => text,
        }
    }
}

/// Keeps the first word for true and the first for false.
fn note(words: &mut Words, text: &str) {
    if let Some(truth) = boolean::parse(text) {
        words[usize::from(truth != 0.0)].get_or_insert_with(|| text.to_owned());
    }
}

/// The word of the file for the boolean `text`, where the file has this word or its opposite.
fn in_words(words: &Words, text: &str) -> Option<String> {
    let place = usize::from(boolean::parse(text)? != 0.0);
    words[place].clone().or_else(|| boolean::opposite(words[1 - place].as_deref()?))
}

impl Dates {
    fn see(&mut self, text: &str) {
        let Some(days) = date::parse(text, self.format.as_ref()) else { return };
        self.compared += 1;
        self.capitals &= !text.contains(char::is_lowercase);
        self.small &= !text.contains(char::is_uppercase);
        let gives = |pattern: &String| {
            date::by_pattern(days, pattern).is_some_and(|written| written.eq_ignore_ascii_case(text))
        };
        if self.patterns.is_empty() {
            self.patterns = date::patterns(self.format.as_ref()).filter(gives).collect();
            return;
        }
        let fitting: Vec<String> = self.patterns.iter().filter(|pattern| gives(pattern)).cloned().collect();
        if !fitting.is_empty() {
            self.patterns = fitting;
        }
    }

    /// The date that `text` is, by the first pattern that fits; none where no pattern is known.
    fn write(&self, text: &str) -> Option<String> {
        let days = date::parse(text, None).or_else(|| date::parse(text, self.format.as_ref()))?;
        let written = date::by_pattern(days, self.patterns.first()?)?;
        Some(match (self.capitals, self.small) {
            (true, false) => written.to_uppercase(),
            (false, true) => written.to_lowercase(),
            _ => written,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reading: Reading, seen: &[&str], text: &str) -> String {
        let mut notation = Notation::of(&reading);
        seen.iter().for_each(|text| notation.see(text));
        notation.write(text.to_owned())
    }

    #[test]
    fn dates_are_written_as_the_others() {
        let (day, month) = (Some(DateFormat::DayFirst), Some(DateFormat::MonthFirst));
        for (format, seen, text, expected) in [
            (&day, &["31/12/2024", "03/01/2021"][..], "2021-03-14", "14/03/2021"),
            (&day, &["31/12/2024", "3/1/2021"], "2021-03-04", "4/3/2021"),
            (&day, &["31.12.24"], "2021-03-04", "04.03.21"),
            (&day, &["31.12.2024 18:30"], "2021-03-04T06:05:00", "04.03.2021 06:05"),
            (&month, &["12/31/2024"], "2021-03-14", "03/14/2021"),
            (&month, &["1/2/2024 6:30:05 PM"], "2021-03-14T18:00:00", "3/14/2021 6:00:00 PM"),
            (&Some(DateFormat::ShortYearFirst), &["99-12-31"], "2021-03-14", "21-03-14"),
            (&Some(DateFormat::Stated("%Y%m%d".into())), &["20241231"], "2021-03-14", "20210314"),
            (&None, &["2024/12/31"], "2021-03-14", "2021/03/14"),
            (&None, &["31-DEC-2024"], "2021-03-14", "14-MAR-2021"),
            (&None, &["December 31, 2024"], "2021-03-04", "March 4, 2021"),
            (&None, &["2024-12-31 00:00:00"], "2021-03-14", "2021-03-14 00:00:00"),
            (&None, &["2024-12-31T08:00:00Z"], "2021-03-14", "2021-03-14T00:00:00Z"),
            (&Some(DateFormat::Months), &["2021-03"], "2021-04-17", "2021-04"),
            (&Some(DateFormat::Months), &["Mar-21"], "2021-04-17", "Apr-21"),
            (&Some(DateFormat::Months), &["Mar-21"], "2021-04", "Apr-21"),
            // No pattern, and no value.
            (&None, &["31. Dezember 2024"], "2021-03-14", "2021-03-14"),
            (&day, &[], "2021-03-14", "2021-03-14"),
        ] {
            assert_eq!(written(Reading::Days(format.clone()), seen, text), expected, "{seen:?}");
        }
    }

    #[test]
    fn truth_has_the_words_of_the_file() {
        for (seen, text, expected) in [
            (&["0", "1"][..], "Yes", "1"),
            (&["1.0"], "No", "0.0"),
            (&["TRUE"], "No", "FALSE"),
            (&["nein", "y"], "No", "n"),
            (&["Yes"], "false", "No"),
            (&[], "No", "No"),
        ] {
            assert_eq!(written(Reading::Booleans, seen, text), expected, "{seen:?}");
        }
        let numbers = |truth| Reading::Numbers(NumberFormat { truth, ..NumberFormat::default() });
        assert_eq!(written(numbers(true), &["True"], "0"), "False");
        assert_eq!(written(numbers(true), &["1"], "0"), "0");
        assert_eq!(written(numbers(true), &["True"], "2"), "2");
        let unit =
            |unit, mark| Reading::Numbers(NumberFormat { unit: Some(unit), mark, ..NumberFormat::default() });
        assert_eq!(written(unit('%', DecimalMark::Point), &["0", "10 %"], "2.5"), "2.5 %");
        assert_eq!(written(unit('€', DecimalMark::Comma), &["€10,00"], "2.5"), "€2,5");
        let levels = Reading::Codes(LevelIndex::new(&["no".into(), "yes".into()]));
        assert_eq!(written(levels, &["TRUE", "FALSE"], "yes"), "TRUE");
    }
}
