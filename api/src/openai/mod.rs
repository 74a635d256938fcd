//! `/v1`: OpenAI's dialect, a projection of the same services. The model name of a chat chooses
//! the knowledge base; the model name of embeddings is the embedder's.

use crate::routes::Routes;

mod chat;
mod chat_stream;
mod embeddings;
mod models;
mod wire;

pub use wire::{
    ChatChoice, ChatChunk, ChatChunkChoice, ChatCompletion, ChatDelta, ChatMessageOut, ChatRequest, ChatTurn,
    ChatUsage, ContentPart, Embedding, EmbeddingInput, EmbeddingList, EmbeddingRequest, EmbeddingUsage,
    EmbeddingVector, EncodingFormat, InputType, MessageContent, Model, ModelList, Stop, StreamOptions,
};

/// Routes that answer within the request timeout.
pub fn quick() -> Routes {
    Routes::default().merge(models::routes())
}

/// Routes that stream, or take as long as a model does.
pub fn slow() -> Routes {
    Routes::default().merge(chat::routes()).merge(embeddings::routes())
}
