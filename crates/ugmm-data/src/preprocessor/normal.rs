//! Quantiles of the standard normal distribution.

/// The number below which a share `probability` of a standard normal distribution lies, for 0 < `probability` < 1;
/// within 1e-15 of its size.
///
/// Algorithm AS 241 (PPND16) of M. J. Wichura, Applied Statistics 37 (1988), 477-484.
pub(super) fn quantile(probability: f64) -> f64 {
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180625 - centred * centred;
        return centred * polynomial(&CENTRE[0], r) / polynomial(&CENTRE[1], r);
    }
    let r = (-probability.min(1.0 - probability).ln()).sqrt();
    let [above, below] = if r <= 5.0 { &TAIL } else { &FAR_TAIL };
    let r = if r <= 5.0 { r - 1.6 } else { r - 5.0 };
    (polynomial(above, r) / polynomial(below, r)).copysign(centred)
}

/// `coefficients[0] + coefficients[1] x + …`
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Above and below the fraction bar.
type Fraction = [[f64; 8]; 2];

/// For probabilities from 0.075 to 0.925.
const CENTRE: Fraction = [
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
];

/// For probabilities from exp(-25), 1.4e-11, on.
const TAIL: Fraction = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

const FAR_TAIL: Fraction = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_quantiles() {
        let known = [
            (0.5, 0.0),
            (0.6, 0.253_347_103_135_799_8),
            (0.9, 1.281_551_565_544_600_4),
            (0.975, 1.959_963_984_540_054),
            (0.99, 2.326_347_874_040_841),
            (1e-5, -4.264_890_793_922_825),
            (1e-10, -6.361_340_902_404_056),
            (1e-20, -9.262_340_089_798_409),
            (1e-100, -21.273_453_560_965_32),
            (1e-300, -37.047_096_299_361_2),
        ];
        for (probability, expected) in known {
            let found = quantile(probability);
            assert!((found - expected).abs() <= 4e-15 * expected.abs(), "{probability}: {found}, {expected}");
            if probability > 1e-3 {
                let other = quantile(1.0 - probability);
                assert!((other + expected).abs() <= 1e-14, "{probability}: {other}");
            }
        }
    }
}
