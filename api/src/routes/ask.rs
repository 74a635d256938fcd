//! `POST /knowledge-bases/{kb}/ask`

use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use footnote_core::Error;
use footnote_core::answer::{AnswerEvent, Failure};
use footnote_core::ids::ConversationId;
use footnote_core::passage::Retrieved;
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Routes;
use super::paths::KnowledgeBasePath;
use super::views::{
    AnswerModeView, AnswerView, CitationView, EvidenceView, FilterBody, PassageView, SamplingBody,
    SentenceView, UnsupportedPolicyView,
};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::Failures;
use crate::service::ask::{self, AskInput, Asked, Earlier};
use crate::sse;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(ask))
}

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    /// Its text, up to 8,000 characters.
    #[schema(example = "How many days of annual leave does a new employee have?")]
    pub question: String,
    /// What passages must match besides.
    #[serde(default)]
    pub filter: FilterBody,
    /// Answer from the versions that were current at this time (RFC 3339) instead of those that are now. What has
    /// been deleted since stays deleted.
    #[serde(default)]
    #[schema(example = "2024-06-30T00:00:00Z")]
    pub as_of: Option<DateTime<Utc>>,
    /// Sampling settings that differ from the knowledge base's.
    #[serde(default)]
    pub sampling: SamplingBody,
    /// Id of the conversation that goes on, or `new` to begin one. Left out, no conversation is stored; the receipt,
    /// with question and answer, always is.
    #[serde(default)]
    pub conversation: Option<String>,
    /// `extractive` answers with sentences of the sources, `generative` lets the model write; left out, as in
    /// the knowledge base's settings.
    #[serde(default)]
    pub mode: Option<AnswerModeView>,
    /// What becomes of sentences that their sources do not support: `drop`, `quote` or `flag`; left out, as
    /// in the settings.
    #[serde(default)]
    pub unsupported: Option<UnsupportedPolicyView>,
    /// Whether to stream server-sent events instead of one JSON answer.
    #[serde(default)]
    pub stream: bool,
}

/// What the answer rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SourcesView {
    /// The conversation it belongs to.
    pub conversation: Option<Uuid>,
    /// The id of the answer; also the id of its stored message.
    pub id: Uuid,
    /// What was searched for: one text for each part of the question, made to stand alone, and the translations
    /// where what was found is in another language.
    pub searched: Vec<String>,
    /// The passages that the model is shown, numbered as in the answer's markers.
    pub passages: Vec<PassageView>,
    /// Whether they suffice.
    pub evidence: EvidenceView,
}

/// An answer with what it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskResponse {
    /// The conversation it belongs to.
    pub conversation: Option<Uuid>,
    /// The id of the answer; also the id of its stored message.
    pub id: Uuid,
    /// What was searched for: one text for each part of the question, made to stand alone, and the translations
    /// where what was found is in another language.
    pub searched: Vec<String>,
    /// The answer with its citations.
    pub answer: AnswerView,
    /// The passages that the model was shown, numbered as in the answer's markers.
    pub passages: Vec<PassageView>,
}

/// Text to append.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    text: String,
}

/// A failure after the stream began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamErrorView {
    title: String,
    status: u16,
    detail: String,
}

impl From<Failure> for StreamErrorView {
    fn from(failure: Failure) -> Self {
        let error = ApiError::from(failure.into_error());
        let title = error.status().canonical_reason().unwrap_or("Error").to_owned();
        Self { title, status: error.status().as_u16(), detail: error.detail().to_owned() }
    }
}

/// Ask
///
/// With `stream`, server-sent events: `sources` first (passages and evidence), then for each sentence
/// `token` (`{"text"}`), `citation` and `sentence` (its verdict), then one `done` (the whole answer) or one
/// `error`. A sentence is sent once its verdict is known; one that was dropped has no `token`. The texts of
/// all tokens together are the answer's text.
#[utoipa::path(post, path = "/knowledge-bases/{kb}/ask", tag = "questions", params(KnowledgeBasePath),
    request_body = AskRequest,
    responses((status = 200, description = "The answer, or with `stream` its events", content(
        (AskResponse = "application/json"), (String = "text/event-stream"))), Failures))]
async fn ask(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Json(body): Json<AskRequest>,
) -> Result<Response, ApiError> {
    let input = AskInput {
        question: body.question,
        filter: body.filter.compile()?,
        as_of: body.as_of,
        sampling: body.sampling.into(),
        earlier: earlier(body.conversation.as_deref())?,
        mode: body.mode.map(Into::into),
        unsupported: body.unsupported.map(Into::into),
    };
    let asked = ask::ask(&app, &principal, &path.kb, input).await?;
    if body.stream {
        return Ok(sse::respond(events(asked)));
    }
    let (conversation, id) = (asked.conversation.map(|c| c.0), asked.message.0);
    let (passages, searched) = (passages(&asked.retrieved), asked.searched.clone());
    let answer = AnswerView::from(&asked.answer().await?);
    Ok(Json(AskResponse { conversation, id, searched, answer, passages }).into_response())
}

fn earlier(conversation: Option<&str>) -> Result<Earlier, Error> {
    match conversation {
        None => Ok(Earlier::Nothing),
        Some("new") => Ok(Earlier::StartConversation),
        Some(id) => match id.parse::<ConversationId>() {
            Ok(id) => Ok(Earlier::Conversation(id)),
            Err(_) => Err(Error::invalid(format!("conversation {id:?} is neither an id nor \"new\""))),
        },
    }
}

fn events(asked: Asked) -> impl Stream<Item = Event> {
    let sources = SourcesView {
        conversation: asked.conversation.map(|c| c.0),
        id: asked.message.0,
        searched: asked.searched.clone(),
        passages: passages(&asked.retrieved),
        evidence: (&asked.retrieved.evidence).into(),
    };
    let first = stream::once(std::future::ready(sse::event("sources", &sources)));
    first.chain(ReceiverStream::new(asked.events).map(event))
}

fn event(event: AnswerEvent) -> Event {
    match event {
        AnswerEvent::Token(text) => sse::event("token", &TokenView { text }),
        AnswerEvent::Citation(citation) => sse::event("citation", &CitationView::from(citation.as_ref())),
        AnswerEvent::Sentence(sentence) => sse::event("sentence", &SentenceView::from(sentence.as_ref())),
        AnswerEvent::Done(answer) => sse::event("done", &AnswerView::from(answer.as_ref())),
        AnswerEvent::Failed(failure) => sse::event("error", &StreamErrorView::from(failure)),
    }
}

fn passages(retrieved: &Retrieved) -> Vec<PassageView> {
    retrieved.passages.iter().map(PassageView::from).collect()
}

#[cfg(test)]
mod tests {
    use footnote_core::ErrorKind;

    use super::*;

    #[test]
    fn a_failure_in_the_stream_has_the_status_of_its_kind() {
        let status = |kind| {
            let message = "it failed".to_owned();
            let view = StreamErrorView::from(Failure { kind, message });
            (view.status, view.title)
        };
        assert_eq!(status(ErrorKind::NotInstalled), (501, "Not Implemented".to_owned()));
        assert_eq!(status(ErrorKind::Internal), (500, "Internal Server Error".to_owned()));
        assert_eq!(status(ErrorKind::InvalidInput), (400, "Bad Request".to_owned()));
    }

    #[test]
    fn a_conversation_is_new_known_or_none() {
        let id = ConversationId::new();
        assert_eq!(earlier(None).unwrap(), Earlier::Nothing);
        assert_eq!(earlier(Some("new")).unwrap(), Earlier::StartConversation);
        assert_eq!(earlier(Some(&id.to_string())).unwrap(), Earlier::Conversation(id));
        assert!(earlier(Some("last")).unwrap_err().to_string().contains("conversation"));
    }
}
