//! Wire types of `/v1`.
//!
//! Unlike those of `/api/v1` they take unknown fields: OpenAI's clients send many that change
//! nothing here. Fields that would change the answer and are not supported are named, and refused.

use chrono::{DateTime, Utc};
use footnote_core::answer::Answer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::routes::views::{AnswerModeView, CitationView, SentenceView, UnsupportedPolicyView};

/// A chat to be completed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ChatRequest {
    /// Name or id of the knowledge base that answers.
    #[schema(example = "handbook")]
    pub model: String,
    /// The last user turn is the question, earlier ones are history. System turns have no effect,
    /// which the response header `footnote-ignored` tells: the knowledge base's own prompt instructs
    /// the model.
    pub messages: Vec<ChatTurn>,
    /// Whether to stream chunks.
    #[serde(default)]
    pub stream: Option<bool>,
    /// What a stream tells besides.
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    /// 0 is greedy; up to 2.
    #[serde(default)]
    pub temperature: Option<f32>,
    /// Keeps the likeliest tokens up to this mass.
    #[serde(default)]
    pub top_p: Option<f32>,
    /// Most tokens generated.
    #[serde(default)]
    pub max_tokens: Option<usize>,
    /// Newer name of `max_tokens`.
    #[serde(default)]
    pub max_completion_tokens: Option<usize>,
    /// Seed of the sampler.
    #[serde(default)]
    pub seed: Option<i64>,
    /// Texts at which generation ends.
    #[serde(default)]
    pub stop: Option<Stop>,
    /// Must be 1.
    #[serde(default)]
    pub n: Option<u32>,
    /// Not supported.
    #[serde(default)]
    pub tools: Option<Vec<Value>>,
    /// Not supported.
    #[serde(default)]
    pub functions: Option<Vec<Value>>,
    /// Not supported.
    #[serde(default)]
    pub logprobs: Option<bool>,
    /// Only `{"type": "text"}`.
    #[serde(default)]
    pub response_format: Option<Value>,
    /// Must be 0.
    #[serde(default)]
    pub presence_penalty: Option<f32>,
    /// Must be 0.
    #[serde(default)]
    pub frequency_penalty: Option<f32>,
    /// Answer from the versions that were current at this time (RFC 3339): not part of OpenAI's dialect, as of `ask`.
    #[serde(default)]
    #[schema(example = "2024-06-30T00:00:00Z")]
    pub as_of: Option<DateTime<Utc>>,
    /// `generative` or `extractive`: not part of OpenAI's dialect, as of `ask`.
    #[serde(default)]
    pub mode: Option<AnswerModeView>,
    /// What becomes of sentences that their sources do not support, `drop`, `quote` or `flag`: not part of OpenAI's
    /// dialect, as of `ask`.
    #[serde(default)]
    pub unsupported: Option<UnsupportedPolicyView>,
}

/// What a stream tells besides.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub struct StreamOptions {
    /// Whether the chunk before `[DONE]` carries the usage.
    #[serde(default)]
    pub include_usage: bool,
}

/// One turn of a chat.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ChatTurn {
    /// `system`, `developer`, `user` or `assistant`.
    pub role: String,
    /// Its text.
    #[serde(default)]
    pub content: Option<MessageContent>,
}

/// A turn's text, whole or in parts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MessageContent {
    /// Whole.
    Text(String),
    /// In parts.
    Parts(Vec<ContentPart>),
}

/// A part of a turn.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ContentPart {
    /// Only `text`.
    #[serde(rename = "type")]
    pub part_type: String,
    /// The text.
    #[serde(default)]
    pub text: Option<String>,
}

/// One text at which generation ends, or several.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Stop {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A completed chat.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatCompletion {
    /// Its id.
    pub id: String,
    /// `chat.completion`.
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: i64,
    /// The knowledge base, as asked.
    pub model: String,
    /// The one answer.
    pub choices: Vec<ChatChoice>,
    /// Tokens used.
    pub usage: ChatUsage,
}

/// An answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatChoice {
    /// 0.
    pub index: u32,
    /// The answer.
    pub message: ChatMessageOut,
    /// `stop` or `length`.
    pub finish_reason: &'static str,
}

/// The service's turn.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatMessageOut {
    /// `assistant`.
    pub role: &'static str,
    /// The answer's text, with `[n]` markers.
    pub content: String,
    /// What proves it.
    #[serde(flatten)]
    pub proof: ChatProof,
}

/// What proves an answer: not part of OpenAI's dialect.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChatProof {
    /// What supports it.
    pub citations: Vec<CitationView>,
    /// Every sentence with its verdict, in order; those that were dropped too, also of an answer that became a refusal.
    pub sentences: Vec<SentenceView>,
    /// What was searched for: one text for each part of the question, made to stand alone, and the translations
    /// where what was found is in another language.
    pub searched: Vec<String>,
    /// Whether the service says that it does not know.
    pub refused: bool,
}

impl ChatProof {
    /// Of an answer to what was searched for.
    pub fn of(answer: &Answer, searched: &[String]) -> Self {
        Self {
            citations: answer.citations.iter().map(CitationView::from).collect(),
            sentences: answer.sentences.iter().map(SentenceView::from).collect(),
            searched: searched.to_vec(),
            refused: answer.refused,
        }
    }
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatUsage {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens generated.
    pub completion_tokens: usize,
    /// Both.
    pub total_tokens: usize,
}

/// A piece of a streamed chat.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatChunk {
    /// The chat's id.
    pub id: String,
    /// `chat.completion.chunk`.
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: i64,
    /// The knowledge base, as asked.
    pub model: String,
    /// One, or none in the chunk that carries the usage.
    pub choices: Vec<ChatChunkChoice>,
    /// Where asked for: tokens used in the last chunk, null in the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ChatUsage>)]
    pub usage: Option<Option<ChatUsage>>,
}

/// A piece of an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatChunkChoice {
    /// 0.
    pub index: u32,
    /// What is new.
    pub delta: ChatDelta,
    /// In the last piece: `stop` or `length`.
    pub finish_reason: Option<&'static str>,
}

/// What is new in an answer.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct ChatDelta {
    /// `assistant`, in the first piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Text to append.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// What proves the answer, in the last piece.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ChatProof>,
}

/// Texts to be embedded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct EmbeddingRequest {
    /// Name of the embedder, as `/v1/models` lists it.
    #[schema(example = "multilingual-e5-small")]
    pub model: String,
    /// One text or several.
    pub input: EmbeddingInput,
    /// How vectors are written.
    #[serde(default)]
    pub encoding_format: EncodingFormat,
    /// Must be the embedder's, where it is given.
    #[serde(default)]
    pub dimensions: Option<usize>,
    /// Whether the texts are questions or passages: not part of OpenAI's dialect.
    #[serde(default)]
    pub input_type: InputType,
}

/// One text or several. Token ids are not supported.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum EmbeddingInput {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// How vectors are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncodingFormat {
    /// As JSON numbers.
    #[default]
    Float,
    /// As base64 of little-endian 32-bit floats.
    Base64,
}

/// What the texts are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputType {
    /// Stretches of documents.
    #[default]
    Passage,
    /// Questions.
    Query,
}

/// Vectors in the order of the texts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EmbeddingList {
    /// `list`.
    pub object: &'static str,
    /// The vectors.
    pub data: Vec<Embedding>,
    /// The embedder.
    pub model: String,
    /// Tokens used.
    pub usage: EmbeddingUsage,
}

/// One vector.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Embedding {
    /// `embedding`.
    pub object: &'static str,
    /// Position of its text.
    pub index: usize,
    /// The L2-normalised vector.
    pub embedding: EmbeddingVector,
}

/// A vector as asked for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum EmbeddingVector {
    /// As numbers.
    Float(Vec<f32>),
    /// As base64 of little-endian 32-bit floats.
    Base64(String),
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct EmbeddingUsage {
    /// Tokens of the texts.
    pub prompt_tokens: usize,
    /// The same.
    pub total_tokens: usize,
}

/// What can be named as a model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelList {
    /// `list`.
    pub object: &'static str,
    /// Knowledge bases, then the embedder.
    pub data: Vec<Model>,
}

/// A knowledge base or the embedder.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Model {
    /// The name.
    pub id: String,
    /// `model`.
    pub object: &'static str,
    /// Seconds since 1970; 0 for the embedder.
    pub created: i64,
    /// `footnote`.
    pub owned_by: &'static str,
}
