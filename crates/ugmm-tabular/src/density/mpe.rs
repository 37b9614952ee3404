//! The most probable values of columns, with a certificate.

use super::answers::DensityEvidence;
use super::model::DensityModel;
use crate::error::TabularError;
use crate::network::variables::{range_ends, range_expected};
use crate::question::error::QuestionError;
use std::ops::ControlFlow;
use ugmm_circuit::{Mpe, MpeOptions, MpeVariable, ProofProgress};

impl DensityModel {
    /// A column to find among the numbers of a range such as `0:10`, in the table's units.
    ///
    /// # Errors
    ///
    /// When there is no such column of numbers, or the text is no range with a value of the column.
    pub fn ranged(&self, name: &str, text: &str) -> Result<MpeVariable, TabularError> {
        let variable = self.index_of(name)?;
        let column = &self.columns()[variable];
        let wrong = |expected: &str| {
            let (column, value) = (name.to_owned(), text.to_owned());
            TabularError::from(QuestionError::NoValue { column, value, expected: expected.to_owned() })
        };
        if !column.is_number() {
            let (column, value) = (name.to_owned(), text.to_owned());
            return Err(QuestionError::RangeOfCategories { column, value }.into());
        }
        let Some((low, high)) = range_ends(&column.request.read_as, text) else {
            return Err(wrong(range_expected::RANGE));
        };
        let (low, high) = (column.in_circuit(low), column.in_circuit(high));
        if column.is_whole() && low.ceil() > high.floor() {
            return Err(wrong(range_expected::WHOLE));
        }
        Ok(MpeVariable { variable, range: Some((low, high)) })
    }

    /// The values of the columns `asked` that are most probable together given the evidence, with an upper bound of the
    /// log-likelihood of all others; columns that are neither are integrated out. Numbers of the answer are the
    /// circuit's. Of a category, the levels that training had in enough rows are looked at; the most frequent of the rare ones if there
    /// are no others.
    ///
    /// # Errors
    ///
    /// When a column is given and asked for, or as [`Circuit::mpe`](ugmm_circuit::Circuit::mpe).
    pub fn mpe(
        &self,
        evidence: &DensityEvidence,
        asked: &[MpeVariable],
        options: &MpeOptions,
        progress: impl FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, TabularError> {
        if let Some(one) =
            asked.iter().find(|one| evidence.row.get(one.variable).is_some_and(|x| !x.is_nan()))
        {
            let column = self.columns()[one.variable].name().to_owned();
            return Err(QuestionError::GivenAndAsked { column }.into());
        }
        let is_of_rare = |one: &MpeVariable| self.columns().get(one.variable)?.other();
        let asked: Vec<MpeVariable> = asked
            .iter()
            .map(|one| match is_of_rare(one) {
                // The state of all others is no value.
                Some(other) if other > 0 => MpeVariable { range: Some((0.0, other as f64 - 1.0)), ..*one },
                _ => *one,
            })
            .collect();
        let (row, shares) = self.states_of(&evidence.row);
        let mut found = self.circuit().mpe(&row, &asked, options, progress)?;
        let mut share: f64 = shares.iter().sum();
        for one in asked.iter().filter(|one| is_of_rare(one) == Some(0)) {
            let rare = self.columns()[one.variable].rare_values();
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
