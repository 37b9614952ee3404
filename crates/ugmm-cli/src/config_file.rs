//! The options of `ugmm train`. Options on the command line take precedence over those in a TOML file, whose
//! keys are the options' names with underscores and the library's further settings. The file that is written
//! with a model has all of them.

use crate::arguments::{Hidden, List, ObjectiveKind, Train};
use crate::error::CliError;
use crate::variants_file::{read_text, refusal};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};
use indexmap::IndexMap;
use std::any::TypeId;
use std::collections::HashSet;
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::Path;
use toml::de::DeTable;
use ugmm_data::closest;
use ugmm_data::frame::ReadOptions;
use ugmm_data::{PreprocessingOptions, Scaling};
use ugmm_network::{Preset, Settings, UgmmError};
use ugmm_tabular::TabularError;
use ugmm_tabular::network::ClassWeights;

/// Options that are not stored in a file.
const OF_ONE_RUN: [&str; 3] = ["config", "resume", "device"];
/// Settings with another name than their options, and other names of settings in the libraries' messages.
const OTHER_NAMES: [(&str, &str); 6] = [
    ("min_sigmas", "min_sigma"),
    ("max_gradient_norm", "clip"),
    ("component_dropout", "dropout"),
    ("a layer's size", "hidden"),
    ("the weight of the cross-entropy", "cross_entropy_weight"),
    ("number of hidden layers", "hidden"),
];
/// Mutually exclusive options: an option on the command line replaces the other one in the file.
const EXCLUSIVE: [(&str, &str); 2] = [("validation", "folds"), ("folds", "validation")];
const CLASS_WEIGHTS: &str = "class_weights";

/// The options of a training.
pub struct Options {
    /// Options from the command line, or else from the file.
    pub train: Train,
    /// Settings of the network and its training.
    pub settings: Settings,
    /// The options that are not settings, by their keys.
    given: toml::Table,
    /// Keys of the options on the command line.
    typed: HashSet<String>,
}

impl Options {
    /// Combines the command line with the file of `--config`, if there is one.
    pub fn of(typed: &ArgMatches) -> Result<Self, CliError> {
        let is_typed = |id: &str| typed.value_source(id) == Some(ValueSource::CommandLine);
        let command = command();
        let mut tokens: Vec<String> = Vec::new();
        let mut typed_ids = HashSet::new();
        for argument in command.get_arguments().filter(|argument| is_typed(argument.get_id().as_str())) {
            typed_ids.insert(argument.get_id().to_string());
            tokens.extend(tokens_of(argument, &values_of(argument, typed)));
        }
        let file = match typed.get_one::<std::path::PathBuf>("config") {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let is_replaced = |key: &str| {
            typed_ids.contains(key)
                || EXCLUSIVE.iter().any(|(own, other)| *own == key && typed_ids.contains(*other))
        };
        let of_file = file.options.iter().filter(|(key, _)| !is_replaced(key));
        tokens.extend(of_file.flat_map(|(_, tokens)| tokens.clone()));
        let matches = command
            .clone()
            .try_get_matches_from(tokens)
            .map_err(|error| CliError::Usage(in_words(&error)))?;
        let mut train =
            Train::from_arg_matches(&matches).map_err(|error| CliError::Usage(in_words(&error)))?;
        if let (Some(weights), false) = (file.class_weights, typed_ids.contains(CLASS_WEIGHTS)) {
            train.class_weights = Some(ClassWeights::ByLabel(weights));
        }
        let mut settings = file.settings;
        take_settings(&mut settings, &train);
        let mut given = toml::Table::new();
        let kept = command.get_arguments().filter(|argument| is_kept(argument.get_id().as_str()));
        for argument in kept {
            if let Some(value) = toml_of(argument, &matches) {
                given.insert(argument.get_id().to_string(), value);
            }
        }
        if let Some(ClassWeights::ByLabel(weights)) = &train.class_weights {
            let weights = weights.iter().map(|(label, weight)| (label.clone(), (*weight).into()));
            given.insert(CLASS_WEIGHTS.into(), toml::Value::Table(weights.collect()));
        }
        Ok(Self { train, settings, given, typed: typed_ids })
    }

    /// Whether the objective is a density of all columns.
    pub fn is_density(&self) -> bool {
        self.train.objective == Some(ObjectiveKind::Density)
    }

    /// Options of reading the table.
    pub fn read_options(&self) -> ReadOptions {
        let Train { table, numeric, categorical, ignore, ordinal, weights, group, time_order, .. } =
            &self.train;
        let mut categorical = List::names(categorical);
        // Columns with an order are categories, even if their levels are numbers.
        for ordinal in ordinal {
            if !categorical.contains(&ordinal.column) {
                categorical.push(ordinal.column.clone());
            }
        }
        // These columns are no inputs, but are read.
        let mut ignore = List::names(ignore);
        ignore.retain(|name| [weights, group, time_order].iter().all(|other| Some(name) != other.as_ref()));
        ReadOptions { numeric: List::names(numeric), categorical, ignore, ..table.read_options() }
    }

    /// Options of the preprocessing. Pixels of images are not standardised, so that a background of zeros
    /// stays zero.
    pub fn preprocessing(&self, of_images: bool) -> PreprocessingOptions {
        // The paper's networks use unscaled features.
        let usual = match self.preset() {
            Preset::Paper => Scaling::None,
            Preset::Best if of_images => Scaling::None,
            Preset::Best => Scaling::Standard,
        };
        let scaling = self.train.scaling.map_or(usual, Into::into);
        PreprocessingOptions { scaling, ordinal: self.train.ordinal.clone(), keep_constant: false }
    }

    pub fn preset(&self) -> Preset {
        self.train.preset.map_or(Preset::default(), |kind| kind.preset())
    }

    /// A file of the options and of what was inferred, with which the training can be repeated.
    pub fn text(&self, found: &[(&str, String)]) -> Result<String, CliError> {
        let failed = |error: toml::ser::Error| CliError::Output(std::io::Error::other(error));
        let mut table = self.given.clone();
        table.extend(found.iter().map(|(key, value)| ((*key).to_owned(), toml_scalar(value))));
        table.extend(toml::Table::try_from(&self.settings).map_err(failed)?);
        // Tables come last in TOML.
        let (tables, values): (Vec<_>, Vec<_>) = table.into_iter().partition(|(_, value)| value.is_table());
        let table: toml::Table = values.into_iter().chain(tables).collect();
        let head = format!(
            "# The options of a training by ugmm {}; `ugmm train --config` with this file repeats it.\n",
            env!("CARGO_PKG_VERSION")
        );
        Ok(head + &toml::to_string(&table).map_err(failed)?)
    }

    /// The option on the command line for a setting, given its name in a file or in the libraries' messages;
    /// `None` if it is not on the command line.
    pub fn option_of(&self, setting: &str) -> Option<String> {
        let other = OTHER_NAMES.iter().find(|(name, _)| *name == setting).map(|(_, id)| *id);
        let id = other.unwrap_or(setting);
        self.typed.contains(id).then(|| format!("--{}", id.replace('_', "-")))
    }

    /// The error with the name of the option instead of the setting, if the option is on the command line.
    pub fn as_typed(&self, error: CliError) -> CliError {
        let named = |error: &UgmmError| match error {
            UgmmError::Setting { setting, value, expected } => {
                let option = self.option_of(setting)?;
                Some(CliError::Usage(format!("{option} is {value}, but must be {expected}")))
            }
            _ => None,
        };
        let typed = match &error {
            CliError::Model(error) => named(error),
            CliError::Tabular(error) => match &**error {
                TabularError::Model(error) => named(error),
                _ => None,
            },
            CliError::Option { key, reason } => {
                self.option_of(key).map(|option| CliError::Usage(format!("{option}: {reason}")))
            }
            _ => None,
        };
        typed.unwrap_or(error)
    }
}

fn take_settings(settings: &mut Settings, options: &Train) {
    // An option that is not given keeps the current value.
    fn set<T>(value: &mut Option<T>, given: Option<T>) {
        if given.is_some() {
            *value = given;
        }
    }
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
    set(&mut settings.keep_components, options.keep_components);
}

/// The content of a file of options.
#[derive(Default)]
struct File {
    /// Options that are not settings, with their values as on the command line.
    options: Vec<(String, Vec<String>)>,
    settings: Settings,
    /// Weights of the classes in a table.
    class_weights: Option<IndexMap<String, f64>>,
}

impl File {
    fn read(path: &Path) -> Result<Self, CliError> {
        let text = read_text(path)?;
        let keys = DeTable::parse(&text).map_err(|error| refusal(path, &text, &error))?;
        let mut table: toml::Table = toml::from_str(&text).map_err(|error| refusal(path, &text, &error))?;
        let (command, mut file, mut settings) = (command(), Self::default(), toml::Table::new());
        for (key, _) in keys.get_ref().iter() {
            let name = key.get_ref().as_ref();
            let Some(value) = table.remove(name) else { continue };
            // Keys are checked one by one, so that an error has a line.
            let wrong = |reason: String| {
                let line = text[..key.span().start].matches('\n').count() + 1;
                let (path, place) = (path.to_path_buf(), format!(", line {line}"));
                CliError::SettingsFile { path, place, reason }
            };
            let is_density = name == "objective" && value.as_str() == Some("density");
            if setting_names().contains(name) && !is_density {
                settings.insert(name.to_owned(), value.clone());
                let single = toml::Table::from_iter([(name.to_owned(), value)]);
                let checked: Result<Settings, _> = single.try_into();
                checked.map_err(|error| wrong(format!("{name}: {}", error.message().replace('\n', "; "))))?;
                continue;
            }
            let argument = command.get_arguments().find(|argument| argument.get_id().as_str() == name);
            let Some(argument) = argument.filter(|_| !OF_ONE_RUN.contains(&name)) else {
                return Err(wrong(unknown_key(name)));
            };
            if let (CLASS_WEIGHTS, toml::Value::Table(weights)) = (name, &value) {
                file.class_weights = Some(weights.clone().try_into().map_err(|error: toml::de::Error| {
                    wrong(format!("{name}: {}", error.message().replace('\n', "; ")))
                })?);
                continue;
            }
            let values = texts(&value).ok_or_else(|| wrong(format!("{name}: a table is no value of it")))?;
            let tokens = tokens_of(argument, &values);
            // With a file of options, no other option is required.
            let alone = ["--config=-".to_owned()].into_iter().chain(tokens.clone());
            let checked = command.clone().try_get_matches_from(alone);
            checked.map_err(|error| wrong(format!("{name}: {}", in_words(&error))))?;
            file.options.push((name.to_owned(), tokens));
        }
        file.settings = settings.try_into().map_err(|error| refusal(path, &text, &error))?;
        Ok(file)
    }
}

/// The arguments of `ugmm train`.
fn command() -> clap::Command {
    Train::augment_args(clap::Command::new("train").no_binary_name(true))
}

/// The reason why an option cannot have its value, in a few words.
fn in_words(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let value = text(ContextKind::InvalidValue);
    match (error.kind(), error.source()) {
        (ErrorKind::InvalidValue, _) if !text(ContextKind::ValidValue).is_empty() => {
            format!("{value:?} is none of {}", text(ContextKind::ValidValue))
        }
        (ErrorKind::ValueValidation, Some(reason)) => reason.to_string(),
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    }
}

/// Names of the library's settings.
fn setting_names() -> HashSet<String> {
    let settings = serde_json::to_value(Settings::default()).unwrap_or_default();
    settings.as_object().map(|settings| settings.keys().cloned().collect()).unwrap_or_default()
}

/// Whether an option is written to a file by its own name; settings are written by theirs.
fn is_kept(id: &str) -> bool {
    let is_density_or_other = id == "objective" || !setting_names().contains(id);
    is_density_or_other && !OF_ONE_RUN.contains(&id) && !OTHER_NAMES.iter().any(|(_, other)| *other == id)
}

fn unknown_key(name: &str) -> String {
    let options = command();
    let options = options.get_arguments().map(|argument| argument.get_id().to_string());
    let known: Vec<String> =
        options.filter(|id| !OF_ONE_RUN.contains(&id.as_str())).chain(setting_names()).collect();
    let meant = closest(name, &known).map_or(String::new(), |key| format!("; did you mean {key:?}?"));
    format!("there is no option or setting {name:?}{meant}")
}

fn is_list(argument: &Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<List>()
}

/// Each value of an option, with lists split; "true" for a flag.
fn values_of(argument: &Arg, matches: &ArgMatches) -> Vec<String> {
    let id = argument.get_id().as_str();
    if is_list(argument) {
        let lists: Vec<List> = matches.get_many::<List>(id).into_iter().flatten().cloned().collect();
        return List::names(&lists);
    }
    let raw = matches.get_raw(id).into_iter().flatten();
    raw.map(|text| text.to_string_lossy().into_owned()).collect()
}

/// An option with its values as on the command line. An option with an optional value has no value if the
/// file has `true`.
fn tokens_of(argument: &Arg, values: &[String]) -> Vec<String> {
    let Some(long) = argument.get_long() else { return values.to_vec() };
    let is_flag = matches!(argument.get_action(), ArgAction::SetTrue);
    let may_be_alone = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
    match values {
        [value] if (is_flag || may_be_alone) && value == "false" => Vec::new(),
        [value] if (is_flag || may_be_alone) && value == "true" => vec![format!("--{long}")],
        [] if may_be_alone => vec![format!("--{long}")],
        [] => Vec::new(),
        values if is_list(argument) => vec![format!("--{long}={}", List::text(values))],
        values => values.iter().map(|value| format!("--{long}={value}")).collect(),
    }
}

/// The value of an option for a file; `None` if it is not given.
fn toml_of(argument: &Arg, matches: &ArgMatches) -> Option<toml::Value> {
    let id = argument.get_id().as_str();
    if matches.value_source(id) != Some(ValueSource::CommandLine) {
        return None;
    }
    let values = values_of(argument, matches);
    if matches!(argument.get_action(), ArgAction::Append) || is_list(argument) {
        return Some(toml::Value::Array(values.into_iter().map(toml::Value::String).collect()));
    }
    match values.as_slice() {
        [] => Some(true.into()),
        // The objective of a network is written with the settings.
        [value] if id == "objective" && value != "density" => None,
        [value] => Some(toml_scalar(value)),
        _ => None,
    }
}

/// The number or boolean that a text represents, or the text.
fn toml_scalar(text: &str) -> toml::Value {
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return number.into();
    }
    if let Ok(number) = text.parse::<f64>()
        && toml::Value::Float(number).to_string() == text
    {
        return number.into();
    }
    text.parse::<bool>().map_or_else(|_| text.into(), Into::into)
}

/// The texts of a value; `None` for a table.
fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Array(values) => values.iter().map(|value| texts(value)?.into_iter().next()).collect(),
        toml::Value::Table(_) => None,
        other => Some(vec![other.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tokens: &[&str]) -> Options {
        let tokens: Vec<String> = tokens.iter().map(|token| (*token).to_owned()).collect();
        Options::of(&command().try_get_matches_from(&tokens).unwrap())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Written options are read as the same options.
    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let typed = [
            "d.csv",
            "--target=kind of \"thing\"",
            "-o",
            "m",
            "--ordinal=size=s<m<l",
            "--scaling=quantile",
            "--delimiter=\t",
            "--no-header",
            "--search",
            "--folds=5",
            "--preset=best",
            "--class-weights=1=2,b=0.5",
            "--numeric=\"a,b\",c",
            "--na=-99,007",
            "--hidden=none",
            "--epochs=3",
            "--time-limit=90s",
            "--seed=18446744073709",
        ];
        let first = of(&typed);
        std::fs::write(&path, first.text(&[("task", "regression".into())]).unwrap()).unwrap();
        let again = of(&[&format!("--config={}", path.display())]);
        let found = [("task", "regression".to_owned())];
        let table = |text: String| text.parse::<toml::Table>().unwrap();
        assert_eq!(table(first.text(&found).unwrap()), table(again.text(&[]).unwrap()));
        assert_eq!((&first.settings, first.settings.hidden.as_deref()), (&again.settings, Some(&[][..])));
        let (read, expected) = (again.read_options(), first.read_options());
        assert_eq!(format!("{read:?}"), format!("{expected:?}"));
        assert_eq!(again.train.search, Some(None));
        assert_eq!((again.train.seed, again.train.time_limit), (first.train.seed, first.train.time_limit));
        assert_eq!(again.preprocessing(false), first.preprocessing(false));
        assert_eq!(again.read_options().numeric, ["a,b", "c"]);
        assert_eq!(again.read_options().missing, ["-99", "007"]);
        // An option on the command line replaces the same option and mutually exclusive ones in the file.
        let over = of(&[&format!("--config={}", path.display()), "--validation=0.5", "--epochs=7"]);
        assert_eq!((over.train.folds, over.train.validation), (None, Some(0.5)));
        assert_eq!((over.settings.epochs, over.option_of("epochs").as_deref()), (Some(7), Some("--epochs")));
        assert_eq!(over.option_of("folds"), None);
    }
}
