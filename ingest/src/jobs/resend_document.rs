//! Sends a current version's entries to both indexes again: what they say of the document has changed.

use std::sync::Arc;

use footnote_core::ids::{DocumentId, GenerationId, VersionId};
use footnote_core::knowledge_base::Generation;
use footnote_core::{Error, Result};

use super::Outcome;
use crate::chunk::ChunkBudget;
use crate::context::IngestContext;
use crate::entries::{self, Targets, VersionEntries, Writes, title_of};
use crate::progress::Progress;

/// Entries keep their ids, so the old ones are replaced one by one and the document is found all the
/// time. The vectors are the known ones: what is embedded stays as it was until the content changes.
pub async fn run(ctx: &IngestContext, document: DocumentId, progress: &Progress) -> Result<Outcome> {
    let Some(document) = ctx.documents.document(document).await? else {
        return Ok(Outcome::Done);
    };
    // Before a first version is current, the job that makes it so reads what is new by itself.
    let Some(version) = document.current else {
        return Ok(Outcome::Done);
    };
    let Some(knowledge_base) = ctx.documents.knowledge_base(document.knowledge_base).await? else {
        return Ok(Outcome::Done);
    };
    resend(ctx, knowledge_base.generation, version, progress).await?;
    // What is to be done anew there has no rows now.
    if let Some(next) = knowledge_base.next_generation
        && !ctx.documents.chunks(version, next).await?.is_empty()
    {
        resend(ctx, next, version, progress).await?;
    }
    Ok(Outcome::Done)
}

async fn resend(
    ctx: &IngestContext,
    generation: GenerationId,
    version: VersionId,
    progress: &Progress,
) -> Result<()> {
    let generation = ctx.generation(generation).await?;
    tokio::try_join!(ctx.vectors.ensure(&generation), ctx.keywords.ensure(&generation))?;
    let writes = Writes::begin(ctx, generation.id);
    send(ctx, &generation, version, Targets::BOTH, progress).await?;
    writes.flush(ctx).await
}

/// Writes the entries of a version that is current; false where it is not. Should it stop being so
/// meanwhile, what was written is removed again: its sweep may have come before.
pub(super) async fn send(
    ctx: &IngestContext,
    generation: &Generation,
    version: VersionId,
    targets: Targets,
    progress: &Progress,
) -> Result<bool> {
    let Some(entries) = load(ctx, generation, version).await? else {
        return Ok(false);
    };
    let chunks = ctx.documents.chunks(version, generation.id).await?;
    progress.stage("indexing", chunks.len() as u64);
    entries::write(ctx, &entries, &chunks, targets, progress).await?;
    if is_current(ctx, version).await? {
        return Ok(true);
    }
    tokio::try_join!(
        ctx.vectors.remove(generation.id, version),
        ctx.keywords.remove(generation.id, version)
    )?;
    Ok(false)
}

/// Whether the version answers questions now.
pub(super) async fn is_current(ctx: &IngestContext, version: VersionId) -> Result<bool> {
    let Some(row) = ctx.documents.version(version).await? else {
        return Ok(false);
    };
    let document = ctx.documents.document(row.document).await?;
    Ok(document.is_some_and(|d| d.current == Some(version)))
}

pub(crate) async fn load(
    ctx: &IngestContext,
    generation: &Generation,
    version: VersionId,
) -> Result<Option<VersionEntries>> {
    let Some(row) = ctx.documents.version(version).await? else {
        return Ok(None);
    };
    let document = ctx.documents.document(row.document).await?;
    let Some(document) = document.filter(|d| d.current == Some(version)) else {
        return Ok(None);
    };
    let (text, parsed) =
        tokio::try_join!(ctx.documents.canonical_text(version), ctx.documents.parsed(version))?;
    let (Some(text), Some(parsed)) = (text, parsed) else {
        return Err(Error::corrupt(format!("the text of {} ({version}) is missing", document.key)));
    };
    let embedder = ctx.embedder_of(generation)?;
    Ok(Some(VersionEntries {
        title: title_of(&document, &parsed),
        document: Arc::new(document),
        text,
        parsed,
        generation: generation.id,
        budget: ChunkBudget::new(&generation.spec.chunker, embedder.max_tokens())?,
        embedder,
    }))
}

#[cfg(test)]
mod tests;
