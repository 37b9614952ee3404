//! Members side by side on several threads.

use super::config::TrainingConfig;
use super::run::{Epoch, Progress, Trained};
use crate::error::CircuitError;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

/// Largest number of rows of a batch that is too small to be shared among threads. Larger batches, such as
/// those of images, keep several threads busy, and their circuits take much memory.
const SMALL_BATCH: usize = 512;

/// A trained member, counted from 0, and whether it is finished.
type Member = (usize, Trained, bool);

/// Trains members by `train`, as many at a time as there are threads if their batches are small, and calls
/// `progress` on this thread. Returns those that began before `progress` returned false, in order. Each is the
/// same, bit for bit, whatever is trained beside it.
pub(super) fn train_members(
    members: Range<usize>,
    config: &TrainingConfig,
    train: impl Fn(usize, &mut Progress<'_>) -> Result<(Trained, bool), CircuitError> + Sync,
    progress: &mut Progress<'_>,
) -> Result<Vec<Member>, CircuitError> {
    let at_once = rayon::current_num_threads().min(members.len());
    // A thread of the pool must not wait for the others.
    let is_in_pool = rayon::current_thread_index().is_some();
    let mut trained: Vec<Member> = Vec::with_capacity(members.len());
    if at_once < 2 || is_in_pool || config.batch_size > SMALL_BATCH {
        for member in members {
            let (circuit, go_on) = train(member, progress)?;
            trained.push((member, circuit, go_on));
            if !go_on {
                break;
            }
        }
        return Ok(trained);
    }
    let (next, is_over) = (AtomicUsize::new(members.start), AtomicBool::new(false));
    let results = Mutex::new(Vec::new());
    let (reports, inbox) = mpsc::channel::<(Epoch, mpsc::Sender<bool>)>();
    rayon::in_place_scope(|scope| {
        // A job for each thread rather than for each member: a thread that waits for its batch never begins
        // with another member.
        for _ in 0..at_once {
            let reports = reports.clone();
            let (next, is_over, results, train) = (&next, &is_over, &results, &train);
            scope.spawn(move |_| {
                while !is_over.load(Ordering::Relaxed) {
                    let member = next.fetch_add(1, Ordering::Relaxed);
                    if member >= members.end {
                        break;
                    }
                    let (answer, answers) = mpsc::channel();
                    let result = train(member, &mut |epoch| {
                        reports.send((*epoch, answer.clone())).is_ok() && answers.recv().unwrap_or(false)
                    });
                    is_over.fetch_or(result.is_err(), Ordering::Relaxed);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((member, result));
                }
            });
        }
        drop(reports);
        for (epoch, answer) in inbox {
            let go_on = !is_over.load(Ordering::Relaxed) && progress(&epoch);
            is_over.fetch_or(!go_on, Ordering::Relaxed);
            // The member waits for this answer.
            let _ = answer.send(go_on);
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(member, _)| *member);
    for (member, result) in results {
        let (circuit, go_on) = result?;
        trained.push((member, circuit, go_on));
    }
    Ok(trained)
}
