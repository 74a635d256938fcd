//! Proof: verdicts, receipts and their replay, where a text was lost, tables worked out, questions taken
//! apart, follow-ups made to stand alone, the other language.

use footnote_tests::support::{TestApp, TestKnowledgeBase, check_citations};
use serde_json::{Value, json};

const MANUAL: &str = "# LQ-200 manual\n\n## Battery\n\nThe battery of the LQ-200 sensor lasts 18 months at one reading \
                      per hour.\n\n## Calibration\n\nCalibrate the pH electrode every 90 days with buffer solutions.\n";

const SALES: &str = "# Sales 2025\n\n| City | Units sold |\n|---|---|\n| Berlin | 120 |\n| Paris | 85 |\n| Rome | 40 |\n\n\
                     The figures were audited in March.\n";

async fn asked(kb: &TestKnowledgeBase, body: Value) -> Value {
    let response = kb.post("/ask", &body).await.ok();
    check_citations(kb, &response["answer"], &response["passages"]).await;
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sentence_of_an_extract_is_a_supported_quote_and_its_receipt_replays() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let response = asked(&kb, json!({"question": "How long does the battery last?"})).await;
    let answer = &response["answer"];
    assert_eq!(answer["mode"], "extractive");
    let sentences = answer["sentences"].as_array().unwrap();
    assert!(!sentences.is_empty(), "{response:#}");
    for sentence in sentences {
        assert_eq!(
            (&sentence["verdict"], &sentence["method"], &sentence["fate"]),
            (&json!("supported"), &json!("quote"), &json!("kept"))
        );
        let citation = &answer["citations"][sentence["citations"][0].as_u64().unwrap() as usize];
        assert_eq!((&citation["quote"], &citation["answer_span"]), (&sentence["text"], &sentence["span"]));
    }
    let id = response["id"].as_str().unwrap();
    let replayed = kb.post(&format!("/answers/{id}/replay"), &json!({})).await.ok();
    assert_eq!((&replayed["same"], &replayed["differences"]), (&json!(true), &json!([])), "{replayed:#}");
    assert_eq!(replayed["answer"], *answer);

    let elsewhere = app.knowledge_base("other").await;
    elsewhere.post(&format!("/answers/{id}/replay"), &json!({})).await.problem(404);
    kb.post("/answers/00000000-0000-7000-8000-000000000000/replay", &json!({})).await.problem(404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_model_is_judged_sentence_by_sentence_and_replays_byte_for_byte() {
    let app = TestApp::with_language_model().await;
    let kb = app.knowledge_base_with("manual", json!({"sampling": {"max_tokens": 40}})).await;
    kb.add("manual.md", MANUAL).await;
    for unsupported in ["drop", "quote", "flag"] {
        let body =
            json!({"question": "How long does the battery of the LQ-200 last?", "unsupported": unsupported});
        let response = asked(&kb, body).await;
        let answer = &response["answer"];
        let text: Vec<char> = answer["text"].as_str().unwrap().chars().collect();
        for sentence in answer["sentences"].as_array().unwrap() {
            let fate = sentence["fate"].as_str().unwrap();
            let expected = match (sentence["verdict"].as_str().unwrap(), unsupported) {
                ("not_needed", _) => vec!["kept", "dropped"],
                ("supported", "flag") => vec!["kept"],
                // By the source's own words, once.
                ("supported", _) => vec!["kept", "replaced", "dropped"],
                (_, "flag") => vec!["flagged"],
                ("partly", _) | (_, "quote") => vec!["replaced", "dropped"],
                (_, _) => vec!["dropped"],
            };
            assert!(expected.contains(&fate), "{sentence:#}");
            assert_eq!(sentence["span"].is_null(), fate == "dropped");
            if let Some(end) = sentence["span"]["end"].as_u64() {
                assert!(end as usize <= text.len());
            }
            assert!(!sentence["why"].as_str().unwrap().is_empty());
        }
        let id = response["id"].as_str().unwrap();
        let replayed = kb.post(&format!("/answers/{id}/replay"), &json!({})).await.ok();
        assert_eq!(replayed["same"], true, "{:#}", replayed["differences"]);
    }
    let extract = json!({"question": "How long does the battery last?", "mode": "extractive"});
    let extract = asked(&kb, extract).await;
    assert_eq!(
        (&extract["answer"]["mode"], &extract["answer"]["model"]),
        (&json!("extractive"), &Value::Null)
    );
    assert_eq!(extract["answer"]["usage"]["completion_tokens"], 0, "no model is asked");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_says_where_a_text_was_lost() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("manual", json!({"retrieval": {"top_k": 1}})).await;
    let manual = kb.add("manual.md", MANUAL).await;
    let leave =
        kb.add("leave.md", "# Leave\n\nAnnual leave is 15 days. The cafeteria closes at three.\n").await;
    let why = async |body: Value| kb.post("/why", &body).await.ok();
    let question = "How long does the battery of the LQ-200 last?";
    let id = |document: &Value| document["id"].clone();

    let used = why(json!({"question": question, "quote": "the LQ-200 sensor lasts  18 months"})).await;
    assert_eq!(used["lost_at"], "used", "{used:#}");
    assert_eq!((&used["document"], &used["trace"]["fused"]["rank"]), (&id(&manual), &json!(1)));
    let absent = why(json!({"question": question, "quote": "lasts 99 years"})).await;
    assert_eq!(absent["lost_at"], "not_extracted", "{absent:#}");
    let absent = why(json!({"question": question, "quote": "lasts 99 years", "document": id(&manual)})).await;
    assert_eq!((&absent["lost_at"], &absent["document"]), (&json!("not_extracted"), &id(&manual)));
    let ranked = why(json!({"question": question, "document": id(&leave)})).await;
    assert_eq!(ranked["lost_at"], "ranked", "{ranked:#}");
    assert!(ranked["trace"]["fused"]["rank"].as_u64().unwrap() > 1);
    let filtered =
        why(json!({"question": question, "document": id(&manual), "filter": {"document": id(&leave)}})).await;
    assert_eq!(filtered["lost_at"], "filtered", "{filtered:#}");
    let refused =
        why(json!({"question": "Who won the football world cup in 1998?", "document": id(&manual)})).await;
    assert!(["refused", "ranked"].contains(&refused["lost_at"].as_str().unwrap()), "{refused:#}");

    kb.add_bad("empty.md", " \n").await;
    let listed = kb.get("/documents?state=failed").await.ok();
    let failed = why(json!({"question": question, "document": listed["items"][0]["id"]})).await;
    assert_eq!(failed["lost_at"], "not_indexed", "{failed:#}");
    assert!(
        kb.post("/why", &json!({"question": question})).await.problem(400).contains("document or a quote")
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_worked_out_over_all_rows_or_declined() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("sales").await;
    kb.add("sales.md", SALES).await;
    let response = asked(&kb, json!({"question": "What is the total of units sold in all cities?"})).await;
    let answer = &response["answer"];
    assert!(answer["text"].as_str().unwrap().contains("245"), "{response:#}");
    assert_eq!(answer["sentences"][0]["method"], "computed");
    let quotes: Vec<&str> =
        answer["citations"].as_array().unwrap().iter().map(|c| c["quote"].as_str().unwrap()).collect();
    for cited in ["City", "Berlin", "Paris", "Rome"] {
        assert!(quotes.iter().any(|quote| quote.contains(cited)), "{cited} in {quotes:?}");
    }
    let id = response["id"].as_str().unwrap();
    assert_eq!(kb.post(&format!("/answers/{id}/replay"), &json!({})).await.ok()["same"], true);

    let broken = app.knowledge_base("broken").await;
    broken.add("sales.md", SALES.replace("| 85 |", "| see note |")).await;
    let declined =
        asked(&broken, json!({"question": "What is the total of units sold in all cities?"})).await;
    assert_eq!(declined["answer"]["refused"], true, "{declined:#}");
    assert_eq!(declined["answer"]["citations"], json!([]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_cited_with_its_header_in_every_form_of_the_answer() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("sales", json!({"retrieval": {"top_k": 2, "parent_tokens": 0}})).await;
    // Of a table of many chunks, what is found begins within it: the header stands before it.
    let rows: String = (0..200).map(|n| format!("| Town number {n} | {} |\n", 5_000 + n)).collect();
    kb.add("towns.md", format!("# Sales\n\n| Town | Units sold |\n|---|---|\n{rows}\nThe end.\n")).await;
    let body = json!({"question": "How many units were sold in town number 150?"});
    let response = asked(&kb, body.clone()).await;
    let answer = &response["answer"];
    let quotes: Vec<&str> =
        answer["citations"].as_array().unwrap().iter().map(|c| c["quote"].as_str().unwrap()).collect();
    assert!(quotes.iter().any(|quote| quote.contains("5150")), "{response:#}");
    assert!(quotes.contains(&"| Town | Units sold |"), "{response:#}");
    let text = answer["text"].as_str().unwrap();
    assert!(text.starts_with("| Town | Units sold |\n| --- | --- |\n| Town number"), "{text}");
    let passages = response["passages"].as_array().unwrap();
    let cited = passages.iter().find(|p| p["text"].as_str().unwrap().contains("5150")).unwrap();
    assert!(!cited["text"].as_str().unwrap().contains("Units sold"), "{cited:#}");
    let id = response["id"].as_str().unwrap();
    let replayed = kb.post(&format!("/answers/{id}/replay"), &json!({})).await.ok();
    assert_eq!((&replayed["same"], &replayed["answer"]), (&json!(true), answer), "{replayed:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_blank_lines_part_is_added_up_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let rows = |from: usize| (from..from + 9).map(|n| format!("Town {n},{}\n", 100 + n)).collect::<String>();
    let kb = app.knowledge_base("sales").await;
    kb.add("sales.csv", format!("City,Units sold\n{}\n{}", rows(0), rows(9))).await;
    let question = json!({"question": "What is the total of units sold in all cities?"});
    let response = asked(&kb, question.clone()).await;
    let answer = &response["answer"];
    assert!(answer["text"].as_str().unwrap().contains("all 18 rows is 1,953"), "{response:#}");
    let quotes = answer["citations"].to_string();
    assert!((0..18).all(|n| quotes.contains(&format!("| Town {n} |"))), "{quotes}");
    let id = response["id"].as_str().unwrap();
    assert_eq!(kb.post(&format!("/answers/{id}/replay"), &json!({})).await.ok()["same"], true);

    let apart = app.knowledge_base("apart").await;
    apart.add("sales.csv", format!("City,Units sold\n{}\n\n\n\n\n\n{}", rows(0), rows(9))).await;
    let declined = asked(&apart, question).await;
    assert_eq!(declined["answer"]["refused"], true, "{declined:#}");
    assert!(declined["answer"]["text"].as_str().unwrap().contains("all rows"), "{declined:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_over_a_table_that_is_only_half_read_is_declined_and_one_that_a_sentence_tells_is_not() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("staff", json!({"retrieval": {"top_k": 1, "parent_tokens": 0}})).await;
    let rows: String =
        (0..150).map(|n| format!("| Person {n} | {} |\n", ["Berlin", "Paris"][n % 2])).collect();
    kb.add("staff.md", format!("# Employees\n\n| Name | City |\n|---|---|\n{rows}")).await;
    let not = asked(&kb, json!({"question": "How many employees are not in Berlin?"})).await;
    assert!(
        not["answer"]["text"].as_str().unwrap().contains("75 rows whose “City” is not Berlin"),
        "{not:#}"
    );
    let question = json!({"question": "How many employees are in each city?"});
    let declined = asked(&kb, question.clone()).await;
    assert_eq!(declined["answer"]["refused"], true, "{declined:#}");
    let id = declined["id"].as_str().unwrap();
    let replayed = kb.post(&format!("/answers/{id}/replay"), &json!({})).await.ok();
    assert_eq!(replayed["same"], true, "{replayed:#}");

    let told = app.knowledge_base("told").await;
    told.add("staff.md", format!("# Employees\n\n| Name | City |\n|---|---|\n{rows}")).await;
    told.add("about.md", "# About us\n\nWe have 75 employees in each city.\n").await;
    let answered = asked(&told, question).await;
    assert_eq!(answered["answer"]["refused"], false, "{answered:#}");
    assert!(answered["answer"]["text"].as_str().unwrap().contains("75 employees"), "{answered:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_somebody_hid_are_not_added_up() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("sales").await;
    let filler = "The office has many rooms and each of them has a number and a key. ".repeat(40);
    let above =
        format!("Units sold in all cities are the total of the table below. {filler}\n\n## Table\n\n| City");
    let text = SALES.replace("| City", &above);
    let document = kb.add("sales.md", text).await;
    let document = format!("/documents/{}/chunks", document["id"].as_str().unwrap());
    let chunks = kb.get(&document).await.ok();
    let table =
        chunks["items"].as_array().unwrap().iter().find(|c| c["text"].as_str().unwrap().contains("Berlin"));
    kb.put(&format!("{document}/{}", table.unwrap()["ordinal"]), &json!({"hidden": true})).await.expect(202);
    app.wait_until_idle().await;
    let answer = asked(&kb, json!({"question": "What is the total of units sold in all cities?"})).await;
    let told = answer["answer"]["text"].as_str().unwrap();
    assert!(!told.contains("245") && !answer.to_string().contains("Berlin"), "{answer:#}");
    assert!(answer["passages"].to_string().contains("table below"), "the other chunk is found: {answer:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_two_parts_is_searched_part_by_part() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("both", json!({"retrieval": {"top_k": 1}})).await;
    let manual = kb.add("manual.md", MANUAL).await;
    let leave = kb.add("leave.md", "# Leave\n\nNew employees receive 15 days of paid annual leave.\n").await;
    let question = "How long does the battery of the LQ-200 last, and how many days of annual leave do new employees receive?";
    let response = asked(&kb, json!({"question": question})).await;
    assert_eq!(response["searched"].as_array().unwrap().len(), 2, "{response:#}");
    let found: Vec<&Value> =
        response["passages"].as_array().unwrap().iter().map(|passage| &passage["document"]).collect();
    assert!(found.contains(&&manual["id"]) && found.contains(&&leave["id"]), "{response:#}");
    let cited: Vec<&Value> =
        response["answer"]["citations"].as_array().unwrap().iter().map(|c| &c["document"]).collect();
    assert!(cited.contains(&&manual["id"]) && cited.contains(&&leave["id"]), "{response:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_is_shown_as_it_was_searched() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("leave").await;
    kb.add("leave.md", "# Leave\n\nNew employees receive 15 days of annual leave. Managers receive 20 days of annual leave.\n").await;
    let first = "How many days of annual leave do new employees receive?";
    let begun = asked(&kb, json!({"question": first, "conversation": "new"})).await;
    assert_eq!(begun["searched"], json!([first]));
    let next = json!({"question": "And for managers?", "conversation": begun["conversation"]});
    let followed = asked(&kb, next).await;
    let searched = followed["searched"][0].as_str().unwrap();
    assert!(searched.contains("annual leave") && searched.contains("managers"), "{searched}");
    assert_eq!(followed["answer"]["refused"], false, "{followed:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_finds_documents_in_the_other_language_behind_those_in_its_own() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("both").await;
    kb.add(
        "leave.md",
        "# Leave\n\nNew employees receive 15 days of paid annual leave in each calendar year.\n",
    )
    .await;
    kb.add("nianjia.md", "# 年假\n\n新员工每个日历年享有15天带薪年假。\n").await;
    for n in 0..8 {
        kb.add(
            &format!("{n}.md"),
            format!(
                "# Room {n}\n\nThe meeting room {n} has {n} chairs and a leave-behind shelf for employees.\n"
            ),
        )
        .await;
    }
    for (question, own, other) in [
        ("How many days of annual leave do new employees receive?", "leave.md", "nianjia.md"),
        ("新员工每年有多少天带薪年假？", "nianjia.md", "leave.md"),
    ] {
        let found = kb.post("/search", &json!({"query": question, "limit": 2})).await.ok();
        let keys: Vec<&str> = found["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["document_key"].as_str().unwrap())
            .collect();
        assert_eq!(keys, [own, other], "{found:#}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_as_of_a_time_is_answered_by_the_versions_of_then() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("policies").await;
    let before = chrono::Utc::now();
    kb.add("leave.md", "# Leave\n\nEvery employee has 12 days of annual leave.\n").await;
    kb.add("travel.md", "# Travel\n\nTrips abroad are approved by the head of department.\n").await;
    let then = chrono::Utc::now();
    kb.add("leave.md", "# Leave\n\nEvery employee has 15 days of annual leave.\n").await;
    kb.add("canteen.md", "# Canteen\n\nThe canteen serves lunch for employees who take no leave.\n").await;
    let question = "How many days of annual leave does every employee have?";
    let quotes = |answer: &Value| -> Vec<String> {
        let citations = answer["citations"].as_array().unwrap();
        citations.iter().map(|citation| citation["quote"].as_str().unwrap().to_owned()).collect()
    };
    let now = asked(&kb, json!({"question": question})).await;
    assert!(quotes(&now["answer"])[0].contains("15 days"), "{now:#}");
    let past = asked(&kb, json!({"question": question, "as_of": then})).await;
    assert!(quotes(&past["answer"])[0].contains("12 days"), "{past:#}");
    let keys: Vec<&str> =
        past["passages"].as_array().unwrap().iter().map(|p| p["document_key"].as_str().unwrap()).collect();
    assert!(!keys.contains(&"canteen.md"), "it was not there: {keys:?}");

    let receipt = kb.get(&format!("/answers/{}", past["id"].as_str().unwrap())).await.ok();
    assert!(!receipt["as_of"].is_null(), "{receipt:#}");
    for mode in ["hybrid", "vector", "keyword"] {
        let body = json!({"query": "annual leave days", "as_of": then, "mode": mode, "explain": true});
        let found = kb.post("/search", &body).await.ok();
        assert!(found["results"][0]["text"].as_str().unwrap().contains("12 days"), "{mode}: {found:#}");
        let texts = found["candidates"].to_string();
        assert!(!texts.contains("15 days") && !texts.contains("canteen serves"), "{mode}: {texts}");
    }
    let filtered = json!({"query": "annual leave", "as_of": then, "filter": {"type": "pdf"}});
    assert_eq!(kb.post("/search", &filtered).await.ok()["results"], json!([]));
    let earlier = asked(&kb, json!({"question": question, "as_of": before})).await;
    assert_eq!((&earlier["answer"]["refused"], &earlier["passages"]), (&json!(true), &json!([])));
    let future = before + chrono::TimeDelta::days(900);
    let error = kb.post("/ask", &json!({"question": question, "as_of": future})).await.problem(400);
    assert!(error.contains("in the future"), "{error}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_policy_and_its_successor_are_both_cited_with_their_dates() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("policies").await;
    let policy = |effective: &str, days: u32| {
        format!(
            "# Leave policy\n\nEffective from {effective}.\n\nEvery employee has {days} days of annual leave.\n"
        )
    };
    kb.add("leave-old.md", policy("1 January 2022", 12)).await;
    kb.add("leave-new.md", policy("1 March 2024", 15)).await;
    let question = json!({"question": "How many days of annual leave does every employee have?"});
    let response = asked(&kb, question).await;
    let told: Vec<&Value> = response["answer"]["sentences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|sentence| sentence["method"] == "disagreement")
        .collect();
    let [told] = told.as_slice() else { panic!("{response:#}") };
    let text = told["text"].as_str().unwrap();
    for part in ["(2022-01-01)", "(2024-03-01)", "12 days", "15 days", "The later one is"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(told["citations"].as_array().unwrap().len(), 2);
    assert!(response["answer"]["text"].as_str().unwrap().ends_with(text));
    let days: Vec<&Value> =
        response["passages"].as_array().unwrap().iter().map(|passage| &passage["dated"]["day"]).collect();
    assert!(days.contains(&&json!("2022-01-01")) && days.contains(&&json!("2024-03-01")), "{days:?}");
    let id = response["id"].as_str().unwrap();
    assert_eq!(kb.post(&format!("/answers/{id}/replay"), &json!({})).await.ok()["same"], true);
    app.finish().await;
}
