//! Finds the tables on a sheet: what wholly blank rows and wholly blank columns separate, but for blank rows within
//! a table.

use super::Cell;
use crate::parse::blank_rows::{Row, TableAbove};
use crate::parse::table::MAX_TITLES;

/// How often a region is cut again; a sheet made to be cut for ever becomes one table.
const MAX_CUTS: usize = 24;

/// Cells that belong together, sorted by row and column; never empty.
#[derive(Debug, PartialEq)]
pub(crate) struct Region {
    pub(crate) cells: Vec<Cell>,
}

impl Region {
    /// First and last row.
    pub(crate) fn rows(&self) -> (u32, u32) {
        bounds(&self.cells, |cell| cell.row)
    }

    /// First and last column.
    pub(crate) fn columns(&self) -> (u32, u32) {
        bounds(&self.cells, |cell| cell.column)
    }

    /// The cell whose text is all that the region says, be it merged over others.
    pub(crate) fn lone(&self) -> Option<&Cell> {
        let mut said = self.cells.iter().filter(|cell| !cell.repeats);
        said.next().filter(|_| said.next().is_none())
    }

    /// Takes titles off the top: rows of one text at the left edge, right above a row of several.
    pub(crate) fn take_titles(&mut self) -> Vec<Cell> {
        let mut titles = Vec::new();
        let left = self.columns().0;
        let mut rest = self.cells.as_slice();
        while let Some(first) = rest.first() {
            let (row, below) = rest.split_at(rest.partition_point(|cell| cell.row == first.row));
            let mut said = row.iter().filter(|cell| !cell.repeats);
            let Some(title) = said.next().filter(|_| said.next().is_none()) else {
                // Several texts, or the rest of a cell that is merged over rows: the table begins.
                break;
            };
            if title.column != left || titles.len() == MAX_TITLES || below.is_empty() {
                return Vec::new();
            }
            titles.push(title.clone());
            rest = below;
        }
        let taken = self.cells.len() - rest.len();
        self.cells.drain(..taken);
        titles
    }
}

/// The tables among `cells`, which are sorted by row and column: from top to bottom, then left to right.
pub(crate) fn regions(cells: Vec<Cell>) -> Vec<Region> {
    let mut found = Vec::new();
    cut(cells, MAX_CUTS, true, &mut found);
    found
}

fn cut(cells: Vec<Cell>, cuts_left: usize, by_rows: bool, found: &mut Vec<Region>) {
    if cells.is_empty() {
        return;
    }
    let mut parts = if by_rows { join_rows(cut_rows(cells)) } else { cut_columns(cells) };
    let undivided = parts.len() == 1;
    if cuts_left == 0 || undivided && !by_rows {
        found.extend(parts.into_iter().map(|cells| Region { cells }));
        return;
    }
    // Uncut by rows, it may still be cut by columns; uncut by columns it is whole, for it came from a cut by rows.
    for part in parts.drain(..) {
        cut(part, cuts_left - 1, !by_rows, found);
    }
}

fn cut_rows(cells: Vec<Cell>) -> Vec<Vec<Cell>> {
    let mut parts: Vec<Vec<Cell>> = Vec::new();
    for cell in cells {
        match parts.last_mut() {
            Some(part) if part.last().is_some_and(|last| cell.row <= last.row.saturating_add(1)) => {
                part.push(cell)
            }
            _ => parts.push(vec![cell]),
        }
    }
    parts
}

/// Puts together what blank rows within a table have cut.
fn join_rows(parts: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    if parts.len() < 2 {
        return parts;
    }
    let mut tables: Vec<Vec<Cell>> = Vec::new();
    let mut above = TableAbove::default();
    for mut part in parts {
        let goes_on = above.take(&rows(&part));
        match tables.last_mut() {
            Some(table) if goes_on => table.append(&mut part),
            _ => tables.push(part),
        }
    }
    tables
}

/// The rows of cells that are sorted, without the repetitions of merged ones.
fn rows(cells: &[Cell]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for cell in cells.iter().filter(|cell| !cell.repeats) {
        let entry = (cell.column, cell.text.as_str());
        match rows.last_mut() {
            Some(row) if row.number == cell.row => row.cells.push(entry),
            _ => rows.push(Row { number: cell.row, cells: vec![entry] }),
        }
    }
    rows
}

fn cut_columns(cells: Vec<Cell>) -> Vec<Vec<Cell>> {
    let mut used: Vec<u32> = cells.iter().map(|cell| cell.column).collect();
    used.sort_unstable();
    used.dedup();
    let starts: Vec<u32> = used
        .iter()
        .enumerate()
        .filter(|&(at, &column)| at == 0 || column > used[at - 1].saturating_add(1))
        .map(|(_, &column)| column)
        .collect();
    let mut parts: Vec<Vec<Cell>> = starts.iter().map(|_| Vec::new()).collect();
    for cell in cells {
        let part = starts.partition_point(|&start| start <= cell.column).saturating_sub(1);
        if let Some(part) = parts.get_mut(part) {
            part.push(cell);
        }
    }
    parts
}

fn bounds(cells: &[Cell], place: impl Fn(&Cell) -> u32) -> (u32, u32) {
    let places = || cells.iter().map(&place);
    (places().min().unwrap_or(0), places().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per row, a character per cell; a blank is no cell.
    fn cells(drawing: &str) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (row, line) in (0..).zip(drawing.lines()) {
            for (column, c) in (0..).zip(line.chars()).filter(|(_, c)| *c != ' ') {
                cells.push(Cell::new(row, column, c.to_string()));
            }
        }
        cells
    }

    fn drawn(drawing: &str) -> Vec<String> {
        let text = |region: Region| region.cells.into_iter().map(|cell| cell.text).collect();
        regions(cells(drawing)).into_iter().map(text).collect()
    }

    #[test]
    fn blank_rows_and_columns_separate_tables() {
        assert_eq!(drawn("ab\ncd"), ["abcd"]);
        assert_eq!(drawn("ab\n\ncd"), ["ab", "cd"]);
        assert_eq!(drawn("ab cd\nef gh"), ["abef", "cdgh"]);
        // The left table has a blank row of its own, which the right one spans.
        assert_eq!(drawn("ab 12\n   34\ncd 56"), ["ab", "cd", "123456"]);
        assert_eq!(drawn(""), Vec::<String>::new());
    }

    #[test]
    fn blank_rows_within_a_table_do_not() {
        assert_eq!(drawn("ab\nc1\n\nd2\n\n\ne3\n\nfg\nh4"), ["abc1d2e3", "fgh4"]);
        // Tables side by side go on together, or each by itself, and none where the other one begins anew.
        assert_eq!(drawn("ab cd\nx1 x2\n\ny3 y4"), ["abx1y3", "cdx2y4"]);
        assert_eq!(drawn("ab cd\nx1 x2\n   x3\ny4 y5"), ["abx1y4", "cdx2x3y5"]);
        assert_eq!(drawn("ab cd\nx1 x2\n\ny3 ef\nz4 z5"), ["abx1", "cdx2", "y3z4", "efz5"]);
    }

    #[test]
    fn tables_of_figures_without_headers_are_apart_where_they_differ() {
        assert_eq!(drawn("a12\nb34\n\nc56\nd78"), ["a12b34c56d78"]);
        assert_eq!(drawn("a12\nb34\n\nT\nc56\nd78"), ["a12b34", "Tc56d78"]);
        assert_eq!(drawn("112\n234\n\nc56\nd78"), ["112234", "c56d78"]);
    }

    #[test]
    fn repetitions_of_merged_cells_are_no_cells_of_a_title() {
        let mut cells = cells("TT\nab\nc1\n\nd2");
        cells[1].repeats = true;
        assert_eq!(regions(cells).len(), 1);
    }

    #[test]
    fn a_staircase_is_not_cut_for_ever() {
        let stairs: Vec<Cell> = (0..3000).map(|n| Cell::new(n * 2, n * 2, "x".to_owned())).collect();
        assert_eq!(regions(stairs).len(), 3000);
    }

    #[test]
    fn titles_above_a_table_are_taken_off() {
        let mut region = Region { cells: cells("T\nU\nab\ncd") };
        let titles: Vec<String> = region.take_titles().into_iter().map(|cell| cell.text).collect();
        assert_eq!(titles, ["T", "U"]);
        assert_eq!(region.rows(), (2, 3));
        assert!(Region { cells: cells(" T\nab\ncd") }.take_titles().is_empty());
        assert!(Region { cells: cells("T\na\nb") }.take_titles().is_empty());
    }
}
