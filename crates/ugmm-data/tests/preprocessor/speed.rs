//! How long large tables take.

use std::time::Instant;

use ugmm_data::Scaling;
use ugmm_data::frame::ColumnData;

use crate::fixture::{all_rows, fit_all, scaled, table};

/// `cargo test --release -p ugmm-data --test preprocessor speed -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let mut state = 1_u64;
    let mut column = || {
        let number = (0..1_000_000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64
        });
        ColumnData::Numbers(number.collect())
    };
    let names: Vec<String> = (0..20).map(|index| format!("n{index}")).collect();
    let columns: Vec<(&str, ColumnData)> = names.iter().map(|name| (name.as_str(), column())).collect();
    let table = table(&columns);
    let rows = all_rows(&table);
    for scaling in [Scaling::None, Scaling::Standard, Scaling::Quantile] {
        let start = Instant::now();
        let preprocessor = fit_all(&table, &scaled(scaling)).unwrap();
        let fitted = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let inputs = preprocessor.transform(&table, &rows).unwrap();
        println!(
            "{scaling:?}: fit {fitted:.2} s, {} inputs in {:.2} s",
            inputs.len(),
            start.elapsed().as_secs_f64()
        );
    }
}
