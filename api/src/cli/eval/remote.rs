//! The questions of `eval answers` put to a running service through its HTTP API.
//!
//! The service's knowledge base must hold the data set's documents already, under their keys.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use footnote_core::answer::Answer;
use footnote_core::error::Context;
use footnote_core::ids::DocumentId;
use footnote_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::StatusCode;

use super::super::args::{EvalAskArgs, ServiceArgs};
use super::super::session::progress_bar;
use super::answers::Answered;
use super::questions::{Question, QuestionSet};
use super::results::Results;
use crate::config::Config;

/// Longest time that an answer may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(600);
/// Documents asked for at a time.
const PAGE: usize = 200;

/// A knowledge base of a running service.
struct Service {
    agent: ureq::Agent,
    /// Address of the knowledge base.
    address: String,
    key: String,
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

/// The service's answers to all questions, in their order, with the ids of the data set's documents there.
pub(crate) async fn ask_all(
    config: &Config,
    set: &QuestionSet,
    args: &EvalAskArgs,
    service: &ServiceArgs,
) -> Result<(Vec<Answered>, HashMap<String, DocumentId>)> {
    let missing = |flag: &str| Error::invalid(format!("--against needs {flag}"));
    let url = service.against.as_ref().ok_or_else(|| missing("an address"))?;
    let knowledge_base = service.kb.as_ref().ok_or_else(|| missing("--kb"))?;
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(ANSWERED_WITHIN))
        .http_status_as_error(false)
        .build()
        .into();
    let service = Service {
        agent,
        address: format!("{}/api/v1/knowledge-bases/{knowledge_base}", url.trim_end_matches('/')),
        key: service.key.clone().ok_or_else(|| missing("--key"))?,
    };
    let mode = args.mode.mode();
    let scoped = args.scoped || set.within_context;
    let folder = config.data.folder.join("eval").join(format!("{}-remote", set.name));
    if args.questions.fresh && folder.exists() {
        fs_err::remove_dir_all(&folder).internal("cannot clear the evaluation's folder")?;
    }
    let mut results: Results<Answered> =
        Results::open_in(&folder, "answers", &(&service.address, mode, scoped))?;
    // Requests wait for the network; nothing else runs meanwhile.
    tokio::task::block_in_place(|| {
        let documents = service.documents(set)?;
        let bar = progress_bar(set.questions.len() as u64, "asking");
        let mut answered = Vec::with_capacity(set.questions.len());
        for question in &set.questions {
            let known = results.get(&question.id).filter(|known| known.question == question.text).cloned();
            answered.push(match known {
                Some(known) => known,
                None => {
                    let mut body = json!({ "question": asked(question), "mode": mode, "stream": true });
                    let ids: Vec<&DocumentId> =
                        question.documents.iter().filter_map(|id| documents.get(id)).collect();
                    if let Some(body) = body.as_object_mut().filter(|_| scoped && !ids.is_empty()) {
                        body.insert("filter".to_owned(), json!({ "document": ids }));
                    }
                    let new = service.ask(question, &body)?;
                    results.add(&question.id, new.clone())?;
                    new
                }
            });
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok((answered, documents))
    })
}

/// The question after the one that it follows: the API takes earlier turns as stored conversations only.
fn asked(question: &Question) -> String {
    question.earlier.iter().chain([&question.text]).map(String::as_str).collect::<Vec<_>>().join("\n")
}

impl Service {
    /// Ids of the service's documents by those of the data set.
    fn documents(&self, set: &QuestionSet) -> Result<HashMap<String, DocumentId>> {
        let mut by_key = HashMap::new();
        let mut cursor = None;
        loop {
            let after = cursor.map(|cursor: String| format!("&cursor={cursor}")).unwrap_or_default();
            let url = format!("{}/documents?limit={PAGE}{after}", self.address);
            let request = self.agent.get(&url).header("Authorization", format!("Bearer {}", self.key));
            let response =
                request.call().context(ErrorKind::Unavailable, || format!("cannot reach {url}"))?;
            let page: Documents = serde_json::from_str(&text(response, &url)?)
                .context(ErrorKind::Unavailable, || format!("{url} did not answer as Footnote does"))?;
            by_key.extend(page.items.into_iter().map(|listed| (listed.key, listed.id)));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let known = set.corpus.iter().filter_map(|d| Some((d.id.clone(), *by_key.get(&d.key)?)));
        Ok(known.collect())
    }

    fn ask(&self, question: &Question, body: &Value) -> Result<Answered> {
        let url = format!("{}/ask", self.address);
        let began = Instant::now();
        let request = self
            .agent
            .post(&url)
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", "application/json");
        let response =
            request.send(body.to_string()).context(ErrorKind::Unavailable, || format!("cannot ask {url}"))?;
        if !response.status().is_success() {
            let status = response.status();
            let told = response.into_body().read_to_string().ok();
            return Err(refusal(&url, status, told.as_deref()));
        }
        let reader = BufReader::new(response.into_body().into_reader());
        let (answer, first) = read_events(reader, || began.elapsed().as_secs_f64())?;
        let seconds = began.elapsed().as_secs_f64();
        Ok(Answered {
            question: question.text.clone(),
            answer,
            passages: Vec::new(),
            first_token_seconds: first.unwrap_or(seconds),
            seconds,
        })
    }
}

/// The body of a response that is no failure.
fn text(mut response: ureq::http::Response<ureq::Body>, url: &str) -> Result<String> {
    let status = response.status();
    let text = response
        .body_mut()
        .read_to_string()
        .context(ErrorKind::Unavailable, || format!("cannot read the answer of {url}"))?;
    if status.is_success() { Ok(text) } else { Err(refusal(url, status, Some(&text))) }
}

/// What a response that is a failure says.
fn refusal(url: &str, status: StatusCode, text: Option<&str>) -> Error {
    let problem: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    Error::unavailable(format!("{url} answered {status}: {}", detail.unwrap_or("no reason given")))
}

/// The answer at the end of a stream of server-sent events, and when its first words came.
fn read_events(reader: impl BufRead, now: impl Fn() -> f64) -> Result<(Answer, Option<f64>)> {
    let mut event = String::new();
    let mut first = None;
    for line in reader.lines() {
        let line = line.context(ErrorKind::Unavailable, || "the answer broke off".to_owned())?;
        if let Some(name) = line.strip_prefix("event:") {
            name.trim().clone_into(&mut event);
            if event == "token" {
                first.get_or_insert_with(&now);
            }
        }
        let Some(data) = line.strip_prefix("data:") else { continue };
        match event.as_str() {
            "done" => {
                let answer = serde_json::from_str(data).context(ErrorKind::Unavailable, || {
                    "the answer is not as Footnote writes it".to_owned()
                })?;
                return Ok((answer, first));
            }
            "error" => return Err(Error::unavailable(format!("the service failed: {}", data.trim()))),
            _ => {}
        }
    }
    Err(Error::unavailable("the answer ended before it was whole"))
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
        let (answer, first) = read_events(stream.as_bytes(), || 0.5).unwrap();
        assert_eq!((answer.text.as_str(), answer.usage.completion_tokens), ("15 days [1]", 2));
        assert_eq!(first, Some(0.5));
        let failed = "event: error\ndata: {\"detail\":\"busy\"}\n\n";
        assert!(read_events(failed.as_bytes(), || 0.0).is_err_and(|e| e.to_string().contains("busy")));
        assert!(read_events("event: token\ndata: {}\n\n".as_bytes(), || 0.0).is_err());
    }
}
