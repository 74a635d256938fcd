//! `/knowledge-bases/{kb}/sources/{source}/schedules`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use footnote_core::ids::{ScheduleId, SourceId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::paths::{PageQuery, SchedulePath, SourcePath};
use super::views::{Page, ScheduleView, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::schedules;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list, create)).routes(routes!(show, delete))
}

/// When to refresh.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateScheduleRequest {
    /// Five-field cron expression (minute hour day month weekday).
    #[schema(example = "0 6 * * mon-fri")]
    pub cron: String,
    /// IANA time zone the expression is read in.
    #[serde(default = "utc")]
    #[schema(example = "Asia/Shanghai", default = "UTC")]
    pub time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// List a source's schedules
#[utoipa::path(get, path = "/knowledge-bases/{kb}/sources/{source}/schedules", tag = "sources",
    params(SourcePath, PageQuery),
    responses((status = 200, description = "A part of the list", body = Page<ScheduleView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SourcePath>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ScheduleView>>, ApiError> {
    let request = page_request(page.cursor.as_deref(), page.limit)?;
    let schedules = schedules::list(&app, &principal, &path.kb, SourceId(path.source)).await?;
    Ok(Json(Page::part(schedules, &request, |schedule| schedule.id.0, Into::into)))
}

/// Refresh a source at set times
#[utoipa::path(post, path = "/knowledge-bases/{kb}/sources/{source}/schedules", tag = "sources",
    params(SourcePath), request_body = CreateScheduleRequest,
    responses((status = 201, description = "Created", body = ScheduleView), Failures))]
async fn create(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SourcePath>,
    Json(body): Json<CreateScheduleRequest>,
) -> Result<(StatusCode, Json<ScheduleView>), ApiError> {
    let source = SourceId(path.source);
    let schedule = schedules::create(&app, &principal, &path.kb, source, &body.cron, &body.time_zone).await?;
    Ok((StatusCode::CREATED, Json(schedule.into())))
}

/// Show a schedule
#[utoipa::path(get, path = "/knowledge-bases/{kb}/sources/{source}/schedules/{schedule}", tag = "sources",
    params(SchedulePath),
    responses((status = 200, description = "The schedule", body = ScheduleView), Failures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SchedulePath>,
) -> Result<Json<ScheduleView>, ApiError> {
    let (source, schedule) = (SourceId(path.source), ScheduleId(path.schedule));
    Ok(Json(schedules::show_one(&app, &principal, &path.kb, source, schedule).await?.into()))
}

/// Remove a schedule
#[utoipa::path(delete, path = "/knowledge-bases/{kb}/sources/{source}/schedules/{schedule}", tag = "sources",
    params(SchedulePath), responses((status = 204, description = "Removed"), Failures))]
async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<SchedulePath>,
) -> Result<StatusCode, ApiError> {
    let (source, schedule) = (SourceId(path.source), ScheduleId(path.schedule));
    schedules::delete(&app, &principal, &path.kb, source, schedule).await?;
    Ok(StatusCode::NO_CONTENT)
}
