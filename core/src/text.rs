//! Canonical text and spans. **Offsets count Unicode scalar values**, never bytes or UTF-16 units.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A half-open range `start..end` of Unicode scalar values in a version's canonical text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first scalar value.
    pub start: usize,
    /// One past the last scalar value.
    pub end: usize,
}

impl Span {
    /// `start..end`; an end before the start is moved up to it.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Scalar values covered.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it covers nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether both share at least one scalar value.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `other` lies within.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// Scalar values between two remembered byte offsets: small enough to walk, large enough that the
/// table costs 1/32 of the text.
const STRIDE: usize = 256;

/// The canonical text of a version with fast conversion between scalar and byte offsets.
#[derive(Clone)]
pub struct CanonicalText {
    text: Arc<str>,
    /// Byte offset of every `STRIDE`-th scalar value.
    marks: Arc<[usize]>,
    chars: usize,
}

impl CanonicalText {
    /// Indexes `text`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let mut marks = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut chars = 0;
        for (byte, _) in text.char_indices() {
            if chars % STRIDE == 0 {
                marks.push(byte);
            }
            chars += 1;
        }
        Self { text, marks: marks.into(), chars }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Length in scalar values.
    pub fn char_len(&self) -> usize {
        self.chars
    }

    /// The text under `span`, or `None` where the span reaches past the end.
    pub fn slice(&self, span: Span) -> Option<&str> {
        let start = self.byte_of(span.start)?;
        let end = self.byte_of(span.end)?;
        self.text.get(start..end)
    }

    /// Byte offset of the scalar value at `offset` (`char_len()` gives the byte length).
    pub fn byte_of(&self, offset: usize) -> Option<usize> {
        if offset == self.chars {
            return Some(self.text.len());
        }
        let mark = *self.marks.get(offset / STRIDE)?;
        let (byte, _) = self.text[mark..].char_indices().nth(offset % STRIDE)?;
        Some(mark + byte)
    }

    /// Scalar offset of the byte at `byte`, or `None` where no scalar value starts there.
    pub fn char_of(&self, byte: usize) -> Option<usize> {
        if !self.text.is_char_boundary(byte) {
            return None;
        }
        let mark = self.marks.partition_point(|&m| m <= byte);
        let Some(mark) = mark.checked_sub(1) else {
            return (byte == 0).then_some(0);
        };
        Some(mark * STRIDE + self.text[self.marks[mark]..byte].chars().count())
    }

    /// The span of scalar values that covers the bytes `start..end`.
    pub fn span_of_bytes(&self, start: usize, end: usize) -> Option<Span> {
        Some(Span::new(self.char_of(start)?, self.char_of(end)?))
    }
}

impl fmt::Debug for CanonicalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanonicalText({} scalar values)", self.chars)
    }
}

/// Characters that change how a name is displayed, or tell it from its twin, without being seen:
/// bidirectional marks, overrides and isolates, the zero-width space and word joiner, the byte order
/// mark, line and paragraph separators. Zero-width joiners stay: Persian words and emoji need them.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

/// Invisible where a line does not end at it.
const SOFT_HYPHEN: char = '\u{ad}';

/// What tells one text from another whatever the keyboard: its visible characters in small letters, half width, with
/// straight quotes and one hyphen for a run of dashes, each with the place of the scalar value that it comes of.
pub fn comparable(text: &str) -> impl Iterator<Item = (usize, char)> {
    let is_visible = |c: char| !c.is_whitespace() && !is_invisible(c) && c != SOFT_HYPHEN;
    let mut before = None;
    text.chars()
        .enumerate()
        .filter(move |&(_, c)| is_visible(c))
        .flat_map(|(at, c)| plain(c).to_lowercase().map(move |c| (at, c)))
        .filter(move |&(_, c)| before.replace(c) != Some('-') || c != '-')
}

/// Half width for full, straight quotes for curly, a hyphen for every dash.
fn plain(c: char) -> char {
    let c = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '｡' => '。',
        '｢' => '「',
        '｣' => '」',
        '､' => '、',
        '･' => '・',
        '￠' => '¢',
        '￡' => '£',
        '￥' => '¥',
        c => c,
    };
    match c {
        '‘' | '’' | '‚' | '‛' | 'ʼ' | '`' | '´' => '\'',
        '“' | '”' | '„' | '‟' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_only_the_keyboard_tells_apart_is_the_same() {
        let compared = |text: &str| comparable(text).map(|(_, c)| c).collect::<String>();
        assert_eq!(compared("“Ｌ Ｑ－２００”\u{3000}— it’s"), compared("\"lq-200\" -- IT'S"));
        assert_eq!(compared("每晚￥６００（含税）"), compared("每晚¥600(含税)"));
        assert_eq!(compared("an\u{ad}nual\u{200b} leave"), "annualleave");
        assert_ne!(compared("15 days"), compared("16 days"));
        let places: Vec<usize> = comparable("a —— İb").map(|(at, _)| at).collect();
        assert_eq!(places, [0, 2, 5, 5, 6], "a run of dashes lies where it begins");
    }

    proptest! {
        #[test]
        fn scalar_and_byte_offsets_agree(text in "[a-z年假🙂\n]{0,700}", a in 0_usize..800, b in 0_usize..800) {
            let canonical = CanonicalText::new(text.as_str());
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(canonical.char_len(), chars.len());
            let span = Span::new(a.min(b), a.max(b));
            let expected: Option<String> = chars.get(span.start..span.end).map(|c| c.iter().collect());
            prop_assert_eq!(canonical.slice(span).map(str::to_owned), expected);
            for (offset, (byte, _)) in text.char_indices().enumerate() {
                prop_assert_eq!(canonical.byte_of(offset), Some(byte));
                prop_assert_eq!(canonical.char_of(byte), Some(offset));
            }
            prop_assert_eq!(canonical.char_of(text.len()), Some(chars.len()));
        }
    }
}
