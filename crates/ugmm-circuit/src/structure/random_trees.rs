//! Random binary trees (Peharz et al., *Random Sum-Product Networks*, UAI 2019).

use super::{RegionShape, Structure};
use crate::error::CircuitError;
use rand::Rng;
use rand::seq::SliceRandom;

/// `replicas` random trees, each of which halves the variables recursively until each is alone; the root
/// mixes them. Every region has `units` units.
///
/// # Errors
///
/// [`CircuitError`] when there are no variables, units or replicas.
pub fn random_trees<R: Rng + ?Sized>(
    variables: usize,
    units: usize,
    replicas: usize,
    rng: &mut R,
) -> Result<Structure, CircuitError> {
    let mut regions = Vec::new();
    let mut partitions = Vec::with_capacity(replicas);
    let mut order: Vec<usize> = (0..variables).collect();
    for _ in 0..replicas {
        order.shuffle(rng);
        // A single variable cannot be halved; its mixture is then the whole model.
        let (first, second) = order.split_at(variables / 2);
        let halves = [first, second].into_iter().filter(|half| !half.is_empty());
        partitions.push(halves.map(|half| grow(half, units, &mut regions)).collect());
    }
    regions.push(RegionShape::Inner { units: 1, partitions });
    Structure::new(variables, regions)
}

/// Adds the regions over some variables in random order; returns the index of the top one.
fn grow(variables: &[usize], units: usize, regions: &mut Vec<RegionShape>) -> usize {
    let shape = match variables {
        [variable] => RegionShape::Leaf { variable: *variable, units },
        _ => {
            let (first, second) = variables.split_at(variables.len() / 2);
            let children = vec![grow(first, units, regions), grow(second, units, regions)];
            RegionShape::Inner { units, partitions: vec![children] }
        }
    };
    regions.push(shape);
    regions.len() - 1
}
