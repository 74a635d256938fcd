//! How does a file become searchable?
//!
//! [`source`] finds files and stores them as pending versions; each comes with a job. The [`runner`]
//! claims jobs and hands them to [`jobs`]; the main one is [`pipeline::index_version`], which reads as
//! the list of steps: parse, cut ([`chunk`]), embed, write both indexes, make current. The
//! [`scheduler`] queues refreshes when their [`cron`] expression says so.
//!
//! To add a job: a case in `footnote_core::job::JobKind`, a file in [`jobs`], a line in
//! [`jobs::run`]. To add a kind of source: a case in `footnote_core::source::SourceKind`, a file in
//! [`source`], a line in [`jobs::refresh_source`].

pub mod chunk;
pub mod context;
pub mod cron;
pub mod edits;
mod entries;
#[cfg(test)]
mod fakes;
pub mod jobs;
mod language;
pub mod members;
pub mod ocr;
pub mod parse;
pub mod pipeline;
pub mod preview;
pub mod progress;
pub mod runner;
pub mod scheduler;
pub mod source;

pub use context::{Enrich, IngestContext, IngestLimits, ParseFile};
pub use members::MemberSink;

/// What the tests of several modules share.
#[cfg(test)]
mod tests {
    pub(crate) mod installed;
}
