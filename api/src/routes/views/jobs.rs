//! Jobs.

use chrono::{DateTime, Utc};
use footnote_core::job::{Job, JobKind, JobProgress, JobState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStateView {
    /// Waits for its time and a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// Done.
    Succeeded,
    /// Gave up; `error` says why. Can be retried.
    Failed,
    /// Cancelled by somebody.
    Cancelled,
}

impl From<JobState> for JobStateView {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued => Self::Queued,
            JobState::Running => Self::Running,
            JobState::Succeeded => Self::Succeeded,
            JobState::Failed => Self::Failed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<JobStateView> for JobState {
    fn from(state: JobStateView) -> Self {
        match state {
            JobStateView::Queued => Self::Queued,
            JobStateView::Running => Self::Running,
            JobStateView::Succeeded => Self::Succeeded,
            JobStateView::Failed => Self::Failed,
            JobStateView::Cancelled => Self::Cancelled,
        }
    }
}

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgressView {
    /// The step.
    #[schema(example = "embedding")]
    pub stage: String,
    /// Units done of this step.
    pub done: u64,
    /// Units in all; 0 while unknown.
    pub total: u64,
}

impl From<&JobProgress> for ProgressView {
    fn from(progress: &JobProgress) -> Self {
        Self { stage: progress.stage.clone(), done: progress.done, total: progress.total }
    }
}

/// A job: durable, retried with growing pauses, safe to run twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobView {
    /// Its id.
    pub id: Uuid,
    /// `index_version`, `rechunk_documents`, `sweep_version`, `refresh_source`, `reconcile` and others.
    #[schema(example = "index_version")]
    pub kind: String,
    /// Whose it is; null for the service's own upkeep.
    pub knowledge_base: Option<Uuid>,
    /// The document it is about.
    pub document: Option<Uuid>,
    /// The version it is about.
    pub version: Option<Uuid>,
    /// The source it is about.
    pub source: Option<Uuid>,
    /// Where it stands.
    pub state: JobStateView,
    /// Runs begun so far; of `rechunk_documents`, since a document was done last.
    pub attempts: u32,
    /// How far it has come.
    pub progress: ProgressView,
    /// Why the last run failed.
    pub error: Option<String>,
    /// Not before this.
    pub run_at: DateTime<Utc>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it came to its end.
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<&Job> for JobView {
    fn from(job: &Job) -> Self {
        let (document, version, source) = match &job.kind {
            JobKind::IndexVersion { document, version } => (Some(document.0), Some(version.0), None),
            JobKind::EnrichVersion { document, version, .. } => (Some(document.0), Some(version.0), None),
            JobKind::ResendDocument { document } => (Some(document.0), None, None),
            JobKind::SweepVersion { version, .. } => (None, Some(version.0), None),
            JobKind::RefreshSource { source, .. } => (None, None, Some(source.0)),
            JobKind::RechunkDocuments { .. } | JobKind::CollectGarbage | JobKind::Reconcile { .. } => {
                (None, None, None)
            }
        };
        Self {
            id: job.id.0,
            kind: job.kind.name().to_owned(),
            knowledge_base: job.knowledge_base.map(|kb| kb.0),
            document,
            version,
            source,
            state: job.state.into(),
            attempts: job.attempts,
            progress: (&job.progress).into(),
            error: job.error.clone(),
            run_at: job.run_at,
            created_at: job.created_at,
            updated_at: job.updated_at,
            finished_at: job.finished_at,
        }
    }
}
