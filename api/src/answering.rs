//! How many answers are being made: work that can wait leaves the models to them.

use tokio::sync::watch;

/// Counts the answers that are being made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answering(watch::Sender<usize>);

/// An answer that is being made, until it is dropped.
#[derive(Debug)]
pub(crate) struct AnswerBegun(watch::Sender<usize>);

impl Answering {
    /// Counts one more.
    pub(crate) fn begin(&self) -> AnswerBegun {
        self.0.send_modify(|answers| *answers += 1);
        AnswerBegun(self.0.clone())
    }

    /// Waits until any is being made; returns at once where one is.
    pub(crate) async fn any(&self) {
        if self.0.subscribe().wait_for(|&answers| answers > 0).await.is_err() {
            // The sender lives in `self`.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for AnswerBegun {
    fn drop(&mut self) {
        self.0.send_modify(|answers| *answers -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn an_answer_counts_until_it_is_dropped() {
        let answering = Answering::default();
        let is_any = || answering.any().now_or_never().is_some();
        assert!(!is_any());
        let (one, other) = (answering.begin(), answering.begin());
        drop(one);
        assert!(is_any());
        drop(other);
        assert!(!is_any());
    }
}
