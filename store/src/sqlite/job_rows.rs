//! Job rows: reading them, and queueing jobs within the transaction that makes them necessary.

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::ids::{DocumentId, JobId, KnowledgeBaseId};
use footnote_core::job::{Job, JobKind, JobProgress, JobState, NewJob};
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use super::{BATCH, Tx};
use crate::rows::{Doing as _, Fields, micros, to_json};

/// Reads all columns of `jobs`.
pub(super) fn job(row: &SqliteRow) -> Result<Job> {
    let fields = Fields::of(row, "job");
    Ok(Job {
        id: JobId(fields.id("id")?),
        kind: fields.json("payload")?,
        knowledge_base: fields.get::<Option<uuid::Uuid>>("knowledge_base")?.map(KnowledgeBaseId),
        state: fields.named("state", JobState::from_name)?,
        attempts: fields.number("attempts")?,
        progress: JobProgress {
            stage: fields.text("stage")?,
            done: fields.number("done")?,
            total: fields.number("total")?,
        },
        error: fields.get("error")?,
        run_at: fields.time("run_at")?,
        created_at: fields.time("created_at")?,
        updated_at: fields.time("updated_at")?,
        finished_at: fields.maybe_time("finished_at")?,
    })
}

/// The kind as stored: equal kinds have equal payloads.
pub(super) fn payload(kind: &JobKind) -> Result<String> {
    to_json("job", kind)
}

/// How urgent jobs are within their knowledge base, lower first: those of documents that stand by themselves, then those
/// of what lies within other documents, of which one archive may bring thousands.
const OWN: i64 = 0;
const MEMBER: i64 = 1;
/// Upkeep comes behind whatever else is due in any knowledge base.
pub(super) const UPKEEP: i64 = 2;

async fn urgency(tx: &mut Tx, kind: &JobKind) -> Result<i64> {
    if kind.is_upkeep() {
        return Ok(UPKEEP);
    }
    let (JobKind::IndexVersion { document, .. } | JobKind::ResendDocument { document }) = kind else {
        return Ok(OWN);
    };
    let is_member: i64 =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM documents WHERE id = ?1 AND parent IS NOT NULL)")
            .bind(document.0)
            .fetch_one(&mut **tx)
            .await
            .doing("read the job's document")?;
    Ok(if is_member == 0 { OWN } else { MEMBER })
}

/// Jobs of a document that became a member, or that stands by itself from now on, are as urgent as it is.
pub(super) async fn follow_document(tx: &mut Tx, document: DocumentId, is_member: bool) -> Result<()> {
    sqlx::query("UPDATE jobs SET urgency = ?2 WHERE exclusive_key = ?1 AND state IN ('queued', 'running')")
        .bind(JobKind::ResendDocument { document }.exclusive_key())
        .bind(if is_member { MEMBER } else { OWN })
        .execute(&mut **tx)
        .await
        .doing("update the document's jobs")?;
    Ok(())
}

/// Queues a job.
pub(super) async fn insert(tx: &mut Tx, new: NewJob, now: DateTime<Utc>) -> Result<Job> {
    let urgency = urgency(tx, &new.kind).await?;
    let row = sqlx::query(
        "INSERT INTO jobs (id, kind, payload, exclusive_key, knowledge_base, state, run_at, created_at, \
         updated_at, urgency) VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7, ?7, ?8) RETURNING *",
    )
    .bind(JobId::new().0)
    .bind(new.kind.name())
    .bind(payload(&new.kind)?)
    .bind(new.kind.exclusive_key())
    .bind(new.knowledge_base.map(|k| k.0))
    .bind(micros(new.run_at))
    .bind(micros(now))
    .bind(urgency)
    .fetch_one(&mut **tx)
    .await
    .doing("queue the job")?;
    job(&row)
}

/// Queues a job, or gives the one of this kind and payload that is still queued.
pub(super) async fn queued_once(tx: &mut Tx, new: NewJob, now: DateTime<Utc>) -> Result<Job> {
    let queued = sqlx::query(
        "SELECT * FROM jobs WHERE exclusive_key = ?1 AND payload = ?2 AND state IN ('queued', 'running') \
         AND state = 'queued' ORDER BY id LIMIT 1",
    )
    .bind(new.kind.exclusive_key())
    .bind(payload(&new.kind)?)
    .fetch_optional(&mut **tx)
    .await
    .doing("look for a queued job")?;
    match queued {
        Some(row) => job(&row),
        None => insert(tx, new, now).await,
    }
}

/// Queues a job, or gives the one of this kind and payload that is [`under_way`].
pub(super) async fn under_way_or_queued(tx: &mut Tx, new: NewJob, now: DateTime<Utc>) -> Result<Job> {
    match under_way(tx, &new.kind).await? {
        Some(job) => Ok(job),
        None => insert(tx, new, now).await,
    }
}

/// The job of this kind and payload that is queued or running. One that was asked to stop does not count: its work will
/// not be done.
pub(super) async fn under_way(tx: &mut Tx, kind: &JobKind) -> Result<Option<Job>> {
    let row = sqlx::query(
        "SELECT * FROM jobs WHERE exclusive_key = ?1 AND payload = ?2 AND state IN ('queued', 'running') \
         AND cancel_requested = 0 ORDER BY id LIMIT 1",
    )
    .bind(kind.exclusive_key())
    .bind(payload(kind)?)
    .fetch_optional(&mut **tx)
    .await
    .doing("look for a job under way")?;
    row.as_ref().map(job).transpose()
}

/// The newest job of a knowledge base of this kind and payload that failed for good.
pub(super) async fn failed(
    tx: &mut Tx,
    knowledge_base: KnowledgeBaseId,
    kind: &JobKind,
) -> Result<Option<Job>> {
    let row = sqlx::query(
        "SELECT * FROM jobs WHERE knowledge_base = ?1 AND state = 'failed' AND payload = ?2 \
         ORDER BY id DESC LIMIT 1",
    )
    .bind(knowledge_base.0)
    .bind(payload(kind)?)
    .fetch_optional(&mut **tx)
    .await
    .doing("look for a job that failed")?;
    row.as_ref().map(job).transpose()
}

/// Queues many jobs that nobody waits for; none of them is looked for among those that are queued.
pub(super) async fn insert_upkeep(
    tx: &mut Tx,
    jobs: &[(Option<KnowledgeBaseId>, JobKind)],
    now: DateTime<Utc>,
) -> Result<()> {
    for batch in jobs.chunks(BATCH) {
        let payloads: Vec<String> = batch.iter().map(|(_, kind)| payload(kind)).collect::<Result<_>>()?;
        let mut query = QueryBuilder::new(
            "INSERT INTO jobs (id, kind, payload, exclusive_key, knowledge_base, state, run_at, created_at, \
             updated_at, urgency) ",
        );
        query.push_values(batch.iter().zip(payloads), |mut row, ((knowledge_base, kind), payload)| {
            row.push_bind(JobId::new().0)
                .push_bind(kind.name())
                .push_bind(payload)
                .push_bind(kind.exclusive_key())
                .push_bind(knowledge_base.map(|k| k.0))
                .push_bind(JobState::Queued.name())
                .push_bind(micros(now))
                .push_bind(micros(now))
                .push_bind(micros(now))
                .push_bind(UPKEEP);
        });
        query.build().persistent(false).execute(&mut **tx).await.doing("queue the upkeep")?;
    }
    Ok(())
}
