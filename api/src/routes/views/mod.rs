//! Wire types of `/api/v1`: what JSON looks like, kept apart from the nouns.
//!
//! Every offset in them counts Unicode scalar values, never bytes or UTF-16 units.

mod answers;
mod chunks;
mod documents;
mod feedback;
mod filters;
mod jobs;
mod keys;
mod knowledge_bases;
mod lists;
mod receipts;
mod sentences;
mod sources;

pub use answers::{
    AnswerView, CandidateView, CitationView, ConversationDetailView, ConversationSummaryView,
    ConversationView, DuplicateView, EvidenceView, FinishReasonView, MessageRoleView, MessageView,
    PassageView, RowRangeView, SpanView, StageScoreView, TraceView, UsageView,
};
pub use chunks::{
    ChunkView, ChunkingView, ChunksView, EditedChunkView, LineView, PreviewChunkView, PreviewView,
};
pub use documents::{
    ContentTypeView, DocumentDetailView, DocumentView, EnrichmentView, PageKindView, PageSpanView,
    UploadItemView, UploadView, VersionStateView, VersionView, WarningKindView, WarningView,
};
pub use feedback::{ExportFormatView, FeedbackView, PreferredPassageView, RatingView};
pub use filters::{FilterBody, OneOrMany, SamplingBody};
pub use jobs::{JobStateView, JobView, ProgressView};
pub use keys::{CreatedKeyView, KeyView, RoleView};
pub use knowledge_bases::{
    AnswerSettingsSchema, FewShotExampleSchema, FusionMethodSchema, KnowledgeBaseView, PromptSettingsSchema,
    RetrievalSettingsSchema, SamplingSettingsSchema, SettingsSchema,
};
pub use lists::{Page, page_request};
pub use receipts::{ReceiptCandidateView, ReceiptModelsView, ReceiptSummaryView, ReceiptView, TurnView};
pub use sentences::{
    AnswerModeView, FactView, SentenceFateView, SentenceView, UnsupportedPolicyView, VerdictView,
};
pub use sources::{
    FailedFileView, RefreshReportView, RenamedView, RunTriggerView, RunView, ScheduleView, SourceKindView,
    SourceView,
};
