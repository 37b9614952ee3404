//! Times of the kernels and of a training step on a GPU, beside the rate of exponentials alone, which bounds them.
//!
//! ```text
//! cargo bench -p ugmm --features cuda --bench gpu
//! UGMM_DEVICE=cuda:1 cargo bench -p ugmm --features cuda --bench gpu
//! ```
//!
//! Without `UGMM_DEVICE` it takes the first GPU that there is. Times are medians of several turns; each ends when the device
//! has done all its work.

use burn::tensor::{Device, Distribution, Tensor};
use std::error::Error;
use std::time::{Duration, Instant};
use ugmm::training::{Batch, Stepper, Targets, TrainingConfig};
use ugmm::{
    Check, ClassObjective, Classification, DeviceName, Init, InitOn, NetworkConfig, Stream, generator,
    gpu_testing, ugmm_log_density,
};

/// Turns of each measurement.
const TURNS: usize = 9;
/// About what a turn takes.
const TURN: Duration = Duration::from_millis(300);
/// Exponentials in a measurement of these alone.
const EXPONENTIALS: usize = 1 << 34;
/// Exponentials in a measurement of these alone on a device in software.
const FEW_EXPONENTIALS: usize = 1 << 26;
/// The paper's network on MNIST, and the batch that the goals are stated for.
const SIZES: [usize; 4] = [784, 128, 64, 10];
const BATCH: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let (name, description) = choice()?;
    let device = ugmm::open_device(name)?;
    println!("{name}: {description}\n");
    let in_software = description.contains("in software");
    let limit = exponentials(&device, if in_software { FEW_EXPONENTIALS } else { EXPONENTIALS });
    println!("exponentials alone: {:.2} billion a second\n", limit / 1e9);
    let batch = if in_software { BATCH / 32 } else { BATCH };
    for [inputs, neurons] in [[784, 128], [128, 64], [64, 10]] {
        layer(&device, batch, inputs, neurons, limit);
    }
    training_step(&device, batch)?;
    Ok(())
}

/// The device of `UGMM_DEVICE`, or the first GPU.
fn choice() -> Result<(DeviceName, String), Box<dyn Error>> {
    let all = ugmm::all_devices();
    let found = match std::env::var("UGMM_DEVICE") {
        Ok(text) => {
            let name: DeviceName = text.parse()?;
            all.into_iter().find(|(other, _)| *other == name).unwrap_or((name, String::new()))
        }
        Err(_) => {
            let gpu = all.into_iter().find(|(name, _)| *name != DeviceName::Cpu);
            gpu.ok_or("no GPU was found by the backends of this build; ugmm devices says more")?
        }
    };
    match found.0 {
        DeviceName::Cpu => {
            Err("this measures GPUs; cargo bench -p ugmm-kernels measures the processor".into())
        }
        _ => Ok(found),
    }
}

/// Median time of a call, in seconds: turns of as many calls as fill them, after which the device is waited for.
fn time(device: &Device, mut call: impl FnMut()) -> f64 {
    let mut turn = |calls: usize| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        device.sync().expect("the device finishes its work");
        start.elapsed()
    };
    // The first calls compile kernels and choose tiles.
    turn(3);
    let once = turn(1);
    let calls = (TURN.as_secs_f64() / once.as_secs_f64()).ceil().clamp(1.0, 1e5) as usize;
    let mut times: Vec<f64> = (0..TURNS).map(|_| turn(calls).as_secs_f64() / calls as f64).collect();
    times.sort_by(f64::total_cmp);
    times[TURNS / 2]
}

/// Exponentials a second.
fn exponentials(device: &Device, count: usize) -> f64 {
    let mut made = 0;
    let seconds = time(device, || made = gpu_testing::exponentials(device, count));
    made as f64 / seconds
}

fn layer(device: &Device, batch: usize, inputs: usize, neurons: usize, limit: f64) {
    let with_gradients = device.clone().autodiff();
    let random = |shape: [usize; 2], device: &Device| {
        Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), device)
    };
    let arguments = |device: &Device| {
        let parameter = || random([neurons, inputs], device);
        [random([batch, inputs], device), parameter(), parameter() - 1.5, parameter()]
    };
    let components = (batch * inputs * neurons) as f64;
    let report = |what: &str, seconds: f64, passes: f64| {
        let rate = passes * components / seconds;
        println!(
            "{what:<44}{:>10.3} ms{:>10.2} billion components a second, {:>3.0} % of exponentials alone",
            seconds * 1e3,
            rate / 1e9,
            100.0 * rate / limit
        );
    };
    let what = format!("{inputs} to {neurons}, batch {batch}");
    let [x, means, log_sigmas, logits] = arguments(device);
    let seconds = time(device, || {
        drop(ugmm_log_density(x.clone(), means.clone(), log_sigmas.clone(), logits.clone()));
    });
    report(&format!("{what}, forward"), seconds, 1.0);
    let [x, means, log_sigmas, logits] = arguments(&with_gradients);
    let [means, log_sigmas, logits] = [means, log_sigmas, logits].map(Tensor::require_grad);
    for (what, passes, x) in [
        (format!("{what}, and parameters backward"), 2.0, x.clone()),
        (format!("{what}, and inputs, too"), 3.0, x.require_grad()),
    ] {
        let seconds = time(device, || {
            let y = ugmm_log_density(x.clone(), means.clone(), log_sigmas.clone(), logits.clone());
            drop(y.sum().backward());
        });
        report(&what, seconds, passes);
    }
    println!();
}

fn training_step(device: &Device, batch: usize) -> Result<(), Box<dyn Error>> {
    let [features, .., classes] = SIZES;
    let mut rng = generator(0, Stream::Initialization);
    let network = NetworkConfig::new(&SIZES).with_init(Init::Paper).init_on(None, &mut rng, device)?;
    let task = Classification::new(features, classes, ClassObjective::Discriminative)?.into();
    let mut stepper = Stepper::new(network, task, &TrainingConfig::new(0, 1).checked()?, device)?;
    let x: Vec<f32> = (0..batch * features).map(|at| (at as f32 * 0.618).fract()).collect();
    let targets = Targets::Classes((0..batch).map(|row| row % classes).collect());
    let batch_of_rows = Batch { x, targets, weights: None };
    let seconds = time(device, || {
        stepper.step_without_waiting(batch_of_rows.clone(), 1e-3).map(drop).expect("the batch fits the task");
    });
    println!("training step of 784-128-64-10, batch {batch}: {:.3} ms", seconds * 1e3);
    if let Some(usage) = device.memory_pool_usage() {
        println!("memory of the device: {usage:?}");
    }
    Ok(())
}
