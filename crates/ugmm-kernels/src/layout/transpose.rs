//! Transposes small blocks.

/// Number of rows and of columns in a block.
const SIZE: usize = 4;

type Block = [[f32; SIZE]; SIZE];

/// The columns of some rows.
#[inline(always)]
fn columns(rows: Block) -> Block {
    // Without this, compilers collect the values one by one from memory. Every x86-64 processor has SSE, so
    // that the branch is free.
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        use pulp::bytemuck::cast;
        let [a, b, c, d] = cast(rows);
        let (low_ab, low_cd) = (sse._mm_unpacklo_ps(a, b), sse._mm_unpacklo_ps(c, d));
        let (high_ab, high_cd) = (sse._mm_unpackhi_ps(a, b), sse._mm_unpackhi_ps(c, d));
        return cast([
            sse._mm_movelh_ps(low_ab, low_cd),
            sse._mm_movehl_ps(low_cd, low_ab),
            sse._mm_movelh_ps(high_ab, high_cd),
            sse._mm_movehl_ps(high_cd, high_ab),
        ]);
    }
    std::array::from_fn(|column| rows.map(|row| row[column]))
}

/// Copies row `r` of `source`, which starts at `source[r * source_stride]`, to the values at `r` of all
/// `targets`, one for each column. The source has as many rows as each target has values.
#[inline(always)]
pub(crate) fn transpose_into<'t>(
    source: &[f32],
    source_stride: usize,
    mut targets: impl Iterator<Item = &'t mut [f32]>,
) {
    let mut first_column = 0;
    loop {
        // The targets are written one group after the other, which caches take best.
        let group: [Option<&mut [f32]>; SIZE] = std::array::from_fn(|_| targets.next());
        let (mut done, mut rest) = (0, group);
        if let [Some(a), Some(b), Some(c), Some(d)] = &mut rest {
            // Whole blocks are reached without a check of their bounds.
            let [a, b, c, d] = [a, b, c, d].map(
                #[inline(always)]
                |target| target.as_chunks_mut::<SIZE>().0.iter_mut(),
            );
            done = a.len() * SIZE;
            let sources = source.chunks(SIZE * source_stride);
            for ((((source, a), b), c), d) in sources.zip(a).zip(b).zip(c).zip(d) {
                let mut rows = [[0.0; SIZE]; SIZE];
                for (r, values) in rows.iter_mut().enumerate() {
                    values.copy_from_slice(&source[r * source_stride + first_column..][..SIZE]);
                }
                [*a, *b, *c, *d] = columns(rows);
            }
        }
        let is_last = rest[SIZE - 1].is_none();
        for (column, target) in (first_column..).zip(rest.into_iter().flatten()) {
            for (row, value) in target.iter_mut().enumerate().skip(done) {
                *value = source[row * source_stride + column];
            }
        }
        if is_last {
            return;
        }
        first_column += SIZE;
    }
}

/// Copies row `r` of `source`, which starts at `source[r * source_stride]` and has `width` values, to column
/// `r` of `target`, whose rows start at multiples of `target_stride`. The source has `rows` rows.
#[inline(always)]
pub(crate) fn transpose(
    source: &[f32],
    source_stride: usize,
    rows: usize,
    width: usize,
    target: &mut [f32],
    target_stride: usize,
) {
    let targets = target.chunks_mut(target_stride).take(width).map(
        #[inline(always)]
        |target| &mut target[..rows],
    );
    transpose_into(source, source_stride, targets);
}

#[cfg(test)]
mod tests {
    use super::transpose;

    #[test]
    fn rows_become_columns() {
        for (rows, columns) in [(1, 1), (4, 4), (3, 9), (16, 32), (17, 6)] {
            let (source_stride, target_stride) = (columns + 2, rows + 3);
            let source: Vec<f32> = (0..rows * source_stride).map(|at| at as f32).collect();
            let mut target = vec![-1.0; columns * target_stride];
            transpose(&source, source_stride, rows, columns, &mut target, target_stride);
            for row in 0..target_stride {
                for column in 0..columns {
                    let expected = if row < rows { source[row * source_stride + column] } else { -1.0 };
                    assert_eq!(target[column * target_stride + row], expected);
                }
            }
        }
    }
}
