//! Documents: upload, list, read, replace, delete.

use footnote_tests::support::{Form, TestApp, pdf, samples};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn several_files_are_accepted_at_once_and_ready_when_their_jobs_end() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("uploads").await;
    let files = samples();
    let form = files.iter().fold(Form::new(), |form, (name, content)| form.file(name, content));
    let accepted = kb.send(form).await.expect(202);
    let items = accepted["items"].as_array().unwrap();
    assert_eq!(items.len(), files.len());
    for (item, (name, content)) in items.iter().zip(&files) {
        assert_eq!(item["document"]["key"], *name);
        assert_eq!(kb.wait_for(&item["job"]["id"]).await["state"], "succeeded", "{name}");
        let document = kb.document(&item["document"]["id"]).await;
        let version = &document["versions"][0];
        assert_eq!(document["current_version"], version["id"], "{name}");
        assert_eq!(version["bytes"], content.len());
        assert!(
            version["chunks"].as_u64().unwrap() > 0 && version["chars"].as_u64().unwrap() > 100,
            "{version:#}"
        );
        let id = document["id"].as_str().unwrap();
        let original = kb.get(&format!("/documents/{id}/original")).await;
        assert_eq!(original.bytes, *content, "{name} comes back byte for byte");
        assert!(original.header("content-disposition").starts_with("attachment"), "{name}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_counted_in_unicode_scalar_values() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("texts").await;
    let document = kb.add("年假.txt", "年假🙂 is ten days.").await;
    let path = format!("/documents/{}/text", document["id"].as_str().unwrap());
    assert_eq!(kb.get(&format!("{path}?start=1&end=3")).await.text(), "假🙂");
    assert_eq!(kb.get(&format!("{path}?start=4")).await.text(), "is ten days.");
    let beyond = kb.get(&format!("{path}?start=4&end=400")).await;
    assert!(beyond.problem(400).contains("16 characters"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_paged_by_cursor_and_filtered() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("pages").await;
    for n in 0..5 {
        kb.add(&format!("{n}.txt"), format!("Document number {n}.")).await;
    }
    kb.add_bad("blank.pdf", pdf(&[""])).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = kb.get(&format!("/documents?limit=2{cursor}")).await.ok();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|document| document["key"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["blank.pdf", "4.txt", "3.txt", "2.txt", "1.txt", "0.txt"], "newest first, each once");
    let failed = kb.get("/documents?state=failed").await.ok();
    assert_eq!(failed["items"].as_array().unwrap().len(), 1);
    assert!(kb.get("/documents?limit=0").await.problem(400).contains("limit"));
    assert!(kb.get("/documents?cursor=x").await.problem(400).contains("cursor"));
    assert!(kb.get("/documents?stat=failed").await.problem(400).contains("stat"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_listed_by_what_reading_lost() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("warnings").await;
    let files: [(&str, &[u8], &str); 3] = [
        ("lost.adoc", b"= Leave\n\ninclude::days.adoc[]\n\nTen days.\n", "lost"),
        ("doubtful.txt", b"caf\xc3\xa9 one \xff two \xe4\xb8\xad", "doubtful"),
        ("note.md", b"---\nauthor: Ann\n---\nTen days.", "note"),
    ];
    for (name, content, kind) in files {
        let warnings = kb.add(name, content).await["newest_version"]["warnings"].clone();
        assert_eq!((&warnings[0]["kind"], warnings.as_array().unwrap().len()), (&json!(kind), 1), "{name}");
    }
    kb.add("sound.txt", "Ten days of leave.").await;
    let lists: [(&str, &[&str]); 5] = [
        ("true", &["doubtful.txt", "lost.adoc"]),
        ("false", &["sound.txt", "note.md"]),
        ("lost", &["lost.adoc"]),
        ("doubtful", &["doubtful.txt"]),
        ("note", &["note.md"]),
    ];
    for (asked, expected) in lists {
        let listed = kb.get(&format!("/documents?warnings={asked}")).await.ok();
        let keys: Vec<&str> =
            listed["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect();
        assert_eq!(keys, expected, "{asked}");
    }
    assert!(kb.get("/documents?warnings=many").await.problem(400).contains("many"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_with_an_idempotency_key_is_done_once() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("idempotent").await;
    let path = kb.path("/documents");
    let form = || Form::new().file("a.txt", b"Ten days of leave.");
    let key = [("Idempotency-Key", "4d1f7c9e")];
    let first = kb.client.upload(&path, form(), &key).await;
    let again = kb.client.upload(&path, form(), &key).await;
    assert_eq!(first.expect(202), again.expect(202), "the very same response");
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    let other = kb.client.upload(&path, Form::new().file("b.txt", b"Other."), &key).await;
    assert!(other.problem(409).to_lowercase().contains("idempotency"));
    assert_eq!(
        kb.get("/documents").await.ok()["items"].as_array().unwrap().len(),
        1,
        "nothing of it was stored"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_stored_and_kept_unless_it_is_given_again() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("facts").await;
    let form = Form::new().file("a.txt", b"One.").field("metadata", "{\"year\": \"2026\"}");
    let uploaded = kb.client.upload(&kb.path("/documents?wait=true"), form, &[]).await.expect(200);
    assert_eq!(uploaded["items"][0]["document"]["metadata"], json!({"year": "2026"}));
    let kept = kb.add("a.txt", "Two.").await;
    assert_eq!(kept["metadata"], json!({"year": "2026"}));
    app.finish().await;
}
