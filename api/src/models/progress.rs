//! What a pull tells while it works.

/// Hears about a pull. Called from the thread that pulls.
pub trait ProgressSink: Send + Sync {
    /// Something happened.
    fn report(&self, event: &PullEvent<'_>);
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullEvent<'a> {
    /// A step begins: fetching, checking or converting.
    Started {
        /// The model.
        model: &'a str,
        /// What is done, to what; for people.
        step: &'a str,
        /// Bytes that will be reported as [`PullEvent::Advanced`], where known.
        total: Option<u64>,
    },
    /// This many more bytes of the step are done.
    Advanced(u64),
    /// The step is done.
    Finished,
    /// Something worth knowing, such as a source that was passed over.
    Note {
        /// The model.
        model: &'a str,
        /// What; for people.
        message: &'a str,
    },
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl ProgressSink for Silent {
    fn report(&self, _event: &PullEvent<'_>) {}
}
