//! The suite of [`JobQueue`](footnote_core::ports::JobQueue): leases, fencing, exclusive keys,
//! backoff, cancellation, retries.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use footnote_core::ErrorKind;
use footnote_core::ids::{GenerationId, JobId, VersionId};
use footnote_core::job::{Job, JobKind, JobProgress, JobState, Lease, LeaseState, NewJob, RetryPolicy};
use proptest::prelude::*;

use crate::conformance::bed::{Bed, MINUTE, Sql, at, property};

/// Runs the suite, each case on an empty database.
pub async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    jobs_are_claimed_oldest_first_when_due_and_once(bed().await).await;
    a_queued_job_is_not_queued_twice_and_a_running_one_is(bed().await).await;
    an_expired_lease_is_another_s_and_its_writes_are_refused(bed().await).await;
    who_let_an_exclusive_key_expire_cannot_renew_it_beside_the_next_holder(bed().await).await;
    a_failure_waits_for_its_time_and_then_gives_up(bed().await).await;
    a_job_that_kills_its_workers_is_failed_in_the_end(bed().await).await;
    a_job_that_is_given_back_lost_nothing(bed().await).await;
    cancelling_ends_a_queued_job_and_asks_a_running_one(bed().await).await;
    a_cancelled_job_whose_worker_died_is_not_run_again(bed().await).await;
    racing_claimants_never_share_a_job(bed().await).await;
}

/// Checks the property, on many empty databases.
pub fn properties(open: impl AsyncFn() -> Sql) {
    property(32, game(), open, no_two_live_leases_share_a_job_or_an_exclusive_key);
}

fn reconcile() -> JobKind {
    JobKind::Reconcile { generation: GenerationId::new() }
}

async fn enqueue(bed: &Bed, kind: JobKind, second: i64) -> Job {
    let job = NewJob { kind, knowledge_base: None, run_at: at(second) };
    bed.sql.queue.enqueue(job, at(second)).await.unwrap()
}

async fn jobs_are_claimed_oldest_first_when_due_and_once(bed: Bed) {
    let a = enqueue(&bed, reconcile(), 1).await;
    let b = enqueue(&bed, reconcile(), 2).await;
    let later = enqueue(&bed, reconcile(), 50).await;
    assert_eq!(bed.take(at(5)).await.0.id, a.id);
    let (taken, _) = bed.take(at(5)).await;
    assert_eq!((taken.id, taken.state, taken.attempts), (b.id, JobState::Running, 1));
    assert!(bed.claim(at(5)).await.is_none(), "the third is not due");
    assert_eq!(bed.take(at(50)).await.0.id, later.id, "before the others' leases end");
    assert_eq!(bed.sql.queue.unfinished().await.unwrap(), 3);
}

async fn a_queued_job_is_not_queued_twice_and_a_running_one_is(bed: Bed) {
    let kind = reconcile();
    let first = enqueue(&bed, kind.clone(), 1).await;
    assert_eq!(enqueue(&bed, kind.clone(), 2).await, first);
    let (_, lease) = bed.take(at(3)).await;
    let second = enqueue(&bed, kind, 4).await;
    assert_ne!(second.id, first.id);
    assert!(bed.claim(at(5)).await.is_none(), "never two under one exclusive key");
    bed.sql.queue.succeed(lease, at(6)).await.unwrap();
    assert_eq!(bed.take(at(7)).await.0.id, second.id);
}

async fn an_expired_lease_is_another_s_and_its_writes_are_refused(bed: Bed) {
    let job = enqueue(&bed, reconcile(), 1).await;
    let (_, first) = bed.take(at(1)).await;
    assert!(bed.claim(at(60)).await.is_none());
    let progress = JobProgress { stage: "sweeping".to_owned(), done: 3, total: 7 };
    assert_eq!(bed.sql.queue.heartbeat(first, &progress, at(50), MINUTE).await.unwrap(), LeaseState::Held);
    assert_eq!(bed.sql.queue.job(job.id).await.unwrap().unwrap().progress, progress);
    assert!(bed.claim(at(109)).await.is_none(), "the heartbeat renewed it");
    let (again, second) = bed.take(at(110)).await;
    assert_eq!((again.id, again.attempts), (job.id, 2));
    assert_eq!(bed.sql.queue.heartbeat(first, &progress, at(111), MINUTE).await.unwrap(), LeaseState::Lost);
    for refused in [
        bed.sql.queue.succeed(first, at(111)).await,
        bed.sql.queue.fail(first, "x", None, at(111)).await,
        bed.sql.queue.cancelled(first, at(111)).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    }
    bed.sql.queue.succeed(second, at(112)).await.unwrap();
    bed.sql.queue.succeed(second, at(113)).await.unwrap();
    assert_eq!(bed.sql.queue.job(job.id).await.unwrap().unwrap().finished_at, Some(at(112)));
}

async fn who_let_an_exclusive_key_expire_cannot_renew_it_beside_the_next_holder(bed: Bed) {
    let kind = reconcile();
    enqueue(&bed, kind.clone(), 1).await;
    let (_, sleeper) = bed.take(at(1)).await;
    let next = enqueue(&bed, kind, 2).await;
    // The sleeper's own job is older, so it is what the key's next claim finds; end it by hand to
    // let the other one have the key while the sleeper still believes in its lease.
    let (again, lease) = bed.take(at(100)).await;
    assert_ne!(again.id, next.id);
    bed.sql.queue.succeed(lease, at(101)).await.unwrap();
    assert_eq!(bed.take(at(102)).await.0.id, next.id);
    let progress = JobProgress::default();
    assert_eq!(bed.sql.queue.heartbeat(sleeper, &progress, at(103), MINUTE).await.unwrap(), LeaseState::Lost);
}

async fn a_failure_waits_for_its_time_and_then_gives_up(bed: Bed) {
    let job = enqueue(&bed, reconcile(), 1).await;
    let (_, lease) = bed.take(at(1)).await;
    bed.sql.queue.fail(lease, "qdrant is down", Some(at(10)), at(2)).await.unwrap();
    let waiting = bed.sql.queue.job(job.id).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.error.as_deref()), (JobState::Queued, Some("qdrant is down")));
    assert!(bed.claim(at(9)).await.is_none());
    let (_, lease) = bed.take(at(10)).await;
    bed.sql.queue.fail(lease, "still down", None, at(11)).await.unwrap();
    let failed = bed.sql.queue.job(job.id).await.unwrap().unwrap();
    assert_eq!((failed.state, failed.finished_at), (JobState::Failed, Some(at(11))));
    let retried = bed.sql.queue.retry(job.id, at(12)).await.unwrap().unwrap();
    assert_eq!((retried.state, retried.attempts, retried.error), (JobState::Queued, 0, None));
    assert_eq!(bed.sql.queue.retry(job.id, at(13)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(bed.sql.queue.retry(JobId::new(), at(13)).await.unwrap(), None);
}

async fn a_job_that_kills_its_workers_is_failed_in_the_end(bed: Bed) {
    let job = enqueue(&bed, reconcile(), 0).await;
    let policy = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
    for attempt in 0..3 {
        assert!(bed.sql.queue.claim(at(attempt * 100), MINUTE, policy).await.unwrap().is_some());
    }
    assert!(bed.sql.queue.claim(at(300), MINUTE, policy).await.unwrap().is_none());
    let failed = bed.sql.queue.job(job.id).await.unwrap().unwrap();
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 3));
    assert!(failed.error.unwrap().contains("3 of 3"));
}

async fn a_job_that_is_given_back_lost_nothing(bed: Bed) {
    let job = enqueue(&bed, reconcile(), 0).await;
    for restart in 1..10 {
        let (again, lease) = bed.take(at(restart)).await;
        assert_eq!((again.id, again.attempts), (job.id, 1));
        bed.sql.queue.hand_back(lease, at(restart), at(restart)).await.unwrap();
        assert_eq!(
            bed.sql.queue.hand_back(lease, at(restart), at(restart)).await.unwrap_err().kind(),
            ErrorKind::Conflict
        );
    }
    let (_, lease) = bed.take(at(12)).await;
    bed.sql.queue.hand_back(lease, at(20), at(13)).await.unwrap();
    assert!(bed.claim(at(19)).await.is_none(), "its time has not come");
    let (_, lease) = bed.take(at(20)).await;
    bed.sql.queue.cancel(job.id, at(21)).await.unwrap();
    bed.sql.queue.hand_back(lease, at(22), at(22)).await.unwrap();
    assert_eq!(bed.sql.queue.job(job.id).await.unwrap().unwrap().state, JobState::Cancelled);
}

async fn cancelling_ends_a_queued_job_and_asks_a_running_one(bed: Bed) {
    let queued = enqueue(&bed, reconcile(), 1).await;
    let cancelled = bed.sql.queue.cancel(queued.id, at(2)).await.unwrap().unwrap();
    assert_eq!((cancelled.state, cancelled.finished_at), (JobState::Cancelled, Some(at(2))));
    assert_eq!(bed.sql.queue.cancel(queued.id, at(3)).await.unwrap(), Some(cancelled));
    assert_eq!(bed.sql.queue.cancel(JobId::new(), at(3)).await.unwrap(), None);

    let running = enqueue(&bed, reconcile(), 4).await;
    let (_, lease) = bed.take(at(5)).await;
    bed.sql.queue.cancel(running.id, at(6)).await.unwrap();
    let progress = JobProgress::default();
    let heard = bed.sql.queue.heartbeat(lease, &progress, at(7), MINUTE).await.unwrap();
    assert_eq!(heard, LeaseState::CancelRequested);
    bed.sql.queue.fail(lease, "stopped", Some(at(20)), at(8)).await.unwrap();
    let ended = bed.sql.queue.job(running.id).await.unwrap().unwrap();
    assert_eq!(ended.state, JobState::Cancelled, "it is not queued again");
}

async fn a_cancelled_job_whose_worker_died_is_not_run_again(bed: Bed) {
    let job = enqueue(&bed, reconcile(), 1).await;
    bed.take(at(1)).await;
    bed.sql.queue.cancel(job.id, at(2)).await.unwrap();
    assert!(bed.claim(at(100)).await.is_none());
    assert_eq!(bed.sql.queue.job(job.id).await.unwrap().unwrap().state, JobState::Cancelled);
}

async fn racing_claimants_never_share_a_job(bed: Bed) {
    let bed = Arc::new(bed);
    for _ in 0..40 {
        enqueue(&bed, reconcile(), 1).await;
    }
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let bed = bed.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                while let Some((job, _)) = bed.claim(at(2)).await {
                    mine.push(job.id);
                }
                mine
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap());
    }
    let all = claimed.len();
    claimed.sort();
    claimed.dedup();
    assert_eq!((all, claimed.len()), (40, 40));
}

/// One move in a game of workers, jobs and time.
#[derive(Debug, Clone, Copy)]
enum Move {
    Enqueue(u8),
    Claim,
    Heartbeat(usize),
    Succeed(usize),
    FailAndRetry(usize),
    Cancel(usize),
    Wait(i64),
}

fn game() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0_u8..4).prop_map(Move::Enqueue),
        4 => Just(Move::Claim),
        2 => (0_usize..12).prop_map(Move::Heartbeat),
        2 => (0_usize..12).prop_map(Move::Succeed),
        2 => (0_usize..12).prop_map(Move::FailAndRetry),
        1 => (0_usize..12).prop_map(Move::Cancel),
        3 => (1_i64..50).prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 1..60)
}

/// A worker that claimed something once, and when its lease ends as far as it knows.
struct Holder {
    lease: Lease,
    key: String,
    until: i64,
}

async fn no_two_live_leases_share_a_job_or_an_exclusive_key(bed: Bed, moves: Vec<Move>) {
    let versions: Vec<VersionId> = (0..2).map(|_| VersionId::new()).collect();
    let policy = RetryPolicy { max_attempts: 100, ..RetryPolicy::default() };
    let lease_for = Duration::from_secs(30);
    let mut now = 0;
    let mut holders: Vec<Holder> = Vec::new();
    for step in moves {
        match step {
            Move::Enqueue(n) => {
                // Two generations of two versions: pairs of jobs share an exclusive key.
                let generation = GenerationId(uuid::Uuid::from_u128(u128::from(n / 2)));
                let kind = JobKind::SweepVersion { version: versions[usize::from(n % 2)], generation };
                enqueue(&bed, kind, now).await;
            }
            Move::Claim => {
                if let Some((job, lease)) = bed.sql.queue.claim(at(now), lease_for, policy).await.unwrap() {
                    holders.push(Holder { lease, key: job.kind.exclusive_key(), until: now + 30 });
                }
            }
            Move::Heartbeat(n) => {
                if let Some(holder) = holders.get_mut(n) {
                    let progress = JobProgress::default();
                    let heard = bed.sql.queue.heartbeat(holder.lease, &progress, at(now), lease_for).await;
                    match heard.unwrap() {
                        LeaseState::Lost => holder.until = i64::MIN,
                        _ => holder.until = now + 30,
                    }
                }
            }
            Move::Succeed(n) => {
                if let Some(holder) = holders.get_mut(n) {
                    let live = holder.until > now;
                    let told = bed.sql.queue.succeed(holder.lease, at(now)).await;
                    assert!(told.is_ok() || !live, "a live lease was refused");
                    holder.until = i64::MIN;
                }
            }
            Move::FailAndRetry(n) => {
                if let Some(holder) = holders.get_mut(n) {
                    let live = holder.until > now;
                    let told = bed.sql.queue.fail(holder.lease, "x", Some(at(now + 5)), at(now)).await;
                    assert!(told.is_ok() || !live, "a live lease was refused");
                    holder.until = i64::MIN;
                }
            }
            Move::Cancel(n) => {
                if let Some(holder) = holders.get(n) {
                    bed.sql.queue.cancel(holder.lease.job, at(now)).await.unwrap();
                }
            }
            Move::Wait(seconds) => now += seconds,
        }
        let mut live: HashMap<&str, JobId> = HashMap::new();
        for holder in holders.iter().filter(|h| h.until > now) {
            let other = live.insert(&holder.key, holder.lease.job);
            assert_eq!(other, None, "two live leases under {}", holder.key);
        }
    }
}
