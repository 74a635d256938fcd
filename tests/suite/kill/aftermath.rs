//! What must be true once the last process has done what the killed ones left.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use footnote_tests::support::{Client, TestKnowledgeBase};
use serde_json::{Value, json};

use super::work::{Revision, Work, mark, upload_name, word};

/// Longest time until everything is done.
const DONE_WITHIN: Duration = Duration::from_secs(240);

/// Waits until no job of the knowledge base is queued or running.
pub(super) async fn wait_until_idle(kb: &TestKnowledgeBase) {
    let began = Instant::now();
    let mut quiet = 0;
    // A job that ends may queue another between the two looks: twice quiet is quiet.
    while quiet < 2 {
        let mut left = list(kb, "/jobs?state=queued").await;
        left.extend(list(kb, "/jobs?state=running").await);
        quiet = if left.is_empty() { quiet + 1 } else { 0 };
        assert!(began.elapsed() < DONE_WITHIN, "jobs are left over: {left:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Nothing is lost, doubled or half visible, and what is gone stays gone.
pub(super) async fn everything_was_done_once(kb: &TestKnowledgeBase, work: &Work) {
    let failed = list(kb, "/jobs?state=failed").await;
    assert!(failed.is_empty(), "being killed is no failure of a job: {failed:#?}");

    let documents = list(kb, "/documents?limit=200").await;
    let (from_directory, uploaded): (Vec<_>, Vec<_>) =
        documents.into_iter().partition(|document| document["source"] == work.source.as_str());
    let directory = revisions(kb, &from_directory).await;
    assert_eq!(directory, work.files, "the directory's documents are its files");
    let mut uploads = revisions(kb, &uploaded).await;
    for (number, upload) in work.uploads.iter().enumerate() {
        let found: Revision = uploads.remove(&upload_name(number));
        let possible = upload.possible();
        assert!(possible.contains(&found), "upload {number} is {found:?} and may be {possible:?}");
    }
    assert!(uploads.is_empty(), "nobody uploaded these: {uploads:?}");
}

/// The revisions of documents by key. Each must be whole, and its only revision that is found.
async fn revisions(kb: &TestKnowledgeBase, documents: &[Value]) -> BTreeMap<String, u32> {
    let mut revisions = BTreeMap::new();
    for listed in documents {
        let key = listed["key"].as_str().unwrap().to_owned();
        let shown = kb.document(&listed["id"]).await;
        let versions = shown["versions"].as_array().unwrap();
        let current: Vec<&Value> = versions.iter().filter(|version| version["state"] == "current").collect();
        assert_eq!(current.len(), 1, "exactly one version is current: {shown:#}");
        assert_eq!(current[0]["id"], shown["current_version"]);
        assert!(versions.iter().all(|version| version["state"] != "pending"), "{shown:#}");
        for mode in ["vector", "keyword"] {
            chunks_are_neither_missing_nor_doubled(kb, &shown, current[0], mode).await;
        }
        let text = kb.text_of(&shown["id"], &current[0]["id"]).await;
        let revision = revision_in(&text);
        assert_eq!(kb.keys_with_words(&word(revision)).await, [key.as_str()], "found once");
        assert_eq!(revisions.insert(key, revision), None, "no document twice");
    }
    revisions
}

fn revision_in(text: &str) -> u32 {
    let rest = text.split_once("Revision ").expect("the text tells its revision").1;
    let revision = rest.split_once(' ').and_then(|(digits, _)| digits.parse().ok()).expect("a number");
    assert!(text.contains(&mark(revision)), "{text}");
    revision
}

async fn chunks_are_neither_missing_nor_doubled(
    kb: &TestKnowledgeBase,
    document: &Value,
    version: &Value,
    mode: &str,
) {
    let filter = json!({"document": document["id"]});
    let words = "rule department mark";
    let query = json!({"query": words, "mode": mode, "limit": 100, "duplicates": true, "filter": filter});
    let found = kb.search_with(&query).await;
    let mut chunks: Vec<&str> = found.iter().map(|result| result["chunk"].as_str().unwrap()).collect();
    chunks.sort_unstable();
    chunks.dedup();
    assert_eq!(chunks.len(), found.len(), "no chunk twice");
    let expected = version["chunks"].as_u64().unwrap();
    assert_eq!(chunks.len() as u64, expected, "every chunk, by {mode}: {version:#}");
    assert!(found.iter().all(|result| result["version"] == version["id"]));
}

async fn list(kb: &TestKnowledgeBase, rest: &str) -> Vec<Value> {
    kb.get(rest).await.ok()["items"].as_array().unwrap().clone()
}

/// The service reconciles when it starts: it must have found nothing to repair.
pub(super) async fn no_index_drifted(client: &Client) {
    let began = Instant::now();
    loop {
        let metrics = client.get("/metrics").await.text();
        let value = |name: &str| {
            let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
            line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        };
        if value("footnote_reconciliations_total").is_some_and(|runs| runs >= 1.0) {
            assert_eq!(value("footnote_index_drift"), Some(0.0), "{metrics}");
            return;
        }
        assert!(began.elapsed() < DONE_WITHIN, "no reconciliation ran:\n{metrics}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
