//! Changes a knowledge base to another index generation: its current versions are cut and indexed there from the text
//! that is stored, one by one, and when all are, it flips. Until then the present generation answers.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use footnote_core::chunk::{Chunk, RechunkedVersion, StoredChunkEdit};
use footnote_core::ids::{ChunkEditId, ChunkId, GenerationId, KnowledgeBaseId, VersionId};
use footnote_core::job::Lease;
use footnote_core::knowledge_base::{ChunkerSettings, Generation};
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, Result};

use super::{Outcome, resend_document};
use crate::chunk::{ChunkDraft, chunk};
use crate::context::IngestContext;
use crate::edits::place_again;
use crate::entries::{self, Targets, VersionEntries, Writes, compute};
use crate::pipeline::rows;
use crate::progress::Progress;

/// A run that took longer is handed back between two documents, so that what somebody waits for goes first.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Goes on where the last run ended: what is done has its chunk rows. A document that cannot be done does not keep the
/// others from it: it is told at the end, and the present generation goes on answering.
pub async fn run(
    ctx: &IngestContext,
    lease: Lease,
    knowledge_base: KnowledgeBaseId,
    generation: GenerationId,
    progress: &Progress,
) -> Result<Outcome> {
    let began = Instant::now();
    let generation = ctx.generation(generation).await?;
    tokio::try_join!(ctx.vectors.ensure(&generation), ctx.keywords.ensure(&generation))?;
    loop {
        let left = ctx.documents.versions_to_rechunk(knowledge_base, generation.id).await?;
        if left.is_empty() {
            let now = ctx.clock.now();
            let id = generation.id;
            if ctx.documents.finish_generation_change(lease, knowledge_base, id, now).await? {
                tracing::info!(generation.id = %id, "the knowledge base is cut anew");
                return Ok(Outcome::Ended);
            }
            // A new version became current meanwhile.
            continue;
        }
        progress.stage("rechunking", left.len() as u64);
        let mut failures = Vec::new();
        for version in left {
            let done = rechunk(ctx, lease, &generation, version).await;
            progress.advance(1);
            match done {
                // Only then: the next run begins with those that failed again.
                Ok(()) if began.elapsed() > AT_ONCE => return Ok(Outcome::Later(Duration::ZERO)),
                Ok(()) => {}
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => failures.push((version, error)),
            }
        }
        let count = failures.len();
        if let Some((version, error)) = failures.into_iter().next() {
            let what =
                format!("{count} documents cannot be cut anew; the first is that of version {version}");
            return Err(Error::new(error.kind(), what).with_source(error));
        }
    }
}

/// Entries keep their ids, however often they are written; nobody asks for them before the flip.
async fn rechunk(
    ctx: &IngestContext,
    lease: Lease,
    generation: &Generation,
    version: VersionId,
) -> Result<()> {
    let Some(entries) = resend_document::load(ctx, generation, version).await? else {
        return Ok(());
    };
    let Some(knowledge_base) = ctx.documents.knowledge_base(entries.document.knowledge_base).await? else {
        return Ok(());
    };
    let edits = ctx.documents.chunk_edits(entries.document.id).await?;
    let edit_ids: Vec<ChunkEditId> = edits.iter().map(|stored| stored.edit.id).collect();
    let before = ctx.documents.chunks(version, knowledge_base.generation).await?;
    let drafts = cut(&entries, generation.spec.chunker.clone()).await?;
    let to_place = edits.clone();
    let place = move |spans: &[Span], texts: &[&str]| place_again(&before, to_place, spans, texts);
    let (chunks, unplaced) = rows(&entries, version, drafts, place).await?;
    let text = entries.text.clone();
    let (chunks, edited_texts) = compute(move || {
        let edited_texts = edited_texts(&text, &chunks, &edits);
        Ok((chunks, edited_texts))
    })
    .await?;

    let writes = Writes::begin(ctx, generation.id);
    // Its progress would be counted in chunks.
    entries::write(ctx, &entries, &chunks, Targets::BOTH, &Progress::default()).await?;
    writes.flush(ctx).await?;

    let rechunked = RechunkedVersion {
        document: &entries.document,
        version,
        generation: generation.id,
        chunks: &chunks,
        edits: &edit_ids,
        edited_texts: &edited_texts,
        unplaced: &unplaced,
    };
    if ctx.documents.put_rechunked(lease, rechunked).await? {
        return Ok(());
    }
    remove_unless_wanted(ctx, &entries, generation.id, version).await
}

async fn cut(entries: &VersionEntries, settings: ChunkerSettings) -> Result<Vec<ChunkDraft>> {
    let entries = entries.clone();
    compute(move || chunk(&entries.parsed, &settings, entries.budget, &*entries.embedder.tokens())).await
}

/// The texts of chunks whose edit was made on another text, or is on several.
fn edited_texts(text: &CanonicalText, chunks: &[Chunk], edits: &[StoredChunkEdit]) -> Vec<(ChunkId, String)> {
    let made_on: HashMap<ChunkEditId, &str> =
        edits.iter().map(|stored| (stored.edit.id, stored.text.as_str())).collect();
    let mut places: HashMap<ChunkEditId, usize> = HashMap::new();
    for edit in chunks.iter().filter_map(|chunk| chunk.edit.as_ref()) {
        *places.entry(edit.id).or_default() += 1;
    }
    let of_other_text = |chunk: &Chunk| {
        let id = chunk.edit.as_ref()?.id;
        let text = text.slice(chunk.span)?;
        let is_same = made_on.get(&id) == Some(&text);
        let is_alone = places.get(&id) == Some(&1);
        (!(is_same && is_alone)).then(|| (chunk.id, text.to_owned()))
    };
    chunks.iter().filter_map(of_other_text).collect()
}

/// What changed while a version was done is done again; what is no longer wanted leaves nothing in the indexes.
async fn remove_unless_wanted(
    ctx: &IngestContext,
    entries: &VersionEntries,
    generation: GenerationId,
    version: VersionId,
) -> Result<()> {
    let knowledge_base = ctx.documents.knowledge_base(entries.document.knowledge_base).await?;
    let is_changing =
        knowledge_base.is_some_and(|k| k.generation == generation || k.next_generation == Some(generation));
    if is_changing && resend_document::is_current(ctx, version).await? {
        return Ok(());
    }
    let writes = Writes::begin(ctx, generation);
    tokio::try_join!(ctx.vectors.remove(generation, version), ctx.keywords.remove(generation, version))?;
    writes.flush(ctx).await
}

#[cfg(test)]
mod tests;
