//! Jobs and schedules in memory.

use super::*;

#[async_trait]
impl JobQueue for Memory {
    async fn enqueue(&self, job: NewJob, now: DateTime<Utc>) -> Result<Job> {
        Ok(self.state().push_job(job, now))
    }
    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_for: Duration,
        _: RetryPolicy,
    ) -> Result<Option<(Job, Lease)>> {
        let mut state = self.state();
        let is_free = |r: &&mut JobRow| match r.job.state {
            JobState::Queued => r.job.run_at <= now,
            JobState::Running => r.lease.is_none_or(|(_, until)| until <= now),
            _ => false,
        };
        let Some(row) = state.jobs.iter_mut().find(is_free) else {
            return Ok(None);
        };
        let lease = Lease { job: row.job.id, token: uuid::Uuid::now_v7() };
        row.lease = Some((lease, now + TimeDelta::from_std(lease_for).unwrap()));
        row.job.state = JobState::Running;
        row.job.attempts += 1;
        Ok(Some((row.job.clone(), lease)))
    }
    async fn heartbeat(
        &self,
        lease: Lease,
        progress: &JobProgress,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<LeaseState> {
        let mut state = self.state();
        let Ok(row) = state.row(lease) else {
            return Ok(LeaseState::Lost);
        };
        row.job.progress = progress.clone();
        row.lease = Some((lease, now + TimeDelta::from_std(lease_for).unwrap()));
        Ok(if row.cancel { LeaseState::CancelRequested } else { LeaseState::Held })
    }
    async fn succeed(&self, lease: Lease, now: DateTime<Utc>) -> Result<()> {
        self.state().end(lease, JobState::Succeeded, None, now)
    }
    async fn fail(
        &self,
        lease: Lease,
        error: &str,
        retry_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut state = self.state();
        let Some(at) = retry_at else {
            return state.end(lease, JobState::Failed, Some(error), now);
        };
        let row = state.row(lease)?;
        row.job.state = JobState::Queued;
        row.job.error = Some(error.to_owned());
        row.job.run_at = at;
        row.lease = None;
        Ok(())
    }
    async fn hand_back(&self, lease: Lease, run_at: DateTime<Utc>, _: DateTime<Utc>) -> Result<()> {
        let mut state = self.state();
        let row = state.row(lease)?;
        row.job.state = JobState::Queued;
        row.job.attempts -= 1;
        row.job.run_at = run_at;
        row.lease = None;
        Ok(())
    }
    async fn cancelled(&self, lease: Lease, now: DateTime<Utc>) -> Result<()> {
        self.state().end(lease, JobState::Cancelled, None, now)
    }
    async fn cancel(&self, id: JobId, _: DateTime<Utc>) -> Result<Option<Job>> {
        let mut state = self.state();
        let row = state.jobs.iter_mut().find(|r| r.job.id == id);
        Ok(row.map(|r| {
            r.cancel = true;
            r.job.clone()
        }))
    }
    async fn retry(&self, _: JobId, _: DateTime<Utc>) -> Result<Option<Job>> {
        not_here()
    }
    async fn job(&self, id: JobId) -> Result<Option<Job>> {
        Ok(self.state().jobs.iter().find(|r| r.job.id == id).map(|r| r.job.clone()))
    }
    async fn jobs(
        &self,
        _: Option<KnowledgeBaseId>,
        _: Option<JobState>,
        _: ListRequest,
    ) -> Result<Listing<Job>> {
        not_here()
    }
    async fn unfinished(&self) -> Result<u64> {
        Ok(self.state().jobs.iter().filter(|r| !r.job.state.is_final()).count() as u64)
    }
}

#[async_trait]
impl ScheduleStore for Memory {
    async fn create_schedule(&self, schedule: Schedule) -> Result<()> {
        self.state().schedules.push(schedule);
        Ok(())
    }
    async fn schedules(&self, _: SourceId) -> Result<Vec<Schedule>> {
        Ok(self.state().schedules.clone())
    }
    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>> {
        Ok(self.state().schedules.iter().find(|s| s.id == id).cloned())
    }
    async fn delete_schedule(&self, _: ScheduleId) -> Result<bool> {
        not_here()
    }
    async fn due_schedules(&self, now: DateTime<Utc>) -> Result<Vec<Schedule>> {
        let state = self.state();
        Ok(state.schedules.iter().filter(|s| s.enabled && s.next_run_at <= now).cloned().collect())
    }
    async fn fire_schedule(
        &self,
        id: ScheduleId,
        seen: DateTime<Utc>,
        next: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Run>> {
        let mut state = self.state();
        let schedule = state.schedules.iter_mut().find(|s| s.id == id && s.next_run_at == seen);
        let Some(schedule) = schedule else { return Ok(None) };
        schedule.next_run_at = next;
        let source = schedule.source;
        let (run, is_new) = state.start_run(source, RunTrigger::Schedule, now);
        Ok(is_new.then_some(run))
    }
    async fn start_run(&self, source: SourceId, trigger: RunTrigger, now: DateTime<Utc>) -> Result<Run> {
        Ok(self.state().start_run(source, trigger, now).0)
    }
    async fn take_step(&self, lease: Lease, run: RunId, step: RunStep, now: DateTime<Utc>) -> Result<()> {
        self.state().row(lease)?;
        match step.clone() {
            RunStep::Store { version, .. } => self.store_version(version, now).await.map(drop)?,
            RunStep::Rename { document, to, title, .. } => {
                self.rename_document(document, &to, &title, now).await?;
            }
            RunStep::Remove { document, .. } => self.delete_document(document, now).await.map(drop)?,
        }
        self.state().steps.push((run, step));
        Ok(())
    }
    async fn steps_taken(&self, run: RunId) -> Result<RefreshReport> {
        Ok(self.state().steps_taken(run))
    }
    async fn finish_run(
        &self,
        lease: Lease,
        run: RunId,
        report: &RefreshReport,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut state = self.state();
        state.end(lease, JobState::Succeeded, None, now)?;
        state.close_run(run, report.clone(), now);
        Ok(())
    }
    async fn runs(&self, _: SourceId, _: ListRequest) -> Result<Listing<Run>> {
        not_here()
    }
}
