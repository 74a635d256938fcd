//! The routes of `/api/v1`, thin: wire types in, one service function, wire types out.
//!
//! To add a route: write the handler with `#[utoipa::path]` in the file of its noun, and name it in
//! that file's `routes!`. Router and documentation both come from there.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

mod answers;
mod ask;
mod chunks;
mod conversations;
mod documents;
mod feedback;
mod health;
mod jobs;
mod keys;
mod knowledge_bases;
mod paths;
mod schedules;
mod search;
mod sources;
mod uploads;
pub mod views;
mod why;

#[cfg(test)]
mod tests;

pub use ask::{AskRequest, AskResponse};
pub(crate) use ask::{SourcesView, StreamErrorView, TokenView};
pub use chunks::{ChunkingBody, EditChunkRequest};
pub use feedback::{FeedbackRequest, PreferredSpanBody};
pub use health::{CheckView, ReadyView};
pub(crate) use jobs::WatchErrorView;
pub use keys::CreateKeyRequest;
pub use knowledge_bases::{CreateKnowledgeBaseRequest, UpdateKnowledgeBaseRequest};
pub use schedules::CreateScheduleRequest;
pub use search::{SearchModeView, SearchRequest, SearchResponse};
pub use sources::CreateSourceRequest;
pub use why::{LostAtView, ReplayResponse, WhyRequest, WhyResponse};

/// A router whose handlers know the app.
pub type Routes = OpenApiRouter<Arc<App>>;

/// Routes that answer within the request timeout.
pub fn quick() -> Routes {
    Routes::default()
        .merge(knowledge_bases::routes())
        .merge(documents::routes())
        .merge(chunks::routes())
        .merge(sources::routes())
        .merge(schedules::routes())
        .merge(jobs::routes())
        .merge(search::routes())
        .merge(conversations::routes())
        .merge(answers::routes())
        .merge(feedback::routes())
        .merge(keys::routes())
}

/// Routes that stream, or take as long as a model does.
pub fn slow() -> Routes {
    ask::routes().merge(why::routes())
}

/// Routes that take as long as a client needs to send its files.
pub fn uploads(max_upload_bytes: u64) -> Routes {
    uploads::routes(max_upload_bytes).merge(chunks::preview_routes(max_upload_bytes))
}

/// Routes for operators and their machines: no key, no data.
pub fn health() -> Routes {
    health::routes()
}
