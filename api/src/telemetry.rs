//! Logs, request ids and metrics.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogConfig, LogFormat};

/// Seconds: from a cached search to a long answer.
const LATENCY_BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Requests by method, route and status.
const REQUESTS: &str = "footnote_http_requests_total";
/// Seconds until a response begins, by method and route.
const LATENCY: &str = "footnote_http_request_duration_seconds";

/// Starts logging to standard error; standard output belongs to results.
pub fn init(config: &LogConfig) -> Result<()> {
    let mut filter = EnvFilter::try_new(&config.level).context(ErrorKind::InvalidInput, || {
        format!("log.level {:?} is not a level or list of directives, like \"info\"", config.level)
    })?;
    // Edge warns at every start about flags that only Qdrant's server sets, and tells of every log
    // that it opens.
    for quiet in ["qdrant_edge::common=error", "qdrant_edge::wal=warn"] {
        filter = filter.add_directive(quiet.parse().internal("a built-in log directive is wrong")?);
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Text => builder.finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    started.internal("logging was already started")
}

/// The process's one metrics recorder, installed when it is first asked for.
pub fn metrics() -> Result<&'static PrometheusHandle> {
    static HANDLE: OnceLock<std::result::Result<PrometheusHandle, String>> = OnceLock::new();
    let installed = HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(LATENCY.to_owned()), LATENCY_BUCKETS)
            .map_err(|e| e.to_string())?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|e| e.to_string())?;
        describe();
        Ok(handle)
    });
    installed.as_ref().map_err(|e| Error::internal(format!("cannot install the metrics recorder: {e}")))
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests by method, route and status.");
    metrics::describe_histogram!(LATENCY, "Seconds until a response begins, by method and route.");
    metrics::describe_gauge!("footnote_jobs_unfinished", "Jobs that are queued or running.");
    metrics::describe_gauge!("footnote_index_drift", "Versions that differed at the last reconciliation.");
    metrics::describe_counter!("footnote_answers_total", "Answers by outcome.");
    metrics::describe_counter!("footnote_tokens_total", "Tokens by kind.");
}

/// Counts and times every request of a known route. The route's pattern is the label, never the
/// path: ids and names do not belong into metrics.
pub async fn track(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::histogram!(LATENCY, "method" => method, "route" => route.clone())
        .record(start.elapsed().as_secs_f64());
    metrics::counter!(REQUESTS, "method" => method, "route" => route, "status" => status).increment(1);
    response
}

/// A label of a closed set: a method is whatever a stranger writes, and a series lives for ever.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn requests_are_counted_by_route_and_the_recorder_is_shared() {
        let handle = metrics().unwrap();
        let router = Router::new()
            .route("/things/{id}", get(|| async { "x" }))
            .route_layer(axum::middleware::from_fn(track));
        for id in ["a", "b"] {
            let request = Request::get(format!("/things/{id}")).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
        }
        let text = metrics().unwrap().render();
        assert_eq!(handle.render().is_empty(), text.is_empty());
        let line = "footnote_http_requests_total{method=\"GET\",route=\"/things/{id}\",status=\"200\"} 2";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("footnote_http_request_duration_seconds_bucket"), "{text}");
    }

    #[tokio::test]
    async fn made_up_methods_share_one_series() {
        let handle = metrics().unwrap();
        let router = Router::new()
            .route("/methods", get(|| async { "x" }))
            .route_layer(axum::middleware::from_fn(track));
        for method in ["M1", "M2"] {
            let request = Request::builder().method(method).uri("/methods").body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
        }
        let text = handle.render();
        assert!(!text.contains("\"M1\""), "{text}");
        let line = "footnote_http_requests_total{method=\"other\",route=\"/methods\",status=\"405\"} 2";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn a_bad_log_level_is_named() {
        let config = LogConfig { level: "footnote=loud".to_owned(), ..LogConfig::default() };
        assert!(init(&config).unwrap_err().to_string().contains("log.level"));
    }
}
