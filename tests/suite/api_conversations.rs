//! Long conversations: what their older turns were about is kept, shown, stored once, and replayed.

use std::time::Duration;

use footnote_tests::support::{TestApp, TestKnowledgeBase};
use serde_json::{Value, json};

const MANUAL: &str = "# LQ-200 manual\n\n## Battery\n\nThe battery of the LQ-200 sensor lasts 18 months at one reading \
                      per hour.\n\n## Calibration\n\nCalibrate the pH electrode of the sensor every 90 days with buffer \
                      solutions.\n";
const HANDBOOK: &str = "# Handbook\n\nNew employees receive 15 days of annual leave.\n\nSick leave is paid for six weeks.\n\n\
                        Business travel is approved by the head of the department.\n\nThe cafeteria opens at noon.\n\n\
                        Parking permits cost 20 euro a month.\n";
/// The topic of the first is gone from the last eight turns.
const QUESTIONS: [&str; 6] = [
    "How long does the battery of the LQ-200 sensor last?",
    "How many days of annual leave do new employees receive?",
    "For how long is sick leave paid by the company?",
    "Who approves business travel of the departments?",
    "When does the cafeteria of the company open?",
    "How much do parking permits cost in a month?",
];

async fn knowledge_base(app: &TestApp, settings: Value) -> TestKnowledgeBase {
    let kb = app.knowledge_base_with("both", settings).await;
    kb.add("manual.md", MANUAL).await;
    kb.add("handbook.md", HANDBOOK).await;
    kb
}

async fn asked(kb: &TestKnowledgeBase, question: &str, conversation: &Value) -> Value {
    kb.post("/ask", &json!({"question": question, "conversation": conversation})).await.ok()
}

/// Asks all questions in a conversation, whose id it gives. Extracts take no time of a model.
async fn conversation(kb: &TestKnowledgeBase) -> Value {
    let mut id = json!("new");
    for question in QUESTIONS {
        let body = json!({"question": question, "conversation": id, "mode": "extractive"});
        id = kb.post("/ask", &body).await.ok()["conversation"].clone();
    }
    id
}

/// The summary of a conversation, once it is made: it is after the answer.
async fn summary(kb: &TestKnowledgeBase, conversation: &Value) -> Value {
    let path = format!("/conversations/{}", conversation.as_str().unwrap());
    for _ in 0..600 {
        let shown = kb.get(&path).await.ok();
        if !shown["summary"].is_null() {
            return shown["summary"].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the conversation is not summarised");
}

async fn receipt(kb: &TestKnowledgeBase, response: &Value) -> Value {
    kb.get(&format!("/answers/{}", response["id"].as_str().unwrap())).await.ok()
}

async fn check_replay(kb: &TestKnowledgeBase, response: &Value) {
    let path = format!("/answers/{}/replay", response["id"].as_str().unwrap());
    let replayed = kb.post(&path, &json!({})).await.ok();
    assert_eq!(replayed["same"], true, "{:#}", replayed["differences"]);
    // How much of a prompt was kept from others may differ.
    for part in ["text", "citations", "sentences"] {
        assert_eq!(replayed["answer"][part], response["answer"][part]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_twelve_turns_ago_is_still_known() {
    let app = TestApp::start().await;
    let kb = knowledge_base(&app, json!({})).await;
    let id = conversation(&kb).await;
    let made = summary(&kb, &id).await;
    assert_eq!(made["messages"], 6);
    assert!(made["text"].as_str().unwrap().starts_with(QUESTIONS[0]), "{made:#}");

    let followed = asked(&kb, "And when is that sensor calibrated?", &id).await;
    let searched = followed["searched"][0].as_str().unwrap();
    assert!(searched.starts_with(QUESTIONS[0]), "{searched}");
    assert_eq!(followed["answer"]["refused"], false, "{followed:#}");
    assert!(followed["answer"]["text"].as_str().unwrap().contains("90 days"), "{followed:#}");
    let receipt = receipt(&kb, &followed).await;
    assert_eq!(receipt["summary"], made["text"]);
    assert_eq!(receipt["history"].as_array().unwrap().len(), 6, "the turns since");
    check_replay(&kb, &followed).await;
    assert_eq!(summary(&kb, &id).await, made, "it is not made again for each question");

    let folder = app.finish().await;
    let app = TestApp::open(folder, |_| ()).await;
    let listed = app.client.get("/api/v1/knowledge-bases").await.ok();
    let kb = TestKnowledgeBase::new(app.client.clone(), &listed["items"][0]);
    assert_eq!(summary(&kb, &id).await, made, "it reloads as it was");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_rested_on_is_taken_along_to_the_question_that_follows() {
    let app = TestApp::start().await;
    let kb = knowledge_base(&app, json!({"retrieval": {"top_k": 1, "parent_tokens": 0}})).await;
    let notes = kb
        .add(
            "notes.md",
            "# Field notes\n\nIn the greenhouse our battery was empty after 17 months already.\n",
        )
        .await;
    let ask = async |body: Value| -> Value {
        let answer = kb.post("/ask", &body).await.ok();
        kb.get(&format!("/answers/{}", answer["id"].as_str().unwrap())).await.ok()
    };
    let carried = |receipt: &Value| -> usize {
        receipt["candidates"].as_array().unwrap().iter().filter(|it| it["trace"]["carried"] == true).count()
    };
    let first = json!({"question": "When was the battery empty in the greenhouse?", "conversation": "new",
        "filter": {"document": notes["id"]}, "mode": "extractive"});
    let first = kb.post("/ask", &first).await.ok();
    let id = &first["conversation"];
    assert!(first["answer"]["text"].as_str().unwrap().contains("17 months"), "{first:#}");
    let follows = "And how long does the battery of that LQ-200 sensor last at one reading per hour?";
    let follows = ask(json!({"question": follows, "conversation": id, "mode": "extractive"})).await;
    let texts = follows["passages"].to_string();
    assert!(texts.contains("18 months") && texts.contains("17 months"), "{:#}", follows["passages"]);
    assert_eq!(carried(&follows), 1, "{:#}", follows["candidates"]);
    // Neither a question that points to nothing nor one that says where to look brings anything along.
    for body in [
        json!({"question": QUESTIONS[4], "conversation": id, "mode": "extractive"}),
        json!({"question": "And is that so?", "conversation": id, "mode": "extractive", "filter": {"document": notes["id"]}}),
    ] {
        let other = ask(body).await;
        assert_eq!(carried(&other), 0, "{:#}", other["candidates"]);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beside_what_was_found_is_taken_along_too() {
    let app = TestApp::start().await;
    let settings = json!({"retrieval": {"top_k": 1, "parent_tokens": 96, "evidence_threshold": 0.0}});
    let body =
        json!({"name": "zoo", "chunking": {"max_tokens": 32, "overlap_tokens": 0}, "settings": settings});
    let kb = app.knowledge_base_of(&body).await;
    let animals = ["lions", "bears", "otters", "penguins", "giraffes", "tortoises"];
    let foods =
        ["horse meat", "apples and honey", "small trout", "frozen herring", "acacia leaves", "dandelions"];
    let fed = animals.iter().zip(foods).map(|(animal, food)| {
        format!("The {animal} of the zoo are fed with {food} by their own keeper at half past seven in the evening of each day.")
    });
    kb.add("zoo.md", format!("# Zoo\n\n{}\n", fed.collect::<Vec<_>>().join("\n\n"))).await;
    let first = json!({"question": "With what are the penguins fed by their keeper?", "conversation": "new",
        "mode": "extractive"});
    let first = kb.post("/ask", &first).await.ok();
    assert!(first["answer"]["text"].as_str().unwrap().contains("frozen herring"), "{first:#}");
    let follows = "And the bears, do these bears get apples and honey, so that bears eat apples with honey?";
    let follows = json!({"question": follows, "mode": "extractive", "conversation": first["conversation"]});
    let receipt = receipt(&kb, &kb.post("/ask", &follows).await.ok()).await;
    let texts: Vec<&str> = receipt["passages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|passage| passage["text"].as_str().unwrap())
        .collect();
    assert!(texts[0].contains("apples and honey") && !texts[0].contains("frozen herring"), "{texts:#?}");
    assert!(texts.len() == 2 && texts[1].contains("frozen herring"), "{texts:#?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_shown_the_summary_and_its_answer_replays() {
    let app = TestApp::with_language_model().await;
    let kb = knowledge_base(&app, json!({"sampling": {"max_tokens": 24}})).await;
    let id = conversation(&kb).await;
    let made = summary(&kb, &id).await;
    assert!(made["text"].as_str().unwrap().contains("LQ-200"), "{made:#}");
    let followed = asked(&kb, "And when is that LQ-200 sensor calibrated?", &id).await;
    let receipt = receipt(&kb, &followed).await;
    assert_eq!(receipt["summary"], made["text"]);
    let prompt = receipt["prompt"].as_array().unwrap();
    assert_eq!((&prompt[0]["role"], &prompt[1]["role"]), (&json!("system"), &json!("user")), "{receipt:#}");
    assert!(prompt[1]["content"].as_str().unwrap().contains("LQ-200"), "{receipt:#}");
    check_replay(&kb, &followed).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_keeps_its_own_turns_gets_the_same() {
    let app = TestApp::start().await;
    let kb = knowledge_base(&app, json!({})).await;
    let mut messages = Vec::new();
    for question in QUESTIONS {
        messages.push(json!({"role": "user", "content": question}));
        let body = json!({"model": "both", "messages": messages});
        let completion = app.client.post("/v1/chat/completions", &body).await.ok();
        let content = &completion["choices"][0]["message"]["content"];
        messages.push(json!({"role": "assistant", "content": content}));
    }
    messages.push(json!({"role": "user", "content": "And when is that sensor calibrated?"}));
    let body = json!({"model": "both", "messages": messages});
    let completion = app.client.post("/v1/chat/completions", &body).await.ok();
    assert!(
        completion["choices"][0]["message"]["content"].as_str().unwrap().contains("90 days"),
        "{completion:#}"
    );
    let answer = completion["id"].as_str().unwrap().trim_start_matches("chatcmpl-");
    let receipt = kb.get(&format!("/answers/{answer}")).await.ok();
    assert!(receipt["summary"].as_str().unwrap().starts_with(QUESTIONS[0]), "{receipt:#}");
    assert_eq!(receipt["history"].as_array().unwrap().len(), 4);
    assert_eq!(kb.get("/conversations").await.ok()["items"], json!([]), "no conversation is stored");
    app.finish().await;
}
