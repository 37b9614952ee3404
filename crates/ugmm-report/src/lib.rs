//! Reports about uGMM networks: self-contained HTML pages, and figures as SVG and PNG.
//!
//! The crate computes layout only. The caller fills in a [`Report`]; [`page`] makes a page of it, [`figures`]
//! its figures, and [`svg()`] and [`png()`] draw one of these. [`table()`] lays
//! out rows of text for terminals.
//!
//! ```
//! use ugmm_report::{Report, Training, figures, page, svg};
//!
//! let training = Training { training_loss: vec![0.9, 0.5, 0.4], ..Training::default() };
//! let report = Report { target: "a <b>".into(), training: Some(training), ..Report::default() };
//! let figures = figures(&report, &[]);
//! assert_eq!(figures[1].id, "training");
//! assert!(svg(&figures[1], 600.0).contains("</svg>"));
//! assert!(page(&report).html.contains("a &lt;b&gt;"));
//! ```

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
