//! Workbooks: sheets of cells become headings, tables and lone lines of text, each with its place on the sheet.
//!
//! Readers of the formats ([`xlsx`], [`ods`], [`binary`]) give [`Sheet`]s whose cells hold what a person sees;
//! this module finds the tables on them and writes them.

mod biff;
pub(crate) mod binary;
mod date_format;
mod fraction;
mod header;
mod locale;
pub(crate) mod number_format;
pub(crate) mod ods;
mod regions;
mod xlsb;
pub(crate) mod xlsx;

use std::collections::HashSet;

use footnote_core::parsed::{BlockKind, Page, PageKind, WarningKind};
use footnote_core::{Error, ErrorKind, Result};

use self::regions::{Region, regions};
use super::builder::{DocumentBuilder, Joint};
use super::limits::ParseLimits;
use super::ooxml::Drawing;
use super::table::{one_line, push_row, push_rule};

/// Longest merged cell that is repeated in the cells it covers, and how many rows and columns of them.
const MAX_REPEATED_CHARS: usize = 200;
const MAX_MERGED_ROWS: u32 = 1_000;
const MAX_MERGED_COLUMNS: u32 = 256;
/// A table may have this many places per cell that holds something; a sparser one is written cell by cell.
const MAX_PLACES_PER_CELL: u64 = 10;
const ALWAYS_A_TABLE_UP_TO: u64 = 10_000;
/// Most rows of a chart's figures that are written.
const MAX_CHART_ROWS: usize = 40;

/// A cell that holds something; rows and columns count from 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    pub(crate) row: u32,
    pub(crate) column: u32,
    /// What a person sees, on one line.
    pub(crate) text: String,
    /// Whether it only repeats the cell that is merged over it.
    pub(crate) repeats: bool,
}

impl Cell {
    pub(crate) fn new(row: u32, column: u32, text: String) -> Self {
        Self { row, column, text, repeats: false }
    }
}

/// Places that one cell covers, first and last of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Merge {
    pub(crate) rows: (u32, u32),
    pub(crate) columns: (u32, u32),
}

impl Merge {
    /// Whether the cell lies under the merged one.
    fn hides(&self, cell: &Cell) -> bool {
        let within = |(first, last): (u32, u32), at: u32| (first..=last).contains(&at);
        within(self.rows, cell.row)
            && within(self.columns, cell.column)
            && (cell.row, cell.column) != (self.rows.0, self.columns.0)
    }
}

/// A sheet as its format's reader gives it.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) hidden: bool,
    pub(crate) cells: Vec<Cell>,
    pub(crate) merges: Vec<Merge>,
    /// Texts that lie on the sheet, not in its cells: text boxes, alternative texts of pictures.
    pub(crate) drawn: Vec<String>,
    /// Charts and diagrams.
    pub(crate) charts: Vec<Drawing>,
    /// Comments, each with its cell.
    pub(crate) comments: Vec<String>,
    /// Pictures, which are not read.
    pub(crate) pictures: usize,
    /// Cells that are blank because nothing has computed their formula and stored what came out.
    pub(crate) uncomputed: usize,
}

/// Counts cells against [`ParseLimits::max_cells`] and what they hold against
/// [`ParseLimits::max_text_chars`]: many cells may share one long text.
pub(crate) struct CellBudget {
    cells_left: usize,
    bytes_left: usize,
    max_cells: usize,
}

impl CellBudget {
    pub(crate) fn new(limits: &ParseLimits) -> Self {
        let bytes_left = limits.max_text_chars.saturating_mul(4);
        Self { cells_left: limits.max_cells, bytes_left, max_cells: limits.max_cells }
    }

    /// Takes one more cell, which holds `text`.
    pub(crate) fn take(&mut self, text: &str) -> Result<()> {
        let too_large = |what: String| {
            Error::new(ErrorKind::TooLarge, format!("{what}; split the file by sheets or rows"))
        };
        self.cells_left = self
            .cells_left
            .checked_sub(1)
            .ok_or_else(|| too_large(format!("the file has more than {} cells", self.max_cells)))?;
        self.bytes_left = self
            .bytes_left
            .checked_sub(text.len())
            .ok_or_else(|| too_large("the text of the cells is too long".to_owned()))?;
        Ok(())
    }
}

/// Writes the sheets in their order.
pub(crate) fn append_sheets(out: &mut DocumentBuilder, sheets: Vec<Sheet>, limits: &ParseLimits) {
    let hidden: Vec<&str> = sheets.iter().filter(|s| s.hidden).map(|s| s.name.as_str()).collect();
    if !hidden.is_empty() {
        out.warn(WarningKind::Note, None, format!("hidden sheets are read, too: {}", hidden.join(", ")));
    }
    warn_of_uncomputed(out, &sheets);
    let mut repeats_left = limits.max_text_chars;
    for (number, sheet) in (1..).zip(sheets) {
        append_sheet(out, number, sheet, &mut repeats_left);
    }
}

/// Programs that write workbooks leave it to Excel to compute; nothing computes here.
fn warn_of_uncomputed(out: &mut DocumentBuilder, sheets: &[Sheet]) {
    let count = sheets.iter().fold(0_usize, |count, sheet| count.saturating_add(sheet.uncomputed));
    let what = match count {
        0 => return,
        1 => "1 formula has no stored result and is blank".to_owned(),
        many => format!("{many} formulas have no stored result and are blank"),
    };
    let message = format!("{what}; open the file in Excel or LibreOffice and save it again");
    out.warn(WarningKind::Lost, None, message);
}

fn append_sheet(out: &mut DocumentBuilder, number: u32, mut sheet: Sheet, repeats_left: &mut usize) {
    if sheet.pictures > 0 {
        let what = match sheet.pictures {
            1 => "1 picture is".to_owned(),
            many => format!("{many} pictures are"),
        };
        let message = format!("{what} not read on the sheet {:?}", sheet.name);
        out.warn(WarningKind::Lost, Some(number), message);
    }
    for cell in &mut sheet.cells {
        cell.text = one_line(&cell.text);
    }
    sheet.cells.retain(|cell| !cell.text.is_empty());
    let only_cells = sheet.drawn.is_empty() && sheet.charts.is_empty() && sheet.comments.is_empty();
    if sheet.cells.is_empty() && only_cells {
        return;
    }
    sheet.cells.sort_by_key(|cell| (cell.row, cell.column));
    sheet.cells.dedup_by_key(|cell| (cell.row, cell.column));
    if !repeat_merged(&mut sheet, repeats_left) {
        out.warn(
            WarningKind::Note,
            Some(number),
            format!("merged cells of the sheet {:?} are not repeated: they are too many", sheet.name),
        );
    }
    let page = Page { number, kind: PageKind::Sheet, label: label(&sheet.name), ..Page::default() };
    out.start(page.clone());
    out.heading(1, &one_line(&sheet.name));
    for region in regions(sheet.cells) {
        append_region(out, region, &page);
    }
    if only_cells {
        return;
    }
    out.start(page);
    for text in &sheet.drawn {
        out.paragraph(text);
    }
    for chart in sheet.charts {
        append_chart(out, chart);
    }
    for comment in &sheet.comments {
        out.block(BlockKind::Footnote, 0, comment);
    }
}

/// A chart's figures repeat cells of the workbook: they are what a person reads off a small chart, and too much
/// to say twice of a large one.
fn append_chart(out: &mut DocumentBuilder, chart: Drawing) {
    match chart {
        Drawing::Chart(chart) if chart.rows() > MAX_CHART_ROWS => chart.append_without_figures(out),
        chart => chart.append(out),
    }
}

fn label(name: &str) -> Option<String> {
    Some(one_line(name)).filter(|name| !name.is_empty())
}

/// Writes the table, or the lone text, that a region is.
pub(crate) fn append_region(out: &mut DocumentBuilder, mut region: Region, page: &Page) {
    let start = |out: &mut DocumentBuilder, row: u32| {
        out.start(Page { first_row: Some(row.saturating_add(1)), ..page.clone() });
    };
    for title in region.take_titles() {
        start(out, title.row);
        out.paragraph(&title.text);
    }
    header::fold(&mut region);
    let ((first, _), (left, right)) = (region.rows(), region.columns());
    if let Some(lone) = region.lone() {
        start(out, lone.row);
        out.paragraph(&lone.text);
        return;
    }
    // Blank rows are not written.
    let rows = region.cells.chunk_by(|cell, next| cell.row == next.row).count() as u64;
    let places = rows.saturating_mul(u64::from(right - left) + 1);
    let cells = region.cells.len() as u64;
    if places > ALWAYS_A_TABLE_UP_TO.max(cells.saturating_mul(MAX_PLACES_PER_CELL)) {
        out.start(page.clone());
        out.paragraph(&scattered(&region));
        return;
    }
    for (row, text) in table(&region) {
        start(out, row);
        match row == first {
            true => out.block(BlockKind::Table, 0, &text),
            false => out.go_on(Joint::Line, &text, &[]),
        }
    }
}

/// The table in stretches between its blank rows, each with its first row.
fn table(region: &Region) -> Vec<(u32, String)> {
    let ((first, _), (left, right)) = (region.rows(), region.columns());
    let mut stretches: Vec<(u32, String)> = Vec::new();
    let mut last = None;
    for row in region.cells.chunk_by(|cell, next| cell.row == next.row) {
        let Some(number) = row.first().map(|cell| cell.row) else { continue };
        if last.is_none_or(|last: u32| number > last.saturating_add(1)) {
            stretches.push((number, String::new()));
        }
        last = Some(number);
        let Some((_, text)) = stretches.last_mut() else { continue };
        let mut cells = row.iter().peekable();
        push_row(
            text,
            (left..=right).map(|column| {
                let cell = cells.next_if(|cell| cell.column == column);
                cell.map_or("", |cell| cell.text.as_str())
            }),
        );
        if number == first {
            push_rule(text, (right - left + 1) as usize);
        }
    }
    stretches
}

/// A line for each row, with the names of its cells: cells too far apart to be a table.
fn scattered(region: &Region) -> String {
    let mut out = String::new();
    let mut row = None;
    for cell in &region.cells {
        out.push_str(match row.replace(cell.row) {
            None => "",
            Some(before) if before == cell.row => "; ",
            Some(_) => "\n",
        });
        out.push_str(&format!("{}: {}", cell_name(cell.row, cell.column), cell.text));
    }
    out
}

/// What people call a cell: `B2`.
pub(crate) fn cell_name(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

/// The last row and the last column of `cells`.
fn ends<'c>(cells: impl Iterator<Item = &'c Cell>) -> (u32, u32) {
    cells.fold((0, 0), |(row, column), cell| (row.max(cell.row), column.max(cell.column)))
}

/// Repeats each merged cell in the places it covers, so that every row says all it means. `false` where there
/// are too many such places; the cells themselves are all kept.
fn repeat_merged(sheet: &mut Sheet, left: &mut usize) -> bool {
    if sheet.merges.is_empty() {
        return true;
    }
    let last = ends(sheet.cells.iter());
    // What lies under a merged cell is not seen: the cell that is merged over the ends of the sheet goes no further than
    // what lies beside it.
    let outermost = sheet.merges.iter().position(|merge| merge.rows.1 >= last.0 && merge.columns.1 >= last.1);
    let seen = outermost.map_or(last, |at| {
        let merge = sheet.merges[at];
        ends(sheet.cells.iter().filter(|cell| !merge.hides(cell)))
    });
    let mut taken: HashSet<(u32, u32)> = sheet.cells.iter().map(|cell| (cell.row, cell.column)).collect();
    let own = sheet.cells.len();
    let most_places = ALWAYS_A_TABLE_UP_TO.max((own as u64).saturating_mul(MAX_PLACES_PER_CELL));
    let mut whole = true;
    for (number, merge) in sheet.merges.iter().enumerate() {
        let at = (merge.rows.0, merge.columns.0);
        let Ok(origin) = sheet.cells[..own].binary_search_by_key(&at, |cell| (cell.row, cell.column)) else {
            continue;
        };
        let text = sheet.cells[origin].text.clone();
        if text.chars().count() > MAX_REPEATED_CHARS {
            continue;
        }
        let (last_row, last_column) = if outermost == Some(number) { seen } else { last };
        let rows = at.0..=merge.rows.1.min(last_row).min(at.0.saturating_add(MAX_MERGED_ROWS - 1));
        let columns =
            at.1..=merge.columns.1.min(last_column).min(at.1.saturating_add(MAX_MERGED_COLUMNS - 1));
        if rows.clone().count() as u64 * columns.clone().count() as u64 > most_places {
            whole = false;
            continue;
        }
        for place in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
            let Some(after) = left.checked_sub(text.len() + 1) else {
                whole = false;
                break;
            };
            *left = after;
            if taken.insert(place) {
                sheet.cells.push(Cell { repeats: true, ..Cell::new(place.0, place.1, text.clone()) });
            }
        }
    }
    sheet.cells.sort_by_key(|cell| (cell.row, cell.column));
    whole
}

#[cfg(test)]
mod tests;
