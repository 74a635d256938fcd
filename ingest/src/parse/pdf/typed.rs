//! Lines in a monospaced font, sign by sign: how many blanks lie between their words is told by the room that they take.

use super::glyph::Glyph;
use super::layout::is_right_to_left;
use super::markers::is_bullet;

/// Signs of other fonts among those of ASCII, at most one for so many.
const MAX_OTHERS: usize = 8;
/// Steps from letter to letter that differ by this share are even, and so many of them in percent have to be.
const EVEN: f32 = 0.2;
const EVEN_PERCENT: usize = 75;
/// Stretches of text that are apart by this many font sizes are parted by a blank at least.
const APART: f32 = 0.15;
/// Most blanks between two words, or before the first.
const MAX_BLANKS: f32 = 120.0;

/// A character of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sign {
    c: char,
    /// x of its origin.
    left: f32,
    /// Where its box ends.
    right: f32,
    monospaced: bool,
    /// Whether a blank parts it from the one before, by the file or by the engine.
    parted: bool,
}

impl Sign {
    /// Of a character that is no blank.
    pub(super) fn of(glyph: &Glyph, parted: bool) -> Self {
        Self { c: glyph.c, left: glyph.origin_x, right: glyph.right, monospaced: glyph.monospaced, parted }
    }

    /// Of a mark that the page draws between these edges.
    pub(super) fn drawn(c: char, left: f32, right: f32) -> Self {
        Self { c, left, right, monospaced: false, parted: false }
    }

    /// Whether it is a sign of ASCII in a monospaced font: others tell nothing.
    pub(super) fn is_typed(&self) -> bool {
        self.monospaced && self.c.is_ascii_graphic()
    }
}

/// A line that is in a monospaced font but for what such a font has no signs for, as Chinese characters, and for the
/// line's number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Typed {
    /// From left to right, at least one.
    signs: Vec<Sign>,
    /// How far it is from one letter to the next; above 0.
    pub(super) pitch: f32,
}

impl Typed {
    /// The line that these stretches of text are from left to right, in print of that size, if it is such a line.
    pub(super) fn of(stretches: impl Iterator<Item = Vec<Sign>>, size: f32) -> Option<Self> {
        let mut signs: Vec<Sign> = Vec::new();
        for mut stretch in stretches {
            if let (Some(before), Some(first)) = (signs.last(), stretch.first_mut()) {
                first.parted = (first.left - before.right).abs() > APART * size;
            }
            signs.append(&mut stretch);
        }
        let number = digits_before(&signs)?;
        let ascii = signs.iter().skip(number).filter(|sign| sign.c.is_ascii_graphic());
        let (typed, others): (Vec<&Sign>, Vec<&Sign>) = ascii.partition(|sign| sign.monospaced);
        let is_typed = !typed.is_empty() && others.len() * MAX_OTHERS <= typed.len();
        if !is_typed || signs.iter().any(|sign| is_right_to_left(sign.c)) {
            return None;
        }
        let pitch = pitch(&signs)?;
        // The lines of all pages are kept until the last is read.
        signs.shrink_to_fit();
        Some(Self { signs, pitch })
    }

    /// Where it begins.
    pub(super) fn left(&self) -> f32 {
        self.signs.first().map_or(0.0, |sign| sign.left)
    }

    /// How many characters it has, without blanks.
    pub(super) fn count(&self) -> usize {
        self.signs.len()
    }

    /// Its text, in which each blank takes as much room as `pitch`. Without that much room there is none between signs,
    /// whatever the engine put there; two words stay two.
    pub(super) fn text(&self, pitch: f32) -> String {
        let mut text = String::with_capacity(self.signs.len() * 2);
        let mut before: Option<&Sign> = None;
        for sign in &self.signs {
            if let Some(before) = before {
                let end = match before.monospaced {
                    true => before.right.max(before.left + pitch),
                    false => before.right,
                };
                let parts_words = sign.parted && before.c.is_alphanumeric() && sign.c.is_alphanumeric();
                let count = blanks(sign.left - end, pitch).max(usize::from(parts_words));
                text.extend(std::iter::repeat_n(' ', count));
            }
            text.push(sign.c);
            before = Some(sign);
        }
        text
    }
}

/// How many blanks take so much room.
pub(super) fn blanks(room: f32, pitch: f32) -> usize {
    // `as` saturates, and NaN gives 0.
    (room / pitch).round().clamp(0.0, MAX_BLANKS) as usize
}

/// How many digits of another font stand before the line, as its number. `None` where something else leads it, as a
/// bullet does.
fn digits_before(signs: &[Sign]) -> Option<usize> {
    let digits = signs.iter().take_while(|sign| !sign.monospaced && sign.c.is_ascii_digit()).count();
    let first = signs.get(digits)?;
    let leads = match first.monospaced {
        true => first.c == '•',
        false => first.c.is_ascii() || first.c.is_alphabetic() || is_bullet(first.c),
    };
    (!leads && (digits == 0 || first.parted)).then_some(digits)
}

/// How far it is from letter to letter within words: that may be more than letters are wide. `None` where the steps are
/// not even, as those of a file that calls all letters equally wide and places each by itself.
fn pitch(signs: &[Sign]) -> Option<f32> {
    let within = signs.windows(2).filter(|pair| pair.iter().all(Sign::is_typed) && !pair[1].parted);
    let mut steps: Vec<f32> = within.map(|pair| pair[1].left - pair[0].left).collect();
    steps.sort_by(f32::total_cmp);
    let Some(&pitch) = steps.get(steps.len() / 2) else {
        let only = signs.iter().find(|sign| sign.is_typed())?;
        return Some(only.right - only.left).filter(|width| *width > 0.0 && width.is_finite());
    };
    let even = steps.iter().filter(|step| (*step - pitch).abs() <= EVEN * pitch).count();
    (pitch > 0.0 && pitch.is_finite() && even * 100 >= steps.len() * EVEN_PERCENT).then_some(pitch)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::layout::tests::put;
    use super::super::layout::{Line, lines};
    use super::*;

    /// Text at (x, y) in a monospaced font ten points large, whose characters are 5 points wide.
    pub(in super::super) fn put_typed(glyphs: &mut Vec<Glyph>, x: f32, y: f32, text: &str) {
        let from = glyphs.len();
        put(glyphs, x, y, text);
        glyphs[from..].iter_mut().for_each(|glyph| glyph.monospaced = true);
    }

    /// The text of the only line, where it is typed.
    fn read(glyphs: Vec<Glyph>) -> Option<String> {
        let lines = lines(&[glyphs]);
        let [Line { typed, .. }] = lines.as_slice() else { panic!("{lines:?}") };
        typed.as_ref().map(|typed| typed.text(typed.pitch))
    }

    #[test]
    fn gaps_are_as_many_blanks_as_they_are_wide() {
        let mut glyphs = Vec::new();
        put_typed(&mut glyphs, 50.0, 700.0, "let total = 1;");
        put_typed(&mut glyphs, 145.0, 700.0, "// cents");
        assert_eq!(read(glyphs).as_deref(), Some("let total = 1;     // cents"));
        // Of its two blanks the engine tells one.
        let mut glyphs = Vec::new();
        put_typed(&mut glyphs, 50.0, 700.0, "a");
        put_typed(&mut glyphs, 65.0, 700.0, "= 1");
        assert_eq!(read(glyphs).as_deref(), Some("a  = 1"));
    }

    #[test]
    fn blanks_without_room_go_but_part_words() {
        let mut glyphs = Vec::new();
        put_typed(&mut glyphs, 50.0, 700.0, "console");
        put_typed(&mut glyphs, 86.0, 700.0, ".log(a)");
        assert_eq!(read(glyphs).as_deref(), Some("console.log(a)"));
        let mut glyphs = Vec::new();
        put_typed(&mut glyphs, 50.0, 700.0, "console");
        put_typed(&mut glyphs, 86.0, 700.0, "log");
        assert_eq!(read(glyphs).as_deref(), Some("console log"));
    }

    #[test]
    fn numbers_and_chinese_characters_are_of_the_line() {
        let mut glyphs = Vec::new();
        put(&mut glyphs, 30.0, 700.0, "12");
        put_typed(&mut glyphs, 50.0, 700.0, "x = 1  # ");
        put(&mut glyphs, 95.0, 700.0, "注释");
        assert_eq!(read(glyphs).as_deref(), Some("12  x = 1  # 注释"));
    }

    #[test]
    fn other_lines_are_not_typed() {
        for (before, typed) in
            [("•", "cargo build"), ("Run it with", "cargo"), ("2.", "cargo build"), ("行", "ls")]
        {
            let mut glyphs = Vec::new();
            put(&mut glyphs, 50.0, 700.0, before);
            put_typed(&mut glyphs, 55.0 + 5.0 * before.chars().count() as f32, 700.0, typed);
            assert_eq!(read(glyphs), None, "{before} {typed}");
        }
        let mut glyphs = Vec::new();
        put_typed(&mut glyphs, 50.0, 700.0, "• cargo build");
        assert_eq!(read(glyphs), None);
        // Letters that only are called equally wide.
        let mut glyphs = Vec::new();
        put_typed(&mut glyphs, 50.0, 700.0, "will");
        let places = [(0, 50.0), (1, 58.0), (2, 60.5), (3, 63.0)];
        places.into_iter().for_each(|(at, x)| glyphs[at].origin_x = x);
        assert_eq!(read(glyphs), None);
        assert_eq!(Typed::of(std::iter::empty(), 10.0), None);
        assert_eq!((blanks(f32::INFINITY, 5.0), blanks(f32::NAN, 5.0), blanks(-9.0, 5.0)), (120, 0, 0));
    }
}
