//! Pages that are pictures: read by OCR, their characters placed as those of a text layer are.

use std::f32::consts::TAU;

use footnote_core::parsed::{LOW_CONFIDENCE, WarningKind};

use super::PageText;
use super::frame::{Frame, ReadLine};
use super::glyph::{Glyph, upright};
use crate::ocr::{OcrLine, OcrText};

/// Font size as a share of a line's height, and of that how far the baseline lies below the middle.
const SIZE: f32 = 0.75;
const BASELINE: f32 = 0.35;
/// Sizes within this factor of the page's usual one are that: heights of lines vary with their letters.
const SAME_SIZE: f32 = 1.22;
/// Half of a character's width is at most this share of its size: what is farther apart are gaps.
const HALF_WIDTH: f32 = 0.62;
/// Pages that hang by less than this many radians are straight.
const STRAIGHT: f32 = 0.004;

/// What was read from a picture of so many pixels, as the text of a page.
pub(super) fn page(
    number: u32,
    text: OcrText,
    (width, height): (u32, u32),
    pixels_per_point: f32,
) -> PageText {
    let points = 1.0 / pixels_per_point.max(1e-3);
    let (width, height) = (width as f32 * points, height as f32 * points);
    let lines: Vec<Placed> = straightened(&text.lines, points, height);
    let glyphs = upright(lines.iter().flat_map(Placed::glyphs).collect());
    let read = text.lines.iter().map(|line| {
        let (left, top, right, bottom) = line.quad.scaled(points, points).bounds();
        ReadLine {
            x: (left + right) / 2.0 / width,
            y: (top + bottom) / 2.0 / height,
            chars: line.chars.len(),
            confidence: line.confidence,
        }
    });
    let frame = Frame::of_picture(width, height, read.collect());
    PageText {
        warning: doubts(number, &text),
        frame: Some(frame),
        ..PageText::new(number, super::layout::lines(&glyphs))
    }
}

/// What was not read of the page, and what a reader of it should doubt.
fn doubts(number: u32, text: &OcrText) -> Option<(WarningKind, String)> {
    let doubtful = text.lines.iter().filter(|line| line.confidence < LOW_CONFIDENCE).count();
    let doubtful = (doubtful > 0).then(|| {
        let message = format!("{doubtful} of {} lines read by OCR are doubtful", text.lines.len());
        (WarningKind::Doubtful, message)
    });
    let unread = (text.unread > 0).then(|| {
        let places = format!("{} places look like text and could not be read", text.unread);
        let message = match text.lines.is_empty() {
            true => format!("page {number} is a picture in which OCR finds no text; {places}"),
            false => places,
        };
        (WarningKind::Lost, message)
    });
    told_together(doubtful, unread)
}

/// Both warnings as one, of the kind that weighs more.
pub(super) fn told_together(
    one: Option<(WarningKind, String)>,
    other: Option<(WarningKind, String)>,
) -> Option<(WarningKind, String)> {
    match (one, other) {
        (Some((kind, message)), Some((other_kind, other))) => {
            Some((kind.min(other_kind), format!("{message}; {other}")))
        }
        (one, other) => one.or(other),
    }
}

/// A line in points, y upwards.
struct Placed<'l> {
    line: &'l OcrLine,
    /// The middle of its left edge and of its right edge, as its text reads.
    from: (f32, f32),
    to: (f32, f32),
    size: f32,
}

/// The lines with the tilt that they share taken out, from top to bottom.
fn straightened(lines: &[OcrLine], points: f32, height: f32) -> Vec<Placed<'_>> {
    let tilt = tilt(lines);
    let (sin, cos) = if tilt.abs() < STRAIGHT { (0.0, 1.0) } else { (-tilt).sin_cos() };
    let straight = |(x, y): (f32, f32)| {
        let (x, y) = (x * cos - y * sin, x * sin + y * cos);
        (x * points, height - y * points)
    };
    let sizes: Vec<f32> = lines.iter().map(|line| line.quad.height() * points * SIZE).collect();
    let usual = usual_size(lines, &sizes);
    let mut placed: Vec<Placed> = lines
        .iter()
        .zip(&sizes)
        .map(|(line, &size)| Placed {
            line,
            from: straight(line.quad.at(0.0, 0.5)),
            to: straight(line.quad.at(1.0, 0.5)),
            size: stepped(size, usual),
        })
        .collect();
    placed.sort_by(|a, b| b.from.1.total_cmp(&a.from.1).then(a.from.0.total_cmp(&b.from.0)));
    placed
}

/// How far the lines hang from the nearest quarter turn, in radians: the median by length.
fn tilt(lines: &[OcrLine]) -> f32 {
    let mut tilts: Vec<(f32, f32)> = lines
        .iter()
        .map(|line| {
            let [a, b, ..] = line.quad.0;
            let angle = (b.1 - a.1).atan2(b.0 - a.0);
            let quarter = TAU / 4.0;
            (angle - (angle / quarter).round() * quarter, line.quad.width())
        })
        .collect();
    tilts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = tilts.iter().map(|t| t.1).sum::<f32>() / 2.0;
    let mut sum = 0.0;
    tilts
        .iter()
        .find(|(_, width)| {
            sum += width;
            sum >= half
        })
        .map_or(0.0, |t| t.0)
}

/// The size of most characters: the median.
fn usual_size(lines: &[OcrLine], sizes: &[f32]) -> f32 {
    let mut by_size: Vec<(f32, usize)> =
        sizes.iter().copied().zip(lines.iter().map(|l| l.chars.len())).collect();
    by_size.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = by_size.iter().map(|s| s.1).sum::<usize>() / 2;
    let mut sum = 0;
    by_size
        .iter()
        .find(|(_, chars)| {
            sum += chars;
            sum >= half
        })
        .map_or(1.0, |s| s.0.max(1.0))
}

/// The nearest of the sizes that are the usual one, a step larger or smaller, and so on.
fn stepped(size: f32, usual: f32) -> f32 {
    let steps = ((size / usual).max(1e-3).ln() / SAME_SIZE.ln()).trunc();
    usual * SAME_SIZE.powf(steps)
}

impl Placed<'_> {
    /// Its characters as those of a text layer: all on one baseline, each half way to its neighbours.
    fn glyphs(&self) -> Vec<Glyph> {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let length = dx.hypot(dy).max(1e-3);
        let turns = ((-dy).atan2(dx) / (TAU / 4.0)).round().rem_euclid(4.0);
        let chars: Vec<_> = self.line.chars.iter().filter(|c| !c.c.is_control()).collect();
        let half = HALF_WIDTH * self.size / length;
        let mut glyphs = Vec::with_capacity(chars.len() + 1);
        for (index, char) in chars.iter().enumerate() {
            if char.c.is_whitespace() {
                glyphs.push(Glyph::blank(false));
                continue;
            }
            let before = index.checked_sub(1).map(|i| (chars[i].at + char.at) / 2.0);
            let after = chars.get(index + 1).map(|next| (next.at + char.at) / 2.0);
            // The box is larger than its text: the outer characters are as wide as their inner halves tell.
            let (before, after) = match (before, after) {
                (Some(before), Some(after)) => (before, after),
                (Some(before), None) => (before, (2.0 * char.at - before).min(1.0)),
                (None, Some(after)) => ((2.0 * char.at - after).max(0.0), after),
                (None, None) => (0.0, 1.0),
            };
            let (start, end) = (before.max(char.at - half) * length, after.min(char.at + half) * length);
            glyphs.push(self.glyph(char.c, start, end, turns));
        }
        glyphs.push(Glyph::line_end());
        glyphs
    }

    /// `c` from `start` to `end` along the line, which reads in the direction of so many clockwise quarter
    /// turns.
    fn glyph(&self, c: char, start: f32, end: f32, turns: f32) -> Glyph {
        let middle = ((self.from.0 + self.to.0) / 2.0, (self.from.1 + self.to.1) / 2.0);
        let (ascent, descent) = (self.size * (1.0 - BASELINE), self.size * BASELINE);
        let (left, right, bottom, top, origin_x, baseline) = match turns as u8 {
            0 => {
                let (x, y) = (self.from.0, middle.1);
                (x + start, x + end, y - descent, y + ascent, x + start, y - descent)
            }
            1 => {
                let (x, y) = (middle.0, self.from.1);
                (x - descent, x + ascent, y - end, y - start, x - descent, y - start)
            }
            2 => {
                let (x, y) = (self.from.0, middle.1);
                (x - end, x - start, y - ascent, y + descent, x - start, y + descent)
            }
            _ => {
                let (x, y) = (middle.0, self.from.1);
                (x - ascent, x + descent, y + start, y + end, x + descent, y + start)
            }
        };
        Glyph {
            c,
            left,
            right,
            bottom,
            top,
            baseline,
            origin_x,
            size: self.size,
            clockwise: turns * TAU / 4.0,
            bold: false,
            monospaced: false,
            generated: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ocr::{OcrChar, Quad};

    use super::*;

    /// A line of `text` whose upper left corner is (x, y), 12 pixels a character and 24 high, turned by `angle`.
    fn line(text: &str, x: f32, y: f32, angle: f32, confidence: f32) -> OcrLine {
        let count = text.chars().count() as f32;
        let (sin, cos) = angle.sin_cos();
        let corner = |u: f32, v: f32| (x + u * cos - v * sin, y + u * sin + v * cos);
        let width = count * 12.0;
        let quad = Quad([corner(0.0, 0.0), corner(width, 0.0), corner(width, 24.0), corner(0.0, 24.0)]);
        let chars = text.chars().enumerate().map(|(i, c)| OcrChar { c, at: (i as f32 + 0.5) / count });
        OcrLine { chars: chars.collect(), quad, confidence }
    }

    fn read(lines: Vec<OcrLine>) -> PageText {
        page(1, OcrText { lines, unread: 0 }, (1000, 1400), 200.0 / 72.0)
    }

    fn texts(page: &PageText) -> Vec<String> {
        page.lines.iter().map(|l| l.text()).collect()
    }

    #[test]
    fn lines_are_in_order_with_box_and_confidence() {
        let page = read(vec![
            line("second line of text", 100.0, 140.0, 0.0, 0.6),
            line("first line", 100.0, 100.0, 0.0, 0.9),
            line("1,200", 700.0, 101.0, 0.0, 0.99),
        ]);
        assert_eq!(texts(&page), ["first line 1,200", "second line of text"]);
        assert_eq!(page.lines[0].cells.len(), 2);
        let frame = page.frame.unwrap();
        let [left, top, right, bottom] = frame.bounds(&page.lines[1]).unwrap();
        assert!((left - 0.1).abs() < 0.01 && (right - 0.328).abs() < 0.02, "{left} {right}");
        assert!(top > 0.095 && top < 0.107 && bottom > 0.11 && bottom < 0.12, "{top} {bottom}");
        assert_eq!(frame.confidence([left, top, right, bottom]), Some(0.6));
        let (kind, message) = page.warning.unwrap();
        assert!(kind == WarningKind::Doubtful && message.starts_with("1 of 3 lines"), "{message}");
    }

    #[test]
    fn places_that_could_not_be_read_are_lost_and_told_with_what_is_doubtful() {
        let warning = |lines: &[OcrLine], unread: usize| {
            page(7, OcrText { lines: lines.to_vec(), unread }, (1000, 1400), 200.0 / 72.0).warning
        };
        let (sure, doubtful) =
            (line("sure", 100.0, 100.0, 0.0, 0.9), line("doubtful", 100.0, 140.0, 0.0, 0.6));
        assert_eq!(warning(std::slice::from_ref(&sure), 0), None);
        let (kind, message) = warning(&[sure, doubtful], 12).unwrap();
        assert_eq!(kind, WarningKind::Lost);
        assert_eq!(
            message,
            "1 of 2 lines read by OCR are doubtful; 12 places look like text and could not be read"
        );
        let (kind, message) = warning(&[], 2).unwrap();
        assert!(kind == WarningKind::Lost && message.starts_with("page 7 is a picture"), "{message}");
    }

    #[test]
    fn a_page_that_hangs_or_lies_on_its_side_is_read_in_order() {
        let hanging = read(vec![
            line("a line that goes across the page", 100.0, 100.0, 0.03, 0.9),
            line("same line", 600.0, 115.0, 0.03, 0.9),
            line("another line below it", 100.0, 140.0, 0.03, 0.9),
        ]);
        assert_eq!(texts(&hanging)[1..], ["another line below it"]);
        let quarter = TAU / 4.0;
        let sideways = read(vec![
            line("first line", 900.0, 100.0, quarter, 0.9),
            line("second line", 860.0, 100.0, quarter, 0.9),
        ]);
        assert_eq!(texts(&sideways), ["first line", "second line"]);
        let frame = sideways.frame.unwrap();
        let [left, top, right, bottom] = frame.bounds(&sideways.lines[0]).unwrap();
        assert!(
            left > 0.87 && right < 0.91 && (top - 100.0 / 1400.0).abs() < 0.01 && bottom > top,
            "{left} {top} {right} {bottom}"
        );
        let head = read(vec![
            line("first line", 500.0, 700.0, 2.0 * quarter, 0.9),
            line("second line", 500.0, 660.0, 2.0 * quarter, 0.9),
        ]);
        assert_eq!(texts(&head), ["first line", "second line"]);
    }

    #[test]
    fn near_columns_are_read_one_after_the_other() {
        // The gap between the columns is as wide as one and a half characters.
        let page = read(
            (0..4)
                .flat_map(|row| {
                    let y = 100.0 + 30.0 * row as f32;
                    [
                        line(&format!("the left column goes on {row}"), 100.0, y, 0.0, 0.9),
                        line(&format!("the right column says so {row}"), 424.0, y, 0.0, 0.9),
                    ]
                })
                .collect(),
        );
        let left = texts(&page).iter().filter(|text| text.starts_with("the left")).count();
        assert_eq!((page.lines.len(), left), (8, 4), "{:?}", texts(&page));
        assert!(texts(&page)[3].starts_with("the left column goes on 3"));
    }

    #[test]
    fn heights_that_vary_are_one_size_and_a_heading_another() {
        assert_eq!(stepped(9.0, 10.0), 10.0);
        assert_eq!(stepped(11.5, 10.0), 10.0);
        assert!(stepped(15.0, 10.0) > 12.0);
    }
}
