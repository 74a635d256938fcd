//! Requests that cannot be honoured: each is told what is wrong and what helps.

use footnote_tests::support::{Form, TestApp};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_are_none_are_refused() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("questions").await;
    let endless = "word ".repeat(2_000);
    let endless_chinese = "长".repeat(10_000);
    for (question, named) in [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("?!", "empty"),
        (endless.as_str(), "8000"),
        (endless_chinese.as_str(), "10000 characters"),
    ] {
        for path in ["/ask", "/search"] {
            let body =
                if path == "/ask" { json!({"question": question}) } else { json!({"query": question}) };
            let problem = kb.post(path, &body).await.problem(400);
            assert!(problem.contains("question") && problem.contains(named), "{problem}");
        }
    }
    let odd = kb.post("/ask", &json!({"question": "Why\u{0}not?"})).await.ok();
    assert_eq!(odd["answer"]["refused"], true, "a NUL in a question is only a blank");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_wrong_name_the_field() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("bodies").await;
    for (path, body, named) in [
        ("/ask", json!({"question": "Why?", "strean": true}), "strean"),
        ("/ask", json!({}), "question"),
        ("/ask", json!({"question": 7}), "question"),
        ("/ask", json!({"question": "Why?", "sampling": {"temperature": 9}}), "temperature"),
        ("/ask", json!({"question": "Why?", "conversation": "last"}), "conversation"),
        ("/search", json!({"query": "why", "limit": 1000}), "limit"),
        ("/search", json!({"query": "why", "mode": "magic"}), "magic"),
        ("/search", json!({"query": "why", "filter": {"document": []}}), "filter.document"),
    ] {
        let problem = kb.post(path, &body).await.problem(400);
        assert!(problem.contains(named), "{body}: {problem}");
    }
    let no_json = app.client.request(reqwest::Method::POST, &kb.path("/ask"));
    let no_json = no_json.header("content-type", "application/json").body("{\"question\": ");
    app.client.send(no_json).await.problem(400);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_settings_of_knowledge_bases_are_checked() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("taken").await;
    let create = async |body: serde_json::Value| app.client.post("/api/v1/knowledge-bases", &body).await;
    assert!(create(json!({"name": "taken"})).await.problem(409).contains("taken"));
    for name in ["", "a/b", "..", "a\u{0}b", &"n".repeat(65)] {
        assert!(create(json!({ "name": name })).await.problem(400).contains("name"), "{name:?}");
    }
    let wrong = json!({"name": "new", "settings": {"retrieval": {"dense_weight": 2}}});
    assert!(create(wrong).await.problem(400).contains("retrieval.dense_weight"));
    let patch = json!({"settings": {"retrieval": {"topk": 5}}});
    assert!(app.client.patch(&kb.path(""), &patch).await.problem(400).contains("topk"));
    let patched =
        app.client.patch(&kb.path(""), &json!({"settings": {"retrieval": {"top_k": 5}}})).await.ok();
    assert_eq!(patched["settings"]["retrieval"]["top_k"], 5);
    assert_eq!(patched["settings"]["retrieval"]["candidates"], 100, "the rest stays");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_files_lead_nowhere_else() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("names").await;
    for name in
        ["../../etc/passwd", "/etc/passwd", "a/../b.txt", "C:\\boot.txt", "..", " ", "gpj.\u{202e}txt"]
    {
        let problem = kb.send(Form::new().file(name, b"words")).await.problem(400);
        assert!(problem.starts_with("the file name"), "{name:?}: {problem}");
    }
    let nul = kb.send(Form::new().file("a\u{0}b.txt", b"words")).await;
    assert!(nul.problem(400).contains("multipart") || nul.problem(400).contains("file name"));
    assert_eq!(kb.get("/documents").await.ok()["items"], json!([]), "nothing was stored");
    let honest = kb.add("手册\\2026/休假 政策 (v2).txt", "Ten days.").await;
    assert_eq!(honest["key"], "手册/2026/休假 政策 (v2).txt");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_are_none_are_refused_whole() {
    let app = TestApp::with(|config| config.server.max_upload_bytes = 100_000).await;
    let kb = app.knowledge_base("uploads").await;
    let good = b"Ten days of leave.";
    let refused = async |form: Form, status: u16| kb.send(form).await.problem(status);
    assert!(refused(Form::new(), 400).await.contains("file"));
    assert!(refused(Form::new().field("metadata", "{}"), 400).await.contains("no file"));
    assert!(refused(Form::new().field("note", "hello"), 400).await.contains("note"));
    let twice = Form::new().file("a.txt", good).file("a.txt", b"other");
    assert!(refused(twice, 400).await.contains("a.txt"));
    let with_empty = Form::new().file("good.txt", good).file("empty.txt", b"");
    assert!(refused(with_empty, 400).await.contains("\"empty.txt\" is empty"));
    for metadata in ["", "[]", "{\"year\": 2026}", "{\"a=b\": \"c\"}"] {
        let form = Form::new().file("a.txt", good).field("metadata", metadata);
        assert!(refused(form, 400).await.contains("metadata"), "{metadata}");
    }
    let huge = Form::new().file("good.txt", good).file("huge.txt", &b"word ".repeat(50_000));
    let problem = refused(huge, 413).await;
    assert!(problem.contains("100000 bytes") && problem.contains("max_upload_bytes"), "{problem}");
    assert_eq!(kb.get("/documents").await.ok()["items"], json!([]), "all of a request or nothing of it");

    let path = kb.path("/documents?wait=soon");
    assert!(
        kb.client.upload(&path, Form::new().file("a.txt", good), &[]).await.problem(400).contains("wait")
    );
    let not_multipart = kb.post("/documents", &json!({"file": "words"})).await;
    assert!((400..416).contains(&not_multipart.status), "{}", not_multipart.text());
    let badly_keyed = [("Idempotency-Key", "with a blank")];
    let keyed = kb.client.upload(&kb.path("/documents"), Form::new().file("a.txt", good), &badly_keyed).await;
    assert!(keyed.problem(400).contains("Idempotency-Key"));
    app.finish().await;
}
