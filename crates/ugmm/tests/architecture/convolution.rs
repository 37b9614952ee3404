//! Convolution by uGMM neurons.

use crate::support::{
    assert_close, assert_gradients_are_right, assert_record_is_complete, random, rng, values,
};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2dConfig;
use burn::tensor::{Device, Tensor, TensorData};
use ugmm::architecture::{UgmmConv2d, UgmmConv2dConfig};

fn init(config: &UgmmConv2dConfig, device: &Device) -> UgmmConv2d {
    let mut rng = rng(1);
    let sample = random([20, config.channels[0], 11, 12], &mut rng, device);
    config.init_from(&sample, &mut rng, device).unwrap()
}

fn paddings() -> [PaddingConfig2d; 4] {
    [
        PaddingConfig2d::Valid,
        PaddingConfig2d::Same,
        PaddingConfig2d::Explicit(1, 1, 1, 1),
        PaddingConfig2d::Explicit(0, 2, 3, 1),
    ]
}

#[test]
fn shapes_are_those_of_burns_convolution() {
    let device = Device::flex();
    let x: Tensor<4> = random([2, 3, 11, 12], &mut rng(0), &device);
    for kernel in [[1, 1], [3, 3], [2, 5], [4, 2]] {
        for stride in [[1, 1], [2, 3]] {
            for padding in paddings() {
                let ours =
                    UgmmConv2dConfig::new([3, 4], kernel).with_stride(stride).with_padding(padding.clone());
                let size = ours.output_size([11, 12]).unwrap();
                let burns = Conv2dConfig::new([3, 4], kernel).with_stride(stride).with_padding(padding);
                let found = init(&ours, &device).forward(x.clone()).dims();
                assert_eq!(found, burns.init(&device).forward(x.clone()).dims(), "{ours}");
                assert_eq!([found[2], found[3]], size);
            }
        }
    }
    // Burn's `Same` does not look at dilation.
    for (dilation, padding) in [([2, 1], 0), ([2, 3], 1), ([1, 2], 3)]
        .map(|(dilation, padding)| (dilation, PaddingConfig2d::Explicit(padding, padding, padding, padding)))
    {
        let ours =
            UgmmConv2dConfig::new([3, 4], [3, 2]).with_dilation(dilation).with_padding(padding.clone());
        let burns = Conv2dConfig::new([3, 4], [3, 2]).with_dilation(dilation).with_padding(padding);
        let found = init(&ours, &device).forward(x.clone()).dims();
        assert_eq!(found, burns.init(&device).forward(x.clone()).dims());
    }
    let same =
        UgmmConv2dConfig::new([3, 4], [3, 3]).with_dilation([3, 2]).with_padding(PaddingConfig2d::Same);
    assert_eq!(same.output_size([11, 12]), Some([11, 12]));
}

/// Every output, from the pixels that it should see, one by one: the definition of a convolution.
#[test]
fn each_output_sees_its_patch() {
    let device = Device::flex();
    let [batch, channels, height, width] = [2, 2, 6, 7];
    let x: Tensor<4> = random([batch, channels, height, width], &mut rng(2), &device);
    let pixels = values(&x);
    for padding in paddings() {
        for (stride, dilation) in [([1, 1], [1, 1]), ([2, 1], [1, 2]), ([1, 3], [2, 1])] {
            let outside = 0.25;
            let config = UgmmConv2dConfig::new([channels, 3], [3, 2])
                .with_stride(stride)
                .with_dilation(dilation)
                .with_padding(padding.clone())
                .with_padding_value(outside)
                .with_min_sigma(0.3);
            let convolution = init(&config, &device);
            // Where the first patch begins: by Burn's convention for `Same`, more is added behind than before.
            let [top, left] = match padding {
                PaddingConfig2d::Valid => [0, 0],
                PaddingConfig2d::Explicit(top, left, ..) => [top, left],
                PaddingConfig2d::Same => {
                    let sizes = [(height, 3, 0), (width, 2, 1)];
                    sizes.map(|(size, kernel, side): (usize, usize, usize)| {
                        let positions = size.div_ceil(stride[side]);
                        let covered = (positions - 1) * stride[side] + (kernel - 1) * dilation[side] + 1;
                        covered.saturating_sub(size) / 2
                    })
                }
            };
            let y = convolution.forward(x.clone());
            let [_, _, rows, columns] = y.dims();
            let y = values(&y.permute([0, 2, 3, 1]));
            let mut patches = Vec::new();
            for image in 0..batch {
                for row in 0..rows {
                    for column in 0..columns {
                        for channel in 0..channels {
                            for i in 0..3 {
                                for j in 0..2 {
                                    let at_row = (row * stride[0] + i * dilation[0]) as isize - top as isize;
                                    let at_column =
                                        (column * stride[1] + j * dilation[1]) as isize - left as isize;
                                    let inside = (0..height as isize).contains(&at_row)
                                        && (0..width as isize).contains(&at_column);
                                    patches.push(match inside {
                                        true => {
                                            let place =
                                                (image * channels + channel) * height + at_row as usize;
                                            pixels[place * width + at_column as usize]
                                        }
                                        false => outside as f32,
                                    });
                                }
                            }
                        }
                    }
                }
            }
            let count = batch * rows * columns;
            let patches = Tensor::<2>::from_data(TensorData::new(patches, [count, 12]), &device);
            assert_eq!(values(&convolution.patches(x.clone())), values(&patches));
            assert_close(&y, &values(&convolution.dense.forward(patches)), 1e-6);
        }
    }
}

#[test]
fn gradients_equal_finite_differences() {
    let device = Device::flex().autodiff();
    let config = UgmmConv2dConfig::new([2, 3], [3, 3])
        .with_stride([2, 1])
        .with_padding(PaddingConfig2d::Same)
        .with_min_sigma(0.5);
    let mut rng = rng(3);
    let x: Tensor<4> = random([2, 2, 4, 5], &mut rng, &Device::flex());
    let convolution = init(&config, &device);
    let loss = |convolution: &UgmmConv2d| {
        let x = Tensor::from_data(x.to_data(), &convolution.dense.layer.means.val().device());
        convolution.forward(x).tanh().square().sum()
    };
    assert_gradients_are_right(&convolution, loss, &mut rng);

    // With respect to the image: patches overlap, and a pixel's gradient is the sum over all that see it.
    let tracked = Tensor::<4>::from_data(x.to_data(), &device).require_grad();
    let backward = convolution.forward(tracked.clone()).tanh().square().sum().backward();
    let found = values(&tracked.grad(&backward).unwrap());
    for place in [0, 7, 12, 25, 41, 79] {
        let moved = |step: f32| {
            let mut all = values(&x);
            all[place] += step;
            let x = Tensor::<4>::from_data(TensorData::new(all, [2, 2, 4, 5]), &device);
            convolution.forward(x).tanh().square().sum().into_scalar::<f32>()
        };
        let expected = (moved(4e-3) - moved(-4e-3)) / 8e-3;
        assert!((found[place] - expected).abs() < 0.02 * (expected.abs() + 0.25), "{place}");
    }
}

/// More values than are made at once: the portions must come together again in order.
#[test]
fn images_in_portions_are_as_images_at_once() {
    let device = Device::flex();
    let config = UgmmConv2dConfig::new([1, 2], [5, 5]).with_padding(PaddingConfig2d::Same);
    let mut rng = rng(4);
    let x: Tensor<4> = random([60, 1, 60, 60], &mut rng, &device);
    let convolution = config.init_from(&x, &mut rng, &device).unwrap();
    let y = convolution.forward(x.clone());
    for image in [0, 41, 42, 59] {
        let alone = convolution.forward(x.clone().narrow(0, image, 1));
        assert_close(&values(&alone), &values(&y.clone().narrow(0, image, 1)), 1e-6);
    }
}

#[test]
fn a_record_holds_all_of_it() {
    let device = Device::flex();
    let config = UgmmConv2dConfig::new([2, 3], [3, 3]);
    let x: Tensor<4> = random([2, 2, 5, 5], &mut rng(5), &device);
    assert_record_is_complete(&init(&config, &device), config.init(&device).unwrap(), |convolution| {
        values(&convolution.forward(x.clone()))
    });
}

#[test]
fn settings_and_samples_that_cannot_be_are_refused() {
    let device = Device::flex();
    let message = |config: UgmmConv2dConfig| config.init(&device).unwrap_err().to_string();
    let config = || UgmmConv2dConfig::new([1, 2], [3, 3]);
    assert_eq!(message(config().with_stride([0, 1])), "stride is [0, 1], but must be at least 1, both");
    assert_eq!(message(config().with_dilation([1, 0])), "dilation is [1, 0], but must be at least 1, both");
    assert_eq!(message(config().with_padding_value(f64::NAN)), "padding_value is NaN, but must be finite");
    let refused =
        |sample: Tensor<4>| config().init_from(&sample, &mut rng(0), &device).unwrap_err().to_string();
    assert_eq!(
        refused(Tensor::zeros([4, 1, 2, 5], &device)),
        "the images' size is 2 × 5 pixels, but must be at least that of a patch"
    );
    assert_eq!(
        refused(Tensor::zeros([4, 2, 5, 5], &device)),
        "the sample for initialisation has 2 channels, but 1 are needed"
    );
    assert_eq!(
        refused(Tensor::zeros([0, 1, 5, 5], &device)),
        "the sample for initialisation has 0 images, but 1 are needed"
    );
}

#[test]
#[should_panic(expected = "images of 2 × 5 pixels are smaller than a patch of 3 × 3")]
fn images_smaller_than_a_patch_are_a_mistake_of_the_caller() {
    let device = Device::flex();
    let convolution = UgmmConv2dConfig::new([1, 2], [3, 3]).init(&device).unwrap();
    let _ = convolution.forward(Tensor::zeros([1, 1, 2, 5], &device));
}
