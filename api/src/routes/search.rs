//! `POST /knowledge-bases/{kb}/search`

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use footnote_retriever::hybrid::SearchMode;
use footnote_retriever::ranking::Duplicates;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::paths::KnowledgeBasePath;
use super::views::{CandidateView, DuplicateView, FilterBody};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::Failures;
use crate::service::search::{self, SearchInput};

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(search))
}

/// Which indexes are searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchModeView {
    /// Both, fused and reranked as the knowledge base's settings say.
    #[default]
    Hybrid,
    /// Vectors only.
    Vector,
    /// Words only.
    Keyword,
}

impl From<SearchModeView> for SearchMode {
    fn from(mode: SearchModeView) -> Self {
        match mode {
            SearchModeView::Hybrid => Self::Hybrid,
            SearchModeView::Vector => Self::Dense,
            SearchModeView::Keyword => Self::Keyword,
        }
    }
}

/// What to look for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Plain words; nothing in it is query syntax.
    #[schema(example = "annual leave")]
    pub query: String,
    /// Which indexes are searched.
    #[serde(default)]
    pub mode: SearchModeView,
    /// Results at the most, 1 to 100.
    #[serde(default = "ten")]
    #[schema(default = 10, minimum = 1, maximum = 100)]
    pub limit: usize,
    /// What hits must match besides.
    #[serde(default)]
    pub filter: FilterBody,
    /// Search the versions that were current at this time (RFC 3339) instead of those that are now. What has
    /// been deleted since stays deleted.
    #[serde(default)]
    #[schema(example = "2024-06-30T00:00:00Z")]
    pub as_of: Option<DateTime<Utc>>,
    /// Whether chunks that say nothing which a better result does not have places of their own. Without, such a
    /// result tells in `also_in` where else it stands.
    #[serde(default)]
    pub duplicates: bool,
    /// Whether to also give every candidate that was considered.
    #[serde(default)]
    pub explain: bool,
}

fn ten() -> usize {
    10
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResponse {
    /// The best chunks, in order.
    pub results: Vec<CandidateView>,
    /// With `explain`: every candidate that was considered: the results, duplicates of them, and what lies behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<CandidateView>>,
}

/// Search
#[utoipa::path(post, path = "/knowledge-bases/{kb}/search", tag = "questions", params(KnowledgeBasePath),
    request_body = SearchRequest,
    responses((status = 200, description = "The best chunks with every stage's rank and score", body = SearchResponse), Failures))]
async fn search(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Json(body): Json<SearchRequest>,
) -> Result<Json<SearchResponse>, ApiError> {
    let explain = body.explain;
    let input = SearchInput {
        query: body.query,
        mode: body.mode.into(),
        limit: body.limit,
        filter: body.filter.compile()?,
        as_of: body.as_of,
        duplicates: if body.duplicates { Duplicates::Keep } else { Duplicates::Fold },
        explain,
    };
    let found = search::search(&app, &principal, &path.kb, input).await?;
    let results = found.best.iter().map(|best| {
        let duplicates = found.duplicates.iter().filter(|it| it.of == best.chunk.chunk);
        let also_in = duplicates.map(|it| DuplicateView::from(&it.candidate)).collect();
        CandidateView { also_in, ..CandidateView::from(best) }
    });
    Ok(Json(SearchResponse {
        results: results.collect(),
        candidates: explain.then(|| found.candidates().map(CandidateView::from).collect()),
    }))
}
