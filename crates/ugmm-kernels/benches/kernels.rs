//! Measures the kernels in component evaluations per second, and the rate of exponentials alone, which bounds
//! them.
//!
//! All inputs are synthetic; those of the sparse calls are 0 with a probability of 81 %, the share in MNIST.
//! Run on one thread with `RAYON_NUM_THREADS=1 cargo bench -p ugmm-kernels`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use ugmm_kernels::dispatch::{self, InstructionSet};
use ugmm_kernels::{LayerArguments, LayerShape, backward, forward};

/// A generator of pseudo-random numbers, uniform on [0, 1).
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    fn vector(&mut self, count: usize, value: impl Fn(&mut Self) -> f32) -> Vec<f32> {
        (0..count).map(|_| value(self)).collect()
    }
}

struct Layer {
    shape: LayerShape,
    x: Vec<f32>,
    means: Vec<f32>,
    log_sigmas: Vec<f32>,
    mixing_logits: Vec<f32>,
    cotangent: Vec<f32>,
}

impl Layer {
    /// A layer as initialisation makes it; a fraction `zeros` of its inputs is 0.
    fn new(batch: usize, inputs: usize, neurons: usize, zeros: f32) -> Self {
        let mut uniform = Uniform(7);
        let parameters = neurons * inputs;
        let x = |uniform: &mut Uniform| if uniform.next() < zeros { 0.0 } else { uniform.next() };
        // The sum of twelve uniform numbers is close to a normal one.
        let normal = |uniform: &mut Uniform| (0..12).map(|_| uniform.next()).sum::<f32>() - 6.0;
        Layer {
            shape: LayerShape { batch, inputs, neurons },
            x: uniform.vector(batch * inputs, x),
            means: uniform.vector(parameters, normal),
            log_sigmas: uniform.vector(parameters, |uniform| uniform.next().max(1e-3).ln()),
            mixing_logits: uniform.vector(parameters, Uniform::next),
            cotangent: uniform.vector(batch * neurons, |uniform| 0.01 * (uniform.next() - 0.5)),
        }
    }

    fn arguments(&self) -> LayerArguments<'_> {
        LayerArguments {
            x: &self.x,
            means: &self.means,
            log_sigmas: &self.log_sigmas,
            mixing_logits: &self.mixing_logits,
        }
    }

    fn components(&self) -> u64 {
        (self.shape.batch * self.shape.inputs * self.shape.neurons) as u64
    }
}

fn exponentials(criterion: &mut Criterion) {
    let values = Uniform(1).vector(2048, |uniform| -20.0 * uniform.next());
    let mut results = vec![0.0; values.len()];
    let mut group = criterion.benchmark_group("exponentials");
    group.throughput(Throughput::Elements(values.len() as u64));
    group.bench_function("in the first-level cache", |bencher| {
        bencher.iter(|| dispatch::exponentials(InstructionSet::best(), black_box(&values), &mut results));
    });
}

fn layers(criterion: &mut Criterion) {
    for (name, layer) in [
        ("784 to 128, batch 128, dense", Layer::new(128, 784, 128, 0.0)),
        ("784 to 128, batch 128, sparse", Layer::new(128, 784, 128, 0.81)),
        ("784 to 128, batch 1024, dense", Layer::new(1024, 784, 128, 0.0)),
        ("128 to 64, batch 128", Layer::new(128, 128, 64, 0.0)),
        ("5 to 10, batch 16", Layer::new(16, 5, 10, 0.0)),
    ] {
        let (shape, arguments) = (layer.shape, layer.arguments());
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(layer.components()));
        group.bench_function("forward", |bencher| bencher.iter(|| forward(shape, black_box(arguments))));
        if shape.batch > 128 {
            continue;
        }
        let Ok(output) = forward(shape, arguments) else { continue };
        for (name, want_x) in [("backward, parameters", false), ("backward, parameters and x", true)] {
            group.bench_function(name, |bencher| {
                bencher
                    .iter(|| backward(shape, black_box(arguments), &output.saved, &layer.cotangent, want_x));
            });
        }
    }
}

criterion_group!(benches, exponentials, layers);
criterion_main!(benches);
