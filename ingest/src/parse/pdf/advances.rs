//! How wide the letters of a font are: all the same in a monospaced one, in which `i` takes as much room as `m`.

use crate::parse::flow::joins_without_blank;

/// Widths are counted in this part of the font size, the widest and all above as one.
const PARTS: f32 = 200.0;
const WIDEST: usize = 250;
/// What is narrower than this is no letter.
const NARROWEST: usize = 20;
/// Fewest letters that show what a font is like.
const LEAST_LETTERS: usize = 4;
/// One letter in so many may be narrower than the others, and such a share of all be wider: PDFium's box of a slanted
/// letter lies around its shape, too.
const MAX_NARROWER: usize = 20;
const MAX_WIDER_PERCENT: usize = 40;

/// Kinds of letters that differ in width in any font but a monospaced one, as bits.
const NARROW: u8 = 1;
const USUAL: u8 = 2;
const WIDE: u8 = 4;

/// The widths of a font's letters, as far as they were seen.
#[derive(Default)]
pub(super) struct Advances {
    /// By the width; empty before the first letter.
    letters: Vec<Letters>,
    /// How many Chinese and Japanese characters there are: those are always alike.
    full_width: usize,
}

/// Letters of one width.
#[derive(Clone, Copy, Default)]
struct Letters {
    count: usize,
    kinds: u8,
}

/// The width that all letters of a font have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Common {
    width: usize,
    /// Whether letters have it that differ in other fonts.
    pub(super) tells: bool,
}

impl Common {
    /// Whether both are one width, but for what is lost in counting.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.width.abs_diff(other.width) <= 1
    }
}

impl Advances {
    /// Takes note of a character, which is so many font sizes wide. Only those of ASCII tell something.
    pub(super) fn note(&mut self, c: char, width: f32) {
        if !c.is_ascii_graphic() {
            self.full_width += usize::from(joins_without_blank(c));
            return;
        }
        // `as` saturates, and NaN gives 0.
        let width = ((width * PARTS).round() as usize).min(WIDEST);
        if width < NARROWEST {
            return;
        }
        // Two neighbours are looked at together, also from the widest on.
        self.letters.resize(WIDEST + 2, Letters::default());
        let letters = &mut self.letters[width];
        letters.count += 1;
        letters.kinds |= kind(c);
    }

    /// The width that all letters have, where they have one.
    pub(super) fn common(&self) -> Option<Common> {
        let count = |letters: &[Letters]| letters.iter().map(|of| of.count).sum::<usize>();
        let pairs = self.letters.windows(2).enumerate();
        let (width, pair) = pairs.max_by_key(|(_, pair)| count(pair))?;
        let (alike, narrower) = (count(pair), count(&self.letters[..width]));
        let all = count(&self.letters);
        let wider = all - alike - narrower;
        let is_common = narrower * MAX_NARROWER <= alike && wider * 100 <= all * MAX_WIDER_PERCENT;
        let kinds = pair.iter().fold(0, |kinds, of| kinds | of.kinds);
        let tells = alike >= LEAST_LETTERS && kinds.count_ones() >= 2;
        (is_common && self.full_width * 2 <= alike).then_some(Common { width, tells })
    }
}

/// Capitals have no kind: some are as wide as `w`.
fn kind(c: char) -> u8 {
    match c {
        'f' | 'i' | 'j' | 'l' | 'r' | 't' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '(' | ')'
        | '[' | ']' => NARROW,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => WIDE,
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => USUAL,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether letters that differ elsewhere have one width.
    fn is_monospaced(letters: impl IntoIterator<Item = (char, f32)>) -> bool {
        let mut advances = Advances::default();
        letters.into_iter().for_each(|(c, width)| advances.note(c, width));
        advances.common().is_some_and(|common| common.tells)
    }

    fn all(text: &str, width: f32) -> impl Iterator<Item = (char, f32)> + Clone {
        text.chars().map(move |c| (c, width))
    }

    #[test]
    fn letters_that_differ_elsewhere_are_all_one_width() {
        for width in [0.5, 0.525, 0.5498, 0.6, 0.6025] {
            assert!(is_monospaced(all("let mut i = 1;", width)), "{width}");
        }
        // Half way between two of the parts that widths are counted in.
        assert!(is_monospaced(all("fn main() {", 0.5249).chain(all("let mut i;", 0.5251))));
        // Figures are of one width in most fonts, and narrow letters in some.
        assert!(!is_monospaced(all("2023", 0.556)));
        assert!(!is_monospaced(all("illi", 0.25)));
        assert!(!is_monospaced(all("", 0.6)));
        assert!(!is_monospaced([('i', f32::NAN), ('m', 0.0), ('x', -1.0), ('1', f32::NEG_INFINITY)]));
    }

    #[test]
    fn proportional_letters_are_not() {
        let width = |c: char| match kind(c) {
            NARROW => 0.278,
            WIDE => 0.8,
            _ => 0.5,
        };
        let text = "Ten days of annual leave are granted to all of those who work full time in 2023.";
        assert!(!is_monospaced(text.chars().map(|c| (c, width(c)))));
    }

    #[test]
    fn slanted_letters_may_be_wider_and_a_few_odd() {
        let text = "for _ in first..last { print(_); }";
        let slanted = text.chars().map(|c| (c, if c == 'f' { 0.57 } else { 0.525 }));
        assert!(is_monospaced(slanted.clone()));
        assert!(is_monospaced(all("|", 0.3).chain(slanted)));
    }

    #[test]
    fn fonts_of_chinese_characters_are_not_for_code() {
        let chinese = "公司在全国各地区都实现了增长";
        let latin = all("Windows 11 in English", 0.5);
        assert!(is_monospaced(latin.clone().chain(all("注释", 1.0))));
        assert!(!is_monospaced(all(chinese, 1.0).chain(latin)));
    }
}
