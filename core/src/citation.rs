//! The one citation record; each dialect of the API is a projection of it.

use serde::{Deserialize, Serialize};

use crate::hash::ContentHash;
use crate::ids::{DocumentId, VersionId};
use crate::parsed::PageKind;
use crate::text::{CanonicalText, Span};

/// A claim of the answer and the exact place that supports it.
///
/// Invariant: `canonical_text[source_span] == quote`, because a version never changes; once the document is deleted the
/// quote is empty.
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
    /// 1-based page on which the quote starts, or the slide, sheet or part; `None` where the format has none.
    pub page: Option<u32>,
    /// What `page` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_kind: Option<PageKind>,
    /// What the document itself calls that page: `iv`, the name of a sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_label: Option<String>,
    /// Rows of the sheet that the quote covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowRange>,
    /// How sure OCR is of the least sure line of the quote, 0 to 1; `None` where it was not read by OCR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocr_confidence: Option<f32>,
    /// Whether OCR is so unsure of the quote that it should be compared with the page: below 0.8.
    #[serde(default)]
    pub low_confidence: bool,
    /// Headings above the quote.
    pub heading_path: Vec<String>,
    /// Where the quote lies, in scalar values of the canonical text.
    pub source_span: Span,
    /// The quote itself.
    pub quote: String,
    /// How well the quote supports the answer span, 0 to 1.
    pub score: f32,
}

/// Rows of a sheet, both ends included, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRange {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

impl Citation {
    /// Where the quote stands, for people: `page 3`, `sheet 2 "Sales", rows 4 to 6`; `None` where the format has no
    /// such places.
    pub fn place(&self) -> Option<String> {
        let kind = self.page_kind.unwrap_or_default().name();
        let mut place = format!("{kind} {}", self.page?);
        if let Some(label) = &self.page_label {
            place.push_str(&format!(" {label:?}"));
        }
        match self.rows {
            Some(rows) if rows.first == rows.last => place.push_str(&format!(", row {}", rows.first)),
            Some(rows) => place.push_str(&format!(", rows {} to {}", rows.first, rows.last)),
            None => {}
        }
        Some(place)
    }

    /// Whether the invariant holds against `text`.
    pub fn holds_in(&self, text: &CanonicalText) -> bool {
        ContentHash::of(text.as_str().as_bytes()) == self.version_hash
            && text.slice(self.source_span) == Some(self.quote.as_str())
    }
}
