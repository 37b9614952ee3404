//! Structures: the regions of a circuit and their relations, without parameters.

mod chow_liu;
mod class_conditional;
mod mixture;
mod mutual_information;
mod quadrants;
mod random_trees;
mod scope;

pub use chow_liu::hidden_chow_liu_tree;
pub use class_conditional::class_conditional;
pub use mixture::{independent, mixture};
pub use quadrants::{ImageSplit, quadrants};
pub use random_trees::random_trees;

use crate::error::CircuitError;
use crate::region::Region;
use scope::Scope;

/// Regions without their parameters, each after its children; the last one is the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    regions: Vec<RegionShape>,
}

/// One region of a [`Structure`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionShape {
    /// Distributions of a variable.
    Leaf {
        /// Index of the variable, from 0.
        variable: usize,
        /// Number of distributions.
        units: usize,
    },
    /// One unit for each state of a categorical variable; see [`crate::Leaf::indicator`].
    Indicator {
        /// Index of the variable, from 0.
        variable: usize,
        /// Number of its states.
        states: usize,
    },
    /// Sums of products; see [`crate::InnerRegion`].
    Inner {
        /// Number of sums.
        units: usize,
        /// The regions that each partition multiplies.
        partitions: Vec<Vec<usize>>,
    },
}

impl RegionShape {
    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        match self {
            Self::Leaf { units, .. } | Self::Inner { units, .. } => *units,
            Self::Indicator { states, .. } => *states,
        }
    }
}

impl Structure {
    /// A structure over the variables 0 to `variables` - 1; the last region is the root.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] unless every region is a density for any parameters: it must follow its children, its
    /// partitions must have equal scopes (smoothness), children of a partition must share no variable
    /// (decomposability) and have equal numbers of units. The root must have one unit and all variables, and
    /// every region must be used.
    pub fn new(variables: usize, regions: Vec<RegionShape>) -> Result<Self, CircuitError> {
        let structure = Self { regions };
        structure.check(variables)?;
        Ok(structure)
    }

    /// The regions, children first.
    #[must_use]
    pub fn regions(&self) -> &[RegionShape] {
        &self.regions
    }

    /// The structure of a circuit's regions.
    pub(crate) fn of(variables: usize, regions: &[Region]) -> Result<Self, CircuitError> {
        let shape = |region: &Region| match region {
            Region::Leaf(leaf) => RegionShape::Leaf { variable: leaf.variable, units: leaf.units },
            Region::Inner(inner) => {
                RegionShape::Inner { units: inner.units, partitions: inner.partitions.clone() }
            }
        };
        Self::new(variables, regions.iter().map(shape).collect())
    }

    /// Number of products that the units of an inner region sum over; 0 for a leaf, and `None` if it is too
    /// large to count.
    pub(crate) fn width(&self, region: usize) -> Option<usize> {
        match &self.regions[region] {
            RegionShape::Inner { partitions, .. } => {
                let mut widths = partitions.iter().map(|children| self.regions[children[0]].units());
                widths.try_fold(0, usize::checked_add)
            }
            _ => Some(0),
        }
    }

    fn check(&self, variables: usize) -> Result<(), CircuitError> {
        let mut scopes: Vec<Scope> = Vec::with_capacity(self.regions.len());
        let mut used = vec![false; self.regions.len()];
        for (region, shape) in self.regions.iter().enumerate() {
            let fail = |reason: String| Err(CircuitError::Region { region, reason });
            if shape.units() == 0 {
                return fail("has no units".into());
            }
            let scope = match shape {
                RegionShape::Leaf { variable, .. } | RegionShape::Indicator { variable, .. } => {
                    if *variable >= variables {
                        return fail(format!(
                            "is a leaf of variable {variable}, but there are only {variables}"
                        ));
                    }
                    Scope::of(*variable, variables)
                }
                RegionShape::Inner { partitions, .. } => {
                    let scope = self.inner_scope(region, partitions, &scopes)?;
                    for &child in partitions.iter().flatten() {
                        used[child] = true;
                    }
                    scope
                }
            };
            scopes.push(scope);
        }
        let Some(root) = self.regions.len().checked_sub(1) else {
            return Err(CircuitError::Region {
                region: 0,
                reason: "is missing; a circuit needs one at least".into(),
            });
        };
        let fail = |region, reason: String| Err(CircuitError::Region { region, reason });
        if !matches!(self.regions[root], RegionShape::Inner { .. }) {
            return fail(root, "is the root and a leaf; it needs an inner region above it".into());
        }
        if self.regions[root].units() != 1 {
            return fail(root, format!("is the root and has {} units, not 1", self.regions[root].units()));
        }
        if scopes[root].count() != variables {
            return fail(
                root,
                format!("is the root and has {} of {variables} variables", scopes[root].count()),
            );
        }
        match used[..root].iter().position(|used| !used) {
            Some(region) => fail(region, "is part of no other".into()),
            None => Ok(()),
        }
    }

    fn inner_scope(
        &self,
        region: usize,
        partitions: &[Vec<usize>],
        scopes: &[Scope],
    ) -> Result<Scope, CircuitError> {
        let fail = |reason: String| CircuitError::Region { region, reason };
        let mut whole: Option<Scope> = None;
        for (number, children) in partitions.iter().enumerate() {
            let mut scope: Option<Scope> = None;
            for &child in children {
                let child_scope = scopes
                    .get(child)
                    .ok_or_else(|| fail(format!("has child {child}, which does not come before it")))?;
                if self.regions[child].units() != self.regions[children[0]].units() {
                    return Err(fail(format!("has children of different widths in partition {number}")));
                }
                let Some(scope) = &mut scope else {
                    scope = Some(child_scope.clone());
                    continue;
                };
                if !scope.join(child_scope) {
                    return Err(fail(format!("has children with a common variable in partition {number}")));
                }
            }
            let scope = scope.ok_or_else(|| fail(format!("has no children in partition {number}")))?;
            if whole.as_ref().is_some_and(|whole| *whole != scope) {
                return Err(fail(format!("has other variables in partition {number} than in partition 0")));
            }
            whole = Some(scope);
        }
        whole.ok_or_else(|| fail("has no partitions".into()))
    }
}
