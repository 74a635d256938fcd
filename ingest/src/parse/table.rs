//! Collects table cells with their spans and writes them as a Markdown table.

mod head;

pub(crate) use self::head::{fold_header, whole_name};

/// Most titles above a table of a sheet or of separated values; more lines of one text are a list.
pub(crate) const MAX_TITLES: usize = 4;
/// Longest merged cell that is repeated in every cell it covers; a longer one is written once.
const MAX_REPEATED_CHARS: usize = 200;
/// Bounds that keep a malicious span from growing the grid.
const MAX_COLUMNS: usize = 256;
const MAX_ROW_SPAN: usize = 1_000;

/// A table under construction, row by row.
#[derive(Default)]
pub(crate) struct TableGrid {
    rows: Vec<Vec<String>>,
    /// Per column: rows still covered by a cell from above, and its text.
    covered: Vec<(usize, String)>,
    /// Rows at the top that the document calls its header.
    header_rows: usize,
}

impl TableGrid {
    /// Starts a row.
    pub(crate) fn start_row(&mut self) {
        self.rows.push(Vec::new());
        self.fill_covered();
    }

    /// The row begun last is one of the header, if those above it are.
    pub(crate) fn mark_header(&mut self) {
        self.header_rows += usize::from(self.header_rows + 1 == self.rows.len());
    }

    /// Appends a cell that covers `columns` × `rows` places.
    pub(crate) fn cell(&mut self, text: &str, columns: usize, rows: usize) {
        if self.rows.is_empty() {
            self.start_row();
        }
        let text = one_line(text);
        let repeated = if text.chars().count() <= MAX_REPEATED_CHARS { text.clone() } else { String::new() };
        for index in 0..columns.clamp(1, MAX_COLUMNS) {
            let value = if index == 0 { text.clone() } else { repeated.clone() };
            let Some(row) = self.rows.last_mut() else { return };
            let at = row.len();
            if at >= MAX_COLUMNS {
                // Nothing is lost in a row too wide for a table: the rest goes to its last cell.
                if let Some(last) = row.last_mut().filter(|_| index == 0 && !text.is_empty()) {
                    last.push(' ');
                    last.push_str(&text);
                }
                return;
            }
            row.push(value);
            if rows > 1 {
                if self.covered.len() <= at {
                    self.covered.resize(at + 1, (0, String::new()));
                }
                self.covered[at] = (rows.min(MAX_ROW_SPAN) - 1, repeated.clone());
            }
            self.fill_covered();
        }
    }

    /// Continues the cell above in the next place of this row, as a DOCX vertical merge does.
    pub(crate) fn continue_above(&mut self, columns: usize) {
        for _ in 0..columns.clamp(1, MAX_COLUMNS) {
            let above = self.rows.len().checked_sub(2).and_then(|r| {
                let column = self.rows.last().map_or(0, Vec::len);
                self.rows[r].get(column).cloned()
            });
            self.cell(&above.unwrap_or_default(), 1, 1);
        }
    }

    /// Writes the last row so many times more, unless it is blank.
    pub(crate) fn repeat_row(&mut self, times: usize) {
        if let Some(row) = self.rows.last().filter(|row| row.iter().any(|cell| !cell.is_empty())).cloned() {
            self.rows.extend(std::iter::repeat_n(row, times));
        }
    }

    /// The rows below one header line that names each column whole.
    pub(crate) fn into_table(self) -> Vec<Vec<String>> {
        let header = self.rows.iter().take(self.header_rows);
        let marked = header.filter(|row| row.iter().any(|cell| !cell.is_empty())).count();
        let mut rows = self.into_rows();
        fold_header(&mut rows, marked);
        rows
    }

    /// The rows, each as long as the longest; empty rows and columns left out.
    pub(crate) fn into_rows(self) -> Vec<Vec<String>> {
        let mut rows: Vec<Vec<String>> =
            self.rows.into_iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        for row in &mut rows {
            row.resize(width, String::new());
        }
        let used: Vec<bool> = (0..width).map(|c| rows.iter().any(|row| !row[c].is_empty())).collect();
        for row in &mut rows {
            let mut column = 0;
            row.retain(|_| {
                column += 1;
                used[column - 1]
            });
        }
        rows
    }

    /// Places in this row that a cell from above covers.
    fn fill_covered(&mut self) {
        let Some(row) = self.rows.last_mut() else { return };
        while let Some((left, text)) = self.covered.get_mut(row.len()).filter(|(left, _)| *left > 0) {
            *left -= 1;
            row.push(text.clone());
        }
    }
}

/// The lines between the columns or rows of a table, where only the edges of its cells are known.
pub(crate) struct Edges {
    places: Vec<i32>,
    near: i32,
}

impl Edges {
    /// Lines at these places; those no further apart than `near` are one, for what draws them rounds.
    pub(crate) fn new(places: impl Iterator<Item = i32>, near: i32) -> Self {
        let mut places: Vec<i32> = places.collect();
        places.sort_unstable();
        places.dedup_by(|next, place| next.saturating_sub(*place) <= near);
        Self { places, near }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The line that `place` lies at or behind.
    pub(crate) fn index(&self, place: i32) -> usize {
        let reached = place.saturating_add(self.near);
        self.places.partition_point(|&line| line <= reached).saturating_sub(1)
    }

    /// How many columns or rows lie between these places, one at least.
    pub(crate) fn span(&self, from: i32, to: i32) -> usize {
        let before = self.places.partition_point(|&line| line < to.saturating_sub(self.near));
        before.saturating_sub(self.index(from)).max(1)
    }
}

/// Whether a text may be a heading, and is no figure with a unit.
pub(crate) fn are_words(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !text.starts_with(|c: char| c.is_numeric())
}

/// A Markdown table whose first row is the header. One column gives lines instead of a table.
pub(crate) fn to_markdown(rows: &[Vec<String>]) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    if width <= 1 {
        return rows.iter().flatten().cloned().collect::<Vec<_>>().join("\n");
    }
    always_a_table(rows)
}

/// A Markdown table whose first row is the header, of one column, too: every row is one line.
pub(crate) fn always_a_table(rows: &[Vec<String>]) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        push_row(&mut out, row.iter().map(String::as_str));
        if index == 0 {
            push_rule(&mut out, width);
        }
    }
    out
}

/// Appends one row of a Markdown table.
pub(crate) fn push_row<'c>(out: &mut String, cells: impl Iterator<Item = &'c str>) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        out.push_str(&cell.replace('|', "\\|"));
        out.push_str(" |");
    }
    out.push('\n');
}

/// Appends the line below the header of a Markdown table of `width` columns.
pub(crate) fn push_rule(out: &mut String, width: usize) {
    out.push('|');
    out.push_str(&" --- |".repeat(width));
    out.push('\n');
}

/// `text` with every run of blanks and line ends as one blank.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_repeated_and_pipes_escaped() {
        let mut grid = TableGrid::default();
        grid.start_row();
        grid.cell("Region", 1, 2);
        grid.cell("Sales", 2, 1);
        grid.start_row();
        grid.cell("2023", 1, 1);
        grid.cell("2024", 1, 1);
        grid.start_row();
        grid.cell("a|b\n c", 1, 1);
        grid.cell("1", 1, 1);
        assert_eq!(
            to_markdown(&grid.into_rows()),
            "| Region | Sales | Sales |\n| --- | --- | --- |\n| Region | 2023 | 2024 |\n| a\\|b c | 1 |  |\n"
        );
    }

    #[test]
    fn absurd_spans_stay_bounded() {
        let mut grid = TableGrid::default();
        for _ in 0..3 {
            grid.start_row();
            grid.cell("x", usize::MAX, usize::MAX);
            grid.cell("kept", 1, 1);
        }
        let rows = grid.into_rows();
        assert!(rows.iter().all(|row| row.len() <= MAX_COLUMNS));
        assert!(rows[0].iter().any(|cell| cell.contains("kept")));
    }
}
