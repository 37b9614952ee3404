//! Quantiles of the standard normal distribution.

/// The quantile of a standard normal distribution at `probability`, 0 < `probability` < 1, to about seven
/// digits.
///
/// Algorithm AS 241 (PPND7) of M. J. Wichura, Applied Statistics 37 (1988), 477-484.
pub(super) fn quantile(probability: f64) -> f64 {
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        let above = [3.387_132_717_9, 50.434_271_938, 159.291_132_02, 59.109_374_72];
        let below = [1.0, 17.895_169_469, 78.757_757_664, 67.187_563_6];
        return centred * polynomial(&above, r) / polynomial(&below, r);
    }
    let r = (-probability.min(1.0 - probability).ln()).sqrt();
    let distance = if r <= 5.0 {
        let above = [1.423_437_277_7, 2.756_815_39, 1.306_728_481_6, 0.170_238_211_03];
        polynomial(&above, r - 1.6) / polynomial(&[1.0, 0.737_001_642_5, 0.120_211_329_75], r - 1.6)
    } else {
        let above = [6.657_905_115, 3.081_226_386, 0.428_682_943_37, 0.017_337_203_997];
        polynomial(&above, r - 5.0) / polynomial(&[1.0, 0.241_978_942_25, 0.012_258_202_635], r - 5.0)
    };
    distance.copysign(centred)
}

/// `coefficients[0] + coefficients[1] x + …`
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are from printed tables.
    #[test]
    fn known_quantiles() {
        for (probability, expected) in [
            (0.5, 0.0),
            (0.75, 0.674_489_750_2),
            (0.975, 1.959_963_985),
            (0.999, 3.090_232_306),
            (1e-6, -4.753_424_309),
            (1e-12, -7.034_483_825),
        ] {
            let found = quantile(probability);
            assert!((found - expected).abs() < 1e-6, "{probability}: {found}");
            assert!((quantile(1.0 - probability) + expected).abs() < 1e-3, "{probability}");
        }
    }
}
