//! Every route is documented, and the document is whole.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// What the service offers. A route that is added or lost changes this list on purpose.
const OPERATIONS: &[&str] = &[
    "delete /api/v1/keys/{key}",
    "delete /api/v1/knowledge-bases/{kb}",
    "delete /api/v1/knowledge-bases/{kb}/conversations/{conversation}",
    "delete /api/v1/knowledge-bases/{kb}/documents/{document}",
    "delete /api/v1/knowledge-bases/{kb}/sources/{source}",
    "delete /api/v1/knowledge-bases/{kb}/sources/{source}/schedules/{schedule}",
    "get /api/v1/jobs",
    "get /api/v1/jobs/{job}",
    "get /api/v1/keys",
    "get /api/v1/knowledge-bases",
    "get /api/v1/knowledge-bases/{kb}",
    "get /api/v1/knowledge-bases/{kb}/conversations",
    "get /api/v1/knowledge-bases/{kb}/conversations/{conversation}",
    "get /api/v1/knowledge-bases/{kb}/documents",
    "get /api/v1/knowledge-bases/{kb}/documents/{document}",
    "get /api/v1/knowledge-bases/{kb}/documents/{document}/chunks",
    "get /api/v1/knowledge-bases/{kb}/documents/{document}/lines",
    "get /api/v1/knowledge-bases/{kb}/documents/{document}/original",
    "get /api/v1/knowledge-bases/{kb}/documents/{document}/text",
    "get /api/v1/knowledge-bases/{kb}/jobs",
    "get /api/v1/knowledge-bases/{kb}/jobs/{job}",
    "get /api/v1/knowledge-bases/{kb}/jobs/{job}/events",
    "get /api/v1/knowledge-bases/{kb}/sources",
    "get /api/v1/knowledge-bases/{kb}/sources/{source}",
    "get /api/v1/knowledge-bases/{kb}/sources/{source}/runs",
    "get /api/v1/knowledge-bases/{kb}/sources/{source}/schedules",
    "get /api/v1/knowledge-bases/{kb}/sources/{source}/schedules/{schedule}",
    "get /livez",
    "get /metrics",
    "get /readyz",
    "get /v1/models",
    "get /v1/models/{model}",
    "patch /api/v1/knowledge-bases/{kb}",
    "post /api/v1/jobs/{job}/cancel",
    "post /api/v1/jobs/{job}/retry",
    "post /api/v1/keys",
    "post /api/v1/knowledge-bases",
    "get /api/v1/knowledge-bases/{kb}/answers",
    "get /api/v1/knowledge-bases/{kb}/answers/{answer}",
    "get /api/v1/knowledge-bases/{kb}/answers/{answer}/feedback",
    "put /api/v1/knowledge-bases/{kb}/answers/{answer}/feedback",
    "get /api/v1/knowledge-bases/{kb}/feedback/export",
    "post /api/v1/knowledge-bases/{kb}/answers/{answer}/replay",
    "post /api/v1/knowledge-bases/{kb}/why",
    "post /api/v1/knowledge-bases/{kb}/ask",
    "post /api/v1/knowledge-bases/{kb}/documents",
    "post /api/v1/knowledge-bases/{kb}/chunks/preview",
    "put /api/v1/knowledge-bases/{kb}/documents/{document}/chunks/{ordinal}",
    "post /api/v1/knowledge-bases/{kb}/jobs/{job}/cancel",
    "post /api/v1/knowledge-bases/{kb}/jobs/{job}/retry",
    "post /api/v1/knowledge-bases/{kb}/search",
    "post /api/v1/knowledge-bases/{kb}/sources",
    "post /api/v1/knowledge-bases/{kb}/sources/{source}/refresh",
    "post /api/v1/knowledge-bases/{kb}/sources/{source}/schedules",
    "post /v1/chat/completions",
    "post /v1/embeddings",
];

fn document() -> Value {
    serde_json::to_value(openapi_document()).unwrap()
}

/// Method, path and description of every operation.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.is_object() {
                found.push((method.clone(), path.clone(), operation));
            }
        }
    }
    found
}

#[test]
fn the_document_has_every_route() {
    let document = document();
    let found: BTreeSet<String> =
        operations(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let expected: BTreeSet<String> = OPERATIONS.iter().map(|o| (*o).to_owned()).collect();
    assert_eq!(found, expected);
}

/// `routes!` registers and documents at once; a bare `.route(` would only register.
#[test]
fn no_route_bypasses_the_document() {
    for folder in ["src/routes", "src/openai"] {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in walkdir::WalkDir::new(root).into_iter().map(Result::unwrap) {
            if entry.file_type().is_file() {
                let text = fs_err::read_to_string(entry.path()).unwrap();
                assert!(!text.contains(".route("), "{} registers a route by hand", entry.path().display());
            }
        }
    }
}

#[test]
fn every_reference_of_the_document_resolves() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference} is not in the document");
                }
                object.values().for_each(|value| check(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}

#[test]
fn every_operation_says_what_it_does_gives_and_how_it_fails() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{at} has no summary");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{at} never succeeds");
        if !path.starts_with("/api/") && !path.starts_with("/v1/") {
            assert_eq!(operation["security"], serde_json::json!([{}]), "{at} needs no key");
            continue;
        }
        let failure = if path.starts_with("/v1/") { "OpenAiError" } else { "Problem" };
        for status in ["400", "401", "404", "429", "500"] {
            assert!(responses[status].to_string().contains(failure), "{at} does not say how {status} looks");
        }
        for (position, name) in path.split('{').skip(1).filter_map(|part| part.split('}').next()).enumerate()
        {
            let names: Vec<_> =
                operation["parameters"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
            assert_eq!(names[position], name, "{at} does not describe its parameter {name}");
        }
    }
}

#[tokio::test]
async fn a_panic_costs_one_request_and_is_counted() {
    async fn broken() -> &'static str {
        panic!("on purpose")
    }
    let handle = telemetry::metrics().unwrap();
    let routes = layered(Router::new().route("/api/v1/broken", axum::routing::get(broken)));
    let request = Request::get("/api/v1/broken").body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(routes, request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let line = "footnote_http_requests_total{method=\"GET\",route=\"/api/v1/broken\",status=\"500\"} 1";
    assert!(handle.render().contains(line), "{}", handle.render());
}
