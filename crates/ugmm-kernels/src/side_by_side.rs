//! Independent jobs, such as the trainings of a cross-validation, side by side on the threads of a pool.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The number of `jobs` jobs that [`side_by_side`] runs at a time if it may run `most`: at most as many as the
/// current pool has threads.
#[must_use]
pub fn jobs_at_once(jobs: usize, most: usize) -> usize {
    rayon::current_num_threads().min(most).clamp(1, jobs.max(1))
}

/// Runs `job` for each number of `jobs`, at most `most` at a time and at most as many as the current pool has
/// threads, and returns their results in order. Once a job breaks, no other one begins; those that run then
/// end as they wish, and their results are returned too.
///
/// Jobs begin in their order. Each is the same whatever runs beside it if it depends only on its number: it
/// has an equal part of the threads, as a pool of its own, so that no thread that waits for one job works on
/// another. Jobs that run one at a time have the current pool.
///
/// ```
/// use std::ops::ControlFlow;
/// use ugmm_kernels::side_by_side;
///
/// let squares = side_by_side(0..5, usize::MAX, |number| ControlFlow::Continue(number * number));
/// assert_eq!(squares, [0, 1, 4, 9, 16]);
/// ```
pub fn side_by_side<T: Send>(
    jobs: Range<usize>,
    most: usize,
    job: impl Fn(usize) -> ControlFlow<T, T> + Sync,
) -> Vec<T> {
    let is_over = AtomicBool::new(false);
    let found = Mutex::new(Vec::with_capacity(jobs.len()));
    let mut left = jobs;
    while !left.is_empty() && !is_over.load(Ordering::Relaxed) {
        let at_once = jobs_at_once(left.len(), most);
        // The jobs of an incomplete last round follow by themselves, because they have more threads each.
        let end = left.end - left.len() % at_once;
        let next = AtomicUsize::new(left.start);
        let work = || {
            while !is_over.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    break;
                }
                let ended = job(number);
                is_over.fetch_or(ended.is_break(), Ordering::Relaxed);
                let (ControlFlow::Continue(result) | ControlFlow::Break(result)) = ended;
                found.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
            }
        };
        match pools(at_once) {
            Some(pools) => on_each(&pools, &work),
            None => work(),
        }
        left.start = end;
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|&(number, _)| number);
    found.into_iter().map(|(_, result)| result).collect()
}

/// Pools that divide the threads of the current one; `None` for a single one, or if the system starts no more
/// threads.
fn pools(count: usize) -> Option<Vec<ThreadPool>> {
    let threads = rayon::current_num_threads() / count;
    let pool = |_| ThreadPoolBuilder::new().num_threads(threads).build().ok();
    if count < 2 { None } else { (0..count).map(pool).collect() }
}

/// Runs `work` on a thread of each pool at the same time.
fn on_each(pools: &[ThreadPool], work: &(impl Fn() + Sync)) {
    if let Some((pool, others)) = pools.split_first() {
        pool.in_place_scope(|scope| {
            scope.spawn(|_| work());
            on_each(others, work);
        });
    }
}

// WebAssembly has one thread.
#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use std::sync::Barrier;

    fn on<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
        ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
    }

    #[test]
    fn jobs_share_the_threads_and_results_come_in_order() {
        for (threads, jobs, most, expected) in [
            (1, 3, 9, vec![1, 1, 1]),
            (2, 3, 9, vec![1, 1, 2]),
            (4, 2, 9, vec![2, 2]),
            (4, 3, 9, vec![1, 1, 1]),
            (4, 5, 2, vec![2, 2, 2, 2, 4]),
            (4, 2, 1, vec![4, 4]),
            (2, 0, 9, vec![]),
        ] {
            let found = on(threads, || {
                side_by_side(5..5 + jobs, most, |job| {
                    ControlFlow::Continue((job, rayon::current_num_threads()))
                })
            });
            let numbered: Vec<(usize, usize)> = (5..).zip(expected).collect();
            assert_eq!(found, numbered, "{jobs} jobs on {threads} threads");
        }
    }

    #[test]
    fn they_run_at_the_same_time() {
        // Each job waits for the other two.
        let all = Barrier::new(3);
        let found = on(3, || {
            side_by_side(0..3, 3, |job| {
                all.wait();
                ControlFlow::Continue(job)
            })
        });
        assert_eq!(found, [0, 1, 2]);
    }

    #[test]
    fn no_job_begins_after_one_that_breaks() {
        let stop_at_1 = |job| if job == 1 { ControlFlow::Break(job) } else { ControlFlow::Continue(job) };
        assert_eq!(on(1, || side_by_side(0..4, 4, stop_at_1)), [0, 1]);
        let all = Barrier::new(2);
        let found = on(2, || {
            side_by_side(0..6, 2, |job| {
                if job < 2 {
                    all.wait();
                }
                ControlFlow::<usize, usize>::Break(job)
            })
        });
        assert_eq!(found, [0, 1]);
    }
}
