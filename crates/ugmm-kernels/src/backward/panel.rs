//! The fast path of the backward pass: each exponential is computed once and serves two sums, the one over
//! rows for the parameters and the one over neurons for the inputs.
//!
//! Where inputs that are 0 are kept apart, their exponential and u are equal in all rows, so that these rows
//! only need the sum of their ratios.

use crate::LayerShape;
use crate::backward::gradients::Outputs;
use crate::backward::task::{GradientsOfSums, PanelTask, SUMS};
use crate::careful::saturate;
use crate::layout::component::{Component, Evaluated, components};
use crate::layout::prepare::VALUES;
use crate::layout::subset_sums::{SubsetSums, Wide};
use crate::layout::tile::{
    INPUTS, PLACES, Places, SparseTile, Tile, Tiles, dense_places, padded_rows, row_range, sparse_places,
};
use crate::layout::transpose::{transpose, transpose_into};
use crate::layout::zero_map::WORD;
use crate::simd::aligned::Aligned;
use crate::simd::exp2::Exp2;
use crate::simd::vector::{Operation, Vector};

/// Values evaluated together; divides [`crate::layout::tile::GROUP`].
const TOGETHER: usize = 4;

/// Sums the gradients of a panel of neurons at a range of inputs over the pairs of the fast path and overwrites
/// `outputs` with them. The range begins and ends with a block of inputs. Returns the panel's part of the gradient
/// with respect to these inputs, `[batch, inputs of the range]`, negated and not yet unscaled; empty when it was not
/// requested.
pub(crate) struct SumPanel<'a> {
    /// Its ratios are `[row blocks, panels, PLACES, width]`.
    pub(crate) task: PanelTask<'a>,
    pub(crate) tiles: &'a Tiles,
}

impl Operation for SumPanel<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> Vec<f32> {
        match (self.task.prepared.layout.vectors, self.task.want_x) {
            (1, false) => self.sum::<S, 1, false>(simd),
            (1, true) => self.sum::<S, 1, true>(simd),
            (_, false) => self.sum::<S, 2, false>(simd),
            (_, true) => self.sum::<S, 2, true>(simd),
        }
    }
}

impl SumPanel<'_> {
    #[inline(always)]
    fn sum<S: Vector, const V: usize, const WANT_X: bool>(mut self, simd: S) -> Vec<f32> {
        let LayerShape { batch, inputs: all_inputs, .. } = self.task.shape;
        let layout = self.task.prepared.layout;
        let panel = self.task.prepared.panel(self.task.panel);
        let size = panel.len() / all_inputs;
        let range = self.task.outputs.inputs();
        let (panel, first_block) = (&panel[range.start * size..range.end * size], range.start / INPUTS);
        let inputs = range.len();
        let mut over_neurons = vec![0.0_f32; if WANT_X { batch * inputs } else { 0 }];
        let mut tile_over_neurons = vec![[0.0_f32; PLACES]; if WANT_X { INPUTS.min(inputs) } else { 0 }];
        let exp2 = S::Exp2::new(simd);
        let mut subsets = SubsetSums::new(simd);
        let zero = [[simd.splat_f32s(0.0); V]; SUMS];
        // Sums of a block of rows join the totals only at its end, which keeps rounding errors from growing
        // with the batch.
        let mut totals = Aligned([zero; INPUTS]);
        let mut zero_ratios = Aligned([[simd.splat_f32s(0.0); V]; INPUTS]);
        for (block, panel) in panel.chunks(INPUTS * size).enumerate() {
            let totals = &mut totals.0[..panel.len() / size];
            totals.fill(zero);
            for row_block in 0..self.tiles.row_blocks() {
                let rows = row_range(batch, row_block);
                let place = row_block * layout.count + self.task.panel;
                let mut sums = TileSums::<S, V, WANT_X> {
                    simd,
                    exp2,
                    panel,
                    ratios: places::<S, V>(&self.task.ratios[place * PLACES * layout.width..]),
                    rows: rows.len(),
                    totals,
                    over_neurons: &mut tile_over_neurons,
                };
                match &self.tiles.of_rows(row_block)[first_block + block] {
                    Tile::Dense(x) => sums.add_dense(x),
                    Tile::Sparse(tile) => {
                        if WANT_X && tile.has_missing {
                            // A missing value gets no gradient.
                            sums.over_neurons.as_flattened_mut().fill(0.0);
                        }
                        sums.add_zeros(tile, &mut subsets, &mut zero_ratios.0);
                        sums.add_nonzeros(tile);
                    }
                }
                if WANT_X {
                    let source = tile_over_neurons[..totals.len()].as_flattened();
                    let target = &mut over_neurons[rows.start * inputs + block * INPUTS..];
                    transpose(source, PLACES, totals.len(), rows.len(), target, inputs);
                }
            }
            self.finish(simd, panel, block * INPUTS, totals);
        }
        self.add_weights();
        over_neurons
    }

    /// Adds the part of the gradient of the mixing logits that does not depend on x, -π times the sum of the cotangents.
    #[inline(always)]
    fn add_weights(&mut self) {
        let first_neuron = self.task.panel * self.task.prepared.layout.width;
        let inputs = self.task.outputs.inputs();
        let neurons = self.task.outputs.mixing_logits.iter_mut().zip(self.task.totals);
        for (neuron, (gradient, &total)) in (first_neuron..).zip(neurons) {
            let total = saturate(total);
            let weights = &self.task.prepared.weights(neuron)[inputs.clone()];
            for (gradient, &weight) in gradient.iter_mut().zip(weights) {
                *gradient = saturate(f64::from(*gradient - weight * total));
            }
        }
    }

    /// Turns the sums of a block of inputs, which begins at `first_input` of the range, into gradients, without the term of the mixing logits that
    /// [`Self::add_weights`] adds.
    #[inline(always)]
    fn finish<S: Vector, const V: usize>(
        &mut self,
        simd: S,
        panel: &[f32],
        first_input: usize,
        totals: &mut [[Wide<S, V>; SUMS]],
    ) {
        let width = V * S::F32_LANES;
        let of_sums = GradientsOfSums::new(simd, self.task.unscale);
        for (totals, &[_, scales, _]) in totals.iter_mut().zip(components::<S, V>(panel)) {
            for v in 0..V {
                let gradients = of_sums.of([totals[0][v], totals[1][v], totals[2][v]], scales[v]);
                for (total, gradient) in totals.iter_mut().zip(gradients) {
                    total[v] = of_sums.saturated(gradient);
                }
            }
        }
        let gradients: &[f32] = pulp::bytemuck::cast_slice(totals.as_flattened().as_flattened());
        let block = first_input..first_input + totals.len();
        let Outputs { means, log_sigmas, mixing_logits, .. } = &mut self.task.outputs;
        for (value, outputs) in [means, log_sigmas, mixing_logits].into_iter().enumerate() {
            let targets = outputs.iter_mut().map(
                #[inline(always)]
                |neuron| &mut neuron[block.clone()],
            );
            transpose_into(&gradients[value * width..], SUMS * width, targets);
        }
    }
}

#[inline(always)]
fn places<S: Vector, const V: usize>(ratios: &[f32]) -> &[Wide<S, V>; PLACES] {
    let (wides, _) = S::as_simd_f32s(ratios).0.as_chunks();
    wides.first_chunk().expect("ratios come in whole blocks")
}

/// The sums of a panel over one tile.
struct TileSums<'a, S: Vector, const V: usize, const WANT_X: bool> {
    simd: S,
    exp2: S::Exp2,
    /// The panel's components at the inputs of the tile.
    panel: &'a [f32],
    /// The ratio of each row.
    ratios: &'a [Wide<S, V>; PLACES],
    rows: usize,
    /// The sums of each input.
    totals: &'a mut [[Wide<S, V>; SUMS]],
    /// Sums over neurons, `[inputs, PLACES]`.
    over_neurons: &'a mut [[f32; PLACES]],
}

impl<S: Vector, const V: usize, const WANT_X: bool> TileSums<'_, S, V, WANT_X> {
    /// Adds every input on every row.
    #[inline(always)]
    fn add_dense(&mut self, x: &[f32]) {
        let columns = x.chunks_exact(padded_rows(self.rows));
        for (input, (component, x)) in components::<S, V>(self.panel).iter().zip(columns).enumerate() {
            self.add_column(component, input, dense_places(x));
        }
    }

    /// Adds the inputs that are not 0.
    #[inline(always)]
    fn add_nonzeros(&mut self, tile: &SparseTile) {
        let columns = tile.columns();
        for (input, (component, entries)) in components::<S, V>(self.panel).iter().zip(columns).enumerate() {
            self.add_column(component, input, sparse_places(entries));
        }
    }

    /// Adds some values of one input.
    #[inline(always)]
    fn add_column(
        &mut self,
        component: &[Wide<S, V>; VALUES],
        input: usize,
        places: impl Iterator<Item = Places<TOGETHER>>,
    ) {
        let component = &Component::new(self.simd, self.exp2, component);
        let mut sums = [[self.simd.splat_f32s(0.0); V]; SUMS];
        // The loop is written twice, because which of the two forms of u it uses is known before it starts.
        match component.shifts() {
            Some(shifts) => {
                for Places { rows, x } in places {
                    self.add_values(
                        component,
                        input,
                        rows,
                        component.evaluate(Some(shifts), component.splat(x)),
                        &mut sums,
                    );
                }
            }
            None => {
                for Places { rows, x } in places {
                    self.add_values(
                        component,
                        input,
                        rows,
                        component.evaluate(None, component.splat(x)),
                        &mut sums,
                    );
                }
            }
        }
        self.add_to_totals(input, sums);
    }

    #[inline(always)]
    fn add_to_totals(&mut self, input: usize, sums: [Wide<S, V>; SUMS]) {
        for (total, sum) in self.totals[input].iter_mut().zip(sums) {
            for v in 0..V {
                total[v] = self.simd.add_f32s(total[v], sum[v]);
            }
        }
    }

    /// Adds a few values of one input.
    #[inline(always)]
    fn add_values(
        &mut self,
        component: &Component<S, V>,
        input: usize,
        rows: [u8; TOGETHER],
        values: Evaluated<S, V, TOGETHER>,
        sums: &mut [Wide<S, V>; SUMS],
    ) {
        for n in 0..TOGETHER {
            self.add_value(component, input, rows[n], values.us[n], values.exponentials[n], sums);
        }
    }

    #[inline(always)]
    fn add_value(
        &mut self,
        component: &Component<S, V>,
        input: usize,
        row: u8,
        us: Wide<S, V>,
        exponentials: Wide<S, V>,
        sums: &mut [Wide<S, V>; SUMS],
    ) {
        let simd = self.simd;
        let ratios = &self.ratios[usize::from(row)];
        let mut over_neurons = simd.splat_f32s(0.0);
        for v in 0..V {
            let w = simd.mul_f32s(exponentials[v], ratios[v]);
            let wu = simd.mul_f32s(w, us[v]);
            sums[0][v] = simd.add_f32s(sums[0][v], w);
            sums[1][v] = simd.add_f32s(sums[1][v], wu);
            sums[2][v] = simd.mul_add_e_f32s(wu, us[v], sums[2][v]);
            if WANT_X {
                over_neurons = simd.mul_add_e_f32s(wu, component.scales[v], over_neurons);
            }
        }
        if WANT_X {
            self.over_neurons[input][usize::from(row)] = simd.reduce_sum_f32s(over_neurons);
        }
    }

    /// Adds the inputs that are 0.
    #[inline(always)]
    fn add_zeros(
        &mut self,
        tile: &SparseTile,
        subsets: &mut SubsetSums<S, V>,
        ratios: &mut [Wide<S, V>; INPUTS],
    ) {
        let simd = self.simd;
        let ratios = &mut ratios[..self.totals.len()];
        ratios.fill([simd.splat_f32s(0.0); V]);
        for word in 0..self.rows.div_ceil(WORD) {
            subsets.tabulate(&self.ratios[word * WORD..(word + 1) * WORD]);
            for (ratio, &zeros) in ratios.iter_mut().zip(tile.zeros.of_rows(word)) {
                subsets.add_selected(ratio, zeros);
            }
        }
        for (input, (component, ratios)) in
            components::<S, V>(self.panel).iter().zip(ratios.iter()).enumerate()
        {
            let component = Component::new(simd, self.exp2, component);
            let Evaluated { us: [us], exponentials: [exponentials] } =
                component.evaluate(None, [simd.splat_f32s(0.0)]);
            let mut sums = [[simd.splat_f32s(0.0); V]; SUMS];
            let mut terms = exponentials;
            for v in 0..V {
                let w = simd.mul_f32s(exponentials[v], ratios[v]);
                let wu = simd.mul_f32s(w, us[v]);
                sums[0][v] = w;
                sums[1][v] = wu;
                sums[2][v] = simd.mul_f32s(wu, us[v]);
                terms[v] = simd.mul_f32s(simd.mul_f32s(exponentials[v], us[v]), component.scales[v]);
            }
            self.add_to_totals(input, sums);
            if WANT_X {
                for row in tile.zeros.zero_rows(input) {
                    let mut sum = simd.splat_f32s(0.0);
                    for v in 0..V {
                        sum = simd.mul_add_e_f32s(self.ratios[row as usize][v], terms[v], sum);
                    }
                    self.over_neurons[input][row as usize] = simd.reduce_sum_f32s(sum);
                }
            }
        }
    }
}
