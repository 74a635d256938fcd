//! Removes what nothing names any more: files, chunk rows with their edits, and cached vectors of deleted documents;
//! and their texts from what was made of them.

use chrono::TimeDelta;
use footnote_core::Result;
use footnote_core::ids::WorkspaceId;
use footnote_core::ports::ListRequest;

use super::Outcome;
use crate::context::IngestContext;
use crate::progress::Progress;

/// Younger files stay: an upload stores its file first and the row that names it after.
const YOUNG: TimeDelta = TimeDelta::days(1);

/// May be interrupted anywhere: what was not removed is found again by the next run.
pub async fn run(ctx: &IngestContext, progress: &Progress) -> Result<Outcome> {
    progress.stage("collecting", 0);
    // A version that is indexed now has files that its row does not name yet. It is asked for before
    // the named ones are: should it become current in between, it is among those.
    let young = ctx.clock.now() - YOUNG;
    let before = ctx.documents.oldest_pending().await?.map_or(young, |stored| stored.min(young));
    let named = ctx.documents.named_blobs().await?;
    let first = ListRequest { after: None, limit: 1 };
    let bases = ctx.documents.knowledge_bases(WorkspaceId::DEFAULT, first).await?;
    // A database without a knowledge base beside files is more likely the wrong database (lost, or a
    // backup restored in the wrong order) than that of a service in which everything was deleted.
    let is_anothers = named.is_empty() && bases.items.is_empty();
    let files = if is_anothers { 0 } else { ctx.blobs.collect(named, before).await? };
    let chunks = ctx.documents.prune_chunks().await?;
    let vectors = ctx.documents.prune_vectors().await?;
    let forgotten = ctx.documents.forget_deleted(young, ctx.clock.now()).await?;
    tracing::info!(
        garbage.files = files,
        garbage.chunks = chunks,
        garbage.vectors = vectors,
        garbage.forgotten = forgotten,
        "garbage collected"
    );
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests;
