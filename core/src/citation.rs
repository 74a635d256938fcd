//! The one citation record; each dialect of the API is a projection of it.

use serde::{Deserialize, Serialize};

use crate::hash::ContentHash;
use crate::ids::{DocumentId, VersionId};
use crate::text::{CanonicalText, Span};

/// A claim of the answer and the exact place that supports it.
///
/// Invariant: `canonical_text[source_span] == quote`, for ever, because a version never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// The passage number as shown in the answer's marker.
    pub number: u32,
    /// The stretch of the answer it supports, in scalar values of the answer's text.
    pub answer_span: Span,
    /// The document.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
    /// Its key within its source.
    pub document_key: String,
    /// The version.
    pub version: VersionId,
    /// SHA-256 of the version's canonical text.
    pub version_hash: ContentHash,
    /// 1-based page on which the quote starts; `None` where the format has no pages.
    pub page: Option<u32>,
    /// Headings above the quote.
    pub heading_path: Vec<String>,
    /// Where the quote lies, in scalar values of the canonical text.
    pub source_span: Span,
    /// The quote itself.
    pub quote: String,
    /// How well the quote supports the answer span, 0 to 1.
    pub score: f32,
}

impl Citation {
    /// Whether the invariant holds against `text`.
    pub fn holds_in(&self, text: &CanonicalText) -> bool {
        ContentHash::of(text.as_str().as_bytes()) == self.version_hash
            && text.slice(self.source_span) == Some(self.quote.as_str())
    }
}
