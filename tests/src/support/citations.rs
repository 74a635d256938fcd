//! What must be true of every citation of every answer.

use std::collections::BTreeMap;

use footnote_core::hash::ContentHash;
use serde_json::Value;

use super::TestKnowledgeBase;

/// Checks an answer and its citations against the passages that were offered and the stored texts,
/// through the API. Gives the citations.
pub async fn check_citations(kb: &TestKnowledgeBase, answer: &Value, passages: &Value) -> Vec<Value> {
    let text: Vec<char> = answer["text"].as_str().expect("an answer has a text").chars().collect();
    let citations = answer["citations"].as_array().expect("an answer has citations").clone();
    let offered: BTreeMap<u64, &Value> = passages
        .as_array()
        .expect("a response has passages")
        .iter()
        .map(|passage| (passage["number"].as_u64().expect("passages are numbered"), passage))
        .collect();
    for citation in &citations {
        let number = citation["number"].as_u64().expect("citations are numbered");
        let passage =
            offered.get(&number).unwrap_or_else(|| panic!("[{number}] was not offered: {citation:#}"));
        for key in ["document", "version", "version_hash", "document_key", "title"] {
            assert_eq!(citation[key], passage[key], "{key} of [{number}]");
        }
        let (start, end) = span(&citation["answer_span"]);
        assert!(start < end && end <= text.len(), "{citation:#} of {} characters", text.len());
        check_quote(kb, citation).await;
    }
    for number in markers(&text.iter().collect::<String>()) {
        assert!(offered.contains_key(&number), "the text has [{number}], which was not offered");
        assert!(
            citations.iter().any(|c| c["number"] == number),
            "the text has [{number}] without a citation"
        );
    }
    citations
}

/// The quote is the stored text under the span, and the hash is that of the whole stored text.
async fn check_quote(kb: &TestKnowledgeBase, citation: &Value) {
    let (start, end) = span(&citation["source_span"]);
    let id = |key: &str| citation[key].as_str().expect("a citation names its version").to_owned();
    let (document, version) = (id("document"), id("version"));
    let path = format!("/documents/{document}/text?version={version}");
    let stretch = kb.get(&format!("{path}&start={start}&end={end}")).await;
    assert_eq!(stretch.status, 200, "{}", stretch.text());
    assert_eq!(stretch.text(), citation["quote"].as_str().expect("a citation quotes"), "{citation:#}");
    assert_eq!(stretch.header("footnote-span"), format!("{start}..{end}"));

    let whole = kb.get(&path).await;
    assert_eq!(ContentHash::of(&whole.bytes).to_string(), id("version_hash"));
    assert_eq!(whole.header("footnote-version-hash"), id("version_hash"));
    let quote: String = whole.text().chars().skip(start).take(end - start).collect();
    assert_eq!(quote, citation["quote"], "offsets count Unicode scalar values");
}

fn span(value: &Value) -> (usize, usize) {
    let at =
        |key: &str| value[key].as_u64().and_then(|n| usize::try_from(n).ok()).expect("a span has two ends");
    (at("start"), at("end"))
}

/// The numbers of all `[n]` in a text.
fn markers(text: &str) -> Vec<u64> {
    text.split('[').skip(1).filter_map(|rest| rest.split_once(']')?.0.parse().ok()).collect()
}
