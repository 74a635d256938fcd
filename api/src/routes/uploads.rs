//! `POST /knowledge-bases/{kb}/documents`

use std::sync::Arc;
use std::time::Duration;

use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use footnote_core::document::Metadata;
use footnote_core::error::Context;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::password::Password;
use footnote_core::ports::StoredVersion;
use footnote_core::principal::{Principal, Role};
use footnote_core::{Error, ErrorKind, Result};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tracing::Instrument;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use super::paths::KnowledgeBasePath;
use super::views::UploadView;
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::openapi::Failures;
use crate::server::body::stalled;
use crate::service::filter::parse_metadata;
use crate::service::uploads::{self, Described, Held, IdempotencyKey, MAX_FILES, Reserved, StagedFile};
use crate::service::{FileName, knowledge_bases};

/// Bytes of the `metadata` part.
const MAX_METADATA_BYTES: usize = 64 * 1024;
/// What `?wait=true` means, and the most that can be asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

pub(super) fn routes(max_upload_bytes: u64) -> Routes {
    let limit = usize::try_from(max_upload_bytes).unwrap_or(usize::MAX);
    Routes::default().routes(routes!(upload)).layer(DefaultBodyLimit::max(limit))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UploadQuery {
    /// `true`, or seconds up to 600: answer when the jobs have ended, with 200 instead of 202.
    wait: Option<String>,
}

/// The parts of an upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the multipart body; the fields are read as a stream")]
struct UploadBody {
    /// One part per file, each with a filename; the part's name does not matter.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
    /// A JSON object of texts that becomes the metadata of all files.
    #[schema(example = "{\"year\": \"2026\"}")]
    metadata: Option<String>,
    /// What opens the files of this request that are encrypted. Kept for when they are read again, never shown.
    password: Option<String>,
}

/// A response as remembered for its idempotency key.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    status: u16,
    body: String,
}

/// Upload files
///
/// Each file becomes a document, or a new version of the document with that file name. Content that
/// is already there costs nothing. With an `Idempotency-Key`, the same request gets the same
/// response for 24 hours, and another request with that key is a conflict.
#[utoipa::path(post, path = "/knowledge-bases/{kb}/documents", tag = "documents",
    params(KnowledgeBasePath, UploadQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters")),
    request_body(content = UploadBody, content_type = "multipart/form-data"),
    responses((status = 200, description = "Stored, and all jobs have ended", body = UploadView),
        (status = 202, description = "Stored; jobs are under way", body = UploadView, headers(
            ("idempotent-replayed" = String, description = "`true` where this is the response to an earlier request"))),
        Failures))]
async fn upload(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, ApiError> {
    let knowledge_base = knowledge_bases::reach_as(&app, &principal, &path.kb, Role::Editor).await?;
    let wait = longest_wait(query.wait.as_deref())?;
    let idempotency_key = idempotency_key(&headers)?;
    let multipart = multipart.map_err(|e| ApiError::new(e.status(), e.body_text()))?;

    let Received { files, metadata, password } = receive(&app, multipart).await?;
    uploads::check(&files, metadata.as_ref())?;
    let held = match idempotency_key {
        None => None,
        Some(key) => {
            let described = Described { metadata: metadata.as_ref(), password: password.as_ref() };
            let fingerprint = uploads::fingerprint(&knowledge_base, &files, described);
            match uploads::reserve(&app, &principal, key, fingerprint).await? {
                Reserved::Held(held) => Some(held),
                Reserved::Answered(response) => return replayed(&response),
            }
        }
    };
    let upload = Upload { principal, knowledge_base, files, metadata, password, held: held.clone() };
    // Of its own, so that a client that leaves does not part what is stored from what is remembered.
    let storing = tokio::spawn(upload.store(app.clone()).in_current_span());
    let mut stored = storing.await.internal("storing the upload panicked")??;

    let ended = uploads::wait(&app, &mut stored, wait).await?;
    let response = Remembered::of(&stored, ended)?;
    if let Some(held) = held.filter(|_| ended) {
        held.remember(&app, &response.to_json()?).await?;
    }
    Ok(response.into_response())
}

/// A request's files on the way into the knowledge base.
struct Upload {
    principal: Principal,
    knowledge_base: KnowledgeBase,
    files: Vec<StagedFile>,
    metadata: Option<Metadata>,
    password: Option<Password>,
    held: Option<Held>,
}

impl Upload {
    /// Stores, and remembers the response before anybody waits for jobs: whenever the request comes
    /// again, what it brought is not stored again.
    async fn store(self, app: Arc<App>) -> Result<Vec<StoredVersion>> {
        let described = Described { metadata: self.metadata.as_ref(), password: self.password.as_ref() };
        let stored =
            uploads::store(&app, &self.principal, &self.knowledge_base, &self.files, described).await;
        let Some(held) = self.held else { return stored };
        match stored {
            Ok(stored) => {
                held.remember(&app, &Remembered::of(&stored, false)?.to_json()?).await?;
                Ok(stored)
            }
            Err(error) => {
                held.release(&app).await;
                Err(error)
            }
        }
    }
}

impl Remembered {
    fn of(stored: &[StoredVersion], ended: bool) -> Result<Self> {
        // Without a job there is nothing to wait for.
        let ended = ended || stored.iter().all(|item| item.job.is_none());
        let status = if ended { StatusCode::OK } else { StatusCode::ACCEPTED };
        let body = to_json(&UploadView::from(stored))?;
        Ok(Self { status: status.as_u16(), body })
    }

    fn to_json(&self) -> Result<String> {
        to_json(self)
    }
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).internal("cannot write the response as JSON")
}

impl IntoResponse for Remembered {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        (status, [(header::CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}

fn replayed(known: &str) -> Result<Response, ApiError> {
    let known: Remembered = serde_json::from_str(known)
        .map_err(|e| Error::corrupt("the remembered response is damaged").with_source(e))?;
    let mut response = known.into_response();
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

/// What a request brought.
#[derive(Default)]
pub(super) struct Received {
    pub(super) files: Vec<StagedFile>,
    pub(super) metadata: Option<Metadata>,
    pub(super) password: Option<Password>,
}

/// Streams every file of the request into the blob store.
pub(super) async fn receive(app: &App, mut multipart: Multipart) -> Result<Received, ApiError> {
    let Received { mut files, mut metadata, mut password } = Received::default();
    while let Some(field) = multipart.next_field().await.map_err(|e| unreadable(app, &e))? {
        let Some(file_name) = field.file_name() else {
            match field.name() {
                Some("metadata") => {
                    metadata = Some(parse_metadata(&read_text(app, "metadata", field).await?)?)
                }
                Some("password") => {
                    password = Some(Password::parse(&read_text(app, "password", field).await?)?)
                }
                other => {
                    let name = other.unwrap_or_default();
                    return Err(Error::invalid(format!(
                        "the part {name:?} has no filename; send files with a filename, and `metadata` or \
                         `password` as text"
                    ))
                    .into());
                }
            }
            continue;
        };
        // `curl -F password=@file` sends a secret as a file: it must not become a document.
        if let Some(name @ ("metadata" | "password")) = field.name() {
            return Err(Error::invalid(format!(
                "the part {name:?} has a filename; send it as text (`-F {name}=…` or, from a file, `-F '{name}=<FILE'`)"
            ))
            .into());
        }
        if files.len() == MAX_FILES {
            return Err(too_large(format!(
                "the request has more than {MAX_FILES} files; send several requests"
            )));
        }
        let name = FileName::parse(file_name)?;
        let pieces = field.map(|piece| piece.map_err(|e| unreadable(app, &e)));
        files.push(uploads::stage(app, name, pieces).await?);
    }
    Ok(Received { files, metadata, password })
}

async fn read_text(app: &App, name: &str, mut field: Field<'_>) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|e| unreadable(app, &e))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_METADATA_BYTES {
            return Err(too_large(format!("{name} is longer than {MAX_METADATA_BYTES} bytes; shorten it")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid(format!("{name} is not UTF-8")).into())
}

fn too_large(detail: String) -> ApiError {
    Error::new(ErrorKind::TooLarge, detail).into()
}

fn unreadable(app: &App, error: &MultipartError) -> ApiError {
    if let Some(stalled) = stalled(error) {
        return stalled;
    }
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let limit = app.config.server.max_upload_bytes;
        return too_large(format!(
            "the upload is larger than {limit} bytes; send less at once, or raise server.max_upload_bytes"
        ));
    }
    let words = error.body_text();
    let remedy = match words.contains("headers") {
        true => "; a part's filename may hold no NUL, control character or line break",
        false => "; send it again, whole",
    };
    Error::invalid(format!("the multipart body cannot be read: {words}{remedy}")).into()
}

fn longest_wait(wait: Option<&str>) -> Result<Duration> {
    match wait {
        None | Some("false") => Ok(Duration::ZERO),
        Some("" | "true") => Ok(LONGEST_WAIT),
        Some(text) => match text.parse() {
            Ok(seconds) if seconds <= LONGEST_WAIT.as_secs() => Ok(Duration::from_secs(seconds)),
            _ => Err(Error::invalid(format!("wait is {text:?}; give `true`, `false` or 0 to 600 seconds"))),
        },
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    // A value that is no text is none that parses.
    IdempotencyKey::parse(value.to_str().unwrap_or_default()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_asked_for_in_seconds_or_at_all() {
        let seconds = |wait| longest_wait(wait).map(|d| d.as_secs());
        assert_eq!(seconds(None).unwrap(), 0);
        assert_eq!(seconds(Some("false")).unwrap(), 0);
        assert_eq!(seconds(Some("true")).unwrap(), 600);
        assert_eq!(seconds(Some("7")).unwrap(), 7);
        for bad in ["-1", "601", "soon", "1.5"] {
            assert!(seconds(Some(bad)).unwrap_err().to_string().contains("wait"), "{bad}");
        }
    }
}
