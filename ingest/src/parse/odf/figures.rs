//! The table of figures within a chart of an OpenDocument file.

use footnote_core::Result;
use quick_xml::events::BytesStart;

use crate::parse::ooxml::chart::{MAX_LEVELS, MAX_POINTS};
use crate::parse::package::xml::{Xml, attribute};
use crate::parse::sheets::CellBudget;
use crate::parse::sheets::number_format::{general, show};

/// Most rows or columns: points, and the headers before them.
const MAX_PLACES: usize = MAX_POINTS + MAX_LEVELS;

/// Cells that hold something, and how many rows and columns of them are headers.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) cells: Vec<Figure>,
    pub(super) header_rows: usize,
    pub(super) header_columns: usize,
    in_header_rows: bool,
    in_header_columns: bool,
    row: usize,
    column: usize,
    /// The open row: how often it stands there, and where its cells begin.
    rows_repeated: usize,
    row_starts: usize,
    columns_repeated: usize,
    open: Option<Figure>,
    in_address: bool,
}

/// A cell; rows and columns count from 0.
#[derive(Debug, Clone, Default)]
pub(super) struct Figure {
    pub(super) row: usize,
    pub(super) column: usize,
    text: String,
    number: Option<f64>,
    /// The cells of the document that it and those below are copies of.
    pub(super) address: Option<String>,
}

impl Figure {
    /// Its number as `format` shows it, or its text.
    pub(super) fn shown(&self, format: Option<&str>) -> String {
        match (self.number, format) {
            (Some(number), _) if !number.is_finite() => String::new(),
            (Some(number), Some(format)) => show(number, format, false),
            (Some(number), None) => general(number),
            (None, _) => self.text.clone(),
        }
    }

    /// Its text, as the name of a series: a year has no decimals.
    pub(super) fn named(&self) -> String {
        if self.text.is_empty() { self.shown(None) } else { self.text.clone() }
    }

    fn is_blank(&self) -> bool {
        self.number.map_or(self.text.is_empty(), |number| !number.is_finite())
    }
}

impl Figures {
    /// Takes the next event of the table.
    pub(super) fn event(&mut self, event: &Xml<'_>, budget: &mut CellBudget) -> Result<()> {
        match event {
            Xml::Start(start) => self.start(start),
            Xml::Text(text) if self.in_address => {
                if let Some(open) = &mut self.open {
                    open.address.get_or_insert_default().push_str(text);
                }
            }
            Xml::Text(_) => {}
            Xml::End("desc") => self.in_address = false,
            Xml::End("table-header-rows") => self.in_header_rows = false,
            Xml::End("table-header-columns") => self.in_header_columns = false,
            Xml::End("table-cell") => self.end_cell(budget)?,
            Xml::End("table-row") => self.end_row(budget)?,
            Xml::End(_) => {}
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let count = |name: &str| {
            let count = attribute(start, name).and_then(|count| count.parse().ok());
            count.unwrap_or(1_usize).clamp(1, MAX_PLACES)
        };
        match start.local_name().as_ref() {
            "table-header-rows" => self.in_header_rows = true,
            "table-header-columns" => self.in_header_columns = true,
            "table-column" if self.in_header_columns => {
                let columns = self.header_columns + count("number-columns-repeated");
                self.header_columns = columns.min(MAX_LEVELS);
            }
            "table-row" => {
                self.rows_repeated = count("number-rows-repeated");
                (self.column, self.row_starts) = (0, self.cells.len());
                if self.in_header_rows {
                    self.header_rows = (self.row + self.rows_repeated).min(MAX_LEVELS);
                }
            }
            "table-cell" => {
                self.columns_repeated = count("number-columns-repeated");
                let number = attribute(start, "value").map(|value| value.parse().unwrap_or(f64::NAN));
                self.open = Some(Figure { row: self.row, column: self.column, number, ..Figure::default() });
            }
            "desc" => self.in_address = true,
            _ => {}
        }
    }

    /// Takes a paragraph of the open cell.
    pub(super) fn text(&mut self, text: &str) {
        let text = text.trim();
        if let Some(open) = self.open.as_mut().filter(|_| !text.is_empty()) {
            if !open.text.is_empty() {
                open.text.push(' ');
            }
            open.text.push_str(text);
        }
    }

    fn end_cell(&mut self, budget: &mut CellBudget) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let first = self.column;
        self.column = (first + self.columns_repeated).min(MAX_PLACES);
        if self.row < MAX_PLACES && !open.is_blank() {
            for column in first..self.column {
                budget.take(&open.text)?;
                // A repeat is one of those below or beside, which the address covers.
                let address = open.address.take();
                self.cells.push(Figure { column, address, ..open.clone() });
            }
        }
        Ok(())
    }

    fn end_row(&mut self, budget: &mut CellBudget) -> Result<()> {
        let first = self.row;
        self.row = (first + self.rows_repeated).min(MAX_PLACES);
        let cells = self.row_starts.min(self.cells.len())..self.cells.len();
        for row in first + 1..self.row {
            for index in cells.clone() {
                let cell = &self.cells[index];
                budget.take(&cell.text)?;
                let (column, text, number) = (cell.column, cell.text.clone(), cell.number);
                self.cells.push(Figure { row, column, text, number, address: None });
            }
        }
        Ok(())
    }

    /// Turns the table so that its series lie in columns. It has headers, whether or not it calls them so.
    pub(super) fn orient(&mut self, series_in_rows: bool) {
        self.header_rows = self.header_rows.max(1);
        self.header_columns = self.header_columns.max(1);
        if series_in_rows {
            std::mem::swap(&mut self.header_rows, &mut self.header_columns);
            self.cells.iter_mut().for_each(|cell| std::mem::swap(&mut cell.row, &mut cell.column));
        }
    }
}
