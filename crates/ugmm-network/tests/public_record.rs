//! Tests of faults that were reported for comparable software; the guide's table of promises names other
//! classes of faults.

use ugmm_network::pruning::{Criterion, Keep, Pruner};
use ugmm_network::training::{Dataset, Features, TrainingConfig, evaluate, init_model, train};
use ugmm_network::{
    Check, ClassObjective, Classification, Init, LabelEncoding, Model, ModelConfig, NetworkConfig, Predictor,
    Preset, Stream, Task, generator,
};

/// Pseudo-random numbers from -1 to 1.
fn noise(at: usize) -> f32 {
    ((at * at + 13 * at) as f32 * 0.618).sin()
}

/// With two equal columns and a constant one, a learned spread shrinks until something limits it.
#[test]
fn duplicated_and_constant_columns_do_not_collapse() {
    let labels: Vec<usize> = (0..90).map(|row| row % 3).collect();
    let features = labels.iter().enumerate().flat_map(|(row, &label)| {
        let x = label as f32 * 2.0 + 0.3 * noise(row);
        [x, x, 7.0]
    });
    let rows = Dataset::new(Features::F32(features.collect()), 3, labels, 3).unwrap();
    let label = LabelEncoding::OneHot;
    for objective in [
        ClassObjective::Discriminative,
        ClassObjective::Generative { label },
        ClassObjective::Hybrid { label, weight: 1.0 },
    ] {
        let task = Task::from(Classification::new(3, 3, objective).unwrap());
        let config = Preset::Best.ugmm(&task, &[12]);
        let training = TrainingConfig { batch_size: 16, ..TrainingConfig::new(0, 60) }.checked().unwrap();
        let network = init_model(&config, &task, &rows, 0).unwrap();
        let trained = train(network, &task, &rows, None, &training, &mut ()).unwrap();
        assert!(trained.history.iter().all(|epoch| epoch.training_loss.is_finite()), "{objective:?}");
        let metrics = evaluate(&trained.network, task.classification().unwrap(), &rows).unwrap();
        // The joint score alone separates classes less well than the posterior's cross-entropy.
        assert!(metrics.accuracy > 0.8, "{objective:?}: {}", metrics.accuracy);
        let Model::Ugmm(network) = &trained.network else { panic!("a uGMM network was asked for") };
        for layer in &network.layers {
            assert!(layer.log_sigmas().iter().all(|value| value.is_finite()));
        }
    }
}

/// Neurons with equal parameters would get equal gradients and stay equal.
#[test]
fn neurons_do_not_begin_alike() {
    // Many rows are equal, as background pixels are.
    let values: Vec<f32> = (0..400).map(|at| if at / 4 % 5 == 0 { noise(at) } else { 0.0 }).collect();
    for init in [Init::Paper, Init::Data] {
        let config = NetworkConfig::new(&[4, 16, 3]).with_init(init);
        let network = config.init(Some(&values), &mut generator(0, Stream::Initialization)).unwrap();
        for layer in &network.layers {
            let parts = [layer.means.clone(), layer.log_sigmas().into_owned(), layer.mixing_logits.clone()];
            let inputs = layer.inputs();
            let neuron = |index: usize| -> Vec<f32> {
                parts.iter().flat_map(|part| part[index * inputs..(index + 1) * inputs].to_vec()).collect()
            };
            for a in 0..layer.neurons() {
                for b in 0..a {
                    assert_ne!(neuron(a), neuron(b), "{init:?}: neurons {a} and {b}");
                }
            }
        }
    }
}

/// However few components are kept, each neuron keeps one, so that no layer is disconnected and nothing
/// becomes NaN.
#[test]
fn pruning_cuts_no_layer_off() {
    let x: Vec<f32> = (0..360).map(noise).collect();
    let config = NetworkConfig::new(&[6, 20, 10, 3]).with_init(Init::Data);
    let network = config.init(Some(&x), &mut generator(1, Stream::Initialization)).unwrap();
    let task = Classification::new(6, 3, ClassObjective::Discriminative).unwrap().into();
    for criterion in [Criterion::Influence, Criterion::Responsibility, Criterion::Weight] {
        let pruner = Pruner::new(&network, &task, &x, criterion, None).unwrap();
        for keep in [Keep::Share(1e-9), Keep::AtLeast(f64::MAX)] {
            let pruned = pruner.prune(keep).unwrap();
            assert_eq!(pruned.network.layers.len(), 3);
            for layer in &pruned.network.layers {
                assert!(layer.neurons() > 0 && layer.inputs() > 0);
                // A component without weight has a logit far below all others.
                for logits in layer.mixing_logits.chunks(layer.inputs()) {
                    assert!(logits.iter().any(|logit| logit.abs() < 1e6), "{criterion:?}: {logits:?}");
                }
            }
            let outputs = pruned.network.forward(&x);
            assert!(outputs.iter().all(|value| value.is_finite()), "{criterion:?} {keep:?}");
        }
    }
}

/// A network works even if every layer has the smallest possible size.
#[test]
fn networks_of_single_neurons_work() {
    let config = ModelConfig::Ugmm(NetworkConfig::new(&[1, 1, 1, 1]).with_init(Init::Paper));
    let network = config.init(None, &mut generator(1, Stream::Initialization)).unwrap();
    for value in [0.0, -0.0, f32::MIN_POSITIVE, 1e-45, 1e38, -3.4e38] {
        let output = network.forward(&[value]);
        assert!(output[0].is_finite(), "{value}: {output:?}");
    }
}
