//! The language model as a writer about documents: only while no answer is being made.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use footnote_core::document::Enrichment;
use footnote_core::ports::Generator;
use footnote_core::{ErrorKind, Result};
use footnote_generator::enrich;
use footnote_ingest::Enrich;

use crate::answering::Answering;

/// Longest pause before a busy model is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Asks the generator when nobody waits for it.
pub(crate) struct Enricher {
    /// The model.
    pub(crate) generator: Arc<dyn Generator>,
    /// Tells of answers that are being made.
    pub(crate) answering: Answering,
}

impl Enricher {
    /// Does the work while no answer is being made; leaves it and begins again where one comes.
    async fn in_peace<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        loop {
            self.answering.none().await;
            let done = tokio::select! {
                biased;
                () = self.answering.any() => continue,
                done = work() => done,
            };
            match done.as_ref().map_err(footnote_core::Error::kind) {
                Err(ErrorKind::Busy { retry_after }) => {
                    tokio::time::sleep(retry_after.min(LONGEST_PAUSE)).await;
                }
                _ => return done,
            }
        }
    }
}

#[async_trait]
impl Enrich for Enricher {
    async fn describe(&self, title: &str, text: &str) -> Result<Enrichment> {
        self.in_peace(|| enrich::describe(&*self.generator, title, text)).await
    }

    async fn questions(&self, headings: &str, text: &str) -> Result<Vec<String>> {
        self.in_peace(|| enrich::questions(&*self.generator, headings, text)).await
    }
}
