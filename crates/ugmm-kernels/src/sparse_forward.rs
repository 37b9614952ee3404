//! The forward pass for inputs most of which are exactly 0.
//!
//! Where x is 0 an exponential does not depend on the row. The zero part of a row's sum is a sum of a subset of
//! these; only the other inputs cost an exponential each.

use crate::dispatch::InstructionSet;
use crate::exp2::Exp2;
use crate::forward::finish;
use crate::panel::{PANEL_VECTORS, Panel, VALUES, panel_width};
use crate::subset_sums::{self, Wide};
use crate::tasks::Tasks;
use crate::zero_map::{RowMap, WORD, bits};
use crate::{Forward, LayerArguments, LayerShape};
use pulp::{Simd, WithSimd};

/// Terms that are summed up before they join the total, which keeps rounding errors from growing with the
/// number of inputs.
const SUM_TERMS: usize = 64;

/// Most rows of a task. Each prepares its panel and the tables of subset sums anew.
const LARGEST_TASK: usize = 1024;

/// Fills the output but for the pairs that need the rescue. A task takes a panel of neurons and some rows.
pub(crate) fn fill(
    instructions: InstructionSet,
    tasks: Tasks,
    shape: LayerShape,
    arguments: LayerArguments<'_>,
    output: &mut Forward,
) {
    let LayerShape { batch, inputs, neurons } = shape;
    let width = panel_width(instructions);
    let panels = neurons.div_ceil(width);
    let rows_per_task = tasks.items_per_task(batch.saturating_mul(panels), LARGEST_TASK, 1).min(batch);
    let row_tasks = batch.div_ceil(rows_per_task);
    let rows: Vec<Rows> = tasks.map(row_tasks, |task| {
        let first = task * rows_per_task;
        let x = &arguments.x[first * inputs..batch.min(first + rows_per_task) * inputs];
        let map = instructions.vectorised(
            #[inline(always)]
            || RowMap::new(x, inputs),
        );
        Rows { nonzeros: NonZeros::new(&map, x, inputs), map }
    });
    let parts = tasks.map(row_tasks * panels, |task| {
        let rows = &rows[task / panels];
        let first_neuron = task % panels * width;
        Panel::with(instructions, shape, arguments, first_neuron, |panel| {
            let mut sums = vec![0.0; rows.count() * width];
            instructions.run(SumRows { panel, rows, sums: &mut sums });
            (panel.bounds.clone(), sums)
        })
    });
    let bounds: Vec<f64> = parts[..panels].iter().flat_map(|(bounds, _)| bounds.iter().copied()).collect();
    for (task, (bounds, part)) in parts.iter().enumerate() {
        let first_neuron = task % panels * width;
        let sums = &mut output.sums[task / panels * rows_per_task * neurons..];
        for (sums, part) in sums.chunks_exact_mut(neurons).zip(part.chunks_exact(width)) {
            sums[first_neuron..first_neuron + bounds.len()].copy_from_slice(&part[..bounds.len()]);
        }
    }
    finish(instructions, &bounds, &mut output.y, &mut output.sums);
}

/// Some rows of x: where they are 0, and what they are elsewhere.
struct Rows {
    map: RowMap,
    nonzeros: NonZeros,
}

impl Rows {
    fn count(&self) -> usize {
        self.nonzeros.ends.len()
    }
}

/// The sums of exponentials of a panel on some rows, `[rows, width]`, which are 0 before.
struct SumRows<'a> {
    panel: &'a Panel,
    rows: &'a Rows,
    sums: &'a mut [f32],
}

impl WithSimd for SumRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let SumRows { panel, rows, sums } = self;
        let exp2 = Exp2::new(simd);
        let mut table = vec![0.0_f32; subset_sums::TABLE * S::F32_LANES];
        let (sums, _) = S::as_mut_simd_f32s(sums);
        let (sums, _) = sums.as_chunks_mut::<PANEL_VECTORS>();
        add_zeros(simd, &panel.at_zero, &rows.map, &mut table, sums);
        for (row, sum) in sums.iter_mut().enumerate() {
            add_nonzeros(simd, &exp2, &panel.parameters, rows.nonzeros.row(row), sum);
        }
    }
}

/// The inputs of some rows that are not 0, with their places in the row.
struct NonZeros {
    entries: Vec<(u32, f32)>,
    /// Where the entries of each row end.
    ends: Vec<usize>,
}

impl NonZeros {
    fn new(map: &RowMap, x: &[f32], inputs: usize) -> Self {
        let mut nonzeros = NonZeros { entries: Vec::new(), ends: Vec::new() };
        for (row, x) in x.chunks_exact(inputs).enumerate() {
            for (word, (&zeros, x)) in map.row(row).iter().zip(x.chunks(WORD)).enumerate() {
                let present = !zeros & (u32::MAX >> (WORD - x.len()));
                let places = bits(present).map(|bit| ((word * WORD) as u32 + bit, x[bit as usize]));
                nonzeros.entries.extend(places);
            }
            nonzeros.ends.push(nonzeros.entries.len());
        }
        nonzeros
    }

    fn row(&self, row: usize) -> &[(u32, f32)] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.entries[start..self.ends[row]]
    }
}

/// Adds the zero part of every row.
#[inline(always)]
fn add_zeros<S: Simd>(simd: S, at_zero: &[f32], map: &RowMap, table: &mut [f32], totals: &mut [Wide<S>]) {
    let (at_zero, _) = S::as_simd_f32s(at_zero);
    let (at_zero, _) = at_zero.as_chunks::<PANEL_VECTORS>();
    let (table, _) = S::as_mut_simd_f32s(table);
    for (word, terms) in at_zero.chunks_exact(WORD).enumerate() {
        subset_sums::tabulate(simd, terms, table);
        for (row, total) in totals.iter_mut().enumerate() {
            let part = subset_sums::select(simd, table, map.row(row)[word]);
            for vector in 0..PANEL_VECTORS {
                total[vector] = simd.add_f32s(total[vector], part[vector]);
            }
        }
    }
}

/// Adds the exponentials of one row's inputs that are not 0.
#[inline(always)]
fn add_nonzeros<S: Simd>(
    simd: S,
    exp2: &Exp2<S>,
    parameters: &[f32],
    nonzeros: &[(u32, f32)],
    total: &mut Wide<S>,
) {
    let (parameters, _) = S::as_simd_f32s(parameters);
    let (components, _) = parameters.as_chunks::<{ VALUES * PANEL_VECTORS }>();
    for terms in nonzeros.chunks(SUM_TERMS) {
        let mut sums = [simd.splat_f32s(0.0); PANEL_VECTORS];
        for &(input, x) in terms {
            let component = &components[input as usize];
            let x = simd.splat_f32s(x);
            let mut exponents = [x; PANEL_VECTORS];
            for vector in 0..PANEL_VECTORS {
                let distance = simd.sub_f32s(x, component[vector]);
                let u = simd.mul_f32s(distance, component[PANEL_VECTORS + vector]);
                exponents[vector] = simd.negate_mul_add_e_f32s(u, u, component[2 * PANEL_VECTORS + vector]);
            }
            let (polynomials, powers) = exp2.factors(exponents);
            for vector in 0..PANEL_VECTORS {
                sums[vector] = simd.mul_add_e_f32s(polynomials[vector], powers[vector], sums[vector]);
            }
        }
        for (total, sum) in total.iter_mut().zip(sums) {
            *total = simd.add_f32s(*total, sum);
        }
    }
}
