//! Measures how the cost of a layer grows with its batch, inputs and neurons; `scripts/plot_cost.py` draws
//! the output.
//!
//! Each of the three is varied over three decades while the other two stay as they are in the first layer of the paper's
//! MNIST network. One thread; times are the shortest of several, in seconds. Inputs are dense.

use std::time::{Duration, Instant};
use ugmm_kernels::{LayerArguments, LayerShape, backward, forward};

const BATCH: usize = 128;
const INPUTS: usize = 784;
const NEURONS: usize = 128;

/// Sizes spaced by about a third of a decade.
const SIZES: [usize; 10] = [8, 17, 37, 80, 172, 371, 800, 1_720, 3_710, 8_000];

/// Time for which a size is repeated.
const PATIENCE: Duration = Duration::from_millis(400);
const FEWEST_REPETITIONS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    println!("varied,size,forward_s,backward_s");
    for size in SIZES {
        for (varied, shape) in [
            ("batch", LayerShape { batch: size, inputs: INPUTS, neurons: NEURONS }),
            ("inputs", LayerShape { batch: BATCH, inputs: size, neurons: NEURONS }),
            ("neurons", LayerShape { batch: BATCH, inputs: INPUTS, neurons: size }),
        ] {
            let [forward, backward] = shortest_times(shape)?;
            println!("{varied},{size},{forward},{backward}");
        }
    }
    Ok(())
}

/// The shortest times of the forward pass and of the backward pass without the gradient with respect to x, in
/// seconds.
fn shortest_times(shape: LayerShape) -> Result<[f64; 2], Box<dyn std::error::Error>> {
    let LayerShape { batch, inputs, neurons } = shape;
    let x = numbers(batch * inputs, 0.0, 1.0);
    let means = numbers(neurons * inputs, 0.0, 1.0);
    let log_sigmas = numbers(neurons * inputs, -2.0, -1.0);
    let mixing_logits = numbers(neurons * inputs, 0.0, 1.0);
    let cotangent = numbers(batch * neurons, -1e-3, 1e-3);
    let arguments =
        LayerArguments { x: &x, means: &means, log_sigmas: &log_sigmas, mixing_logits: &mixing_logits };
    let mut shortest = [f64::INFINITY; 2];
    let start = Instant::now();
    for repetition in 0.. {
        if repetition >= FEWEST_REPETITIONS && start.elapsed() > PATIENCE {
            break;
        }
        let from = Instant::now();
        let output = forward(shape, arguments)?;
        let between = Instant::now();
        let gradients = backward(shape, arguments, &output.saved, &cotangent, false)?;
        let times = [between - from, between.elapsed()];
        std::hint::black_box(gradients);
        for (shortest, time) in shortest.iter_mut().zip(times) {
            *shortest = shortest.min(time.as_secs_f64());
        }
    }
    Ok(shortest)
}

/// Pseudo-random numbers, uniform between `lowest` and `highest`.
fn numbers(count: usize, lowest: f32, highest: f32) -> Vec<f32> {
    let mut state = count as u64;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            lowest + (highest - lowest) * (state >> 40) as f32 / (1 << 24) as f32
        })
        .collect()
}
