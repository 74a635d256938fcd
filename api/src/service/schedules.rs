//! Schedules: when a source is refreshed.

use footnote_core::ids::{ScheduleId, SourceId};
use footnote_core::principal::{Principal, Role};
use footnote_core::schedule::Schedule;
use footnote_core::{Error, Result};
use footnote_ingest::cron::CronSchedule;

use super::sources::{refreshable, show, show_as};
use crate::app::App;

/// Creates a schedule from a five-field cron expression and an IANA time zone.
pub async fn create(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    source: SourceId,
    cron: &str,
    time_zone: &str,
) -> Result<Schedule> {
    let source = show_as(app, principal, knowledge_base, source, Role::Editor).await?;
    refreshable(&source)?;
    let now = app.now();
    let schedule = Schedule {
        id: ScheduleId::new(),
        source: source.id,
        cron: cron.trim().to_owned(),
        time_zone: time_zone.trim().to_owned(),
        enabled: true,
        next_run_at: CronSchedule::parse(cron.trim(), time_zone.trim())?.next_after(now)?,
        created_at: now,
    };
    app.store.schedules.create_schedule(schedule.clone()).await?;
    Ok(schedule)
}

/// The schedules of a source.
pub async fn list(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    source: SourceId,
) -> Result<Vec<Schedule>> {
    let source = show(app, principal, knowledge_base, source).await?;
    app.store.schedules.schedules(source.id).await
}

/// One schedule of the source.
pub async fn show_one(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    source: SourceId,
    id: ScheduleId,
) -> Result<Schedule> {
    let source = show(app, principal, knowledge_base, source).await?;
    let schedule = app.store.schedules.schedule(id).await?;
    schedule.filter(|s| s.source == source.id).ok_or_else(|| Error::not_found("schedule"))
}

/// Removes a schedule.
pub async fn delete(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    source: SourceId,
    id: ScheduleId,
) -> Result<()> {
    show_as(app, principal, knowledge_base, source, Role::Editor).await?;
    let schedule = show_one(app, principal, knowledge_base, source, id).await?;
    if app.store.schedules.delete_schedule(schedule.id).await? {
        return Ok(());
    }
    Err(Error::not_found("schedule"))
}
