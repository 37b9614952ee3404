//! Tests that results are bit for bit equal for any number of threads.

mod common;

use common::{EITHER, Layer};
use proptest::{strategy::ValueTree, test_runner::TestRunner};
use ugmm_kernels::dispatch::{InstructionSet, ZeroPath};
use ugmm_kernels::{Forward, Gradients, LayerShape};

/// A layer of odd sizes, with enough work for several threads (at least 2^18 component evaluations) and with
/// some pairs so far from the components that they need the rescue.
fn layer(shape: LayerShape) -> Layer {
    let mut runner = TestRunner::deterministic();
    let mut values = |count: usize, lowest: f32, highest: f32| {
        let strategy = proptest::collection::vec(lowest..highest, count);
        proptest::strategy::Strategy::new_tree(&strategy, &mut runner).unwrap().current()
    };
    let LayerShape { batch, inputs, neurons } = shape;
    let mut layer = Layer {
        shape,
        x: values(batch * inputs, -3.0, 3.0),
        means: values(neurons * inputs, -2.0, 2.0),
        log_sigmas: values(neurons * inputs, -4.0, 1.0),
        mixing_logits: values(neurons * inputs, -2.0, 2.0),
        cotangent: values(batch * neurons, -2.0, 2.0),
    };
    layer.x[..3 * inputs].iter_mut().for_each(|x| *x += 500.0);
    layer
}

fn run(layer: &Layer, path: ZeroPath, threads: usize) -> (Forward, Gradients) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let output = layer.forward_along(InstructionSet::best(), path);
        let gradients = layer.backward(&output.saved);
        (output, gradients)
    })
}

#[test]
fn any_number_of_threads_agrees_to_the_bit() {
    let shapes = [(67, 153, 37), (9, 601, 71), (131, 2100, 1), (900, 1, 301), (128, 300, 33), (130, 128, 20)];
    for (batch, inputs, neurons) in shapes {
        let dense = layer(LayerShape { batch, inputs, neurons });
        let mut sparse = dense.clone();
        sparse.x.iter_mut().enumerate().filter(|(at, _)| at * at % 7 > 1).for_each(|(_, x)| *x = 0.0);
        for (layer, path) in [&dense, &sparse].into_iter().flat_map(|layer| EITHER.map(|path| (layer, path)))
        {
            let (output, gradients) = run(layer, path, 1);
            assert!(layer.x != dense.x || output.saved.rescued() > 0, "the rescue should be exercised");
            // Sixteen threads cut panels into pieces.
            for threads in [2, 3, 16] {
                let (other_output, other_gradients) = run(layer, path, threads);
                assert_eq!(bits(&output.y), bits(&other_output.y));
                assert_eq!(bits(gradients.x.as_ref().unwrap()), bits(other_gradients.x.as_ref().unwrap()));
                assert_eq!(bits(&gradients.means), bits(&other_gradients.means));
                assert_eq!(bits(&gradients.log_sigmas), bits(&other_gradients.log_sigmas));
                assert_eq!(bits(&gradients.mixing_logits), bits(&other_gradients.mixing_logits));
            }
        }
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
