//! Model files of networks and densities, and a few rows through what could be loaded.
//!
//! An input that begins with `u` or `d` is a model in parts, so that lengths and quotes need not be guessed: after the letter
//! the description, the header's tensors and their bytes, with 0xff between them. Any other input is a file as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ugmm_fuzz::{file, within_memory};
use ugmm_tabular::{DensityModel, Device, Engine, Evidence, NetworkModel, TableModel, load};

/// What a file may take beside a multiple of its size.
const CONSTANT: usize = 64 << 20;
/// Bytes for each byte of the file while it is opened.
const FACTOR: usize = 64;
/// Inputs or columns up to which rows are put through.
const FEW: usize = 64;

fuzz_target!(|input: &[u8]| {
    let content = match input.split_first() {
        Some((b'u', parts)) => assembled("ugmm", parts),
        Some((b'd', parts)) => assembled("ugmm_density", parts),
        _ => Some(input.to_vec()),
    };
    let Some(content) = content else { return };
    let path = file("model", &content);
    let Ok(model) = within_memory(content.len(), FACTOR, CONSTANT, || load(&path, &Device::default())) else { return };
    match Engine::of(&*model) {
        Engine::Network(model) if model.preprocessor().inputs() <= FEW => ask_network(model),
        Engine::Density(model) if model.columns().len() <= FEW => {
            // Tables of whole numbers are made here; they may be a thousand times as large as what describes them.
            within_memory(content.len(), 12_000, 1 << 30, || ask_density(model));
        }
        _ => {}
    }
});

/// The file of a model in parts.
fn assembled(key: &str, parts: &[u8]) -> Option<Vec<u8>> {
    let mut parts = parts.splitn(3, |&byte| byte == 0xff);
    let description = std::str::from_utf8(parts.next()?).ok()?;
    let tensors = std::str::from_utf8(parts.next()?).ok()?;
    let inner = tensors.trim().strip_prefix('{')?;
    let description = serde_json::to_string(description).ok()?;
    let comma = if inner.trim() == "}" { "" } else { "," };
    let header = format!("{{\"__metadata__\":{{\"{key}\":{description}}}{comma}{inner}");
    Some([&(header.len() as u64).to_le_bytes(), header.as_bytes(), parts.next()?].concat())
}

/// Predictions of ordinary and of extreme rows are no NaN.
fn ask_network(model: &NetworkModel) {
    let width = model.preprocessor().inputs();
    let mut rows: Vec<f32> = [0.0, 1.0, -3e38, 3e38].iter().flat_map(|&value| vec![value; width]).collect();
    if model.takes_missing_values() && width > 1 {
        rows.extend((0..width).map(|input| if input == 0 { 1.0 } else { f32::NAN }));
    }
    if let Ok(logs) = model.log_probabilities(&rows) {
        assert!(logs.iter().all(|log| !log.is_nan()), "{logs:?}");
    }
    if let Ok(densities) = model.densities(&rows) {
        assert!(densities.iter().all(|density| !density.mean().is_nan()));
    }
    if let Ok(predictions) = model.predicted(&rows) {
        let values = predictions.values();
        assert_eq!(values.len(), rows.len() / width);
        assert!(values.iter().all(|value| !value.is_nan()));
        let _ = model.responsibilities(&rows, &values);
    }
    let _ = model.image_grid();
    if let Some(novelty) = model.novelty() {
        let _ = novelty.is_unusual(&rows[..width]);
    }
}

/// Log-likelihoods are no NaN.
fn ask_density(model: &DensityModel) {
    let width = model.columns().len();
    let rows: Vec<f64> = [0.0, 1.0, -1e300, f64::NAN].iter().flat_map(|&value| vec![value; width]).collect();
    for row in rows.chunks(width) {
        if let Ok(logs) = model.log_likelihood(row) {
            assert!(logs.iter().all(|log| !log.is_nan()), "{logs:?}");
        }
    }
    let _ = model.distribution(&Evidence::nothing(width), 0, 16);
    let _ = model.complete(&vec![f64::NAN; width], 2, 1);
    let _ = (model.classes(), model.image_grid());
}
