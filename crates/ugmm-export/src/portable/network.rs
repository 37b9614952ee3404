//! A network that predicts the target.

use crate::error::ExportError;
use serde::Serialize;
use ugmm_kernels::oracle::log_mixing_weights;
use ugmm_network::model_file::{LARGEST_INPUT, SavedModel};
use ugmm_network::{BatchNorm, Layer as NetworkLayer, Mlp, Model, Task};
use ugmm_tabular::network::CELLS;
use ugmm_tabular::target::{NumberTarget, Target};
use ugmm_tabular::{NetworkModel, TableModel};

/// ½ log 2π.
const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// A network with what surrounds it.
#[derive(Clone, Debug, Serialize)]
pub struct Network {
    /// How each column becomes inputs, in the order of columns.
    pub inputs: Vec<Encoding>,
    /// Inputs beyond this size are moved to it.
    pub largest_input: f32,
    /// The layers, first to last. Where [`Head::alternatives`] has numbers, the first layer reads them after the inputs.
    pub layers: Vec<Layer>,
    /// Whether a layer of mixtures leaves out inputs that are missing, and renormalises its weights. An output that
    /// no component with weight sees is missing to the next layer; behind the last layer it is the mean of the row's
    /// known outputs, or 0.
    pub missing_values: bool,
    /// Mean of each input over the training rows, with which contributions compare a row.
    pub average: Vec<f32>,
    /// What becomes of the outputs.
    pub head: Head,
}

/// How a column becomes inputs, which are rounded to `f32`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// One input, the scaled number; an order of levels counts as the number of the state.
    Number(Scale),
    /// The inputs of each state, `[states][inputs]`.
    States(Vec<Vec<f32>>),
}

/// How a number becomes an input.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// (x / 2 − mean / 2) / (deviation / 2), moved into the range of `f32`; the halves keep the difference in the range
    /// of `f64`.
    Linear {
        /// Subtracted from the number.
        mean: f64,
        /// Positive divisor.
        deviation: f64,
    },
    /// The curve through these points, straight between two of them and constant beyond the first and the last.
    Curve {
        /// Numbers, ascending.
        values: Vec<f64>,
        /// Their inputs, ascending.
        scores: Vec<f64>,
    },
}

/// A layer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Mixtures of Gaussians.
    Mixture(Mixture),
    /// A matrix, and what follows it.
    Linear(Linear),
}

/// Neurons y_j = log Σ_k π_jk N(x_k; μ_jk, σ_jk²), parameters `[neurons, inputs]`, row-major.
#[derive(Clone, Debug, Serialize)]
pub struct Mixture {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of neurons.
    pub neurons: usize,
    /// μ.
    pub means: Vec<f32>,
    /// log σ.
    pub log_sigmas: Vec<f32>,
    /// Logits of π; a component with −10³⁰ is dropped.
    pub logits: Vec<f32>,
}

/// y = x · weight + bias, then the normalisation, then max(y, 0).
#[derive(Clone, Debug, Serialize)]
pub struct Linear {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// `[inputs, outputs]`, row-major.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    /// Normalisation of the outputs.
    pub norm: Option<Norm>,
    /// Whether negative outputs become 0.
    pub relu: bool,
}

/// (y − mean) · factor · gamma + beta, each `[outputs]`.
#[derive(Clone, Debug, Serialize)]
pub struct Norm {
    /// Running means.
    pub means: Vec<f32>,
    /// 1 / deviation.
    pub factors: Vec<f32>,
    /// Scale.
    pub gamma: Vec<f32>,
    /// Shift.
    pub beta: Vec<f32>,
}

/// What becomes of the outputs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// Probabilities of classes.
    Classes(ClassHead),
    /// The density of a number.
    Number(NumberHead),
}

/// log P(class) = log softmax(score / temperature + offset).
#[derive(Clone, Debug, Serialize)]
pub struct ClassHead {
    /// Names of the classes.
    pub names: Vec<String>,
    /// The label of each class as inputs, `[classes][numbers]`, of a network that is evaluated once for each class and
    /// whose output is the score of the class; `None` for a network that has an output for each class.
    pub labels: Option<Vec<Vec<f32>>>,
    /// Divisor of the scores.
    pub temperature: f64,
    /// Added to the divided scores, `[classes]`.
    pub offsets: Vec<f64>,
    /// Added to log P for the decision, which is the class of the largest sum and the first of equal ones, `[classes]`.
    pub decision: Vec<f64>,
}

/// The density of a number. The network is evaluated once for each cell of its range, and the softmax of its outputs
/// is the probability of the cells.
#[derive(Clone, Debug, Serialize)]
pub struct NumberHead {
    /// The middle of each cell, `[cells]`, in the network's units.
    pub nodes: Vec<f32>,
    /// The ends of the range in the network's units, in which cells have equal widths.
    pub range: [f64; 2],
    /// The factor by which the density is stretched about its median.
    pub spread: Option<f64>,
    /// Ends of the cells in the data's units after [`Self::first`] cells are joined, `[cells − first + 1]`.
    pub edges: Vec<f64>,
    /// Number of cells that are joined to the one behind them, because their numbers are impossible.
    pub first: usize,
    /// The part of the cell behind them that is impossible; the probability below it is a point mass at the first end.
    /// `None` if all cells are possible.
    pub below: Option<f64>,
    /// Cells between the tails; the mean and the deviation are those given that the number is in one of them, if they
    /// have more than 95 % of the probability. `None` if there are no tails.
    pub usual: Option<[usize; 2]>,
}

impl Network {
    pub(super) fn of(model: &NetworkModel) -> Result<Self, ExportError> {
        let saved = model.saved();
        if saved.standardization().is_some() {
            let reason = "it was not trained on a table by ugmm train".into();
            return Err(ExportError::Unable { form: "anything", reason });
        }
        let (layers, missing_values, largest_input) = match saved.model() {
            Model::Ugmm(network) => {
                (network.layers.iter().map(mixture).collect(), network.missing_values, f32::MAX)
            }
            Model::Mlp(network) => (linear_layers(network), false, LARGEST_INPUT),
        };
        Ok(Self {
            inputs: encodings(model),
            largest_input,
            layers,
            missing_values,
            average: model.average_row(),
            head: head(model, saved),
        })
    }

    /// Number of inputs that come from columns.
    #[must_use]
    pub fn features(&self) -> usize {
        self.inputs.iter().map(Encoding::width).sum()
    }
}

impl Encoding {
    /// Number of inputs.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::States(states) => states.first().map_or(0, Vec::len),
        }
    }
}

impl Mixture {
    /// log π of each component, `[neurons, inputs]`; −∞ where it is dropped.
    #[must_use]
    pub fn log_weights(&self) -> Vec<f64> {
        let of_neuron = |logits: &[f32]| {
            log_mixing_weights(&logits.iter().map(|&logit| f64::from(logit)).collect::<Vec<_>>())
        };
        self.logits.chunks(self.inputs).flat_map(of_neuron).collect()
    }

    /// log π − log σ − ½ log 2π of each component, `[neurons, inputs]`.
    #[must_use]
    pub fn log_peaks(&self) -> Vec<f64> {
        let components = self.log_weights().into_iter().zip(&self.log_sigmas);
        components.map(|(weight, &log_sigma)| weight - f64::from(log_sigma) - HALF_LOG_TWO_PI).collect()
    }

    /// 1 / σ of each component, `[neurons, inputs]`.
    #[must_use]
    pub fn precisions(&self) -> Vec<f64> {
        self.log_sigmas.iter().map(|&log_sigma| (-f64::from(log_sigma)).exp()).collect()
    }

    /// Whether a component is dropped, so that its neuron can be without an input although the row has values.
    #[must_use]
    pub fn has_dropped(&self) -> bool {
        self.log_weights().contains(&f64::NEG_INFINITY)
    }
}

impl Layer {
    /// Number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Mixture(layer) => layer.neurons,
            Self::Linear(layer) => layer.outputs,
        }
    }
}

impl Head {
    /// The numbers that the first layer reads after the inputs, `[alternatives][numbers]`, once for each alternative;
    /// `None` for a network that reads inputs only.
    #[must_use]
    pub fn alternatives(&self) -> Option<Vec<Vec<f32>>> {
        match self {
            Self::Classes(head) => head.labels.clone(),
            Self::Number(head) => Some(head.nodes.iter().map(|&node| vec![node]).collect()),
        }
    }
}

fn mixture(layer: &NetworkLayer) -> Layer {
    Layer::Mixture(Mixture {
        inputs: layer.inputs(),
        neurons: layer.neurons(),
        means: layer.component_means().into_owned(),
        log_sigmas: layer.log_sigmas().into_owned(),
        logits: layer.mixing_logits.clone(),
    })
}

fn linear_layers(network: &Mlp) -> Vec<Layer> {
    let last = network.layers.len() - 1;
    let norm = |norm: &BatchNorm| Norm {
        means: norm.running_mean.clone(),
        factors: norm.inverse_deviations(),
        gamma: norm.gamma.clone(),
        beta: norm.beta.clone(),
    };
    let layers = network.layers.iter().enumerate().map(|(index, layer)| {
        Layer::Linear(Linear {
            inputs: layer.inputs,
            outputs: layer.outputs,
            weight: layer.weight.clone(),
            bias: layer.bias.clone(),
            norm: network.norms.get(index).filter(|_| index < last).map(norm),
            relu: index < last,
        })
    });
    layers.collect()
}

fn encodings(model: &NetworkModel) -> Vec<Encoding> {
    let preprocessor = model.preprocessor();
    let sources = preprocessor.source_columns();
    let of_column = |column: usize| {
        if let Some(states) = preprocessor.states(column) {
            return Encoding::States(states.inputs);
        }
        let input = sources.partition_point(|&source| source < column);
        Encoding::Number(match (preprocessor.curve_of(input), preprocessor.scale_of(input)) {
            (Some((values, scores)), _) => Scale::Curve { values: values.to_vec(), scores: scores.to_vec() },
            (None, scale) => {
                let (mean, deviation) = scale.unwrap_or((0.0, 1.0));
                Scale::Linear { mean, deviation }
            }
        })
    };
    (0..model.columns().len() - 1).map(of_column).collect()
}

fn head(model: &NetworkModel, saved: &SavedModel) -> Head {
    match (saved.task(), model.target()) {
        (Task::Number(task), Target::Number(number)) => {
            let objective = task.objective();
            let width = (objective.high - objective.low) / CELLS as f64;
            let node = |cell: usize| (objective.low + (cell as f64 + 0.5) * width) as f32;
            let nodes = (0..CELLS).map(node).collect();
            Head::Number(number_head(number, nodes, [objective.low, objective.high], saved.spread()))
        }
        (task, _) => {
            let names = model.classes().to_vec();
            let logs = |weights: &[f64]| weights.iter().map(|weight| weight.ln()).collect::<Vec<f64>>();
            let temperature = saved.temperature().unwrap_or(1.0);
            let log_weights = saved.class_weights().map_or_else(|| vec![0.0; names.len()], logs);
            let divisor = if saved.temperature_after_weights() { temperature } else { 1.0 };
            let labels = task.label_encoding().map(|encoding| {
                let all = encoding.encode(&(0..names.len()).collect::<Vec<_>>(), names.len());
                all.chunks(encoding.columns(names.len())).map(<[f32]>::to_vec).collect()
            });
            Head::Classes(ClassHead {
                names,
                labels,
                temperature,
                offsets: log_weights.iter().map(|log| -log / divisor).collect(),
                decision: log_weights,
            })
        }
    }
}

/// The cells of a number in the data's units; those of impossible numbers are joined.
fn number_head(number: &NumberTarget, nodes: Vec<f32>, range: [f64; 2], spread: Option<f64>) -> NumberHead {
    let cells = nodes.len();
    let equal = |cell: usize| number.low + cell as f64 * ((number.high - number.low) / cells as f64);
    let (edges, usual) = match number.unequal_cells(cells) {
        Some((edges, usual)) => (edges, Some([usual.start, usual.end])),
        None => ((0..=cells).map(equal).collect(), None),
    };
    if !number.never_negative {
        return NumberHead { nodes, range, spread, edges, first: 0, below: None, usual };
    }
    let first = (0..cells).find(|&cell| edges[cell + 1] > 0.0).unwrap_or(cells - 1);
    let below = (-edges[first] / (edges[first + 1] - edges[first])).clamp(0.0, 1.0);
    let possible = std::iter::once(0.0).chain(edges[first + 1..].iter().copied()).collect();
    let usual = usual.map(|[start, end]| [start.saturating_sub(first), end.saturating_sub(first).max(1)]);
    NumberHead { nodes, range, spread, edges: possible, first, below: Some(below), usual }
}
