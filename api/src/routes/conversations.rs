//! `/knowledge-bases/{kb}/conversations`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use footnote_core::ids::ConversationId;
use utoipa_axum::routes;

use super::Routes;
use super::paths::{ConversationPath, KnowledgeBasePath, PageQuery};
use super::views::{ConversationDetailView, ConversationView, Page, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::conversations;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list)).routes(routes!(show, delete))
}

/// List conversations
#[utoipa::path(get, path = "/knowledge-bases/{kb}/conversations", tag = "questions",
    params(KnowledgeBasePath, PageQuery),
    responses((status = 200, description = "A part of the list", body = Page<ConversationView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ConversationView>>, ApiError> {
    let request = page_request(page.cursor.as_deref(), page.limit)?;
    let listing = conversations::list(&app, &principal, &path.kb, request).await?;
    Ok(Json(Page::of(listing, Into::into)))
}

/// Show a conversation with its messages, answers and citations
#[utoipa::path(get, path = "/knowledge-bases/{kb}/conversations/{conversation}", tag = "questions",
    params(ConversationPath),
    responses((status = 200, description = "The conversation", body = ConversationDetailView), Failures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<ConversationPath>,
) -> Result<Json<ConversationDetailView>, ApiError> {
    let id = ConversationId(path.conversation);
    Ok(Json(conversations::show(&app, &principal, &path.kb, id).await?.into()))
}

/// Delete a conversation with its messages and the receipts of its answers, and the feedback on them
#[utoipa::path(delete, path = "/knowledge-bases/{kb}/conversations/{conversation}", tag = "questions",
    params(ConversationPath), responses((status = 204, description = "Deleted"), Failures))]
async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<ConversationPath>,
) -> Result<StatusCode, ApiError> {
    let id = ConversationId(path.conversation);
    conversations::delete(&app, &principal, &path.kb, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
