//! Reads models of either engine from files, and gives access to what only one engine can do.

use crate::density::DensityModel;
use crate::error::TabularError;
use crate::model::TableModel;
use crate::network::model::NetworkModel;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::any::Any;
use std::collections::HashMap;
use std::path::Path;
use ugmm_network::{Device, UgmmError};

/// The engine of a model.
#[derive(Clone, Copy, Debug)]
pub enum Engine<'m> {
    /// A network of neurons.
    Network(&'m NetworkModel),
    /// A circuit whose density over all columns is normalised.
    Density(&'m DensityModel),
}

impl<'m> Engine<'m> {
    /// The engine of a model.
    ///
    /// # Panics
    ///
    /// Panics if the model is not a type of this crate.
    #[must_use]
    pub fn of(model: &'m dyn TableModel) -> Self {
        let model: &dyn Any = model;
        match (model.downcast_ref(), model.downcast_ref()) {
            (Some(network), _) => Self::Network(network),
            (_, Some(density)) => Self::Density(density),
            (None, None) => panic!("a model of a table is a network or a density"),
        }
    }

    /// The network; `what` is the command or question that needs it, for the message.
    ///
    /// # Errors
    ///
    /// Returns an error if the model is a density.
    pub fn network(self, path: &Path, what: &'static str) -> Result<&'m NetworkModel, TabularError> {
        match self {
            Self::Network(model) => Ok(model),
            Self::Density(_) => Err(TabularError::NeedsNetwork { file: path.to_path_buf(), what }),
        }
    }

    /// The density; `what` is the command or question that needs it, for the message.
    ///
    /// # Errors
    ///
    /// Returns an error if the model is a network.
    pub fn density(self, path: &Path, what: &'static str) -> Result<&'m DensityModel, TabularError> {
        match self {
            Self::Density(model) => Ok(model),
            Self::Network(_) => Err(TabularError::NeedsDensity { file: path.to_path_buf(), what }),
        }
    }
}

/// Reads a model of either engine from a file. Networks compute on `device`, densities on the processor.
///
/// # Errors
///
/// Returns an error if the file cannot be read, is damaged, or is not a model of a table.
pub fn load(path: &Path, device: &Device) -> Result<Box<dyn TableModel>, TabularError> {
    let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
    load_bytes(path, &std::fs::read(path).map_err(io)?, device)
}

/// Reads a model of either engine from the bytes of a file; `path` is used in messages only. Networks compute on
/// `device`, densities on the processor.
///
/// # Errors
///
/// Returns an error if the bytes are damaged, or are not a model of a table.
pub fn load_bytes(path: &Path, bytes: &[u8], device: &Device) -> Result<Box<dyn TableModel>, TabularError> {
    if is_density(bytes) {
        let failed = |reason| TabularError::DensityFile { file: path.to_path_buf(), reason };
        return Ok(Box::new(DensityModel::from_bytes(bytes).map_err(failed)?));
    }
    Ok(Box::new(NetworkModel::from_bytes(path, bytes)?.on_device(device)))
}

/// The part of a safetensors header that identifies the engine; other entries are tensors.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    metadata: Option<HashMap<String, IgnoredAny>>,
}

/// Whether the header of a safetensors file, its length in eight bytes followed by JSON, has the entry of
/// density models.
fn is_density(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let header = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| rest.get(..length));
    let header = header.and_then(|header| serde_json::from_slice::<Header>(header).ok());
    header
        .and_then(|header| header.metadata)
        .is_some_and(|metadata| metadata.contains_key(crate::density::METADATA_KEY))
}
