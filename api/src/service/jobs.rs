//! Jobs: list, show, retry, cancel, watch.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use footnote_core::ids::JobId;
use footnote_core::job::{Job, JobState};
use footnote_core::ports::{ListRequest, Listing};
use footnote_core::principal::{Principal, Role};
use footnote_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use super::keys::still_valid;
use super::knowledge_bases::{reach, reach_as};
use crate::app::App;

/// How often a watched job's row is read.
const POLL: Duration = Duration::from_millis(200);
/// How often a watcher's key is checked again.
const RECHECK: Duration = Duration::from_secs(5);

/// The jobs of a knowledge base, newest first.
pub async fn list(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    state: Option<JobState>,
    list: ListRequest,
) -> Result<Listing<Job>> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    app.store.jobs.jobs(Some(knowledge_base.id), state, list).await
}

/// All jobs, the service's own upkeep included: for an admin whose key reaches everything.
pub async fn list_all(
    app: &App,
    principal: &Principal,
    state: Option<JobState>,
    list: ListRequest,
) -> Result<Listing<Job>> {
    require_overseer(principal)?;
    app.store.jobs.jobs(None, state, list).await
}

/// Any job, be it the service's own or of a knowledge base that is gone.
pub async fn show_any(app: &App, principal: &Principal, id: JobId) -> Result<Job> {
    require_overseer(principal)?;
    app.store.jobs.job(id).await?.ok_or_else(|| Error::not_found("job"))
}

/// [`retry`] for any job.
pub async fn retry_any(app: &App, principal: &Principal, id: JobId) -> Result<Job> {
    require_overseer(principal)?;
    let job = app.store.jobs.retry(id, app.now()).await?;
    app.wake_workers();
    job.ok_or_else(|| Error::not_found("job"))
}

/// [`cancel`] for any job.
pub async fn cancel_any(app: &App, principal: &Principal, id: JobId) -> Result<Job> {
    require_overseer(principal)?;
    app.store.jobs.cancel(id, app.now()).await?.ok_or_else(|| Error::not_found("job"))
}

/// An admin whose key reaches everything.
fn require_overseer(principal: &Principal) -> Result<()> {
    principal.require(Role::Admin)?;
    if principal.reaches_all() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Forbidden, "the jobs of all need a key that reaches all knowledge bases"))
}

/// One job of the knowledge base.
pub async fn show(app: &App, principal: &Principal, knowledge_base: &str, id: JobId) -> Result<Job> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    let job = app.store.jobs.job(id).await?;
    job.filter(|j| j.knowledge_base == Some(knowledge_base.id)).ok_or_else(|| Error::not_found("job"))
}

/// Queues a failed or cancelled job again.
pub async fn retry(app: &App, principal: &Principal, knowledge_base: &str, id: JobId) -> Result<Job> {
    reach_as(app, principal, knowledge_base, Role::Editor).await?;
    show(app, principal, knowledge_base, id).await?;
    let job = app.store.jobs.retry(id, app.now()).await?;
    app.wake_workers();
    job.ok_or_else(|| Error::not_found("job"))
}

/// Asks for a job's cancellation.
pub async fn cancel(app: &App, principal: &Principal, knowledge_base: &str, id: JobId) -> Result<Job> {
    reach_as(app, principal, knowledge_base, Role::Editor).await?;
    show(app, principal, knowledge_base, id).await?;
    app.store.jobs.cancel(id, app.now()).await?.ok_or_else(|| Error::not_found("job"))
}

/// Somebody who watches jobs.
pub struct Watcher {
    app: Arc<App>,
    principal: Principal,
    /// When the key was last known to be good.
    checked: Instant,
}

impl Watcher {
    /// A watcher whose key was checked just now.
    pub fn new(app: Arc<App>, principal: Principal) -> Self {
        Self { app, principal, checked: Instant::now() }
    }

    /// Waits until the job differs from `seen`, and gives it as it stands then. `None` where it is
    /// gone. Unavailable where the service stops, unauthenticated where the key was revoked.
    pub async fn changed(&mut self, seen: &Job) -> Result<Option<Job>> {
        loop {
            if self.checked.elapsed() >= RECHECK {
                still_valid(&self.app, &self.principal).await?;
                self.checked = Instant::now();
            }
            if pause(&self.app).await.is_break() {
                return Err(Error::unavailable("the service is stopping; watch the job again later"));
            }
            match self.app.store.jobs.job(seen.id).await? {
                Some(job) if job == *seen => {}
                other => return Ok(other),
            }
        }
    }
}

/// Waits until all of `jobs` have ended, for `longest`, or until the service stops. True where all
/// have ended.
pub async fn wait_for_end(app: &App, jobs: &[JobId], longest: Duration) -> Result<bool> {
    let deadline = Instant::now() + longest;
    for id in jobs {
        while app.store.jobs.job(*id).await?.is_some_and(|job| !job.state.is_final()) {
            if Instant::now() >= deadline || pause(app).await.is_break() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Waits before the next look at a job; breaks where the service stops.
async fn pause(app: &App) -> ControlFlow<()> {
    tokio::select! {
        () = app.stopping() => ControlFlow::Break(()),
        () = tokio::time::sleep(POLL) => ControlFlow::Continue(()),
    }
}
