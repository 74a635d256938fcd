//! `/knowledge-bases/{kb}/answers`: receipts.

use std::sync::Arc;

use axum::extract::State;
use footnote_core::ids::MessageId;
use utoipa_axum::routes;

use super::Routes;
use super::paths::{AnswerPath, KnowledgeBasePath, PageQuery};
use super::views::{Page, ReceiptSummaryView, ReceiptView, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::receipts;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list)).routes(routes!(show))
}

/// List answers: your own, or with an admin's key all
#[utoipa::path(get, path = "/knowledge-bases/{kb}/answers", tag = "answers",
    params(KnowledgeBasePath, PageQuery),
    responses((status = 200, description = "A part of the list", body = Page<ReceiptSummaryView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ReceiptSummaryView>>, ApiError> {
    let request = page_request(page.cursor.as_deref(), page.limit)?;
    let listing = receipts::list(&app, &principal, &path.kb, request).await?;
    Ok(Json(Page::of(listing, Into::into)))
}

/// Show an answer's receipt: candidates, passages, prompt, settings, models, answer
#[utoipa::path(get, path = "/knowledge-bases/{kb}/answers/{answer}", tag = "answers", params(AnswerPath),
    responses((status = 200, description = "The receipt", body = ReceiptView), Failures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<AnswerPath>,
) -> Result<Json<ReceiptView>, ApiError> {
    let receipt = receipts::show(&app, &principal, &path.kb, MessageId(path.answer)).await?;
    Ok(Json(ReceiptView::from(&receipt)))
}
