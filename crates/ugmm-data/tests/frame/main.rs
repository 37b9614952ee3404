//! Tables from files of any size, good and hostile; whole messages are compared, because people act on them.

mod alike;
mod arrow;
mod blank_rows;
mod bombs;
mod fixture;
mod formats;
mod found;
mod hostile;
mod images;
mod index;
mod kinds;
mod large;
mod laws;
mod marks;
mod memory;
mod parquet;
mod reading;
mod standard_input;
mod workbook;
