//! The routes as a client sees them: who may do what, what bad input gets, what is remembered.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::testing::{Reply, TestApp, strange_key};

const DOCUMENTS: &str = "/api/v1/knowledge-bases/kb/documents";

fn problem(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/problem+json", "{}", reply.text);
    let body = reply.json();
    assert_eq!(body["status"], status);
    assert!(body["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
    body["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_a_valid_key_nothing_is_told() {
    let app = TestApp::start().await;
    let anonymous = app.send(Request::get("/api/v1/knowledge-bases").body(Body::empty()).unwrap()).await;
    assert!(problem(&anonymous, 401).contains("Bearer"));
    assert!(anonymous.headers.contains_key(header::WWW_AUTHENTICATE));
    problem(&app.get("/api/v1/knowledge-bases", &strange_key()).await, 401);

    let revoked = app.key("reader", None).await;
    assert_eq!(app.get("/api/v1/knowledge-bases", &revoked).await.status, StatusCode::OK);
    let keys = app.get("/api/v1/keys", &app.admin).await.json();
    assert!(!keys.to_string().contains("fn_"), "no secret is listed");
    let id = keys["items"].as_array().unwrap().iter().find(|k| k["role"] == "reader").unwrap()["id"].clone();
    let path = format!("/api/v1/keys/{}", id.as_str().unwrap());
    assert_eq!(app.request("DELETE", &path, &app.admin).await.status, StatusCode::NO_CONTENT);
    problem(&app.get("/api/v1/knowledge-bases", &revoked).await, 401);
}

#[tokio::test]
async fn unknown_routes_and_methods_answer_in_the_dialect() {
    let app = TestApp::start().await;
    assert!(problem(&app.get("/api/v1/nothing", &app.admin).await, 404).contains("/api/v1/nothing"));
    problem(&app.get("/nothing", &app.admin).await, 404);
    let wrong = app.request("PUT", "/api/v1/knowledge-bases", &app.admin).await;
    assert!(problem(&wrong, 405).contains("PUT"));
    assert!(wrong.headers.contains_key(header::ALLOW), "{:?}", wrong.headers);
    let openai = app.get("/v1/nothing", &app.admin).await;
    assert_eq!(openai.status, StatusCode::NOT_FOUND);
    assert_eq!(openai.json()["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn anothers_knowledge_base_looks_like_none() {
    let app = TestApp::start().await;
    let (mine, other) = (app.knowledge_base("kb").await, app.knowledge_base("other").await);
    let key = app.key("editor", Some(&["kb"])).await;

    let listed = app.get("/api/v1/knowledge-bases", &key).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["id"], mine["id"]);
    let other_id = other["id"].as_str().unwrap();
    let missing = problem(&app.get("/api/v1/knowledge-bases/missing", &key).await, 404);
    for reference in ["other", other_id] {
        let path = format!("/api/v1/knowledge-bases/{reference}");
        assert_eq!(problem(&app.get(&path, &key).await, 404), missing);
        // An editor lacks the admin's role, too; existence must not show through that.
        assert_eq!(problem(&app.request("DELETE", &path, &key).await, 404), missing);
        let search = app.post(&format!("{path}/search"), &key, json!({"query": "x"})).await;
        assert_eq!(problem(&search, 404), missing);
    }
    problem(&app.request("DELETE", "/api/v1/knowledge-bases/kb", &key).await, 403);
    let chat = json!({"model": "other", "messages": [{"role": "user", "content": "why"}]});
    assert_eq!(app.post("/v1/chat/completions", &key, chat).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_document_is_found_only_in_its_own_knowledge_base() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    app.knowledge_base("other").await;
    let stored = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# A")], &[]).await;
    assert_eq!(stored.status, StatusCode::ACCEPTED, "{}", stored.text);
    let item = stored.json()["items"][0].clone();
    let (document, job) = (item["document"]["id"].as_str().unwrap(), item["job"]["id"].as_str().unwrap());
    for (kind, id) in [("documents", document), ("jobs", job)] {
        let at = |kb: &str| format!("/api/v1/knowledge-bases/{kb}/{kind}/{id}");
        assert_eq!(app.get(&at("kb"), &app.admin).await.status, StatusCode::OK);
        problem(&app.get(&at("other"), &app.admin).await, 404);
    }
    let conversation = format!("/api/v1/knowledge-bases/kb/conversations/{document}");
    problem(&app.get(&conversation, &app.admin).await, 404);
}

#[tokio::test]
async fn the_original_comes_back_as_a_harmless_download() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let page = "<script>alert(1)</script>";
    let stored = app.upload(DOCUMENTS, &app.admin, &[("页 1.html", page)], &[]).await.json();
    let id = stored["items"][0]["document"]["id"].as_str().unwrap();
    let reply = app.get(&format!("{DOCUMENTS}/{id}/original"), &app.admin).await;
    assert_eq!(reply.text, page);
    assert_eq!(reply.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let disposition = reply.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment; ") && disposition.ends_with("%E9%A1%B5%201.html"),
        "{disposition}"
    );
    // Nothing has parsed it yet.
    problem(&app.get(&format!("{DOCUMENTS}/{id}/text"), &app.admin).await, 409);
}

#[tokio::test]
async fn uploads_are_checked_at_the_door_and_nothing_of_a_bad_one_stays() {
    let app = TestApp::with(|config| config.server.max_upload_bytes = 2_000).await;
    app.knowledge_base("kb").await;
    let good = ("good.md", "# Good");
    for (name, content, status, named) in [
        ("../evil.md", "x", 400, "../evil.md"),
        ("a/../../evil.md", "x", 400, ".."),
        ("", "x", 400, "empty"),
        ("a\0.md", "x", 400, "NUL"),
        ("a\u{202e}fdp.md", "x", 400, "invisible"),
        ("empty.md", "", 400, "empty.md"),
        ("good.md", "twice", 400, "good.md"),
        ("large.md", &"x".repeat(3_000), 413, "server.max_upload_bytes"),
    ] {
        let reply = app.upload(DOCUMENTS, &app.admin, &[good, (name, content)], &[]).await;
        let detail = problem(&reply, status);
        assert!(detail.contains(named), "{name:?}: {detail}");
    }
    assert!(problem(&app.upload(DOCUMENTS, &app.admin, &[], &[]).await, 400).contains("no file"));
    let not_multipart = app.post(DOCUMENTS, &app.admin, json!({})).await;
    problem(&not_multipart, 400);
    let reader = app.key("reader", None).await;
    problem(&app.upload(DOCUMENTS, &reader, &[good], &[]).await, 403);
    assert_eq!(app.get(DOCUMENTS, &app.admin).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_repeated_upload_is_answered_from_memory() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let key = [("idempotency-key", "upload-1")];
    let first = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# A")], &key).await;
    let again = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# A")], &key).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    problem(&app.upload(DOCUMENTS, &app.admin, &[("a.md", "# B")], &key).await, 409);

    // Without a key the same content is recognised, too.
    let same = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# A")], &[]).await.json();
    assert_eq!(same["items"][0]["document"]["id"], first.json()["items"][0]["document"]["id"]);
    assert_eq!(same["items"][0]["job"]["id"], first.json()["items"][0]["job"]["id"]);
}

#[tokio::test]
async fn a_watched_job_tells_its_end() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let stored = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# A")], &[]).await.json();
    let id = stored["items"][0]["job"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/knowledge-bases/kb/jobs/{id}");
    let cancelled = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        app.post(&format!("{path}/cancel"), &app.admin, json!({})).await
    };
    let events = format!("{path}/events");
    let (events, cancelled) = tokio::join!(app.get(&events, &app.admin), cancelled);
    assert_eq!(cancelled.status, StatusCode::ACCEPTED, "{}", cancelled.text);
    let names: Vec<_> = events.text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["job", "done"], "{}", events.text);
    assert!(events.text.contains("\"state\":\"cancelled\""), "{}", events.text);

    let retried = app.post(&format!("{path}/retry"), &app.admin, json!({})).await;
    assert_eq!(retried.json()["state"], "queued");
    problem(&app.post(&format!("{path}/retry"), &app.admin, json!({})).await, 409);
}

#[tokio::test]
async fn questions_are_checked_at_the_door() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    for (field, path) in [("query", "search"), ("question", "ask")] {
        let path = format!("/api/v1/knowledge-bases/kb/{path}");
        for (text, named) in [(String::new(), "empty"), ("长".repeat(10_000), "10000")] {
            let detail = problem(&app.post(&path, &app.admin, json!({ field: text })).await, 400);
            assert!(detail.contains(named), "{detail}");
        }
        let unknown = app.post(&path, &app.admin, json!({field: "x", "colour": "red"})).await;
        assert!(problem(&unknown, 400).contains("colour"));
    }
    let limit = json!({"query": "x", "limit": 101});
    assert!(
        problem(&app.post("/api/v1/knowledge-bases/kb/search", &app.admin, limit).await, 400)
            .contains("limit")
    );
    let syntax = Request::post("/api/v1/knowledge-bases/kb/search")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.admin))
        .header(header::CONTENT_TYPE, "application/json");
    problem(&app.send(syntax.body(Body::from("{")).unwrap()).await, 400);
    problem(&app.get("/api/v1/knowledge-bases/kb/documents?limt=3", &app.admin).await, 400);
    problem(&app.get("/api/v1/knowledge-bases/kb/documents/not-an-id", &app.admin).await, 400);
}

#[tokio::test]
async fn an_empty_knowledge_base_finds_nothing() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let path = "/api/v1/knowledge-bases/kb/search";
    for mode in ["hybrid", "vector", "keyword"] {
        let reply =
            app.post(path, &app.admin, json!({"query": "leave", "mode": mode, "explain": true})).await;
        assert_eq!(reply.json(), json!({"results": [], "candidates": []}), "{mode}");
    }
}

#[tokio::test]
async fn lists_page_by_cursor() {
    let app = TestApp::start().await;
    for name in ["one", "two", "three"] {
        app.knowledge_base(name).await;
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/knowledge-bases?limit=2{cursor}"), &app.admin).await.json();
        names
            .extend(page["items"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["three", "two", "one"]);
}

#[tokio::test]
async fn sources_and_schedules_are_checked() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let folder = tempfile::tempdir().unwrap();
    let sources = "/api/v1/knowledge-bases/kb/sources";
    let body = json!({"name": "policies", "path": folder.path()});
    let editor = app.key("editor", None).await;
    problem(&app.post(sources, &editor, body.clone()).await, 403);
    let created = app.post(sources, &app.admin, body).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let source = format!("{sources}/{}", created.json()["id"].as_str().unwrap());
    problem(
        &app.post(sources, &app.admin, json!({"name": "data", "path": app.app.config.data.folder})).await,
        400,
    );

    let schedules = format!("{source}/schedules");
    let bad_cron = app.post(&schedules, &editor, json!({"cron": "often"})).await;
    assert!(problem(&bad_cron, 400).contains("often"));
    let bad_zone =
        app.post(&schedules, &editor, json!({"cron": "0 6 * * *", "time_zone": "Mars/Base"})).await;
    assert!(problem(&bad_zone, 400).contains("Mars/Base"));
    let good =
        app.post(&schedules, &editor, json!({"cron": "0 6 * * mon-fri", "time_zone": "Asia/Shanghai"})).await;
    assert_eq!(good.status, StatusCode::CREATED, "{}", good.text);
    let first = app.post(&format!("{source}/refresh"), &editor, json!({})).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let second = app.post(&format!("{source}/refresh"), &editor, json!({})).await;
    assert_eq!(second.json()["id"], first.json()["id"], "one run at a time");
    assert_eq!(app.get(&format!("{source}/runs"), &editor).await.json()["items"][0]["trigger"], "manual");

    let uploads = app.get(sources, &app.admin).await.json();
    let upload = uploads["items"].as_array().unwrap().iter().find(|s| s["kind"] == "upload").unwrap().clone();
    let upload = format!("{sources}/{}", upload["id"].as_str().unwrap());
    problem(&app.post(&format!("{upload}/refresh"), &app.admin, json!({})).await, 409);
    problem(&app.request("DELETE", &upload, &app.admin).await, 409);
}

#[tokio::test]
async fn openai_clients_find_models_and_vectors() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let models = app.get("/v1/models", &app.admin).await.json();
    let ids: Vec<_> = models["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["kb", "multilingual-e5-small"]);

    let body = json!({"model": "multilingual-e5-small", "input": ["annual leave", "年假"]});
    let list = app.post("/v1/embeddings", &app.admin, body).await.json();
    assert_eq!(list["data"][1]["index"], 1);
    assert_eq!(list["data"][0]["embedding"].as_array().unwrap().len(), 32);
    assert_eq!(list["usage"]["prompt_tokens"], 14);
    let body = json!({"model": "text-embedding-3-small", "input": "x"});
    let missing = app.post("/v1/embeddings", &app.admin, body).await;
    assert_eq!(
        (missing.status, &missing.json()["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!("model_not_found"))
    );

    let two = json!({"model": "kb", "n": 2, "messages": [{"role": "user", "content": "why"}]});
    let refused = app.post("/v1/chat/completions", &app.admin, two).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.json()["error"]["message"].as_str().unwrap().starts_with("n is not supported"));
    let anonymous = app.send(Request::get("/v1/models").body(Body::empty()).unwrap()).await;
    assert_eq!(anonymous.json()["error"]["type"], "authentication_error");
}

#[tokio::test]
async fn operators_see_health_metrics_and_docs_without_a_key() {
    let app = TestApp::start().await;
    let get = |path: &'static str| app.send(Request::get(path).body(Body::empty()).unwrap());
    assert_eq!(get("/livez").await.text, "ok\n");
    let ready = get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (StatusCode::OK, &Value::Bool(true)));
    assert!(ready.text.contains("answers are extracts"), "{}", ready.text);
    let metrics = get("/metrics").await.text;
    assert!(metrics.contains("footnote_jobs_unfinished 0"), "{metrics}");
    assert!(metrics.contains("route=\"/readyz\""), "{metrics}");
    assert_eq!(get("/openapi.json").await.json()["info"]["title"], "Footnote");
    let docs = get("/docs/").await;
    assert_eq!(docs.status, StatusCode::OK);
    assert!(!docs.text.contains("https://"), "the page loads nothing from elsewhere: {}", docs.text);
    let script = get("/docs/swagger-initializer.js").await.text;
    assert!(script.contains("/openapi.json") && script.contains("validatorUrl"), "{script}");
}

/// A knowledge base that answers from one Markdown file, whatever the evidence.
async fn handbook(app: &TestApp) -> Value {
    app.knowledge_base("kb").await;
    let settings = json!({"settings": {"retrieval": {"evidence_threshold": 0.0}}});
    let patch = Request::patch("/api/v1/knowledge-bases/kb")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.admin))
        .header(header::CONTENT_TYPE, "application/json");
    let patched = app.send(patch.body(Body::from(settings.to_string())).unwrap()).await;
    assert_eq!(patched.json()["settings"]["retrieval"]["evidence_threshold"], 0.0, "{}", patched.text);
    let text = "# 假期 Leave\n\nFull-time employees receive fifteen days of paid annual leave.\n";
    let stored = app.upload(DOCUMENTS, &app.admin, &[("leave.md", text)], &[]).await.json();
    app.work().await;
    let id = stored["items"][0]["document"]["id"].as_str().unwrap();
    app.get(&format!("{DOCUMENTS}/{id}"), &app.admin).await.json()
}

/// The data of every event called `name`.
fn events(reply: &Reply, name: &str) -> Vec<Value> {
    let blocks = reply.text.split("\n\n").filter(|b| b.starts_with(&format!("event: {name}\n")));
    let data = blocks.filter_map(|b| b.lines().find_map(|l| l.strip_prefix("data: ")));
    data.map(|d| serde_json::from_str(d).unwrap()).collect()
}

#[tokio::test]
async fn a_citation_of_the_wire_is_the_text_under_its_span() {
    let app = TestApp::start().await;
    let document = handbook(&app).await;
    assert_eq!(document["versions"][0]["state"], "current", "{document}");
    let ask = "/api/v1/knowledge-bases/kb/ask";
    let question = json!({"question": "How many days of annual leave do employees receive?"});
    let reply = app.post(ask, &app.admin, question.clone()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let body = reply.json();
    let citation = &body["answer"]["citations"][0];
    assert_eq!(citation["document"], document["id"]);
    let text = format!("{DOCUMENTS}/{}/text", document["id"].as_str().unwrap());
    let span = &citation["source_span"];
    let slice = app.get(&format!("{text}?start={}&end={}", span["start"], span["end"]), &app.admin).await;
    assert_eq!(slice.text, citation["quote"].as_str().unwrap());
    assert_eq!(slice.headers["footnote-version-hash"], citation["version_hash"].as_str().unwrap());
    problem(&app.get(&format!("{text}?start=9999"), &app.admin).await, 400);

    let mut streamed = question;
    streamed["stream"] = Value::Bool(true);
    let stream = app.post(ask, &app.admin, streamed).await;
    assert!(stream.text.starts_with("event: sources\n"), "{}", stream.text);
    let tokens: String =
        events(&stream, "token").iter().map(|t| t["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(tokens, body["answer"]["text"].as_str().unwrap());
    assert_eq!(events(&stream, "citation"), *body["answer"]["citations"].as_array().unwrap());
    assert_eq!(events(&stream, "done"), [body["answer"].clone()]);

    let chat = json!({"model": "kb", "messages": [{"role": "user", "content": "annual leave days?"}]});
    let chat = app.post("/v1/chat/completions", &app.admin, chat).await.json();
    assert!(!chat["choices"][0]["message"]["citations"].as_array().unwrap().is_empty(), "{chat}");
}

#[tokio::test]
async fn a_conversation_keeps_questions_and_whole_answers() {
    let app = TestApp::start().await;
    handbook(&app).await;
    let ask = "/api/v1/knowledge-bases/kb/ask";
    let first = json!({"question": "How many days of annual leave?", "conversation": "new"});
    let first = app.post(ask, &app.admin, first).await.json();
    let id = first["conversation"].as_str().unwrap();
    let second = json!({"question": "Is annual leave paid?", "conversation": id});
    let second = app.post(ask, &app.admin, second).await.json();
    assert_eq!(second["conversation"], id);

    let path = format!("/api/v1/knowledge-bases/kb/conversations/{id}");
    let shown = app.get(&path, &app.admin).await.json();
    assert_eq!(shown["conversation"]["title"], "How many days of annual leave?");
    let messages = shown["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!((&messages[1]["id"], &messages[1]["answer"]), (&first["id"], &first["answer"]));
    app.knowledge_base("other").await;
    problem(&app.get(&path.replace("/kb/", "/other/"), &app.admin).await, 404);
    assert_eq!(app.request("DELETE", &path, &app.admin).await.status, StatusCode::NO_CONTENT);
    problem(&app.get(&path, &app.admin).await, 404);
}

#[tokio::test]
async fn search_filters_and_explains() {
    let app = TestApp::start().await;
    let document = handbook(&app).await;
    let search = async |filter: Value| {
        let body = json!({"query": "annual leave", "filter": filter, "explain": true});
        app.post("/api/v1/knowledge-bases/kb/search", &app.admin, body).await.json()
    };
    let found = search(json!({"document": document["id"], "type": ["markdown", "pdf"]})).await;
    let trace = &found["results"][0]["trace"];
    for stage in ["dense", "keyword", "fused"] {
        assert_eq!(trace[stage]["rank"], 1, "{stage}: {found}");
    }
    assert_eq!(found["candidates"], found["results"]);
    assert_eq!(search(json!({"type": "pdf"})).await["results"], json!([]));
    assert_eq!(search(json!({"metadata": {"year": "2026"}})).await["results"], json!([]));
}

#[tokio::test]
async fn a_deleted_document_answers_no_more() {
    let app = TestApp::start().await;
    let document = handbook(&app).await;
    let path = format!("{DOCUMENTS}/{}", document["id"].as_str().unwrap());
    assert_eq!(app.request("DELETE", &path, &app.admin).await.status, StatusCode::NO_CONTENT);
    problem(&app.get(&path, &app.admin).await, 404);
    problem(&app.request("DELETE", &path, &app.admin).await, 404);
    let body = json!({"query": "annual leave"});
    let found = app.post("/api/v1/knowledge-bases/kb/search", &app.admin, body).await.json();
    assert_eq!(found["results"], json!([]));
}

#[tokio::test]
async fn a_narrow_admin_reads_no_directory_of_the_server() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let narrow = app.key("admin", Some(&["kb"])).await;
    let folder = tempfile::tempdir().unwrap();
    let sources = "/api/v1/knowledge-bases/kb/sources";
    let body = json!({"name": "policies", "path": folder.path()});
    assert!(problem(&app.post(sources, &narrow, body.clone()).await, 403).contains("all"));
    let around = json!({"name": "all", "path": app.app.config.data.folder.parent().unwrap()});
    assert!(problem(&app.post(sources, &app.admin, around).await, 400).contains("data folder"));
    assert_eq!(app.post(sources, &app.admin, body).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_idempotency_key_holds_from_before_the_work_until_long_after() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let key = [("idempotency-key", "upload-1")];
    // The jobs do not run, so this times out; what it brought is remembered all the same.
    let path = format!("{DOCUMENTS}?wait=1");
    let first = app.upload(&path, &app.admin, &[("a.md", "# Old")], &key).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    let newer = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# New")], &[]).await.json();
    let again = app.upload(&path, &app.admin, &[("a.md", "# Old")], &key).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let id = newer["items"][0]["document"]["id"].as_str().unwrap();
    let document = app.get(&format!("{DOCUMENTS}/{id}"), &app.admin).await.json();
    assert_eq!(document["versions"].as_array().unwrap().len(), 2, "{document:#}");

    let racing = [("idempotency-key", "upload-2")];
    let (one, two) = tokio::join!(
        app.upload(DOCUMENTS, &app.admin, &[("b.md", "# One")], &racing),
        app.upload(DOCUMENTS, &app.admin, &[("b.md", "# Two")], &racing),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409], "{} {}", one.text, two.text);
    let listed = app.get(DOCUMENTS, &app.admin).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    let bad = [("idempotency-key", "a b")];
    assert!(problem(&app.upload(DOCUMENTS, &app.admin, &[], &bad).await, 400).contains("Idempotency-Key"));
}

#[tokio::test]
async fn a_conversation_is_seen_by_its_key_and_by_admins() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let (mine, theirs) = (app.key("reader", None).await, app.key("editor", None).await);
    let ask = "/api/v1/knowledge-bases/kb/ask";
    let asked = app.post(ask, &mine, json!({"question": "what is leave?", "conversation": "new"})).await;
    let id = asked.json()["conversation"].as_str().unwrap().to_owned();
    let list = "/api/v1/knowledge-bases/kb/conversations";
    let one = format!("{list}/{id}");
    for (key, seen) in [(&mine, 1), (&theirs, 0), (&app.admin, 1)] {
        assert_eq!(app.get(list, key).await.json()["items"].as_array().unwrap().len(), seen);
    }
    assert_eq!(app.get(&one, &mine).await.json()["messages"].as_array().unwrap().len(), 2);
    assert_eq!(app.get(&one, &app.admin).await.status, StatusCode::OK);
    problem(&app.get(&one, &theirs).await, 404);
    problem(&app.request("DELETE", &one, &theirs).await, 404);
    let go_on = json!({"question": "and then?", "conversation": id});
    problem(&app.post(ask, &theirs, go_on.clone()).await, 404);
    assert_eq!(app.post(ask, &mine, go_on).await.status, StatusCode::OK);
    assert_eq!(app.request("DELETE", &one, &app.admin).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn readiness_asks_the_indexes_and_ends_with_the_service() {
    let app = TestApp::start().await;
    let ready = app.get("/readyz", "").await;
    assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
    for part in ["store", "vector index", "keyword index", "embedder"] {
        assert!(ready.text.contains(part), "{part}: {}", ready.text);
    }
    app.app.stop();
    let stopping = app.get("/readyz", "").await;
    assert_eq!(stopping.status, StatusCode::SERVICE_UNAVAILABLE, "{}", stopping.text);
}

#[tokio::test]
async fn one_request_does_not_take_the_embedder_for_minutes() {
    let app = TestApp::start().await;
    let model = &app.app.config.models.embedder;
    // The test's embedder takes every character for a token.
    let body = json!({"model": model, "input": "x".repeat(70_000), "input_type": "query"});
    let reply = app.post("/v1/embeddings", &app.admin, body).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", reply.text);
    assert!(reply.text.contains("70000 tokens"), "{}", reply.text);
}

#[tokio::test]
async fn an_admin_reaches_the_jobs_that_belong_to_no_living_knowledge_base() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let stored = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# A")], &[]).await.json();
    let job = format!("/api/v1/jobs/{}", stored["items"][0]["job"]["id"].as_str().unwrap());
    let narrow = app.key("admin", Some(&["kb"])).await;
    problem(&app.get(&job, &narrow).await, 403);
    assert_eq!(
        app.request("DELETE", "/api/v1/knowledge-bases/kb", &app.admin).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(app.get(&job, &app.admin).await.status, StatusCode::OK);
    for refused in ["retry", "cancel"] {
        problem(&app.post(&format!("{job}/{refused}"), &narrow, json!({})).await, 403);
    }
    let cancelled = app.post(&format!("{job}/cancel"), &app.admin, json!({})).await;
    assert_eq!(cancelled.status, StatusCode::ACCEPTED, "{}", cancelled.text);
}

#[tokio::test]
async fn readers_do_not_see_where_a_source_lies_on_the_server() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let folder = tempfile::tempdir().unwrap();
    let sources = "/api/v1/knowledge-bases/kb/sources";
    let created =
        app.post(sources, &app.admin, json!({"name": "policies", "path": folder.path()})).await.json();
    let one = format!("{sources}/{}", created["id"].as_str().unwrap());
    for (role, sees) in [("reader", false), ("editor", true)] {
        let key = app.key(role, None).await;
        assert_eq!(app.get(&one, &key).await.json()["path"].is_string(), sees, "{role}");
        let listed = app.get(&format!("{sources}?limit=1"), &key).await.json();
        assert_eq!(listed["items"][0]["path"].is_string(), sees, "{role}");
        assert!(listed["next"].is_string(), "the upload source comes next");
    }
}

#[tokio::test]
async fn openais_clients_find_the_codes_they_know() {
    let app = TestApp::start().await;
    let embedder = &app.app.config.models.embedder;
    let taken = app.post("/api/v1/knowledge-bases", &app.admin, json!({ "name": embedder })).await;
    assert!(problem(&taken, 409).contains("embedder"));
    let code = |reply: Reply| reply.json()["error"]["code"].as_str().unwrap().to_owned();
    assert_eq!(code(app.get("/v1/models", &strange_key()).await), "invalid_api_key");
    assert_eq!(code(app.get("/v1/models/none", &app.admin).await), "model_not_found");
    let chat = json!({"model": "none", "messages": [{"role": "user", "content": "why"}]});
    assert_eq!(code(app.post("/v1/chat/completions", &app.admin, chat).await), "model_not_found");
    let embed = json!({"model": "none", "input": "x"});
    assert_eq!(code(app.post("/v1/embeddings", &app.admin, embed).await), "model_not_found");
}
