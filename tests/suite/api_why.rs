//! Where a text was lost that should have been in an answer, told for every state that it may be in.

use footnote_tests::support::{TestApp, TestKnowledgeBase};
use serde_json::{Value, json};

const LEAVE: &str =
    "# Leave\n\nEvery employee of the company has fifteen days of annual leave in each calendar year.\n";
const QUESTION: &str = "How many days of annual leave does every employee have?";

async fn why(kb: &TestKnowledgeBase, body: Value) -> Value {
    kb.post("/why", &body).await.ok()
}

fn reason(why: &Value) -> &str {
    why["reason"].as_str().expect("there is a reason")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_alone_tells_what_is_hidden_replaced_and_failed() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("states").await;
    let leave = kb.add("leave.md", LEAVE.replace("fifteen", "twelve")).await;
    let then = chrono::Utc::now();
    kb.add("leave.md", LEAVE).await;
    let replaced = why(&kb, json!({"question": QUESTION, "quote": "has twelve days of annual leave"})).await;
    assert_eq!((&replaced["lost_at"], &replaced["document"]), (&json!("not_indexed"), &leave["id"]));
    assert_eq!(replaced["version"], leave["current_version"], "the version that has it");
    assert!(reason(&replaced).contains("another took its place"), "{replaced:#}");
    let past = json!({"question": QUESTION, "quote": "has twelve days of annual leave", "as_of": then});
    assert_eq!(why(&kb, past).await["lost_at"], "used");
    let later = json!({"question": QUESTION, "quote": "has fifteen days of annual leave", "as_of": then});
    let later = why(&kb, later).await;
    assert_eq!(later["lost_at"], "not_indexed", "{later:#}");
    assert!(reason(&later).contains("answers only since"), "{later:#}");

    kb.add_bad("scan.pdf", "%PDF-1.7 the zephyrine valve opens at noon").await;
    let failed = why(&kb, json!({"question": QUESTION, "quote": "the zephyrine valve opens"})).await;
    assert_eq!(failed["lost_at"], "not_indexed", "{failed:#}");
    assert!(reason(&failed).contains("could not be indexed"), "{failed:#}");
    let typed = "EVERY employee of the company　has ＦＩＦＴＥＥＮ\n days of annual leave";
    let typed = why(&kb, json!({"question": QUESTION, "quote": typed})).await;
    assert_eq!((&typed["lost_at"], &typed["searched"]), (&json!("used"), &json!([QUESTION])), "{typed:#}");
    assert_eq!(typed["span"]["end"].as_u64().unwrap() - typed["span"]["start"].as_u64().unwrap(), 62);
    let absent = why(&kb, json!({"question": QUESTION, "quote": "ninety-nine days"})).await;
    assert_eq!(absent["lost_at"], "not_extracted", "{absent:#}");
    assert!(reason(&absent).contains("1 of them could not be read"), "{absent:#}");

    let chunk = format!("/documents/{}/chunks/0", leave["id"].as_str().unwrap());
    kb.put(&chunk, &json!({"hidden": true})).await.expect(202);
    app.wait_until_idle().await;
    let hidden = why(&kb, json!({"question": QUESTION, "quote": "has fifteen days of annual leave"})).await;
    assert_eq!(
        (&hidden["lost_at"], &hidden["document"]),
        (&json!("not_permitted"), &leave["id"]),
        "{hidden:#}"
    );
    assert!(reason(&hidden).contains("hid"), "{hidden:#}");

    let other = app.knowledge_base("other").await;
    let elsewhere = why(&other, json!({"question": QUESTION, "quote": "fifteen days of annual leave"})).await;
    assert_eq!((&elsewhere["lost_at"], &elsewhere["document"]), (&json!("not_extracted"), &Value::Null));
    let stranger = app.key("reader", Some(&[&other])).await;
    let body = json!({"question": QUESTION, "quote": "fifteen days of annual leave"});
    kb.seen_by(&stranger).post("/why", &body).await.problem(404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_cut_and_what_is_filtered_is_not_ranked() {
    let app = TestApp::start().await;
    let settings = json!({"retrieval": {"passage_budget": 500, "parent_tokens": 0}});
    let kb = app.knowledge_base_with("narrow", settings).await;
    let long = |about: &str| format!("# {about}\n\n{}", LEAVE.replace("# Leave\n\n", "").trim().repeat(4));
    let first = kb.add("leave.md", long("Annual leave of every employee")).await;
    let pump = "The hydraulic pump of the press is greased twice in a year by the annual service. ".repeat(6);
    let second = kb.add("pump.md", format!("# Pump\n\n{pump}")).await;
    let mut told = Vec::new();
    for document in [&first, &second] {
        told.push(why(&kb, json!({"question": QUESTION, "document": document["id"]})).await);
    }
    let lost: Vec<&Value> = told.iter().map(|why| &why["lost_at"]).collect();
    assert_eq!(lost, [&json!("used"), &json!("cut_from_prompt")], "{told:#?}");
    assert!(reason(&told[1]).contains("budget"), "{told:#?}");
    let filter = json!({"type": "pdf"});
    let filtered = why(&kb, json!({"question": QUESTION, "document": first["id"], "filter": filter})).await;
    assert_eq!(filtered["lost_at"], "filtered", "{filtered:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_followed_through_the_parts_and_tables_that_ask_uses() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("both", json!({"retrieval": {"top_k": 1}})).await;
    kb.add(
        "manual.md",
        "# LQ-200 manual\n\nThe battery of the LQ-200 sensor lasts 18 months at one reading per hour.\n",
    )
    .await;
    kb.add("leave.md", LEAVE).await;
    let question = "How long does the battery of the LQ-200 last, and how many days of annual leave does every employee have?";
    for quote in ["lasts 18 months", "fifteen days of annual leave"] {
        let used = why(&kb, json!({"question": question, "quote": quote, "mode": "extractive"})).await;
        assert_eq!(used["lost_at"], "used", "{quote}: {used:#}");
    }
    let poetic = json!({"question": question, "quote": "lasts", "mode": "poetic"});
    assert!(kb.post("/why", &poetic).await.problem(400).contains("extractive"));

    let sales = app.knowledge_base("sales").await;
    let table = "# Sales 2025\n\n| City | Units sold |\n|---|---|\n| Berlin | 120 |\n| Paris | see note |\n| Rome | 40 |\n\nThe figures were \
                 audited in March.\n";
    let document = sales.add("sales.md", table).await;
    let total = "What is the total of units sold in all cities?";
    let declined = why(&sales, json!({"question": total, "document": document["id"]})).await;
    assert_eq!(declined["lost_at"], "refused", "{declined:#}");
    assert!(reason(&declined).contains("could not be worked out"), "{declined:#}");
    app.finish().await;
}

/// Asked in this conversation, or in none.
fn asked_in(conversation: &Value, question: &str, quote: &str) -> Value {
    json!({"question": question, "quote": quote, "conversation": conversation, "mode": "extractive"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_is_followed_as_it_was_asked() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("talk", json!({"retrieval": {"top_k": 1, "parent_tokens": 0}})).await;
    kb.add("leave.md", LEAVE).await;
    kb.add(
        "parking.md",
        "# Parking\n\nA parking permit costs 20 euro a month, and managers have one for free.\n",
    )
    .await;
    let reader = kb.seen_by(&app.key("reader", None).await);
    let ask = async |question: &str, conversation: &Value| {
        let body = json!({"question": question, "conversation": conversation, "mode": "extractive"});
        reader.post("/ask", &body).await.ok()
    };
    let id = ask(QUESTION, &json!("new")).await["conversation"].clone();
    let follow_up = "And for managers?";
    let quote = "fifteen days of annual leave";

    let body = asked_in(&id, follow_up, quote);
    let would = why(&reader, body.clone()).await;
    let joined = json!([format!("{QUESTION}\n{follow_up}")]);
    assert_eq!(would["searched"], joined, "it stands alone: {would:#}");
    let answered = ask(follow_up, &id).await;
    assert_eq!(answered["searched"], joined);
    let receipt = reader.get(&format!("/answers/{}", answered["id"].as_str().unwrap())).await.ok();
    let is_shown = receipt["passages"].to_string().contains(quote);
    assert!(is_shown, "what the last answer cited is at hand: {:#}", receipt["passages"]);
    let was = why(&reader, body.clone()).await;
    assert_eq!(was["searched"], joined, "not after itself: {was:#}");
    assert_eq!(was, would);
    assert!(
        ["used", "not_used", "refused"].contains(&was["lost_at"].as_str().unwrap()),
        "it was shown: {was:#}"
    );
    let alone = why(&reader, asked_in(&Value::Null, follow_up, quote)).await;
    assert_eq!(alone["searched"], json!([follow_up]), "{alone:#}");

    let shown = reader.get(&format!("/conversations/{}", id.as_str().unwrap())).await.ok();
    assert_eq!(shown["messages"].as_array().unwrap().len(), 4, "the conversation is as it was: {shown:#}");
    assert_eq!(
        reader.get("/answers").await.ok()["items"].as_array().unwrap().len(),
        2,
        "no receipt is added"
    );

    let stranger = kb.seen_by(&app.key("reader", None).await);
    assert_eq!(stranger.post("/why", &body).await.problem(404), "conversation not found");
    let elsewhere = app.knowledge_base("elsewhere").await;
    assert_eq!(elsewhere.post("/why", &body).await.problem(404), "conversation not found");
    kb.post("/why", &body).await.expect(200);
    app.finish().await;
}
