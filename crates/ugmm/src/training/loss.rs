//! The losses of `ugmm_network`'s tasks on tensors.

use crate::Network;
use crate::host::matrix;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};
use rand::Rng;
use ugmm_network::training::input_weights;
use ugmm_network::{ClassObjective, DensityObjective, LossOptions, RowWeights, TaskTargets};

/// The loss of a training batch, `[1]`, in a training pass of `network`: the mean cross-entropy; or minus the mean joint score;
/// or that plus the weighted cross-entropy of the posterior; or minus the mean log of the conditional density. Features `x` are
/// row-major `[rows, features]`; every random choice is drawn from `rng`. Means are weighted as [`LossOptions`] says.
pub fn loss<N: Network, R: Rng + ?Sized>(
    network: &N,
    x: Vec<f32>,
    targets: TaskTargets<'_>,
    options: &LossOptions,
    rng: &mut R,
    device: &Device,
) -> Tensor<1> {
    let inputs = targets.loss_inputs(x, rng);
    let own_cells = inputs.own_cells().to_vec();
    let x = matrix(inputs.x, network.inputs(), device);
    let shares = options.row_weights.as_ref().map(|weights| {
        let rows = x.dims()[0];
        shares_of(&input_weights(weights, rows), device)
    });
    let outputs = network.forward_training(x, shares.as_ref(), rng);
    match targets {
        TaskTargets::Classes { task, labels, .. } => match task.objective() {
            ClassObjective::Discriminative => cross_entropy(outputs, labels, options),
            ClassObjective::Generative { .. } => mean_over_classes(outputs, labels, options).neg(),
            ClassObjective::Hybrid { weight, .. } => {
                let scores = outputs.reshape([labels.len(), task.classes()]);
                let indices = class_indices(labels, &scores.device()).unsqueeze_dim(1);
                let joint_score = mean_over_classes(scores.clone().gather(1, indices), labels, options);
                cross_entropy(scores, labels, options) * weight - joint_score
            }
        },
        TaskTargets::Number { task, numbers, .. } => {
            let DensityObjective { low, high, nodes, crps_weight } = task.objective();
            let log_shares = log_softmax(outputs.reshape([numbers.len(), nodes]), 1);
            let own = class_indices(&own_cells, &log_shares.device()).unsqueeze_dim(1);
            let cell = (high - low) / nodes as f64;
            // A share of a cell as a density over it.
            let weights = RowWeights(options.row_weights.as_deref());
            let mean_weight = weights.sum(numbers.len()) / numbers.len() as f64;
            let own_logs = log_shares.clone().gather(1, own);
            let log_loss = weighted_mean(own_logs, weights).neg() + mean_weight * cell.ln();
            if crps_weight == 0.0 {
                return log_loss;
            }
            log_loss + weighted_mean(crps(log_shares, &own_cells), weights) * (crps_weight * cell)
        }
    }
}

/// Mean cross-entropy `[1]` of the softmax of `scores` `[rows, classes]`.
fn cross_entropy(scores: Tensor<2>, labels: &[usize], options: &LossOptions) -> Tensor<1> {
    let device = scores.device();
    let LossOptions { label_smoothing, class_weights, row_weights } = options;
    if class_weights.is_none() && row_weights.is_none() {
        let smoothing = (*label_smoothing > 0.0).then_some(*label_smoothing as f32);
        let loss = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&device);
        return loss.forward(scores, class_indices(labels, &device));
    }
    let logs = log_softmax(scores, 1);
    let right = logs.clone().gather(1, class_indices(labels, &device).unsqueeze_dim(1));
    let rows = right * (1.0 - label_smoothing) + logs.mean_dim(1) * *label_smoothing;
    mean_over_classes(rows, labels, options).neg()
}

/// The continuous ranked probability scores `[rows, 1]` of probabilities `[rows, cells]`, given as logarithms, in units of a
/// cell's width: the sum of squared distances between the distribution function at the cells' ends and that
/// of certainty that the number is in its own cell.
fn crps(log_shares: Tensor<2>, own_cells: &[usize]) -> Tensor<2> {
    let device = log_shares.device();
    let [rows, cells] = log_shares.dims();
    // Shares up to and with each cell.
    let below: Vec<f32> =
        (0..cells * cells).map(|place| if place / cells <= place % cells { 1.0 } else { 0.0 }).collect();
    let below = Tensor::<2>::from_data(TensorData::new(below, [cells, cells]), &device);
    let certain =
        own_cells.iter().flat_map(|&own| (0..cells).map(move |cell| if cell >= own { 1f32 } else { 0.0 }));
    let certain =
        Tensor::<2>::from_data(TensorData::new(certain.collect::<Vec<_>>(), [rows, cells]), &device);
    (log_shares.exp().matmul(below) - certain).square().sum_dim(1)
}

/// Mean `[1]` of `values` `[rows, 1]`, each row weighted by its class and itself.
fn mean_over_classes(values: Tensor<2>, labels: &[usize], options: &LossOptions) -> Tensor<1> {
    let of_rows = RowWeights(options.row_weights.as_deref());
    let Some(weights) = &options.class_weights else { return weighted_mean(values, of_rows) };
    let of_classes: Vec<f32> = labels.iter().map(|&label| weights[label] as f32).collect();
    let sum: f32 = of_classes.iter().sum();
    let both = of_classes.into_iter().enumerate().map(|(row, weight)| weight * of_rows.of(row) as f32);
    let device = values.device();
    (values * matrix(both.collect(), 1, &device)).sum() / sum
}

/// Sum `[1]` of `values` `[rows, 1]`, each weighted, divided by their number.
fn weighted_mean(values: Tensor<2>, weights: RowWeights<'_>) -> Tensor<1> {
    let Some(weights) = weights.0 else { return values.mean() };
    let (device, weights) = (values.device(), weights.iter().map(|&weight| weight as f32));
    (values * matrix(weights.collect(), 1, &device)).mean()
}

/// The shares `[rows, 1]` of rows with these weights in a mean.
pub(super) fn shares_of(weights: &[f64], device: &Device) -> Tensor<2> {
    let sum = RowWeights(Some(weights)).sum(weights.len());
    matrix(weights.iter().map(|weight| (weight / sum) as f32).collect(), 1, device)
}

fn class_indices(labels: &[usize], device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    Tensor::from_data(labels.as_slice(), device)
}
