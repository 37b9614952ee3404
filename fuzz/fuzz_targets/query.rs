//! Questions as people type them: `column=value` pairs, names and ranges, put to a network and to a density.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use ugmm_fuzz::{file, within_memory};
use ugmm_tabular::{Device, TableModel, load};
use ugmm_tabular::question::{parse_assignments, parse_names};

/// Models of a table of pets, as `ugmm train` wrote them.
static MODELS: LazyLock<[Box<dyn TableModel>; 2]> = LazyLock::new(|| {
    let models: [(&str, &[u8]); 2] = [
        ("network", include_bytes!("../../crates/ugmm-cli/tests/models/0.1.0/hybrid.safetensors")),
        ("density", include_bytes!("../../crates/ugmm-cli/tests/models/0.1.0/density.safetensors")),
    ];
    models.map(|(name, bytes)| load(&file(name, bytes), &Device::default()).expect("it was written by this program"))
});

fuzz_target!(|content: &[u8]| {
    let Ok(text) = std::str::from_utf8(content) else { return };
    let models = &*MODELS;
    within_memory(text.len(), 512, 64 << 20, || {
        let names = parse_names(text);
        let range = text.split_once('=').map(|(name, range)| (name.to_owned(), range.to_owned()));
        let Ok(pairs) = parse_assignments(text) else { return };
        let asked = names.ok().and_then(|names| names.into_iter().next()).unwrap_or_else(|| "legs".into());
        for model in models {
            let _ = model.evidence(&[], range.as_slice());
            let Ok(evidence) = model.evidence(&pairs, &[]) else { continue };
            for asked in ["kind", "length", asked.as_str()] {
                let _ = model.answer(&evidence, asked, 16);
            }
            if let Ok(level) = model.level(&evidence) {
                assert!(!level.is_nan());
            }
        }
    });
});
