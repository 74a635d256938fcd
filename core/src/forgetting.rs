//! What becomes of answers and their receipts once a document is deleted that they were made from.
//!
//! Texts go, places stay: a quote or passage without a text is one whose document was deleted, and the stretches of
//! an answer that may say what the document said are masked character by character, so that all spans still hold. The
//! name of the document (title and key) stays, to say what was deleted.

use std::collections::HashSet;

use crate::answer::{Answer, ChatMessage, MessageRole};
use crate::citation::Citation;
use crate::feedback::PreferredPassage;
use crate::ids::DocumentId;
use crate::passage::Passage;
use crate::receipt::ReceiptBody;

/// Stands for each character that is gone.
pub const MASK: char = '█';
/// Stands where a turn or a line was.
pub const REMOVED: &str = "(removed: it may hold the text of a document that was deleted)";

/// As many masks as the text has characters; lines stay.
pub fn masked(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { MASK }).collect()
}

/// A text for a model or a person to go on from: what was masked is told in words.
pub fn readable(text: &str) -> String {
    if !text.contains(MASK) {
        return text.to_owned();
    }
    let mut readable = String::with_capacity(text.len());
    let mut in_mask = false;
    for c in text.chars() {
        if c == MASK {
            if !in_mask {
                readable.push_str(REMOVED);
            }
            in_mask = true;
        } else {
            in_mask = false;
            readable.push(c);
        }
    }
    readable
}

impl Citation {
    /// Whether its quote is gone because its document was deleted.
    pub fn is_forgotten(&self) -> bool {
        self.quote.is_empty() && !self.source_span.is_empty()
    }
}

impl Passage {
    /// Whether its text is gone because its document was deleted.
    pub fn is_forgotten(&self) -> bool {
        self.text.is_empty() && !self.span.is_empty()
    }

    fn forget(&mut self) {
        self.text.clear();
        self.heading_path.clear();
        self.sections.clear();
        self.table_header = None;
        for page in &mut self.pages {
            page.label = None;
        }
    }
}

impl PreferredPassage {
    /// Whether its text is gone because its document was deleted.
    pub fn is_forgotten(&self) -> bool {
        self.text.is_empty() && !self.span.is_empty()
    }

    /// Forgets its text where it is of a deleted document.
    pub fn forget(&mut self, deleted: &HashSet<DocumentId>) {
        if deleted.contains(&self.document) {
            self.text.clear();
        }
    }
}

impl Answer {
    /// Whether it cites a deleted document.
    pub fn cites(&self, deleted: &HashSet<DocumentId>) -> bool {
        self.citations.iter().any(|citation| deleted.contains(&citation.document))
    }

    /// Forgets the quotes of deleted documents, and of its text all but the sentences that rest on others alone: a
    /// sentence without a source may say what any passage said.
    pub fn forget(&mut self, deleted: &HashSet<DocumentId>) {
        for citation in self.citations.iter_mut().filter(|it| deleted.contains(&it.document)) {
            citation.quote.clear();
            citation.heading_path.clear();
            citation.page_label = None;
        }
        let mut kept = vec![false; self.text.chars().count()];
        for sentence in &mut self.sentences {
            let cited: Vec<&Citation> =
                sentence.citations.iter().filter_map(|&at| self.citations.get(at)).collect();
            let stays = !cited.is_empty() && cited.iter().all(|citation| !citation.is_forgotten());
            if !stays {
                sentence.text.clear();
                sentence.missing.clear();
                REMOVED.clone_into(&mut sentence.why);
            } else if let Some(stretch) =
                sentence.span.and_then(|span| kept.get_mut(span.start..span.end.max(span.start)))
            {
                stretch.fill(true);
            }
        }
        let mask = |(c, kept): (char, bool)| if kept || c == '\n' { c } else { MASK };
        self.text = self.text.chars().zip(kept).map(mask).collect();
    }
}

impl ReceiptBody {
    /// Those of the deleted documents whose texts the answer was made from.
    pub fn made_from(&self, deleted: &HashSet<DocumentId>) -> Vec<DocumentId> {
        let passages = self.passages.iter().chain(&self.tables).map(|passage| passage.document);
        let cited = self.answer.citations.iter().map(|citation| citation.document);
        let mut found = Vec::new();
        for document in passages.chain(cited).filter(|document| deleted.contains(document)) {
            if !found.contains(&document) {
                found.push(document);
            }
        }
        found
    }

    /// Forgets what deleted documents said: their passages and quotes, and all that may repeat them. `because` are
    /// those of them that the receipt held something of.
    pub fn forget(&mut self, deleted: &HashSet<DocumentId>, because: &[DocumentId]) {
        for &document in because {
            if !self.forgotten.contains(&document) {
                self.forgotten.push(document);
            }
        }
        let passages = self.passages.iter_mut().chain(&mut self.tables);
        passages.filter(|passage| deleted.contains(&passage.document)).for_each(Passage::forget);
        // What was made of earlier answers may say what they said.
        let follows_others = !self.history.is_empty() || self.summary.is_some();
        if follows_others {
            let question = self.question.as_str();
            let derived = self.searched.iter_mut().chain([&mut self.standalone]);
            derived.filter(|text| *text != question).for_each(|text| *text = REMOVED.to_owned());
        }
        self.summary = self.summary.take().map(|_| REMOVED.to_owned());
        remove(&mut self.history, |turn| turn.role == MessageRole::Assistant);
        remove(&mut self.prompt, |turn| turn.role != MessageRole::System);
        self.answer.forget(deleted);
    }
}

fn remove(turns: &mut [ChatMessage], goes: impl Fn(&ChatMessage) -> bool) {
    for turn in turns.iter_mut().filter(|turn| goes(turn)) {
        REMOVED.clone_into(&mut turn.content);
    }
}

#[cfg(test)]
mod tests;
