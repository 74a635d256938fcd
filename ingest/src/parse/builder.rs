//! Builds canonical text with its blocks and pages.
//!
//! Canonical text is NFC, without control characters other than line feed and tab, without blanks
//! at line ends; two line feeds lie between blocks, but for those of source code. **Offsets count Unicode scalar values.**

mod check;

pub use self::check::check;
use footnote_core::parsed::{
    Block, BlockKind, ContentType, Line, Page, PageKind, ParseWarning, ParsedDocument, WarningKind,
};
use footnote_core::text::Span;
use footnote_core::{Error, ErrorKind, Result};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Lies between two blocks; never inside any block or page.
const SEPARATOR: &str = "\n\n";
/// Longest element of a heading path, in characters: a "heading" may be a paragraph by mistake, and its
/// path goes with every block below it.
pub(crate) const MAX_PATH_CHARS: usize = 200;
/// Most warnings kept; one more says how many were left off.
const MAX_WARNINGS: usize = 200;

/// How text goes on behind what lies before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    /// Behind a blank.
    Blank,
    /// At once.
    Nothing,
    /// On a line of its own, as the next row of a table or line of a listing.
    Line,
    /// In place of the hyphen at the end of what lies before: it divided a word.
    Divided,
}

/// Where a line of a block's text stands on its page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PlacedLine {
    /// First scalar value of the line in the text as it is given, and the one after the last.
    pub(crate) start: usize,
    /// See `start`.
    pub(crate) end: usize,
    /// Left, top, right and bottom as shares of the page's width and height.
    pub(crate) bounds: [f32; 4],
    /// How sure OCR is of it, where it was read by OCR.
    pub(crate) confidence: Option<f32>,
    /// Where the links on it lead.
    pub(crate) links: Vec<String>,
}

/// Appends blocks in reading order and keeps offsets, pages and heading path right.
pub struct DocumentBuilder {
    text: String,
    separator: String,
    chars: usize,
    max_chars: usize,
    overflow: bool,
    blocks: Vec<Block>,
    lines: Vec<Line>,
    pages: Vec<Page>,
    open_page: Option<u32>,
    headings: Vec<(u8, String)>,
    /// Headings that the outline tells for the next block, should it be none itself.
    outlined: Option<Vec<String>>,
    warnings: Vec<ParseWarning>,
    unkept_warnings: usize,
    /// The worst kind of those that were not kept.
    unkept_kind: WarningKind,
    title: Option<String>,
}

impl DocumentBuilder {
    /// An empty document of at most `max_chars` scalar values.
    pub fn new(max_chars: usize) -> Self {
        Self {
            text: String::new(),
            separator: SEPARATOR.to_owned(),
            chars: 0,
            max_chars,
            overflow: false,
            blocks: Vec::new(),
            lines: Vec::new(),
            pages: Vec::new(),
            open_page: None,
            headings: Vec::new(),
            outlined: None,
            warnings: Vec::new(),
            unkept_warnings: 0,
            unkept_kind: WarningKind::Note,
            title: None,
        }
    }

    /// What follows lies on page `number` (1-based, ascending).
    pub fn start_page(&mut self, number: u32) {
        self.start(Page { number, ..Page::default() });
    }

    /// What follows lies in this part of the document, which has what the format has in the place of pages;
    /// its number is 1-based and ascends. Its span is set here.
    ///
    /// Another slide, sheet or part of a message does not lie under the headings of the one before. Pages do, and so do
    /// chapters: a book may have a heading in one file, and what lies under it in the next.
    pub fn start(&mut self, page: Page) {
        let stands_alone = matches!(page.kind, PageKind::Slide | PageKind::Sheet | PageKind::Part);
        if stands_alone && self.open_page != Some(page.number) {
            self.headings.clear();
        }
        self.open_page = Some(page.number);
        self.pages.push(Page { span: Span::new(self.chars, self.chars), ..page });
    }

    /// Appends a block of any kind, of whose lines is known where they stand on the page; for headings
    /// `level` is 1 to 6.
    pub(crate) fn block_with_lines(&mut self, kind: BlockKind, level: u8, text: &str, lines: &[PlacedLine]) {
        let blocks = self.blocks.len();
        match kind {
            BlockKind::Heading => self.heading(level, text),
            kind => self.block(kind, level, text),
        }
        if let Some(span) = self.blocks.get(blocks).map(|block| block.span) {
            self.place(span, &Offsets::of(text, kind == BlockKind::Code, span.len()), lines);
        }
    }

    /// Appends text to the last block, which goes on here: on a page that was started since.
    pub(crate) fn go_on(&mut self, joint: Joint, text: &str, lines: &[PlacedLine]) {
        let verbatim = self.blocks.last().is_some_and(|block| block.kind == BlockKind::Code);
        let kept = normalize(text, verbatim);
        let length = kept.chars().count();
        if length == 0 || self.overflow || self.blocks.is_empty() {
            return;
        }
        if self.chars + length + 1 > self.max_chars {
            self.overflow = true;
            return;
        }
        match joint {
            Joint::Blank => {
                self.text.push(' ');
                self.chars += 1;
            }
            Joint::Line => {
                self.text.push('\n');
                self.chars += 1;
            }
            Joint::Divided if self.text.ends_with(['-', '\u{2010}']) => self.take_hyphen(),
            Joint::Divided | Joint::Nothing => {}
        }
        let span = Span::new(self.chars, self.chars + length);
        self.text.push_str(&kept);
        self.chars += length;
        if let Some(page) = self.pages.last_mut() {
            page.span = span;
        }
        if let Some(block) = self.blocks.last_mut() {
            block.span.end = span.end;
        }
        self.place(span, &Offsets::of(text, verbatim, length), lines);
    }

    /// Takes the last character off the last block, its page and its last line.
    fn take_hyphen(&mut self) {
        self.text.pop();
        let end = self.chars;
        self.chars -= 1;
        let pages = self.pages.iter_mut().map(|page| &mut page.span);
        let blocks = self.blocks.last_mut().map(|block| &mut block.span);
        let lines = self.lines.last_mut().map(|line| &mut line.span);
        // The open page is empty, and lies behind the hyphen.
        for span in pages.rev().take(2).chain(blocks).chain(lines).filter(|span| span.end == end) {
            *span = Span::new(span.start.min(self.chars), self.chars);
        }
        self.lines.pop_if(|line| line.span.is_empty());
    }

    /// Notes where lines of a text stand that lies in `span` now.
    fn place(&mut self, span: Span, offsets: &Offsets, lines: &[PlacedLine]) {
        let Some(page) = self.open_page else { return };
        let mut from = span.start;
        for line in lines {
            let start = (span.start + offsets.kept(line.start)).max(from);
            let end = (span.start + offsets.kept(line.end)).min(span.end);
            let sound = line.bounds.iter().all(|side| (0.0..=1.0).contains(side));
            if start < end && sound {
                let (bounds, confidence, links) = (line.bounds, line.confidence, line.links.clone());
                self.lines.push(Line { span: Span::new(start, end), page, bounds, confidence, links });
                from = end;
            }
        }
    }

    /// Appends a heading of level 1 to 6, under which the following blocks lie.
    pub fn heading(&mut self, level: u8, text: &str) {
        let level = level.clamp(1, 6);
        if normalize(text, false).is_empty() {
            return;
        }
        self.headings.retain(|(above, _)| *above < level);
        if let Some(span) = self.append(BlockKind::Heading, level, text) {
            let title = self.text[self.text.len() - span..].replace('\n', " ");
            let title = title.chars().take(MAX_PATH_CHARS).collect();
            self.headings.push((level, title));
        }
    }

    /// What follows lies under a heading of level 1 to 6 that the text does not have: an outline tells it.
    pub(crate) fn section(&mut self, level: u8, title: &str) {
        let title = normalize(title, false).replace('\n', " ");
        if title.is_empty() {
            return;
        }
        let level = level.clamp(1, 6);
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, title.chars().take(MAX_PATH_CHARS).collect()));
    }

    /// What follows lies under these headings, outermost first, unless it begins with one of its own: an outline tells
    /// them. Any heading takes the place of the innermost, of whose level nothing is known.
    pub(crate) fn outlined(&mut self, titles: Vec<String>) {
        self.outlined = Some(titles);
    }

    /// Appends a block of any kind but a heading; `level` is the depth of a list item, else 0.
    pub fn block(&mut self, kind: BlockKind, level: u8, text: &str) {
        self.append(kind, level, text);
    }

    /// Appends a paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.append(BlockKind::Paragraph, 0, text);
    }

    /// Appends code that stands `line_feeds` below what lies before it, under `path` instead of under headings:
    /// source code has no headings, and its empty lines are its own.
    pub(crate) fn code(&mut self, path: &[String], line_feeds: usize, text: &str) {
        self.separator = "\n".repeat(line_feeds.max(1));
        if self.append(BlockKind::Code, 0, text).is_some()
            && let Some(block) = self.blocks.last_mut()
        {
            block.heading_path = path.to_vec();
        }
        self.separator = SEPARATOR.to_owned();
    }

    /// Tells a reader what was lost or doubtful, or how the document was read.
    pub fn warn(&mut self, kind: WarningKind, page: Option<u32>, message: impl Into<String>) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(ParseWarning { kind, page, message: message.into() });
        } else {
            self.unkept_warnings += 1;
            self.unkept_kind = self.unkept_kind.min(kind);
        }
    }

    /// Tells that so many characters were left out which the author hid.
    pub(crate) fn warn_of_hidden_text(&mut self, chars: usize) {
        if chars > 0 {
            let message = format!("{chars} characters of hidden text were left out");
            self.warn(WarningKind::Note, None, message);
        }
    }

    /// Sets the document's own title unless it is blank or one was set before.
    pub fn title(&mut self, title: &str) {
        let title = normalize(title, false).split_whitespace().collect::<Vec<_>>().join(" ");
        if self.title.is_none() && title.chars().any(char::is_alphanumeric) {
            self.title = Some(title.chars().take(500).collect());
        }
    }

    /// How many blocks were appended.
    pub(crate) fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// Whether no block was appended yet.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The document, checked.
    pub fn finish(mut self, content_type: ContentType, engine: impl Into<String>) -> Result<ParsedDocument> {
        if self.overflow {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the text is longer than {} characters; split the file", self.max_chars),
            ));
        }
        if self.unkept_warnings > 0 {
            let message = format!("{} more warnings", self.unkept_warnings);
            self.warnings.push(ParseWarning { kind: self.unkept_kind, page: None, message });
        }
        let document = ParsedDocument {
            content_type,
            title: self.title,
            text: self.text,
            pages: self.pages,
            blocks: self.blocks,
            lines: self.lines,
            warnings: self.warnings,
            engine: engine.into(),
        };
        check(&document)?;
        Ok(document)
    }

    /// Appends the normalised text and gives its length in bytes; `None` where nothing is left of it.
    fn append(&mut self, kind: BlockKind, level: u8, text: &str) -> Option<usize> {
        let text = normalize(text, kind == BlockKind::Code);
        let length = text.chars().count();
        if length == 0 || self.overflow {
            return None;
        }
        if self.chars + length + self.separator.len() > self.max_chars {
            self.overflow = true;
            return None;
        }
        if !self.text.is_empty() {
            self.text.push_str(&self.separator);
            self.chars += self.separator.len();
        }
        if let Some(mut titles) = self.outlined.take()
            && kind != BlockKind::Heading
        {
            self.headings.clear();
            let innermost = titles.pop().map(|title| (6, title));
            let outlined = (1..6).zip(titles).chain(innermost);
            outlined.for_each(|(level, title)| self.section(level, &title));
        }
        let span = Span::new(self.chars, self.chars + length);
        self.text.push_str(&text);
        self.chars += length;
        if let (Some(_), Some(page)) = (self.open_page, self.pages.last_mut()) {
            let start = if page.span.is_empty() { span.start } else { page.span.start };
            page.span = Span::new(start, span.end);
        }
        let heading_path = self.headings.iter().map(|(_, title)| title.clone()).collect();
        self.blocks.push(Block { kind, span, page: self.open_page, heading_path, level });
        Some(text.len())
    }
}

/// Where the scalar values of a text went when it was normalised.
struct Offsets {
    /// The text and how it is normalised; `None` where it stayed as it was.
    changed: Option<(Vec<char>, bool)>,
}

impl Offsets {
    fn of(text: &str, verbatim: bool, kept: usize) -> Self {
        let has_ligatures = !verbatim && text.chars().any(|c| ligature(c).is_some());
        let unchanged = text.chars().count() == kept && !has_ligatures;
        Self { changed: (!unchanged).then(|| (text.chars().collect(), verbatim)) }
    }

    /// How many scalar values are left of the first `before`.
    fn kept(&self, before: usize) -> usize {
        let Some((chars, verbatim)) = &self.changed else { return before };
        let prefix: String = chars.iter().take(before).collect();
        let kept = normalize(&prefix, *verbatim).chars().count();
        // Blanks that end the prefix lie within the whole text.
        let blanks = prefix.chars().rev().take_while(|c| c.is_whitespace()).count();
        if kept == 0 { 0 } else { kept + blanks.min(1) }
    }
}

/// NFC, line feeds only, no control or non-characters, no blanks at line ends, printers' ligatures as
/// letters, at most one empty line in a row (`verbatim` keeps ligatures, empty lines and indentation),
/// nothing blank at either end.
pub fn normalize(text: &str, verbatim: bool) -> String {
    let clean = clean_chars(text, verbatim);
    let mut out = String::with_capacity(clean.len());
    let mut empty_lines = 0;
    for line in clean.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        if !out.is_empty() {
            let breaks = if verbatim { empty_lines + 1 } else { empty_lines.min(1) + 1 };
            out.extend(std::iter::repeat_n('\n', breaks));
        }
        empty_lines = 0;
        out.push_str(if out.is_empty() && !verbatim { line.trim_start() } else { line });
    }
    match is_nfc_quick(out.chars()) {
        IsNormalized::Yes => out,
        // Composition can leave a blank in front of a removed mark: trim once more.
        _ => out.nfc().collect::<String>().trim_end().to_owned(),
    }
}

fn clean_chars(text: &str, verbatim: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\u{a0}' | '\u{202f}' | '\u{2007}' => out.push(' '),
            // Invisible marks that would keep a search from matching: soft hyphen, zero widths,
            // byte order mark.
            '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' => {}
            c if c.is_control() || is_noncharacter(c) => {}
            c if !verbatim && ligature(c).is_some() => out.extend(ligature(c)),
            c => out.push(c),
        }
    }
    out
}

/// The letters of a sign that printers cast for them: nobody searches for `oﬃce` by that sign.
fn ligature(c: char) -> Option<&'static str> {
    const LETTERS: [&str; 7] = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"];
    LETTERS.get(usize::try_from(u32::from(c).checked_sub(0xfb00)?).ok()?).copied()
}

fn is_noncharacter(c: char) -> bool {
    matches!(u32::from(c), 0xfdd0..=0xfdef) || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests;
