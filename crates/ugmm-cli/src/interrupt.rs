//! Handles Ctrl-C.

use crate::error::{CliError, INTERRUPTED_STATUS};
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Sets a flag at the first Ctrl-C from now on; a second one ends the program at once. Other signals keep
/// their effect, because a run under `nohup` must outlive its terminal.
pub fn watch() -> Result<&'static AtomicBool, CliError> {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED_STATUS.into());
        }
    };
    ctrlc::set_handler(handler).map_err(|error| CliError::Interrupts(error.to_string()))?;
    Ok(&INTERRUPTED)
}
