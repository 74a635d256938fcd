//! What the text layer of a scanned page tells exactly goes before what OCR reads of it: a stamp, a number in the
//! margin, text that cannot be seen.

use std::cmp::Reverse;

use super::super::PageText;
use super::super::frame::Frame;
use super::super::layout::{Cell, Line};
use super::super::pdfium::visible;
use super::super::scan::told_together;

/// A layer with so many characters is read by OCR because its fonts do not tell which ones they are.
const FONTS_CHARS: usize = 60;
/// A text is the same in both where at most this share of it differs, and in a line that has nothing else this one.
const DIFFERS_PERCENT: usize = 40;
const DIFFERS_ALONE_PERCENT: usize = 50;
/// A shorter text may be part of any other.
const LEAST_WITHIN: usize = 4;
/// How far a line reaches below its baseline, in font sizes, as [`Frame::bounds`] has it.
const DESCENT: f32 = 0.25;
/// How a warning ends of characters that a font does not tell: OCR reads them by their looks.
const UNTOLD: &str = "their fonts do not tell which ones they are";

/// What OCR read on a page so many points wide and high, with what only its text layer has, and the layer's own
/// letters where both have a line.
pub(super) fn merged(layer: PageText, read: PageText, (width, height): (f32, f32)) -> PageText {
    let PageText { lines, warning, label, frame, comments, .. } = layer;
    let mut page = PageText { label, comments, ..read };
    let is_in_part = warning.as_ref().is_some_and(|(_, message)| message.contains(UNTOLD));
    let is_told = visible(&lines).count() < FONTS_CHARS && !page.lines.is_empty();
    if let (Some(read_frame), Some(frame)) = (&mut page.frame, &frame) {
        read_frame.take_links(frame);
    }
    if let (Some(frame), Some(read_frame)) = (frame.filter(|_| is_told), &page.frame) {
        let mut merge = Merge { lines: &mut page.lines, read: read_frame, is_in_part, width, height };
        for line in lines.iter().filter(|line| !line.text().contains(means_nothing)) {
            merge.line(line, &frame);
        }
    }
    let warning = match page.lines.is_empty() {
        true => warning,
        false => warning.and_then(|(kind, message)| Some((kind, without_untold(&message)?.to_owned()))),
    };
    page.warning = told_together(page.warning.take(), warning);
    page
}

/// What remains of a warning when OCR has read the characters that fonts do not tell.
fn without_untold(message: &str) -> Option<&str> {
    match message.split_once(UNTOLD) {
        Some((_, rest)) => rest.strip_prefix("; "),
        None => Some(message),
    }
}

/// Characters of private use, and those that stand for none.
fn means_nothing(c: char) -> bool {
    matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

/// The lines that OCR read, into which those of the layer go.
struct Merge<'m> {
    lines: &'m mut Vec<Line>,
    read: &'m Frame,
    /// Whether characters of the layer are missing from its lines.
    is_in_part: bool,
    /// Of the page, in points.
    width: f32,
    height: f32,
}

impl Merge<'_> {
    /// Takes over a line of the layer, whose page is `frame`.
    fn line(&mut self, line: &Line, frame: &Frame) {
        if let Some(grid) = &line.grid {
            let mut cells = grid.iter().flatten().map(|cell| letters(cell)).filter(|cell| !cell.is_empty());
            if !cells.all(|cell| self.has(&cell)) {
                self.insert(line.clone(), frame.bounds(line));
            }
            return;
        }
        let missing =
            line.cells.iter().filter(|cell| !self.take_over(cell, frame.bounds(&alone(line, cell))));
        let missing: Vec<Cell> = missing.cloned().collect();
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else { return };
        let (left, right) = (first.left, last.right);
        let missing = Line { left, right, cells: missing, typed: None, ..line.clone() };
        let bounds = frame.bounds(&missing);
        self.insert(missing, bounds);
    }

    /// Whether OCR has the cell of the layer, whose own letters are put in place of what was read where it stands.
    fn take_over(&mut self, cell: &Cell, bounds: Option<[f32; 4]>) -> bool {
        let told = letters(&cell.text);
        if told.is_empty() {
            return true;
        }
        let (read, is_in_part) = (self.read, self.is_in_part);
        for line in self.lines.iter_mut().filter(|line| line.grid.is_none()) {
            for index in 0..line.cells.len() {
                let place = read.bounds(&alone(line, &line.cells[index]));
                if !place.zip(bounds).is_some_and(|(place, bounds)| is_on(place, bounds)) {
                    continue;
                }
                let there = letters(&line.cells[index].text);
                if is_in_part && is_within(&told, &there) {
                    return true;
                }
                if let Some(found) = nearest(&told, &there, &line.cells[index].text) {
                    if found.is_of_words {
                        replace(&mut line.cells[index], &there, &found, cell.text.trim());
                    }
                    return true;
                }
            }
        }
        self.has(&told)
    }

    /// Whether a line that OCR read has the text.
    fn has(&self, told: &[Letter]) -> bool {
        let told = plain(told);
        self.lines.iter().any(|line| {
            let read = plain(&letters(&line.text()));
            read == told || told.chars().count() >= LEAST_WITHIN && read.contains(&told)
        })
    }

    /// Puts a line of the layer beside the one that stands nearest.
    fn insert(&mut self, line: Line, bounds: Option<[f32; 4]>) {
        let Some([left, top, right, bottom]) = bounds else {
            self.lines.push(line);
            return;
        };
        let (from, to) = (left * self.width, right * self.width);
        let scale = (to - from) / (line.right - line.left).max(1e-3);
        let x = |x: f32| from + (x - line.left) * scale;
        let cell = |cell: &Cell| Cell {
            text: cell.text.clone(),
            left: x(cell.left),
            right: x(cell.right),
            gaps: Vec::new(),
        };
        let cells = line.cells.iter().map(cell).collect();
        let baseline = (1.0 - bottom) * self.height + DESCENT * line.size;
        let line = Line { cells, left: from, right: to, baseline, ..line };
        let middle = (top + bottom) / 2.0;
        let places =
            self.lines.iter().enumerate().filter_map(|(at, line)| Some((at, self.read.bounds(line)?)));
        let distance = |place: &[f32; 4]| ((place[1] + place[3]) / 2.0 - middle).abs();
        let nearest = places.min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)));
        let at = nearest.map_or(self.lines.len(), |(at, place)| {
            let is_beside = distance(&place) < (bottom - top) / 2.0;
            let is_before = if is_beside { left < place[0] } else { middle < (place[1] + place[3]) / 2.0 };
            if is_before { at } else { at + 1 }
        });
        self.lines.insert(at, line);
    }
}

/// A line of nothing but one of its cells.
fn alone(line: &Line, cell: &Cell) -> Line {
    Line { left: cell.left, right: cell.right, baseline: line.baseline, size: line.size, ..Line::default() }
}

/// Whether what was read at `place` stands where the layer has a text within `bounds`.
fn is_on(place: [f32; 4], bounds: [f32; 4]) -> bool {
    let overlap = |from: usize, to: usize| place[to].min(bounds[to]) - place[from].max(bounds[from]);
    let height = (bounds[3] - bounds[1]).min(place[3] - place[1]);
    overlap(0, 2) >= (bounds[2] - bounds[0]) / 2.0 && overlap(1, 3) >= height / 2.0
}

/// A character other than a blank, without case, and where it stands in its text, in bytes.
type Letter = (usize, char);

fn letters(text: &str) -> Vec<Letter> {
    let letters = text.char_indices().filter(|(_, c)| !c.is_whitespace());
    letters.map(|(at, c)| (at, c.to_lowercase().next().unwrap_or(c))).collect()
}

fn plain(letters: &[Letter]) -> String {
    letters.iter().map(|(_, c)| c).collect()
}

/// Whether `part` has no letter that does not stand in `whole`, in that order.
fn is_within(part: &[Letter], whole: &[Letter]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|(_, c)| whole.any(|(_, other)| other == c))
}

/// Where a text was read, with few errors.
struct Match {
    /// First letter, and the one after the last.
    start: usize,
    end: usize,
    /// Whether it begins and ends where words do.
    is_of_words: bool,
}

/// Where `told` stands best in the text that was read, which has these letters: by edit distance.
fn nearest(told: &[Letter], read: &[Letter], text: &str) -> Option<Match> {
    let is_alone = read.len() <= told.len() + 1;
    let most = match is_alone {
        true => (told.len() * DIFFERS_ALONE_PERCENT).div_ceil(100),
        false => told.len() * DIFFERS_PERCENT / 100,
    };
    // Of each end in what was read: the distance, and where it began.
    let mut row: Vec<(usize, usize)> = (0..=read.len()).map(|start| (0, start)).collect();
    for (_, letter) in told {
        let mut diagonal = row[0];
        row[0].0 += 1;
        for at in 1..row.len() {
            let differs = usize::from(read[at - 1].1 != *letter);
            let (above, before) = (row[at], row[at - 1]);
            let best = [(diagonal.0 + differs, diagonal.1), (above.0 + 1, above.1), (before.0 + 1, before.1)];
            diagonal = above;
            row[at] = best.into_iter().min_by_key(|(distance, _)| *distance).unwrap_or(above);
        }
    }
    let is_of_words = |start: usize, end: usize| {
        let before = text[..read[start].0].chars().next_back();
        let behind = read.get(end - 1).and_then(|&(at, _)| text[at..].chars().nth(1));
        [before, behind].into_iter().flatten().all(|c| !c.is_alphanumeric())
    };
    let matches = row.iter().enumerate().filter(|(end, (distance, start))| distance <= &most && start < end);
    let matches =
        matches.map(|(end, &(distance, start))| (distance, !is_of_words(start, end), Reverse(end), start));
    matches.min().map(|(_, cuts_words, Reverse(end), start)| Match { start, end, is_of_words: !cuts_words })
}

/// Puts `told` in the place of what was read.
fn replace(cell: &mut Cell, letters: &[Letter], found: &Match, told: &str) {
    let from = letters[found.start].0;
    let last = letters[found.end - 1].0;
    let to = last + cell.text[last..].chars().next().map_or(0, char::len_utf8);
    cell.text.replace_range(from..to, told);
    cell.gaps.retain(|gap| gap.at <= from || gap.at >= to);
    for gap in cell.gaps.iter_mut().filter(|gap| gap.at >= to) {
        gap.at = gap.at - to + from + told.len();
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::WarningKind;

    use super::super::super::scan::page;
    use super::*;
    use crate::ocr::{OcrChar, OcrLine, OcrText, Quad};

    const PAGE: (f32, f32) = (612.0, 792.0);
    const BODY: &str = "The body of the scan, which OCR reads as it is and in full";

    /// What OCR reads of a letter's page at 200 dpi: lines whose upper left corners are at these pixels.
    fn read(lines: &[(f32, f32, &str)]) -> PageText {
        let line = |&(x, y, text): &(f32, f32, &str)| {
            let count = text.chars().count() as f32;
            let (right, bottom) = (x + count * 12.0, y + 24.0);
            let chars = text.chars().enumerate().map(|(i, c)| OcrChar { c, at: (i as f32 + 0.5) / count });
            let quad = Quad([(x, y), (right, y), (right, bottom), (x, bottom)]);
            OcrLine { chars: chars.collect(), quad, confidence: 0.9 }
        };
        let lines = lines.iter().map(line).collect();
        page(1, OcrText { lines, unread: 0 }, (1700, 2200), 200.0 / 72.0)
    }

    /// A layer with one line, 4.32 points a character.
    fn layer(left: f32, baseline: f32, text: &str) -> PageText {
        let right = left + 4.32 * text.chars().count() as f32;
        let cells = vec![Cell { text: text.to_owned(), left, right, ..Cell::default() }];
        let line = Line { cells, left, right, baseline, size: 7.0, ..Line::default() };
        PageText { frame: Some(Frame::of_page(PAGE.0, PAGE.1, 0)), ..PageText::new(1, vec![line]) }
    }

    fn texts(page: &PageText) -> Vec<String> {
        page.lines.iter().map(Line::text).collect()
    }

    #[test]
    fn a_stamp_is_as_the_layer_has_it_where_ocr_misreads_it() {
        let scan = |stamp: &str| read(&[(200.0, 100.0, stamp), (200.0, 200.0, BODY)]);
        for misread in ["Rece1ved 3 Mav", "RECEIVED 3 MAY", "Received3May", "Received 3 May"] {
            let page = merged(layer(72.0, 749.4, "Received 3 May"), scan(misread), PAGE);
            assert_eq!(texts(&page), ["Received 3 May", BODY], "{misread}");
        }
        // Beside another text on its line, which stays.
        let page = merged(layer(72.0, 749.4, "Received 3 May"), scan("Rece1ved 3 Mav by the office"), PAGE);
        assert_eq!(texts(&page), ["Received 3 May by the office", BODY]);
        assert!(page.is_ocr());
    }

    #[test]
    fn what_ocr_lacks_stays_at_its_place() {
        let scan = || read(&[(200.0, 100.0, "Contract"), (200.0, 200.0, BODY)]);
        let page = merged(layer(500.0, 30.0, "FN-0001204"), scan(), PAGE);
        assert_eq!(texts(&page), ["Contract", BODY, "FN-0001204"]);
        let bounds = page.frame.as_ref().unwrap().bounds(&page.lines[2]).unwrap();
        assert!((bounds[0] - 500.0 / 612.0).abs() < 1e-3 && bounds[1] > 0.9, "{bounds:?}");
        assert_eq!(texts(&merged(layer(72.0, 780.0, "FN-0001204"), scan(), PAGE))[0], "FN-0001204");
        // Behind another text, and nowhere on the page.
        let hidden = merged(layer(80.0, 749.4, "Invoice 12 of 2024"), scan(), PAGE);
        assert_eq!(texts(&hidden), ["Contract", "Invoice 12 of 2024", BODY]);
        assert_eq!(texts(&merged(layer(900.0, 30.0, "FN-0001204"), scan(), PAGE)).len(), 3);
    }

    #[test]
    fn links_lie_on_the_lines_that_ocr_reads() {
        let mut layer = layer(500.0, 30.0, "FN-0001204");
        let link = ([(72.0, 710.0), (360.0, 722.0)], "https://example.org".to_owned());
        layer.frame = layer.frame.map(|frame| frame.with_links(vec![link]));
        let page = merged(layer, read(&[(200.0, 200.0, BODY)]), PAGE);
        let frame = page.frame.as_ref().unwrap();
        assert_eq!(frame.addresses(frame.bounds(&page.lines[0]).unwrap()), ["https://example.org"]);
    }

    #[test]
    fn what_ocr_has_is_there_once() {
        let scan = || read(&[(200.0, 100.0, "FN-0001204"), (200.0, 200.0, BODY)]);
        for layer in
            [layer(500.0, 30.0, "fn-0001204"), layer(500.0, 30.0, "OCR reads"), layer(72.0, 749.4, " ")]
        {
            assert_eq!(texts(&merged(layer, scan(), PAGE)), ["FN-0001204", BODY]);
        }
        // Its characters mean nothing, or some of them are missing.
        let unknown = layer(500.0, 30.0, "\u{e001}\u{e002}");
        assert_eq!(texts(&merged(unknown, scan(), PAGE)).len(), 2);
        let told = Some((WarningKind::Lost, format!("3 characters were left out, as {UNTOLD}")));
        let in_part = PageText { warning: told, ..layer(72.0, 749.4, "FN-0124") };
        assert_eq!(texts(&merged(in_part, scan(), PAGE)), ["FN-0001204", BODY]);
    }

    #[test]
    fn the_layers_warning_is_told_unless_ocr_has_made_up_for_it() {
        let told = |message: &str| {
            let warning = Some((WarningKind::Lost, message.to_owned()));
            let layer = PageText { warning, ..layer(500.0, 30.0, "FN-0001204") };
            merged(layer, read(&[(200.0, 200.0, BODY)]), PAGE).warning.map(|(_, message)| message)
        };
        let fonts = format!("5 characters were left out, as {UNTOLD}");
        let remarks = "2 remarks on the page were left out, as it has too many; split the file";
        assert_eq!(told(&fonts), None);
        assert_eq!(told(remarks).as_deref(), Some(remarks));
        assert_eq!(told(&format!("{fonts}; {remarks}")).as_deref(), Some(remarks));
    }
}
