//! Settings by the names under which they were given.

use crate::arguments::Train;
use crate::error::CliError;
use ugmm_network::UgmmError;
use ugmm_tabular::TabularError;

/// The option that was typed for a setting, by the setting's name in a file or in messages of the libraries; none where it is of a
/// file.
pub fn option_of(options: &Train, setting: &str) -> Option<&'static str> {
    let typed = [
        ("min_sigma", "--min-sigma", options.min_sigma.is_some()),
        ("min_sigmas", "--min-sigma", options.min_sigma.is_some()),
        ("max_gradient_norm", "--clip", options.clip.is_some()),
        ("learning_rate", "--learning-rate", options.learning_rate.is_some()),
        ("batch_size", "--batch-size", options.batch_size.is_some()),
        ("epochs", "--epochs", options.epochs.is_some()),
        ("patience", "--patience", options.patience.is_some()),
        ("hidden", "--hidden", options.hidden.is_some()),
        ("a layer's size", "--hidden", options.hidden.is_some()),
        ("dropout", "--dropout", options.dropout.is_some()),
        ("component_dropout", "--dropout", options.dropout.is_some()),
        ("model", "--model", options.model.is_some()),
        ("objective", "--objective", options.objective.is_some()),
        ("cross_entropy_weight", "--cross-entropy-weight", options.cross_entropy_weight.is_some()),
        ("the weight of the cross-entropy", "--cross-entropy-weight", options.cross_entropy_weight.is_some()),
        ("structure", "--structure", options.structure.is_some()),
        ("units", "--units", options.units.is_some()),
        ("members", "--members", options.members.is_some()),
        ("method", "--method", options.method.is_some()),
        ("scaling", "--scaling", options.scaling.is_some()),
        ("ordinal", "--ordinal", !options.ordinal.is_empty()),
        ("preset", "--preset", options.preset.is_some()),
        ("class_weights", "--class-weights", options.class_weights.is_some()),
        ("validation", "--validation", options.validation.is_some()),
        ("folds", "--folds", options.folds.is_some()),
        ("search", "--search", options.search.is_some()),
        ("checkpoint_interval", "--checkpoint-interval", options.checkpoint_interval.is_some()),
        ("resume", "--resume", options.resume),
    ];
    typed.into_iter().find(|(key, _, is_typed)| *key == setting && *is_typed).map(|(_, option, _)| option)
}

/// The error with the option in the place of the setting, where it was typed.
pub fn as_typed(error: CliError, options: &Train) -> CliError {
    let named = |error: UgmmError| match error {
        UgmmError::Setting { setting, value, expected } => {
            UgmmError::Setting { setting: option_of(options, setting).unwrap_or(setting), value, expected }
        }
        error => error,
    };
    match error {
        CliError::Model(error) => CliError::Model(named(error)),
        CliError::Tabular(error) => CliError::Tabular(Box::new(match *error {
            TabularError::Model(error) => TabularError::Model(named(error)),
            error => error,
        })),
        CliError::Option { key, reason } => {
            CliError::Option { key: option_of(options, key).unwrap_or(key), reason }
        }
        error => error,
    }
}
