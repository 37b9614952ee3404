//! The form of a task in model files and reports.

use super::{ClassObjective, Classification, DensityObjective, LabelEncoding, Regression, Task};
use crate::UgmmError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredTask {
    features: usize,
    /// 0 where the target is a number.
    classes: usize,
    objective: StoredObjective,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredObjective {
    Discriminative,
    Generative { label: LabelEncoding },
    Hybrid { label: LabelEncoding, weight: f64 },
    Conditional(DensityObjective),
}

impl TryFrom<StoredTask> for Task {
    type Error = UgmmError;

    fn try_from(StoredTask { features, classes, objective }: StoredTask) -> Result<Self, UgmmError> {
        let objective = match objective {
            StoredObjective::Conditional(objective) => {
                let task = Regression::new(features, objective)?;
                return match classes {
                    0 => Ok(task.into()),
                    _ => Err(UgmmError::setting("classes", classes, "0 where a number is predicted")),
                };
            }
            StoredObjective::Discriminative => ClassObjective::Discriminative,
            StoredObjective::Generative { label } => ClassObjective::Generative { label },
            StoredObjective::Hybrid { label, weight } => ClassObjective::Hybrid { label, weight },
        };
        Classification::new(features, classes, objective).map(Self::from)
    }
}

impl From<Task> for StoredTask {
    fn from(task: Task) -> Self {
        let objective = match task {
            Task::Number(task) => StoredObjective::Conditional(task.objective()),
            Task::Classes(task) => match task.objective() {
                ClassObjective::Discriminative => StoredObjective::Discriminative,
                ClassObjective::Generative { label } => StoredObjective::Generative { label },
                ClassObjective::Hybrid { label, weight } => StoredObjective::Hybrid { label, weight },
            },
        };
        Self { features: task.features(), classes: task.class_count(), objective }
    }
}
