//! Tables: rows of cells that follow each other, put into columns.

mod wraps;

use super::layout::Line;
#[cfg(test)]
use crate::parse::table::to_markdown;

/// Most lines with one cell in a row within a table, and the longest of them.
const MAX_LABEL_LINES: usize = 3;
const MAX_LABEL_CHARS: usize = 80;

/// A line with one cell in print larger by this than the rows around it is a heading, not a label within the table.
const LARGER: f32 = 1.08;
/// Most lines of a table's head, and the share of the distance to the next row that they are apart at most.
const MAX_HEAD_LINES: usize = 3;
const HEAD_STEP: f32 = 0.8;
/// Fewest entries of a table of contents.
const LEAST_ENTRIES: usize = 3;
/// Most columns, and the fewest rows that show columns together, with text in so many of each.
const MAX_COLUMNS: usize = 40;
const LEAST_ROWS: usize = 4;
const LEAST_FILLED: usize = 2;
const LEAST_FILLED_PERCENT: usize = 15;
/// Narrowest gap between columns, in font sizes.
const GUTTER: f32 = 0.5;

/// The end of the table that begins at `at`; `at` where there is none. A table is a run of rows
/// with several cells; a row with one cell within it is a subheading.
pub(crate) fn table_end(lines: &[Line], at: usize, leading: f32) -> usize {
    if lines[at].cells.len() < 2 || lines[at].is_set_apart() {
        return at;
    }
    let mut end = at + 1;
    let mut rows = 1;
    while let Some(line) = lines.get(end).filter(|line| !line.is_set_apart()) {
        let last = &lines[end - 1];
        let step = last.baseline - line.baseline;
        if step <= 0.0 || step > leading.max(1.2) * 3.0 * last.size.max(1.0) {
            break;
        }
        if line.cells.len() < 2 {
            let rest = &lines[end..lines.len().min(end + MAX_LABEL_LINES + 1)];
            let row = rest.iter().find(|line| line.cells.len() >= 2);
            let is_heading = row.is_some_and(|row| line.size > row.size.max(last.size) * LARGER);
            if is_heading || !table_goes_on(rest, leading) {
                break;
            }
        } else {
            rows += 1;
        }
        end += 1;
    }
    if rows >= 2 { end } else { at }
}

/// Whether lines with one cell are labels within a table: short, close together, and soon followed
/// by a row with several cells.
fn table_goes_on(lines: &[Line], leading: f32) -> bool {
    for (index, line) in lines.iter().enumerate() {
        if line.is_set_apart() {
            return false;
        }
        if line.cells.len() >= 2 {
            return index > 0;
        }
        let near = lines.get(index + 1).is_some_and(|next| {
            let step = line.baseline - next.baseline;
            step > 0.0 && step <= leading.max(1.2) * 2.0 * line.size.max(1.0)
        });
        if !near || line.text().chars().count() > MAX_LABEL_CHARS {
            return false;
        }
    }
    false
}

/// Whether the rows are entries of a table of contents: dots lead from most of them to numbers of pages, which ascend.
pub(crate) fn is_contents(lines: &[Line]) -> bool {
    let led = lines.iter().filter(|line| line.led).count();
    let numbers: Vec<u32> = lines.iter().filter(|line| line.led).filter_map(page_number).collect();
    led >= LEAST_ENTRIES && led * 2 >= lines.len() && numbers.len() == led && numbers.is_sorted()
}

/// The bare number that a line ends with.
fn page_number(line: &Line) -> Option<u32> {
    line.cells.last()?.text.parse().ok().filter(|number| (1..10_000).contains(number))
}

/// The entries of a table of contents: one without a number goes on in the next line.
pub(crate) fn entries(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut entries: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        let goes_on = |entry: &&mut Vec<Line>| {
            entry.last().is_some_and(|last| page_number(last).is_none() && last.bold == line.bold)
        };
        match entries.last_mut().filter(goes_on) {
            Some(entry) => entry.push(line),
            None => entries.push(vec![line]),
        }
    }
    entries
}

/// A Markdown table. Where the cells do not lie in columns, the first cell of a row is its label and the others stand at
/// the right, as figures do.
#[cfg(test)]
pub(crate) fn table_text(lines: &[Line]) -> String {
    to_markdown(&table_rows(lines).0)
}

/// The rows of a table, and which of them each line is of: a head, and a row whose cells are wrapped, are several lines.
pub(super) fn table_rows(lines: &[Line]) -> (Vec<Vec<String>>, Vec<usize>) {
    let rows = line_rows(lines);
    let goes_on = wraps::wrapped(lines, &rows, head_lines(lines, &rows));
    let mut whole: Vec<Vec<String>> = Vec::new();
    let mut of_lines = Vec::with_capacity(rows.len());
    for (row, goes_on) in rows.into_iter().zip(goes_on) {
        match whole.last_mut().filter(|_| goes_on) {
            Some(above) => {
                for (cell, text) in above.iter_mut().zip(row).filter(|(_, text)| !text.is_empty()) {
                    *cell = wraps::joined(cell, &text);
                }
            }
            None => whole.push(row),
        }
        of_lines.push(whole.len() - 1);
    }
    (whole, of_lines)
}

/// The cells of each line by columns.
pub(super) fn line_rows(lines: &[Line]) -> Vec<Vec<String>> {
    grid(lines).unwrap_or_else(|| flushed_right(lines))
}

/// How many lines are together the first row: heads go on below where there is text above, close to it or bold as it
/// is, and have no figures.
pub(crate) fn head_lines(lines: &[Line], rows: &[Vec<String>]) -> usize {
    let mut count = 1;
    while count < MAX_HEAD_LINES && count + 1 < lines.len() {
        let [above, line, below] = [&lines[count - 1], &lines[count], &lines[count + 1]];
        let step = above.baseline - line.baseline;
        let is_close = step <= HEAD_STEP * (line.baseline - below.baseline);
        let is_bold = above.bold && line.bold && !below.bold;
        let mut cells = rows[0].iter().zip(&rows[count]).filter(|(_, text)| !text.is_empty());
        let goes_on = cells.all(|(head, text)| {
            !head.is_empty()
                && !text.contains(|c: char| c.is_numeric())
                && !head.ends_with(|c: char| c.is_numeric())
        });
        if !(goes_on && (is_close || is_bold)) {
            break;
        }
        count += 1;
    }
    count
}

fn flushed_right(lines: &[Line]) -> Vec<Vec<String>> {
    let width = lines.iter().map(|l| l.cells.len()).max().unwrap_or(0);
    let row = |line: &Line| {
        let mut texts = line.cells.iter().map(|c| c.text.clone());
        let mut row = vec![texts.next().unwrap_or_default()];
        row.resize(width - texts.len(), String::new());
        row.extend(texts);
        row
    };
    lines.iter().map(row).collect()
}

/// The cells of the rows in columns: where the cells of all rows stand, if these are more columns than any row has
/// cells, else where those of the rows with most cells do; other cells go to the column that they share most with.
/// `None` where two cells of a row fall into one column.
fn grid(lines: &[Line]) -> Option<Vec<Vec<String>>> {
    let width = lines.iter().map(|l| l.cells.len()).max().filter(|w| (2..=MAX_COLUMNS).contains(w))?;
    let columns =
        columns_of_all(lines).filter(|all| all.len() > width).or_else(|| columns_of_fullest(lines, width))?;
    lines.iter().map(|line| in_columns(line, &columns)).collect()
}

/// Where the cells of the rows with `width` cells lie.
fn columns_of_fullest(lines: &[Line], width: usize) -> Option<Vec<(f32, f32)>> {
    let mut columns: Vec<(f32, f32)> = vec![(f32::INFINITY, f32::NEG_INFINITY); width];
    for line in lines.iter().filter(|l| l.cells.len() == width) {
        for (column, cell) in columns.iter_mut().zip(&line.cells) {
            *column = (column.0.min(cell.left), column.1.max(cell.right));
        }
    }
    columns.windows(2).all(|pair| pair[0].1 <= pair[1].0).then_some(columns)
}

/// The stretches in which the cells of all rows lie, or of all but the lines of a head, whose cells may reach over
/// several; each with text in several rows.
fn columns_of_all(lines: &[Line]) -> Option<Vec<(f32, f32)>> {
    let rows: Vec<Vec<(f32, f32)>> = lines.iter().filter(|line| line.cells.len() >= 2).map(pieces).collect();
    if rows.len() < LEAST_ROWS {
        return None;
    }
    let size = lines.iter().map(|line| line.size).fold(1.0, f32::max);
    let below = |head: usize| {
        let columns = stretches(&rows[head..], GUTTER * size);
        let is_few = (2..=MAX_COLUMNS).contains(&columns.len());
        (is_few && are_columns(&rows[head..], &columns)).then_some(columns)
    };
    (0..=2.min(rows.len() - LEAST_ROWS)).filter_map(below).max_by_key(Vec::len)
}

/// Whether several rows have text in each column, and some in each two that are neighbours: a head that stands beside
/// its figures is no column of its own.
fn are_columns(rows: &[Vec<(f32, f32)>], columns: &[(f32, f32)]) -> bool {
    let has = |row: &[(f32, f32)], column: &(f32, f32)| {
        row.iter().any(|piece| column.0 <= piece.0 && piece.1 <= column.1)
    };
    let filled = |column: &(f32, f32)| rows.iter().filter(|row| has(row, column)).count();
    let least = LEAST_FILLED.max(rows.len() * LEAST_FILLED_PERCENT / 100);
    columns.iter().all(|column| filled(column) >= least)
        && columns.windows(2).all(|pair| rows.iter().any(|row| has(row, &pair[0]) && has(row, &pair[1])))
}

/// Where the parts of a row's cells lie that a wide gap parts.
fn pieces(line: &Line) -> Vec<(f32, f32)> {
    let mut pieces = Vec::with_capacity(line.cells.len());
    for cell in &line.cells {
        let mut left = cell.left;
        for gap in &cell.gaps {
            pieces.push((left, gap.left));
            left = gap.right;
        }
        pieces.push((left, cell.right));
    }
    pieces
}

/// What of the rows' width is covered, from left to right; stretches nearer than `gutter` are one.
fn stretches(rows: &[Vec<(f32, f32)>], gutter: f32) -> Vec<(f32, f32)> {
    let mut pieces: Vec<(f32, f32)> = rows.iter().flatten().copied().collect();
    pieces.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut stretches: Vec<(f32, f32)> = Vec::new();
    for (left, right) in pieces {
        match stretches.last_mut().filter(|last| left < last.1 + gutter) {
            Some(last) => last.1 = last.1.max(right),
            None => stretches.push((left, right)),
        }
    }
    stretches
}

/// A row's texts by columns; a cell that has a gap where columns are parted is two.
fn in_columns(line: &Line, columns: &[(f32, f32)]) -> Option<Vec<String>> {
    let mut row = vec![String::new(); columns.len()];
    let mut from = 0;
    for cell in &line.cells {
        let (mut left, mut start) = (cell.left, 0);
        for gap in &cell.gaps {
            let parts = |pair: &[(f32, f32)]| gap.left < pair[1].0 && pair[0].1 < gap.right;
            let is_edge = columns.windows(2).any(|pair| parts(pair) && pair[0].1 <= pair[1].0);
            let at = nearest(columns, from, (left, gap.left))?;
            if is_edge && nearest(columns, from, (gap.right, cell.right))? > at {
                cell.text.get(start..gap.at)?.trim().clone_into(&mut row[at]);
                (left, start, from) = (gap.right, gap.at, at + 1);
            }
        }
        let at = nearest(columns, from, (left, cell.right))?;
        cell.text.get(start..)?.trim().clone_into(&mut row[at]);
        from = at + 1;
    }
    Some(row)
}

/// The column from `from` on that shares most with what lies between `left` and `right`.
fn nearest(columns: &[(f32, f32)], from: usize, (left, right): (f32, f32)) -> Option<usize> {
    let shared = |column: &(f32, f32)| right.min(column.1) - left.max(column.0);
    let places = columns.iter().enumerate().skip(from).map(|(index, column)| (index, shared(column)));
    places.reduce(|best, other| if other.1 > best.1 { other } else { best }).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Cell, Gap};
    use super::*;

    /// Rows of cells at places, ten points large, whose characters are five points wide.
    fn rows(rows: &[&[(f32, &str)]]) -> Vec<Line> {
        let cell = |&(left, text): &(f32, &str)| {
            let right = left + 5.0 * text.chars().count() as f32;
            Cell { text: text.to_owned(), left, right, gaps: Vec::new() }
        };
        let line = |(number, row): (u8, &&[(f32, &str)])| {
            let cells: Vec<Cell> = row.iter().map(cell).collect();
            let (left, right) = (cells[0].left, cells[cells.len() - 1].right);
            let baseline = 700.0 - 12.0 * f32::from(number);
            Line { cells, left, right, baseline, size: 10.0, ..Line::default() }
        };
        (0..).zip(rows).map(line).collect()
    }

    #[test]
    fn columns_are_where_any_row_has_text() {
        let mut lines = rows(&[
            &[(50.0, "Code         Place"), (200.0, "Was"), (250.0, "Is")],
            &[(50.0, "A-1"), (115.0, "B-07")],
            &[(115.0, "B-12"), (200.0, "289"), (300.0, "-23")],
            &[(50.0, "A-2"), (250.0, "778"), (300.0, "+15")],
            &[(50.0, "A-3"), (200.0, "450"), (250.0, "180")],
        ]);
        lines[0].cells[0].gaps.push(Gap { at: 13, left: 70.0, right: 115.0 });
        assert_eq!(
            table_text(&lines).trim_end(),
            "| Code | Place | Was | Is |  |\n| --- | --- | --- | --- | --- |\n| A-1 | B-07 |  |  |  |\n\
             |  | B-12 | 289 |  | -23 |\n| A-2 |  |  | 778 | +15 |\n| A-3 |  | 450 | 180 |  |"
        );
    }

    #[test]
    fn a_head_over_several_columns_stays_whole() {
        let lines = rows(&[
            &[(50.0, "Leave"), (150.0, "Days of the year")],
            &[(50.0, "Sick leave"), (150.0, "10"), (200.0, "12")],
            &[(50.0, "Other"), (150.0, "3"), (200.0, "4")],
        ]);
        let text = table_text(&lines);
        assert!(text.starts_with("| Leave | Days of the year |  |\n"), "{text}");
    }
}
