//! What people think of an answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ApiKeyId, DocumentId, KnowledgeBaseId, MessageId, VersionId};
use crate::text::Span;

/// Thumbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// The answer is good.
    Up,
    /// It is not.
    Down,
}

/// A stretch of a document that should have been used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferredPassage {
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: VersionId,
    /// Where it lies in the version's canonical text, in scalar values.
    pub span: Span,
    /// `canonical_text[span]`.
    pub text: String,
}

/// One person's opinion of an answer; a later one takes the place of an earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The answer, by the id of its receipt.
    pub answer: MessageId,
    /// The knowledge base that answered.
    pub knowledge_base: KnowledgeBaseId,
    /// Who thinks so; `None` for the local operator.
    pub by: Option<ApiKeyId>,
    /// Thumbs, where they were given.
    pub rating: Option<Rating>,
    /// What the answer should have been.
    pub corrected: Option<String>,
    /// What it should have rested on.
    pub preferred: Vec<PreferredPassage>,
    /// Free text.
    pub comment: Option<String>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
