//! A circuit, the density of all columns.

use super::column::is_pixel;
use crate::error::ExportError;
use serde::Serialize;
use std::f64::consts::TAU;
use ugmm_circuit::{
    GaussianComponent, InnerRegion, Leaf, LeafDistribution, Region as CircuitRegion, UnivariateMixture,
    Variable as CircuitVariable, VariableKind,
};
use ugmm_tabular::{Column, DensityModel, TableModel};

/// A circuit and what it predicts.
#[derive(Clone, Debug, Serialize)]
pub struct Circuit {
    /// The variable of each column; that of the target is the last.
    pub variables: Vec<Variable>,
    /// The regions, children first; the last one is the root and has one unit.
    pub regions: Vec<Region>,
    /// What is predicted.
    pub target: Option<CircuitTarget>,
}

/// How the value of a column becomes a value of the circuit. A value that is not possible has the log-likelihood −∞,
/// and counts as missing for a prediction.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Variable {
    /// A number; the circuit has (number − location) / scale.
    Continuous {
        /// Subtracted from the number.
        location: f64,
        /// Positive divisor.
        scale: f64,
        /// The least possible number.
        low: Option<f64>,
        /// The greatest possible number.
        high: Option<f64>,
    },
    /// A whole number; the circuit has the number − low, which is an index of tables.
    Whole {
        /// The least number.
        low: i64,
        /// The greatest number.
        high: i64,
        /// Whether a number with a fraction becomes the next smaller one, as for days, rather than the nearest.
        floor: bool,
    },
    /// A pixel from 0 to 1; the circuit has the byte that is 255 times the pixel.
    Pixel,
    /// A state.
    States {
        /// Number of states.
        count: usize,
    },
}

/// A region. Its units are logarithms of densities.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Mixtures of Gaussians of a continuous variable: log Σ_m exp(peak_m − ½ ((x − mean_m) · precision_m)²), numbers
    /// `[components, units]`. It is 0 if the value is missing.
    Gaussians {
        /// Index of the variable.
        variable: usize,
        /// Number of units.
        units: usize,
        /// Number of components of each unit.
        components: usize,
        /// μ.
        means: Vec<f64>,
        /// 1 / σ.
        precisions: Vec<f64>,
        /// log π + log of the density at the mean; −∞ for a component without weight.
        peaks: Vec<f64>,
    },
    /// Logarithms of probabilities, `[states, units]`. It is 0 if the value is missing.
    Table {
        /// Index of the variable.
        variable: usize,
        /// Number of units.
        units: usize,
        /// The logarithms.
        logs: Vec<f64>,
    },
    /// Unit k is `log Σ_p Σ_j weight[k, (p, j)] Π_(c in partition p) exp c[j]`.
    Inner {
        /// Number of units.
        units: usize,
        /// The regions that each partition multiplies.
        partitions: Vec<Vec<usize>>,
        /// `[units, width of all partitions together]`.
        weights: Vec<f64>,
    },
}

/// What a circuit predicts from the other columns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitTarget {
    /// The states of the last variable.
    Classes {
        /// Names of the states.
        names: Vec<String>,
    },
    /// A whole number; state s of the last variable is the number first + s.
    Whole {
        /// The number of the first state.
        first: i64,
        /// Number of states.
        count: usize,
    },
    /// A number. Its distribution is the mixture of all units of the leaves of the last variable, in the order of regions and
    /// units; the weight of a unit is the density of the row with this unit in place of the target.
    Number {
        /// The units.
        units: Vec<MixtureUnit>,
        /// The least possible number.
        low: Option<f64>,
        /// The greatest possible number.
        high: Option<f64>,
    },
}

/// A unit of a leaf of the target, in the data's units.
#[derive(Clone, Debug, Serialize)]
pub struct MixtureUnit {
    /// Weight of each component; for a target with ends, divided by the component's mass between them.
    pub weights: Vec<f64>,
    /// μ of each component.
    pub means: Vec<f64>,
    /// σ of each component.
    pub sigmas: Vec<f64>,
    /// Mean of the unit.
    pub mean: f64,
    /// Standard deviation of the unit.
    pub deviation: f64,
}

impl MixtureUnit {
    /// The unit as a distribution of a number with these ends.
    #[must_use]
    pub fn mixture(&self, low: Option<f64>, high: Option<f64>) -> UnivariateMixture {
        let parts = self.weights.iter().zip(&self.means).zip(&self.sigmas);
        let components =
            parts.map(|((&weight, &mean), &sigma)| GaussianComponent { weight, mean, sigma }).collect();
        UnivariateMixture::Continuous { components, low, high }
    }
}

impl Circuit {
    pub(super) fn of(model: &DensityModel) -> Result<Self, ExportError> {
        let circuit = model.circuit();
        let variables: Vec<Variable> = circuit
            .variables()
            .iter()
            .zip(model.columns())
            .map(|(one, column)| variable(one, column))
            .collect();
        let regions = circuit.regions().iter().map(|one| region(one, circuit.variables())).collect();
        let target = model.target().map(|index| {
            let (about, column) = (&circuit.variables()[index], &model.columns()[index]);
            match (about.kind, column.states()) {
                (_, Some(names)) => CircuitTarget::Classes { names },
                (VariableKind::Continuous { low, high, .. }, None) => {
                    let leaves = circuit.regions().iter().filter_map(|region| match region {
                        CircuitRegion::Leaf(leaf) if leaf.variable == index => Some(leaf),
                        _ => None,
                    });
                    CircuitTarget::Number {
                        units: leaves.flat_map(|leaf| units(leaf, about)).collect(),
                        low,
                        high,
                    }
                }
                (_, None) => {
                    CircuitTarget::Whole { first: about.first(), count: about.states().unwrap_or(0) }
                }
            }
        });
        Ok(Self { variables, regions, target })
    }

    /// The units of a region.
    #[must_use]
    pub fn units(&self, region: usize) -> usize {
        match &self.regions[region] {
            Region::Gaussians { units, .. } | Region::Table { units, .. } | Region::Inner { units, .. } => {
                *units
            }
        }
    }

    /// For each of the rows with which a prediction is computed in place of the target, what each leaf of the target
    /// has: by region `[alternatives, units]`, logarithms. Empty without a target.
    #[must_use]
    pub fn alternatives(&self) -> Vec<(usize, Vec<f64>)> {
        let Some(target) = &self.target else { return Vec::new() };
        let last = self.variables.len() - 1;
        let total: usize = self.regions.iter().map(|region| own_units(region, last)).sum();
        let mut before = 0;
        let mut all = Vec::new();
        for (index, region) in self.regions.iter().enumerate() {
            let units = own_units(region, last);
            if units == 0 {
                continue;
            }
            all.push((
                index,
                match (region, target) {
                    (
                        Region::Table { logs, .. },
                        CircuitTarget::Classes { .. } | CircuitTarget::Whole { .. },
                    ) => logs.clone(),
                    // Each alternative has one unit of one leaf with certainty.
                    _ => (0..total)
                        .flat_map(|place| (0..units).map(move |unit| place == before + unit))
                        .map(|is_it| if is_it { 0.0 } else { f64::NEG_INFINITY })
                        .collect(),
                },
            ));
            before += units;
        }
        all
    }

    /// Number of alternatives of the target.
    #[must_use]
    pub fn alternative_count(&self) -> usize {
        match &self.target {
            None => 0,
            Some(CircuitTarget::Classes { names }) => names.len(),
            Some(CircuitTarget::Whole { count, .. }) => *count,
            Some(CircuitTarget::Number { units, .. }) => units.len(),
        }
    }
}

impl Region {
    /// The variable of a leaf.
    #[must_use]
    pub fn variable(&self) -> Option<usize> {
        match self {
            Self::Gaussians { variable, .. } | Self::Table { variable, .. } => Some(*variable),
            Self::Inner { .. } => None,
        }
    }
}

/// Number of units of a leaf of this variable; 0 for another region.
fn own_units(region: &Region, variable: usize) -> usize {
    match region {
        Region::Gaussians { variable: own, units, .. } | Region::Table { variable: own, units, .. }
            if *own == variable =>
        {
            *units
        }
        _ => 0,
    }
}

fn variable(variable: &CircuitVariable, column: &Column) -> Variable {
    match variable.kind {
        VariableKind::Continuous { location, scale, low, high } => {
            Variable::Continuous { location, scale, low, high }
        }
        VariableKind::Integer { low, high } => Variable::Whole { low, high, floor: column.is_date() },
        VariableKind::Categorical { .. } if is_pixel(column) => Variable::Pixel,
        VariableKind::Categorical { states } => Variable::States { count: states },
    }
}

fn region(region: &CircuitRegion, variables: &[CircuitVariable]) -> Region {
    let leaf = match region {
        CircuitRegion::Inner(InnerRegion { units, partitions, weights }) => {
            return Region::Inner { units: *units, partitions: partitions.clone(), weights: weights.clone() };
        }
        CircuitRegion::Leaf(leaf) => leaf,
    };
    let about = &variables[leaf.variable];
    match (&leaf.distribution, leaf.log_peaks(about)) {
        (LeafDistribution::Gaussians(mixtures), Some(peaks)) => Region::Gaussians {
            variable: leaf.variable,
            units: leaf.units,
            components: mixtures.components,
            means: mixtures.means.clone(),
            precisions: mixtures.sigmas.iter().map(|sigma| 1.0 / sigma).collect(),
            peaks,
        },
        _ => Region::Table {
            variable: leaf.variable,
            units: leaf.units,
            logs: leaf.log_table(about).unwrap_or_default(),
        },
    }
}

/// The units of a leaf of a continuous variable.
fn units(leaf: &Leaf, variable: &CircuitVariable) -> Vec<MixtureUnit> {
    let (LeafDistribution::Gaussians(mixtures), VariableKind::Continuous { location, scale, low, high }) =
        (&leaf.distribution, variable.kind)
    else {
        return Vec::new();
    };
    let peaks = leaf.log_peaks(variable).unwrap_or_default();
    let unit = |unit: usize| {
        let component = |component: usize| {
            let (weight, mean, sigma) = mixtures.component(component, unit, leaf.units);
            let sigma_in_units = sigma * scale;
            // The peak is log weight − log σ − ½ log 2π in the data's units, with the mass between the ends divided out.
            let log_peak = peaks[component * leaf.units + unit];
            let weight =
                if weight == 0.0 { 0.0 } else { (log_peak + sigma_in_units.ln() + 0.5 * TAU.ln()).exp() };
            GaussianComponent { weight, mean: location + scale * mean, sigma: sigma_in_units }
        };
        let components: Vec<GaussianComponent> =
            (0..mixtures.components).map(component).filter(|component| component.weight > 0.0).collect();
        let mixture = UnivariateMixture::Continuous { components: components.clone(), low, high };
        MixtureUnit {
            weights: components.iter().map(|component| component.weight).collect(),
            means: components.iter().map(|component| component.mean).collect(),
            sigmas: components.iter().map(|component| component.sigma).collect(),
            mean: mixture.mean(),
            deviation: mixture.deviation(),
        }
    };
    (0..leaf.units).map(unit).collect()
}
