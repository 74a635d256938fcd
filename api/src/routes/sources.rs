//! `/knowledge-bases/{kb}/sources`

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use footnote_core::ids::SourceId;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::paths::{KnowledgeBasePath, PageQuery, SourcePath};
use super::views::{Page, RunView, SourceView, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::sources;

pub(super) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(show, delete))
        .routes(routes!(refresh))
        .routes(routes!(runs))
}

/// A directory to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSourceRequest {
    /// Unique within the knowledge base.
    #[schema(example = "policies")]
    pub name: String,
    /// Absolute path of a directory on the server.
    #[schema(value_type = String, example = "/srv/policies")]
    pub path: PathBuf,
}

/// List sources
#[utoipa::path(get, path = "/knowledge-bases/{kb}/sources", tag = "sources",
    params(KnowledgeBasePath, PageQuery),
    responses((status = 200, description = "A part of the list", body = Page<SourceView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SourceView>>, ApiError> {
    let request = page_request(page.cursor.as_deref(), page.limit)?;
    let sources = sources::list(&app, &principal, &path.kb).await?;
    Ok(Json(Page::part(sources, &request, |source| source.id.0, |s| SourceView::shown_to(&principal, s))))
}

/// Register a directory on the server (admins only)
#[utoipa::path(post, path = "/knowledge-bases/{kb}/sources", tag = "sources", params(KnowledgeBasePath),
    request_body = CreateSourceRequest,
    responses((status = 201, description = "Registered; nothing is read before a refresh", body = SourceView), Failures))]
async fn create(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Json(body): Json<CreateSourceRequest>,
) -> Result<(StatusCode, Json<SourceView>), ApiError> {
    let source = sources::create_directory(&app, &principal, &path.kb, &body.name, &body.path).await?;
    Ok((StatusCode::CREATED, Json(SourceView::shown_to(&principal, source))))
}

/// Show a source
#[utoipa::path(get, path = "/knowledge-bases/{kb}/sources/{source}", tag = "sources", params(SourcePath),
    responses((status = 200, description = "The source", body = SourceView), Failures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SourcePath>,
) -> Result<Json<SourceView>, ApiError> {
    let source = sources::show(&app, &principal, &path.kb, SourceId(path.source)).await?;
    Ok(Json(SourceView::shown_to(&principal, source)))
}

/// Remove a source with its schedules and documents (admins only)
#[utoipa::path(delete, path = "/knowledge-bases/{kb}/sources/{source}", tag = "sources", params(SourcePath),
    responses((status = 204, description = "Removed"), Failures))]
async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SourcePath>,
) -> Result<StatusCode, ApiError> {
    sources::delete(&app, &principal, &path.kb, SourceId(path.source)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refresh a source now; a refresh under way is returned instead of starting another
#[utoipa::path(post, path = "/knowledge-bases/{kb}/sources/{source}/refresh", tag = "sources", params(SourcePath),
    responses((status = 202, description = "Queued; `job` tells when it is done", body = RunView), Failures))]
async fn refresh(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SourcePath>,
) -> Result<(StatusCode, Json<RunView>), ApiError> {
    let run = sources::refresh(&app, &principal, &path.kb, SourceId(path.source)).await?;
    Ok((StatusCode::ACCEPTED, Json(run.into())))
}

/// List a source's refreshes and what they changed
#[utoipa::path(get, path = "/knowledge-bases/{kb}/sources/{source}/runs", tag = "sources",
    params(SourcePath, PageQuery),
    responses((status = 200, description = "A part of the list", body = Page<RunView>), Failures))]
async fn runs(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SourcePath>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RunView>>, ApiError> {
    let request = page_request(page.cursor.as_deref(), page.limit)?;
    let listing = sources::runs(&app, &principal, &path.kb, SourceId(path.source), request).await?;
    Ok(Json(Page::of(listing, Into::into)))
}
