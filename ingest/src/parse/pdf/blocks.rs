//! Which lines of a page make a block together.

use super::breaks::is_in_one_print;
use super::endings::endings;
use super::joints::{ends_sentence, sentence_goes_on};
use super::layout::{Cell, Line};
use super::listings;
use super::markers::{is_bullet, is_marker, is_page_number};
use super::notes::take_notes;
use super::outline::Outline;
use super::rows::{entries, is_contents, table_end};
use super::sizes::Sizes;
use crate::parse::table::fold_header;

/// How far the text of an item stands behind its mark, in font sizes; what stands farther is no part of it.
const FARTHEST_ITEM: f32 = 8.0;

/// What lines are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A table between drawn lines, which is one line.
    Grid,
    /// Rows of a table.
    Table,
    /// A listing.
    Code,
    /// The title of an entry of the outline, and its level.
    Titled(u8),
    /// A paragraph, a list item or a heading.
    Text,
    /// An entry of a table of contents.
    Entry,
    /// A footnote.
    Note,
}

/// Lines that make one block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// What they are.
    pub(super) kind: Kind,
    /// At least one.
    pub(super) lines: Vec<Line>,
}

/// A comment on the page stands at its foot, and nowhere on its picture.
pub(super) fn remark(text: String) -> Part {
    let cells = vec![Cell { text, ..Cell::default() }];
    Part { kind: Kind::Note, lines: vec![Line { cells, ..Line::default() }] }
}

/// The blocks of a page, in the order of its lines; footnotes come last.
pub(super) fn parts(page: u32, mut lines: Vec<Line>, outline: &Outline, sizes: &Sizes) -> Vec<Part> {
    let leading = leading(&lines);
    listings::mark(&mut lines, sizes, leading);
    let (lines, notes) = take_notes(lines);
    let ends = endings(&lines);
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (kind, end) = part(page, &lines, at, outline, sizes, (leading, &ends));
        found.push((kind, end - at));
        at = end;
    }
    let mut lines = lines.into_iter();
    let mut parts = Vec::with_capacity(found.len() + notes.len());
    for (kind, count) in found {
        let mut lines: Vec<Line> = lines.by_ref().take(count).collect();
        // A page that repeats the header folds it the same way.
        lines.iter_mut().filter_map(|line| line.grid.as_mut()).for_each(|grid| fold_header(grid, 0));
        match kind {
            Kind::Table if is_contents(&lines) => {
                parts.extend(entries(lines).into_iter().map(|lines| Part { kind: Kind::Entry, lines }));
            }
            kind => parts.push(Part { kind, lines }),
        }
    }
    parts.extend(notes.into_iter().map(|lines| Part { kind: Kind::Note, lines }));
    parts
}

/// What begins at `at`, and where it ends.
fn part(
    page: u32,
    lines: &[Line],
    at: usize,
    outline: &Outline,
    sizes: &Sizes,
    (leading, ends): (f32, &[bool]),
) -> (Kind, usize) {
    if lines[at].grid.is_some() {
        return (Kind::Grid, at + 1);
    }
    if let Some((count, level)) = outline.heading_at(page, &lines[at..]) {
        return (Kind::Titled(level), at + count);
    }
    if lines[at].typed.is_some() {
        let is_apart = |next: &usize| {
            let (above, line) = (&lines[next - 1], &lines[*next]);
            // A line of code may say the same as an entry of the outline, but in the print of the others.
            let is_heading =
                || !is_in_one_print(above, line) && outline.heading_at(page, &lines[*next..]).is_some();
            !listings::follows(above, line) || is_heading()
        };
        return (Kind::Code, (at + 1..lines.len()).find(is_apart).unwrap_or(lines.len()));
    }
    let table = table_end(lines, at, leading);
    if table > at {
        return (Kind::Table, table);
    }
    let mut end = at + 1;
    while end < lines.len()
        && !lines[end].is_set_apart()
        && outline.heading_at(page, &lines[end..]).is_none()
        && table_end(lines, end, leading) == end
        && !starts_block(&lines[at..end], &lines[end], leading, sizes)
        && (!ends[end - 1] || sizes.is_large(&lines[end - 1]))
    {
        end += 1;
    }
    (Kind::Text, end)
}

/// The usual distance of baselines, in font sizes.
fn leading(lines: &[Line]) -> f32 {
    let mut steps: Vec<f32> = lines
        .windows(2)
        .map(|pair| (pair[0].baseline - pair[1].baseline) / pair[0].size.max(1.0))
        .filter(|step| (0.8..2.5).contains(step))
        .collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(1.2)
}

/// Whether `next` begins a block of its own after the lines of `block`.
fn starts_block(block: &[Line], next: &Line, leading: f32, sizes: &Sizes) -> bool {
    let Some(last) = block.last() else { return true };
    if next.size == 0.0 {
        // No geometry: the engine has split paragraphs already.
        return true;
    }
    if last.running != next.running {
        return true;
    }
    let size = last.size.max(1.0);
    let step = last.baseline - next.baseline;
    if (last.size - next.size).abs() > 0.08 * size || (last.bold != next.bold && block.iter().all(|l| l.bold))
    {
        return true;
    }
    let is_heading = sizes.is_large(last);
    if step <= 0.0 {
        return is_heading || !sentence_goes_on(&last.text(), &next.text());
    }
    if step > leading * 1.3 * size || starts_item(&next.text()) {
        return true;
    }
    if is_heading {
        return false;
    }
    let item = block.first().is_some_and(|first| starts_item(&first.text()));
    let indent = next.left - last.left;
    if indent > if item { FARTHEST_ITEM } else { 0.8 } * size {
        return true;
    }
    if indent < -0.8 * size && block.len() > 1 {
        return true;
    }
    let short = last.right < next.right - 0.2 * (next.right - next.left);
    short && ends_sentence(&last.text())
}

/// Whether the text begins as a list item does.
pub(super) fn starts_item(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return false };
    let bullet =
        first.chars().next().is_some_and(|c| is_bullet(c) && !matches!(c, '-' | '–' | '—' | '*' | '·'));
    bullet || words.next().is_some() && is_marker(first) && !is_page_number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_two_rows_between_lines_is_one() {
        let rows = ["Region|2023|2023", "Region|Home (EUR m)|Export", "North|1|2"]
            .map(|row| row.split('|').map(str::to_owned).collect::<Vec<_>>());
        let line = Line { grid: Some(rows.to_vec()), ..Line::default() };
        let parts = parts(1, vec![line], &Outline::of(&[]), &Sizes::of(&[]));
        assert_eq!(parts[0].kind, Kind::Grid);
        let grid = parts[0].lines[0].grid.as_deref().unwrap_or_default();
        assert_eq!(grid, [["Region", "2023 Home (EUR m)", "2023 Export"], ["North", "1", "2"]]);
    }
}
