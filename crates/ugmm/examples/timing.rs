//! The worker through which `scripts/compare_pytorch.py` times this library; of little use by itself.
//!
//! It reads one JSON command a line from its standard input and answers each with one line of JSON:
//!
//! * `{"command": "load", …}` (see [`Job`]) first, once: starts the threads, reads parameters and batches.
//! * `{"command": "check", "batches": NAME, "steps": 5, "output": FILE}` starts from the parameters of its file and
//!   writes what comes out to a safetensors file: `outputs` of the first batch and, when the work is training, the
//!   `losses` of so many steps and the parameters after them.
//! * `{"command": "prepare", "batches": NAME}` goes back to these parameters and gets everything ready, so
//!   that nothing has to be allocated for the first time while the clock runs.
//! * `{"command": "run", "count": 20}` does that much work and answers with `wall_s` and, in training, the last `loss`; a
//!   GPU is asked for no loss, and waited for at the end.
//!   The caller reads CPU time and memory from outside, the same way for every contender.
//!
//! A training step here is the one of `ugmm::training::train`: both call [`Stepper`].

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use ugmm::training::{Stepper, Targets, TrainingConfig};
use ugmm::{
    DeviceName, Init, LabelEncoding, Network, Objective, Stream, Task, UgmmNetwork, UgmmNetworkConfig,
    generator,
};

#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    Load(Job),
    Check { batches: String, steps: usize, output: PathBuf },
    Prepare { batches: String },
    Run { count: usize },
}

/// What to time.
#[derive(Deserialize)]
struct Job {
    work: Work,
    /// Inputs (with the label's column, when generative), then the neurons of each layer.
    sizes: Vec<usize>,
    classes: usize,
    generative: bool,
    learning_rate: f64,
    threads: usize,
    /// As `ugmm train --device` takes it.
    device: String,
    /// For each kind of batches a safetensors file with `layers.0.means` and so on, named as in a model file.
    parameters: BTreeMap<String, PathBuf>,
    /// Named safetensors files, each with `x` `[batches, rows, features]` and `labels` `[batches, rows]` (`i64`).
    batches: BTreeMap<String, PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Work {
    Train,
    Forward,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Done { done: bool },
    Time { wall_s: f64, loss: Option<f32> },
}

struct Batch {
    x: Tensor<2>,
    targets: Targets,
}

/// A kind of batches.
struct Kind {
    /// With the parameters of the file.
    network: UgmmNetwork,
    batches: Vec<Batch>,
}

struct Worker {
    job: Job,
    device: Device,
    task: Task,
    kinds: BTreeMap<String, Kind>,
    prepared: Option<Prepared>,
}

/// Which batches are in use, and the training on them.
struct Prepared {
    name: String,
    stepper: Stepper<UgmmNetwork>,
    next: usize,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut worker: Option<Worker> = None;
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = match (serde_json::from_str(&line?)?, worker.as_mut()) {
            (Command::Load(job), None) => {
                worker = Some(Worker::load(job)?);
                Answer::Done { done: true }
            }
            (Command::Load(_), Some(_)) => return Err("there is a job already".into()),
            (_, None) => return Err("the first command must be \"load\"".into()),
            (Command::Check { batches, steps, output }, Some(worker)) => {
                worker.check(&batches, steps, &output)?;
                Answer::Done { done: true }
            }
            (Command::Prepare { batches }, Some(worker)) => {
                worker.prepare(batches)?;
                Answer::Done { done: true }
            }
            (Command::Run { count }, Some(worker)) => worker.run(count)?,
        };
        writeln!(answers, "{}", serde_json::to_string(&answer)?)?;
        answers.flush()?;
    }
    Ok(())
}

impl Worker {
    fn load(job: Job) -> Outcome<Self> {
        rayon::ThreadPoolBuilder::new().num_threads(job.threads).build_global()?;
        let device = job.device.parse::<DeviceName>()?.open()?;
        let inputs = *job.sizes.first().ok_or("no sizes given")?;
        let label = LabelEncoding::Index;
        let task = Task {
            features: if job.generative { inputs - label.columns(job.classes) } else { inputs },
            classes: job.classes,
            objective: if job.generative {
                Objective::Generative { label }
            } else {
                Objective::Discriminative
            },
        };
        let kinds = job
            .batches
            .iter()
            .map(|(name, path)| {
                let parameters =
                    job.parameters.get(name).ok_or_else(|| format!("no parameters for {name:?}"))?;
                let network = read_network(&job.sizes, parameters, &device)?;
                Ok((name.clone(), Kind { network, batches: read_batches(path, &device)? }))
            })
            .collect::<Outcome<_>>()?;
        Ok(Self { job, device, task, kinds, prepared: None })
    }

    fn stepper(&self, kind: &Kind) -> Outcome<Stepper<UgmmNetwork>> {
        // The default optimiser: Adam with PyTorch's settings.
        let config = TrainingConfig::new(0, 1);
        Ok(Stepper::new(kind.network.clone(), self.task, &config, &self.device)?)
    }

    fn named(&self, name: &str) -> Outcome<&Kind> {
        Ok(self.kinds.get(name).ok_or_else(|| format!("no batches are called {name:?}"))?)
    }

    fn check(&self, name: &str, steps: usize, output: &Path) -> Outcome<()> {
        let kind = self.named(name)?;
        let first = &kind.batches[0];
        let input = self.task.network_input(first.x.clone(), &first.targets);
        let mut tensors = vec![("outputs".to_owned(), kind.network.forward(input).into_data())];
        if self.job.work == Work::Train {
            let mut stepper = self.stepper(kind)?;
            let mut losses = Vec::with_capacity(steps);
            for batch in kind.batches.iter().cycle().take(steps) {
                losses.push(stepper.step(batch.x.clone(), &batch.targets, self.job.learning_rate)?);
            }
            tensors.push(("losses".to_owned(), TensorData::from(losses.as_slice())));
            for (index, layer) in stepper.network().layers.iter().enumerate() {
                for (field, parameter) in [
                    ("means", &layer.means),
                    ("raw_log_sigmas", &layer.raw_log_sigmas),
                    ("mixing_logits", &layer.mixing_logits),
                ] {
                    tensors.push((format!("layers.{index}.{field}"), parameter.val().into_data()));
                }
            }
        }
        write_tensors(&tensors, output)
    }

    fn prepare(&mut self, name: String) -> Outcome<()> {
        let kind = self.named(&name)?;
        let first = &kind.batches[0];
        let mut stepper = self.stepper(kind)?;
        if self.job.work == Work::Train {
            // The first step makes the optimiser's state.
            stepper.step(first.x.clone(), &first.targets, self.job.learning_rate)?;
        }
        self.prepared = Some(Prepared { name, stepper, next: 1 });
        Ok(())
    }

    fn run(&mut self, count: usize) -> Outcome<Answer> {
        let prepared = self.prepared.as_mut().ok_or("\"prepare\" must come before \"run\"")?;
        let Kind { network, batches } = &self.kinds[&prepared.name];
        let on_gpu = self.job.device != DeviceName::Cpu.to_string();
        self.device.sync()?;
        let mut loss = None;
        let start = Instant::now();
        for _ in 0..count {
            let Batch { x, targets } = &batches[prepared.next % batches.len()];
            prepared.next += 1;
            match self.job.work {
                Work::Train if on_gpu => {
                    drop(prepared.stepper.step_without_waiting(
                        x.clone(),
                        targets,
                        self.job.learning_rate,
                    )?);
                }
                Work::Train => {
                    loss = Some(prepared.stepper.step(x.clone(), targets, self.job.learning_rate)?);
                }
                Work::Forward => drop(black_box(network.forward(x.clone()))),
            }
        }
        // Until all is done that was asked for.
        self.device.sync()?;
        Ok(Answer::Time { wall_s: start.elapsed().as_secs_f64(), loss })
    }
}

fn read_network(sizes: &[usize], parameters: &Path, device: &Device) -> Outcome<UgmmNetwork> {
    let mut rng = generator(0, Stream::Initialization);
    let mut network = UgmmNetworkConfig::new(sizes).with_init(Init::Paper).init(None, &mut rng, device)?;
    let bytes = std::fs::read(parameters)?;
    let file = SafeTensors::deserialize(&bytes)?;
    for (index, layer) in network.layers.iter_mut().enumerate() {
        for (field, parameter) in [
            ("means", &mut layer.means),
            ("raw_log_sigmas", &mut layer.raw_log_sigmas),
            ("mixing_logits", &mut layer.mixing_logits),
        ] {
            let name = format!("layers.{index}.{field}");
            let tensor = file.tensor(&name)?;
            let shape = parameter.dims();
            if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
                return Err(format!("{name} must be F32 of shape {shape:?}").into());
            }
            let (chunks, _) = tensor.data().as_chunks();
            let values: Vec<f32> = chunks.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            *parameter = Param::from_data(TensorData::new(values, shape), device);
        }
    }
    Ok(network)
}

fn read_batches(path: &Path, device: &Device) -> Outcome<Vec<Batch>> {
    let bytes = std::fs::read(path)?;
    let file = SafeTensors::deserialize(&bytes)?;
    let (x, labels) = (file.tensor("x")?, file.tensor("labels")?);
    let &[batches, rows, features] = x.shape() else {
        return Err(format!("x has {} dimensions instead of 3", x.shape().len()).into());
    };
    if x.dtype() != Dtype::F32 || labels.dtype() != Dtype::I64 || labels.shape() != [batches, rows] {
        return Err("x must be F32 and labels I64 of the same number of batches and rows".into());
    }
    let (x, _) = x.data().as_chunks();
    let (labels, _) = labels.data().as_chunks();
    let batches = x
        .chunks_exact(rows * features)
        .zip(labels.chunks_exact(rows))
        .map(|(x, labels)| {
            let x: Vec<f32> = x.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            Ok(Batch {
                x: Tensor::from_data(TensorData::new(x, [rows, features]), device),
                targets: Targets::Classes(
                    labels
                        .iter()
                        .map(|&bytes| usize::try_from(i64::from_le_bytes(bytes)))
                        .collect::<Result<_, _>>()?,
                ),
            })
        })
        .collect::<Outcome<_>>()?;
    Ok(batches)
}

fn write_tensors(tensors: &[(String, TensorData)], path: &Path) -> Outcome<()> {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(_, tensor)| tensor.iter::<f32>().flat_map(f32::to_le_bytes).collect()).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, tensor), bytes)| {
            Ok((name, TensorView::new(Dtype::F32, tensor.shape().to_vec(), bytes)?))
        })
        .collect::<Outcome<Vec<_>>>()?;
    std::fs::write(path, safetensors::serialize(views, None)?)?;
    Ok(())
}
