//! One sheet's cells and merged ranges.

use footnote_core::Result;
use quick_xml::events::BytesStart;

use super::super::number_format::{general, show_in_cell};
use super::super::{Cell, CellBudget, Merge, Sheet};
use super::strings::{RichText, unescaped};
use super::styles::Styles;
use crate::parse::package::xml::{Xml, attribute, each_event};

/// A sheet's last row and column.
const LAST_ROW: u32 = 1_048_575;
const LAST_COLUMN: u32 = 16_383;

/// What a cell's value refers to.
pub(super) struct Context<'w> {
    pub(super) strings: &'w [String],
    pub(super) styles: &'w Styles,
    pub(super) epoch_1904: bool,
}

/// Reads the sheet in `part`, whose text is `xml`.
pub(super) fn read(
    part: &str,
    xml: &str,
    context: &Context<'_>,
    sheet: &mut Sheet,
    budget: &mut CellBudget,
) -> Result<()> {
    let mut reader = Reader { row: 0, column: 0, open: None };
    each_event(part, xml, |event| {
        if let Xml::Start(start) = &event {
            match start.local_name().as_ref() {
                "row" => reader.start_row(start),
                "c" => reader.start_cell(start),
                "mergeCell" => {
                    sheet.merges.extend(attribute(start, "ref").as_deref().and_then(range));
                }
                _ => {}
            }
        }
        if let Some(open) = &mut reader.open {
            open.event(&event);
        }
        match event {
            Xml::End("c") => {
                sheet.uncomputed += usize::from(reader.open.as_ref().is_some_and(OpenCell::is_uncomputed));
                if let Some(cell) = reader.end_cell(context) {
                    budget.take(&cell.text)?;
                    sheet.cells.push(cell);
                }
            }
            Xml::End("row") => reader.row = reader.row.saturating_add(1),
            _ => {}
        }
        Ok(())
    })
}

/// Where the reader stands: the next row and column, should they not be named.
struct Reader {
    row: u32,
    column: u32,
    open: Option<OpenCell>,
}

struct OpenCell {
    kind: String,
    style: usize,
    value: String,
    in_value: bool,
    has_value: bool,
    has_formula: bool,
    inline: RichText,
}

impl OpenCell {
    fn event(&mut self, event: &Xml<'_>) {
        self.inline.event(event);
        match event {
            Xml::Start(start) => {
                let name = start.local_name();
                self.in_value = name.as_ref() == "v";
                self.has_value |= self.in_value;
                self.has_formula |= name.as_ref() == "f";
            }
            Xml::End(_) => self.in_value = false,
            Xml::Text(text) if self.in_value => self.value.push_str(text),
            Xml::Text(_) => {}
        }
    }

    /// Whether it has a formula and no result. An empty text is one; an empty value of another type is none.
    fn is_uncomputed(&self) -> bool {
        let is_text = match self.kind.as_str() {
            "str" => self.has_value,
            kind => kind == "inlineStr",
        };
        self.has_formula && self.value.trim().is_empty() && !is_text
    }
}

impl Reader {
    fn start_row(&mut self, start: &BytesStart<'_>) {
        let number = attribute(start, "r").and_then(|r| r.parse::<u32>().ok());
        self.row = number.and_then(|n| n.checked_sub(1)).unwrap_or(self.row).min(LAST_ROW);
        self.column = 0;
    }

    fn start_cell(&mut self, start: &BytesStart<'_>) {
        if let Some((row, column)) = attribute(start, "r").as_deref().and_then(place) {
            (self.row, self.column) = (row, column);
        }
        self.open = Some(OpenCell {
            kind: attribute(start, "t").unwrap_or_default(),
            style: attribute(start, "s").and_then(|s| s.parse().ok()).unwrap_or(0),
            value: String::new(),
            in_value: false,
            has_value: false,
            has_formula: false,
            inline: RichText::default(),
        });
    }

    fn end_cell(&mut self, context: &Context<'_>) -> Option<Cell> {
        let open = self.open.take()?;
        let (row, column) = (self.row, self.column);
        self.column = self.column.saturating_add(1).min(LAST_COLUMN);
        let text = shown(open, context);
        (!text.trim().is_empty()).then(|| Cell::new(row, column, text))
    }
}

fn shown(mut open: OpenCell, context: &Context<'_>) -> String {
    let value = open.value.trim();
    match open.kind.as_str() {
        "s" => value.parse().ok().and_then(|at: usize| context.strings.get(at)).cloned().unwrap_or_default(),
        "inlineStr" => {
            let text = open.inline.take();
            if text.is_empty() { open.value } else { text }
        }
        "str" => unescaped(&open.value),
        "b" => match value {
            "" => String::new(),
            "0" | "false" => "FALSE".to_owned(),
            _ => "TRUE".to_owned(),
        },
        "d" => value.replacen('T', " ", 1),
        "e" => value.to_owned(),
        _ => match (value.parse::<f64>(), context.styles.format(open.style)) {
            (Ok(number), Some(format)) => show_in_cell(number, format, context.epoch_1904),
            (Ok(number), None) => general(number),
            (Err(_), _) => value.to_owned(),
        },
    }
}

/// `B2` as row and column from 0.
fn place(name: &str) -> Option<(u32, u32)> {
    let name = name.replace('$', "");
    let letters = name.chars().take_while(char::is_ascii_alphabetic).count();
    let (letters, digits) = name.split_at_checked(letters)?;
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let number = |sum: u32, letter: u8| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    let column = letters.bytes().fold(0, number) - 1;
    let row = digits.parse::<u32>().ok()?.checked_sub(1)?;
    (row <= LAST_ROW && column <= LAST_COLUMN).then_some((row, column))
}

/// `A1:B2` as a merged range.
fn range(name: &str) -> Option<Merge> {
    let (from, to) = name.split_once(':')?;
    let ((first, left), (last, right)) = (place(from)?, place(to)?);
    (first <= last && left <= right).then_some(Merge { rows: (first, last), columns: (left, right) })
}
