//! Chunks, as they are or would be, and lines with their boxes.

use chrono::{DateTime, Utc};
use footnote_core::chunk::Chunk;
use footnote_core::parsed::Line;
use footnote_ingest::edits::EditedChunk;
use footnote_ingest::preview::{Preview, PreviewChunk};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ContentTypeView, SpanView, WarningView};
use crate::service::chunks::VersionChunks;

/// How documents are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChunkingView {
    /// Largest chunk, in tokens of the embedder, without title and heading path.
    pub max_tokens: usize,
    /// Tokens repeated from the chunk before; 0 for none.
    pub overlap_tokens: usize,
}

/// A chunk of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChunkView {
    /// Its id; another one in every version.
    pub id: Uuid,
    /// Position among the version's chunks, from 0.
    pub ordinal: u32,
    /// Where it lies in the canonical text, in Unicode scalar values.
    pub span: SpanView,
    /// First and last page; null where the format has none.
    pub pages: Option<(u32, u32)>,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// Its text: exactly the canonical text under `span`.
    pub text: String,
    /// Words that were added to find it by.
    pub note: Option<String>,
    /// Who added them: `person`, or `model` for questions that enrichment wrote.
    pub note_by: Option<String>,
    /// Whether somebody took it out of what is found.
    pub hidden: bool,
}

/// The chunks of a version, or a part of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChunksView {
    /// The version.
    pub version: Uuid,
    /// How many chunks it has.
    pub total: usize,
    /// Those asked for, in order.
    pub items: Vec<ChunkView>,
}

impl ChunksView {
    /// `limit` chunks from the one at `start` on.
    pub(crate) fn of(of: &VersionChunks, start: usize, limit: usize) -> Self {
        let view = |chunk: &Chunk| ChunkView {
            id: chunk.id.0,
            ordinal: chunk.ordinal,
            span: chunk.span.into(),
            pages: chunk.pages,
            heading_path: chunk.heading_path.clone(),
            text: of.text.slice(chunk.span).unwrap_or_default().to_owned(),
            note: chunk.edit.as_ref().and_then(|edit| edit.note.clone()),
            note_by: chunk.edit.as_ref().map(|edit| edit.author.name().to_owned()),
            hidden: chunk.edit.as_ref().is_some_and(|edit| edit.hidden),
        };
        let items = of.chunks.iter().skip(start).take(limit).map(view).collect();
        Self { version: of.version.id.0, total: of.chunks.len(), items }
    }
}

/// A chunk as it would be indexed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewChunkView {
    /// Position among the chunks, from 0.
    pub ordinal: usize,
    /// Where it lies in the canonical text, in Unicode scalar values.
    pub span: SpanView,
    /// First and last page; null where the format has none.
    pub pages: Option<(u32, u32)>,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// Tokens of its text, as the embedder counts them.
    pub tokens: usize,
    /// Its text.
    pub text: String,
    /// What would be embedded for it: title, heading path, the header of a table that it continues, its text.
    pub embedded_text: String,
}

/// A file as it would be read and cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewView {
    /// The recognised type.
    pub content_type: ContentTypeView,
    /// The title that the document gives itself.
    pub title: Option<String>,
    /// The engine that read it, with its version, or the first digits of its SHA-256, where that is known.
    pub engine: String,
    /// The language most of it is in: ISO 639-1, else 639-3; null where that is not clear.
    pub language: Option<String>,
    /// Length of the canonical text in Unicode scalar values.
    pub chars: usize,
    /// What was lost or doubtful.
    pub warnings: Vec<WarningView>,
    /// How many chunks it would have.
    pub total: usize,
    /// The first of them.
    pub chunks: Vec<PreviewChunkView>,
}

impl PreviewView {
    /// With the first `limit` chunks.
    pub(crate) fn of(preview: &Preview, limit: usize) -> Self {
        let view = |(ordinal, chunk): (usize, &PreviewChunk)| PreviewChunkView {
            ordinal,
            span: chunk.draft.span.into(),
            pages: chunk.draft.pages,
            heading_path: chunk.draft.heading_path.clone(),
            tokens: chunk.tokens,
            text: preview.text.slice(chunk.draft.span).unwrap_or_default().to_owned(),
            embedded_text: chunk.embedded_text.clone(),
        };
        Self {
            content_type: preview.parsed.content_type.into(),
            title: preview.parsed.title.clone(),
            engine: preview.parsed.engine.clone(),
            language: preview.language.clone(),
            chars: preview.text.char_len(),
            warnings: preview.parsed.warnings.iter().map(WarningView::from).collect(),
            total: preview.chunks.len(),
            chunks: preview.chunks.iter().enumerate().take(limit).map(view).collect(),
        }
    }
}

/// A line of a document and where it stands on its page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineView {
    /// Where its text lies in the canonical text, in Unicode scalar values.
    pub span: SpanView,
    /// 1-based page.
    pub page: u32,
    /// Left, top, right and bottom as shares of the page's width and height, from its upper left corner.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// How sure OCR is of it, 0 to 1; null where it was not read by OCR.
    pub confidence: Option<f32>,
    /// Where the links on it lead: `http`, `https` and `mailto` addresses, as the document has them. What they lead to
    /// nobody has checked.
    pub links: Vec<String>,
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        let Line { span, page, bounds, confidence, links } = line;
        Self { span: span.into(), page, bounds, confidence, links }
    }
}

/// What was asked of a chunk, and the job that tells it to the indexes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EditedChunkView {
    /// The job.
    pub job: Uuid,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// The end of a long note for which the embedder has no room beside the chunk's text: it is found by its words, but
    /// not by its meaning. Null where all of it has room.
    pub by_words_only: Option<String>,
}

impl From<EditedChunk> for EditedChunkView {
    fn from(edited: EditedChunk) -> Self {
        let EditedChunk { job, by_words_only } = edited;
        Self { job: job.id.0, queued_at: job.created_at, by_words_only }
    }
}
