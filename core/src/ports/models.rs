//! The seams of the models.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::Result;
use crate::answer::{ChatMessage, Failure, FinishReason, Usage};
use crate::settings::SamplingSettings;

/// Counts an embedder's tokens without embedding.
pub trait TokenCounter: Send + Sync {
    /// End of each token of `text` as a byte offset, in order; no special tokens.
    fn token_ends(&self, text: &str) -> Result<Vec<usize>>;
}

/// Makes vectors of texts. Adds the prefixes its model wants by itself.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Identifies model, weights, pooling and prefixes: equal fingerprints give equal vectors.
    fn fingerprint(&self) -> &str;
    /// Length of its vectors.
    fn dimension(&self) -> usize;
    /// Most tokens of a text, special tokens and prefix already taken off.
    fn max_tokens(&self) -> usize;
    /// Its tokenizer.
    fn tokens(&self) -> Arc<dyn TokenCounter>;
    /// The L2-normalised vector of a question. A question longer than the model takes is refused
    /// or embedded in parts whose mean is taken, never cut.
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>>;
    /// The L2-normalised vectors of passages, in order. Invalid input where one is too long.
    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>>;
}

/// Scores how well texts answer a query, by reading both together (a cross-encoder).
#[async_trait]
pub trait Reranker: Send + Sync {
    /// Identifies model and weights.
    fn fingerprint(&self) -> &str;
    /// One score per text, in order; higher is better.
    async fn rerank(&self, query: &str, texts: Vec<String>) -> Result<Vec<f32>>;
}

/// A chat prompt with how to sample.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationRequest {
    /// The turns; the model's own chat template is applied to them.
    pub messages: Vec<ChatMessage>,
    /// How to sample.
    pub sampling: SamplingSettings,
}

/// A prompt's size in the tokens of a generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptSize {
    /// Tokens of the prompt.
    pub tokens: usize,
    /// Most tokens of prompt and answer together.
    pub context: usize,
}

/// What a generator tells while it works.
#[derive(Debug, Clone, PartialEq)]
pub enum GenerationEvent {
    /// Text to append; always whole characters.
    Text(String),
    /// The end.
    Done {
        /// Why.
        reason: FinishReason,
        /// Tokens used.
        usage: Usage,
    },
    /// It failed.
    Failed(Failure),
}

/// A language model.
#[async_trait]
pub trait Generator: Send + Sync {
    /// Names the model.
    fn model(&self) -> &str;
    /// Identifies model and weights: equal fingerprints write equal answers.
    fn fingerprint(&self) -> &str;
    /// How much of the context the prompt of these turns takes.
    async fn measure(&self, messages: &[ChatMessage]) -> Result<PromptSize>;
    /// Queues a prompt: busy where the queue is full, invalid input where the prompt and the
    /// tokens asked for exceed the context. Dropping the receiver cancels.
    async fn generate(&self, request: GenerationRequest) -> Result<mpsc::Receiver<GenerationEvent>>;
    /// The natural logarithm of how much likelier the answer to these turns begins with `one` than with
    /// `other`; both count by their first token. Errors as of [`Self::generate`].
    async fn log_odds(&self, messages: &[ChatMessage], one: &str, other: &str) -> Result<f32>;
}
