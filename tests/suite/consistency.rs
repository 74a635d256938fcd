//! What is visible, from when, until when; and what it costs.

use footnote_tests::support::{Form, TestApp};
use serde_json::{Value, json};

/// Three sections, each long enough to be a chunk of its own.
fn handbook(travel: &str) -> String {
    let filler = |topic: &str| {
        (1..=24)
            .map(|n| format!("Rule {n} on {topic} applies to every employee in department {n}. "))
            .collect::<String>()
    };
    format!(
        "# Handbook\n\n## Leave\n\n{}\n\n## Travel\n\n{travel} {}\n\n## Purchasing\n\n{}\n",
        filler("leave"),
        filler("travel"),
        filler("purchasing")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_content_costs_no_embedding() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("handbook").await;
    let text = handbook("Fly economy.");
    let first = kb.add("handbook.md", &text).await;
    let version = &first["newest_version"];
    assert_eq!(version["embedded"], version["chunks"]);

    let again = kb.upload("handbook.md", &text).await;
    assert!(again["job"].is_null(), "there is nothing to do: {again:#}");
    assert_eq!(again["document"]["current_version"], first["current_version"]);

    let copy = kb.add("copy.md", &text).await;
    assert_eq!(copy["newest_version"]["embedded"], 0, "its vectors are known");
    assert_eq!(copy["newest_version"]["chunks"], version["chunks"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_embeds_its_own_chunks_only() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("handbook").await;
    kb.add("handbook.md", handbook("Fly economy.")).await;
    let edited = kb.add("handbook.md", handbook("Take the train.")).await;
    let version = &edited["newest_version"];
    assert!(version["chunks"].as_u64().unwrap() >= 3, "{version:#}");
    assert_eq!(version["embedded"], 1, "one section was edited: {version:#}");
    let shown = kb.document(&edited["id"]).await;
    let states: Vec<_> =
        shown["versions"].as_array().unwrap().iter().map(|v| v["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["current", "retired"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_version_answers_until_the_new_one_does() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("handbook").await;
    kb.add("handbook.md", handbook("Zeppelin flights are allowed.")).await;
    let accepted =
        kb.send(Form::new().file("handbook.md", handbook("Submarine trips are allowed.").as_bytes())).await;
    let job = accepted.expect(202)["items"][0]["job"]["id"].clone();
    let (mut saw_old, mut saw_new) = (0, 0);
    loop {
        let ended = kb.get(&format!("/jobs/{}", job.as_str().unwrap())).await.ok()["state"] == "succeeded";
        let results = kb.search_with(&json!({"query": "zeppelin submarine", "mode": "keyword"})).await;
        let texts: Vec<&str> = results.iter().map(|result| result["text"].as_str().unwrap()).collect();
        assert_eq!(texts.len(), 1, "exactly one version is visible at any time");
        match texts[0].contains("Zeppelin") {
            true => {
                assert!(saw_new == 0, "it never goes back");
                saw_old += 1;
            }
            false => saw_new += 1,
        }
        if ended {
            break;
        }
    }
    assert!(saw_old > 0, "the search began before the new version was ready");
    assert_eq!(kb.keys_with_words("zeppelin").await, [""; 0]);
    assert_eq!(kb.keys_with_words("submarine").await, ["handbook.md"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_new_version_leaves_the_old_one_answering() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("handbook").await;
    let good = kb.add("plan.pdf", footnote_tests::support::pdf(&["The zeppelin leaves at noon."])).await;
    let reason = kb.add_bad("plan.pdf", footnote_tests::support::encrypted_pdf()).await;
    assert!(reason.contains("password"), "{reason}");
    let shown = kb.document(&good["id"]).await;
    assert_eq!(shown["current_version"], good["current_version"]);
    assert_eq!(kb.keys_with_words("zeppelin").await, ["plan.pdf"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_hides_at_once_and_sweeps_after() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("handbook").await;
    let doomed = kb.add("doomed.txt", "The zeppelin leaves at noon.").await;
    kb.add("kept.txt", "The submarine leaves at midnight.").await;
    let path = format!("/documents/{}", doomed["id"].as_str().unwrap());
    kb.delete(&path).await.expect(204);
    assert_eq!(kb.keys_with_words("zeppelin").await, [""; 0], "hidden at once");
    let everything = kb.search("When does the zeppelin leave?").await;
    assert!(everything.iter().all(|result| result["document_key"] == "kept.txt"), "{everything:#?}");
    for gone in [kb.get(&path).await, kb.delete(&path).await, kb.get(&format!("{path}/text")).await] {
        assert!(gone.problem(404).contains("document"));
    }
    let back = kb.add("doomed.txt", "The zeppelin leaves at noon.").await;
    assert_ne!(back["id"], doomed["id"], "a deleted document does not come back to life");
    assert_eq!(kb.keys_with_words("zeppelin").await, ["doomed.txt"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_knowledge_base_is_gone_with_all_it_held() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("doomed").await;
    let document = kb.add("a.txt", "The zeppelin leaves at noon.").await;
    app.client.delete(&kb.path("")).await.expect(204);
    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    for gone in [kb.get("").await, kb.get(&path).await, kb.post("/ask", &json!({"question": "When?"})).await]
    {
        assert!(gone.problem(404).contains("knowledge base not found"));
    }
    let reborn = app.knowledge_base("doomed").await;
    assert_eq!(reborn.search("zeppelin").await, [Value::Null; 0]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_still_there_after_a_restart() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("handbook").await;
    let document = kb.add("handbook.md", handbook("Zeppelin flights are allowed.")).await;
    let folder = app.finish().await;
    let app = TestApp::open(folder, |_| ()).await;
    let kb = kb.seen_by(&app.client);
    assert_eq!(kb.document(&document["id"]).await["current_version"], document["current_version"]);
    assert_eq!(kb.keys_with_words("zeppelin").await, ["handbook.md"]);
    assert_eq!(kb.search("Zeppelin flights").await[0]["document_key"], "handbook.md");
    app.finish().await;
}
