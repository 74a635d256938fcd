//! Receipts: everything that an answer was made from, so that it can be made again.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, ChatMessage};
use crate::chunk::Tag;
use crate::ids::{ApiKeyId, ChunkId, DocumentId, KnowledgeBaseId, MessageId, VersionId};
use crate::passage::{Candidate, Evidence, Passage, StageTrace};
use crate::settings::KnowledgeBaseSettings;
use crate::text::Span;

/// What an answer was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The id of the answer; also of its message, where a conversation keeps it.
    pub id: MessageId,
    /// The knowledge base that was asked.
    pub knowledge_base: KnowledgeBaseId,
    /// The key that asked, which alone sees it besides admins; `None` for the local operator.
    pub owner: Option<ApiKeyId>,
    /// When the answer was whole.
    pub created_at: DateTime<Utc>,
    /// The rest.
    pub body: ReceiptBody,
}

/// A receipt as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptSummary {
    /// The id of the answer.
    pub id: MessageId,
    /// The question as it was asked.
    pub question: String,
    /// Whether the service said that it does not know.
    pub refused: bool,
    /// When the answer was whole.
    pub created_at: DateTime<Utc>,
    /// The model that wrote it; `None` for a refusal.
    pub model: Option<String>,
}

/// What a receipt says, stored as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptBody {
    /// Version and hash of the build that answered; of older builds the version alone.
    pub build: String,
    /// The question as it was asked.
    pub question: String,
    /// The question as the model was given it: made to stand alone where it followed others.
    pub standalone: String,
    /// What was searched for: the question, made to stand alone where it followed others; one text for
    /// each of its parts.
    pub searched: Vec<String>,
    /// Tags that passages had to have, group by group.
    pub filter: Vec<Vec<Tag>>,
    /// The settings that were in effect, seed included.
    pub settings: KnowledgeBaseSettings,
    /// Earlier turns, oldest first.
    pub history: Vec<ChatMessage>,
    /// What the turns before these were about; `None` where these were all.
    #[serde(default)]
    pub summary: Option<String>,
    /// Every candidate with its ranks and scores, in final order.
    pub candidates: Vec<ReceiptCandidate>,
    /// The passages that were given to the model.
    pub passages: Vec<Passage>,
    /// The whole tables that were looked at for a question that counts or adds up.
    #[serde(default)]
    pub tables: Vec<Passage>,
    /// Whether these sufficed.
    pub evidence: Evidence,
    /// The turns that the model was given, exactly; empty where none was asked.
    pub prompt: Vec<ChatMessage>,
    /// Most tokens that it might write.
    pub max_tokens: usize,
    /// The models that took part.
    pub models: ReceiptModels,
    /// The time as of which the versions were taken; `None` for those current then.
    #[serde(default)]
    pub as_of: Option<DateTime<Utc>>,
    /// Documents that were deleted since and whose texts were removed from this; see
    /// [`forgetting`](crate::forgetting).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<DocumentId>,
    /// The answer.
    pub answer: Answer,
}

/// A candidate as a receipt keeps it: its text is `canonical_text[span]` of its version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptCandidate {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its document.
    pub document: DocumentId,
    /// Its version.
    pub version: VersionId,
    /// Where it lies, in scalar values.
    pub span: Span,
    /// Its ranks and scores.
    pub trace: StageTrace,
}

impl From<&Candidate> for ReceiptCandidate {
    fn from(candidate: &Candidate) -> Self {
        let chunk = &candidate.chunk;
        Self {
            chunk: chunk.chunk,
            document: chunk.document,
            version: chunk.version,
            span: chunk.span,
            trace: candidate.trace.clone(),
        }
    }
}

/// Fingerprints of models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptModels {
    /// Of the embedder.
    pub embedder: String,
    /// Of the reranker, where one took part.
    pub reranker: Option<String>,
    /// Of the language model, where one is installed.
    pub generator: Option<String>,
}
