//! What an answer rested on is taken along to the question that follows it: "Say that in one sentence" names
//! nothing that could be found.

use footnote_core::Result;
use footnote_core::ids::ChunkId;
use footnote_core::passage::{Candidate, Passage, Retrieved, StageTrace, Stretch};
use footnote_core::question::ScopedQuery;

use crate::hybrid::{HybridRetriever, Passages};

/// Most stretches that are taken along, and chunks that they may lie in.
const MOST: usize = 4;

impl HybridRetriever {
    /// `retrieved` with the chunks that hold `cited`, behind what was found. What is no longer current, hidden or
    /// not permitted is left where it is.
    pub async fn carry(
        &self,
        query: &ScopedQuery,
        mut retrieved: Retrieved,
        cited: &[Stretch],
    ) -> Result<Retrieved> {
        let mut chunks = Vec::new();
        for cited in cited.iter().take(MOST) {
            let is_there = retrieved.passages.iter().any(|it| {
                it.version == cited.version
                    && it.span.start <= cited.span.start
                    && cited.span.end <= it.span.end
            });
            if is_there {
                continue;
            }
            let all = self.documents.chunks(cited.version, query.scope.generation()).await?;
            let is_read = |id: &ChunkId| retrieved.passages.iter().any(|it| it.chunks.contains(id));
            let holding = all.iter().filter(|chunk| chunk.span.overlaps(cited.span)).map(|chunk| chunk.id);
            let new: Vec<ChunkId> = holding.filter(|id| !chunks.contains(id) && !is_read(id)).collect();
            chunks.extend(new);
        }
        chunks.truncate(MOST);
        if chunks.is_empty() {
            return Ok(retrieved);
        }
        let confirmed = self.documents.confirm(query.scope, &chunks).await?;
        let trace = StageTrace { carried: true, ..StageTrace::default() };
        let mut carried: Vec<Candidate> =
            confirmed.into_iter().map(|chunk| Candidate { chunk, trace: trace.clone() }).collect();
        let all: Vec<usize> = (0..carried.len()).collect();
        let Passages { found, passages } = self.passages(query, &mut carried, &all).await?;
        let mut new: Vec<Passage> = Vec::new();
        // Where a part of what stands around it is read already, it is taken as it was cited.
        for passage in passages.into_iter().chain(found) {
            let overlaps =
                |other: &Passage| other.version == passage.version && other.span.overlaps(passage.span);
            if !retrieved.passages.iter().chain(&new).any(overlaps) {
                new.push(passage);
            }
        }
        let last = retrieved.passages.iter().map(|passage| passage.number).max().unwrap_or(0);
        for (number, passage) in (last + 1..).zip(&mut new) {
            passage.number = number;
        }
        carried.retain(|it| new.iter().any(|passage| passage.chunks.contains(&it.chunk.chunk)));
        for candidate in carried {
            match retrieved.candidates.iter_mut().find(|it| it.chunk.chunk == candidate.chunk.chunk) {
                Some(known) => {
                    known.trace.carried = true;
                    known.trace.dropped = None;
                }
                None => retrieved.candidates.push(candidate),
            }
        }
        retrieved.passages.extend(new);
        Ok(retrieved)
    }
}
