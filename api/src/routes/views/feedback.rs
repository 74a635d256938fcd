//! What people think of answers.

use chrono::{DateTime, Utc};
use footnote_core::feedback::{Feedback, PreferredPassage, Rating};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::SpanView;
use crate::service::feedback::ExportFormat;

/// Thumbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Rating)]
pub enum RatingView {
    /// The answer is good.
    Up,
    /// It is not.
    Down,
}

impl From<Rating> for RatingView {
    fn from(rating: Rating) -> Self {
        match rating {
            Rating::Up => Self::Up,
            Rating::Down => Self::Down,
        }
    }
}

impl From<RatingView> for Rating {
    fn from(rating: RatingView) -> Self {
        match rating {
            RatingView::Up => Self::Up,
            RatingView::Down => Self::Down,
        }
    }
}

/// A stretch of a document that should have been used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PreferredPassage)]
pub struct PreferredPassageView {
    /// The document.
    pub document: Uuid,
    /// The immutable version.
    pub version: Uuid,
    /// Where it lies in the version's canonical text, in Unicode scalar values.
    pub span: SpanView,
    /// Exactly the canonical text under `span`; empty once the document is deleted.
    pub text: String,
    /// Whether the document was deleted since, and the text with it; absent where it was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl From<&PreferredPassage> for PreferredPassageView {
    fn from(passage: &PreferredPassage) -> Self {
        Self {
            document: passage.document.0,
            version: passage.version.0,
            span: passage.span.into(),
            text: passage.text.clone(),
            deleted: passage.is_forgotten(),
        }
    }
}

/// One person's opinion of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Feedback)]
pub struct FeedbackView {
    /// The id of the answer.
    pub answer: Uuid,
    /// Id of the key that thinks so; null for the operator at the command line.
    pub by: Option<Uuid>,
    /// Thumbs; null where none were given.
    pub rating: Option<RatingView>,
    /// What the answer should have been.
    pub corrected: Option<String>,
    /// What it should have rested on.
    pub preferred: Vec<PreferredPassageView>,
    /// Free text.
    pub comment: Option<String>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<&Feedback> for FeedbackView {
    fn from(feedback: &Feedback) -> Self {
        Self {
            answer: feedback.answer.0,
            by: feedback.by.map(|key| key.0),
            rating: feedback.rating.map(Into::into),
            corrected: feedback.corrected.clone(),
            preferred: feedback.preferred.iter().map(PreferredPassageView::from).collect(),
            comment: feedback.comment.clone(),
            updated_at: feedback.updated_at,
        }
    }
}

/// What an export is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExportFormat)]
pub enum ExportFormatView {
    /// Supervised fine-tuning: `messages`.
    Sft,
    /// Preference training with TRL: `prompt`, `chosen`, `rejected`.
    Preference,
    /// Preference training with SWIFT: `messages`, `rejected_response`.
    PreferenceSwift,
    /// Training on thumbs alone with TRL (KTO): `prompt`, `completion`, `label`.
    UnpairedPreference,
    /// Training on thumbs alone with SWIFT (KTO): `messages`, `label`.
    UnpairedPreferenceSwift,
    /// Evaluation: `id`, `question`, `answers`, `doc_ids`, `evidence_sentences`, `answerable`.
    Evaluation,
}

impl From<ExportFormatView> for ExportFormat {
    fn from(format: ExportFormatView) -> Self {
        match format {
            ExportFormatView::Sft => Self::Sft,
            ExportFormatView::Preference => Self::Preference,
            ExportFormatView::PreferenceSwift => Self::PreferenceSwift,
            ExportFormatView::UnpairedPreference => Self::UnpairedPreference,
            ExportFormatView::UnpairedPreferenceSwift => Self::UnpairedPreferenceSwift,
            ExportFormatView::Evaluation => Self::Evaluation,
        }
    }
}
