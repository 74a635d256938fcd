//! Whether a table goes on with the one above it, from which a parser parted it.

use std::collections::HashSet;

use super::number::Amount;
use super::read::{Row, Table};

/// What lies between two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seam {
    /// A few blank rows of one sheet.
    BlankRows,
    /// The end of a page, and nothing else.
    PageEnd,
    /// The end of a page with other text at it.
    PageEdge,
    /// Nothing, in a format that parts no table there.
    Nothing,
}

/// Whether one table is the other's continuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continuation {
    /// Both are one table.
    Surely,
    /// They may be: neither is known to be whole.
    Maybe,
    /// They are two.
    No,
}

/// Whether `below` goes on with `above`: it has the same header once more, or none and figures where the other has
/// figures. Rows of texts alone look like headers.
pub(crate) fn continuation(above: &Table, below: &Table, seam: Seam) -> Continuation {
    if above.header.is_empty() {
        return Continuation::No;
    }
    let is_same_width = above.width() == below.width();
    let is_cut = seam != Seam::Nothing;
    let sure = match seam {
        Seam::BlankRows | Seam::PageEnd => Continuation::Surely,
        Seam::PageEdge | Seam::Nothing => Continuation::Maybe,
    };
    if is_same_width && repeats_header(above, below) {
        // The same things once more, as of another time or plan, are other tables.
        let is_twice = seam == Seam::BlankRows && share_labels(above, below);
        return if is_twice { Continuation::Maybe } else { sure };
    }
    if below.header.is_empty() {
        return match (is_same_width && figures_agree(above, below), is_same_width || is_cut) {
            (true, _) => sure,
            (false, true) => Continuation::Maybe,
            (false, false) => Continuation::No,
        };
    }
    if !is_cut {
        return Continuation::No;
    }
    let Some(first) = below.header.first() else { return Continuation::No };
    let figures = figure_columns(above);
    let may_be_figure = |text: &str| is_void(text) || Amount::parse(text).is_some();
    let may_be_row =
        below.width() <= above.width() && figures.iter().all(|&at| may_be_figure(first.text(at)));
    let is_like_header = {
        let headers = (0..above.width()).map(|at| above.column_header(at));
        let same = headers.enumerate().filter(|(at, header)| !header.is_empty() && header == first.text(*at));
        same.count() * 2 >= above.width()
    };
    if may_be_row || is_like_header { Continuation::Maybe } else { Continuation::No }
}

impl Table {
    /// Takes the rows of a table that goes on with this one.
    pub(crate) fn append(&mut self, below: Self) {
        self.bytes.end = self.bytes.end.max(below.bytes.end);
        self.rows.extend(below.rows);
    }
}

fn repeats_header(above: &Table, below: &Table) -> bool {
    let texts = |rows: &[Row]| -> Vec<Vec<String>> {
        rows.iter().map(|row| row.cells.iter().map(|cell| cell.text.to_lowercase()).collect()).collect()
    };
    !below.header.is_empty() && texts(&above.header) == texts(&below.header)
}

/// Whether something has a row in both.
fn share_labels(above: &Table, below: &Table) -> bool {
    let label =
        |row: &Row| row.cells.iter().map(|cell| cell.text.to_lowercase()).find(|text| !text.is_empty());
    let known: HashSet<String> = above.rows.iter().filter_map(label).collect();
    below.rows.iter().filter_map(label).any(|label| known.contains(&label))
}

/// Whether the rows below have figures in the columns where those above have them, and nowhere else.
fn figures_agree(above: &Table, below: &Table) -> bool {
    let figures = figure_columns(above);
    let agrees = |row: &Row| {
        row.cells.iter().enumerate().all(|(at, cell)| {
            let is_figure = Amount::parse(&cell.text).is_some();
            if figures.contains(&at) {
                is_figure || is_void(&cell.text)
            } else {
                !is_figure || is_mixed(above, at)
            }
        })
    };
    !figures.is_empty() && below.rows.iter().all(agrees)
}

/// Whether a column that is none of figures has some.
fn is_mixed(table: &Table, column: usize) -> bool {
    table.rows.iter().any(|row| Amount::parse(row.text(column)).is_some())
}

/// The columns most cells of which are figures.
fn figure_columns(table: &Table) -> Vec<usize> {
    let is_of_figures = |column: &usize| {
        let filled = table.rows.iter().map(|row| row.text(*column)).filter(|text| !is_void(text));
        let (all, figures) = filled.fold((0, 0), |(all, figures), text| {
            (all + 1, figures + usize::from(Amount::parse(text).is_some()))
        });
        figures * 2 > all
    };
    (0..table.width()).filter(is_of_figures).collect()
}

/// Whether a cell says nothing, or that there is nothing to say.
pub(crate) fn is_void(text: &str) -> bool {
    const VOID: [&str; 10] = ["n/a", "na", "nil", "none", "tbd", "unknown", "无", "暂无", "未知", "待定"];
    let text = text.trim().to_lowercase();
    let is_word = VOID.contains(&text.as_str());
    is_word || !text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALES: &str = "| City | Units |\n| --- | --- |\n| Rome | 4 |\n| Oslo | n/a |";
    const STAFF: &str = "| Name | City |\n| --- | --- |\n| Anna | Berlin |";

    fn told(above: &str, below: &str, seam: Seam) -> Continuation {
        let read = |text: &str| Table::read(text).remove(0);
        continuation(&read(above), &read(below), seam)
    }

    #[test]
    fn rows_without_a_header_and_the_header_once_more_go_on() {
        use Continuation::{Maybe, No, Surely};
        let rows = "| Lyon | 9 |\n| --- | --- |\n| Nice | - |";
        let again = "| City | Units |\n| --- | --- |\n| Lyon | 9 |";
        for seam in [Seam::BlankRows, Seam::PageEnd] {
            assert_eq!((told(SALES, rows, seam), told(SALES, again, seam)), (Surely, Surely));
        }
        for seam in [Seam::PageEdge, Seam::Nothing] {
            assert_eq!((told(SALES, rows, seam), told(SALES, again, seam)), (Maybe, Maybe));
        }
        assert_eq!(told(SALES, SALES, Seam::BlankRows), Maybe, "Rome stands in both");
        assert_eq!(told(SALES, SALES, Seam::PageEnd), Surely, "a page end parts no plans");
        let wider = "| Lyon | 9 | late |\n| --- | --- | --- |\n| Nice | 7 | x |";
        assert_eq!((told(SALES, wider, Seam::BlankRows), told(SALES, wider, Seam::Nothing)), (Maybe, No));
        assert_eq!(told(SALES, "| 1 | 2 |\n| --- | --- |\n| 3 | 4 |", Seam::BlankRows), Maybe);
    }

    #[test]
    fn a_header_of_its_own_begins_another_table() {
        use Continuation::{Maybe, No};
        let costs = "| Item | Cost |\n| --- | --- |\n| Pen | 3 |";
        for seam in [Seam::BlankRows, Seam::PageEnd, Seam::PageEdge, Seam::Nothing] {
            assert_eq!(told(SALES, costs, seam), No);
        }
        assert_eq!(told(SALES, "| Lyon | n/a |\n| --- | --- |\n| Nice | 7 |", Seam::PageEnd), Maybe);
        assert_eq!(
            told(SALES, "| City | Units (cont.) |\n| --- | --- |\n| Nice | 7 |", Seam::PageEnd),
            Maybe
        );
        let rooms = "| No | Floor |\n| --- | --- |\n| 7 | first |";
        assert_eq!(told(rooms, "| 8 | second |\n| --- | --- |\n| 9 | first |", Seam::PageEnd), Maybe);
        // Rows of texts look like headers, and headers like rows.
        let people = "| Ben | Paris |\n| --- | --- |\n| Carla | Rome |";
        assert_eq!((told(STAFF, people, Seam::BlankRows), told(STAFF, people, Seam::Nothing)), (Maybe, No));
    }
}
