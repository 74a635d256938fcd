//! A short-lived service in this process: what `ingest`, `ask`, `search` and the others run on.

use std::sync::Arc;
use std::time::Duration;

use footnote_core::ids::JobId;
use footnote_core::job::{Job, JobState};
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::principal::Principal;
use footnote_core::{Error, ErrorKind, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::{App, AppOptions, BackgroundTasks};
use crate::config::Config;
use crate::service::knowledge_bases;

/// How often a progress bar looks at the job table.
const POLL: Duration = Duration::from_millis(150);

/// An open data folder with whoever sits at the command line.
pub(crate) struct Session {
    /// The service.
    pub(crate) app: Arc<App>,
    /// The operator.
    pub(crate) principal: Principal,
    background: Option<BackgroundTasks>,
}

impl Session {
    /// Opens the data folder. Conflict where a running service holds it.
    pub(crate) async fn open(config: Config) -> Result<Self> {
        let options = AppOptions { worker_command: super::worker_command()? };
        let app = App::open(config, options).await?;
        Ok(Self { app, principal: Principal::local_operator(), background: None })
    }

    /// Opens the data folder and starts the workers.
    pub(crate) async fn open_with_workers(config: Config) -> Result<Self> {
        let mut session = Self::open(config).await?;
        session.background = Some(session.app.start_background());
        Ok(session)
    }

    /// The knowledge base called `name`, created where there is none.
    pub(crate) async fn knowledge_base_or_new(&self, name: &str) -> Result<KnowledgeBase> {
        match knowledge_bases::reach(&self.app, &self.principal, name).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                knowledge_bases::create(&self.app, &self.principal, name, "", None, None).await
            }
            other => other,
        }
    }

    /// Waits until all these jobs have ended, showing how far they are.
    pub(crate) async fn watch(&self, jobs: &[JobId], what: &str) -> Result<Vec<Job>> {
        let bar = progress_bar(jobs.len() as u64, what);
        let mut ended = Vec::with_capacity(jobs.len());
        for id in jobs {
            loop {
                let job = self.app.store.jobs.job(*id).await?.ok_or_else(|| Error::not_found("job"))?;
                if job.state.is_final() {
                    ended.push(job);
                    break;
                }
                let progress = &job.progress;
                if progress.total > 0 {
                    bar.set_message(format!("{} {}/{}", progress.stage, progress.done, progress.total));
                }
                tokio::time::sleep(POLL).await;
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(ended)
    }

    /// Ends the workers in good order.
    pub(crate) async fn close(self) {
        if let Some(background) = self.background {
            background.shutdown().await;
        }
    }
}

/// A bar on standard error; nothing where that is no terminal.
pub(crate) fn progress_bar(total: u64, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    ProgressBar::new(total).with_style(style).with_prefix(what.to_owned())
}

/// The first failure among `jobs`, as an error.
pub(crate) fn first_failure(jobs: &[Job]) -> Result<()> {
    match jobs.iter().find(|job| job.state != JobState::Succeeded) {
        None => Ok(()),
        Some(job) => {
            let reason = job.error.as_deref().unwrap_or_else(|| job.state.name());
            Err(Error::invalid(format!("job {} failed: {reason}", job.id)))
        }
    }
}
