//! Schedules fire once, whatever was missed.

use chrono::TimeDelta;
use footnote_core::ids::ScheduleId;
use footnote_core::ports::{Clock, ScheduleStore};

use super::*;
use crate::fakes::World;

async fn scheduled(world: &World, cron: &str) -> ScheduleId {
    let dir = std::path::Path::new("/srv/handbook");
    let source = world.directory_source(dir).await;
    let now = world.clock.now();
    let schedule = Schedule {
        id: ScheduleId::new(),
        source,
        cron: cron.to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        enabled: true,
        next_run_at: cron::next_after(cron, "Asia/Shanghai", now).unwrap(),
        created_at: now,
    };
    let id = schedule.id;
    world.memory.create_schedule(schedule).await.unwrap();
    id
}

fn refreshes(world: &World) -> usize {
    let jobs = world.memory.all_jobs();
    jobs.iter().filter(|j| matches!(j.kind, JobKind::RefreshSource { .. })).count()
}

#[tokio::test]
async fn missed_runs_are_made_up_for_once() {
    let world = World::new();
    // It is 16:00 in Shanghai.
    let id = scheduled(&world, "*/10 * * * *").await;
    assert_eq!(tick(&world.ctx, world.clock.now()).await.unwrap(), LOOK_EVERY);
    assert_eq!(refreshes(&world), 0);

    world.clock.advance(TimeDelta::minutes(95));
    tick(&world.ctx, world.clock.now()).await.unwrap();
    tick(&world.ctx, world.clock.now()).await.unwrap();
    assert_eq!(refreshes(&world), 1);
    let next = world.memory.schedule(id).await.unwrap().unwrap().next_run_at;
    assert_eq!(next, world.clock.now() + TimeDelta::minutes(5));
}

#[tokio::test]
async fn it_sleeps_until_the_next_time_that_is_near() {
    let world = World::new();
    scheduled(&world, "1 16 * * *").await;
    let now = world.clock.now() + TimeDelta::seconds(52);
    assert_eq!(tick(&world.ctx, now).await.unwrap(), Duration::from_secs(8));
    assert_eq!(tick(&world.ctx, now + TimeDelta::seconds(8)).await.unwrap(), LOOK_EVERY);
    assert_eq!(refreshes(&world), 1);
}

#[tokio::test]
async fn starting_queues_the_upkeep_once() {
    let world = World::new();
    let scheduler = Scheduler::start(world.ctx.clone());
    while world.memory.all_jobs().is_empty() {
        tokio::task::yield_now().await;
    }
    scheduler.shutdown().await;
    upkeep(&world.ctx, world.clock.now()).await.unwrap();
    let jobs = world.memory.all_jobs();
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    assert!(matches!(jobs[0].kind, JobKind::Reconcile { .. }));
    assert_eq!(jobs[1].kind, JobKind::CollectGarbage);
}
