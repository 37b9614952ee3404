//! Mixtures of several circuits, trained with different random choices and different held-out rows (bagging;
//! Breiman 1996). The log-likelihood of any row is at least the mean of the members'.

use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::region::{InnerRegion, Region};

/// Difference between the seeds of members: 2^64 divided by the golden ratio, so that members of neighbouring
/// seeds do not coincide.
const SEED_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The seed of a member, counted from 0; that of the first is `seed`.
pub(super) fn member_seed(seed: u64, member: usize) -> u64 {
    seed.wrapping_add(SEED_STEP.wrapping_mul(member as u64))
}

/// Mixes circuits over the same variables with equal weights. Their roots become one root with the partitions
/// of all of them.
pub(super) fn mix(members: Vec<Circuit>) -> Result<Circuit, CircuitError> {
    let count = members.len();
    if count == 1 {
        return members.into_iter().next().ok_or(CircuitError::TooFewRows { rows: 0, needed: 1 });
    }
    let variables = members.first().map_or(Vec::new(), |member| member.variables().to_vec());
    let mut regions: Vec<Region> = Vec::new();
    let mut root = InnerRegion { units: 1, partitions: Vec::new(), weights: Vec::new() };
    for member in &members {
        let offset = regions.len();
        let moved = |inner: &InnerRegion| InnerRegion {
            partitions: inner
                .partitions
                .iter()
                .map(|children| children.iter().map(|child| child + offset).collect())
                .collect(),
            ..inner.clone()
        };
        let (last, others) = member.regions().split_last().expect("a circuit has a root");
        regions.extend(others.iter().map(|region| match region {
            Region::Inner(inner) => Region::Inner(moved(inner)),
            leaf => leaf.clone(),
        }));
        if let Region::Inner(inner) = last {
            let inner = moved(inner);
            root.partitions.extend(inner.partitions);
            root.weights.extend(inner.weights.iter().map(|weight| weight / count as f64));
        }
    }
    regions.push(Region::Inner(root));
    Circuit::new(variables, regions)
}

#[cfg(test)]
mod tests {
    use super::super::{TrainingConfig, add_members, train, train_structure};
    use super::mix;
    use crate::circuit::Circuit;
    use crate::rows::Rows;
    use crate::structure::{self, Structure};
    use crate::variable::Variable;
    use rand::SeedableRng;

    /// Two numbers and a class that depend on each other, with some missing values.
    fn values() -> Vec<f64> {
        let row = |i: u32| {
            let (class, x) = (f64::from(i % 2), f64::from(i * 7 % 11));
            [if i.is_multiple_of(5) { f64::NAN } else { x + 10.0 * class }, x * x, class]
        };
        (0..60).flat_map(row).collect()
    }

    fn circuit(structure: &Structure, seed: u64) -> Circuit {
        let values = values();
        let rows = Rows::new(&values, 3).unwrap();
        let variables = vec![
            Variable::standardizing(rows.column(0)),
            Variable::standardizing(rows.column(1)),
            Variable::categorical(2),
        ];
        let config = TrainingConfig { seed, epochs: 3, ..Default::default() };
        train_structure(rows, None, variables, structure, &config, |_| true).unwrap().circuit
    }

    #[test]
    fn the_mixture_has_the_mean_density_of_its_members() {
        let features = structure::mixture(2, 3).unwrap();
        let members = vec![
            circuit(&structure::mixture(3, 4).unwrap(), 1),
            circuit(&structure::class_conditional(&features, 3, 2, 2).unwrap(), 2),
            circuit(
                &structure::random_trees(3, 2, 2, &mut rand_chacha::ChaCha8Rng::from_seed([7; 32])).unwrap(),
                3,
            ),
        ];
        let mixed = mix(members.clone()).unwrap();
        let mut rows = values();
        rows.extend([f64::NAN, 3.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN, 4.0, 90.0, 1.0]);
        let rows = Rows::new(&rows, 3).unwrap();
        let found = mixed.log_likelihood(rows).unwrap();
        let each: Vec<Vec<f64>> = members.iter().map(|member| member.log_likelihood(rows).unwrap()).collect();
        for (row, found) in found.iter().enumerate() {
            let mean = each.iter().map(|densities| densities[row].exp()).sum::<f64>() / 3.0;
            assert!((found - mean.ln()).abs() < 1e-9, "row {row}: {found}, not {}", mean.ln());
        }
        assert_eq!(mixed.parameters(), members.iter().map(Circuit::parameters).sum::<usize>());
        assert_eq!(mix(members[..1].to_vec()).unwrap(), members[0]);
    }

    #[test]
    fn members_that_are_added_later_are_those_of_one_training() {
        let values = values();
        let rows = Rows::new(&values, 3).unwrap();
        let variables = || {
            vec![
                Variable::standardizing(rows.column(0)),
                Variable::standardizing(rows.column(1)),
                Variable::categorical(2),
            ]
        };
        let config = TrainingConfig { members: 3, epochs: 2, validation_share: 0.2, ..Default::default() };
        let at_once = train(rows, variables(), &config, |_| true).unwrap();
        let first =
            train(rows, variables(), &TrainingConfig { members: 1, ..config.clone() }, |_| true).unwrap();
        assert_ne!(at_once.circuit, first.circuit);
        let mut numbers = Vec::new();
        let added = add_members(first, rows, variables(), &config, |epoch| {
            numbers.push(epoch.member);
            true
        });
        let added = added.unwrap();
        assert_eq!(added.circuit, at_once.circuit);
        assert_eq!((added.members, added.validation), (3, at_once.validation));
        // They may be trained side by side.
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers, [2, 3]);
    }
}
