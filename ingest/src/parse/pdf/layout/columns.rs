//! Columns of running text, which are read one after the other.

use super::super::markers::is_marker;
use super::{Fragment, Line, Row, Sign, line, rows};

/// Narrowest gutter between columns, in font sizes.
const GUTTER: f32 = 0.9;
/// Fewest rows, and mean width in font sizes, of a column of running text.
const COLUMN_ROWS: usize = 3;
pub(crate) const COLUMN_WIDTH: f32 = 9.0;
/// Pages with more rows than this are read row by row; looking for columns would take too long.
const MAX_ROWS_FOR_COLUMNS: usize = 1_500;
/// Deepest nesting of columns within columns.
const MAX_DEPTH: usize = 6;
/// What a comment begins with that stands behind a line of code.
const COMMENT_MARKS: [&str; 6] = ["//", "/*", "--", "#", ";", "%"];
/// Times the size of the text above from which a line may be a headline, and times its own size that it stands below
/// all columns at least.
const LARGER: f32 = 1.15;
const STRIP: f32 = 1.5;

/// The lines of a page, or of a part of it, as people read them.
pub(super) fn in_reading_order(fragments: Vec<Fragment>, depth: usize) -> Vec<Line> {
    let rows = rows(fragments);
    if rows.len() > MAX_ROWS_FOR_COLUMNS || depth >= MAX_DEPTH {
        return rows.into_iter().map(line).collect();
    }
    let mut lines = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let Some((end, gutter)) = column_band(&rows, at) else {
            lines.push(line(rows[at].clone()));
            at += 1;
            continue;
        };
        if let Some(headline) = headline_in(&rows[at..end]) {
            lines.extend(in_reading_order(rows[at..at + headline].concat(), depth + 1));
            at += headline;
            continue;
        }
        let band = rows[at..end].iter().flatten().cloned();
        let (left, right): (Vec<_>, Vec<_>) = band.partition(|f| f.cell.right <= gutter);
        lines.extend(in_reading_order(left, depth + 1));
        lines.extend(in_reading_order(right, depth + 1));
        at = end;
    }
    lines
}

/// The row within a band that is a headline over several of its columns, below a blank strip that crosses all of them:
/// the columns above it end there.
fn headline_in(band: &[Row]) -> Option<usize> {
    let last = band.len().checked_sub(COLUMN_ROWS)?;
    let size = |row: &Row| row.iter().map(|fragment| fragment.size).fold(0.0, f32::max);
    let is_headline = |at: &usize| {
        let (above, row) = (&band[at - 1], &band[*at]);
        let step = above[0].baseline - row[0].baseline;
        size(row) >= LARGER * size(above).max(1.0)
            && step >= STRIP * size(row)
            && row.iter().all(|fragment| fragment.grid.is_none())
            && crosses_gutter(&band[..*at], row, &band[at + 1..])
    };
    (COLUMN_ROWS..last).find(is_headline)
}

/// Whether the row lies over a gutter of the nearest rows above, which those below have, too.
fn crosses_gutter(above: &[Row], row: &Row, below: &[Row]) -> bool {
    let mut free = vec![(f32::NEG_INFINITY, f32::INFINITY)];
    let near = above.iter().rev().take(COLUMN_ROWS).chain(below.iter().take(COLUMN_ROWS));
    for fragment in near.flatten() {
        free = subtract(&free, fragment.cell.left, fragment.cell.right);
    }
    let is_gutter = |(from, to): &&(f32, f32)| {
        let size = above.last().and_then(|row| row.first()).map_or(1.0, |fragment| fragment.size.max(1.0));
        from.is_finite() && to.is_finite() && to - from >= GUTTER * size
    };
    free.iter()
        .filter(is_gutter)
        .any(|(from, to)| row.iter().any(|fragment| fragment.cell.left < *from && fragment.cell.right > *to))
}

/// The longest run of rows from `at` with a common gutter that has running text on both sides:
/// its end, and an x within the gutter.
fn column_band(rows: &[Row], at: usize) -> Option<(usize, f32)> {
    let size = rows[at].iter().map(|f| f.size).fold(1.0, f32::max);
    let mut free = vec![(f32::NEG_INFINITY, f32::INFINITY)];
    let (mut left, mut right) = (f32::INFINITY, f32::NEG_INFINITY);
    let mut best = None;
    for (index, row) in rows.iter().enumerate().skip(at) {
        for fragment in row {
            free = subtract(&free, fragment.cell.left, fragment.cell.right);
            left = left.min(fragment.cell.left);
            right = right.max(fragment.cell.right);
        }
        free.retain(|(from, to)| to - from >= GUTTER * size);
        // What lies outside all rows so far is margin, and may become a gutter further down.
        let gutters: Vec<_> = free.iter().copied().filter(|(from, to)| *from > left && *to < right).collect();
        if gutters.is_empty() && best.is_some() {
            break;
        }
        if !gutters.is_empty() {
            best = Some((index + 1, gutters));
        }
    }
    let (end, gutters) = best?;
    let middle = gutters.into_iter().take(8).map(|(from, to)| (from + to) / 2.0).find(|middle| {
        let band = rows[at..end].iter().flatten();
        let (left, right): (Vec<_>, Vec<_>) = band.partition(|f| f.cell.right <= *middle);
        !are_comments(&right)
            && (is_running_text(&left) && is_running_text(&right)
                || is_list(&left) && (is_list(&right) || is_running_text(&right)))
    })?;
    Some((end, middle))
}

/// What of `free` lies not between `left` and `right`.
pub(crate) fn subtract(free: &[(f32, f32)], left: f32, right: f32) -> Vec<(f32, f32)> {
    let mut rest = Vec::with_capacity(free.len() + 1);
    for &(from, to) in free {
        if right <= from || left >= to {
            rest.push((from, to));
            continue;
        }
        if left > from {
            rest.push((from, left));
        }
        if right < to {
            rest.push((right, to));
        }
    }
    rest
}

fn is_running_text(fragments: &[&Fragment]) -> bool {
    let fragments: Vec<&Fragment> = fragments.iter().copied().filter(|f| f.grid.is_none()).collect();
    if fragments.len() < COLUMN_ROWS {
        return false;
    }
    let count = fragments.len() as f32;
    let width: f32 = fragments.iter().map(|f| (f.cell.right - f.cell.left) / f.size.max(1.0)).sum();
    let chars = || fragments.iter().flat_map(|f| f.cell.text.chars()).filter(|c| !c.is_whitespace());
    let letters = chars().filter(|c| c.is_alphabetic()).count();
    width / count >= COLUMN_WIDTH && letters * 10 >= chars().count() * 6
}

/// Whether most of the fragments are comments beside code: each belongs to its line.
fn are_comments(fragments: &[&Fragment]) -> bool {
    let is_comment = |f: &&&Fragment| {
        f.signs.first().is_some_and(Sign::is_typed)
            && COMMENT_MARKS.iter().any(|mark| f.cell.text.starts_with(mark))
    };
    fragments.iter().filter(is_comment).count() * 2 > fragments.len()
}

/// Whether the fragments are items of a list, below each other.
fn is_list(fragments: &[&Fragment]) -> bool {
    let is_item = |f: &&&Fragment| {
        let (mark, text) = f.cell.text.split_once(' ').unwrap_or_default();
        is_marker(mark) && text.starts_with(char::is_alphabetic)
    };
    let items = fragments.iter().filter(is_item).count();
    fragments.len() >= COLUMN_ROWS && items * 5 >= fragments.len() * 3
}
