//! `ugmm man`: writes manual pages.

use crate::arguments::{Arguments, Man};
use crate::error::CliError;
use crate::output::print_bytes;
use clap::{Command, CommandFactory};
use std::path::Path;
use ugmm_network::file::write_atomically;

pub fn run(options: &Man) -> Result<(), CliError> {
    let mut command = Arguments::command();
    command.build();
    match &options.folder {
        None => print_bytes(&page(&command)?),
        Some(folder) => write_pages(&command, folder),
    }
}

fn page(command: &Command) -> Result<Vec<u8>, CliError> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    Ok(text)
}

/// Writes the pages of a command and of its subcommands.
fn write_pages(command: &Command, folder: &Path) -> Result<(), CliError> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    write_atomically(&folder.join(format!("{name}.1")), &page(command)?)?;
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    below.into_iter().try_for_each(|below| write_pages(below, folder))
}
