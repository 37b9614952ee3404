//! Models: predictions, questions and files.

use crate::call::detached;
use crate::error::{raise, value_error};
use crate::frame::{Frame, NAME as FRAME};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ugmm_circuit::MpeOptions;
use ugmm_data::frame::ReadOptions;
use ugmm_export::{Choices, Form, export};
use ugmm_network::file::{check_writable, write_atomically};
use ugmm_network::inference::gibbs::SamplingOptions;
use ugmm_network::inspect::Absence;
use ugmm_network::verification::robustness::Verdict;
use ugmm_report::svg;
use ugmm_table_report::matters::{loss_name, point_text, usual_rows};
use ugmm_table_report::{ModelReport, ReportError, ReportOptions, network_figure};
use ugmm_tabular::distribution::Predictions;
use ugmm_tabular::network::{CELLS, ImportanceOptions};
use ugmm_tabular::question::{DrawOptions, Draws};
use ugmm_tabular::read::{Batch, ReadTarget, RowSample, TableReader};
use ugmm_tabular::{
    Column, DensityModel, Device, Distribution as Found, Engine, Evidence, NetworkModel, TableModel,
    TabularError, load, load_bytes,
};

/// What models are called in messages if they have no file.
const NAME: &str = "the model";
/// Rows that are certified between two looks for Ctrl-C.
const CERTIFIED_AT_ONCE: usize = 16;
/// Width of the figure of a network, in CSS pixels.
const FIGURE_WIDTH: f64 = 720.0;
/// Fewest rows of each chain, so that chains can be compared however few rows are requested.
const FEWEST_DRAWS: usize = 100;

type Matrix<'py, T> = Bound<'py, PyArray2<T>>;
type Vector<'py, T> = Bound<'py, PyArray1<T>>;
/// Names of columns and their values or ranges, as texts.
type Assignments = Vec<(String, String)>;
/// Names of columns and their values as texts; None for a level without a name.
type Cells = Vec<(String, Option<String>)>;

/// A trained model of a table.
#[pyclass(frozen, module = "ugmm_nn._native")]
pub struct Model {
    model: Box<dyn TableModel>,
}

impl Model {
    pub fn new(model: Box<dyn TableModel>) -> Self {
        Self { model }
    }

    fn network(&self, what: &'static str) -> PyResult<&NetworkModel> {
        Engine::of(&*self.model).network(Path::new(NAME), what).map_err(raise)
    }

    fn density(&self, what: &'static str) -> PyResult<&DensityModel> {
        Engine::of(&*self.model).density(Path::new(NAME), what).map_err(raise)
    }

    /// Passes each batch of the frame, with whether each of its rows can be predicted, to `each`, without Python's lock and until
    /// Ctrl-C, which sets the flag that `each` gets.
    fn for_batches(
        &self,
        py: Python,
        frame: &Frame,
        target: ReadTarget,
        threads: usize,
        mut each: impl FnMut(&Batch, &[bool], &AtomicBool) -> Result<(), TabularError> + Send,
    ) -> PyResult<()> {
        let options = ReadOptions::default();
        let work = |interrupted: &AtomicBool| {
            for batch in TableReader::open(frame.table.clone(), &*self.model, target, &[], &options)? {
                let batch = batch?;
                not_interrupted(interrupted)?;
                let known: Vec<bool> = batch.iter().map(|row| self.model.is_predictable(row)).collect();
                each(&batch, &known, interrupted)?;
            }
            Ok::<_, TabularError>(())
        };
        detached(py, threads, work)?.map_err(raise)
    }

    /// A random sample of at most `most` rows of the frame; 0 stands for the default.
    fn sampled(
        &self,
        frame: &Frame,
        network: &NetworkModel,
        target: ReadTarget,
        (most, seed): (usize, u64),
        stop: &AtomicBool,
    ) -> Result<RowSample, TabularError> {
        let most = NonZeroUsize::new(most).unwrap_or_else(|| usual_rows(network));
        let options = ReadOptions::default();
        let mut reader = TableReader::open(frame.table.clone(), &*self.model, target, &[], &options)?;
        RowSample::read(&mut reader, most, seed, stop)
    }

    /// Indices of columns by name.
    fn indices(&self, names: &[String]) -> Result<Vec<usize>, TabularError> {
        names.iter().map(|name| self.model.index_of(name)).collect()
    }
}

fn at_least_one(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}

fn not_interrupted(interrupted: &AtomicBool) -> Result<(), TabularError> {
    match interrupted.load(Ordering::Relaxed) {
        true => Err(TabularError::Interrupted { checkpoint: None }),
        false => Ok(()),
    }
}

/// The values of the rows of a batch that can be predicted.
fn known_rows(batch: &Batch, known: &[bool]) -> Vec<f64> {
    let rows = batch.iter().zip(known).filter(|(_, known)| **known);
    rows.flat_map(|(row, _)| row).copied().collect()
}

/// Appends `width` values for each row: the next ones of `values` for a known row, and `other` for another one.
fn spread<T: Copy>(all: &mut Vec<T>, values: &[T], known: &[bool], width: usize, other: T) {
    let mut values = values.chunks(width);
    for &known in known {
        match known.then(|| values.next()).flatten() {
            Some(values) => all.extend_from_slice(values),
            None => all.extend(std::iter::repeat_n(other, width)),
        }
    }
}

fn matrix<T: numpy::Element>(py: Python<'_>, values: Vec<T>, width: usize) -> PyResult<Matrix<'_, T>> {
    let rows = values.len().checked_div(width).unwrap_or(0);
    PyArray1::from_vec(py, values).reshape([rows, width])
}

#[pymethods]
impl Model {
    /// Reads a model from a file.
    #[staticmethod]
    #[pyo3(name = "load")]
    fn from_file(path: PathBuf) -> PyResult<Self> {
        Ok(Self::new(load(&path, &Device::default()).map_err(raise)?))
    }

    /// Reads a model from the bytes of a file.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        Ok(Self::new(load_bytes(Path::new(NAME), bytes, &Device::default()).map_err(raise)?))
    }

    /// Writes the model to a file. An existing file is replaced only when all of the new one is on disk.
    fn save(&self, py: Python, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.model.save(&path)).map_err(raise)
    }

    /// The bytes of the model's file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.model.to_bytes().map_err(value_error)?))
    }

    /// Writes the model as an ONNX graph.
    fn to_onnx(&self, py: Python, path: PathBuf) -> PyResult<()> {
        let bytes = py.detach(|| export(&*self.model, Form::Onnx, Choices::default()));
        write_atomically(&path, &bytes.map_err(|error| value_error(error.to_string()))?).map_err(raise)
    }

    /// Writes what a report shows about the model with the first rows of a frame as one HTML page, which calls the model `name`.
    /// `rows` and `neurons` come first on the page; rows are counted from 1.
    #[allow(clippy::too_many_arguments, reason = "called by one function, which has names for all of them")]
    fn report(
        &self,
        py: Python,
        path: PathBuf,
        name: &str,
        frame: &Frame,
        most_rows: usize,
        rows: Vec<usize>,
        neurons: Vec<String>,
        threads: usize,
    ) -> PyResult<()> {
        check_writable(&path).map_err(raise)?;
        let options = ReportOptions {
            model: name,
            table: FRAME,
            most_rows,
            rows: &rows,
            neurons: &neurons,
            reading: &ReadOptions::default(),
        };
        let write = |_: &AtomicBool| {
            let page = ModelReport::of(&*self.model, frame.table.clone(), &options)?.page();
            Ok(write_atomically(&path, page.as_bytes())?)
        };
        detached(py, threads, write)?.map_err(|error: ReportError| match error {
            ReportError::Tabular(error) => raise(*error),
            ReportError::Model(error) => raise(error),
            error => value_error(error.to_string()),
        })
    }

    /// The figure of the network by its mixing weights, as SVG; None for a model without uGMM neurons.
    fn network_svg(&self) -> Option<String> {
        match Engine::of(&*self.model) {
            Engine::Network(model) => network_figure(model).ok().map(|figure| svg(&figure, FIGURE_WIDTH)),
            Engine::Density(_) => None,
        }
    }

    /// "network" or "density".
    #[getter]
    fn engine(&self) -> &'static str {
        match Engine::of(&*self.model) {
            Engine::Network(_) => "network",
            Engine::Density(_) => "density",
        }
    }

    /// Name of the target; None without one.
    #[getter]
    fn target(&self) -> Option<&str> {
        self.model.target_name()
    }

    /// Classes of the target; None for a number, or without a target.
    #[getter]
    fn classes(&self) -> Option<Vec<String>> {
        self.model.classes()
    }

    /// The columns, each as a dict of its name, its kind, its states, and its lowest and highest number.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let column = |column: &Column| {
            let dict = PyDict::new(py);
            dict.set_item("name", column.name())?;
            dict.set_item("kind", column.kind_name())?;
            dict.set_item("states", column.states())?;
            dict.set_item("low", column.range().map(|range| range.low))?;
            dict.set_item("high", column.range().map(|range| range.high))?;
            Ok(dict)
        };
        self.model.columns().iter().map(column).collect()
    }

    /// Names of the columns without the target.
    #[getter]
    fn features(&self) -> Vec<&str> {
        let names = self.model.columns().iter().map(Column::name);
        names.filter(|&name| Some(name) != self.model.target_name()).collect()
    }

    /// Probabilities of the classes or their logarithms, `[rows, classes]`, and the index of each row's decision. A row without any
    /// value that the model uses has NaN and −1. The exponentials are those of the command, because NumPy's have other last bits.
    fn predict_classes<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        logarithms: bool,
        threads: usize,
    ) -> PyResult<(Matrix<'py, f32>, Vector<'py, i64>)> {
        let classes = self.model.classes().map_or(0, |classes| classes.len());
        let (mut of_classes, mut decisions) = (Vec::new(), Vec::new());
        self.for_batches(py, frame, ReadTarget::No, threads, |batch, known, _| {
            let Predictions::Classes(mut found) = self.model.predict(&known_rows(batch, known))? else {
                return Err(TabularError::OtherTask { found: "numbers", expected: "classes" });
            };
            let indices: Vec<i64> = found.decisions.iter().map(|&class| class as i64).collect();
            if !logarithms {
                found.log_probabilities.iter_mut().for_each(|log| *log = log.exp());
            }
            spread(&mut of_classes, &found.log_probabilities, known, classes, f32::NAN);
            spread(&mut decisions, &indices, known, 1, -1);
            Ok(())
        })?;
        Ok((matrix(py, of_classes, classes)?, PyArray1::from_vec(py, decisions)))
    }

    /// Whether training kept calibration rows for sets and intervals.
    #[getter]
    fn is_conformal(&self) -> bool {
        self.model.conformal().is_some()
    }

    /// Whether each class is in the row's set of this level, `[rows, classes]`. A row without any value that the model uses has
    /// none.
    fn predict_sets<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        level: f64,
        threads: usize,
    ) -> PyResult<Matrix<'py, bool>> {
        let conformal = self.model.conformal().ok_or(TabularError::NoCalibration).map_err(raise)?;
        let thresholds = conformal.thresholds(level);
        let mut sets = Vec::new();
        self.for_batches(py, frame, ReadTarget::No, threads, |batch, known, _| {
            let Predictions::Classes(found) = self.model.predict(&known_rows(batch, known))? else {
                return Err(TabularError::OtherTask { found: "numbers", expected: "classes" });
            };
            spread(&mut sets, &found.sets(&thresholds), known, thresholds.len(), false);
            Ok(())
        })?;
        matrix(py, sets, thresholds.len())
    }

    /// The coverage of the predicted distribution's central interval that has this coverage on new rows.
    fn interval_share(&self, coverage: f64) -> PyResult<f64> {
        self.model.interval_share(coverage).map_err(raise)
    }

    /// Means, standard deviations, quantiles `[rows, quantiles]`, and the log-density at the numbers `at`, one for each row, if
    /// they are given. A row without any value that the model uses has NaN.
    #[pyo3(signature = (frame, quantiles, at, threads))]
    #[allow(clippy::type_complexity, reason = "the caller takes the tuple apart")]
    fn predict_numbers<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        quantiles: Vec<f64>,
        at: Option<Vec<f64>>,
        threads: usize,
    ) -> PyResult<(Vector<'py, f64>, Vector<'py, f64>, Matrix<'py, f64>, Vector<'py, f64>)> {
        let (mut means, mut deviations, mut of_quantiles, mut logs) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.for_batches(py, frame, ReadTarget::No, threads, |batch, known, _| {
            let Predictions::Numbers(found) = self.model.predict(&known_rows(batch, known))? else {
                return Err(TabularError::OtherTask { found: "classes", expected: "numbers" });
            };
            let of_rows = |number: &dyn Fn(&Found) -> f64| found.iter().map(number).collect::<Vec<f64>>();
            let first = means.len();
            spread(&mut means, &of_rows(&Found::mean), known, 1, f64::NAN);
            spread(&mut deviations, &of_rows(&Found::deviation), known, 1, f64::NAN);
            let all: Vec<f64> =
                found.iter().flat_map(|one| quantiles.iter().map(|&q| one.quantile(q))).collect();
            if !quantiles.is_empty() {
                spread(&mut of_quantiles, &all, known, quantiles.len(), f64::NAN);
            }
            if let Some(at) = &at {
                let at = at[first..].iter().zip(known).filter(|(_, known)| **known);
                let all: Vec<f64> = found.iter().zip(at).map(|(one, (&at, _))| one.log_density(at)).collect();
                spread(&mut logs, &all, known, 1, f64::NAN);
            }
            Ok(())
        })?;
        let of_quantiles = PyArray1::from_vec(py, of_quantiles).reshape([means.len(), quantiles.len()])?;
        let [means, deviations, logs] =
            [means, deviations, logs].map(|values| PyArray1::from_vec(py, values));
        Ok((means, deviations, of_quantiles, logs))
    }

    /// Distances of the rows from the training rows; None if the model does not know the training rows.
    fn novelty<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        threads: usize,
    ) -> PyResult<Option<Vector<'py, f64>>> {
        let network = self.network("the distance from the training rows")?;
        let Some(novelty) = network.novelty() else { return Ok(None) };
        let mut distances = Vec::new();
        self.for_batches(py, frame, ReadTarget::No, threads, |batch, _, _| {
            let rows: Vec<f64> = batch.iter().flatten().copied().collect();
            let features = network.features(&rows);
            let inputs = features.chunks(network.preprocessor().inputs());
            distances.extend(inputs.map(|inputs| novelty.distance(inputs)));
            Ok(())
        })?;
        Ok(Some(PyArray1::from_vec(py, distances)))
    }

    /// Contributions of the columns to each row's prediction, `[rows, columns without the target]`, in nats.
    fn contributions<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        threads: usize,
    ) -> PyResult<Matrix<'py, f32>> {
        let network = self.network("an explanation")?;
        let width = network.columns().len() - 1;
        let mut all = Vec::new();
        self.for_batches(py, frame, ReadTarget::No, threads, |batch, known, _| {
            let inputs = network.features(&known_rows(batch, known));
            let values = network.predicted(&inputs)?.values();
            let found = network.contributions(&inputs, &values, Absence::Baseline)?;
            spread(&mut all, &found, known, width, f32::NAN);
            Ok(())
        })?;
        matrix(py, all, width)
    }

    /// Importance of the columns without the target on a random sample of at most `most_rows` rows of a frame with the target (0
    /// stands for the default): the name of the loss, its mean, the number of rows, the rises of the loss `[columns,
    /// repetitions]`, and the mean absolute contributions `[columns]` (None for a model without uGMM neurons).
    #[allow(clippy::type_complexity, reason = "the caller takes the tuple apart")]
    fn importance<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        repetitions: usize,
        most_rows: usize,
        seed: u64,
        threads: usize,
    ) -> PyResult<(&'static str, f64, usize, Matrix<'py, f64>, Option<Vector<'py, f64>>)> {
        let network = self.network("the importance of columns")?;
        let options = ImportanceOptions { repetitions: at_least_one(repetitions), seed };
        let measure = |stop: &AtomicBool| {
            let sample = self.sampled(frame, network, ReadTarget::Yes, (most_rows, seed), stop)?;
            let found = network.importance(&sample.values, options, stop)?;
            let is_ugmm = matches!(network.saved().model(), ugmm_network::Model::Ugmm(_));
            let contributions = is_ugmm.then(|| network.mean_contributions(&sample.values, stop));
            Ok::<_, TabularError>((found, contributions.transpose()?))
        };
        let (found, contributions) = detached(py, threads, measure)?.map_err(raise)?;
        let rises = found.columns.into_iter().flat_map(|column| column.rises).collect();
        Ok((
            loss_name(found.loss),
            found.baseline,
            found.rows,
            matrix(py, rises, found.repetitions)?,
            contributions.map(|values| PyArray1::from_vec(py, values)),
        ))
    }

    /// The effect of a column on a random sample of at most `most_rows` rows (0 stands for the default): for each point the value
    /// as a text (None for a missing value, which comes last) and as a number, the number of rows, and the effects `[points,
    /// outputs]`; and the mean prediction `[outputs]`.
    #[allow(clippy::type_complexity, clippy::too_many_arguments, reason = "called by one function")]
    fn effect<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        column: &str,
        bins: usize,
        most_rows: usize,
        seed: u64,
        threads: usize,
    ) -> PyResult<(Vec<Option<String>>, Vector<'py, f64>, Vector<'py, i64>, Matrix<'py, f64>, Vector<'py, f64>)>
    {
        let network = self.network("the effect of a column")?;
        let index = self.model.index_of(column).map_err(raise)?;
        let measure = |stop: &AtomicBool| {
            let sample = self.sampled(frame, network, ReadTarget::No, (most_rows, seed), stop)?;
            network.effect(&sample.values, index, at_least_one(bins), stop)
        };
        let found = detached(py, threads, measure)?.map_err(raise)?;
        let points: Vec<_> = found.points.iter().chain(&found.missing).collect();
        let column = &self.model.columns()[index];
        let text = |value: f64| (!value.is_nan()).then(|| point_text(column, value));
        let effects = points.iter().flat_map(|point| point.effect.iter().copied()).collect();
        Ok((
            points.iter().map(|point| text(point.value)).collect(),
            PyArray1::from_vec(py, points.iter().map(|point| point.value).collect()),
            PyArray1::from_vec(py, points.iter().map(|point| point.rows as i64).collect()),
            matrix(py, effects, found.mean_prediction.len())?,
            PyArray1::from_vec(py, found.mean_prediction),
        ))
    }

    /// For each row: the index of the decided class (−1 for a row that cannot be predicted), the verdict ("proved", "disproved" or
    /// "undecided"), and the index of the class of a counter-example (−1 without one).
    #[allow(clippy::too_many_arguments, reason = "they are the options of the proof")]
    fn certify<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        epsilon: f64,
        keep: Vec<String>,
        boxes: usize,
        attack_steps: usize,
        threads: usize,
    ) -> PyResult<(Vector<'py, i64>, Vec<&'static str>, Vector<'py, i64>)> {
        let network = self.network("a certificate")?;
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return Err(value_error(format!("epsilon is {epsilon}, but must be a number of at least 0")));
        }
        let mut movable = network.movable_inputs();
        for index in self.indices(&keep).map_err(raise)? {
            let inputs = network.inputs_of(index);
            movable.iter_mut().take(inputs.end).skip(inputs.start).for_each(|moves| *moves = false);
        }
        let (mut decided, mut verdicts, mut others) = (Vec::new(), Vec::new(), Vec::new());
        self.for_batches(py, frame, ReadTarget::No, threads, |batch, known, interrupted| {
            let inputs = network.features(&known_rows(batch, known));
            let mut found = Vec::new();
            // Few rows at once, because a proof may take long.
            for inputs in inputs.chunks(CERTIFIED_AT_ONCE * movable.len()) {
                not_interrupted(interrupted)?;
                found.extend(network.certify(inputs, epsilon, &movable, boxes, attack_steps)?);
            }
            let classes: Vec<i64> = found.iter().map(|one| one.class as i64).collect();
            let (words, becomes): (Vec<_>, Vec<_>) = found
                .iter()
                .map(|one| match &one.verdict {
                    Verdict::Proved => ("proved", -1),
                    Verdict::Undecided => ("undecided", -1),
                    Verdict::Disproved { class, .. } => ("disproved", *class as i64),
                })
                .unzip();
            spread(&mut decided, &classes, known, 1, -1);
            spread(&mut verdicts, &words, known, 1, "undecided");
            spread(&mut others, &becomes, known, 1, -1);
            Ok(())
        })?;
        Ok((PyArray1::from_vec(py, decided), verdicts, PyArray1::from_vec(py, others)))
    }

    /// Log-likelihoods of the rows under a density, the target included if the frame has it; minus infinity for a row with an
    /// impossible value.
    fn log_likelihood<'py>(
        &self,
        py: Python<'py>,
        frame: &Frame,
        threads: usize,
    ) -> PyResult<Vector<'py, f64>> {
        let density = self.density("a log-likelihood")?;
        let mut all = Vec::new();
        self.for_batches(py, frame, ReadTarget::IfThere, threads, |batch, _, _| {
            let first = all.len();
            all.extend(density.log_likelihood(&batch.rows.values)?);
            batch.rows.outside.iter().for_each(|outside| all[first + outside.row] = f64::NEG_INFINITY);
            Ok(())
        })?;
        Ok(PyArray1::from_vec(py, all))
    }

    /// The values that a density imputes: for each a row, the name of its column, the value as a text, and the value as a number.
    #[allow(clippy::type_complexity, reason = "the caller takes the tuples apart")]
    fn impute(
        &self,
        py: Python,
        frame: &Frame,
        threads: usize,
    ) -> PyResult<Vec<(usize, String, Option<String>, f64)>> {
        let density = self.density("imputation")?;
        let columns = self.model.columns();
        let wanted = vec![true; columns.len()];
        let mut all = Vec::new();
        self.for_batches(py, frame, ReadTarget::IfThere, threads, |batch, _, _| {
            for (place, filled) in batch.places.iter().zip(density.fill(&batch.rows.values, &wanted)?) {
                for cell in filled.cells {
                    let column = &columns[cell.column];
                    let (text, number) = (column.cell(cell.value), column.to_table(cell.value));
                    all.push((place - 1, column.name().to_owned(), text, number));
                }
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// For each row, the distribution of the column `asked` given the other columns of the row.
    fn distributions(
        &self,
        py: Python,
        frame: &Frame,
        asked: &str,
        threads: usize,
    ) -> PyResult<Vec<Distribution>> {
        let index = self.model.index_of(asked).map_err(raise)?;
        let column = &self.model.columns()[index];
        let mut all = Vec::new();
        self.for_batches(py, frame, ReadTarget::IfThere, threads, |batch, _, interrupted| {
            for row in batch.iter() {
                not_interrupted(interrupted)?;
                let mut evidence = Evidence::nothing(row.len());
                evidence.row.copy_from_slice(row);
                evidence.row[index] = f64::NAN;
                let found = self.model.distribution(&evidence, index, CELLS)?;
                all.push(Distribution { column: column.clone(), found });
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// The distribution of the column `asked` given values and ranges of other columns.
    fn query(
        &self,
        py: Python,
        asked: &str,
        given: Assignments,
        ranges: Assignments,
        threads: usize,
    ) -> PyResult<Distribution> {
        let answer = detached(py, threads, |_| {
            let evidence = self.model.evidence(&given, &ranges)?;
            let answer = self.model.answer(&evidence, asked, CELLS)?;
            Ok::<_, TabularError>(Distribution { column: answer.column.clone(), found: answer.distribution })
        })?;
        answer.map_err(raise)
    }

    /// Draws rows given values of columns: a list of texts for each column, and the name and R-hat of each column that chains drew.
    #[allow(clippy::type_complexity, reason = "the caller takes the tuples apart")]
    fn sample(
        &self,
        py: Python,
        rows: usize,
        given: Assignments,
        seed: u64,
        threads: usize,
    ) -> PyResult<(Vec<(String, Vec<Option<String>>)>, Vec<(String, Option<f64>)>)> {
        let cells = rows.checked_mul(self.model.columns().len());
        let fits = |cells| Vec::<f64>::new().try_reserve_exact(cells).is_ok();
        if !cells.is_some_and(fits) {
            return Err(value_error(format!("{rows} rows do not fit in memory; draw fewer at a time")));
        }
        let usual = SamplingOptions::default();
        let draws = rows.div_ceil(usual.chains).max(FEWEST_DRAWS);
        let options = DrawOptions { rows, seed, chains: SamplingOptions { draws, seed, ..usual } };
        let drawn = detached(py, threads, |interrupted| {
            let evidence = self.model.evidence(&given, &[])?;
            self.model.sample(&evidence, &options, &mut |_, _| !interrupted.load(Ordering::Relaxed))
        })?;
        let Draws { rows, diagnostics } = drawn.map_err(raise)?;
        let columns = self.model.columns();
        let cells = |(index, column): (usize, &Column)| {
            let values = rows.iter().skip(index).step_by(columns.len()).map(|&value| match value.is_nan() {
                true => None,
                false => column.cell(value),
            });
            (column.name().to_owned(), values.collect())
        };
        let name = |index: usize| columns[index].name().to_owned();
        let chains = diagnostics.unwrap_or_default().into_iter();
        let r_hats = chains.map(|(index, found)| (name(index), found.r_hat)).collect();
        Ok((columns.iter().enumerate().map(cells).collect(), r_hats))
    }

    /// The most probable joint values of the columns `asked`: their names and values, the value of the objective, its upper bound,
    /// and whether the two are proved to differ by at most `gap`.
    #[allow(clippy::too_many_arguments, reason = "they are the options of the proof")]
    fn mpe(
        &self,
        py: Python,
        asked: Vec<String>,
        given: Assignments,
        ranges: Assignments,
        gap: f64,
        time_limit: f64,
        threads: usize,
    ) -> PyResult<(Cells, f64, f64, bool)> {
        let time_limit = Duration::try_from_secs_f64(time_limit).map_err(|_| {
            value_error(format!("time_limit is {time_limit}, but must be a number of seconds"))
        })?;
        let options = MpeOptions { gap, time_limit: Some(time_limit), ..MpeOptions::default() };
        let found = detached(py, threads, |interrupted| {
            let evidence = self.model.evidence(&given, &ranges)?;
            let asked = match asked.is_empty() {
                true => evidence.missing(&[]).collect(),
                false => self.indices(&asked)?,
            };
            let found = self.model.mpe(&evidence, &asked, &options, &mut |_| match interrupted
                .load(Ordering::Relaxed)
            {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })?;
            Ok::<_, TabularError>((asked, found))
        })?;
        let (asked, found) = found.map_err(raise)?;
        let columns = self.model.columns();
        let cell = |&index: &usize| (columns[index].name().to_owned(), columns[index].cell(found.row[index]));
        Ok((asked.iter().map(cell).collect(), found.value, found.upper_bound, found.proved))
    }
}

/// The distribution of a value of a column.
#[pyclass(frozen, module = "ugmm_nn._native")]
pub struct Distribution {
    column: Column,
    found: Found,
}

#[pymethods]
impl Distribution {
    /// Name of the column.
    #[getter]
    fn column(&self) -> &str {
        self.column.name()
    }

    /// The states and their probabilities; None for a number.
    fn states(&self) -> Option<Vec<(String, f64)>> {
        ugmm_tabular::Answer { column: &self.column, distribution: self.found.clone() }.states()
    }

    /// The mean; an error for states.
    fn mean(&self) -> PyResult<f64> {
        self.number().map(Found::mean)
    }

    /// The standard deviation; an error for states.
    fn std(&self) -> PyResult<f64> {
        self.number().map(Found::deviation)
    }

    /// The quantile of a probability in [0, 1]; an error for states.
    fn quantile(&self, probability: f64) -> PyResult<f64> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(value_error(format!("the probability is {probability}, but must be from 0 to 1")));
        }
        self.number().map(|found| found.quantile(probability))
    }

    /// P(value ≤ `value`), NaN for NaN; an error for states.
    fn cdf(&self, value: f64) -> PyResult<f64> {
        self.number().map(|found| if value.is_nan() { value } else { found.cumulative(value) })
    }

    /// The density at `value`, or the probability of a whole number, NaN for NaN; an error for states.
    fn pdf(&self, value: f64) -> PyResult<f64> {
        self.number().map(|found| if value.is_nan() { value } else { found.density(value) })
    }
}

impl Distribution {
    fn number(&self) -> PyResult<&Found> {
        match self.column.is_number() {
            true => Ok(&self.found),
            false => {
                let message =
                    format!("the column {:?} has states, not numbers; see states()", self.column.name());
                Err(PyTypeError::new_err(message))
            }
        }
    }
}
