//! Networks of layers of any kind.

use crate::support::{
    assert_close, assert_gradients_are_right, assert_record_is_complete, random, rng, values,
};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ugmm::architecture::{MixedConfig, MixedInput, MixedLayerConfig as Layer, MixedNetwork, Padding};
use ugmm::training::{Dataset, Features, Schedule, TrainingConfig, evaluate, features, train};
use ugmm::{Check, ClassObjective, Classification, Init, Network, Stream, generator};

fn ugmm(neurons: usize) -> Layer {
    Layer::Ugmm { neurons, min_sigma: 0.5, init: Init::Data, dropout: 0.0, input_dropout: 0.0 }
}

fn dense(outputs: usize) -> Layer {
    Layer::UgmmDense { outputs, min_sigma: 0.5, init: Init::Data, dropout: 0.0, input_dropout: 0.0 }
}

fn convolution(channels: usize, dilation: [usize; 2]) -> Layer {
    Layer::UgmmConv2d {
        channels,
        kernel: [3, 3],
        stride: [1, 1],
        dilation,
        padding: Padding::Same,
        min_sigma: 0.5,
        init: Init::Wide,
        dropout: 0.0,
    }
}

fn ordinary_convolution(channels: usize) -> Layer {
    Layer::Conv2d { channels, kernel: [3, 3], stride: [2, 2], dilation: [1, 1], padding: Padding::Same }
}

fn lstm(hidden: usize) -> Layer {
    Layer::UgmmLstm { hidden, min_sigma: 0.5, init: Init::Data, dropout: 0.0 }
}

fn gru(hidden: usize) -> Layer {
    Layer::UgmmGru {
        hidden,
        min_sigma: 0.5,
        init: Init::Data,
        dropout: 0.0,
        update_shift: 1.0,
        scale_states: true,
    }
}

fn encoder(ugmm_feed_forward: bool) -> Layer {
    Layer::TransformerEncoder {
        d_ff: 6,
        heads: 2,
        layers: 1,
        dropout: 0.0,
        causal: true,
        ugmm_feed_forward,
        ugmm_projections: ugmm_feed_forward,
        min_sigma: 1.0,
        init: Init::Wide,
    }
}

/// A network of each kind of input, and together of every kind of layer.
fn configs() -> Vec<MixedConfig> {
    vec![
        MixedConfig::new(
            MixedInput::Features { features: 6 },
            vec![
                Layer::Linear { outputs: 8 },
                Layer::BatchNorm,
                Layer::Relu,
                dense(5),
                Layer::LayerNorm,
                Layer::Gelu,
                Layer::Linear { outputs: 4 },
                Layer::Tanh,
                Layer::Sigmoid,
                ugmm(3),
            ],
        ),
        MixedConfig::new(
            MixedInput::Image { channels: 2, height: 7, width: 6 },
            vec![
                convolution(3, [2, 1]),
                Layer::BatchNorm,
                Layer::Relu,
                ordinary_convolution(4),
                Layer::MaxPool2d { kernel: [2, 2] },
                Layer::Flatten,
                dense(4),
                ugmm(3),
            ],
        ),
        MixedConfig::new(
            MixedInput::Image { channels: 1, height: 6, width: 6 },
            vec![convolution(3, [1, 1]), Layer::MeanOfPixels, Layer::Linear { outputs: 3 }],
        ),
        MixedConfig::new(
            MixedInput::Sequence { steps: 5, features: 4 },
            vec![
                lstm(5),
                gru(4),
                Layer::Lstm { hidden: 5 },
                Layer::Gru { hidden: 4 },
                encoder(true),
                Layer::LastStep,
                Layer::Linear { outputs: 3 },
            ],
        ),
        MixedConfig::new(
            MixedInput::Symbols { steps: 5, symbols: 7 },
            vec![
                Layer::Embedding { features: 4 },
                Layer::PositionalEncoding,
                encoder(false),
                Layer::MeanOfSteps,
                ugmm(3),
            ],
        ),
        // Something is predicted of each step.
        MixedConfig::new(
            MixedInput::Symbols { steps: 5, symbols: 7 },
            vec![Layer::Embedding { features: 4 }, lstm(6), Layer::Linear { outputs: 7 }],
        ),
    ]
}

fn rows(config: &MixedConfig, count: usize, device: &Device) -> Tensor<2> {
    let x = random([count, config.inputs()], &mut rng(5), device);
    match config.input {
        MixedInput::Symbols { symbols, .. } => ((x + 1.5) / 3.0 * (symbols as f64 - 0.01)).floor(),
        _ => x,
    }
}

fn init(config: &MixedConfig, seed: u64, device: &Device) -> MixedNetwork {
    let sample = rows(config, 40, &Device::flex());
    config.init(&sample, &mut generator(seed, Stream::Initialization), device).unwrap()
}

#[test]
fn every_kind_of_layer_works_and_saves() {
    let device = Device::flex();
    for config in configs() {
        config.check().unwrap();
        let network = init(&config, 1, &device);
        let x = rows(&config, 6, &device);
        let steps = network.predictions_per_row();
        assert_eq!(network.inputs(), config.inputs());
        let y = network.forward(x.clone());
        assert_eq!(y.dims(), [6 * steps, network.outputs()]);
        assert!(values(&y).iter().all(|value| value.is_finite()));
        assert_record_is_complete(&network, config.blank(&device).unwrap(), |network| {
            values(&network.forward(x.clone()))
        });
        // The seed decides everything, Burn's own layers included.
        assert_eq!(values(&init(&config, 1, &device).forward(x.clone())), values(&y));
        assert_ne!(values(&init(&config, 2, &device).forward(x)), values(&y));
    }
}

#[test]
fn gradients_equal_finite_differences() {
    let device = Device::flex().autodiff();
    for (number, config) in configs().into_iter().enumerate() {
        // Batch normalisation and ReLU differ between training and not, or have edges.
        if config.layers.iter().any(|layer| matches!(layer, Layer::BatchNorm | Layer::Relu)) {
            continue;
        }
        println!("network {number}");
        let network = init(&config, 3, &device);
        let x = rows(&config, 3, &Device::flex());
        let on = |network: &MixedNetwork| {
            let device = network.devices()[0].clone();
            network.forward(Tensor::from_data(x.to_data(), &device)).tanh().square().sum()
        };
        assert_gradients_are_right(&network, on, &mut rng(6));
    }
}

#[test]
fn configurations_come_back_from_json() {
    for config in configs() {
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<MixedConfig>(&text).unwrap(), config);
    }
    let short = r#"{"input": {"kind": "image", "channels": 1, "height": 8, "width": 8},
        "layers": [{"kind": "ugmm_conv2d", "channels": 4, "kernel": [3, 3]}, {"kind": "mean_of_pixels"},
                   {"kind": "ugmm", "neurons": 2}]}"#;
    let config: MixedConfig = serde_json::from_str(short).unwrap();
    config.check().unwrap();
    let wrong = short.replace("\"neurons\": 2", "\"neurones\": 2");
    assert!(serde_json::from_str::<MixedConfig>(&wrong).unwrap_err().to_string().contains("neurones"));
}

#[test]
fn what_does_not_fit_is_named() {
    let message = |input: MixedInput, layers: Vec<Layer>| {
        MixedConfig::new(input, layers).check().unwrap_err().to_string()
    };
    let features = MixedInput::Features { features: 6 };
    let image = MixedInput::Image { channels: 1, height: 4, width: 4 };
    assert_eq!(
        message(features, vec![convolution(2, [1, 1])]),
        "ugmm_conv2d is a layer after 6 features, but must be after an image"
    );
    assert_eq!(
        message(image, vec![dense(3)]),
        "ugmm_dense is a layer after an image of 1 × 4 × 4 values, but must be after features or a sequence of them"
    );
    assert_eq!(
        message(image, vec![convolution(2, [1, 1])]),
        "what the last layer gives is an image of 2 × 4 × 4 values, but must be features, of each row or of each step; \
         flatten what is an image"
    );
    assert_eq!(
        message(features, vec![lstm(3)]),
        "a recurrent layer is a layer after 6 features, but must be after a sequence"
    );
    assert_eq!(
        message(MixedInput::Features { features: 0 }, vec![]),
        "the input is 0 features, but must be of sizes that are at least 1"
    );
    assert_eq!(message(features, vec![dense(0)]), "outputs is 0, but must be at least 1");
    let sample = Tensor::zeros([3, 5], &Device::flex());
    let config = MixedConfig::new(features, vec![ugmm(2)]);
    let error = config.init(&sample, &mut generator(0, Stream::Initialization), &Device::flex()).unwrap_err();
    assert_eq!(error.to_string(), "the sample for initialisation has 5 columns, but 6 are needed");
    // What only the layer knows.
    let config = MixedConfig::new(
        features,
        vec![Layer::Ugmm { neurons: 2, min_sigma: -1.0, init: Init::Data, dropout: 0.0, input_dropout: 0.0 }],
    );
    assert_eq!(config.check().unwrap_err().to_string(), "min_sigma is -1, but must be between 0 and 1e30");
}

/// Sequences whose class is whether the large value came early or late, which no step tells by itself.
fn early_or_late(count: usize) -> Dataset {
    let mut rng = rng(8);
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for row in 0..count {
        let noise = values(&random::<1>([8], &mut rng, &Device::flex()));
        let place = (noise[0].abs() * 100.0) as usize % 4 + 4 * (row % 2);
        features.extend(noise.iter().enumerate().map(|(step, value)| match step == place {
            true => 2.0,
            false => 0.2 * value,
        }));
        labels.push(row % 2);
    }
    Dataset::new(Features::F32(features), 8, labels, 2).unwrap()
}

#[test]
fn sequences_are_learned_by_the_usual_loop_to_the_same_bits() {
    let device = Device::flex();
    let (training, held_out) = (early_or_late(300), early_or_late(80));
    let input = MixedInput::Sequence { steps: 8, features: 1 };
    let task = Classification::new(8, 2, ClassObjective::Discriminative).unwrap();
    let whole = task.into();
    let config =
        TrainingConfig { schedule: Schedule::Constant { learning_rate: 2e-2 }, ..TrainingConfig::new(0, 25) }
            .checked()
            .unwrap();
    for recurrent in [lstm(8), gru(8)] {
        let layers = vec![recurrent, Layer::LastStep, Layer::Linear { outputs: 2 }];
        let network = MixedConfig::new(input, layers);
        let rows = features(&training, &(0..300).collect::<Vec<_>>(), &device);
        let trained = || {
            let network = network.init(&rows, &mut generator(0, Stream::Initialization), &device).unwrap();
            train(network, &whole, &training, None, &config, &device, &mut ()).unwrap().network
        };
        let first = trained();
        let accuracy = evaluate(&first, &task, &held_out, &device).unwrap().accuracy;
        assert!(accuracy > 0.95, "{accuracy}");
        assert_eq!(values(&first.forward(rows.clone())), values(&trained().forward(rows.clone())));
    }
}

/// The next of a sequence that counts up, modulo 5: something is predicted of each step.
#[test]
fn every_step_may_have_a_prediction() {
    let device = Device::flex();
    let rows = 60;
    let symbol = |row: usize, step: usize| (row + step) % 5;
    let read: Vec<f32> = (0..rows).flat_map(|row| (0..6).map(move |step| symbol(row, step) as f32)).collect();
    let next: Vec<usize> = (0..rows).flat_map(|row| (0..6).map(move |step| symbol(row, step + 1))).collect();
    let dataset = Dataset::of_sequences(Features::F32(read.clone()), 6, next.clone(), 6, 5).unwrap();
    assert_eq!((dataset.rows(), dataset.targets_per_row()), (rows, 6));
    let input = MixedInput::Symbols { steps: 6, symbols: 5 };
    let layers = vec![Layer::Embedding { features: 6 }, lstm(8), Layer::Linear { outputs: 5 }];
    let config = MixedConfig::new(input, layers);
    let network = |_| {
        let sample = features(&dataset, &[0, 1, 2, 3, 4], &device);
        config.init(&sample, &mut generator(0, Stream::Initialization), &device).unwrap()
    };
    let task = Classification::new(6, 5, ClassObjective::Discriminative).unwrap();
    let whole = task.into();
    let training =
        TrainingConfig { schedule: Schedule::Constant { learning_rate: 2e-2 }, ..TrainingConfig::new(0, 30) }
            .checked()
            .unwrap();
    let trained = train(network(()), &whole, &dataset, None, &training, &device, &mut ()).unwrap();
    let metrics = evaluate(&trained.network, &task, &dataset, &device).unwrap();
    assert!(metrics.accuracy > 0.99, "{}", metrics.accuracy);

    // A data set with one class a row does not fit.
    let wrong = Dataset::new(Features::F32(read), 6, vec![0; rows], 5).unwrap();
    let error = train(network(()), &whole, &wrong, None, &training, &device, &mut ()).unwrap_err();
    assert_eq!(error.to_string(), "the data set has 1 targets per row, but 6 are needed");
    let error = Dataset::of_sequences(Features::F32(vec![0.0; 12]), 6, vec![0; 13], 6, 5).unwrap_err();
    assert_eq!(
        error.to_string(),
        "labels_per_row is 6 with 13 labels, but must be at least 1, and the same for every row"
    );
}

/// Batch normalisation behind a mixture with dropped inputs: settled, it normalises what comes without dropout.
#[test]
fn settled_networks_normalise_what_they_see_without_dropout() {
    let device = Device::flex();
    let image = MixedInput::Image { channels: 2, height: 5, width: 4 };
    let dense =
        Layer::UgmmDense { outputs: 6, min_sigma: 1.0, init: Init::Data, dropout: 0.0, input_dropout: 0.4 };
    let before = vec![convolution(3, [1, 1]), Layer::BatchNorm];
    let after = vec![Layer::Flatten, dense, Layer::BatchNorm];
    for layers in [before.clone().into_iter().chain([Layer::Flatten]).collect(), [before, after].concat()] {
        let config = MixedConfig::new(image, layers);
        let x = rows(&config, 400, &device) + 0.5;
        let network = init(&config, 1, &device);
        assert!(network.needs_settling());
        let settled = network.settled(&x, None);
        let y = settled.forward(x.clone());
        // Of channels, the 20 positions together.
        let [count, features] = y.dims();
        let (groups, size) = if features == 60 { (3, 20) } else { (6, 1) };
        for group in 0..groups {
            let part = values(&y.clone().narrow(1, group * size, size));
            let mean = part.iter().sum::<f32>() / (count * size) as f32;
            let variance = part.iter().map(|y| (y - mean).powi(2)).sum::<f32>() / (count * size) as f32;
            assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 2e-2, "{mean} {variance}");
        }
        // Nothing is taken from other rows any more.
        let alone = settled.forward(x.narrow(0, 7, 1));
        assert_close(&values(&alone), &values(&y.narrow(0, 7, 1)), 1e-4);
    }
}

/// By hand: 3 numbers for each component, and gain and shift of each neuron where log-densities are scaled; running
/// means and units are not learned.
#[test]
fn learned_parameters_are_counted() {
    let count = |config: MixedConfig| config.blank(&Device::flex()).unwrap().learned_parameters();
    let features = MixedInput::Features { features: 6 };
    assert_eq!(count(MixedConfig::new(features, vec![ugmm(4)])), 3 * 24);
    assert_eq!(count(MixedConfig::new(features, vec![dense(4)])), 3 * 24 + 8);
    assert_eq!(count(MixedConfig::new(features, vec![Layer::Linear { outputs: 4 }])), 28);
    assert_eq!(count(MixedConfig::new(features, vec![Layer::BatchNorm])), 12);
    let sequence = MixedInput::Sequence { steps: 5, features: 3 };
    assert_eq!(count(MixedConfig::new(sequence, vec![lstm(4)])), 4 * (3 * 7 * 4 + 8));
}

#[test]
fn ready_configurations_fit_images() {
    let device = Device::flex();
    let images = random::<2>([12, 64], &mut rng(9), &device).abs();
    let configs = [
        MixedConfig::ugmm_cnn([1, 8, 8], &[4, 6], &[8], 10, 0.2),
        MixedConfig::ugmm_head_on_convolutional_trunk([1, 8, 8], &[4, 6], &[8], 10, 0.2),
        MixedConfig::cnn([1, 8, 8], &[4, 6], &[8], 10, 0.3),
    ];
    for config in configs {
        let network = config.init(&images, &mut generator(0, Stream::Initialization), &device).unwrap();
        let y = network.forward(images.clone());
        assert_eq!(y.dims(), [12, 10]);
        assert!(values(&y).iter().all(|value| value.is_finite()));
    }
}
