//! Trains on tables with too few rows for validation rows: cross-validation chooses structure, units and
//! epochs, and the circuits are trained on all rows.

use super::fit::{Chosen, Fitter, Part, STOPPING_SHARE, TriedStructure};
use super::options::DensityStructure;
use crate::error::TabularError;
use crate::run::Run;
use std::sync::atomic::Ordering;
use ugmm_circuit::{Circuit, CrossValidated, Rows, TrainingConfig, cross_validate, train};

/// Number of folds, if there are at least as many rows.
const FOLDS: usize = 5;
/// With fewer rows, the dependence between columns cannot be estimated.
const FEWEST_ROWS: usize = 10;
/// Number of epochs if none is given.
const EPOCHS: usize = 60;
/// Pseudo-count of the prior of each σ; it is larger than for tables with validation rows.
const SIGMA_PSEUDO_COUNT: f64 = 0.3;
/// Numbers of units to try, or of components of independent columns. Very wide tables try fewer, because each
/// trial takes long.
const UNITS: [usize; 4] = [2, 3, 5, 8];
const COMPONENTS: [usize; 3] = [1, 2, 4];
const WIDE_UNITS: [usize; 1] = [3];
const WIDE_COMPONENTS: [usize; 1] = [1];
/// Number of values in a very wide table.
const MANY_VALUES: usize = 50_000;

/// Settings that cross-validation compares.
struct Candidate {
    structure: DensityStructure,
    /// Number of units; for independent columns, the number of components.
    units: usize,
    config: TrainingConfig,
}

impl Fitter<'_> {
    /// Whether there are too few rows for validation rows.
    pub(super) fn has_few(&self, rows: Rows<'_>) -> bool {
        let set_aside = rows.count() as f64 * STOPPING_SHARE;
        (set_aside.round() as usize) < TrainingConfig::FEWEST_VALIDATION_ROWS
    }

    /// The circuit whose structure and units have the best log-likelihood on held-out rows.
    pub(super) fn fit_few(&self, rows: Rows<'_>, run: &mut Run) -> Result<Chosen, TabularError> {
        use DensityStructure::{Auto, ChowLiu, Independent, Mixture};
        let structures = match self.options.structure {
            // A single column depends on no other.
            Auto if self.columns.len() == 1 => vec![Independent],
            // Independent columns would have no information about the class.
            Auto if self.of_classes() => vec![Mixture, ChowLiu],
            Auto if rows.count() < FEWEST_ROWS => vec![Independent],
            Auto => vec![Independent, Mixture, ChowLiu],
            structure => vec![structure],
        };
        let (candidate, found, tried) = self.best_of(&structures, rows, run)?;
        let mut config = candidate.config;
        config.epochs = found.map_or(config.epochs, |found| found.epoch);
        let name = candidate.structure.in_words().to_owned();
        let part = Part { name, stage: (1, 1), share: (0, 1), rival: None };
        let (trained, out_of_time) = self.train(rows, &config, None, config.members, part, run)?;
        // Compares the structures by the best number of units of each, if there is a choice.
        let folds = found.map(|_| folds(rows.count()));
        let structure = candidate.structure;
        let tried = if structures.len() > 1 { tried } else { Vec::new() };
        Ok(Chosen { trained, structure, config, tried, folds, out_of_time })
    }

    /// A circuit of independent columns, whose number of components has the best log-likelihood on held-out
    /// rows.
    pub(super) fn independent_few(&self, rows: Rows<'_>, run: &mut Run) -> Result<Circuit, TabularError> {
        let (candidate, found, _) = self.best_of(&[DensityStructure::Independent], rows, run)?;
        let epochs = found.map_or(candidate.config.epochs, |found| found.epoch);
        let config = TrainingConfig { epochs, members: 1, ..candidate.config };
        let interrupted = run.interrupted;
        let trained = train(rows, self.variables(rows), &config, |_| !interrupted.load(Ordering::Relaxed))?;
        self.check_interrupted(run)?;
        Ok(trained.circuit)
    }

    /// The best candidate of some structures, its measures, and the best candidate of each structure. If
    /// there are too few rows for two folds, or there is no time, it returns the first candidate without
    /// measures.
    fn best_of(
        &self,
        structures: &[DensityStructure],
        rows: Rows<'_>,
        run: &Run,
    ) -> Result<(Candidate, Option<CrossValidated>, Vec<TriedStructure>), TabularError> {
        let variables = self.variables(rows);
        let mut best: Option<(Candidate, Option<CrossValidated>)> = None;
        let mut tried: Vec<TriedStructure> = Vec::new();
        for candidate in
            structures.iter().flat_map(|&structure| self.candidates(structure, rows.values().len()))
        {
            let is_over = || {
                let is_late = |limit| self.start.elapsed() > limit / 2;
                run.interrupted.load(Ordering::Relaxed) || run.time_limit.is_some_and(is_late)
            };
            let found = match folds(rows.count()) {
                0 | 1 => None,
                folds => cross_validate(rows, &variables, &candidate.config, folds, |_| !is_over())?,
            };
            self.check_interrupted(run)?;
            if let Some(CrossValidated { level: log_likelihood, .. }) = found {
                let Candidate { structure, units, .. } = candidate;
                let one =
                    TriedStructure { structure, units: Some(units), log_likelihood, of_all_circuits: None };
                match tried.iter_mut().find(|one| one.structure == structure) {
                    Some(known) if known.log_likelihood >= log_likelihood => {}
                    Some(known) => *known = one,
                    None => tried.push(one),
                }
            }
            let level = |found: Option<CrossValidated>| found.map_or(f64::NEG_INFINITY, |found| found.level);
            if best.as_ref().is_none_or(|(_, known)| level(found) > level(*known)) {
                best = Some((candidate, found));
            }
        }
        let (candidate, found) = best.ok_or(TabularError::NothingToLearn)?;
        Ok((candidate, found, tried))
    }

    /// The candidates of a structure.
    fn candidates(&self, structure: DensityStructure, values: usize) -> Vec<Candidate> {
        let is_wide = values > MANY_VALUES;
        let is_independent = structure == DensityStructure::Independent;
        let mut config = self.config(structure, None, values);
        config.epochs = self.options.epochs.unwrap_or(EPOCHS);
        config.sigma_pseudo_count = SIGMA_PSEUDO_COUNT;
        config.validation_share = 0.0;
        let units: Vec<usize> = match (is_independent, self.options.units) {
            (true, _) if is_wide => WIDE_COMPONENTS.to_vec(),
            (true, _) => COMPONENTS.to_vec(),
            (false, Some(units)) => vec![units],
            (false, None) if is_wide => WIDE_UNITS.to_vec(),
            // There may be rows enough for only one unit for each class.
            (false, None) if config.class_conditional.is_some() => [&[1], &UNITS[..]].concat(),
            (false, None) => UNITS.to_vec(),
        };
        let candidate = |units| {
            let mut config = config.clone();
            match is_independent {
                // Several members would differ only by rounding.
                true => (config.components, config.members) = (units, 1),
                false => config.units = Some(units),
            }
            Candidate { structure, units, config }
        };
        units.into_iter().map(candidate).collect()
    }
}

/// The number of folds for this many rows; fewer than 2 mean that there is no cross-validation.
fn folds(rows: usize) -> usize {
    FOLDS.min(rows)
}
