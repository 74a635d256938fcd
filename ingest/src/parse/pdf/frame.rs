//! Where the page lies around its lines: boxes as shares of the page that people see.

use std::collections::HashSet;

use footnote_core::parsed::MAX_LINKS;

use super::layout::Line;
use super::links::Placed;

/// How far a line reaches above and below its baseline, in font sizes.
const ASCENT: f32 = 0.9;
const DESCENT: f32 = 0.25;

/// The page that lines lie on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// Width and height in points as the file has them, before the page is turned for reading.
    width: f32,
    height: f32,
    /// Clockwise quarter turns with which the page is shown.
    shown_turns: u8,
    /// What OCR read; `None` where the page has a text layer.
    read: Option<Vec<ReadLine>>,
    links: Vec<Link>,
}

/// A place on the page that leads somewhere.
#[derive(Debug, Clone, PartialEq)]
struct Link {
    /// As shares of the page as shown.
    bounds: [f32; 4],
    address: String,
}

/// A line that OCR read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ReadLine {
    /// Its middle, as shares of the page.
    pub(crate) x: f32,
    /// See `x`.
    pub(crate) y: f32,
    /// Its length in characters.
    pub(crate) chars: usize,
    /// How sure OCR is of it.
    pub(crate) confidence: f32,
}

impl Frame {
    /// A page with a text layer that is shown so wide and high, after so many quarter turns.
    pub(crate) fn of_page(shown_width: f32, shown_height: f32, shown_turns: u8) -> Self {
        let turned = shown_turns % 2 == 1;
        let (width, height) = if turned { (shown_height, shown_width) } else { (shown_width, shown_height) };
        Self { width, height, shown_turns: shown_turns % 4, read: None, links: Vec::new() }
    }

    /// A picture, and what was read from it.
    pub(crate) fn of_picture(width: f32, height: f32, read: Vec<ReadLine>) -> Self {
        Self { width, height, shown_turns: 0, read: Some(read), links: Vec::new() }
    }

    /// With links, each between two corners in points as the file has them.
    pub(crate) fn with_links(mut self, links: Vec<Placed>) -> Self {
        let placed = links
            .into_iter()
            .filter_map(|([one, other], address)| Some(Link { bounds: self.shares(one, other)?, address }));
        self.links = placed.collect();
        self
    }

    /// Takes over the links of another frame of the same page.
    pub(crate) fn take_links(&mut self, other: &Self) {
        self.links.clone_from(&other.links);
    }

    /// The links that lie on a line with these bounds: over at least half of its height, and over half of its width or
    /// with half of their own.
    fn links_on(&self, [left, top, right, bottom]: [f32; 4]) -> impl Iterator<Item = &Link> {
        let share = |from: f32, to: f32, of: f32| (to - from).max(0.0) >= of / 2.0;
        self.links.iter().filter(move |link| {
            let [from, above, to, below] = link.bounds;
            share(above.max(top), below.min(bottom), bottom - top)
                && share(from.max(left), to.min(right), (right - left).min(to - from))
        })
    }

    /// Where the links lead that lie on a line with these bounds; of very many the first ones.
    pub(crate) fn addresses(&self, bounds: [f32; 4]) -> Vec<String> {
        let mut addresses: Vec<String> = Vec::new();
        for link in self.links_on(bounds) {
            if addresses.len() < MAX_LINKS && !addresses.contains(&link.address) {
                addresses.push(link.address.clone());
            }
        }
        addresses
    }

    /// How many addresses the lines are not told with, as each has so many at most.
    pub(crate) fn links_left_out(&self, lines: &[Line]) -> usize {
        if self.links.len() <= MAX_LINKS {
            return 0;
        }
        let bounds = lines.iter().filter(|line| line.grid.is_none()).filter_map(|line| self.bounds(line));
        let count = |bounds: [f32; 4]| {
            let addresses = self.links_on(bounds).map(|link| link.address.as_str());
            addresses.collect::<HashSet<_>>().len()
        };
        bounds.map(|bounds| count(bounds).saturating_sub(MAX_LINKS)).sum()
    }

    /// Whether its text was read by OCR.
    pub(crate) fn is_ocr(&self) -> bool {
        self.read.is_some()
    }

    /// Left, top, right and bottom of the line as shares of the page as shown; `None` where it has no
    /// geometry or does not lie on the page.
    pub(crate) fn bounds(&self, line: &Line) -> Option<[f32; 4]> {
        if line.size <= 0.0 {
            return None;
        }
        let (bottom, top) = (line.baseline - DESCENT * line.size, line.baseline + ASCENT * line.size);
        self.shares(untwisted((line.left, bottom)), untwisted((line.right, top)))
    }

    /// What lies between two corners, as shares of the page as shown.
    fn shares(&self, one: (f32, f32), other: (f32, f32)) -> Option<[f32; 4]> {
        if self.width <= 0.0 || self.height <= 0.0 {
            return None;
        }
        let x = |x: f32| (x / self.width).clamp(0.0, 1.0);
        let y = |y: f32| (1.0 - y / self.height).clamp(0.0, 1.0);
        let [left, right] = [x(one.0.min(other.0)), x(one.0.max(other.0))];
        let [top, bottom] = [y(one.1.max(other.1)), y(one.1.min(other.1))];
        if !(left < right && top < bottom) {
            return None;
        }
        Some(match self.shown_turns {
            1 => [1.0 - bottom, left, 1.0 - top, right],
            2 => [1.0 - right, 1.0 - bottom, 1.0 - left, 1.0 - top],
            3 => [top, 1.0 - right, bottom, 1.0 - left],
            _ => [left, top, right, bottom],
        })
    }

    /// How sure OCR is of what lies within `bounds`: the mean by characters.
    pub(crate) fn confidence(&self, [left, top, right, bottom]: [f32; 4]) -> Option<f32> {
        let within = |line: &&ReadLine| (left..=right).contains(&line.x) && (top..=bottom).contains(&line.y);
        let (sum, chars) = self.read.as_ref()?.iter().filter(within).fold((0.0, 0), |(sum, chars), line| {
            (sum + line.confidence * line.chars as f32, chars + line.chars)
        });
        (chars > 0).then(|| (sum / chars as f32).clamp(0.0, 1.0))
    }
}

/// A point of a direction that [`super::glyph::upright`] turned, turned back. How it was turned shows in its
/// signs, because on the page both are positive.
fn untwisted((x, y): (f32, f32)) -> (f32, f32) {
    match (x < 0.0, y < 0.0) {
        (false, false) => (x, y),
        (true, false) => (y, -x),
        (true, true) => (-x, -y),
        (false, true) => (-y, x),
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::Cell;
    use super::*;

    fn line(left: f32, right: f32, baseline: f32) -> Line {
        let cells = vec![Cell { text: "x".to_owned(), left, right, ..Cell::default() }];
        Line { cells, left, right, baseline, size: 10.0, ..Line::default() }
    }

    #[test]
    fn links_lie_on_the_lines_that_they_cover() {
        let link = |left, bottom, right, top, to: &str| ([(left, bottom), (right, top)], to.to_owned());
        let frame = Frame::of_page(100.0, 200.0, 0).with_links(vec![
            link(10.0, 98.0, 30.0, 110.0, "https://one.example"),
            link(12.0, 98.0, 30.0, 110.0, "https://one.example"),
            // Over two lines.
            link(10.0, 84.0, 90.0, 110.0, "https://both.example"),
            link(10.0, 70.0, 30.0, 80.0, "https://below.example"),
            link(95.0, 98.0, 99.0, 110.0, "https://beside.example"),
            link(500.0, 98.0, 600.0, 110.0, "https://nowhere.example"),
        ]);
        let on = |baseline| frame.addresses(frame.bounds(&line(10.0, 60.0, baseline)).unwrap());
        assert_eq!(on(100.0), ["https://one.example", "https://both.example"]);
        assert_eq!(on(86.0), ["https://both.example"]);
        assert!(on(150.0).is_empty());
        // Shown turned by a quarter, it is still the line's.
        let turned =
            Frame::of_page(200.0, 100.0, 1).with_links(vec![link(10.0, 98.0, 60.0, 110.0, "mailto:a@b.c")]);
        assert_eq!(turned.addresses(turned.bounds(&line(10.0, 60.0, 100.0)).unwrap()), ["mailto:a@b.c"]);
    }

    #[test]
    fn addresses_that_a_line_has_no_room_for_are_counted() {
        let links = |count: usize| {
            let link = |number: usize| {
                ([(10.0, 98.0), (30.0, 110.0)], format!("https://example.org/{}", number % count))
            };
            Frame::of_page(100.0, 200.0, 0).with_links((0..40).map(link).collect())
        };
        let lines = [line(10.0, 60.0, 100.0), line(10.0, 60.0, 50.0)];
        assert_eq!(links(MAX_LINKS).links_left_out(&lines), 0);
        assert_eq!(links(MAX_LINKS + 3).links_left_out(&lines), 3);
        assert_eq!(links(MAX_LINKS + 3).addresses(links(1).bounds(&lines[0]).unwrap()).len(), MAX_LINKS);
    }

    #[test]
    fn boxes_are_shares_of_the_page_as_shown() {
        let near = |frame: Frame, line: Line, expected: [f32; 4]| {
            let bounds = frame.bounds(&line).unwrap();
            assert!(bounds.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.001), "{bounds:?}");
        };
        near(Frame::of_page(100.0, 200.0, 0), line(10.0, 60.0, 190.0), [0.1, 0.005, 0.6, 0.0625]);
        // Text that reads downwards on the page as the file has it, which is shown turned by three quarters.
        near(Frame::of_page(200.0, 100.0, 3), line(-190.0, -140.0, 50.0), [0.05, 0.41, 0.3, 0.525]);
        assert_eq!(Frame::of_page(100.0, 200.0, 0).bounds(&line(500.0, 600.0, 190.0)), None);
        assert_eq!(Frame::of_page(0.0, f32::NAN, 0).bounds(&line(0.0, 1.0, 1.0)), None);
    }
}
