//! `POST /v1/chat/completions`

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use footnote_core::answer::{Answer, ChatMessage, FinishReason, MessageRole};
use footnote_core::question::Filter;
use footnote_core::{Error, Result};
use utoipa_axum::routes;

use super::wire::{
    ChatChoice, ChatCompletion, ChatMessageOut, ChatProof, ChatRequest, ChatTurn, ChatUsage, MessageContent,
    Stop,
};
use super::{chat_stream, model_error};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::OpenAiFailures;
use crate::routes::Routes;
use crate::service::ask::{self, AskInput, Earlier, SamplingOverrides};

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(complete))
}

/// Names what of the request had no effect.
const IGNORED: HeaderName = HeaderName::from_static("footnote-ignored");

/// What identifies a chat in every chunk of it.
#[derive(Debug, Clone)]
pub(super) struct ChatHead {
    pub id: String,
    pub created: i64,
    pub model: String,
    /// What was searched for, which is told with the end.
    pub searched: Vec<String>,
}

/// Complete a chat from a knowledge base's documents
///
/// With `stream`, `chat.completion.chunk` events and `[DONE]`. The message, or the last piece of a stream, has beside
/// OpenAI's fields `citations`, `sentences` with their verdicts, `searched` and `refused`.
#[utoipa::path(post, path = "/chat/completions", tag = "openai", request_body = ChatRequest,
    responses((status = 200, description = "The answer, or with `stream` its chunks", content(
        (ChatCompletion = "application/json"), (super::wire::ChatChunk = "text/event-stream"))), OpenAiFailures))]
async fn complete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Json(body): Json<ChatRequest>,
) -> Result<Response, ApiError> {
    refuse_unsupported(&body)?;
    let (question, history) = split(&body.messages)?;
    let ignored = ignored(&body.messages);
    let input = AskInput {
        question,
        filter: Filter::default(),
        sampling: sampling(&body),
        earlier: Earlier::Turns(history),
        as_of: body.as_of,
        mode: body.mode.map(Into::into),
        unsupported: body.unsupported.map(Into::into),
    };
    let asked = ask::ask(&app, &principal, &body.model, input).await.map_err(model_error)?;
    let head = ChatHead {
        id: format!("chatcmpl-{}", asked.message),
        created: app.now().timestamp(),
        model: body.model,
        searched: asked.searched.clone(),
    };
    let mut response = if body.stream == Some(true) {
        let with_usage = body.stream_options.is_some_and(|options| options.include_usage);
        chat_stream::respond(head, asked.events, with_usage)
    } else {
        Json(completion(head, &asked.answer().await?)).into_response()
    };
    response.headers_mut().extend(ignored);
    Ok(response)
}

/// What the request says and the answer does not heed. Clients send system turns unasked, so that
/// refusing them would shut most clients out.
fn ignored(messages: &[ChatTurn]) -> Option<(HeaderName, HeaderValue)> {
    let has_system = messages.iter().any(|turn| matches!(turn.role.as_str(), "system" | "developer"));
    has_system.then_some((IGNORED, HeaderValue::from_static("messages.system")))
}

fn completion(head: ChatHead, answer: &Answer) -> ChatCompletion {
    let message = ChatMessageOut {
        role: "assistant",
        content: answer.text.clone(),
        proof: ChatProof::of(answer, &head.searched),
    };
    ChatCompletion {
        id: head.id,
        object: "chat.completion",
        created: head.created,
        model: head.model,
        choices: vec![ChatChoice { index: 0, message, finish_reason: finish_reason(answer) }],
        usage: usage(answer),
    }
}

/// OpenAI has no word for "the documents do not hold the answer": that is an answer, too.
pub(super) fn finish_reason(answer: &Answer) -> &'static str {
    match answer.finish_reason {
        FinishReason::Stop | FinishReason::InsufficientEvidence => "stop",
        FinishReason::Length => "length",
    }
}

pub(super) fn usage(answer: &Answer) -> ChatUsage {
    let usage = answer.usage;
    ChatUsage {
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        total_tokens: usage.prompt_tokens + usage.completion_tokens,
    }
}

fn sampling(body: &ChatRequest) -> SamplingOverrides {
    SamplingOverrides {
        temperature: body.temperature,
        top_p: body.top_p,
        max_tokens: body.max_completion_tokens.or(body.max_tokens),
        // OpenAI's seeds are signed; any bits do.
        seed: body.seed.map(i64::cast_unsigned),
        stop: body.stop.clone().map(|stop| match stop {
            Stop::One(text) => vec![text],
            Stop::Many(texts) => texts,
        }),
        ..SamplingOverrides::default()
    }
}

fn refuse_unsupported(body: &ChatRequest) -> Result<()> {
    let is_some_and_filled = |list: &Option<Vec<_>>| list.as_ref().is_some_and(|l| !l.is_empty());
    let format = body.response_format.as_ref().and_then(|f| f.get("type")).and_then(|t| t.as_str());
    let unsupported = [
        ("n", body.n.is_some_and(|n| n != 1)),
        ("tools", is_some_and_filled(&body.tools)),
        ("functions", is_some_and_filled(&body.functions)),
        ("logprobs", body.logprobs == Some(true)),
        ("response_format", format.is_some_and(|format| format != "text")),
        ("presence_penalty", body.presence_penalty.is_some_and(|p| p != 0.0)),
        ("frequency_penalty", body.frequency_penalty.is_some_and(|p| p != 0.0)),
    ];
    match unsupported.iter().find(|(_, asked)| *asked) {
        Some((name, _)) => Err(Error::invalid(format!("{name} is not supported as given; leave it out"))),
        None => Ok(()),
    }
}

/// The last user turn is the question; user and assistant turns before it are history.
fn split(messages: &[ChatTurn]) -> Result<(String, Vec<ChatMessage>)> {
    let mut turns = Vec::new();
    for turn in messages {
        let role = match turn.role.as_str() {
            "user" => MessageRole::User,
            "assistant" => MessageRole::Assistant,
            "system" | "developer" => continue,
            other => {
                return Err(Error::invalid(format!("messages with the role {other:?} are not supported")));
            }
        };
        turns.push(ChatMessage { role, content: text_of(turn)? });
    }
    match turns.pop() {
        Some(last) if last.role == MessageRole::User => Ok((last.content, turns)),
        _ => Err(Error::invalid("the last message is not a user's; end messages with the question")),
    }
}

fn text_of(turn: &ChatTurn) -> Result<String> {
    let parts = match &turn.content {
        None => return Ok(String::new()),
        Some(MessageContent::Text(text)) => return Ok(text.clone()),
        Some(MessageContent::Parts(parts)) => parts,
    };
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        match (part.part_type.as_str(), &part.text) {
            ("text", Some(text)) => texts.push(text.as_str()),
            (other, _) => {
                return Err(Error::invalid(format!(
                    "content parts of type {other:?} are not supported; send text"
                )));
            }
        }
    }
    Ok(texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn null_is_as_if_left_out() {
        let body = request(json!({"stream": null, "stop": null, "n": null, "tools": null}));
        assert_eq!(body.stream, None);
        refuse_unsupported(&body).unwrap();
        assert!(ignored(&body.messages).is_none());
    }

    fn request(more: Value) -> ChatRequest {
        let mut body = json!({"model": "kb", "messages": [{"role": "user", "content": "why?"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn the_last_user_turn_is_the_question() {
        let body = request(json!({"messages": [
            {"role": "system", "content": "be a pirate"},
            {"role": "user", "content": "what is leave?"},
            {"role": "assistant", "content": "time off"},
            {"role": "user", "content": [{"type": "text", "text": "how"}, {"type": "text", "text": "long?"}]},
        ]}));
        assert!(ignored(&body.messages).is_some(), "the pirate is not heeded, and the client is told");
        let (question, history) = split(&body.messages).unwrap();
        assert_eq!(question, "how\nlong?");
        let roles: Vec<_> = history.iter().map(|m| m.role).collect();
        assert_eq!(roles, [MessageRole::User, MessageRole::Assistant]);
    }

    #[test]
    fn chats_that_do_not_end_with_a_question_are_refused() {
        for messages in [
            json!([]),
            json!([{"role": "system", "content": "x"}]),
            json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]),
            json!([{"role": "tool", "content": "x"}]),
            json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]),
        ] {
            assert!(split(&request(json!({ "messages": messages })).messages).is_err(), "{messages}");
        }
    }

    #[test]
    fn what_would_change_the_answer_and_is_not_supported_is_named() {
        refuse_unsupported(&request(json!({
            "n": 1, "tools": [], "user": "ann", "presence_penalty": 0, "response_format": {"type": "text"}
        })))
        .unwrap();
        for (name, value) in [
            ("n", json!(2)),
            ("tools", json!([{}])),
            ("logprobs", json!(true)),
            ("response_format", json!({"type": "json_object"})),
            ("frequency_penalty", json!(0.5)),
        ] {
            let mut more = json!({});
            more[name] = value;
            let error = refuse_unsupported(&request(more)).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn sampling_fields_are_honoured() {
        let overrides = sampling(&request(json!({
            "temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": -1, "stop": "END"
        })));
        assert_eq!(
            overrides,
            SamplingOverrides {
                temperature: Some(0.5),
                top_p: Some(0.9),
                max_tokens: Some(7),
                seed: Some(u64::MAX),
                stop: Some(vec!["END".to_owned()]),
                ..SamplingOverrides::default()
            }
        );
        assert_eq!(
            sampling(&request(json!({"max_completion_tokens": 9, "max_tokens": 7}))).max_tokens,
            Some(9)
        );
    }
}
