//! Walks the events of the main part and appends blocks.

use std::collections::HashMap;

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, WarningKind};
use quick_xml::events::BytesStart;

use super::math::Math;
use super::styles::{StyleRole, Styles};
use super::{NoteKind, Notes};
use crate::parse::alternative::{alternative_text, unread_files, unread_pictures};
use crate::parse::builder::DocumentBuilder;
use crate::parse::flow::append_table;
use crate::parse::numbering::Numbering;
use crate::parse::ooxml::Drawing;
use crate::parse::package::xml::{Xml, attribute, each_event, is_on};
use crate::parse::running_text::{Section, Sections};
use crate::parse::symbols::sign;
use crate::parse::table::TableGrid;

/// Elements whose content is not the text: deletions, the fallback copy of what was read already,
/// field codes, the definitions of tab stops, and properties as they were before a tracked change.
const SKIPPED: &[&str] = &[
    "del",
    "moveFrom",
    "Fallback",
    "instrText",
    "delText",
    "tabs",
    "sectPr",
    "rubyPr",
    "pPrChange",
    "rPrChange",
    "tblPrChange",
    "trPrChange",
    "tcPrChange",
    "sectPrChange",
    "numberingChange",
];

/// The reader's state.
pub(crate) struct Body<'b> {
    out: &'b mut DocumentBuilder,
    styles: Styles,
    numbering: Numbering,
    notes: Notes,
    /// Open paragraphs: one, or more where a text box lies within a paragraph.
    paragraphs: Vec<Paragraph>,
    /// Open tables, the innermost last.
    tables: Vec<Table>,
    pending_notes: Vec<(NoteKind, String)>,
    /// Charts and diagrams by the id of their relationship, and those that follow the open paragraph.
    drawings: HashMap<String, Drawing>,
    pending_drawings: Vec<String>,
    /// The alternative text of the next picture, and those of pictures that the open paragraph has.
    alternative: Option<String>,
    pending_pictures: Vec<String>,
    /// The open equation, and whether it stands on a line of its own.
    math: Option<Math>,
    displayed: bool,
    /// The state of the check box whose picture comes next.
    checked: Option<bool>,
    skip: Option<(String, usize)>,
    in_text: bool,
    hidden_run: bool,
    /// The font that the open run names.
    font: Option<String>,
    /// Characters of hidden runs, blanks aside.
    hidden: usize,
    /// Characters of symbol fonts whose signs are not known.
    symbols: usize,
    unread: Unread,
    sections: Sections,
    /// Whether the open paragraph is the last of its section.
    ends_section: bool,
}

/// What the body holds and is not read.
#[derive(Default)]
struct Unread {
    /// Pictures that nobody described.
    pictures: usize,
    /// Files of other programs (OLE).
    objects: usize,
    /// Documents that Word would put into this one when it is opened.
    documents: usize,
}

#[derive(Default)]
struct Paragraph {
    text: String,
    style: String,
    outline: Option<u8>,
    list: Option<u32>,
    level: Option<usize>,
}

#[derive(Default)]
struct Table {
    grid: TableGrid,
    /// Columns that its grid declares.
    declared: usize,
    /// A frame around text: a table of one column that lies in no other is read as the blocks within it.
    is_frame: bool,
    cell: String,
    columns: usize,
    continues_above: bool,
}

impl<'b> Body<'b> {
    /// Appends to `out`.
    pub(crate) fn new(
        out: &'b mut DocumentBuilder,
        styles: Styles,
        numbering: Numbering,
        notes: Notes,
        drawings: HashMap<String, Drawing>,
        sections: Vec<Section>,
    ) -> Self {
        let mut body = Self {
            out,
            styles,
            numbering,
            notes,
            paragraphs: Vec::new(),
            tables: Vec::new(),
            pending_notes: Vec::new(),
            drawings,
            pending_drawings: Vec::new(),
            alternative: None,
            pending_pictures: Vec::new(),
            math: None,
            displayed: false,
            checked: None,
            skip: None,
            in_text: false,
            hidden_run: false,
            font: None,
            hidden: 0,
            symbols: 0,
            unread: Unread::default(),
            sections: Sections::new(sections),
            ends_section: false,
        };
        body.sections.turn(body.out);
        body
    }

    /// Takes the next event.
    pub(crate) fn event(&mut self, event: Xml<'_>) {
        if self.skipping(&event) {
            return;
        }
        match event {
            Xml::Start(start) => self.start(start),
            Xml::End(name) => self.end(name),
            Xml::Text(text) if self.in_text && self.hidden_run => {
                self.hidden += text.chars().filter(|c| !c.is_whitespace()).count();
            }
            Xml::Text(text) if self.in_text => self.run_text(text),
            Xml::Text(_) => {}
        }
    }

    /// Appends what is still open, as a truncated part leaves it.
    pub(crate) fn finish(mut self) {
        while !self.paragraphs.is_empty() {
            self.end_paragraph();
        }
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.append_notes();
        self.sections.finish(self.out);
        if self.symbols > 0 {
            let message =
                format!("{} characters of symbol fonts have no text and were left out", self.symbols);
            self.out.warn(WarningKind::Lost, None, message);
        }
        self.out.warn_of_hidden_text(self.hidden);
        self.warn_of_unread();
    }

    fn warn_of_unread(&mut self) {
        let Unread { pictures, objects, documents } = self.unread;
        let unread = unread_pictures(pictures).into_iter().chain(unread_files(objects));
        unread.for_each(|warning| self.out.warn(WarningKind::Lost, None, warning));
        if documents > 0 {
            let message = format!(
                "not read: {documents} inserted documents (altChunk); open the file in Word and save it again"
            );
            self.out.warn(WarningKind::Lost, None, message);
        }
    }

    fn skipping(&mut self, event: &Xml<'_>) -> bool {
        match (&mut self.skip, event) {
            (Some((name, depth)), Xml::Start(start)) => {
                *depth += usize::from(start.local_name().as_ref() == name.as_str());
                true
            }
            (Some((name, depth)), Xml::End(end)) => {
                *depth -= usize::from(name == end);
                if *depth == 0 {
                    self.skip = None;
                }
                true
            }
            (Some(_), Xml::Text(_)) => true,
            (None, Xml::Start(start)) => {
                let name = start.local_name();
                let skipped = SKIPPED.contains(&name.as_ref());
                self.ends_section |= name.as_ref() == "sectPr" && !self.paragraphs.is_empty();
                if skipped {
                    self.skip = Some((name.as_ref().to_owned(), 1));
                }
                skipped
            }
            (None, _) => false,
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        if let Some(math) = &mut self.math {
            math.start(start);
        }
        let value = || attribute(start, "val");
        match start.local_name().as_ref() {
            "p" => self.paragraphs.push(Paragraph::default()),
            "pStyle" => self.set(|p| p.style = value().unwrap_or_default()),
            "outlineLvl" => self.set(|p| p.outline = value().and_then(|v| v.parse().ok())),
            "numId" => self.set(|p| p.list = value().and_then(|v| v.parse().ok())),
            "ilvl" => self.set(|p| p.level = value().and_then(|v| v.parse().ok())),
            "r" => (self.hidden_run, self.font) = (false, None),
            "rFonts" => self.font = attribute(start, "ascii"),
            "vanish" => self.hidden_run = is_on(start),
            "t" => self.in_text = true,
            "oMathPara" => self.displayed = true,
            "oMath" if self.math.is_none() => self.math = Some(Math::default()),
            "checkBox" | "checkbox" => self.checked = Some(false),
            "default" | "checked" if self.checked.is_some() => self.checked = Some(is_on(start)),
            "altChunk" => self.unread.documents += 1,
            "OLEObject" if attribute(start, "Type").as_deref() != Some("Link") => self.unread.objects += 1,
            "docPr" => self.alternative = attribute(start, "descr"),
            "cNvPr" => {
                let own = || attribute(start, "descr").unwrap_or_default();
                self.alternative.get_or_insert_with(own);
            }
            "chart" => self.pending_drawings.extend(attribute(start, "id")),
            "relIds" => self.pending_drawings.extend(attribute(start, "dm")),
            "tab" | "ptab" => self.push("\t"),
            "br" | "cr" => self.push("\n"),
            "sym" if !self.hidden_run => self.symbol(start),
            "noBreakHyphen" => self.push("-"),
            "footnoteReference" | "endnoteReference" | "commentReference" => {
                let kind = match start.local_name().as_ref() {
                    "footnoteReference" => NoteKind::Footnote,
                    "endnoteReference" => NoteKind::Endnote,
                    _ => NoteKind::Comment,
                };
                self.pending_notes.extend(attribute(start, "id").map(|id| (kind, id)));
            }
            "tbl" => self.tables.push(Table::default()),
            "gridCol" => self.tables.last_mut().into_iter().for_each(|table| table.declared += 1),
            "tr" => {
                if let Some((table, around)) = self.tables.split_last_mut() {
                    table.is_frame = table.declared == 1 && around.iter().all(|outer| outer.is_frame);
                    table.grid.start_row();
                }
            }
            "tblHeader" if is_on(start) => {
                self.tables.last_mut().into_iter().for_each(|table| table.grid.mark_header());
            }
            "tc" => {
                if let Some(table) = self.tables.last_mut() {
                    (table.columns, table.continues_above) = (1, false);
                    table.cell.clear();
                }
            }
            "gridSpan" => {
                if let Some(table) = self.tables.last_mut() {
                    table.columns = value().and_then(|v| v.parse().ok()).unwrap_or(1);
                }
            }
            "vMerge" => {
                if let Some(table) = self.tables.last_mut() {
                    table.continues_above = value().as_deref() != Some("restart");
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if let Some(math) = &mut self.math {
            math.end(name);
        }
        match name {
            "oMath" => self.end_math(),
            "oMathPara" => self.displayed = false,
            "pic" => self.end_picture(),
            // A form field has no picture of its own.
            "checkBox" => self.push(""),
            "p" => self.end_paragraph(),
            "t" => self.in_text = false,
            "r" => (self.hidden_run, self.font) = (false, None),
            "tc" => {
                if let Some(table) = self.tables.last_mut().filter(|table| !table.is_frame) {
                    let cell = std::mem::take(&mut table.cell);
                    if table.continues_above && cell.trim().is_empty() {
                        table.grid.continue_above(table.columns);
                    } else {
                        table.grid.cell(&cell, table.columns, 1);
                    }
                }
            }
            "tbl" => self.end_table(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(math) = &mut self.math {
            math.text(text);
            return;
        }
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        if let Some(checked) = self.checked.take() {
            paragraph.text.push_str(if checked { "[x]" } else { "[ ]" });
            if !text.contains(char::is_alphanumeric) {
                return;
            }
        }
        paragraph.text.push_str(text);
    }

    /// Equations are set apart by dollar signs, those on a line of their own by two.
    fn end_math(&mut self) {
        let latex = self.math.take().map(Math::finish).unwrap_or_default();
        if latex.is_empty() {
            return;
        }
        let (mark, displayed) = if self.displayed { ("$$", true) } else { ("$", false) };
        let before = self.paragraphs.last().map_or("", |paragraph| paragraph.text.as_str());
        let gap = match before.chars().last() {
            Some('$') if displayed => "\n",
            Some(c) if c == '$' || c.is_alphanumeric() => " ",
            _ => "",
        };
        let equation = format!("{gap}{mark}{latex}{mark}");
        self.push(&equation);
    }

    /// Text of a run: letters of symbol fonts stand in the private area.
    fn run_text(&mut self, text: &str) {
        match self.font.take() {
            Some(font) if text.contains(is_private) => {
                let shown = |c: char| if is_private(c) { sign(&font, c).unwrap_or(c) } else { c };
                self.push(&text.chars().map(shown).collect::<String>());
                self.font = Some(font);
            }
            font => {
                self.push(text);
                self.font = font;
            }
        }
    }

    /// A character by its code in hexadecimal; symbol fonts use codes that mean nothing elsewhere.
    fn symbol(&mut self, start: &BytesStart<'_>) {
        let code = attribute(start, "char").and_then(|c| u32::from_str_radix(&c, 16).ok());
        let font = attribute(start, "font").unwrap_or_default();
        let shown = code.and_then(char::from_u32).and_then(|c| {
            let is_text = !c.is_control() && !is_private(c);
            sign(&font, c).or_else(|| is_text.then_some(c))
        });
        match shown {
            Some(c) => self.push(c.encode_utf8(&mut [0; 4])),
            None => self.symbols += 1,
        }
    }

    /// What a picture shows is said after its paragraph, or within its cell.
    fn end_picture(&mut self) {
        let Some(text) = self.alternative.take().and_then(|text| alternative_text(&text)) else {
            self.unread.pictures += 1;
            return;
        };
        if self.tables.last().is_some_and(|table| !table.is_frame) {
            self.push(&format!(" {text} "));
        } else {
            self.pending_pictures.push(text);
        }
    }

    fn set(&mut self, change: impl FnOnce(&mut Paragraph)) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            change(paragraph);
        }
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraphs.pop() else { return };
        if self.tables.last().is_some_and(|table| !table.is_frame) {
            self.append_to_cell(&paragraph);
            return;
        }
        self.append_paragraph(&paragraph);
        if self.paragraphs.is_empty() {
            self.append_notes();
            if std::mem::take(&mut self.ends_section) {
                self.sections.turn(self.out);
            }
        }
    }

    fn append_to_cell(&mut self, paragraph: &Paragraph) {
        if paragraph.text.trim().is_empty() {
            return;
        }
        let list = self.list_of(paragraph);
        let marker =
            list.map(|(list, level)| self.numbering.next(list, level).unwrap_or_else(|| "-".to_owned()));
        let Some(table) = self.tables.last_mut() else { return };
        for part in marker.iter().chain([&paragraph.text]) {
            table.cell.push_str(part);
            table.cell.push(' ');
        }
    }

    fn append_paragraph(&mut self, paragraph: &Paragraph) {
        let text = paragraph.text.as_str();
        if text.trim().is_empty() {
            return;
        }
        let role = match paragraph.outline.filter(|&o| o < 9) {
            Some(outline) => StyleRole::Heading((outline + 1).min(6)),
            None => self.styles.role(&paragraph.style),
        };
        match role {
            StyleRole::Title => {
                self.out.title(text);
                self.out.heading(1, text);
            }
            StyleRole::Heading(level) => {
                let list = self.list_of(paragraph);
                match list.and_then(|(list, level)| self.numbering.next(list, level)) {
                    Some(number) => self.out.heading(level, &format!("{number} {}", text.trim_start())),
                    None => self.out.heading(level, text),
                }
            }
            StyleRole::Quote => self.out.block(BlockKind::Quote, 0, text),
            StyleRole::Code => self.out.block(BlockKind::Code, 0, text),
            StyleRole::Body => match self.list_of(paragraph) {
                Some((list, level)) => {
                    let number = self.numbering.next(list, level);
                    let marker = number.as_deref().unwrap_or("-");
                    let depth = u8::try_from(level + 1).unwrap_or(u8::MAX);
                    self.out.block(BlockKind::ListItem, depth, &format!("{marker} {}", text.trim_start()));
                }
                None => self.out.paragraph(text),
            },
        }
    }

    /// The list and level (from 0) of a paragraph; list 0 means "taken out of its style's list".
    fn list_of(&self, paragraph: &Paragraph) -> Option<(u32, usize)> {
        let from_style = self.styles.numbering(&paragraph.style);
        let list = paragraph.list.or(from_style.map(|(list, _)| list)).filter(|&list| list != 0)?;
        Some((list, paragraph.level.or(from_style.map(|(_, level)| level)).unwrap_or(0)))
    }

    fn end_table(&mut self) {
        let Some(table) = self.tables.pop() else { return };
        if table.is_frame {
            return;
        }
        match self.tables.last_mut().filter(|outer| !outer.is_frame) {
            // A table within a cell is read as the cell's text.
            Some(outer) => {
                outer.cell.push_str(&within_cell(table.grid));
                outer.cell.push(' ');
            }
            None => {
                append_table(self.out, table.grid);
                self.append_notes();
            }
        }
    }

    /// The pictures, charts, diagrams and notes that what was appended refers to.
    fn append_notes(&mut self) {
        for text in std::mem::take(&mut self.pending_pictures) {
            self.out.paragraph(&text);
        }
        for id in std::mem::take(&mut self.pending_drawings) {
            if let Some(drawing) = self.drawings.remove(&id) {
                drawing.append(self.out);
            }
        }
        for reference in std::mem::take(&mut self.pending_notes) {
            if let Some(text) = self.notes.get(&reference) {
                self.out.block(BlockKind::Footnote, 0, text);
            }
        }
    }
}

/// The rows of a table within a cell, apart from each other, and their cells, too.
fn within_cell(grid: TableGrid) -> String {
    let rows = grid.into_rows().into_iter().map(|mut row| {
        row.retain(|cell| !cell.is_empty());
        row.join(", ")
    });
    rows.collect::<Vec<_>>().join("; ")
}

/// Whether a character has no meaning but in its font.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}')
}

/// Reads `footnotes.xml` or `endnotes.xml`.
pub(crate) fn read_notes(part: &str, xml: &str, kind: NoteKind, notes: &mut Notes) -> Result<()> {
    let mut id = String::new();
    let mut text = String::new();
    let mut in_text = false;
    let mut deleted = 0_usize;
    each_event(part, xml, |event| {
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "footnote" | "endnote" => {
                    id = attribute(start, "id").unwrap_or_default();
                    text.clear();
                }
                "del" | "moveFrom" => deleted += 1,
                "t" => in_text = true,
                "tab" | "br" => text.push(' '),
                _ => {}
            },
            Xml::End("footnote" | "endnote") => {
                notes.insert((kind, std::mem::take(&mut id)), text.trim().to_owned());
            }
            Xml::End("del" | "moveFrom") => deleted = deleted.saturating_sub(1),
            Xml::End("t") => in_text = false,
            Xml::End("p") => text.push('\n'),
            Xml::Text(part) if in_text && deleted == 0 => text.push_str(part),
            Xml::End(_) | Xml::Text(_) => {}
        }
        Ok(())
    })
}
