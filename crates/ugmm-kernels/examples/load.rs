//! Runs a layer of any size forward and backward and prints the memory of the process after each step:
//!
//! ```sh
//! cargo run --release -p ugmm-kernels --example load -- 1 10000 10000 2        # rows, inputs, neurons, steps
//! ```

use std::time::Instant;
use ugmm_kernels::{LayerArguments, LayerShape, backward, forward};

/// Resident memory in MiB, or `None` where the system does not report it.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// Pseudo-random numbers from -1 to 1.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn main() {
    let sizes: Vec<usize> =
        std::env::args().skip(1).map(|text| text.parse().expect("a whole number")).collect();
    let [batch, inputs, neurons, steps] = sizes[..] else {
        eprintln!("give rows, inputs, neurons and steps");
        std::process::exit(2);
    };
    let shape = LayerShape { batch, inputs, neurons };
    let (x, means) = (noise(batch * inputs, 1), noise(neurons * inputs, 2));
    let (log_sigmas, mixing_logits) = (noise(neurons * inputs, 3), noise(neurons * inputs, 4));
    let cotangent = noise(batch * neurons, 5);
    let arguments =
        LayerArguments { x: &x, means: &means, log_sigmas: &log_sigmas, mixing_logits: &mixing_logits };
    let (start, mut sum) = (Instant::now(), 0.0);
    for step in 1..=steps {
        let output = forward(shape, arguments).expect("the sizes fit");
        let gradients = backward(shape, arguments, &output.saved, &cotangent, true).expect("the sizes fit");
        sum += f64::from(output.y[0]) + f64::from(gradients.means[0]);
        let finite = output.y.iter().chain(&gradients.means).all(|value| value.is_finite());
        assert!(finite, "step {step}");
        if step == 1 || step * 10 / steps != (step - 1) * 10 / steps {
            let memory = resident().map_or("unknown".to_owned(), |mebibytes| format!("{mebibytes:.1} MiB"));
            println!("step {step}: {:.1} s, resident {memory}", start.elapsed().as_secs_f64());
        }
    }
    println!("{sum}");
}
