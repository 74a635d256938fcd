//! The retriever's story: search both indexes, fuse, confirm, rerank, make passages, judge.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use footnote_core::dated::DocumentDate;
use footnote_core::ids::{ChunkId, DocumentId, VersionId};
use footnote_core::passage::{Candidate, Evidence, Passage, Retrieved, StageScore};
use footnote_core::ports::{DocumentStore, Embedder, KeywordIndex, Reranker, VectorIndex};
use footnote_core::question::{ScopedQuery, is_chinese};
use footnote_core::text::CanonicalText;
use footnote_core::{Error, Result};
use futures::future::try_join_all;
use tokio::sync::OnceCell;

use crate::evidence::{EvidenceFeatures, EvidenceModel, JUDGED, codes_found};
use crate::foreign::Worth;
use crate::fuse::{RankedList, fuse};
use crate::parents::{self, Near};
use crate::passages;
use crate::ranking::{Duplicates, Ranking, Wanted, confirm};

/// Candidates that the cross-encoder reads; those behind them keep their order.
const RERANK_DEPTH: usize = 32;

/// Best candidates of a question, of which some become passages and the others feed the evidence score. Those behind
/// them are kept for the receipt.
pub(crate) const QUESTION_DEPTH: usize = JUDGED;

/// Chunks kept for each further part of a question, and for all parts together.
pub(crate) const PART_CHUNKS: usize = 2;
const MOST_PART_CHUNKS: usize = 8;

/// Most hits asked of an index when too many of its best were not confirmed.
const MAX_FETCH: usize = 4_000;

/// Most hits asked of an index when copies of few texts took the places of its best.
const MAX_FETCH_BEHIND_COPIES: usize = 1_000;

/// Which indexes are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchMode {
    /// Vectors only.
    Dense,
    /// Words only.
    Keyword,
    /// Both, fused and reranked as the settings say.
    Hybrid,
}

/// Finds passages by vectors and by words.
pub struct HybridRetriever {
    /// Makes the question's vector.
    pub embedder: Arc<dyn Embedder>,
    /// Searched by vector.
    pub vectors: Arc<dyn VectorIndex>,
    /// Searched by words.
    pub keywords: Arc<dyn KeywordIndex>,
    /// The truth that confirms every hit.
    pub documents: Arc<dyn DocumentStore>,
    /// Reads question and candidates together, where one is installed.
    pub reranker: Option<Arc<dyn Reranker>>,
    /// Judges whether what was found suffices.
    pub evidence: EvidenceModel,
}

impl HybridRetriever {
    /// The passages that matter to the question, and whether they suffice to answer it.
    pub async fn retrieve(&self, query: &ScopedQuery) -> Result<Retrieved> {
        self.retrieve_without(query, &[]).await
    }

    /// As [`Self::retrieve`], as if these documents were not there.
    pub async fn retrieve_without(&self, query: &ScopedQuery, hidden: &[DocumentId]) -> Result<Retrieved> {
        let depth = QUESTION_DEPTH.max(query.settings.top_k);
        let (mut candidates, others) = self.considered(query, depth, hidden).await?;
        let kept = passages::select(&mut candidates, &query.settings);
        let Passages { found, passages } = self.passages(query, &mut candidates, &kept).await?;
        let evidence = self.judge(query, &candidates, &found).await?;
        candidates.extend(others);
        Ok(Retrieved { passages, evidence, candidates, tables: Vec::new() })
    }

    /// The passages that matter to the parts of a question, each searched by itself. The best of each part
    /// come first; the evidence is that of the part that has least, as all of them are to be answered.
    pub async fn retrieve_parts(&self, parts: &[ScopedQuery]) -> Result<Retrieved> {
        let [first, others @ ..] = parts else {
            return Err(Error::internal("a question has at least one part"));
        };
        if others.is_empty() {
            return self.retrieve(first).await;
        }
        let depth = QUESTION_DEPTH.max(first.settings.top_k);
        let searches = parts.iter().map(|part| self.considered(part, depth, &[]));
        let (found, behind): (Vec<_>, Vec<_>) = try_join_all(searches).await?.into_iter().unzip();
        let mut candidates = interleave(&found);
        let mut settings = first.settings.clone();
        settings.top_k =
            (settings.top_k + PART_CHUNKS * others.len()).min(MOST_PART_CHUNKS.max(settings.top_k));
        let kept = passages::select(&mut candidates, &settings);
        let Passages { found: narrow, passages } = self.passages(first, &mut candidates, &kept).await?;
        let judged = parts.iter().zip(&found).map(|(part, found)| self.judge(part, found, &narrow));
        let evidence = try_join_all(judged).await?;
        let least = evidence.into_iter().reduce(|a, b| if b.score < a.score { b } else { a });
        let evidence = least.unwrap_or_else(|| self.evidence.judge(None, settings.evidence_threshold));
        add_others(&mut candidates, &behind);
        Ok(Retrieved { passages, evidence, candidates, tables: Vec::new() })
    }

    /// What is found, in order, each with its rank and score at every stage.
    pub async fn rank(&self, query: &ScopedQuery, mode: SearchMode, wanted: Wanted) -> Result<Ranking> {
        self.rank_without(query, mode, wanted, &[]).await
    }

    /// The best `limit` confirmed chunks, duplicates among them: what evaluations measure, whose judgements may name
    /// any of several copies.
    pub async fn search(
        &self,
        query: &ScopedQuery,
        mode: SearchMode,
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        let wanted = Wanted { best: limit, others: false, duplicates: Duplicates::Keep };
        Ok(self.rank(query, mode, wanted).await?.best)
    }

    /// As [`Self::search`], with every other confirmed candidate of both indexes behind the best
    /// `limit`, each saying why it is no result.
    pub async fn explain(
        &self,
        query: &ScopedQuery,
        mode: SearchMode,
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        let wanted = Wanted { best: limit, others: true, duplicates: Duplicates::Keep };
        let (mut candidates, others) = self.rank(query, mode, wanted).await?.split();
        candidates.extend(others);
        Ok(candidates)
    }

    /// The best `depth` candidates of a question, none of which only repeats a better one, and all others that the
    /// indexes gave.
    pub(crate) async fn considered(
        &self,
        query: &ScopedQuery,
        depth: usize,
        hidden: &[DocumentId],
    ) -> Result<(Vec<Candidate>, Vec<Candidate>)> {
        let wanted = Wanted { best: depth, others: true, duplicates: Duplicates::Fold };
        Ok(self.rank_without(query, SearchMode::Hybrid, wanted, hidden).await?.split())
    }

    /// As [`Self::rank`], as if these documents were not there. How deep the indexes are searched does not depend on
    /// whether the others are wanted: it has a part in the fused scores.
    async fn rank_without(
        &self,
        query: &ScopedQuery,
        mode: SearchMode,
        wanted: Wanted,
        hidden: &[DocumentId],
    ) -> Result<Ranking> {
        let reranker = self.reranker.as_ref().filter(|_| mode == SearchMode::Hybrid && query.settings.rerank);
        // A reranker orders more than is asked for, so that a small limit finds the same best.
        let depth = if reranker.is_some() { wanted.best.max(RERANK_DEPTH) } else { wanted.best };
        let deep = Wanted { best: depth, ..wanted };
        let vector = OnceCell::new();
        let past = OnceCell::new();
        let mut fetch = query.settings.candidates.max(wanted.best).max(1);
        let mut ranking = loop {
            let found = self.search_indexes(query, mode, fetch, &vector).await?;
            let weight = dense_weight(query, mode);
            let past = past.get_or_try_init(|| self.past(query, vector.get().map(Vec::as_slice))).await?;
            let (dense, keyword) = past.among(found, fetch);
            let foreign = match vector.get() {
                Some(vector) if weight < 1.0 => self.foreign(query, vector, &dense, &keyword).await?,
                _ => Worth::new(),
            };
            let fused = fuse(query.settings.fusion, weight, &dense, &keyword, &foreign);
            let ranking = confirm(&fused, deep, |chunks| async move {
                let mut confirmed = self.documents.confirm(query.scope, &chunks).await?;
                confirmed.retain(|chunk| !hidden.contains(&chunk.document));
                Ok(confirmed)
            })
            .await?;
            let found = ranking.best.len();
            let confirmed = found + ranking.duplicates.len();
            let most = if confirmed < wanted.best { MAX_FETCH } else { MAX_FETCH_BEHIND_COPIES };
            let more_to_fetch = (dense.cut_off || keyword.cut_off) && fetch < most;
            if found >= wanted.best || !more_to_fetch || found == fused.len() {
                break ranking;
            }
            // An index lags behind the truth, or has many copies of few texts: look deeper for hits that hold and say
            // something else.
            fetch = (fetch * 4).min(most);
        };
        if let Some(reranker) = reranker {
            rerank(reranker.as_ref(), query.question.as_str(), &mut ranking.best).await?;
        }
        ranking.cut(wanted.best);
        if !wanted.others {
            ranking.beyond.clear();
        }
        Ok(ranking)
    }

    /// Embeds the question and searches by vector while the keyword index searches by words. An
    /// index whose list has no weight is left alone.
    async fn search_indexes(
        &self,
        query: &ScopedQuery,
        mode: SearchMode,
        fetch: usize,
        vector: &OnceCell<Vec<f32>>,
    ) -> Result<(RankedList, RankedList)> {
        let weight = dense_weight(query, mode);
        let question = query.question.as_str();
        let dense = async {
            if weight <= 0.0 {
                return Ok(RankedList::default());
            }
            let vector = vector.get_or_try_init(|| self.embedder.embed_query(question)).await?;
            let hits = self.vectors.search(query.scope, &query.filter, vector, fetch).await?;
            Ok::<_, Error>(RankedList::new(hits, fetch))
        };
        let keyword = async {
            if weight >= 1.0 {
                return Ok(RankedList::default());
            }
            let hits = self.keywords.search(query.scope, &query.filter, question, fetch).await?;
            Ok(RankedList::new(hits, fetch))
        };
        tokio::try_join!(dense, keyword)
    }

    /// The passages that the kept candidates make, in order of their best candidate: alone, and with their parents.
    pub(crate) async fn passages(
        &self,
        query: &ScopedQuery,
        candidates: &mut [Candidate],
        kept: &[usize],
    ) -> Result<Passages> {
        let mut versions: Vec<VersionId> = Vec::new();
        for &at in kept {
            let version = candidates[at].chunk.version;
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        let texts = versions.iter().map(|&version| async move {
            let read =
                tokio::try_join!(self.documents.canonical_text(version), self.documents.parsed(version));
            Ok::<_, Error>((version, read?))
        });
        let mut texts_of = HashMap::new();
        let mut parsed_of = HashMap::new();
        for (version, read) in try_join_all(texts).await? {
            if let (Some(text), Some(parsed)) = read {
                texts_of.insert(version, text);
                parsed_of.insert(version, parsed);
                continue;
            }
            // Deleted for good between the confirmation and now.
            for &at in kept.iter().filter(|at| candidates[**at].chunk.version == version).collect::<Vec<_>>()
            {
                candidates[at].trace.dropped = Some("its document was deleted meanwhile".into());
            }
        }
        let kept: Vec<&Candidate> = kept
            .iter()
            .map(|&at| &candidates[at])
            .filter(|candidate| texts_of.contains_key(&candidate.chunk.version))
            .collect();
        let near = match query.settings.parent_tokens {
            0 => Near::new(),
            tokens => parents::near(&*self.documents, query.scope.generation(), &kept, tokens).await?,
        };
        let around = parents::widen(&kept, &near, &texts_of, &query.settings);
        let (mut found, mut passages) = (Vec::new(), Vec::new());
        for version in versions {
            let (Some(text), Some(parsed)) = (texts_of.get(&version), parsed_of.get(&version)) else {
                continue;
            };
            let dated = self.dated(version, text).await?;
            let merge = |into: &mut Vec<Passage>, chosen: &[&Candidate]| -> Result<()> {
                let mut merged = passages::merge_version(chosen, text, parsed)?;
                merged.iter_mut().for_each(|passage| passage.dated.clone_from(&dated));
                into.extend(merged);
                Ok(())
            };
            let own = kept.iter().copied().filter(|candidate| candidate.chunk.version == version);
            let chosen: Vec<&Candidate> = own.collect();
            merge(&mut found, &chosen)?;
            let with: Vec<&Candidate> =
                chosen.into_iter().chain(around.iter().filter(|it| it.chunk.version == version)).collect();
            merge(&mut passages, &with)?;
        }
        for passage in found.iter_mut().chain(&mut passages).filter(|p| p.table_header.is_some()) {
            self.leave_out_hidden_header(query.scope, passage).await?;
        }
        let place: HashMap<ChunkId, usize> =
            kept.iter().enumerate().map(|(at, candidate)| (candidate.chunk.chunk, at)).collect();
        for list in [&mut found, &mut passages] {
            list.sort_by_key(|p| p.chunks.iter().filter_map(|c| place.get(c)).min().copied());
            for (number, passage) in (1..).zip(list) {
                passage.number = number;
            }
        }
        Ok(Passages { found, passages })
    }

    /// When a version is of.
    async fn dated(&self, version: VersionId, text: &CanonicalText) -> Result<Option<DocumentDate>> {
        let Some(version) = self.documents.version(version).await? else { return Ok(None) };
        let Some(document) = self.documents.document(version.document).await? else { return Ok(None) };
        let names = [document.title.as_str(), document.key.as_str()];
        Ok(Some(DocumentDate::of(&document.metadata, text.as_str(), &names, version.created_at)))
    }

    pub(crate) async fn judge(
        &self,
        query: &ScopedQuery,
        candidates: &[Candidate],
        passages: &[Passage],
    ) -> Result<Evidence> {
        let threshold = query.settings.evidence_threshold;
        if passages.is_empty() {
            return Ok(self.evidence.judge(None, threshold));
        }
        let mut read = String::new();
        let mut titles = HashSet::new();
        for passage in passages {
            if titles.insert(&passage.title) {
                read.push_str(&passage.title);
                read.push('\n');
            }
            for part in passage.heading_path.iter().chain([&passage.text]) {
                read.push_str(part);
                read.push('\n');
            }
        }
        let coverage = self.keywords.coverage(query.scope, query.question.as_str(), &read).await?;
        let same_language = query.question.is_chinese() == nearest_is_chinese(candidates);
        let codes_found = codes_found(query.question.as_str(), &read);
        let features = EvidenceFeatures::of(candidates, coverage, same_language, codes_found);
        let evidence = self.evidence.judge(Some(features), threshold);
        tracing::debug!(
            evidence.score = evidence.score,
            evidence.top_cosine = features.top_cosine,
            evidence.contrast = features.contrast,
            evidence.compared = features.compared,
            evidence.coverage = features.coverage,
            evidence.same_language = features.same_language,
            evidence.codes_found = features.codes_found,
            "evidence weighed"
        );
        Ok(evidence)
    }
}

/// Passages as they were found, which tell whether they suffice, and as they are read.
pub(crate) struct Passages {
    pub(crate) found: Vec<Passage>,
    pub(crate) passages: Vec<Passage>,
}

/// One list of several: the first of each, then the second of each, and so on, each chunk once.
pub(crate) fn interleave(found: &[Vec<Candidate>]) -> Vec<Candidate> {
    let longest = found.iter().map(Vec::len).max().unwrap_or(0);
    let mut seen = HashSet::new();
    let in_turn = (0..longest).flat_map(|rank| found.iter().filter_map(move |list| list.get(rank)));
    in_turn.filter(|candidate| seen.insert(candidate.chunk.chunk)).cloned().collect()
}

/// Puts what the lists have besides behind the `candidates`, each chunk once.
pub(crate) fn add_others(candidates: &mut Vec<Candidate>, others: &[Vec<Candidate>]) {
    let known: HashSet<ChunkId> = candidates.iter().map(|candidate| candidate.chunk.chunk).collect();
    candidates.extend(interleave(others).into_iter().filter(|it| !known.contains(&it.chunk.chunk)));
}

/// The language that the features are taken in: that of the nearest candidate by meaning, or of the
/// best where no vectors were searched. One passage in the question's language among others says
/// nothing where the answer is in another.
pub(crate) fn nearest_is_chinese(candidates: &[Candidate]) -> bool {
    let cosine = |c: &Candidate| c.trace.dense.map_or(f32::NEG_INFINITY, |stage| stage.score);
    let first = candidates.iter().take(JUDGED);
    let nearest = first.reduce(|best, next| if cosine(next) > cosine(best) { next } else { best });
    nearest.is_some_and(|nearest| is_chinese(&nearest.chunk.text))
}

/// The weight of the dense list; the keyword list has the rest.
fn dense_weight(query: &ScopedQuery, mode: SearchMode) -> f32 {
    match mode {
        SearchMode::Dense => 1.0,
        SearchMode::Keyword => 0.0,
        SearchMode::Hybrid => query.settings.dense_weight,
    }
}

/// Lets the cross-encoder order the first candidates; those behind them keep their places.
async fn rerank(reranker: &dyn Reranker, question: &str, candidates: &mut [Candidate]) -> Result<()> {
    let depth = candidates.len().min(RERANK_DEPTH);
    let (first, _) = candidates.split_at_mut(depth);
    let texts: Vec<String> = first.iter().map(|c| c.chunk.text.clone()).collect();
    let scores = reranker.rerank(question, texts).await?;
    if scores.len() != depth {
        let got = scores.len();
        return Err(Error::internal(format!("the reranker gave {got} scores for {depth} texts")));
    }
    for (candidate, score) in first.iter_mut().zip(scores) {
        candidate.trace.reranked = Some(StageScore { rank: 0, score });
    }
    // Stable: equal scores keep the fused order.
    first.sort_by(|a, b| b.score().total_cmp(&a.score()));
    for (at, candidate) in first.iter_mut().enumerate() {
        if let Some(stage) = &mut candidate.trace.reranked {
            stage.rank = at + 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use footnote_core::passage::StageTrace;

    use super::*;
    use crate::ranking::tests::{confirmed, id};

    #[test]
    fn what_lies_behind_the_best_follows_them_once() {
        let candidate = |n| Candidate { chunk: confirmed(id(n), ""), trace: StageTrace::default() };
        let mut candidates = vec![candidate(1), candidate(2)];
        add_others(&mut candidates, &[vec![candidate(3), candidate(1)], vec![candidate(4), candidate(3)]]);
        let ids: Vec<_> = candidates.iter().map(|c| c.chunk.chunk).collect();
        assert_eq!(ids, [id(1), id(2), id(3), id(4)]);
    }

    #[test]
    fn the_nearest_candidate_tells_the_language() {
        let candidate = |n: u128, text: &str, cosine: Option<f32>| Candidate {
            chunk: confirmed(id(n), text),
            trace: StageTrace {
                dense: cosine.map(|score| StageScore { rank: 1, score }),
                ..StageTrace::default()
            },
        };
        let by_words = candidate(1, "食堂中午供应午餐。", None);
        let english = candidate(2, "Annual leave is 15 days.", Some(0.84));
        let chinese = candidate(3, "会议室需要预订。", Some(0.79));
        assert!(!nearest_is_chinese(&[by_words.clone(), chinese.clone(), english]));
        assert!(nearest_is_chinese(&[by_words.clone(), chinese]));
        assert!(nearest_is_chinese(&[by_words]), "without vectors, the best");
        assert!(!nearest_is_chinese(&[]));
    }

    /// Scores by length, or wrongly.
    struct ByLength {
        forgets_one: bool,
    }

    #[async_trait::async_trait]
    impl Reranker for ByLength {
        fn fingerprint(&self) -> &str {
            "by length"
        }

        async fn rerank(&self, _query: &str, texts: Vec<String>) -> Result<Vec<f32>> {
            Ok(texts.iter().skip(usize::from(self.forgets_one)).map(|t| t.len() as f32).collect())
        }
    }

    #[tokio::test]
    async fn reranking_orders_the_first_and_leaves_the_rest() {
        let candidate = |n: u128, text: &str| Candidate {
            chunk: confirmed(id(n), text),
            trace: StageTrace {
                fused: Some(StageScore { rank: n as usize, score: 0.1 }),
                ..StageTrace::default()
            },
        };
        let mut candidates: Vec<_> = (1..=RERANK_DEPTH as u128 + 2).map(|n| candidate(n, "x")).collect();
        candidates[3].chunk.text = "longest".into();
        candidates[RERANK_DEPTH].chunk.text = "longest but too far behind".into();
        rerank(&ByLength { forgets_one: false }, "q", &mut candidates).await.unwrap();
        assert_eq!(candidates[0].chunk.chunk, id(4));
        assert_eq!(candidates[0].trace.reranked, Some(StageScore { rank: 1, score: 7.0 }));
        assert_eq!(candidates[1].chunk.chunk, id(1), "equal scores keep their order");
        assert_eq!(candidates[RERANK_DEPTH].trace.reranked, None);
        assert!(rerank(&ByLength { forgets_one: true }, "q", &mut candidates).await.is_err());
    }

    /// Handlers spawn these futures.
    #[expect(dead_code, reason = "compiling it is the test")]
    fn futures_can_be_sent(retriever: &HybridRetriever, query: &ScopedQuery) {
        fn sent(_: impl Send) {}
        sent(retriever.retrieve(query));
        sent(retriever.search(query, SearchMode::Hybrid, 10));
    }
}
