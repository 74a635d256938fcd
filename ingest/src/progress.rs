//! A running job's progress, and the task that renews its lease while it works.

use std::sync::Arc;
use std::time::Duration;

use footnote_core::Result;
use footnote_core::job::{JobProgress, Lease, LeaseState};
use footnote_core::ports::{Clock, JobQueue};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often progress is stored while it changes.
const SHOW_EVERY: Duration = Duration::from_secs(1);

/// Tells how far a job has come.
#[derive(Debug, Clone)]
pub struct Progress(watch::Sender<JobProgress>);

impl Default for Progress {
    fn default() -> Self {
        Self(watch::Sender::new(JobProgress::default()))
    }
}

impl Progress {
    /// Begins a stage of `total` units; 0 where nobody knows.
    pub fn stage(&self, stage: &str, total: u64) {
        self.0.send_replace(JobProgress { stage: stage.to_owned(), done: 0, total });
    }

    /// Adds units done.
    pub fn advance(&self, units: u64) {
        self.0.send_modify(|p| p.done += units);
    }

    /// How far it has come.
    pub fn now(&self) -> JobProgress {
        self.0.borrow().clone()
    }
}

/// Why a job must stop before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// The lease is another's: write nothing more.
    LeaseLost,
}

/// Renews a lease until it is dropped.
pub struct LeaseKeeper {
    task: JoinHandle<()>,
    stopped: watch::Receiver<Option<Stop>>,
}

impl LeaseKeeper {
    /// Starts renewing `lease` by `lease_for`, each time storing the progress.
    pub fn start(
        jobs: Arc<dyn JobQueue>,
        clock: Arc<dyn Clock>,
        lease: Lease,
        lease_for: Duration,
        progress: Progress,
    ) -> Self {
        let (tell, stopped) = watch::channel(None);
        let task = tokio::spawn(async move {
            let stop = renew(&*jobs, &*clock, lease, lease_for, &progress).await;
            tell.send_replace(Some(stop));
        });
        Self { task, stopped }
    }

    /// Returns when the job must stop. Safe to drop and call again.
    pub async fn stopped(&mut self) -> Stop {
        match self.stopped.wait_for(Option::is_some).await {
            Ok(stop) => stop.unwrap_or(Stop::LeaseLost),
            // The renewing task ended without a word (it panicked): nobody renews the lease.
            Err(_) => Stop::LeaseLost,
        }
    }
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn renew(
    jobs: &dyn JobQueue,
    clock: &dyn Clock,
    lease: Lease,
    lease_for: Duration,
    progress: &Progress,
) -> Stop {
    let mut shown = JobProgress::default();
    // The lease ends by the clock: a machine that slept has let it run out, however few ticks were
    // counted. A clock that was set back has not prolonged it.
    let mut renewed_at = clock.now();
    let mut ticked = Duration::ZERO;
    let tick = SHOW_EVERY.min(lease_for / 4).max(Duration::from_millis(5));
    loop {
        tokio::time::sleep(tick).await;
        ticked += tick;
        let since_renewal = (clock.now() - renewed_at).to_std().unwrap_or_default().max(ticked);
        let now = progress.now();
        if now == shown && since_renewal < lease_for / 3 {
            continue;
        }
        let asked_at = clock.now();
        match beat(jobs, clock, lease, lease_for, &now).await {
            Ok(LeaseState::Held) => {
                shown = now;
                (renewed_at, ticked) = (asked_at, Duration::ZERO);
            }
            Ok(LeaseState::CancelRequested) => return Stop::Cancelled,
            Ok(LeaseState::Lost) => return Stop::LeaseLost,
            // The store may be back before the lease ends; after that the job is another's.
            Err(error) if since_renewal < lease_for => {
                tracing::warn!(job.id = %lease.job, %error, "heartbeat failed");
            }
            Err(_) => return Stop::LeaseLost,
        }
    }
}

async fn beat(
    jobs: &dyn JobQueue,
    clock: &dyn Clock,
    lease: Lease,
    lease_for: Duration,
    progress: &JobProgress,
) -> Result<LeaseState> {
    jobs.heartbeat(lease, progress, clock.now(), lease_for).await
}
