//! `POST /knowledge-bases/{kb}/why` and `POST /knowledge-bases/{kb}/answers/{answer}/replay`

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use footnote_core::ids::{ConversationId, DocumentId, MessageId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Routes;
use super::paths::{AnswerPath, KnowledgeBasePath};
use super::views::{AnswerModeView, AnswerView, FilterBody, SpanView, TraceView};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::Failures;
use crate::service::replay::{self, Replay};
use crate::service::why::{self, LostAt, Why, WhyInput};

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(why)).routes(routes!(replay))
}

/// What was expected to be found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// The question, up to 8,000 characters.
    pub question: String,
    /// The document that should have been found; needed where there is no quote.
    #[serde(default)]
    pub document: Option<Uuid>,
    /// The text that should have been found. Blanks, letter case, full width, and the kind of quotes and dashes do not
    /// matter. Without a document it is looked for in the texts of all documents: first of versions that answer, then
    /// of others.
    #[serde(default)]
    pub quote: Option<String>,
    /// The filter that the question was asked with.
    #[serde(default)]
    pub filter: FilterBody,
    /// The time that the question was asked of (RFC 3339), as in `ask`.
    #[serde(default)]
    #[schema(example = "2024-06-30T00:00:00Z")]
    pub as_of: Option<DateTime<Utc>>,
    /// `extractive` or `generative`, as in `ask`.
    #[serde(default)]
    pub mode: Option<AnswerModeView>,
    /// Id of the conversation that the question was asked in, or would continue. It is searched as it was there, after
    /// the turns before it; the conversation stays as it is.
    #[serde(default)]
    pub conversation: Option<Uuid>,
}

/// How far it came on the way into an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LostAt)]
pub enum LostAtView {
    /// No document has the text as it was extracted.
    NotExtracted,
    /// The version that has it does not answer (it failed, is being indexed or was replaced), or no chunk holds it.
    NotIndexed,
    /// Somebody hid the chunks that hold it.
    NotPermitted,
    /// The filter leaves it out.
    Filtered,
    /// Others ranked before it.
    Ranked,
    /// It was found, and there was no room for it.
    CutFromPrompt,
    /// It was found, and what was found was not enough to answer.
    Refused,
    /// The model had it and did not use it.
    NotUsed,
    /// It is cited.
    Used,
}

impl From<LostAt> for LostAtView {
    fn from(lost_at: LostAt) -> Self {
        match lost_at {
            LostAt::NotExtracted => Self::NotExtracted,
            LostAt::NotIndexed => Self::NotIndexed,
            LostAt::NotPermitted => Self::NotPermitted,
            LostAt::Filtered => Self::Filtered,
            LostAt::Ranked => Self::Ranked,
            LostAt::CutFromPrompt => Self::CutFromPrompt,
            LostAt::Refused => Self::Refused,
            LostAt::NotUsed => Self::NotUsed,
            LostAt::Used => Self::Used,
        }
    }
}

/// Where it was lost.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhyResponse {
    /// How far it came.
    pub lost_at: LostAtView,
    /// The reason.
    pub reason: String,
    /// The document, where it was found out.
    pub document: Option<Uuid>,
    /// The version of it that answers, or that has the quote.
    pub version: Option<Uuid>,
    /// Where the quote lies in that version's canonical text, in Unicode scalar values.
    pub span: Option<SpanView>,
    /// Ranks and scores of its best chunk.
    pub trace: Option<TraceView>,
    /// What was searched for, as in `ask`: one text for each part of the question, made to stand alone, and its
    /// translation. Empty where it was lost before.
    pub searched: Vec<String>,
}

impl From<Why> for WhyResponse {
    fn from(why: Why) -> Self {
        Self {
            lost_at: why.lost_at.into(),
            reason: why.reason,
            document: why.document.map(|document| document.0),
            version: why.version.map(|version| version.0),
            span: why.span.map(Into::into),
            trace: why.trace.as_ref().map(Into::into),
            searched: why.searched,
        }
    }
}

/// Find out why something is not in the answer
///
/// Follows a document, or a text of it, from its file to the answer, which is made for this, searched and written as
/// `ask` does it, and not stored.
#[utoipa::path(post, path = "/knowledge-bases/{kb}/why", tag = "questions", params(KnowledgeBasePath),
    request_body = WhyRequest,
    responses((status = 200, description = "How far it came, and why no further", body = WhyResponse), Failures))]
async fn why(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Json(body): Json<WhyRequest>,
) -> Result<Json<WhyResponse>, ApiError> {
    let input = WhyInput {
        question: body.question,
        document: body.document.map(DocumentId),
        quote: body.quote,
        filter: body.filter.compile()?,
        as_of: body.as_of,
        mode: body.mode.map(Into::into),
        conversation: body.conversation.map(ConversationId),
    };
    Ok(Json(why::why(&app, &principal, &path.kb, input).await?.into()))
}

/// An answer made again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayResponse {
    /// Whether the answer is the same, byte for byte.
    pub same: bool,
    /// What differs, where anything does: the build (version and hash of the program), the models, the text.
    pub differences: Vec<String>,
    /// The answer that is given now.
    pub answer: AnswerView,
}

impl From<&Replay> for ReplayResponse {
    fn from(replay: &Replay) -> Self {
        Self { same: replay.same, differences: replay.differences.clone(), answer: (&replay.answer).into() }
    }
}

/// Make an answer again
///
/// From the passages, the settings and the seed of then, which its receipt keeps.
#[utoipa::path(post, path = "/knowledge-bases/{kb}/answers/{answer}/replay", tag = "questions", params(AnswerPath),
    responses((status = 200, description = "The answer as it is made now, and what differs", body = ReplayResponse), Failures))]
async fn replay(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<AnswerPath>,
) -> Result<Json<ReplayResponse>, ApiError> {
    let replay = replay::replay(&app, &principal, &path.kb, MessageId(path.answer)).await?;
    Ok(Json((&replay).into()))
}
