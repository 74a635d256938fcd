//! The workers: claim a job, run it apart, end it, and so on.
//!
//! A job that panics costs one run of one job. A job whose lease is lost or that somebody cancels is
//! dropped where it stands; every job may be dropped anywhere and run again.

use std::sync::Arc;
use std::time::Duration;

use footnote_core::job::{Job, Lease, RetryPolicy};
use footnote_core::{Error, Result};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tracing::Instrument;

use crate::context::IngestContext;
use crate::jobs::{self, Outcome};
use crate::progress::{LeaseKeeper, Progress, Stop};

/// How the runner works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunnerSettings {
    /// Jobs at the same time.
    pub workers: usize,
    /// How long a lease lasts unless it is renewed: after a kill, work resumes this much later.
    pub lease_for: Duration,
    /// How often an idle worker looks for jobs that are due (waking it makes it look at once).
    pub poll_every: Duration,
    /// How often and when a failed run is tried again.
    pub retry: RetryPolicy,
    /// How long a shutdown waits for running jobs before it hands them back.
    pub grace: Duration,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            workers: 2,
            lease_for: Duration::from_secs(30),
            poll_every: Duration::from_secs(1),
            retry: RetryPolicy::default(),
            grace: Duration::from_secs(10),
        }
    }
}

/// Running workers.
pub struct Runner {
    workers: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Runner {
    /// Starts the workers.
    pub fn start(ctx: Arc<IngestContext>, settings: RunnerSettings) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut workers = JoinSet::new();
        for _ in 0..settings.workers.max(1) {
            workers.spawn(work(ctx.clone(), settings, stopping.clone()));
        }
        Self { workers, stop }
    }

    /// Claims nothing more, waits for running jobs as long as the settings allow, hands back the
    /// others, and returns when all workers have ended.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.workers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended abnormally");
            }
        }
    }
}

/// Claims and runs one job that is due; false where there is none. For programs that run jobs
/// without a service.
pub async fn run_one(ctx: &Arc<IngestContext>, settings: RunnerSettings) -> Result<bool> {
    let (_running, stopping) = watch::channel(false);
    let Some((job, lease)) = claim(ctx, settings).await? else {
        return Ok(false);
    };
    run_claimed(ctx, settings, job, lease, stopping).await;
    Ok(true)
}

async fn claim(ctx: &IngestContext, settings: RunnerSettings) -> Result<Option<(Job, Lease)>> {
    ctx.jobs.claim(ctx.clock.now(), settings.lease_for, settings.retry).await
}

async fn work(ctx: Arc<IngestContext>, settings: RunnerSettings, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let woken = ctx.wake.notified();
        tokio::pin!(woken);
        // Listen before looking: a job queued in between is not slept over.
        woken.as_mut().enable();
        match claim(&ctx, settings).await {
            Ok(Some((job, lease))) => {
                run_claimed(&ctx, settings, job, lease, stopping.clone()).await;
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "cannot claim jobs"),
        }
        tokio::select! {
            () = &mut woken => {}
            () = tokio::time::sleep(settings.poll_every) => {}
            asked = stopping.wait_for(|&stop| stop) => {
                if asked.is_err() {
                    return;
                }
            }
        }
    }
}

/// How a run came to its end.
enum Ending {
    Finished(Result<Outcome>),
    Stopped(Stop),
    ShutDown,
}

async fn run_claimed(
    ctx: &Arc<IngestContext>,
    settings: RunnerSettings,
    job: Job,
    lease: Lease,
    stopping: watch::Receiver<bool>,
) {
    let span = tracing::info_span!("job", job.id = %job.id, job.kind = job.kind.name());
    let run = async {
        tracing::debug!(job.attempt = job.attempts, "job started");
        let progress = Progress::default();
        let keeper = LeaseKeeper::start(
            ctx.jobs.clone(),
            ctx.clock.clone(),
            lease,
            settings.lease_for,
            progress.clone(),
        );
        let task = spawn(ctx.clone(), job.clone(), lease, progress);
        let ending = wait(task, keeper, settings.grace, stopping).await;
        if let Err(error) = conclude(ctx, settings, &job, lease, ending).await {
            // The lease runs out by itself, and the job is done again.
            tracing::error!(%error, "cannot store how the job ended");
        }
    };
    run.instrument(span).await;
}

fn spawn(ctx: Arc<IngestContext>, job: Job, lease: Lease, progress: Progress) -> JoinHandle<Result<Outcome>> {
    let run = async move { jobs::run(&ctx, &job, lease, &progress).await };
    tokio::spawn(run.instrument(tracing::Span::current()))
}

/// Waits for the first of: the job's end, a reason to stop it, the end of a shutdown's grace.
async fn wait(
    mut task: JoinHandle<Result<Outcome>>,
    mut keeper: LeaseKeeper,
    grace: Duration,
    mut stopping: watch::Receiver<bool>,
) -> Ending {
    let out_of_grace = async {
        if stopping.wait_for(|&stop| stop).await.is_err() {
            // Nobody can ask for a shutdown any more.
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(grace).await;
    };
    let ending = tokio::select! {
        joined = &mut task => return Ending::Finished(joined.unwrap_or_else(|error| {
            let what = if error.is_panic() { "the job panicked" } else { "the job was dropped" };
            Err(Error::internal(what).with_source(error))
        })),
        stop = keeper.stopped() => Ending::Stopped(stop),
        () = out_of_grace => Ending::ShutDown,
    };
    task.abort();
    // Wait until it is really gone, so that nothing is written after the lease was given back.
    match task.await {
        Ok(finished) => Ending::Finished(finished),
        Err(_) => ending,
    }
}

async fn conclude(
    ctx: &IngestContext,
    settings: RunnerSettings,
    job: &Job,
    lease: Lease,
    ending: Ending,
) -> Result<()> {
    let now = ctx.clock.now();
    match ending {
        Ending::Finished(Ok(Outcome::Ended)) => {}
        Ending::Finished(Ok(Outcome::Done)) => ctx.jobs.succeed(lease, now).await?,
        Ending::Finished(Ok(Outcome::Later(wait))) => ctx.jobs.hand_back(lease, now + wait, now).await?,
        Ending::Finished(Err(error)) => failed(ctx, settings.retry, job, lease, &error).await?,
        Ending::Stopped(Stop::Cancelled) => {
            tracing::info!("job cancelled");
            ctx.jobs.cancelled(lease, now).await?;
        }
        Ending::Stopped(Stop::LeaseLost) => tracing::warn!("lease lost; another worker has the job"),
        Ending::ShutDown => {
            tracing::info!("job interrupted by the shutdown; it resumes at the next start");
            ctx.jobs.hand_back(lease, now, now).await?;
        }
    }
    ctx.wake.notify_waiters();
    Ok(())
}

async fn failed(
    ctx: &IngestContext,
    retry: RetryPolicy,
    job: &Job,
    lease: Lease,
    error: &Error,
) -> Result<()> {
    let now = ctx.clock.now();
    // Those since the job was brought on: a run that did so counts from there.
    let attempts = ctx.jobs.job(lease.job).await?.map_or(job.attempts, |row| row.attempts);
    let Some(wait) = retry.backoff(attempts, error) else {
        tracing::warn!(%error, job.attempts = attempts, "job failed for good");
        return jobs::give_up(ctx, job, lease, &error.to_string()).await;
    };
    tracing::warn!(%error, job.attempts = attempts, retry.in_ms = wait.as_millis() as u64, "job failed");
    ctx.jobs.fail(lease, &error.to_string(), Some(now + wait), now).await
}

#[cfg(test)]
mod tests;
