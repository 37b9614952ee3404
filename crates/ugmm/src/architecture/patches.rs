//! The patches of images as rows.

use burn::nn::PaddingConfig2d;
use burn::tensor::{Int, Tensor};

/// Values of patches made at once outside training, at most: 16 MiB.
const VALUES_AT_ONCE: usize = 1 << 22;

/// How patches are cut out of images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Patches {
    pub channels: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
}

/// Pixels added before and after the rows, and before and after the columns.
type Margins = [(usize, usize); 2];

impl Patches {
    /// Number of values of a patch: channel, row and column, the last one fastest.
    pub(super) fn len(&self) -> usize {
        self.channels * self.kernel[0] * self.kernel[1]
    }

    /// Pixels from the first to the last of a patch, in height and width.
    fn extent(&self) -> [usize; 2] {
        [0, 1].map(|side| (self.kernel[side] - 1) * self.dilation[side] + 1)
    }

    /// `Same` gives ⌈size / stride⌉ positions; where the number of added pixels is odd, there is one more after than before,
    /// as in Burn's convolution.
    fn margins(&self, padding: &PaddingConfig2d, size: [usize; 2]) -> Margins {
        match *padding {
            PaddingConfig2d::Valid => [(0, 0); 2],
            PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
            PaddingConfig2d::Same => [0, 1].map(|side| {
                let covered = (size[side].div_ceil(self.stride[side]).max(1) - 1) * self.stride[side];
                let added = (covered + self.extent()[side]).saturating_sub(size[side]);
                (added / 2, added - added / 2)
            }),
        }
    }

    /// Number of positions in height and width on images of this size, `None` where a patch does not fit.
    pub(super) fn positions(&self, padding: &PaddingConfig2d, size: [usize; 2]) -> Option<[usize; 2]> {
        let margins = self.margins(padding, size);
        let positions = |side: usize| {
            let padded = size[side] + margins[side].0 + margins[side].1;
            padded.checked_sub(self.extent()[side]).map(|room| room / self.stride[side] + 1)
        };
        Some([positions(0)?, positions(1)?])
    }

    /// Where each value of each patch lies in an image, flat, channel, row and column; what lies outside is at the place
    /// behind the last.
    fn places(&self, padding: &PaddingConfig2d, size: [usize; 2], positions: [usize; 2]) -> Vec<i32> {
        let [(top, _), (left, _)] = self.margins(padding, size);
        let outside = (self.channels * size[0] * size[1]) as i32;
        let mut places = Vec::with_capacity(positions[0] * positions[1] * self.len());
        let place = |position: usize, offset: usize, side: usize, before: usize| {
            (position * self.stride[side] + offset * self.dilation[side])
                .checked_sub(before)
                .filter(|&place| place < size[side])
        };
        for row in 0..positions[0] {
            for column in 0..positions[1] {
                for channel in 0..self.channels {
                    for y in 0..self.kernel[0] {
                        let y = place(row, y, 0, top);
                        places.extend((0..self.kernel[1]).map(|x| match (y, place(column, x, 1, left)) {
                            (Some(y), Some(x)) => ((channel * size[0] + y) * size[1] + x) as i32,
                            _ => outside,
                        }));
                    }
                }
            }
        }
        places
    }

    /// Calls `with` on the patches of images `x` `[batch, channels, height, width]`, rows `[images × positions, len]`, all at
    /// once in training, in portions of images otherwise; joins what it returns for them, `[images × positions, any]`.
    ///
    /// # Panics
    ///
    /// When the images have another number of channels, or are smaller than a patch.
    pub(super) fn on_rows(
        &self,
        x: Tensor<4>,
        padding: &PaddingConfig2d,
        outside: f64,
        mut with: impl FnMut(Tensor<2>) -> Tensor<2>,
    ) -> (Tensor<2>, [usize; 2]) {
        let [batch, channels, height, width] = x.dims();
        assert_eq!(channels, self.channels, "the layer has {} input channels", self.channels);
        let size = [height, width];
        let positions = self.positions(padding, size).unwrap_or_else(|| {
            let [rows, columns] = self.extent();
            panic!("images of {height} × {width} pixels are smaller than a patch of {rows} × {columns}")
        });
        let device = x.device();
        let places = self.places(padding, size, positions);
        let values = places.len();
        let has_margin = places.contains(&((channels * height * width) as i32));
        let places = Tensor::<1, Int>::from_data(places.as_slice(), &device);
        let x = x.reshape([batch, channels * height * width]);
        let x = match has_margin {
            true => Tensor::cat(vec![x, Tensor::full([batch, 1], outside, &device)], 1),
            false => x,
        };
        // In training the patches of all portions would be kept for the backward pass anyway.
        let portion = match device.is_autodiff() {
            true => batch.max(1),
            false => (VALUES_AT_ONCE / values.max(1)).max(1),
        };
        let images = |first: usize| x.clone().narrow(0, first, portion.min(batch - first));
        let rows = |x: Tensor<2>| {
            let images = x.dims()[0];
            x.select(1, places.clone()).reshape([images * positions[0] * positions[1], self.len()])
        };
        let mut results: Vec<Tensor<2>> =
            (0..batch).step_by(portion).map(|first| with(rows(images(first)))).collect();
        let result = match results.len() {
            0 => with(Tensor::zeros([0, self.len()], &device)),
            1 => results.remove(0),
            _ => Tensor::cat(results, 0),
        };
        (result, positions)
    }
}
