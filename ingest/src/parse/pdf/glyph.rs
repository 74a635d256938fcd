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

    fn is_blank(&self) -> bool {
        self.c == ' ' || self.is_line_end()
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
