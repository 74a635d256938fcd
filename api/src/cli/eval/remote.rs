//! A running service, asked through its HTTP API.
//!
//! Its knowledge base must hold the data set's documents already, under their keys.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use footnote_core::answer::{Answer, AnswerMode};
use footnote_core::citation::Citation;
use footnote_core::error::Context;
use footnote_core::ids::DocumentId;
use footnote_core::text::CanonicalText;
use footnote_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::http::StatusCode;

use super::super::args::ServiceArgs;
use super::answers::Answered;
use super::corpus::CorpusDocument;
use super::questions::Question;
use super::rankings::mode_name;
use super::results::RESULTS;
use super::system::{DEPTH, Gathered, Hit, Kept, Search, System};
use crate::config::Config;

/// Longest time that an answer may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(600);
/// Documents asked for at a time.
const PAGE: usize = 200;

type Response = ureq::http::Response<ureq::Body>;

/// A knowledge base of a running service.
pub(crate) struct RemoteSystem {
    agent: ureq::Agent,
    /// Address of the knowledge base.
    address: String,
    key: String,
    documents: HashMap<String, DocumentId>,
    /// What is known of it.
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Documents {
    items: Vec<Listed>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: DocumentId,
    key: String,
}

#[derive(Deserialize)]
struct Found {
    results: Vec<Hit>,
}

impl RemoteSystem {
    /// Finds the data set's documents in the knowledge base.
    pub(crate) fn connect(
        config: &Config,
        name: &str,
        corpus: &[CorpusDocument],
        service: &ServiceArgs,
        fresh: bool,
    ) -> Result<Self> {
        let missing = |flag: &str| Error::invalid(format!("--against needs {flag}"));
        let url = service.against.as_ref().ok_or_else(|| missing("an address"))?;
        let knowledge_base = service.kb.as_ref().ok_or_else(|| missing("--kb"))?;
        let folder = config.data.folder.join("eval").join(format!("{name}-remote"));
        if fresh && folder.exists() {
            fs_err::remove_dir_all(&folder).internal("cannot clear the evaluation's folder")?;
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWERED_WITHIN))
            .http_status_as_error(false)
            .build()
            .into();
        let address = format!("{}/api/v1/knowledge-bases/{knowledge_base}", url.trim_end_matches('/'));
        let key = service.key.clone().ok_or_else(|| missing("--key"))?;
        let mut system = Self { agent, address, key, documents: HashMap::new(), folder };
        let by_key = tokio::task::block_in_place(|| system.list())?;
        let known = corpus.iter().filter_map(|d| Some((d.id.clone(), *by_key.get(&d.key)?)));
        system.documents = known.collect();
        if system.documents.is_empty() {
            return Err(Error::invalid(format!(
                "{knowledge_base} at {url} holds no document of the data set; ingest them first"
            )));
        }
        Ok(system)
    }

    /// Ids of all its documents by their keys.
    fn list(&self) -> Result<HashMap<String, DocumentId>> {
        let mut by_key = HashMap::new();
        let mut cursor = None;
        loop {
            let after = cursor.map(|cursor: String| format!("&cursor={cursor}")).unwrap_or_default();
            let page: Documents = self.get(&format!("/documents?limit={PAGE}{after}"))?.json()?;
            by_key.extend(page.items.into_iter().map(|listed| (listed.key, listed.id)));
            cursor = page.next;
            if cursor.is_none() {
                return Ok(by_key);
            }
        }
    }

    fn get(&self, path: &str) -> Result<Reply> {
        let url = format!("{}{path}", self.address);
        let request = self.agent.get(&url).header("Authorization", format!("Bearer {}", self.key));
        Reply::of(request.call(), url)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        let url = format!("{}{path}", self.address);
        let request = self
            .agent
            .post(&url)
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", "application/json");
        Reply::of(request.send(body.to_string()), url)
    }

    /// The body of a question whose answer is streamed.
    fn question(&self, question: &Question, mode: AnswerMode, scoped: bool) -> Value {
        let mut body = json!({ "question": asked(question), "mode": mode, "stream": true });
        let ids: Vec<&DocumentId> =
            question.documents.iter().filter_map(|id| self.documents.get(id)).collect();
        if let Some(body) = body.as_object_mut().filter(|_| scoped && !ids.is_empty()) {
            body.insert("filter".to_owned(), json!({ "document": ids }));
        }
        body
    }
}

/// The question after the one that it follows: the API takes earlier turns as stored conversations only.
fn asked(question: &Question) -> String {
    question.earlier.iter().chain([&question.text]).map(String::as_str).collect::<Vec<_>>().join("\n")
}

// Requests wait for the network; nothing else runs meanwhile.
#[async_trait]
impl System for RemoteSystem {
    fn documents(&self) -> HashMap<String, DocumentId> {
        self.documents.clone()
    }

    fn embedder(&self) -> Option<String> {
        None
    }

    fn kept(&self) -> Result<Kept> {
        Ok(Kept { folder: self.folder.join(RESULTS), made_by: json!(self.address) })
    }

    async fn ask(&self, question: &Question, mode: AnswerMode, scoped: bool) -> Result<Answered> {
        tokio::task::block_in_place(|| {
            let began = Instant::now();
            let reply = self.post("/ask", &self.question(question, mode, scoped))?;
            let (answer, first) = read_answer(reply.lines(), || began.elapsed().as_secs_f64())?;
            Ok(Answered::new(question, answer, Vec::new(), first, began.elapsed()))
        })
    }

    async fn gather(&self, question: &Question, hidden: &[DocumentId]) -> Result<Gathered> {
        if !hidden.is_empty() {
            return Err(Error::invalid("a running service cannot hide documents"));
        }
        tokio::task::block_in_place(|| {
            // The sources come before a word is written; the rest is not waited for.
            let reply = self.post("/ask", &self.question(question, AnswerMode::Extractive, false))?;
            read_sources(reply.lines())
        })
    }

    async fn search(&self, search: Search) -> Result<Vec<Hit>> {
        // Judgements may name any of several copies.
        let body = json!({
            "query": search.text.as_str(), "mode": mode_name(search.mode), "limit": DEPTH, "duplicates": true,
        });
        let found: Found = tokio::task::block_in_place(|| self.post("/search", &body)?.json())?;
        Ok(found.results)
    }

    async fn cited_text(&self, citation: &Citation) -> Result<Option<CanonicalText>> {
        let path = format!("/documents/{}/text?version={}", citation.document, citation.version);
        let text = tokio::task::block_in_place(|| self.get(&path)?.text());
        match text {
            Ok(text) => Ok(Some(CanonicalText::new(text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn close(self: Box<Self>) {}
}

/// A response that is no failure, with where it came from.
struct Reply {
    response: Response,
    url: String,
}

impl Reply {
    fn of(response: std::result::Result<Response, ureq::Error>, url: String) -> Result<Self> {
        let mut response = response.context(ErrorKind::Unavailable, || format!("cannot reach {url}"))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Self { response, url });
        }
        let told = response.body_mut().read_to_string().ok();
        Err(refusal(&url, status, told.as_deref()))
    }

    fn text(mut self) -> Result<String> {
        let text = self.response.body_mut().read_to_string();
        text.context(ErrorKind::Unavailable, || format!("cannot read the answer of {}", self.url))
    }

    fn json<T: DeserializeOwned>(self) -> Result<T> {
        let url = self.url.clone();
        serde_json::from_str(&self.text()?)
            .context(ErrorKind::Unavailable, || format!("{url} did not answer as Footnote does"))
    }

    fn lines(self) -> impl BufRead {
        BufReader::new(self.response.into_body().into_reader())
    }
}

/// What a response that is a failure says.
fn refusal(url: &str, status: StatusCode, text: Option<&str>) -> Error {
    let problem: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    let kind = if status == StatusCode::NOT_FOUND { ErrorKind::NotFound } else { ErrorKind::Unavailable };
    Error::new(kind, format!("{url} answered {status}: {}", detail.unwrap_or("no reason given")))
}

/// Name and data of server-sent events; an `error` is one here, too.
fn events(reader: impl BufRead) -> impl Iterator<Item = Result<(String, String)>> {
    let mut name = String::new();
    reader.lines().filter_map(move |line| {
        let line = match line.context(ErrorKind::Unavailable, || "the answer broke off".to_owned()) {
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        if let Some(named) = line.strip_prefix("event:") {
            named.trim().clone_into(&mut name);
        }
        let data = line.strip_prefix("data:")?;
        if name == "error" {
            return Some(Err(Error::unavailable(format!("the service failed: {}", data.trim()))));
        }
        Some(Ok((name.clone(), data.to_owned())))
    })
}

/// The answer at the end of a stream, and when its first words came.
fn read_answer(reader: impl BufRead, now: impl Fn() -> f64) -> Result<(Answer, Option<f64>)> {
    let mut first = None;
    for event in events(reader) {
        let (name, data) = event?;
        match name.as_str() {
            "token" => {
                first.get_or_insert_with(&now);
            }
            "done" => return Ok((read(&data)?, first)),
            _ => {}
        }
    }
    Err(Error::unavailable("the answer ended before it was whole"))
}

/// The sources at the start of a stream.
fn read_sources(reader: impl BufRead) -> Result<Gathered> {
    for event in events(reader) {
        let (name, data) = event?;
        if name == "sources" {
            return read(&data);
        }
    }
    Err(Error::unavailable("the answer came without its sources"))
}

fn read<T: DeserializeOwned>(data: &str) -> Result<T> {
    serde_json::from_str(data)
        .context(ErrorKind::Unavailable, || "the answer is not as Footnote writes it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_from_its_events() {
        let answer = json!({
            "text": "15 days [1]", "citations": [], "sentences": [], "mode": "generative", "refused": false,
            "evidence": { "score": 0.5, "threshold": 0.25, "sufficient": true },
            "finish_reason": "stop", "model": null,
            "usage": { "prompt_tokens": 1, "cached_tokens": 0, "completion_tokens": 2 },
        });
        let stream = format!(
            "event: sources\ndata: {{}}\n\n: still here\n\nevent: token\ndata: {{\"text\":\"15\"}}\n\nevent: done\ndata: {answer}\n\n"
        );
        let (answer, first) = read_answer(stream.as_bytes(), || 0.5).unwrap();
        assert_eq!((answer.text.as_str(), answer.usage.completion_tokens), ("15 days [1]", 2));
        assert_eq!(first, Some(0.5));
        let failed = "event: error\ndata: {\"detail\":\"busy\"}\n\n";
        assert!(read_answer(failed.as_bytes(), || 0.0).is_err_and(|e| e.to_string().contains("busy")));
        assert!(read_answer("event: token\ndata: {}\n\n".as_bytes(), || 0.0).is_err());
    }

    #[test]
    fn sources_are_read_before_the_answer() {
        let sources = json!({
            "id": "x", "searched": ["q"], "passages": [{ "number": 1, "title": "T", "text": "x y" }],
            "evidence": { "score": 0.5, "threshold": 0.25, "sufficient": true },
        });
        let stream = format!("event: sources\ndata: {sources}\n\nevent: error\ndata: late\n\n");
        let gathered = read_sources(stream.as_bytes()).unwrap();
        assert_eq!((gathered.evidence.score, gathered.passages[0].text.as_str()), (0.5, "x y"));
        assert!(read_sources("event: done\ndata: {}\n\n".as_bytes()).is_err());
    }

    #[test]
    fn what_is_not_there_is_told_from_what_failed() {
        let problem = Some(r#"{"detail":"document not found"}"#);
        let error = refusal("http://x", StatusCode::NOT_FOUND, problem);
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("document not found"), "{error}");
        assert_eq!(refusal("http://x", StatusCode::FORBIDDEN, None).kind(), ErrorKind::Unavailable);
    }
}
