//! The document that describes the API is the API; and the routes for operators.

use footnote_tests::support::TestApp;
use serde_json::Value;

/// Open to everybody: they tell nothing of the data.
const OPEN: [&str; 3] = ["/livez", "/readyz", "/metrics"];
/// A few routes of each noun: a group that was forgotten would be noticed.
const EXPECTED: [(&str, &str); 27] = [
    ("post", "/api/v1/knowledge-bases"),
    ("patch", "/api/v1/knowledge-bases/{kb}"),
    ("post", "/api/v1/knowledge-bases/{kb}/documents"),
    ("get", "/api/v1/knowledge-bases/{kb}/documents/{document}/original"),
    ("get", "/api/v1/knowledge-bases/{kb}/documents/{document}/text"),
    ("get", "/api/v1/knowledge-bases/{kb}/documents/{document}/chunks"),
    ("put", "/api/v1/knowledge-bases/{kb}/documents/{document}/chunks/{ordinal}"),
    ("get", "/api/v1/knowledge-bases/{kb}/documents/{document}/lines"),
    ("post", "/api/v1/knowledge-bases/{kb}/chunks/preview"),
    ("delete", "/api/v1/knowledge-bases/{kb}/documents/{document}"),
    ("post", "/api/v1/knowledge-bases/{kb}/sources/{source}/refresh"),
    ("get", "/api/v1/knowledge-bases/{kb}/sources/{source}/runs"),
    ("post", "/api/v1/knowledge-bases/{kb}/sources/{source}/schedules"),
    ("get", "/api/v1/knowledge-bases/{kb}/jobs/{job}/events"),
    ("post", "/api/v1/knowledge-bases/{kb}/jobs/{job}/retry"),
    ("post", "/api/v1/knowledge-bases/{kb}/jobs/{job}/cancel"),
    ("post", "/api/v1/knowledge-bases/{kb}/search"),
    ("post", "/api/v1/knowledge-bases/{kb}/ask"),
    ("get", "/api/v1/knowledge-bases/{kb}/conversations/{conversation}"),
    ("get", "/api/v1/knowledge-bases/{kb}/answers/{answer}"),
    ("put", "/api/v1/knowledge-bases/{kb}/answers/{answer}/feedback"),
    ("get", "/api/v1/knowledge-bases/{kb}/feedback/export"),
    ("post", "/api/v1/keys"),
    ("post", "/v1/chat/completions"),
    ("post", "/v1/embeddings"),
    ("get", "/v1/models"),
    ("get", "/readyz"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_is_there_and_wants_a_key() {
    let app = TestApp::start().await;
    let document = app.client.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    let stranger = app.client.with_key(None);
    let mut routes = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in
            methods.as_object().unwrap().iter().filter(|(_, o)| o["responses"].is_object())
        {
            routes.push((method.as_str(), path.as_str()));
            assert!(
                !operation["summary"].as_str().unwrap_or_default().is_empty(),
                "{method} {path} says nothing"
            );
            let concrete = concrete(path);
            let reply = stranger.call(&method.to_uppercase(), &concrete).await;
            let expected = if OPEN.contains(&path.as_str()) { 200 } else { 401 };
            assert_eq!(reply.status, expected, "{method} {concrete}: {}", reply.text());
        }
    }
    for expected in EXPECTED {
        assert!(routes.contains(&expected), "{expected:?} is not documented");
    }
    app.finish().await;
}

/// The path with something in each place.
fn concrete(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{kb}" | "{model}" => "anything",
        part if part.starts_with('{') => "019f0000-0000-7000-8000-000000000000",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_life_readiness_and_metrics() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("metered").await;
    kb.add("a.txt", "The zeppelin leaves at noon.").await;
    let operator = app.client.with_key(None);
    assert_eq!(operator.get("/livez").await.status, 200);
    let ready = operator.get("/readyz").await.expect(200);
    assert_eq!(ready["ready"], true, "{ready:#}");
    let checks: Vec<&str> =
        ready["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert!(["store", "embedder"].iter().all(|name| checks.contains(name)), "{checks:?}");
    let metrics = operator.get("/metrics").await.text();
    for name in ["footnote_http_requests_total", "footnote_jobs_unfinished", "footnote_index_drift"] {
        assert!(metrics.contains(name), "{name} is missing in:\n{metrics}");
    }
    assert!(!metrics.contains("zeppelin"), "metrics hold no data");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_docs_need_no_network() {
    let app = TestApp::start().await;
    let page = app.client.get("/docs/").await;
    assert_eq!(page.status, 200);
    let html = page.text();
    assert!(html.contains("swagger-ui"), "{html}");
    assert!(!html.contains("src=\"http") && !html.contains("href=\"http"), "{html}");
    for asset in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let reply = app.client.get(&format!("/docs/{asset}")).await;
        assert!(reply.status == 200 && !reply.bytes.is_empty(), "{asset}: {}", reply.status);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_a_problem_too() {
    let app = TestApp::start().await;
    assert!(app.client.get("/api/v1/nothing").await.problem(404).contains("/openapi.json"));
    assert!(app.client.delete("/api/v1/keys").await.problem(405).contains("DELETE"));
    let openai: Value = serde_json::from_str(&app.client.get("/v1/nothing").await.text()).unwrap();
    assert!(openai["error"]["message"].is_string());
    app.finish().await;
}
