//! Measures what dropping components saves: the time of a forward pass against the fraction of components
//! with weight, for dense inputs and for inputs of which 81 % are 0, as in MNIST. It uses one thread and
//! prints the shortest of several times, in milliseconds.

use std::time::Instant;
use ugmm_kernels::dispatch::{InstructionSet, ZeroPath, forward_along};
use ugmm_kernels::{DROPPED_LOGIT, LayerArguments, LayerShape};

const SHAPE: LayerShape = LayerShape { batch: 4096, inputs: 784, neurons: 128 };
const SHARES: [f32; 7] = [1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05];
const REPETITIONS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    println!("instructions,zeros,kept,milliseconds");
    for instructions in InstructionSet::all() {
        for zeros in [0.0, 0.81] {
            for kept in SHARES {
                let milliseconds = shortest(instructions, zeros, kept)?;
                println!("{instructions:?},{zeros},{kept},{milliseconds:.2}");
            }
        }
    }
    Ok(())
}

fn shortest(instructions: InstructionSet, zeros: f32, kept: f32) -> Result<f64, Box<dyn std::error::Error>> {
    let LayerShape { batch, inputs, neurons } = SHAPE;
    let mut uniform = uniform();
    let x: Vec<f32> = (0..batch * inputs).map(|_| if uniform() < zeros { 0.0 } else { uniform() }).collect();
    let means: Vec<f32> = (0..neurons * inputs).map(|_| uniform()).collect();
    let log_sigmas: Vec<f32> = (0..neurons * inputs).map(|_| uniform() - 2.0).collect();
    let mixing_logits: Vec<f32> =
        (0..neurons * inputs).map(|_| if uniform() < kept { uniform() } else { DROPPED_LOGIT }).collect();
    let arguments =
        LayerArguments { x: &x, means: &means, log_sigmas: &log_sigmas, mixing_logits: &mixing_logits };
    let mut shortest = f64::INFINITY;
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        std::hint::black_box(forward_along(instructions, ZeroPath::Measured, SHAPE, arguments)?);
        shortest = shortest.min(1e3 * start.elapsed().as_secs_f64());
    }
    Ok(shortest)
}

/// Pseudo-random numbers, uniform on [0, 1).
fn uniform() -> impl FnMut() -> f32 {
    let mut state = 7_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    }
}
