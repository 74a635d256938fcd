//! `/livez`, `/readyz`, `/metrics`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::error::ApiError;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(livez)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Whether the service can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadyView {
    /// Whether all that is needed works.
    pub ready: bool,
    /// Each part.
    pub checks: Vec<CheckView>,
}

/// One part that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckView {
    /// `store`, `embedder`, `generator`, `reranker`…
    pub name: String,
    /// Whether it works.
    pub ok: bool,
    /// Whether the service can do without it.
    pub optional: bool,
    /// What it is, or what is wrong with it.
    pub detail: String,
}

/// Whether the process runs
#[utoipa::path(get, path = "/livez", tag = "service", security(()),
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
async fn livez() -> &'static str {
    "ok\n"
}

/// Whether the service can do its work
#[utoipa::path(get, path = "/readyz", tag = "service", security(()),
    responses((status = 200, description = "Ready", body = ReadyView),
        (status = 503, description = "Not ready", body = ReadyView)))]
async fn readyz(State(app): State<Arc<App>>) -> impl IntoResponse {
    let checks: Vec<CheckView> = app
        .checks()
        .await
        .into_iter()
        .map(|c| CheckView { name: c.name.to_owned(), ok: c.ok, optional: c.optional, detail: c.detail })
        .collect();
    let ready = checks.iter().all(|check| check.ok || check.optional);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadyView { ready, checks }))
}

/// Metrics in Prometheus' text format
#[utoipa::path(get, path = "/metrics", tag = "service", security(()),
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
async fn metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse, ApiError> {
    let text = app.render_metrics().await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
