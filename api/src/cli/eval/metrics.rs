//! Ranking metrics over judged queries (Järvelin and Kekäläinen, TOIS 2002, for nDCG; linear gain
//! and log2 discount as in trec_eval, so figures compare with published ones), and how often a page that
//! answers is found.

use std::collections::HashMap;

use serde::Serialize;

use super::intervals::{Interval, wilson};
use super::questions::DocumentPage;

/// Relevance by document for one query; a missing document has relevance 0.
pub(crate) type Judgements = HashMap<String, u32>;

/// Means over queries, each 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct RankingMetrics {
    /// Normalised discounted cumulative gain of the first ten.
    #[serde(rename = "ndcg@10")]
    pub ndcg_10: f64,
    /// Share of relevant documents among the first five.
    #[serde(rename = "recall@5")]
    pub recall_5: f64,
    /// Share of relevant documents among the first ten.
    #[serde(rename = "recall@10")]
    pub recall_10: f64,
    /// Reciprocal rank of the first relevant document within ten.
    #[serde(rename = "mrr@10")]
    pub mrr_10: f64,
}

impl RankingMetrics {
    /// The metrics of one ranked list of distinct documents.
    pub(crate) fn of(ranked: &[String], judged: &Judgements) -> Self {
        let relevance = |id: &String| judged.get(id).copied().unwrap_or(0);
        let gain = |(rank, relevance): (usize, u32)| f64::from(relevance) / (rank as f64 + 2.0).log2();
        let dcg: f64 = ranked.iter().take(10).map(relevance).enumerate().map(gain).sum();
        let mut ideal: Vec<u32> = judged.values().copied().collect();
        ideal.sort_unstable_by(|a, b| b.cmp(a));
        let best: f64 = ideal.into_iter().take(10).enumerate().map(gain).sum();
        let relevant = judged.values().filter(|&&r| r > 0).count();
        let recall = |depth: usize| {
            let found = ranked.iter().take(depth).filter(|id| relevance(id) > 0).count();
            if relevant == 0 { 0.0 } else { found as f64 / relevant as f64 }
        };
        let first = ranked.iter().take(10).position(|id| relevance(id) > 0);
        Self {
            ndcg_10: if best > 0.0 { dcg / best } else { 0.0 },
            recall_5: recall(5),
            recall_10: recall(10),
            mrr_10: first.map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0)),
        }
    }

    /// The mean over queries; zeros for none.
    pub(crate) fn mean(all: &[Self]) -> Self {
        let n = all.len().max(1) as f64;
        let mean = |field: fn(&Self) -> f64| round4(all.iter().map(field).sum::<f64>() / n);
        Self {
            ndcg_10: mean(|m| m.ndcg_10),
            recall_5: mean(|m| m.recall_5),
            recall_10: mean(|m| m.recall_10),
            mrr_10: mean(|m| m.mrr_10),
        }
    }
}

/// Shares of queries of which a page that answers is among the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct PageHits {
    /// Among the first five.
    #[serde(rename = "page_hit@5")]
    pub hit_5: f64,
    /// 95% interval.
    #[serde(rename = "page_hit@5_interval")]
    pub interval_5: Interval,
    /// Among the first ten.
    #[serde(rename = "page_hit@10")]
    pub hit_10: f64,
    /// 95% interval.
    #[serde(rename = "page_hit@10_interval")]
    pub interval_10: Interval,
}

impl PageHits {
    /// Of each query's rank, from 0, of the first page that answers; none for no queries.
    pub(crate) fn of(ranks: &[Option<usize>]) -> Option<Self> {
        if ranks.is_empty() {
            return None;
        }
        let within = |depth| {
            let hits = ranks.iter().flatten().filter(|&&rank| rank < depth).count() as f64;
            (round4(hits / ranks.len() as f64), wilson(hits, ranks.len()))
        };
        let ((hit_5, interval_5), (hit_10, interval_10)) = (within(5), within(10));
        Some(Self { hit_5, interval_5, hit_10, interval_10 })
    }
}

/// The rank, from 0, of the first page that answers.
pub(crate) fn first_page(ranked: &[DocumentPage], judged: &[DocumentPage]) -> Option<usize> {
    ranked.iter().position(|page| judged.contains(page))
}

fn round4(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(pairs: &[(&str, u32)]) -> Judgements {
        pairs.iter().map(|&(id, r)| (id.to_owned(), r)).collect()
    }

    fn ranked(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    #[test]
    fn values_worked_out_by_hand() {
        let metrics = RankingMetrics::of(&ranked(&["x", "a", "b"]), &judged(&[("a", 1), ("b", 2), ("c", 1)]));
        let dcg = 1.0 / 3_f64.log2() + 2.0 / 4_f64.log2();
        let ideal = 2.0 + 1.0 / 3_f64.log2() + 1.0 / 4_f64.log2();
        assert!((metrics.ndcg_10 - dcg / ideal).abs() < 1e-9);
        assert!((metrics.recall_5 - 2.0 / 3.0).abs() < 1e-9);
        assert!((metrics.mrr_10 - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_perfect_and_an_empty_ranking() {
        let judgements = judged(&[("a", 1)]);
        assert_eq!(
            RankingMetrics::of(&ranked(&["a"]), &judgements),
            RankingMetrics { ndcg_10: 1.0, recall_5: 1.0, recall_10: 1.0, mrr_10: 1.0 }
        );
        assert_eq!(RankingMetrics::of(&[], &judgements), RankingMetrics::default());
    }

    #[test]
    fn page_hits_are_shares_of_queries() {
        let hits = PageHits::of(&[Some(0), Some(4), Some(5), None]).unwrap();
        assert_eq!((hits.hit_5, hits.hit_10), (0.5, 0.75));
        assert!(hits.interval_5.low < 0.5 && hits.interval_5.high > 0.5);
        assert_eq!(PageHits::of(&[]), None);
        let page = |document: &str, page| DocumentPage { document: document.to_owned(), page };
        let ranked = [page("a", 1), page("b", 2), page("a", 2)];
        assert_eq!(first_page(&ranked, &[page("a", 2), page("c", 1)]), Some(2), "the document counts, too");
        assert_eq!(first_page(&ranked, &[page("c", 1)]), None);
    }
}
