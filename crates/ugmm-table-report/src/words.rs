//! Log-likelihoods and expected values in words.

use ugmm_circuit::UnivariateMixture;
use ugmm_report::{percent, six_digits};
use ugmm_tabular::Column;
use ugmm_tabular::distribution::LogLikelihoodMeasures;

/// A clause such as ", log-likelihood -1.2 ± 0.1 per row", or why there is no log-likelihood.
#[must_use]
pub fn log_likelihood(found: &LogLikelihoodMeasures) -> String {
    // A large log-likelihood is too imprecise for four decimals.
    let text = |value: f64| if value.abs() < 1e6 { format!("{value:.4}") } else { six_digits(value) };
    let error = found.standard_error.filter(|error| error.is_finite());
    let error = error.map_or_else(String::new, |error| format!(" ± {}", text(error)));
    match found.mean {
        Some(mean) => format!(", log-likelihood {}{error} per row", text(mean)),
        None => {
            ", all of them impossible according to the training rows, so that no log-likelihood can be measured"
                .into()
        }
    }
}

/// A log-likelihood that a model stores, followed by `per`, such as " per row".
#[must_use]
pub fn known_level(level: Option<f64>, per: &str) -> String {
    level.map_or_else(|| "not known".into(), |level| format!("{level:.4}{per}"))
}

/// The expected value of a column: its 90 % interval, or its most probable state.
#[must_use]
pub fn expected_text(column: &Column, distribution: &UnivariateMixture) -> String {
    match column.states() {
        Some(_) => {
            let (state, probability) = column.most_probable(distribution);
            format!("{} ({} %)", column.text(state), percent(probability, 0))
        }
        None => {
            let [low, high] = [0.05, 0.95].map(|share| column.text(distribution.quantile(share)));
            if low == high { low } else { format!("{low} to {high}") }
        }
    }
}
