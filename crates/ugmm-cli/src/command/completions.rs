//! `ugmm completions`: scripts with which a shell completes commands and options.

use crate::arguments::{Arguments, Completions};
use crate::error::CliError;
use crate::output::print_bytes;
use clap::CommandFactory;

pub fn run(options: &Completions) -> Result<(), CliError> {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "ugmm", &mut text);
    print_bytes(&text)
}
