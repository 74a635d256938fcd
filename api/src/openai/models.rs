//! `/v1/models`

use std::sync::Arc;

use axum::extract::State;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::ports::ListRequest;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::model_error;
use super::wire::{Model, ModelList};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::OpenAiFailures;
use crate::routes::Routes;
use crate::service::knowledge_bases;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list)).routes(routes!(show))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ModelPath {
    /// Name or id of a knowledge base, or the embedder's name.
    model: String,
}

/// List what can be named as a model: knowledge bases, and the embedder
#[utoipa::path(get, path = "/models", tag = "openai",
    responses((status = 200, description = "The models", body = ModelList), OpenAiFailures))]
async fn list(State(app): State<Arc<App>>, Caller(principal): Caller) -> Result<Json<ModelList>, ApiError> {
    let mut data = Vec::new();
    let mut after = None;
    loop {
        let part = knowledge_bases::list(&app, &principal, ListRequest { after, limit: 200 }).await?;
        data.extend(part.items.into_iter().map(chat_model));
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    data.push(embedding_model(&app));
    Ok(Json(ModelList { object: "list", data }))
}

/// Show a model
#[utoipa::path(get, path = "/models/{model}", tag = "openai", params(ModelPath),
    responses((status = 200, description = "The model", body = Model), OpenAiFailures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<ModelPath>,
) -> Result<Json<Model>, ApiError> {
    if path.model == app.config.models.embedder {
        return Ok(Json(embedding_model(&app)));
    }
    let found = knowledge_bases::reach(&app, &principal, &path.model).await;
    Ok(Json(chat_model(found.map_err(model_error)?)))
}

fn chat_model(knowledge_base: KnowledgeBase) -> Model {
    let created = knowledge_base.created_at.timestamp();
    Model { id: knowledge_base.name, object: "model", created, owned_by: "footnote" }
}

fn embedding_model(app: &App) -> Model {
    Model { id: app.config.models.embedder.clone(), object: "model", created: 0, owned_by: "footnote" }
}
