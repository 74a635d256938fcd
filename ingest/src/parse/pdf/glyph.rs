//! One placed character, and turning a page so that its text reads from left to right.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

const LINE_END: char = '\n';

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
}

/// Turns all characters so that the most common direction reads from left to right; characters
/// that read in other directions (stamps in the margin) follow, each direction turned likewise.
pub(crate) fn upright(glyphs: Vec<Glyph>) -> Vec<Vec<Glyph>> {
    let mut directions: [Vec<Glyph>; 4] = Default::default();
    let mut last = 0;
    for glyph in glyphs {
        if !glyph.is_blank() {
            last = glyph.quarter_turns();
        }
        directions[last].push(turn(glyph, last));
    }
    let mut directions: Vec<Vec<Glyph>> = directions.into();
    directions.sort_by_key(|glyphs| std::cmp::Reverse(glyphs.len()));
    directions.retain(|glyphs| glyphs.iter().any(|g| !g.is_blank()));
    directions
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
            if has_blank && one_line && of_word {
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
                generated: false,
            })
            .collect();
        let turned = upright(glyphs);
        assert_eq!(turned.len(), 1);
        assert!(turned[0].windows(2).all(|w| w[0].right <= w[1].left && w[0].baseline == w[1].baseline));
    }
}
