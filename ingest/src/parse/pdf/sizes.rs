//! Font sizes of a document, and what they tell of headings.

use std::collections::{HashMap, HashSet};

use super::PageText;
use super::blocks::starts_item;
use super::layout::Line;
use super::markers::is_bullet;

/// Times the body's font size from which a line is a heading.
const HEADING_SIZE: f32 = 1.15;
/// Longest heading, in characters and in lines.
const HEADING_CHARS: usize = 160;
const HEADING_LINES: usize = 3;
/// Heading levels told apart by size; bold lines in the body's size come below them.
const SIZE_LEVELS: usize = 4;

/// Pages of one kind with fewer bytes of text than this do not tell how large running text is.
const LEAST_BYTES: usize = 200;
/// Fewest words of a sentence that ends within a heading's text, and fewest Chinese characters.
const SENTENCE_WORDS: usize = 5;
const SENTENCE_CHARS: usize = 8;

/// Font sizes of the document. What OCR measures are heights of lines, which differ from the sizes that a text layer
/// tells, so both are looked at apart.
pub(super) struct Sizes {
    /// Of running text, over all pages.
    pub(super) body: f32,
    layer: Pool,
    read: Pool,
    /// Sizes that stand on pages that OCR read only, to the last bit: measured, they are hardly those of a font.
    measured: HashSet<u32>,
}

/// Sizes of pages of one kind: the body's, and those of headings, largest first.
#[derive(Clone)]
struct Pool {
    body: f32,
    headings: Vec<f32>,
}

/// How much text there is in each size, in half points and bytes.
type Bytes = HashMap<i32, usize>;

impl Pool {
    fn of(bytes: &Bytes) -> Self {
        let body = usual(bytes) as f32 / 2.0;
        let mut headings: Vec<i32> =
            bytes.keys().copied().filter(|&s| s as f32 / 2.0 >= body * HEADING_SIZE).collect();
        headings.sort_unstable_by(|a, b| b.cmp(a));
        Self { body, headings: merge_near(&headings) }
    }
}

impl Sizes {
    /// Of the whole document.
    pub(super) fn of(pages: &[PageText]) -> Self {
        let (read, layer): (Vec<&PageText>, Vec<&PageText>) = pages.iter().partition(|page| page.is_ocr());
        let of_layer: HashSet<u32> = lines_of(&layer).map(|line| line.size.to_bits()).collect();
        let measured =
            lines_of(&read).map(|line| line.size.to_bits()).filter(|size| !of_layer.contains(size));
        let measured = measured.collect();
        let (layer, read) = (bytes_by_size(&layer), bytes_by_size(&read));
        let mut all = layer.clone();
        for (size, count) in &read {
            *all.entry(*size).or_default() += count;
        }
        let all = Pool::of(&all);
        let tells = |bytes: &Bytes| bytes.values().sum::<usize>() >= LEAST_BYTES;
        let (layer, read) = match tells(&layer) && tells(&read) {
            true => (Pool::of(&layer), Pool::of(&read)),
            false => (all.clone(), all.clone()),
        };
        Self { body: all.body, layer, read, measured }
    }

    /// The sizes of the pages that such a line stands on.
    fn pool(&self, line: &Line) -> &Pool {
        if self.measured.contains(&line.size.to_bits()) { &self.read } else { &self.layer }
    }

    /// Whether it is as large as headings are.
    pub(super) fn is_large(&self, line: &Line) -> bool {
        let body = self.pool(line).body;
        body > 0.0 && line.size >= body * HEADING_SIZE - 0.25
    }

    /// Whether the lines are a heading.
    pub(super) fn is_heading(&self, lines: &[Line]) -> bool {
        let text = lines.iter().take(HEADING_LINES + 1).map(Line::text).collect::<Vec<_>>().join(" ");
        self.heading_level(lines, &text).is_some()
    }

    /// The level of the heading that the lines with this text are.
    pub(super) fn heading_level(&self, lines: &[Line], text: &str) -> Option<u8> {
        let first = lines.first()?;
        let Pool { body, headings } = self.pool(first);
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let visible = text.chars().filter(|c| !c.is_whitespace()).count();
        let shaped = lines.len() <= HEADING_LINES && text.chars().count() <= HEADING_CHARS;
        let item = text.starts_with(is_bullet);
        if *body == 0.0 || !shaped || item || letters < 2 || letters * 2 < visible || has_sentences(text) {
            return None;
        }
        if self.is_large(first) {
            let rank = headings.iter().take_while(|&&size| size > first.size + 0.3).count();
            return u8::try_from(rank.min(SIZE_LEVELS - 1) + 1).ok();
        }
        let bold = lines.iter().all(|l| l.bold && l.size >= body - 0.6);
        let closed = text.ends_with(['.', ',', ';', ':', '。', '，', '；', '：']);
        let bold_heading =
            bold && lines.len() <= 2 && !closed && !starts_item(text) && text.chars().count() <= 100;
        let level = headings.len().min(SIZE_LEVELS) + 1;
        bold_heading.then_some(u8::try_from(level).unwrap_or(6))
    }
}

fn lines_of<'p>(pages: &[&'p PageText]) -> impl Iterator<Item = &'p Line> {
    pages.iter().flat_map(|page| &page.lines)
}

/// The size that has most text.
fn usual(bytes: &Bytes) -> i32 {
    bytes.iter().max_by_key(|(size, count)| (**count, **size)).map_or(0, |(size, _)| *size)
}

/// Listings in smaller print than the text say nothing of how large that is, however long they are.
fn bytes_by_size(pages: &[&PageText]) -> Bytes {
    let (mut bytes, mut typed) = (Bytes::new(), Bytes::new());
    for line in lines_of(pages) {
        let bytes = if line.typed.is_some() { &mut typed } else { &mut bytes };
        *bytes.entry(half_points(line.size)).or_default() +=
            line.cells.iter().map(|c| c.text.len()).sum::<usize>();
    }
    let body = usual(&bytes);
    for (size, count) in typed.into_iter().filter(|(size, _)| *size >= body) {
        *bytes.entry(size).or_default() += count;
    }
    bytes
}

/// Whether the text ends as a sentence does, and another ends within it: no heading says so much. `Note 1. Policies.`
/// and `St. John's Co.` have no sentence within.
fn has_sentences(text: &str) -> bool {
    let text = text.trim_end();
    if !text.ends_with(['.', '!', '?', '。', '！', '？']) {
        return false;
    }
    let mut from = 0;
    text.char_indices().any(|(at, c)| {
        let end = at + c.len_utf8();
        let (sentence, rest) = (&text[from..at], &text[end..]);
        let ends = match c {
            '。' | '！' | '？' => !rest.is_empty() && sentence.chars().count() >= SENTENCE_CHARS,
            '.' | '!' | '?' => {
                let mut behind = rest.chars();
                let goes_on = behind.next() == Some(' ') && behind.next().is_some_and(char::is_uppercase);
                let words = sentence.split_whitespace();
                // Before the point of an abbreviation stand few letters.
                let is_word = |word: &str| word.chars().count() > 3 && word.ends_with(char::is_lowercase);
                goes_on && words.clone().count() >= SENTENCE_WORDS && words.last().is_some_and(is_word)
            }
            _ => return false,
        };
        from = end;
        ends
    })
}

/// Sizes within a tenth of each other are one level.
fn merge_near(sizes: &[i32]) -> Vec<f32> {
    let mut merged: Vec<f32> = Vec::new();
    for size in sizes.iter().map(|&s| s as f32 / 2.0) {
        if merged.last().is_none_or(|last| size < last * 0.9) {
            merged.push(size);
        }
    }
    merged
}

fn half_points(size: f32) -> i32 {
    // `as` saturates; sizes are small.
    (size * 2.0).round() as i32
}

#[cfg(test)]
mod tests {
    use super::super::frame::Frame;
    use super::super::layout::{Cell, lines};
    use super::super::typed::tests::put_typed;
    use super::*;

    fn line(size: f32, text: &str) -> Line {
        let cells = vec![Cell { text: text.to_owned(), ..Cell::default() }];
        Line { cells, size, ..Line::default() }
    }

    fn page(number: u32, is_ocr: bool, lines: &[(f32, &str)]) -> PageText {
        let frame = is_ocr.then(|| Frame::of_picture(600.0, 800.0, Vec::new()));
        let lines = lines.iter().map(|&(size, text)| line(size, text)).collect();
        PageText { frame, ..PageText::new(number, lines) }
    }

    #[test]
    fn what_ocr_measures_does_not_tell_how_large_headings_of_a_text_layer_are() {
        let text = "The committee reviewed the proposal in detail. ".repeat(8);
        let layer = page(1, false, &[(14.0, "Findings"), (10.0, text.as_str())]);
        // More of it, and measured smaller.
        let read = page(2, true, &[(11.713, "Findings"), (8.017, text.repeat(2).as_str())]);
        let sizes = Sizes::of(&[layer, read]);
        let heading = |size: f32| sizes.is_heading(&[line(size, "Findings of the region")]);
        assert_eq!([14.0, 10.0, 11.713, 8.017].map(heading), [true, false, true, false]);
        // A cover says nothing of how large its running text is.
        let cover = page(1, true, &[(24.7, "Annual report")]);
        let sizes = Sizes::of(&[cover, page(2, false, &[(10.0, text.as_str())])]);
        assert!(sizes.is_heading(&[line(24.7, "Annual report")]));
    }

    #[test]
    fn a_long_listing_does_not_tell_how_large_text_is() {
        let code = |size: f32| {
            let mut glyphs = Vec::new();
            for at in 0..40_u8 {
                put_typed(
                    &mut glyphs,
                    50.0,
                    700.0 - 12.0 * f32::from(at),
                    "let total = first(one) + second(two);",
                );
            }
            glyphs.iter_mut().for_each(|glyph| glyph.size = size);
            PageText::new(1, lines(&[glyphs]))
        };
        let text = "The committee reviewed the proposal in detail. ".repeat(8);
        let body = |size: f32| Sizes::of(&[code(size), page(2, false, &[(10.0, text.as_str())])]).body;
        assert_eq!((body(8.0), body(10.0), body(12.0)), (10.0, 10.0, 12.0));
    }

    #[test]
    fn sentences_that_go_on_are_no_heading_however_large() {
        let text = "The committee reviewed the proposal in detail. ".repeat(8);
        let sizes = Sizes::of(&[page(1, false, &[(10.0, text.as_str())])]);
        let heading = |text: &str| sizes.is_heading(&[line(14.0, text)]);
        assert!(!heading("This is a scanned page with enough text. Second line of the page follows."));
        assert!(!heading("本公司董事会及全体董事保证。本公告内容不存在任何虚假记载。"));
        for title in [
            "Note 1. Summary of Significant Accounting Policies.",
            "Results of the works at St. John's and of Acme Co. Ltd.",
            "What does the committee say about it?",
            "The committee reviewed the whole proposal. Findings",
            "关于召开股东大会的公告。",
        ] {
            assert!(heading(title), "{title}");
        }
    }
}
