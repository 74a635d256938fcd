//! Font sizes of a document, and what they tell of headings.

use std::collections::HashMap;

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

/// Font sizes of the document: the body's, and those of headings, largest first.
pub(super) struct Sizes {
    /// Of running text.
    pub(super) body: f32,
    headings: Vec<f32>,
}

impl Sizes {
    /// Of the whole document.
    pub(super) fn of(pages: &[PageText]) -> Self {
        let mut chars: HashMap<i32, usize> = HashMap::new();
        for line in pages.iter().flat_map(|p| &p.lines) {
            *chars.entry(half_points(line.size)).or_default() +=
                line.cells.iter().map(|c| c.text.len()).sum::<usize>();
        }
        let body = chars.iter().max_by_key(|(size, count)| (**count, **size)).map_or(0, |(size, _)| *size);
        let body = body as f32 / 2.0;
        let mut headings: Vec<i32> =
            chars.into_keys().filter(|&s| s as f32 / 2.0 >= body * HEADING_SIZE).collect();
        headings.sort_unstable_by(|a, b| b.cmp(a));
        Self { body, headings: merge_near(&headings) }
    }

    /// Whether it is as large as headings are.
    pub(super) fn is_large(&self, line: &Line) -> bool {
        self.body > 0.0 && line.size >= self.body * HEADING_SIZE - 0.25
    }

    /// Whether the lines are a heading.
    pub(super) fn is_heading(&self, lines: &[Line]) -> bool {
        let text = lines.iter().take(HEADING_LINES + 1).map(Line::text).collect::<Vec<_>>().join(" ");
        self.heading_level(lines, &text).is_some()
    }

    /// The level of the heading that the lines with this text are.
    pub(super) fn heading_level(&self, lines: &[Line], text: &str) -> Option<u8> {
        let first = lines.first()?;
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let visible = text.chars().filter(|c| !c.is_whitespace()).count();
        let shaped = lines.len() <= HEADING_LINES && text.chars().count() <= HEADING_CHARS;
        let item = text.starts_with(is_bullet);
        if self.body == 0.0 || !shaped || item || letters < 2 || letters * 2 < visible {
            return None;
        }
        if self.is_large(first) {
            let rank = self.headings.iter().take_while(|&&size| size > first.size + 0.3).count();
            return u8::try_from(rank.min(SIZE_LEVELS - 1) + 1).ok();
        }
        let bold = lines.iter().all(|l| l.bold && l.size >= self.body - 0.6);
        let closed = text.ends_with(['.', ',', ';', ':', '。', '，', '；', '：']);
        let bold_heading =
            bold && lines.len() <= 2 && !closed && !starts_item(text) && text.chars().count() <= 100;
        let level = self.headings.len().min(SIZE_LEVELS) + 1;
        bold_heading.then_some(u8::try_from(level).unwrap_or(6))
    }
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
