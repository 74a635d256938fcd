//! Documents in, cited answers out, with the real embedder and the smallest language model.

use std::path::Path;
use std::process::Command;

use footnote_tests::support::{
    Form, ServerEvent, TestApp, TestKnowledgeBase, check_citations, footnote_binary, samples,
};
use serde_json::{Value, json};

const ENGLISH: &str = "How many days of paid annual leave do full-time employees receive?";
const CHINESE: &str = "一线城市的住宿标准是每晚多少元？";

/// A knowledge base with the repository's samples, set so that a small model answers quickly.
async fn with_samples(app: &TestApp) -> TestKnowledgeBase {
    let settings = json!({"retrieval": {"top_k": 1}, "sampling": {"max_tokens": 48}});
    let kb = app.knowledge_base_with("samples", settings).await;
    let files = samples();
    let form = files.iter().fold(Form::new(), |form, (name, content)| form.file(name, content));
    let uploaded = kb.client.upload(&kb.path("/documents?wait=true"), form, &[]).await.expect(200);
    let items = uploaded["items"].as_array().unwrap();
    assert_eq!(items.len(), files.len());
    for (item, (name, _)) in items.iter().zip(&files) {
        assert_eq!(item["document"]["key"], *name);
        assert_eq!(item["document"]["newest_version"]["state"], "current", "{item:#}");
    }
    kb
}

#[tokio::test(flavor = "multi_thread")]
async fn an_english_question_gets_a_cited_answer_that_verifies_offline() {
    let app = TestApp::with_language_model().await;
    let kb = with_samples(&app).await;
    let events = kb.ask_streaming(ENGLISH).await;
    let streamed = an_answer_in_order(&kb, &events).await;

    let response = kb.ask(ENGLISH).await;
    let answer = &response["answer"];
    assert_eq!(answer["text"], streamed["text"], "at temperature 0 the same question has the same answer");
    assert!(answer["usage"]["cached_tokens"].as_u64().unwrap() > 0, "and its prompt is not read twice");
    assert_eq!(answer["refused"], false, "{response:#}");
    assert_eq!(answer["model"], "smollm2-135m-instruct", "{response:#}");
    assert!(answer["usage"]["completion_tokens"].as_u64().unwrap() > 0);
    let citations = check_citations(&kb, answer, &response["passages"]).await;
    assert!(!citations.is_empty(), "{response:#}");
    for citation in &citations {
        assert_eq!(citation["document_key"], "employee-handbook.pdf");
        assert!(citation["page"].as_u64().is_some_and(|page| page >= 1), "{citation:#}");
    }

    let folder = app.finish().await;
    let saved = folder.path().join("answer.json");
    fs_err::write(&saved, response.to_string()).unwrap();
    assert!(verifies(folder.path(), &saved), "untouched, every citation holds");
    let mut forged = response.clone();
    let quote = citations[0]["quote"].as_str().unwrap().replace('a', "e");
    forged["answer"]["citations"][0]["quote"] = quote.into();
    assert_ne!(forged, response);
    fs_err::write(&saved, forged.to_string()).unwrap();
    assert!(!verifies(folder.path(), &saved), "a changed quote does not hold");
}

/// Events come in order and add up to the answer, which is given back.
async fn an_answer_in_order(kb: &TestKnowledgeBase, events: &[ServerEvent]) -> Value {
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names.first(), Some(&"sources"), "{names:?}");
    assert_eq!(names.last(), Some(&"done"), "{names:?}");
    let between = &names[1..names.len() - 1];
    assert!(between.iter().all(|name| matches!(*name, "token" | "citation" | "sentence")), "{names:?}");
    assert!(between.contains(&"token") && between.contains(&"citation"), "{names:?}");

    let answer = events.last().unwrap().data();
    let of = |name: &str| events.iter().filter(|e| e.name == name).map(|e| e.data()).collect::<Vec<Value>>();
    let text: String = of("token").iter().map(|token| token["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(text, answer["text"], "the tokens are the text");
    assert_eq!(Value::from(of("citation")), answer["citations"], "the citations are those of the answer");
    let sources = events[0].data();
    assert_eq!(sources["evidence"], answer["evidence"]);
    check_citations(kb, &answer, &sources["passages"]).await;
    answer
}

fn verifies(data: &Path, answer: &Path) -> bool {
    let mut command = Command::new(footnote_binary());
    command.arg("verify").arg(answer).arg("--data").arg(data).current_dir(data);
    command.output().unwrap().status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chinese_question_gets_a_cited_answer() {
    let app = TestApp::with_language_model().await;
    let kb = with_samples(&app).await;
    let response = kb.ask(CHINESE).await;
    let answer = &response["answer"];
    assert_eq!(answer["refused"], false, "{response:#}");
    // What nothing supports of the model's words gives way to the documents' own.
    let is_extract = answer["mode"] == "extractive" && answer["model"].is_null();
    assert!(answer["model"] == "smollm2-135m-instruct" || is_extract, "{response:#}");
    assert!(response["passages"][0]["text"].as_str().unwrap().contains("每晚600元"), "{response:#}");
    // What so small a model writes in Chinese is its own affair; that it is cited rightly is ours.
    let citations = check_citations(&kb, answer, &response["passages"]).await;
    assert!(!citations.is_empty(), "{response:#}");
    for citation in &citations {
        assert_eq!(citation["document_key"], "差旅与采购制度.docx");
        assert!(citation["page"].is_null(), "a DOCX has no pages");
    }
    app.finish().await;
}
