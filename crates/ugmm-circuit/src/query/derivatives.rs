//! Derivatives of the likelihood with respect to the leaves, by one downward pass in log space.

use crate::compute::{Compiled, CompiledInner, CompiledRegion, Workspace, log_sum_exp, multiply};

/// Sums of derivatives below this are recomputed term by term.
const SMALLEST_SUM: f64 = 1e-280;

const IMPOSSIBLE: f64 = f64::NEG_INFINITY;

/// The logarithm of the derivative of each row's likelihood with respect to each unit of each region,
/// `[rows, units]` per region, after the upward pass (Darwiche 2003). A leaf's derivative does not depend on
/// the value of its own variable: it is the weight of the leaf's unit in the distribution of this variable
/// given all others.
pub(super) fn log_derivatives(
    compiled: &Compiled<f64>,
    rows: &[f64],
    workspace: &Workspace<f64>,
) -> Vec<Vec<f64>> {
    let count = rows.len() / compiled.variables;
    let mut derivatives: Vec<Vec<f64>> =
        compiled.regions.iter().map(|region| vec![IMPOSSIBLE; count * region.units()]).collect();
    if let Some(root) = derivatives.last_mut() {
        root.fill(0.0);
    }
    for (index, region) in compiled.regions.iter().enumerate().rev() {
        let CompiledRegion::Inner(inner) = region else { continue };
        let (below, rest) = derivatives.split_at_mut(index);
        let products = of_products(inner, &rest[0]);
        for partition in &inner.partitions {
            let children = &partition.children;
            // These are sums of the values of the children before each child, and of those after it.
            // Subtraction from the total would fail where a value is impossible.
            let mut before = vec![0.0; partition.width];
            let mut after = vec![vec![0.0; partition.width]; children.len()];
            for row in 0..count {
                let values =
                    |child: usize| compiled.child_values(children[child], rows, row, &workspace.regions);
                before.fill(0.0);
                for child in (1..children.len()).rev() {
                    let (earlier, later) = after.split_at_mut(child);
                    add(&mut earlier[child - 1], &later[0], values(child));
                }
                let start = row * inner.width + partition.offset;
                for child in 0..children.len() {
                    let to = &mut below[children[child]][row * partition.width..(row + 1) * partition.width];
                    for (unit, to) in to.iter_mut().enumerate() {
                        let derivative = products[start + unit] + before[unit] + after[child][unit];
                        *to = if *to == IMPOSSIBLE { derivative } else { log_sum_exp(&[*to, derivative]) };
                    }
                    for (sum, value) in before.iter_mut().zip(values(child).unwrap_or_default()) {
                        *sum += value;
                    }
                }
            }
        }
    }
    derivatives
}

/// `to = sum + values`.
fn add(to: &mut [f64], sum: &[f64], values: Option<&[f64]>) {
    to.copy_from_slice(sum);
    for (to, value) in to.iter_mut().zip(values.unwrap_or_default()) {
        *to += value;
    }
}

/// Logarithms of the derivatives with respect to an inner region's products, `[rows, width]`, from those of
/// its units.
fn of_products(inner: &CompiledInner<f64>, derivatives: &[f64]) -> Vec<f64> {
    let count = derivatives.len() / inner.units;
    let mut scaled = derivatives.to_vec();
    let mut maxima = Vec::with_capacity(count);
    for row in scaled.chunks_exact_mut(inner.units) {
        let maximum = row.iter().copied().fold(IMPOSSIBLE, f64::max);
        maxima.push(maximum);
        for value in row {
            *value = if maximum == IMPOSSIBLE { 0.0 } else { (*value - maximum).exp() };
        }
    }
    let mut products = vec![0.0; count * inner.width];
    multiply(&scaled, &inner.weights, inner.units, &mut products, inner.width);
    for (row, products) in products.chunks_exact_mut(inner.width).enumerate() {
        for (column, product) in products.iter_mut().enumerate() {
            *product = if *product >= SMALLEST_SUM {
                maxima[row] + product.ln()
            } else {
                let term = |unit: usize| {
                    inner.weights[unit * inner.width + column].ln() + derivatives[row * inner.units + unit]
                };
                log_sum_exp(&(0..inner.units).map(term).collect::<Vec<f64>>())
            };
        }
    }
    products
}
