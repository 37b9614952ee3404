//! The most probable values of columns, with a certificate.

use super::model::DensityModel;
use crate::error::TabularError;
use crate::question::Evidence;
use crate::question::error::QuestionError;
use std::ops::ControlFlow;
use ugmm_circuit::{Mpe, MpeOptions, MpeVariable, ProofProgress};

impl DensityModel {
    /// Implements [`TableModel::mpe`](crate::TableModel::mpe) by the log-likelihood of the given and the
    /// found values; all other columns are integrated out.
    pub(super) fn most_probable(
        &self,
        evidence: &Evidence,
        asked: &[usize],
        options: &MpeOptions,
        progress: &mut dyn FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, TabularError> {
        if let Some(&one) = asked.iter().find(|&&column| evidence.holds(column)) {
            let column = self.part.columns[one].name().to_owned();
            return Err(QuestionError::GivenAndAsked { column }.into());
        }
        let asked: Vec<MpeVariable> = asked
            .iter()
            .map(|&variable| {
                let column = &self.part.columns[variable];
                let range = match (column.other(), evidence.ranges[variable]) {
                    // The state that rare levels share is no value.
                    (Some(other), _) if other > 0 => Some((0.0, other as f64 - 1.0)),
                    (_, Some(range)) => Some((column.to_model(range.low), column.to_model(range.high))),
                    (_, None) => None,
                };
                MpeVariable { variable, range }
            })
            .collect();
        let (row, shares) = self.states_of(&evidence.row);
        let mut found = self.circuit.mpe(&row, &asked, options, progress)?;
        let mut share: f64 = shares.iter().sum();
        for one in &asked {
            let column = &self.part.columns[one.variable];
            let rare = if column.other() == Some(0) { column.rare_values() } else { Vec::new() };
            if let Some((value, of_rare)) = rare.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a }) {
                found.row[one.variable] = value;
                share += of_rare.ln();
            }
        }
        found.value += share;
        found.upper_bound += share;
        Ok(found)
    }
}
