//! OpenAI's dialect, as its clients speak it.

use footnote_tests::support::TestApp;
use serde_json::{Value, json};

const MANUAL: &str =
    "# LQ-200 manual\n\nThe battery of the LQ-200 sensor lasts 18 months at one reading per hour.\n";

fn chat(question: &str) -> Value {
    json!({"model": "manual", "messages": [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": question},
    ]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_answered_from_the_knowledge_base_that_the_model_names() {
    let app = TestApp::with_language_model().await;
    let kb = app.knowledge_base_with("manual", json!({"sampling": {"max_tokens": 60}})).await;
    kb.add("manual.md", MANUAL).await;
    let completion =
        app.client.post("/v1/chat/completions", &chat("How long does the battery last?")).await.ok();
    assert_eq!(completion["object"], "chat.completion");
    assert_eq!(completion["model"], "manual");
    let choice = &completion["choices"][0];
    assert_eq!(choice["message"]["role"], "assistant");
    assert_eq!(choice["message"]["citations"][0]["document_key"], "manual.md");
    let usage = &completion["usage"];
    let tokens = |key: &str| usage[key].as_u64().unwrap();
    assert_eq!(tokens("prompt_tokens") + tokens("completion_tokens"), tokens("total_tokens"));
    assert!(tokens("prompt_tokens") > 0 && tokens("completion_tokens") > 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_chat_is_chunks_that_add_up_and_then_done() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let question = chat("How long does the battery last?");
    let whole = app.client.post("/v1/chat/completions", &question).await.ok();
    let mut streaming = question;
    streaming["stream"] = true.into();
    streaming["stream_options"] = json!({"include_usage": true});
    let events = app.client.post("/v1/chat/completions", &streaming).await.events();
    let (last, chunks) = events.split_last().unwrap();
    assert_eq!(last.text, "[DONE]");
    let chunks: Vec<Value> = chunks.iter().map(|event| event.data()).collect();
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
    let text: String =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, whole["choices"][0]["message"]["content"]);
    let reasons: Vec<&str> =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str()).collect();
    assert_eq!(reasons, ["stop"]);
    assert!(chunks.last().unwrap()["usage"].is_object(), "the usage comes last");
    app.finish().await;
}

/// The last piece of a streamed chat that is more than text.
async fn last_piece(app: &TestApp, body: &Value) -> Value {
    let mut streaming = body.clone();
    streaming["stream"] = true.into();
    let events = app.client.post("/v1/chat/completions", &streaming).await.events();
    let mut chunks = events.iter().filter(|event| event.text != "[DONE]").map(|event| event.data());
    let last = chunks.rfind(|chunk| chunk["choices"][0]["finish_reason"].is_string());
    last.expect("a stream ends")["choices"][0]["delta"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_proved_and_asked_of_a_time_as_any_question_is() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let then = chrono::Utc::now();
    kb.add("manual.md", MANUAL.replace("18 months", "24 months")).await;
    let question = "How long does the battery of the LQ-200 last?";
    let asked = kb.ask(question).await;
    let mut past = chat(question);
    past["as_of"] = json!(then);
    past["mode"] = json!("extractive");
    past["unsupported"] = json!("flag");
    for (body, months) in [(chat(question), "24 months"), (past, "18 months")] {
        let completion = app.client.post("/v1/chat/completions", &body).await.ok();
        let message = &completion["choices"][0]["message"];
        assert!(message["content"].as_str().unwrap().contains(months), "{message:#}");
        assert_eq!((&message["searched"], &message["refused"]), (&asked["searched"], &json!(false)));
        let sentence = &message["sentences"][0];
        assert!(sentence["text"].as_str().unwrap().contains(months), "{message:#}");
        assert_eq!((&sentence["verdict"], &sentence["fate"]), (&json!("supported"), &json!("kept")));
        let last = last_piece(&app, &body).await;
        for part in ["citations", "sentences", "searched", "refused"] {
            assert_eq!(last[part], message[part], "{part}");
        }
    }
    let unknown = app.client.post("/v1/chat/completions", &chat("Who won the world cup in 1998?")).await.ok();
    assert_eq!(unknown["choices"][0]["message"]["refused"], true, "{unknown:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_knowledge_bases_and_the_embedder_which_embeds() {
    let app = TestApp::start().await;
    app.knowledge_base("manual").await;
    let listed = app.client.get("/v1/models").await.ok();
    let ids: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["manual", "multilingual-e5-small"]);

    let texts = ["paid leave", "annual holidays of staff", "hydraulic pump"];
    let body = json!({"model": "multilingual-e5-small", "input": texts});
    let embedded = app.client.post("/v1/embeddings", &body).await.ok();
    let vectors: Vec<Vec<f64>> = embedded["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect())
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    assert!((dot(&vectors[0], &vectors[0]) - 1.0).abs() < 1e-3, "vectors are normalised");
    assert!(dot(&vectors[0], &vectors[1]) > dot(&vectors[0], &vectors[2]), "kin lie closer");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_openais_shape() {
    let app = TestApp::start().await;
    app.knowledge_base("manual").await;
    let unknown = json!({"model": "nothing", "messages": [{"role": "user", "content": "Why?"}]});
    let mut tools = chat("Why?");
    tools["tools"] = json!([{"type": "function"}]);
    let with = |field: &str, value: &str| {
        let mut body = chat("Why?");
        body[field] = value.into();
        body
    };
    for (body, status, named) in [
        (unknown, 404, "knowledge base not found"),
        (tools, 400, "tools"),
        (json!({"model": "manual", "messages": []}), 400, "question"),
        (json!({"model": "manual"}), 400, "messages"),
        (with("as_of", "yesterday"), 400, "as_of"),
        (with("as_of", "2999-01-01T00:00:00Z"), 400, "in the future"),
        (with("mode", "poetic"), 400, "extractive"),
        (with("unsupported", "keep"), 400, "flag"),
    ] {
        let reply = app.client.post("/v1/chat/completions", &body).await;
        assert_eq!(reply.status, status, "{}", reply.text());
        let error: Value = serde_json::from_str(&reply.text()).unwrap();
        assert_eq!(error["error"]["type"], "invalid_request_error");
        assert!(error["error"]["message"].as_str().unwrap().contains(named), "{error}");
        assert!(error["error"].get("param").is_some() && error["error"]["code"].is_string());
    }
    app.finish().await;
}
