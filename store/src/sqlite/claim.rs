//! Claiming: which job is next, and who may have it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::ids::JobId;
use footnote_core::job::{Job, JobState, Lease, RetryPolicy};
use uuid::Uuid;

use super::{Tx, job_rows, jobs};
use crate::rows::{Doing as _, Fields, micros};

/// Restarts of the service that one job may live through. More likely than not it causes them.
pub(super) const MAX_INTERRUPTIONS: u32 = 20;

/// Ends jobs whose lease expired and that must not run again: asked to be cancelled, or tried or
/// interrupted as often as allowed.
pub(super) async fn end_hopeless(tx: &mut Tx, now: DateTime<Utc>, retry: RetryPolicy) -> Result<()> {
    let rows = sqlx::query(
        "SELECT * FROM jobs WHERE state = 'running' \
         AND lease_expires_at <= ?1 AND (cancel_requested = 1 OR attempts >= ?2 OR interruptions >= ?3)",
    )
    .bind(micros(now))
    .bind(retry.max_attempts)
    .bind(MAX_INTERRUPTIONS)
    .fetch_all(&mut **tx)
    .await
    .doing("look for expired leases")?;
    for row in &rows {
        let fields = Fields::of(row, "job");
        let id = JobId(fields.id("id")?);
        if fields.flag("cancel_requested")? {
            jobs::end(tx, id, JobState::Cancelled, None, now).await?;
            continue;
        }
        let (attempts, interruptions): (u32, u32) =
            (fields.number("attempts")?, fields.number("interruptions")?);
        let error = if interruptions >= MAX_INTERRUPTIONS {
            format!(
                "the service stopped during this job {interruptions} times; see its log, then retry the job by hand"
            )
        } else {
            format!(
                "the worker stopped without a word, and this was run {attempts} of {}; retry it by hand",
                retry.max_attempts
            )
        };
        jobs::end(tx, id, JobState::Failed, Some(&error), now).await?;
    }
    Ok(())
}

/// The first free job of the knowledge base that was served longest ago, `?1` being now and `?2` the urgency of upkeep.
/// Knowledge bases that have jobs are found one after the other by the index that begins with them: of the thousands
/// that one archive may bring to a knowledge base, no more are read than are not free.
pub(super) const BY_TURN: &str = "WITH RECURSIVE waiting(id) AS ( \
         SELECT min(j.knowledge_base) FROM jobs j WHERE j.state IN ('queued', 'running') \
         UNION ALL SELECT (SELECT min(j.knowledge_base) FROM jobs j \
             WHERE j.state IN ('queued', 'running') AND j.knowledge_base > w.id) \
         FROM waiting w WHERE w.id IS NOT NULL) \
     SELECT found.id FROM waiting w CROSS JOIN knowledge_bases k ON k.id = w.id \
     CROSS JOIN jobs found ON found.id = ( \
         SELECT j.id FROM jobs j \
         WHERE j.knowledge_base = w.id AND j.urgency < ?2 AND j.state IN ('queued', 'running') \
         AND ((j.state = 'queued' AND j.run_at <= ?1) OR (j.state = 'running' AND j.lease_expires_at <= ?1)) \
         AND NOT EXISTS (SELECT 1 FROM jobs h WHERE h.exclusive_key = j.exclusive_key \
             AND h.state IN ('queued', 'running') AND h.state = 'running' AND h.lease_expires_at > ?1) \
         ORDER BY j.urgency, j.created_at, j.id LIMIT 1) \
     ORDER BY k.turn, found.urgency, found.created_at, found.id LIMIT 1";

/// The next job that is due, free, and whose exclusive key nobody holds. Knowledge bases take turns; upkeep comes after
/// all others.
pub(super) async fn next_free(tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<JobId>> {
    let id: Option<Uuid> = sqlx::query_scalar(BY_TURN)
        .bind(micros(now))
        .bind(job_rows::UPKEEP)
        .fetch_optional(&mut **tx)
        .await
        .doing("look for a job that is due")?;
    match id {
        Some(id) => Ok(Some(JobId(id))),
        None => oldest_free(tx, now).await,
    }
}

/// The oldest free job, whosever it is.
async fn oldest_free(tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<JobId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "SELECT j.id FROM jobs j WHERE j.state IN ('queued', 'running') \
         AND ((j.state = 'queued' AND j.run_at <= ?1) OR (j.state = 'running' AND j.lease_expires_at <= ?1)) \
         AND NOT EXISTS (SELECT 1 FROM jobs h WHERE h.exclusive_key = j.exclusive_key \
             AND h.state IN ('queued', 'running') AND h.state = 'running' AND h.lease_expires_at > ?1) \
         ORDER BY j.urgency, j.created_at, j.id LIMIT 1",
    )
    .bind(micros(now))
    .fetch_optional(&mut **tx)
    .await
    .doing("look for a job that is due")?;
    Ok(id.map(JobId))
}

pub(super) async fn take(
    tx: &mut Tx,
    id: JobId,
    now: DateTime<Utc>,
    lease_for: Duration,
) -> Result<(Job, Lease)> {
    let lease = Lease { job: id, token: Uuid::new_v4() };
    let row = sqlx::query(
        "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_token = ?2, lease_expires_at = ?3, \
         stage = '', done = 0, total = 0, updated_at = ?4 WHERE id = ?1 RETURNING *",
    )
    .bind(id.0)
    .bind(lease.token)
    .bind(expiry(now, lease_for))
    .bind(micros(now))
    .fetch_one(&mut **tx)
    .await
    .doing("claim the job")?;
    // Whoever let a lease under this key expire must not renew it beside the new holder.
    sqlx::query(
        "UPDATE jobs SET lease_token = NULL WHERE state IN ('queued', 'running') AND state = 'running' \
         AND id <> ?1 AND exclusive_key = (SELECT exclusive_key FROM jobs WHERE id = ?1)",
    )
    .bind(id.0)
    .execute(&mut **tx)
    .await
    .doing("take the exclusive key")?;
    end_turn(tx, id).await?;
    Ok((job_rows::job(&row)?, lease))
}

/// The job's knowledge base is behind all others now; upkeep is nobody's turn.
async fn end_turn(tx: &mut Tx, id: JobId) -> Result<()> {
    sqlx::query(
        "UPDATE knowledge_bases SET turn = 1 + (SELECT max(turn) FROM knowledge_bases) \
         WHERE id = (SELECT knowledge_base FROM jobs WHERE id = ?1 AND urgency < ?2)",
    )
    .bind(id.0)
    .bind(job_rows::UPKEEP)
    .execute(&mut **tx)
    .await
    .doing("end the knowledge base's turn")?;
    Ok(())
}

/// When a lease taken or renewed now ends.
pub(super) fn expiry(now: DateTime<Utc>, lease_for: Duration) -> i64 {
    let lease_for = i64::try_from(lease_for.as_micros()).unwrap_or(i64::MAX);
    micros(now).saturating_add(lease_for)
}
