//! A chat as chunks.

use axum::response::Response;
use axum::response::sse::Event;
use footnote_core::answer::{Answer, AnswerEvent};
use futures::{StreamExt, stream};
use tokio::sync::mpsc::Receiver;
use tokio_stream::wrappers::ReceiverStream;

use super::chat::{ChatHead, finish_reason, usage};
use super::wire::{ChatChunk, ChatChunkChoice, ChatDelta, ChatProof};
use crate::error::{ApiError, OpenAiError};
use crate::sse;

/// Streams the answer. Where the client leaves, generation is cancelled.
pub(super) fn respond(head: ChatHead, events: Receiver<AnswerEvent>, with_usage: bool) -> Response {
    let first = ChatDelta { role: Some("assistant"), ..text("") };
    let first = vec![piece(&head, first, None, with_usage)];
    let rest = ReceiverStream::new(events).map(move |event| chunks(&head, event, with_usage));
    sse::respond(stream::once(std::future::ready(first)).chain(rest).flat_map(stream::iter))
}

fn chunks(head: &ChatHead, event: AnswerEvent, with_usage: bool) -> Vec<Event> {
    match event {
        AnswerEvent::Token(token) => vec![piece(head, text(&token), None, with_usage)],
        // Told whole with the last chunk.
        AnswerEvent::Citation(_) | AnswerEvent::Sentence(_) => Vec::new(),
        AnswerEvent::Done(answer) => {
            let proof = ChatProof::of(&answer, &head.searched);
            let delta = ChatDelta { proof: Some(proof), ..ChatDelta::default() };
            let mut last = vec![piece(head, delta, Some(finish_reason(&answer)), with_usage)];
            if with_usage {
                last.push(usage_chunk(head, &answer));
            }
            last.push(Event::default().data("[DONE]"));
            last
        }
        AnswerEvent::Failed(failure) => {
            vec![sse::data(&OpenAiError::from_error(&ApiError::from(failure.into_error())))]
        }
    }
}

fn text(content: &str) -> ChatDelta {
    ChatDelta { content: Some(content.to_owned()), ..ChatDelta::default() }
}

fn piece(head: &ChatHead, delta: ChatDelta, finish_reason: Option<&'static str>, with_usage: bool) -> Event {
    let choice = ChatChunkChoice { index: 0, delta, finish_reason };
    // The usage is null until the last chunk.
    sse::data(&ChatChunk { usage: with_usage.then_some(None), ..chunk(head, vec![choice]) })
}

fn usage_chunk(head: &ChatHead, answer: &Answer) -> Event {
    sse::data(&ChatChunk { usage: Some(Some(usage(answer))), ..chunk(head, Vec::new()) })
}

fn chunk(head: &ChatHead, choices: Vec<ChatChunkChoice>) -> ChatChunk {
    ChatChunk {
        id: head.id.clone(),
        object: "chat.completion.chunk",
        created: head.created,
        model: head.model.clone(),
        choices,
        usage: None,
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::ErrorKind;
    use footnote_core::answer::{Failure, FinishReason, Usage};
    use footnote_core::passage::Evidence;
    use serde_json::{Value, json};
    use tokio::sync::mpsc;

    use super::*;

    async fn streamed(events: Vec<AnswerEvent>, with_usage: bool) -> Vec<String> {
        let (sender, receiver) = mpsc::channel(8);
        for event in events {
            sender.send(event).await.unwrap();
        }
        drop(sender);
        let head = ChatHead {
            id: "chatcmpl-1".to_owned(),
            created: 7,
            model: "kb".to_owned(),
            searched: vec!["几天？".to_owned()],
        };
        let body = respond(head, receiver, with_usage).into_body();
        let bytes = axum::body::to_bytes(body, 100_000).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    fn answer() -> Answer {
        Answer {
            text: "十天。".to_owned(),
            citations: Vec::new(),
            sentences: Vec::new(),
            mode: footnote_core::answer::AnswerMode::Generative,
            refused: false,
            evidence: Evidence { score: 1.0, threshold: 0.5, sufficient: true },
            finish_reason: FinishReason::Length,
            usage: Usage { prompt_tokens: 3, cached_tokens: 0, completion_tokens: 2 },
            model: None,
        }
    }

    #[tokio::test]
    async fn a_stream_is_role_text_end_usage_and_done() {
        let events = vec![
            AnswerEvent::Token("十".to_owned()),
            AnswerEvent::Token("天。".to_owned()),
            AnswerEvent::Done(Box::new(answer())),
        ];
        let lines = streamed(events, true).await;
        let (done, chunks) = lines.split_last().unwrap();
        assert_eq!(done, "[DONE]");
        let chunks: Vec<Value> = chunks.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
        assert_eq!(chunks[1]["choices"][0]["delta"], json!({"content": "十"}));
        assert_eq!(chunks[2]["choices"][0]["finish_reason"], Value::Null);
        assert_eq!(chunks[3]["choices"][0]["finish_reason"], "length");
        assert_eq!(
            chunks[3]["choices"][0]["delta"],
            json!({"citations": [], "sentences": [], "searched": ["几天？"], "refused": false})
        );
        assert_eq!(chunks[4]["choices"], json!([]));
        assert_eq!(chunks[4]["usage"]["total_tokens"], 5);
        assert!(chunks[..4].iter().all(|c| c.get("usage") == Some(&Value::Null)));
        assert!(chunks.iter().all(|c| c["object"] == "chat.completion.chunk" && c["id"] == "chatcmpl-1"));
    }

    #[tokio::test]
    async fn usage_is_told_only_where_asked_for_and_failures_are() {
        let lines = streamed(vec![AnswerEvent::Done(Box::new(answer()))], false).await;
        assert!(lines.iter().all(|line| !line.contains("usage")), "{lines:?}");
        for (kind, told) in
            [(ErrorKind::Internal, "server_error"), (ErrorKind::InvalidInput, "invalid_request_error")]
        {
            let failure = Failure { kind, message: "out of memory".to_owned() };
            let lines = streamed(vec![AnswerEvent::Failed(failure)], false).await;
            let error: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
            assert_eq!(error["error"]["type"], told);
        }
    }
}
