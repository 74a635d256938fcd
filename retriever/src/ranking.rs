//! Confirmed candidates in order: the best, those that only repeat one of them, and those behind.

use std::collections::HashMap;

use footnote_core::Result;
use footnote_core::error::Context as _;
use footnote_core::ids::ChunkId;
use footnote_core::passage::{Candidate, ConfirmedChunk, StageScore, StageTrace};

use crate::duplicates::{Fingerprint, same_as};
use crate::fuse::FusedHit;

/// Chunks that are confirmed at once.
const CONFIRMED_AT_ONCE: usize = 256;

/// What becomes of a text that says nothing which a better one does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// It keeps its place.
    Keep,
    /// The next one has its place.
    Fold,
}

/// How much is wanted of what the indexes find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// So many of the best.
    pub best: usize,
    /// Whether all others, too.
    pub others: bool,
    /// What becomes of duplicates.
    pub duplicates: Duplicates,
}

/// A candidate that says nothing which a better one does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// The better one.
    pub of: ChunkId,
    /// The duplicate, with the reason why it is not among the best.
    pub candidate: Candidate,
}

/// What was found, all of it confirmed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// In order. Where duplicates are folded, none of these only repeats a better one.
    pub best: Vec<Candidate>,
    /// Those met before the best were complete: further down there may be more.
    pub duplicates: Vec<Duplicate>,
    /// What lies behind, in order, with the reason; empty where it is not wanted.
    pub beyond: Vec<Candidate>,
}

impl Ranking {
    /// Every candidate, the best first.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.best.iter().chain(self.duplicates.iter().map(|it| &it.candidate)).chain(&self.beyond)
    }

    /// The best, and all others.
    pub(crate) fn split(self) -> (Vec<Candidate>, Vec<Candidate>) {
        let duplicates = self.duplicates.into_iter().map(|it| it.candidate);
        (self.best, duplicates.chain(self.beyond).collect())
    }

    /// Puts all but the `count` best behind.
    pub(crate) fn cut(&mut self, count: usize) {
        let mut behind = self.best.split_off(count.min(self.best.len()));
        behind.append(&mut self.beyond);
        for candidate in &mut behind {
            candidate.trace.dropped = Some(format!("beyond the {count} best"));
        }
        self.beyond = behind;
    }
}

/// Those of the fused hits that SQL confirms, until the best are found or, where the others are wanted, all. What
/// is not confirmed folds nothing. Ranks, those within each index too, count what is confirmed only: what a reader
/// may not see leaves no gap.
pub(crate) async fn confirm<Answer>(
    fused: &[FusedHit],
    wanted: Wanted,
    ask: impl Fn(Vec<ChunkId>) -> Answer,
) -> Result<Ranking>
where
    Answer: Future<Output = Result<Vec<ConfirmedChunk>>>,
{
    let at_once = if wanted.others { fused.len() } else { wanted.best };
    let mut filling = Filling { ranking: Ranking::default(), fingerprints: Vec::new(), wanted };
    let mut rank = 0;
    for slice in fused.chunks(at_once.clamp(1, CONFIRMED_AT_ONCE)) {
        if filling.is_full() && !wanted.others {
            break;
        }
        let by_chunk: HashMap<ChunkId, &FusedHit> = slice.iter().map(|hit| (hit.chunk, hit)).collect();
        let mut candidates = Vec::with_capacity(slice.len());
        for chunk in ask(slice.iter().map(|hit| hit.chunk).collect()).await? {
            let Some(hit) = by_chunk.get(&chunk.chunk) else { continue };
            rank += 1;
            let fused = Some(StageScore { rank, score: hit.score });
            let trace = StageTrace { dense: hit.dense, keyword: hit.keyword, fused, ..StageTrace::default() };
            candidates.push(Candidate { chunk, trace });
        }
        let fill = move || {
            candidates.into_iter().for_each(|candidate| filling.add(candidate));
            filling
        };
        let filled = tokio::task::spawn_blocking(fill).await;
        filling = filled.internal("the thread that compares texts stopped")?;
    }
    let mut ranking = filling.ranking;
    if !wanted.others {
        ranking.beyond.clear();
    }
    close_gaps(&mut ranking, |trace| trace.dense.as_mut());
    close_gaps(&mut ranking, |trace| trace.keyword.as_mut());
    Ok(ranking)
}

/// A ranking to which candidates are added in order.
struct Filling {
    ranking: Ranking,
    /// Of each of the best, where duplicates are folded.
    fingerprints: Vec<Fingerprint>,
    wanted: Wanted,
}

impl Filling {
    fn is_full(&self) -> bool {
        self.ranking.best.len() >= self.wanted.best
    }

    fn add(&mut self, mut candidate: Candidate) {
        if self.is_full() {
            self.ranking.beyond.push(candidate);
            return;
        }
        let Self { ranking: Ranking { best, duplicates, .. }, fingerprints, wanted } = self;
        if wanted.duplicates == Duplicates::Fold {
            // A copy that is equal needs no fingerprint, which takes longer than all else here.
            let mut better = best.iter().find(|it| it.chunk.text == candidate.chunk.text);
            if better.is_none() {
                let fingerprint = Fingerprint::of(&candidate.chunk.text);
                let mut known = best.iter().zip(fingerprints.iter());
                better = known.find(|(_, known)| known.covers(&fingerprint)).map(|(it, _)| it);
                if better.is_none() {
                    fingerprints.push(fingerprint);
                }
            }
            if let Some(better) = better {
                candidate.trace.dropped = Some(same_as(&better.chunk));
                duplicates.push(Duplicate { of: better.chunk.chunk, candidate });
                return;
            }
        }
        best.push(candidate);
    }
}

/// Numbers the ranks of one index from 1 without gaps, in their order.
fn close_gaps(ranking: &mut Ranking, stage: impl Fn(&mut StageTrace) -> Option<&mut StageScore>) {
    let duplicates = ranking.duplicates.iter_mut().map(|it| &mut it.candidate);
    let all = ranking.best.iter_mut().chain(duplicates).chain(&mut ranking.beyond);
    let mut places: Vec<&mut StageScore> = all.filter_map(|it| stage(&mut it.trace)).collect();
    places.sort_by_key(|place| place.rank);
    for (rank, place) in (1..).zip(places) {
        place.rank = rank;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use footnote_core::hash::ContentHash;
    use footnote_core::ids::{DocumentId, SourceId, VersionId};
    use footnote_core::text::Span;
    use uuid::Uuid;

    use super::*;

    pub(crate) fn id(n: u128) -> ChunkId {
        ChunkId(Uuid::from_u128(n))
    }

    pub(crate) fn confirmed(chunk: ChunkId, text: &str) -> ConfirmedChunk {
        ConfirmedChunk {
            chunk,
            version: VersionId(Uuid::from_u128(1)),
            version_hash: ContentHash::of(b""),
            document: DocumentId(Uuid::from_u128(2)),
            source: SourceId(Uuid::from_u128(3)),
            title: String::new(),
            document_key: "handbook.md".to_owned(),
            ordinal: 0,
            span: Span::new(0, 1),
            pages: None,
            heading_path: Vec::new(),
            embedded_text: ContentHash::of(text.as_bytes()),
            text: text.to_owned(),
        }
    }

    /// Best first, and the other way round in the dense list.
    fn fused(count: u128) -> Vec<FusedHit> {
        let dense = |n: u128| Some(StageScore { rank: (count + 1 - n) as usize, score: 0.5 });
        (1..=count)
            .map(|n| FusedHit { chunk: id(n), score: 1.0 / n as f32, dense: dense(n), keyword: None })
            .collect()
    }

    fn ids(candidates: &[Candidate]) -> Vec<ChunkId> {
        candidates.iter().map(|candidate| candidate.chunk.chunk).collect()
    }

    const ALL: Wanted = Wanted { best: 4, others: true, duplicates: Duplicates::Fold };

    #[tokio::test]
    async fn only_confirmed_chunks_remain_in_order_without_gaps_and_no_more_are_asked_than_needed() {
        let asked = Mutex::new(Vec::new());
        let wanted = Wanted { best: 4, others: false, duplicates: Duplicates::Keep };
        let ranking = confirm(&fused(20), wanted, |chunks| {
            asked.lock().unwrap().push(chunks.len());
            // Every third chunk was deleted; the index does not know yet.
            let known = chunks.into_iter().filter(|c| c.0.as_u128() % 3 != 0);
            let known: Vec<_> = known.map(|c| confirmed(c, "")).collect();
            async move { Ok(known) }
        })
        .await
        .unwrap();
        let candidates = &ranking.best;
        assert_eq!(ids(candidates), [id(1), id(2), id(4), id(5)]);
        let ranks: Vec<_> = candidates.iter().map(|c| c.trace.fused.unwrap().rank).collect();
        assert_eq!(ranks, [1, 2, 3, 4]);
        let dense: Vec<_> = candidates.iter().map(|c| c.trace.dense.unwrap().rank).collect();
        assert_eq!(dense, [4, 3, 2, 1], "nor in the ranks of an index");
        assert!(ranking.duplicates.is_empty() && ranking.beyond.is_empty());
        assert_eq!(*asked.lock().unwrap(), [4, 4]);
    }

    #[tokio::test]
    async fn a_chunk_that_was_not_asked_for_is_not_believed() {
        let ranking = confirm(&fused(2), ALL, |_| async { Ok(vec![confirmed(id(9), "")]) }).await.unwrap();
        assert_eq!(ranking, Ranking::default());
    }

    /// Forty copies, one of which SQL no longer knows, and three others behind them.
    async fn of_copies(wanted: Wanted) -> Ranking {
        let text = |n: u128| match n {
            41 => "Annual leave is 20 days.",
            42 => "年假为十五天。",
            43 => "年假为十五天",
            44 => "Trips abroad are approved.",
            odd if odd % 2 == 1 => "Annual leave is 15 days.",
            _ => "annual  leave is\n15 DAYS",
        };
        let hits = fused(44);
        let ranking = confirm(&hits, wanted, |chunks| {
            let known = chunks.into_iter().filter(|chunk| *chunk != id(1));
            let known: Vec<_> = known.map(|chunk| confirmed(chunk, text(chunk.0.as_u128()))).collect();
            async move { Ok(known) }
        });
        ranking.await.unwrap()
    }

    #[tokio::test]
    async fn copies_take_one_place_and_what_is_not_confirmed_folds_nothing() {
        for others in [true, false] {
            let ranking = of_copies(Wanted { others, ..ALL }).await;
            assert_eq!(ids(&ranking.best), [id(2), id(41), id(42), id(44)], "figures differ in the second");
            let of: Vec<_> = ranking.duplicates.iter().map(|it| (it.of, it.candidate.chunk.chunk)).collect();
            assert_eq!(of.len(), 39);
            assert_eq!((of[0], of[38]), ((id(2), id(3)), (id(42), id(43))));
            for it in &ranking.duplicates {
                let dropped = it.candidate.trace.dropped.as_deref();
                assert_eq!(dropped, Some("nearly the same text as chunk 0 of handbook.md"));
            }
            let rank = |candidate: &Candidate| candidate.trace.fused.unwrap().rank;
            let mut ranks: Vec<_> = ranking.candidates().map(rank).collect();
            ranks.sort_unstable();
            assert!(ranks.into_iter().eq(1..=43), "copies are counted: they can be seen");
        }
    }

    #[tokio::test]
    async fn copies_keep_their_places_where_they_are_wanted() {
        let ranking = of_copies(Wanted { duplicates: Duplicates::Keep, ..ALL }).await;
        assert_eq!(ids(&ranking.best), [id(2), id(3), id(4), id(5)]);
        assert_eq!((ranking.duplicates.len(), ranking.beyond.len()), (0, 39));
    }

    #[tokio::test]
    async fn what_is_cut_lies_before_what_was_behind_already() {
        let mut ranking = of_copies(Wanted { best: 2, ..ALL }).await;
        assert_eq!(ids(&ranking.beyond), [id(42), id(43), id(44)], "not compared any more");
        ranking.cut(1);
        assert_eq!(ids(&ranking.best), [id(2)]);
        assert_eq!(ids(&ranking.beyond), [id(41), id(42), id(43), id(44)]);
        assert!(ranking.beyond.iter().all(|it| it.trace.dropped.as_deref() == Some("beyond the 1 best")));
        let (best, others) = ranking.split();
        assert_eq!((best.len(), others.len()), (1, 42));
        let mut short = Ranking::default();
        short.cut(5);
        assert_eq!(short, Ranking::default());
    }
}
