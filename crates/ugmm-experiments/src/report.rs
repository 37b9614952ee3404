//! The report of an experiment that trains networks with several seeds.

use serde::Serialize;

/// The results of an experiment, one for each network; docs/json.md describes their JSON.
#[derive(Serialize)]
pub struct Report<R> {
    experiment: &'static str,
    /// Options of `ugmm reproduce` that make this another experiment than the documented one; empty for that one.
    deviations: Vec<String>,
    pub(crate) threads: usize,
    pub(crate) results: Vec<R>,
    /// The results in words and tables of plain text.
    #[serde(skip)]
    pub text: String,
}

impl<R> Report<R> {
    /// A report of these results with the text that `text` writes of them.
    pub(crate) fn new(
        experiment: &'static str,
        deviations: Vec<String>,
        results: Vec<R>,
        text: impl FnOnce(&Self) -> String,
    ) -> Self {
        let threads = rayon::current_num_threads();
        let report = Self { experiment, deviations, threads, results, text: String::new() };
        Self { text: text(&report), ..report }
    }

    /// A line that names the deviations; empty if there are none.
    pub(crate) fn deviations_line(&self) -> String {
        match self.deviations.is_empty() {
            true => String::new(),
            false => format!("Run with {}.\n", self.deviations.join(" ")),
        }
    }
}
