//! `POST /v1/embeddings`

use std::sync::Arc;

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use footnote_core::error::Context;
use footnote_core::principal::Role;
use footnote_core::{Error, ErrorKind, Result};
use utoipa_axum::routes;

use super::model_error;
use super::wire::{
    Embedding, EmbeddingInput, EmbeddingList, EmbeddingRequest, EmbeddingUsage, EmbeddingVector,
    EncodingFormat, InputType,
};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::OpenAiFailures;
use crate::routes::Routes;

/// Most texts of one request.
const MAX_TEXTS: usize = 256;
/// Most tokens of one request: some ten seconds of one session, for which others wait.
const MAX_TOKENS: usize = 65_536;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(embed))
}

/// Embed texts
#[utoipa::path(post, path = "/embeddings", tag = "openai", request_body = EmbeddingRequest,
    responses((status = 200, description = "Vectors in the order of the texts", body = EmbeddingList), OpenAiFailures))]
async fn embed(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Json(body): Json<EmbeddingRequest>,
) -> Result<Json<EmbeddingList>, ApiError> {
    principal.require(Role::Reader)?;
    let embedder_name = &app.config.models.embedder;
    if body.model != *embedder_name {
        let message = format!("model {:?} not found; the embedder is {embedder_name:?}", body.model);
        return Err(model_error(Error::new(ErrorKind::NotFound, message)));
    }
    let dimension = app.embedder.dimension();
    if body.dimensions.is_some_and(|wanted| wanted != dimension) {
        return Err(
            Error::invalid(format!("dimensions must be {dimension} for this model, or left out")).into()
        );
    }
    let texts = texts(body.input)?;
    let prompt_tokens = count_tokens(&app, texts.clone()).await?;
    if prompt_tokens > MAX_TOKENS {
        let message = format!("input has {prompt_tokens} tokens; send at most {MAX_TOKENS} at once");
        return Err(Error::new(ErrorKind::TooLarge, message).into());
    }
    let vectors = match body.input_type {
        InputType::Passage => app.embedder.embed_passages(texts).await?,
        InputType::Query => {
            let mut vectors = Vec::with_capacity(texts.len());
            for text in &texts {
                vectors.push(app.embedder.embed_query(text).await?);
            }
            vectors
        }
    };
    let data = vectors.into_iter().enumerate().map(|(index, vector)| Embedding {
        object: "embedding",
        index,
        embedding: encode(vector, body.encoding_format),
    });
    Ok(Json(EmbeddingList {
        object: "list",
        data: data.collect(),
        model: body.model,
        usage: EmbeddingUsage { prompt_tokens, total_tokens: prompt_tokens },
    }))
}

fn texts(input: EmbeddingInput) -> Result<Vec<String>> {
    let texts = match input {
        EmbeddingInput::One(text) => vec![text],
        EmbeddingInput::Many(texts) => texts,
    };
    if texts.is_empty() || texts.len() > MAX_TEXTS {
        return Err(Error::invalid(format!("input has {} texts; give 1 to {MAX_TEXTS}", texts.len())));
    }
    if let Some(empty) = texts.iter().position(|text| text.trim().is_empty()) {
        return Err(Error::invalid(format!("input {empty} is empty; leave it out")));
    }
    Ok(texts)
}

async fn count_tokens(app: &App, texts: Vec<String>) -> Result<usize> {
    let tokens = app.embedder.tokens();
    let count = move || {
        let mut sum = 0;
        for text in &texts {
            sum += tokens.token_ends(text)?.len();
        }
        Ok(sum)
    };
    tokio::task::spawn_blocking(count).await.internal("the thread that counts tokens stopped")?
}

fn encode(vector: Vec<f32>, format: EncodingFormat) -> EmbeddingVector {
    match format {
        EncodingFormat::Float => EmbeddingVector::Float(vector),
        EncodingFormat::Base64 => {
            let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
            EmbeddingVector::Base64(STANDARD.encode(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_little_endian_floats() {
        let vector = vec![1.0_f32, -0.5];
        assert_eq!(encode(vector.clone(), EncodingFormat::Float), EmbeddingVector::Float(vector.clone()));
        let expected = EmbeddingVector::Base64("AACAPwAAAL8=".to_owned());
        assert_eq!(encode(vector, EncodingFormat::Base64), expected);
    }

    #[test]
    fn texts_are_one_or_several_but_not_empty() {
        assert_eq!(texts(EmbeddingInput::One("a".into())).unwrap(), ["a"]);
        for bad in [vec![], vec!["a".to_owned(), " ".to_owned()], vec!["a".to_owned(); 257]] {
            assert!(texts(EmbeddingInput::Many(bad)).is_err());
        }
        assert!(serde_json::from_str::<EmbeddingInput>("[1, 2]").is_err(), "token ids");
    }
}
