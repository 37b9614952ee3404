//! Density models on disk. The file is a safetensors file with the circuit's parameters as tensors; its
//! metadata has everything else.
//! The metadata has one entry, `ugmm_density`, a JSON object: `format_version` (1), `variables` and `regions`
//! (of the circuit, without their parameters), and `table` (columns, target, training, typical
//! log-likelihoods). Parameters are `f64` tensors named after the region: `regions.3.weights` of an inner
//! region, `[units, products]`; `regions.0.weights`, `.means` and `.sigmas` of a leaf of Gaussians,
//! `[components, units]`; `regions.1.probabilities` of a categorical leaf, `[states, units]`.

use super::model::{DensityModel, DensityPart};
use crate::error::TabularError;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use std::path::Path;
use ugmm_circuit::{
    Circuit, GaussianMixtures, InnerRegion, Leaf, LeafDistribution, Region, Variable, VariableKind,
};
use ugmm_network::model_file::{Container, StoredTensor};

/// The version of the format that this library writes, and the only one it reads.
const FORMAT_VERSION: u32 = 1;
/// The metadata entry of density models.
pub(crate) const METADATA_KEY: &str = "ugmm_density";
const CONTAINER: Container = Container {
    key: METADATA_KEY,
    version: FORMAT_VERSION,
    content: "density model",
    without_entry: "no density model: its metadata has no entry \"ugmm_density\"",
};
/// Largest number of entries in the tables of a circuit's integer leaves. The tables are computed when the
/// model is used; the file does not contain them.
const MOST_TABLE_NUMBERS: usize = 1 << 27;
/// Number of table entries that are allowed whatever the file's size.
const FREE_TABLE_NUMBERS: usize = 1 << 22;
/// Number of further table entries that are allowed for each byte of the file. A component takes 24 bytes,
/// and the widest columns of whole numbers have 3,073 entries for each component.
const TABLE_NUMBERS_PER_BYTE: usize = 129;
/// Largest number of bits for the scopes of regions, one bit for each region and variable.
const MOST_SCOPE_BITS: usize = 1 << 32;
/// Largest number of scope bits for each byte of the file. A region takes some hundred bytes, and has a bit
/// for each variable.
const SCOPE_BITS_PER_BYTE: usize = 256;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format_version: u32,
    variables: Vec<Variable>,
    regions: Vec<RegionDescription>,
    table: DensityPart,
}

/// A region without its parameters.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RegionDescription {
    Gaussians { variable: usize, units: usize, components: usize, held: usize, trained: bool },
    Table { variable: usize, units: usize, states: usize, trained: bool },
    Inner { units: usize, partitions: Vec<Vec<usize>> },
}

impl DensityModel {
    /// The bytes of the model's file, or the reason why it cannot be written.
    pub(super) fn file_bytes(&self) -> Result<Vec<u8>, String> {
        let leaves = self.circuit.regions().iter().map(leaf_of);
        check_tables(self.circuit.variables(), leaves, MOST_TABLE_NUMBERS)?;
        let mut regions = Vec::new();
        let mut tensors = Vec::new();
        for (index, region) in self.circuit.regions().iter().enumerate() {
            let mut add = |name: &str, shape: [usize; 2], values: &[f64]| {
                tensors.push((format!("regions.{index}.{name}"), StoredTensor::of_f64(&shape, values)));
            };
            regions.push(match region {
                Region::Inner(inner) => {
                    add("weights", [inner.units, inner.width()], &inner.weights);
                    RegionDescription::Inner { units: inner.units, partitions: inner.partitions.clone() }
                }
                Region::Leaf(leaf) => {
                    let Leaf { variable, units, trained, .. } = *leaf;
                    match &leaf.distribution {
                        LeafDistribution::Gaussians(mixtures) => {
                            let (components, held) = (mixtures.components, mixtures.held);
                            add("weights", [components, units], &mixtures.weights);
                            add("means", [components, units], &mixtures.means);
                            add("sigmas", [components, units], &mixtures.sigmas);
                            RegionDescription::Gaussians { variable, units, components, held, trained }
                        }
                        LeafDistribution::Table(table) => {
                            let states = table.len() / units;
                            add("probabilities", [states, units], table);
                            RegionDescription::Table { variable, units, states, trained }
                        }
                    }
                }
            });
        }
        let description = Description {
            format_version: FORMAT_VERSION,
            variables: self.circuit.variables().to_vec(),
            regions,
            table: self.part.clone(),
        };
        CONTAINER.write(&description, tensors)
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, is truncated or damaged, is no density model, or has
    /// another format version.
    pub fn load(path: &Path) -> Result<Self, TabularError> {
        let bytes = std::fs::read(path)
            .map_err(|source| ugmm_network::UgmmError::Io { path: path.to_path_buf(), source })?;
        Self::from_bytes(&bytes)
            .map_err(|reason| TabularError::DensityFile { file: path.to_path_buf(), reason })
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (description, tensors): (Description, _) = CONTAINER.read(bytes)?;
        let Description { variables, regions, table, .. } = description;
        // Checks the sizes in the description before anything of these sizes is allocated.
        let most_bits = MOST_SCOPE_BITS.min(bytes.len().saturating_mul(SCOPE_BITS_PER_BYTE));
        if regions.len().checked_mul(variables.len()).is_none_or(|bits| bits > most_bits) {
            return Err(format!(
                "{} regions over {} variables are more than any table makes",
                regions.len(),
                variables.len()
            ));
        }
        let most_numbers =
            bytes.len().saturating_mul(TABLE_NUMBERS_PER_BYTE).saturating_add(FREE_TABLE_NUMBERS);
        let leaves = regions.iter().map(RegionDescription::leaf);
        check_tables(&variables, leaves, most_numbers.min(MOST_TABLE_NUMBERS))?;
        let read = regions.into_iter().enumerate().map(|(index, region)| region.read(index, &tensors));
        let regions: Vec<Region> = read.collect::<Result<_, _>>()?;
        let circuit = Circuit::new(variables, regions).map_err(|error| error.to_string())?;
        Self::new(circuit, table)
    }
}

fn leaf_of(region: &Region) -> Option<(usize, usize)> {
    match region {
        Region::Leaf(leaf) => Some((leaf.variable, leaf.units)),
        Region::Inner(_) => None,
    }
}

/// Fails with an error if the tables of the integer leaves would have more than `most` entries.
fn check_tables(
    variables: &[Variable],
    leaves: impl Iterator<Item = Option<(usize, usize)>>,
    most: usize,
) -> Result<(), String> {
    let mut numbers = 0usize;
    for (variable, units) in leaves.flatten() {
        let Some(VariableKind::Integer { low, high }) = variables.get(variable).map(|variable| variable.kind)
        else {
            continue;
        };
        let states =
            high.checked_sub(low).and_then(|range| usize::try_from(range).ok()).unwrap_or(usize::MAX);
        numbers = numbers.saturating_add(states.saturating_add(1).saturating_mul(units));
    }
    match numbers <= most {
        true => Ok(()),
        false => Err(format!(
            "its tables of whole numbers would have {numbers} entries, where at most {most} are made"
        )),
    }
}

impl RegionDescription {
    /// The variable and the number of units of a leaf; `None` for other regions.
    fn leaf(&self) -> Option<(usize, usize)> {
        match *self {
            Self::Gaussians { variable, units, .. } | Self::Table { variable, units, .. } => {
                Some((variable, units))
            }
            Self::Inner { .. } => None,
        }
    }

    /// The region with its parameters from the file.
    fn read(self, index: usize, tensors: &SafeTensors) -> Result<Region, String> {
        let read = |name: &str, rows: Option<usize>, columns: Option<usize>| {
            read(tensors, &format!("regions.{index}.{name}"), [rows, columns])
        };
        Ok(match self {
            Self::Inner { units, partitions } => {
                let weights = read("weights", Some(units), None)?;
                Region::Inner(InnerRegion { units, partitions, weights })
            }
            Self::Gaussians { variable, units, components, held, trained } => {
                let read = |name: &str| read(name, Some(components), Some(units));
                let mixtures = GaussianMixtures {
                    components,
                    weights: read("weights")?,
                    means: read("means")?,
                    sigmas: read("sigmas")?,
                    held,
                };
                Region::Leaf(Leaf {
                    variable,
                    units,
                    distribution: LeafDistribution::Gaussians(mixtures),
                    trained,
                })
            }
            Self::Table { variable, units, states, trained } => {
                let table = read("probabilities", Some(states), Some(units))?;
                Region::Leaf(Leaf { variable, units, distribution: LeafDistribution::Table(table), trained })
            }
        })
    }
}

/// The values of a tensor with two dimensions; `expected` has the sizes that are known.
fn read(tensors: &SafeTensors, name: &str, expected: [Option<usize>; 2]) -> Result<Vec<f64>, String> {
    let tensor = tensors.tensor(name).map_err(|_| format!("the model's parameters {name:?} are missing"))?;
    let fits = tensor.shape().len() == 2
        && tensor.shape().iter().zip(expected).all(|(&size, expected)| expected.is_none_or(|e| e == size));
    if tensor.dtype() != Dtype::F64 || !fits {
        let size = |size: Option<usize>| size.map_or("any".to_owned(), |size| size.to_string());
        return Err(format!(
            "the model's parameters {name:?} are {:?} of shape {:?}, but F64 of shape [{}, {}] are needed",
            tensor.dtype(),
            tensor.shape(),
            size(expected[0]),
            size(expected[1])
        ));
    }
    let (chunks, _) = tensor.data().as_chunks();
    Ok(chunks.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect())
}
