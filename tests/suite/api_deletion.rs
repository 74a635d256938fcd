//! What is deleted is gone: conversations with their receipts, and what documents said from all that was made of them.

use std::path::Path;

use footnote_tests::support::{TestApp, TestKnowledgeBase};
use serde_json::{Value, json};

const SECRET: &str = "The zephyrine valve of the plant opens at 713 kilopascal";
const VALVE: &str = "At which pressure does the zephyrine valve open?";
const MANUAL: &str =
    "# LQ-200 manual\n\nThe battery of the LQ-200 sensor lasts 18 months at one reading per hour.\n";
const BOTH: &str =
    "At which pressure does the zephyrine valve open, and how long does the battery of the LQ-200 last?";

async fn ask(kb: &TestKnowledgeBase, question: &str, conversation: &Value) -> Value {
    let response = kb.post("/ask", &json!({"question": question, "conversation": conversation})).await.ok();
    assert_eq!(response["answer"]["refused"], false, "{response:#}");
    response
}

async fn receipt(kb: &TestKnowledgeBase, answer: &Value) -> Value {
    kb.get(&format!("/answers/{}", answer.as_str().unwrap())).await.ok()
}

/// Whether the database or its log holds the text.
fn is_on_disk(folder: &Path, text: &str) -> bool {
    ["footnote.db", "footnote.db-wal"].iter().any(|name| {
        let bytes = fs_err::read(folder.join(name)).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_takes_the_receipts_of_its_answers_along() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let question = "How long does the battery of the LQ-200 last?";
    let begun = ask(&kb, question, &json!("new")).await;
    let alone = ask(&kb, question, &Value::Null).await;
    let path = |answer: &Value| format!("/answers/{}", answer["id"].as_str().unwrap());
    kb.put(&format!("{}/feedback", path(&begun)), &json!({"rating": "up"})).await.expect(200);
    kb.delete(&format!("/conversations/{}", begun["conversation"].as_str().unwrap())).await.expect(204);
    kb.get(&path(&begun)).await.problem(404);
    kb.get(&path(&alone)).await.ok();
    assert_eq!(
        kb.get("/feedback/export?format=evaluation").await.text(),
        "",
        "feedback goes with its answer"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_document_said_is_nowhere_after_the_upkeep() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("plant").await;
    let manual = kb.add("manual.md", MANUAL).await;
    let valve = kb.add("valve.md", format!("# Valve\n\n{SECRET}.\n")).await;
    kb.add("canteen.md", "# Canteen\n\nThe canteen serves lunch from half past eleven.\n").await;
    let alone = ask(&kb, BOTH, &json!("new")).await;
    let begun = ask(&kb, VALVE, &json!("new")).await;
    let followed = ask(&kb, "How long does the battery of the LQ-200 last?", &begun["conversation"]).await;
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    assert!(alone.to_string().contains(SECRET) && begun.to_string().contains(SECRET));
    let kept_by_client = json!({"model": "plant", "messages": [
        {"role": "user", "content": VALVE},
        {"role": "assistant", "content": begun["answer"]["text"]},
        {"role": "user", "content": "How long does the battery of the LQ-200 last?"},
    ]});
    let chat = app.client.post("/v1/chat/completions", &kept_by_client).await.ok();
    let chat = json!(chat["id"].as_str().unwrap().trim_start_matches("chatcmpl-"));
    let text = kb.text_of(&valve["id"], &valve["current_version"]).await;
    let start = text.find(SECRET).unwrap();
    let span = json!({"start": start, "end": start + SECRET.len()});
    let preferred = json!([{"document": valve["id"], "version": valve["current_version"], "span": span}]);
    let feedback = format!("/answers/{}/feedback", id(&alone["id"]));
    kb.put(&feedback, &json!({"rating": "up", "preferred": preferred})).await.expect(200);

    kb.delete(&format!("/documents/{}", id(&valve["id"]))).await.expect(204);
    app.wait_until_idle().await;
    app.reconcile().await;

    let told = receipt(&kb, &alone["id"]).await;
    assert_eq!(told["deleted_documents"], json!([valve["id"]]), "{told:#}");
    let quotes = told["answer"]["citations"].as_array().unwrap();
    for citation in quotes {
        let is_gone = citation["document"] == valve["id"];
        assert_eq!(citation["deleted"] == true, is_gone, "{citation:#}");
        assert_eq!(citation["quote"] == "", is_gone, "{citation:#}");
    }
    assert!(quotes.iter().any(|citation| citation["document"] == manual["id"]), "{told:#}");
    let then = alone["answer"]["text"].as_str().unwrap();
    let now = told["answer"]["text"].as_str().unwrap();
    assert!(now.contains("lasts 18 months"), "what rests on living documents stays: {now}");
    assert_eq!(now.chars().count(), then.chars().count(), "all spans still hold");
    let error = kb.post(&format!("/answers/{}/replay", id(&alone["id"])), &json!({})).await.problem(409);
    assert!(error.contains("deleted") && error.contains("Valve"), "{error}");

    let conversation = kb.get(&format!("/conversations/{}", id(&begun["conversation"]))).await.ok();
    for shown in [
        told,
        conversation,
        receipt(&kb, &begun["id"]).await,
        receipt(&kb, &followed["id"]).await,
        receipt(&kb, &chat).await,
        kb.get(&feedback).await.ok(),
        json!(kb.get("/feedback/export?format=sft").await.text()),
        json!(kb.get("/feedback/export?format=evaluation").await.text()),
    ] {
        assert!(!shown.to_string().contains("713 kilopascal"), "{shown:#}");
    }
    ask(&kb, "How long does the battery of the LQ-200 last?", &begun["conversation"]).await;
    // What is left of an answer is repeated by a later turn, and goes with its own document.
    let lunch = ask(&kb, "When does the canteen serve lunch?", &alone["conversation"]).await;
    assert!(receipt(&kb, &lunch["id"]).await.to_string().contains("lasts 18 months"));
    kb.delete(&format!("/documents/{}", id(&manual["id"]))).await.expect(204);
    app.wait_until_idle().await;
    app.reconcile().await;
    let mut app = app;
    app.wait_until_idle().await;
    let folder = app.shut_down().await;
    assert!(is_on_disk(folder.path(), "from half past eleven"), "the right file is looked through");
    assert!(!is_on_disk(folder.path(), "lasts 18 months"));
    assert!(!is_on_disk(folder.path(), "713 kilopascal"));
    assert!(!is_on_disk(folder.path(), "zephyrine valve of the plant"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_sentence_goes_from_the_summary_of_turns_that_a_client_keeps() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("depot").await;
    let depot = kb.add("depot.md", "# 仓库\n\n仓库的门禁口令是蓝鲸。\n").await;
    kb.add("canteen.md", "# Canteen\n\nThe canteen serves lunch from half past eleven.\n").await;
    let told = ask(&kb, "仓库的门禁口令是什么？", &Value::Null).await;
    let mut turns = vec![
        json!({"role": "user", "content": "仓库的门禁口令是什么？"}),
        json!({"role": "assistant", "content": told["answer"]["text"]}),
    ];
    for day in 1..6 {
        turns.push(json!({"role": "user", "content": format!("Is day {day} a working day?")}));
        turns.push(json!({"role": "assistant", "content": format!("Day {day} is a working day.")}));
    }
    turns.push(json!({"role": "user", "content": "When does the canteen serve lunch?"}));
    let chat = json!({"model": "depot", "messages": turns});
    let chat = app.client.post("/v1/chat/completions", &chat).await.ok();
    let chat = json!(chat["id"].as_str().unwrap().trim_start_matches("chatcmpl-"));
    let summary = receipt(&kb, &chat).await["summary"].clone();
    assert!(summary.as_str().unwrap().contains("蓝鲸"), "{summary}");

    kb.delete(&format!("/documents/{}", depot["id"].as_str().unwrap())).await.expect(204);
    app.wait_until_idle().await;
    app.reconcile().await;
    let told = receipt(&kb, &chat).await;
    assert!(!told.to_string().contains("蓝鲸"), "{told:#}");
    app.finish().await;
}
