//! The report of a model, whatever its engine.

use crate::error::ReportError;
use crate::{density, network};
use ugmm_data::frame::{Input, ReadOptions};
use ugmm_report::{Document, Figure, Report, Text, document, figures, page};
use ugmm_tabular::{Engine, TableModel};

/// Number of neurons of each layer that are drawn if none are named.
const USUAL_NEURONS: usize = 2;

/// What a report is about.
#[derive(Clone, Debug)]
pub struct ReportOptions<'a> {
    /// What the report calls the model.
    pub model: &'a str,
    /// What the report calls the table.
    pub table: &'a str,
    /// Largest number of rows to read, at least 1.
    pub most_rows: usize,
    /// Rows to show first, by their numbers in the table.
    pub rows: &'a [usize],
    /// Neurons to show first, as `layer.number`, both counted from 1.
    pub neurons: &'a [String],
    /// How the table is read.
    pub reading: &'a ReadOptions,
}

/// The content of a report.
#[derive(Debug)]
pub struct ModelReport {
    content: Content,
    rows: usize,
    named: Vec<String>,
}

#[derive(Debug)]
enum Content {
    Network(Box<Report>),
    Density(Document),
}

impl ModelReport {
    /// Looks at a model with the first rows of a table. If the table has the target, predictions are compared with it.
    ///
    /// # Errors
    ///
    /// Returns an error if the table cannot be read or has no row to predict, if a named row or neuron does not exist, or
    /// if the model is a network of other neurons.
    pub fn of(
        model: &dyn TableModel,
        table: impl Into<Input>,
        options: &ReportOptions,
    ) -> Result<Self, ReportError> {
        let table = table.into();
        let (content, rows) = match Engine::of(model) {
            Engine::Network(model) => {
                let (report, rows) = network::report(model, &table, options)?;
                (Content::Network(Box::new(report)), rows)
            }
            Engine::Density(model) => {
                let (document, rows) = density::report(model, &table, options)?;
                (Content::Density(document), rows)
            }
        };
        Ok(Self { content, rows, named: options.neurons.to_vec() })
    }

    /// Number of rows on which everything is computed.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of neurons; `None` for a density.
    #[must_use]
    pub fn neurons(&self) -> Option<usize> {
        match &self.content {
            Content::Network(report) => Some(report.neurons.len()),
            Content::Density(_) => None,
        }
    }

    /// Sentences about what the report leaves out or assumes.
    #[must_use]
    pub fn notes(&self) -> &[Text] {
        match &self.content {
            Content::Network(report) => &report.notes,
            Content::Density(document) => &document.notes,
        }
    }

    /// One HTML page without other files. What was too large for the page is added to the notes.
    pub fn page(&mut self) -> String {
        match &mut self.content {
            Content::Network(report) => {
                let page = page(report);
                report.notes.extend(page.cut);
                page.html
            }
            Content::Density(report) => document(report),
        }
    }

    /// The figures, each for a file of its own; of neurons those that were named, or else the two most important ones of
    /// each layer.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        match &self.content {
            Content::Network(report) if self.named.is_empty() => figures(report, &usual_neurons(report)),
            Content::Network(report) => figures(report, &self.named),
            Content::Density(document) => {
                document.sections.iter().flat_map(|section| section.figures.iter().cloned()).collect()
            }
        }
    }
}

/// The most important neurons of each layer; a report lists the neurons of a layer in order of importance.
fn usual_neurons(report: &Report) -> Vec<String> {
    let layers = report.neurons.iter().map(|neuron| neuron.layer).max().unwrap_or(0);
    let of_layer =
        |layer| report.neurons.iter().filter(move |neuron| neuron.layer == layer).take(USUAL_NEURONS);
    (1..=layers).flat_map(of_layer).map(|neuron| neuron.id.clone()).collect()
}
