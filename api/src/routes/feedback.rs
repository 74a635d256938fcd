//! `/knowledge-bases/{kb}/answers/{answer}/feedback`, and its export.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use footnote_core::ids::{DocumentId, MessageId, VersionId};
use footnote_core::text::Span;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

use super::Routes;
use super::paths::{AnswerPath, KnowledgeBasePath};
use super::views::{ExportFormatView, FeedbackView, RatingView, SpanView};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::feedback::{self, FeedbackInput, PreferredSpan};

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list, put)).routes(routes!(export))
}

/// What somebody thinks of an answer. At least one part is given. It takes the place of what the same key
/// said before, parts that are left out included.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    /// Thumbs.
    #[serde(default)]
    pub rating: Option<RatingView>,
    /// What the answer should have been, up to 20,000 characters.
    #[serde(default)]
    pub corrected: Option<String>,
    /// What it should have rested on, up to 20 passages.
    #[serde(default)]
    pub preferred: Vec<PreferredSpanBody>,
    /// Free text, up to 4,000 characters.
    #[serde(default)]
    pub comment: Option<String>,
}

/// A stretch of a document that should have been used.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferredSpanBody {
    /// The document.
    pub document: Uuid,
    /// The version of it that the span counts into.
    pub version: Uuid,
    /// Where it lies in the version's canonical text, in Unicode scalar values; up to 20,000 of them.
    pub span: SpanView,
}

impl From<PreferredSpanBody> for PreferredSpan {
    fn from(body: PreferredSpanBody) -> Self {
        Self {
            document: DocumentId(body.document),
            version: VersionId(body.version),
            // As it came: an end before the start is the service's to refuse.
            span: Span { start: body.span.start, end: body.span.end },
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// What the lines are for.
    #[param(inline)]
    format: ExportFormatView,
}

/// List what people think of an answer, oldest first
#[utoipa::path(get, path = "/knowledge-bases/{kb}/answers/{answer}/feedback", tag = "answers",
    params(AnswerPath),
    responses((status = 200, description = "Their opinions", body = Vec<FeedbackView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<AnswerPath>,
) -> Result<Json<Vec<FeedbackView>>, ApiError> {
    let opinions = feedback::list(&app, &principal, &path.kb, MessageId(path.answer)).await?;
    Ok(Json(opinions.iter().map(FeedbackView::from).collect()))
}

/// Say what you think of an answer, in place of what you said before
#[utoipa::path(put, path = "/knowledge-bases/{kb}/answers/{answer}/feedback", tag = "answers",
    params(AnswerPath), request_body = FeedbackRequest,
    responses((status = 200, description = "Your opinion as it is kept", body = FeedbackView), Failures))]
async fn put(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<AnswerPath>,
    Json(body): Json<FeedbackRequest>,
) -> Result<Json<FeedbackView>, ApiError> {
    let input = FeedbackInput {
        rating: body.rating.map(Into::into),
        corrected: body.corrected,
        preferred: body.preferred.into_iter().map(Into::into).collect(),
        comment: body.comment,
    };
    let kept = feedback::put(&app, &principal, &path.kb, MessageId(path.answer), input).await?;
    Ok(Json(FeedbackView::from(&kept)))
}

/// Export answers with what people think of them (editors and admins)
///
/// One JSON value per line, oldest answer first. Where several people gave feedback on one answer, the
/// latest correction, the latest thumbs and the latest passages count.
#[utoipa::path(get, path = "/knowledge-bases/{kb}/feedback/export", tag = "answers",
    params(KnowledgeBasePath, ExportQuery),
    responses((status = 200, description = "JSON lines", content_type = "application/x-ndjson", body = String),
        Failures))]
async fn export(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, ApiError> {
    let lines = feedback::export(&app, &principal, &path.kb, query.format.into()).await?;
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}
