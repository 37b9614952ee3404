//! Settings that are checked once, where they enter.

use crate::UgmmError;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::ops::Deref;

/// Settings that can be out of their ranges.
pub trait Check: Sized {
    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] for the first setting that is out of its range.
    fn check(&self) -> Result<(), UgmmError>;

    /// The settings as ones that were checked.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::check`].
    fn checked(self) -> Result<Checked<Self>, UgmmError> {
        self.check()?;
        Ok(Checked(self))
    }
}

/// Settings that are all in their ranges; [`Check::checked`] makes them.
///
/// ```
/// use ugmm_network::Check;
/// use ugmm_network::training::TrainingConfig;
///
/// let config = TrainingConfig::new(0, 10).checked()?;
/// assert_eq!(config.epochs, 10);
/// let wrong = TrainingConfig { batch_size: 0, ..config.into_inner() };
/// assert_eq!(wrong.checked().unwrap_err().to_string(), "batch_size is 0, but must be at least 1");
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    /// The settings, which may be changed and checked again.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Check + Deserialize<'de>> Deserialize<'de> for Checked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer)?.checked().map_err(de::Error::custom)
    }
}
