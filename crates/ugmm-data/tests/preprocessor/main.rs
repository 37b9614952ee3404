//! Inputs made of the columns of tables.

mod columns;
mod fixture;
mod laws;
mod other_tables;
mod refusals;
mod saved;
mod speed;
