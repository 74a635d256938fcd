//! What a parser makes of a file: canonical text, pages, blocks and warnings.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// The content types Footnote reads, told by content and never by file name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
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

impl ContentType {
    /// Every type, in the order of their declaration.
    pub const ALL: [Self; 26] = [
        Self::Pdf,
        Self::Docx,
        Self::Pptx,
        Self::Xlsx,
        Self::Doc,
        Self::Ppt,
        Self::Xls,
        Self::Odt,
        Self::Odp,
        Self::Ods,
        Self::Rtf,
        Self::Epub,
        Self::Eml,
        Self::Msg,
        Self::Html,
        Self::Markdown,
        Self::Asciidoc,
        Self::Rst,
        Self::Text,
        Self::Csv,
        Self::Json,
        Self::Notebook,
        Self::Xml,
        Self::Code,
        Self::Image,
        Self::Archive,
    ];

    /// The IANA media type; where a type stands for several, their common name.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Doc => "application/msword",
            Self::Ppt => "application/vnd.ms-powerpoint",
            Self::Xls => "application/vnd.ms-excel",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Odp => "application/vnd.oasis.opendocument.presentation",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Rtf => "application/rtf",
            Self::Epub => "application/epub+zip",
            Self::Eml => "message/rfc822",
            Self::Msg => "application/vnd.ms-outlook",
            Self::Html => "text/html",
            Self::Markdown => "text/markdown",
            Self::Asciidoc => "text/asciidoc",
            Self::Rst => "text/x-rst",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::Notebook => "application/x-ipynb+json",
            Self::Xml => "application/xml",
            Self::Code => "text/x-source",
            Self::Image => "image/*",
            Self::Archive => "application/x-archive",
        }
    }

    /// The short name stored in SQL and used by the `type` filter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Pptx => "pptx",
            Self::Xlsx => "xlsx",
            Self::Doc => "doc",
            Self::Ppt => "ppt",
            Self::Xls => "xls",
            Self::Odt => "odt",
            Self::Odp => "odp",
            Self::Ods => "ods",
            Self::Rtf => "rtf",
            Self::Epub => "epub",
            Self::Eml => "eml",
            Self::Msg => "msg",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Asciidoc => "asciidoc",
            Self::Rst => "rst",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Notebook => "notebook",
            Self::Xml => "xml",
            Self::Code => "code",
            Self::Image => "image",
            Self::Archive => "archive",
        }
    }

    /// The inverse of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
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

/// What a format has in the place of pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// A page of paper.
    #[default]
    Page,
    /// A slide of a presentation.
    Slide,
    /// A sheet of a workbook, or a table of one; a file of records is one sheet.
    Sheet,
    /// A chapter of a book.
    Chapter,
    /// A part of a message.
    Part,
}

impl PageKind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Slide => "slide",
            Self::Sheet => "sheet",
            Self::Chapter => "chapter",
            Self::Part => "part",
        }
    }

    fn is_page(&self) -> bool {
        *self == Self::Page
    }
}

/// A page, or what the format has in its place, and the span of canonical text it gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// 1-based physical number. Several tables of one sheet have its number.
    pub number: u32,
    /// Where its text lies, in scalar values of the canonical text.
    #[serde(flatten)]
    pub span: Span,
    /// What it is.
    #[serde(default, skip_serializing_if = "PageKind::is_page")]
    pub kind: PageKind,
    /// What the document itself calls it: `iv`, the name of a sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The 1-based row of the sheet in which its table begins, or the stretch of a table below a blank row. Its
    /// rows follow each other without a gap: the first line of the table's Markdown is this row, the third the next
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_row: Option<u32>,
    /// Whether all of its lines are that row: a record that is written in lines, or the names of the columns above the
    /// first record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_row: bool,
    /// Whether its text was read from a picture.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ocr: bool,
}

impl Page {
    /// First and last row of the sheet that `quote` lies in, where `before` is the page's text before it;
    /// `None` where the page is no table of a sheet.
    pub fn rows(&self, before: &str, quote: &str) -> Option<(u32, u32)> {
        let ended = |text: &str| if self.one_row { 0 } else { rows_ended(text) };
        let first = self.first_row?.saturating_add(ended(before));
        Some((first, first.saturating_add(ended(quote.trim_end()))))
    }
}

/// Line ends of a Markdown table, without that of the line below its header.
fn rows_ended(table: &str) -> u32 {
    let is_rule = |line: &&str| {
        let mut cells = line.strip_prefix('|').unwrap_or_default().split_terminator('|').peekable();
        cells.peek().is_some() && cells.all(|cell| cell == " --- ")
    };
    let ended = table.matches('\n').count();
    let rules = table.lines().take(ended).filter(is_rule).count();
    u32::try_from(ended - rules.min(ended)).unwrap_or(u32::MAX)
}

/// A line of text and where it stands on its page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Where its text lies, in scalar values of the canonical text.
    #[serde(flatten)]
    pub span: Span,
    /// The page's number.
    pub page: u32,
    /// Left, top, right and bottom as shares of the page's width and height, from its upper left corner.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// How sure OCR is of it, 0 to 1; `None` where it was not read by OCR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// Where the links on it lead: `http`, `https` and `mailto` addresses, as the document has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
}

/// Most addresses that a line leads to.
pub const MAX_LINKS: usize = 8;
/// Longest address, in bytes.
const MAX_ADDRESS: usize = 2_048;
/// How addresses begin that can be followed from outside of their document, and run nothing.
const SCHEMES: [&str; 3] = ["http://", "https://", "mailto:"];

/// Whether a line may lead there: an `http`, `https` or `mailto` address of at most 2,048 ASCII characters without
/// blanks, as RFC 3986 has them.
pub fn is_address(text: &str) -> bool {
    let begins_with = |scheme: &&str| {
        let start = text.as_bytes().get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes())) && text.len() > scheme.len()
    };
    text.len() <= MAX_ADDRESS && SCHEMES.iter().any(begins_with) && text.bytes().all(|c| c.is_ascii_graphic())
}

/// Below this OCR is so unsure of a line that readers are told.
pub const LOW_CONFIDENCE: f32 = 0.8;

/// What a warning means for the text; the worst first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Something of the file was not read.
    Lost,
    /// All was read, and some of it may be wrong. Warnings that were stored before they had kinds are read as such.
    #[default]
    Doubtful,
    /// Nothing is missing that a reader would look for.
    Note,
}

impl WarningKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 3] = [Self::Lost, Self::Doubtful, Self::Note];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubtful => "doubtful",
            Self::Note => "note",
        }
    }
}

/// Something that a reader of the document should know about how it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParseWarning {
    /// What it means for the text.
    #[serde(default)]
    pub kind: WarningKind,
    /// 1-based page, where the warning is about one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub page: Option<u32>,
    /// What became of what, and why, in a few words.
    pub message: String,
}

/// A parsed file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Lines in order, where the format tells where they stand; each lies within a block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// What was lost or doubtful, and what else a reader should know.
    #[serde(default)]
    pub warnings: Vec<ParseWarning>,
    /// Engine that read it, with its version, or digits of its hash, where that is known: `pdfium 8149`,
    /// `pdfium sha256:c76dc0f78396`, `quick-xml 0.42`.
    pub engine: String,
}

impl ParsedDocument {
    /// Whether there is anything to index.
    pub fn is_blank(&self) -> bool {
        !self.text.chars().any(char::is_alphanumeric)
    }

    /// First and last page that `span` touches; `None` where the format has no pages.
    pub fn pages_of(&self, span: Span) -> Option<(u32, u32)> {
        // Pages are in order, and records may be very many.
        let first = self.pages.get(self.pages.partition_point(|p| p.span.end <= span.start))?;
        let begun = self.pages.partition_point(|p| p.span.start < span.end.max(span.start + 1));
        let last = self.pages.get(begun.checked_sub(1)?)?;
        Some((first.number, last.number.max(first.number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_out_of_the_document_and_run_nothing() {
        for address in ["https://example.org/a?b=c#d", "HTTP://example.org", "mailto:ann@example.org"] {
            assert!(is_address(address), "{address}");
        }
        let long = format!("https://example.org/{}", "a".repeat(MAX_ADDRESS));
        for other in [
            "",
            "https://",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "page two",
            "https:/",
            "https://a b",
            "https://a\n.org",
            "中文https://a",
            "https://例",
            &long,
        ] {
            assert!(!is_address(other), "{other}");
        }
    }

    #[test]
    fn rows_of_a_sheet_are_counted_without_the_rule() {
        let table = "| Name | Days |\n| --- | --- |\n| Ann | 3 |\n| Bo | 4 |\n";
        let page = Page { number: 1, kind: PageKind::Sheet, first_row: Some(5), ..Page::default() };
        let rows = |quote: &str| page.rows(&table[..table.find(quote).unwrap()], quote);
        assert_eq!(rows("| Name | Days |"), Some((5, 5)));
        assert_eq!(rows("| Ann | 3 |"), Some((6, 6)));
        assert_eq!(rows("| Ann | 3 |\n| Bo | 4 |\n"), Some((6, 7)));
        assert_eq!(rows(table), Some((5, 7)));
        assert_eq!(Page::default().rows("", table), None);
        assert_eq!(page.rows("| --- | 3 |\n", "| Bo | 4 |"), Some((6, 6)), "a row of the sheet, and no rule");
        let record = Page { one_row: true, ..page };
        assert_eq!(record.rows("name: Ann\n", "days: 3\nleft: 1"), Some((5, 5)), "lines of one record");
    }

    #[test]
    fn pages_of_a_span_are_those_that_it_touches() {
        let page = |number, start, end| Page { number, span: Span::new(start, end), ..Page::default() };
        let mut document = ParsedDocument {
            content_type: ContentType::Pdf,
            title: None,
            text: String::new(),
            pages: vec![page(1, 0, 5), page(2, 7, 7), page(3, 7, 9), page(4, 11, 20)],
            blocks: Vec::new(),
            lines: Vec::new(),
            warnings: Vec::new(),
            engine: String::new(),
        };
        for (start, end, pages) in [
            (0, 5, Some((1, 1))),
            (4, 8, Some((1, 3))),
            (7, 7, Some((3, 3))),
            (8, 12, Some((3, 4))),
            (9, 11, Some((4, 4))),
            (20, 21, None),
        ] {
            assert_eq!(document.pages_of(Span::new(start, end)), pages, "{start}..{end}");
        }
        document.pages.clear();
        assert_eq!(document.pages_of(Span::new(0, 1)), None);
    }

    #[test]
    fn warnings_have_their_kinds_names_and_old_ones_are_doubtful() {
        for kind in WarningKind::ALL {
            let warning = ParseWarning { kind, page: None, message: "m".to_owned() };
            let json = serde_json::to_value(&warning).unwrap();
            assert_eq!(json, serde_json::json!({"kind": kind.name(), "message": "m"}));
            assert_eq!(serde_json::from_value::<ParseWarning>(json).unwrap(), warning);
        }
        let old: ParseWarning = serde_json::from_str(r#"{"page": 3, "message": "m"}"#).unwrap();
        assert_eq!((old.kind, old.page), (WarningKind::Doubtful, Some(3)));
        assert!(WarningKind::Lost < WarningKind::Doubtful && WarningKind::Doubtful < WarningKind::Note);
    }

    #[test]
    fn names_are_unique_and_found_again() {
        for content_type in ContentType::ALL {
            assert_eq!(ContentType::from_name(content_type.name()), Some(content_type));
        }
    }
}
