//! Answers, the events that stream them, conversations and messages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::citation::Citation;
use crate::ids::{ApiKeyId, ConversationId, KnowledgeBaseId, MessageId};
use crate::passage::Evidence;
use crate::verdict::AnswerSentence;
use crate::{Error, ErrorKind};

/// Tokens used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Of those, tokens whose keys and values were reused from an earlier prompt.
    pub cached_tokens: usize,
    /// Tokens generated.
    pub completion_tokens: usize,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model was done, or a stop text came.
    Stop,
    /// `max_tokens` was reached.
    Length,
    /// The documents do not hold the answer.
    InsufficientEvidence,
}

/// How an answer is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerMode {
    /// Written by a model from the passages.
    #[default]
    Generative,
    /// Verbatim sentences of the sources, chosen and ordered. Also what a question falls back to where no
    /// model is installed or nothing that it wrote is supported.
    Extractive,
}

/// An answer with its proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The text, with `[n]` markers.
    pub text: String,
    /// What supports it.
    pub citations: Vec<Citation>,
    /// Every sentence with its verdict, in order; those that were dropped too. Empty for a refusal and for
    /// answers that were stored before sentences were judged.
    #[serde(default)]
    pub sentences: Vec<AnswerSentence>,
    /// How it was made.
    #[serde(default)]
    pub mode: AnswerMode,
    /// Whether the service says that it does not know.
    pub refused: bool,
    /// What the decision rested on.
    pub evidence: Evidence,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Tokens used.
    pub usage: Usage,
    /// The model that wrote it; `None` for a refusal.
    pub model: Option<String>,
}

/// What an answerer tells while it works, in order: for each sentence its `Token`, its `Citation`s and
/// its `Sentence` once its verdict is known, then one `Done` or one `Failed`. The texts of all tokens together are the answer's text.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerEvent {
    /// Text to append; always whole characters.
    Token(String),
    /// A citation of text already sent.
    Citation(Box<Citation>),
    /// The verdict on a sentence, which was sent before unless it was dropped.
    Sentence(Box<AnswerSentence>),
    /// The whole answer.
    Done(Box<Answer>),
    /// Generation failed after it began.
    Failed(Failure),
}

/// What a reader may know of an error that came after the answer had begun: its kind and message.
/// The causes, which may name paths, stay in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Decides the status, as with every other error.
    pub kind: ErrorKind,
    /// What failed.
    pub message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.message().to_owned() }
    }
}

impl Failure {
    /// The error, as far as it may be told.
    pub fn into_error(self) -> Error {
        Error::new(self.kind, self.message)
    }
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The service.
    Assistant,
}

/// One turn of a chat prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: MessageRole,
    /// What they say.
    pub content: String,
}

/// What came before a question in its conversation, as far as a model is shown it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// What the turns before these were about, a line each; `None` where these are all.
    pub summary: Option<String>,
    /// The latest turns, oldest first.
    pub turns: Vec<ChatMessage>,
}

/// What the older turns of a conversation were about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationSummary {
    /// A few lines, oldest first.
    pub text: String,
    /// How many messages it covers, from the first on.
    pub messages: usize,
}

/// A conversation in a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The knowledge base.
    pub knowledge_base: KnowledgeBaseId,
    /// The key that began it, which alone sees it besides admins; `None` for the local operator.
    pub owner: Option<ApiKeyId>,
    /// First question, shortened.
    pub title: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// A stored turn. An assistant's turn keeps its whole answer, citations included.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
    /// The answer, for the service's turns.
    pub answer: Option<Answer>,
    /// When.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_kind_and_message_and_tells_no_cause() {
        let cause = std::io::Error::other("/secret/model.gguf: permission denied");
        let error = Error::corrupt("cannot load the model").with_source(cause);
        let told = Failure::from(&error).into_error();
        assert_eq!((told.kind(), told.to_string().as_str()), (ErrorKind::Corrupt, "cannot load the model"));
    }
}
