//! The fonts of a page: which are bold, which have symbols in the place of letters, and which do not tell the characters that they show. PDFium gives the
//! codes of their glyphs in the place of characters then: `(YHU\` for `Every`. The control codes among them give them
//! away.

use std::collections::HashMap;

use super::symbols::is_symbol_font;

/// Fewest control codes, and the share of all its codes in percent, from which a font tells no characters. A blank is
/// the third glyph of most fonts, and where glyphs were numbered anew, half of the alphabet is below 32.
const LEAST: usize = 5;
const PERCENT: usize = 8;

/// What the codes of each font on a page look like.
#[derive(Default)]
pub(super) struct Fonts {
    by_name: HashMap<String, usize>,
    counts: Vec<Codes>,
    any_has_symbols: bool,
}

#[derive(Default)]
struct Codes {
    bold: bool,
    has_symbols: bool,
    all: usize,
    control: usize,
}

impl Fonts {
    /// The number of the font with this name.
    pub(super) fn number(&mut self, name: String) -> usize {
        if let Some(&number) = self.by_name.get(&name) {
            return number;
        }
        let number = self.counts.len();
        let (bold, has_symbols) = (is_bold(&name), is_symbol_font(&name));
        self.any_has_symbols |= has_symbols;
        self.counts.push(Codes { bold, has_symbols, ..Codes::default() });
        self.by_name.insert(name, number);
        number
    }

    /// Whether the font is a bold one.
    pub(super) fn is_bold(&self, font: usize) -> bool {
        self.counts.get(font).is_some_and(|of| of.bold)
    }

    /// Whether the font's codes stand for symbols.
    pub(super) fn has_symbols(&self, font: usize) -> bool {
        self.counts.get(font).is_some_and(|of| of.has_symbols)
    }

    /// Whether one of the fonts so far is one of symbols.
    pub(super) fn any_has_symbols(&self) -> bool {
        self.any_has_symbols
    }

    /// Counts a code of a font.
    pub(super) fn count(&mut self, font: usize, code: u32) {
        if let Some(counts) = self.counts.get_mut(font) {
            counts.all += 1;
            counts.control += usize::from(is_control(code));
        }
    }

    /// Whether the font's codes are no characters.
    pub(super) fn is_unmapped(&self, font: usize) -> bool {
        let counts = self.counts.get(font);
        counts
            .is_some_and(|of| !of.has_symbols && of.control >= LEAST && of.control * 100 >= of.all * PERCENT)
    }
}

/// Whether a code is none that a text has. PDFium itself gives 2 for a hyphen at a line's end.
pub(super) fn is_control(code: u32) -> bool {
    matches!(code, 1 | 3..=8 | 14..=31)
}

fn is_bold(font: &str) -> bool {
    let font = font.to_ascii_lowercase();
    ["bold", "black", "heavy", "semibd", "demi"].iter().any(|weight| font.contains(weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_unmapped(text: &str) -> bool {
        let mut fonts = Fonts::default();
        let font = fonts.number("DejaVuSans".to_owned());
        assert_eq!(fonts.number("DejaVuSans".to_owned()), font);
        text.chars().for_each(|c| fonts.count(font, c.into()));
        fonts.is_unmapped(font)
    }

    #[test]
    fn codes_of_glyphs_are_told_from_characters() {
        let text = "Every employee has ten days of annual leave, and 5 more.";
        let shifted: String = text.chars().filter_map(|c| char::from_u32(u32::from(c) - 29)).collect();
        assert!(is_unmapped(&shifted));
        assert!(!is_unmapped(text));
        assert!(!is_unmapped(&format!("{}\u{1}\u{1}\u{1}", text.repeat(10))), "a few signs without a name");
        assert!(!is_unmapped(&format!("{}\u{3}\u{4}\u{5}\u{6}\u{7}", text.repeat(10))), "some more of many");
    }
}
