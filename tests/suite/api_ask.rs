//! Asking: refusals, extracts, conversations, settings, a busy model.

use footnote_api::config::ModelChoice;
use footnote_tests::support::{TestApp, check_citations};
use serde_json::json;

const MANUAL: &str = "# LQ-200 manual\n\n## Battery\n\nThe battery of the LQ-200 sensor lasts 18 months at one reading \
                      per hour.\n\n## Calibration\n\nCalibrate the pH electrode every 90 days with buffer solutions.\n";

#[tokio::test(flavor = "multi_thread")]
async fn without_documents_the_service_says_that_it_does_not_know() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("empty").await;
    for question in ["How long does the battery last?", "电池可以用多久？"] {
        let response = kb.ask(question).await;
        let answer = &response["answer"];
        assert_eq!(answer["refused"], true, "{response:#}");
        assert_eq!(answer["finish_reason"], "insufficient_evidence");
        assert_eq!(answer["evidence"]["sufficient"], false);
        assert_eq!(answer["citations"], json!([]));
        assert!(answer["model"].is_null() && !answer["text"].as_str().unwrap().is_empty());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_something_else_is_refused_and_one_about_the_document_is_not() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let elsewhere = kb.ask("Who won the football world cup in 1998?").await;
    assert_eq!(elsewhere["answer"]["refused"], true, "{elsewhere:#}");
    let here = kb.ask("How long does the battery last?").await;
    assert_eq!(here["answer"]["refused"], false, "{here:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_language_model_the_answer_is_an_extract() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let response = kb.ask("How long does the battery last?").await;
    let citations = check_citations(&kb, &response["answer"], &response["passages"]).await;
    assert!(citations.iter().any(|c| c["quote"].as_str().unwrap().contains("18 months")), "{response:#}");
    assert_eq!(response["answer"]["usage"]["completion_tokens"], 0);
    let cited = citations.iter().find(|c| c["quote"].as_str().unwrap().contains("18 months")).unwrap();
    assert_eq!(
        cited["heading_path"],
        json!(["LQ-200 manual", "Battery"]),
        "though small sections share a chunk"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_stored_continued_listed_and_deleted() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let unstored = kb.ask("How long does the battery last?").await;
    assert!(unstored["conversation"].is_null());

    let question = "How long does the battery last?";
    let first = kb.post("/ask", &json!({"question": question, "conversation": "new"})).await.ok();
    let id = first["conversation"].as_str().unwrap();
    let second = json!({"question": "How often is it calibrated?", "conversation": id});
    let second = kb.post("/ask", &second).await.ok();
    assert_eq!(second["conversation"], id);

    let shown = kb.get(&format!("/conversations/{id}")).await.ok();
    let messages = shown["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!(messages[0]["content"], question);
    assert_eq!(messages[1]["answer"], first["answer"], "the stored answer is the one that was given");
    assert_eq!(messages[3]["id"], second["id"]);

    let listed = kb.get("/conversations").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    kb.delete(&format!("/conversations/{id}")).await.expect(204);
    assert!(kb.get(&format!("/conversations/{id}")).await.problem(404).contains("conversation"));
    let gone = kb.post("/ask", &json!({"question": question, "conversation": id})).await;
    assert!(gone.problem(404).contains("conversation"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_keeps_other_documents_out_of_the_answer() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let other = kb.add("other.md", "# LX-9\n\nThe battery of the LX-9 lasts 3 days.\n").await;
    let body = json!({"question": "How long does the battery last?", "filter": {"document": other["id"]}});
    let response = kb.post("/ask", &body).await.ok();
    let passages = response["passages"].as_array().unwrap();
    assert!(!passages.is_empty() && passages.iter().all(|p| p["document"] == other["id"]), "{response:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_busy_with_the_time_to_wait() {
    let app = TestApp::with(|config| {
        config.models.generator = ModelChoice::model("smollm2-135m-instruct");
        config.generator.queue = 1;
    })
    .await;
    let kb = app.knowledge_base_with("manual", json!({"sampling": {"max_tokens": 40}})).await;
    kb.add("manual.md", MANUAL).await;
    let body = json!({"question": "How long does the battery of the LQ-200 last?"});
    let replies = futures::future::join_all((0..8).map(|_| kb.post("/ask", &body))).await;
    let (busy, answered): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 429);
    assert!(!busy.is_empty() && !answered.is_empty(), "{} busy of {}", busy.len(), replies.len());
    for reply in busy {
        assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
        assert!(reply.problem(429).contains("busy"));
    }
    for reply in answered {
        assert_eq!(reply.ok()["answer"]["refused"], false);
    }
    app.finish().await;
}
