//! The `ugmm` command.
fn main() {}
