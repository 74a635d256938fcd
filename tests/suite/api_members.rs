//! Archives and messages: what lies within them is found, changes and goes with them.

use footnote_tests::support::{TestApp, TestKnowledgeBase, docx, pdf, shared_data, zip_in_gbk, zip_of};
use serde_json::{Value, json};

/// The members of a document by their keys, in order.
async fn members(kb: &TestKnowledgeBase, parent: &Value) -> Vec<Value> {
    let list = kb.get(&format!("/documents?limit=200&parent={}", parent.as_str().unwrap())).await.ok();
    let mut items = list["items"].as_array().unwrap().clone();
    items.sort_by_key(|item| item["key"].as_str().unwrap().to_owned());
    items
}

fn keys(members: &[Value]) -> Vec<&str> {
    members.iter().map(|item| item["key"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_of_a_zip_are_documents_that_come_and_go_with_it() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("packs").await;
    let leave = "# 年假制度\n\n员工工作满一年，每年享有十天年假。\n".as_bytes();
    let letter = docx("The submarine leaves at midnight.");
    let damaged = [0_u8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    let pack = zip_in_gbk(&[
        ("人事/休假制度.md", leave),
        ("人事/出差通知.docx", &letter),
        ("人事/损坏.bin", &damaged),
    ]);
    let parent = kb.add("资料.zip", &pack).await;
    app.wait_until_idle().await;
    let found = members(&kb, &parent["id"]).await;
    assert_eq!(
        keys(&found),
        ["资料.zip/人事/休假制度.md", "资料.zip/人事/出差通知.docx", "资料.zip/人事/损坏.bin"]
    );
    let states: Vec<_> = found.iter().map(|m| m["newest_version"]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["current", "current", "failed"], "one that fails, fails alone");
    assert!(found[2]["newest_version"]["failure"].as_str().unwrap().contains("损坏.bin"));
    assert_eq!(found[0]["title"], "年假制度");
    assert_eq!(found[0]["parent"], parent["id"]);
    assert_eq!(kb.document(&found[0]["id"]).await["parent"], parent["id"]);
    assert_eq!(kb.keys_with_words("submarine").await, ["资料.zip/人事/出差通知.docx"]);
    let answer = kb.ask("工作满一年有几天年假？").await;
    assert!(answer.to_string().contains("资料.zip/人事/休假制度.md"), "{answer:#}");
    let listing = kb.text_of(&parent["id"], &parent["current_version"]).await;
    assert!(listing.contains("| 人事/出差通知.docx |"), "{listing}");
    let original = kb.get(&format!("/documents/{}/original", found[0]["id"].as_str().unwrap())).await;
    assert_eq!(original.bytes, leave);

    let again = kb.upload("资料.zip", &pack).await;
    assert!(again["job"].is_null(), "the same content costs nothing");

    kb.add("资料.zip", zip_in_gbk(&[("人事/休假制度.md", leave)])).await;
    app.wait_until_idle().await;
    let left = members(&kb, &parent["id"]).await;
    assert_eq!(keys(&left), ["资料.zip/人事/休假制度.md"]);
    assert_eq!(left[0]["current_version"], found[0]["current_version"], "what did not change stays");
    assert!(kb.keys_with_words("submarine").await.is_empty());

    kb.delete(&format!("/documents/{}", parent["id"].as_str().unwrap())).await.expect(204);
    assert!(kb.get("/documents").await.ok()["items"].as_array().unwrap().is_empty());
    assert!(kb.search("年假").await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_of_a_message_are_documents() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("mail").await;
    let plan = pdf(&["The zeppelin leaves at noon."]);
    let head = "From: Ann <ann@example.com>\r\nTo: bo@example.com\r\nSubject: Travel plans\r\n\
                Date: Fri, 27 Nov 2026 14:46:00 +0800\r\nMIME-Version: 1.0\r\n\
                Content-Type: multipart/mixed; boundary=x\r\n\r\n\
                --x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>The gondola is cancelled.</p>\r\n\
                --x\r\nContent-Type: text/markdown; name=\"rules.md\"\r\n\
                Content-Disposition: attachment; filename=\"rules.md\"\r\n\r\n# Rules\r\n\r\nNo abacus on board.\r\n\
                --x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\n\
                Content-Disposition: attachment; filename=\"plan.pdf\"\r\n\r\n";
    let message = [head.as_bytes(), &plan, b"\r\n--x--\r\n"].concat();
    let parent = kb.add("travel.eml", &message).await;
    assert_eq!(parent["title"], "Travel plans");
    assert_eq!(parent["newest_version"]["content_type"], "eml");
    app.wait_until_idle().await;
    assert_eq!(kb.keys_with_words("gondola").await, ["travel.eml"]);
    assert_eq!(kb.keys_with_words("abacus").await, ["travel.eml/rules.md"]);
    assert_eq!(kb.keys_with_words("zeppelin").await, ["travel.eml/plan.pdf"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_within_archives_are_read_to_a_depth() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("deep").await;
    let mut pack = zip_of(&[("treasure.md", b"# Deep\n\nThe gondola lies here.")]);
    for thing in ["hammock", "tandem", "zeppelin", "abacus"] {
        let note = format!("# Level\n\nThe {thing} lies here.");
        pack = zip_of(&[("inner.zip", &pack), ("note.md", note.as_bytes())]);
    }
    kb.add("outer.zip", &pack).await;
    app.wait_until_idle().await;
    assert_eq!(kb.keys_with_words("abacus").await, ["outer.zip/note.md"]);
    assert_eq!(kb.keys_with_words("tandem").await, ["outer.zip/inner.zip/inner.zip/note.md"]);
    assert!(kb.keys_with_words("hammock").await.is_empty() && kb.keys_with_words("gondola").await.is_empty());
    let listed = kb.get("/documents?limit=200").await.ok();
    let deepest = listed["items"].as_array().unwrap().iter();
    let deepest = deepest.max_by_key(|d| d["key"].as_str().unwrap().matches('/').count()).unwrap();
    let told = deepest["newest_version"]["warnings"].to_string();
    assert!(told.contains("too deep"), "{deepest:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_leaves_members_alone_while_their_archive_stands() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("folder").await;
    let folder = tempfile::tempdir().unwrap();
    let pack = zip_of(&[("a.md", b"# A\n\nThe abacus is allowed."), ("b.md", b"# B\n\nThe gondola is.")]);
    fs_err::write(folder.path().join("pack.zip"), &pack).unwrap();
    fs_err::write(folder.path().join("own.md"), "# Own\n\nThe zeppelin is allowed.").unwrap();
    let created = kb.post("/sources", &json!({"name": "policies", "path": folder.path()})).await.expect(201);
    let refresh = async || {
        let path = kb.path(&format!("/sources/{}/refresh", created["id"].as_str().unwrap()));
        let run = kb.client.call("POST", &path).await.expect(202);
        kb.wait_for(&run["job"]).await;
        app.wait_until_idle().await;
        let runs = kb.get(&format!("/sources/{}/runs", created["id"].as_str().unwrap())).await.ok();
        runs["items"][0]["report"].clone()
    };
    refresh().await;
    assert_eq!(kb.keys_with_words("abacus").await, ["pack.zip/a.md"]);
    let second = refresh().await;
    assert_eq!((&second["removed"], &second["unchanged"]), (&json!([]), &json!(2)), "{second:#}");
    fs_err::rename(folder.path().join("pack.zip"), folder.path().join("moved.zip")).unwrap();
    refresh().await;
    let listed = kb.get("/documents").await.ok().to_string();
    assert!(listed.contains("moved.zip/a.md") && !listed.contains("pack.zip/"), "{listed}");
    fs_err::remove_file(folder.path().join("moved.zip")).unwrap();
    refresh().await;
    assert!(kb.keys_with_words("abacus").await.is_empty());
    assert_eq!(kb.get("/documents").await.ok()["items"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_archives_and_messages_are_read() {
    let (Some(pack), Some(message)) = (
        shared_data("ingest/markitdown/test_files.zip"),
        shared_data("ingest/markitdown/test_outlook_msg.msg"),
    ) else {
        return;
    };
    let app = TestApp::start().await;
    let kb = app.knowledge_base("real").await;
    let parent = kb.add("test_files.zip", &pack).await;
    let mail = kb.add("mail.msg", &message).await;
    app.wait_until_idle().await;
    assert_eq!(members(&kb, &parent["id"]).await.len(), 7);
    assert_eq!(mail["newest_version"]["content_type"], "msg");
    app.finish().await;
}
