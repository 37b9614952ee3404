//! The checkpoint file of a run: the outputs of the finished networks, and the states of the networks in
//! training.
//!
//! It is a safetensors file. Its metadata has one entry, `ugmm_checkpoint`, a JSON object. The tensors are
//! the outputs of the finished networks and the parameters and optimiser states of the unfinished ones. The
//! file is replaced in one step, so that it is complete whenever the program is killed.

use crate::error::TabularError;
use crate::network::outputs::Outputs;
use crate::target::NumberTarget;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use ugmm_network::file::write_atomically;
use ugmm_network::training::{Checkpoint, CheckpointProgress};

const FORMAT_VERSION: u32 = 2;
const METADATA_KEY: &str = "ugmm_checkpoint";
/// The entry of a run's identity that is a fingerprint, which has no meaning for a person.
pub(crate) const DATA_KEY: &str = "data";
const FINISHED: &str = "finished";
const NETWORK: &str = "network";
const OPTIMIZER: &str = "optimizer";
const BEST: &str = "best";

/// The progress of a run and the file that stores it.
pub(crate) struct Journal {
    /// The checkpoint file; `None` if the run has none.
    path: Option<PathBuf>,
    /// The identity of the run; a run that resumes must have the same.
    identity: Value,
    /// The outputs of the finished networks by number, from 1.
    finished: BTreeMap<usize, Outputs>,
    /// The states of the networks in training by number.
    current: BTreeMap<usize, Checkpoint>,
    spent_before: Duration,
    start: Instant,
    last_kept: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format_version: u32,
    identity: Value,
    spent_seconds: f64,
    finished: BTreeMap<usize, Finished>,
    current: BTreeMap<usize, CheckpointProgress>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Finished {
    width: usize,
    number: Option<NumberTarget>,
}

impl Journal {
    /// Begins a run, or resumes from an existing file.
    pub(crate) fn open(path: Option<&Path>, resume: bool, identity: Value) -> Result<Self, TabularError> {
        let mut journal = Self {
            path: path.map(Path::to_path_buf),
            identity,
            finished: BTreeMap::new(),
            current: BTreeMap::new(),
            spent_before: Duration::ZERO,
            start: Instant::now(),
            last_kept: Instant::now(),
        };
        let Some(path) = path.filter(|path| path.exists()) else { return Ok(journal) };
        if !resume {
            return Err(TabularError::UnfinishedRun { file: path.to_path_buf() });
        }
        let io = |source| ugmm_network::UgmmError::Io { path: path.to_path_buf(), source };
        let bytes = std::fs::read(path).map_err(io)?;
        journal.read(path, &bytes)?;
        Ok(journal)
    }

    fn read(&mut self, path: &Path, bytes: &[u8]) -> Result<(), TabularError> {
        let unusable = |reason: String| TabularError::Checkpoint { file: path.to_path_buf(), reason };
        let damaged = |error: &dyn std::fmt::Display| unusable(error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
        let description = metadata.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY));
        let description = description.ok_or_else(|| unusable("it is another kind of file".into()))?;
        let description: Description = serde_json::from_str(description).map_err(|error| damaged(&error))?;
        if description.format_version != FORMAT_VERSION {
            return Err(unusable(format!("its format version is {}", description.format_version)));
        }
        if let Some(difference) = difference(&description.identity, &self.identity) {
            return Err(TabularError::OtherRun { file: path.to_path_buf(), difference });
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
        let tensor = |name: &str| tensors.tensor(name).map_err(|error| damaged(&error));
        for (stage, Finished { width, number }) in description.finished {
            let tensor = tensor(&of_stage(FINISHED, stage))?;
            let (chunks, _) = tensor.data().as_chunks();
            let values: Vec<f32> = chunks.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            if tensor.dtype() != Dtype::F32 || width == 0 || !values.len().is_multiple_of(width) {
                return Err(unusable(format!("the results of network {stage} are damaged")));
            }
            self.finished.insert(stage, Outputs { values, width, number });
        }
        for (stage, progress) in description.current {
            let record = |name| Ok::<_, TabularError>(tensor(&of_stage(name, stage))?.data().to_vec());
            let best = progress.best.is_some().then(|| record(BEST)).transpose()?;
            let (network, optimizer) = (record(NETWORK)?, record(OPTIMIZER)?);
            self.current.insert(stage, Checkpoint { progress, network, optimizer, best });
        }
        self.spent_before =
            Duration::try_from_secs_f64(description.spent_seconds).map_err(|error| damaged(&error))?;
        Ok(())
    }

    /// The duration of the run, before an interruption and since.
    pub(crate) fn spent(&self) -> Duration {
        self.spent_before + self.start.elapsed()
    }

    /// Whether the run has a checkpoint file.
    pub(crate) fn is_kept(&self) -> bool {
        self.path.is_some()
    }

    /// Whether the next checkpoint is due.
    pub(crate) fn is_due(&self, interval: Duration) -> bool {
        self.last_kept.elapsed() >= interval
    }

    /// The checkpoint file, if it exists.
    pub(crate) fn existing(&self) -> Option<PathBuf> {
        self.path.clone().filter(|path| path.exists())
    }

    /// The state of the network with this number, from 1, if it is in training.
    pub(crate) fn current(&self, stage: usize) -> Option<&Checkpoint> {
        self.current.get(&stage)
    }

    /// The outputs of the network with this number, if its training is finished.
    pub(crate) fn finished(&self, stage: usize) -> Option<&Outputs> {
        self.finished.get(&stage)
    }

    /// Number of networks whose training is finished.
    pub(crate) fn finished_count(&self) -> usize {
        self.finished.len()
    }

    /// Stores the state of a network in training.
    pub(crate) fn keep(&mut self, stage: usize, checkpoint: Checkpoint) -> Result<(), TabularError> {
        self.current.insert(stage, checkpoint);
        self.write()
    }

    /// Stores the outputs of the network whose training finished. The file is written if it exists already,
    /// or a checkpoint is due.
    pub(crate) fn finish(
        &mut self,
        stage: usize,
        outputs: Outputs,
        interval: Duration,
    ) -> Result<(), TabularError> {
        self.current.remove(&stage);
        self.finished.insert(stage, outputs);
        if self.existing().is_some() || self.is_due(interval) { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), TabularError> {
        self.last_kept = Instant::now();
        let Some(path) = &self.path else { return Ok(()) };
        let description = Description {
            format_version: FORMAT_VERSION,
            identity: self.identity.clone(),
            spent_seconds: self.spent().as_secs_f64(),
            finished: self
                .finished
                .iter()
                .map(|(&stage, outputs)| (stage, Finished { width: outputs.width, number: outputs.number }))
                .collect(),
            current: self
                .current
                .iter()
                .map(|(&stage, checkpoint)| (stage, checkpoint.progress.clone()))
                .collect(),
        };
        let unusable = |reason: String| TabularError::Checkpoint { file: path.clone(), reason };
        let description = serde_json::to_string(&description).map_err(|error| unusable(error.to_string()))?;
        let floats: Vec<(String, usize, Vec<u8>)> = self
            .finished
            .iter()
            .map(|(&stage, outputs)| {
                let bytes = outputs.values.iter().flat_map(|value| value.to_le_bytes()).collect();
                (of_stage(FINISHED, stage), outputs.width, bytes)
            })
            .collect();
        let mut views = Vec::new();
        for (name, width, bytes) in &floats {
            let rows = bytes.len() / size_of::<f32>() / width;
            views.push((name.clone(), TensorView::new(Dtype::F32, vec![rows, *width], bytes)));
        }
        for (&stage, Checkpoint { network, optimizer, best, .. }) in &self.current {
            let records = [(NETWORK, Some(network)), (OPTIMIZER, Some(optimizer)), (BEST, best.as_ref())];
            for (name, record) in records {
                if let Some(record) = record {
                    views.push((
                        of_stage(name, stage),
                        TensorView::new(Dtype::U8, vec![record.len()], record),
                    ));
                }
            }
        }
        let views = views
            .into_iter()
            .map(|(name, view)| Ok((name, view?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), description)]);
        let bytes = views
            .and_then(|views| safetensors::serialize(views, Some(metadata)))
            .map_err(|error| unusable(error.to_string()))?;
        Ok(write_atomically(path, &bytes)?)
    }
}

/// The name of a tensor of the network with this number.
fn of_stage(name: &str, stage: usize) -> String {
    format!("{name}.{stage}")
}

/// A description of the first difference between two runs; `None` if they are equal.
fn difference(kept: &Value, now: &Value) -> Option<String> {
    if kept == now {
        return None;
    }
    let (Value::Object(a), Value::Object(b)) = (kept, now) else {
        return Some(format!("then {kept}, now {now}"));
    };
    let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
    let missing = Value::Null;
    keys.into_iter().find_map(|key| {
        let (kept, now) = (a.get(key).unwrap_or(&missing), b.get(key).unwrap_or(&missing));
        let inner = difference(kept, now)?;
        let given = |value: &Value| if value.is_null() { "not given".into() } else { value.to_string() };
        Some(match key.as_str() {
            DATA_KEY => "the table has changed".into(),
            _ if kept.is_object() && now.is_object() => inner,
            _ => format!("{key} was {} and is {}", given(kept), given(now)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_named() {
        let kept = json!({"data": "ab", "settings": {"epochs": 3, "hidden": null}});
        let of = |now| difference(&kept, &now);
        assert_eq!(of(kept.clone()), None);
        let now = json!({"data": "ab", "settings": {"epochs": 4, "hidden": null}});
        assert_eq!(of(now).unwrap(), "epochs was 3 and is 4");
        let now = json!({"settings": {"epochs": 3, "hidden": null}, "seed": 1});
        assert_eq!(of(now).unwrap(), "the table has changed");
    }
}
