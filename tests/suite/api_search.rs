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
