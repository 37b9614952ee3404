//! The operation on Burn's CPU backend, by the fused kernels of `ugmm-kernels`.

use super::{UgmmBackend, UgmmDevice};
use burn::backend::flex::{Flex, FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};
use std::sync::Arc;
use ugmm_kernels::{Forward, KernelError, LayerArguments, LayerShape, Saved, backward, forward};

/// The four tensors, contiguous (a cheap reference count when they already are).
struct Arguments([FlexTensor; 4]);

impl Arguments {
    fn shape(&self) -> LayerShape {
        let [x, means, ..] = &self.0;
        let (x, means) = (x.layout().shape(), means.layout().shape());
        LayerShape { batch: x[0], inputs: x[1], neurons: means[0] }
    }

    fn borrow(&self) -> LayerArguments<'_> {
        let [x, means, log_sigmas, mixing_logits] = &self.0;
        LayerArguments {
            x: values(x),
            means: values(means),
            log_sigmas: values(log_sigmas),
            mixing_logits: values(mixing_logits),
        }
    }
}

impl From<[FlexTensor; 4]> for Arguments {
    fn from(tensors: [FlexTensor; 4]) -> Self {
        Self(tensors.map(|tensor| tensor.to_contiguous()))
    }
}

fn values(tensor: &FlexTensor) -> &[f32] {
    assert_eq!(tensor.dtype(), DType::F32, "the uGMM operation works on f32 tensors");
    tensor.as_slice().expect("the tensor was made contiguous")
}

fn tensor(values: Vec<f32>, shape: [usize; 2]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(shape)), DType::F32)
}

/// Shapes that do not fit are a programming error here, as they are for Burn's own operations.
fn checked<T>(result: Result<T, KernelError>) -> T {
    result.unwrap_or_else(|error| panic!("uGMM operation: {error}"))
}

impl UgmmBackend for Flex {
    fn ugmm_forward(
        x: FlexTensor,
        means: FlexTensor,
        log_sigmas: FlexTensor,
        mixing_logits: FlexTensor,
    ) -> FlexTensor {
        Self::ugmm_forward_saving([x, means, log_sigmas, mixing_logits]).0
    }
}

impl UgmmDevice for Flex {
    type Saved = Arc<Saved>;

    fn ugmm_forward_saving(arguments: [FlexTensor; 4]) -> (FlexTensor, Arc<Saved>) {
        let arguments = Arguments::from(arguments);
        let shape = arguments.shape();
        let Forward { y, saved } = checked(forward(shape, arguments.borrow()));
        (tensor(y, [shape.batch, shape.neurons]), Arc::new(saved))
    }

    fn ugmm_backward(
        arguments: [FlexTensor; 4],
        saved: Arc<Saved>,
        cotangent: FlexTensor,
        want_x: bool,
    ) -> ([FlexTensor; 3], Option<FlexTensor>) {
        let arguments = Arguments::from(arguments);
        let shape = arguments.shape();
        let cotangent = cotangent.to_contiguous();
        let gradients = checked(backward(shape, arguments.borrow(), &saved, values(&cotangent), want_x));
        let parameters = [gradients.means, gradients.log_sigmas, gradients.mixing_logits];
        (
            parameters.map(|gradient| tensor(gradient, [shape.neurons, shape.inputs])),
            gradients.x.map(|x| tensor(x, [shape.batch, shape.inputs])),
        )
    }
}
