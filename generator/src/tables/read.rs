//! Finds tables in canonical text: Markdown tables as the parsers write them, and lines of tabs.

use std::ops::Range;

use serde::Serialize;

use super::number::{Amount, is_year};

/// Longest line above a table that is taken for its caption.
const MAX_CAPTION_CHARS: usize = 160;
/// Most rows below the first that still belong to the header.
const MAX_HEADER_ROWS: usize = 3;

/// A cell, without the blanks around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What it says; an escaped pipe is a pipe.
    pub text: String,
    /// Where it stands in the text that was read. There an escaped pipe has its backslash.
    pub bytes: Range<usize>,
}

/// A line of cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// From left to right.
    pub cells: Vec<Cell>,
    /// The line without the blanks around it.
    pub bytes: Range<usize>,
}

/// A table with the places of its cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// All of it, without the caption.
    pub bytes: Range<usize>,
    /// The line directly above, where it looks like a heading or caption.
    pub caption: Option<Cell>,
    /// The header, outermost row first; empty where the table was cut off above or begins with figures.
    pub header: Vec<Row>,
    /// The rows below the header.
    pub rows: Vec<Row>,
}

impl Table {
    /// The tables of `text`, in order.
    pub fn read(text: &str) -> Vec<Self> {
        let lines = lines(text);
        let mut tables = Vec::new();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let Some(form) = Form::of(text, line, lines.get(at + 1)) else {
                at += 1;
                continue;
            };
            let end = form.end(text, &lines, at);
            if let Some(block) = lines.get(at..end) {
                tables.extend(form.table(text, &lines[..at], block));
            }
            at = end.max(at + 1);
        }
        tables
    }

    /// The header over column `column`: its rows joined, each text once.
    pub fn column_header(&self, column: usize) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for row in &self.header {
            let text = row.text(column);
            if !text.is_empty() && !parts.contains(&text) {
                parts.push(text);
            }
        }
        parts.join(" ")
    }

    /// Where the header stands; a citation of a row names it too.
    pub fn header_bytes(&self) -> Option<Range<usize>> {
        Some(self.header.first()?.bytes.start..self.header.last()?.bytes.end)
    }

    /// The cells of row `row`, each with its header.
    pub fn row_with_header(&self, row: usize) -> Vec<(String, String)> {
        let cells = self.rows.get(row).map_or(&[][..], |row| &row.cells);
        cells.iter().enumerate().map(|(at, cell)| (self.column_header(at), cell.text.clone())).collect()
    }

    /// Cells in the widest row.
    pub fn width(&self) -> usize {
        self.header.iter().chain(&self.rows).map(|row| row.cells.len()).max().unwrap_or(0)
    }
}

impl Row {
    /// What the cell in column `column` says; nothing where the row is too short.
    pub fn text(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| &cell.text)
    }
}

/// How a table is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `| a | b |`, as the parsers write every table.
    Fenced,
    /// `a | b` over a line of dashes, in plain text.
    Bare,
    /// Cells with tabs between them, in plain text.
    Tabs,
}

impl Form {
    fn of(text: &str, line: &Range<usize>, below: Option<&Range<usize>>) -> Option<Self> {
        let is_over_rule = below.is_some_and(|below| is_rule(slice(text, below)));
        let line = slice(text, line);
        match line {
            _ if Self::Fenced.holds(line) => Some(Self::Fenced),
            _ if Self::Bare.holds(line) && is_over_rule => Some(Self::Bare),
            _ if Self::Tabs.holds(line)
                && below.is_some_and(|below| Self::Tabs.holds(slice(text, below))) =>
            {
                Some(Self::Tabs)
            }
            _ => None,
        }
    }

    fn holds(self, line: &str) -> bool {
        match self {
            Self::Fenced => line.len() > 1 && line.starts_with('|'),
            Self::Bare => line.contains('|'),
            Self::Tabs => line.contains('\t') && !line.contains('|'),
        }
    }

    /// The line after the last of the table that begins at `at`. A second rule begins another table
    /// with the line above it.
    fn end(self, text: &str, lines: &[Range<usize>], at: usize) -> usize {
        let is_rule_at = |at: usize| lines.get(at).is_some_and(|line| is_rule(slice(text, line)));
        let mut end = at + 1;
        while lines.get(end).is_some_and(|line| self.holds(slice(text, line))) {
            if end > at + 1 && is_rule_at(end + 1) && !is_rule_at(end) {
                break;
            }
            end += 1;
        }
        end
    }

    fn table(self, text: &str, above: &[Range<usize>], block: &[Range<usize>]) -> Option<Table> {
        let has_rule = block.get(1).is_some_and(|line| is_rule(slice(text, line)));
        let mut rows: Vec<Row> = block
            .iter()
            .filter(|line| !is_rule(slice(text, line)))
            .map(|line| Row { cells: self.cells(text, line), bytes: line.clone() })
            .collect();
        if rows.iter().all(|row| row.cells.len() < 2) {
            return None;
        }
        let header = match has_rule || self == Self::Tabs {
            true => header_rows(&rows),
            false => 0,
        };
        let body = rows.split_off(header);
        let bytes = block.first()?.start..block.last()?.end;
        Some(Table { bytes, caption: caption(text, above), header: rows, rows: body })
    }

    fn cells(self, text: &str, line: &Range<usize>) -> Vec<Cell> {
        let mut inner = line.clone();
        let content = slice(text, line);
        if self != Self::Tabs {
            inner.start += usize::from(content.starts_with('|'));
            let is_closed = content.len() > 1 && content.ends_with('|') && !content.ends_with("\\|");
            inner.end -= usize::from(is_closed);
        }
        let separator = if self == Self::Tabs { '\t' } else { '|' };
        let mut cells = Vec::new();
        let mut start = inner.start;
        let mut is_escaped = false;
        for (offset, c) in slice(text, &inner).char_indices() {
            if c == separator && !is_escaped {
                cells.push(cell(text, start..inner.start + offset));
                start = inner.start + offset + 1;
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        cells.push(cell(text, start..inner.end));
        cells
    }
}

/// How many rows at the top are header: the first unless it has figures, and those below it that have
/// neither a label of their own nor figures.
fn header_rows(rows: &[Row]) -> usize {
    let Some(first) = rows.first().filter(|row| !has_figures(row)) else { return 0 };
    let goes_on = |row: &&Row| {
        let label = row.text(0);
        (label.is_empty() || label == first.text(0))
            && !has_figures(row)
            && row.cells.iter().skip(1).any(|cell| !cell.text.is_empty())
    };
    // Where nothing but text follows, nothing tells a header row from a row whose first cell is empty.
    let more = rows.iter().skip(1).take(MAX_HEADER_ROWS).take_while(goes_on).count();
    let is_told_apart = rows.iter().skip(1 + more).any(has_figures);
    if is_told_apart { 1 + more } else { 1 }
}

fn has_figures(row: &Row) -> bool {
    row.cells.iter().skip(1).any(|cell| Amount::parse(&cell.text).is_some() && !is_year(&cell.text))
}

/// The nearest line above with something in it, if it is short and does not end like a sentence.
fn caption(text: &str, above: &[Range<usize>]) -> Option<Cell> {
    let bytes = above.iter().rev().take(2).find(|line| !line.is_empty())?;
    let line = slice(text, bytes);
    let is_short = line.chars().count() <= MAX_CAPTION_CHARS;
    let is_row = line.starts_with('|') || line.contains('\t');
    let is_sentence = line.ends_with(['.', '。', '!', '！', '?', '？', ';', '；', ',', '，']);
    (is_short && !is_row && !is_sentence).then(|| cell(text, bytes.clone()))
}

fn cell(text: &str, bytes: Range<usize>) -> Cell {
    let bytes = trimmed(text, bytes);
    Cell { text: slice(text, &bytes).replace("\\|", "|"), bytes }
}

/// Lines without the blanks around them.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        // A tab at an end may hold an empty cell.
        let kept = line.trim_matches(|c: char| c.is_whitespace() && c != '\t');
        let before = line.len() - line.trim_start_matches(|c: char| c.is_whitespace() && c != '\t').len();
        lines.push(if kept.trim().is_empty() {
            start..start
        } else {
            start + before..start + before + kept.len()
        });
        start = end;
    }
    lines
}

fn trimmed(text: &str, bytes: Range<usize>) -> Range<usize> {
    let part = slice(text, &bytes);
    let start = bytes.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

fn slice<'t>(text: &'t str, bytes: &Range<usize>) -> &'t str {
    text.get(bytes.clone()).unwrap_or_default()
}

/// `| --- | :-: |`
fn is_rule(line: &str) -> bool {
    line.contains("--") && line.contains('|') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header and rows of each table, cells joined.
    fn read(text: &str) -> Vec<(Vec<String>, Vec<String>)> {
        let joined = |rows: &[Row]| {
            let texts = rows.iter().map(|row| row.cells.iter().map(|c| c.text.as_str()).collect::<Vec<_>>());
            texts.map(|cells| cells.join("/")).collect()
        };
        Table::read(text).iter().map(|table| (joined(&table.header), joined(&table.rows))).collect()
    }

    fn is(header: &[&str], rows: &[&str]) -> (Vec<String>, Vec<String>) {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        (owned(header), owned(rows))
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(read("| a | b |\n| --- | --- |\n| 1 \\| 2 |  |\n"), [is(&["a/b"], &["1 | 2/"])]);
        assert_eq!(read("x\n\na | b\n--- | ---\n1 | 2\n\nno | table"), [is(&["a/b"], &["1/2"])]);
        assert_eq!(read("a\tb\n1\t2\n3\t\n"), [is(&["a/b"], &["1/2", "3/"])]);
        assert_eq!(read("| 1 | 2 |\n| 3 | 4 |"), [is(&[], &["1/2", "3/4"])], "cut off above");
        assert_eq!(
            read("| Fees | 1,200 |\n| --- | --- |\n| Tax | 40 |"),
            [is(&[], &["Fees/1,200", "Tax/40"])]
        );
        assert_eq!(
            read("| a | b |\n| --- | --- |\n| 1 | 2 |\n| c | d |\n| --- | --- |\n| 3 | 4 |"),
            [is(&["a/b"], &["1/2"]), is(&["c/d"], &["3/4"])]
        );
        assert_eq!(read("| only |\n| --- |\n| one column |"), []);
    }

    #[test]
    fn a_header_of_several_rows_is_joined() {
        let text = "Sales by region\n\n| Region | Sales | Sales |\n| --- | --- | --- |\n| Region | 2023 | 2024 |\n| North | 5 | 6 |\n";
        let table = Table::read(text).remove(0);
        assert_eq!(table.caption.as_ref().map(|c| c.text.as_str()), Some("Sales by region"));
        assert_eq!(table.row_with_header(0)[2], ("Sales 2024".to_owned(), "6".to_owned()));
        let header = table.header_bytes().unwrap();
        assert!(text[header.clone()].starts_with("| Region | Sales") && text[header].ends_with("2024 |"));
        assert_eq!(&text[table.rows[0].bytes.clone()], "| North | 5 | 6 |");
        assert_eq!(table.row_with_header(9), []);
    }
}
