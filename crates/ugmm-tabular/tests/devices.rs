//! Several devices in one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use ugmm_data::frame::ColumnData;
use ugmm_network::training::{Checkpoint, Dataset, Observer, Trained, TrainingConfig, resume};
use ugmm_network::{Backend, Checked, Model, Predictor, Settings, Task, UgmmError};
use ugmm_tabular::target::prepare_target;
use ugmm_tabular::{Device, FitOptions, Run, Table, TableModel, fit, load};

/// The processor as a device that counts its calls.
#[derive(Clone, Default)]
struct Counting(Arc<Counts>);

#[derive(Default)]
struct Counts {
    trained: AtomicUsize,
    placed: AtomicUsize,
}

impl Counting {
    fn counts(&self) -> [usize; 2] {
        [&self.0.trained, &self.0.placed].map(|count| count.load(Ordering::Relaxed))
    }
}

impl Backend for Counting {
    fn resume(
        &self,
        checkpoint: Option<&Checkpoint>,
        network: Model,
        task: &Task,
        training: &Dataset,
        validation: Option<&Dataset>,
        config: &Checked<TrainingConfig>,
        observer: &mut dyn Observer,
    ) -> Result<Trained<Model>, UgmmError> {
        self.0.trained.fetch_add(1, Ordering::Relaxed);
        resume(checkpoint, network, task, training, validation, config, observer)
    }

    fn predictor(&self, model: &Model) -> Box<dyn Predictor + Send + Sync> {
        self.0.placed.fetch_add(1, Ordering::Relaxed);
        Box::new(model.clone())
    }
}

#[test]
fn each_model_is_trained_and_asked_on_the_device_that_it_was_given() {
    let length: Vec<f64> = (0..60).map(|row| f64::from(row % 20)).collect();
    let kind = length.iter().map(|length| Some(if *length < 9.0 { "short" } else { "long" }.to_owned()));
    let columns = vec![
        ("kind".to_owned(), ColumnData::Text(kind.collect())),
        ("length".to_owned(), ColumnData::Numbers(length)),
    ];
    let table = Table::from_columns(columns).unwrap();
    let settings = Settings { epochs: Some(2), hidden: Some(vec![4]), ..Settings::default() };
    let options = FitOptions { settings, ..FitOptions::default() };
    let (first, second) = (Counting::default(), Counting::default());
    let devices = [Device::of(first.clone()), Device::of(second.clone()), Device::default()];
    let fitted = |device: &Device| {
        let (mut progress, interrupted) = ((), AtomicBool::new(false));
        let mut run = Run { device: device.clone(), ..Run::new(&mut progress, &interrupted) };
        let target = prepare_target(&mut table.schema().clone(), "kind", None).unwrap();
        fit(&table, &target, &options, &mut run).unwrap().0
    };
    let models = devices.each_ref().map(fitted);
    assert_eq!((first.counts()[0], second.counts()[0]), (1, 1));
    let before = second.counts();
    let row = [9.5, f64::NAN];
    let found = models.each_ref().map(|model| model.predict(&row).unwrap().values());
    assert!(found[0] == found[1] && found[1] == found[2]);
    assert_eq!(second.counts(), [before[0], before[1] + 1], "the network is placed once");
    models[1].predict(&row).unwrap();
    assert_eq!(second.counts(), [before[0], before[1] + 1]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    models[2].save(&path).unwrap();
    let before = (first.counts(), second.counts());
    let read = load(&path, &devices[0]).unwrap();
    assert_eq!(read.predict(&row).unwrap().values(), found[0]);
    assert_eq!((first.counts(), second.counts()), ([before.0[0], before.0[1] + 1], before.1));
}
