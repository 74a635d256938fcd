//! How well a score separates two classes: AUROC, precision and recall, risk against coverage, and where
//! to put a threshold.
//!
//! A positive is what should be accepted (an answer that is right, a question that has an answer); it is
//! accepted where its score reaches the threshold, and refused below.

use serde::Serialize;

/// One item: the larger its score, the likelier it is a positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Scored {
    /// In any unit; only the order matters, but for calibration, which takes probabilities.
    pub score: f64,
    /// Whether it is one.
    pub positive: bool,
}

/// Figures at one threshold, each 0 to 1, and 0 where it would divide by zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct ThresholdMetrics {
    /// Share of the accepted that are positive.
    pub precision: f64,
    /// Share of the positives that are accepted.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Share of the negatives that are refused.
    pub negatives_refused: f64,
    /// Share of the refused that are negative.
    pub refusal_precision: f64,
}

impl ThresholdMetrics {
    /// The figures where scores of at least `threshold` are accepted.
    pub(crate) fn at(threshold: f64, items: &[Scored]) -> Self {
        let count = |accepted: bool, positive: bool| {
            items.iter().filter(|i| (i.score >= threshold) == accepted && i.positive == positive).count()
        };
        let (right, wrong) = (count(true, true), count(true, false));
        let (missed, refused) = (count(false, true), count(false, false));
        Self {
            precision: share(right, right + wrong),
            recall: share(right, right + missed),
            f1: share(2 * right, 2 * right + wrong + missed),
            negatives_refused: share(refused, refused + wrong),
            refusal_precision: share(refused, refused + missed),
        }
    }
}

/// Area under the ROC curve, 0 to 1: how often a positive scores above a negative, ties as half
/// (Mann and Whitney, 1947; Hanley and McNeil, Radiology 1982). None where a class is missing.
pub(crate) fn auroc(items: &[Scored]) -> Option<f64> {
    let positives = items.iter().filter(|i| i.positive).count();
    let negatives = items.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let mut rank_sum = 0.0;
    let mut below = 0;
    for tied in groups_of_equal_score(&ascending(items)) {
        let midrank = below as f64 + (tied.len() as f64 + 1.0) / 2.0;
        rank_sum += midrank * tied.iter().filter(|i| i.positive).count() as f64;
        below += tied.len();
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

/// What answering only the surest questions gains (El-Yaniv and Wiener, JMLR 2010).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RiskCoverage {
    /// (Share of items accepted, share of negatives among them), from the surest on; items of equal score
    /// are accepted together.
    pub points: Vec<(f64, f64)>,
    /// Mean of the risk over all coverages, 0 (best) to 1 (Geifman and El-Yaniv, NeurIPS 2017). Equal
    /// scores count as if in random order.
    pub area: f64,
}

impl RiskCoverage {
    /// The curve; no points and an area of 0 for no items.
    pub(crate) fn of(items: &[Scored]) -> Self {
        let total = items.len();
        let (mut accepted, mut wrong) = (0, 0.0);
        let (mut points, mut area) = (Vec::new(), 0.0);
        for tied in groups_of_equal_score(&ascending(items)).into_iter().rev() {
            let wrong_each = share(tied.iter().filter(|i| !i.positive).count(), tied.len());
            for _ in tied {
                accepted += 1;
                wrong += wrong_each;
                area += wrong / f64::from(accepted);
            }
            points.push((f64::from(accepted) / total as f64, wrong / f64::from(accepted)));
        }
        Self { points, area: area / total.max(1) as f64 }
    }
}

/// The highest threshold that refuses at most the given share (0 to 1) of the positives, of which the
/// best scoring one is accepted always. None for no positives.
pub(crate) fn threshold_refusing_at_most(rate: f64, items: &[Scored]) -> Option<f64> {
    let mut scores: Vec<f64> = items.iter().filter(|i| i.positive).map(|i| i.score).collect();
    scores.sort_unstable_by(f64::total_cmp);
    // 0.29 of 100 is 28.999… in floating point.
    let refused = (rate * scores.len() as f64 + 1e-9) as usize;
    scores.get(refused.min(scores.len().checked_sub(1)?)).copied()
}

/// Share of the negatives refused where at most the given share of the positives may be, 0 to 1. None
/// where a class is missing.
pub(crate) fn negatives_refused_at(rate: f64, items: &[Scored]) -> Option<f64> {
    let threshold = threshold_refusing_at_most(rate, items)?;
    let has_negatives = items.iter().any(|i| !i.positive);
    has_negatives.then(|| ThresholdMetrics::at(threshold, items).negatives_refused)
}

fn ascending(items: &[Scored]) -> Vec<Scored> {
    let mut sorted = items.to_vec();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    sorted
}

/// Runs of a sorted list.
fn groups_of_equal_score(sorted: &[Scored]) -> Vec<&[Scored]> {
    sorted.chunk_by(|a, b| a.score == b.score).collect()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scored(positives: &[f64], negatives: &[f64]) -> Vec<Scored> {
        let of = |scores: &[f64], positive| -> Vec<Scored> {
            scores.iter().map(|&score| Scored { score, positive }).collect()
        };
        [of(positives, true), of(negatives, false)].concat()
    }

    #[test]
    fn auroc_worked_out_by_hand() {
        assert_eq!(auroc(&scored(&[0.8, 0.9], &[0.1, 0.2])), Some(1.0));
        assert_eq!(auroc(&scored(&[0.1], &[0.9])), Some(0.0));
        assert_eq!(auroc(&scored(&[0.5], &[0.5])), Some(0.5));
        // Of six pairs four are in order and one is tied.
        assert_eq!(auroc(&scored(&[0.4, 0.8, 0.6], &[0.6, 0.3])), Some(4.5 / 6.0));
        assert_eq!(auroc(&scored(&[0.5], &[])), None);
    }

    #[test]
    fn threshold_metrics_worked_out_by_hand() {
        let items = scored(&[0.9, 0.7, 0.4], &[0.8, 0.3, 0.2, 0.1]);
        let metrics = ThresholdMetrics::at(0.7, &items);
        let third = 2.0 / 3.0;
        assert_eq!(
            metrics,
            ThresholdMetrics {
                precision: third,
                recall: third,
                f1: third,
                negatives_refused: 0.75,
                refusal_precision: 0.75,
            }
        );
        assert_eq!(ThresholdMetrics::at(0.5, &[]), ThresholdMetrics::default());
    }

    #[test]
    fn risk_and_coverage_worked_out_by_hand() {
        let curve = RiskCoverage::of(&scored(&[0.9, 0.5], &[0.7, 0.1]));
        assert_eq!(curve.points, [(0.25, 0.0), (0.5, 0.5), (0.75, 1.0 / 3.0), (1.0, 0.5)]);
        assert!((curve.area - (0.0 + 0.5 + 1.0 / 3.0 + 0.5) / 4.0).abs() < 1e-12);
        let tied = RiskCoverage::of(&scored(&[0.5, 0.5], &[0.5]));
        assert_eq!(tied.points.len(), 1);
        assert!((tied.area - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(RiskCoverage::of(&[]), RiskCoverage { points: Vec::new(), area: 0.0 });
    }

    #[test]
    fn thresholds_worked_out_by_hand() {
        let items = scored(&[0.1, 0.4, 0.6, 0.8, 0.9], &[0.05, 0.2, 0.3, 0.7]);
        assert_eq!(threshold_refusing_at_most(0.0, &items), Some(0.1));
        assert_eq!(threshold_refusing_at_most(0.2, &items), Some(0.4));
        assert_eq!(threshold_refusing_at_most(1.0, &items), Some(0.9));
        assert_eq!(threshold_refusing_at_most(0.2, &scored(&[], &[0.5])), None);
        assert_eq!(negatives_refused_at(0.2, &items), Some(0.75));
        assert_eq!(negatives_refused_at(0.2, &scored(&[0.5], &[])), None);
    }

    /// Few different scores, so that ties are frequent.
    fn items() -> impl Strategy<Value = Vec<Scored>> {
        let item = (0_u8..12, any::<bool>())
            .prop_map(|(score, positive)| Scored { score: f64::from(score) / 10.0, positive });
        prop::collection::vec(item, 0..40)
    }

    fn mapped(items: &[Scored], f: impl Fn(Scored) -> Scored) -> Vec<Scored> {
        items.iter().map(|&item| f(item)).collect()
    }

    proptest! {
        #[test]
        fn auroc_knows_only_the_order(items in items()) {
            let area = auroc(&items);
            let monotone = mapped(&items, |i| Scored { score: i.score.exp() * 3.0 - 1.0, ..i });
            prop_assert_eq!(auroc(&monotone), area);
            let swapped = mapped(&items, |i| Scored { positive: !i.positive, ..i });
            let negated = mapped(&items, |i| Scored { score: -i.score, ..i });
            for mirrored in [swapped, negated] {
                let sum = area.zip(auroc(&mirrored)).map(|(a, b)| a + b);
                prop_assert!(sum.is_none_or(|sum| (sum - 1.0).abs() < 1e-12));
            }
        }

        #[test]
        fn a_fitted_threshold_keeps_its_promise(items in items(), rate in 0.0..1.0) {
            if let Some(threshold) = threshold_refusing_at_most(rate, &items) {
                prop_assert!(1.0 - ThresholdMetrics::at(threshold, &items).recall <= rate + 1e-9);
            }
        }

        #[test]
        fn full_coverage_has_the_share_of_negatives_as_its_risk(items in items()) {
            let curve = RiskCoverage::of(&items);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&curve.area));
            if let Some(&(coverage, risk)) = curve.points.last() {
                let negatives = items.iter().filter(|i| !i.positive).count();
                prop_assert!((coverage - 1.0).abs() < 1e-12);
                prop_assert!((risk - share(negatives, items.len())).abs() < 1e-9);
            }
        }
    }
}
