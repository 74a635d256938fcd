//! `/knowledge-bases`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use footnote_core::knowledge_base::KnowledgeBase;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::chunks::ChunkingBody;
use super::paths::{KnowledgeBasePath, PageQuery};
use super::views::{KnowledgeBaseView, Page, SettingsSchema, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::knowledge_bases::{self, KnowledgeBaseChanges};

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list, create)).routes(routes!(show, update, delete))
}

/// A knowledge base to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKnowledgeBaseRequest {
    /// Unique: 1 to 64 letters and digits of any script, `-`, `_`, `.` and blanks.
    #[schema(example = "handbook")]
    pub name: String,
    /// Free text for people.
    #[serde(default)]
    pub description: String,
    /// Settings that differ from the defaults.
    #[serde(default)]
    #[schema(value_type = Option<SettingsSchema>)]
    pub settings: Option<Value>,
    /// How its documents are cut. `POST …/chunks/preview` shows what comes of it.
    #[serde(default)]
    pub chunking: Option<ChunkingBody>,
}

/// What is to be changed; the rest stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateKnowledgeBaseRequest {
    /// Free text for people.
    #[serde(default)]
    pub description: Option<String>,
    /// A merge patch (RFC 7396) over the present settings.
    #[serde(default)]
    #[schema(value_type = Option<SettingsSchema>)]
    pub settings: Option<Value>,
    /// How its documents are cut; what is left out stays as it is. A job cuts and indexes those that are there anew, and
    /// what is asked meanwhile is answered from the chunks of before.
    #[serde(default)]
    pub chunking: Option<ChunkingBody>,
}

/// List the knowledge bases that the key reaches
#[utoipa::path(get, path = "/knowledge-bases", tag = "knowledge bases", params(PageQuery),
    responses((status = 200, description = "A part of the list", body = Page<KnowledgeBaseView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<KnowledgeBaseView>>, ApiError> {
    let request = page_request(page.cursor.as_deref(), page.limit)?;
    let listing = knowledge_bases::list(&app, &principal, request).await?;
    let generations = app.store.documents.generations().await?;
    Ok(Json(Page::of(listing, |knowledge_base| KnowledgeBaseView::of(knowledge_base, &generations))))
}

/// Create a knowledge base
#[utoipa::path(post, path = "/knowledge-bases", tag = "knowledge bases", request_body = CreateKnowledgeBaseRequest,
    responses((status = 201, description = "Created", body = KnowledgeBaseView), Failures))]
async fn create(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Json(body): Json<CreateKnowledgeBaseRequest>,
) -> Result<(StatusCode, Json<KnowledgeBaseView>), ApiError> {
    let (name, description) = (&body.name, &body.description);
    let chunker = body.chunking.as_ref().map(ChunkingBody::settings).transpose()?;
    let created =
        knowledge_bases::create(&app, &principal, name, description, body.settings.as_ref(), chunker).await?;
    Ok((StatusCode::CREATED, Json(shown(&app, created).await?)))
}

/// Show a knowledge base
#[utoipa::path(get, path = "/knowledge-bases/{kb}", tag = "knowledge bases", params(KnowledgeBasePath),
    responses((status = 200, description = "The knowledge base", body = KnowledgeBaseView), Failures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
) -> Result<Json<KnowledgeBaseView>, ApiError> {
    let found = knowledge_bases::reach(&app, &principal, &path.kb).await?;
    Ok(Json(shown(&app, found).await?))
}

/// Change description, settings and how documents are cut
#[utoipa::path(patch, path = "/knowledge-bases/{kb}", tag = "knowledge bases", params(KnowledgeBasePath),
    request_body = UpdateKnowledgeBaseRequest,
    responses((status = 200, description = "As it is now", body = KnowledgeBaseView), Failures))]
async fn update(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Json(body): Json<UpdateKnowledgeBaseRequest>,
) -> Result<Json<KnowledgeBaseView>, ApiError> {
    let changes = KnowledgeBaseChanges {
        description: body.description.as_deref(),
        settings: body.settings.as_ref(),
        chunking: body.chunking.as_ref().map(ChunkingBody::changes),
    };
    let updated = knowledge_bases::update(&app, &principal, &path.kb, changes).await?;
    Ok(Json(shown(&app, updated).await?))
}

async fn shown(app: &App, knowledge_base: KnowledgeBase) -> Result<KnowledgeBaseView, ApiError> {
    let generations = app.store.documents.generations().await?;
    Ok(KnowledgeBaseView::of(knowledge_base, &generations))
}

/// Delete a knowledge base with all it holds, at once
#[utoipa::path(delete, path = "/knowledge-bases/{kb}", tag = "knowledge bases", params(KnowledgeBasePath),
    responses((status = 204, description = "Deleted"), Failures))]
async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
) -> Result<StatusCode, ApiError> {
    knowledge_bases::delete(&app, &principal, &path.kb).await?;
    Ok(StatusCode::NO_CONTENT)
}
