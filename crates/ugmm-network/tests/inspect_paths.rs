//! Tests of paths, followed weights and class maps: their sums, and their agreement with the definitions.

use ugmm_network::inspect::{
    activations, class_maps, feature_responsibilities, followed_weights, importances, leading_components,
    paths, responsibilities,
};
use ugmm_network::{
    ClassObjective, Classification, Init, LabelEncoding, Network, NetworkConfig, Predictor, Stream, generator,
};

fn network(sizes: &[usize], missing_values: bool) -> Network {
    let config = NetworkConfig::new(sizes)
        .with_init(Init::Paper)
        .with_min_sigma(0.3)
        .with_missing_values(missing_values);
    config.init(None, &mut generator(5, Stream::Initialization)).unwrap()
}

/// Three rows of four values.
const X: [f32; 12] = [0.5, -1.0, 0.0, 2.0, 1.5, 0.3, f32::NAN, 0.1, -0.5, 0.4, 1.2, 1e20];

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
}

/// The shares of each layer sum to 1, the inputs' shares are those of `responsibilities`, and the flows from
/// a neuron sum to its share.
#[test]
fn a_path_divides_the_output_and_loses_nothing() {
    let network = network(&[4, 5, 3, 2], true);
    let outputs = [1, 0, 1];
    let all = paths(&network, &X, &outputs, usize::MAX);
    let shares = responsibilities(&network, &X, &outputs);
    for (row, path) in all.iter().enumerate() {
        assert_eq!(path.shares.iter().map(Vec::len).collect::<Vec<_>>(), [4, 5, 3, 2]);
        assert_eq!(path.shares[3][outputs[row]], 1.0);
        for (found, expected) in path.shares[0].iter().zip(&shares[4 * row..]) {
            close((*found).into(), (*expected).into());
        }
        for (layer, flows) in path.flows.iter().enumerate() {
            close(path.shares[layer].iter().map(|&share| f64::from(share)).sum(), 1.0);
            assert!(flows.is_sorted_by(|a, b| a.share >= b.share));
            for (neuron, &share) in path.shares[layer + 1].iter().enumerate() {
                let flowing = flows.iter().filter(|flow| flow.neuron == neuron);
                close(flowing.map(|flow| f64::from(flow.share)).sum(), share.into());
            }
        }
    }
    // A missing value has responsibility 0.
    assert_eq!(all[1].shares[0][2], 0.0);
    let few = paths(&network, &X, &outputs, 2);
    for (few, all) in few.iter().zip(&all) {
        assert_eq!(few.shares, all.shares);
        assert!(few.flows.iter().zip(&all.flows).all(|(few, all)| *few == all[..all.len().min(2)]));
    }
}

#[test]
fn activations_are_those_of_the_layers() {
    let network = network(&[4, 5, 2], false);
    let row = &X[..4];
    let all = activations(&network, row);
    let (hidden, outputs) = (network.layers[0].forward(row), network.forward(row));
    assert_eq!(all, [row.to_vec(), hidden, outputs]);
}

/// Followed weights equal products of the layers' weight matrices.
#[test]
fn followed_weights_are_products_of_matrices() {
    let network = network(&[4, 3, 2], false);
    let weights: Vec<Vec<Vec<f64>>> = network
        .layers
        .iter()
        .map(|layer| {
            let of_neuron = |mut all: Vec<ugmm_network::inspect::Component>| {
                all.sort_by_key(|component| component.input);
                all.iter().map(|component| component.weight).collect()
            };
            leading_components(layer, usize::MAX).into_iter().map(of_neuron).collect()
        })
        .collect();
    let found = followed_weights(&network, &[0.25, 0.75]);
    assert_eq!(found[2], [0.25, 0.75]);
    for input in 0..4 {
        let mut expected = 0.0;
        for (output, share) in [0.25, 0.75].iter().enumerate() {
            for (second, first) in weights[1][output].iter().zip(&weights[0]) {
                expected += share * second * first[input];
            }
        }
        close(found[0][input], expected);
    }
    let even = importances(&network);
    assert_eq!(even[1], [0.5, 0.5]);
    close(even[0].iter().sum(), 1.0);
}

/// In a network with an output for each class, weights are those of the class's output, and responsibilities
/// are means over its rows.
#[test]
fn class_maps_are_of_the_class_s_own_output_and_rows() {
    let network = network(&[4, 3, 2], true);
    let task = Classification::new(4, 2, ClassObjective::Discriminative).unwrap();
    let labels = [1, 0, 1];
    let maps = class_maps(&network, &task, &X, &labels);
    let shares = feature_responsibilities(&network, &X, task.with_labels(&labels).unwrap());
    assert_eq!((maps[0].rows, maps[1].rows), (1, 2));
    for (class, maps) in maps.iter().enumerate() {
        let mut output = [0.0; 2];
        output[class] = 1.0;
        let weights = followed_weights(&network, &output);
        for feature in 0..4 {
            close(maps.weights[feature], weights[0][feature]);
            let rows: Vec<usize> = (0..3).filter(|&row| labels[row] == class).collect();
            let mean =
                rows.iter().map(|row| f64::from(shares[4 * row + feature])).sum::<f64>() / rows.len() as f64;
            close(maps.responsibilities[feature], mean);
            // A weighted mean of means lies between them.
            let of_input = |all: &Vec<ugmm_network::inspect::Component>| {
                all.iter().find(|one| one.input == feature).unwrap().mean
            };
            let means: Vec<f64> = leading_components(&network.layers[0], 4).iter().map(of_input).collect();
            let (low, high) = (
                means.iter().copied().fold(f64::MAX, f64::min),
                means.iter().copied().fold(f64::MIN, f64::max),
            );
            assert!(
                (low - 1e-9..=high + 1e-9).contains(&maps.means[feature]),
                "{means:?} {}",
                maps.means[feature]
            );
        }
    }
}

/// In a network with one root, maps depend on the class through the neurons that its rows activate, and
/// responsibilities exclude the label's share. The maps of a class without rows are empty.
#[test]
fn class_maps_of_one_root_follow_the_rows() {
    for label in [LabelEncoding::Index, LabelEncoding::OneHot] {
        let task = Classification::new(4, 3, ClassObjective::Generative { label }).unwrap();
        let network = network(&[task.inputs(), 4, 1], true);
        let maps = class_maps(&network, &task, &X, &[1, 0, 1]);
        for map in &maps[..2] {
            close(map.responsibilities.iter().sum(), 1.0);
            assert!((0.0..1.0).contains(&map.weights.iter().sum()), "{map:?}");
            assert!(map.means.iter().all(|mean| mean.is_finite()));
        }
        assert_ne!(maps[0].weights, maps[1].weights);
        assert_eq!(
            (maps[2].rows, &maps[2].weights, &maps[2].responsibilities),
            (0, &vec![0.0; 4], &vec![0.0; 4])
        );
        assert!(maps[2].means.iter().all(|mean| mean.is_nan()));
    }
}
