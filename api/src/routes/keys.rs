//! `/keys`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use footnote_core::ids::ApiKeyId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

use super::Routes;
use super::paths::PageQuery;
use super::views::{CreatedKeyView, KeyView, Page, RoleView, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::keys;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list, create)).routes(routes!(revoke))
}

/// A key to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKeyRequest {
    /// What people call it.
    #[schema(example = "website")]
    pub name: String,
    /// What it may do.
    pub role: RoleView,
    /// Ids or names of the knowledge bases it reaches; leave it out for all, those of the future
    /// included.
    #[serde(default)]
    pub knowledge_bases: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct KeyPath {
    /// Id of the key.
    key: Uuid,
}

/// List keys, revoked ones included (admins only)
#[utoipa::path(get, path = "/keys", tag = "keys", params(PageQuery),
    responses((status = 200, description = "A part of the list", body = Page<KeyView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<KeyView>>, ApiError> {
    let request = page_request(page.cursor.as_deref(), page.limit)?;
    let keys = keys::list(&app, &principal).await?;
    Ok(Json(Page::part(keys, &request, |key| key.id.0, Into::into)))
}

/// Create a key; its secret is shown this once (admins only)
#[utoipa::path(post, path = "/keys", tag = "keys", request_body = CreateKeyRequest,
    responses((status = 201, description = "Created", body = CreatedKeyView), Failures))]
async fn create(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Json(body): Json<CreateKeyRequest>,
) -> Result<(StatusCode, Json<CreatedKeyView>), ApiError> {
    let reached = body.knowledge_bases.as_deref();
    let (key, secret) = keys::create(&app, &principal, &body.name, body.role.into(), reached).await?;
    Ok((StatusCode::CREATED, Json(CreatedKeyView::new(key, &secret))))
}

/// Revoke a key at once (admins only)
#[utoipa::path(delete, path = "/keys/{key}", tag = "keys", params(KeyPath),
    responses((status = 204, description = "Revoked"), Failures))]
async fn revoke(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KeyPath>,
) -> Result<StatusCode, ApiError> {
    keys::revoke(&app, &principal, ApiKeyId(path.key)).await?;
    Ok(StatusCode::NO_CONTENT)
}
