//! The neuron on arrays, for the layer in PyTorch: `f32` by the fused kernels, `f64` by the oracle.
//!
//! Arrays are C-contiguous: x `[batch, inputs]`, parameters `[neurons, inputs]`, activations and cotangents `[batch, neurons]`.
//! Their values are read in place.

use crate::error::value_error;
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex, PoisonError};
use ugmm_kernels::oracle::{self, LayerArguments64};
use ugmm_kernels::{Forward, KernelError, LayerArguments, LayerShape, Saved, backward, forward};

type Values<'py, T> = PyReadonlyArray2<'py, T>;
type Matrix<'py, T> = Bound<'py, PyArray2<T>>;
/// Gradients with respect to x, if it is wanted, means, log σ and mixing logits.
type Gradients<'py, T> = (Option<Matrix<'py, T>>, Matrix<'py, T>, Matrix<'py, T>, Matrix<'py, T>);

/// Component evaluations below which the kernels use one thread.
const SMALL: usize = 1 << 18;
/// Cost of an activation beside its components, in component evaluations.
const ACTIVATION_WORK: usize = 8;

/// What a forward pass keeps for its backward pass.
#[pyclass(frozen, module = "ugmm_nn._native")]
pub struct NeuronPass {
    saved: Saved,
    shape: LayerShape,
}

#[pymethods]
impl NeuronPass {
    /// The pass on these arguments, from its [`Self::sums`].
    #[staticmethod]
    fn of_sums(
        py: Python,
        x: Values<'_, f32>,
        means: Values<'_, f32>,
        log_sigmas: Values<'_, f32>,
        mixing_logits: Values<'_, f32>,
        sums: Values<'_, f32>,
        threads: usize,
    ) -> PyResult<Self> {
        let shape = shape_of(&x, &means);
        let arguments = arguments(&x, &means, &log_sigmas, &mixing_logits)?;
        let sums = values(&sums)?.to_vec();
        let saved = compute(py, shape, threads, || Saved::of_sums(shape, arguments, sums))?;
        Ok(Self { saved, shape })
    }

    /// Sums from which the pass can be restored, `[batch, neurons]`.
    fn sums<'py>(&self, py: Python<'py>) -> PyResult<Matrix<'py, f32>> {
        matrix(py, self.saved.sums().to_vec(), [self.shape.batch, self.shape.neurons])
    }

    /// The gradients of the sum of activations times `cotangent`; that of x only if `want_x`. The arguments are those of the
    /// forward pass.
    #[expect(clippy::too_many_arguments, reason = "they are the tensors of the operation")]
    fn backward<'py>(
        &self,
        py: Python<'py>,
        x: Values<'py, f32>,
        means: Values<'py, f32>,
        log_sigmas: Values<'py, f32>,
        mixing_logits: Values<'py, f32>,
        cotangent: Values<'py, f32>,
        want_x: bool,
        threads: usize,
    ) -> PyResult<Gradients<'py, f32>> {
        let shape = shape_of(&x, &means);
        let arguments = arguments(&x, &means, &log_sigmas, &mixing_logits)?;
        let cotangent = values(&cotangent)?;
        let found =
            compute(py, shape, threads, || backward(shape, arguments, &self.saved, cotangent, want_x))?;
        gradients(py, shape, cotangent, found.x, [found.means, found.log_sigmas, found.mixing_logits])
    }
}

/// The activations, and what the backward pass needs. Activations are NaN in rows with a value that is not finite, unless it is
/// NaN and `nan_is_missing`, and at neurons with a parameter that is not finite.
#[pyfunction]
pub fn neuron_forward<'py>(
    py: Python<'py>,
    x: Values<'py, f32>,
    means: Values<'py, f32>,
    log_sigmas: Values<'py, f32>,
    mixing_logits: Values<'py, f32>,
    nan_is_missing: bool,
    threads: usize,
) -> PyResult<(Matrix<'py, f32>, NeuronPass)> {
    let shape = shape_of(&x, &means);
    let arguments = arguments(&x, &means, &log_sigmas, &mixing_logits)?;
    let Forward { mut y, saved } = compute(py, shape, threads, || forward(shape, arguments))?;
    let LayerArguments { x, means, log_sigmas, mixing_logits } = arguments;
    mark_unusable(&mut y, shape, x, [means, log_sigmas, mixing_logits], nan_is_missing);
    Ok((matrix(py, y, [shape.batch, shape.neurons])?, NeuronPass { saved, shape }))
}

/// The activations in `f64`; see [`neuron_forward`].
#[pyfunction]
pub fn neuron_forward_f64<'py>(
    py: Python<'py>,
    x: Values<'py, f64>,
    means: Values<'py, f64>,
    log_sigmas: Values<'py, f64>,
    mixing_logits: Values<'py, f64>,
    nan_is_missing: bool,
) -> PyResult<Matrix<'py, f64>> {
    let shape = shape_of(&x, &means);
    let arguments = LayerArguments64 {
        x: values(&x)?,
        means: values(&means)?,
        log_sigmas: values(&log_sigmas)?,
        mixing_logits: values(&mixing_logits)?,
    };
    let mut y = py.detach(|| oracle::forward(shape, arguments)).map_err(raise)?;
    let LayerArguments64 { x, means, log_sigmas, mixing_logits } = arguments;
    mark_unusable(&mut y, shape, x, [means, log_sigmas, mixing_logits], nan_is_missing);
    matrix(py, y, [shape.batch, shape.neurons])
}

/// The gradients of the sum of activations times `cotangent` in `f64`; that of x only if `want_x`.
#[pyfunction]
pub fn neuron_backward_f64<'py>(
    py: Python<'py>,
    x: Values<'py, f64>,
    means: Values<'py, f64>,
    log_sigmas: Values<'py, f64>,
    mixing_logits: Values<'py, f64>,
    cotangent: Values<'py, f64>,
    want_x: bool,
) -> PyResult<Gradients<'py, f64>> {
    let shape = shape_of(&x, &means);
    let arguments = LayerArguments64 {
        x: values(&x)?,
        means: values(&means)?,
        log_sigmas: values(&log_sigmas)?,
        mixing_logits: values(&mixing_logits)?,
    };
    let cotangent = values(&cotangent)?;
    let found = py.detach(|| oracle::backward(shape, arguments, cotangent)).map_err(raise)?;
    let x = want_x.then_some(found.x);
    gradients(py, shape, cotangent, x, [found.means, found.log_sigmas, found.mixing_logits])
}

fn arguments<'a>(
    x: &'a Values<'_, f32>,
    means: &'a Values<'_, f32>,
    log_sigmas: &'a Values<'_, f32>,
    mixing_logits: &'a Values<'_, f32>,
) -> PyResult<LayerArguments<'a>> {
    Ok(LayerArguments {
        x: values(x)?,
        means: values(means)?,
        log_sigmas: values(log_sigmas)?,
        mixing_logits: values(mixing_logits)?,
    })
}

fn shape_of<T: Element>(x: &Values<'_, T>, means: &Values<'_, T>) -> LayerShape {
    LayerShape { batch: x.shape()[0], inputs: x.shape()[1], neurons: means.shape()[0] }
}

fn values<'a, T: Element>(array: &'a Values<'_, T>) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| value_error("an array of the neuron is not contiguous"))
}

fn matrix<T: Element>(py: Python<'_>, values: Vec<T>, shape: [usize; 2]) -> PyResult<Matrix<'_, T>> {
    PyArray1::from_vec(py, values).reshape(shape)
}

/// The gradients as arrays. They are NaN in the rows of x and at the neurons that have a cotangent which is not finite.
fn gradients<'py, T: Element + Real>(
    py: Python<'py>,
    shape: LayerShape,
    cotangent: &[T],
    mut x: Option<Vec<T>>,
    mut parameters: [Vec<T>; 3],
) -> PyResult<Gradients<'py, T>> {
    let LayerShape { batch, inputs, neurons } = shape;
    if cotangent.iter().fold(false, |any, g| any | !g.is_finite()) {
        for (pair, _) in cotangent.iter().enumerate().filter(|(_, g)| !g.is_finite()) {
            let (row, neuron) = (pair / neurons, pair % neurons);
            parameters.iter_mut().for_each(|values| values[neuron * inputs..][..inputs].fill(T::NAN));
            x.iter_mut().for_each(|values| values[row * inputs..][..inputs].fill(T::NAN));
        }
    }
    let x = x.map(|x| matrix(py, x, [batch, inputs])).transpose()?;
    let [means, log_sigmas, mixing_logits] = parameters.map(|values| matrix(py, values, [neurons, inputs]));
    Ok((x, means?, log_sigmas?, mixing_logits?))
}

/// Runs `work` without Python's lock: on this thread if it needs no other, else on the kept pool.
fn compute<T: Send>(
    py: Python<'_>,
    shape: LayerShape,
    threads: usize,
    work: impl FnOnce() -> Result<T, KernelError> + Send,
) -> PyResult<T> {
    let LayerShape { batch, inputs, neurons } = shape;
    let components = batch.saturating_mul(neurons).saturating_mul(inputs.saturating_add(ACTIVATION_WORK));
    if components < SMALL || (threads == 1 && is_alone()) {
        return py.detach(work).map_err(raise);
    }
    let pool = kept_pool(threads)?;
    py.detach(|| pool.install(work)).map_err(raise)
}

/// Makes this thread a pool of itself, in which parallel loops use no other thread; false if it is part of another pool.
fn is_alone() -> bool {
    thread_local! {
        static IS_ALONE: bool = ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread()
            .build()
            // A pool that its own thread ended would leave this thread without one.
            .map(std::mem::forget)
            .is_ok();
    }
    IS_ALONE.with(|&is_alone| is_alone)
}

/// A pool of threads that outlives the call, because starting one takes as long as a small layer.
struct KeptPool {
    process: u32,
    threads: usize,
    pool: Arc<ThreadPool>,
}

/// The pool of this number of threads. Threads do not survive a fork, so a forked process gets a pool of its own.
fn kept_pool(threads: usize) -> PyResult<Arc<ThreadPool>> {
    // The lock is taken and released while this thread has Python's lock, with which Python forks; so it is free in the child.
    static KEPT: Mutex<Option<KeptPool>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some(kept) = &*kept
        && (kept.process, kept.threads) == (process, threads)
    {
        return Ok(kept.pool.clone());
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|reason| value_error(format!("{threads} threads cannot be started: {reason}")))?;
    let pool = Arc::new(pool);
    if let Some(old) = kept.replace(KeptPool { process, threads, pool: pool.clone() })
        && old.process != process
    {
        // Its threads are gone; the end of the pool would wait for them.
        std::mem::forget(old);
    }
    Ok(pool)
}

/// Numbers of which some are not finite.
trait Real: Copy {
    const NAN: Self;
    fn is_nan(self) -> bool;
    fn is_finite(self) -> bool;
}

impl Real for f32 {
    const NAN: Self = f32::NAN;
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

impl Real for f64 {
    const NAN: Self = f64::NAN;
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

/// Makes the activations NaN that depend on values which are not finite. The kernels return unspecified numbers for them, and a
/// training that diverges should be seen to.
fn mark_unusable<T: Real>(
    y: &mut [T],
    shape: LayerShape,
    x: &[T],
    parameters: [&[T]; 3],
    nan_is_missing: bool,
) {
    let LayerShape { inputs, neurons, .. } = shape;
    let is_unusable = |x: T| !(x.is_finite() || (nan_is_missing && x.is_nan()));
    // Without a branch per value, the check of all values is vectorised.
    if x.iter().fold(false, |any, &x| any | is_unusable(x)) {
        for (y, x) in y.chunks_mut(neurons).zip(x.chunks(inputs)) {
            if x.iter().any(|&x| is_unusable(x)) {
                y.fill(T::NAN);
            }
        }
    }
    for parameters in parameters {
        if !parameters.iter().fold(false, |any, parameter| any | !parameter.is_finite()) {
            continue;
        }
        for (neuron, parameters) in parameters.chunks(inputs).enumerate() {
            if parameters.iter().any(|parameter| !parameter.is_finite()) {
                y.iter_mut().skip(neuron).step_by(neurons).for_each(|y| *y = T::NAN);
            }
        }
    }
}

fn raise(error: KernelError) -> PyErr {
    value_error(error.to_string())
}
