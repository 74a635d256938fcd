//! `/knowledge-bases/{kb}/documents`, but for uploads.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use footnote_core::ids::{DocumentId, SourceId, VersionId};
use footnote_core::parsed::WarningKind;
use footnote_core::ports::{DocumentFilter, WarningFilter};
use footnote_core::{Error, ErrorKind};
use serde::Deserialize;
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

use super::Routes;
use super::paths::{DocumentPath, KnowledgeBasePath};
use super::views::{DocumentDetailView, DocumentView, Page, VersionStateView, page_request};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::Failures;
use crate::service::documents;

/// The version that a text or original belongs to.
const VERSION: HeaderName = HeaderName::from_static("footnote-version");
/// SHA-256 of the version's canonical text, as in citations.
const VERSION_HASH: HeaderName = HeaderName::from_static("footnote-version-hash");
/// The stretch of text given, in Unicode scalar values.
const SPAN: HeaderName = HeaderName::from_static("footnote-span");

pub(super) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list))
        .routes(routes!(show, delete))
        .routes(routes!(original))
        .routes(routes!(text))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only documents of this source.
    source: Option<Uuid>,
    /// Only the members of this archive or message.
    parent: Option<Uuid>,
    /// Only documents whose newest version stands so.
    #[param(inline)]
    state: Option<VersionStateView>,
    /// Only documents of whose newest version something was lost or is doubtful (`true`), or nothing (`false`), or
    /// that have a warning of this kind.
    #[param(inline)]
    warnings: Option<WarningsParameter>,
    /// `next` of the part before; leave it out to start at the newest.
    cursor: Option<String>,
    /// Items at the most, 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// What warnings have to say.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WarningsParameter {
    /// Something was lost or is doubtful.
    True,
    /// Neither.
    False,
    /// Something was lost.
    Lost,
    /// Something is doubtful.
    Doubtful,
    /// Something else is to be known.
    Note,
}

impl From<WarningsParameter> for WarningFilter {
    fn from(asked: WarningsParameter) -> Self {
        match asked {
            WarningsParameter::True => Self::LostOrDoubtful,
            WarningsParameter::False => Self::NeitherLostNorDoubtful,
            WarningsParameter::Lost => Self::OfKind(WarningKind::Lost),
            WarningsParameter::Doubtful => Self::OfKind(WarningKind::Doubtful),
            WarningsParameter::Note => Self::OfKind(WarningKind::Note),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct VersionQuery {
    /// A version of the document; by default the one that answers questions, else the newest.
    version: Option<Uuid>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TextQuery {
    /// A version of the document; by default the one that answers questions, else the newest.
    version: Option<Uuid>,
    /// The first Unicode scalar value wanted.
    start: Option<usize>,
    /// One past the last Unicode scalar value wanted.
    end: Option<usize>,
}

/// List documents with their newest version
#[utoipa::path(get, path = "/knowledge-bases/{kb}/documents", tag = "documents",
    params(KnowledgeBasePath, ListQuery),
    responses((status = 200, description = "A part of the list", body = Page<DocumentView>), Failures))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<KnowledgeBasePath>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<DocumentView>>, ApiError> {
    let request = page_request(query.cursor.as_deref(), query.limit)?;
    let filter = DocumentFilter {
        source: query.source.map(SourceId),
        state: query.state.map(Into::into),
        parent: query.parent.map(DocumentId),
        warnings: query.warnings.map(Into::into),
    };
    let listing = documents::list(&app, &principal, &path.kb, filter, request).await?;
    Ok(Json(Page::of(listing, Into::into)))
}

/// Show a document: versions, what parsing found, warnings
#[utoipa::path(get, path = "/knowledge-bases/{kb}/documents/{document}", tag = "documents",
    params(DocumentPath),
    responses((status = 200, description = "The document", body = DocumentDetailView), Failures))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<DocumentPath>,
) -> Result<Json<DocumentDetailView>, ApiError> {
    let detail = documents::show(&app, &principal, &path.kb, DocumentId(path.document)).await?;
    Ok(Json(detail.into()))
}

/// Delete a document: it stops answering at once
#[utoipa::path(delete, path = "/knowledge-bases/{kb}/documents/{document}", tag = "documents",
    params(DocumentPath), responses((status = 204, description = "Deleted"), Failures))]
async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<DocumentPath>,
) -> Result<StatusCode, ApiError> {
    documents::delete(&app, &principal, &path.kb, DocumentId(path.document)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Download the original file
#[utoipa::path(get, path = "/knowledge-bases/{kb}/documents/{document}/original", tag = "documents",
    params(DocumentPath, VersionQuery),
    responses((status = 200, description = "The bytes as they were uploaded",
        content_type = "application/octet-stream", body = Vec<u8>), Failures))]
async fn original(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<DocumentPath>,
    Query(query): Query<VersionQuery>,
) -> Result<Response, ApiError> {
    let (document, version) = (DocumentId(path.document), query.version.map(VersionId));
    let original = documents::original(&app, &principal, &path.kb, document, version).await?;
    let file = fs_err::tokio::File::open(&original.path)
        .await
        .map_err(|e| Error::new(ErrorKind::Corrupt, "cannot open the original").with_source(e))?;
    let name = original.document.key.rsplit('/').next().unwrap_or("original");
    let media_type = match &original.version.parsed {
        Some(facts) => facts.content_type.media_type(),
        None => "application/octet-stream",
    };
    let mut headers = untrusted_content(media_type);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(original.version.bytes));
    headers.insert(header::CONTENT_DISPOSITION, attachment(name));
    headers.insert(VERSION, ascii(&original.version.id.to_string()));
    Ok((headers, Body::from_stream(ReaderStream::new(file))).into_response())
}

/// Read canonical text: what every span and citation counts into
#[utoipa::path(get, path = "/knowledge-bases/{kb}/documents/{document}/text", tag = "documents",
    params(DocumentPath, TextQuery),
    responses((status = 200, description = "The text, whole or from `start` to `end` in Unicode scalar values",
        content_type = "text/plain", body = String,
        headers(("footnote-version" = String, description = "The version"),
                ("footnote-version-hash" = String, description = "SHA-256 of the version's whole text"),
                ("footnote-span" = String, description = "The stretch given, in Unicode scalar values"))),
        Failures))]
async fn text(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Path(path): Path<DocumentPath>,
    Query(query): Query<TextQuery>,
) -> Result<Response, ApiError> {
    let (document, version) = (DocumentId(path.document), query.version.map(VersionId));
    let slice =
        documents::text(&app, &principal, &path.kb, document, version, query.start, query.end).await?;
    let mut headers = untrusted_content("text/plain; charset=utf-8");
    headers.insert(VERSION, ascii(&slice.version.id.to_string()));
    headers.insert(SPAN, ascii(&slice.span.to_string()));
    if let Some(facts) = &slice.version.parsed {
        headers.insert(VERSION_HASH, ascii(&facts.text.to_string()));
    }
    Ok((headers, slice.text).into_response())
}

/// Headers under which a browser neither guesses a type nor runs anything.
fn untrusted_content(media_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ])
}

/// RFC 6266: an ASCII name for old clients, the real one as RFC 8187 has it.
fn attachment(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_. ()".contains(c) { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    ascii(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
}

fn ascii(value: &str) -> HeaderValue {
    // Callers pass visible ASCII only; anything else would be a fault of ours, shown as such.
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("invalid"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_chinese_name_survives_the_header() {
        let header = attachment("年假 \"v2\".pdf");
        assert_eq!(
            header.to_str().unwrap(),
            "attachment; filename=\"__ _v2_.pdf\"; filename*=UTF-8''%E5%B9%B4%E5%81%87%20%22v2%22.pdf"
        );
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_the_header(name in "\\PC{0,40}|[\"\\\\;\r\n\0a]{0,10}") {
            let header = attachment(&name);
            let value = header.to_str().unwrap();
            prop_assert!(value.starts_with("attachment; filename=\""));
            prop_assert_eq!(value.matches('"').count(), 2);
            prop_assert_eq!(value.matches(';').count(), 2);
        }
    }
}
