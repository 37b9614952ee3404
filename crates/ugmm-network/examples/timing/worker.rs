//! The timed work, on any device.

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use ugmm_network::training::{Batch, Engine, Sparsity, Targets, TrainingConfig};
use ugmm_network::{
    Check, Checked, ClassObjective, Classification, Init, LabelEncoding, Model, NetworkConfig, Predictor,
    Stream, Task, UgmmError, generator,
};

/// A device that computes.
pub trait Place {
    /// The engine of training.
    type Engine: Engine;

    /// A new engine that starts from this network.
    fn engine(
        &self,
        network: &Model,
        task: Task,
        config: &Checked<TrainingConfig>,
    ) -> Result<Self::Engine, UgmmError>;

    /// The network of an engine, converted to plain lists.
    fn trained(&self, engine: &Self::Engine) -> Model;

    /// The network on the device, ready to predict.
    fn predictor(&self, network: &Model) -> Box<dyn Predictor>;

    /// Waits until the device has finished all work.
    fn wait(&self) -> Result<(), Box<dyn Error>> {
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    Load(Job),
    Check { batches: String, steps: usize, output: PathBuf },
    Prepare { batches: String },
    Run { count: usize },
}

/// The work to time.
#[derive(Deserialize)]
struct Job {
    work: Work,
    /// Number of inputs (including the label's column, if generative), then of neurons of each layer.
    sizes: Vec<usize>,
    classes: usize,
    generative: bool,
    learning_rate: f64,
    threads: usize,
    /// Sparse training: the share of the first layer's components that remain. They leave before the clock runs.
    #[serde(default)]
    keep_components: Option<f64>,
    /// Name of the device as for `ugmm train --device`.
    device: String,
    /// For each kind of batches a safetensors file with tensors named as in a model file, such as
    /// `layers.0.means`.
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

/// A kind of batches.
struct Kind {
    /// The network with the parameters of the file.
    network: Model,
    batches: Vec<Batch>,
}

struct Worker<P: Place> {
    job: Job,
    place: P,
    task: Task,
    kinds: BTreeMap<String, Kind>,
    prepared: Option<Prepared<P::Engine>>,
}

/// The batches in use, and the training on them.
struct Prepared<E> {
    name: String,
    engine: E,
    predictor: Box<dyn Predictor>,
    next: usize,
}

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Answers commands until the input ends; `place` creates a device by its name.
pub fn answer<P: Place>(place: impl Fn(&str) -> Outcome<P>) -> Outcome<()> {
    let mut worker: Option<Worker<P>> = None;
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = match (serde_json::from_str(&line?)?, worker.as_mut()) {
            (Command::Load(job), None) => {
                worker = Some(Worker::load(job, &place)?);
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

impl<P: Place> Worker<P> {
    fn load(job: Job, place: impl Fn(&str) -> Outcome<P>) -> Outcome<Self> {
        rayon::ThreadPoolBuilder::new().num_threads(job.threads).build_global()?;
        let place = place(&job.device)?;
        let inputs = *job.sizes.first().ok_or("no sizes given")?;
        let label = LabelEncoding::Index;
        let (features, objective) = match job.generative {
            true => (inputs - label.columns(job.classes), ClassObjective::Generative { label }),
            false => (inputs, ClassObjective::Discriminative),
        };
        let task = Classification::new(features, job.classes, objective)?.into();
        let kinds = job
            .batches
            .iter()
            .map(|(name, path)| {
                let parameters =
                    job.parameters.get(name).ok_or_else(|| format!("no parameters for {name:?}"))?;
                let network = read_network(&job.sizes, parameters)?;
                Ok((name.clone(), Kind { network, batches: read_batches(path)? }))
            })
            .collect::<Outcome<_>>()?;
        Ok(Self { job, place, task, kinds, prepared: None })
    }

    fn engine(&self, kind: &Kind) -> Outcome<P::Engine> {
        // The default optimiser: Adam with PyTorch's settings.
        let mut config = TrainingConfig::new(0, 1);
        config.sparsity = self.job.keep_components.map(|keep_components| Sparsity { keep_components });
        Ok(self.place.engine(&kind.network, self.task, &config.checked()?)?)
    }

    fn named(&self, name: &str) -> Outcome<&Kind> {
        Ok(self.kinds.get(name).ok_or_else(|| format!("no batches are called {name:?}"))?)
    }

    fn check(&self, name: &str, steps: usize, output: &Path) -> Outcome<()> {
        let kind = self.named(name)?;
        let first = &kind.batches[0];
        let input = self.task.with_targets(&first.targets)?.network_input(&first.x);
        let outputs = self.place.predictor(&kind.network).forward(&input);
        let rows = first.targets.len();
        let mut tensors = vec![("outputs".to_owned(), vec![rows, outputs.len() / rows], outputs)];
        if self.job.work == Work::Train {
            let mut engine = self.engine(kind)?;
            for batch in kind.batches.iter().cycle().take(steps) {
                engine.step(batch.clone(), self.job.learning_rate)?;
            }
            tensors.push(("losses".to_owned(), vec![steps], engine.read_losses()));
            let Model::Ugmm(network) = self.place.trained(&engine) else { unreachable!("it is one") };
            for (index, layer) in network.layers.into_iter().enumerate() {
                let shape = vec![layer.neurons(), layer.inputs()];
                for (field, values) in [
                    ("means", layer.means),
                    ("raw_log_sigmas", layer.raw_log_sigmas),
                    ("mixing_logits", layer.mixing_logits),
                ] {
                    tensors.push((format!("layers.{index}.{field}"), shape.clone(), values));
                }
            }
        }
        write_tensors(&tensors, output)
    }

    fn prepare(&mut self, name: String) -> Outcome<()> {
        let kind = self.named(&name)?;
        let first = &kind.batches[0];
        let mut engine = self.engine(kind)?;
        if self.job.work == Work::Train {
            // The first step may allocate the optimiser's state.
            engine.step(first.clone(), self.job.learning_rate)?;
            if self.job.keep_components.is_some() {
                // By these steps the least influential components are chosen.
                for batch in &kind.batches {
                    engine.step(batch.clone(), self.job.learning_rate)?;
                }
                engine.prepare(1.0);
            }
            engine.read_losses();
        }
        let predictor = self.place.predictor(&kind.network);
        self.prepared = Some(Prepared { name, engine, predictor, next: 1 });
        Ok(())
    }

    fn run(&mut self, count: usize) -> Outcome<Answer> {
        let prepared = self.prepared.as_mut().ok_or("\"prepare\" must come before \"run\"")?;
        let batches = &self.kinds[&prepared.name].batches;
        self.place.wait()?;
        let mut loss = None;
        let start = Instant::now();
        for _ in 0..count {
            let batch = &batches[prepared.next % batches.len()];
            prepared.next += 1;
            match self.job.work {
                Work::Train => {
                    prepared.engine.step(batch.clone(), self.job.learning_rate)?;
                    if prepared.engine.steps_per_reading() == 1 {
                        loss = prepared.engine.read_losses().pop();
                    }
                }
                Work::Forward => drop(black_box(prepared.predictor.forward(&batch.x))),
            }
        }
        self.place.wait()?;
        let wall_s = start.elapsed().as_secs_f64();
        // Losses that the device has not delivered are not read while the clock runs.
        prepared.engine.read_losses();
        Ok(Answer::Time { wall_s, loss })
    }
}

fn read_network(sizes: &[usize], parameters: &Path) -> Outcome<Model> {
    let mut rng = generator(0, Stream::Initialization);
    let mut network = NetworkConfig::new(sizes).with_init(Init::Paper).init(None, &mut rng)?;
    let bytes = std::fs::read(parameters)?;
    let file = SafeTensors::deserialize(&bytes)?;
    for (index, layer) in network.layers.iter_mut().enumerate() {
        let shape = [layer.neurons(), layer.inputs()];
        for (field, values) in [
            ("means", &mut layer.means),
            ("raw_log_sigmas", &mut layer.raw_log_sigmas),
            ("mixing_logits", &mut layer.mixing_logits),
        ] {
            let name = format!("layers.{index}.{field}");
            let tensor = file.tensor(&name)?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
                return Err(format!("{name} must be F32 of shape {shape:?}").into());
            }
            let (chunks, _) = tensor.data().as_chunks();
            *values = chunks.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        }
    }
    Ok(Model::Ugmm(network))
}

fn read_batches(path: &Path) -> Outcome<Vec<Batch>> {
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
            Ok(Batch {
                x: x.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
                targets: Targets::Classes(
                    labels
                        .iter()
                        .map(|&bytes| usize::try_from(i64::from_le_bytes(bytes)))
                        .collect::<Result<_, _>>()?,
                ),
                weights: None,
            })
        })
        .collect::<Outcome<_>>()?;
    Ok(batches)
}

fn write_tensors(tensors: &[(String, Vec<usize>, Vec<f32>)], path: &Path) -> Outcome<()> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Outcome<Vec<_>>>()?;
    std::fs::write(path, safetensors::serialize(views, None)?)?;
    Ok(())
}
