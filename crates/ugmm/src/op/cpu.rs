//! The operation on Burn's CPU backend, by the fused kernels of `ugmm-kernels`.

use super::UgmmBackend;
use burn::backend::flex::{Flex, FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};
use ugmm_kernels::{KernelError, LayerArguments, LayerShape, backward, forward};

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
        Self::ugmm_forward_with_sums(x, means, log_sigmas, mixing_logits).0
    }

    fn ugmm_forward_with_sums(
        x: FlexTensor,
        means: FlexTensor,
        log_sigmas: FlexTensor,
        mixing_logits: FlexTensor,
    ) -> (FlexTensor, FlexTensor) {
        let arguments = Arguments::from([x, means, log_sigmas, mixing_logits]);
        let shape = arguments.shape();
        let result = checked(forward(shape, arguments.borrow()));
        let size = [shape.batch, shape.neurons];
        (tensor(result.y, size), tensor(result.sums, size))
    }

    fn ugmm_backward(
        x: FlexTensor,
        means: FlexTensor,
        log_sigmas: FlexTensor,
        mixing_logits: FlexTensor,
        sums: FlexTensor,
        cotangent: FlexTensor,
        want_x: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor, Option<FlexTensor>) {
        let arguments = Arguments::from([x, means, log_sigmas, mixing_logits]);
        let shape = arguments.shape();
        let (sums, cotangent) = (sums.to_contiguous(), cotangent.to_contiguous());
        let gradients =
            checked(backward(shape, arguments.borrow(), values(&sums), values(&cotangent), want_x));
        let size = [shape.neurons, shape.inputs];
        (
            tensor(gradients.means, size),
            tensor(gradients.log_sigmas, size),
            tensor(gradients.mixing_logits, size),
            gradients.x.map(|x| tensor(x, [shape.batch, shape.inputs])),
        )
    }
}
