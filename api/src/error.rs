//! The one place where kinds of error become status codes and bodies.
//!
//! Handlers and extractors give an [`ApiError`]. It reaches the client in the dialect of the path:
//! RFC 9457 problem details under `/api/v1`, OpenAI's shape under `/v1`. The dialect is applied by
//! [`render_problems`] and [`render_openai_errors`], so that no handler needs to know its own.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use footnote_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Identifies a request in logs and errors.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A failure on its way to the client.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    detail: String,
    retry_after: Option<u64>,
    openai_code: Option<&'static str>,
}

impl ApiError {
    /// A failure that exists only in HTTP, such as an unknown route.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None, openai_code: None }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, in words that name the input and the remedy.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// With a `code` that OpenAI's clients know, in place of ours.
    #[must_use]
    pub fn with_openai_code(self, code: &'static str) -> Self {
        Self { openai_code: Some(code), ..self }
    }

    fn code(&self) -> &'static str {
        code_of(self.status)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let (status, retry_after) = status_of(error.kind());
        if !status.is_server_error() {
            return Self { retry_after, ..Self::new(status, error.to_string()) };
        }
        // Causes may name paths and SQL: they belong into the log, not to the client.
        tracing::error!(error.kind = ?error.kind(), error.message = %error, "request failed");
        let detail = match status {
            StatusCode::INTERNAL_SERVER_ERROR => format!("{}; see the server's log", error.message()),
            _ => error.message().to_owned(),
        };
        Self { retry_after, ..Self::new(status, detail) }
    }
}

/// The status code of each kind, with the seconds to wait where trying again makes sense.
fn status_of(kind: ErrorKind) -> (StatusCode, Option<u64>) {
    match kind {
        ErrorKind::InvalidInput => (StatusCode::BAD_REQUEST, None),
        ErrorKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
        ErrorKind::Unsupported => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, None),
        ErrorKind::Unauthenticated => (StatusCode::UNAUTHORIZED, None),
        ErrorKind::Forbidden => (StatusCode::FORBIDDEN, None),
        ErrorKind::Conflict => (StatusCode::CONFLICT, None),
        ErrorKind::Busy { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, Some(retry_after.as_millis().div_ceil(1000).max(1) as u64))
        }
        // The client has left; nobody reads this.
        ErrorKind::Cancelled => (StatusCode::CONFLICT, None),
        ErrorKind::NotInstalled => (StatusCode::NOT_IMPLEMENTED, None),
        ErrorKind::Unavailable | ErrorKind::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
        ErrorKind::Corrupt | ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None),
    }
}

/// The last part of a problem's `type`, and OpenAI's `code`.
fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "invalid-input",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported",
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        StatusCode::UNAUTHORIZED => "unauthenticated",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::CONFLICT => "conflict",
        StatusCode::TOO_MANY_REQUESTS => "busy",
        StatusCode::NOT_IMPLEMENTED => "not-installed",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => "timeout",
        _ => "internal",
    }
}

impl IntoResponse for ApiError {
    /// Head and plain text; the dialect's layer writes the body proper.
    fn into_response(self) -> Response {
        let mut response = (self.status, self.detail.clone()).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"footnote\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// An error on `/api/v1`, by RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:footnote:problem:` and the sort of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:footnote:problem:not-found")]
    pub problem_type: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    pub title: String,
    /// The status code.
    #[schema(example = 404)]
    pub status: u16,
    /// What went wrong and what helps.
    #[schema(example = "knowledge base not found")]
    pub detail: String,
    /// The path that was asked.
    pub instance: String,
    /// Identifies the request in the server's log; also the header `x-request-id`.
    pub request_id: String,
}

/// An error on `/v1`, in OpenAI's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenAiError {
    /// The error.
    pub error: OpenAiErrorBody,
}

/// The inside of an [`OpenAiError`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenAiErrorBody {
    /// What went wrong and what helps.
    pub message: String,
    /// `invalid_request_error`, `authentication_error`, `rate_limit_error`, `server_error`…
    #[serde(rename = "type")]
    pub error_type: String,
    /// The parameter at fault, where one is known.
    pub param: Option<String>,
    /// The sort of problem.
    pub code: Option<String>,
}

impl OpenAiError {
    /// Projects a failure.
    pub fn from_error(error: &ApiError) -> Self {
        let error_type = match error.status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_client_error() => "invalid_request_error",
            _ => "server_error",
        };
        let code = match error.status {
            StatusCode::UNAUTHORIZED => "invalid_api_key".to_owned(),
            _ => error.openai_code.map_or_else(|| error.code().replace('-', "_"), str::to_owned),
        };
        Self {
            error: OpenAiErrorBody {
                message: error.detail.clone(),
                error_type: error_type.to_owned(),
                param: None,
                code: Some(code),
            },
        }
    }
}

impl Problem {
    /// Projects a failure of a request to `instance`.
    pub fn from_error(error: &ApiError, instance: &str, request_id: &str) -> Self {
        Self {
            problem_type: format!("urn:footnote:problem:{}", error.code()),
            title: error.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: error.status.as_u16(),
            detail: error.detail.clone(),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
        }
    }
}

/// Writes failures below it as problem details.
pub async fn render_problems(request: Request, next: Next) -> Response {
    let instance = original_path(&request);
    let request_id = request_id(&request);
    render(next.run(request).await, |error| {
        let body = Json(Problem::from_error(error, &instance, &request_id)).into_response();
        ([(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    })
}

/// Writes failures below it in OpenAI's shape.
pub async fn render_openai_errors(request: Request, next: Next) -> Response {
    render(next.run(request).await, |error| Json(OpenAiError::from_error(error)).into_response())
}

/// Writes failures in the dialect of the path, for layers that lie outside both nests.
pub async fn render_by_path(request: Request, next: Next) -> Response {
    match original_path(&request).starts_with("/v1/") {
        true => render_openai_errors(request, next).await,
        false => render_problems(request, next).await,
    }
}

fn render(mut response: Response, body: impl FnOnce(&ApiError) -> Response) -> Response {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let mut rendered = body(&error);
    *rendered.status_mut() = error.status;
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW, header::CONNECTION] {
        if let Some(value) = response.headers_mut().remove(&name) {
            rendered.headers_mut().insert(name, value);
        }
    }
    rendered
}

fn original_path(request: &Request) -> String {
    let original = request.extensions().get::<axum::extract::OriginalUri>();
    original.map_or_else(|| request.uri().path(), |uri| uri.0.path()).to_owned()
}

fn request_id(request: &Request) -> String {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}

/// The answer to a path that does not exist.
pub async fn unknown_route(request: Request) -> ApiError {
    let path = original_path(&request);
    ApiError::new(StatusCode::NOT_FOUND, format!("no such route: {path}; /openapi.json lists them all"))
}

/// The answer to a method that a path does not have.
pub async fn unknown_method(request: Request) -> ApiError {
    let (method, path) = (request.method().clone(), original_path(&request));
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, format!("{path} does not take {method}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn failing(dialect: Router, path: &str) -> (Response, serde_json::Value) {
        let request = Request::get(path).header(REQUEST_ID, "r-1").body(Body::empty()).unwrap();
        let response = dialect.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        (Response::from_parts(head, Body::empty()), serde_json::from_slice(&body).unwrap())
    }

    async fn busy() -> Result<(), ApiError> {
        Err(Error::busy("the model is busy", Duration::from_millis(2500)).into())
    }

    #[test]
    fn every_kind_has_its_status() {
        let cases = [
            (ErrorKind::InvalidInput, 400),
            (ErrorKind::TooLarge, 413),
            (ErrorKind::Unsupported, 415),
            (ErrorKind::NotFound, 404),
            (ErrorKind::Unauthenticated, 401),
            (ErrorKind::Forbidden, 403),
            (ErrorKind::Conflict, 409),
            (ErrorKind::Busy { retry_after: Duration::from_secs(1) }, 429),
            (ErrorKind::NotInstalled, 501),
            (ErrorKind::Unavailable, 503),
            (ErrorKind::TimedOut, 503),
            (ErrorKind::Corrupt, 500),
            (ErrorKind::Internal, 500),
        ];
        for (kind, status) in cases {
            assert_eq!(ApiError::from(Error::new(kind, "x")).status().as_u16(), status, "{kind:?}");
        }
    }

    #[test]
    fn causes_of_our_own_faults_stay_in_the_log() {
        for kind in [ErrorKind::Internal, ErrorKind::Corrupt, ErrorKind::Unavailable, ErrorKind::NotInstalled]
        {
            let cause = std::io::Error::other("/secret/path: disk on fire");
            let error = ApiError::from(Error::new(kind, "cannot read the blob").with_source(cause));
            assert!(error.detail().starts_with("cannot read the blob"), "{}", error.detail());
            assert!(!error.detail().contains("/secret"), "{}", error.detail());
        }
    }

    #[tokio::test]
    async fn problems_name_the_request() {
        let router = Router::new()
            .route("/api/v1/busy", get(busy))
            .fallback(unknown_route)
            .layer(axum::middleware::from_fn(render_by_path));
        let (head, body) = failing(router.clone(), "/api/v1/busy").await;
        assert_eq!(head.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(head.headers()[header::RETRY_AFTER], "3");
        assert_eq!(head.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(body["type"], "urn:footnote:problem:busy");
        assert_eq!(body["instance"], "/api/v1/busy");
        assert_eq!(body["request_id"], "r-1");
        let (head, body) = failing(router, "/api/v1/nothing").await;
        assert_eq!((head.status().as_u16(), &body["status"]), (404, &404.into()));
    }

    #[tokio::test]
    async fn openai_clients_get_their_own_shape() {
        let router = Router::new()
            .route("/v1/busy", get(busy))
            .method_not_allowed_fallback(unknown_method)
            .layer(axum::middleware::from_fn(render_by_path));
        let (head, body) = failing(router, "/v1/busy").await;
        assert_eq!(head.headers()[header::RETRY_AFTER], "3");
        assert_eq!(body["error"]["type"], "rate_limit_error");
        assert_eq!(body["error"]["message"], "the model is busy");
    }
}
