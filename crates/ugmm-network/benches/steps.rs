//! Measures training steps and forward passes of whole networks, and the kernels in them alone.
//!
//!     RAYON_NUM_THREADS=1 cargo bench -p ugmm-network --bench steps

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use ugmm_kernels::{LayerArguments, LayerShape, backward, forward};
use ugmm_network::training::{Stepper, Targets, TrainingConfig};
use ugmm_network::{
    Check, ClassObjective, Classification, Init, LabelEncoding, Model, Network, NetworkConfig, Predictor,
    Preset, Stream, generator,
};

/// A network, its task and the rows of a batch.
struct Case {
    name: &'static str,
    task: Classification,
    network: Network,
    rows: usize,
    /// Fraction of the features that are 0.
    zeros: f64,
}

fn features(case: &Case) -> Vec<f32> {
    let count = case.rows * case.task.features();
    let random = |at: usize| (at as f64 * 0.618_033_988_7).fract();
    (0..count).map(|at| if random(at) < case.zeros { 0.0 } else { random(7 * at + 3) as f32 }).collect()
}

fn labels(case: &Case) -> Vec<usize> {
    (0..case.rows).map(|row| row % case.task.classes()).collect()
}

fn cases() -> Vec<Case> {
    let plain = |sizes: &[usize]| {
        let config = NetworkConfig::new(sizes).with_init(Init::Paper);
        config.init(None, &mut generator(0, Stream::Initialization)).expect("it is a network")
    };
    let generative = ClassObjective::Generative { label: LabelEncoding::Index };
    let table = Classification::new(30, 2, ClassObjective::Discriminative).expect("it is a task");
    // This is the network of `ugmm train`: standardised, with dropout.
    let mut cases = vec![
        Case {
            name: "iris, 5-10-5-1, joint score",
            task: Classification::new(4, 3, generative).expect("it is a task"),
            network: plain(&[5, 10, 5, 1]),
            rows: 16,
            zeros: 0.0,
        },
        Case { name: "table, 30-256-2", task: table, network: plain(&[30, 256, 2]), rows: 32, zeros: 0.0 },
        Case {
            name: "mnist, 784-128-64-10",
            task: Classification::new(784, 10, ClassObjective::Discriminative).expect("it is a task"),
            network: plain(&[784, 128, 64, 10]),
            rows: 128,
            zeros: 0.81,
        },
        Case {
            name: "dense, 784-128-64-10",
            task: Classification::new(784, 10, ClassObjective::Discriminative).expect("it is a task"),
            network: plain(&[784, 128, 64, 10]),
            rows: 128,
            zeros: 0.0,
        },
    ];
    let as_trained = Case {
        name: "table as trained, 30-256-2",
        rows: 64,
        network: plain(&[1, 1]),
        task: table,
        zeros: 0.0,
    };
    let ugmm_network::ModelConfig::Ugmm(config) = Preset::Best.ugmm(&table.into(), &[256]) else {
        unreachable!()
    };
    let sample = features(&as_trained);
    let network =
        config.init(Some(&sample), &mut generator(0, Stream::Initialization)).expect("it is a network");
    cases.push(Case { network, ..as_trained });
    cases
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    for case in cases() {
        let (x, labels) = (features(&case), labels(&case));
        let model = Model::Ugmm(case.network.clone());
        let config = TrainingConfig::new(0, 1).checked().expect("it is usable");
        let mut stepper = Stepper::new(model, case.task.into(), &config).expect("it fits");
        let targets = Targets::Classes(labels.clone());
        group.bench_function(BenchmarkId::new("whole", case.name), |bencher| {
            bencher.iter(|| stepper.take_step(x.clone(), &targets, 1e-6).expect("the batch fits"));
        });
        // The kernels of all layers run on separate inputs.
        let mut y = case.task.with_labels(&labels).expect("the classes fit").network_input(&x);
        let mut layers = Vec::new();
        for layer in &case.network.layers {
            layers.push((layer, y.clone(), layer.log_sigmas()));
            y = layer.forward(&y);
        }
        group.bench_function(BenchmarkId::new("kernels", case.name), |bencher| {
            bencher.iter(|| {
                for (index, (layer, x, log_sigmas)) in layers.iter().enumerate() {
                    let (inputs, neurons) = (layer.inputs(), layer.neurons());
                    let shape = LayerShape { batch: x.len() / inputs, inputs, neurons };
                    let arguments = LayerArguments {
                        x,
                        means: &layer.means,
                        log_sigmas,
                        mixing_logits: &layer.mixing_logits,
                    };
                    let output = forward(shape, arguments).expect("the layer fits");
                    let gradients = backward(shape, arguments, &output.saved, &output.y, index > 0);
                    black_box(gradients.expect("the layer fits"));
                }
            });
        });
    }
    group.finish();
}

fn forwards(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forward of 1024 rows");
    for case in cases() {
        let case = Case { rows: 1024, ..case };
        let labels = labels(&case);
        let x = case.task.with_labels(&labels).expect("the classes fit").network_input(&features(&case));
        group.bench_function(case.name, |bencher| bencher.iter(|| case.network.forward(black_box(&x))));
    }
    group.finish();
}

criterion_group!(benches, steps, forwards);
criterion_main!(benches);
