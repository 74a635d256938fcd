//! Chunks: the unit that both indexes hold.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::hash::ContentHash;
use crate::ids::{ChunkId, DocumentId, GenerationId, KnowledgeBaseId, SourceId, VersionId};
use crate::parsed::ContentType;
use crate::question::is_chinese;
use crate::text::Span;

/// A stretch of a version's canonical text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// See [`ChunkId::derive`].
    pub id: ChunkId,
    /// The version it is cut from.
    pub version: VersionId,
    /// The generation whose settings cut it.
    pub generation: GenerationId,
    /// Position among the version's chunks, from 0.
    pub ordinal: u32,
    /// Where it lies, in scalar values of the canonical text.
    pub span: Span,
    /// First and last 1-based page; `None` where the format has no pages.
    pub pages: Option<(u32, u32)>,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// Hash of the text that was embedded (title, heading path and chunk): equal texts share a
    /// vector and are never embedded twice.
    pub embedded_text: ContentHash,
}

/// What both indexes need to know of a chunk besides its vector or words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its version: the unit of removal.
    pub version: VersionId,
    /// Its knowledge base: part of every query's scope.
    pub knowledge_base: KnowledgeBaseId,
    /// What filters match; see [`Tag`].
    pub tags: Vec<Tag>,
}

/// A filterable fact in the one form both indexes store: `field=value`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(String);

impl Tag {
    /// `document=<id>`.
    pub fn document(id: DocumentId) -> Self {
        Self(format!("document={id}"))
    }

    /// `source=<id>`.
    pub fn source(id: SourceId) -> Self {
        Self(format!("source={id}"))
    }

    /// `type=<name>`.
    pub fn content_type(content_type: ContentType) -> Self {
        Self(format!("type={}", content_type.name()))
    }

    /// `meta.<key>=<value>`.
    pub fn metadata(key: &str, value: &str) -> Self {
        Self(format!("meta.{key}={value}"))
    }

    /// `script=han` or `script=other`: which of the two languages that are told apart the chunk is in.
    pub fn script(is_chinese: bool) -> Self {
        Self(format!("script={}", if is_chinese { "han" } else { "other" }))
    }

    /// All tags of a chunk with this text.
    pub fn all_of(document: &Document, content_type: ContentType, text: &str) -> Vec<Self> {
        let mut tags = vec![
            Self::document(document.id),
            Self::source(document.source),
            Self::content_type(content_type),
            Self::script(is_chinese(text)),
        ];
        tags.extend(document.metadata.iter().map(|(key, value)| Self::metadata(key, value)));
        tags
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An entry of the vector index.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorEntry {
    /// What it is about.
    pub key: IndexKey,
    /// L2-normalised embedding.
    pub vector: Vec<f32>,
}

/// An entry of the keyword index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeywordEntry {
    /// What it is about.
    pub key: IndexKey,
    /// The document's title.
    pub title: String,
    /// The heading path, joined by blanks.
    pub headings: String,
    /// The chunk's text.
    pub body: String,
}

/// A chunk that an index gave back, best first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The chunk.
    pub chunk: ChunkId,
    /// The index's own score: cosine similarity or BM25.
    pub score: f32,
}
