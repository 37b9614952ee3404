//! The common format of files of all kinds of models: safetensors with one entry of metadata, which holds a
//! version and a description.

use safetensors::tensor::{Dtype, View};
use safetensors::{SafeTensorError, SafeTensors};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;

/// A kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Container {
    /// Key of the metadata entry, whose value is a JSON object.
    pub key: &'static str,
    /// The version that is written and the only one that is read; the object's `format_version`.
    pub version: u32,
    /// Name of the content, as in "a *model* of format version 2".
    pub content: &'static str,
    /// The error message for a file without the entry.
    pub without_entry: &'static str,
}

/// A tensor to be written to a file.
#[derive(Clone, Debug)]
pub struct StoredTensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl StoredTensor {
    /// A tensor of `f32` values, row-major.
    #[must_use]
    pub fn of_f32(shape: &[usize], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: Dtype::F32, shape: shape.to_vec(), bytes }
    }

    /// A tensor of `f64` values, row-major.
    #[must_use]
    pub fn of_f64(shape: &[usize], values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: Dtype::F64, shape: shape.to_vec(), bytes }
    }
}

impl View for StoredTensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The one field that every version of a format has.
#[derive(Deserialize)]
struct Version {
    /// A number of any size: a version that a newer program numbers otherwise is still a newer one.
    format_version: serde_json::Number,
}

impl Container {
    /// The bytes of a file with these tensors by name and this description, which has the field
    /// `format_version`.
    ///
    /// # Errors
    ///
    /// A sentence when the description cannot be written as JSON.
    pub fn write(
        &self,
        description: &impl Serialize,
        tensors: Vec<(String, StoredTensor)>,
    ) -> Result<Vec<u8>, String> {
        let description = serde_json::to_string(description).map_err(|error| error.to_string())?;
        // There is one entry only, because the order of several would differ from run to run.
        let metadata = HashMap::from([(self.key.to_owned(), description)]);
        safetensors::serialize(tensors, Some(metadata)).map_err(|error| error.to_string())
    }

    /// Reads the description and the tensors of a file.
    ///
    /// # Errors
    ///
    /// A sentence when the bytes are truncated or damaged, do not belong to such a file, or have another
    /// version.
    pub fn read<'b, T: DeserializeOwned>(&self, bytes: &'b [u8]) -> Result<(T, SafeTensors<'b>), String> {
        if bytes.is_empty() {
            return Err("the file is empty; a model written by ugmm was expected".into());
        }
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| explain(&error))?;
        let entry = metadata.metadata().as_ref().and_then(|metadata| metadata.get(self.key));
        let description = entry.ok_or(self.without_entry)?;
        let damaged = |error: serde_json::Error| format!("the model's description is damaged: {error}");
        let Version { format_version } = serde_json::from_str(description).map_err(damaged)?;
        if format_version.as_u64() != Some(self.version.into()) {
            // The comparison as `f64` also orders fractions and numbers beyond any integer type.
            let is_newer = format_version.as_f64().is_none_or(|version| version > f64::from(self.version));
            return Err(format!(
                "a {} of format version {format_version}, but this program reads version {}; {} or train the model again",
                self.content,
                self.version,
                if is_newer { "use a newer ugmm" } else { "use an older ugmm" }
            ));
        }
        let description = serde_json::from_str(description).map_err(damaged)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| explain(&error))?;
        Ok((description, tensors))
    }
}

/// Describes the most probable cause of a defect of the file.
fn explain(error: &SafeTensorError) -> String {
    use SafeTensorError as E;
    match error {
        E::HeaderTooSmall | E::InvalidHeader(_) | E::InvalidHeaderDeserialization(_) | E::HeaderTooLarge => {
            format!("not a model: no safetensors file ({error})")
        }
        E::InvalidHeaderLength => {
            "either no model or one that is cut off: it is shorter than its header says".into()
        }
        E::MetadataIncompleteBuffer => {
            "the model is cut off or has bytes too many: its size is not what its header says".into()
        }
        other => format!("the model is damaged: {other}"),
    }
}
