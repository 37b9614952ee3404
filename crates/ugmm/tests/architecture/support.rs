//! What these tests share.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use ugmm::{Stream, generator};

/// Random numbers of a test.
pub fn rng(seed: u64) -> ChaCha8Rng {
    generator(seed, Stream::Sampling)
}

/// Values of U(−1.5, 1.5).
pub fn random<const D: usize>(shape: [usize; D], rng: &mut impl Rng, device: &Device) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| 3.0 * rng.random::<f32>() - 1.5).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

pub fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance * (1.0 + expected.abs()),
            "at {place}: {found} instead of {expected}"
        );
    }
}

/// A parameter's value moved by a step, at one place.
struct Moved {
    parameter: usize,
    place: usize,
    step: f32,
    met: usize,
}

impl ModuleMapper for Moved {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let number = self.met;
        self.met += 1;
        if number != self.parameter {
            return parameter;
        }
        let (place, step) = (self.place, self.step);
        parameter.map(|tensor| {
            let (shape, device) = (tensor.dims(), tensor.device());
            let mut values = values(&tensor);
            values[place] += step;
            Tensor::from_data(TensorData::new(values, shape), &device)
        })
    }
}

/// The gradients of all learned parameters, in the order of a visit, with their names.
struct Gradients<'a> {
    gradients: &'a burn::tensor::Gradients,
    path: Vec<String>,
    all: Vec<(String, Option<Vec<f32>>)>,
}

impl ModuleVisitor for Gradients<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let tensor = parameter.val();
        let gradient = tensor.is_require_grad().then(|| {
            let gradient = tensor.grad(self.gradients);
            gradient.map_or_else(|| vec![0.0; tensor.dims().iter().product()], |gradient| values(&gradient))
        });
        self.all.push((self.path.join("."), gradient));
    }
}

pub fn gradients<M: Module>(
    module: &M,
    gradients: &burn::tensor::Gradients,
) -> Vec<(String, Option<Vec<f32>>)> {
    let mut visitor = Gradients { gradients, path: Vec::new(), all: Vec::new() };
    module.visit(&mut visitor);
    visitor.all
}

/// Compares the gradient of `loss` with respect to every learned parameter with central differences, at a few places of
/// each. The loss must be a sum of some terms of size about 1.
pub fn assert_gradients_are_right<M: Module>(module: &M, loss: impl Fn(&M) -> Tensor<1>, rng: &mut impl Rng) {
    const STEP: f32 = 4e-3;
    let found = gradients(module, &loss(module).backward());
    assert!(found.iter().any(|(_, gradient)| gradient.is_some()));
    let plain = module.valid();
    for (parameter, (name, gradient)) in found.iter().enumerate() {
        let Some(gradient) = gradient else { continue };
        for _ in 0..4 {
            let place = rng.random_range(0..gradient.len());
            let moved = |step: f32| {
                let moved = plain.clone().map(&mut Moved { parameter, place, step, met: 0 });
                f64::from(loss(&moved).into_scalar::<f32>())
            };
            let expected = ((moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP)) as f32;
            let tolerance = 2e-2 * (expected.abs() + 0.25);
            let found = gradient[place];
            assert!((found - expected).abs() < tolerance, "{name}[{place}]: {found} instead of {expected}");
        }
    }
}

/// A module that has taken its parameters from another's record does what that one does.
pub fn assert_record_is_complete<M: Module>(module: &M, other: M, output: impl Fn(&M) -> Vec<f32>) {
    assert_ne!(output(module), output(&other), "the two modules must differ");
    let bytes = module.clone().into_record().into_bytes().expect("a record can be written");
    let record = burn::store::ModuleRecord::from_bytes(bytes).expect("and read");
    let loaded = other.try_load_record(record).expect("the modules have the same shape");
    assert_eq!(output(module), output(&loaded));
}
