//! Tests of model files: a saved model loads bit for bit, and a damaged file fails with one sentence.

use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use ugmm_network::inspect::Absence;
use ugmm_network::model_file::{Columns, ModelParts, SavedModel};
use ugmm_network::training::{EpochReport, History, TrainingConfig};
use ugmm_network::{
    Check, ClassObjective, Classification, Init, Means, MlpConfig, Model, ModelConfig, NetworkConfig,
    Predictor, Standardization, Stream, Targets, generator,
};

fn saved(config: ModelConfig) -> SavedModel {
    SavedModel::new(parts(config)).unwrap()
}

fn parts(config: ModelConfig) -> ModelParts {
    let model = config.init(None, &mut generator(4, Stream::Initialization)).unwrap();
    ModelParts {
        model,
        task: Classification::new(4, 3, ClassObjective::Discriminative).unwrap().into(),
        columns: Columns {
            features: ["a", "b", "c", "d"].map(String::from).to_vec(),
            target: "species".into(),
            classes: ["x", "y", "z"].map(String::from).to_vec(),
            reading: Some(serde_json::json!([{ "name": "a" }])),
        },
        standardization: Some(Standardization { means: vec![0.1; 4], scales: vec![1.5; 4] }),
        training: Some(TrainingConfig::new(3, 10).checked().unwrap()),
        temperature: Some(1.25),
        temperature_after_weights: false,
        spread: None,
        history: Some(History {
            training_loss: vec![2.5, 1.25],
            learning_rate: vec![0.1, 0.05],
            ..History::default()
        }),
    }
}

fn ugmm_network() -> ModelConfig {
    let network = NetworkConfig::new(&[4, 7, 3]).with_init(Init::Paper).with_min_sigma(0.05);
    ModelConfig::Ugmm(network)
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("model.safetensors")
}

fn error(path: &Path) -> String {
    let message = SavedModel::load(path).unwrap_err().to_string();
    let rest = message.strip_prefix(&path.display().to_string());
    let rest = rest.unwrap_or_else(|| panic!("{message} must begin with the path"));
    rest.strip_prefix(": ").unwrap_or(rest).to_owned()
}

#[test]
fn a_loaded_model_gives_the_same_bits() {
    let x: Vec<f32> = (0..50 * 4).map(|at| 3.0 * (at as f32 * 0.7).sin()).collect();
    let tied =
        ModelConfig::Ugmm(NetworkConfig::new(&[4, 5, 3]).with_init(Init::Paper).with_means(Means::Tied));
    let mlp = ModelConfig::Mlp(MlpConfig::new(&[4, 6, 5, 3]).with_batch_norm(true).with_dropout(&[0.1, 0.2]));
    for config in [ugmm_network(), tied, mlp] {
        let folder = TempDir::new().unwrap();
        let original = saved(config);
        original.save(&file(&folder)).unwrap();
        let loaded = SavedModel::load(&file(&folder)).unwrap();
        let bits =
            |model: &SavedModel| model.model().forward(&x).into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(&loaded), bits(&original));
        assert_eq!(loaded.model().config(), original.model().config());
        assert_eq!(loaded.task(), original.task());
        assert_eq!(loaded.columns(), original.columns());
        assert_eq!(loaded.standardization(), original.standardization());
        assert_eq!(loaded.training(), original.training());
        // Saving the loaded model writes an identical file.
        let again = folder.path().join("again");
        loaded.save(&again).unwrap();
        assert_eq!(std::fs::read(again).unwrap(), std::fs::read(file(&folder)).unwrap());
    }
}

/// Old files have no history; an invalid history fails.
#[test]
fn the_course_of_training_is_kept_where_there_is_one() {
    let folder = TempDir::new().unwrap();
    let plain = saved(ugmm_network());
    plain.save(&file(&folder)).unwrap();
    let loaded = SavedModel::load(&file(&folder)).unwrap();
    assert_eq!((loaded.history(), plain.history().is_some()), (plain.history(), true));
    let with = |history: Option<History>| SavedModel::new(ModelParts { history, ..parts(ugmm_network()) });
    with(None).unwrap().save(&file(&folder)).unwrap();
    assert!(!String::from_utf8_lossy(&std::fs::read(file(&folder)).unwrap()).contains("history"));
    assert_eq!(SavedModel::load(&file(&folder)).unwrap().history(), None);

    let history = plain.history().unwrap();
    for wrong in [
        History { learning_rate: vec![0.1], ..history.clone() },
        History { training_loss: vec![1.0, f32::NAN], ..history.clone() },
        History { best_epoch: Some(3), ..history.clone() },
    ] {
        let error = with(Some(wrong)).unwrap_err().to_string();
        assert!(error.contains("history"), "{error}");
    }
    let report = |epoch, loss| EpochReport {
        epoch,
        learning_rate: 0.1,
        training_loss: loss,
        validation: None,
        validation_loss: Some(f64::INFINITY),
    };
    // A history of extreme values can be saved.
    let history = History::of(&[report(1, 1e300), report(2, 0.5)], Some(2));
    assert_eq!(
        (&history.training_loss[..], &history.validation_loss[..]),
        (&[f32::MAX, 0.5][..], &[f32::MAX; 2][..])
    );
    assert!(history.validation_accuracy.is_empty());
    with(Some(history)).unwrap().save(&file(&folder)).unwrap();
}

/// A network that still standardises cannot be saved, because it would load as another function.
#[test]
fn only_settled_networks_are_saved() {
    let folder = TempDir::new().unwrap();
    let x: Vec<f32> = (0..50 * 4).map(|at| 3.0 * (at as f32 * 0.7).sin()).collect();
    let network = NetworkConfig::new(&[4, 7, 3]).with_min_sigma(0.5).with_standardize(true);
    let config = ModelConfig::Ugmm(network);
    let standardizing = config.init(Some(&x), &mut generator(4, Stream::Initialization)).unwrap();
    let settled = standardizing.clone().settled(&x, None);
    let with = |model: &Model| SavedModel::new(ModelParts { model: model.clone(), ..parts(ugmm_network()) });
    let error = with(&standardizing).unwrap_err().to_string();
    assert!(error.contains("settled"), "{error}");
    with(&settled).unwrap().save(&file(&folder)).unwrap();
    let loaded = SavedModel::load(&file(&folder)).unwrap();
    assert_eq!(loaded.model(), &settled);
    assert_eq!(loaded.model().config(), config.settled());
}

#[test]
fn every_cut_and_every_flipped_byte_of_the_header_is_survived() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder);
    saved(ugmm_network()).save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let message = error(&path);
        let expected = ["empty", "not a model", "cut off", "damaged"];
        assert!(expected.iter().any(|part| message.contains(part)), "{length} bytes: {message}");
    }
    // A changed byte may leave a valid model (a digit of a setting); the test only excludes panics.
    let header = 8 + usize::from(u16::from_le_bytes([whole[0], whole[1]]));
    for place in 0..header {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x11;
        std::fs::write(&path, &damaged).unwrap();
        let _ = SavedModel::load(&path);
    }
    std::fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
    assert_eq!(
        error(&path),
        "the model is cut off or has bytes too many: its size is not what its header says"
    );
}

#[test]
fn files_that_are_no_models_are_told_apart() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder);
    assert_eq!(error(&path), " does not exist");
    std::fs::write(&path, "").unwrap();
    assert_eq!(error(&path), "the file is empty; a model written by ugmm was expected");
    std::fs::write(&path, "sepal_length,sepal_width\n5.1,3.5\n").unwrap();
    assert!(
        error(&path).contains("no safetensors file") || error(&path).contains("no model"),
        "{}",
        error(&path)
    );
    write_tensors(&path, None, &[]);
    assert_eq!(error(&path), "a safetensors file, but not a ugmm model: its metadata has no entry \"ugmm\"");
    write_tensors(&path, Some("{}".into()), &[]);
    assert!(error(&path).starts_with("the model's description is damaged: missing field `format_version`"));
    write_tensors(&path, Some(r#"{"format_version": 2, "new": true}"#.into()), &[]);
    assert_eq!(
        error(&path),
        "a model of format version 2, but this program reads version 1; use a newer ugmm or train the model again"
    );
    for version in ["99999999999", "18446744073709551616", "1.5"] {
        write_tensors(&path, Some(format!("{{\"format_version\": {version}}}")), &[]);
        let message = error(&path);
        assert!(
            message.contains("but this program reads version 1; use a newer ugmm"),
            "{version}: {message}"
        );
    }
}

type NamedTensor = (String, Vec<usize>, Vec<f32>);

fn write_tensors(path: &Path, description: Option<String>, tensors: &[NamedTensor]) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let metadata = description.map(|description| HashMap::from([("ugmm".to_owned(), description)]));
    std::fs::write(path, safetensors::serialize(views, metadata).unwrap()).unwrap();
}

/// Description and tensors of a valid file, which the tests damage one by one.
fn take_apart(path: &Path) -> (String, Vec<NamedTensor>) {
    let bytes = std::fs::read(path).unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let description = metadata.metadata().as_ref().unwrap()["ugmm"].clone();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> = tensors
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let values = view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            (name, view.shape().to_vec(), values)
        })
        .collect();
    tensors.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    (description, tensors)
}

#[test]
fn contents_that_do_not_fit_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder);
    saved(ugmm_network()).save(&path).unwrap();
    let (description, tensors) = take_apart(&path);
    assert_eq!(tensors[0].0, "layers.0.means");
    let refused = |description: &str, tensors: &[NamedTensor], expected: &str| {
        write_tensors(&path, Some(description.into()), tensors);
        let message = error(&path);
        assert!(message.contains(expected), "{message} does not say {expected}");
    };
    let changed = |from: &str, to: &str| {
        assert!(description.contains(from), "{description}");
        description.replace(from, to)
    };

    let mut renamed = tensors.clone();
    renamed[0].0 = "layers.0.mean".into();
    refused(&description, &renamed, "the model's weights \"layers.0.means\" are missing");
    let mut reshaped = tensors.clone();
    reshaped[0].1 = vec![4, 7];
    refused(&description, &reshaped, "F32 of shape [7, 4] are needed");
    let mut spoiled = tensors.clone();
    spoiled[0].2[5] = f32::NAN;
    refused(&description, &spoiled, "the model's weights \"layers.0.means\" hold NaN");
    refused(&description, &tensors[1..], "the file holds");

    // A task of classes without any, and a task of a number with some.
    let without = changed("\"classes\":3", "\"classes\":0");
    refused(&without, &tensors, "the model's description is damaged: classes is 0, but must be at least 1");
    let density = "{\"conditional\":{\"low\":0.0,\"high\":1.0,\"nodes\":8,\"crps_weight\":1.0}}";
    let of_number = changed("\"objective\":\"discriminative\"", &format!("\"objective\":{density}"));
    let expected = "classes is 3, but must be 0 where a number is predicted";
    refused(&of_number, &tensors, &format!("the model's description is damaged: {expected}"));

    // The file claims a size for which nothing may be allocated.
    let huge = changed(r#""inputs":4,"neurons":7"#, r#""inputs":4,"neurons":7000000000000"#);
    let huge = huge.replace(r#""inputs":7,"#, r#""inputs":7000000000000,"#);
    refused(&huge, &tensors, "the model's description asks for");
    let overflowing = changed(r#""inputs":4,"neurons":7"#, r#""inputs":4,"neurons":18446744073709551615"#);
    let overflowing = overflowing.replace(r#""inputs":7,"#, r#""inputs":18446744073709551615,"#);
    refused(&overflowing, &tensors, "too many to count");

    refused(&changed(r#""inputs":7,"#, r#""inputs":8,"#), &tensors, "a layer has 8 inputs, but 7 are needed");
    refused(
        &changed(r#""features":4"#, r#""features":5"#),
        &tensors,
        "the network has 4 inputs, but 5 are needed",
    );
    refused(
        &changed(r#"["x","y","z"]"#, r#"["x","y"]"#),
        &tensors,
        "the model has 3 classes, but names for 2",
    );
    refused(&changed("[1.5,", "[0.0,"), &tensors, "positive scales");
    refused(&changed(r#""dropout":0.0"#, r#""dropout":1.5"#), &tensors, "dropout is 1.5");
    refused(&changed(r#""min_sigma""#, r#""max_sigma""#), &tensors, "unknown field `max_sigma`");
}

#[test]
fn probabilities_of_rows_in_their_own_units_sum_to_one() {
    let model = saved(ugmm_network());
    let features = [5.1, 3.5, 1.4, 0.2, 6.2, 2.9, 4.3, 1.3];
    let probabilities = model.class_probabilities(&features).unwrap();
    assert_eq!(probabilities.len(), 6);
    for row in probabilities.chunks(3) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
    // Explicit standardisation gives equal results.
    let parts = ModelParts { standardization: None, ..parts(ugmm_network()) };
    let raw = SavedModel::new(parts).unwrap();
    let by_hand = features.map(|value: f32| ((f64::from(value) - 0.1) / 1.5) as f32);
    assert_eq!(raw.class_probabilities(&by_hand).unwrap(), probabilities);
    let error = model.class_probabilities(&[f32::NAN; 4]).unwrap_err().to_string();
    assert!(error.contains("row 0, column 0"), "{error}");
    assert!(model.class_probabilities(&[1.0; 5]).is_err());
}

/// Contributions refer to the probabilities of the model, with temperature, class weights and
/// standardisation.
#[test]
fn contributions_sum_to_the_change_of_the_models_log_probability() {
    let training = TrainingConfig { class_weights: Some(vec![1.0, 4.0, 0.5]), ..TrainingConfig::new(3, 10) }
        .checked()
        .unwrap();
    let parts = ModelParts { training: Some(training), ..parts(ugmm_network()) };
    let model = SavedModel::new(parts).unwrap();
    let rows = [0.5f32, -1.0, 0.3, 2.0, 1.1, 0.2, -0.7, 0.4];
    let baseline = [0.1f32, 0.2, -0.1, 0.6];
    let targets = Targets::Classes(vec![1, 2]);
    let found = model.contributions(&rows, &baseline, &targets, Absence::Baseline).unwrap();
    let after = model.log_probabilities(&rows).unwrap();
    let before = model.log_probabilities(&baseline).unwrap();
    for (row, class) in [1, 2].into_iter().enumerate() {
        let expected = after[3 * row + class] - before[class];
        let sum: f32 = found[4 * row..][..4].iter().sum();
        assert!((sum - expected).abs() < 1e-3, "{sum} {expected}");
    }
    let error = model.contributions(&rows, &baseline[..3], &targets, Absence::Baseline).unwrap_err();
    assert_eq!(error.to_string(), "the baseline has 3 values, but 4 are needed");
    let few = Targets::Classes(vec![1]);
    let error = model.contributions(&rows, &baseline, &few, Absence::Baseline).unwrap_err();
    assert_eq!(error.to_string(), "the list of predictions has 1 entries, but 2 are needed");

    // A step of 1 in the network's units is a step of 1.5 in the data's units.
    let gradient = model.gradients(&rows, &[1, 2]).unwrap();
    for feature in 0..4 {
        let moved = |step: f32| {
            let mut rows = rows;
            rows[feature] += 1.5 * step;
            model.log_probabilities(&rows).unwrap()[1]
        };
        let expected = (moved(0.01) - moved(-0.01)) / 0.02;
        assert!(
            (gradient[feature] - expected).abs() < 5e-3 * (1.0 + expected.abs()),
            "{gradient:?} {expected}"
        );
    }
}

/// A case from fuzzing: sums of a feed-forward network exceed f32, and their difference is NaN.
#[test]
fn rows_far_out_have_probabilities_or_an_error_but_no_nan() {
    let mlp = saved(ModelConfig::Mlp(MlpConfig::new(&[4, 6, 5, 3])));
    for model in [&mlp, &saved(ugmm_network())] {
        for value in [0.0, 3e38, -3e38, f32::MAX, 1e-45] {
            let probabilities = model.class_probabilities(&[value; 4]).unwrap();
            assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{value}: {probabilities:?}");
        }
    }
    // With weights that no training gives, the outcome is unspecified.
    let folder = TempDir::new().unwrap();
    mlp.save(&file(&folder)).unwrap();
    let (description, mut tensors) = take_apart(&file(&folder));
    for (name, _, values) in &mut tensors {
        if name.ends_with("weight") {
            values
                .iter_mut()
                .enumerate()
                .for_each(|(at, value)| *value = if at % 2 == 0 { 3e38 } else { -3e38 });
        }
    }
    write_tensors(&file(&folder), Some(description), &tensors);
    let model = SavedModel::load(&file(&folder)).unwrap();
    let error = model.class_probabilities(&[1.0, 2.0, 3.0, 4.0]).unwrap_err().to_string();
    assert!(error.contains("the network's output holds"), "{error}");
}

/// Each change of a part that no longer fits the others is named.
#[test]
fn parts_that_do_not_fit_make_no_model() {
    let refused = |change: &dyn Fn(&mut ModelParts), expected: &str| {
        let mut parts = saved(ugmm_network()).into_parts();
        change(&mut parts);
        let error = SavedModel::new(parts).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} does not say {expected}");
    };
    let of_four = Classification::new(4, 4, ClassObjective::Discriminative).unwrap();
    refused(&|parts| parts.task = of_four.into(), "4 are needed");
    refused(&|parts| parts.columns.features.truncate(3), "names for 3");
    refused(&|parts| parts.temperature = Some(0.0), "the temperature must be positive");
    refused(&|parts| parts.spread = Some(f64::NAN), "the spread must be positive");
    refused(&|parts| parts.standardization.as_mut().unwrap().scales[1] = 0.0, "positive scales");
    let of_one = TrainingConfig { class_weights: Some(vec![1.0]), ..TrainingConfig::new(3, 10) };
    let weights = |parts: &mut ModelParts| parts.training = Some(of_one.clone().checked().unwrap());
    refused(&weights, "one class weight for each class");
    let damage = |parts: &mut ModelParts| parts.model.tensors_mut()[0][2] = f32::NAN;
    refused(&damage, "the model's weights hold NaN");
    let shorten = |parts: &mut ModelParts| {
        let Model::Ugmm(network) = &mut parts.model else { unreachable!("it is one") };
        network.layers[1].means.pop();
    };
    refused(&shorten, "weights");
}
