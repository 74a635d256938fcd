//! The language model as a writer about documents: only while no answer is being made.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use footnote_core::document::Enrichment;
use footnote_core::ports::Generator;
use footnote_core::{Error, Result};
use footnote_generator::enrich;
use footnote_ingest::Enrich;

use crate::answering::Answering;

/// Pause after which it is asked again whether answers are being made.
const PAUSE: Duration = Duration::from_secs(5);

/// Asks the generator when nobody waits for it.
pub(crate) struct Enricher {
    /// The model.
    pub(crate) generator: Arc<dyn Generator>,
    /// Tells of answers that are being made.
    pub(crate) answering: Answering,
}

/// Does the work while no answer is being made; leaves it and is busy where one is or comes.
async fn in_peace<T>(answering: &Answering, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        () = answering.any() => Err(Error::busy("the model answers questions first", PAUSE)),
        done = work => done,
    }
}

#[async_trait]
impl Enrich for Enricher {
    async fn describe(&self, title: &str, text: &str) -> Result<Enrichment> {
        in_peace(&self.answering, enrich::describe(&*self.generator, title, text)).await
    }

    async fn questions(&self, headings: &str, text: &str) -> Result<Vec<String>> {
        in_peace(&self.answering, enrich::questions(&*self.generator, headings, text)).await
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use footnote_core::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn answers_go_first() {
        let answering = Answering::default();
        assert_eq!(in_peace(&answering, async { Ok(1) }).await.unwrap(), 1);
        let answer = answering.begin();
        let busy = in_peace(&answering, async { Ok(1) }).await.unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy { retry_after: PAUSE });
        drop(answer);
        let begun = async {
            tokio::task::yield_now().await;
            answering.begin()
        };
        let (left, _answer) = tokio::join!(in_peace(&answering, future::pending::<Result<()>>()), begun);
        assert_eq!(left.unwrap_err().kind(), ErrorKind::Busy { retry_after: PAUSE });
    }
}
