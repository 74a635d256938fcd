//! What an answer rested on is taken along to the question that follows it: "Say that in one sentence" names
//! nothing that could be found.

use footnote_core::Result;
use footnote_core::passage::{Candidate, Retrieved, StageTrace, Stretch};
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
            let holding = all.iter().filter(|chunk| chunk.span.overlaps(cited.span)).map(|chunk| chunk.id);
            chunks.extend(holding.filter(|id| !chunks.contains(id)).collect::<Vec<_>>());
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
        let Passages { passages, .. } = self.passages(query, &mut carried, &all).await?;
        let last = retrieved.passages.iter().map(|passage| passage.number).max().unwrap_or(0);
        let found = &retrieved.passages;
        let is_new = |it: &footnote_core::passage::Passage| {
            !found.iter().any(|other| other.version == it.version && other.span.overlaps(it.span))
        };
        let mut new: Vec<_> = passages.into_iter().filter(is_new).collect();
        for (number, passage) in (last + 1..).zip(&mut new) {
            passage.number = number;
        }
        retrieved.passages.extend(new);
        retrieved.candidates.retain(|it| !carried.iter().any(|other| other.chunk.chunk == it.chunk.chunk));
        retrieved.candidates.extend(carried);
        Ok(retrieved)
    }
}
