//! Members side by side on several threads.

use super::config::TrainingConfig;
use super::run::{Epoch, Progress, Trained};
use crate::error::CircuitError;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use ugmm_kernels::side_by_side;

/// Largest number of rows of a batch that is too small to be shared among threads. Larger batches, such as
/// those of images, keep several threads busy, and their circuits take much memory.
const SMALL_BATCH: usize = 512;

/// A trained member, counted from 0, and whether it is finished.
type Member = (usize, Trained, bool);

/// Trains members by `train`, as many at a time as there are threads if their batches are small, and calls
/// `progress` for one after the other. Returns those that began before `progress` returned false, in order.
/// Each is the same, bit for bit, whatever is trained beside it.
pub(super) fn train_members(
    members: Range<usize>,
    config: &TrainingConfig,
    train: impl Fn(usize, &mut Progress<'_>) -> Result<(Trained, bool), CircuitError> + Sync,
    progress: &mut (dyn FnMut(&Epoch) -> bool + Send + '_),
) -> Result<Vec<Member>, CircuitError> {
    let most = if config.batch_size > SMALL_BATCH { 1 } else { usize::MAX };
    let (progress, is_over) = (Mutex::new(progress), AtomicBool::new(false));
    let each = |member: usize| {
        let trained = train(member, &mut |epoch| {
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            let go_on = !is_over.load(Ordering::Relaxed) && progress(epoch);
            is_over.fetch_or(!go_on, Ordering::Relaxed);
            go_on
        });
        is_over.fetch_or(trained.is_err(), Ordering::Relaxed);
        match trained {
            Ok((circuit, true)) => ControlFlow::Continue(Ok((member, circuit, true))),
            Ok((circuit, false)) => ControlFlow::Break(Ok((member, circuit, false))),
            Err(error) => ControlFlow::Break(Err(error)),
        }
    };
    side_by_side(members, most, each).into_iter().collect()
}
