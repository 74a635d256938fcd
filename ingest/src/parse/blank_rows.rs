//! Blank rows of a sheet or of separated values: whether what stands below them goes on with the table above.
//!
//! It does where it has no header of its own: figures where the table above has figures, and words where that has
//! words. Words alone may be the header of another table, and so may years, dates and numbers that count up. A table
//! without a header has none to share: several rows below it are of it only where they look like its own.

use std::collections::{BTreeMap, BTreeSet};

use super::table::are_words;

/// Most blank rows within a table.
const MAX_BLANK_ROWS: u32 = 3;
/// Fewest columns that are numbered by a header.
const LEAST_NUMBERED: usize = 3;

/// A row that is not blank.
pub(crate) struct Row<'t> {
    /// Its place on the sheet.
    pub(crate) number: u32,
    /// The cells that hold something, each behind its column, from left to right.
    pub(crate) cells: Vec<(u32, &'t str)>,
}

/// A table as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct TableAbove {
    last_row: u32,
    has_named_columns: bool,
    /// Whether it begins with data.
    has_no_header: bool,
    columns: BTreeMap<u32, Column>,
    /// Those of them that have figures: a wide table is not gone through for each of its stretches.
    of_figures: BTreeSet<u32>,
    /// Whether anything stands below the header.
    has_data: bool,
}

/// What the cells of a column hold below the header.
#[derive(Debug, Default)]
struct Column {
    cells: usize,
    figures: usize,
    /// Those of the figures that may be headings.
    headings: usize,
    /// What stands around the digits of its figures; of several, two are kept.
    units: BTreeSet<String>,
}

impl TableAbove {
    /// Takes the rows below a blank one; there is one at least. Where they do not go on with the table, another
    /// begins with them. Tells whether they do.
    pub(crate) fn take(&mut self, rows: &[Row<'_>]) -> bool {
        let goes_on = self.goes_on(rows);
        if !goes_on {
            *self = Self::default();
        }
        for row in rows {
            self.add(row);
        }
        goes_on
    }

    fn add(&mut self, row: &Row<'_>) {
        self.last_row = row.number;
        if !self.columns.is_empty() {
            for (at, text) in &row.cells {
                let column = self.columns.entry(*at).or_default();
                column.add(text);
                self.has_data |= column.cells > 0;
                match column.is_of_figures() {
                    true => self.of_figures.insert(*at),
                    false => self.of_figures.remove(at),
                };
            }
        } else if row.cells.len() > 1 {
            // Rows of one text above the header are titles.
            self.has_named_columns = row.cells.iter().all(|(_, text)| are_words(text));
            self.has_no_header = begins_with_data(row);
            self.columns = row.cells.iter().map(|(at, _)| (*at, Column::default())).collect();
        }
    }

    fn goes_on(&self, rows: &[Row<'_>]) -> bool {
        let (Some(top), Some(left)) = (rows.first(), self.columns.keys().next()) else { return false };
        // A line of its own may stand above a group of rows.
        let is_label = matches!(top.cells.as_slice(), [(at, _)] if at == left);
        let first = rows.get(usize::from(is_label)).filter(|row| row.cells.len() > 1);
        let blank_rows = top.number.saturating_sub(self.last_row).saturating_sub(1);
        blank_rows <= MAX_BLANK_ROWS
            && self.has_columns_of(rows)
            && first.is_some_and(|first| self.is_data(first, *left))
            && (!self.has_no_header || rows.len() == 1 || !is_label && self.looks_like(top, rows))
    }

    /// Whether rows, of which `top` is the first, have figures wherever the table has some, with the same around them.
    fn looks_like(&self, top: &Row<'_>, rows: &[Row<'_>]) -> bool {
        let used: BTreeSet<u32> = rows.iter().flat_map(|row| row.cells.iter().map(|(at, _)| *at)).collect();
        let column_of = |at: &u32| self.columns.get(at).filter(|column| column.cells > 0);
        let looks_like =
            |(at, text): &(u32, &str)| column_of(at).is_none_or(|column| column.looks_like(text));
        self.of_figures.iter().all(|at| used.contains(at)) && top.cells.iter().all(looks_like)
    }

    /// Whether the rows lie below columns of the table, from the first to the last one that has figures. Below a
    /// header alone, they fill all its columns.
    fn has_columns_of(&self, rows: &[Row<'_>]) -> bool {
        let used: BTreeSet<u32> = rows.iter().flat_map(|row| row.cells.iter().map(|(at, _)| *at)).collect();
        used.iter().all(|at| self.columns.contains_key(at))
            && match self.of_figures.last() {
                Some(last) => used.first() == self.columns.keys().next() && used.contains(last),
                None => !self.has_data && self.has_named_columns && used.len() == self.columns.len(),
            }
    }

    /// Whether a row is one of data, and no header. The first cell may name a sum of figures or dates.
    fn is_data(&self, row: &Row<'_>, left: u32) -> bool {
        if counts_up(row, left) {
            return false;
        }
        let mut has_figure = false;
        for (at, text) in row.cells.iter().filter(|(_, text)| says_something(text)) {
            let Some(column) = self.columns.get(at) else { return false };
            let is_figure = !are_words(text);
            let is_name = !is_figure && *at == left;
            if column.cells > 0 && is_figure != column.is_of_figures() && !is_name {
                return false;
            }
            has_figure |= is_figure && (column.is_of_headings() || !may_be_heading(text));
        }
        has_figure
    }
}

impl Column {
    fn add(&mut self, text: &str) {
        if says_something(text) {
            let is_figure = !are_words(text);
            self.cells += 1;
            self.figures += usize::from(is_figure);
            self.headings += usize::from(is_figure && may_be_heading(text));
            if is_figure && self.units.len() < 2 {
                self.units.insert(unit(text));
            }
        }
    }

    fn looks_like(&self, text: &str) -> bool {
        let is_figure = !are_words(text);
        let has_unit = || self.units.len() != 1 || self.units.contains(&unit(text));
        !says_something(text) || is_figure == self.is_of_figures() && (!is_figure || has_unit())
    }

    fn is_of_figures(&self) -> bool {
        self.figures * 2 > self.cells
    }

    fn is_of_headings(&self) -> bool {
        self.headings * 2 > self.cells
    }
}

/// Dashes and the like stand where there is nothing to say.
fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// What stands around the digits of a figure, and parts those of dates and times: `%`, `$`, `kg`, `--`, `:`.
fn unit(figure: &str) -> String {
    let unsigned = figure.trim_start_matches(['-', '+', '\u{2212}', '(']);
    let is_of_unit = |c: &char| !c.is_numeric() && !c.is_whitespace() && !".,'’)".contains(*c);
    unsigned.chars().filter(is_of_unit).collect()
}

/// Whether the first row of a table is one of data: it has a figure that is no heading.
fn begins_with_data(row: &Row<'_>) -> bool {
    let left = row.cells.first().map_or(0, |(at, _)| *at);
    let is_datum = |text: &str| says_something(text) && !are_words(text) && !may_be_heading(text);
    !counts_up(row, left) && row.cells.iter().any(|(_, text)| is_datum(text))
}

/// Whether the row numbers its columns, but for the first: `Week`, `1`, `2`, `3`.
fn counts_up(row: &Row<'_>, left: u32) -> bool {
    let numbered = row.cells.iter().filter(|(at, _)| *at != left);
    let numbers: Vec<Option<u64>> = numbered.map(|(_, text)| text.parse().ok()).collect();
    let is_next =
        |pair: &[Option<u64>]| matches!(pair, [Some(one), Some(next)] if one.checked_add(1) == Some(*next));
    numbers.len() >= LEAST_NUMBERED && numbers.windows(2).all(is_next)
}

/// Whether a figure may be a heading over figures: a year, a date, `3月`, `1Q24`, `1st half`, `5 years`.
fn may_be_heading(text: &str) -> bool {
    let is_year = |digits: &str| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let first = text.strip_suffix(rest).unwrap_or_default();
    if first.is_empty() {
        return false;
    }
    match rest.chars().next() {
        _ if rest.contains(char::is_alphabetic) => true,
        None => is_year(first),
        Some('-' | '/') => true,
        Some('.') => {
            let last = rest.rsplit('.').next().unwrap_or_default();
            is_year(last) && rest.matches('.').count() == 2
        }
        Some(mark) => is_year(first) && mark.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row per line, `,` between cells. Tells of each part but the first whether it goes on with the one above.
    #[track_caller]
    fn check(drawing: &str, expected: &[bool]) {
        let mut above = TableAbove::default();
        let (mut part, mut told) = (Vec::new(), Vec::new());
        for (number, line) in (0..).zip(drawing.lines().chain([""])) {
            let cells: Vec<(u32, &str)> =
                (0..).zip(line.split(',')).filter(|(_, text)| !text.is_empty()).collect();
            if !cells.is_empty() {
                part.push(Row { number, cells });
            } else if !part.is_empty() {
                told.push(above.take(&part));
                part.clear();
            }
        }
        assert_eq!(told[1..], *expected, "{drawing}");
    }

    const SALES: &str = "City,Units,EUR\nRome,4,100\nOslo,5,200\n";

    #[test]
    fn rows_with_figures_where_the_table_has_them_go_on() {
        check(&format!("{SALES}\nLyon,9,300\nNice,7,1"), &[true]);
        check(&format!("{SALES}\n\n\nLyon,9,300"), &[true]);
        check(&format!("{SALES}\nLyon,-,300\n\nNice,7,1"), &[true, true]);
        check(&format!("{SALES}\nFrance\nLyon,9,300"), &[true]);
        check(&format!("{SALES}\nTotal,,300"), &[true]);
        check("Sales of 2024\nCity,Units\nRome,4\n\nOslo,5", &[true]);
        check("城市,数量\n北京,4\n\n上海,5", &[true]);
        check("Day,Guests\n2024-01-01,7\n2024-01-02,8\n\n2024-01-03,9\n\nTotal,24", &[true, true]);
        check("Item,Weight\nPen,9 g\nCap,80 g\n\nInk,30 g", &[true]);
        check("City,May,June,July\nRome,4,2,7\n\nOslo,1,2,4", &[true]);
        // Years are data where they are above, and so is one among other figures.
        check("Year,Ducks\n2019,120\n2020,135\n\n2021,150", &[true]);
        check("Item,2023,2024\nRent,900,950\n\nHeat,2000,80", &[true]);
        // A header may have a blank row below it.
        check("City,Units\n\nRome,4\nOslo,5\n\nLyon,9", &[true, true]);
    }

    #[test]
    fn rows_go_on_with_a_table_without_a_header_where_they_look_like_its_own() {
        const ROWS: &str = "Rome,4,$100\nOslo,5,$200\n";
        check(&format!("{ROWS}\nLyon,9,$300\nNice,7,$1"), &[true]);
        check(&format!("{ROWS}\nTotal,,$300"), &[true]);
        check(&format!("{ROWS}\nLyon,-3,$ 300.50\nNice,7,$1\n\nBonn,1,$2\nKiel,2,$3"), &[true, true]);
        check("2024-01-01,7\n2024-01-02,8\n\n2024-01-03,9\n2024-01-04,1", &[true]);
        // Another unit, fewer columns, a title of its own, names where dates were.
        check(&format!("{ROWS}\nPen,9,30%\nCap,7,1%"), &[false]);
        check(&format!("{ROWS}\nPen,,$30\nCap,,$1"), &[false]);
        check(&format!("{ROWS}\nThings\nPen,9,$30\nCap,7,$1"), &[false]);
        check("2024-01-01,7\n2024-01-02,8\n\nPen,9\nCap,1", &[false]);
        check("1,7\n2,8\n\n2024-01-01,9\n2024-01-02,1", &[false]);
        // Below a header, all of that is of the table.
        check(&format!("{SALES}\nMargin,9%,30%\nTax,7%,1%"), &[true]);
        check(&format!("{SALES}\nFrance\nLyon,9,300\nNice,7,1"), &[true]);
        check("Day,Guests\n2024-01-01,7\n2024-01-02,8\n\nMean,7\nTotal,15", &[true]);
    }

    #[test]
    fn a_wide_table_is_not_gone_through_for_each_stretch() {
        let header = Row { number: 0, cells: (0..50_000).map(|at| (at, "name")).collect() };
        let data = |number: u32| Row { number, cells: vec![(0, "a"), (1, "7")] };
        let mut above = TableAbove::default();
        above.take(&[header, data(1)]);
        assert!((1..50_000).all(|part| above.take(&[data(2 * part + 1)])));
    }

    #[test]
    fn what_may_have_a_header_of_its_own_is_another_table() {
        check(&format!("{SALES}\nItem,Cost,Tax\nPen,3,1"), &[false]);
        check(&format!("{SALES}\n{SALES}"), &[false]);
        check(&format!("{SALES}\nCity,2024,2025\nPen,3,1"), &[false]);
        check(&format!("{SALES}\nCity,1Q24,2Q24\nPen,3,1"), &[false]);
        check(&format!("{SALES}\n产品,2024年,2025年\n笔,3,1"), &[false]);
        check(&format!("{SALES}\nCity,31.12.2024,31.12.2025\nPen,3,1"), &[false]);
        check(&format!("{SALES}\nLoan,5 years,10 years\nHouse,3,1"), &[false]);
        check(&format!("{SALES}\nCity,1st half,2nd half\nRome,3,1"), &[false]);
        check("City,May,June,July\nRome,4,2,7\n\nWeek,1,2,3\nOslo,5,1,6", &[false]);
        check("Item,2023,2024\nRent,900,950\n\nKind,2023,2024\nHeat,80,90", &[false]);
        // Other columns, a list, a line of text, and what lies far below.
        check(&format!("{SALES}\nLyon,9,300,late"), &[false]);
        check(&format!("{SALES}\n,9,300"), &[false]);
        check(&format!("{SALES}\nRate,5"), &[false]);
        check(&format!("{SALES}\nSource: the shops"), &[false]);
        check(&format!("{SALES}\n\n\n\nLyon,9,300"), &[false]);
        // Nothing tells words from a header.
        check("Name,City\nAnn,Ulm\n\nBo,Rome", &[false]);
        check("Name,City\n\nAnn,Ulm", &[false]);
        check("a\nb\n\n1\n2", &[false]);
    }
}
