//! Chunks in another language than the question, which no word of it can find.
//!
//! The nearest by meaning are worth their place in the dense list. Where the best chunk in the
//! question's own language has a counterpart in the other (a translation, a report on the same matter),
//! that lies far nearer to this chunk than to the short question: what was found is searched with once
//! more (pseudo-relevance feedback, Rocchio 1971, across languages), and its counterpart, the nearest alone, is
//! worth nearly what it is worth. Other neighbours stay behind the chunks that were searched with.
//!
//! Where a language model can translate the question or its parts, the translations are searched, too.

use std::collections::HashMap;

use footnote_core::chunk::{Hit, Tag};
use footnote_core::ids::ChunkId;
use footnote_core::passage::{Candidate, Retrieved};
use footnote_core::question::{Filter, QuestionText, ScopedQuery, is_chinese};
use footnote_core::{Error, Result};
use futures::future::try_join_all;

use crate::fuse::{FusedHit, RankedList, fuse};
use crate::hybrid::{
    HybridRetriever, PART_CHUNKS, Passages, QUESTION_DEPTH, SearchMode, add_others, interleave,
    nearest_is_chinese,
};
use crate::passages;

/// Best fused chunks among which those in the question's language are looked for.
const DEPTH: usize = 16;

/// Best chunks in the question's language whose counterparts are searched.
const SOURCES: usize = 3;

/// Neighbours of each that are looked at.
const NEIGHBOURS: usize = 8;

/// Cosine of two texts in different languages from which they are taken for counterparts, and below which
/// they merely are about similar things. Of multilingual-e5-small: the paragraphs of xquad-en and their
/// translations have .84 in the median (.80 to .87), a paragraph and the nearest other .79.
const COUNTERPART: f32 = 0.82;
const SIMILAR: f32 = 0.78;

/// Cosine within which the nearest of several are alike: copies of one text, and its version before that the index
/// still has.
const ALIKE: f32 = 0.001;

/// What other neighbours than the nearest are worth, of what the last of the chunks searched with is.
const NEIGHBOUR: f32 = 0.5;

/// Most chunks that the parts of a question and their translations keep together.
const MOST_CHUNKS: usize = 10;

/// What chunks in another language than the question's are worth, 0 to 1, whatever the keyword list
/// says of them.
pub(crate) type Worth = HashMap<ChunkId, f32>;

impl HybridRetriever {
    /// Of both lists, and of more that is searched; empty where nothing in another language is there.
    pub(crate) async fn foreign(
        &self,
        query: &ScopedQuery,
        vector: &[f32],
        dense: &RankedList,
        keyword: &RankedList,
    ) -> Result<Worth> {
        let (method, weight) = (query.settings.fusion, query.settings.dense_weight);
        let filter = foreign_filter(query);
        let limit = dense.hits.len().max(NEIGHBOURS);
        let nearest = self.vectors.search(query.scope, &filter, vector, limit).await?;
        let mut worth = Worth::new();
        if nearest.is_empty() {
            return Ok(worth);
        }
        let alone = fuse(method, 1.0, dense, &RankedList::default(), &worth);
        let alone: HashMap<ChunkId, f32> = alone.iter().map(|hit| (hit.chunk, hit.score)).collect();
        worth.extend(nearest.iter().filter_map(|hit| Some((hit.chunk, *alone.get(&hit.chunk)?))));
        let fused = fuse(method, weight, dense, keyword, &Worth::new());
        lift(&mut worth, &self.counterparts(query, &filter, &fused).await?);
        worth.retain(|_, worth| *worth > 0.0);
        Ok(worth)
    }

    /// The fused score of each of the best chunks in the question's language, with what is nearest to it
    /// in the other.
    async fn counterparts(
        &self,
        query: &ScopedQuery,
        filter: &Filter,
        fused: &[FusedHit],
    ) -> Result<Vec<(f32, Vec<Hit>)>> {
        let best: Vec<ChunkId> = fused.iter().take(DEPTH).map(|hit| hit.chunk).collect();
        let mut sources = self.documents.confirm(query.scope, &best).await?;
        sources.retain(|chunk| is_chinese(&chunk.text) == query.question.is_chinese());
        sources.truncate(SOURCES);
        let texts: Vec<_> = sources.iter().map(|chunk| chunk.embedded_text).collect();
        let vectors = self.documents.vectors(self.embedder.fingerprint(), &texts).await?;
        let searches = sources.iter().filter_map(|source| {
            let score = fused.iter().find(|hit| hit.chunk == source.chunk)?.score;
            let vector = vectors.get(&source.embedded_text)?;
            Some(async move {
                let hits = self.vectors.search(query.scope, filter, vector, NEIGHBOURS).await?;
                Ok((score, hits))
            })
        });
        try_join_all(searches).await
    }
}

impl HybridRetriever {
    /// For each part of a question, whether the nearest of what it finds is in another language: then a translation
    /// finds by words what its own words cannot. `found` is what all parts found.
    pub async fn foreign_parts(&self, parts: &[ScopedQuery], found: &Retrieved) -> Result<Vec<bool>> {
        if let [part] = parts {
            return Ok(vec![is_foreign(&found.candidates, &part.question)]);
        }
        let nearest = parts.iter().map(|part| async move {
            let by_meaning = part.settings.dense_weight > 0.0;
            let mode = if by_meaning { SearchMode::Dense } else { SearchMode::Keyword };
            let nearest = self.search(part, mode, 1).await?;
            Ok::<_, Error>(is_foreign(&nearest, &part.question))
        });
        try_join_all(nearest).await
    }

    /// What the parts of a question and their translations find, a translation's before its part's. `translations`
    /// has one for each part, or none. The evidence for a part is that of the better of both, as they ask the same,
    /// and for all parts that of the part that has least.
    pub async fn retrieve_translated(
        &self,
        parts: &[ScopedQuery],
        translations: &[Option<QuestionText>],
    ) -> Result<Retrieved> {
        let first = parts.first().ok_or_else(|| Error::internal("a question has at least one part"))?;
        // Each with the part that it asks for.
        let mut queries: Vec<(usize, ScopedQuery)> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            if let Some(Some(translation)) = translations.get(at) {
                queries.push((at, ScopedQuery { question: translation.clone(), ..part.clone() }));
            }
            queries.push((at, part.clone()));
        }
        let depth = QUESTION_DEPTH.max(first.settings.top_k);
        let searches = queries.iter().map(|(_, query)| self.considered(query, depth, &[]));
        let (found, others): (Vec<_>, Vec<_>) = try_join_all(searches).await?.into_iter().unzip();
        let mut candidates = interleave(&found);
        let mut settings = first.settings.clone();
        let further = PART_CHUNKS * queries.len().saturating_sub(1);
        settings.top_k = (settings.top_k + further).min(MOST_CHUNKS.max(settings.top_k + PART_CHUNKS));
        let kept = passages::select(&mut candidates, &settings);
        let Passages { found: narrow, passages } = self.passages(first, &mut candidates, &kept).await?;
        let judged = queries.iter().zip(&found).map(|((_, query), found)| self.judge(query, found, &narrow));
        let judged = try_join_all(judged).await?;
        let of_part = |part: usize| {
            let own = queries.iter().zip(&judged).filter(move |((at, _), _)| *at == part);
            own.map(|(_, evidence)| evidence).reduce(|a, b| if b.score > a.score { b } else { a })
        };
        let least = (0..parts.len()).filter_map(of_part).reduce(|a, b| if b.score < a.score { b } else { a });
        let evidence =
            least.cloned().unwrap_or_else(|| self.evidence.judge(None, settings.evidence_threshold));
        add_others(&mut candidates, &others);
        Ok(Retrieved { passages, evidence, candidates, tables: Vec::new() })
    }
}

/// Whether the nearest of what was found is in another language than the question.
fn is_foreign(found: &[Candidate], question: &QuestionText) -> bool {
    !found.is_empty() && nearest_is_chinese(found) != question.is_chinese()
}

/// Adds what the neighbours of the chunks searched with are worth. What lies nearest to one is its counterpart. One
/// chunk that says what is asked may have many neighbours about the matter: these are to be seen, but not before what
/// the question itself finds in its own language.
fn lift(worth: &mut Worth, found: &[(f32, Vec<Hit>)]) {
    let last = found.iter().map(|(source, _)| *source).fold(f32::INFINITY, f32::min);
    for (source, hits) in found {
        let nearest = hits.iter().map(|hit| hit.score).fold(f32::NEG_INFINITY, f32::max);
        for hit in hits {
            let is_counterpart = hit.score >= nearest - ALIKE;
            let most = if is_counterpart { *source } else { NEIGHBOUR * last };
            let known = worth.entry(hit.chunk).or_default();
            *known = known.max(most * likeness(hit.score));
        }
    }
}

/// The question's filter, and the other language.
fn foreign_filter(query: &ScopedQuery) -> Filter {
    let mut filter = query.filter.clone();
    filter.all_of.push(vec![Tag::script(!query.question.is_chinese())]);
    filter
}

fn likeness(cosine: f32) -> f32 {
    ((cosine - SIMILAR) / (COUNTERPART - SIMILAR)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn hits(scores: &[(u128, f32)]) -> Vec<Hit> {
        scores.iter().map(|&(n, score)| Hit { chunk: chunk(n), score }).collect()
    }

    fn chunk(n: u128) -> ChunkId {
        ChunkId(Uuid::from_u128(n))
    }

    /// A chunk that repeats the question, with neighbours that are all about its matter, and two others that match.
    #[test]
    fn a_chunk_lifts_its_counterpart_and_no_crowd_of_neighbours() {
        let repeats = hits(&[(1, 0.87), (2, 0.862), (3, 0.855), (4, 0.85)]);
        let found = [(1.0, repeats), (0.4, hits(&[(5, 0.84), (2, 0.81)])), (0.3, hits(&[(6, 0.83)]))];
        let mut worth = Worth::new();
        lift(&mut worth, &found);
        assert_eq!(worth[&chunk(1)], 1.0, "beside the best");
        assert_eq!((worth[&chunk(5)], worth[&chunk(6)]), (0.4, 0.3), "beside the others");
        for neighbour in [2, 3, 4] {
            let worth = worth[&chunk(neighbour)];
            assert!(worth > 0.0 && worth < 0.3, "{neighbour} is behind all three: {worth}");
        }
    }

    #[test]
    fn what_is_merely_about_similar_things_is_lifted_little_and_nothing_is_lowered() {
        let mut worth = Worth::from([(chunk(1), 0.6), (chunk(2), 0.2)]);
        lift(&mut worth, &[(0.9, hits(&[(1, 0.79), (2, 0.7895)])), (0.5, Vec::new())]);
        assert_eq!(worth[&chunk(1)], 0.6, "never less");
        assert!((worth[&chunk(2)] - 0.9 * likeness(0.7895)).abs() < 1e-6, "a copy of the nearest is as near");
        assert!(worth[&chunk(2)] < 0.25, "{worth:?}");
        lift(&mut worth, &[]);
        assert_eq!(worth.len(), 2);
    }
}
