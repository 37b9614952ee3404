//! Runs the work of a call without Python's lock, on threads of its own.

use crate::error::value_error;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Time between two looks for Ctrl-C.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A pool of this number of threads; 0 stands for one for each core. Each call has its own pool, because threads of a pool that
/// outlives a call do not survive a fork of the process.
fn pool(threads: usize) -> PyResult<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|reason| value_error(format!("{threads} threads cannot be started: {reason}")))
}

/// Runs `work` without Python's lock. Ctrl-C sets the flag that `work` gets, and is raised when `work` has ended.
pub fn detached<T: Send>(
    py: Python,
    threads: usize,
    work: impl FnOnce(&AtomicBool) -> T + Send,
) -> PyResult<T> {
    interruptible(py, threads, |interrupted, _: Sender<()>| work(interrupted), |()| Ok(()))
}

/// Runs `work` without Python's lock, and passes the events that it sends to `on_event` with the lock. Ctrl-C, or an exception of
/// `on_event`, sets the flag that `work` gets, and is raised when `work` has ended.
pub fn interruptible<T: Send, E: Send>(
    py: Python,
    threads: usize,
    work: impl FnOnce(&AtomicBool, Sender<E>) -> T + Send,
    mut on_event: impl FnMut(E) -> PyResult<()>,
) -> PyResult<T> {
    let pool = pool(threads)?;
    let interrupted = AtomicBool::new(false);
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        let (pool, interrupted) = (&pool, &interrupted);
        let worker = scope.spawn(move || pool.install(|| work(interrupted, sender)));
        let mut stopped: PyResult<()> = Ok(());
        // A receiver is for one thread only, and this is the thread; Python's lock is released while it waits.
        let receiver = std::sync::Mutex::new(receiver);
        loop {
            let received = py.detach(|| match receiver.lock() {
                Ok(receiver) => receiver.recv_timeout(LOOK_INTERVAL),
                Err(_) => Err(RecvTimeoutError::Disconnected),
            });
            let looked = match received {
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => py.check_signals(),
                Ok(event) if stopped.is_ok() => on_event(event).and_then(|()| py.check_signals()),
                Ok(_) => Ok(()),
            };
            if let Err(error) = looked {
                interrupted.store(true, Ordering::Relaxed);
                stopped = stopped.and(Err(error));
            }
        }
        let result = py.detach(|| worker.join());
        stopped?;
        // A panic of the worker goes on here, where pyo3 makes an exception of it.
        result.map_or_else(|panic| std::panic::resume_unwind(panic), Ok)
    })
}
