//! Inspection and pruning of the layers in these architectures.

use crate::support::{assert_close, random, rng, values};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use ugmm::architecture::{
    MixedConfig, MixedInput, MixedLayerConfig as Layer, Padding, UgmmConv2dConfig, UgmmDense, UgmmGruConfig,
    UgmmLstmConfig, UgmmTransformerEncoderConfig, UgmmTransformerEncoderInput,
};
use ugmm::{Init, UgmmLayer};
use ugmm_network::inspect::{leading_components, mean_responsibilities, summarize_layer};
use ugmm_network::pruning::{Criterion, Keep, prune_layer};

/// What a gate computes of the rows that are said to be its inputs is what happens in the network.
#[test]
fn the_rows_of_each_layer_are_those_that_it_reads() {
    let device = Device::flex();
    let mut rng = rng(1);
    let x: Tensor<3> = random([3, 6, 4], &mut rng, &device);
    for reverse in [false, true] {
        let config = UgmmLstmConfig::new(4, 5).with_reverse(reverse);
        let lstm = config.init_from(&x, &mut rng, &device).unwrap();
        let rows = lstm.gate_inputs(x.clone());
        let (states, _) = lstm.forward(x.clone(), None);
        // From the cells that follow from the gates on these rows, the states follow.
        let gate = |gate: &UgmmDense| gate.forward(rows.clone()).reshape([3, 6, 5]);
        let open = |dense: &UgmmDense| burn::tensor::activation::sigmoid(gate(dense));
        let (i, f, o) = (open(&lstm.input_gate), open(&lstm.forget_gate), open(&lstm.output_gate));
        let g = gate(&lstm.cell_gate).tanh();
        let mut cell = Tensor::<3>::zeros([3, 1, 5], &device);
        for step in 0..6 {
            let step = if reverse { 5 - step } else { step };
            let at = |all: &Tensor<3>| all.clone().narrow(1, step, 1);
            cell = at(&f) * cell + at(&i) * at(&g);
            assert_close(&values(&(at(&o) * cell.clone().tanh())), &values(&at(&states)), 1e-5);
        }
    }
    let gru = UgmmGruConfig::new(4, 5).init_from(&x, &mut rng, &device).unwrap();
    let states = gru.forward(x.clone(), None);
    let rows = gru.gate_inputs(x.clone());
    let update = burn::tensor::activation::sigmoid(gru.update_gate.forward(rows.clone()));
    let candidate = gru.new_gate.forward(gru.new_gate_inputs(x)).tanh();
    let expected = (update.clone() * -1.0 + 1.0) * candidate
        + update * rows.narrow(1, 4, 5) / gru.state_scale.val().unsqueeze();
    assert_close(&values(&expected), &values(&states), 1e-5);
}

#[test]
fn sub_layers_of_an_encoder_read_normalised_features() {
    let device = Device::flex();
    let x: Tensor<3> = random([2, 5, 8], &mut rng(2), &device) * 4.0 + 3.0;
    let encoder = UgmmTransformerEncoderConfig::new(8, 12, 2, 2).init(&device).unwrap();
    let inputs = encoder.sub_layer_inputs(UgmmTransformerEncoderInput::new(x.clone()));
    assert_eq!(inputs.len(), 2);
    for of_layer in &inputs {
        for rows in [&of_layer.attention, &of_layer.feed_forward] {
            assert_eq!(rows.dims(), [10, 8]);
            let first = values(&rows.clone().narrow(0, 0, 1));
            assert!(first.iter().sum::<f32>().abs() < 1e-3);
        }
    }
    let first = encoder.layers[0].norm_2.forward(x).reshape([10, 8]);
    assert_close(&values(&inputs[0].attention), &values(&first), 1e-6);
}

#[test]
fn every_ugmm_layer_of_a_mixed_network_is_found_by_name() {
    let device = Device::flex();
    let config = MixedConfig::new(
        MixedInput::Sequence { steps: 4, features: 4 },
        vec![
            Layer::UgmmLstm { hidden: 4, min_sigma: 0.5, init: Init::Data, dropout: 0.0 },
            Layer::TransformerEncoder {
                d_ff: 6,
                heads: 2,
                layers: 1,
                dropout: 0.0,
                causal: false,
                ugmm_feed_forward: true,
                ugmm_projections: true,
                min_sigma: 1.0,
                init: Init::Wide,
            },
            Layer::LastStep,
            Layer::Linear { outputs: 4 },
            Layer::UgmmDense {
                outputs: 3,
                min_sigma: 1.0,
                init: Init::Data,
                dropout: 0.0,
                input_dropout: 0.0,
            },
            Layer::Ugmm { neurons: 2, min_sigma: 1.0, init: Init::Data, dropout: 0.0, input_dropout: 0.0 },
        ],
    );
    let network = config.blank(&device).unwrap();
    let names: Vec<String> = network.ugmm_layers().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "0.input_gate",
            "0.forget_gate",
            "0.output_gate",
            "0.cell_gate",
            "1.0.attention.query",
            "1.0.attention.key",
            "1.0.attention.value",
            "1.0.feed_forward.inner",
            "1.0.feed_forward.outer",
            "4.ugmm_dense",
            "5.ugmm",
        ]
    );
    let image = MixedConfig::new(
        MixedInput::Image { channels: 1, height: 4, width: 4 },
        vec![
            Layer::UgmmConv2d {
                channels: 2,
                kernel: [3, 3],
                stride: [1, 1],
                dilation: [1, 1],
                padding: Padding::Same,
                min_sigma: 1.0,
                init: Init::Wide,
                dropout: 0.0,
            },
            Layer::Flatten,
        ],
    );
    let network = image.blank(&device).unwrap();
    let [(name, layer)] = &network.ugmm_layers()[..] else { panic!("it has one uGMM layer") };
    assert_eq!((name.as_str(), layer.inputs(), layer.neurons()), ("0.ugmm_conv2d", 9, 2));
}

/// A gate of which one component has nearly all weight: inspection says so, and nearly all of the others can go.
#[test]
fn a_gate_can_be_inspected_and_pruned() {
    let device = Device::flex();
    let mut rng = rng(3);
    let x: Tensor<3> = random([40, 6, 4], &mut rng, &device);
    let mut lstm = UgmmLstmConfig::new(4, 5).init_from(&x, &mut rng, &device).unwrap();
    let logits = lstm.forget_gate.layer.mixing_logits.val();
    let one_hot =
        Tensor::<2>::zeros([5, 9], &device).slice_assign([0..5, 2..3], Tensor::full([5, 1], 12.0, &device));
    lstm.forget_gate.layer.mixing_logits = Param::from_tensor(logits * 0.1 + one_hot);
    let rows = lstm.gate_inputs(x.clone());
    let gate = &lstm.forget_gate.layer.to_layer();
    let listed = values(&rows);
    for neuron in leading_components(gate, 2) {
        assert_eq!(neuron[0].input, 2);
        assert!(neuron[0].weight > 0.95);
    }
    let responsibilities = mean_responsibilities(gate, &listed);
    for neuron in responsibilities.chunks(9) {
        assert!((neuron.iter().sum::<f64>() - 1.0).abs() < 1e-5);
        // Less than its weight: where it is out of reach the others answer.
        assert!(neuron[2] > 0.5, "{neuron:?}");
    }
    let summary = summarize_layer(gate, Some(&listed));
    assert_eq!((summary.neurons, summary.inputs, summary.components), (5, 9, 45));
    assert!(summary.effective_components < 1.5 && summary.activity.is_some());

    let before = values(&lstm.forward(x.clone(), None).0);
    let (layer, pruned) = prune_layer(gate, &listed, Criterion::Influence, None, Keep::Share(0.5)).unwrap();
    assert!(pruned.components <= 23 && pruned.neurons == 5, "{pruned:?}");
    assert_eq!(summarize_layer(&layer, None).components, pruned.components);
    lstm.forget_gate.layer = UgmmLayer::of(&layer, &device);
    let after = values(&lstm.forward(x, None).0);
    assert_ne!(before, after);
    let error = before.iter().zip(&after).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error < 0.1, "{error}");
}

#[test]
fn a_convolution_can_be_inspected_and_pruned() {
    let device = Device::flex();
    let mut rng = rng(4);
    let x: Tensor<4> = random([10, 2, 6, 6], &mut rng, &device);
    let mut convolution = UgmmConv2dConfig::new([2, 4], [3, 3]).init_from(&x, &mut rng, &device).unwrap();
    let patches = convolution.patches(x.clone());
    let layer = &convolution.dense.layer.to_layer();
    let patches = values(&patches);
    let summary = summarize_layer(layer, Some(&patches));
    assert_eq!((summary.neurons, summary.components), (4, 72));
    let before = convolution.forward(x.clone());
    let mut errors = Vec::new();
    for share in [0.9, 0.5, 0.2] {
        let (pruned, report) =
            prune_layer(layer, &patches, Criterion::Influence, Some(0.05), Keep::Share(share)).unwrap();
        assert!(report.components as f64 <= share * 72.0 + 1.0, "{report:?}");
        let mut smaller = convolution.clone();
        smaller.dense.layer = UgmmLayer::of(&pruned, &device);
        let difference = (smaller.forward(x.clone()) - before.clone()).square().mean();
        errors.push(difference.into_scalar::<f32>());
    }
    assert!(errors.is_sorted(), "the fewer components, the larger the error: {errors:?}");
    // Activations vary by 1, and half of the components do for most of it.
    assert!(errors[0] < 0.02 && errors[1] < 0.3, "{errors:?}");
    // A pruned layer still learns, and components that left stay away.
    let (pruned, report) = prune_layer(layer, &patches, Criterion::Weight, None, Keep::Share(0.5)).unwrap();
    convolution.dense.layer = UgmmLayer::of(&pruned, &device);
    let trained = convolution.train();
    let device = device.autodiff();
    let y = trained.forward(Tensor::from_data(x.to_data(), &device));
    assert!(trained.dense.layer.means.val().grad(&y.sum().backward()).is_some());
    assert_eq!(summarize_layer(&trained.valid().dense.layer.to_layer(), None).components, report.components);
}

#[test]
fn samples_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let mut rng = rng(5);
    let x: Tensor<3> = random([4, 6, 4], &mut rng, &device);
    let lstm = UgmmLstmConfig::new(4, 5).init_from(&x, &mut rng, &device).unwrap();
    let refused = |x: &[f32], keep| {
        let layer = &lstm.cell_gate.layer.to_layer();
        prune_layer(layer, x, Criterion::Influence, None, keep).unwrap_err().to_string()
    };
    assert!(refused(&[0.0; 12], Keep::Share(0.5)).starts_with("the sample to prune by has 12 values"));
    assert_eq!(refused(&[], Keep::Share(0.5)), "the sample to prune by has 0 rows, but 1 are needed");
    assert!(refused(&[0.0; 27], Keep::Share(0.0)).contains("greater than 0"));
}
