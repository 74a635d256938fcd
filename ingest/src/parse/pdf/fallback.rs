//! pdf-extract: the engine that needs nothing installed. It knows no layout, only lines.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::parsed::WarningKind;
use footnote_core::password::Password;
use footnote_core::{Error, ErrorKind, Result};
use pdf_extract::{
    ConvertToFmt, Dictionary, Document, IncrementalDocument, Object, PlainTextOutput, output_doc_page,
};

use super::layout::{Cell, Line};
use super::{PageText, PdfText};
use crate::parse::OnPage;
use crate::parse::limits::ParseLimits;

/// Most characters of one page. A page that draws a form which draws two others, and so on, is short and has text
/// without end.
const MAX_PAGE_CHARS: usize = 2_000_000;

/// Its name.
pub(crate) const ENGINE: &str = "pdf-extract";

/// What it leaves out, whatever the file.
pub(super) const UNREAD: &str = "read by pdf-extract, which knows no tables, form fields, notes or pictures of text; run \
                                 `footnote models pull pdfium` to have them read";
/// That the file holds others.
const FILES_UNREAD: &str = "; not read: the files that are embedded in it";

/// A warning that the file was read here. What is left out of any file need not be in this one; files that it holds are.
pub(super) fn unread(message: String, holds_files: bool) -> (WarningKind, String) {
    match holds_files {
        true => (WarningKind::Lost, message + FILES_UNREAD),
        false => (WarningKind::Doubtful, message),
    }
}

/// Reads the PDF at `path`, and tells whether other files are embedded in it. A page whose fonts or operators make the
/// library panic becomes a warning; the others are read.
pub(crate) fn read(
    path: &Path,
    limits: &ParseLimits,
    passwords: &[Password],
    on_page: OnPage<'_>,
) -> Result<(PdfText, bool)> {
    let document = decrypted(load(fs_err::read(path).internal("cannot read the file")?)?, passwords)?;
    let numbers: Vec<u32> = document.get_pages().into_keys().collect();
    let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    super::check_page_count(count, limits)?;
    super::check_object_count(document.objects.len(), limits)?;
    let mut chars = 0;
    let mut pages = Vec::new();
    for (done, number) in (1..).zip(numbers) {
        let page = read_page(&document, number, limits)?;
        chars += page.lines.iter().map(|l| l.cells[0].text.len()).sum::<usize>();
        if chars > limits.max_text_chars.saturating_mul(4) {
            return Err(too_much());
        }
        pages.push(page);
        on_page(done, count);
    }
    let text = PdfText { title: None, outline: Vec::new(), pages, engine: format!("{ENGINE} 0.12.1") };
    Ok((text, holds_files(&document)))
}

/// The document. Where the trailer itself holds what it is encrypted with, instead of naming an object that does,
/// lopdf reads no object: there the file gets one.
fn load(bytes: Vec<u8>) -> Result<Document> {
    let document = load_as_it_is(&bytes)?;
    let Some(encryption) = encryption_in_trailer(&document) else { return Ok(document) };
    let mut update = IncrementalDocument::create_from(bytes, document);
    let id = update.new_document.add_object(encryption);
    update.new_document.trailer.set("Encrypt", Object::Reference(id));
    let mut bytes = Vec::new();
    update.save_to(&mut bytes).map_err(|error| damaged(error.to_string()))?;
    load_as_it_is(&bytes).map_err(|_| only_pdfium())
}

fn load_as_it_is(bytes: &[u8]) -> Result<Document> {
    let loaded = catch_unwind(AssertUnwindSafe(|| Document::load_mem(bytes)));
    let loaded = loaded.map_err(|_| damaged("the parser panicked".to_owned()))?;
    loaded.map_err(|error| damaged(error.to_string()))
}

fn encryption_in_trailer(document: &Document) -> Option<Dictionary> {
    document.trailer.get(b"Encrypt").ok()?.as_dict().ok().cloned()
}

/// The document, where it opens without a password.
fn decrypted(mut document: Document, passwords: &[Password]) -> Result<Document> {
    if !document.trailer.has(b"Encrypt") || document.decrypt("").is_ok() {
        return Ok(document);
    }
    // What lopdf makes of other passwords is an empty document.
    Err(match passwords {
        [] => Error::invalid(format!(
            "{}; only PDFium opens it then, run `footnote models pull pdfium`",
            super::encrypted(passwords).message()
        )),
        _ => only_pdfium(),
    })
}

fn only_pdfium() -> Error {
    let message = format!("{}, which only PDFium opens; run `footnote models pull pdfium`", super::ENCRYPTED);
    Error::not_installed(message)
}

fn holds_files(document: &Document) -> bool {
    let names = document.catalog().and_then(|catalog| document.get_dict_in_dict(catalog, b"Names"));
    names.is_ok_and(|names| names.has(b"EmbeddedFiles"))
}

fn read_page(document: &Document, number: u32, limits: &ParseLimits) -> Result<PageText> {
    let mut text =
        Written { text: String::new(), most: MAX_PAGE_CHARS.min(limits.max_text_chars), full: false };
    let read = catch_unwind(AssertUnwindSafe(|| {
        output_doc_page(document, &mut PlainTextOutput::new(&mut text), number)
    }));
    match read {
        _ if text.full => Err(too_much()),
        Ok(Ok(())) => Ok(PageText::new(number, paragraphs(&text.text))),
        Ok(Err(error)) => Ok(PageText::unreadable(number, &format!("pdf-extract: {error}"))),
        Err(_) => Ok(PageText::unreadable(number, "pdf-extract panicked")),
    }
}

/// What the library writes of a page. It is stopped by an error once that is too much, as it looks at no limit.
struct Written {
    text: String,
    /// In characters, of which each may have four bytes.
    most: usize,
    full: bool,
}

impl std::fmt::Write for Written {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        self.full |= self.text.len() + part.len() > self.most.saturating_mul(4);
        if self.full {
            return Err(std::fmt::Error);
        }
        self.text.push_str(part);
        Ok(())
    }
}

impl<'w> ConvertToFmt for &'w mut Written {
    type Writer = &'w mut Written;

    fn convert(self) -> Self::Writer {
        self
    }
}

fn too_much() -> Error {
    Error::new(ErrorKind::TooLarge, "the PDF has too much text; split the file")
}

fn damaged(cause: String) -> Error {
    Error::invalid(format!("the PDF is damaged ({cause}); open it in a PDF viewer and save it again"))
}

/// One [`Line`] per paragraph, without geometry: an empty line parts them.
fn paragraphs(text: &str) -> Vec<Line> {
    let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines().map(str::trim) {
        match paragraphs.last_mut().filter(|_| !line.is_empty()) {
            Some(paragraph) => paragraph.push(line),
            None => paragraphs.push(Vec::new()),
        }
    }
    let line = |text: String| Line { cells: vec![Cell { text, ..Cell::default() }], ..Line::default() };
    paragraphs.into_iter().filter(|p| !p.is_empty()).map(|p| line(super::joints::join_plain(&p))).collect()
}
