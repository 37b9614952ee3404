//! A circuit: variables, and regions with their parameters.

use crate::compute::{Compiled, Real};
use crate::error::CircuitError;
use crate::region::Region;
use crate::rows::Rows;
use crate::structure::Structure;
use crate::variable::Variable;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// A density over all its variables.
///
/// Its regions are ordered so that each follows its children; the last one is the root and has one unit.
/// Construction and reading from a file check the regions, so that every circuit integrates to 1.
///
/// ```
/// use ugmm_circuit::{Circuit, GaussianMixtures, InnerRegion, Leaf, LeafDistribution, Region, Rows, Variable};
///
/// // ¼ N(0, 1) + ¾ N(2, 1).
/// let mixtures = GaussianMixtures { components: 1, weights: vec![1.0; 2], means: vec![0.0, 2.0], sigmas: vec![1.0; 2], held: 0 };
/// let leaf = Leaf { variable: 0, units: 2, distribution: LeafDistribution::Gaussians(mixtures), trained: true };
/// let root = InnerRegion { units: 1, partitions: vec![vec![0]], weights: vec![0.25, 0.75] };
/// let circuit = Circuit::new(vec![Variable::continuous(0.0, 1.0)], vec![Region::Leaf(leaf), Region::Inner(root)])?;
/// let density = circuit.log_likelihood(Rows::new(&[2.0], 1)?)?[0].exp();
/// assert!((density - (0.25 * (-2.0_f64).exp() + 0.75) * 0.398_942_280_401).abs() < 1e-9);
/// # Ok::<(), ugmm_circuit::CircuitError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Circuit {
    variables: Vec<Variable>,
    regions: Vec<Region>,
    /// The compiled form, made at the first query.
    compiled: OnceLock<Arc<Compiled<f64>>>,
}

/// The serialised form.
#[derive(Clone, Serialize, Deserialize)]
struct Parts {
    variables: Vec<Variable>,
    regions: Vec<Region>,
}

impl PartialEq for Circuit {
    fn eq(&self, other: &Self) -> bool {
        self.variables == other.variables && self.regions == other.regions
    }
}

impl TryFrom<Parts> for Circuit {
    type Error = CircuitError;

    fn try_from(parts: Parts) -> Result<Self, CircuitError> {
        Self::new(parts.variables, parts.regions)
    }
}

impl From<Circuit> for Parts {
    fn from(circuit: Circuit) -> Self {
        Self { variables: circuit.variables, regions: circuit.regions }
    }
}

impl Circuit {
    /// A circuit of these regions, children first, the root last.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when a variable is invalid, when the regions do not form a density (see
    /// [`Structure::new`]), or when parameters are not finite or distributions do not sum to 1.
    pub fn new(variables: Vec<Variable>, regions: Vec<Region>) -> Result<Self, CircuitError> {
        for (index, variable) in variables.iter().enumerate() {
            variable.validate(index)?;
        }
        let structure = Structure::of(variables.len(), &regions)?;
        for (index, region) in regions.iter().enumerate() {
            match region {
                Region::Leaf(leaf) => leaf.validate(index, &variables)?,
                Region::Inner(inner) => inner.validate(index, structure.width(index))?,
            }
        }
        Ok(Self { variables, regions, compiled: OnceLock::new() })
    }

    /// The variables of the density, in the order of a row's values.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The regions, children first; the last one is the root.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Number of trainable parameters, without subtracting constraints: weights, probabilities, means and
    /// sigmas.
    #[must_use]
    pub fn parameters(&self) -> usize {
        use crate::leaf::LeafDistribution::{Gaussians, Table};
        let count = |region: &Region| match region {
            Region::Inner(inner) => inner.weights.len(),
            Region::Leaf(leaf) if !leaf.trained => 0,
            Region::Leaf(leaf) => match &leaf.distribution {
                Gaussians(mixtures) => 3 * mixtures.means.len(),
                Table(table) => table.len(),
            },
        };
        self.regions.iter().map(count).sum()
    }

    /// The regions, mutable; changed regions must be valid too.
    pub(crate) fn regions_mut(&mut self) -> &mut [Region] {
        self.compiled = OnceLock::new();
        &mut self.regions
    }

    /// The compiled form, in double precision.
    pub(crate) fn compiled(&self) -> Arc<Compiled<f64>> {
        self.compiled.get_or_init(|| Arc::new(self.compile())).clone()
    }

    /// Compiles the circuit in either precision.
    pub(crate) fn compile<T: Real>(&self) -> Compiled<T> {
        Compiled::new(&self.variables, &self.regions, None)
    }

    /// Compiles the circuit for rows that have only the states `seen`, those of each variable in ascending
    /// order.
    pub(crate) fn compile_for<T: Real>(&self, seen: &[Vec<usize>]) -> Compiled<T> {
        Compiled::new(&self.variables, &self.regions, Some(seen))
    }

    /// Encodes rows in standard units and table indices, `[rows, variables]`.
    pub(crate) fn encode(&self, rows: Rows<'_>) -> Result<Vec<f64>, CircuitError> {
        encode(&self.variables, rows, |value| value)
    }

    pub(crate) fn variable(&self, variable: usize) -> Result<&Variable, CircuitError> {
        let last = self.variables.len() - 1;
        self.variables.get(variable).ok_or(CircuitError::NoSuchVariable { variable, last })
    }
}

/// Encodes rows in standard units and table indices, with `convert` applied to each value.
pub(crate) fn encode<T>(
    variables: &[Variable],
    rows: Rows<'_>,
    convert: impl Fn(f64) -> T,
) -> Result<Vec<T>, CircuitError> {
    if rows.columns() != variables.len() {
        return Err(CircuitError::Columns { found: rows.columns(), expected: variables.len() });
    }
    let mut encoded = Vec::with_capacity(rows.values().len());
    for (row, values) in rows.iter().enumerate() {
        for (column, (&value, variable)) in values.iter().zip(variables).enumerate() {
            let number = variable.encode(value).ok_or_else(|| CircuitError::Value {
                row,
                column,
                name: variable.label(column),
                value,
                expected: variable.expected(),
            })?;
            encoded.push(convert(number));
        }
    }
    Ok(encoded)
}
