//! One placed character, and turning a page so that its text reads from left to right.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

const LINE_END: char = '\n';
/// Text farther than this from the nearest quarter turn is aslant.
const ASLANT: f32 = PI / 18.0;
/// Characters aslant whose turns differ by no more than this read in one direction.
const ONE_DIRECTION: f32 = PI / 60.0;
/// Fewest characters of a direction aslant: along a curve each has its own.
const LEAST_ASLANT: usize = 3;
/// Most directions aslant that are told apart on a page.
const MAX_DIRECTIONS: usize = 16;

/// A character with its box in points; y grows upwards.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    /// The character.
    pub(crate) c: char,
    /// Left edge of its advance box.
    pub(crate) left: f32,
    /// Right edge.
    pub(crate) right: f32,
    /// Lower edge.
    pub(crate) bottom: f32,
    /// Upper edge.
    pub(crate) top: f32,
    /// y of its origin.
    pub(crate) baseline: f32,
    /// x of its origin.
    pub(crate) origin_x: f32,
    /// Effective font size.
    pub(crate) size: f32,
    /// Clockwise turn of its baseline, in radians.
    pub(crate) clockwise: f32,
    /// Whether its font is a bold one.
    pub(crate) bold: bool,
    /// Whether its font gives all letters one width.
    pub(crate) monospaced: bool,
    /// Whether the engine added it (blanks only).
    pub(crate) generated: bool,
}

impl Glyph {
    /// A blank: it only parts words, so it has no box.
    pub(crate) fn blank(generated: bool) -> Self {
        Self {
            c: ' ',
            left: 0.0,
            right: 0.0,
            bottom: 0.0,
            top: 0.0,
            baseline: 0.0,
            origin_x: 0.0,
            size: 0.0,
            clockwise: 0.0,
            bold: false,
            monospaced: false,
            generated,
        }
    }

    /// Where a line ends that OCR found: what follows is another, however near.
    pub(crate) fn line_end() -> Self {
        Self { c: LINE_END, ..Self::blank(true) }
    }

    /// Whether a line ends here.
    pub(crate) fn is_line_end(&self) -> bool {
        self.c == LINE_END
    }

    /// Whether nothing of it can be seen.
    pub(crate) fn is_blank(&self) -> bool {
        self.c == ' ' || self.is_line_end()
    }

    /// How far it reaches back over its origin, as an italic `f` does, which reaches as far over the next letter; 0
    /// where that is no more than letters do by their shape.
    pub(crate) fn lean(&self) -> f32 {
        let reach = self.origin_x - self.left;
        if reach >= LEANS * self.size.max(1.0) && reach < self.right - self.left { reach } else { 0.0 }
    }

    /// Where its place in the line begins and ends, without what leans over the letters beside it.
    fn place(&self) -> (f32, f32) {
        let lean = self.lean();
        (self.left + lean, (self.right - lean).max(self.left + lean))
    }

    /// Quarter turns clockwise, 0 to 3.
    pub(crate) fn quarter_turns(&self) -> usize {
        let turns = (self.clockwise.rem_euclid(TAU) + PI / 4.0) / FRAC_PI_2;
        // `as` saturates, and NaN gives 0.
        (turns as usize) % 4
    }

    /// Whether its line is neither level nor upright, as a watermark's is.
    pub(crate) fn is_aslant(&self) -> bool {
        let turn = self.clockwise.rem_euclid(FRAC_PI_2);
        turn > ASLANT && turn < FRAC_PI_2 - ASLANT
    }
}

/// Turns all characters so that the most common direction reads from left to right; characters
/// that read in other directions (stamps in the margin) follow, each direction turned likewise, and last those that are
/// aslant (watermarks).
pub(crate) fn upright(glyphs: Vec<Glyph>) -> Vec<Vec<Glyph>> {
    let slants = slants(&glyphs);
    let mut directions: [Vec<Glyph>; 4] = Default::default();
    let mut aslant: Vec<Vec<Glyph>> = vec![Vec::new(); slants.len()];
    let (mut turns, mut slant) = (0, None);
    for glyph in glyphs {
        if !glyph.is_blank() {
            turns = glyph.quarter_turns();
            slant = slants.iter().position(|slant| glyph.is_aslant() && is_along(&glyph, *slant));
        }
        match slant {
            Some(at) => aslant[at].push(level(glyph, slants[at])),
            None => directions[turns].push(turn(glyph, turns)),
        }
    }
    let mut directions: Vec<Vec<Glyph>> = directions.into();
    directions.sort_by_key(|glyphs| std::cmp::Reverse(glyphs.len()));
    directions.extend(aslant);
    directions.retain(|glyphs| glyphs.iter().any(|g| !g.is_blank()));
    directions
}

/// The clockwise turns of the text that is aslant.
fn slants(glyphs: &[Glyph]) -> Vec<f32> {
    let mut slants: Vec<(f32, usize)> = Vec::new();
    for glyph in glyphs.iter().filter(|glyph| !glyph.is_blank() && glyph.is_aslant()) {
        match slants.iter().position(|(slant, _)| is_along(glyph, *slant)) {
            Some(at) => slants[at].1 += 1,
            None if slants.len() < MAX_DIRECTIONS => slants.push((glyph.clockwise, 1)),
            None => {}
        }
    }
    slants.retain(|(_, count)| *count >= LEAST_ASLANT);
    slants.into_iter().map(|(slant, _)| slant).collect()
}

fn is_along(glyph: &Glyph, slant: f32) -> bool {
    let apart = (glyph.clockwise - slant).rem_euclid(TAU);
    apart.min(TAU - apart) <= ONE_DIRECTION
}

/// Turned so that text aslant is level. Its box on the page lies around the turned letter, and its size there is the
/// larger share of the true one along an axis, as the engine tells it.
fn level(glyph: Glyph, slant: f32) -> Glyph {
    if glyph.is_blank() {
        return glyph;
    }
    let (sin, cos) = slant.sin_cos();
    let (across, along) = (sin.abs(), cos.abs());
    let size = glyph.size / across.max(along);
    let side = if along >= across { glyph.right - glyph.left } else { glyph.top - glyph.bottom };
    let width = (side - size * across.min(along)) / across.max(along);
    // Bounds that hold for any letter: a box may be wrong.
    let width = width.max(0.1 * size).min(1.5 * size);
    let (left, baseline) =
        (glyph.origin_x * cos - glyph.baseline * sin, glyph.origin_x * sin + glyph.baseline * cos);
    Glyph {
        left,
        right: left + width,
        bottom: baseline - 0.25 * size,
        top: baseline + 0.75 * size,
        baseline,
        origin_x: left,
        size,
        ..glyph
    }
}

/// A letter that reaches back by this share of its size leans.
const LEANS: f32 = 0.1;
/// Characters closer than this share of their size stand in one word, whatever the engine put between them.
const ABUTS: f32 = 0.06;
/// Gaps from this share of the size on are letter-spacing, and so is one no wider than [`EVEN`] times the one before.
const SPACED: f32 = 0.08;
const EVEN: f32 = 1.15;

/// Takes out the blanks that the engine added within words: between characters that abut, as it does where a file
/// places each by itself, and between characters as far apart as those before. The file's own blanks stay.
pub(crate) fn without_false_blanks(glyphs: Vec<Glyph>) -> Vec<Glyph> {
    let mut kept: Vec<Glyph> = Vec::with_capacity(glyphs.len());
    // The last character, and how far it stands from the one before in its word.
    let mut last: Option<(usize, f32)> = None;
    for glyph in glyphs {
        if glyph.is_blank() {
            if !glyph.generated || glyph.is_line_end() {
                last = None;
            }
            kept.push(glyph);
            continue;
        }
        let mut spacing = 0.0;
        if let Some((at, before)) = last {
            let has_blank = at + 1 < kept.len();
            let one = &kept[at];
            let size = one.size.max(glyph.size).max(1.0);
            let gap = glyph.place().0 - one.place().1;
            let one_line = (glyph.baseline - one.baseline).abs() <= 0.1 * size && gap > -0.3 * size;
            let of_word = gap <= ABUTS * size || before >= SPACED * size && gap <= EVEN * before;
            if has_blank && (one_line && of_word || ends_raised(one, &glyph, gap)) {
                kept.truncate(at + 1);
            }
            if one_line && at + 1 == kept.len() {
                spacing = gap;
            }
        }
        last = Some((kept.len(), spacing));
        kept.push(glyph);
    }
    kept
}

/// Whether the letter is the first of a raised end of a word: `90th`, `OfferingSM`.
fn ends_raised(one: &Glyph, glyph: &Glyph, gap: f32) -> bool {
    const SMALLER: f32 = 0.85;
    let raised = glyph.baseline - one.baseline;
    let is_end =
        one.c.is_ascii_digit() && glyph.c.is_lowercase() || one.c.is_lowercase() && glyph.c.is_uppercase();
    is_end
        && glyph.size <= SMALLER * one.size
        && (0.1 * one.size..=0.6 * one.size).contains(&raised)
        && gap.abs() <= ABUTS * one.size
}

fn turn(glyph: Glyph, quarter_turns: usize) -> Glyph {
    let rotate = |x: f32, y: f32| match quarter_turns {
        1 => (-y, x),
        2 => (-x, -y),
        3 => (y, -x),
        _ => (x, y),
    };
    let (x0, y0) = rotate(glyph.left, glyph.bottom);
    let (x1, y1) = rotate(glyph.right, glyph.top);
    let (origin_x, baseline) = rotate(glyph.origin_x, glyph.baseline);
    Glyph {
        left: x0.min(x1),
        right: x0.max(x1),
        bottom: y0.min(y1),
        top: y0.max(y1),
        baseline,
        origin_x,
        ..glyph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters ten points large, eight wide, at these places; a blank where there is none.
    fn row(places: &[(char, Option<f32>)]) -> String {
        let glyph = |&(c, left): &(char, Option<f32>)| match left {
            None => Glyph { c, ..Glyph::blank(c == ' ') },
            Some(left) => Glyph { c, left, right: left + 8.0, size: 10.0, ..Glyph::blank(false) },
        };
        let glyphs = places.iter().map(glyph).map(|g| if g.c == '_' { Glyph { c: ' ', ..g } } else { g });
        without_false_blanks(glyphs.collect()).iter().map(|g| g.c).collect()
    }

    #[test]
    fn blanks_that_the_engine_put_into_words_go() {
        let at = Some;
        let abutting =
            [('a', at(0.0)), (' ', None), (' ', None), ('b', at(8.1)), (' ', None), ('c', at(16.2))];
        assert_eq!(row(&abutting), "abc");
        let spaced = [('C', at(0.0)), ('h', at(10.0)), ('i', at(20.0)), (' ', None), ('n', at(30.1))];
        assert_eq!(row(&spaced), "Chin");
        let words =
            [('a', at(0.0)), ('b', at(8.0)), (' ', None), ('c', at(18.5)), (' ', None), ('d', at(29.0))];
        assert_eq!(row(&words), "ab c d");
        // The file's own blank, and a line's end.
        assert_eq!(row(&[('a', at(0.0)), ('_', None), ('b', at(8.1))]), "a b");
        assert_eq!(row(&[('a', at(200.0)), (' ', None), ('b', at(0.0))]), "a b");
    }

    #[test]
    fn a_raised_end_is_of_its_word() {
        let small = |c: char, left: f32, baseline: f32| Glyph {
            c,
            left,
            right: left + 4.0,
            baseline,
            size: 6.0,
            ..Glyph::blank(false)
        };
        let read = |digit: char, end: Glyph| -> String {
            let digit = Glyph { c: digit, left: 0.0, right: 5.0, size: 10.0, ..Glyph::blank(false) };
            let glyphs = vec![digit, Glyph::blank(true), end];
            without_false_blanks(glyphs).iter().map(|glyph| glyph.c).collect()
        };
        assert_eq!(read('0', small('t', 5.0, 3.0)), "0t");
        assert_eq!(read('g', small('S', 5.1, 3.0)), "gS");
        assert_eq!(read('g', small('1', 5.0, 3.0)), "g 1", "the mark of a note");
        assert_eq!(read('0', small('t', 8.0, 3.0)), "0 t");
        assert_eq!(read('0', small('t', 5.0, -3.0)), "0 t");
    }

    #[test]
    fn the_blank_beside_a_letter_that_leans_over_it_stays() {
        let upright = |c: char, left: f32| {
            let (right, origin_x) = (left + 5.0, left);
            Glyph { c, left, right, origin_x, size: 10.0, ..Glyph::blank(false) }
        };
        let italic_f = |x: f32| Glyph { left: x - 1.7, right: x + 4.7, origin_x: x, ..upright('f', x) };
        let read = |glyphs: Vec<Glyph>| -> String {
            without_false_blanks(glyphs).iter().map(|glyph| glyph.c).collect()
        };
        let blank = || Glyph::blank(true);
        assert_eq!(read(vec![upright('o', 0.0), italic_f(5.0), blank(), upright('A', 10.2)]), "of A");
        assert_eq!(read(vec![upright('d', 0.0), blank(), italic_f(7.2), upright('o', 10.0)]), "d fo");
        assert_eq!(read(vec![italic_f(5.0), blank(), upright('o', 7.8)]), "fo");
    }

    #[test]
    fn sideways_text_is_turned_to_read_from_left_to_right() {
        // Text that reads upwards: each next character lies higher; PDFium calls that 3/2 π.
        let glyphs: Vec<Glyph> = (0_u8..5)
            .map(|n| Glyph {
                c: char::from(b'a' + n),
                left: 100.0,
                right: 110.0,
                bottom: f32::from(n) * 8.0,
                top: f32::from(n) * 8.0 + 8.0,
                baseline: f32::from(n) * 8.0,
                origin_x: 108.0,
                size: 10.0,
                clockwise: 1.5 * PI,
                bold: false,
                monospaced: false,
                generated: false,
            })
            .collect();
        let turned = upright(glyphs);
        assert_eq!(turned.len(), 1);
        assert!(turned[0].windows(2).all(|w| w[0].right <= w[1].left && w[0].baseline == w[1].baseline));
    }

    #[test]
    fn text_aslant_is_put_together_in_its_own_direction() {
        let level = |c: char, left: f32| {
            let (right, top, origin_x) = (left + 6.0, 10.0, left);
            Glyph { c, left, right, top, origin_x, size: 10.0, ..Glyph::blank(false) }
        };
        // Rises to the right by half of a right angle.
        let aslant = |(c, along): (char, f32)| {
            let shift = along * (PI / 4.0).cos();
            Glyph {
                left: 200.0 + shift - 14.1,
                right: 200.0 + shift + 9.2,
                bottom: 300.0 + shift,
                top: 300.0 + shift + 23.3,
                baseline: 300.0 + shift,
                origin_x: 200.0 + shift,
                size: 14.142,
                clockwise: 1.75 * PI,
                ..level(c, 0.0)
            }
        };
        let watermark = [('D', 0.0), ('R', 13.0), ('A', 26.0), ('F', 39.0), ('T', 52.0)].map(aslant);
        let text = ['a', 'b'].into_iter().zip([0.0, 6.0]).map(|(c, left)| level(c, left));
        let read = upright(watermark.into_iter().chain(text).collect());
        let texts: Vec<String> = read.iter().map(|glyphs| glyphs.iter().map(|g| g.c).collect()).collect();
        assert_eq!(texts, ["ab", "DRAFT"]);
        for pair in read[1].windows(2) {
            assert!((pair[0].baseline - pair[1].baseline).abs() < 0.1, "{pair:?}");
            assert!((pair[0].right - pair[1].left).abs() < 0.2 && (pair[0].size - 20.0).abs() < 0.1);
        }
        // Letters along a curve are left where they are.
        let curve = [0.4, 0.5, 0.6].map(|clockwise| Glyph { clockwise, ..level('c', 0.0) });
        assert_eq!(upright(curve.to_vec()).concat(), curve);
    }
}
