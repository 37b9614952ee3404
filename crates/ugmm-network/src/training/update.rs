//! The updates of optimisers, each in a single pass over memory.

use super::OptimizerConfig;
use crate::UgmmError;
use rayon::prelude::*;

/// Number of parameters per task: a few hundred kB of traffic, which costs far more than starting a task.
const PARAMETERS_PER_TASK: usize = 1 << 14;

/// An optimiser and its state.
#[derive(Debug)]
pub(super) struct Optimizer {
    config: OptimizerConfig,
    /// Number of steps taken.
    time: u64,
    /// The mean of gradients (Adam) or the velocity (stochastic gradient descent with momentum), one value
    /// per parameter; empty if there is none.
    first: Vec<f32>,
    /// The mean of squared gradients, one value per parameter; empty if there is none.
    second: Vec<f32>,
}

/// The constants of one update.
#[derive(Clone, Copy)]
enum Update {
    Adam(Adam),
    /// Velocity ← momentum · velocity + (gradient + penalty · parameter); parameter ← parameter − rate · velocity.
    Sgd {
        momentum: f32,
        penalty: f32,
        rate: f32,
    },
}

/// The constants of Adam (Kingma and Ba 2015), with decoupled weight decay if any (AdamW, Loshchilov and
/// Hutter 2019).
#[derive(Clone, Copy)]
struct Adam {
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    /// Learning rate divided by the bias correction of the first moment.
    step: f32,
    /// Inverse root of the bias correction of the second moment.
    root_scale: f32,
    /// Factor by which weight decay multiplies a parameter.
    keep: f32,
}

impl Optimizer {
    pub(super) fn new(config: OptimizerConfig, parameters: usize) -> Self {
        let (first, second) = match config {
            OptimizerConfig::Adam { .. } | OptimizerConfig::AdamW { .. } => (parameters, parameters),
            OptimizerConfig::Sgd { momentum, .. } => (if momentum > 0.0 { parameters } else { 0 }, 0),
        };
        Self { config, time: 0, first: vec![0.0; first], second: vec![0.0; second] }
    }

    pub(super) fn config(&self) -> OptimizerConfig {
        self.config
    }

    /// The mean of squared gradients, one value per parameter; empty if there is none.
    pub(super) fn squares(&self) -> &[f32] {
        &self.second
    }

    /// Goes on with the parameters at these positions, in this order, and forgets the others.
    pub(super) fn keep(&mut self, positions: &[usize]) {
        for moments in [&mut self.first, &mut self.second] {
            if !moments.is_empty() {
                *moments = positions.iter().map(|&position| moments[position]).collect();
            }
        }
    }

    /// Takes one step along minus `factor` times the gradients.
    pub(super) fn step(
        &mut self,
        learning_rate: f64,
        factor: f64,
        parameters: Vec<&mut [f32]>,
        gradients: &[Vec<f32>],
    ) {
        self.time += 1;
        let (update, factor) = (self.update(learning_rate), factor as f32);
        let (mut first, mut second) = (self.first.as_mut_slice(), self.second.as_mut_slice());
        for (parameters, gradients) in parameters.into_iter().zip(gradients) {
            let own_first = own_part(&mut first, parameters.len());
            let own_second = own_part(&mut second, parameters.len());
            update.apply(factor, parameters, gradients, own_first, own_second);
        }
    }

    /// The update of the current step, which must have been counted.
    fn update(&self, learning_rate: f64) -> Update {
        let adam = |beta_1: f32, beta_2: f32, epsilon, weight_decay: f32| {
            let time = i32::try_from(self.time).unwrap_or(i32::MAX);
            // 1 − βᵗ loses its digits in f32 when t is small.
            let correction = |beta: f32| 1.0 - f64::from(beta).powi(time);
            Update::Adam(Adam {
                beta_1,
                beta_2,
                epsilon,
                step: (learning_rate / correction(beta_1)) as f32,
                root_scale: (1.0 / correction(beta_2).sqrt()) as f32,
                keep: (1.0 - learning_rate * f64::from(weight_decay)) as f32,
            })
        };
        match self.config {
            OptimizerConfig::Adam { beta_1, beta_2, epsilon } => adam(beta_1, beta_2, epsilon, 0.0),
            OptimizerConfig::AdamW { beta_1, beta_2, epsilon, weight_decay } => {
                adam(beta_1, beta_2, epsilon, weight_decay)
            }
            OptimizerConfig::Sgd { momentum, weight_decay } => {
                Update::Sgd { momentum: momentum as f32, penalty: weight_decay, rate: learning_rate as f32 }
            }
        }
    }

    /// The number of steps and the moments as bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let moments = self.first.iter().chain(&self.second).flat_map(|value| value.to_le_bytes());
        self.time.to_le_bytes().into_iter().chain(moments).collect()
    }

    /// Restores the state from the bytes of [`Self::to_bytes`].
    pub(super) fn restore(&mut self, bytes: &[u8]) -> Result<(), UgmmError> {
        let expected = size_of::<u64>() + size_of::<f32>() * (self.first.len() + self.second.len());
        let Some((time, moments)) = bytes.split_first_chunk().filter(|_| bytes.len() == expected) else {
            let reason =
                format!("the optimiser's state has {} bytes, where {expected} are right", bytes.len());
            return Err(UgmmError::Checkpoint { reason });
        };
        self.time = u64::from_le_bytes(*time);
        let values = moments.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        self.first.iter_mut().chain(&mut self.second).zip(values).for_each(|(place, value)| *place = value);
        Ok(())
    }
}

/// Takes the next `length` values from the front of `moments`; empty if `moments` is empty.
fn own_part<'a>(moments: &mut &'a mut [f32], length: usize) -> &'a mut [f32] {
    let (own, rest) = std::mem::take(moments).split_at_mut_checked(length).unwrap_or_default();
    *moments = rest;
    own
}

impl Update {
    fn apply(
        self,
        factor: f32,
        parameters: &mut [f32],
        gradients: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        // Handing work to the pool, even to a single thread, costs as much as some thousand parameters.
        if parameters.len() <= PARAMETERS_PER_TASK || rayon::current_num_threads() == 1 {
            return self.apply_vectorised(factor, parameters, gradients, first, second);
        }
        let parts: Vec<_> = parameters
            .chunks_mut(PARAMETERS_PER_TASK)
            .zip(gradients.chunks(PARAMETERS_PER_TASK))
            .zip(pieces(first))
            .zip(pieces(second))
            .collect();
        parts.into_par_iter().for_each(|(((parameters, gradients), first), second)| {
            self.apply_vectorised(factor, parameters, gradients, first, second);
        });
    }

    /// The loops, compiled for the widest vectors of this machine.
    fn apply_vectorised(
        self,
        factor: f32,
        parameters: &mut [f32],
        gradients: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        let pairs = parameters.iter_mut().zip(gradients);
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || match self {
                Self::Adam(Adam { beta_1, beta_2, epsilon, step, root_scale, keep }) => {
                    for ((parameter, gradient), (first, second)) in pairs.zip(first.iter_mut().zip(second)) {
                        let g = factor * gradient;
                        *first = beta_1 * *first + (1.0 - beta_1) * g;
                        *second = beta_2 * *second + (1.0 - beta_2) * g * g;
                        *parameter =
                            keep * *parameter - step * *first / (second.sqrt() * root_scale + epsilon);
                    }
                }
                Self::Sgd { penalty, rate, .. } if first.is_empty() => {
                    for (parameter, gradient) in pairs {
                        *parameter -= rate * (factor * gradient + penalty * *parameter);
                    }
                }
                Self::Sgd { momentum, penalty, rate } => {
                    for ((parameter, gradient), velocity) in pairs.zip(first.iter_mut()) {
                        *velocity = momentum * *velocity + factor * gradient + penalty * *parameter;
                        *parameter -= rate * *velocity;
                    }
                }
            },
        );
    }
}

/// Pieces of `moments` for the tasks; endless empty ones if it is empty.
fn pieces(moments: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
    moments.chunks_mut(PARAMETERS_PER_TASK).chain(std::iter::repeat_with(Default::default))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares a hundred steps with the published algorithm in f64.
    #[test]
    fn adam_follows_the_published_algorithm() {
        for weight_decay in [0.0_f32, 0.1] {
            let config = OptimizerConfig::AdamW { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay };
            let mut optimizer = Optimizer::new(config, 4);
            // One parameter has such small gradients that ε matters.
            let gradient = |step: usize| [0.3, -2.0 + 0.05 * step as f64, 1e-8, 0.0];
            let mut expected = [0.5, -0.25, 0.125, 4.0];
            let mut found = expected.map(|value| value as f32);
            let (mut first, mut second) = ([0.0; 4], [0.0; 4]);
            for step in 1..=100 {
                let rate = 1e-2;
                for (index, gradient) in gradient(step).into_iter().enumerate() {
                    first[index] = 0.9 * first[index] + 0.1 * gradient;
                    second[index] = 0.999 * second[index] + 0.001 * gradient * gradient;
                    let corrected: f64 = first[index] / (1.0 - 0.9f64.powi(step as i32));
                    let root = (second[index] / (1.0 - 0.999f64.powi(step as i32))).sqrt();
                    expected[index] -= rate * f64::from(weight_decay) * expected[index];
                    expected[index] -= rate * corrected / (root + 1e-8);
                }
                // There are two tensors, whose gradients are twice as large and halved by `factor`.
                let gradients = gradient(step).map(|value| 2.0 * value as f32);
                let gradients = [gradients[..1].to_vec(), gradients[1..].to_vec()];
                let (one, others) = found.split_at_mut(1);
                optimizer.step(rate, 0.5, vec![one, others], &gradients);
            }
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((f64::from(found) - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    #[test]
    fn descent_has_momentum_and_a_penalty() {
        let config = OptimizerConfig::Sgd { momentum: 0.5, weight_decay: 0.1 };
        let mut optimizer = Optimizer::new(config, 1);
        let (mut found, mut expected, mut velocity) = ([2.0_f32], 2.0_f64, 0.0);
        for step in 0..20 {
            let gradient = f64::from(step).sin();
            velocity = 0.5 * velocity + gradient + 0.1 * expected;
            expected -= 0.3 * velocity;
            optimizer.step(0.3, 1.0, vec![&mut found], &[vec![gradient as f32]]);
        }
        assert!((f64::from(found[0]) - expected).abs() < 1e-5, "{} {expected}", found[0]);
    }

    #[test]
    fn a_state_goes_on_where_it_was() {
        let mut one = Optimizer::new(OptimizerConfig::default(), 3);
        let mut parameters = [1.0, 2.0, 3.0];
        one.step(0.1, 1.0, vec![&mut parameters], &[vec![1.0, -1.0, 0.5]]);
        let mut other = Optimizer::new(OptimizerConfig::default(), 3);
        other.restore(&one.to_bytes()).unwrap();
        let mut same = parameters;
        for (optimizer, parameters) in [(&mut one, &mut parameters), (&mut other, &mut same)] {
            optimizer.step(0.1, 1.0, vec![parameters], &[vec![0.3, 0.1, -2.0]]);
        }
        assert_eq!(parameters, same);
        assert!(other.restore(&[0; 9]).unwrap_err().to_string().contains("9 bytes"));
    }
}
