//! The real process is killed at many points: work resumes and finishes once, with nothing lost,
//! doubled or half visible.

use std::path::Path;
use std::time::{Duration, Instant};

use footnote_tests::support::{Client, Form, Ready, Server, TestKnowledgeBase};
use serde_json::{Value, json};

const KILLS: usize = 14;
const DOCUMENTS: usize = 10;
/// Seeds where in its work each process is killed.
const SEED: u64 = 0x5eed_f007_0073;
/// Longest time until the last process has done what was left.
const DONE_WITHIN: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_the_service_finishes_its_work_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(SEED);
    let (server, ready) = start(folder.path());
    let key = ready.first_key.clone().expect("the first start makes the first key");
    let client = ready.client(&key);
    let kb = client.post("/api/v1/knowledge-bases", &json!({"name": "killed"})).await.expect(201);
    server.kill();

    let mut unsent: Vec<usize> = (0..DOCUMENTS).collect();
    for kill in 0..KILLS {
        let mut server = Server::start(folder.path());
        if kill % 5 == 4 {
            // At some point of opening the data folder.
            tokio::time::sleep(random.below(Duration::from_millis(1_500))).await;
            server.kill();
            continue;
        }
        let client = server.wait_until_ready().client(&key);
        let deadline = tokio::time::sleep(random.below(Duration::from_secs(3)));
        let kb = TestKnowledgeBase::new(client, &kb);
        tokio::select! {
            () = deadline => {}
            () = upload(&kb, &mut unsent) => unreachable!("uploading goes on until the kill"),
        }
        server.kill();
    }

    let (server, ready) = start(folder.path());
    let kb = TestKnowledgeBase::new(ready.client(&key), &kb);
    for document in unsent {
        send(&kb, document).await.expect("the last process is not killed");
    }
    everything_was_done_once(&kb).await;
    server.kill();

    let (_server, ready) = start(folder.path());
    no_index_drifted(&ready.client(&key)).await;
}

fn start(folder: &Path) -> (Server, Ready) {
    let mut server = Server::start(folder);
    let ready = server.wait_until_ready();
    (server, ready)
}

/// Uploads what was not acknowledged yet, newest first, then edits of what was, until it is killed.
async fn upload(kb: &TestKnowledgeBase, unsent: &mut Vec<usize>) {
    while let Some(document) = unsent.last().copied() {
        if send(kb, document).await.is_ok() {
            unsent.pop();
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    std::future::pending::<()>().await;
}

async fn send(kb: &TestKnowledgeBase, document: usize) -> reqwest::Result<()> {
    // Every third document is uploaded in an older version first.
    if document.is_multiple_of(3) {
        post(kb, document, "draft").await?;
    }
    post(kb, document, "final").await
}

async fn post(kb: &TestKnowledgeBase, document: usize, state: &str) -> reqwest::Result<()> {
    let (content_type, body) = Form::new().file(&name(document), text(document, state).as_bytes()).finish();
    let request = kb.client.request(reqwest::Method::POST, &kb.path("/documents"));
    let reply = kb.client.try_send(request.header("content-type", content_type).body(body)).await?;
    reply.expect(202);
    Ok(())
}

fn name(document: usize) -> String {
    format!("document-{document}.md")
}

/// A text of a few chunks, with a word in it that no other has, and one that tells the version.
fn text(document: usize, state: &str) -> String {
    let rules = (1..=60)
        .map(|n| format!("Rule {n} of part {document} applies to department {n}. "))
        .collect::<String>();
    format!("# Part {document}\n\nThis {state}{document} has the mark unique{document}.\n\n{rules}\n")
}

async fn everything_was_done_once(kb: &TestKnowledgeBase) {
    let began = Instant::now();
    for state in ["queued", "running"] {
        while !list(kb, &format!("/jobs?state={state}")).await.is_empty() {
            assert!(began.elapsed() < DONE_WITHIN, "jobs are left over");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    let failed = list(kb, "/jobs?state=failed").await;
    assert!(failed.is_empty(), "being killed is no failure of a job: {failed:#?}");

    let documents = list(kb, "/documents").await;
    assert_eq!(documents.len(), DOCUMENTS, "nothing is lost and nothing doubled");
    for document in 0..DOCUMENTS {
        let listed = documents.iter().find(|listed| listed["key"] == name(document).as_str()).unwrap();
        let shown = kb.document(&listed["id"]).await;
        let versions = shown["versions"].as_array().unwrap();
        let current: Vec<&Value> = versions.iter().filter(|version| version["state"] == "current").collect();
        assert_eq!(current.len(), 1, "exactly one version is current: {shown:#}");
        assert_eq!(current[0]["id"], shown["current_version"]);
        let hits = |word: String| async move { kb.keys_with_words(&word).await };
        assert_eq!(hits(format!("unique{document}")).await, [name(document)], "found once");
        assert_eq!(hits(format!("final{document}")).await, [name(document)]);
        assert!(hits(format!("draft{document}")).await.is_empty(), "the older version is gone");
        for mode in ["vector", "keyword"] {
            chunks_are_neither_missing_nor_doubled(kb, &shown, current[0], mode).await;
        }
    }
}

async fn chunks_are_neither_missing_nor_doubled(
    kb: &TestKnowledgeBase,
    document: &Value,
    version: &Value,
    mode: &str,
) {
    let filter = json!({"document": document["id"]});
    let found = kb
        .search_with(&json!({"query": "rule part mark", "mode": mode, "limit": 100, "filter": filter}))
        .await;
    let mut chunks: Vec<&str> = found.iter().map(|result| result["chunk"].as_str().unwrap()).collect();
    chunks.sort_unstable();
    chunks.dedup();
    assert_eq!(chunks.len(), found.len(), "no chunk twice");
    assert_eq!(
        chunks.len() as u64,
        version["chunks"].as_u64().unwrap(),
        "every chunk, by {mode}: {version:#}"
    );
    assert!(found.iter().all(|result| result["version"] == version["id"]));
}

async fn list(kb: &TestKnowledgeBase, rest: &str) -> Vec<Value> {
    kb.get(rest).await.ok()["items"].as_array().unwrap().clone()
}

/// The service reconciles when it starts: it must have found nothing to repair.
async fn no_index_drifted(client: &Client) {
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

/// SplitMix64: the same delays at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, longest: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        longest.mul_f64((bits >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
