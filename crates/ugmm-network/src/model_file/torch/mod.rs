//! Networks that the paper's published code trained, from the files that `torch.save` writes of their `state_dict()`: a zip
//! archive with a pickle that describes the tensors, and an entry for the numbers of each.

mod pickle;
mod zip;

use self::pickle::Tensor;
use self::zip::Archive;
use crate::{Network, NetworkConfig, UgmmError};
use std::collections::BTreeMap;
use std::path::Path;

/// The parts of a layer: μ, log σ and the mixing logits, each `[neurons, inputs]`.
const PARTS: [&str; 3] = ["mu", "std", "k"];

/// Reads a network from a checkpoint of the paper's published code, which `torch.save(model.state_dict(), path)` wrote with
/// PyTorch 1.6 or newer. Its tensors are `layers.N.mu`, `layers.N.std`, which is log σ, and `layers.N.k` for each layer with
/// parameters. Nothing in the file is executed.
///
/// # Errors
///
/// [`UgmmError`] when the file cannot be read, is damaged, or its tensors do not make a network of finite numbers.
pub fn network_of_paper(path: &Path) -> Result<Network, UgmmError> {
    let bytes = std::fs::read(path).map_err(|source| UgmmError::Io { path: path.to_path_buf(), source })?;
    network_of_paper_bytes(&bytes).map_err(|reason| UgmmError::ModelFile { path: path.to_path_buf(), reason })
}

/// Reads a network from the bytes of a file; see [`network_of_paper`].
///
/// # Errors
///
/// A clause that says why there is no network in them.
pub fn network_of_paper_bytes(bytes: &[u8]) -> Result<Network, String> {
    if !bytes.starts_with(&zip::LOCAL) {
        return Err(
            "not a file of torch.save, or one of a PyTorch before 1.6; save the state_dict() again".into()
        );
    }
    let archive = Archive::read(bytes)?;
    let (folder, pickle) = archive.pickle().ok_or("not a file of torch.save: it has no entry data.pkl")?;
    if archive.get(folder, "byteorder").is_some_and(|order| order != b"little") {
        return Err("its numbers were written on a big-endian machine".into());
    }
    let mut layers = BTreeMap::new();
    for dictionary in pickle::dictionaries(pickle)? {
        for (name, tensor) in dictionary {
            if let Some((layer, part)) = place_of(&name) {
                let parts: &mut [Option<Tensor>; 3] = layers.entry(layer).or_default();
                // The first dictionary wins: a second one may be of an optimiser.
                parts[part].get_or_insert(tensor);
            }
        }
    }
    if layers.is_empty() {
        return Err(
            "it has no tensors such as layers.1.mu; save the state_dict() of the paper's uGMMNet".into()
        );
    }
    let sizes = sizes(&layers)?;
    // Room is made only for numbers that the file has: several tensors could be views of the same ones.
    let numbers = sizes.windows(2).try_fold(0_usize, |sum, pair| {
        sum.checked_add(pair[0].checked_mul(pair[1])?.checked_mul(PARTS.len())?)
    });
    if numbers.is_none_or(|numbers| numbers > bytes.len() / size_of::<f32>()) {
        return Err(format!("the file is too short for layers of the sizes {sizes:?}"));
    }
    let mut network = NetworkConfig::new(&sizes).blank();
    for (layer, (number, parts)) in network.layers.iter_mut().zip(layers) {
        for (place, values) in layer.tensors_mut().into_iter().enumerate() {
            let name = format!("layers.{number}.{}", PARTS[place]);
            let tensor = parts[place].as_ref().ok_or_else(|| format!("{name} is missing"))?;
            read(&archive, folder, tensor, values).map_err(|reason| format!("{name} {reason}"))?;
        }
    }
    Ok(network)
}

/// The number of a layer and the place of a part in [`PARTS`], of a name such as `layers.1.mu`.
fn place_of(name: &str) -> Option<(usize, usize)> {
    let mut words = name.rsplit('.');
    let (part, number, layers) = (words.next()?, words.next()?, words.next()?);
    let part = PARTS.iter().position(|&each| each == part)?;
    (layers == "layers").then_some((number.parse().ok()?, part))
}

/// The number of inputs, then of neurons of each layer.
fn sizes(layers: &BTreeMap<usize, [Option<Tensor>; 3]>) -> Result<Vec<usize>, String> {
    let mut sizes = Vec::new();
    for (number, parts) in layers {
        for (part, tensor) in PARTS.iter().zip(parts) {
            let tensor = tensor.as_ref().ok_or_else(|| format!("layers.{number}.{part} is missing"))?;
            let first = parts[0].as_ref().map(|first| &first.shape);
            let (neurons, inputs) = match tensor.shape.as_slice() {
                &[neurons, inputs] if neurons > 0 && inputs > 0 => (neurons, inputs),
                shape => {
                    return Err(format!(
                        "layers.{number}.{part} has the shape {shape:?}, but must have neurons and inputs"
                    ));
                }
            };
            if first != Some(&tensor.shape) {
                return Err(format!(
                    "layers.{number}.{part} has the shape {:?}, but layers.{number}.mu another one",
                    tensor.shape
                ));
            }
            if *part == PARTS[0] {
                match sizes.last() {
                    None => sizes.push(inputs),
                    Some(&before) if before != inputs => {
                        return Err(format!(
                            "layers.{number} has {inputs} inputs, but the layer before it has {before} neurons"
                        ));
                    }
                    Some(_) => {}
                }
                sizes.push(neurons);
            }
        }
    }
    Ok(sizes)
}

/// Reads the numbers of a matrix.
fn read(archive: &Archive<'_>, folder: &[u8], tensor: &Tensor, values: &mut [f32]) -> Result<(), String> {
    let bytes =
        archive.get(folder, &format!("data/{}", tensor.storage.key)).ok_or("has no numbers in the file")?;
    match tensor.storage.kind.as_str() {
        "FloatStorage" => read_as::<4>(bytes, tensor, values, f32::from_le_bytes),
        "DoubleStorage" => read_as::<8>(bytes, tensor, values, |bytes| f64::from_le_bytes(bytes) as f32),
        kind => Err(format!("is a {kind}; convert the model to float() before it is saved")),
    }
}

fn read_as<const SIZE: usize>(
    bytes: &[u8],
    tensor: &Tensor,
    values: &mut [f32],
    number: impl Fn([u8; SIZE]) -> f32,
) -> Result<(), String> {
    let (&[_, inputs], &[row_stride, stride]) = (tensor.shape.as_slice(), tensor.strides.as_slice()) else {
        return Err("is no matrix".into());
    };
    let (numbers, _) = bytes.as_chunks::<SIZE>();
    for (place, value) in values.iter_mut().enumerate() {
        let (row, column) = (place / inputs, place % inputs);
        let row = row.checked_mul(row_stride).and_then(|row| row.checked_add(tensor.offset));
        let at = column.checked_mul(stride).and_then(|column| column.checked_add(row?));
        let &bytes = at.and_then(|at| numbers.get(at)).ok_or("has more numbers than the file")?;
        *value = number(bytes);
        if !value.is_finite() {
            return Err(format!("has {value}, which is not finite as an f32"));
        }
    }
    Ok(())
}
