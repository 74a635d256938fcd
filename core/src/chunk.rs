//! Chunks: the unit that both indexes hold.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::hash::ContentHash;
use crate::ids::{ChunkEditId, ChunkId, DocumentId, GenerationId, KnowledgeBaseId, SourceId, VersionId};
use crate::parsed::{ContentType, ParseWarning};
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
    /// What somebody added to it.
    pub edit: Option<ChunkEdit>,
}

impl Chunk {
    /// Whether somebody hid it.
    pub fn is_hidden(&self) -> bool {
        self.edit.as_ref().is_some_and(|edit| edit.hidden)
    }
}

/// What somebody added to a chunk. Its text stays what the document says: a citation quotes nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkEdit {
    /// Its id.
    pub id: ChunkEditId,
    /// Words to find the chunk by, such as other names and likely questions: embedded and searched with it, never
    /// shown to a model and never cited.
    pub note: Option<String>,
    /// Whether the chunk is not to be found.
    pub hidden: bool,
    /// Who made it.
    pub author: EditAuthor,
}

/// Who made an edit. A person's is never replaced by a model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditAuthor {
    /// A person.
    Person,
    /// A model, with questions that the chunk answers.
    Model,
}

impl EditAuthor {
    /// The name stored in SQL and shown by the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Model => "model",
        }
    }

    /// The inverse of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Person, Self::Model].into_iter().find(|author| author.name() == name)
    }
}

/// An edit as it is kept with its document, whatever versions come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunkEdit {
    /// What was added.
    pub edit: ChunkEdit,
    /// The text of the chunk that it was made on: a new version's chunk with this text gets it.
    pub text: String,
    /// When it was made or changed.
    pub updated_at: DateTime<Utc>,
}

/// An edit to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChunkEdit {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its text.
    pub text: String,
    /// See [`ChunkEdit::note`].
    pub note: Option<String>,
    /// See [`ChunkEdit::hidden`].
    pub hidden: bool,
    /// Who makes it.
    pub author: EditAuthor,
    /// Hash of what is embedded for the chunk with this note.
    pub embedded_text: ContentHash,
}

/// A current version as it was cut and indexed for the generation that its knowledge base changes to.
#[derive(Debug, Clone, Copy)]
pub struct RechunkedVersion<'a> {
    /// Its document, as the entries were made of.
    pub document: &'a Document,
    /// The version.
    pub version: VersionId,
    /// The generation.
    pub generation: GenerationId,
    /// Its chunks in that generation.
    pub chunks: &'a [Chunk],
    /// The document's edits that were placed on them, or had no place, in the order of their ids.
    pub edits: &'a [ChunkEditId],
    /// The texts of chunks whose edit was made on another text, or is on several: with the flip each gets its own.
    pub edited_texts: &'a [(ChunkId, String)],
    /// Tells of edits that had none.
    pub unplaced: &'a [ParseWarning],
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
