//! Fires schedules that are due, and queues the service's own upkeep.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::job::{JobKind, NewJob};
use footnote_core::schedule::Schedule;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::context::IngestContext;
use crate::cron;

/// Longest sleep: a schedule created meanwhile, or a clock that was set, is noticed this much later.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Time between two rounds of upkeep.
const UPKEEP_EVERY: chrono::TimeDelta = chrono::TimeDelta::days(1);

/// The running loop.
pub struct Scheduler {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Scheduler {
    /// Starts the loop; the upkeep is queued at once.
    pub fn start(ctx: Arc<IngestContext>) -> Self {
        let (stop, mut stopping) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut next_upkeep = DateTime::<Utc>::MIN_UTC;
            while !*stopping.borrow() {
                let now = ctx.clock.now();
                if now >= next_upkeep {
                    next_upkeep = now + UPKEEP_EVERY;
                    if let Err(error) = upkeep(&ctx, now).await {
                        tracing::error!(%error, "cannot queue the upkeep");
                    }
                }
                let sleep = tick(&ctx, now).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "cannot fire schedules");
                    LOOK_EVERY
                });
                tokio::select! {
                    () = tokio::time::sleep(sleep) => {}
                    asked = stopping.wait_for(|&stop| stop) => {
                        if asked.is_err() {
                            return;
                        }
                    }
                }
            }
        });
        Self { task, stop }
    }

    /// Ends the loop after what it does now.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the scheduler ended abnormally");
        }
    }
}

/// Fires what is due at `now`; a schedule that missed several times fires once. Returns how long
/// there is nothing to do.
pub async fn tick(ctx: &IngestContext, now: DateTime<Utc>) -> Result<Duration> {
    let soon = now + LOOK_EVERY;
    let mut sleep = LOOK_EVERY;
    for schedule in ctx.schedules.due_schedules(soon).await? {
        if schedule.next_run_at > now {
            let wait = (schedule.next_run_at - now).to_std().unwrap_or_default();
            sleep = sleep.min(wait.max(Duration::from_millis(10)));
            continue;
        }
        if let Err(error) = fire(ctx, &schedule, now).await {
            tracing::error!(schedule.id = %schedule.id, %error, "cannot fire a schedule");
        }
    }
    Ok(sleep)
}

async fn fire(ctx: &IngestContext, schedule: &Schedule, now: DateTime<Utc>) -> Result<()> {
    let next = cron::next_after(&schedule.cron, &schedule.time_zone, now)?;
    let run = ctx.schedules.fire_schedule(schedule.id, schedule.next_run_at, next, now).await?;
    if let Some(run) = run {
        tracing::info!(schedule.id = %schedule.id, run.id = %run.id, schedule.next = %next, "schedule fired");
        ctx.wake.notify_waiters();
    }
    Ok(())
}

/// Queues a reconciliation of every generation, and the removal of what nothing names any more.
pub async fn upkeep(ctx: &IngestContext, now: DateTime<Utc>) -> Result<()> {
    let generations = ctx.documents.generations().await?;
    let kinds = generations.into_iter().map(|g| JobKind::Reconcile { generation: g.id });
    for kind in kinds.chain([JobKind::CollectGarbage]) {
        ctx.jobs.enqueue(NewJob { kind, knowledge_base: None, run_at: now }, now).await?;
    }
    ctx.wake.notify_waiters();
    Ok(())
}

#[cfg(test)]
mod tests;
