//! Questions as people type them: `column=value` pairs, names and ranges, put to a network and to a density.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use ugmm_fuzz::{file, within_memory};
use ugmm_tabular::{AnyModel, DensityModel, TabularModel, parse_assignments, parse_names};

/// Models of a table of pets, as `ugmm train` wrote them.
static NETWORK: LazyLock<TabularModel> = LazyLock::new(|| {
    let path = file("network", include_bytes!("../../crates/ugmm-cli/tests/models/0.1.0/hybrid.safetensors"));
    TabularModel::load(&path).expect("it was written by this program")
});
static DENSITY: LazyLock<DensityModel> = LazyLock::new(|| {
    let path =
        file("density", include_bytes!("../../crates/ugmm-cli/tests/models/0.1.0/density.safetensors"));
    match AnyModel::load(&path) {
        Ok(AnyModel::Density(model)) => *model,
        _ => panic!("it was written by this program"),
    }
});

fuzz_target!(|content: &[u8]| {
    let Ok(text) = std::str::from_utf8(content) else { return };
    let (network, density) = (&*NETWORK, &*DENSITY);
    within_memory(text.len(), 512, 64 << 20, || {
        let names = parse_names(text);
        let mut variables = network.variables();
        if let Some((name, range)) = text.split_once('=') {
            let _ = variables.set_range(name, range);
        }
        let Ok(pairs) = parse_assignments(text) else { return };
        let asked = names.ok().and_then(|names| names.into_iter().next()).unwrap_or_else(|| "legs".into());
        if let Ok(evidence) = variables.evidence(&pairs) {
            for asked in ["kind", "length", asked.as_str()] {
                let _ = network.answer(&variables, &evidence, asked, 16);
            }
            if let Ok(score) = network.score(&variables, &evidence) {
                assert!(score.is_finite());
            }
        }
        if let Ok(evidence) = density.evidence(&pairs) {
            let log_likelihood = density.log_likelihood(&evidence.row);
            assert!(log_likelihood.is_ok_and(|logs| !logs[0].is_nan()));
            for asked in ["kind", "length", asked.as_str()] {
                let _ = density.answer(&evidence, asked);
            }
        }
    });
});
