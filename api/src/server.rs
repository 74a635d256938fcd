//! The HTTP server: all routes with the layers around them, until it is told to stop.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use footnote_core::Result;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::config::ServerConfig;
use crate::error::{ApiError, REQUEST_ID, render_by_path, unknown_method, unknown_route};
use crate::openapi::{self, Shared};
use crate::routes::{self, Routes};
use crate::{openai, telemetry};

pub(crate) mod body;
mod connections;

use body::Pace;

impl App {
    /// Answers requests until `shutdown` resolves, then lets running ones end within the
    /// configured time.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        let router = router(self.clone());
        connections::serve(&self, listener, router, shutdown).await;
        Ok(())
    }
}

/// All routes with all layers: what [`App::serve`] serves.
pub fn router(app: Arc<App>) -> Router {
    let (documented, document) = documented_routes(&app.config.server);
    let routes = documented
        .merge(openapi::serve(document, app.config.server.docs))
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .with_state(app);
    layered(routes)
}

/// The layers around all routes, innermost first.
fn layered(routes: Router) -> Router {
    routes
        // Inside `track`, so that a panic is counted; and around all, for what `track` does not see.
        .route_layer(CatchPanicLayer::custom(panicked))
        .route_layer(from_fn(telemetry::track))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(render_by_path))
        .layer(
            ServiceBuilder::new()
                .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION]))
                .layer(SetRequestIdLayer::new(REQUEST_ID, FreshRequestId))
                .layer(TraceLayer::new_for_http().make_span_with(request_span))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(SetResponseHeaderLayer::if_not_present(
                    header::X_CONTENT_TYPE_OPTIONS,
                    HeaderValue::from_static("nosniff"),
                )),
        )
}

/// The OpenAPI document of all routes.
pub fn openapi_document() -> OpenApi {
    documented_routes(&ServerConfig::default()).1
}

/// Every route that speaks for itself in the OpenAPI document.
fn documented_routes(server: &ServerConfig) -> (Router<Arc<App>>, OpenApi) {
    let timeout = Duration::from_secs(server.request_timeout_seconds);
    let idle = Duration::from_secs(server.idle_timeout_seconds);
    let within_timeout =
        move |routes: Routes| routes.layer(from_fn(move |request, next| within(timeout, request, next)));
    let read_within = move |whole: Option<Duration>, routes: Routes| {
        let pace = Pace { idle, whole };
        routes.layer(from_fn(move |request, next| body::keep(pace, request, next)))
    };
    let api = within_timeout(routes::quick()).merge(routes::slow());
    let uploads = routes::uploads(server.max_upload_bytes);
    let openai = within_timeout(openai::quick()).merge(openai::slow());
    OpenApiRouter::with_openapi(Shared::openapi())
        .nest("/api/v1", read_within(Some(timeout), api).merge(read_within(None, uploads)))
        .nest("/v1", read_within(Some(timeout), openai))
        .merge(within_timeout(routes::health()))
        .split_for_parts()
}

/// Gives up on a response that does not begin in time. What has begun may stream on.
async fn within(timeout: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("the request took longer than {} seconds; try again", timeout.as_secs());
            ApiError::new(StatusCode::GATEWAY_TIMEOUT, detail).into_response()
        }
    }
}

/// A panic costs one request.
fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let words = cause.downcast_ref::<&str>().copied();
    let words = words.or_else(|| cause.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown");
    tracing::error!(panic.message = words, "a request handler panicked");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "a fault of ours; see the server's log").into_response()
}

fn request_span(request: &Request) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    // The path alone: a query may hold what does not belong into a log.
    tracing::info_span!("request", request.id = id, http.method = %request.method(), http.path = request.uri().path())
}

/// An id for requests that come without one. A proxy's id is kept, so that its log and ours can be
/// read together.
#[derive(Clone, Copy)]
struct FreshRequestId;

impl MakeRequestId for FreshRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&uuid::Uuid::now_v7().to_string()).ok().map(RequestId::new)
    }
}

#[cfg(test)]
mod tests;
