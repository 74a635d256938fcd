//! The seam of the durable queue.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{ListRequest, Listing};
use crate::Result;
use crate::ids::{JobId, KnowledgeBaseId};
use crate::job::{Job, JobProgress, JobState, Lease, LeaseState, NewJob, RetryPolicy};

/// The durable queue.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Queues a job. Where one of the same kind and payload is still queued, that one is returned.
    async fn enqueue(&self, job: NewJob, now: DateTime<Utc>) -> Result<Job>;
    /// Takes the oldest job that is due, free, and whose exclusive key nobody holds; upkeep only
    /// where there is nothing else. An expired
    /// lease counts as free; a job that expired `max_attempts` times is failed instead.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_for: Duration,
        retry: RetryPolicy,
    ) -> Result<Option<(Job, Lease)>>;
    /// Renews the lease and stores the progress.
    async fn heartbeat(
        &self,
        lease: Lease,
        progress: &JobProgress,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<LeaseState>;
    /// Ends the job. Conflict where the lease is lost. Harmless where it has already succeeded
    /// under this lease.
    async fn succeed(&self, lease: Lease, now: DateTime<Utc>) -> Result<()>;
    /// Ends this run: queued again at `retry_at`, or failed for good.
    async fn fail(
        &self,
        lease: Lease,
        error: &str,
        retry_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()>;
    /// Gives the job back, because the service stops or something else goes first: queued for `run_at` as if this
    /// run had never begun.
    async fn hand_back(&self, lease: Lease, run_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<()>;
    /// Ends the run as cancelled.
    async fn cancelled(&self, lease: Lease, now: DateTime<Utc>) -> Result<()>;
    /// Asks for cancellation: a queued job is cancelled now, a running one at its next heartbeat.
    async fn cancel(&self, id: JobId, now: DateTime<Utc>) -> Result<Option<Job>>;
    /// Queues a failed or cancelled job again with fresh attempts. Conflict in any other state.
    async fn retry(&self, id: JobId, now: DateTime<Utc>) -> Result<Option<Job>>;
    /// One job.
    async fn job(&self, id: JobId) -> Result<Option<Job>>;
    /// Jobs, of one knowledge base or of all.
    async fn jobs(
        &self,
        knowledge_base: Option<KnowledgeBaseId>,
        state: Option<JobState>,
        list: ListRequest,
    ) -> Result<Listing<Job>>;
    /// How many jobs are queued or running.
    async fn unfinished(&self) -> Result<u64>;
}
