//! Headers and footers of an RTF document. They are read before its text: a footer goes behind the last section with it.

use std::collections::HashMap;

use crate::parse::running_text::{FieldCode, Line, Lines, Named, Pages, Place, Section, keep_once};

/// The headers and footers that were read, and those that the open section has.
#[derive(Default)]
pub(super) struct Running {
    named: Named<usize>,
    texts: HashMap<usize, Vec<Line>>,
    /// The header or footer that is being read.
    open: Option<Place>,
    lines: Lines,
    in_table: bool,
    code: FieldCode,
    /// Whether the result of the field whose code was read last is computed.
    pub(super) is_computed: bool,
    has_first: bool,
    has_even: bool,
}

impl Running {
    /// A header or footer begins.
    pub(super) fn open(&mut self, place: Place) {
        self.end_text();
        self.open = Some(place);
    }

    /// The header or footer ends.
    pub(super) fn end_text(&mut self) {
        self.in_table = false;
        let lines = std::mem::take(&mut self.lines).finish();
        if let Some(place) = self.open.take() {
            let text = self.texts.len();
            self.texts.insert(text, lines);
            self.named.name(place, text);
        }
    }

    /// Text of the header or footer.
    pub(super) fn push(&mut self, text: &str, is_computed: bool) {
        match is_computed {
            true => self.lines.push_computed(text),
            false => self.lines.push(text),
        }
    }

    /// Code of a field in the header or footer.
    pub(super) fn add_code(&mut self, text: &str) {
        self.code.add(text);
    }

    /// The code of a field ends. The field may have no result.
    pub(super) fn end_code(&mut self) {
        self.is_computed = std::mem::take(&mut self.code).is_computed();
        if self.is_computed {
            self.lines.push_computed("");
        }
    }

    /// Takes a control word of the header or footer, if it is one of lines and cells or of what is computed.
    pub(super) fn word(&mut self, word: &str) -> bool {
        match word {
            "par" if self.in_table => self.lines.push(" "),
            "par" | "row" => self.lines.end_line(),
            "tab" | "line" | "page" | "column" | "cell" | "nestcell" => self.lines.tab(),
            "pard" => self.in_table = false,
            "intbl" => self.in_table = true,
            "chpgn" | "sectnum" | "chdate" | "chdpl" | "chdpa" | "chtime" => self.lines.push_computed(""),
            _ => return false,
        }
        true
    }

    /// Takes a control word of the text, which may say something of its sections.
    pub(super) fn section_word(&mut self, word: &str) {
        match word {
            "facingp" => self.has_even = true,
            "titlepg" => self.has_first = true,
            "sectd" => self.has_first = false,
            "sect" => self.end_section(),
            _ => {}
        }
    }

    /// What is kept of each section's.
    pub(super) fn finish(mut self) -> Vec<Section> {
        self.end_section();
        keep_once(&self.named.sections, self.texts)
    }

    fn end_section(&mut self) {
        self.end_text();
        self.named.end_section(self.has_first, self.has_even);
    }
}

/// Where the header or footer stands that a control word begins.
pub(super) fn place(word: &str) -> Option<Place> {
    let (is_footer, pages) = match word.strip_prefix("header") {
        Some(pages) => (false, pages),
        None => (true, word.strip_prefix("footer")?),
    };
    let pages = match pages {
        "" | "r" => Pages::Most,
        "f" => Pages::First,
        "l" => Pages::Even,
        _ => return None,
    };
    Some(Place { is_footer, pages })
}
