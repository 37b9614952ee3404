#![doc = include_str!("../README.md")]
//!
//! The crate computes layout only. The caller fills in a [`Report`]; [`page`] makes a page of it, [`figures`]
//! its figures, and [`svg()`] and [`png()`] draw one of these. [`table()`] lays
//! out rows of text for terminals.

mod axis;
mod chart;
mod document;
mod figures;
mod page;
mod png;
mod report;
mod svg;
mod table;
mod text;
mod words;

pub use chart::{Axis, Chart, Column, Edge, Gaussian, Mark, Node, Series, Tick};
pub use document::{Document, DocumentSection, DocumentTable, document};
pub use figures::{Figure, figures, short};
pub use page::{Page, page};
pub use png::{PngError, grey_png, png};
pub use report::{
    Bin, ClassMaps, ColumnEffect, ColumnImportance, Component, Density, Diagram, EffectPoints, Histogram,
    InputShare, Maps, Matters, Measures, Neuron, Report, Row, Scale, Training, Units,
};
pub use svg::svg;
pub use table::table;
pub use text::Text;
pub use words::{count, error_text, left_out, percent, six_digits, within};
