//! `/knowledge-bases`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use footnote_core::knowledge_base::{Generation, KnowledgeBase};
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
    /// what is asked meanwhile is answered from the chunks of before. Of a change that failed, the same goes on with it.
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
    let mut items = Vec::with_capacity(listing.items.len());
    for knowledge_base in listing.items {
        items.push(view(&app, knowledge_base, &generations).await?);
    }
    Ok(Json(Page { items, next: listing.next.map(|id| id.to_string()) }))
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
    view(app, knowledge_base, &generations).await
}

async fn view(
    app: &App,
    knowledge_base: KnowledgeBase,
    generations: &[Generation],
) -> Result<KnowledgeBaseView, ApiError> {
    let failure = knowledge_bases::chunking_failure(app, &knowledge_base).await?;
    Ok(KnowledgeBaseView::of(knowledge_base, generations, failure))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::{Request, header};
    use footnote_core::job::RetryPolicy;
    use serde_json::json;

    use super::*;
    use crate::testing::TestApp;

    const KB: &str = "/api/v1/knowledge-bases/kb";

    /// Asks for chunks of another size.
    async fn cut_by(app: &TestApp, max_tokens: usize) -> Value {
        let body = json!({"chunking": {"max_tokens": max_tokens}}).to_string();
        let request = Request::patch(KB)
            .header(header::AUTHORIZATION, format!("Bearer {}", app.admin))
            .header(header::CONTENT_TYPE, "application/json");
        app.send(request.body(Body::from(body)).unwrap()).await.json()
    }

    #[tokio::test]
    async fn a_change_of_chunking_that_failed_is_told_and_goes_on_where_it_is_asked_for_again() {
        let app = TestApp::start().await;
        app.knowledge_base("kb").await;
        app.work().await;
        let shown = async || app.get(KB, &app.admin).await.json();
        let before = shown().await;
        let changing = cut_by(&app, 64).await;
        assert_eq!(changing["next_chunking_failure"], Value::Null);

        let (jobs, now) = (&app.app.store.jobs, app.app.now());
        let claimed = jobs.claim(now, Duration::from_secs(60), RetryPolicy::default()).await.unwrap();
        let (job, lease) = claimed.unwrap();
        jobs.fail(lease, "the disk is full", None, now).await.unwrap();
        let failed = shown().await;
        assert_eq!(failed["next_chunking_failure"], "the disk is full");
        assert_eq!(failed["next_chunking"]["max_tokens"], 64);
        assert_eq!(failed["chunking"], before["chunking"]);
        assert_eq!(app.get("/api/v1/knowledge-bases", &app.admin).await.json()["items"][0], failed);

        assert_eq!(cut_by(&app, 64).await, changing);
        let queued = app.get(&format!("{KB}/jobs?state=queued"), &app.admin).await.json();
        assert_eq!(queued["items"][0]["id"], job.id.to_string(), "it is the same job");
        app.work().await;
        let done = shown().await;
        assert_eq!((&done["chunking"]["max_tokens"], &done["next_chunking"]), (&json!(64), &Value::Null));
    }

    #[tokio::test]
    async fn a_job_of_before_does_not_tell_of_a_change_that_was_asked_for_again() {
        let app = TestApp::start().await;
        app.knowledge_base("kb").await;
        app.work().await;
        cut_by(&app, 64).await;
        let (jobs, now) = (&app.app.store.jobs, app.app.now());
        let claimed = jobs.claim(now, Duration::from_secs(60), RetryPolicy::default()).await.unwrap();
        let (_, lease) = claimed.unwrap();
        cut_by(&app, 128).await;
        cut_by(&app, 64).await;
        jobs.fail(lease, "the disk is full", None, now).await.unwrap();
        let shown = app.get(KB, &app.admin).await.json();
        assert_eq!(shown["next_chunking"]["max_tokens"], 64);
        assert_eq!(shown["next_chunking_failure"], Value::Null);
    }

    #[tokio::test]
    async fn cancelling_its_job_gives_a_change_of_chunking_up() {
        let app = TestApp::start().await;
        app.knowledge_base("kb").await;
        app.work().await;
        let before = app.get(KB, &app.admin).await.json();
        cut_by(&app, 64).await;
        let queued = app.get(&format!("{KB}/jobs?state=queued"), &app.admin).await.json();
        let job = format!("{KB}/jobs/{}", queued["items"][0]["id"].as_str().unwrap());
        let cancelled = app.request("POST", &format!("{job}/cancel"), &app.admin).await;
        assert!(cancelled.status.is_success(), "{}", cancelled.text);
        assert_eq!(app.get(KB, &app.admin).await.json(), before);
        let retried = app.request("POST", &format!("{job}/retry"), &app.admin).await;
        assert_eq!(retried.status, StatusCode::CONFLICT, "{}", retried.text);
    }
}
