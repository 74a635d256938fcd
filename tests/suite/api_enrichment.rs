//! Enrichment: a model writes about documents after they answer, and never in their stead.

use footnote_tests::support::TestApp;
use serde_json::{Value, json};

const POLICY: &str = "# Leave policy\n\nAnnual leave is fifteen days a year. Unused days expire on 31 March 2025, and \
                      nobody may carry over more than five days. Requests are approved by the team's manager.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_document_answers_first_and_is_written_about_then() {
    let app = TestApp::with_language_model().await;
    let kb = app.knowledge_base("enriched").await;
    let document = kb.add("leave.md", POLICY).await;
    app.wait_until_idle().await;
    assert_eq!(kb.document(&document["id"]).await["enrichment"], Value::Null);
    // What answers already is written about as soon as that is wanted, and once.
    let settings = json!({"settings": {"enrichment": {"enabled": true, "max_chunks": 3}}});
    for _ in 0..2 {
        kb.client.patch(&kb.path(""), &settings).await.ok();
    }
    assert!(!kb.search("When do unused days expire?").await.is_empty(), "found before anything was written");
    app.wait_until_idle().await;
    let shown = kb.document(&document["id"]).await;
    assert_eq!(shown["enrichment"]["model"], "smollm2-135m-instruct", "{shown:#}");
    let known = |list: &Value| {
        let items = list.as_array().unwrap().clone();
        items.iter().all(|item| POLICY.to_lowercase().contains(&item.as_str().unwrap().to_lowercase()))
    };
    assert!(known(&shown["enrichment"]["keywords"]) && known(&shown["enrichment"]["dates"]), "{shown:#}");
    let chunks = kb.get(&format!("/documents/{}/chunks", document["id"].as_str().unwrap())).await.ok();
    for chunk in chunks["items"].as_array().unwrap().iter().filter(|chunk| !chunk["note"].is_null()) {
        assert_eq!(chunk["note_by"], "model");
        assert!(chunk["note"].as_str().unwrap().lines().all(|line| line.ends_with('?')), "{chunk:#}");
    }
    let jobs = kb.get("/jobs").await.ok();
    let kinds = |kind: &str| {
        let jobs = jobs["items"].as_array().unwrap();
        jobs.iter().filter(|job| job["kind"] == kind && job["state"] == "succeeded").count()
    };
    assert_eq!(kinds("enrich_version"), 1, "{jobs:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_the_job_says_what_to_install_and_the_document_answers() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("enriched", json!({"enrichment": {"enabled": true}})).await;
    kb.add("leave.md", POLICY).await;
    app.wait_until_idle().await;
    let jobs = kb.get("/jobs").await.ok();
    let job =
        jobs["items"].as_array().unwrap().iter().find(|job| job["kind"] == "enrich_version").unwrap().clone();
    assert!(job["error"].as_str().unwrap().contains("footnote models pull"), "{job:#}");
    assert!(!kb.search("When do unused days expire?").await.is_empty());
    app.finish().await;
}
