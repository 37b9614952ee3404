//! Several circuits as one: the mixture of what was learned from different random choices and different rows held out (bagging;
//! Breiman 1996). Its log-likelihood of any row is at least the mean of its members'.

use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::region::{InnerRegion, Region};

/// Seeds of members are this far apart: 2^64 divided by the golden ratio, so that those of neighbouring seeds do not meet.
const SEED_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The seed of a member, counted from 0; the first one has the seed itself.
pub(super) fn member_seed(seed: u64, member: usize) -> u64 {
    seed.wrapping_add(SEED_STEP.wrapping_mul(member as u64))
}

/// Circuits over the same variables, mixed with equal weights. Their roots become one, whose partitions are those of all of them.
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
