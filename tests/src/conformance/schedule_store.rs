//! The suite of [`ScheduleStore`](footnote_core::ports::ScheduleStore): schedules fire once, runs of
//! one source never overlap, and each run ends with a report.

use std::sync::Arc;

use footnote_core::ErrorKind;
use footnote_core::ids::{ScheduleId, SourceId};
use footnote_core::job::{JobKind, JobState};
use footnote_core::schedule::{RunTrigger, Schedule};
use footnote_core::source::RefreshReport;

use crate::conformance::bed::{Bed, Sql, all, at};

/// Runs the suite, each case on an empty database.
pub async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    a_schedule_is_kept_found_when_due_and_removed(bed().await).await;
    of_racing_processes_one_fires_the_schedule(bed().await).await;
    a_run_is_started_once_reported_and_then_free_to_start_again(bed().await).await;
    a_run_whose_job_fails_is_over_and_open_again_when_it_is_retried(bed().await).await;
}

fn schedule(source: SourceId) -> Schedule {
    Schedule {
        id: ScheduleId::new(),
        source,
        cron: "*/5 * * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        enabled: true,
        next_run_at: at(100),
        created_at: at(0),
    }
}

async fn a_schedule_is_kept_found_when_due_and_removed(bed: Bed) {
    let daily = schedule(bed.uploads.id);
    bed.sql.schedules.create_schedule(daily.clone()).await.unwrap();
    let mut off = schedule(bed.uploads.id);
    off.enabled = false;
    bed.sql.schedules.create_schedule(off.clone()).await.unwrap();
    assert_eq!(bed.sql.schedules.schedule(daily.id).await.unwrap(), Some(daily.clone()));
    assert_eq!(bed.sql.schedules.schedules(bed.uploads.id).await.unwrap(), [off, daily.clone()]);
    assert!(bed.sql.schedules.due_schedules(at(99)).await.unwrap().is_empty());
    assert_eq!(bed.sql.schedules.due_schedules(at(100)).await.unwrap(), std::slice::from_ref(&daily));
    assert!(bed.sql.schedules.delete_schedule(daily.id).await.unwrap());
    assert!(!bed.sql.schedules.delete_schedule(daily.id).await.unwrap());
    let nowhere = schedule(SourceId::new());
    assert_eq!(bed.sql.schedules.create_schedule(nowhere).await.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn of_racing_processes_one_fires_the_schedule(bed: Bed) {
    let bed = Arc::new(bed);
    let daily = schedule(bed.uploads.id);
    bed.sql.schedules.create_schedule(daily.clone()).await.unwrap();
    let racers: Vec<_> = (0..4)
        .map(|_| {
            let (bed, id) = (bed.clone(), daily.id);
            tokio::spawn(async move {
                bed.sql.schedules.fire_schedule(id, at(100), at(400), at(101)).await.unwrap()
            })
        })
        .collect();
    let mut runs = Vec::new();
    for racer in racers {
        runs.extend(racer.await.unwrap());
    }
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].trigger, RunTrigger::Schedule);
    assert_eq!(bed.sql.queue.unfinished().await.unwrap(), 1);
    assert_eq!(bed.sql.schedules.schedule(daily.id).await.unwrap().unwrap().next_run_at, at(400));

    let overlapping = bed.sql.schedules.fire_schedule(daily.id, at(400), at(700), at(401)).await.unwrap();
    assert_eq!(overlapping, None, "the first run is still queued");
    assert_eq!(bed.sql.schedules.schedule(daily.id).await.unwrap().unwrap().next_run_at, at(700));
}

async fn a_run_is_started_once_reported_and_then_free_to_start_again(bed: Bed) {
    let source = bed.uploads.id;
    let run = bed.sql.schedules.start_run(source, RunTrigger::Manual, at(1)).await.unwrap();
    assert_eq!(bed.sql.schedules.start_run(source, RunTrigger::Manual, at(2)).await.unwrap(), run);
    let (job, lease) = bed.take(at(3)).await;
    assert_eq!((job.id, job.kind), (run.job, JobKind::RefreshSource { source, run: run.id }));
    assert_eq!(bed.sql.schedules.start_run(source, RunTrigger::Manual, at(4)).await.unwrap().id, run.id);

    let report = RefreshReport {
        added: vec!["年假.md".to_owned()],
        renamed: vec![("a".to_owned(), "b".to_owned())],
        unchanged: 7,
        ..RefreshReport::default()
    };
    let mut stale = lease;
    stale.token = uuid::Uuid::new_v4();
    let refused = bed.sql.schedules.finish_run(stale, run.id, &report, at(5)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    bed.sql.schedules.finish_run(lease, run.id, &report, at(5)).await.unwrap();
    bed.sql.queue.succeed(lease, at(6)).await.unwrap();
    let next = bed.sql.schedules.start_run(source, RunTrigger::Schedule, at(7)).await.unwrap();
    assert_ne!(next.id, run.id);
    let history = bed.sql.schedules.runs(source, all()).await.unwrap().items;
    assert_eq!(history.iter().map(|r| r.id).collect::<Vec<_>>(), [next.id, run.id]);
    assert_eq!((history[1].finished_at, history[1].report.as_ref()), (Some(at(5)), Some(&report)));
}

async fn a_run_whose_job_fails_is_over_and_open_again_when_it_is_retried(bed: Bed) {
    let run = bed.sql.schedules.start_run(bed.uploads.id, RunTrigger::Manual, at(1)).await.unwrap();
    let (_, lease) = bed.take(at(2)).await;
    bed.sql.queue.fail(lease, "the directory is gone", None, at(3)).await.unwrap();
    let history = bed.sql.schedules.runs(bed.uploads.id, all()).await.unwrap().items;
    let report = history[0].report.clone().unwrap();
    assert_eq!((history[0].finished_at, history[0].state), (Some(at(3)), JobState::Failed));
    assert_eq!(history[0].error.as_deref(), Some("the directory is gone"));
    assert_eq!(report.failed, [(String::new(), "the directory is gone".to_owned())]);
    bed.sql.queue.retry(run.job, at(4)).await.unwrap();
    let history = bed.sql.schedules.runs(bed.uploads.id, all()).await.unwrap().items;
    assert_eq!(history[0].finished_at, None);
}
