//! Durable jobs: slow work is a leased row, safe to run twice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, ErrorKind};
use crate::ids::{DocumentId, GenerationId, JobId, KnowledgeBaseId, RunId, SourceId, VersionId};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobKind {
    /// Parse, chunk, embed and index a pending version, then make it current.
    IndexVersion {
        /// The document.
        document: DocumentId,
        /// The version.
        version: VersionId,
    },
    /// Have a model write about a current version, and questions that its chunks answer.
    EnrichVersion {
        /// The document.
        document: DocumentId,
        /// The version.
        version: VersionId,
        /// The first chunk that is still to be asked about.
        from: u32,
    },
    /// Send a document's current entries to both indexes again, after its title or metadata changed.
    ResendDocument {
        /// The document.
        document: DocumentId,
    },
    /// Cut and index the current versions of a knowledge base for the generation that it changes to, then flip to it.
    RechunkDocuments {
        /// The knowledge base.
        knowledge_base: KnowledgeBaseId,
        /// The generation that it changes to.
        generation: GenerationId,
    },
    /// Remove a retired or deleted version's entries from both indexes.
    SweepVersion {
        /// The version.
        version: VersionId,
        /// The generation to sweep.
        generation: GenerationId,
    },
    /// Remove what nothing names any more: files, chunk rows, cached vectors.
    CollectGarbage,
    /// Compare a source with what is indexed and queue what differs.
    RefreshSource {
        /// The source.
        source: SourceId,
        /// The row of its history that this run fills.
        run: RunId,
    },
    /// Compare SQL with both indexes in both directions and repair.
    Reconcile {
        /// The generation.
        generation: GenerationId,
    },
}

impl JobKind {
    /// The name stored in SQL and shown by the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::IndexVersion { .. } => "index_version",
            Self::EnrichVersion { .. } => "enrich_version",
            Self::ResendDocument { .. } => "resend_document",
            Self::RechunkDocuments { .. } => "rechunk_documents",
            Self::SweepVersion { .. } => "sweep_version",
            Self::CollectGarbage => "collect_garbage",
            Self::RefreshSource { .. } => "refresh_source",
            Self::Reconcile { .. } => "reconcile",
        }
    }

    /// Whether it is upkeep that nobody waits for: other jobs go first.
    pub fn is_upkeep(&self) -> bool {
        match self {
            Self::EnrichVersion { .. }
            | Self::RechunkDocuments { .. }
            | Self::SweepVersion { .. }
            | Self::Reconcile { .. }
            | Self::CollectGarbage => true,
            Self::IndexVersion { .. } | Self::ResendDocument { .. } | Self::RefreshSource { .. } => false,
        }
    }

    /// Jobs with the same key never run at the same time.
    pub fn exclusive_key(&self) -> String {
        match self {
            Self::IndexVersion { document, .. } | Self::ResendDocument { document } => {
                format!("document:{document}")
            }
            // One model does it all, and a worker must be left to what somebody waits for.
            Self::EnrichVersion { .. } => "enrichment".to_owned(),
            Self::RechunkDocuments { knowledge_base, .. } => format!("rechunking:{knowledge_base}"),
            Self::SweepVersion { version, .. } => format!("sweep:{version}"),
            Self::CollectGarbage => "garbage".to_owned(),
            Self::RefreshSource { source, .. } => format!("source:{source}"),
            Self::Reconcile { generation } => format!("generation:{generation}"),
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its time and a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Done.
    Succeeded,
    /// Gave up; `error` says why. Can be retried by hand.
    Failed,
    /// Cancelled by somebody.
    Cancelled,
}

impl JobState {
    /// The name stored in SQL and shown by the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The inverse of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|s| s.name() == name)
    }

    /// Whether nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// How far a job has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobProgress {
    /// The step: `parsing`, `embedding`, `indexing`…
    pub stage: String,
    /// Units done of this stage.
    pub done: u64,
    /// Units in all; 0 while unknown.
    pub total: u64,
}

/// A job to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// What is to be done.
    pub kind: JobKind,
    /// Whose it is; `None` for the service's own upkeep.
    pub knowledge_base: Option<KnowledgeBaseId>,
    /// Not before this.
    pub run_at: DateTime<Utc>,
}

/// A job row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What is to be done.
    pub kind: JobKind,
    /// Whose it is.
    pub knowledge_base: Option<KnowledgeBaseId>,
    /// Where it stands.
    pub state: JobState,
    /// Runs begun so far.
    pub attempts: u32,
    /// How far it has come.
    pub progress: JobProgress,
    /// Why the last run failed.
    pub error: Option<String>,
    /// Not before this.
    pub run_at: DateTime<Utc>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
    /// When it came to its end.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Proof that this worker, and no other, holds the job now. Every write of a run is fenced by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// A fresh token per claim.
    pub token: Uuid,
}

/// What a heartbeat learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// Go on.
    Held,
    /// Somebody asked to cancel; stop soon.
    CancelRequested,
    /// The lease expired and is another's; stop now and write nothing.
    Lost,
}

/// When and how often a failed run is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Runs at the most.
    pub max_attempts: u32,
    /// Runs at the most where the last one timed out: such a run held its worker for all the time there is.
    pub max_attempts_timed_out: u32,
    /// Wait after the first failure; doubles each time.
    pub first_backoff: Duration,
    /// Longest wait.
    pub max_backoff: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            max_attempts_timed_out: 2,
            first_backoff: Duration::from_secs(2),
            max_backoff: Duration::from_secs(600),
        }
    }
}

impl RetryPolicy {
    /// Wait before the next run after `attempts` failed ones, the last of which with `error`; `None` when it is time to
    /// give up.
    pub fn backoff(&self, attempts: u32, error: &Error) -> Option<Duration> {
        let most = match error.kind() {
            ErrorKind::TimedOut => self.max_attempts.min(self.max_attempts_timed_out),
            _ => self.max_attempts,
        };
        if !error.is_retryable() || attempts >= most {
            return None;
        }
        let doublings = attempts.saturating_sub(1).min(20);
        Some(self.first_backoff.saturating_mul(1 << doublings).min(self.max_backoff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_to_a_cap_and_then_gives_up() {
        let policy =
            RetryPolicy { max_attempts: 4, max_backoff: Duration::from_secs(5), ..RetryPolicy::default() };
        let waits = |error: &Error| -> Vec<Option<u64>> {
            (1..=4).map(|n| policy.backoff(n, error).map(|wait| wait.as_secs())).collect()
        };
        assert_eq!(waits(&Error::unavailable("away")), [Some(2), Some(4), Some(5), None]);
        assert_eq!(waits(&Error::timed_out("asleep")), [Some(2), None, None, None]);
        assert_eq!(waits(&Error::invalid("damaged")), [None; 4]);
    }
}
