//! `/v1`: OpenAI's dialect, a projection of the same services. The model name of a chat chooses
//! the knowledge base; the model name of embeddings is the embedder's.

use footnote_core::{Error, ErrorKind};

use crate::error::ApiError;
use crate::routes::Routes;

mod chat;
mod chat_stream;
mod embeddings;
mod models;
mod wire;

pub use wire::{
    ChatChoice, ChatChunk, ChatChunkChoice, ChatCompletion, ChatDelta, ChatMessageOut, ChatProof,
    ChatRequest, ChatTurn, ChatUsage, ContentPart, Embedding, EmbeddingInput, EmbeddingList,
    EmbeddingRequest, EmbeddingUsage, EmbeddingVector, EncodingFormat, InputType, MessageContent, Model,
    ModelList, Stop, StreamOptions,
};

/// A failure to find what a model name stands for, as OpenAI's clients look for it.
fn model_error(error: Error) -> ApiError {
    let is_missing = error.kind() == ErrorKind::NotFound;
    let error = ApiError::from(error);
    if is_missing { error.with_openai_code("model_not_found") } else { error }
}

/// Routes that answer within the request timeout.
pub fn quick() -> Routes {
    Routes::default().merge(models::routes())
}

/// Routes that stream, or take as long as a model does.
pub fn slow() -> Routes {
    Routes::default().merge(chat::routes()).merge(embeddings::routes())
}
