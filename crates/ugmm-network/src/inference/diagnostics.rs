//! Convergence of chains of draws and their effective sample sizes, after Vehtari, Gelman, Simpson, Carpenter
//! and Bürkner, *Rank-normalization, folding, and localization: an improved R̂ for assessing convergence of
//! MCMC*, Bayesian Analysis 16 (2021), below "the paper".

use super::normal;
use serde::Serialize;

/// Largest R̂ at which chains count as converged (the paper's recommendation).
pub const MOST_R_HAT: f64 = 1.01;
/// Smallest effective sample size of all chains together at which the diagnostics are reliable (the paper's
/// recommendation).
pub const FEWEST_EFFECTIVE: f64 = 400.0;

/// Convergence diagnostics of several chains for one quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Diagnostics {
    /// The greater of split R̂ of ranks and of folded ranks. It is about 1 where the chains agree, `f64::MAX`
    /// where no chain moves and they differ, `None` where all draws are equal.
    pub r_hat: Option<f64>,
    /// Effective sample size for the centre of the distribution; `None` where all draws are equal.
    pub bulk_effective: Option<f64>,
    /// The smaller effective sample size of the 5 % and the 95 % quantile; `None` also where these are the
    /// least and the greatest draw.
    pub tail_effective: Option<f64>,
}

impl Diagnostics {
    /// The diagnostics of `chains`, which have equal numbers of draws. With fewer than 4 draws per chain all
    /// values are `None`.
    #[must_use]
    pub fn of(chains: &[Vec<f64>]) -> Self {
        let draws = chains.iter().map(Vec::len).min().unwrap_or(0);
        let mut sorted: Vec<f64> = chains.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        if draws < 4 || sorted.first() == sorted.last() {
            return Self::default();
        }
        let halves = split(chains, draws);
        let ranked = normal_scores(&halves);
        let median = middle(&sorted);
        let folded = map(&halves, |value| (value - median).abs());
        let r_hats = [r_hat(&ranked), r_hat(&normal_scores(&folded))];
        let quantile = |share: f64| {
            let place = share * (sorted.len() - 1) as f64;
            let (below, part) = (place.floor() as usize, place.fract());
            let above = (below + 1).min(sorted.len() - 1);
            sorted[below] + part * (sorted[above] - sorted[below])
        };
        let tails = [0.05, 0.95].map(|share| {
            let limit = quantile(share);
            effective(&map(&halves, |value| f64::from(u8::from(value <= limit))))
        });
        Self {
            r_hat: r_hats.into_iter().flatten().reduce(f64::max),
            bulk_effective: effective(&ranked),
            tail_effective: tails.into_iter().flatten().reduce(f64::min),
        }
    }

    /// The greater R̂ and the smaller effective sample sizes of two quantities.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let of = |a: Option<f64>, b: Option<f64>, pick: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(pick(a, b)),
            (a, b) => a.or(b),
        };
        Self {
            r_hat: of(self.r_hat, other.r_hat, f64::max),
            bulk_effective: of(self.bulk_effective, other.bulk_effective, f64::min),
            tail_effective: of(self.tail_effective, other.tail_effective, f64::min),
        }
    }

    /// Whether the chains agree: R̂ is at most [`MOST_R_HAT`] and effective sample sizes are at least
    /// [`FEWEST_EFFECTIVE`]. Chains agree on a quantity that is equal in all draws.
    #[must_use]
    pub fn agree(&self) -> bool {
        let effective = [self.bulk_effective, self.tail_effective];
        self.r_hat.is_none_or(|r_hat| r_hat <= MOST_R_HAT)
            && effective.into_iter().flatten().all(|effective| effective >= FEWEST_EFFECTIVE)
    }
}

/// The first and the second half of each chain, without the middle draw of an odd number of draws.
fn split(chains: &[Vec<f64>], draws: usize) -> Vec<Vec<f64>> {
    let half = draws / 2;
    chains.iter().flat_map(|chain| [chain[..half].to_vec(), chain[draws - half..draws].to_vec()]).collect()
}

fn map(chains: &[Vec<f64>], change: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    chains.iter().map(|chain| chain.iter().map(|&value| change(value)).collect()).collect()
}

fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { 0.5 * (sorted[half - 1] + sorted[half]) }
}

/// The rank of each draw among all, with equal draws sharing a rank, as a quantile of the normal distribution
/// (the paper's (14)).
fn normal_scores(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let all: Vec<f64> = chains.iter().flatten().copied().collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| all[a].total_cmp(&all[b]));
    let mut scores = vec![0.0; all.len()];
    for equal in order.chunk_by(|&a, &b| all[a] == all[b]) {
        let first = order.partition_point(|&index| all[index].total_cmp(&all[equal[0]]).is_lt());
        let rank = first as f64 + 0.5 * (equal.len() + 1) as f64;
        let score = normal::quantile((rank - 0.375) / (all.len() as f64 + 0.25));
        equal.iter().for_each(|&index| scores[index] = score);
    }
    let mut rest = scores.as_slice();
    let take = |chain: &Vec<f64>| {
        let (own, others) = rest.split_at(chain.len());
        rest = others;
        own.to_vec()
    };
    chains.iter().map(take).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance with divisor n − 1; exactly 0 if all values are equal.
fn variance(values: &[f64]) -> f64 {
    if values.iter().all(|value| *value == values[0]) {
        return 0.0;
    }
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// The square root of the ratio of the variance of all chains to that within chains (the paper's (1)–(4)).
fn r_hat(chains: &[Vec<f64>]) -> Option<f64> {
    let draws = chains[0].len() as f64;
    let within = mean(&chains.iter().map(|chain| variance(chain)).collect::<Vec<_>>());
    let between = draws * variance(&chains.iter().map(|chain| mean(chain)).collect::<Vec<_>>());
    if within == 0.0 {
        // Chains that do not move and differ from each other have not converged.
        return (between > 0.0).then_some(f64::MAX);
    }
    Some(((between / within + draws - 1.0) / draws).sqrt())
}

/// The effective sample size: the number of draws divided by 1 + 2 Σ of autocorrelations over lags (the
/// paper's (7)–(13)). The autocorrelations are summed in pairs while these are positive, and no pair counts
/// more than the one before (Geyer 1992).
fn effective(chains: &[Vec<f64>]) -> Option<f64> {
    let draws = chains[0].len();
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    // The mean over the chains of the autocovariance with divisor n.
    let covariance = |lag: usize| -> f64 {
        let of = |(chain, mean): (&Vec<f64>, &f64)| {
            let pairs = chain.iter().zip(&chain[lag..]);
            pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / draws as f64
        };
        chains.iter().zip(&means).map(of).sum::<f64>() / chains.len() as f64
    };
    let n = draws as f64;
    let within = covariance(0) * n / (n - 1.0);
    let total = covariance(0) + variance(&means);
    if total == 0.0 {
        return None;
    }
    let correlation = |lag: usize| 1.0 - (within - covariance(lag)) / total;
    let mut sum = 0.0;
    let mut before = f64::INFINITY;
    let mut lag = 0;
    loop {
        let even = if lag == 0 { 1.0 } else { correlation(lag) };
        // At the last lags there is hardly a pair of draws.
        let pair = if lag + 5 <= draws { even + correlation(lag + 1) } else { f64::NEG_INFINITY };
        if pair <= 0.0 {
            // An unpaired even lag remains; it counts if it is positive.
            sum += 0.5 * even.max(0.0);
            break;
        }
        before = before.min(pair);
        sum += before;
        lag += 2;
    }
    let all = (chains.len() * draws) as f64;
    // Draws that alternate are worth more than independent ones; the paper limits by how much.
    let time = (2.0 * sum - 1.0).max(all.log10().recip());
    Some(all / time)
}
