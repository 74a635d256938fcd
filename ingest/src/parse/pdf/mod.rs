//! PDF: a chain of engines. PDFium where its library is installed, else (or where it fails on a
//! file) pdf-extract, which needs nothing.

mod advances;
mod appearances;
mod assemble;
mod blanks;
mod blocks;
mod boxes;
mod breaks;
mod continued;
mod endings;
mod fallback;
mod fields;
mod fonts;
mod frame;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod glyph;
mod grid;
mod joints;
mod layout;
mod links;
mod listings;
mod markers;
mod nested;
mod notes;
mod outline;
mod pdfium;
mod places;
mod raised;
mod rows;
mod rulings;
mod running;
mod scan;
mod scanner;
mod shadows;
mod sizes;
mod symbols;
mod tiles;
mod typed;
mod vertical;
mod workers;

use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::password::Password;
use footnote_core::{Error, ErrorKind, Result};

use self::frame::Frame;
use self::layout::Line;
use self::outline::Entry;
pub(crate) use self::scanner::Scanner;
use super::OnPage;
use super::builder::DocumentBuilder;
use super::limits::{EngineConfig, ParseLimits};
use super::members::{MemberOutput, Unpacking};
use crate::ocr;

/// What an engine reads from a PDF.
pub(crate) struct PdfText {
    /// Title in the metadata.
    pub(crate) title: Option<String>,
    outline: Vec<Entry>,
    /// Its pages in order.
    pub(crate) pages: Vec<PageText>,
    /// Name and version of the engine.
    pub(crate) engine: String,
}

impl PdfText {
    /// Pages that were read from pictures.
    pub(crate) fn of_pictures(pages: Vec<PageText>, engine: String) -> Self {
        Self { title: None, outline: Vec::new(), pages, engine }
    }
}

/// The lines of one page in reading order.
pub(crate) struct PageText {
    /// 1-based.
    pub(crate) number: u32,
    /// In reading order.
    pub(crate) lines: Vec<Line>,
    /// What was lost or doubtful, or why there is nothing.
    pub(crate) warning: Option<(WarningKind, String)>,
    /// What the document calls the page.
    label: Option<String>,
    /// The page around the lines, where the engine tells.
    pub(crate) frame: Option<Frame>,
    /// Whether it is a picture, and there is no OCR to read it.
    pub(crate) needs_ocr: bool,
    /// What people remarked on it.
    comments: Vec<String>,
    /// Whether it draws more than is looked at, so that tables may be missing.
    crowded: bool,
}

impl PageText {
    /// A page of which nothing more is known.
    pub(crate) fn new(number: u32, lines: Vec<Line>) -> Self {
        Self {
            number,
            lines,
            warning: None,
            label: None,
            frame: None,
            needs_ocr: false,
            comments: Vec::new(),
            crowded: false,
        }
    }

    /// A page whose engine failed.
    pub(crate) fn unreadable(number: u32, cause: &str) -> Self {
        let warning = format!("page {number} could not be read ({cause})");
        Self { warning: Some((WarningKind::Lost, warning)), ..Self::new(number, Vec::new()) }
    }

    /// A picture whose turn did not come.
    pub(crate) fn out_of_time(number: u32) -> Self {
        Self::unreadable(number, "it is a picture, and the others took all the time there is; split the file")
    }

    /// What its text layer tells of a page whose picture is `unread`, with the reason of that.
    fn unless_read(self, unread: Self) -> Self {
        match self.lines.is_empty() {
            true => unread,
            false => Self { warning: self.warning.or(unread.warning), ..self },
        }
    }

    /// How many letters and digits it has.
    fn letters(&self) -> usize {
        pdfium::visible(&self.lines).filter(|c| c.is_alphanumeric()).count()
    }

    fn is_ocr(&self) -> bool {
        self.frame.as_ref().is_some_and(Frame::is_ocr)
    }

    /// Why not all of it was read, where its text layer has less than it shows: a scan with a stamp, or fonts that do
    /// not tell their characters.
    fn why_in_part(&self) -> (WarningKind, String) {
        let message = format!(
            "page {} shows more than the file has as text, and OCR is not installed; run {} to have it read as it \
             looks",
            self.number,
            ocr::INSTALL
        );
        (WarningKind::Lost, message)
    }

    /// Why there is no text on it, where PDFium reads it.
    fn why_empty(&self) -> (WarningKind, String) {
        let number = self.number;
        match () {
            () if self.needs_ocr => {
                let message =
                    format!("page {number} is a picture and OCR is not installed; run {}", ocr::INSTALL);
                (WarningKind::Lost, message)
            }
            () if self.is_ocr() => {
                (WarningKind::Doubtful, format!("page {number} is a picture in which OCR finds no text"))
            }
            // Nothing is drawn on it, not even a picture.
            () => (WarningKind::Note, format!("page {number} has no text layer")),
        }
    }
}

/// Reads the PDF at `path`; the files that are embedded in it are handed on to `members`.
pub(crate) fn parse(
    path: &Path,
    limits: &ParseLimits,
    engines: &EngineConfig,
    on_page: OnPage<'_>,
    members: &mut dyn MemberOutput,
) -> Result<ParsedDocument> {
    let mut embedded = Unpacking::new(limits, members);
    let (mut text, warning) = read(path, limits, engines, on_page, &mut embedded)?;
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    if let Some((kind, warning)) = warning {
        builder.warn(kind, None, warning);
    }
    refuse_unreadable(&text)?;
    refuse_unread_scan(&text)?;
    let is_fallback = text.engine.starts_with(fallback::ENGINE);
    let is_untold = |page: &PageText| match &page.warning {
        None => true,
        // What is left out on purpose, or may be wrong, says nothing of what could not be read.
        Some((kind, _)) => *kind != WarningKind::Lost && page.needs_ocr,
    };
    for page in text.pages.iter_mut().filter(|page| is_untold(page)) {
        let unread = match page.lines.is_empty() {
            false => page.needs_ocr.then(|| page.why_in_part()),
            // It may be blank.
            true if is_fallback => {
                let message = format!("page {} has no text that pdf-extract finds", page.number);
                Some((WarningKind::Doubtful, message))
            }
            true => Some(page.why_empty()),
        };
        page.warning = scan::told_together(unread, page.warning.take());
    }
    if let Some(title) = text.title.take() {
        builder.title(&title);
    }
    let engine = std::mem::take(&mut text.engine);
    assemble::append(text, &mut builder);
    if embedded.count() > 0 {
        builder.paragraph("Embedded files:");
    }
    embedded.describe(&mut builder);
    builder.finish(ContentType::Pdf, engine)
}

/// Pages without text may be pictures, which a warning names; pages that made the engine fail, all of
/// them, are a failure.
fn refuse_unreadable(text: &PdfText) -> Result<()> {
    let is_fault =
        |page: &PageText| page.warning.as_ref().is_some_and(|(kind, _)| *kind != WarningKind::Note);
    let has_failed = |page: &PageText| page.lines.is_empty() && is_fault(page) && !page.needs_ocr;
    let all_failed = text.pages.iter().all(has_failed);
    let Some((_, cause)) = text.pages.first().and_then(|p| p.warning.as_ref()).filter(|_| all_failed) else {
        return Ok(());
    };
    let remedy = match text.engine.starts_with(fallback::ENGINE) {
        true => "run `footnote models pull` for PDFium, which reads more files, or save it with its fonts",
        false => "open it in a PDF viewer and save it again",
    };
    Err(Error::invalid(format!(
        "none of the PDF's {} pages can be read: {cause}; {remedy}",
        text.pages.len()
    )))
}

/// A file of nothing but pictures without OCR to read them.
fn refuse_unread_scan(text: &PdfText) -> Result<()> {
    let is_scan = text.pages.iter().all(|p| p.lines.is_empty()) && text.pages.iter().any(|p| p.needs_ocr);
    if is_scan {
        let mut warnings = text.pages.iter().filter_map(|page| page.warning.as_ref());
        let told = warnings.find(|(kind, _)| *kind != WarningKind::Note);
        let message = match told {
            Some((_, warning)) => format!("no page of the PDF can be read: {warning}"),
            None => format!("the PDF's pages are pictures and OCR is not installed; run {}", ocr::INSTALL),
        };
        return Err(Error::not_installed(message));
    }
    Ok(())
}

/// The document that the pages of a picture make.
pub(crate) fn assemble_pages(
    text: PdfText,
    content_type: ContentType,
    limits: &ParseLimits,
) -> Result<ParsedDocument> {
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    let engine = text.engine.clone();
    assemble::append(text, &mut builder);
    builder.finish(content_type, engine)
}

/// The text, and what the whole file warns of.
fn read(
    path: &Path,
    limits: &ParseLimits,
    engines: &EngineConfig,
    on_page: OnPage<'_>,
    embedded: &mut Unpacking<'_>,
) -> Result<(PdfText, Option<(WarningKind, String)>)> {
    let Some(library) = &engines.pdfium else {
        let (text, holds_files) = fallback::read(path, limits, &engines.passwords, on_page)?;
        return Ok((text, Some(fallback::unread(fallback::UNREAD.to_owned(), holds_files))));
    };
    let scanner = Scanner::new(engines, limits, on_page);
    let error = match pdfium::read(path, library, engines, scanner, embedded) {
        Ok(read) => return Ok(read),
        Err(error) if error.kind() == ErrorKind::TooLarge || is_encrypted(&error) => return Err(error),
        Err(error) => error,
    };
    match fallback::read(path, limits, &engines.passwords, on_page) {
        Ok((text, holds_files)) => {
            let message = format!("read by pdf-extract, which knows no layout: {error}");
            Ok((text, Some(fallback::unread(message, holds_files))))
        }
        Err(second) if is_encrypted(&second) => Err(second),
        Err(_) if error.kind() == ErrorKind::NotInstalled => Err(error),
        Err(second) => Err(second),
    }
}

const ENCRYPTED: &str = "the PDF is encrypted with a password";

/// That none of the passwords opens it.
fn encrypted(passwords: &[Password]) -> Error {
    Error::invalid(match passwords {
        [] => format!("{ENCRYPTED}; upload it with its password, or remove the password"),
        _ => format!(
            "{ENCRYPTED}, and none that was given opens it; upload it with the right one, or remove it"
        ),
    })
}

fn is_encrypted(error: &Error) -> bool {
    error.message().starts_with(ENCRYPTED)
}

fn check_page_count(pages: u32, limits: &ParseLimits) -> Result<()> {
    match pages {
        0 => Err(Error::invalid("the PDF has no pages; open it in a PDF viewer and save it again")),
        n if n > limits.max_pages => {
            let message =
                format!("the PDF has {n} pages; at most {} are read, split the file", limits.max_pages);
            Err(Error::new(ErrorKind::TooLarge, message))
        }
        _ => Ok(()),
    }
}

fn check_object_count(objects: usize, limits: &ParseLimits) -> Result<()> {
    if objects <= limits.max_objects {
        return Ok(());
    }
    let message = format!("the PDF draws more than {} objects; split the file", limits.max_objects);
    Err(Error::new(ErrorKind::TooLarge, message))
}

/// Extensions of the files that programs make PDFs of, and that they then take for titles.
const EXTENSIONS: [&str; 33] = [
    "ai", "cdr", "csv", "doc", "docm", "docx", "dvi", "dwg", "eps", "fm", "htm", "html", "indd", "jpeg",
    "jpg", "md", "odt", "p65", "pages", "pdf", "pmd", "png", "ppt", "pptx", "ps", "pub", "qxd", "rtf", "tex",
    "tif", "txt", "xls", "xlsx",
];
/// What programs write as a title where there is none, without numbers, signs and blanks at either end.
const NO_TITLES: [&str; 24] = [
    "anonymous",
    "blank",
    "book",
    "document",
    "dokument",
    "edgar pdf",
    "layout",
    "new document",
    "no title",
    "none",
    "null",
    "powerpoint presentation",
    "powerpoint-präsentation",
    "presentation",
    "print",
    "scan",
    "slide",
    "title",
    "undefined",
    "unknown",
    "unspecified",
    "untitled",
    "untitled document",
    "无标题",
];
/// What programs write in front of a file's name.
const PROGRAMS: [&str; 4] =
    ["microsoft word - ", "microsoft powerpoint - ", "microsoft excel - ", "microsoft word: "];

/// Whether a title in the metadata was written by a person and not by a program.
fn sensible_title(title: &str) -> bool {
    title.chars().filter(|c| c.is_alphabetic()).count() >= 3 && !is_made_up(title)
}

/// Whether a program made the title: the name of a file, or a word for there being none.
fn is_made_up(title: &str) -> bool {
    let title = title.trim().to_lowercase();
    let bare = title.trim_matches(|c: char| !c.is_alphabetic());
    let extension = title.rsplit_once('.').map(|(_, extension)| extension.trim_end_matches(['"', ')', ']']));
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
        || title.starts_with("file:")
        || PROGRAMS.iter().any(|program| title.starts_with(program))
        || NO_TITLES.contains(&bare)
}

#[cfg(test)]
pub(crate) mod tests;
