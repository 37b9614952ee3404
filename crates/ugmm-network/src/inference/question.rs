//! The distribution of one variable of a network with one root, given any other variables.
//!
//! The root is a score, a logarithm that is not normalised over the inputs. The distribution of *one*
//! variable over its states or over an interval is nevertheless well defined: the exponentials of the scores,
//! normalised over that variable. Inputs that are neither given nor queried are missing (NaN): their
//! components leave the mixtures of the first layer, and the weights of the others are renormalised. This is
//! a definition, not the marginal of a joint density.

use super::conditional::ConditionalDensity;
use super::line::{Lines, Nodes};
use super::variable::{Domain, Variable};
use crate::softmax::normalized;
use crate::{Network, Predictor, UgmmError};

/// The distribution of one variable given others.
#[derive(Clone, Debug, PartialEq)]
pub enum Conditional {
    /// The density of a number over its interval.
    Density(ConditionalDensity),
    /// The probability of each state, or of each value of a discrete number; they sum to 1.
    States(Vec<f64>),
}

/// The scores `[rows]` of row-major `rows` `[rows, inputs]`, in the network's units; NaN is missing.
///
/// # Errors
///
/// [`UgmmError`] when the network does not have exactly one output, the size does not fit, a value is
/// infinite, or one is missing although the network needs all.
pub fn scores(network: &Network, rows: &[f32]) -> Result<Vec<f32>, UgmmError> {
    let lines = Lines::new(network)?;
    let inputs = network.inputs();
    lines.check(rows, &(0..inputs))?;
    // The check below would allow missing values in queried inputs.
    if let (Some(place), false) = (rows.iter().position(|value| value.is_nan()), network.missing_values) {
        return Err(UgmmError::MissingValue { row: place / inputs, column: place % inputs });
    }
    Ok(network.forward(rows))
}

/// The distribution of `variable` given the other values of each row of row-major `rows` `[rows, inputs]`:
/// one distribution per row, over `cells` cells of its interval or over its states. The values of the
/// variable itself are ignored; NaN elsewhere is missing.
///
/// It costs a pass through the first layer for each row, and one through the other layers for each row and
/// cell.
///
/// # Errors
///
/// The errors of [`scores`], and [`UgmmError::Setting`] when `cells` is 0.
///
/// ```
/// use ugmm_network::inference::question::{Conditional, conditionals};
/// use ugmm_network::inference::variable::Variable;
/// use ugmm_network::{Init, Stream, NetworkConfig, generator};
///
/// let config = NetworkConfig::new(&[2, 8, 1]).with_init(Init::Paper).with_min_sigma(0.2);
/// let network = config.init(None, &mut generator(0, Stream::Initialization))?;
/// let y = Variable::number(1, -3.0, 3.0)?;
/// let found = conditionals(&network, &[0.5, f32::NAN], &y, 200)?;
/// let Conditional::Density(density) = &found[0] else { unreachable!() };
/// assert!((density.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-9);
/// assert!(density.quantile(0.05) < density.mean() && density.mean() < density.quantile(0.95));
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
pub fn conditionals(
    network: &Network,
    rows: &[f32],
    variable: &Variable,
    cells: usize,
) -> Result<Vec<Conditional>, UgmmError> {
    let lines = checked_lines(network, rows, variable, cells)?;
    Ok(on_lines(&lines, rows, variable, &lines.nodes_of(variable, cells)))
}

/// The scores of `variable`'s states or of the middles of its cells, `[rows, nodes]`, which [`conditionals`]
/// normalises.
///
/// # Errors
///
/// The errors of [`conditionals`].
pub fn scores_along(
    network: &Network,
    rows: &[f32],
    variable: &Variable,
    cells: usize,
) -> Result<Vec<f32>, UgmmError> {
    let lines = checked_lines(network, rows, variable, cells)?;
    Ok(lines.scores(rows, &lines.nodes_of(variable, cells)))
}

/// Prepares the network for lines after checking the rows and the variable.
fn checked_lines<'n>(
    network: &'n Network,
    rows: &[f32],
    variable: &Variable,
    cells: usize,
) -> Result<Lines<'n>, UgmmError> {
    let lines = Lines::new(network)?;
    lines.check(rows, &variable.inputs)?;
    if cells == 0 {
        return Err(UgmmError::setting("cells", 0, "at least 1"));
    }
    Ok(lines)
}

/// The distributions of [`conditionals`] at nodes made before, one per row.
pub(crate) fn on_lines(lines: &Lines, rows: &[f32], variable: &Variable, nodes: &Nodes) -> Vec<Conditional> {
    let scores = lines.scores(rows, nodes);
    let of_row = |scores: &[f32]| match (&variable.domain, variable.interval()) {
        (Domain::Interval { .. }, Some(interval)) => {
            Conditional::Density(ConditionalDensity::new(interval, scores.to_vec()))
        }
        _ => Conditional::States(normalized(scores)),
    };
    scores.chunks(nodes.count()).map(of_row).collect()
}
