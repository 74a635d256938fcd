//! Whether probabilities mean what they say, and a monotone curve that makes them.

use serde::Serialize;

use super::classification::Scored;

/// Items of similar probability, for a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct ReliabilityBin {
    /// Items in it.
    pub count: usize,
    /// Their mean probability.
    pub probability: f64,
    /// Share of positives among them.
    pub positives: f64,
}

/// Bins of equal width over 0 to 1, without the empty ones. Scores are probabilities; what lies outside
/// counts as the nearer end.
pub(crate) fn reliability(items: &[Scored], bins: usize) -> Vec<ReliabilityBin> {
    let bins = bins.max(1);
    let mut sums = vec![(0_usize, 0.0, 0_usize); bins];
    for item in items.iter().filter(|i| !i.score.is_nan()) {
        let probability = item.score.clamp(0.0, 1.0);
        let bin = ((probability * bins as f64) as usize).min(bins - 1);
        let (count, probabilities, positives) = &mut sums[bin];
        *count += 1;
        *probabilities += probability;
        *positives += usize::from(item.positive);
    }
    let filled = sums.into_iter().filter(|(count, ..)| *count > 0);
    filled
        .map(|(count, probabilities, positives)| ReliabilityBin {
            count,
            probability: probabilities / count as f64,
            positives: positives as f64 / count as f64,
        })
        .collect()
}

/// Mean distance between what was said and what came true, 0 (best) to 1, weighted by the items of each
/// bin (Naeini et al., AAAI 2015; Guo et al., ICML 2017). Zero for no items.
pub(crate) fn expected_calibration_error(items: &[Scored], bins: usize) -> f64 {
    let bins = reliability(items, bins);
    let total: usize = bins.iter().map(|bin| bin.count).sum();
    let gaps = bins.iter().map(|bin| bin.count as f64 * (bin.probability - bin.positives).abs());
    gaps.sum::<f64>() / total.max(1) as f64
}

/// A score's probability: straight lines between knots, level before the first and after the last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct IsotonicCurve {
    /// (Score, probability), both rising; at least one.
    knots: Vec<(f64, f64)>,
}

impl IsotonicCurve {
    /// Isotonic regression by pooling adjacent violators (Ayer et al., 1955; Zadrozny and Elkan, KDD 2002).
    /// A pool becomes a knot at its mean score; while there are more than `most_knots`, those two
    /// neighbours are pooled that lose the least squared error by it. None without a finite score.
    pub(crate) fn fit(items: &[Scored], most_knots: usize) -> Option<Self> {
        let mut pools = pool_adjacent_violators(items);
        while pools.len() > most_knots.max(1) {
            let cost = |i: &usize| pools[*i].loss_of_pooling(pools[i + 1]);
            let cheapest = (0..pools.len() - 1).min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
            let removed = pools.remove(cheapest + 1);
            pools[cheapest] = pools[cheapest].with(removed);
        }
        let knots: Vec<_> = pools.iter().map(|pool| (pool.score(), pool.probability())).collect();
        (!knots.is_empty()).then_some(Self { knots })
    }

    /// (Score, probability) of each knot.
    pub(crate) fn knots(&self) -> &[(f64, f64)] {
        &self.knots
    }

    /// The probability, 0 to 1, of an item of this score.
    pub(crate) fn at(&self, score: f64) -> f64 {
        let next = self.knots.partition_point(|(x, _)| *x < score);
        let left = next.checked_sub(1).and_then(|i| self.knots.get(i));
        match (left, self.knots.get(next)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (score - x0) / (x1 - x0),
            (Some((_, y)), None) | (None, Some((_, y))) => *y,
            (None, None) => f64::NAN,
        }
    }
}

/// Neighbouring items that share a probability.
#[derive(Debug, Clone, Copy)]
struct Pool {
    count: f64,
    scores: f64,
    positives: f64,
}

impl Pool {
    fn with(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            scores: self.scores + other.scores,
            positives: self.positives + other.positives,
        }
    }

    fn score(self) -> f64 {
        self.scores / self.count
    }

    fn probability(self) -> f64 {
        self.positives / self.count
    }

    /// Squared error added by giving both their common mean.
    fn loss_of_pooling(self, other: Self) -> f64 {
        let gap = self.probability() - other.probability();
        self.count * other.count / (self.count + other.count) * gap * gap
    }
}

/// Pools of strictly rising score and probability.
fn pool_adjacent_violators(items: &[Scored]) -> Vec<Pool> {
    let mut sorted: Vec<&Scored> = items.iter().filter(|i| i.score.is_finite()).collect();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut pools: Vec<Pool> = Vec::new();
    for tied in sorted.chunk_by(|a, b| a.score == b.score) {
        let count = tied.len() as f64;
        let positives = tied.iter().filter(|i| i.positive).count() as f64;
        let mut pool = Pool { count, scores: tied[0].score * count, positives };
        while let Some(before) = pools.pop_if(|before| before.probability() >= pool.probability()) {
            pool = before.with(pool);
        }
        pools.push(pool);
    }
    pools
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scored(pairs: &[(f64, bool)]) -> Vec<Scored> {
        pairs.iter().map(|&(score, positive)| Scored { score, positive }).collect()
    }

    #[test]
    fn calibration_error_worked_out_by_hand() {
        let items = scored(&[(0.1, false), (0.3, true), (0.9, true), (0.9, true)]);
        // Halves: mean 0.2 against 1 of 2 positive, mean 0.9 against 2 of 2.
        assert!((expected_calibration_error(&items, 2) - (0.3 + 0.1) / 2.0).abs() < 1e-12);
        assert_eq!(reliability(&items, 10).len(), 3);
        assert_eq!(expected_calibration_error(&scored(&[(1.0, true), (-3.0, false)]), 15), 0.0);
        assert_eq!(expected_calibration_error(&[], 10), 0.0);
    }

    #[test]
    fn violators_are_pooled() {
        let items = scored(&[(1.0, false), (2.0, true), (3.0, false), (4.0, true), (5.0, true)]);
        let curve = IsotonicCurve::fit(&items, 10).unwrap();
        assert_eq!(curve.knots(), [(1.0, 0.0), (2.5, 0.5), (4.5, 1.0)]);
        assert_eq!((curve.at(0.0), curve.at(9.0)), (0.0, 1.0));
        assert!((curve.at(3.5) - 0.75).abs() < 1e-12);
        assert_eq!(IsotonicCurve::fit(&items, 1).unwrap().knots(), [(3.0, 0.6)]);
        assert_eq!(IsotonicCurve::fit(&scored(&[(f64::NAN, true)]), 5), None);
    }

    #[test]
    fn the_cheapest_neighbours_share_a_knot() {
        let mut items = scored(&[(0.0, false); 10]);
        items.extend(scored(&[(1.0, false), (1.0, false), (1.0, false), (1.0, true)]));
        items.extend(scored(&[(2.0, true); 10]));
        let curve = IsotonicCurve::fit(&items, 2).unwrap();
        assert_eq!(curve.knots()[1], (2.0, 1.0));
        assert!((curve.knots()[0].1 - 1.0 / 14.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn curves_rise_and_keep_the_mean(
            pairs in prop::collection::vec((-5.0..5.0, any::<bool>()), 1..60),
            most_knots in 1_usize..12,
        ) {
            let items = scored(&pairs);
            let curve = IsotonicCurve::fit(&items, most_knots).unwrap();
            prop_assert!(curve.knots().len() <= most_knots);
            prop_assert!(curve.knots().windows(2).all(|k| k[0].0 < k[1].0 && k[0].1 < k[1].1));
            let values: Vec<f64> = (-60..=60).map(|i| curve.at(f64::from(i) / 10.0)).collect();
            prop_assert!(values.windows(2).all(|v| v[0] <= v[1] + 1e-12));
            prop_assert!(values.iter().all(|v| (0.0..=1.0).contains(v)));
            let pools = pool_adjacent_violators(&items);
            let positives: f64 = pools.iter().map(|p| p.count * p.probability()).sum();
            let expected = items.iter().filter(|i| i.positive).count() as f64;
            prop_assert!((positives - expected).abs() < 1e-9);
        }
    }
}
