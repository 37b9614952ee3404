//! Settings as TOML, up to the network and the training that they describe.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ugmm_fuzz::within_memory;
use ugmm_network::{Preset, Settings, TableShape, TargetKind};

fuzz_target!(|content: &[u8]| {
    let Ok(text) = std::str::from_utf8(content) else { return };
    within_memory(text.len(), 512, 1 << 20, || {
        let Ok(settings) = toml::from_str::<Settings>(text) else { return };
        for preset in [Preset::Best, Preset::Paper] {
            for target in [TargetKind::Classes(3), TargetKind::Number { low: -2.0, high: 2.0 }] {
                let shape = TableShape { features: 4, target, rows: 150 };
                if let Ok(recipe) = settings.recipe(preset, &shape, 1) {
                    // A recipe is checked, and can be written.
                    serde_json::to_string(&recipe.training).expect("settings are numbers and names");
                }
            }
        }
    });
});
