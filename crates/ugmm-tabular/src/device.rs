//! Where networks are computed.

use std::sync::OnceLock;
use ugmm_network::{Backend, Model, Predictor};

static BACKEND: OnceLock<Box<dyn Backend>> = OnceLock::new();

/// Has all networks of this process trained and asked on another device from now on; without it they are on the processor. What
/// was decided once stays: a second call changes nothing and returns false.
pub fn use_backend(backend: Box<dyn Backend>) -> bool {
    BACKEND.set(backend).is_ok()
}

/// The device of [`use_backend`], if there is one.
#[must_use]
pub fn backend() -> Option<&'static dyn Backend> {
    BACKEND.get().map(AsRef::as_ref)
}

/// A network on the device of [`use_backend`], to which it goes when it is first asked for.
#[derive(Default)]
pub(crate) struct OnDevice(OnceLock<Box<dyn Predictor + Send + Sync>>);

impl OnDevice {
    /// `model` itself where there is no such device.
    pub(crate) fn network<'m>(&'m self, model: &'m Model) -> &'m dyn Predictor {
        match backend() {
            None => model,
            Some(backend) => self.0.get_or_init(|| backend.predictor(model)).as_ref(),
        }
    }
}

impl Clone for OnDevice {
    /// A place of its own, since the copy's parameters may change.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for OnDevice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("OnDevice").finish_non_exhaustive()
    }
}
