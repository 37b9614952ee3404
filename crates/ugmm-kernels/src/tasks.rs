//! Runs independent tasks, in parallel where that pays.

use rayon::prelude::*;

/// Component evaluations below which one thread is about as fast as several, which must be woken: some ten
/// microseconds of work.
const PARALLEL_FROM: usize = 1 << 18;

/// The number of threads that one call uses. Every task owns what it writes, so that this number affects the
/// time of a call and never its results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tasks {
    threads: usize,
}

impl Tasks {
    /// Chooses the threads for a call of `work` component evaluations.
    pub(crate) fn for_work(work: usize) -> Self {
        Tasks { threads: if work < PARALLEL_FROM { 1 } else { rayon::current_num_threads() } }
    }

    /// Runs `run` on a thread of the pool if it needs several threads. From outside the pool every parallel
    /// loop would be handed over, and waited for, separately.
    pub(crate) fn enter<Output: Send>(self, run: impl FnOnce() -> Output + Send) -> Output {
        if self.threads == 1 || rayon::current_thread_index().is_some() {
            run()
        } else {
            rayon::scope(|_| run())
        }
    }

    /// Number of `items` that a task should take: at most `largest`, and few enough that every thread gets at
    /// least two tasks, which evens out threads of unequal speed.
    pub(crate) fn items_per_task(self, items: usize, largest: usize) -> usize {
        if self.threads == 1 {
            return largest;
        }
        items.div_ceil(2 * self.threads).clamp(1, largest)
    }

    /// Number of pieces into which each of `tasks` equal tasks is cut, so that every thread gets at least two
    /// pieces.
    pub(crate) fn pieces(self, tasks: usize) -> usize {
        if self.threads == 1 { 1 } else { (2 * self.threads).div_ceil(tasks.max(1)) }
    }

    /// Runs `run` on every task.
    pub(crate) fn for_each<Task: Send>(
        self,
        tasks: impl Iterator<Item = Task>,
        run: impl Fn(Task) + Sync + Send,
    ) {
        self.map(tasks, run);
    }

    /// The results of `run` on every task, in their order.
    pub(crate) fn map<Task: Send, Output: Send>(
        self,
        tasks: impl Iterator<Item = Task>,
        run: impl Fn(Task) -> Output + Sync + Send,
    ) -> Vec<Output> {
        if self.threads == 1 {
            tasks.map(run).collect()
        } else {
            tasks.collect::<Vec<_>>().into_par_iter().map(run).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PARALLEL_FROM, Tasks};
    use crate::LayerShape;

    #[test]
    fn threads_and_pieces_follow_from_the_work() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        pool.install(|| {
            assert_eq!(Tasks::for_work(PARALLEL_FROM - 1).threads, 1);
            assert_eq!(Tasks::for_work(PARALLEL_FROM).threads, 3);
            // 2^18 component evaluations, and a row less.
            let shape = LayerShape { batch: 64, inputs: 32, neurons: 128 };
            assert_eq!(Tasks::for_work(shape.work()).threads, 3);
            assert_eq!(Tasks::for_work(LayerShape { batch: 63, ..shape }.work()).threads, 1);
        });
        assert_eq!(Tasks { threads: 1 }.items_per_task(100, 50), 50);
        // Two tasks for each of three threads.
        for (items, largest, expected) in [(100, 50, 17), (96, 50, 16), (100, 4, 4), (2, 50, 1), (0, 50, 1)] {
            assert_eq!(Tasks { threads: 3 }.items_per_task(items, largest), expected, "{items} {largest}");
        }
    }

    #[test]
    fn few_tasks_are_cut_into_pieces() {
        assert_eq!(Tasks { threads: 1 }.pieces(1), 1);
        for (tasks, expected) in [(1, 32), (2, 16), (7, 5), (32, 1), (100, 1)] {
            assert_eq!(Tasks { threads: 16 }.pieces(tasks), expected, "{tasks}");
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_tasks() {
        for threads in [1, 3] {
            let tasks = Tasks { threads };
            assert_eq!(
                tasks.enter(|| tasks.map(0..100, |task| 2 * task)),
                (0..100).map(|t| 2 * t).collect::<Vec<_>>()
            );
        }
    }
}
