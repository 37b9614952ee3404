//! The `ugmm` command.

mod arguments;
mod command;
mod error;
mod fit;
mod output;
mod progress;
mod settings_file;
mod statistics;
mod table;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), error::CliError> {
    let common = &arguments.common;
    if let Some(threads) = common.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build_global()
            .map_err(|error| error::CliError::Threads(error.to_string()))?;
    }
    match &arguments.command {
        Command::Reproduce(what) => command::reproduce::run(what, common),
        Command::Train(options) => command::train::run(options, common),
        Command::Predict(options) => command::predict::run(options, common),
        Command::Evaluate(options) => command::evaluate::run(options, common),
    }
}
