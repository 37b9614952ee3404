//! The `ugmm` command.

mod advice;
mod arguments;
mod command;
mod config_file;
mod device;
mod drawing;
mod error;
mod interrupt;
mod known;
mod output;
mod progress;
mod row_names;
mod row_output;
mod table;
mod variants_file;

use arguments::{Arguments, Command};
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use error::CliError;
use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let mut arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Standard output is reserved for the JSON.
    arguments.common.quiet |= output::is_standard(arguments.common.json.as_deref());
    match run(&arguments, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_status().into()
        }
    }
}

fn run(arguments: &Arguments, matches: &ArgMatches) -> Result<(), CliError> {
    let common = &arguments.common;
    if let Some(threads) = common.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build_global()
            .map_err(|error| CliError::Threads(error.to_string()))?;
    }
    let device = device::open(arguments.command.device())?;
    match &arguments.command {
        Command::Demo => command::demo::run(common),
        Command::Reproduce(what) => command::reproduce::run(what, &device, common),
        Command::Train(_) => {
            let typed = matches.subcommand_matches("train").unwrap_or(matches);
            command::train::run(typed, &device, common)
        }
        Command::Predict(options) => command::predict::run(options, &device, common),
        Command::Evaluate(options) => command::evaluate::run(options, &device, common),
        Command::Import(options) => command::import::run(options, common),
        Command::Inspect(options) => command::inspect::run(options, common),
        Command::Prune(options) => command::prune::run(options, common),
        Command::Export(options) => command::export::run(options, common),
        Command::Report(options) => command::report::run(options, common),
        Command::Query(options) => command::query::run(options, common),
        Command::Sample(options) => command::sample::run(options, common),
        Command::Score(options) => command::score::run(options, common),
        Command::Impute(options) => command::impute::run(options, common),
        Command::Mpe(options) => command::mpe::run(options, common),
        Command::Certify(options) => command::certify::run(options, common),
        Command::Devices => command::devices::run(common),
        Command::Completions(options) => command::completions::run(options),
        Command::Man(options) => command::man::run(options),
    }
}
