//! Documents and their immutable versions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::hash::ContentHash;
use crate::ids::{ChunkEditId, DocumentId, KnowledgeBaseId, SourceId, VersionId};
use crate::parsed::{ContentType, ParseWarning};

/// Searchable facts about a document, given by whoever uploads it.
pub type Metadata = BTreeMap<String, String>;

/// A document: a stable key within its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// The knowledge base that holds it.
    pub knowledge_base: KnowledgeBaseId,
    /// The source that gave it.
    pub source: SourceId,
    /// The archive or message that it is a member of. It lives and goes with it.
    pub parent: Option<DocumentId>,
    /// Unique within the source: a file name, or a path below the directory with `/` between; a member's
    /// begins with its parent's key.
    pub key: String,
    /// What people see: title or file name.
    pub title: String,
    /// Facts to filter by.
    pub metadata: Metadata,
    /// The version that answers questions; `None` until the first one is ready.
    pub current: Option<VersionId>,
    /// When it was first seen.
    pub created_at: DateTime<Utc>,
    /// When a version of it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A file that was found within a document: an archive's member, a message's attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// Its path within its parent, with `/` between. Its key within the source is the parent's, followed by
    /// this.
    pub name: String,
    /// Title until parsing finds a better one: its file name.
    pub title: String,
    /// Name of its blob.
    pub content: ContentHash,
    /// Its length.
    pub bytes: u64,
}

/// What a job made of a version.
#[derive(Debug, Clone, Copy)]
pub struct IndexedVersion<'v> {
    /// What parsing found out about it.
    pub facts: &'v VersionFacts,
    /// What lies within it.
    pub members: &'v [NewMember],
    /// The document's edits of which each was placed on one of its chunks, or found none.
    pub edits: &'v [ChunkEditId],
}

/// One that nothing lies within and nobody has edited.
impl<'v> From<&'v VersionFacts> for IndexedVersion<'v> {
    fn from(facts: &'v VersionFacts) -> Self {
        Self { facts, members: &[], edits: &[] }
    }
}

/// How deep a document lies within others, and what was found beside it there: members of members share
/// one budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Documents above it.
    pub depth: u32,
    /// Members of the outermost document, itself among them, without its own.
    pub members: u64,
    /// What their contents are long together.
    pub bytes: u64,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Stored; its indexing job waits or runs.
    Pending,
    /// Answers questions.
    Current,
    /// Was current; kept so that old citations still resolve.
    Retired,
    /// Could not be indexed; `failure` says why.
    Failed,
}

impl VersionState {
    /// The name stored in SQL and shown by the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Current => "current",
            Self::Retired => "retired",
            Self::Failed => "failed",
        }
    }

    /// The inverse of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Current, Self::Retired, Self::Failed].into_iter().find(|s| s.name() == name)
    }
}

/// One immutable content of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVersion {
    /// Its id.
    pub id: VersionId,
    /// The document it is a version of.
    pub document: DocumentId,
    /// Hash of the original bytes; also the name of their blob.
    pub content: ContentHash,
    /// Length of the original in bytes.
    pub bytes: u64,
    /// Where it stands.
    pub state: VersionState,
    /// Why it failed, where it did.
    pub failure: Option<String>,
    /// What was learnt by parsing; `None` before that.
    pub parsed: Option<VersionFacts>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it became current.
    pub activated_at: Option<DateTime<Utc>>,
    /// When it stopped being current.
    pub retired_at: Option<DateTime<Utc>>,
}

/// What a model wrote about a version, for people: never evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrichment {
    /// A title, where the text bears it out.
    pub title: Option<String>,
    /// A summary in sentences that the text bears out; empty where there are none.
    pub summary: String,
    /// Keywords that stand in the text.
    pub keywords: Vec<String>,
    /// Dates as they stand in the text.
    pub dates: Vec<String>,
    /// The model that wrote it.
    pub model: String,
}

/// What parsing and indexing found out about a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionFacts {
    /// The recognised type.
    pub content_type: ContentType,
    /// The document's own title, if any.
    pub title: Option<String>,
    /// Blob of the parsed document (canonical text, pages, blocks) as JSON.
    pub parsed: ContentHash,
    /// Blob of the canonical text as UTF-8; this is the version hash that citations name.
    pub text: ContentHash,
    /// Scalar values of canonical text.
    pub chars: u64,
    /// Pages; 0 where the format has none.
    pub pages: u32,
    /// Pages whose text was read from a picture by OCR.
    pub ocr_pages: u32,
    /// Tables.
    pub tables: u32,
    /// The language most of it is in: ISO 639-1, else 639-3; `None` where that is not clear.
    pub language: Option<String>,
    /// Chunks in the current generation.
    pub chunks: u32,
    /// Chunks whose vectors had to be computed; the others were reused.
    pub embedded: u32,
    /// Engine that read it.
    pub engine: String,
    /// What was lost or doubtful, and what else a reader should know.
    pub warnings: Vec<ParseWarning>,
}
