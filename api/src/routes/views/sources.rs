//! Sources, schedules and runs.

use chrono::{DateTime, Utc};
use footnote_core::principal::{Principal, Role};
use footnote_core::schedule::{Run, RunTrigger, Schedule};
use footnote_core::source::{RefreshReport, Source, SourceKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::jobs::JobStateView;

/// The kinds of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKindView {
    /// Files that are uploaded; every knowledge base has exactly one.
    Upload,
    /// A directory on the server, compared by content at every refresh.
    Directory,
}

/// Where documents come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceView {
    /// Its id.
    pub id: Uuid,
    /// The knowledge base it feeds.
    pub knowledge_base: Uuid,
    /// Unique within the knowledge base.
    pub name: String,
    /// What it reads from.
    pub kind: SourceKindView,
    /// The directory's path on the server; told to editors and admins.
    pub path: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl SourceView {
    /// The source as `principal` may see it.
    pub fn shown_to(principal: &Principal, source: Source) -> Self {
        let (kind, path) = match source.kind {
            SourceKind::Upload => (SourceKindView::Upload, None),
            SourceKind::Directory { path } => {
                (SourceKindView::Directory, Some(path.to_string_lossy().into_owned()))
            }
        };
        let path = path.filter(|_| principal.role() >= Role::Editor);
        Self {
            id: source.id.0,
            knowledge_base: source.knowledge_base.0,
            name: source.name,
            kind,
            path,
            created_at: source.created_at,
        }
    }
}

/// When a source is refreshed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleView {
    /// Its id.
    pub id: Uuid,
    /// The source.
    pub source: Uuid,
    /// Five-field cron expression (minute hour day month weekday).
    #[schema(example = "0 6 * * mon-fri")]
    pub cron: String,
    /// IANA time zone the expression is read in.
    #[schema(example = "Asia/Shanghai")]
    pub time_zone: String,
    /// Whether it fires.
    pub enabled: bool,
    /// When it fires next. A time in the past is a missed run, which is made up for once.
    pub next_run_at: DateTime<Utc>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<Schedule> for ScheduleView {
    fn from(schedule: Schedule) -> Self {
        Self {
            id: schedule.id.0,
            source: schedule.source.0,
            cron: schedule.cron,
            time_zone: schedule.time_zone,
            enabled: schedule.enabled,
            next_run_at: schedule.next_run_at,
            created_at: schedule.created_at,
        }
    }
}

/// What made a run start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunTriggerView {
    /// Its schedule.
    Schedule,
    /// A person or program.
    Manual,
}

/// A file that moved without changing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenamedView {
    /// The old key.
    pub from: String,
    /// The new key.
    pub to: String,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedFileView {
    /// Its key.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// What a refresh changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefreshReportView {
    /// Keys that are new.
    pub added: Vec<String>,
    /// Keys whose content changed.
    pub changed: Vec<String>,
    /// Keys that moved; nothing is embedded again.
    pub renamed: Vec<RenamedView>,
    /// Keys that are gone.
    pub removed: Vec<String>,
    /// Files equal to what is indexed.
    pub unchanged: usize,
    /// Files that could not be read.
    pub failed: Vec<FailedFileView>,
}

impl From<RefreshReport> for RefreshReportView {
    fn from(report: RefreshReport) -> Self {
        Self {
            added: report.added,
            changed: report.changed,
            renamed: report.renamed.into_iter().map(|(from, to)| RenamedView { from, to }).collect(),
            removed: report.removed,
            unchanged: report.unchanged,
            failed: report.failed.into_iter().map(|(key, reason)| FailedFileView { key, reason }).collect(),
        }
    }
}

/// One refresh of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Its id.
    pub id: Uuid,
    /// The source.
    pub source: Uuid,
    /// The job that does it.
    pub job: Uuid,
    /// What made it start.
    pub trigger: RunTriggerView,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Where its job stands.
    pub state: JobStateView,
    /// Why it failed, or why it is tried again.
    pub error: Option<String>,
    /// What changed, also where it failed or was cancelled half way; null until it ended.
    pub report: Option<RefreshReportView>,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.0,
            source: run.source.0,
            job: run.job.0,
            trigger: match run.trigger {
                RunTrigger::Schedule => RunTriggerView::Schedule,
                RunTrigger::Manual => RunTriggerView::Manual,
            },
            created_at: run.created_at,
            finished_at: run.finished_at,
            state: run.state.into(),
            error: run.error,
            report: run.report.map(Into::into),
        }
    }
}
