//! Searching: words of both languages, filters, what each stage thought.

use footnote_tests::support::{Form, TestApp};
use serde_json::{Value, json};

fn keys(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["document_key"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_numbers_and_sentences_of_both_languages_are_found() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("mixed").await;
    kb.add("leave.md", "# 休假\n\n员工每年享有十天带薪年假，未休的年假可以顺延至次年三月。\n").await;
    kb.add("codes.md", "# Errors\n\nERR_0x80070005 means that access was denied. See GB/T 7714-2015.\n")
        .await;
    kb.add("travel.md", "# Travel\n\nEmployees fly economy class on all routes shorter than six hours.\n")
        .await;
    for (query, expected) in [
        ("年假", "leave.md"),
        ("ERR_0x80070005", "codes.md"),
        ("GB/T 7714-2015", "codes.md"),
        ("flying", "travel.md"),
    ] {
        assert_eq!(kb.keys_with_words(query).await, [expected], "{query}");
        assert_eq!(keys(&kb.search(query).await)[0], expected, "{query}");
    }
    // In meaning, without a word in common.
    assert_eq!(keys(&kb.search("which seats in aeroplanes do staff get").await)[0], "travel.md");
    let verbatim = kb.search("Employees fly economy class on all routes shorter than six hours.").await;
    assert_eq!(keys(&verbatim)[0], "travel.md");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_says_where_it_is_and_what_each_stage_thought() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("explained").await;
    for (name, animal) in [("a.md", "otter"), ("b.md", "badger"), ("c.md", "heron")] {
        kb.add(name, format!("# Animals\n\n## The {animal}\n\nThe {animal} lives near the river.\n")).await;
    }
    let body = json!({"query": "badger", "explain": true, "limit": 2});
    let found = kb.post("/search", &body).await.ok();
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let best = &results[0];
    assert_eq!(best["document_key"], "b.md");
    assert_eq!(best["heading_path"], json!(["Animals", "The badger"]), "{best:#}");
    let trace = &best["trace"];
    for stage in ["dense", "keyword", "fused"] {
        assert_eq!(trace[stage]["rank"], 1, "{stage} of {trace:#}");
    }
    assert!(trace["reranked"].is_null(), "no reranker is configured");
    let whole = kb.text_of(&best["document"], &best["version"]).await;
    let (start, end) = (best["span"]["start"].as_u64().unwrap(), best["span"]["end"].as_u64().unwrap());
    let stretch: String = whole.chars().skip(start as usize).take((end - start) as usize).collect();
    assert_eq!(best["text"], stretch);
    let considered = found["candidates"].as_array().unwrap();
    assert_eq!(considered.len(), 3, "all that were considered");
    let dropped: Vec<bool> = considered.iter().map(|c| c["trace"]["dropped"].is_string()).collect();
    assert_eq!(dropped, [false, false, true], "{found:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_by_metadata_type_and_document() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("filtered").await;
    for (name, year) in [("old.md", "2024"), ("new.txt", "2026")] {
        let form = Form::new()
            .file(name, format!("The budget of {year} was approved in March.").as_bytes())
            .field("metadata", &json!({"year": year, "部门": "财务"}).to_string());
        kb.client.upload(&kb.path("/documents?wait=true"), form, &[]).await.expect(200);
    }
    let narrowed = async |filter: Value| {
        let results = kb.search_with(&json!({"query": "approved budget", "filter": filter})).await;
        let mut found: Vec<String> = keys(&results).into_iter().map(str::to_owned).collect();
        found.sort();
        found
    };
    assert_eq!(narrowed(json!({})).await, ["new.txt", "old.md"]);
    assert_eq!(narrowed(json!({"metadata": {"year": "2026"}})).await, ["new.txt"]);
    assert_eq!(narrowed(json!({"metadata": {"year": ["2024", "2026"], "部门": "财务"}})).await.len(), 2);
    assert_eq!(narrowed(json!({"metadata": {"year": "2025"}})).await, [""; 0]);
    assert_eq!(narrowed(json!({"type": "markdown"})).await, ["old.md"]);
    let refused = kb.post("/search", &json!({"query": "budget", "filter": {"colour": "red"}})).await;
    assert!(refused.problem(400).contains("colour"));
    app.finish().await;
}

const POLICY: &str = "# Travel policy\n\nEmployees fly economy class on all routes shorter than six hours. Trips abroad \
                      are approved by the head of the department before anything is booked, and receipts are handed in \
                      within 30 days.\n";

/// Filed forty times, once with another figure, once with another name; and something else.
#[tokio::test(flavor = "multi_thread")]
async fn copies_of_one_text_take_one_place_in_results_and_answers() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("filed", json!({"retrieval": {"candidates": 10}})).await;
    let mut form = Form::new()
        .file("older.md", POLICY.replace("30 days", "60 days").as_bytes())
        .file("north.md", POLICY.replace("the head of the department", "Dr Weber").as_bytes())
        .file("insurance.md", b"# Insurance\n\nAbroad the insurance of the company covers the way home.\n");
    for number in 0..40 {
        let first_word = if number % 2 == 0 { "Employees" } else { "EMPLOYEES" };
        let text = POLICY.replace("Employees", first_word);
        form = form.file(&format!("copy-{number:02}.md"), text.as_bytes());
    }
    kb.send(form).await.expect(202);
    app.wait_until_idle().await;

    let question = "Who approves trips abroad before anything is booked?";
    let found = kb.post("/search", &json!({"query": question, "explain": true})).await.ok();
    let results = found["results"].as_array().unwrap();
    one_copy_and_all_others(keys(results));
    let is_copy = |result: &&Value| result["document_key"].as_str().unwrap().starts_with("copy-");
    let copy = results.iter().find(is_copy).unwrap();
    assert_eq!(copy["also_in"].as_array().unwrap().len(), 39, "{copy:#}");
    let candidates = found["candidates"].as_array().unwrap();
    let dropped: Vec<&str> = candidates.iter().filter_map(|it| it["trace"]["dropped"].as_str()).collect();
    assert_eq!((candidates.len(), dropped.len()), (43, 39), "{dropped:?}");
    let reason = format!("nearly the same text as chunk 0 of {}", copy["document_key"].as_str().unwrap());
    assert!(dropped.iter().all(|dropped| *dropped == reason), "{dropped:?}");

    let few = kb.search_with(&json!({"query": question, "limit": 3})).await;
    assert_eq!((few.len(), few.iter().filter(is_copy).count()), (3, 1), "{few:#?}");
    let all = kb.search_with(&json!({"query": question, "limit": 100, "duplicates": true})).await;
    assert_eq!(all.len(), 43, "each is there for whoever wants it");

    let answered = kb.post("/ask", &json!({"question": question, "mode": "extractive"})).await.ok();
    assert_eq!(answered["answer"]["refused"], false, "{answered:#}");
    one_copy_and_all_others(keys(answered["passages"].as_array().unwrap()));
    app.finish().await;
}

fn one_copy_and_all_others(mut keys: Vec<&str>) {
    keys.sort_unstable();
    assert!(keys[0].starts_with("copy-"), "{keys:?}");
    assert_eq!(keys[1..], ["insurance.md", "north.md", "older.md"]);
}
