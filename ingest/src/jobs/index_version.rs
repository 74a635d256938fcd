//! Indexes a pending version, where there is still reason to.

use footnote_core::Result;
use footnote_core::document::VersionState;
use footnote_core::ids::{DocumentId, VersionId};
use footnote_core::job::Lease;

use super::Outcome;
use crate::context::IngestContext;
use crate::pipeline;
use crate::progress::Progress;

/// Does nothing for a document that was deleted or a version that is past being pending.
pub async fn run(
    ctx: &IngestContext,
    lease: Lease,
    document: DocumentId,
    version: VersionId,
    progress: &Progress,
) -> Result<Outcome> {
    let Some(document) = ctx.documents.document(document).await? else {
        return Ok(Outcome::Done);
    };
    let Some(version) = ctx.documents.version(version).await? else {
        return Ok(Outcome::Done);
    };
    match version.state {
        // A failed version's job runs only when somebody asked to try again.
        VersionState::Pending | VersionState::Failed => {}
        VersionState::Current | VersionState::Retired => return Ok(Outcome::Done),
    }
    let key = document.key.clone();
    let facts = pipeline::index_version(ctx, lease, document, &version, progress).await?;
    tracing::info!(
        document.key = %key,
        version.id = %version.id,
        version.pages = facts.pages,
        version.chunks = facts.chunks,
        version.embedded = facts.embedded,
        version.warnings = facts.warnings.len(),
        "document version is current"
    );
    Ok(Outcome::Ended)
}
