//! Trains a hidden Chow-Liu tree on MNIST's pixels and prints bits per dimension.
//!
//! ```text
//! cargo run --release -p ugmm-circuit --example mnist -- DIRECTORY [UNITS] [EPOCHS] [--key=value ...]
//! ```
//!
//! The directory contains `train-images-idx3-ubyte` and `t10k-images-idx3-ubyte`, uncompressed. The last
//! 5,000 training images are held out for early stopping; with `--test` the test images are evaluated at the
//! end.

use std::error::Error;
use std::path::Path;
use std::time::Instant;
use ugmm_circuit::structure::{ImageSplit, hidden_chow_liu_tree, quadrants};
use ugmm_circuit::{Method, Rows, TrainingConfig, Variable, train_structure};

const PIXELS: usize = 28 * 28;
const HELD_OUT: usize = 5_000;

fn main() -> Result<(), Box<dyn Error>> {
    let (options, positional): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let option = |key: &str| {
        let prefix = format!("--{key}=");
        options.iter().find_map(|option| option.strip_prefix(&prefix)).map(str::parse::<f64>).transpose()
    };
    let directory = positional.first().ok_or("give the directory with MNIST's files")?;
    let units: usize = positional.get(1).map_or(Ok(64), |units| units.parse())?;
    let epochs: usize = positional.get(2).map_or(Ok(20), |epochs| epochs.parse())?;

    let mut train = images(&Path::new(directory).join("train-images-idx3-ubyte"))?;
    let validation = train.split_off(train.len() - HELD_OUT * PIXELS);
    if let Some(rows) = option("rows")? {
        train.truncate(rows as usize * PIXELS);
    }
    let (rows, validation) = (Rows::new(&train, PIXELS)?, Rows::new(&validation, PIXELS)?);
    let variables = vec![Variable::categorical(256); PIXELS];

    let start = Instant::now();
    let structure = if options.iter().any(|option| option == "--quadrants") {
        quadrants((28, 28), PIXELS, units, ImageSplit::Both)?
    } else {
        hidden_chow_liu_tree(rows, &variables, units)?
    };
    println!("{} regions in {:.1} s", structure.regions().len(), start.elapsed().as_secs_f64());

    let defaults = TrainingConfig::default();
    let method = match option("adam")? {
        Some(learning_rate) => Method::Adam { learning_rate },
        None => Method::ExpectationMaximization {
            step_size: option("step")?.unwrap_or(0.5),
            final_step_size: option("last")?.unwrap_or(0.05),
        },
    };
    let config = TrainingConfig {
        epochs,
        method,
        batch_size: option("batch")?.map_or(1024, |size| size as usize),
        pseudo_count: option("pseudo")?.unwrap_or(5.0),
        ..defaults
    };
    let start = Instant::now();
    let trained = train_structure(rows, Some(validation), variables, &structure, &config, |epoch| {
        let validation = epoch.validation.map_or(f64::NAN, bits_per_dimension);
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "epoch {:3}: {:.4} bits per dimension in training, {validation:.4} held out, {seconds:.1} s",
            epoch.number,
            bits_per_dimension(epoch.training),
        );
        true
    })?;
    println!("{} parameters, best epoch {}", trained.circuit.parameters(), trained.best_epoch);
    if options.iter().any(|option| option == "--test") {
        let test = images(&Path::new(directory).join("t10k-images-idx3-ubyte"))?;
        let start = Instant::now();
        let densities = trained.circuit.log_likelihood(Rows::new(&test, PIXELS)?)?;
        let mean = densities.iter().sum::<f64>() / densities.len() as f64;
        println!(
            "test: {:.4} bits per dimension, in double precision, {:.1} s",
            bits_per_dimension(mean),
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn bits_per_dimension(log_likelihood: f64) -> f64 {
    -log_likelihood / (PIXELS as f64 * std::f64::consts::LN_2)
}

/// Pixel values from 0 to 255, image by image.
fn images(path: &Path) -> Result<Vec<f64>, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let header = [0, 0, 8, 3].as_slice();
    if bytes.len() < 16 || &bytes[..4] != header || (bytes.len() - 16) % PIXELS != 0 {
        return Err(format!("{}: not an uncompressed IDX file of 28 × 28 pixels", path.display()).into());
    }
    Ok(bytes[16..].iter().map(|&byte| f64::from(byte)).collect())
}
