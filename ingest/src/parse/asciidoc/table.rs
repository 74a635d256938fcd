//! Tables of AsciiDoc: cells with their specifiers, in rows as `cols` or the first line have it.

use crate::parse::table::TableGrid;

/// How its cells are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// By bars, each cell with its specifier.
    Bars(char),
    /// By commas, or by what else is given, a row on each line.
    Lines(char),
}

struct Cell {
    text: String,
    columns: usize,
    rows: usize,
    copies: usize,
}

/// Collects the cells of `lines`; `columns` as the attribute `cols` counts them.
pub(crate) fn grid(lines: &[&str], format: Format, columns: Option<usize>) -> TableGrid {
    let mut grid = TableGrid::default();
    match format {
        Format::Lines(separator) => {
            for line in lines.iter().filter(|line| !line.trim().is_empty()) {
                grid.start_row();
                line.split(separator).for_each(|cell| grid.cell(cell.trim().trim_matches('"'), 1, 1));
            }
        }
        Format::Bars(bar) => {
            let width = columns.unwrap_or_else(|| first_width(lines, bar)).max(1);
            let lines: Vec<&str> = lines.iter().map(|line| without_end(line, bar, width)).collect();
            fill(&mut grid, cells(&lines.join("\n"), bar), width);
        }
    }
    grid
}

/// Cells of the first line that has any.
fn first_width(lines: &[&str], bar: char) -> usize {
    let first = lines.iter().find(|line| line.contains(bar)).map_or("", |line| line.trim());
    let first = first.strip_suffix(bar).filter(|line| line.contains(bar)).unwrap_or(first);
    cells(first, bar).iter().map(|cell| cell.columns * cell.copies).sum()
}

/// A bar that ends a full line, as Markdown writes it, begins no cell.
fn without_end(line: &str, bar: char, width: usize) -> &str {
    let inner = line.trim_end().strip_suffix(bar);
    inner.filter(|inner| cells(inner, bar).len() >= width).unwrap_or(line)
}

/// Begins a row wherever the one before is full; what cells from above cover is full already.
fn fill(grid: &mut TableGrid, cells: Vec<Cell>, width: usize) {
    let mut covered = vec![0_usize; width];
    let mut column = width;
    for cell in cells {
        for _ in 0..cell.copies {
            while column < width && covered[column] > 0 {
                covered[column] -= 1;
                column += 1;
            }
            while column >= width {
                grid.start_row();
                column = 0;
                while column < width && covered[column] > 0 {
                    covered[column] -= 1;
                    column += 1;
                }
            }
            grid.cell(&cell.text, cell.columns, cell.rows);
            let end = (column + cell.columns).min(width);
            covered[column..end].fill(cell.rows - 1);
            column = end;
        }
    }
}

/// Cuts at bars that are not escaped.
fn cells(text: &str, bar: char) -> Vec<Cell> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == bar && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            if c == bar {
                part.pop();
            }
            part.push(c);
        }
        escaped = c == '\\';
    }
    let mut cells = Vec::new();
    for at in 1..parts.len() {
        let (columns, rows, copies) = specifier(&parts[at - 1]).map_or((1, 1, 1), |(_, spec)| spec);
        let own = parts[at].as_str();
        // What stands right before the next bar may be the next cell's specifier.
        let text = specifier(own).filter(|_| at + 1 < parts.len()).map_or(own, |(before, _)| before);
        cells.push(Cell { text: text.trim().to_owned(), columns, rows, copies });
    }
    cells
}

/// The specifier at the end of `text` (`2+`, `.3+^.>s`, `3*`) and what stands before it: columns, rows, copies.
fn specifier(text: &str) -> Option<(&str, (usize, usize, usize))> {
    let start = text.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (before, spec) = text.split_at_checked(start)?;
    if spec.is_empty() || !spec.chars().all(|c| c.is_ascii_digit() || "+*.<^>aehlmsdv".contains(c)) {
        return None;
    }
    let style = spec.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let factor = spec.find(['+', '*']);
    // Letters and numbers alone are words.
    if style.len() > 1 || factor.is_none() && !spec.contains(['<', '^', '>']) && style.len() != spec.len() {
        return None;
    }
    let number = |digits: &str| digits.parse::<usize>().unwrap_or(1).clamp(1, 1_000);
    let spans = match factor.and_then(|at| Some((spec.get(..at)?, spec.get(at..=at)?))) {
        Some((copies, "*")) => (1, 1, number(copies).min(100)),
        Some((spans, _)) => {
            let (columns, rows) = spans.split_once('.').unwrap_or((spans, ""));
            (number(columns), number(rows), 1)
        }
        None => (1, 1, 1),
    };
    Some((before, spans))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, columns: Option<usize>, expected: &[&str]) {
        let lines: Vec<&str> = text.lines().collect();
        let rows = grid(&lines, Format::Bars('|'), columns).into_rows();
        let rows: Vec<_> = rows.iter().map(|row| row.join(" / ")).collect();
        assert_eq!(rows, expected, "{text}");
    }

    #[test]
    fn cells_fill_rows() {
        check("|A |B\n\n|1 |2\n|3\n|4", None, &["A / B", "1 / 2", "3 / 4"]);
        check("|A\n|B\n|1\n|2", Some(2), &["A / B", "1 / 2"]);
        check(
            "^.^h|Field ^.^h| Text\n| a | First\n| s | Strong",
            None,
            &["Field / Text", "a / First", "s / Strong"],
        );
        check("2+|wide\n.2+|tall |x\n|y", Some(2), &["wide / wide", "tall / x", "tall / y"]);
        check("|a \\| b |c\n3*|z |", Some(2), &["a | b / c", "z / z", "z / "]);
        check("|A|B|\n|1|2|", Some(2), &["A / B", "1 / 2"]);
    }

    proptest::proptest! {
        #[test]
        fn no_cells_panic(text in "[|0-9+*.<^>ah \\\\\n年]{0,60}", columns in 0_usize..4) {
            let lines: Vec<&str> = text.lines().collect();
            let _ = grid(&lines, Format::Bars('|'), Some(columns));
        }
    }
}
