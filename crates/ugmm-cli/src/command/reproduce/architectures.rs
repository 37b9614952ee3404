//! `ugmm reproduce sequences` and `ugmm reproduce images`.

use super::files::{show, variants};
use crate::arguments::{
    ArchitectureOptions, Common, ImageTask, ReproduceImages, ReproduceSequences, SequenceTask,
};
use crate::error::CliError;
use crate::progress::trainings;
use std::path::PathBuf;
use ugmm_experiments::architectures::{self, Options, Task};

pub fn sequences(typed: &ReproduceSequences, common: &Common) -> Result<(), CliError> {
    let task = |task: &SequenceTask| match task {
        SequenceTask::Rows => data(&typed.options).map(Task::Rows),
        SequenceTask::Text => Ok(Task::Text),
    };
    let tasks = typed.tasks.iter().map(task).collect::<Result<_, _>>()?;
    run("sequences", tasks, &typed.options, common)
}

pub fn images(typed: &ReproduceImages, common: &Common) -> Result<(), CliError> {
    let task = |task: &ImageTask| match task {
        ImageTask::Mnist => data(&typed.options).map(Task::Mnist),
        ImageTask::Digits => Ok(Task::Digits),
    };
    let tasks = typed.tasks.iter().map(task).collect::<Result<_, _>>()?;
    run("images", tasks, &typed.options, common)
}

fn data(typed: &ArchitectureOptions) -> Result<PathBuf, CliError> {
    let reason = "the tasks of MNIST need the folder with its four files; scripts/fetch-mnist.sh brings them";
    typed.data.clone().ok_or_else(|| CliError::Option { key: "--data", reason: reason.into() })
}

fn run(
    experiment: &'static str,
    tasks: Vec<Task>,
    typed: &ArchitectureOptions,
    common: &Common,
) -> Result<(), CliError> {
    let options = Options {
        experiment,
        tasks,
        seeds: typed.seeds,
        seed: typed.seed,
        epochs: typed.epochs,
        quick: typed.quick,
        validation: typed.validation,
        only: typed.only.clone(),
        variants: variants(typed.variants.as_deref())?,
        device: typed.device.device,
    };
    let report = architectures::run(&options, &trainings(common.quiet))?;
    show("ugmm/architectures", &report, &report.text, common)
}
