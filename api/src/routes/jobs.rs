//! `/jobs` and `/knowledge-bases/{kb}/jobs`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::response::sse::Event;
use footnote_core::Error;
use footnote_core::ids::JobId;
use footnote_core::job::Job;
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use super::paths::{AnyJobPath, JobPath, KnowledgeBasePath};
use super::views::{JobStateView, JobView, Page, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::jobs::{self, Watcher};
use crate::sse;

pub(super) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_all))
        .routes(routes!(show_any))
        .routes(routes!(retry_any))
        .routes(routes!(cancel_any))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(retry))
        .routes(routes!(cancel))
        .routes(routes!(events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only jobs that stand so.
    #[param(inline)]
    state: Option<JobStateView>,
    /// `next` of the part before; leave it out to start at the newest.
    cursor: Option<String>,
    /// Items at the most, 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// List all jobs, the service's own upkeep included (admins only)
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(ListQuery),
    responses((status = 200, description = "A part of the list", body = Page<JobView>), Failures))]
async fn list_all(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<JobView>>, ApiError> {
    let request = page_request(query.cursor.as_deref(), query.limit)?;
    let listing = jobs::list_all(&app, &principal, query.state.map(Into::into), request).await?;
    Ok(Json(Page::of(listing, |job| JobView::from(&job))))
}

/// Show any job, the service's own upkeep included (admins only)
#[utoipa::path(get, path = "/jobs/{job}", tag = "jobs", params(AnyJobPath),
    responses((status = 200, description = "The job", body = JobView), Failures))]
async fn show_any(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<AnyJobPath>,
) -> Result<Json<JobView>, ApiError> {
    let job = jobs::show_any(&app, &principal, JobId(path.job)).await?;
    Ok(Json(JobView::from(&job)))
}

/// Queue any failed or cancelled job again (admins only)
#[utoipa::path(post, path = "/jobs/{job}/retry", tag = "jobs", params(AnyJobPath),
    responses((status = 202, description = "Queued", body = JobView), Failures))]
async fn retry_any(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<AnyJobPath>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let job = jobs::retry_any(&app, &principal, JobId(path.job)).await?;
    Ok((StatusCode::ACCEPTED, Json(JobView::from(&job))))
}

/// Cancel any job (admins only)
#[utoipa::path(post, path = "/jobs/{job}/cancel", tag = "jobs", params(AnyJobPath),
    responses((status = 202, description = "Asked for", body = JobView), Failures))]
async fn cancel_any(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<AnyJobPath>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let job = jobs::cancel_any(&app, &principal, JobId(path.job)).await?;
    Ok((StatusCode::ACCEPTED, Json(JobView::from(&job))))
}

/// List the jobs of a knowledge base
#[utoipa::path(get, path = "/knowledge-bases/{kb}/jobs", tag = "jobs", params(KnowledgeBasePath, ListQuery),
    responses((status = 200, description = "A part of the list", body = Page<JobView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<JobView>>, ApiError> {
    let request = page_request(query.cursor.as_deref(), query.limit)?;
    let listing = jobs::list(&app, &principal, &path.kb, query.state.map(Into::into), request).await?;
    Ok(Json(Page::of(listing, |job| JobView::from(&job))))
}

/// Show a job
#[utoipa::path(get, path = "/knowledge-bases/{kb}/jobs/{job}", tag = "jobs", params(JobPath),
    responses((status = 200, description = "The job", body = JobView), Failures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<JobPath>,
) -> Result<Json<JobView>, ApiError> {
    let job = jobs::show(&app, &principal, &path.kb, JobId(path.job)).await?;
    Ok(Json(JobView::from(&job)))
}

/// Queue a failed or cancelled job again
#[utoipa::path(post, path = "/knowledge-bases/{kb}/jobs/{job}/retry", tag = "jobs", params(JobPath),
    responses((status = 202, description = "Queued", body = JobView), Failures))]
async fn retry(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<JobPath>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let job = jobs::retry(&app, &principal, &path.kb, JobId(path.job)).await?;
    Ok((StatusCode::ACCEPTED, Json(JobView::from(&job))))
}

/// Cancel a job: at once where it waits, soon where it runs
#[utoipa::path(post, path = "/knowledge-bases/{kb}/jobs/{job}/cancel", tag = "jobs", params(JobPath),
    responses((status = 202, description = "Asked for", body = JobView), Failures))]
async fn cancel(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<JobPath>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let job = jobs::cancel(&app, &principal, &path.kb, JobId(path.job)).await?;
    Ok((StatusCode::ACCEPTED, Json(JobView::from(&job))))
}

/// Watch a job until it ends
///
/// Server-sent events: `job` at once and at every change, `done` with the end. Both carry the job.
/// One `error` (`{"status", "detail"}`) ends the stream where the job is gone, the key was revoked,
/// or the service stops: watch again then.
#[utoipa::path(get, path = "/knowledge-bases/{kb}/jobs/{job}/events", tag = "jobs", params(JobPath),
    responses((status = 200, description = "`job` and `done` events", content_type = "text/event-stream", body = JobView), Failures))]
async fn events(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<JobPath>,
) -> Result<Response, ApiError> {
    let job = jobs::show(&app, &principal, &path.kb, JobId(path.job)).await?;
    Ok(sse::respond(changes(Watcher::new(app, principal), job)))
}

/// Why a job is watched no longer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WatchErrorView {
    /// The status code that a request would get now.
    status: u16,
    /// What went wrong and what helps.
    detail: String,
}

/// Where a watcher is.
enum Watch {
    Tell(Job),
    Await(Job),
    End,
}

fn changes(watcher: Watcher, job: Job) -> impl Stream<Item = Event> {
    stream::unfold((watcher, Watch::Tell(job)), |(mut watcher, watch)| async move {
        let job = match watch {
            Watch::End => return None,
            Watch::Tell(job) => job,
            Watch::Await(seen) => match watcher.changed(&seen).await {
                Ok(Some(job)) => job,
                Ok(None) => return Some((failure(Error::not_found("job")), (watcher, Watch::End))),
                Err(error) => return Some((failure(error), (watcher, Watch::End))),
            },
        };
        let view = JobView::from(&job);
        Some(match job.state.is_final() {
            true => (sse::event("done", &view), (watcher, Watch::End)),
            false => (sse::event("job", &view), (watcher, Watch::Await(job))),
        })
    })
}

/// The last event of a stream that does not tell the job's end.
fn failure(error: Error) -> Event {
    let failure = ApiError::from(error);
    sse::event(
        "error",
        &WatchErrorView { status: failure.status().as_u16(), detail: failure.detail().to_owned() },
    )
}
