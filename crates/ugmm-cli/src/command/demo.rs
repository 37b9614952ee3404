//! `ugmm demo`: a first look. It writes the bundled table, and runs the commands that it prints.

use crate::arguments::{Arguments, Common};
use crate::error::CliError;
use crate::output::{check_outputs, print, write_json};
use clap::{CommandFactory, FromArgMatches};
use serde::Serialize;
use std::path::Path;
use ugmm_network::file::write_atomically;

/// The files that it writes into the current folder.
const FILES: [&str; 5] =
    ["iris.csv", "iris.safetensors", "iris.safetensors.toml", "iris-predictions.csv", "iris-report.html"];

/// The commands, as one would type them after `ugmm`.
const STEPS: [&str; 3] = [
    "train iris.csv --target species -o iris.safetensors",
    "predict iris.safetensors iris.csv --explain 1 -o iris-predictions.csv",
    "report iris.safetensors --data iris.csv -o iris-report.html",
];

const NEXT: &str = "
Open iris-report.html in a browser, and look at iris-predictions.csv: predictions of the table's own rows, on 120 of which
the model was trained. Then, with a table of your own:

  ugmm train TABLE --target COLUMN -o model.safetensors
  ugmm predict model.safetensors NEW-TABLE --explain 3 -o predictions.csv
  ugmm report model.safetensors --data TABLE -o report.html

`ugmm help` lists the other commands, and `ugmm help train` the options of training.
";

/// The JSON output.
#[derive(Serialize)]
struct Written {
    files: [&'static str; 5],
}

pub fn run(common: &Common) -> Result<(), CliError> {
    // A link whose file does not exist is a file here.
    if let Some(file) = FILES.iter().find(|file| Path::new(file).symlink_metadata().is_ok()) {
        return Err(CliError::DemoReplaces(file));
    }
    let own = FILES.iter().map(|file| Some(Path::new(*file)));
    check_outputs(&own.chain([common.json.as_deref()]).collect::<Vec<_>>(), &[])?;
    write_atomically(Path::new("iris.csv"), ugmm_data::IRIS_CSV.as_bytes())?;
    for step in STEPS {
        if !common.quiet {
            print(&format!("$ ugmm {step}\n"))?;
        }
        let quiet = common.quiet.then_some("--quiet");
        let matches = Arguments::command()
            .try_get_matches_from(["ugmm"].into_iter().chain(step.split(' ')).chain(quiet))
            .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
        let (arguments, matches) = matches.map_err(|error| CliError::Usage(error.to_string()))?;
        crate::run(&arguments, &matches)?;
    }
    write_json(common.json.as_deref(), "ugmm/demo", &Written { files: FILES })?;
    if common.quiet { Ok(()) } else { print(NEXT) }
}
