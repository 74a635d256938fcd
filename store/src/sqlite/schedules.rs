//! Schedules and the runs of a source's refresh.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use footnote_core::ids::{JobId, RunId, ScheduleId, SourceId};
use footnote_core::job::{JobKind, JobState, Lease, NewJob};
use footnote_core::ports::{ListRequest, Listing, RunStep, ScheduleStore};
use footnote_core::schedule::{Run, RunTrigger, Schedule};
use footnote_core::source::RefreshReport;
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, Tx, commit, job_rows, jobs, runs, sources};
use crate::rows::{Doing as _, Fields, Page, micros, stored_time};

fn schedule(row: &SqliteRow) -> Result<Schedule> {
    let fields = Fields::of(row, "schedule");
    Ok(Schedule {
        id: ScheduleId(fields.id("id")?),
        source: SourceId(fields.id("source")?),
        cron: fields.text("cron")?,
        time_zone: fields.text("time_zone")?,
        enabled: fields.flag("enabled")?,
        next_run_at: fields.time("next_run_at")?,
        created_at: fields.time("created_at")?,
    })
}

fn run(row: &SqliteRow) -> Result<Run> {
    let fields = Fields::of(row, "run");
    Ok(Run {
        id: RunId(fields.id("id")?),
        source: SourceId(fields.id("source")?),
        job: JobId(fields.id("job")?),
        trigger: fields.named("started_by", trigger_from_name)?,
        created_at: fields.time("created_at")?,
        finished_at: fields.maybe_time("finished_at")?,
        state: fields.named("state", JobState::from_name)?,
        error: fields.get("error")?,
        report: fields.maybe_json("report")?,
    })
}

fn trigger_name(trigger: RunTrigger) -> &'static str {
    match trigger {
        RunTrigger::Schedule => "schedule",
        RunTrigger::Manual => "manual",
    }
}

fn trigger_from_name(name: &str) -> Option<RunTrigger> {
    [RunTrigger::Schedule, RunTrigger::Manual].into_iter().find(|t| trigger_name(*t) == name)
}

#[async_trait]
impl ScheduleStore for SqliteStore {
    async fn create_schedule(&self, schedule: Schedule) -> Result<()> {
        let mut tx = self.write().await?;
        if sources::live(&mut tx, schedule.source).await?.is_none() {
            return Err(Error::not_found("source"));
        }
        sqlx::query(
            "INSERT INTO schedules (id, source, cron, time_zone, enabled, next_run_at, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(schedule.id.0)
        .bind(schedule.source.0)
        .bind(&schedule.cron)
        .bind(&schedule.time_zone)
        .bind(i64::from(schedule.enabled))
        .bind(micros(schedule.next_run_at))
        .bind(micros(schedule.created_at))
        .execute(&mut *tx)
        .await
        .doing("store the schedule")?;
        commit(tx).await
    }

    async fn schedules(&self, source: SourceId) -> Result<Vec<Schedule>> {
        let rows = sqlx::query("SELECT * FROM schedules WHERE source = ?1 ORDER BY id DESC")
            .bind(source.0)
            .fetch_all(&self.readers)
            .await
            .doing("list the schedules")?;
        rows.iter().map(schedule).collect()
    }

    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>> {
        let row = sqlx::query("SELECT * FROM schedules WHERE id = ?1")
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await
            .doing("read the schedule")?;
        row.as_ref().map(schedule).transpose()
    }

    async fn delete_schedule(&self, id: ScheduleId) -> Result<bool> {
        let done = sqlx::query("DELETE FROM schedules WHERE id = ?1")
            .bind(id.0)
            .execute(&self.writer)
            .await
            .doing("remove the schedule")?;
        Ok(done.rows_affected() > 0)
    }

    async fn due_schedules(&self, now: DateTime<Utc>) -> Result<Vec<Schedule>> {
        let rows = sqlx::query(
            "SELECT * FROM schedules WHERE enabled = 1 AND next_run_at <= ?1 ORDER BY next_run_at, id",
        )
        .bind(micros(now))
        .fetch_all(&self.readers)
        .await
        .doing("look for schedules that are due")?;
        rows.iter().map(schedule).collect()
    }

    async fn fire_schedule(
        &self,
        id: ScheduleId,
        seen: DateTime<Utc>,
        next: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Run>> {
        let mut tx = self.write().await?;
        let source = sqlx::query(
            "UPDATE schedules SET next_run_at = ?3 WHERE id = ?1 AND next_run_at = ?2 AND enabled = 1 \
             RETURNING source",
        )
        .bind(id.0)
        .bind(micros(seen))
        .bind(micros(next))
        .fetch_optional(&mut *tx)
        .await
        .doing("move the schedule on")?;
        let Some(source) = source else { return Ok(None) };
        let source = SourceId(Fields::of(&source, "schedule").id("source")?);
        let started = match under_way(&mut tx, source).await? {
            Some(_) => None,
            None => Some(begin(&mut tx, source, RunTrigger::Schedule, now).await?),
        };
        commit(tx).await?;
        Ok(started)
    }

    async fn start_run(&self, source: SourceId, trigger: RunTrigger, now: DateTime<Utc>) -> Result<Run> {
        let mut tx = self.write().await?;
        if let Some(run) = under_way(&mut tx, source).await? {
            return Ok(run);
        }
        let run = begin(&mut tx, source, trigger, now).await?;
        commit(tx).await?;
        Ok(run)
    }

    async fn take_step(&self, lease: Lease, run: RunId, step: RunStep, now: DateTime<Utc>) -> Result<()> {
        runs::take_step(self, lease, run, &step, now).await
    }

    async fn steps_taken(&self, run: RunId) -> Result<RefreshReport> {
        runs::steps_taken(&mut self.read().await?, run).await
    }

    async fn finish_run(
        &self,
        lease: Lease,
        run: RunId,
        report: &RefreshReport,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        if jobs::has_succeeded_under(&mut tx, lease).await? {
            return Ok(());
        }
        jobs::fence(&mut tx, lease).await?;
        runs::finish(&mut tx, lease, run, report, now).await?;
        jobs::end(&mut tx, lease.job, JobState::Succeeded, None, now).await?;
        commit(tx).await
    }

    async fn runs(&self, source: SourceId, list: ListRequest) -> Result<Listing<Run>> {
        let page = Page::of(&list);
        let rows = sqlx::query(
            "SELECT r.*, j.state AS state, j.error AS error FROM runs r JOIN jobs j ON j.id = r.job \
             JOIN sources s ON s.id = r.source AND s.deleted_at IS NULL \
             WHERE r.source = ?1 AND r.id < ?2 ORDER BY r.id DESC LIMIT ?3",
        )
        .bind(source.0)
        .bind(page.before)
        .bind(page.fetch)
        .fetch_all(&self.readers)
        .await
        .doing("list the runs")?;
        page.listing(&rows, run, |run| run.id.0)
    }
}

/// The run of the source whose job is queued or running.
async fn under_way(tx: &mut Tx, source: SourceId) -> Result<Option<Run>> {
    let row = sqlx::query(
        "SELECT r.*, j.state AS state, j.error AS error FROM runs r JOIN jobs j ON j.id = r.job AND j.state IN ('queued', 'running') \
         WHERE r.source = ?1 ORDER BY r.id LIMIT 1",
    )
    .bind(source.0)
    .fetch_optional(&mut **tx)
    .await
    .doing("look for a run under way")?;
    row.as_ref().map(run).transpose()
}

async fn begin(tx: &mut Tx, source: SourceId, trigger: RunTrigger, now: DateTime<Utc>) -> Result<Run> {
    let Some(known) = sources::live(tx, source).await? else {
        return Err(Error::not_found("source"));
    };
    let id = RunId::new();
    let job = NewJob {
        kind: JobKind::RefreshSource { source, run: id },
        knowledge_base: Some(known.knowledge_base),
        run_at: now,
    };
    let job = job_rows::insert(tx, job, now).await?.id;
    sqlx::query("INSERT INTO runs (id, source, job, started_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(id.0)
        .bind(source.0)
        .bind(job.0)
        .bind(trigger_name(trigger))
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("store the run")?;
    Ok(Run {
        id,
        source,
        job,
        trigger,
        created_at: stored_time(now),
        finished_at: None,
        state: JobState::Queued,
        error: None,
        report: None,
    })
}
