//! The durable queue: leases, fencing, backoff, cancellation.
//!
//! A running row belongs to whoever holds its token. A holder whose lease expired keeps the row
//! until somebody claims it, or claims another job under the same exclusive key; then its token
//! is gone and each of its writes is refused.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use footnote_core::ids::{JobId, KnowledgeBaseId, VersionId};
use footnote_core::job::{Job, JobKind, JobProgress, JobState, Lease, LeaseState, NewJob, RetryPolicy};
use footnote_core::ports::{JobQueue, ListRequest, Listing, VersionFailure};
use footnote_core::{Error, Result};
use sqlx::QueryBuilder;

use super::{BATCH, SqliteStore, Tx, claim, commit, job_rows, lifecycle, rechunking, runs, sources};
use crate::rows::{Doing as _, Fields, Page, integer, micros};

#[async_trait]
impl JobQueue for SqliteStore {
    async fn enqueue(&self, job: NewJob, now: DateTime<Utc>) -> Result<Job> {
        let mut tx = self.write().await?;
        let job = job_rows::queued_once(&mut tx, job, now).await?;
        commit(tx).await?;
        Ok(job)
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_for: Duration,
        retry: RetryPolicy,
    ) -> Result<Option<(Job, Lease)>> {
        let mut tx = self.write().await?;
        claim::end_hopeless(&mut tx, now, retry).await?;
        let claimed = match claim::next_free(&mut tx, now).await? {
            Some(id) => Some(claim::take(&mut tx, id, now, lease_for).await?),
            None => None,
        };
        commit(tx).await?;
        Ok(claimed)
    }

    async fn heartbeat(
        &self,
        lease: Lease,
        progress: &JobProgress,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<LeaseState> {
        let cancel_requested: Option<i64> = sqlx::query_scalar(
            "UPDATE jobs SET lease_expires_at = ?3, stage = ?4, done = ?5, total = ?6, updated_at = ?7 \
             WHERE id = ?1 AND lease_token = ?2 AND state = 'running' RETURNING cancel_requested",
        )
        .bind(lease.job.0)
        .bind(lease.token)
        .bind(claim::expiry(now, lease_for))
        .bind(&progress.stage)
        .bind(integer(progress.done)?)
        .bind(integer(progress.total)?)
        .bind(micros(now))
        .fetch_optional(&self.writer)
        .await
        .doing("renew the lease")?;
        Ok(match cancel_requested {
            None => LeaseState::Lost,
            Some(0) => LeaseState::Held,
            Some(_) => LeaseState::CancelRequested,
        })
    }

    async fn succeed(&self, lease: Lease, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.write().await?;
        if has_succeeded_under(&mut tx, lease).await? {
            return Ok(());
        }
        fence(&mut tx, lease).await?;
        end(&mut tx, lease.job, JobState::Succeeded, None, now).await?;
        commit(tx).await
    }

    async fn fail(
        &self,
        lease: Lease,
        error: &str,
        retry_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let cancel_requested = fence(&mut tx, lease).await?;
        match retry_at {
            None => end(&mut tx, lease.job, JobState::Failed, Some(error), now).await?,
            Some(_) if cancel_requested => {
                end(&mut tx, lease.job, JobState::Cancelled, Some(error), now).await?;
            }
            Some(at) => queue_again(&mut tx, lease.job, error, at, now).await?,
        }
        commit(tx).await
    }

    async fn hand_back(&self, lease: Lease, run_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.write().await?;
        let cancel_requested = fence(&mut tx, lease).await?;
        if cancel_requested {
            end(&mut tx, lease.job, JobState::Cancelled, None, now).await?;
            return commit(tx).await;
        }
        sqlx::query(
            "UPDATE jobs SET state = 'queued', attempts = max(attempts - 1, 0), run_at = ?2, stage = '', done = 0, \
             total = 0, lease_token = NULL, lease_expires_at = NULL, updated_at = ?3 WHERE id = ?1",
        )
        .bind(lease.job.0)
        .bind(micros(run_at))
        .bind(micros(now))
        .execute(&mut *tx)
        .await
        .doing("give the job back")?;
        commit(tx).await
    }

    async fn cancelled(&self, lease: Lease, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.write().await?;
        fence(&mut tx, lease).await?;
        end(&mut tx, lease.job, JobState::Cancelled, None, now).await?;
        commit(tx).await
    }

    async fn cancel(&self, id: JobId, now: DateTime<Utc>) -> Result<Option<Job>> {
        let mut tx = self.write().await?;
        let Some(job) = find(&mut tx, id).await? else {
            return Ok(None);
        };
        match job.state {
            JobState::Queued => end(&mut tx, id, JobState::Cancelled, None, now).await?,
            JobState::Running => request_cancel(&mut tx, id, now).await?,
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => return Ok(Some(job)),
        }
        let job = find(&mut tx, id).await?;
        commit(tx).await?;
        Ok(job)
    }

    async fn retry(&self, id: JobId, now: DateTime<Utc>) -> Result<Option<Job>> {
        let mut tx = self.write().await?;
        let Some(job) = find(&mut tx, id).await? else {
            return Ok(None);
        };
        if !matches!(job.state, JobState::Failed | JobState::Cancelled) {
            return Err(Error::conflict(format!(
                "the job is {}; only a failed or cancelled job can be retried",
                job.state.name()
            )));
        }
        reopen(&mut tx, &job, now).await?;
        let job = find(&mut tx, id).await?;
        commit(tx).await?;
        Ok(job)
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>> {
        let row = sqlx::query("SELECT * FROM jobs WHERE id = ?1")
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await
            .doing("read the job")?;
        row.as_ref().map(job_rows::job).transpose()
    }

    async fn jobs(
        &self,
        knowledge_base: Option<KnowledgeBaseId>,
        state: Option<JobState>,
        list: ListRequest,
    ) -> Result<Listing<Job>> {
        let page = Page::of(&list);
        // Two statements, so that each walks its own index.
        let statement = match knowledge_base {
            Some(_) => {
                "SELECT * FROM jobs WHERE knowledge_base = ?2 AND id < ?1 AND (?3 IS NULL OR state = ?3) \
                 ORDER BY id DESC LIMIT ?4"
            }
            None => {
                "SELECT * FROM jobs WHERE ?2 IS NULL AND id < ?1 AND (?3 IS NULL OR state = ?3) \
                 ORDER BY id DESC LIMIT ?4"
            }
        };
        let rows = sqlx::query(statement)
            .bind(page.before)
            .bind(knowledge_base.map(|k| k.0))
            .bind(state.map(JobState::name))
            .bind(page.fetch)
            .fetch_all(&self.readers)
            .await
            .doing("list the jobs")?;
        page.listing(&rows, job_rows::job, |job| job.id.0)
    }

    async fn unfinished(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")
            .fetch_one(&self.readers)
            .await
            .doing("count the unfinished jobs")?;
        u64::try_from(count).map_err(|_| Error::corrupt("the number of jobs is negative"))
    }
}

/// Fails unless the lease still holds; tells whether cancelling was asked for. Every write of a
/// run passes here first, in its own transaction.
pub(super) async fn fence(tx: &mut Tx, lease: Lease) -> Result<bool> {
    let cancel_requested: Option<i64> = sqlx::query_scalar(
        "SELECT cancel_requested FROM jobs WHERE id = ?1 AND lease_token = ?2 AND state = 'running'",
    )
    .bind(lease.job.0)
    .bind(lease.token)
    .fetch_optional(&mut **tx)
    .await
    .doing("check the lease")?;
    match cancel_requested {
        Some(flag) => Ok(flag != 0),
        None => Err(Error::conflict(format!("the lease of job {} is lost; write nothing more", lease.job))),
    }
}

/// Whether the end that is about to be told was told before.
pub(super) async fn has_succeeded_under(tx: &mut Tx, lease: Lease) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM jobs WHERE id = ?1 AND lease_token = ?2 AND state = 'succeeded'")
            .bind(lease.job.0)
            .bind(lease.token)
            .fetch_optional(&mut **tx)
            .await
            .doing("check the lease")?;
    Ok(found.is_some())
}

/// Notes that the run brought its job on for good: what counts against the job are runs since then.
pub(super) async fn note_progress(tx: &mut Tx, id: JobId) -> Result<()> {
    sqlx::query("UPDATE jobs SET attempts = 1, interruptions = 0 WHERE id = ?1")
        .bind(id.0)
        .execute(&mut **tx)
        .await
        .doing("note the job's progress")?;
    Ok(())
}

/// Brings a job to its end, and with it what waits for it: a version must not stay pending for
/// ever, nor a run open.
pub(super) async fn end(
    tx: &mut Tx,
    id: JobId,
    state: JobState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = sqlx::query(
        "UPDATE jobs SET state = ?2, error = ?3, lease_expires_at = NULL, updated_at = ?4, finished_at = ?4 \
         WHERE id = ?1 RETURNING payload, attempts",
    )
    .bind(id.0)
    .bind(state.name())
    .bind(error)
    .bind(micros(now))
    .fetch_one(&mut **tx)
    .await
    .doing("end the job")?;
    let fields = Fields::of(&row, "job");
    match fields.json("payload")? {
        kind @ JobKind::IndexVersion { document, version } if state != JobState::Succeeded => {
            // What fails by its content fails at the first attempt, and is not tried a second time.
            let may_retry = state == JobState::Cancelled || fields.number::<u32>("attempts")? > 1;
            let reason = error.unwrap_or("indexing was cancelled; retry the job").to_owned();
            let failure = VersionFailure { reason, may_retry };
            if give_up_version(tx, &kind, version, &failure, now).await? {
                lifecycle::clear_up_after(tx, document, version, now).await?;
            }
            Ok(())
        }
        JobKind::RefreshSource { run, .. } => runs::close(tx, run, state, error, now).await,
        JobKind::RechunkDocuments { knowledge_base, generation } if state == JobState::Cancelled => {
            rechunking::cancelled(tx, knowledge_base, generation, now).await
        }
        JobKind::IndexVersion { .. }
        | JobKind::EnrichVersion { .. }
        | JobKind::ResendDocument { .. }
        | JobKind::RechunkDocuments { .. }
        | JobKind::SweepVersion { .. }
        | JobKind::CollectGarbage
        | JobKind::Reconcile { .. } => Ok(()),
    }
}

/// True where nobody indexes the version any more and it was not retired.
async fn give_up_version(
    tx: &mut Tx,
    job: &JobKind,
    version: VersionId,
    failure: &VersionFailure,
    now: DateTime<Utc>,
) -> Result<bool> {
    let row = sqlx::query(
        "SELECT v.state AS state, EXISTS (SELECT 1 FROM jobs j WHERE j.exclusive_key = ?2 AND j.payload = ?3 \
         AND j.state IN ('queued', 'running')) AS has_other_job FROM versions v WHERE v.id = ?1",
    )
    .bind(version.0)
    .bind(job.exclusive_key())
    .bind(job_rows::payload(job)?)
    .fetch_optional(&mut **tx)
    .await
    .doing("read the job's version")?;
    let Some(row) = row else { return Ok(false) };
    let fields = Fields::of(&row, "document version");
    match fields.text("state")?.as_str() {
        // It was retired under the worker's hands, which may have written entries after the sweep.
        "retired" => lifecycle::sweep(tx, version, now).await.map(|()| false),
        _ if fields.flag("has_other_job")? => Ok(false),
        _ => lifecycle::mark_failed(tx, version, failure).await.map(|()| true),
    }
}

async fn queue_again(
    tx: &mut Tx,
    id: JobId,
    error: &str,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE jobs SET state = 'queued', error = ?2, run_at = ?3, lease_token = NULL, \
         lease_expires_at = NULL, updated_at = ?4 WHERE id = ?1",
    )
    .bind(id.0)
    .bind(error)
    .bind(micros(at))
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .doing("queue the job again")?;
    Ok(())
}

/// Queues an ended job with fresh attempts, unless its work has become pointless.
pub(super) async fn reopen(tx: &mut Tx, job: &Job, now: DateTime<Utc>) -> Result<()> {
    match job.kind {
        JobKind::IndexVersion { version, .. } => {
            if !lifecycle::is_wanted(tx, version).await? {
                return Err(Error::conflict(
                    "the job's document was deleted or has newer content; there is nothing to retry",
                ));
            }
            lifecycle::reopen(tx, version, now).await?;
        }
        JobKind::RefreshSource { source, run } => {
            if sources::live(tx, source).await?.is_none() {
                return Err(Error::conflict("the job's source was deleted; there is nothing to retry"));
            }
            sqlx::query("UPDATE runs SET finished_at = NULL, report = NULL WHERE id = ?1")
                .bind(run.0)
                .execute(&mut **tx)
                .await
                .doing("open the run again")?;
        }
        JobKind::RechunkDocuments { knowledge_base, generation } => {
            if !rechunking::is_wanted(tx, knowledge_base, generation).await? {
                return Err(Error::conflict(
                    "the change that the job was for was given up; ask for it again at the knowledge base",
                ));
            }
        }
        JobKind::EnrichVersion { .. }
        | JobKind::ResendDocument { .. }
        | JobKind::SweepVersion { .. }
        | JobKind::CollectGarbage
        | JobKind::Reconcile { .. } => {}
    }
    sqlx::query(
        "UPDATE jobs SET state = 'queued', attempts = 0, interruptions = 0, error = NULL, stage = '', done = 0, total = 0, \
         cancel_requested = 0, lease_token = NULL, lease_expires_at = NULL, run_at = ?2, updated_at = ?2, \
         finished_at = NULL WHERE id = ?1",
    )
    .bind(job.id.0)
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .doing("queue the job again")?;
    Ok(())
}

async fn request_cancel(tx: &mut Tx, id: JobId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE jobs SET cancel_requested = 1, updated_at = ?2 WHERE id = ?1")
        .bind(id.0)
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("ask the job to stop")?;
    Ok(())
}

async fn find(tx: &mut Tx, id: JobId) -> Result<Option<Job>> {
    let row = sqlx::query("SELECT * FROM jobs WHERE id = ?1")
        .bind(id.0)
        .fetch_optional(&mut **tx)
        .await
        .doing("read the job")?;
    row.as_ref().map(job_rows::job).transpose()
}

/// Cancels the queued and stops the running jobs of this very kind and payload.
pub(super) async fn cancel_all_of(tx: &mut Tx, kind: &JobKind, why: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "UPDATE jobs SET cancel_requested = 1, updated_at = ?4, \
             error = CASE state WHEN 'queued' THEN ?3 ELSE error END, \
             finished_at = CASE state WHEN 'queued' THEN ?4 END, \
             state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END \
         WHERE exclusive_key = ?1 AND payload = ?2 AND state IN ('queued', 'running')",
    )
    .bind(kind.exclusive_key())
    .bind(job_rows::payload(kind)?)
    .bind(why)
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .doing("cancel the jobs")?;
    Ok(())
}

/// Cancels the queued and stops the running jobs under these exclusive keys.
pub(super) async fn cancel_under_keys(
    tx: &mut Tx,
    keys: &[String],
    why: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    for batch in keys.chunks(BATCH) {
        let mut query = QueryBuilder::new("UPDATE jobs SET cancel_requested = 1, updated_at = ");
        query.push_bind(micros(now)).push(", error = CASE state WHEN 'queued' THEN ").push_bind(why);
        query.push(" ELSE error END, finished_at = CASE state WHEN 'queued' THEN ").push_bind(micros(now));
        query.push(" END, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END ");
        query.push("WHERE state IN ('queued', 'running') AND exclusive_key IN (");
        let mut separated = query.separated(", ");
        for key in batch {
            separated.push_bind(key);
        }
        query.push(")");
        query.build().persistent(false).execute(&mut **tx).await.doing("cancel the jobs")?;
    }
    Ok(())
}
