//! Courtesies and introductions: they claim nothing, and wait for what does.

use footnote_core::Result;
use footnote_core::verdict::SentenceFate;

use super::Writer;
use crate::cite::CitedSentence;
use crate::verify::Judgement;

/// What claims nothing and waits for what does.
pub(super) enum Waiting {
    Sentence(CitedSentence, Judgement),
    Layout(String),
}

impl Writer {
    /// Writes what waited for a sentence that claims something.
    pub(super) async fn claim(&mut self) -> Result<()> {
        self.claimed = true;
        for waiting in std::mem::take(&mut self.waiting) {
            self.write_waiting(waiting).await?;
        }
        Ok(())
    }

    async fn write_waiting(&mut self, waiting: Waiting) -> Result<()> {
        match waiting {
            Waiting::Layout(text) => self.write_layout(text).await,
            Waiting::Sentence(sentence, judgement) => {
                let written = self.write(sentence.with_markers(&[]), Vec::new()).await?;
                self.note(sentence.claim(), judgement, Some(written), SentenceFate::Kept).await
            }
        }
    }

    /// Writes what still waits at the end: what closes an answer, or all that there is where nothing was dropped.
    /// What introduces sentences that were not written is left out.
    pub(super) async fn end_waiting(&mut self) -> Result<()> {
        let is_all = !self.disclaimed && self.sentences.is_empty();
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting {
                Waiting::Sentence(sentence, judgement)
                    if sentence.claim().ends_with([':', '：']) || !(self.claimed || is_all) =>
                {
                    self.note(sentence.claim(), judgement, None, SentenceFate::Dropped).await?;
                }
                waiting => self.write_waiting(waiting).await?,
            }
        }
        Ok(())
    }
}
