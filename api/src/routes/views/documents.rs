//! Documents and versions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use footnote_core::document::{Document, DocumentVersion, Enrichment, VersionState};
use footnote_core::parsed::{ContentType, Page as ParsedPage, PageKind, ParseWarning, WarningKind};
use footnote_core::ports::{ListedDocument, StoredVersion};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::JobView;
use crate::service::documents::DocumentDetail;

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionStateView {
    /// Stored; its indexing job waits or runs.
    Pending,
    /// Answers questions.
    Current,
    /// Was current; kept so that old citations still resolve.
    Retired,
    /// Could not be indexed; `failure` says why.
    Failed,
}

impl From<VersionState> for VersionStateView {
    fn from(state: VersionState) -> Self {
        match state {
            VersionState::Pending => Self::Pending,
            VersionState::Current => Self::Current,
            VersionState::Retired => Self::Retired,
            VersionState::Failed => Self::Failed,
        }
    }
}

impl From<VersionStateView> for VersionState {
    fn from(state: VersionStateView) -> Self {
        match state {
            VersionStateView::Pending => Self::Pending,
            VersionStateView::Current => Self::Current,
            VersionStateView::Retired => Self::Retired,
            VersionStateView::Failed => Self::Failed,
        }
    }
}

/// The recognised content types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContentTypeView {
    /// Portable Document Format.
    Pdf,
    /// Office Open XML word processing.
    Docx,
    /// Office Open XML presentation.
    Pptx,
    /// Office Open XML workbook.
    Xlsx,
    /// Word 97 to 2003.
    Doc,
    /// PowerPoint 97 to 2003.
    Ppt,
    /// Excel 5 to 2003.
    Xls,
    /// OpenDocument text.
    Odt,
    /// OpenDocument presentation.
    Odp,
    /// OpenDocument spreadsheet.
    Ods,
    /// Rich Text Format.
    Rtf,
    /// EPUB 2 and 3.
    Epub,
    /// An Internet message (RFC 5322, MIME).
    Eml,
    /// An Outlook message.
    Msg,
    /// HTML.
    Html,
    /// Markdown (CommonMark with tables).
    Markdown,
    /// AsciiDoc.
    Asciidoc,
    /// reStructuredText.
    Rst,
    /// Plain text in any of the supported encodings.
    Text,
    /// Comma, tab, semicolon or pipe separated values.
    Csv,
    /// JSON, or a JSON value on each line.
    Json,
    /// A Jupyter notebook.
    Notebook,
    /// XML of no more particular type, feeds among them.
    Xml,
    /// Source code.
    Code,
    /// A picture whose text is read by OCR.
    Image,
    /// ZIP or TAR; its members are documents of their own.
    Archive,
}

impl From<ContentType> for ContentTypeView {
    fn from(content_type: ContentType) -> Self {
        match content_type {
            ContentType::Pdf => Self::Pdf,
            ContentType::Docx => Self::Docx,
            ContentType::Pptx => Self::Pptx,
            ContentType::Xlsx => Self::Xlsx,
            ContentType::Doc => Self::Doc,
            ContentType::Ppt => Self::Ppt,
            ContentType::Xls => Self::Xls,
            ContentType::Odt => Self::Odt,
            ContentType::Odp => Self::Odp,
            ContentType::Ods => Self::Ods,
            ContentType::Rtf => Self::Rtf,
            ContentType::Epub => Self::Epub,
            ContentType::Eml => Self::Eml,
            ContentType::Msg => Self::Msg,
            ContentType::Html => Self::Html,
            ContentType::Markdown => Self::Markdown,
            ContentType::Asciidoc => Self::Asciidoc,
            ContentType::Rst => Self::Rst,
            ContentType::Text => Self::Text,
            ContentType::Csv => Self::Csv,
            ContentType::Json => Self::Json,
            ContentType::Notebook => Self::Notebook,
            ContentType::Xml => Self::Xml,
            ContentType::Code => Self::Code,
            ContentType::Image => Self::Image,
            ContentType::Archive => Self::Archive,
        }
    }
}

impl From<ContentTypeView> for ContentType {
    fn from(content_type: ContentTypeView) -> Self {
        match content_type {
            ContentTypeView::Pdf => Self::Pdf,
            ContentTypeView::Docx => Self::Docx,
            ContentTypeView::Pptx => Self::Pptx,
            ContentTypeView::Xlsx => Self::Xlsx,
            ContentTypeView::Doc => Self::Doc,
            ContentTypeView::Ppt => Self::Ppt,
            ContentTypeView::Xls => Self::Xls,
            ContentTypeView::Odt => Self::Odt,
            ContentTypeView::Odp => Self::Odp,
            ContentTypeView::Ods => Self::Ods,
            ContentTypeView::Rtf => Self::Rtf,
            ContentTypeView::Epub => Self::Epub,
            ContentTypeView::Eml => Self::Eml,
            ContentTypeView::Msg => Self::Msg,
            ContentTypeView::Html => Self::Html,
            ContentTypeView::Markdown => Self::Markdown,
            ContentTypeView::Asciidoc => Self::Asciidoc,
            ContentTypeView::Rst => Self::Rst,
            ContentTypeView::Text => Self::Text,
            ContentTypeView::Csv => Self::Csv,
            ContentTypeView::Json => Self::Json,
            ContentTypeView::Notebook => Self::Notebook,
            ContentTypeView::Xml => Self::Xml,
            ContentTypeView::Code => Self::Code,
            ContentTypeView::Image => Self::Image,
            ContentTypeView::Archive => Self::Archive,
        }
    }
}

/// What a warning means for the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningKindView {
    /// Something of the file was not read.
    Lost,
    /// All was read, and some of it may be wrong.
    Doubtful,
    /// Nothing is missing that a reader would look for.
    Note,
}

impl From<WarningKind> for WarningKindView {
    fn from(kind: WarningKind) -> Self {
        match kind {
            WarningKind::Lost => Self::Lost,
            WarningKind::Doubtful => Self::Doubtful,
            WarningKind::Note => Self::Note,
        }
    }
}

/// Something that a reader should know about how the file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WarningView {
    /// What it means for the text.
    pub kind: WarningKindView,
    /// 1-based page, where the warning is about one.
    pub page: Option<u32>,
    /// What became of what, and why.
    pub message: String,
}

impl From<&ParseWarning> for WarningView {
    fn from(warning: &ParseWarning) -> Self {
        Self { kind: warning.kind.into(), page: warning.page, message: warning.message.clone() }
    }
}

/// What a format has in the place of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageKindView {
    /// A page of paper.
    Page,
    /// A slide of a presentation.
    Slide,
    /// A sheet of a workbook, or a table of one.
    Sheet,
    /// A chapter of a book.
    Chapter,
    /// A part of a message.
    Part,
}

impl From<PageKind> for PageKindView {
    fn from(kind: PageKind) -> Self {
        match kind {
            PageKind::Page => Self::Page,
            PageKind::Slide => Self::Slide,
            PageKind::Sheet => Self::Sheet,
            PageKind::Chapter => Self::Chapter,
            PageKind::Part => Self::Part,
        }
    }
}

/// A page, or what the format has in its place, and its stretch of canonical text, in Unicode scalar values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageSpanView {
    /// 1-based physical number.
    pub number: u32,
    /// What it is.
    pub kind: PageKindView,
    /// What the document itself calls it.
    pub label: Option<String>,
    /// The first scalar value.
    pub start: usize,
    /// One past the last scalar value.
    pub end: usize,
}

impl From<&ParsedPage> for PageSpanView {
    fn from(page: &ParsedPage) -> Self {
        let (kind, label) = (page.kind.into(), page.label.clone());
        Self { number: page.number, kind, label, start: page.span.start, end: page.span.end }
    }
}

/// One immutable content of a document. What parsing finds out is null until it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub state: VersionStateView,
    /// Why it failed, where it did.
    pub failure: Option<String>,
    /// SHA-256 of the original bytes.
    pub content_hash: String,
    /// Length of the original in bytes.
    pub bytes: u64,
    /// The recognised type.
    pub content_type: Option<ContentTypeView>,
    /// SHA-256 of the canonical text: the version hash that citations name.
    pub version_hash: Option<String>,
    /// Length of the canonical text in Unicode scalar values.
    pub chars: Option<u64>,
    /// Pages; 0 where the format has none.
    pub pages: Option<u32>,
    /// Pages whose text was read from a picture by OCR.
    pub ocr_pages: Option<u32>,
    /// Tables.
    pub tables: Option<u32>,
    /// The language most of it is in: ISO 639-1, else 639-3; null where that is not clear.
    pub language: Option<String>,
    /// Chunks in the indexes.
    pub chunks: Option<u32>,
    /// Chunks whose vectors had to be computed; the others were reused.
    pub embedded: Option<u32>,
    /// The engine that read it, with its version, or the first digits of its SHA-256, where that is known.
    pub engine: Option<String>,
    /// What was lost or doubtful, and what else a reader should know.
    pub warnings: Vec<WarningView>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it became current.
    pub activated_at: Option<DateTime<Utc>>,
    /// When it stopped being current.
    pub retired_at: Option<DateTime<Utc>>,
}

impl From<&DocumentVersion> for VersionView {
    fn from(version: &DocumentVersion) -> Self {
        let facts = version.parsed.as_ref();
        Self {
            id: version.id.0,
            state: version.state.into(),
            failure: version.failure.clone(),
            content_hash: version.content.to_string(),
            bytes: version.bytes,
            content_type: facts.map(|f| f.content_type.into()),
            version_hash: facts.map(|f| f.text.to_string()),
            chars: facts.map(|f| f.chars),
            pages: facts.map(|f| f.pages),
            ocr_pages: facts.map(|f| f.ocr_pages),
            tables: facts.map(|f| f.tables),
            language: facts.and_then(|f| f.language.clone()),
            chunks: facts.map(|f| f.chunks),
            embedded: facts.map(|f| f.embedded),
            engine: facts.map(|f| f.engine.clone()),
            warnings: facts.map(|f| f.warnings.iter().map(WarningView::from).collect()).unwrap_or_default(),
            created_at: version.created_at,
            activated_at: version.activated_at,
            retired_at: version.retired_at,
        }
    }
}

/// A document with the version that was stored last, current or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentView {
    /// Its id.
    pub id: Uuid,
    /// The knowledge base that holds it.
    pub knowledge_base: Uuid,
    /// The source that gave it.
    pub source: Uuid,
    /// The archive or message that it is a member of: it comes and goes with it.
    pub parent: Option<Uuid>,
    /// Unique within the source: the file name, or a path below the directory; a member's begins with its
    /// parent's.
    pub key: String,
    /// Title or file name.
    pub title: String,
    /// Facts to filter by.
    pub metadata: BTreeMap<String, String>,
    /// The version that answers questions; null until the first one is ready.
    pub current_version: Option<Uuid>,
    /// The version that was stored last.
    pub newest_version: VersionView,
    /// When it was first seen.
    pub created_at: DateTime<Utc>,
    /// When a version of it last changed.
    pub updated_at: DateTime<Utc>,
}

impl DocumentView {
    fn new(document: &Document, newest: &DocumentVersion) -> Self {
        Self {
            id: document.id.0,
            knowledge_base: document.knowledge_base.0,
            source: document.source.0,
            parent: document.parent.map(|d| d.0),
            key: document.key.clone(),
            title: document.title.clone(),
            metadata: document.metadata.clone(),
            current_version: document.current.map(|v| v.0),
            newest_version: newest.into(),
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

impl From<ListedDocument> for DocumentView {
    fn from(listed: ListedDocument) -> Self {
        Self::new(&listed.document, &listed.newest)
    }
}

/// A document with all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentDetailView {
    /// Its id.
    pub id: Uuid,
    /// The knowledge base that holds it.
    pub knowledge_base: Uuid,
    /// The source that gave it.
    pub source: Uuid,
    /// The archive or message that it is a member of: it comes and goes with it.
    pub parent: Option<Uuid>,
    /// Unique within the source: the file name, or a path below the directory; a member's begins with its
    /// parent's.
    pub key: String,
    /// Title or file name.
    pub title: String,
    /// Facts to filter by.
    pub metadata: BTreeMap<String, String>,
    /// The version that answers questions; null until the first one is ready.
    pub current_version: Option<Uuid>,
    /// All versions, newest first.
    pub versions: Vec<VersionView>,
    /// What a model wrote about the current version; null where it did not (yet).
    pub enrichment: Option<EnrichmentView>,
    /// When it was first seen.
    pub created_at: DateTime<Utc>,
    /// When a version of it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<DocumentDetail> for DocumentDetailView {
    fn from(detail: DocumentDetail) -> Self {
        let document = detail.document;
        Self {
            id: document.id.0,
            knowledge_base: document.knowledge_base.0,
            source: document.source.0,
            parent: document.parent.map(|d| d.0),
            key: document.key,
            title: document.title,
            metadata: document.metadata,
            current_version: document.current.map(|v| v.0),
            versions: detail.versions.iter().map(VersionView::from).collect(),
            enrichment: detail.enrichment.map(EnrichmentView::from),
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

/// What a model wrote about a document, as far as its text bears it out. Never evidence of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrichmentView {
    /// A title.
    pub title: Option<String>,
    /// A summary; empty where no sentence of it was borne out.
    pub summary: String,
    /// Keywords that stand in the text.
    pub keywords: Vec<String>,
    /// Dates as they stand in the text.
    pub dates: Vec<String>,
    /// The model that wrote it.
    pub model: String,
}

impl From<Enrichment> for EnrichmentView {
    fn from(enrichment: Enrichment) -> Self {
        let Enrichment { title, summary, keywords, dates, model } = enrichment;
        Self { title, summary, keywords, dates, model }
    }
}

/// What became of one uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadItemView {
    /// The document, new or known, with the version that has this content.
    pub document: DocumentView,
    /// The job that indexes it; null where the content is that of the current version, so that
    /// there is nothing to do.
    pub job: Option<JobView>,
}

/// What became of an upload request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadView {
    /// One item per file, in the order of the request.
    pub items: Vec<UploadItemView>,
}

impl From<&[StoredVersion]> for UploadView {
    fn from(stored: &[StoredVersion]) -> Self {
        let items = stored.iter().map(|item| UploadItemView {
            document: DocumentView::new(&item.document, &item.version),
            job: item.job.as_ref().map(JobView::from),
        });
        Self { items: items.collect() }
    }
}
