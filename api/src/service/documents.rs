//! Documents: list, show, read, delete.

use std::path::PathBuf;

use footnote_core::document::{Document, DocumentVersion, Enrichment};
use footnote_core::ids::{DocumentId, VersionId};
use footnote_core::ports::{DocumentFilter, ListRequest, ListedDocument, Listing};
use footnote_core::principal::{Principal, Role};
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, Result};

use super::knowledge_bases::{reach, reach_as};
use crate::app::App;

/// A document with all its versions, newest first.
#[derive(Debug, Clone)]
pub struct DocumentDetail {
    /// The document.
    pub document: Document,
    /// Its versions.
    pub versions: Vec<DocumentVersion>,
    /// What a model wrote about the version that answers questions.
    pub enrichment: Option<Enrichment>,
}

/// An original, as a local file to be streamed.
#[derive(Debug, Clone)]
pub struct Original {
    /// The document.
    pub document: Document,
    /// The version whose original it is.
    pub version: DocumentVersion,
    /// Where its bytes lie.
    pub path: PathBuf,
}

/// A stretch of canonical text.
#[derive(Debug, Clone)]
pub struct TextSlice {
    /// The version it belongs to.
    pub version: DocumentVersion,
    /// The stretch, in scalar values.
    pub span: Span,
    /// Its text.
    pub text: String,
}

/// The documents of a knowledge base, newest first.
pub async fn list(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    filter: DocumentFilter,
    list: ListRequest,
) -> Result<Listing<ListedDocument>> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    app.store.documents.documents(knowledge_base.id, filter, list).await
}

/// One document of the knowledge base.
pub async fn show(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    id: DocumentId,
) -> Result<DocumentDetail> {
    let document = find(app, principal, knowledge_base, id).await?;
    let versions = app.store.documents.versions(document.id).await?;
    let enrichment = match document.current {
        Some(version) => app.store.documents.enrichment(version).await?,
        None => None,
    };
    Ok(DocumentDetail { document, versions, enrichment })
}

/// The original bytes of a version: of the one asked for, else of the current or newest.
pub async fn original(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    id: DocumentId,
    version: Option<VersionId>,
) -> Result<Original> {
    let detail = show(app, principal, knowledge_base, id).await?;
    let version = choose(&detail, version)?;
    let path = app.store.blobs.path(version.content).await?;
    let path = path.ok_or_else(|| {
        Error::corrupt(format!("the original {} of document {id} is missing", version.content))
    })?;
    Ok(Original { document: detail.document, version, path })
}

/// Canonical text, whole or `start..end` in scalar values.
pub async fn text(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    id: DocumentId,
    version: Option<VersionId>,
    start: Option<usize>,
    end: Option<usize>,
) -> Result<TextSlice> {
    let detail = show(app, principal, knowledge_base, id).await?;
    let version = choose(&detail, version)?;
    let text = text_of(app, &version).await?;
    slice(&text, start, end).map(|(span, text)| TextSlice { version, span, text })
}

/// Hides a document at once.
pub async fn delete(app: &App, principal: &Principal, knowledge_base: &str, id: DocumentId) -> Result<()> {
    let knowledge_base = reach_as(app, principal, knowledge_base, Role::Editor).await?;
    let document = app.store.documents.document(id).await?;
    let document = document.filter(|d| d.knowledge_base == knowledge_base.id);
    let document = document.ok_or_else(|| Error::not_found("document"))?;
    if app.store.documents.delete_document(document.id, app.now()).await? {
        app.wake_workers();
        return Ok(());
    }
    Err(Error::not_found("document"))
}

async fn find(app: &App, principal: &Principal, knowledge_base: &str, id: DocumentId) -> Result<Document> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    let document = app.store.documents.document(id).await?;
    document.filter(|d| d.knowledge_base == knowledge_base.id).ok_or_else(|| Error::not_found("document"))
}

pub(super) async fn text_of(app: &App, version: &DocumentVersion) -> Result<CanonicalText> {
    app.store.documents.canonical_text(version.id).await?.ok_or_else(|| without_text(version))
}

/// Says why a version has no text.
pub(super) fn without_text(version: &DocumentVersion) -> Error {
    let state = version.state.name();
    let reason = version.failure.as_deref().map(|f| format!(": {f}")).unwrap_or_default();
    Error::conflict(format!("version {} is {state} and has no text{reason}", version.id))
}

pub(super) fn choose(detail: &DocumentDetail, wanted: Option<VersionId>) -> Result<DocumentVersion> {
    let wanted = wanted.or(detail.document.current);
    let found = match wanted {
        Some(id) => detail.versions.iter().find(|v| v.id == id),
        None => detail.versions.first(),
    };
    found.cloned().ok_or_else(|| Error::not_found("document version"))
}

fn slice(text: &CanonicalText, start: Option<usize>, end: Option<usize>) -> Result<(Span, String)> {
    let (start, end) = (start.unwrap_or(0), end.unwrap_or(text.char_len()));
    let found = if start <= end { text.slice(Span::new(start, end)) } else { None };
    match found {
        Some(found) => Ok((Span::new(start, end), found.to_owned())),
        None => Err(Error::invalid(format!(
            "{start}..{end} is not a span of the text, which has {} characters",
            text.char_len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_characters() {
        let text = CanonicalText::new("年假🙂 days");
        assert_eq!(slice(&text, Some(1), Some(3)).unwrap().1, "假🙂");
        assert_eq!(slice(&text, None, None).unwrap().1, "年假🙂 days");
        assert_eq!(slice(&text, Some(8), None).unwrap().1, "");
        for (start, end) in [(3, 1), (0, 9), (usize::MAX, usize::MAX)] {
            let error = slice(&text, Some(start), Some(end)).unwrap_err().to_string();
            assert!(error.contains("8 characters"), "{error}");
        }
    }
}
