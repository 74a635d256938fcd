//! The jobs, one file each, and what becomes of their results.

use std::time::Duration;

use footnote_core::Result;
use footnote_core::job::{Job, JobKind, Lease};

use crate::context::IngestContext;
use crate::progress::Progress;

pub mod collect_garbage;
pub mod enrich_version;
pub mod index_version;
pub mod rechunk_documents;
pub mod reconcile;
pub mod refresh_source;
pub mod resend_document;
pub mod sweep_version;

/// How a run that went well leaves its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done; the job is still to be ended.
    Done,
    /// The job was ended in the transaction that made its work visible.
    Ended,
    /// Something else goes first; the job is to be run again after this.
    Later(Duration),
}

/// Runs a claimed job. Dropping the future stops it; doing it again is harmless.
pub async fn run(ctx: &IngestContext, job: &Job, lease: Lease, progress: &Progress) -> Result<Outcome> {
    match job.kind {
        JobKind::IndexVersion { document, version } => {
            index_version::run(ctx, lease, document, version, progress).await
        }
        JobKind::EnrichVersion { document, version, from } => {
            enrich_version::run(ctx, document, version, from, progress).await
        }
        JobKind::ResendDocument { document } => resend_document::run(ctx, document, progress).await,
        JobKind::RechunkDocuments { knowledge_base, generation } => {
            rechunk_documents::run(ctx, lease, knowledge_base, generation, progress).await
        }
        JobKind::SweepVersion { version, generation } => {
            sweep_version::run(ctx, version, generation, progress).await
        }
        JobKind::RefreshSource { source, run } => {
            refresh_source::run(ctx, lease, source, run, progress).await
        }
        JobKind::CollectGarbage => collect_garbage::run(ctx, progress).await,
        JobKind::Reconcile { generation } => reconcile::run(ctx, generation, progress).await,
    }
}

/// Ends a job for good with `reason`, and tells so where its subject is shown.
pub async fn give_up(ctx: &IngestContext, job: &Job, lease: Lease, reason: &str) -> Result<()> {
    let now = ctx.clock.now();
    match job.kind {
        JobKind::IndexVersion { version, .. } => {
            ctx.documents.fail_version(lease, version, reason, now).await
        }
        JobKind::RefreshSource { .. }
        | JobKind::EnrichVersion { .. }
        | JobKind::ResendDocument { .. }
        | JobKind::RechunkDocuments { .. }
        | JobKind::SweepVersion { .. }
        | JobKind::CollectGarbage
        | JobKind::Reconcile { .. } => ctx.jobs.fail(lease, reason, None, now).await,
    }
}
