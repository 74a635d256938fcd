//! Tables: rows of cells that follow each other, put into columns.

use super::joints::join_plain;
use super::layout::Line;
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

/// The end of the table that begins at `at`; `at` where there is none. A table is a run of rows
/// with several cells; a row with one cell within it is a subheading.
pub(crate) fn table_end(lines: &[Line], at: usize, leading: f32) -> usize {
    if lines[at].cells.len() < 2 || lines[at].grid.is_some() {
        return at;
    }
    let mut end = at + 1;
    let mut rows = 1;
    while let Some(line) = lines.get(end).filter(|line| line.grid.is_none()) {
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
        if line.grid.is_some() {
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

/// A Markdown table, and where the rows of it stand in the lines. Where the cells do not lie in columns, the first cell
/// of a row is its label and the others stand at the right, as figures do.
pub(crate) fn table_text(lines: &[Line]) -> String {
    let mut rows = grid(lines).unwrap_or_else(|| flushed_right(lines));
    let head = head_lines(lines, &rows);
    let below: Vec<Vec<String>> = rows.drain(1..head).collect();
    for row in below {
        for (cell, text) in rows[0].iter_mut().zip(row).filter(|(_, text)| !text.is_empty()) {
            *cell = join_plain(&[cell, &text]);
        }
    }
    to_markdown(&rows)
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

/// Columns are where the cells of the rows with most cells lie; other cells go to the column that
/// they share most with. `None` where two cells of a row fall into one column.
fn grid(lines: &[Line]) -> Option<Vec<Vec<String>>> {
    let width = lines.iter().map(|l| l.cells.len()).max().filter(|w| (2..=40).contains(w))?;
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for line in lines.iter().filter(|l| l.cells.len() == width) {
        columns.resize(width, (f32::INFINITY, f32::NEG_INFINITY));
        for (column, cell) in columns.iter_mut().zip(&line.cells) {
            *column = (column.0.min(cell.left), column.1.max(cell.right));
        }
    }
    if columns.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return None;
    }
    let mut rows = Vec::new();
    for line in lines {
        let mut row = vec![String::new(); width];
        let mut from = 0;
        for cell in &line.cells {
            let shared = |&(left, right): &(f32, f32)| cell.right.min(right) - cell.left.max(left);
            let (at, _) = columns
                .iter()
                .enumerate()
                .skip(from)
                .map(|(index, column)| (index, shared(column)))
                .reduce(|best, other| if other.1 > best.1 { other } else { best })?;
            row[at].clone_from(&cell.text);
            from = at + 1;
        }
        rows.push(row);
    }
    Some(rows)
}
