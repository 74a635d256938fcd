//! Removes a version's entries from both indexes: it retired, was deleted, or another generation answers.

use footnote_core::Result;
use footnote_core::document::VersionState;
use footnote_core::ids::{GenerationId, VersionId};
use footnote_core::job::{JobKind, NewJob};

use super::Outcome;
use crate::context::IngestContext;
use crate::entries::Writes;
use crate::progress::Progress;

/// Nothing depends on when it runs: SQL has hidden the version already. A version that is wanted
/// after all (its content came back) is left alone.
pub async fn run(
    ctx: &IngestContext,
    version: VersionId,
    generation: GenerationId,
    progress: &Progress,
) -> Result<Outcome> {
    progress.stage("sweeping", 1);
    let row = ctx.documents.generations().await?.into_iter().find(|g| g.id == generation);
    let Some(row) = row else {
        return Ok(Outcome::Done);
    };
    tokio::try_join!(ctx.vectors.ensure(&row), ctx.keywords.ensure(&row))?;
    let writes = Writes::begin(ctx, generation);
    remove_unwanted(ctx, version, generation).await?;
    writes.flush(ctx).await?;
    ctx.documents.forget_swept(version, generation).await?;
    progress.advance(1);
    Ok(Outcome::Done)
}

/// Removes what no row owns. A failed version may be tried again at any moment: who began while it was
/// being removed is sent to the indexes once more, behind its job.
pub(super) async fn remove_unwanted(
    ctx: &IngestContext,
    version: VersionId,
    generation: GenerationId,
) -> Result<()> {
    if is_wanted(ctx, version, generation).await? {
        return Ok(());
    }
    let removed =
        tokio::try_join!(ctx.vectors.remove(generation, version), ctx.keywords.remove(generation, version));
    // One of both may have removed it where the other failed: who began meanwhile is looked for first.
    if is_wanted(ctx, version, generation).await? {
        send_again(ctx, version).await?;
    }
    removed.map(drop)
}

/// Queues what sends a version's document to the indexes once more.
async fn send_again(ctx: &IngestContext, version: VersionId) -> Result<()> {
    let Some(row) = ctx.documents.version(version).await? else {
        return Ok(());
    };
    let Some(document) = ctx.documents.document(row.document).await? else {
        return Ok(());
    };
    let now = ctx.clock.now();
    let kind = JobKind::ResendDocument { document: document.id };
    let job = NewJob { kind, knowledge_base: Some(document.knowledge_base), run_at: now };
    ctx.jobs.enqueue(job, now).await.map(drop)
}

/// Whether a generation's indexes may rightly hold the version: it is being indexed, or it is current, and the
/// generation answers or is about to.
async fn is_wanted(ctx: &IngestContext, version: VersionId, generation: GenerationId) -> Result<bool> {
    if !ctx.documents.pending_among(&[version]).await?.is_empty() {
        return Ok(true);
    }
    let Some(row) = ctx.documents.version(version).await? else {
        return Ok(false);
    };
    if row.state != VersionState::Current {
        return Ok(false);
    }
    let Some(document) = ctx.documents.document(row.document).await? else {
        return Ok(false);
    };
    let knowledge_base = ctx.documents.knowledge_base(document.knowledge_base).await?;
    Ok(knowledge_base.is_some_and(|k| k.generation == generation || k.next_generation == Some(generation)))
}
