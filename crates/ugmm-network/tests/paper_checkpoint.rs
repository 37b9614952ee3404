//! Checkpoints of the paper's published code: networks 3-4-2 and 3-4-1 that PyTorch 2.9.1 saved (`torch.save` of the
//! `state_dict()` of modules with the published names, shapes and initialisation, seed 0), and the outputs of the published
//! formula in PyTorch.

use ugmm_network::Predictor;
use ugmm_network::model_file::{network_of_paper, network_of_paper_bytes};

const CLASSES: &[u8] = include_bytes!("checkpoints/classes.pt");
const GENERATIVE: &[u8] = include_bytes!("checkpoints/generative.pt");
const ROWS: [f32; 6] = [0.5, -1.0, 2.0, 0.0, 0.25, 1.0];

#[test]
fn outputs_are_those_of_the_published_formula() {
    let right: [(&[u8], &[f32]); 2] = [
        (CLASSES, &[-2.280_612, -2.964_321_9, -1.578_264, -3.693_573]),
        (GENERATIVE, &[-3.012_916, -2.100_738_5]),
    ];
    for (bytes, right) in right {
        let network = network_of_paper_bytes(bytes).unwrap();
        let outputs = network.forward(&ROWS);
        assert_eq!(outputs.len(), right.len());
        for (found, right) in outputs.iter().zip(right) {
            assert!((found - right).abs() < 1e-5, "{found} {right}");
        }
    }
}

#[test]
fn files_that_are_no_checkpoint_are_refused_in_a_sentence() {
    let refused = |bytes: &[u8], message: &str| {
        let error = network_of_paper_bytes(bytes).unwrap_err();
        assert!(error.contains(message), "{error}");
    };
    refused(b"", "not a file of torch.save");
    refused(b"\x80\x02}q\x00.", "before 1.6");
    refused(&CLASSES[..CLASSES.len() - 30], "cut off");
    refused(&changed(CLASSES, b"layers.1.mu", b"layers.1.mo"), "layers.1.mu is missing");
    refused(&changed(CLASSES, b"FloatStorage", b"ShortStorage"), "is a ShortStorage");
    // The shape of layers.1.mu, (4, 3), with its strides (3, 1).
    refused(
        &changed(CLASSES, b"K\x04K\x03\x86", b"K\x05K\x03\x86"),
        "layers.1.std has the shape [4, 3], but",
    );
    let path = std::path::Path::new("no such file.pt");
    assert!(network_of_paper(path).unwrap_err().to_string().contains("no such file.pt"));
}

#[test]
fn nothing_of_a_checkpoint_is_executed_and_no_room_is_made_for_what_it_claims() {
    // A function that Python would call is a value like any other.
    let called = changed(CLASSES, b"torch._utils\n_rebuild_tensor_v2", b"os\nsystem_ABCDEFGHIJKLMNOPQRST");
    assert!(network_of_paper_bytes(&called).unwrap_err().contains("has no tensors"));
    // 2^31 - 1 neurons of 2^31 - 1 inputs, in a pickle of the same length.
    let huge = b"\x80\x02}X\x0b\x00\x00\x00layers.1.mu";
    let tensor = |key: &str| {
        let mut pickle = format!("X{}{key}", "").into_bytes();
        pickle.splice(1..1, (key.len() as u32).to_le_bytes());
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000tQ");
        pickle.extend(b"K\x00J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86K\x00K\x00\x86tRs");
        pickle
    };
    let mut pickle = huge[..3].to_vec();
    for part in ["mu", "std", "k"] {
        pickle.extend(tensor(&format!("layers.1.{part}")));
    }
    pickle.push(b'.');
    let error =
        network_of_paper_bytes(&archive(&[("a/data.pkl", &pickle), ("a/data/0", &[0; 4])])).unwrap_err();
    assert!(error.contains("too short for layers of the sizes [2147483647, 2147483647]"), "{error}");
}

#[test]
fn damaged_bytes_give_an_error_or_a_network() {
    for length in 0..CLASSES.len() {
        assert!(network_of_paper_bytes(&CLASSES[..length]).is_err());
    }
    for at in 0..CLASSES.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = CLASSES.to_vec();
            bytes[at] ^= mask;
            if let Ok(network) = network_of_paper_bytes(&bytes) {
                assert!(network.forward(&ROWS[..network.inputs().min(6)]).iter().all(|y| y.is_finite()));
            }
        }
    }
}

/// The bytes with the first occurrence of a part replaced by another part of the same length.
fn changed(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|part| part == from).expect("the part is there");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// A zip archive of stored entries.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let number = |value: usize| (value as u32).to_le_bytes();
    let (mut all, mut directory) = (Vec::new(), Vec::<u8>::new());
    for (name, bytes) in entries {
        let offset = number(all.len());
        // Flags, method, time, date and checksum, then sizes and the lengths of name and extra field.
        let mut fields = vec![0; 12];
        fields.extend([number(bytes.len()), number(bytes.len()), number(name.len())].concat());
        for part in [b"PK\x03\x04".as_slice(), &[0; 2], &fields, name.as_bytes(), bytes] {
            all.extend(part);
        }
        for part in [b"PK\x01\x02".as_slice(), &[0; 4], &fields, &[0; 10], &offset, name.as_bytes()] {
            directory.extend(part);
        }
    }
    let (start, size) = (number(all.len()), number(directory.len()));
    all.extend(directory);
    for part in [b"PK\x05\x06".as_slice(), &[0; 8], &size, &start, &[0; 2]] {
        all.extend(part);
    }
    all
}
