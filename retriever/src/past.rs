//! Search in the past: versions that were current at the time that is asked of and are retired now.
//!
//! No index holds them any more. Their chunk rows, texts and vectors are kept, so each of their chunks is
//! scored as the indexes would: by the cosine of its vector, and by BM25 with the statistics of the
//! knowledge base. That takes time linear in the number of chunks replaced since; questions about the past
//! are rare. Of a text whose vector is no longer known, words alone tell.

use footnote_core::chunk::{Chunk, Hit, IndexKey, KeywordEntry, Tag};
use footnote_core::document::Document;
use footnote_core::ids::{ChunkId, GenerationId, VersionId};
use footnote_core::passage::ConfirmedChunk;
use footnote_core::question::ScopedQuery;
use footnote_core::{Error, Result};

use crate::fuse::RankedList;
use crate::hybrid::HybridRetriever;

/// What retired versions would have been found as, best first.
#[derive(Debug, Default)]
pub(crate) struct Past {
    dense: Vec<Hit>,
    keyword: Vec<Hit>,
}

impl Past {
    /// Both lists of the indexes with what is past among them.
    pub(crate) fn among(
        &self,
        (dense, keyword): (RankedList, RankedList),
        fetch: usize,
    ) -> (RankedList, RankedList) {
        (with(dense, &self.dense, fetch), with(keyword, &self.keyword, fetch))
    }
}

fn with(list: RankedList, past: &[Hit], fetch: usize) -> RankedList {
    if past.is_empty() {
        return list;
    }
    let mut hits = list.hits;
    hits.extend(past.iter().filter(|hit| hit.score.is_finite()));
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.chunk.cmp(&b.chunk)));
    let cut_off = list.cut_off || hits.len() > fetch;
    hits.truncate(fetch);
    RankedList { hits, cut_off }
}

impl HybridRetriever {
    /// Every chunk of the versions of then that shares a word with the question or, where the question's
    /// `vector` is given, has one itself.
    pub(crate) async fn past(&self, query: &ScopedQuery, vector: Option<&[f32]>) -> Result<Past> {
        let mut past = Past::default();
        for (version, generation) in self.documents.past_versions(query.scope).await? {
            self.look_into(query, vector, (version, generation), &mut past).await?;
        }
        for hits in [&mut past.dense, &mut past.keyword] {
            hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.chunk.cmp(&b.chunk)));
        }
        Ok(past)
    }

    async fn look_into(
        &self,
        query: &ScopedQuery,
        vector: Option<&[f32]>,
        (version, generation): (VersionId, GenerationId),
        past: &mut Past,
    ) -> Result<()> {
        let chunks = self.chunks_of_then(query, version, generation).await?;
        if let Some(vector) = vector {
            let texts: Vec<_> = chunks.iter().map(|(chunk, _)| chunk.embedded_text).collect();
            let known = self.documents.vectors(self.embedder.fingerprint(), &texts).await?;
            let cosine = |chunk: &ConfirmedChunk| {
                let own = known.get(&chunk.embedded_text)?;
                Some(vector.iter().zip(own).map(|(a, b)| a * b).sum())
            };
            let hits = chunks.iter().filter_map(|(chunk, _)| Some(hit(chunk.chunk, cosine(chunk)?)));
            past.dense.extend(hits);
        }
        let entries = chunks.iter().map(|(chunk, tags)| entry(query, chunk, tags)).collect();
        let scores = self.keywords.score(query.scope, query.question.as_str(), entries).await?;
        if scores.len() != chunks.len() {
            return Err(Error::internal(
                "the keyword index scored another number of texts than it was given",
            ));
        }
        let scored = chunks.iter().zip(scores).filter(|(_, score)| *score > 0.0);
        past.keyword.extend(scored.map(|((chunk, _), score)| hit(chunk.chunk, score)));
        Ok(())
    }

    /// Those of the version's chunks that the question may see and its filter allows, with their tags.
    async fn chunks_of_then(
        &self,
        query: &ScopedQuery,
        version: VersionId,
        generation: GenerationId,
    ) -> Result<Vec<(ConfirmedChunk, Vec<Tag>)>> {
        let rows: Vec<Chunk> = self.documents.chunks(version, generation).await?;
        let ids: Vec<ChunkId> = rows.iter().map(|row| row.id).collect();
        let confirmed = self.documents.confirm(query.scope, &ids).await?;
        let Some(first) = confirmed.first() else { return Ok(Vec::new()) };
        let read =
            tokio::try_join!(self.documents.version(version), self.documents.document(first.document))?;
        let (Some(facts), Some(document)) = (read.0.and_then(|version| version.parsed), read.1) else {
            return Ok(Vec::new());
        };
        let tags = |chunk: &ConfirmedChunk, document: &Document| {
            Tag::all_of(document, facts.content_type, &chunk.text)
        };
        let tagged = confirmed.into_iter().map(|chunk| {
            let tags = tags(&chunk, &document);
            (chunk, tags)
        });
        Ok(tagged.filter(|(_, tags)| query.filter.allows(tags)).collect())
    }
}

fn hit(chunk: ChunkId, score: f32) -> Hit {
    Hit { chunk, score }
}

fn entry(query: &ScopedQuery, chunk: &ConfirmedChunk, tags: &[Tag]) -> KeywordEntry {
    let key = IndexKey {
        chunk: chunk.chunk,
        version: chunk.version,
        knowledge_base: query.scope.knowledge_base(),
        tags: tags.to_vec(),
    };
    KeywordEntry {
        key,
        title: chunk.title.clone(),
        headings: chunk.heading_path.join(" "),
        body: chunk.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn list(scores: &[f32], cut_off: bool) -> RankedList {
        let hits =
            scores.iter().enumerate().map(|(n, &score)| hit(ChunkId(Uuid::from_u128(n as u128)), score));
        RankedList { hits: hits.collect(), cut_off }
    }

    #[test]
    fn what_is_past_takes_its_place_among_the_others() {
        let past = [hit(ChunkId(Uuid::from_u128(9)), 0.5), hit(ChunkId(Uuid::from_u128(8)), f32::NAN)];
        let scores = |list: RankedList| list.hits.iter().map(|hit| hit.score).collect::<Vec<_>>();
        assert_eq!(scores(with(list(&[0.9, 0.1], false), &past, 10)), [0.9, 0.5, 0.1]);
        let cut = with(list(&[0.9, 0.1], false), &past, 2);
        assert!(cut.cut_off, "there is more");
        assert_eq!(scores(cut), [0.9, 0.5]);
        assert_eq!(with(list(&[0.9], true), &[], 1), list(&[0.9], true));
    }
}
