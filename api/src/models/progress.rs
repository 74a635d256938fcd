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
    /// How many bytes the step has became known after it began.
    Total(u64),
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

/// A step under way. It is finished when it is dropped, so that a failed one leaves no bar behind.
pub(super) struct Step<'a> {
    sink: &'a dyn ProgressSink,
}

impl<'a> Step<'a> {
    pub(super) fn begin(sink: &'a dyn ProgressSink, model: &str, step: &str, total: Option<u64>) -> Self {
        sink.report(&PullEvent::Started { model, step, total });
        Self { sink }
    }

    pub(super) fn total(&self, bytes: u64) {
        self.sink.report(&PullEvent::Total(bytes));
    }

    pub(super) fn advanced(&self, bytes: u64) {
        self.sink.report(&PullEvent::Advanced(bytes));
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.sink.report(&PullEvent::Finished);
    }
}
