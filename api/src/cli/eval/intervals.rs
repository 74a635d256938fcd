//! How far a measured share or mean may be off: 95% intervals, the same on every run.

use serde::Serialize;

/// The 97.5% quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// Enough for the second decimal of an interval's ends to settle (Efron and Tibshirani, 1993, ch. 13).
const RESAMPLES: usize = 2_000;
/// Share of resamples left out at either end.
const TAIL: f64 = 0.025;

/// Holds the true value in 95 of 100 experiments, in the unit of what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Wilson's score interval (JASA 1927) of a share: sound for few trials and for shares near 0 and 1.
/// Ties may count as half a success, which leaves the interval on the wide side.
pub(crate) fn wilson(successes: f64, trials: usize) -> Interval {
    if trials == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let n = trials as f64;
    let share = (successes / n).clamp(0.0, 1.0);
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Interval { low: ((centre - half) / scale).max(0.0), high: ((centre + half) / scale).min(1.0) }
}

/// Bootstrap percentile interval of the mean; none for no values.
pub(crate) fn bootstrap_mean(values: &[f64], seed: u64) -> Option<Interval> {
    bootstrap(values.len(), seed, |sample| mean(sample.iter().map(|&i| values[i])))
}

/// Bootstrap percentile interval (Efron, 1979) of any statistic of `n` items, which is given the indices
/// of each resample. Items must be independent: questions, not judgements of one question.
pub(crate) fn bootstrap(n: usize, seed: u64, mut statistic: impl FnMut(&[usize]) -> f64) -> Option<Interval> {
    let mut intervals = bootstrap_each(n, seed, |sample| vec![statistic(sample)]);
    intervals.pop()
}

/// The same of several statistics of each resample, always as many; none for no items.
pub(crate) fn bootstrap_each(
    n: usize,
    seed: u64,
    mut statistics: impl FnMut(&[usize]) -> Vec<f64>,
) -> Vec<Interval> {
    if n == 0 {
        return Vec::new();
    }
    let mut random = SplitMix64::new(seed);
    let mut sample = vec![0; n];
    let mut values: Vec<Vec<f64>> = Vec::new();
    for _ in 0..RESAMPLES {
        sample.fill_with(|| random.below(n));
        let measured = statistics(&sample);
        values.resize(measured.len(), Vec::with_capacity(RESAMPLES));
        for (all, value) in values.iter_mut().zip(measured) {
            all.push(value);
        }
    }
    values.into_iter().filter_map(percentiles).collect()
}

fn percentiles(mut values: Vec<f64>) -> Option<Interval> {
    values.sort_unstable_by(f64::total_cmp);
    let cut = (values.len() as f64 * TAIL) as usize;
    let (low, high) = (values.get(cut)?, values.get(values.len() - 1 - cut)?);
    Some(Interval { low: *low, high: *high })
}

/// Zero for no values.
pub(crate) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    values.sum::<f64>() / n
}

/// A small generator whose sequence is fixed by its seed for good (Steele, Lea and Flood, OOPSLA 2014),
/// which `rand` does not promise across its versions.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// Starts the sequence of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next of the sequence, uniform over all values.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `0..n`, but for a bias below 2⁻⁶⁴ · n; zero for `n` of zero.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(interval: Interval, low: f64, high: f64) {
        assert!((interval.low - low).abs() < 5e-4 && (interval.high - high).abs() < 5e-4, "{interval:?}");
    }

    #[test]
    fn wilson_as_published() {
        // Newcombe, Statistics in Medicine 1998, table I, method 3.
        close(wilson(81.0, 263), 0.2553, 0.3662);
        close(wilson(15.0, 148), 0.0624, 0.1605);
        close(wilson(0.0, 20), 0.0, 0.1611);
        close(wilson(1.0, 29), 0.0061, 0.1718);
        assert_eq!(wilson(0.0, 0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn the_generator_gives_the_published_sequence() {
        let mut random = SplitMix64::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn the_bootstrap_agrees_with_the_normal_interval_of_a_large_sample() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i % 2)).collect();
        let half = Z * (0.25_f64 / 1000.0).sqrt();
        let interval = bootstrap_mean(&values, 7).unwrap();
        assert!((interval.low - (0.5 - half)).abs() < 0.005, "{interval:?}");
        assert!((interval.high - (0.5 + half)).abs() < 0.005, "{interval:?}");
        assert_eq!(bootstrap_mean(&values, 7), Some(interval));
        assert_eq!(bootstrap_mean(&[], 7), None);
    }

    proptest! {
        #[test]
        fn wilson_holds_the_share_and_mirrors(n in 1_usize..300, part in 0.0_f64..=1.0) {
            let successes = (n as f64 * part).round();
            let (won, lost) = (wilson(successes, n), wilson(n as f64 - successes, n));
            let share = successes / n as f64;
            prop_assert!(won.low <= share + 1e-12 && share <= won.high + 1e-12);
            prop_assert!((won.low - (1.0 - lost.high)).abs() < 1e-12);
        }

        #[test]
        fn the_bootstrap_stays_within_the_values(values in prop::collection::vec(-5.0..5.0, 1..20), seed: u64) {
            let interval = bootstrap_mean(&values, seed).unwrap();
            let (least, most) = values.iter().fold((5.0_f64, -5.0_f64), |(l, m), &v| (l.min(v), m.max(v)));
            prop_assert!(least - 1e-9 <= interval.low && interval.low <= interval.high);
            prop_assert!(interval.high <= most + 1e-9);
        }
    }
}
