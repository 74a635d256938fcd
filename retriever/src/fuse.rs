//! Two ranked lists become one. Pure functions.

use std::collections::HashMap;

use footnote_core::chunk::Hit;
use footnote_core::ids::ChunkId;
use footnote_core::passage::StageScore;
use footnote_core::settings::FusionMethod;

use crate::foreign::Worth;

/// The constant of reciprocal rank fusion, as in its paper (Cormack, Clarke and Büttcher 2009).
const RRF_K: f32 = 60.0;

/// One index's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RankedList {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// Whether there may be more: the index was asked for as many as it gave.
    pub cut_off: bool,
}

impl RankedList {
    /// An index's answer to a request for `limit` hits. A score that is no number ranks nothing:
    /// such a hit is left out, as it would make the scores of all others none.
    pub fn new(mut hits: Vec<Hit>, limit: usize) -> Self {
        let cut_off = hits.len() >= limit;
        hits.retain(|hit| hit.score.is_finite());
        Self { hits, cut_off }
    }
}

/// A chunk with its place in the fused list and in both lists it came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FusedHit {
    /// The chunk.
    pub chunk: ChunkId,
    /// The fused score, higher is better.
    pub score: f32,
    /// Its place in the dense list.
    pub dense: Option<StageScore>,
    /// Its place in the keyword list.
    pub keyword: Option<StageScore>,
}

/// Fuses both lists, best first. `dense_weight` is 0 to 1 and the keyword list has the rest; a list
/// without weight takes no part, so that 0 and 1 give the other list as it is. Equal scores are
/// told apart by the better of both ranks, then by chunk id: the order is always the same.
///
/// Of a chunk in another language than the question the keyword list tells nothing: no word is shared,
/// however well it answers. What is missing is no evidence against it, so each `foreign` chunk counts
/// for what it is worth by itself where that is more.
pub fn fuse(
    method: FusionMethod,
    dense_weight: f32,
    dense: &RankedList,
    keyword: &RankedList,
    foreign: &Worth,
) -> Vec<FusedHit> {
    let keyword_weight = 1.0 - dense_weight;
    let mut fused: HashMap<ChunkId, FusedHit> = HashMap::new();
    if dense_weight > 0.0 {
        // A chunk that the vector index did not return is at best as near as the last that it did.
        let floor = dense.hits.last().map_or(0.0, |hit| hit.score);
        for (place, value) in contributions(method, dense, floor) {
            let hit = fused.entry(place.0).or_insert_with(|| unplaced(place.0));
            hit.dense = Some(place.1);
            hit.score += dense_weight * value;
        }
    }
    if keyword_weight > 0.0 {
        // Where the keyword index returned all it had, the others contain none of the words: BM25 0.
        let last = keyword.hits.last().map_or(0.0, |hit| hit.score);
        let floor = if keyword.cut_off { last } else { last.min(0.0) };
        for (place, value) in contributions(method, keyword, floor) {
            let hit = fused.entry(place.0).or_insert_with(|| unplaced(place.0));
            hit.keyword = Some(place.1);
            hit.score += keyword_weight * value;
        }
    }
    for (&chunk, &worth) in foreign {
        let hit = fused.entry(chunk).or_insert_with(|| unplaced(chunk));
        hit.score = hit.score.max(worth);
    }
    let mut fused: Vec<FusedHit> = fused.into_values().collect();
    fused.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then(best_rank(a).cmp(&best_rank(b))).then(a.chunk.cmp(&b.chunk))
    });
    fused
}

/// Each chunk's place in `list` and what it adds to the fused score, before weighting. A chunk that
/// an index named twice counts at its best place only.
fn contributions(
    method: FusionMethod,
    list: &RankedList,
    floor: f32,
) -> impl Iterator<Item = ((ChunkId, StageScore), f32)> {
    let top = list.hits.first().map_or(0.0, |hit| hit.score);
    let mut seen = std::collections::HashSet::new();
    list.hits.iter().filter(move |hit| seen.insert(hit.chunk)).enumerate().map(move |(at, hit)| {
        let rank = at + 1;
        let value = match method {
            FusionMethod::ReciprocalRank => 1.0 / (RRF_K + rank as f32),
            FusionMethod::ConvexCombination => min_max(hit.score, floor, top),
        };
        ((hit.chunk, StageScore { rank, score: hit.score }), value)
    })
}

/// `score` between `floor` (0) and `top` (1). Where all are equal there is no telling them apart:
/// each is as good as the top.
fn min_max(score: f32, floor: f32, top: f32) -> f32 {
    let range = top - floor;
    if range <= f32::EPSILON {
        return 1.0;
    }
    ((score - floor) / range).clamp(0.0, 1.0)
}

fn unplaced(chunk: ChunkId) -> FusedHit {
    FusedHit { chunk, score: 0.0, dense: None, keyword: None }
}

fn best_rank(hit: &FusedHit) -> usize {
    let rank = |place: Option<StageScore>| place.map_or(usize::MAX, |p| p.rank);
    rank(hit.dense).min(rank(hit.keyword))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const METHODS: [FusionMethod; 2] = [FusionMethod::ReciprocalRank, FusionMethod::ConvexCombination];

    fn chunk(n: u32) -> ChunkId {
        ChunkId(Uuid::from_u128(u128::from(n)))
    }

    /// All in the question's language.
    fn fuse(method: FusionMethod, weight: f32, dense: &RankedList, keyword: &RankedList) -> Vec<FusedHit> {
        super::fuse(method, weight, dense, keyword, &Worth::new())
    }

    fn list(entries: &[(u32, f32)]) -> RankedList {
        RankedList {
            hits: entries.iter().map(|&(n, score)| Hit { chunk: chunk(n), score }).collect(),
            cut_off: true,
        }
    }

    fn order(fused: &[FusedHit]) -> Vec<ChunkId> {
        fused.iter().map(|hit| hit.chunk).collect()
    }

    /// Distinct chunks with falling scores.
    fn ranked(low: f32, high: f32) -> impl Strategy<Value = RankedList> {
        let entries = prop::collection::btree_map(0_u32..30, low..high, 0..20);
        (entries, any::<bool>()).prop_map(|(entries, cut_off)| {
            let mut entries: Vec<_> = entries.into_iter().collect();
            entries.sort_by(|a, b| b.1.total_cmp(&a.1));
            RankedList { cut_off, ..list(&entries) }
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost_doubled_or_unordered(dense in ranked(0.5, 1.0), keyword in ranked(0.1, 40.0), weight in 0.0_f32..=1.0) {
            for method in METHODS {
                let fused = fuse(method, weight, &dense, &keyword);
                let mut expected: Vec<_> = Vec::new();
                if weight > 0.0 { expected.extend(dense.hits.iter().map(|h| h.chunk)); }
                if weight < 1.0 { expected.extend(keyword.hits.iter().map(|h| h.chunk)); }
                expected.sort_unstable();
                expected.dedup();
                let mut got = order(&fused);
                got.sort_unstable();
                prop_assert_eq!(got, expected);
                prop_assert!(fused.windows(2).all(|pair| pair[0].score >= pair[1].score));
                prop_assert!(fused.iter().all(|hit| hit.score.is_finite() && (0.0..=1.0 + 1e-6).contains(&hit.score)));
            }
        }

        #[test]
        fn all_weight_on_one_list_gives_that_list(dense in ranked(0.5, 1.0), keyword in ranked(0.1, 40.0)) {
            for method in METHODS {
                let only_dense = order(&fuse(method, 1.0, &dense, &keyword));
                prop_assert_eq!(only_dense, dense.hits.iter().map(|h| h.chunk).collect::<Vec<_>>());
                let only_keyword = order(&fuse(method, 0.0, &dense, &keyword));
                prop_assert_eq!(only_keyword, keyword.hits.iter().map(|h| h.chunk).collect::<Vec<_>>());
            }
        }

        #[test]
        fn swapping_lists_and_weights_changes_no_score(dense in ranked(0.5, 1.0), keyword in ranked(0.5, 1.0), weight in 0.01_f32..0.99) {
            // Only where both lists are cut off do they have the same floor.
            let (dense, keyword) = (RankedList { cut_off: true, ..dense }, RankedList { cut_off: true, ..keyword });
            for method in METHODS {
                let forth: HashMap<_, _> = fuse(method, weight, &dense, &keyword).iter().map(|h| (h.chunk, h.score)).collect();
                for hit in fuse(method, 1.0 - weight, &keyword, &dense) {
                    prop_assert!((forth[&hit.chunk] - hit.score).abs() < 1e-5);
                }
            }
        }

        #[test]
        fn better_in_both_lists_is_never_worse_fused(dense in ranked(0.5, 1.0), keyword in ranked(0.1, 40.0), weight in 0.0_f32..=1.0) {
            for method in METHODS {
                let fused = fuse(method, weight, &dense, &keyword);
                for (at, a) in fused.iter().enumerate() {
                    for b in &fused[at + 1..] {
                        let (Some(ad), Some(ak), Some(bd), Some(bk)) = (a.dense, a.keyword, b.dense, b.keyword) else { continue };
                        prop_assert!(!(bd.rank < ad.rank && bk.rank < ak.rank && b.score > a.score));
                        prop_assert!(!(bd.rank < ad.rank && bk.rank < ak.rank) || b.score == a.score);
                    }
                }
            }
        }
    }

    #[test]
    fn what_no_word_can_find_counts_for_what_it_is_worth() {
        let dense = list(&[(1, 0.9), (2, 0.88), (3, 0.7)]);
        let keyword = list(&[(1, 9.0), (3, 8.0), (4, 1.0)]);
        let method = FusionMethod::ConvexCombination;
        let plain = fuse(method, 0.5, &dense, &keyword);
        assert_eq!(order(&plain)[1..3], [chunk(2), chunk(3)]);
        let foreign = Worth::from([(chunk(3), 0.9), (chunk(7), 0.95), (chunk(1), 0.1)]);
        let lifted = super::fuse(method, 0.5, &dense, &keyword, &foreign);
        assert_eq!(order(&lifted)[..4], [chunk(1), chunk(7), chunk(3), chunk(2)]);
        assert_eq!(lifted[0].score, plain[0].score, "never less");
        assert_eq!((lifted[1].dense, lifted[1].keyword), (None, None));
    }

    #[test]
    fn reciprocal_rank_fusion_gives_the_papers_scores() {
        let fused = fuse(FusionMethod::ReciprocalRank, 0.5, &list(&[(1, 0.9), (2, 0.8)]), &list(&[(2, 9.0)]));
        assert_eq!(order(&fused), [chunk(2), chunk(1)]);
        assert!((fused[0].score - 0.5 * (1.0 / 62.0 + 1.0 / 61.0)).abs() < 1e-7);
        assert!((fused[1].score - 0.5 / 61.0).abs() < 1e-7);
    }

    #[test]
    fn a_complete_keyword_list_is_scaled_from_zero() {
        let keyword = RankedList { cut_off: false, ..list(&[(1, 10.0), (2, 9.0)]) };
        let fused = fuse(FusionMethod::ConvexCombination, 0.0, &RankedList::default(), &keyword);
        assert_eq!(fused.iter().map(|h| h.score).collect::<Vec<_>>(), [1.0, 0.9]);
        let cut_off = RankedList { cut_off: true, ..keyword };
        let fused = fuse(FusionMethod::ConvexCombination, 0.0, &RankedList::default(), &cut_off);
        assert_eq!(fused.iter().map(|h| h.score).collect::<Vec<_>>(), [1.0, 0.0]);
    }

    #[test]
    fn equal_scores_all_count_as_the_top() {
        let fused = fuse(FusionMethod::ConvexCombination, 1.0, &list(&[(3, 0.8), (1, 0.8)]), &list(&[]));
        assert_eq!(order(&fused), [chunk(3), chunk(1)]);
        assert!(fused.iter().all(|hit| hit.score == 1.0));
        assert!(fuse(FusionMethod::ConvexCombination, 0.5, &list(&[]), &list(&[])).is_empty());
    }

    #[test]
    fn a_score_that_is_no_number_spoils_no_other() {
        let hits = [(1, f32::NAN), (2, 0.9), (3, f32::INFINITY), (4, 0.8)];
        let list = RankedList::new(list(&hits).hits, 4);
        assert!(list.cut_off, "the index gave all it was asked for");
        for method in METHODS {
            let fused = fuse(method, 1.0, &list, &RankedList::default());
            assert_eq!(order(&fused), [chunk(2), chunk(4)]);
            assert!(fused.iter().all(|hit| hit.score.is_finite()));
        }
    }

    #[test]
    fn a_chunk_named_twice_counts_once() {
        let fused =
            fuse(FusionMethod::ReciprocalRank, 1.0, &list(&[(1, 0.9), (1, 0.8), (2, 0.7)]), &list(&[]));
        assert_eq!(fused.iter().map(|h| h.dense.unwrap().rank).collect::<Vec<_>>(), [1, 2]);
    }
}
