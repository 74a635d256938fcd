//! Schedules and the history of their runs.

use chrono::{DateTime, Utc};

use crate::ids::{JobId, RunId, ScheduleId, SourceId};
use crate::job::JobState;
use crate::source::RefreshReport;

/// When a source is refreshed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// The source.
    pub source: SourceId,
    /// Five-field cron expression (minute hour day month weekday).
    pub cron: String,
    /// IANA time zone the expression is read in.
    pub time_zone: String,
    /// Whether it fires.
    pub enabled: bool,
    /// When it fires next. A time in the past means a missed run, which is made up for once.
    pub next_run_at: DateTime<Utc>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// What made a run start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunTrigger {
    /// Its schedule.
    Schedule,
    /// A person or program.
    Manual,
}

/// One refresh of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The source.
    pub source: SourceId,
    /// The job that does it.
    pub job: JobId,
    /// What made it start.
    pub trigger: RunTrigger,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Where its job stands.
    pub state: JobState,
    /// Why it failed, or why it is tried again.
    pub error: Option<String>,
    /// What changed, also where it failed or was cancelled half way; `None` until it ended.
    pub report: Option<RefreshReport>,
}
