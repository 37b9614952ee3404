//! The operation on Burn's backends for GPUs, by fused CubeCL kernels: one source for wgpu, Vulkan, Metal, CUDA and ROCm.
//!
//! Nothing of size batch · neurons · inputs is stored; every output is owned by one unit, which adds up its terms in an
//! order that depends on the shape alone, so that the same call gives the same bits; every pass takes one exponential for
//! each component. The path for pairs of row and neuron that `f32` cannot express works with twice its digits
//! (`twofold.rs`) and is looked for on the device: nothing is read back.

mod careful;
mod exponentials;
mod fast_exp;
mod forward;
mod inputs;
mod lists;
mod parameters;
mod prepare;
mod tile;
mod twofold;

use super::{UgmmBackend, UgmmDevice};
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::ops::numeric::{empty_device_contiguous_dtype, zeros};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use tile::{Tensors, Tile, TileTuner, a_unit_each, cube_count, launch_tuned, tile_dim};
use ugmm_kernels::LayerShape;

/// See `twofold.rs`.
const ZERO: u32 = 0;

/// Rows in a part of the parameters' gradients, unless there would be too many parts.
const ROWS_OF_PART: usize = 512;
const MOST_PARTS: usize = 32;

/// Whether new buffers are filled with NaN before kernels write to them: for tests that all is written.
static FILLED_WITH_NAN: AtomicBool = AtomicBool::new(false);

/// Access to the kernels for tests and benchmarks.
#[doc(hidden)]
pub mod testing {
    use super::*;

    /// Number of tilings of the kernels.
    pub const TILES: usize = tile::TILES.len();

    /// Fills new buffers of kernels with NaN from now on.
    pub fn fill_new_buffers_with_nan() {
        FILLED_WITH_NAN.store(true, Ordering::Relaxed);
    }

    /// Computes `count` exponentials, and little else, on a device, and returns how many there really were. Their speed bounds
    /// that of the kernels.
    pub fn exponentials(device: &burn::tensor::Device, count: usize) -> usize {
        exponentials::run(device, count)
    }

    /// Has all kernels cut into this tile from now on; `None`: into the one that is chosen for a call.
    pub fn force_tile(tile: Option<usize>) {
        tile::FORCED.store(tile.map_or(0, |tile| tile + 1), Ordering::Relaxed);
    }
}

/// The values that the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    shape: LayerShape,
    /// See [`prepare::PLANES`].
    prepared: CubeTensor,
    /// See [`prepare::NEURON_PLANES`].
    of_neurons: CubeTensor,
    /// See [`careful::PAIR_PLANES`].
    pairs: CubeTensor,
}

impl UgmmBackend for CubeBackend {
    fn ugmm_forward(
        x: CubeTensor,
        means: CubeTensor,
        log_sigmas: CubeTensor,
        mixing_logits: CubeTensor,
    ) -> CubeTensor {
        Self::ugmm_forward_saving([x, means, log_sigmas, mixing_logits]).0
    }
}

impl UgmmDevice for CubeBackend {
    type Saved = Saved;

    fn ugmm_forward_saving(arguments: [CubeTensor; 4]) -> (CubeTensor, Saved) {
        let shape = checked_shape(&arguments);
        let LayerShape { batch, inputs, neurons } = shape;
        let [x, means, log_sigmas, mixing_logits] = arguments;
        let client = x.client.clone();
        let prepared = new_tensor(&x, &[prepare::PLANES, neurons, inputs]);
        let of_neurons = new_tensor(&x, &[prepare::NEURON_PLANES, neurons]);
        prepare::prepare::launch(
            &client,
            cube_count(&client, neurons),
            CubeDim::new_1d(prepare::UNITS as u32),
            means.into_tensor_arg(),
            log_sigmas.into_tensor_arg(),
            mixing_logits.into_tensor_arg(),
            prepared.clone().into_tensor_arg(),
            of_neurons.clone().into_tensor_arg(),
            ZERO,
        );
        let pairs = new_tensor(&x, &[careful::PAIR_PLANES, batch, neurons]);
        let y = new_tensor(&x, &[batch, neurons]);
        if batch > 0 {
            static TUNER: TileTuner = TileTuner::new("ugmm-sums");
            let tensors = vec![x, prepared.clone(), of_neurons.clone(), pairs.clone(), y.clone()];
            let of_rescue = tensors.clone();
            launch_tuned(&TUNER, shape, batch * neurons, tensors, launch_sums);
            let [x, prepared, of_neurons, pairs, y] = arguments_of(&of_rescue);
            let (count, dim) = a_unit_each(&client, batch * neurons);
            forward::rescue::launch(&client, count, dim, x, prepared, of_neurons, pairs, y, ZERO);
        }
        (y, Saved { shape, prepared, of_neurons, pairs })
    }

    fn ugmm_backward(
        arguments: [CubeTensor; 4],
        saved: Saved,
        cotangent: CubeTensor,
        want_x: bool,
    ) -> ([CubeTensor; 3], Option<CubeTensor>) {
        let [x, ..] = arguments;
        let LayerShape { batch, inputs, neurons } = saved.shape;
        if batch == 0 {
            let zeros = |rows| zeros(x.device.clone(), Shape::from([rows, inputs]), x.dtype);
            return ([zeros(neurons), zeros(neurons), zeros(neurons)], want_x.then(|| zeros(0)));
        }
        let parameters = parameter_gradients(&x, &saved, &cotangent);
        (parameters, want_x.then(|| input_gradient(&x, &saved, &cotangent)))
    }
}

fn parameter_gradients(x: &CubeTensor, saved: &Saved, cotangent: &CubeTensor) -> [CubeTensor; 3] {
    let Saved { shape, prepared, of_neurons, pairs } = saved;
    let LayerShape { batch, inputs, neurons } = *shape;
    let client = &x.client;
    let (lists, totals) = careful_partners(saved, cotangent, false);

    static TUNER: TileTuner = TileTuner::new("ugmm-parameters");
    let count = batch.div_ceil(rows_of_part(batch));
    // The last part is of the careful pairs.
    let parts = new_tensor(x, &[count + 1, parameters::PLANES, neurons, inputs]);
    let tensors = vec![x.clone(), prepared.clone(), pairs.clone(), cotangent.clone(), parts.clone()];
    launch_tuned(&TUNER, *shape, count * neurons * inputs, tensors, launch_parts);

    let (count, dim) = a_unit_each(client, neurons * inputs);
    let all = [x, prepared, of_neurons, pairs, cotangent, &lists, &parts].map(Clone::clone);
    let [x_argument, of_components, neurons_argument, pairs, cotangent, lists, parts_argument] =
        all.map(CubeTensor::into_tensor_arg);
    parameters::careful_part::launch(
        client,
        count.clone(),
        dim,
        x_argument,
        of_components,
        neurons_argument,
        pairs,
        cotangent,
        lists,
        parts_argument,
        ZERO,
    );
    let gradients = [(); 3].map(|()| new_tensor(x, &[neurons, inputs]));
    let [of_means, of_log_sigmas, of_logits] = gradients.clone().map(CubeTensor::into_tensor_arg);
    parameters::sum_of_parts::launch(
        client,
        count,
        dim,
        parts.into_tensor_arg(),
        prepared.clone().into_tensor_arg(),
        of_neurons.clone().into_tensor_arg(),
        totals.into_tensor_arg(),
        of_means,
        of_log_sigmas,
        of_logits,
    );
    gradients
}

fn input_gradient(x: &CubeTensor, saved: &Saved, cotangent: &CubeTensor) -> CubeTensor {
    let Saved { shape, prepared, of_neurons, pairs } = saved;
    let LayerShape { batch, inputs, .. } = *shape;
    let client = &x.client;
    let (lists, _) = careful_partners(saved, cotangent, true);

    static TUNER: TileTuner = TileTuner::new("ugmm-inputs");
    let of_x = new_tensor(x, &[batch, inputs]);
    let tensors = vec![x.clone(), prepared.clone(), pairs.clone(), cotangent.clone(), of_x.clone()];
    launch_tuned(&TUNER, *shape, batch * inputs, tensors, launch_inputs);

    let (count, dim) = a_unit_each(client, batch * inputs);
    let all = [x, prepared, of_neurons, pairs, cotangent, &lists, &of_x].map(Clone::clone);
    let [x, prepared, of_neurons, pairs, cotangent, lists, out] = all.map(CubeTensor::into_tensor_arg);
    inputs::add_careful::launch(
        client, count, dim, x, prepared, of_neurons, pairs, cotangent, lists, out, ZERO,
    );
    of_x
}

/// See [`lists::careful_partners`].
fn careful_partners(
    saved: &Saved,
    cotangent: &CubeTensor,
    owners_are_rows: bool,
) -> (CubeTensor, CubeTensor) {
    let LayerShape { batch, neurons, .. } = saved.shape;
    let (owners, partners) = if owners_are_rows { (batch, neurons) } else { (neurons, batch) };
    let lists = new_tensor_of(DType::U32, cotangent, &[owners, 1 + partners]);
    let totals = new_tensor(cotangent, &[owners]);
    lists::careful_partners::launch(
        &cotangent.client,
        cube_count(&cotangent.client, owners),
        CubeDim::new_1d(prepare::UNITS as u32),
        saved.pairs.clone().into_tensor_arg(),
        cotangent.clone().into_tensor_arg(),
        lists.clone().into_tensor_arg(),
        totals.clone().into_tensor_arg(),
        owners_are_rows,
    );
    (lists, totals)
}

fn launch_sums(shape: LayerShape, tensors: &Tensors, tile: Tile) {
    let client = &tensors[0].client;
    let cubes = tile.cubes(shape.batch, shape.neurons);
    let [x, prepared, of_neurons, pairs, y] = arguments_of(tensors);
    let count = cube_count(client, cubes);
    let Tile { outer, inner } = tile;
    forward::sums::launch(client, count, tile_dim(), x, prepared, of_neurons, pairs, y, outer, inner);
}

fn launch_parts(shape: LayerShape, tensors: &Tensors, tile: Tile) {
    let client = &tensors[0].client;
    let rows = rows_of_part(shape.batch);
    let cubes = tile.cubes(shape.neurons, shape.inputs) * shape.batch.div_ceil(rows);
    let [x, prepared, pairs, cotangent, parts] = arguments_of(tensors);
    let count = cube_count(client, cubes);
    let Tile { outer, inner } = tile;
    parameters::parts::launch(
        client,
        count,
        tile_dim(),
        x,
        prepared,
        pairs,
        cotangent,
        parts,
        rows,
        outer,
        inner,
    );
}

fn launch_inputs(shape: LayerShape, tensors: &Tensors, tile: Tile) {
    let client = &tensors[0].client;
    let cubes = tile.cubes(shape.batch, shape.inputs);
    let [x, prepared, pairs, cotangent, of_x] = arguments_of(tensors);
    let count = cube_count(client, cubes);
    let Tile { outer, inner } = tile;
    inputs::gradients::launch(client, count, tile_dim(), x, prepared, pairs, cotangent, of_x, outer, inner);
}

fn arguments_of(tensors: &Tensors) -> [TensorArg; 5] {
    let tensors: [CubeTensor; 5] = tensors.clone().try_into().expect("the tile kernels have five tensors");
    tensors.map(CubeTensor::into_tensor_arg)
}

fn rows_of_part(batch: usize) -> usize {
    batch.div_ceil(MOST_PARTS).max(ROWS_OF_PART)
}

fn new_tensor(like: &CubeTensor, shape: &[usize]) -> CubeTensor {
    new_tensor_of(like.dtype, like, shape)
}

/// A tensor on the device of another, with nothing in particular in it.
fn new_tensor_of(dtype: DType, like: &CubeTensor, shape: &[usize]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    let shape = Shape::from(shape.to_vec());
    if FILLED_WITH_NAN.load(Ordering::Relaxed) {
        let bytes = f32::NAN.to_le_bytes().repeat(shape.num_elements());
        let handle = client.create_from_slice(&bytes);
        return CubeTensor::new_contiguous(client, device, shape, handle, dtype);
    }
    empty_device_contiguous_dtype(client, device, shape, dtype)
}

/// The shape of a call. Shapes that do not fit are a programming error here, as they are for Burn's own operations.
fn checked_shape(arguments: &[CubeTensor; 4]) -> LayerShape {
    let [x, parameters @ ..] = arguments;
    for tensor in arguments {
        assert_eq!(tensor.dtype, DType::F32, "the uGMM operation works on f32 tensors");
        assert_eq!(tensor.meta.shape().num_dims(), 2, "uGMM operation: a tensor is no matrix");
    }
    let (batch, inputs) = (x.meta.shape()[0], x.meta.shape()[1]);
    let neurons = parameters[0].meta.shape()[0];
    assert!(
        inputs > 0 && neurons > 0,
        "uGMM operation: {inputs} inputs, {neurons} neurons; both must be at least 1"
    );
    for (name, tensor) in ["means", "log_sigmas", "mixing_logits"].iter().zip(parameters) {
        let (found, expected) = (tensor.meta.shape(), [neurons, inputs]);
        assert!(
            found[0] == neurons && found[1] == inputs,
            "uGMM operation: {name} has the shape {found:?}, expected [neurons, inputs] = {expected:?}"
        );
    }
    LayerShape { batch, inputs, neurons }
}
