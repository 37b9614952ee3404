//! Compares the gradients of every objective with finite differences of an `f64` network that is written to
//! be read.

use ugmm_network::training::loss_and_gradients;
use ugmm_network::{
    ClassObjective, Classification, DensityObjective, Init, LabelEncoding, LossOptions, Means, MlpConfig,
    Model, Network, NetworkConfig, Regression, Stream, Targets, Task, TaskTargets, generator,
};

const ROWS: usize = 7;
const FEATURES: usize = 3;
const CLASSES: usize = 3;

/// Pseudo-random numbers from -1 to 1.
fn noise(at: usize) -> f64 {
    ((at * at + 13 * at) as f64 * 0.618).sin()
}

/// Parameters, or rows, in `f64`.
type Lists = Vec<Vec<f64>>;

fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + values.map(|value| (value - largest).exp()).sum::<f64>().ln()
}

/// The outputs of a network in training, without random choices, with `parameters` in place of its own.
fn outputs(network: &Network, parameters: &[Vec<f64>], mut x: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for (index, layer) in network.layers.iter().enumerate() {
        let inputs = layer.inputs();
        let [means, rhos, logits] = &parameters[3 * index..3 * index + 3] else { unreachable!() };
        let log_deviations: Option<Vec<f64>> = (network.standardize && index > 0).then(|| {
            let moments: Vec<(f64, f64)> = (0..inputs)
                .map(|k| {
                    let mean = x.iter().map(|row| row[k]).sum::<f64>() / x.len() as f64;
                    let variance = x.iter().map(|row| (row[k] - mean).powi(2)).sum::<f64>() / x.len() as f64;
                    (mean, (variance + 1e-6).sqrt())
                })
                .collect();
            for row in &mut x {
                row.iter_mut().zip(&moments).for_each(|(x, (mean, deviation))| *x = (*x - mean) / deviation);
            }
            moments.iter().map(|(_, deviation)| deviation.ln()).collect()
        });
        let activation = |row: &[f64], neuron: usize| {
            let at = |k: usize| neuron * inputs + k;
            let seen = (0..inputs).filter(|&k| !row[k].is_nan());
            let log_weights = log_sum_exp(seen.clone().map(|k| logits[at(k)]));
            let density = seen.map(|k| {
                let mean = means[if layer.config.means == Means::Tied { neuron } else { at(k) }];
                let variance = layer.config.min_sigma.powi(2) + (2.0 * rhos[at(k)]).exp();
                let square = (row[k] - mean).powi(2) / variance;
                logits[at(k)] - 0.5 * (square + variance.ln() + std::f64::consts::TAU.ln())
            });
            let scale = log_deviations.as_ref().filter(|_| layer.neurons() > 1).map_or(0.0, |logs| {
                log_sum_exp((0..inputs).map(|k| logits[at(k)] + logs[k]))
                    - log_sum_exp((0..inputs).map(|k| logits[at(k)]))
            });
            log_sum_exp(density) - log_weights - scale
        };
        x = x
            .iter()
            .map(|row| (0..layer.neurons()).map(|neuron| activation(row, neuron)).collect())
            .collect();
    }
    x
}

/// The outputs of a feed-forward network in training.
fn mlp_outputs(
    sizes: &[usize],
    batch_norm: bool,
    parameters: &[Vec<f64>],
    mut x: Vec<Vec<f64>>,
) -> Vec<Vec<f64>> {
    let layers = sizes.len() - 1;
    for index in 0..layers {
        let (weight, bias) = (&parameters[2 * index], &parameters[2 * index + 1]);
        let width = sizes[index + 1];
        let unit = |row: &[f64], j: usize| {
            bias[j] + row.iter().enumerate().map(|(k, x)| x * weight[k * width + j]).sum::<f64>()
        };
        x = x.iter().map(|row| (0..width).map(|j| unit(row, j)).collect()).collect();
        if index + 1 == layers {
            break;
        }
        if batch_norm {
            let (gamma, beta) =
                (&parameters[2 * layers + 2 * index], &parameters[2 * layers + 2 * index + 1]);
            for j in 0..width {
                let mean = x.iter().map(|row| row[j]).sum::<f64>() / x.len() as f64;
                let variance = x.iter().map(|row| (row[j] - mean).powi(2)).sum::<f64>() / x.len() as f64;
                x.iter_mut().for_each(|row| {
                    row[j] = (row[j] - mean) / (variance + 1e-5).sqrt() * gamma[j] + beta[j];
                });
            }
        }
        x.iter_mut().flatten().for_each(|x| *x = x.max(0.0));
    }
    x
}

/// The loss by its formula, from outputs in `f64`.
fn loss(targets: TaskTargets<'_>, outputs: &[Vec<f64>], options: &LossOptions) -> f64 {
    let outputs: Vec<f64> = outputs.concat();
    let cross_entropy = |labels: &[usize], weights: &[f64]| {
        let rows = outputs.chunks(CLASSES).zip(labels).zip(weights);
        rows.map(|((scores, &label), weight)| {
            let total = log_sum_exp(scores.iter().copied());
            let smoothing = options.label_smoothing;
            let target = |class: usize| {
                smoothing / CLASSES as f64 + if class == label { 1.0 - smoothing } else { 0.0 }
            };
            scores
                .iter()
                .enumerate()
                .map(|(class, score)| weight * target(class) * (total - score))
                .sum::<f64>()
        })
        .sum::<f64>()
    };
    let weights = |labels: &[usize]| -> Vec<f64> {
        let of = |&label: &usize| options.class_weights.as_ref().map_or(1.0, |weights| weights[label]);
        let sum: f64 = labels.iter().map(of).sum();
        labels.iter().map(|label| of(label) / sum).collect()
    };
    match targets {
        TaskTargets::Classes { task, labels, .. } => match task.objective() {
            ClassObjective::Discriminative => cross_entropy(labels, &weights(labels)),
            ClassObjective::Generative { .. } => {
                -outputs.iter().zip(weights(labels)).map(|(score, weight)| score * weight).sum::<f64>()
            }
            ClassObjective::Hybrid { weight: factor, .. } => {
                let weights = weights(labels);
                let own = labels.iter().enumerate().map(|(row, label)| outputs[row * CLASSES + label]);
                let joint: f64 = own.zip(&weights).map(|(score, weight)| score * weight).sum();
                factor * cross_entropy(labels, &weights) - joint
            }
        },
        TaskTargets::Number { task, numbers, .. } => {
            let DensityObjective { low, high, nodes, crps_weight } = task.objective();
            let width = (high - low) / nodes as f64;
            let rows = outputs.chunks(nodes).zip(numbers).map(|(scores, &number)| {
                let own = ((f64::from(number) - low) / width) as usize;
                let total = log_sum_exp(scores.iter().copied());
                let mut below = 0.0;
                let mut crps = 0.0;
                for (cell, score) in scores.iter().enumerate() {
                    below += (score - total).exp();
                    crps += (below - if cell >= own { 1.0 } else { 0.0 }).powi(2);
                }
                total - scores[own] + width.ln() + crps_weight * width * crps
            });
            rows.sum::<f64>() / numbers.len() as f64
        }
    }
}

/// Compares the gradient of every parameter of `model` with finite differences.
fn check(
    name: &str,
    task: &Task,
    model: &Model,
    x: &[f32],
    targets: &Targets,
    options: &LossOptions,
    outputs: &dyn Fn(&[Vec<f64>], Lists) -> Lists,
) {
    let rng = || generator(3, Stream::Dropout);
    let (found, gradients) =
        loss_and_gradients(model, task, x.to_vec(), targets, options, &mut rng()).unwrap();
    // This generator gives the positions of numbers in their cells that the loss uses.
    let known = task.with_targets(targets).unwrap();
    let seen = known.loss_inputs(x.to_vec(), &mut rng()).x;
    let seen: Vec<Vec<f64>> =
        seen.chunks(task.inputs()).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect();
    let parameters: Lists =
        model.tensors().iter().map(|tensor| tensor.iter().map(|&value| f64::from(value)).collect()).collect();
    let value = |parameters: &[Vec<f64>]| loss(known, &outputs(parameters, seen.clone()), options);
    let expected = value(&parameters);
    assert!(
        (f64::from(found) - expected).abs() < 1e-5 * (1.0 + expected.abs()),
        "{name}: {found} {expected}"
    );
    let largest = gradients.iter().flatten().fold(0.0_f32, |largest, gradient| largest.max(gradient.abs()));
    assert!(largest > 1e-3, "{name}");
    for (tensor, gradients) in gradients.iter().enumerate() {
        for (place, &gradient) in gradients.iter().enumerate() {
            let moved = |by: f64| {
                let mut parameters = parameters.clone();
                parameters[tensor][place] += by;
                value(&parameters)
            };
            let step = 1e-5;
            let slope = (moved(step) - moved(-step)) / (2.0 * step);
            assert!(
                (slope - f64::from(gradient)).abs() < 2e-4 * f64::from(largest),
                "{name}, tensor {tensor}, entry {place}: {gradient}, but the slope is {slope}"
            );
        }
    }
}

fn features(missing: bool) -> Vec<f32> {
    (0..ROWS * FEATURES)
        .map(|at| if missing && at % 5 == 2 { f32::NAN } else { 1.5 * noise(at) as f32 })
        .collect()
}

fn tasks() -> Vec<Task> {
    let label = LabelEncoding::OneHot;
    let of_classes = [
        ClassObjective::Discriminative,
        ClassObjective::Generative { label },
        ClassObjective::Generative { label: LabelEncoding::Index },
        ClassObjective::Hybrid { label, weight: 1.7 },
    ]
    .map(|objective| Classification::new(FEATURES, CLASSES, objective).unwrap().into());
    let of_numbers = [0.0, 3.0].map(|crps_weight| {
        let objective = DensityObjective { low: -2.0, high: 2.0, nodes: 6, crps_weight };
        Regression::new(FEATURES, objective).unwrap().into()
    });
    of_classes.into_iter().chain(of_numbers).collect()
}

fn targets(task: &Task) -> Targets {
    match task {
        Task::Number(_) => Targets::Numbers((0..ROWS).map(|row| 1.8 * noise(row + 5) as f32).collect()),
        Task::Classes(_) => Targets::Classes((0..ROWS).map(|row| row * 5 % CLASSES).collect()),
    }
}

#[test]
fn gradients_of_every_objective_and_setting_are_differences_in_f64() {
    for task in tasks() {
        for (name, missing, change) in [
            ("plain", false, (|network: NetworkConfig| network) as fn(NetworkConfig) -> NetworkConfig),
            ("floors", false, |network| network.with_min_sigmas(&[0.7, 0.4])),
            ("tied means", false, |network| network.with_means(Means::Tied)),
            ("standardised", false, |network| network.with_standardize(true).with_min_sigmas(&[0.7, 0.4])),
            ("missing values", true, |network| network.with_missing_values(true).with_min_sigma(0.5)),
            ("both", true, |network| {
                network.with_missing_values(true).with_standardize(true).with_min_sigmas(&[0.7, 0.4])
            }),
        ] {
            let config =
                change(NetworkConfig::new(&[task.inputs(), 5, 4, task.outputs()]).with_init(Init::Paper));
            let network = config.init(None, &mut generator(8, Stream::Initialization)).unwrap();
            for options in [
                LossOptions::default(),
                LossOptions {
                    label_smoothing: 0.2,
                    class_weights: task.class_objective().map(|_| vec![1.0, 3.0, 0.5]),
                    row_weights: None,
                },
            ] {
                let name = format!("{name}, {task:?}, {options:?}");
                let outputs = |parameters: &[Vec<f64>], x| outputs(&network, parameters, x);
                let model = Model::Ugmm(network.clone());
                check(&name, &task, &model, &features(missing), &targets(&task), &options, &outputs);
            }
        }
    }
}

#[test]
fn gradients_of_feed_forward_networks_are_differences_in_f64() {
    let task = tasks()[0];
    for batch_norm in [false, true] {
        let sizes = [FEATURES, 6, 5, CLASSES];
        let config = MlpConfig::new(&sizes).with_batch_norm(batch_norm);
        let model = Model::Mlp(config.init(&mut generator(8, Stream::Initialization)).unwrap());
        let outputs = |parameters: &[Vec<f64>], x| mlp_outputs(&sizes, batch_norm, parameters, x);
        let (x, targets) = (features(false), targets(&task));
        check("feed-forward", &task, &model, &x, &targets, &LossOptions::default(), &outputs);
    }
}

/// Dropped components, with and without renormalised weights, and dropped and noisy inputs: gradients equal
/// finite differences of the loss with equal random draws.
#[test]
fn gradients_under_dropout_are_differences_of_the_loss() {
    let task = tasks()[0];
    let (x, targets, options) = (features(false), targets(&task), LossOptions::default());
    for renormalize in [true, false] {
        let mut config =
            NetworkConfig::new(&[FEATURES, 6, 5, CLASSES]).with_init(Init::Paper).with_min_sigma(0.6);
        config.standardize = renormalize;
        for layer in &mut config.layers {
            (layer.dropout, layer.input_dropout, layer.input_noise) = (0.3, 0.2, 0.1);
            layer.renormalize = renormalize;
        }
        let model = Model::Ugmm(config.init(None, &mut generator(8, Stream::Initialization)).unwrap());
        let value = |model: &Model| {
            let rng = &mut generator(3, Stream::Dropout);
            loss_and_gradients(model, &task, x.clone(), &targets, &options, rng).unwrap()
        };
        let (_, gradients) = value(&model);
        for (tensor, gradients) in gradients.iter().enumerate() {
            for (place, &gradient) in gradients.iter().enumerate() {
                let moved = |by: f32| {
                    let mut model = model.clone();
                    model.tensors_mut()[tensor][place] += by;
                    f64::from(value(&model).0)
                };
                // The step is large enough for losses in f32 and small enough for the curvature.
                let slope = (moved(4e-3) - moved(-4e-3)) / 8e-3;
                assert!(
                    (slope - f64::from(gradient)).abs() < 2e-3,
                    "{renormalize}, tensor {tensor}, entry {place}: {gradient}, but the slope is {slope}"
                );
            }
        }
    }
}
