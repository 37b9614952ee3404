//! A model of either kind.

use crate::density::DensityModel;
use crate::error::TabularError;
use crate::network::model::TabularModel;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;
use std::path::Path;
use ugmm_network::UgmmError;

/// A model of a table: a network that predicts a column, or a density of all columns.
#[derive(Clone, Debug)]
pub enum AnyModel {
    /// A network.
    Network(Box<TabularModel>),
    /// A density.
    Density(Box<DensityModel>),
}

/// Of a file's header what tells its kind; other entries are tensors.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    metadata: Option<HashMap<String, IgnoredAny>>,
}

impl AnyModel {
    /// Reads a model of either kind.
    ///
    /// # Errors
    ///
    /// As [`TabularModel::load`] and [`DensityModel::load`].
    pub fn load(path: &Path) -> Result<Self, TabularError> {
        let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
        let bytes = std::fs::read(path).map_err(io)?;
        if is_density(&bytes) {
            let model = DensityModel::from_bytes(&bytes);
            let failed = |reason| TabularError::DensityFile { file: path.to_path_buf(), reason };
            return Ok(Self::Density(Box::new(model.map_err(failed)?)));
        }
        Ok(Self::Network(Box::new(TabularModel::from_bytes(path, &bytes)?)))
    }

    /// The network; `what` names the command or the question that is for networks only.
    ///
    /// # Errors
    ///
    /// When it is a density.
    pub fn network(self, path: &Path, what: &'static str) -> Result<TabularModel, TabularError> {
        match self {
            Self::Network(model) => Ok(*model),
            Self::Density(_) => Err(TabularError::NeedsNetwork { file: path.to_path_buf(), what }),
        }
    }

    /// The density; `what` names the command or the question that is for densities only.
    ///
    /// # Errors
    ///
    /// When it is a network.
    pub fn density(self, path: &Path, what: &'static str) -> Result<DensityModel, TabularError> {
        match self {
            Self::Density(model) => Ok(*model),
            Self::Network(_) => Err(TabularError::NeedsDensity { file: path.to_path_buf(), what }),
        }
    }
}

/// Whether the header of a safetensors file has the entry of density models: its length in eight bytes, and JSON.
fn is_density(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let header = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| rest.get(..length));
    let header = header.and_then(|header| serde_json::from_slice::<Header>(header).ok());
    header
        .and_then(|header| header.metadata)
        .is_some_and(|metadata| metadata.contains_key(crate::density::METADATA_KEY))
}
