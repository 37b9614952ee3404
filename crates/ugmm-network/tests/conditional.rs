//! Tests of the conditional density of a number: its properties, and that it is learned.

use proptest::prelude::*;
use rand::RngExt;
use ugmm_network::inference::conditional::{ConditionalDensity, conditional_densities};
use ugmm_network::inference::prediction::predicted_densities;
use ugmm_network::metrics::NumberMetrics;
use ugmm_network::training::{Dataset, Features, init_model, train};
use ugmm_network::{
    ClassObjective, Classification, DensityObjective, Init, LossOptions, NetworkConfig, Predictor, Preset,
    Regression, Settings, Stream, TableShape, TargetKind, Targets, Task, generator,
};

proptest! {
    /// For any scores the density is normalised, and its summaries agree with each other.
    #[test]
    fn it_is_a_density(scores in prop::collection::vec(-200f32..200.0, 1..40), low in -5f64..5.0, width in 0.1f64..9.0) {
        let high = low + width;
        let density = ConditionalDensity::new((low, high), scores);
        let median = density.quantile(0.5);
        let (narrow, wide) = (density.stretched(0.5), density.stretched(3.0));
        // The stretched width holds up to the width of a cell and the part that is cut off.
        let width_of = |density: &ConditionalDensity| density.quantile(0.75) - density.quantile(0.25);
        let cell = width / density.probabilities().len() as f64;
        prop_assert!((width_of(&narrow) - 0.5 * width_of(&density)).abs() <= 2.0 * cell);
        // Between two equal peaks the median may be anywhere.
        if density.quantile(0.51) - density.quantile(0.49) <= cell {
            prop_assert!((narrow.quantile(0.5) - median).abs() <= 2.0 * cell);
        }
        for density in [narrow, wide, density] {
            let steps = 4000;
            let at = |step: usize| low + width * (step as f64 + 0.5) / steps as f64;
            let integral: f64 = (0..steps).map(|step| density.density(at(step))).sum::<f64>() * width / steps as f64;
            // The edges of the cells do not coincide with those of the grid.
            prop_assert!((integral - 1.0).abs() < 0.02, "{integral}");
            prop_assert!((density.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert_eq!((density.cumulative(low - 1.0), density.density(high + 1.0)), (0.0, 0.0));
            prop_assert!((density.cumulative(high) - 1.0).abs() < 1e-9);
            let mut last = low;
            for step in 0..=20 {
                let probability = f64::from(step) / 20.0;
                let quantile = density.quantile(probability);
                prop_assert!(quantile >= last - 1e-9 && quantile <= high + 1e-9);
                prop_assert!((density.cumulative(quantile) - probability).abs() < 1e-6);
                last = quantile;
            }
            let mean = density.mean();
            prop_assert!((low..=high).contains(&mean) && density.deviation() <= width);
            // The expected score is an integral of squared differences of distribution functions.
            for y in [low - 0.5, mean, high + 0.25] {
                let (from, to) = (low - 1.0, high + 1.0);
                let cell = (to - from) / 20_000.0;
                let square = |step: usize| {
                    let t = from + (step as f64 + 0.5) * cell;
                    (density.cumulative(t) - if t >= y { 1.0 } else { 0.0 }).powi(2)
                };
                let expected = (0..20_000).map(square).sum::<f64>() * cell;
                prop_assert!((density.crps(y) - expected).abs() < 1e-3 * width.max(1.0), "{} {expected}", density.crps(y));
            }
        }
    }
}

/// Compares densities with the joint score normalised directly.
#[test]
fn densities_are_the_normalised_joint_score() {
    let config = NetworkConfig::new(&[3, 4, 1]).with_init(Init::Paper).with_min_sigma(0.3);
    let network = config.init(None, &mut generator(5, Stream::Initialization)).unwrap();
    let x = [0.3f32, -0.4, 1.0, 0.2];
    let densities = conditional_densities(&network, &x, (-2.0, 2.0), 50);
    for (row, density) in x.chunks(2).zip(&densities) {
        let score = |y: f64| f64::from(network.forward(&[row[0], row[1], y as f32])[0]).exp();
        let middle = |cell: usize| -2.0 + 4.0 * (cell as f64 + 0.5) / 50.0;
        let total: f64 = (0..50).map(|cell| score(middle(cell))).sum::<f64>() * 4.0 / 50.0;
        for cell in 0..50 {
            let (found, expected) = (density.density(middle(cell)), score(middle(cell)) / total);
            assert!((found / expected - 1.0).abs() < 1e-4, "{found} {expected}");
        }
    }
}

/// With y = ±x plus noise the mean is uninformative, and the density has two peaks.
#[test]
fn two_branches_are_learned() {
    let mut rng = generator(6, Stream::Splitting);
    let mut draw = |rows: usize| {
        let mut noise = |width: f32| rng.random_range(-width..width);
        let x: Vec<f32> = (0..rows).map(|_| noise(1.0) + 2.0).collect();
        let y =
            x.iter().enumerate().map(|(row, x)| if row % 2 == 0 { x + noise(0.2) } else { noise(0.2) - x });
        let numbers = y.collect();
        Dataset::with_numbers(Features::F32(x), 1, numbers).unwrap()
    };
    let (rows, new) = (draw(600), draw(300));
    let target = TargetKind::Number { low: -4.0, high: 4.0 };
    let shape = TableShape { features: 1, target, rows: 600 };
    let settings = Settings { epochs: Some(40), nodes: Some(24), ..Settings::default() };
    let recipe = settings.recipe(Preset::Best, &shape, 0).unwrap();
    let network = init_model(&recipe.model, &recipe.task, &rows, 0).unwrap();
    let trained = train(network, &recipe.task, &rows, None, &recipe.training, &mut ()).unwrap();
    let densities =
        predicted_densities(&trained.network, recipe.task.regression().unwrap(), new.features(), 128)
            .unwrap();
    let Targets::Numbers(numbers) = new.targets() else { panic!("numbers were drawn") };
    let numbers: Vec<f64> = numbers.iter().map(|&number| number.into()).collect();
    let metrics = NumberMetrics::of(&densities, &numbers, None);
    // The true density has a log-density of ln(1 / (2 · 0.4)) = 0.22; one that ignores x has about −1.9.
    assert!(metrics.log_density > -0.5, "{metrics:?}");
    assert!(metrics.coverage_90 > 0.85, "{metrics:?}");
    assert!(densities.iter().all(|density| density.density(0.0) < 0.1));
    assert!(trained.history.iter().all(|report| report.validation.is_none()));
}

#[test]
fn tasks_and_targets_must_fit() {
    let objective = DensityObjective { low: 0.0, high: 1.0, nodes: 8, crps_weight: 1.0 };
    let message = |objective| Regression::new(1, objective).unwrap_err().to_string();
    assert_eq!(
        message(DensityObjective { low: 1.0, ..objective }),
        "the range of the target is 1 to 1, but must be from a finite number to a greater one"
    );
    assert_eq!(
        message(DensityObjective { nodes: 1, ..objective }),
        "nodes is 1, but must be between 2 and 4096"
    );
    let error = Classification::new(1, 0, ClassObjective::Discriminative).unwrap_err();
    assert_eq!(error.to_string(), "classes is 0, but must be at least 1");
    let good = Regression::new(1, objective).unwrap().into();
    let rows = Dataset::new(Features::F32(vec![1.0, 2.0]), 1, vec![0, 0], 1).unwrap();
    let error = init_model(&Preset::Best.ugmm(&good, &[4]), &good, &rows, 0).unwrap_err();
    assert_eq!(error.to_string(), "the targets is classes, but must be numbers, for this objective");
    let error = Dataset::with_numbers(Features::F32(vec![1.0]), 1, vec![f32::NAN]).unwrap_err().to_string();
    assert!(error.starts_with("the column of numbers to predict holds NaN in row 0"), "{error}");
}

/// Compares the loss with its formula: minus the log-density of the own cell, and the distance of the
/// distribution function from certainty.
#[test]
fn the_loss_is_its_formula() {
    let config = NetworkConfig::new(&[2, 3, 1]).with_init(Init::Paper).with_min_sigma(0.3);
    let network = config.init(None, &mut generator(5, Stream::Initialization)).unwrap();
    let (x, y, nodes) = ([0.3f32, -0.8], [0.4f32, -1.9], 4usize);
    for crps_weight in [0.0, 2.5] {
        let objective = DensityObjective { low: -2.0, high: 2.0, nodes, crps_weight };
        let task = Task::from(Regression::new(1, objective).unwrap());
        let targets = Targets::Numbers(y.to_vec());
        let targets = task.with_targets(&targets).unwrap();
        let mut rng = generator(3, Stream::Dropout);
        let inputs = targets.loss_inputs(x.to_vec(), &mut rng);
        let outputs = network.forward(&inputs.x);
        let found = f64::from(targets.loss(&outputs, &inputs, &LossOptions::default()).0);
        // This generator gives the places in the cells that the loss uses.
        let mut rng = generator(3, Stream::Dropout);
        let mut expected = 0.0;
        for (&x, &y) in x.iter().zip(&y) {
            let own = (f64::from(y) + 2.0).floor() as usize;
            let mut places: Vec<f32> =
                (0..nodes).map(|cell| cell as f32 - 2.0 + rng.random::<f32>()).collect();
            places[own] = y;
            let score = |y: f32| f64::from(network.forward(&[x, y])[0]).exp();
            let weights: Vec<f64> = places.into_iter().map(score).collect();
            let total: f64 = weights.iter().sum();
            let distribution = |cell: usize| weights[..=cell].iter().sum::<f64>() / total;
            let distance = |cell| (distribution(cell) - if cell >= own { 1.0 } else { 0.0 }).powi(2);
            let crps: f64 = (0..nodes).map(distance).sum();
            expected += 0.5 * (crps_weight * crps - (weights[own] / total).ln());
        }
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}
