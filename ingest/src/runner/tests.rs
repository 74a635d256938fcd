//! Retries, panics, cancellation, shutdown, lost leases.

use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::TimeDelta;
use footnote_core::document::VersionState;
use footnote_core::job::{JobProgress, JobState};
use footnote_core::ports::{Clock, JobQueue, StoredVersion};

use super::*;
use crate::fakes::World;

async fn until(world: &World, stored: &StoredVersion, wanted: impl Fn(&Job) -> bool) -> Job {
    let began = Instant::now();
    loop {
        let job = world.job_of(stored).await;
        if wanted(&job) {
            return job;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{job:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn workers_run_what_is_queued_and_end() {
    let world = World::new();
    let runner = Runner::start(world.ctx.clone(), World::settings());
    let first = world.upload("a.txt", "Ten days of leave.").await;
    let second = world.upload("b.txt", "Twelve days of leave.").await;
    world.ctx.wake.notify_waiters();
    for stored in [&first, &second] {
        until(&world, stored, |j| j.state == JobState::Succeeded).await;
    }
    runner.shutdown().await;
    assert_eq!(world.memory.unfinished().await.unwrap(), 0);
}

#[tokio::test]
async fn a_failure_is_tried_again_later_and_then_given_up() {
    let world = World::new();
    world.embedder.broken.store(9, Ordering::SeqCst);
    let stored = world.upload("a.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    let job = world.job_of(&stored).await;
    assert_eq!((job.state, job.attempts), (JobState::Queued, 1));
    assert_eq!(job.run_at, world.clock.now() + TimeDelta::seconds(2));

    world.clock.advance(TimeDelta::seconds(2));
    world.run_jobs().await;
    let job = world.job_of(&stored).await;
    assert_eq!((job.state, job.attempts), (JobState::Failed, 2));
    assert_eq!(job.error.as_deref(), Some("the embedder is away"));
    assert_eq!(world.version(&stored).await.state, VersionState::Failed);
}

#[tokio::test]
async fn a_parser_that_ran_out_of_time_gets_one_more_run() {
    let world = World::new();
    let settings = RunnerSettings { retry: RetryPolicy::default(), ..World::settings() };
    let stored = world.upload("a.txt", "SLOW").await;
    for ended in [(JobState::Queued, 1), (JobState::Failed, 2)] {
        assert!(run_one(&world.ctx, settings).await.unwrap());
        let job = world.job_of(&stored).await;
        assert_eq!((job.state, job.attempts), ended);
        assert_eq!(job.error.as_deref(), Some("parsing a.txt took too long"));
        world.clock.advance(TimeDelta::seconds(2));
    }
    assert_eq!(world.version(&stored).await.state, VersionState::Failed);
}

#[tokio::test]
async fn a_panic_costs_one_run_of_one_job() {
    let world = World::new();
    let bad = world.upload("bad.txt", "PANIC").await;
    let good = world.upload("good.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    let job = world.job_of(&bad).await;
    assert_eq!(job.state, JobState::Queued);
    assert!(job.error.unwrap().contains("the job panicked"));
    assert_eq!(world.job_of(&good).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn cancelling_stops_a_running_job_and_shows_its_progress() {
    let world = World::new();
    world.embedder.hangs.store(true, Ordering::SeqCst);
    let runner = Runner::start(world.ctx.clone(), World::settings());
    let stored = world.upload("a.txt", "Ten days of leave.").await;
    let job = until(&world, &stored, |j| j.progress.stage == "embedding").await;
    assert_eq!(job.progress, JobProgress { stage: "embedding".to_owned(), done: 0, total: 1 });
    world.memory.cancel(job.id, world.clock.now()).await.unwrap();
    until(&world, &stored, |j| j.state == JobState::Cancelled).await;
    assert_ne!(world.version(&stored).await.state, VersionState::Current);
    runner.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_hands_unfinished_jobs_back() {
    let world = World::new();
    world.embedder.hangs.store(true, Ordering::SeqCst);
    let runner = Runner::start(world.ctx.clone(), World::settings());
    let stored = world.upload("a.txt", "Ten days of leave.").await;
    until(&world, &stored, |j| j.state == JobState::Running).await;
    runner.shutdown().await;
    let job = world.job_of(&stored).await;
    assert_eq!((job.state, job.attempts), (JobState::Queued, 0), "a restart is no failed attempt");
    assert!(job.run_at <= world.clock.now());

    world.embedder.hangs.store(false, Ordering::SeqCst);
    world.run_jobs().await;
    assert_eq!(world.job_of(&stored).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_lost_lease_stops_the_run_and_leaves_the_job_alone() {
    let world = World::new();
    world.embedder.hangs.store(true, Ordering::SeqCst);
    let stored = world.upload("a.txt", "Ten days of leave.").await;
    let ctx = world.ctx.clone();
    let stuck = tokio::spawn(async move { run_one(&ctx, World::settings()).await });
    until(&world, &stored, |j| j.state == JobState::Running).await;

    // Another worker takes over after the lease ran out.
    world.clock.advance(TimeDelta::seconds(10));
    let settings = World::settings();
    let (job, _) = world
        .memory
        .claim(world.clock.now(), Duration::from_secs(60), settings.retry)
        .await
        .unwrap()
        .expect("the lease has run out");
    assert!(stuck.await.unwrap().unwrap());
    let after = world.job_of(&stored).await;
    assert_eq!((after.state, after.attempts), (JobState::Running, job.attempts));
}
