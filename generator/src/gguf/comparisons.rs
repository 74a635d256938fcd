//! Comparisons of two tokens, asked of the model while it may be writing an answer.
//!
//! A verdict waits for the sentence that it is about and not for the answer's end: it is served between two tokens of
//! whatever the model writes, and by a request of its own where it writes nothing. So sentences are released as they
//! are written.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use footnote_core::{Error, Result};
use tokio::sync::oneshot;

use super::Prompt;
use super::engine::Engine;

/// Most that wait: each answer that is being written asks one at a time.
const MOST: usize = 64;

/// Those that wait, shared by the model's thread and who asks.
#[derive(Clone, Default)]
pub(super) struct Comparisons {
    waiting: Arc<Mutex<VecDeque<Comparison>>>,
}

/// What is asked.
pub(super) struct Comparison {
    pub(super) prompt: Prompt,
    pub(super) one: u32,
    pub(super) other: u32,
    /// Gone where nobody waits any more.
    pub(super) caller: Weak<()>,
    pub(super) reply: oneshot::Sender<Result<f32>>,
    pub(super) span: tracing::Span,
}

impl Comparisons {
    /// Puts one behind the others; busy where there are too many.
    pub(super) fn push(&self, comparison: Comparison) -> Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST {
            waiting.retain(|comparison| comparison.caller.strong_count() > 0);
        }
        if waiting.len() >= MOST {
            return Err(Error::busy("the generator is busy; try again shortly", Duration::from_secs(10)));
        }
        waiting.push_back(comparison);
        Ok(())
    }

    /// Serves all that wait.
    pub(super) fn serve(&self, engine: &Engine) {
        while let Some(comparison) = self.next() {
            let Comparison { prompt, one, other, caller, reply, span } = comparison;
            let _entered = span.entered();
            let is_left = || caller.strong_count() == 0;
            // As on the model's thread: a panic inside the model's library costs this request alone.
            let compared = catch_unwind(AssertUnwindSafe(|| engine.log_odds(&prompt, one, other, &is_left)));
            let compared = compared.unwrap_or_else(|_| Err(Error::internal("the model panicked")));
            // The caller may have left meanwhile: then nobody wants the result.
            let _ = reply.send(compared);
        }
    }

    /// Tells all that wait that the model cannot be had.
    pub(super) fn fail(&self, error: &Error) {
        while let Some(comparison) = self.next() {
            let failed = Error::new(error.kind(), error.to_string());
            let _ = comparison.reply.send(Err(failed));
        }
    }

    fn next(&self) -> Option<Comparison> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(comparison) = waiting.pop_front() {
            if comparison.caller.strong_count() > 0 {
                return Some(comparison);
            }
        }
        None
    }
}
