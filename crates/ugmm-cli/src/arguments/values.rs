//! The values of options, and their parsers.

use clap::ValueEnum;
use std::num::NonZeroUsize;
use std::time::Duration;
use ugmm_data::frame::{DecimalMark, Encoding, StatedDates, Thousands};
use ugmm_data::{Ordinal, Scaling};
use ugmm_network::pruning::Criterion;
use ugmm_network::{Architecture, DeviceName, Preset};
use ugmm_tabular::TaskChoice;
use ugmm_tabular::network::ClassWeights;

pub fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => parse_character(text),
    }
}

pub fn parse_decimal(text: &str) -> Result<DecimalMark, String> {
    match text {
        "." | "point" => Ok(DecimalMark::Point),
        "," | "comma" => Ok(DecimalMark::Comma),
        _ => Err(format!("{text:?} is no decimal mark; it is \".\" or \",\"")),
    }
}

pub fn parse_encoding(text: &str) -> Result<Encoding, String> {
    Encoding::of(text).ok_or_else(|| {
        format!("{text:?} is no encoding; it has a name such as windows-1252, iso-8859-2, utf-16le, gb18030 or shift_jis")
    })
}

pub fn parse_thousands(text: &str) -> Result<Thousands, String> {
    match text {
        "none" => Ok(Thousands::Nothing),
        "," | "comma" => Ok(Thousands::Comma),
        "." | "point" => Ok(Thousands::Point),
        " " | "space" => Ok(Thousands::Blank),
        "'" | "apostrophe" => Ok(Thousands::Apostrophe),
        _ => Err(format!("{text:?} does not stand between thousands; \",\", \".\", \"'\", \" \" or none do")),
    }
}

/// Parses a date format, such as "%d/%m/%Y", with or without a column name before it, such as "day=%m/%d/%y".
pub fn parse_dates(text: &str) -> StatedDates {
    let start = text.find('%').unwrap_or(text.len());
    match text[..start].rfind('=') {
        Some(sign) => {
            StatedDates { column: Some(text[..sign].trim().to_owned()), format: text[sign + 1..].to_owned() }
        }
        None => StatedDates { column: None, format: text.to_owned() },
    }
}

pub fn parse_device(text: &str) -> Result<DeviceName, String> {
    text.parse().map_err(|error: ugmm_network::UgmmError| error.to_string())
}

pub fn parse_character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => Err(format!("{text:?} is not one ASCII character that is neither letter nor digit")),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModelKind {
    /// uGMM network
    Ugmm,
    /// Feed-forward network (multilayer perceptron)
    Mlp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ObjectiveKind {
    /// Cross-entropy of the class probabilities
    Discriminative,
    /// Joint score of features and label; predictions use its posterior
    Generative,
    /// Joint score plus the cross-entropy of its posterior
    Hybrid,
    /// Conditional density of a number given the features
    Conditional,
    /// Density of all columns, normalised by construction (a probabilistic circuit instead of a network)
    Density,
}

impl From<ModelKind> for Architecture {
    fn from(kind: ModelKind) -> Self {
        match kind {
            ModelKind::Ugmm => Self::Ugmm,
            ModelKind::Mlp => Self::Mlp,
        }
    }
}

impl ObjectiveKind {
    /// Returns the objective of a network, or `None` for a density.
    pub fn of_network(self) -> Option<ugmm_network::ObjectiveKind> {
        match self {
            Self::Discriminative => Some(ugmm_network::ObjectiveKind::Discriminative),
            Self::Generative => Some(ugmm_network::ObjectiveKind::Generative),
            Self::Hybrid => Some(ugmm_network::ObjectiveKind::Hybrid),
            Self::Conditional => Some(ugmm_network::ObjectiveKind::Conditional),
            Self::Density => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PresetKind {
    /// Settings that learn best
    Best,
    /// Settings of the paper
    Paper,
}

impl PresetKind {
    /// Returns the preset of the library.
    pub fn preset(self) -> Preset {
        match self {
            Self::Best => Preset::Best,
            Self::Paper => Preset::Paper,
        }
    }
}

/// The criterion by which `ugmm prune` keeps components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CriterionKind {
    /// Influence on the predictions
    Influence,
    /// Mean responsibility for its neuron's activation
    Responsibility,
    /// Mixing weight
    Weight,
}

impl From<CriterionKind> for Criterion {
    fn from(kind: CriterionKind) -> Self {
        match kind {
            CriterionKind::Influence => Self::Influence,
            CriterionKind::Responsibility => Self::Responsibility,
            CriterionKind::Weight => Self::Weight,
        }
    }
}

/// A list of names or texts, separated by commas; one that holds a comma is in double quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List(Vec<String>);

impl List {
    /// The names of all lists of an option.
    pub fn names(lists: &[Self]) -> Vec<String> {
        lists.iter().flat_map(|Self(names)| names.clone()).collect()
    }

    /// The list as it would be typed.
    pub fn text<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
        let quoted = |name: &String| match name.contains([',', '"']) || name.trim() != name {
            true => format!("\"{}\"", name.replace('"', "\"\"")),
            false => name.clone(),
        };
        names.into_iter().map(quoted).collect::<Vec<_>>().join(",")
    }
}

/// Parses a list of names or texts.
pub fn parse_list(text: &str) -> Result<List, String> {
    let example = "write for example a,b, and a text with a comma in double quotes";
    let names = ugmm_tabular::question::parse_names(text);
    names
        .map(List)
        .map_err(|_| format!("{text:?} has an empty part, or a quote that is not closed; {example}"))
}

/// The sizes of the hidden layers.
#[derive(Clone, Debug)]
pub struct Hidden(pub Vec<usize>);

pub fn parse_hidden(text: &str) -> Result<Hidden, String> {
    if text == "none" {
        return Ok(Hidden(Vec::new()));
    }
    let size = |part: &str| match part.trim().parse() {
        Ok(size) if size > 0 && size as u64 <= GREATEST => Ok(size),
        _ => Err(format!("{part:?} is not a layer size; write whole numbers from 1, such as 64,32")),
    };
    text.split(',').map(size).collect::<Result<_, _>>().map(Hidden)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TaskKind {
    /// Predict a class
    Classification,
    /// Predict a number
    Regression,
}

impl From<TaskKind> for TaskChoice {
    fn from(kind: TaskKind) -> Self {
        match kind {
            TaskKind::Classification => Self::Classification,
            TaskKind::Regression => Self::Regression,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScalingKind {
    /// Mean 0 and standard deviation 1
    Standard,
    /// Ranks, mapped to a normal distribution: for values of very different magnitudes
    Quantile,
    /// No scaling
    None,
}

impl From<ScalingKind> for Scaling {
    fn from(kind: ScalingKind) -> Self {
        match kind {
            ScalingKind::Standard => Self::Standard,
            ScalingKind::Quantile => Self::Quantile,
            ScalingKind::None => Self::None,
        }
    }
}

/// Parses a column with an optional order of its levels: "size" or "size=small<medium<large".
pub fn parse_ordinal(text: &str) -> Result<Ordinal, String> {
    let (column, order) = match text.split_once('=') {
        None => (text, None),
        Some((column, order)) => {
            (column, Some(order.split('<').map(|level| level.trim().to_owned()).collect()))
        }
    };
    match column.trim() {
        "" => Err("a column's name is missing; write for example size=small<medium<large".into()),
        column => Ok(Ordinal { column: column.to_owned(), order }),
    }
}

/// Parses class weights: "balanced" or "ill=5,well=1".
pub fn parse_class_weights(text: &str) -> Result<ClassWeights, String> {
    if text == "balanced" {
        return Ok(ClassWeights::Balanced);
    }
    let weight = |part: &str| {
        let (label, weight) = part.rsplit_once('=')?;
        let weight = weight.trim().parse().ok().filter(|weight: &f64| *weight > 0.0 && weight.is_finite())?;
        Some((label.trim().to_owned(), weight))
    };
    let weights: Option<_> = text.split(',').map(weight).collect();
    weights.map(ClassWeights::ByLabel).ok_or_else(|| {
        format!(
            "{text:?} is neither \"balanced\" nor a list of labels with positive weights such as ill=5,well=1"
        )
    })
}

/// Parses a duration, in seconds or with units: "90", "90s", "5m" or "1h30m".
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time; write for example 90s, 5m or 1h30m");
    let (mut seconds, mut number) = (0.0, String::new());
    let mut value = |number: &mut String, unit: f64| {
        let value: f64 = number.parse().map_err(|_| wrong())?;
        number.clear();
        seconds += unit * value;
        Ok::<(), String>(())
    };
    for character in text.chars() {
        match character {
            's' => value(&mut number, 1.0)?,
            'm' => value(&mut number, 60.0)?,
            'h' => value(&mut number, 3600.0)?,
            other => number.push(other),
        }
    }
    if !number.is_empty() {
        value(&mut number, 1.0)?;
    }
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    if text.is_empty() { Err(wrong()) } else { Ok(duration) }
}

/// Parses a duration greater than 0.
pub fn parse_time_limit(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("there must be some time to learn in".into()),
        duration => Ok(duration),
    }
}

/// The greatest whole number in an options file, which is the greatest that TOML can represent.
const GREATEST: u64 = i64::MAX as u64;

/// Parses a whole number of at least 1.
pub fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() as u64 <= GREATEST);
    count.ok_or_else(|| format!("{text:?} is not a whole number from 1 to {GREATEST}"))
}

/// Parses a probability from 0 to 1.
pub fn parse_probability(text: &str) -> Result<f64, String> {
    let probability = text.trim().parse().ok().filter(|probability| (0.0..=1.0).contains(probability));
    probability.ok_or_else(|| format!("{text:?} is not a number from 0 to 1"))
}

/// Parses the coverage of an interval.
pub fn parse_coverage(text: &str) -> Result<f64, String> {
    let coverage = text.trim().parse().ok().filter(|&coverage: &f64| coverage > 0.0 && coverage < 1.0);
    coverage.ok_or_else(|| format!("{text:?} is not a number greater than 0 and less than 1, such as 0.9"))
}

/// The greatest number of threads; more threads than cores only wait for each other.
const MOST_THREADS: usize = 1024;

pub fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    match parse_count(text)? {
        threads if threads.get() > MOST_THREADS => Err(format!("at most {MOST_THREADS} threads are started")),
        threads => Ok(threads),
    }
}

/// Parses a whole number of at least 0.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    let seed = text.parse().ok().filter(|&seed: &u64| seed <= GREATEST);
    seed.ok_or_else(|| format!("{text:?} is not a whole number from 0 to {GREATEST}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_units() {
        let seconds = |text: &str| parse_duration(text).map(|duration| duration.as_secs_f64());
        assert_eq!(seconds("90"), Ok(90.0));
        assert_eq!(seconds("1.5s"), Ok(1.5));
        assert_eq!(seconds("1h30m"), Ok(5400.0));
        for wrong in ["", "h", "5x", "-1", "1e400", "NaN", "m5m"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn orders_and_weights_are_read() {
        let order = parse_ordinal("size = small < medium<large").unwrap();
        let levels = ["small", "medium", "large"].map(String::from).to_vec();
        assert_eq!(order, Ordinal { column: "size".into(), order: Some(levels) });
        assert_eq!(parse_ordinal("size").unwrap().order, None);
        parse_ordinal("=a<b").unwrap_err();
        assert_eq!(parse_class_weights("balanced"), Ok(ClassWeights::Balanced));
        let Ok(ClassWeights::ByLabel(weights)) = parse_class_weights("a=b=2, c=0.5") else { panic!() };
        assert_eq!(weights.into_iter().collect::<Vec<_>>(), [("a=b".into(), 2.0), ("c".into(), 0.5)]);
        for wrong in ["", "a", "a=0", "a=-1", "a=inf", "a=1,b"] {
            parse_class_weights(wrong).unwrap_err();
        }
    }
}
