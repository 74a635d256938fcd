//! Marks of notes: numbers and signs that stand raised behind a word, or before a note.

use super::glyph::Glyph;

/// Raised characters are at most this share of the size of the others, and stand higher by at least that.
const SMALLER: f32 = 0.85;
const HIGHER: f32 = 0.12;
/// Most characters of a mark, and marks of a stretch of text.
pub(super) const MAX_CHARS: usize = 3;
const MAX_MARKS: usize = 20;

/// The marks within a stretch of text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Raised {
    /// Each mark, as it is read.
    pub(super) marks: Vec<String>,
    /// Whether the last character belongs to the last mark.
    open: bool,
}

impl Raised {
    /// Notes `glyph`, which follows on `text` of that size and baseline. Whether the text is a mark itself, and leads a
    /// note that begins here.
    pub(super) fn note(
        &mut self,
        text: &str,
        (size, baseline): (f32, f32),
        glyph: &Glyph,
        is_apart: bool,
    ) -> bool {
        let is_raised = glyph.size <= SMALLER * size && glyph.baseline >= baseline + HIGHER * size;
        if !(is_raised && is_mark_char(glyph.c)) {
            self.open = false;
            let was_raised = size <= SMALLER * glyph.size && baseline >= glyph.baseline + HIGHER * glyph.size;
            let is_text = glyph.c.is_alphabetic() || matches!(glyph.c, '“' | '"' | '(');
            return was_raised
                && is_text
                && text.chars().count() <= MAX_CHARS
                && text.chars().all(is_mark_char);
        }
        let goes_on = self.open && !is_apart;
        let has_room = self.marks.len() < MAX_MARKS;
        match self.marks.last_mut().filter(|_| goes_on) {
            Some(mark) => mark.push(glyph.c),
            None if has_room => self.marks.push(glyph.c.to_string()),
            None => {}
        }
        self.open = true;
        false
    }
}

/// Digits and the signs that note marks are made of.
fn is_mark_char(c: char) -> bool {
    c.is_ascii_digit() || is_sign(c)
}

/// `*`, `†` and their like.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c, '*' | '†' | '‡' | '§')
}

/// The digit that a raised one (`²`) stands for.
pub(super) fn raised_digit(c: char) -> Option<char> {
    match c {
        '¹' => Some('1'),
        '²' => Some('2'),
        '³' => Some('3'),
        '⁰' | '⁴'..='⁹' => char::from_digit(u32::from(c) - 0x2070, 10),
        _ => None,
    }
}
