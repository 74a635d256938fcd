//! What is known about a document changes, and its content does not: search follows.

use footnote_tests::support::{Form, TestApp, TestKnowledgeBase};
use serde_json::{Value, json};

const TEXT: &[u8] = b"The budget was approved in March.";

async fn upload(kb: &TestKnowledgeBase, year: &str) -> Value {
    let form = Form::new().file("budget.txt", TEXT).field("metadata", &json!({"year": year}).to_string());
    kb.client.upload(&kb.path("/documents?wait=true"), form, &[]).await.expect(200)["items"][0].clone()
}

async fn found(kb: &TestKnowledgeBase, mode: &str, year: &str) -> usize {
    let filter = json!({"metadata": {"year": year}});
    kb.search_with(&json!({"query": "approved budget", "mode": mode, "filter": filter})).await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_finds_new_metadata_of_known_content_and_the_old_no_more() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("budgets").await;
    let first = upload(&kb, "2025").await;
    let again = upload(&kb, "2026").await;
    assert_eq!(again["job"]["state"], "succeeded", "{again:#}");
    assert_eq!(again["version"]["id"], first["version"]["id"], "the content is the same");
    for mode in ["keyword", "vector"] {
        assert_eq!((found(&kb, mode, "2026").await, found(&kb, mode, "2025").await), (1, 0), "{mode}");
    }
    assert!(upload(&kb, "2026").await["job"].is_null(), "there is nothing to do");
    app.finish().await;
}
