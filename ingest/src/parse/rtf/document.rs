//! Paragraphs, lists, tables and notes of an RTF document, as its control words end them.

use std::collections::HashMap;

use footnote_core::parsed::BlockKind;

use crate::parse::builder::DocumentBuilder;
use crate::parse::flow::append_table;
use crate::parse::running_text::{Section, Sections};
use crate::parse::table::TableGrid;

/// Most columns of a row whose definition is remembered.
const MAX_COLUMNS: usize = 256;

/// What was read of the paragraph and table that are open.
pub(super) struct Document<'b> {
    out: &'b mut DocumentBuilder,
    pub(super) text: String,
    /// The paragraphs of the open cell that have ended.
    cell: String,
    pub(super) marker: String,
    pub(super) note: String,
    pub(super) title: String,
    /// Characters of hidden text, blanks aside.
    pub(super) hidden: usize,
    /// Heading levels by style.
    pub(super) headings: HashMap<i32, u8>,
    notes: Vec<String>,
    style: i32,
    outline: Option<u8>,
    list_level: u8,
    in_table: bool,
    grid: Option<TableGrid>,
    cells: Vec<String>,
    columns: Vec<Column>,
    next_column: Column,
    sections: Sections,
}

/// How a cell is merged.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    continues_left: bool,
    continues_above: bool,
}

impl<'b> Document<'b> {
    /// Appends to `out`, and begins the first of `sections`.
    pub(super) fn new(out: &'b mut DocumentBuilder, sections: Vec<Section>) -> Self {
        let mut document = Self {
            out,
            text: String::new(),
            cell: String::new(),
            marker: String::new(),
            note: String::new(),
            title: String::new(),
            hidden: 0,
            headings: HashMap::new(),
            notes: Vec::new(),
            style: 0,
            outline: None,
            list_level: 0,
            in_table: false,
            grid: None,
            cells: Vec::new(),
            columns: Vec::new(),
            next_column: Column::default(),
            sections: Sections::new(sections),
        };
        document.sections.turn(document.out);
        document
    }

    /// Takes a control word of the text.
    pub(super) fn word(&mut self, word: &str, value: i32) {
        match word {
            "par" => self.end_paragraph(),
            "pard" => {
                (self.style, self.outline, self.list_level, self.in_table) = (0, None, 0, false);
            }
            "s" => self.style = value,
            "outlinelevel" => self.outline = u8::try_from(value).ok().filter(|level| *level < 9),
            "ilvl" => self.list_level = u8::try_from(value).unwrap_or(0).min(8),
            "intbl" => self.in_table = true,
            "trowd" => {
                self.columns.clear();
                self.next_column = Column::default();
            }
            "clmrg" => self.next_column.continues_left = true,
            "clvmrg" => self.next_column.continues_above = true,
            "cellx" => {
                let column = std::mem::take(&mut self.next_column);
                if self.columns.len() < MAX_COLUMNS {
                    self.columns.push(column);
                }
            }
            "cell" => self.end_cell(),
            // A table within a cell is read as the cell's text.
            "nestcell" | "nestrow" => self.text.push(' '),
            "row" => self.end_row(),
            "sect" => {
                self.end_blocks();
                self.sections.turn(self.out);
            }
            _ => {}
        }
    }

    /// The open footnote ends.
    pub(super) fn end_note(&mut self) {
        let note = std::mem::take(&mut self.note);
        self.notes.push(note.trim().to_owned());
    }

    /// Appends what is still open.
    pub(super) fn finish(mut self) {
        self.end_blocks();
        self.sections.finish(self.out);
        self.out.title(&self.title);
        self.out.warn_of_hidden_text(self.hidden);
    }

    /// The paragraph and the table that are open end.
    fn end_blocks(&mut self) {
        self.in_table = false;
        if !self.cells.is_empty() {
            self.end_cell();
            self.end_row();
        }
        self.end_paragraph();
        self.end_table();
    }

    fn end_paragraph(&mut self) {
        if self.in_table {
            self.append_to_cell();
            return;
        }
        // A cell without its end, in a damaged file.
        let cell = std::mem::take(&mut self.cell);
        if !cell.is_empty() {
            self.cells.push(cell);
            self.end_row();
        }
        self.end_table();
        let text = std::mem::take(&mut self.text);
        let marker = std::mem::take(&mut self.marker);
        let text = text.trim();
        let heading = self.outline.map(|level| level + 1).or_else(|| self.headings.get(&self.style).copied());
        match (heading, marker.trim()) {
            _ if text.is_empty() => {}
            (Some(level), "") => self.out.heading(level, text),
            (Some(level), marker) => self.out.heading(level, &format!("{marker} {text}")),
            (None, "") => self.out.paragraph(text),
            (None, marker) => {
                let depth = self.list_level.saturating_add(1);
                self.out.block(BlockKind::ListItem, depth, &format!("{} {text}", mark(marker)));
            }
        }
        self.append_notes();
    }

    fn end_cell(&mut self) {
        self.append_to_cell();
        self.cells.push(std::mem::take(&mut self.cell));
    }

    fn append_to_cell(&mut self) {
        let text = std::mem::take(&mut self.text);
        let marker = std::mem::take(&mut self.marker);
        for part in [mark(marker.trim()), text.trim()] {
            if !part.is_empty() && !self.cell.is_empty() {
                self.cell.push(' ');
            }
            self.cell.push_str(part);
        }
    }

    fn end_row(&mut self) {
        let grid = self.grid.get_or_insert_default();
        grid.start_row();
        let cells = std::mem::take(&mut self.cells);
        let merged = |index: usize| self.columns.get(index).copied().unwrap_or_default();
        for (index, cell) in cells.iter().enumerate() {
            let column = merged(index);
            if column.continues_left && cell.is_empty() {
                continue;
            }
            let covered = (index + 1..cells.len()).take_while(|&i| merged(i).continues_left).count();
            if column.continues_above && cell.is_empty() {
                grid.continue_above(covered + 1);
            } else {
                grid.cell(cell, covered + 1, 1);
            }
        }
    }

    fn end_table(&mut self) {
        if let Some(grid) = self.grid.take() {
            append_table(self.out, grid);
            self.append_notes();
        }
    }

    fn append_notes(&mut self) {
        for note in std::mem::take(&mut self.notes) {
            self.out.block(BlockKind::Footnote, 0, &note);
        }
    }
}

/// A number as it is; a bullet is one sign, often of a symbol font.
fn mark(marker: &str) -> &str {
    let is_number = marker.contains(char::is_alphanumeric) && marker != "o";
    if is_number || marker.is_empty() { marker } else { "-" }
}
