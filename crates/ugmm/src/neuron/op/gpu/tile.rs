//! How the kernels' work is cut into cubes, and the choice between several ways by measuring them.
//!
//! The results are the same whatever the tile: each sum is taken in an order that depends on the shape of the call alone.

use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;
use cubecl::tune::{LocalTuner, Tunable, TunableSet};
use cubecl::{AutotuneKey, CubeTuneId};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};
use ugmm_kernels::LayerShape;

/// A cube has `SIDE · SIDE` units.
pub(super) const SIDE: usize = 16;
/// How much of the summed dimension is in shared memory at a time: what one row of units loads.
pub(super) const DEPTH: usize = SIDE;

/// Component evaluations from which measuring the tiles pays.
const TUNE_FROM: usize = 1 << 22;
/// Fewer pairs of outputs than this times the units of a cube are cut as finely as can be, so that there are cubes for a
/// GPU's cores.
const FINE_BELOW: usize = 256;

/// The outputs of one unit of a tile kernel: `outer` times `inner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) outer: usize,
    pub(super) inner: usize,
}

impl Tile {
    /// Number of cubes for `outer` times `inner` outputs.
    pub(super) fn cubes(self, outer: usize, inner: usize) -> usize {
        outer.div_ceil(self.outer * SIDE) * inner.div_ceil(self.inner * SIDE)
    }
}

/// All tiles of each kernel.
pub(super) const TILES: [Tile; 5] = [
    Tile { outer: 1, inner: 1 },
    Tile { outer: 2, inner: 2 },
    Tile { outer: 4, inner: 2 },
    Tile { outer: 4, inner: 4 },
    Tile { outer: 4, inner: 1 },
];
const NAMES: [&str; TILES.len()] = ["1 by 1", "2 by 2", "4 by 2", "4 by 4", "4 by 1"];

/// The number of the tile that every call takes, from 1; 0 if it is chosen. For tests, which hold all tiles against each
/// other.
pub(super) static FORCED: AtomicUsize = AtomicUsize::new(0);

/// The key of the choice between tiles: sizes in powers of two.
#[derive(Hash, Eq, PartialEq, Debug, Clone, Serialize, Deserialize, AutotuneKey)]
pub(super) struct TileKey {
    #[autotune(anchor)]
    batch: usize,
    #[autotune(anchor)]
    inputs: usize,
    #[autotune(anchor)]
    neurons: usize,
}

/// The tensors of a call.
pub(super) type Tensors = Vec<CubeTensor>;
/// Launches a kernel on them, cut into tiles.
pub(super) type Launch = fn(LayerShape, &Tensors, Tile);
pub(super) type TileTuner = LocalTuner<TileKey, CubeTuneId>;

/// Launches a kernel, by the tile that is fastest on this device for calls of this size.
pub(super) fn launch_tuned(
    tuner: &'static TileTuner,
    shape: LayerShape,
    outputs: usize,
    tensors: Tensors,
    launch: Launch,
) {
    let LayerShape { batch, inputs, neurons } = shape;
    let forced = FORCED.load(Ordering::Relaxed);
    if forced > 0 {
        return launch(shape, &tensors, TILES[forced - 1]);
    }
    if batch.saturating_mul(inputs).saturating_mul(neurons) < TUNE_FROM {
        let tile = if outputs < FINE_BELOW * SIDE * SIDE { TILES[0] } else { TILES[1] };
        return launch(shape, &tensors, tile);
    }
    let client = tensors[0].client.clone();
    let id = CubeTuneId::new(&client, &tensors[0].device);
    let set = tuner.init(&id, move || {
        let mut set = TunableSet::<TileKey, (Shape3, Tensors), ()>::new_cloning_inputs(key);
        for (tile, name) in TILES.into_iter().zip(NAMES) {
            set = set.with(Tunable::new(
                name,
                move |((batch, inputs, neurons), tensors): (Shape3, Tensors)| {
                    launch(LayerShape { batch, inputs, neurons }, &tensors, tile);
                    Ok::<(), String>(())
                },
            ));
        }
        set
    });
    tuner.execute(&id, &client, set, ((batch, inputs, neurons), tensors));
}

fn key(((batch, inputs, neurons), _): &(Shape3, Tensors)) -> TileKey {
    TileKey::new(*batch, *inputs, *neurons)
}

/// Batch, inputs and neurons.
type Shape3 = (usize, usize, usize);

/// The dimensions of a cube of the tile kernels.
pub(super) fn tile_dim() -> CubeDim {
    CubeDim::new_2d(SIDE as u32, SIDE as u32)
}

/// At least this number of cubes, in as many dimensions as the device needs for it.
pub(super) fn cube_count(client: &Client, cubes: usize) -> CubeCount {
    let cubes = u32::try_from(cubes).expect("a tensor of so many cubes is beyond the memory of any device");
    CubeCountSelection::new(client, cubes).cube_count()
}

/// Cubes with one unit for each of `units` values.
pub(super) fn a_unit_each(client: &Client, units: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(client, units);
    (calculate_cube_count_elemwise(client, units, dim), dim)
}
