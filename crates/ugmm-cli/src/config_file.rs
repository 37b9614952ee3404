//! The options of `ugmm train` in a TOML file: read from one, and written beside the model.

use crate::arguments::{
    Hidden, ObjectiveKind, Train, parse_class_weights, parse_dates, parse_decimal, parse_delimiter,
    parse_duration, parse_ordinal, parse_thousands, parse_time_limit, usual_marks,
};
use crate::error::CliError;
use crate::variants_file::{read_text, refusal};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;
use ugmm_data::frame::{DecimalMark, ReadOptions, Thousands};
use ugmm_data::{Ordinal, PreprocessingOptions, Scaling, closest};
use ugmm_network::{Preset, Settings};
use ugmm_tabular::{ClassWeights, DensityMethod, DensityStructure, TaskChoice};

/// All options of a training; what is `None` or empty is as usual. The finer settings of the network and its training are
/// [`Settings`], whose keys stand beside these in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    pub data: Option<PathBuf>,
    pub target: Option<String>,
    pub output: Option<PathBuf>,
    pub task: Option<TaskChoice>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numeric: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categorical: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// As on the command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ordinal: Vec<String>,
    pub scaling: Option<Scaling>,
    pub delimiter: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_header: bool,
    pub comment: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub na: Vec<String>,
    /// As on the command line.
    pub decimal: Option<String>,
    pub thousands: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub date_format: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep_text: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_usual_na: bool,
    pub preset: Option<Preset>,
    /// Whether the objective is the density of all columns; in a file `objective = "density"`, which is no setting of networks.
    #[serde(skip)]
    pub density: bool,
    pub structure: Option<DensityStructure>,
    pub units: Option<NonZeroUsize>,
    pub members: Option<NonZeroUsize>,
    pub method: Option<DensityMethod>,
    pub validation: Option<f64>,
    pub folds: Option<NonZeroUsize>,
    pub search: Option<Search>,
    /// As on the command line.
    pub time_limit: Option<String>,
    pub checkpoint_interval: Option<String>,
    pub seed: Option<u64>,
    /// As on the command line; a file that is written has `min_sigmas` and `max_gradient_norm` in their place.
    pub min_sigma: Option<f64>,
    pub clip: Option<f64>,
    /// Last in a file, where tables belong.
    pub class_weights: Option<Weights>,
}

/// Whether and among what to search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Search {
    /// Among the small grid, or not at all.
    Grid(bool),
    /// Among the tables of this file.
    File(PathBuf),
}

/// Weights of classes, as in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Weights {
    /// "balanced", or as on the command line.
    Text(String),
    /// By label.
    ByLabel(IndexMap<String, f64>),
}

/// The objective of no network.
const DENSITY: &str = "density";

/// The keys of [`Config`].
const KEYS: [&str; 32] = [
    "data",
    "target",
    "output",
    "task",
    "numeric",
    "categorical",
    "ignore",
    "ordinal",
    "scaling",
    "delimiter",
    "no_header",
    "comment",
    "na",
    "decimal",
    "thousands",
    "date_format",
    "keep_text",
    "no_usual_na",
    "preset",
    "structure",
    "units",
    "members",
    "method",
    "validation",
    "folds",
    "search",
    "time_limit",
    "checkpoint_interval",
    "seed",
    "min_sigma",
    "clip",
    "class_weights",
];

impl Config {
    /// The file's options with what was typed over them.
    pub fn of(options: &Train) -> Result<(Self, Settings), CliError> {
        let (mut config, mut settings) = options.config.as_deref().map(read).transpose()?.unwrap_or_default();
        set(&mut settings.min_sigmas, config.min_sigma.take().map(|min_sigma| vec![min_sigma]));
        set(&mut settings.max_gradient_norm, config.clip.take());
        config.take_typed(options);
        take_typed_settings(&mut settings, options);
        Ok((config, settings))
    }

    fn take_typed(&mut self, options: &Train) {
        set(&mut self.data, options.data.clone());
        set(&mut self.target, options.target.clone());
        set(&mut self.output, options.output.clone());
        set(&mut self.task, options.task.map(Into::into));
        let lists = [
            (&mut self.numeric, &options.numeric),
            (&mut self.categorical, &options.categorical),
            (&mut self.ignore, &options.ignore),
            (&mut self.na, &options.table.na),
            (&mut self.date_format, &options.table.date_format),
            (&mut self.keep_text, &options.table.keep_text),
        ];
        for (list, typed) in lists {
            if !typed.is_empty() {
                list.clone_from(typed);
            }
        }
        if !options.ordinal.is_empty() {
            self.ordinal = options.ordinal.iter().map(ordinal_text).collect();
        }
        set(&mut self.scaling, options.scaling.map(Into::into));
        let character = |byte: u8| char::from(byte).to_string();
        set(&mut self.delimiter, options.table.delimiter.map(character));
        self.no_header |= options.table.no_header;
        self.no_usual_na |= options.table.no_usual_na;
        set(&mut self.comment, options.table.comment.map(character));
        let mark = |mark| match mark {
            DecimalMark::Point => ".".to_owned(),
            DecimalMark::Comma => ",".to_owned(),
        };
        set(&mut self.decimal, options.table.decimal.map(mark));
        let mark = |mark| match mark {
            Thousands::Nothing => "none".to_owned(),
            Thousands::Comma => ",".to_owned(),
            Thousands::Point => ".".to_owned(),
            Thousands::Blank => " ".to_owned(),
            Thousands::Apostrophe => "'".to_owned(),
        };
        set(&mut self.thousands, options.table.thousands.map(mark));
        set(&mut self.preset, options.preset.map(|kind| kind.preset()));
        set(&mut self.structure, options.structure.map(Into::into));
        set(&mut self.units, options.units);
        set(&mut self.members, options.members);
        set(&mut self.method, options.method.map(Into::into));
        self.density =
            options.objective.map_or(self.density, |objective| objective == ObjectiveKind::Density);
        // One kind of measuring takes the place of the other.
        if options.validation.is_some() {
            (self.validation, self.folds) = (options.validation, None);
        }
        if options.folds.is_some() {
            (self.validation, self.folds) = (None, options.folds);
        }
        let search = options.search.clone().map(|file| file.map_or(Search::Grid(true), Search::File));
        set(&mut self.search, search);
        let text = |duration: Duration| format!("{}s", duration.as_secs_f64());
        set(&mut self.time_limit, options.time_limit.map(text));
        set(&mut self.checkpoint_interval, options.checkpoint_interval.map(text));
        set(&mut self.seed, options.seed);
        set(
            &mut self.class_weights,
            options.class_weights.clone().map(|weights| match weights {
                ClassWeights::Balanced => Weights::Text("balanced".into()),
                ClassWeights::ByLabel(weights) => Weights::ByLabel(weights),
            }),
        );
    }

    /// How to read the table.
    pub fn read_options(&self) -> Result<ReadOptions, CliError> {
        let character = |text: &Option<String>, key| {
            text.as_deref().map(parse_delimiter).transpose().map_err(|reason| option(key, reason))
        };
        Ok(ReadOptions {
            delimiter: character(&self.delimiter, "delimiter")?,
            has_header: !self.no_header,
            comment: character(&self.comment, "comment")?,
            missing: self.na.clone(),
            decimal: (self.decimal.as_deref().map(parse_decimal).transpose())
                .map_err(|reason| option("decimal", reason))?,
            thousands: (self.thousands.as_deref().map(parse_thousands).transpose())
                .map_err(|reason| option("thousands", reason))?,
            dates: self.date_format.iter().map(|text| parse_dates(text)).collect(),
            usual_marks: usual_marks(self.no_usual_na, &self.keep_text),
            numeric: self.numeric.clone(),
            categorical: self.categorical(),
            ignore: self.ignore.clone(),
            ..ReadOptions::default()
        })
    }

    /// Columns that are categories: those with an order are, too, even if their levels are numbers.
    fn categorical(&self) -> Vec<String> {
        let mut columns = self.categorical.clone();
        for text in &self.ordinal {
            let ordered = parse_ordinal(text).map(|ordinal| ordinal.column);
            columns.extend(ordered.ok().filter(|column| !self.categorical.contains(column)));
        }
        columns
    }

    /// How columns become inputs; pixels of a file of images stay as they are, so that a background of zeros does.
    pub fn preprocessing(&self, of_images: bool) -> Result<PreprocessingOptions, CliError> {
        let ordinal = self.ordinal.iter().map(|text| parse_ordinal(text));
        let ordinal = ordinal.collect::<Result<_, _>>().map_err(|reason| option("ordinal", reason))?;
        // The paper's networks see the features as they are.
        let usual = match self.preset.unwrap_or_default() {
            Preset::Paper => Scaling::None,
            Preset::Best if of_images => Scaling::None,
            Preset::Best => Scaling::Standard,
        };
        Ok(PreprocessingOptions { scaling: self.scaling.unwrap_or(usual), ordinal, keep_constant: false })
    }

    pub fn class_weights(&self) -> Result<Option<ClassWeights>, CliError> {
        match &self.class_weights {
            None => Ok(None),
            Some(Weights::ByLabel(weights)) => Ok(Some(ClassWeights::ByLabel(weights.clone()))),
            Some(Weights::Text(text)) => {
                parse_class_weights(text).map(Some).map_err(|reason| option("class_weights", reason))
            }
        }
    }

    pub fn time_limit(&self) -> Result<Option<Duration>, CliError> {
        let limit = self.time_limit.as_deref().map(parse_time_limit).transpose();
        limit.map_err(|reason| option("time_limit", reason))
    }

    pub fn checkpoint_interval(&self) -> Result<Option<Duration>, CliError> {
        let interval = self.checkpoint_interval.as_deref().map(parse_duration).transpose();
        interval.map_err(|reason| option("checkpoint_interval", reason))
    }

    /// As a file, with the finer settings.
    pub fn text(&self, settings: &Settings) -> Result<String, CliError> {
        let failed = |error: toml::ser::Error| CliError::Output(std::io::Error::other(error));
        let mut table = toml::Table::try_from(self).map_err(failed)?;
        table.extend(toml::Table::try_from(settings).map_err(failed)?);
        if self.density {
            table.insert("objective".into(), DENSITY.into());
        }
        // Tables come last in TOML.
        let (tables, values): (Vec<_>, Vec<_>) = table.into_iter().partition(|(_, value)| value.is_table());
        let table: toml::Table = values.into_iter().chain(tables).collect();
        let head = format!(
            "# The options of a training by ugmm {}; `ugmm train --config` with this file repeats it.\n",
            env!("CARGO_PKG_VERSION")
        );
        Ok(head + &toml::to_string(&table).map_err(failed)?)
    }
}

/// Options and settings of a file.
fn read(path: &Path) -> Result<(Config, Settings), CliError> {
    let text = read_text(path)?;
    let keys = DeTable::parse(&text).map_err(|error| refusal(path, &text, &error))?;
    let mut config: Config = toml::from_str(&text).map_err(|error| refusal(path, &text, &error))?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| refusal(path, &text, &error))?;
    table.retain(|key, _| !KEYS.contains(&key));
    config.density = table.get("objective").and_then(toml::Value::as_str) == Some(DENSITY);
    if config.density {
        table.remove("objective");
    }
    // One by one, so that what is wrong has a line.
    for (key, _) in keys.get_ref().iter() {
        let name = key.get_ref().as_ref();
        if let Some(value) = table.get(name) {
            let single = toml::Table::from_iter([(name.to_owned(), value.clone())]);
            let setting: Result<Settings, _> = single.try_into();
            setting.map_err(|error| {
                let line = text[..key.span().start].matches('\n').count() + 1;
                let (path, place) = (path.to_path_buf(), format!(", line {line}"));
                let reason = match unknown_key(name) {
                    Some(reason) => reason,
                    None => format!("{name}: {}", error.message().replace('\n', "; ")),
                };
                CliError::SettingsFile { path, place, reason }
            })?;
        }
    }
    let settings = table.try_into().map_err(|error| refusal(path, &text, &error))?;
    Ok((config, settings))
}

/// What is wrong with a key that is none.
fn unknown_key(name: &str) -> Option<String> {
    let settings = serde_json::to_value(Settings::default()).ok()?;
    let settings = settings.as_object()?.keys().cloned();
    let known: Vec<String> = KEYS.iter().map(|key| key.to_string()).chain(settings).collect();
    if known.iter().any(|key| key == name) {
        return None;
    }
    let meant = closest(name, &known).map_or(String::new(), |key| format!("; did you mean {key:?}?"));
    Some(format!("there is no option or setting {name:?}{meant}"))
}

fn take_typed_settings(settings: &mut Settings, options: &Train) {
    set(&mut settings.model, options.model.map(Into::into));
    set(&mut settings.objective, options.objective.and_then(|objective| objective.of_network()));
    set(&mut settings.cross_entropy_weight, options.cross_entropy_weight);
    set(&mut settings.hidden, options.hidden.clone().map(|Hidden(sizes)| sizes));
    set(&mut settings.dropout, options.dropout.clone());
    set(&mut settings.min_sigmas, options.min_sigma.map(|min_sigma| vec![min_sigma]));
    set(&mut settings.epochs, options.epochs.map(NonZeroUsize::get));
    set(&mut settings.batch_size, options.batch_size.map(NonZeroUsize::get));
    set(&mut settings.learning_rate, options.learning_rate);
    set(&mut settings.max_gradient_norm, options.clip);
    set(&mut settings.patience, options.patience.map(NonZeroUsize::get));
}

/// An option that was not typed leaves what is there.
fn set<T>(value: &mut Option<T>, typed: Option<T>) {
    if typed.is_some() {
        *value = typed;
    }
}

fn ordinal_text(ordinal: &Ordinal) -> String {
    match &ordinal.order {
        None => ordinal.column.clone(),
        Some(order) => format!("{}={}", ordinal.column, order.join("<")),
    }
}

fn option(key: &'static str, reason: String) -> CliError {
    CliError::Option { key, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let config = Config {
            data: Some("d.csv".into()),
            target: Some("kind of \"thing\"".into()),
            ordinal: vec!["size=s<m<l".into()],
            scaling: Some(Scaling::Quantile),
            delimiter: Some("\t".into()),
            no_header: true,
            search: Some(Search::Grid(true)),
            folds: NonZeroUsize::new(5),
            preset: Some(Preset::Best),
            class_weights: Some(Weights::ByLabel(IndexMap::from([("1".into(), 2.0)]))),
            ..Config::default()
        };
        let optimizer = ugmm_network::training::OptimizerConfig::adam_w(0.1);
        let settings = Settings {
            hidden: Some(vec![]),
            epochs: Some(3),
            optimizer: Some(optimizer),
            ..Settings::default()
        };
        std::fs::write(&path, config.text(&settings).unwrap()).unwrap();
        assert_eq!(read(&path).unwrap(), (config, settings));
    }
}
