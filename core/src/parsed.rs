//! What a parser makes of a file: canonical text, pages, blocks and warnings.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// The content types Footnote reads today, told by content and never by file name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
    /// Portable Document Format.
    Pdf,
    /// Office Open XML word processing.
    Docx,
    /// HTML.
    Html,
    /// Markdown (CommonMark with tables).
    Markdown,
    /// Plain text in any of the supported encodings.
    Text,
}

impl ContentType {
    /// The IANA media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Html => "text/html",
            Self::Markdown => "text/markdown",
            Self::Text => "text/plain",
        }
    }

    /// The short name stored in SQL and used by the `type` filter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Text => "text",
        }
    }

    /// The inverse of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pdf, Self::Docx, Self::Html, Self::Markdown, Self::Text].into_iter().find(|t| t.name() == name)
    }
}

/// What a stretch of canonical text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A heading; its own text is the last element of the heading path of what follows.
    Heading,
    /// Running text.
    Paragraph,
    /// One list item.
    ListItem,
    /// A table as Markdown.
    Table,
    /// Preformatted text.
    Code,
    /// A quotation.
    Quote,
    /// A footnote or endnote.
    Footnote,
}

/// A structural unit of the canonical text. Blocks are in order and do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it lies, in scalar values of the canonical text.
    #[serde(flatten)]
    pub span: Span,
    /// 1-based page the block starts on; `None` where the format has no pages.
    pub page: Option<u32>,
    /// Headings above it, outermost first. A heading's own text is not in its own path.
    #[serde(default)]
    pub heading_path: Vec<String>,
    /// 1 to 6 for headings, nesting depth (from 1) for list items, else 0.
    #[serde(default)]
    pub level: u8,
}

/// A page and the span of canonical text it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// 1-based physical number.
    pub number: u32,
    /// Where its text lies, in scalar values of the canonical text.
    #[serde(flatten)]
    pub span: Span,
}

/// Something that a reader of the document should know was lost or doubtful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParseWarning {
    /// 1-based page, where the warning is about one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub page: Option<u32>,
    /// What was lost and why, in a few words.
    pub message: String,
}

/// A parsed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedDocument {
    /// The type that was recognised.
    pub content_type: ContentType,
    /// Title the document gives itself, if any.
    #[serde(default)]
    pub title: Option<String>,
    /// The canonical text: what every span of this version counts into.
    pub text: String,
    /// Pages in order; empty where the format has none.
    #[serde(default)]
    pub pages: Vec<Page>,
    /// Blocks in order.
    pub blocks: Vec<Block>,
    /// What was lost or doubtful.
    #[serde(default)]
    pub warnings: Vec<ParseWarning>,
    /// Engine that read it, with its version: `pdfium 8149`, `quick-xml 0.42`.
    pub engine: String,
}

impl ParsedDocument {
    /// Whether there is anything to index.
    pub fn is_blank(&self) -> bool {
        !self.text.chars().any(char::is_alphanumeric)
    }

    /// First and last page that `span` touches; `None` where the format has no pages.
    pub fn pages_of(&self, span: Span) -> Option<(u32, u32)> {
        let first = self.pages.iter().find(|p| p.span.end > span.start)?;
        let last = self.pages.iter().rev().find(|p| p.span.start < span.end.max(span.start + 1))?;
        Some((first.number, last.number.max(first.number)))
    }
}
