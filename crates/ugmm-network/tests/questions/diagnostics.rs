//! Compares R̂ and effective sample sizes with ArviZ 0.23.4, on chains that both can generate.

use ugmm_network::inference::diagnostics::Diagnostics;

/// Autoregressive chains from a linear congruential generator; each chain is shifted by `shift` from the one
/// before.
fn chains(count: usize, draws: usize, correlation: f64, shift: f64) -> Vec<Vec<f64>> {
    let chain = |chain: usize| {
        let (mut state, mut x) = (1 + chain as u64, 0.0);
        let draw = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            x = correlation * x + (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            x + shift * chain as f64
        };
        (0..draws).map(draw).collect()
    };
    (0..count).map(chain).collect()
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.expect("the draws differ");
    assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
}

/// The expected values are `arviz.rhat(x)`, `arviz.ess(x, method="bulk")` and `arviz.ess(x, method="tail")`.
#[test]
fn they_are_those_of_arviz() {
    for ((count, draws, correlation, shift), r_hat, bulk, tail) in [
        ((4, 100, 0.0, 0.0), 1.004902993893124, 394.4082075777307, 413.13031118745243),
        ((4, 101, 0.9, 0.0), 1.118192902113431, 31.440477088421655, 103.87074125535793),
        ((2, 500, 0.5, 0.3), 1.1529640987529883, 10.555822854594412, 305.692312812712),
        ((4, 50, -0.6, 0.0), 0.9844430120720242, 460.2059991327962, 235.61984405017523),
        ((3, 40, 0.2, 5.0), 2.43850954373994, 4.49730466692232, 53.589355429846236),
    ] {
        let found = Diagnostics::of(&chains(count, draws, correlation, shift));
        close(found.r_hat, r_hat);
        close(found.bulk_effective, bulk);
        close(found.tail_effective, tail);
    }
    let states: Vec<Vec<f64>> = chains(4, 200, 0.8, 0.0)
        .iter()
        .map(|chain| chain.iter().map(|&x| if x > 0.0 { 1.0 } else { 0.0 }).collect())
        .collect();
    close(Diagnostics::of(&states).r_hat, 1.0188253119147266);
    close(Diagnostics::of(&states).bulk_effective, 158.0820422287402);
}

#[test]
fn independent_chains_agree_and_separate_ones_do_not() {
    let agreeing = Diagnostics::of(&chains(4, 1000, 0.0, 0.0));
    assert!(agreeing.agree() && agreeing.r_hat.unwrap() < 1.01, "{agreeing:?}");
    assert!(agreeing.bulk_effective.unwrap() > 3000.0, "{agreeing:?}");
    let apart = Diagnostics::of(&chains(4, 1000, 0.0, 3.0));
    assert!(!apart.agree() && apart.r_hat.unwrap() > 1.5, "{apart:?}");
    // Folded ranks detect different spreads about equal centres.
    let mut spreads = chains(4, 1000, 0.0, 0.0);
    spreads[0].iter_mut().for_each(|x| *x *= 5.0);
    assert!(Diagnostics::of(&spreads).r_hat.unwrap() > 1.05);
    // Split chains detect a common drift.
    let mut drifting = chains(4, 1000, 0.0, 0.0);
    drifting
        .iter_mut()
        .for_each(|chain| chain.iter_mut().enumerate().for_each(|(i, x)| *x += i as f64 / 500.0));
    assert!(Diagnostics::of(&drifting).r_hat.unwrap() > 1.2);
}

#[test]
fn odd_chains_have_no_diagnostics_or_the_worst() {
    let nothing = Diagnostics::default();
    assert_eq!(Diagnostics::of(&[]), nothing);
    assert_eq!(Diagnostics::of(&[vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 4.0]]), nothing);
    let equal = Diagnostics::of(&[vec![2.0; 50], vec![2.0; 50]]);
    assert!(equal == nothing && equal.agree());
    let stuck = Diagnostics::of(&[vec![0.0; 50], vec![1.0; 50]]);
    assert!(stuck.r_hat == Some(f64::MAX) && !stuck.agree(), "{stuck:?}");
}
