//! RTF: control words and groups, text in the code page of its font, tables, lists, headings, notes and headers.

mod document;
mod running;
mod tokens;

use std::collections::HashMap;

use encoding_rs::{Encoding, WINDOWS_1252};
use footnote_core::Result;
use footnote_core::parsed::{ContentType, ParsedDocument};

use self::document::Document;
use self::running::{Running, place};
use self::tokens::{Token, Tokens};
use super::builder::DocumentBuilder;
use super::limits::ParseLimits;
use super::running_text::Section;

/// Most fonts and styles that are remembered.
const MAX_NAMES: usize = 10_000;
/// Within how many tokens a file says what it was made from.
const HEADER_TOKENS: usize = 60;

/// Destinations that hold no text of the document. Headers and footers have been read before it.
const SKIPPED: &[&str] = &[
    "pict",
    "object",
    "objdata",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "colortbl",
    "fldinst",
    "nonshppict",
    "nonesttables",
    "annotation",
    "atnid",
    "atnauthor",
    "atntime",
    "author",
    "operator",
    "company",
    "subject",
    "keywords",
    "doccomm",
    "comment",
    "manager",
    "category",
    "creatim",
    "revtim",
    "printim",
    "buptim",
    "listtable",
    "listoverridetable",
    "revtbl",
    "rsidtbl",
    "generator",
    "xmlnstbl",
    "themedata",
    "datastore",
    "sp",
    "bkmkstart",
    "bkmkend",
    "xe",
    "tc",
    "filetbl",
    "pgptbl",
    "mmathPr",
    "latentstyles",
    "upr",
    "pntxta",
    "pntxtb",
    "hlinkbase",
    "shprslt",
];
/// Ignorable destinations (`\*`) that hold text none the less.
const KEPT: &[&str] = &["shpinst", "ud", "pgdsctbl", "footnote", "nesttableprops", "pntext"];

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Body,
    /// The number or bullet that a list shows before its item.
    Marker,
    Note,
    Title,
    Fonts,
    Styles,
    /// A header or footer of the pages, and the code of a field in it.
    Running,
    Code,
    Nowhere,
}

/// What a file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Text,
    /// The HTML that the RTF was made from.
    Html,
    /// Headers and footers.
    Running,
}

/// What a group inherits and restores.
#[derive(Clone, Copy)]
struct State {
    target: Target,
    encoding: &'static Encoding,
    /// How many characters follow a `\u` for readers without Unicode.
    fallback: usize,
    hidden: bool,
    deleted: bool,
    /// What HTML was made into for readers of RTF.
    is_rtf_only: bool,
    /// The result of a field in a header or footer that shows something else on other pages.
    is_computed: bool,
    font: i32,
    style: i32,
}

/// The reader.
struct Reader<'b> {
    wants: Wants,
    state: State,
    groups: Vec<State>,
    document: Document<'b>,
    running: Running,
    fonts: HashMap<i32, &'static Encoding>,
    style_names: HashMap<i32, String>,
    default_encoding: &'static Encoding,
    /// Bytes in the encoding of the state, and halves of characters outside of the basic plane.
    bytes: Vec<u8>,
    units: Vec<u16>,
    to_skip: usize,
    ignorable: bool,
}

/// Reads RTF.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    append(bytes, &mut builder);
    builder.finish(ContentType::Rtf, "rtf 1")
}

/// Appends what RTF says.
pub(crate) fn append(bytes: &[u8], out: &mut DocumentBuilder) {
    let mut reader = Reader::new(out, Wants::Text, sections_of(bytes));
    reader.read(bytes);
    reader.document.finish();
}

/// What is kept of the headers and footers of each section.
fn sections_of(bytes: &[u8]) -> Vec<Section> {
    // Nothing is appended to it.
    let mut unused = DocumentBuilder::new(0);
    let mut reader = Reader::new(&mut unused, Wants::Running, Vec::new());
    reader.read(bytes);
    reader.running.finish()
}

/// The HTML that RTF was made from, where it keeps that: tags in groups of their own, and what is there for
/// readers of RTF only marked as such (\[MS-OXRTFEX\]).
pub(crate) fn html_within(bytes: &[u8]) -> Option<String> {
    let is_html = |token| matches!(token, Token::Word("fromhtml", number) if number != Some(0));
    if !Tokens::new(bytes).take(HEADER_TOKENS).any(is_html) {
        return None;
    }
    // Nothing is appended to it.
    let mut unused = DocumentBuilder::new(0);
    let mut reader = Reader::new(&mut unused, Wants::Html, Vec::new());
    reader.read(bytes);
    Some(reader.document.text)
}

impl<'b> Reader<'b> {
    fn new(out: &'b mut DocumentBuilder, wants: Wants, sections: Vec<Section>) -> Self {
        Self {
            wants,
            state: State {
                target: Target::Body,
                encoding: WINDOWS_1252,
                fallback: 1,
                hidden: false,
                deleted: false,
                is_rtf_only: false,
                is_computed: false,
                font: -1,
                style: 0,
            },
            groups: Vec::new(),
            document: Document::new(out, sections),
            running: Running::default(),
            fonts: HashMap::new(),
            style_names: HashMap::new(),
            default_encoding: WINDOWS_1252,
            bytes: Vec::new(),
            units: Vec::new(),
            to_skip: 0,
            ignorable: false,
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        for token in Tokens::new(bytes) {
            self.token(token);
        }
        self.flush();
    }

    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Open => {
                self.flush();
                self.groups.push(self.state);
                self.to_skip = 0;
            }
            Token::Close => {
                self.flush();
                self.end_group();
            }
            Token::Byte(_) if self.to_skip > 0 => self.to_skip -= 1,
            Token::Byte(byte) => {
                self.flush_units();
                self.bytes.push(byte);
            }
            Token::Ignorable => self.ignorable = true,
            Token::Word(word, number) => {
                let ignorable = std::mem::take(&mut self.ignorable);
                if word != "u" {
                    self.flush();
                }
                self.word(word, number, ignorable);
            }
        }
    }

    fn end_group(&mut self) {
        let Some(outer) = self.groups.pop() else { return };
        let inner = std::mem::replace(&mut self.state, outer);
        self.to_skip = 0;
        if outer.target != inner.target {
            match inner.target {
                Target::Note => self.document.end_note(),
                Target::Running => self.running.end_text(),
                Target::Code => self.running.end_code(),
                _ => {}
            }
        }
        // Each entry of the style sheet is a group, whose text is the name.
        if inner.target == Target::Styles && outer.target == Target::Styles {
            let level = self.style_names.remove(&inner.style).and_then(|name| heading_level(&name));
            if let Some(level) = level {
                self.document.headings.insert(inner.style, level);
            }
        }
    }

    fn word(&mut self, word: &str, number: Option<i32>, ignorable: bool) {
        let on = number != Some(0);
        let value = number.unwrap_or(0);
        if self.wants == Wants::Running && self.begins_running(word) {
            return;
        }
        let is_tag = self.wants == Wants::Html && word == "htmltag";
        if ignorable && !is_tag && !KEPT.contains(&word) || SKIPPED.contains(&word) {
            self.state.target = Target::Nowhere;
            return;
        }
        match word {
            "u" => self.unicode(value),
            "uc" => self.state.fallback = usize::try_from(value).unwrap_or(1).min(64),
            "ansicpg" => {
                self.default_encoding = code_page(value).unwrap_or(WINDOWS_1252);
                self.state.encoding = self.default_encoding;
            }
            "mac" => self.default_encoding = encoding_rs::MACINTOSH,
            "fonttbl" => self.state.target = Target::Fonts,
            "stylesheet" => self.state.target = Target::Styles,
            "f" => self.font(value),
            "fcharset" if self.state.target == Target::Fonts && self.fonts.len() < MAX_NAMES => {
                if let Some(encoding) = charset(value) {
                    self.fonts.insert(self.state.font, encoding);
                }
            }
            "cpg" if self.state.target == Target::Fonts && self.fonts.len() < MAX_NAMES => {
                if let Some(encoding) = code_page(value) {
                    self.fonts.insert(self.state.font, encoding);
                }
            }
            "info" => self.state.target = Target::Nowhere,
            "title" => self.state.target = Target::Title,
            "listtext" | "pntext" if self.state.target != Target::Nowhere => {
                self.state.target = Target::Marker;
            }
            "footnote" => self.state.target = Target::Note,
            "fldrslt" if self.state.target == Target::Running => {
                self.state.is_computed |= self.running.is_computed;
            }
            "htmltag" if self.wants == Wants::Html => {
                (self.state.target, self.state.is_rtf_only) = (Target::Body, false)
            }
            "htmlrtf" if self.wants == Wants::Html => self.state.is_rtf_only = on,
            "v" => self.state.hidden = on,
            "plain" => {
                (self.state.hidden, self.state.deleted) = (false, false);
                self.state.encoding = self.default_encoding;
            }
            "deleted" => self.state.deleted = on,
            "s" if self.state.target == Target::Styles => self.state.style = value,
            "outlinelevel" if self.state.target == Target::Styles => {
                let level = u8::try_from(value).ok().filter(|level| *level < 9);
                if let Some(level) = level.filter(|_| self.document.headings.len() < MAX_NAMES) {
                    self.document.headings.insert(self.state.style, level + 1);
                }
            }
            _ => self.content(word, value),
        }
    }

    /// Whether the word begins a header or footer of the pages, or the code of a field in it.
    fn begins_running(&mut self, word: &str) -> bool {
        match (self.state.target, place(word)) {
            (Target::Body, Some(place)) => {
                self.running.open(place);
                self.state.target = Target::Running;
            }
            (Target::Running, None) if word == "fldinst" => self.state.target = Target::Code,
            _ => return false,
        }
        true
    }

    /// What only counts within the text.
    fn content(&mut self, word: &str, value: i32) {
        if self.state.target == Target::Running && self.running.word(word) {
            return;
        }
        let text = match word {
            "tab" => "\t",
            "line" | "page" | "column" => "\n",
            "emdash" => "—",
            "endash" => "–",
            "lquote" => "‘",
            "rquote" => "’",
            "ldblquote" => "“",
            "rdblquote" => "”",
            "bullet" => "•",
            "emspace" | "enspace" | "qmspace" | "~" => " ",
            "_" => "-",
            _ => return self.structure(word, value),
        };
        self.push(text);
    }

    /// What gives the text its structure.
    fn structure(&mut self, word: &str, value: i32) {
        match (self.wants, self.state.target) {
            (Wants::Html, _) if matches!(word, "par" | "sect" | "row" | "cell") => self.push("\n"),
            (Wants::Running, Target::Body) => self.running.section_word(word),
            (Wants::Text, Target::Body) => self.document.word(word, value),
            (Wants::Text, Target::Note) if word == "par" => self.push("\n"),
            _ => {}
        }
    }

    fn font(&mut self, font: i32) {
        self.state.font = font;
        if self.state.target != Target::Fonts {
            self.state.encoding = self.fonts.get(&font).copied().unwrap_or(self.default_encoding);
        }
    }

    /// A UTF-16 unit, which may be written as a negative number.
    fn unicode(&mut self, value: i32) {
        self.flush_bytes();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the unit is modulo 2^16"
        )]
        self.units.push(value as u16);
        self.to_skip = self.state.fallback;
    }

    fn flush(&mut self) {
        self.flush_units();
        self.flush_bytes();
    }

    fn flush_units(&mut self) {
        if !self.units.is_empty() {
            let units = std::mem::take(&mut self.units);
            self.push(&String::from_utf16_lossy(&units));
        }
    }

    fn flush_bytes(&mut self) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            let (text, _) = self.state.encoding.decode_without_bom_handling(&bytes);
            self.push(&text);
        }
    }

    fn push(&mut self, text: &str) {
        match self.state.target {
            _ if self.state.deleted || self.state.is_rtf_only => {}
            Target::Body | Target::Marker | Target::Note | Target::Title if self.wants == Wants::Running => {}
            Target::Body | Target::Marker | Target::Note if self.state.hidden => {
                self.document.hidden += text.chars().filter(|c| !c.is_whitespace()).count();
            }
            _ if self.state.hidden => {}
            Target::Body => self.document.text.push_str(text),
            Target::Marker => self.document.marker.push_str(text),
            Target::Note => self.document.note.push_str(text),
            Target::Title => self.document.title.push_str(text),
            Target::Running => self.running.push(text, self.state.is_computed),
            Target::Code => self.running.add_code(text),
            Target::Styles if self.style_names.len() < MAX_NAMES => {
                self.style_names.entry(self.state.style).or_default().push_str(text);
            }
            Target::Styles | Target::Fonts | Target::Nowhere => {}
        }
    }
}

/// `heading 2;`
fn heading_level(name: &str) -> Option<u8> {
    let name = name.trim().trim_end_matches(';').to_lowercase();
    let rest = ["heading", "标题"].iter().find_map(|start| name.strip_prefix(start))?;
    rest.trim().parse().ok().filter(|level| (1..=9).contains(level))
}

/// The encoding of a Windows code page.
fn code_page(number: i32) -> Option<&'static Encoding> {
    let label = match number {
        874 => "windows-874".to_owned(),
        932 => "shift_jis".to_owned(),
        // GB18030 reads what GBK does and the rarer characters, too.
        936 | 54936 => "gb18030".to_owned(),
        949 | 1361 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10000 => "macintosh".to_owned(),
        65001 => "utf-8".to_owned(),
        866 => "ibm866".to_owned(),
        number => format!("windows-{number}"),
    };
    Encoding::for_label(label.as_bytes())
}

/// The encoding of a Windows character set.
fn charset(number: i32) -> Option<&'static Encoding> {
    code_page(match number {
        0 => 1252,
        77 => 10000,
        128 => 932,
        129 | 130 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
