//! Descriptions of structures in words.

use super::model::DensityModel;
use super::options::{DensityMethod, DensityStructure};
use crate::model::TableModel;

impl DensityStructure {
    /// The name of the structure in words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Auto => "the best of several structures",
            Self::ChowLiu => "hidden Chow-Liu tree",
            Self::RandomTrees => "random trees",
            Self::Mixture => "mixture",
            Self::Halves => "halved rectangles of images",
            Self::Independent => "independent columns",
        }
    }
}

impl DensityMethod {
    /// The name of the algorithm in words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Em => "expectation maximisation",
            Self::Adam => "Adam",
        }
    }
}

impl DensityModel {
    /// Largest number of units in a region below the root.
    #[must_use]
    pub fn units(&self) -> usize {
        self.circuit.regions().iter().map(ugmm_circuit::Region::units).max().unwrap_or(1)
    }

    /// A description such as "hidden Chow-Liu tree of 8 columns, up to 16 units each, 1234 parameters".
    #[must_use]
    pub fn structure_in_words(&self) -> String {
        let by_class = match self.classes() {
            Some(classes) => format!(", a density for each of {} classes", classes.len()),
            None => String::new(),
        };
        format!(
            "{} of {} columns, up to {} units each{by_class}, {} parameters",
            self.learned().structure.in_words(),
            self.columns().len(),
            self.units(),
            self.circuit.parameters()
        )
    }
}
