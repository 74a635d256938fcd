//! Tables of reStructuredText: drawn as a grid, simple ones, CSV and list tables.

use crate::parse::flow::joins_without_blank;
use crate::parse::table::TableGrid;

/// Most lines and columns of a drawn grid that is read as one.
const MAX_LINES: usize = 5_000;
const MAX_WIDTH: usize = 2_000;
/// Most lines of a simple table: as far as its last rule is looked for.
const MAX_SIMPLE_LINES: usize = 20_000;

/// How many of `lines` a table takes that begins with the first of them, should one begin there.
pub(crate) fn length(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?;
    if is_rule(first) {
        let count = lines.iter().take_while(|line| line.starts_with(['+', '|'])).count();
        return (count >= 3).then_some(count);
    }
    if !is_simple_rule(first) {
        return None;
    }
    // A rule that is followed by a blank line, or by the end, is the last one.
    let last = (1..lines.len().min(MAX_SIMPLE_LINES)).find(|&at| {
        is_simple_rule(lines[at]) && lines.get(at + 1).is_none_or(|next| next.trim().is_empty()) && at > 1
    });
    last.map(|at| at + 1)
}

/// The cells of the table that `lines` draw; `plain` makes their text readable.
pub(crate) fn grid(lines: &[&str], plain: &dyn Fn(&str) -> String) -> TableGrid {
    let drawn = lines.first().is_some_and(|line| is_rule(line));
    let width = lines.iter().map(|line| places(line).count()).max().unwrap_or(0);
    match () {
        () if drawn && lines.len() <= MAX_LINES && width <= MAX_WIDTH => {
            Drawing::new(lines, width).grid(plain)
        }
        () if drawn => by_bars(lines, plain),
        () => simple(lines, plain),
    }
}

/// Rows of comma-separated values with quotes.
pub(crate) fn csv(lines: &[&str], separator: char, plain: &dyn Fn(&str) -> String) -> TableGrid {
    let mut grid = TableGrid::default();
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        grid.start_row();
        let (mut cell, mut quoted) = (String::new(), false);
        for c in line.trim().chars() {
            match c {
                '"' => quoted = !quoted,
                c if c == separator && !quoted => grid.cell(&plain(std::mem::take(&mut cell).trim()), 1, 1),
                c => cell.push(c),
            }
        }
        grid.cell(&plain(cell.trim()), 1, 1);
    }
    grid
}

fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.len() > 2
        && line.starts_with('+')
        && line.ends_with('+')
        && line.chars().all(|c| matches!(c, '+' | '-' | '='))
}

fn is_simple_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.split_whitespace().count() > 1
        && line.starts_with('=')
        && line.chars().all(|c| matches!(c, '=' | ' '))
}

/// The characters of a line, each in its place: Chinese and Korean ones take two, of which the second is NUL.
fn places(line: &str) -> impl Iterator<Item = char> {
    let is_wide =
        |c: char| joins_without_blank(c) || matches!(c, '\u{1100}'..='\u{115f}' | '\u{ac00}'..='\u{d7a3}');
    line.chars().flat_map(move |c| std::iter::once(c).chain(is_wide(c).then_some('\0')))
}

/// A grid of characters.
struct Drawing {
    cells: Vec<Vec<char>>,
}

impl Drawing {
    fn new(lines: &[&str], width: usize) -> Self {
        let padded = |line: &&str| places(line).chain(std::iter::repeat(' ')).take(width).collect();
        Self { cells: lines.iter().map(padded).collect() }
    }

    /// Rows begin at lines that have a rule between corners, columns at corners.
    fn grid(&self, plain: &dyn Fn(&str) -> String) -> TableGrid {
        let width = self.cells.first().map_or(0, Vec::len);
        let is_corner = |line: usize, at: usize| self.at(line, at) == '+';
        let columns: Vec<usize> = (0..width)
            .filter(|&at| (0..self.cells.len()).any(|line| is_corner(line, at) && self.is_border(line, at)))
            .collect();
        let rows: Vec<usize> = (0..self.cells.len()).filter(|&line| self.has_rule(line)).collect();
        let mut grid = TableGrid::default();
        for (row, top) in rows.iter().enumerate().take(rows.len().saturating_sub(1)) {
            grid.start_row();
            for (column, left) in columns.iter().enumerate().take(columns.len().saturating_sub(1)) {
                if !self.starts_cell(*top, *left) {
                    continue;
                }
                let right = (column + 1..columns.len()).find(|&c| self.at(top + 1, columns[c]) == '|');
                let right = right.unwrap_or(columns.len() - 1);
                let bottom =
                    (row + 1..rows.len()).find(|&r| self.is_ruled(rows[r], left + 1, columns[right]));
                let bottom = bottom.unwrap_or(rows.len() - 1);
                let text = self.text(top + 1..rows[bottom], left + 1..columns[right]);
                grid.cell(&plain(&text), right - column, bottom - row);
            }
        }
        grid
    }

    fn at(&self, line: usize, at: usize) -> char {
        self.cells.get(line).and_then(|cells| cells.get(at)).copied().unwrap_or(' ')
    }

    /// Whether a corner is one of the drawing, not a plus sign of the text.
    fn is_border(&self, line: usize, at: usize) -> bool {
        let rule = |c: char| matches!(c, '-' | '=' | '+');
        rule(self.at(line, at + 1)) || at > 0 && rule(self.at(line, at - 1))
    }

    fn has_rule(&self, line: usize) -> bool {
        let cells = &self.cells[line];
        cells.windows(3).any(|w| w[0] == '+' && matches!(w[1], '-' | '=') && matches!(w[2], '-' | '=' | '+'))
    }

    fn starts_cell(&self, top: usize, left: usize) -> bool {
        matches!(self.at(top, left), '+' | '|')
            && matches!(self.at(top, left + 1), '-' | '=')
            && matches!(self.at(top + 1, left), '|' | '+')
    }

    fn is_ruled(&self, line: usize, from: usize, to: usize) -> bool {
        (from..to).all(|at| matches!(self.at(line, at), '-' | '=' | '+'))
    }

    fn text(&self, lines: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> String {
        let part = |line: usize| {
            columns.clone().map(|at| self.at(line, at)).filter(|c| *c != '\0').collect::<String>()
        };
        lines.map(|line| part(line).trim().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

/// The rows of a grid too large to be looked at as a drawing: cut at bars, a row between two rules.
fn by_bars(lines: &[&str], plain: &dyn Fn(&str) -> String) -> TableGrid {
    let mut grid = TableGrid::default();
    let mut row: Vec<String> = Vec::new();
    for line in lines {
        if is_rule(line) {
            if !row.is_empty() {
                grid.start_row();
                row.drain(..).for_each(|cell| grid.cell(&plain(&cell), 1, 1));
            }
            continue;
        }
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        for (at, cell) in inner.split('|').enumerate() {
            if row.len() <= at {
                row.push(String::new());
            }
            row[at].push_str(cell);
        }
    }
    grid
}

/// Columns begin where the rule does; a line without a first column continues the row above.
fn simple(lines: &[&str], plain: &dyn Fn(&str) -> String) -> TableGrid {
    let starts: Vec<usize> = match lines.first() {
        Some(rule) => {
            let before = std::iter::once(' ').chain(rule.chars());
            before
                .zip(rule.chars())
                .enumerate()
                .filter(|(_, (b, c))| *b == ' ' && *c == '=')
                .map(|(at, _)| at)
                .collect()
        }
        None => Vec::new(),
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in lines {
        let is_underline = line.contains('-') && line.chars().all(|c| matches!(c, '-' | ' '));
        if is_simple_rule(line) || is_underline || line.trim().is_empty() {
            continue;
        }
        let chars: Vec<char> = places(line).collect();
        let cells = starts.iter().enumerate().map(|(column, &start)| {
            let end = starts.get(column + 1).copied().unwrap_or(chars.len()).min(chars.len());
            chars
                .get(start..end)
                .map(|c| c.iter().filter(|c| **c != '\0').collect::<String>().trim().to_owned())
                .unwrap_or_default()
        });
        let cells: Vec<String> = cells.collect();
        match rows.last_mut().filter(|_| cells.first().is_some_and(String::is_empty)) {
            Some(above) => {
                for (above, cell) in above.iter_mut().zip(cells) {
                    above.push(' ');
                    above.push_str(&cell);
                }
            }
            None => rows.push(cells),
        }
    }
    let mut grid = TableGrid::default();
    for row in rows {
        grid.start_row();
        row.iter().for_each(|cell| grid.cell(&plain(cell.trim_matches('\\').trim()), 1, 1));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(length(&lines), Some(lines.len()), "{text}");
        let rows = grid(&lines, &str::to_owned).into_rows();
        let rows: Vec<_> = rows.iter().map(|row| row.join(" / ")).collect();
        assert_eq!(rows, expected, "{text}");
    }

    #[test]
    fn drawn_tables_keep_their_spans() {
        check(
            "+-----+------+\n| A   | B    |\n+=====+======+\n| a+b | two  |\n|     | more |\n+-----+------+\n| wide       |\n+-----+------+",
            &["A / B", "a+b / two more", "wide / wide"],
        );
        check(
            "+------+----+\n| tall | x  |\n|      +----+\n|      | 年 |\n+------+----+",
            &["tall / x", "tall / 年"],
        );
    }

    #[test]
    fn simple_tables_join_lines() {
        check(
            "=====  =====\nA      B\n=====  =====\nname   one\n       two\nnext   x y\n=====  =====",
            &["A / B", "name / one two", "next / x y"],
        );
        assert_eq!(length(&["===== ====="]), None);
        assert_eq!(length(&["Title", "====="]), None);
    }

    #[test]
    fn comma_separated_values_may_be_quoted() {
        let rows = csv(&["a,b", "\"x, y\",2"], ',', &str::to_owned).into_rows();
        assert_eq!(rows, [["a", "b"], ["x, y", "2"]]);
    }

    proptest::proptest! {
        #[test]
        fn no_drawing_panics(text in "\\+-\\+-\\+\n([+|=a 年-]{0,7}\n){1,8}", head in "(=+ +=+\n)([= ab年-]{0,8}\n){0,6}") {
            for text in [text, head] {
                let lines: Vec<&str> = text.lines().collect();
                let _ = length(&lines);
                let _ = grid(&lines, &str::to_owned);
            }
        }
    }
}
