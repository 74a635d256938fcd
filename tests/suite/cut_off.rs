//! Readers who leave, a service that stops in front of them, and requests that come twice at once.

use std::time::{Duration, Instant};

use footnote_api::config::{Config, ModelChoice};
use footnote_tests::support::{Form, TestApp};
use futures::future::join_all;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// Longest wait for a model that stopped when its reader left. The answer that was begun would take
/// it several times as long.
const FREE_WITHIN: Duration = Duration::from_secs(60);

/// The response once its body has begun.
async fn begun(request: RequestBuilder, until: &str) -> Response {
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut seen = String::new();
    while !seen.contains(until) {
        let chunk = response.chunk().await.unwrap().expect("the stream goes on");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_stops_when_its_reader_leaves() {
    let model = |config: &mut Config| {
        config.models.generator = ModelChoice::model("smollm2-135m-instruct");
        config.generator.queue = 1;
    };
    let app = TestApp::with(model).await;
    // At this temperature it hardly ever comes to an end by itself.
    let endless = json!({"temperature": 2.0, "top_k": 0, "top_p": 1.0, "max_tokens": 6000});
    let rambling = app.knowledge_base_with("rambling", json!({"sampling": endless})).await;
    let short = app.knowledge_base_with("short", json!({"sampling": {"max_tokens": 8}})).await;
    for kb in [&rambling, &short] {
        kb.add("leave.txt", "Full-time employees receive twelve days of paid annual leave.").await;
    }
    let question =
        json!({"question": "How many days of paid annual leave do employees receive?", "stream": true});
    let request = rambling.client.request(Method::POST, &rambling.path("/ask")).json(&question);
    drop(begun(request, "event: token").await);

    let left = Instant::now();
    loop {
        let reply = short.post("/ask", &json!({"question": question["question"]})).await;
        if reply.status != 429 {
            assert_eq!(reply.ok()["answer"]["model"], "smollm2-135m-instruct");
            break;
        }
        assert!(left.elapsed() < FREE_WITHIN, "the model goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(left.elapsed() < FREE_WITHIN, "the model went on");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_does_not_wait_for_those_who_watch() {
    const GRACE: u64 = 1;
    let mut app = TestApp::with(|config| config.server.shutdown_seconds = GRACE).await;
    let kb = app.knowledge_base("watched").await;
    let text: String =
        (0..8_000).map(|n| format!("Rule {n} of the handbook applies to department {}. ", n * 7)).collect();
    let accepted = kb.send(Form::new().file("handbook.txt", text.as_bytes())).await.expect(202);
    let job = accepted["items"][0]["job"]["id"].clone();
    let path = kb.path(&format!("/jobs/{}/events", job.as_str().unwrap()));
    let mut watched = begun(kb.client.request(Method::GET, &path), "event: job").await;

    let asked = Instant::now();
    let folder = app.shut_down().await;
    assert!(asked.elapsed() < Duration::from_secs(GRACE + 30), "it waited {:?}", asked.elapsed());
    // Cut off or ended in good order: but over.
    while let Ok(Some(_)) = watched.chunk().await {}

    let app = TestApp::open(folder, |_| ()).await;
    let kb = kb.seen_by(&app.client);
    assert_eq!(kb.wait_for(&job).await["state"], "succeeded", "the job was resumed");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_same_uploads_at_once_under_one_idempotency_key_one_is_stored() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("idempotent").await;
    let path = kb.path("/documents");
    let upload =
        || kb.client.upload(&path, Form::new().file("a.txt", b"Ten days."), &[("Idempotency-Key", "k")]);
    let replies = join_all((0..6).map(|_| upload())).await;
    let accepted: Vec<Value> = replies.iter().filter(|r| r.status != 409).map(|r| r.expect(202)).collect();
    assert!(!accepted.is_empty(), "one of them is done");
    let stored =
        |reply: &Value| (reply["items"][0]["document"]["id"].clone(), reply["items"][0]["job"]["id"].clone());
    assert!(accepted.iter().all(|reply| stored(reply) == stored(&accepted[0])), "{accepted:#?}");
    app.wait_until_idle().await;
    let listed = kb.get("/documents").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed:#}");
    assert_eq!(kb.document(&listed["items"][0]["id"]).await["versions"].as_array().unwrap().len(), 1);
    app.finish().await;
}
