//! Tests of the search on problems with known answers.

use super::*;
use std::sync::Mutex;

/// sin(3x) − x² / 8 on an interval: slopes are at most 3 + width.
struct Wave;

impl Wave {
    fn at(x: f64) -> Found<f64> {
        Found { point: x, value: (3.0 * x).sin() - x * x / 8.0 }
    }
}

impl Maximization for Wave {
    type Region = (f64, f64);
    type Point = f64;

    fn bounded(&self, (low, high): (f64, f64)) -> Bounded<(f64, f64), f64> {
        let inside = Self::at(0.5 * (low + high));
        let slope = 3.0 + 0.25 * low.abs().max(high.abs());
        Bounded { region: (low, high), upper_bound: inside.value + slope * 0.5 * (high - low), inside }
    }

    fn halves(&self, &(low, high): &(f64, f64)) -> Option<[(f64, f64); 2]> {
        let middle = 0.5 * (low + high);
        (low < middle && middle < high).then_some([(low, middle), (middle, high)])
    }

    fn polished(&self, found: Found<f64>) -> Found<f64> {
        found
    }

    fn searched(&self, best: &Found<f64>, _: u64) -> Found<f64> {
        best.clone()
    }

    fn region_bytes(&self) -> usize {
        0
    }
}

#[test]
fn the_greatest_value_is_found_and_proved() {
    let budget = Budget { gap: 1e-6, ..ALL };
    let mut gaps = Vec::new();
    let proof = maximize(&Wave, (-7.0, 9.0), Wave::at(9.0), budget, |progress| {
        gaps.push(progress.upper_bound - progress.value);
        ControlFlow::Continue(())
    });
    let grid = (0..=160_000).map(|step| Wave::at(-7.0 + f64::from(step) * 1e-4).value);
    let best = grid.fold(f64::NEG_INFINITY, f64::max);
    assert!(proof.best.value >= best - 1e-6 && best <= proof.upper_bound);
    assert!(proof.upper_bound - proof.best.value <= 1e-6);
    assert!(gaps.windows(2).all(|pair| pair[1] <= pair[0]), "{gaps:?}");
    let short = maximize(&Wave, (-7.0, 9.0), Wave::at(9.0), Budget { most_regions: 9, ..budget }, |_| {
        ControlFlow::Continue(())
    });
    assert!(short.upper_bound >= best && short.upper_bound - short.best.value > 1e-6);
}

/// Points 0 to 2^`levels` − 1 with the values −|x − `best`| and with useless bounds; regions of one point
/// cannot be divided.
struct Dull {
    levels: u32,
    best: u32,
    /// Bound of regions that do not begin at 0.
    bound_elsewhere: f64,
    bytes: usize,
    /// Numbers of the calls of `searched`, which returns `found_at`.
    searches: Mutex<Vec<u64>>,
    found_at: u32,
    polished: Mutex<usize>,
}

impl Dull {
    fn at(&self, x: u32) -> Found<u32> {
        Found { point: x, value: -f64::from(x.abs_diff(self.best)) }
    }

    fn whole(&self) -> (u32, u32) {
        (0, 1 << self.levels)
    }
}

impl Maximization for Dull {
    type Region = (u32, u32);
    type Point = u32;

    fn bounded(&self, (low, high): (u32, u32)) -> Bounded<(u32, u32), u32> {
        let upper_bound = match (high - low, low) {
            (1, _) => self.at(low).value,
            (_, 0) => 1.0,
            _ => self.bound_elsewhere,
        };
        Bounded { region: (low, high), upper_bound, inside: self.at(low) }
    }

    fn halves(&self, &(low, high): &(u32, u32)) -> Option<[(u32, u32); 2]> {
        let middle = low.midpoint(high);
        (high - low > 1).then_some([(low, middle), (middle, high)])
    }

    fn polished(&self, found: Found<u32>) -> Found<u32> {
        *self.polished.lock().unwrap() += 1;
        found
    }

    fn searched(&self, _: &Found<u32>, round: u64) -> Found<u32> {
        self.searches.lock().unwrap().push(round);
        self.at(self.found_at)
    }

    fn region_bytes(&self) -> usize {
        self.bytes
    }
}

const ALL: Budget = Budget { gap: 0.0, until: None, most_regions: usize::MAX };

fn dull(levels: u32, best: u32) -> Dull {
    Dull {
        levels,
        best,
        bound_elsewhere: 1.0,
        bytes: 0,
        searches: Mutex::default(),
        found_at: 0,
        polished: Mutex::default(),
    }
}

fn search(problem: &Dull, budget: Budget) -> (Proof<u32>, Vec<ProofProgress>) {
    let mut states = Vec::new();
    let proof = maximize(problem, problem.whole(), problem.at(0), budget, |state| {
        states.push(state);
        ControlFlow::Continue(())
    });
    (proof, states)
}

#[test]
fn all_regions_are_looked_at_where_bounds_are_of_no_use() {
    let problem = dull(12, 1234);
    let (proof, states) = search(&problem, ALL);
    assert_eq!((proof.best.point, proof.best.value, proof.upper_bound), (1234, 0.0, 0.0));
    // The search splits every region of a binary tree with 4096 leaves, in batches.
    assert_eq!(proof.regions, 2 * 4096 - 1);
    assert!(states.windows(2).all(|pair| pair[1].regions - pair[0].regions <= 2 * BATCH));
    assert!(states.iter().filter(|state| state.open >= BATCH).count() > 20, "{states:?}");
    assert!(*problem.polished.lock().unwrap() > 0);
    // There are 4,095 splits in batches of up to 64, and a call of `searched` after every 16 batches.
    let searches = problem.searches.lock().unwrap();
    assert_eq!(*searches, (1..=searches.len() as u64).collect::<Vec<_>>());
    assert_eq!(searches.len(), (states.len() - 1) / BATCHES_PER_SEARCH);
}

#[test]
fn what_a_search_by_other_means_finds_counts_if_it_is_better() {
    let problem = Dull { found_at: 1234, ..dull(16, 1234) };
    let (proof, states) = search(&problem, ALL);
    assert_eq!(proof.best.point, 1234);
    let better = states.iter().position(|state| state.value == 0.0).unwrap();
    assert_eq!(better, BATCHES_PER_SEARCH);
}

#[test]
fn what_cannot_be_divided_keeps_its_bound() {
    /// A region that cannot be divided and whose points are all worse than its bound.
    struct Whole;

    impl Maximization for Whole {
        type Region = ();
        type Point = ();

        fn bounded(&self, (): ()) -> Bounded<(), ()> {
            Bounded { region: (), upper_bound: 2.0, inside: Found { point: (), value: 1.0 } }
        }

        fn halves(&self, (): &()) -> Option<[(); 2]> {
            None
        }

        fn polished(&self, found: Found<()>) -> Found<()> {
            found
        }

        fn searched(&self, best: &Found<()>, _: u64) -> Found<()> {
            best.clone()
        }

        fn region_bytes(&self) -> usize {
            0
        }
    }
    let proof = maximize(&Whole, (), Found { point: (), value: 1.0 }, ALL, |_| ControlFlow::Continue(()));
    assert_eq!((proof.best.value, proof.upper_bound, proof.regions), (1.0, 2.0, 1));
}

#[test]
fn a_search_ends_where_its_budget_does() {
    let bounds = |budget: Budget, bytes: usize| {
        let (proof, states) = search(&Dull { bytes, ..dull(12, 1234) }, budget);
        assert_eq!(proof.upper_bound, 1.0);
        assert!(proof.best.value <= 0.0);
        (proof.regions, states.last().unwrap().open)
    };
    assert_eq!(bounds(Budget { until: Some(Instant::now()), ..ALL }, 0), (1, 1));
    let regions = bounds(Budget { most_regions: 100, ..ALL }, 0).0;
    assert!((100..100 + 2 * BATCH).contains(&regions), "{regions}");
    // Thirty regions of this size exceed the memory limit.
    let (_, open) = bounds(ALL, MOST_MEMORY / 30);
    assert!((30..30 + 2 * BATCH).contains(&open), "{open}");
    let problem = dull(12, 1234);
    let stopped = maximize(&problem, problem.whole(), problem.at(0), ALL, |state| {
        if state.regions > 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!((11..11 + 2 * BATCH).contains(&stopped.regions), "{}", stopped.regions);
    let later = Some(Instant::now() + std::time::Duration::from_secs(3600));
    let (proof, _) = search(&problem, Budget { until: later, ..ALL });
    assert_eq!(proof.best.point, 1234);
}

#[test]
fn regions_within_the_tolerance_are_not_split() {
    let problem = Dull { bound_elsewhere: 0.3, ..dull(4, 0) };
    let (proof, _) = search(&problem, Budget { gap: 0.5, ..ALL });
    // The search bounds each region that begins at 0, and its sibling.
    assert_eq!((proof.regions, proof.best.value, proof.upper_bound), (1 + 2 * 4, 0.0, 0.3));
}
