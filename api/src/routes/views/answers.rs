//! Passages, citations, answers, conversations.

use chrono::{DateTime, Utc};
use footnote_core::answer::{
    Answer, Conversation, ConversationSummary, FinishReason, Message, MessageRole, Usage,
};
use footnote_core::citation::Citation;
use footnote_core::dated::DocumentDate;
use footnote_core::passage::{Candidate, Evidence, Passage, StageScore, StageTrace};
use footnote_core::text::Span;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AnswerModeView, PageKindView, PageSpanView, SentenceView};
use crate::service::conversations::Shown;

/// A half-open range `start..end` in Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpanView {
    /// The first scalar value.
    pub start: usize,
    /// One past the last scalar value.
    pub end: usize,
}

impl From<Span> for SpanView {
    fn from(span: Span) -> Self {
        Self { start: span.start, end: span.end }
    }
}

/// Rows of a sheet, both ends included, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowRangeView {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// A claim of the answer and the exact place that supports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CitationView {
    /// The passage number, as in the answer's marker `[n]`.
    pub number: u32,
    /// The stretch of the answer's text it supports, in Unicode scalar values.
    pub answer_span: SpanView,
    /// The document.
    pub document: Uuid,
    /// Its title.
    pub title: String,
    /// Its key within its source: usually the file name.
    pub document_key: String,
    /// The immutable version.
    pub version: Uuid,
    /// SHA-256 of the version's canonical text.
    pub version_hash: String,
    /// 1-based page on which the quote starts, or the slide, sheet or part; null where the format has none.
    pub page: Option<u32>,
    /// What `page` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_kind: Option<PageKindView>,
    /// What the document itself calls that page: `iv`, the name of a sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_label: Option<String>,
    /// Rows of the sheet that the quote covers, both ends included, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowRangeView>,
    /// How sure OCR is of the least sure line of the quote, 0 to 1; absent where it was not read by OCR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocr_confidence: Option<f32>,
    /// Whether OCR is so unsure of the quote that it should be compared with the page: below 0.8.
    #[serde(default)]
    pub low_confidence: bool,
    /// Headings above the quote, outermost first.
    pub heading_path: Vec<String>,
    /// Where the quote lies in the version's canonical text, in Unicode scalar values.
    pub source_span: SpanView,
    /// The quote: exactly the canonical text under `source_span`; empty once the document is deleted.
    pub quote: String,
    /// Whether the document was deleted since, and the quote with it; absent where it was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// How well the quote supports the answer span, 0 to 1.
    pub score: f32,
}

impl From<&Citation> for CitationView {
    fn from(citation: &Citation) -> Self {
        Self {
            number: citation.number,
            answer_span: citation.answer_span.into(),
            document: citation.document.0,
            title: citation.title.clone(),
            document_key: citation.document_key.clone(),
            version: citation.version.0,
            version_hash: citation.version_hash.to_string(),
            page: citation.page,
            page_kind: citation.page_kind.map(PageKindView::from),
            page_label: citation.page_label.clone(),
            rows: citation.rows.map(|rows| RowRangeView { first: rows.first, last: rows.last }),
            ocr_confidence: citation.ocr_confidence,
            low_confidence: citation.low_confidence,
            heading_path: citation.heading_path.clone(),
            source_span: citation.source_span.into(),
            quote: citation.quote.clone(),
            deleted: citation.is_forgotten(),
            score: citation.score,
        }
    }
}

/// Whether the documents can answer, told from retrieval alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceView {
    /// 0 to 1.
    pub score: f32,
    /// What the score had to reach.
    pub threshold: f32,
    /// Whether it did.
    pub sufficient: bool,
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        Self { score: evidence.score, threshold: evidence.threshold, sufficient: evidence.sufficient }
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReasonView {
    /// The model was done, or a stop text came.
    Stop,
    /// `max_tokens` was reached.
    Length,
    /// The documents do not hold the answer.
    InsufficientEvidence,
}

impl From<FinishReason> for FinishReasonView {
    fn from(reason: FinishReason) -> Self {
        match reason {
            FinishReason::Stop => Self::Stop,
            FinishReason::Length => Self::Length,
            FinishReason::InsufficientEvidence => Self::InsufficientEvidence,
        }
    }
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageView {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Of those, tokens reused from an earlier prompt.
    pub cached_tokens: usize,
    /// Tokens generated.
    pub completion_tokens: usize,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            cached_tokens: usage.cached_tokens,
            completion_tokens: usage.completion_tokens,
        }
    }
}

/// An answer with its proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnswerView {
    /// The text, with `[n]` markers.
    pub text: String,
    /// What supports it.
    pub citations: Vec<CitationView>,
    /// Every sentence with its verdict, in order; those that were dropped too, also of an answer that became a refusal.
    pub sentences: Vec<SentenceView>,
    /// How it was made.
    pub mode: AnswerModeView,
    /// Whether the service says that it does not know.
    pub refused: bool,
    /// What that decision rested on.
    pub evidence: EvidenceView,
    /// Why it ended.
    pub finish_reason: FinishReasonView,
    /// Tokens used.
    pub usage: UsageView,
    /// The model that wrote it; null for a refusal.
    pub model: Option<String>,
}

impl From<&Answer> for AnswerView {
    fn from(answer: &Answer) -> Self {
        Self {
            text: answer.text.clone(),
            citations: answer.citations.iter().map(CitationView::from).collect(),
            sentences: answer.sentences.iter().map(SentenceView::from).collect(),
            mode: answer.mode.into(),
            refused: answer.refused,
            evidence: (&answer.evidence).into(),
            finish_reason: answer.finish_reason.into(),
            usage: answer.usage.into(),
            model: answer.model.clone(),
        }
    }
}

/// When a document is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DateView {
    /// As exactly as it is known: `2024`, `2024-03` or `2024-03-01`.
    #[schema(example = "2024-03-01")]
    pub day: String,
    /// Whether its metadata (`effective_date`, `date`…), its opening or its name says so; else it is the day on
    /// which this content was added.
    pub stated: bool,
}

impl From<&DocumentDate> for DateView {
    fn from(date: &DocumentDate) -> Self {
        Self { day: date.day.clone(), stated: date.stated }
    }
}

/// A stretch of one version: neighbouring chunks merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PassageView {
    /// The number the model sees, from 1.
    pub number: u32,
    /// The document.
    pub document: Uuid,
    /// The document's title.
    pub title: String,
    /// The document's key within its source.
    pub document_key: String,
    /// When the document is of; null in receipts of older builds.
    pub dated: Option<DateView>,
    /// The immutable version.
    pub version: Uuid,
    /// SHA-256 of the version's canonical text.
    pub version_hash: String,
    /// Where it lies in the version's canonical text, in Unicode scalar values.
    pub span: SpanView,
    /// The pages it touches, in order.
    pub pages: Vec<PageSpanView>,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// Exactly the canonical text under `span`; empty in a receipt once the document is deleted.
    pub text: String,
    /// Whether the document was deleted since, and the text with it; absent where it was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// The best score of its chunks.
    pub score: f32,
    /// The chunks it is made of.
    pub chunks: Vec<Uuid>,
}

impl From<&Passage> for PassageView {
    fn from(passage: &Passage) -> Self {
        Self {
            number: passage.number,
            document: passage.document.0,
            title: passage.title.clone(),
            document_key: passage.document_key.clone(),
            dated: passage.dated.as_ref().map(DateView::from),
            version: passage.version.0,
            version_hash: passage.version_hash.to_string(),
            span: passage.span.into(),
            pages: passage.pages.iter().map(PageSpanView::from).collect(),
            heading_path: passage.heading_path.clone(),
            text: passage.text.clone(),
            deleted: passage.is_forgotten(),
            score: passage.score,
            chunks: passage.chunks.iter().map(|c| c.0).collect(),
        }
    }
}

/// Rank (from 1) and score at one stage, on the stage's own scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageScoreView {
    /// From 1.
    pub rank: usize,
    /// The stage's own scale.
    pub score: f32,
}

impl From<StageScore> for StageScoreView {
    fn from(stage: StageScore) -> Self {
        Self { rank: stage.rank, score: stage.score }
    }
}

/// A candidate's way through the stages; null where it did not pass one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceView {
    /// Dense search: cosine similarity.
    pub dense: Option<StageScoreView>,
    /// Keyword search: BM25.
    pub keyword: Option<StageScoreView>,
    /// After fusion.
    pub fused: Option<StageScoreView>,
    /// After the cross-encoder.
    pub reranked: Option<StageScoreView>,
    /// Why it went no further.
    pub dropped: Option<String>,
    /// It was not found, but taken along from the answer that the question follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
}

impl From<&StageTrace> for TraceView {
    fn from(trace: &StageTrace) -> Self {
        Self {
            dense: trace.dense.map(Into::into),
            keyword: trace.keyword.map(Into::into),
            fused: trace.fused.map(Into::into),
            reranked: trace.reranked.map(Into::into),
            dropped: trace.dropped.clone(),
            carried: trace.carried,
        }
    }
}

/// A chunk that was considered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CandidateView {
    /// The chunk.
    pub chunk: Uuid,
    /// Its document.
    pub document: Uuid,
    /// The document's title.
    pub title: String,
    /// The document's key within its source.
    pub document_key: String,
    /// The immutable version.
    pub version: Uuid,
    /// Where it lies in the version's canonical text, in Unicode scalar values.
    pub span: SpanView,
    /// First and last 1-based page; null where the format has no pages.
    pub pages: Option<(u32, u32)>,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// Its text.
    pub text: String,
    /// Score of the last stage it reached.
    pub score: f32,
    /// Rank and score at every stage.
    pub trace: TraceView,
    /// Of a result: chunks that say nothing which it does not, as far as they were met before the results were
    /// complete. Left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<DuplicateView>,
}

/// A chunk that says nothing which a better one does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DuplicateView {
    /// The chunk.
    pub chunk: Uuid,
    /// Its document.
    pub document: Uuid,
    /// The document's title.
    pub title: String,
    /// The document's key within its source.
    pub document_key: String,
}

impl From<&Candidate> for DuplicateView {
    fn from(candidate: &Candidate) -> Self {
        let chunk = &candidate.chunk;
        Self {
            chunk: chunk.chunk.0,
            document: chunk.document.0,
            title: chunk.title.clone(),
            document_key: chunk.document_key.clone(),
        }
    }
}

impl From<&Candidate> for CandidateView {
    fn from(candidate: &Candidate) -> Self {
        let chunk = &candidate.chunk;
        Self {
            chunk: chunk.chunk.0,
            document: chunk.document.0,
            title: chunk.title.clone(),
            document_key: chunk.document_key.clone(),
            version: chunk.version.0,
            span: chunk.span.into(),
            pages: chunk.pages,
            heading_path: chunk.heading_path.clone(),
            text: chunk.text.clone(),
            score: candidate.score(),
            trace: (&candidate.trace).into(),
            also_in: Vec::new(),
        }
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversationView {
    /// Its id.
    pub id: Uuid,
    /// The knowledge base.
    pub knowledge_base: Uuid,
    /// The first question, shortened.
    pub title: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

impl From<Conversation> for ConversationView {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.0,
            knowledge_base: conversation.knowledge_base.0,
            title: conversation.title,
            created_at: conversation.created_at,
        }
    }
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageRoleView {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The service.
    Assistant,
}

impl From<MessageRole> for MessageRoleView {
    fn from(role: MessageRole) -> Self {
        match role {
            MessageRole::System => Self::System,
            MessageRole::User => Self::User,
            MessageRole::Assistant => Self::Assistant,
        }
    }
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    pub id: Uuid,
    /// Who said it.
    pub role: MessageRoleView,
    /// What was said.
    pub content: String,
    /// The whole answer, for the service's turns.
    pub answer: Option<AnswerView>,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.0,
            role: message.role.into(),
            content: message.content.clone(),
            answer: message.answer.as_ref().map(AnswerView::from),
            created_at: message.created_at,
        }
    }
}

/// A conversation with its messages in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConversationDetailView {
    /// The conversation.
    pub conversation: ConversationView,
    /// Its messages.
    pub messages: Vec<MessageView>,
    /// What the older messages were about; null while all are shown to the model in full.
    pub summary: Option<ConversationSummaryView>,
}

impl From<Shown> for ConversationDetailView {
    fn from(shown: Shown) -> Self {
        Self {
            conversation: shown.conversation.into(),
            messages: shown.messages.iter().map(MessageView::from).collect(),
            summary: shown.summary.map(Into::into),
        }
    }
}

/// What the older messages of a conversation were about, as the model is shown it in their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversationSummaryView {
    /// A few lines, oldest first; up to 1,200 characters.
    pub text: String,
    /// How many messages it covers, from the first on.
    pub messages: usize,
}

impl From<ConversationSummary> for ConversationSummaryView {
    fn from(summary: ConversationSummary) -> Self {
        Self { text: summary.text, messages: summary.messages }
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::hash::ContentHash;
    use footnote_core::ids::{DocumentId, VersionId};

    use super::*;

    /// `footnote verify` reads saved answers with core's own types: both must look the same.
    #[test]
    fn an_answer_on_the_wire_reads_back_as_the_answer() {
        let citation = Citation {
            number: 2,
            answer_span: Span::new(0, 5),
            document: DocumentId::new(),
            title: "手册".to_owned(),
            document_key: "handbook.pdf".to_owned(),
            version: VersionId::new(),
            version_hash: ContentHash::of(b"text"),
            page: Some(3),
            page_kind: None,
            page_label: None,
            rows: None,
            ocr_confidence: Some(0.6),
            low_confidence: true,
            heading_path: vec!["Leave".to_owned()],
            source_span: Span::new(10, 20),
            quote: "ten letters".to_owned(),
            score: 0.5,
        };
        let answer = Answer {
            text: "Ten [2].".to_owned(),
            citations: vec![citation],
            sentences: Vec::new(),
            mode: footnote_core::answer::AnswerMode::Generative,
            refused: false,
            evidence: Evidence { score: 0.75, threshold: 0.5, sufficient: true },
            finish_reason: FinishReason::InsufficientEvidence,
            usage: Usage { prompt_tokens: 3, cached_tokens: 1, completion_tokens: 2 },
            model: None,
        };
        let wire = serde_json::to_value(AnswerView::from(&answer)).unwrap();
        assert_eq!(wire["citations"][0]["low_confidence"], true);
        assert_eq!(wire, serde_json::to_value(&answer).unwrap());
        assert_eq!(serde_json::from_value::<Answer>(wire).unwrap(), answer);
    }
}
