//! The steps of a source's refresh: each one noted in the transaction that takes it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use footnote_core::ids::RunId;
use footnote_core::job::{JobState, Lease};
use footnote_core::ports::RunStep;
use footnote_core::source::RefreshReport;
use footnote_core::{Error, Result};

use super::{SqliteStore, Tx, commit, documents, jobs, versions};
use crate::rows::{Doing as _, Fields, micros, to_json};

/// A step as it is noted.
struct Note<'s> {
    change: &'static str,
    key: &'s str,
    renamed_from: Option<&'s str>,
}

pub(super) async fn take_step(
    store: &SqliteStore,
    lease: Lease,
    run: RunId,
    step: &RunStep,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut tx = store.write().await?;
    jobs::fence(&mut tx, lease).await?;
    let note = match step {
        RunStep::Store { version, is_new } => {
            versions::store_within(&mut tx, version, now).await?;
            let change = if *is_new { "added" } else { "changed" };
            Note { change, key: &version.key, renamed_from: None }
        }
        RunStep::Rename { document, from, to, title } => {
            documents::rename_within(&mut tx, *document, to, title, now).await?;
            Note { change: "renamed", key: to, renamed_from: Some(from) }
        }
        RunStep::Remove { document, key } => {
            if !documents::delete_within(&mut tx, *document, now).await? {
                return Err(Error::not_found("document"));
            }
            Note { change: "removed", key, renamed_from: None }
        }
    };
    insert(&mut tx, run, &note).await?;
    commit(tx).await
}

async fn insert(tx: &mut Tx, run: RunId, note: &Note<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO run_steps (run, position, change, key, renamed_from) \
         SELECT ?1, coalesce(max(position), 0) + 1, ?2, ?3, ?4 FROM run_steps WHERE run = ?1",
    )
    .bind(run.0)
    .bind(note.change)
    .bind(note.key)
    .bind(note.renamed_from)
    .execute(&mut **tx)
    .await
    .doing("note what the run changed")?;
    Ok(())
}

/// What the steps so far amount to: a key is told once, by what was done to it first.
pub(super) async fn steps_taken(tx: &mut Tx, run: RunId) -> Result<RefreshReport> {
    let rows =
        sqlx::query("SELECT change, key, renamed_from FROM run_steps WHERE run = ?1 ORDER BY position")
            .bind(run.0)
            .fetch_all(&mut **tx)
            .await
            .doing("read what the run changed")?;
    let mut report = RefreshReport::default();
    let mut stored = BTreeSet::new();
    for row in &rows {
        let fields = Fields::of(row, "run step");
        let key = fields.text("key")?;
        match fields.text("change")?.as_str() {
            "renamed" => report.renamed.push((fields.text("renamed_from")?, key)),
            "removed" => report.removed.push(key),
            change if stored.insert(key.clone()) => {
                let told = if change == "added" { &mut report.added } else { &mut report.changed };
                told.push(key);
            }
            _ => {}
        }
    }
    Ok(report)
}

/// Stores the report of a run that came to its end by itself.
pub(super) async fn finish(
    tx: &mut Tx,
    lease: Lease,
    run: RunId,
    report: &RefreshReport,
    now: DateTime<Utc>,
) -> Result<()> {
    let done = sqlx::query("UPDATE runs SET finished_at = ?3, report = ?4 WHERE id = ?1 AND job = ?2")
        .bind(run.0)
        .bind(lease.job.0)
        .bind(micros(now))
        .bind(to_json("report", report)?)
        .execute(&mut **tx)
        .await
        .doing("store what the run changed")?;
    if done.rows_affected() == 0 {
        return Err(Error::not_found(format!("run {run} of job {}", lease.job)));
    }
    sqlx::query("DELETE FROM run_steps WHERE run = ?1")
        .bind(run.0)
        .execute(&mut **tx)
        .await
        .doing("clear the run's steps")?;
    Ok(())
}

/// Closes the run of a job that ends. One that did not succeed tells what it changed before; its steps
/// stay, for it may be tried again.
pub(super) async fn close(
    tx: &mut Tx,
    run: RunId,
    state: JobState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    if state != JobState::Succeeded {
        let mut report = steps_taken(tx, run).await?;
        report.failed.extend(error.map(|reason| (String::new(), reason.to_owned())));
        sqlx::query("UPDATE runs SET report = ?2 WHERE id = ?1")
            .bind(run.0)
            .bind(to_json("report", &report)?)
            .execute(&mut **tx)
            .await
            .doing("store what the run changed")?;
    }
    sqlx::query("UPDATE runs SET finished_at = coalesce(finished_at, ?2) WHERE id = ?1")
        .bind(run.0)
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("close the run")?;
    Ok(())
}
