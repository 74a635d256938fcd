//! What retrieval finds: candidates with every stage's rank and score, and merged passages.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::dated::DocumentDate;
use crate::hash::ContentHash;
use crate::ids::{ChunkId, DocumentId, SourceId, VersionId};
use crate::parsed::Page;
use crate::text::Span;

/// A chunk that SQL confirmed as current and permitted, with what is needed to show and cite it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfirmedChunk {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its version.
    pub version: VersionId,
    /// Hash of the version's canonical text.
    pub version_hash: ContentHash,
    /// Its document.
    pub document: DocumentId,
    /// The document's source.
    pub source: SourceId,
    /// The document's title.
    pub title: String,
    /// The document's key within its source.
    pub document_key: String,
    /// Position among the version's chunks.
    pub ordinal: u32,
    /// Where it lies, in scalar values.
    pub span: Span,
    /// First and last page.
    pub pages: Option<(u32, u32)>,
    /// Headings above it.
    pub heading_path: Vec<String>,
    /// Hash of the text that was embedded for it; see [`Chunk`](crate::chunk::Chunk).
    pub embedded_text: ContentHash,
    /// Its text: `canonical_text[span]`.
    pub text: String,
}

/// Rank (from 1, among the confirmed candidates that are given) and score at one stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StageScore {
    /// From 1.
    pub rank: usize,
    /// The stage's own scale.
    pub score: f32,
}

/// A candidate's way through the stages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StageTrace {
    /// Dense search: cosine similarity.
    pub dense: Option<StageScore>,
    /// Keyword search: BM25.
    pub keyword: Option<StageScore>,
    /// After fusion.
    pub fused: Option<StageScore>,
    /// After the cross-encoder.
    pub reranked: Option<StageScore>,
    /// Why it went no further, where it did not.
    pub dropped: Option<String>,
    /// Whether it was not found, but taken along from the answer that the question follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
}

/// A stretch of a version's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The version.
    pub version: VersionId,
    /// Where in it, in scalar values.
    pub span: Span,
}

/// A candidate with its trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The confirmed chunk.
    pub chunk: ConfirmedChunk,
    /// Its ranks and scores.
    pub trace: StageTrace,
}

impl Candidate {
    /// The score of the last stage it reached.
    pub fn score(&self) -> f32 {
        let trace = &self.trace;
        trace.reranked.or(trace.fused).map_or(0.0, |s| s.score)
    }
}

/// A stretch of one version that is given to the model: neighbouring chunks merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// The number the model sees, from 1.
    pub number: u32,
    /// Its version.
    pub version: VersionId,
    /// Hash of the version's canonical text.
    pub version_hash: ContentHash,
    /// Its document.
    pub document: DocumentId,
    /// The document's title.
    pub title: String,
    /// The document's key within its source.
    pub document_key: String,
    /// When its document is of; `None` in receipts that were stored before this was told.
    #[serde(default)]
    pub dated: Option<DocumentDate>,
    /// Where it lies, in scalar values.
    pub span: Span,
    /// Headings above all of it.
    pub heading_path: Vec<String>,
    /// Where headings change within it, in order.
    pub sections: Vec<Section>,
    /// `canonical_text[span]`; empty in a receipt once the document is deleted.
    pub text: String,
    /// Pages with the spans of them that the passage touches, in order.
    pub pages: Vec<Page>,
    /// Those lines of it that were read by OCR, with how sure it is of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ocr_lines: Vec<crate::parsed::Line>,
    /// Best score of its chunks.
    pub score: f32,
    /// The chunks it is made of.
    pub chunks: Vec<ChunkId>,
    /// The header of the table within which it begins, where that stands before it: its first rows say nothing
    /// without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_header: Option<TableHeader>,
}

impl Passage {
    /// Headings above the place `at`, a scalar value of the canonical text, outermost first.
    pub fn heading_path_at(&self, at: usize) -> &[String] {
        let section = self.sections.iter().rev().find(|section| section.start <= at);
        section.map_or(&self.heading_path, |section| &section.heading_path)
    }

    /// The page, or what is like one, at the place `at`, a scalar value of the canonical text.
    pub fn page_at(&self, at: usize) -> Option<&Page> {
        self.pages.iter().rev().find(|page| page.span.start <= at).or(self.pages.first())
    }

    /// First and last row of the sheet in which the bytes `quote` of the text lie; `None` where that is no sheet. Blank
    /// rows within a table are counted, although no text stands for them.
    pub fn rows(&self, quote: Range<usize>) -> Option<(u32, u32)> {
        let before = self.text.get(..quote.start)?;
        let start = self.span.start + before.chars().count();
        let end = start + self.text.get(quote)?.trim_end().chars().count();
        let page = self.page_at(start)?;
        let in_sheet = |other: &&Page| other.number == page.number && other.span.start < end.max(start + 1);
        let last_page = self.pages.iter().rev().find(in_sheet).unwrap_or(page);
        let row = |page: &Page, at: usize| {
            let from = page.span.start.saturating_sub(self.span.start);
            let to = (at - self.span.start).max(from);
            page.rows(&self.text.chars().skip(from).take(to - from).collect::<String>(), "")
        };
        let ((first, _), (last, _)) =
            (row(page, start)?, row(last_page, end.min(last_page.span.end.max(start)))?);
        Some((first, last.max(first)))
    }
}

/// The header of a table, away from its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableHeader {
    /// Where it lies, in scalar values of the canonical text.
    pub span: Span,
    /// `canonical_text[span]`.
    pub text: String,
    /// The page it stands on, with the part of that page's span which begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// How sure OCR is of it, 0 to 1; `None` where it was not read by OCR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocr_confidence: Option<f32>,
    /// What the row is about within which the passage begins: a row that is longer than a chunk is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<RowLabel>,
}

/// The first cell of a row that says anything, away from the rest of the row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowLabel {
    /// Where it lies, in scalar values of the canonical text.
    pub span: Span,
    /// `canonical_text[span]`: the beginning of a long one.
    pub text: String,
    /// The page it stands on, with the part of that page's span which begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// How sure OCR is of it, as of a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocr_confidence: Option<f32>,
}

/// A part of a passage under headings of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Where it starts in the canonical text, in scalar values.
    pub start: usize,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
}

/// Whether the documents can answer, told from retrieval alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// 0 to 1.
    pub score: f32,
    /// What the score had to reach.
    pub threshold: f32,
    /// Whether it did.
    pub sufficient: bool,
}

/// What a retriever gives back.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieved {
    /// Passages in order of relevance, numbered from 1.
    pub passages: Vec<Passage>,
    /// Whether they suffice.
    pub evidence: Evidence,
    /// Every confirmed candidate with its trace: the best in final order, duplicates of them, and what lies behind.
    pub candidates: Vec<Candidate>,
    /// The whole tables of the passages' documents, where the question counts or adds up.
    pub tables: Vec<Passage>,
}
