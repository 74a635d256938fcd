//! One knowledge base through the API, with the requests that nearly every test makes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Client, Form, Reply, ServerEvent};

/// Longest time a job may take.
const JOB_WITHIN: Duration = Duration::from_secs(300);

/// A knowledge base, as one key sees it.
#[derive(Debug, Clone)]
pub struct TestKnowledgeBase {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whoever asks.
    pub client: Client,
}

impl TestKnowledgeBase {
    /// The knowledge base that the API shows as `view`.
    pub fn new(client: Client, view: &Value) -> Self {
        let text = |key: &str| view[key].as_str().expect("a knowledge base has an id and a name").to_owned();
        Self { id: text("id"), name: text("name"), client }
    }

    /// The same knowledge base as another key sees it.
    pub fn seen_by(&self, client: &Client) -> Self {
        Self { client: client.clone(), ..self.clone() }
    }

    /// The path of something in it.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/knowledge-bases/{}{rest}", self.id)
    }

    /// GET below it.
    pub async fn get(&self, rest: &str) -> Reply {
        self.client.get(&self.path(rest)).await
    }

    /// POST below it.
    pub async fn post(&self, rest: &str, body: &Value) -> Reply {
        self.client.post(&self.path(rest), body).await
    }

    /// PUT below it.
    pub async fn put(&self, rest: &str, body: &Value) -> Reply {
        self.client.put(&self.path(rest), body).await
    }

    /// DELETE below it.
    pub async fn delete(&self, rest: &str) -> Reply {
        self.client.delete(&self.path(rest)).await
    }

    /// Uploads without waiting.
    pub async fn send(&self, form: Form) -> Reply {
        self.client.upload(&self.path("/documents"), form, &[]).await
    }

    /// Uploads one file and waits until its job has ended; gives the item of the response.
    pub async fn upload(&self, name: &str, content: impl AsRef<[u8]>) -> Value {
        let form = Form::new().file(name, content.as_ref());
        let reply = self.client.upload(&self.path("/documents?wait=true"), form, &[]).await;
        reply.expect(200)["items"][0].clone()
    }

    /// Uploads one file, which must become current; gives its document.
    pub async fn add(&self, name: &str, content: impl AsRef<[u8]>) -> Value {
        let item = self.upload(name, content).await;
        let document = &item["document"];
        assert_eq!(document["newest_version"]["state"], "current", "{item:#}");
        assert_eq!(document["current_version"], document["newest_version"]["id"], "{item:#}");
        assert!(item["job"].is_null() || item["job"]["state"] == "succeeded", "{item:#}");
        document.clone()
    }

    /// Uploads one file, which must be stored and then fail; gives the reason.
    pub async fn add_bad(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let item = self.upload(name, content).await;
        assert_eq!(item["job"]["state"], "failed", "{item:#}");
        let version = &item["document"]["newest_version"];
        assert_eq!(version["state"], "failed", "{item:#}");
        assert_eq!(version["failure"], item["job"]["error"], "{item:#}");
        version["failure"].as_str().expect("a failed version says why").to_owned()
    }

    /// A document with its versions.
    pub async fn document(&self, id: &Value) -> Value {
        self.get(&format!("/documents/{}", text(id))).await.ok()
    }

    /// The canonical text of a document's version.
    pub async fn text_of(&self, document: &Value, version: &Value) -> String {
        self.get(&format!("/documents/{}/text?version={}", text(document), text(version))).await.text()
    }

    /// Waits until a job has ended and gives it.
    pub async fn wait_for(&self, job: &Value) -> Value {
        let began = Instant::now();
        loop {
            let shown = self.get(&format!("/jobs/{}", text(job))).await.ok();
            if !matches!(shown["state"].as_str(), Some("queued" | "running")) {
                return shown;
            }
            assert!(began.elapsed() < JOB_WITHIN, "{shown:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Searches as the body says; gives the results.
    pub async fn search_with(&self, body: &Value) -> Vec<Value> {
        let found = self.post("/search", body).await.ok();
        found["results"].as_array().expect("a search has results").clone()
    }

    /// Searches both indexes.
    pub async fn search(&self, query: &str) -> Vec<Value> {
        self.search_with(&json!({ "query": query })).await
    }

    /// The keys of the documents in which the keyword index finds the words, one per chunk.
    pub async fn keys_with_words(&self, words: &str) -> Vec<String> {
        let body = json!({ "query": words, "mode": "keyword", "limit": 100, "duplicates": true });
        let results = self.search_with(&body).await;
        results.iter().map(|result| text(&result["document_key"])).collect()
    }

    /// Asks; gives the whole response.
    pub async fn ask(&self, question: &str) -> Value {
        self.post("/ask", &json!({ "question": question })).await.ok()
    }

    /// Asks; gives the events.
    pub async fn ask_streaming(&self, question: &str) -> Vec<ServerEvent> {
        self.post("/ask", &json!({ "question": question, "stream": true })).await.events()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
