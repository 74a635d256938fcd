//! The fonts of a page: which are bold or monospaced, which have symbols in the place of letters, and which do not tell
//! the characters that they show. PDFium gives the codes of their glyphs in the place of characters then: `(YHU\` for
//! `Every`. The control codes among them give them away, and of Chinese fonts, which have glyphs by the thousand, the many
//! scripts.

use std::collections::HashMap;

use unicode_script::{Script, UnicodeScript};

use super::advances::{Advances, Common};
use super::symbols::is_symbol_font;

/// Fewest control codes, and the share of all its codes in percent, from which a font tells no characters. A blank is
/// the third glyph of most fonts, and where glyphs were numbered anew, half of the alphabet is below 32.
const LEAST: usize = 5;
const PERCENT: usize = 8;
/// Fewest scripts that hardly a document has, and least share of all its codes in percent that these have.
const LEAST_RARE: usize = 3;
const RARE_PERCENT: usize = 10;

/// Most fonts of a page that are measured.
const MAX_MEASURED: usize = 256;
/// Most monospaced fonts of a page that others are compared with.
const MAX_MONOSPACED: usize = 16;
/// Parts of the names of Chinese, Japanese and Korean fonts. Their Latin letters are all half as wide as their
/// characters, and no sign of code.
const EAST_ASIAN: [&str; 13] =
    ["song", "simsun", "sung", "ming", "mincho", "hei", "kai", "gothic", "batang", "gulim", "宋", "黑", "楷"];

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
    may_be_of_code: bool,
    advances: Advances,
    all: usize,
    control: usize,
    /// Scripts that hardly a document has, as many as tell, and how many codes are of such.
    rare_scripts: Vec<Script>,
    rare: usize,
}

impl Codes {
    fn count(&mut self, code: u32) {
        self.all += 1;
        self.control += usize::from(is_control(code));
        let script = char::from_u32(code).filter(|_| code >= FIRST_RARE).map(|c| c.script());
        if let Some(script) = script.filter(|script| is_rare(*script)) {
            self.rare += 1;
            if self.rare_scripts.len() < LEAST_RARE && !self.rare_scripts.contains(&script) {
                self.rare_scripts.push(script);
            }
        }
    }

    fn are_of_glyphs(&self) -> bool {
        self.control >= LEAST && self.control * 100 >= self.all * PERCENT
            || self.rare_scripts.len() >= LEAST_RARE && self.rare * 100 >= self.all * RARE_PERCENT
    }
}

/// Scripts before this code are in use.
const FIRST_RARE: u32 = 0x700;

/// Whether hardly a document has the script, least of all together with others of them.
fn is_rare(script: Script) -> bool {
    use Script::{
        Arabic, Bengali, Common, Cyrillic, Devanagari, Georgian, Greek, Han, Hangul, Hebrew, Hiragana,
        Inherited, Katakana, Latin, Tamil, Thai, Unknown,
    };
    !matches!(
        script,
        Arabic
            | Bengali
            | Common
            | Cyrillic
            | Devanagari
            | Georgian
            | Greek
            | Han
            | Hangul
            | Hebrew
            | Hiragana
            | Inherited
            | Katakana
            | Latin
            | Tamil
            | Thai
            | Unknown
    )
}

impl Fonts {
    /// The number of the font with this name.
    pub(super) fn number(&mut self, name: String) -> usize {
        if let Some(&number) = self.by_name.get(&name) {
            return number;
        }
        let number = self.counts.len();
        let (bold, has_symbols) = (is_bold(&name), is_symbol_font(&name));
        let may_be_of_code = number < MAX_MEASURED && !has_symbols && may_be_of_code(&name);
        self.any_has_symbols |= has_symbols;
        self.counts.push(Codes { bold, has_symbols, may_be_of_code, ..Codes::default() });
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
            counts.count(code);
        }
    }

    /// Takes note of how wide a character of a font is, in font sizes.
    pub(super) fn measure(&mut self, font: usize, c: char, width: f32) {
        if let Some(counts) = self.counts.get_mut(font).filter(|of| of.may_be_of_code) {
            counts.advances.note(c, width);
        }
    }

    /// For each font whether all its letters are equally wide. One with too few of them to tell is as another that tells
    /// and is as wide: the bold one that has the keywords of a listing.
    pub(super) fn monospaced(&self) -> Vec<bool> {
        let common: Vec<Option<Common>> = self.counts.iter().map(|of| of.advances.common()).collect();
        let telling: Vec<Common> =
            common.iter().flatten().filter(|of| of.tells).take(MAX_MONOSPACED).copied().collect();
        let is_monospaced = |of: &Common| of.tells || telling.iter().any(|other| of.is_same(other));
        common.iter().map(|of| of.as_ref().is_some_and(is_monospaced)).collect()
    }

    /// Whether the font's codes are no characters.
    pub(super) fn is_unmapped(&self, font: usize) -> bool {
        self.counts.get(font).is_some_and(|of| !of.has_symbols && of.are_of_glyphs())
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

/// A font whose name is in no Unicode has none here: Chinese programs write such names.
fn may_be_of_code(font: &str) -> bool {
    let name = font.rsplit('+').next().unwrap_or_default().to_lowercase();
    let is_east_asian = EAST_ASIAN.iter().any(|part| name.contains(part)) && !name.contains("letter");
    !name.is_empty() && !is_east_asian
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monospaced_fonts_are_told_by_their_letters() {
        let monospaced = |of: &[(&str, &str, f32)]| {
            let mut fonts = Fonts::default();
            for &(name, text, width) in of {
                let font = fonts.number(name.to_owned());
                text.chars().for_each(|c| fonts.measure(font, c, width));
            }
            fonts.monospaced()
        };
        let code = "let mut i = 1;";
        assert_eq!(
            monospaced(&[("F1", code, 0.6), ("F2", "if", 0.6), ("F3", "if", 0.3)]),
            [true, true, false]
        );
        assert_eq!(monospaced(&[("F2", "if", 0.6)]), [false]);
        for name in ["ABCDEF+SimSun", "MS-Gothic", "新宋体", "WenQuanYiZenHei", "", "Wingdings"] {
            assert_eq!(monospaced(&[(name, code, 0.5)]), [false], "{name}");
        }
        for name in ["LetterGothicStd", "SONGHE+Courier", "NotoSansMonoCJKsc-Regular"] {
            assert_eq!(monospaced(&[(name, code, 0.5)]), [true], "{name}");
        }
        assert!(Fonts::default().monospaced().is_empty());
    }

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
        assert!(is_unmapped("ৱ܌ᛲᜤ儂㐕⼂䑲ẌҲᾪ৪\u{c76}܊Ҷܒ܊ᛲ㎪پᏡᜤ㲣ژᶴৣڇڸ\u{2efc}څ"), "glyphs of a Chinese font");
        assert!(!is_unmapped(
            "English, Русский, Ελληνικά, עברית, العربية, 中文, 日本語, 한국어, ไทย, हिन्दी, বাংলা"
        ));
    }
}
