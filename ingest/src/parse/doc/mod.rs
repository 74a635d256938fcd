//! Word 97 to 2003: the text by the piece table of [MS-DOC], paragraphs by their properties, headers by sections.

mod hidden;
mod lists;
mod modifiers;
mod pages;
mod properties;
mod running;
mod styles;

use std::path::Path;

use encoding_rs::WINDOWS_1252;
use footnote_core::parsed::{BlockKind, ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};

use self::hidden::Hidden;
use self::properties::{CellEdges, ParagraphProperties, Properties};
use self::running::Running;
use self::styles::Styles;
use super::builder::DocumentBuilder;
use super::compound::{Compound, REMEDY, size_at, u16_at, u32_at, utf16};
use super::flow::append_table;
use super::limits::ParseLimits;
use super::numbering::Numbering;
use super::running_text::{DAMAGED, Sections};
use super::table::{Edges, TableGrid};

const MAGIC: u16 = 0xa5ec;
/// Offsets in the file information block.
const FLAGS: usize = 0x0a;
const MAIN_LENGTH: usize = 0x4c;
const NOTES_LENGTH: usize = 0x50;
const HEADERS_LENGTH: usize = 0x54;
const PIECES: usize = 0x01a2;

/// Edges of cells this near, in twips, are one: rows round on their own.
const SAME_EDGE: i32 = 40;

/// A character and where in the stream it lies, by which its paragraph's properties are found.
struct Placed {
    c: char,
    at: usize,
}

/// Reads the DOC at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut compound = Compound::open(path)?;
    let missing = || Error::invalid(format!("the DOC has no text that can be found; {REMEDY}"));
    let stream = compound.stream("WordDocument", limits)?.ok_or_else(missing)?;
    let flags = u16_at(&stream, FLAGS).ok_or_else(missing)?;
    if u16_at(&stream, 0) != Some(MAGIC) {
        return Err(Error::invalid(format!("the DOC is older than Word 97 or damaged; {REMEDY}")));
    }
    if flags & 0x0100 != 0 {
        return Err(Error::invalid(
            "the DOC is encrypted with a password; remove the password and save it again",
        ));
    }
    let name = if flags & 0x0200 != 0 { "1Table" } else { "0Table" };
    let table = compound.stream(name, limits)?.ok_or_else(missing)?;
    let main = size_at(&stream, MAIN_LENGTH).unwrap_or(0);
    let notes = size_at(&stream, NOTES_LENGTH).unwrap_or(0);
    let headers = size_at(&stream, HEADERS_LENGTH).unwrap_or(0);
    // Every character has a byte of its own, unless pieces overlap to grow without bound.
    let length = main.saturating_add(notes);
    if length > stream.len() {
        return Err(Error::invalid(format!("the DOC claims more text than it has; {REMEDY}")));
    }
    let mut text = with_headers(&stream, &table, length, headers).ok_or_else(missing)?;
    let has_damaged_headers = headers > text.len().saturating_sub(length);
    let styles = Styles::read(&stream, &table);
    let properties = Properties::read(&stream, &table, &styles);
    blank_hidden(&mut text, &properties, &Hidden::read(&stream, &table, &styles));

    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    if has_damaged_headers {
        builder.warn(WarningKind::Lost, None, DAMAGED);
    }
    let (body, rest) = text.split_at(main.min(text.len()));
    let (notes, headers) = rest.split_at(notes.min(rest.len()));
    let running = Running::read(&stream, &table, headers, &properties);
    let numbering = lists::read(&stream, &table);
    Paragraphs { out: &mut builder, numbering, rows: Vec::new(), row: Vec::new(), cell: String::new() }
        .append(body, &properties, running);
    for note in without_fields(notes).split('\r') {
        builder.block(BlockKind::Footnote, 0, note.trim());
    }
    builder.finish(ContentType::Doc, "cfb 0.14")
}

/// The first `length` characters, and the `headers` behind them where they can be read.
fn with_headers(stream: &[u8], table: &[u8], length: usize, headers: usize) -> Option<Vec<Placed>> {
    let whole = Some(length.saturating_add(headers)).filter(|whole| *whole <= stream.len());
    whole.and_then(|whole| pieces(stream, table, whole)).or_else(|| pieces(stream, table, length))
}

/// The first `length` characters, by the piece table; UTF-16 units count as characters, so those outside
/// of the basic plane take a blank place more.
fn pieces(stream: &[u8], table: &[u8], length: usize) -> Option<Vec<Placed>> {
    let start = size_at(stream, PIECES)?;
    let clx = table.get(start..start.checked_add(size_at(stream, PIECES + 4)?)?)?;
    let mut at = 0;
    // Properties that come before the piece table are skipped.
    while *clx.get(at)? == 1 {
        at += 3 + usize::from(u16_at(clx, at + 1)?);
    }
    let plc = clx.get(at + 5..)?;
    let plc = plc.get(..size_at(clx, at + 1)?.min(plc.len()))?;
    let count = plc.len().checked_sub(4)? / 12;
    let mut text = Vec::new();
    for piece in 0..count {
        let units = size_at(plc, piece * 4 + 4)?.checked_sub(size_at(plc, piece * 4)?)?;
        let units = units.min(length.saturating_sub(text.len()));
        let place = u32_at(plc, (count + 1) * 4 + piece * 8 + 2)?;
        let offset = usize::try_from(place & 0x3fff_ffff).ok()?;
        if place & 0x4000_0000 != 0 {
            let start = offset / 2;
            let bytes = stream.get(start..start.checked_add(units)?)?;
            let (decoded, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
            text.extend(decoded.chars().enumerate().map(|(i, c)| Placed { c, at: start + i }));
        } else {
            let bytes = stream.get(offset..offset.checked_add(units.checked_mul(2)?)?)?;
            let mut at = offset;
            for c in utf16(bytes).chars() {
                text.push(Placed { c, at });
                at += c.len_utf16() * 2;
                text.extend((1..c.len_utf16()).map(|_| Placed { c: '\0', at }));
            }
        }
    }
    Some(text)
}

/// Marks that give the text its structure stay: a field or a table would not end without them.
fn blank_hidden(text: &mut [Placed], properties: &Properties, hidden: &Hidden) {
    for paragraph in text.split_inclusive_mut(ends_paragraph) {
        let by_style = paragraph.last().is_some_and(|last| properties.at(last.at).hides);
        for placed in paragraph {
            if !is_mark(placed.c) && hidden.has(placed.at, by_style) {
                placed.c = '\0';
            }
        }
    }
}

fn ends_paragraph(placed: &Placed) -> bool {
    matches!(placed.c, '\r' | '\u{7}' | '\u{c}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\r' | '\u{7}' | '\u{c}' | '\u{13}'..='\u{15}')
}

/// Text without the instructions of fields, whose results are kept.
fn without_fields(text: &[Placed]) -> String {
    let mut out = String::new();
    // Per open field: whether its instructions still go on.
    let mut fields: Vec<bool> = Vec::new();
    // How many of them do: a damaged text may have as many open fields as characters.
    let mut instructing = 0_usize;
    for placed in text {
        match placed.c {
            '\u{13}' => {
                fields.push(true);
                instructing += 1;
            }
            '\u{14}' => {
                if let Some(instructions) = fields.last_mut() {
                    instructing -= usize::from(std::mem::take(instructions));
                }
            }
            '\u{15}' => instructing -= usize::from(fields.pop().unwrap_or(false)),
            _ if instructing > 0 => {}
            '\u{b}' | '\u{c}' => out.push('\n'),
            '\u{1e}' => out.push('-'),
            '\u{1f}' => {}
            '\t' | '\r' | '\u{7}' => out.push(placed.c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Appends paragraphs and tables.
struct Paragraphs<'b> {
    out: &'b mut DocumentBuilder,
    numbering: Numbering,
    /// The rows of the open table, each with where its cells lie.
    rows: Vec<(Vec<String>, Vec<CellEdges>)>,
    row: Vec<String>,
    cell: String,
}

impl Paragraphs<'_> {
    fn append(mut self, text: &[Placed], properties: &Properties, running: Running) {
        let mut sections = Sections::new(running.sections);
        let mut ends = running.ends.into_iter().peekable();
        let mut at = 0;
        sections.turn(self.out);
        for paragraph in text.split_inclusive(ends_paragraph) {
            let Some(last) = paragraph.last() else { continue };
            let kind = properties.at(last.at);
            let line = without_fields(paragraph);
            let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{7}');
            if kind.row_ends {
                self.rows.push((std::mem::take(&mut self.row), kind.cells));
            } else if last.c == '\u{7}' {
                self.append_to_cell(line, &kind);
                self.row.push(std::mem::take(&mut self.cell));
            } else if kind.in_table {
                self.append_to_cell(line, &kind);
            } else {
                self.end_table();
                self.paragraph(line, &kind);
            }
            at += paragraph.len();
            while ends.next_if(|end| *end <= at).is_some() {
                self.end_table();
                sections.turn(self.out);
            }
        }
        self.end_table();
        sections.finish(self.out);
    }

    fn append_to_cell(&mut self, line: &str, kind: &ParagraphProperties) {
        if line.is_empty() {
            return;
        }
        if !self.cell.is_empty() {
            self.cell.push(' ');
        }
        if let Some((list, level)) = kind.list {
            let number = self.number(list, level);
            self.cell.push_str(number.as_deref().unwrap_or("-"));
            self.cell.push(' ');
        }
        self.cell.push_str(line);
    }

    /// The number of the next item, if it shows one.
    fn number(&mut self, list: u32, level: u8) -> Option<String> {
        self.numbering.next(list, usize::from(level)).filter(|number| !number.is_empty())
    }

    fn end_table(&mut self) {
        if !self.cell.trim().is_empty() {
            self.row.push(std::mem::take(&mut self.cell));
        }
        if !self.row.is_empty() {
            self.rows.push((std::mem::take(&mut self.row), Vec::new()));
        }
        let rows = std::mem::take(&mut self.rows);
        if !rows.is_empty() {
            append_table(self.out, grid(&rows));
        }
    }

    fn paragraph(&mut self, line: &str, kind: &ParagraphProperties) {
        let number = match kind.list {
            Some((list, level)) if !line.is_empty() => self.number(list, level),
            _ => None,
        };
        match (kind.heading, kind.list) {
            (Some(heading), _) => {
                let numbered = number.map(|number| format!("{number} {line}"));
                self.out.heading(heading, numbered.as_deref().unwrap_or(line));
            }
            (None, Some((_, level))) if !line.is_empty() => {
                let marker = number.as_deref().unwrap_or("-");
                self.out.block(BlockKind::ListItem, level.saturating_add(1), &format!("{marker} {line}"));
            }
            _ => self.out.paragraph(line),
        }
    }
}

/// A table whose cells lie where their rows say: cells of different rows may have different widths.
fn grid(rows: &[(Vec<String>, Vec<CellEdges>)]) -> TableGrid {
    let lefts = rows.iter().flat_map(|(_, edges)| edges.iter().map(|cell| cell.left));
    let columns = Edges::new(lefts, SAME_EDGE);
    let mut grid = TableGrid::default();
    for (cells, edges) in rows {
        grid.start_row();
        for (index, cell) in cells.iter().enumerate() {
            let edges = edges.get(index);
            let width = edges.map_or(1, |edges| columns.span(edges.left, edges.right));
            if cell.trim().is_empty() && edges.is_some_and(|edges| edges.continues_above) {
                grid.continue_above(width);
            } else {
                grid.cell(cell, width, 1);
            }
        }
    }
    grid
}

#[cfg(test)]
mod tests;
