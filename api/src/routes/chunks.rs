//! `/knowledge-bases/{kb}/documents/{document}/chunks` and `/lines`, and the preview of chunks.

use std::sync::Arc;

use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use footnote_core::Error;
use footnote_core::chunk::EditAuthor;
use footnote_core::ids::{ChunkId, DocumentId, VersionId};
use footnote_core::knowledge_base::ChunkerSettings;
use footnote_core::principal::Role;
use footnote_ingest::edits::WantedEdit;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

use super::Routes;
use super::paths::{ChunkPath, DocumentPath, KnowledgeBasePath};
use super::uploads::{self, Received};
use super::views::{ChunksView, EditedChunkView, LineView, PreviewView};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::knowledge_bases::ChunkingChanges;
use crate::service::{chunks, knowledge_bases};

/// Chunks of one response, by default and at the most.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 500;

pub(super) fn routes() -> Routes {
    Routes::default().routes(routes!(list)).routes(routes!(edit)).routes(routes!(lines))
}

/// Takes as long as a client needs to send its file.
pub(super) fn preview_routes(max_upload_bytes: u64) -> Routes {
    let limit = usize::try_from(max_upload_bytes).unwrap_or(usize::MAX);
    Routes::default().routes(routes!(preview)).layer(DefaultBodyLimit::max(limit))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ChunksQuery {
    /// A version of the document; by default the one that answers questions, else the newest.
    version: Option<Uuid>,
    /// Position of the first chunk wanted, from 0.
    start: Option<usize>,
    /// Chunks at the most, 1 to 500; 50 by default.
    limit: Option<usize>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LinesQuery {
    /// A version of the document; by default the one that answers questions, else the newest.
    version: Option<Uuid>,
    /// The first Unicode scalar value wanted, as in a citation's `source_span`.
    start: Option<usize>,
    /// One past the last Unicode scalar value wanted.
    end: Option<usize>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    /// Largest chunk in tokens, 32 to 2048; by default the knowledge base's.
    max_tokens: Option<usize>,
    /// Tokens repeated from the chunk before, up to half of `max_tokens`.
    overlap_tokens: Option<usize>,
    /// Chunks shown at the most, 1 to 500; 50 by default.
    limit: Option<usize>,
}

/// What is to be added to a chunk, in the place of what was added before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditChunkRequest {
    /// The version whose chunks were listed: where another one is current by now, the ordinal may mean another chunk,
    /// and the answer is 409. Left out: whichever is current.
    #[serde(default)]
    pub version: Option<Uuid>,
    /// The id of the chunk as it was listed: where the ordinal means another chunk by now, as the knowledge base was cut
    /// anew, the answer is 409. Left out: whichever has the ordinal.
    #[serde(default)]
    pub chunk: Option<Uuid>,
    /// Words to find it by, such as other names and likely questions, up to 2,000 characters: searched with the
    /// chunk, never shown to a model and never cited. Left out or empty: none.
    #[serde(default)]
    #[schema(example = "holiday entitlement; How many days off do I get?")]
    pub note: Option<String>,
    /// Whether the chunk is no longer to be found.
    #[serde(default)]
    pub hidden: bool,
}

/// The part of a preview.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the multipart body; the file is read as a stream")]
struct PreviewBody {
    /// One file with a filename.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// List the chunks of a document
#[utoipa::path(get, path = "/knowledge-bases/{kb}/documents/{document}/chunks", tag = "documents",
    params(DocumentPath, ChunksQuery),
    responses((status = 200, description = "Chunks in order", body = ChunksView), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<DocumentPath>,
    Query(query): Query<ChunksQuery>,
) -> Result<Json<ChunksView>, ApiError> {
    let limit = checked(query.limit)?;
    let version = query.version.map(VersionId);
    let chunks = chunks::list(&app, &principal, &path.kb, DocumentId(path.document), version).await?;
    Ok(Json(ChunksView::of(&chunks, query.start.unwrap_or(0), limit)))
}

/// Add words to a chunk, or hide it
///
/// The text stays what the document says. The edit goes on with the document: each new version has it on the chunk with
/// the same text, or the one most like it.
#[utoipa::path(put, path = "/knowledge-bases/{kb}/documents/{document}/chunks/{ordinal}", tag = "documents",
    params(ChunkPath), request_body = EditChunkRequest,
    responses((status = 202, description = "Stored; hidden or shown at once, and found by its words when the job has ended",
        body = EditedChunkView), Failures))]
async fn edit(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<ChunkPath>,
    Json(body): Json<EditChunkRequest>,
) -> Result<(StatusCode, Json<EditedChunkView>), ApiError> {
    let document = DocumentId(path.document);
    let edit = WantedEdit {
        version: body.version.map(VersionId),
        ordinal: path.ordinal,
        chunk: body.chunk.map(ChunkId),
        note: body.note,
        hidden: body.hidden,
        author: EditAuthor::Person,
    };
    let edited = chunks::edit(&app, &principal, &path.kb, document, edit).await?;
    Ok((StatusCode::ACCEPTED, Json(edited.into())))
}

/// Show where lines stand on their pages, to draw a citation
#[utoipa::path(get, path = "/knowledge-bases/{kb}/documents/{document}/lines", tag = "documents",
    params(DocumentPath, LinesQuery),
    responses((status = 200, description = "Lines in order; none where the format has no places on pages",
        body = Vec<LineView>), Failures))]
async fn lines(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<DocumentPath>,
    Query(query): Query<LinesQuery>,
) -> Result<Json<Vec<LineView>>, ApiError> {
    let (document, version) = (DocumentId(path.document), query.version.map(VersionId));
    let span = (query.start, query.end);
    let lines = chunks::lines(&app, &principal, &path.kb, document, version, span).await?;
    Ok(Json(lines.into_iter().map(LineView::from).collect()))
}

/// Show how a file would be read and cut, before anything is indexed
#[utoipa::path(post, path = "/knowledge-bases/{kb}/chunks/preview", tag = "documents",
    params(KnowledgeBasePath, PreviewQuery),
    request_body(content = PreviewBody, content_type = "multipart/form-data"),
    responses((status = 200, description = "What parsing found, and the first chunks", body = PreviewView), Failures))]
async fn preview(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(query): Query<PreviewQuery>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Json<PreviewView>, ApiError> {
    let knowledge_base = knowledge_bases::reach_as(&app, &principal, &path.kb, Role::Editor).await?;
    let limit = checked(query.limit)?;
    let chunker = match (query.max_tokens, query.overlap_tokens) {
        (None, None) => None,
        (max_tokens, overlap_tokens) => Some(chunks::settings(max_tokens, overlap_tokens)?),
    };
    let multipart = multipart.map_err(|e| ApiError::new(e.status(), e.body_text()))?;
    let Received { files, password, .. } = uploads::receive(&app, multipart).await?;
    let [file] = files.as_slice() else {
        return Err(
            Error::invalid(format!("the request has {} files; send one to preview", files.len())).into()
        );
    };
    let preview = chunks::preview(&app, &principal, &knowledge_base, file, password, chunker).await?;
    Ok(Json(PreviewView::of(&preview, limit)))
}

fn checked(limit: Option<usize>) -> Result<usize, ApiError> {
    match limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => Err(Error::invalid(format!("limit is {other}; give 1 to {MAX_LIMIT}")).into()),
    }
}

/// How documents are to be cut, where it differs from the defaults.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChunkingBody {
    /// Largest chunk in tokens of the embedder, 32 to 2048; 320 by default.
    pub max_tokens: Option<usize>,
    /// Tokens repeated from the chunk before, up to half of `max_tokens`; 0 by default.
    pub overlap_tokens: Option<usize>,
}

impl ChunkingBody {
    /// As changes of what is.
    pub(super) fn changes(&self) -> ChunkingChanges {
        ChunkingChanges { max_tokens: self.max_tokens, overlap_tokens: self.overlap_tokens }
    }

    /// The settings, checked.
    pub(super) fn settings(&self) -> Result<ChunkerSettings, Error> {
        chunks::settings(self.max_tokens, self.overlap_tokens)
    }
}
