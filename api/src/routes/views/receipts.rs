//! Receipts: what answers were made from.

use chrono::{DateTime, Utc};
use footnote_core::answer::ChatMessage;
use footnote_core::chunk::Tag;
use footnote_core::receipt::{Receipt, ReceiptCandidate, ReceiptModels, ReceiptSummary};
use footnote_core::settings::KnowledgeBaseSettings;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AnswerView, EvidenceView, MessageRoleView, PassageView, SettingsSchema, SpanView, TraceView};

/// An answer as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptSummaryView {
    /// The id of the answer.
    pub id: Uuid,
    /// The question as it was asked.
    pub question: String,
    /// Whether the service said that it does not know.
    pub refused: bool,
    /// When the answer was whole.
    pub created_at: DateTime<Utc>,
    /// The model that wrote it; null for a refusal.
    pub model: Option<String>,
}

impl From<ReceiptSummary> for ReceiptSummaryView {
    fn from(summary: ReceiptSummary) -> Self {
        let ReceiptSummary { id, question, refused, created_at, model } = summary;
        Self { id: id.0, question, refused, created_at, model }
    }
}

/// One turn of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TurnView {
    /// Who speaks.
    pub role: MessageRoleView,
    /// What they say.
    pub content: String,
}

impl From<&ChatMessage> for TurnView {
    fn from(turn: &ChatMessage) -> Self {
        Self { role: turn.role.into(), content: turn.content.clone() }
    }
}

/// A chunk that was considered. Its text is the version's canonical text under `span`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptCandidateView {
    /// The chunk.
    pub chunk: Uuid,
    /// Its document.
    pub document: Uuid,
    /// The immutable version.
    pub version: Uuid,
    /// Where it lies in the version's canonical text, in Unicode scalar values.
    pub span: SpanView,
    /// Rank and score at every stage.
    pub trace: TraceView,
}

impl From<&ReceiptCandidate> for ReceiptCandidateView {
    fn from(candidate: &ReceiptCandidate) -> Self {
        Self {
            chunk: candidate.chunk.0,
            document: candidate.document.0,
            version: candidate.version.0,
            span: candidate.span.into(),
            trace: (&candidate.trace).into(),
        }
    }
}

/// Fingerprints of the models that were open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptModelsView {
    /// Of the embedder.
    pub embedder: String,
    /// Of the reranker; null without one.
    pub reranker: Option<String>,
    /// Of the language model; null without one.
    pub generator: Option<String>,
}

impl From<&ReceiptModels> for ReceiptModelsView {
    fn from(models: &ReceiptModels) -> Self {
        let ReceiptModels { embedder, reranker, generator } = models.clone();
        Self { embedder, reranker, generator }
    }
}

/// Everything that an answer was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptView {
    /// The id of the answer.
    pub id: Uuid,
    /// The knowledge base that was asked.
    pub knowledge_base: Uuid,
    /// Id of the key that asked; null for the operator at the command line.
    pub owner: Option<Uuid>,
    /// When the answer was whole.
    pub created_at: DateTime<Utc>,
    /// Version of the build that answered, and the start of the program's SHA-256: `0.1.0+5f0c…`.
    pub build: String,
    /// The question as it was asked.
    pub question: String,
    /// What was searched for: one text for each part of the question, made to stand alone.
    pub searched: Vec<String>,
    /// Tags (`field=value`) that passages had to have: any of each group.
    pub filter: Vec<Vec<String>>,
    /// The settings that were in effect, seed included.
    #[schema(value_type = SettingsSchema)]
    pub settings: KnowledgeBaseSettings,
    /// Earlier turns, oldest first.
    pub history: Vec<TurnView>,
    /// What the turns before these were about; null where these were all.
    pub summary: Option<String>,
    /// Every candidate with its ranks and scores, in final order.
    pub candidates: Vec<ReceiptCandidateView>,
    /// The passages that were given to the model.
    pub passages: Vec<PassageView>,
    /// Whether these sufficed.
    pub evidence: EvidenceView,
    /// The turns that the model was given, exactly; empty where none was asked.
    pub prompt: Vec<TurnView>,
    /// Most tokens that it might write.
    pub max_tokens: usize,
    /// The models that were open.
    pub models: ReceiptModelsView,
    /// The time as of which the versions were taken; null for those current then.
    pub as_of: Option<DateTime<Utc>>,
    /// Documents that were deleted since: their texts, and what may repeat them, were removed from this, and it cannot
    /// be replayed. Empty where nothing was removed.
    #[serde(default)]
    pub deleted_documents: Vec<Uuid>,
    /// The answer.
    pub answer: AnswerView,
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        let body = &receipt.body;
        let tags = |group: &Vec<Tag>| group.iter().map(|tag| tag.as_str().to_owned()).collect();
        Self {
            id: receipt.id.0,
            knowledge_base: receipt.knowledge_base.0,
            owner: receipt.owner.map(|key| key.0),
            created_at: receipt.created_at,
            build: body.build.clone(),
            question: body.question.clone(),
            searched: body.searched.clone(),
            filter: body.filter.iter().map(tags).collect(),
            settings: body.settings.clone(),
            history: body.history.iter().map(TurnView::from).collect(),
            summary: body.summary.clone(),
            candidates: body.candidates.iter().map(ReceiptCandidateView::from).collect(),
            passages: body.passages.iter().map(PassageView::from).collect(),
            evidence: (&body.evidence).into(),
            prompt: body.prompt.iter().map(TurnView::from).collect(),
            max_tokens: body.max_tokens,
            models: (&body.models).into(),
            as_of: body.as_of,
            deleted_documents: body.forgotten.iter().map(|document| document.0).collect(),
            answer: (&body.answer).into(),
        }
    }
}
