//! Chunks in another language than the question, which no word of it can find.
//!
//! The nearest by meaning are worth their place in the dense list. Where the best chunk in the
//! question's own language has a counterpart in the other (a translation, a report on the same matter),
//! that lies far nearer to this chunk than to the short question: what was found is searched with once
//! more (pseudo-relevance feedback, Rocchio 1971, across languages), and its counterpart is worth
//! nearly what it is worth.
//!
//! Where a language model can translate the question, its translation is searched, too.

use std::collections::HashMap;

use footnote_core::Result;
use footnote_core::chunk::{Hit, Tag};
use footnote_core::ids::ChunkId;
use footnote_core::passage::Retrieved;
use footnote_core::question::{Filter, QuestionText, ScopedQuery, is_chinese};
use futures::future::try_join_all;

use crate::fuse::{FusedHit, RankedList, fuse};
use crate::hybrid::{
    HybridRetriever, PART_CHUNKS, Passages, QUESTION_DEPTH, SearchMode, interleave, nearest_is_chinese,
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
        for (source, hits) in self.counterparts(query, &filter, &fused).await? {
            for hit in hits {
                let known = worth.entry(hit.chunk).or_default();
                *known = known.max(source * likeness(hit.score));
            }
        }
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
    /// Whether the nearest of what was found is in another language than the question: then a translation of
    /// the question finds by words what its own words cannot.
    pub fn is_foreign(found: &Retrieved, question: &QuestionText) -> bool {
        !found.candidates.is_empty() && nearest_is_chinese(&found.candidates) != question.is_chinese()
    }

    /// What the question's translation and the question itself find, the translation's first. The evidence is
    /// that of the better of both: they ask the same.
    pub async fn retrieve_translated(
        &self,
        query: &ScopedQuery,
        translation: QuestionText,
    ) -> Result<Retrieved> {
        let translated = ScopedQuery { question: translation, ..query.clone() };
        let depth = QUESTION_DEPTH.max(query.settings.top_k);
        let searches = [&translated, query].map(|query| self.search(query, SearchMode::Hybrid, depth));
        let found = try_join_all(searches).await?;
        let mut candidates = interleave(&found);
        let mut settings = query.settings.clone();
        settings.top_k += PART_CHUNKS;
        let kept = passages::select(&mut candidates, &settings);
        let Passages { found: narrow, passages } = self.passages(query, &mut candidates, &kept).await?;
        let (by_translation, by_question) = tokio::try_join!(
            self.judge(&translated, &found[0], &narrow),
            self.judge(query, &found[1], &narrow)
        )?;
        let evidence = if by_question.score > by_translation.score { by_question } else { by_translation };
        Ok(Retrieved { passages, evidence, candidates, tables: Vec::new() })
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
