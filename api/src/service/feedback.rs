//! What people think of answers: say it, list it, export it for training and evaluation.
//!
//! To add an export: add it to [`ExportFormat`], write its line in `lines.rs`, describe it in
//! `docs/feedback.md`, and name it for the API and the command line.

mod lines;

use std::collections::BTreeMap;

use chrono::SubsecRound as _;
use footnote_core::feedback::{Feedback, PreferredPassage, Rating};
use footnote_core::ids::{DocumentId, KnowledgeBaseId, MessageId, VersionId};
use footnote_core::principal::{Principal, Role};
use footnote_core::text::Span;
use footnote_core::{Error, Result};
use serde_json::Value;

use super::knowledge_bases::{only_of, reach_as};
use super::receipts;
use crate::app::App;
use lines::JudgedAnswer;

pub use lines::{EvaluationLine, ExportFormat};

/// Longest correction, and longest preferred passage, in scalar values.
const MAX_TEXT_CHARS: usize = 20_000;
/// Longest comment, in scalar values.
const MAX_COMMENT_CHARS: usize = 4_000;
/// Most preferred passages of one opinion.
const MAX_PREFERRED: usize = 20;

/// An opinion as somebody gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedbackInput {
    /// Thumbs.
    pub rating: Option<Rating>,
    /// What the answer should have been.
    pub corrected: Option<String>,
    /// What it should have rested on.
    pub preferred: Vec<PreferredSpan>,
    /// Free text.
    pub comment: Option<String>,
}

/// A stretch of a document that should have been used, not checked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreferredSpan {
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: VersionId,
    /// Where it lies, in scalar values.
    pub span: Span,
}

/// A document that an evaluation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationDocument {
    /// Its id.
    pub id: DocumentId,
    /// Its title.
    pub title: String,
    /// The canonical text of the version that the latest answer names.
    pub text: String,
}

/// Judged questions with the documents that answer them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationSet {
    /// The questions, oldest first. They name no document that is not in the corpus.
    pub lines: Vec<EvaluationLine>,
    /// The documents. Those that were deleted since are left out.
    pub corpus: Vec<EvaluationDocument>,
}

/// Keeps an opinion in place of the one that the principal had of the same answer.
pub async fn put(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    answer: MessageId,
    input: FeedbackInput,
) -> Result<Feedback> {
    let receipt = receipts::show(app, principal, knowledge_base, answer).await?;
    check(&input)?;
    let mut preferred = Vec::with_capacity(input.preferred.len());
    for (at, passage) in input.preferred.into_iter().enumerate() {
        let name = format!("preferred[{at}]");
        preferred.push(quoted(app, receipt.knowledge_base, &name, passage).await?);
    }
    let feedback = Feedback {
        answer,
        knowledge_base: receipt.knowledge_base,
        by: principal.key(),
        rating: input.rating,
        corrected: input.corrected,
        preferred,
        comment: input.comment,
        // As it will be read back: stored times have microseconds.
        updated_at: app.now().trunc_subsecs(6),
    };
    app.store.answers.put_feedback(&feedback).await?;
    Ok(feedback)
}

/// The opinions on an answer, oldest first.
pub async fn list(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    answer: MessageId,
) -> Result<Vec<Feedback>> {
    let receipt = receipts::show(app, principal, knowledge_base, answer).await?;
    app.store.answers.feedback_on(receipt.id).await
}

/// Judged answers as lines of an export, oldest answer first.
pub async fn export(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    format: ExportFormat,
) -> Result<Vec<Value>> {
    let judged = judged(app, principal, knowledge_base).await?;
    Ok(judged.iter().filter_map(|answer| lines::line(format, answer)).collect())
}

/// Judged answers as a data set of its own.
pub async fn evaluation_set(app: &App, principal: &Principal, knowledge_base: &str) -> Result<EvaluationSet> {
    let judged = judged(app, principal, knowledge_base).await?;
    let mut lines: Vec<EvaluationLine> = judged.iter().filter_map(lines::evaluation).collect();
    let mut named = BTreeMap::new();
    for source in judged.iter().flat_map(JudgedAnswer::evidence) {
        named.insert(source.document, source.version);
    }
    let mut corpus = Vec::with_capacity(named.len());
    for (id, version) in named {
        let Some(document) = app.store.documents.document(id).await? else { continue };
        let Some(text) = app.store.documents.canonical_text(version).await? else { continue };
        corpus.push(EvaluationDocument { id, title: document.title, text: text.as_str().to_owned() });
    }
    for line in &mut lines {
        line.doc_ids.retain(|id| corpus.iter().any(|document| document.id == *id));
    }
    Ok(EvaluationSet { lines, corpus })
}

/// The answers of a knowledge base that somebody has an opinion on, oldest first. A prompt holds the turns before it,
/// which only the key that asked and admins may see.
async fn judged(app: &App, principal: &Principal, knowledge_base: &str) -> Result<Vec<JudgedAnswer>> {
    let knowledge_base = reach_as(app, principal, knowledge_base, Role::Editor).await?;
    let only = only_of(principal);
    let opinions = app.store.answers.feedback(knowledge_base.id).await?;
    let mut by_answer: BTreeMap<MessageId, Vec<Feedback>> = BTreeMap::new();
    for opinion in opinions {
        by_answer.entry(opinion.answer).or_default().push(opinion);
    }
    let mut judged = Vec::with_capacity(by_answer.len());
    for (answer, opinions) in by_answer {
        let receipt = app.store.answers.receipt(answer).await?;
        if let Some(receipt) = receipt.filter(|it| only.is_none_or(|key| it.owner == Some(key))) {
            judged.push(JudgedAnswer::of(receipt, &opinions));
        }
    }
    Ok(judged)
}

fn check(input: &FeedbackInput) -> Result<()> {
    let FeedbackInput { rating, corrected, preferred, comment } = input;
    if rating.is_none() && corrected.is_none() && preferred.is_empty() && comment.is_none() {
        return Err(Error::invalid(
            "the feedback is empty; give at least one of rating, corrected, preferred and comment",
        ));
    }
    check_text("corrected", corrected.as_deref(), MAX_TEXT_CHARS)?;
    check_text("comment", comment.as_deref(), MAX_COMMENT_CHARS)?;
    if preferred.len() > MAX_PREFERRED {
        return Err(Error::invalid(format!(
            "preferred has {} passages; give at most {MAX_PREFERRED}",
            preferred.len()
        )));
    }
    Ok(())
}

fn check_text(name: &str, text: Option<&str>, most: usize) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("{name} is empty; leave it out")));
    }
    let chars = text.chars().count();
    if chars > most {
        return Err(Error::invalid(format!("{name} has {chars} characters; give at most {most}")));
    }
    Ok(())
}

/// The passage with its text, where it lies in a version of a document of this knowledge base.
async fn quoted(
    app: &App,
    knowledge_base: KnowledgeBaseId,
    name: &str,
    passage: PreferredSpan,
) -> Result<PreferredPassage> {
    let PreferredSpan { document, version, span } = passage;
    let documents = &app.store.documents;
    let found = documents.document(document).await?;
    if found.is_none_or(|found| found.knowledge_base != knowledge_base) {
        return Err(Error::invalid(format!(
            "{name}.document {document} is not a document of this knowledge base"
        )));
    }
    let found = documents.version(version).await?;
    if found.is_none_or(|found| found.document != document) {
        return Err(Error::invalid(format!("{name}.version {version} is not a version of its document")));
    }
    let text = documents.canonical_text(version).await?.ok_or_else(|| {
        Error::invalid(format!("{name}.version {version} has no text; name one that was indexed"))
    })?;
    if span.start >= span.end || span.end > text.char_len() {
        return Err(Error::invalid(format!(
            "{name}.span {span} is no stretch of the text, which has {} characters",
            text.char_len()
        )));
    }
    if span.len() > MAX_TEXT_CHARS {
        return Err(Error::invalid(format!(
            "{name}.span {span} has {} characters; give at most {MAX_TEXT_CHARS}",
            span.len()
        )));
    }
    let text = text.slice(span).unwrap_or_default().to_owned();
    Ok(PreferredPassage { document, version, span, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opinion_says_something_and_not_too_much() {
        let passage =
            PreferredSpan { document: DocumentId::new(), version: VersionId::new(), span: Span::new(0, 1) };
        let text = |chars: usize| Some("长".repeat(chars));
        let refused = |input: &FeedbackInput| check(input).err().map(|error| error.to_string());
        let nothing = FeedbackInput::default();
        assert!(refused(&nothing).is_some_and(|error| error.contains("at least one")));
        for (input, named) in [
            (FeedbackInput { corrected: text(20_001), ..nothing.clone() }, "corrected has 20001"),
            (FeedbackInput { corrected: Some(" ".to_owned()), ..nothing.clone() }, "corrected is empty"),
            (FeedbackInput { comment: text(4_001), ..nothing.clone() }, "comment has 4001"),
            (FeedbackInput { preferred: vec![passage; 21], ..nothing.clone() }, "preferred has 21"),
        ] {
            assert!(refused(&input).is_some_and(|error| error.contains(named)), "{named}");
        }
        for input in [
            FeedbackInput { rating: Some(Rating::Down), ..nothing.clone() },
            FeedbackInput { corrected: text(20_000), comment: text(4_000), ..nothing.clone() },
            FeedbackInput { preferred: vec![passage; 20], ..nothing.clone() },
        ] {
            assert_eq!(refused(&input), None);
        }
    }
}
