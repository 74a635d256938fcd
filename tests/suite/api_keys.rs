//! Who may do what, and what others cannot even know of.

use footnote_tests::support::{Form, TestApp};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_key_nothing_is_told() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("private").await;
    let forged = format!("fn_{}", "A".repeat(43));
    for key in [None, Some(""), Some("fn_short"), Some(forged.as_str())] {
        let stranger = app.client.with_key(key);
        for reply in [stranger.get("/api/v1/knowledge-bases").await, stranger.get(&kb.path("")).await] {
            reply.problem(401);
            assert!(reply.header("www-authenticate").starts_with("Bearer"));
        }
        let openai = stranger.get("/v1/models").await;
        assert_eq!(openai.status, 401);
        assert_eq!(openai.header("content-type"), "application/json");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_its_own_and_no_more() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("shared").await;
    let document = kb.add("a.txt", "The zeppelin leaves at noon.").await;
    let path = format!("/documents/{}", document["id"].as_str().unwrap());

    let reader = kb.seen_by(&app.key("reader", None).await);
    assert_eq!(reader.keys_with_words("zeppelin").await, ["a.txt"]);
    reader.ask("When does the zeppelin leave?").await;
    for refused in [
        reader.send(Form::new().file("b.txt", b"x")).await,
        reader.delete(&path).await,
        reader.client.post("/api/v1/knowledge-bases", &json!({"name": "mine"})).await,
        reader.client.get("/api/v1/keys").await,
    ] {
        assert!(refused.problem(403).contains("yours is reader"));
    }

    let editor = kb.seen_by(&app.key("editor", None).await);
    editor.add("b.txt", "Another.").await;
    editor.delete(&path).await.expect(204);
    for refused in [
        editor.client.post("/api/v1/knowledge-bases", &json!({"name": "mine"})).await,
        editor.client.post("/api/v1/keys", &json!({"name": "k", "role": "admin"})).await,
        editor.post("/sources", &json!({"name": "s", "path": "/tmp"})).await,
        editor.delete("").await,
    ] {
        assert!(refused.problem(403).contains("yours is editor"));
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scoped_key_cannot_tell_another_knowledge_base_from_none() {
    let app = TestApp::start().await;
    let (mine, theirs) = (app.knowledge_base("mine").await, app.knowledge_base("theirs").await);
    mine.add("a.txt", "My zeppelin.").await;
    let secret = theirs.upload("secret.txt", "Their zeppelin.").await;
    let document = secret["document"]["id"].as_str().unwrap();
    let job = secret["job"]["id"].as_str().unwrap();

    let client = app.key("editor", Some(&[&mine])).await;
    let (mine, theirs) = (mine.seen_by(&client), theirs.seen_by(&client));
    let listed = client.get("/api/v1/knowledge-bases").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(mine.keys_with_words("zeppelin").await, ["a.txt"]);

    let nowhere = client.get("/api/v1/knowledge-bases/nowhere").await.problem(404);
    let question = json!({"question": "What is theirs?"});
    for refused in [
        theirs.get("").await,
        client.get("/api/v1/knowledge-bases/theirs").await,
        theirs.get("/documents").await,
        theirs.get(&format!("/documents/{document}")).await,
        theirs.get(&format!("/documents/{document}/text")).await,
        theirs.delete(&format!("/documents/{document}")).await,
        theirs.get(&format!("/jobs/{job}")).await,
        theirs.post("/ask", &question).await,
        theirs.post("/search", &json!({"query": "zeppelin"})).await,
        theirs.send(Form::new().file("x.txt", b"x")).await,
        theirs.delete("").await,
    ] {
        assert_eq!(refused.problem(404), nowhere, "word for word as for one that does not exist");
    }
    // Ids of another knowledge base do not open through one's own.
    for refused in [
        mine.get(&format!("/documents/{document}")).await,
        mine.get(&format!("/documents/{document}/original")).await,
        mine.delete(&format!("/documents/{document}")).await,
        mine.get(&format!("/jobs/{job}")).await,
        mine.get(&format!("/jobs/{job}/events")).await,
    ] {
        assert!(refused.problem(404).ends_with("not found"));
    }
    let filtered = json!({"query": "zeppelin", "filter": {"document": document}});
    assert!(mine.search_with(&filtered).await.is_empty());
    let chat = json!({"model": "theirs", "messages": [{"role": "user", "content": "What is theirs?"}]});
    assert_eq!(client.post("/v1/chat/completions", &chat).await.status, 404);
    assert!(client.get("/api/v1/jobs").await.problem(403).contains("admin"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_admin_makes_no_wider_key_and_a_revoked_key_opens_nothing() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("mine").await;
    let narrow = app.key("admin", Some(&[&kb])).await;
    narrow.get(&kb.path("")).await.ok();
    assert!(
        narrow
            .post("/api/v1/keys", &json!({"name": "wide", "role": "admin"}))
            .await
            .problem(403)
            .contains("all")
    );
    assert!(
        narrow.post("/api/v1/knowledge-bases", &json!({"name": "new"})).await.problem(403).contains("all")
    );

    let created =
        app.client.post("/api/v1/keys", &json!({"name": "guest", "role": "reader"})).await.expect(201);
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("fn_") && secret.len() == 46, "256 bits in base64");
    let listed = app.client.get("/api/v1/keys").await;
    assert!(!listed.text().contains(secret), "it is shown once");
    let guest = app.client.with_key(Some(secret));
    guest.get(&kb.path("")).await.ok();
    let path = format!("/api/v1/keys/{}", created["key"]["id"].as_str().unwrap());
    app.client.delete(&path).await.expect(204);
    guest.get(&kb.path("")).await.problem(401);
    app.finish().await;
}
