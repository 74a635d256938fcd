//! Headers of two rows: a table has one header line, which is repeated wherever the table is cut, and it has to
//! name each column whole.

use super::Cell;
use super::regions::Region;
use crate::parse::table::{are_words, whole_name};

/// Folds the first two rows into one, `2024 (USD million) Revenue`, where a cell of the first is merged over
/// several columns and the second plainly holds headings for them. The table then begins with its second row, so
/// that the rows below keep their numbers.
pub(super) fn fold(region: &mut Region) {
    let (first_row, _) = region.rows();
    let second_row = first_row.saturating_add(1);
    let (first, rest) = region.cells.split_at(region.cells.partition_point(|cell| cell.row == first_row));
    let (second, below) = rest.split_at(rest.partition_point(|cell| cell.row == second_row));
    if !are_header(first, second, below) {
        return;
    }
    let mut header: Vec<Cell> = first.iter().map(|cell| Cell { row: second_row, ..cell.clone() }).collect();
    let mut more = Vec::new();
    for cell in second.iter().filter(|cell| !goes_on(cell, first)) {
        let at = header.binary_search_by_key(&cell.column, |heading| heading.column);
        match at.ok().and_then(|at| header.get_mut(at)) {
            Some(heading) => {
                heading.text = whole_name(&heading.text, &cell.text);
                heading.repeats = false;
            }
            None => more.push(cell.clone()),
        }
    }
    header.append(&mut more);
    header.sort_by_key(|cell| cell.column);
    let folded = first.len() + second.len();
    header.extend(region.cells.drain(folded..));
    region.cells = header;
}

/// Whether two rows are the header of the cells below. People merge headings over columns of plain data, too, so
/// each column below such a heading needs words of its own, no other heading may have words below it, and either a
/// heading goes on in the second row or figures lie below.
fn are_header(first: &[Cell], second: &[Cell], below: &[Cell]) -> bool {
    let spread = spread(first);
    let is_spread = |column: u32| spread.binary_search(&column).is_ok();
    let is_heading = |cell: &Cell| {
        let has_place = is_spread(cell.column) || at(first, cell.column).is_none();
        goes_on(cell, first) || has_place && are_words(&cell.text)
    };
    let are_figures = |cell: &Cell| is_spread(cell.column) && !are_words(&cell.text);
    !below.is_empty()
        && second.iter().any(|cell| is_spread(cell.column) && !goes_on(cell, first))
        && second.iter().all(is_heading)
        && spread.iter().all(|&column| at(second, column).is_some())
        && (second.iter().any(|cell| goes_on(cell, first)) || below.iter().any(are_figures))
}

/// Columns of the cells that are merged over several, in their order.
fn spread(row: &[Cell]) -> Vec<u32> {
    let mut columns = Vec::new();
    for (left, right) in row.iter().zip(row.iter().skip(1)) {
        let is_next = right.column == left.column.saturating_add(1);
        if is_next && right.repeats && right.text == left.text {
            columns.extend([left.column, right.column]);
        }
    }
    columns.dedup();
    columns
}

/// Whether a cell repeats the one above, which is merged over it.
fn goes_on(cell: &Cell, above: &[Cell]) -> bool {
    cell.repeats && at(above, cell.column).is_some_and(|above| above.text == cell.text)
}

fn at(row: &[Cell], column: u32) -> Option<&Cell> {
    row.binary_search_by_key(&column, |cell| cell.column).ok().and_then(|at| row.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row per line; `.` is no cell, `<` and `^` repeat the cell on the left and above.
    #[track_caller]
    fn check(drawing: &[&str], expected: &[&str]) {
        let mut cells: Vec<Cell> = Vec::new();
        for (row, line) in (0..).zip(drawing) {
            for (column, word) in (0..).zip(line.split(' ')) {
                let from = match word {
                    "." => continue,
                    "<" => Some((row, column - 1)),
                    "^" => Some((row - 1, column)),
                    _ => None,
                };
                let origin = from.and_then(|from| cells.iter().find(|cell| (cell.row, cell.column) == from));
                let text = origin.map_or(word, |cell| cell.text.as_str()).to_owned();
                cells.push(Cell { repeats: from.is_some(), ..Cell::new(row, column, text) });
            }
        }
        let mut region = Region { cells };
        fold(&mut region);
        let begins = region.rows().0;
        let header: Vec<&str> =
            region.cells.iter().filter(|cell| cell.row == begins).map(|cell| cell.text.as_str()).collect();
        assert_eq!(header, expected, "{drawing:?}");
    }

    #[test]
    fn headings_over_several_columns_go_before_those_below() {
        check(
            &["Region 2024 < 2025 <", "^ Sales Profit Sales Profit", "North a b c d"],
            &["Region", "2024 Sales", "2024 Profit", "2025 Sales", "2025 Profit"],
        );
        // Neither row need be complete.
        check(&["Region 2024 <", ". Sales Profit", "North 1 2"], &["Region", "2024 Sales", "2024 Profit"]);
        check(&[". 2024 <", "Region Sales Profit", "North 1 2"], &["Region", "2024 Sales", "2024 Profit"]);
        check(&["A < B <", "^ ^ c d", "1 2 3 4"], &["A", "A", "B c", "B d"]);
    }

    #[test]
    fn data_below_a_merged_heading_stays_data() {
        check(&["Name < City", "Ann Lee Ulm", "Bo Chen Kiel"], &["Name", "Name", "City"]);
        check(&["Name <", "Ann Lee", "Bo Chen"], &["Name", "Name"]);
        check(&["Region 2024 <", "North 1 2", "South 3 4"], &["Region", "2024", "2024"]);
        check(&["Region 2024 <", "^ Sales .", "North 1 2"], &["Region", "2024", "2024"]);
        check(&["Region Sales Profit", "^ EUR USD", "North 1 2"], &["Region", "Sales", "Profit"]);
        check(&["Region 2024 <", "^ Sales Profit"], &["Region", "2024", "2024"]);
    }
}
