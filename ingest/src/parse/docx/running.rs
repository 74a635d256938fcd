//! Reads the headers and footers that the sections of a DOCX show.

use std::collections::HashMap;

use footnote_core::Result;
use quick_xml::events::BytesStart;

use crate::parse::ooxml::relations::{Relations, relation_id};
use crate::parse::package::Package;
use crate::parse::package::xml::{Xml, attribute, each_event, is_on};
use crate::parse::running_text::{Fields, Line, Lines, Named, Pages, Place, Section, Shown, keep_once};
use crate::parse::symbols::sign;

/// Elements whose content is no text of a header as it is now.
const SKIPPED: &[&str] = &["del", "moveFrom", "Fallback", "tabs", "pPrChange", "rPrChange"];

/// The headers and footers of a document's sections, and whether a part of them could not be read to its end.
#[derive(Default)]
pub(super) struct Running {
    pub(super) sections: Vec<Section>,
    pub(super) is_damaged: bool,
}

impl Running {
    /// Those that the sections of `document`, the text of the part `main`, show; `has_even` where even pages have
    /// their own.
    pub(super) fn read(
        package: &mut Package,
        relations: &Relations,
        (main, document): (&str, &str),
        has_even: bool,
    ) -> Result<Self> {
        let has = |kind| relations.part_of_kind(kind).is_some();
        if !has("header") && !has("footer") {
            return Ok(Self::default());
        }
        let shown = sections_of(relations, main, document, has_even)?;
        let mut is_damaged = false;
        let mut texts: HashMap<&str, Vec<Line>> = HashMap::new();
        for (_, part) in shown.iter().flatten() {
            if texts.contains_key(part) {
                continue;
            }
            let Some(xml) = package.xml(part)? else { continue };
            let (lines, is_whole) = Reader::read(part, &xml);
            is_damaged |= !is_whole;
            texts.insert(*part, lines);
        }
        Ok(Self { sections: keep_once(&shown, texts), is_damaged })
    }
}

/// Whether the settings give even pages headers of their own; damaged ones say nothing.
pub(super) fn has_even_pages(part: &str, xml: &str) -> bool {
    let mut found = false;
    let _damaged = each_event(part, xml, |event| {
        if let Xml::Start(start) = event
            && start.local_name().as_ref() == "evenAndOddHeaders"
        {
            found = is_on(start);
        }
        Ok(())
    });
    found
}

/// The parts that each section shows.
fn sections_of<'r>(
    relations: &'r Relations,
    main: &str,
    document: &str,
    has_even: bool,
) -> Result<Vec<Shown<&'r str>>> {
    let mut named = Named::default();
    let mut open = 0_usize;
    let mut has_first = false;
    each_event(main, document, |event| {
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "sectPr" => {
                    open += 1;
                    has_first = has_first && open > 1;
                }
                name @ ("headerReference" | "footerReference") if open == 1 => {
                    let pages = match attribute(start, "type").as_deref() {
                        Some("first") => Pages::First,
                        Some("even") => Pages::Even,
                        _ => Pages::Most,
                    };
                    let place = Place { is_footer: name == "footerReference", pages };
                    if let Some(part) = relation_id(start, "id").and_then(|id| relations.part(&id)) {
                        named.name(place, part);
                    }
                }
                "titlePg" if open == 1 => has_first = is_on(start),
                _ => {}
            },
            Xml::End("sectPr") => {
                open = open.saturating_sub(1);
                if open == 0 {
                    named.end_section(has_first, has_even);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(named.sections)
}

/// Reads a header or footer: a line per paragraph or row of a table.
#[derive(Default)]
struct Reader {
    lines: Lines,
    fields: Fields,
    /// Rows of tables that are open.
    rows: usize,
    skipped: usize,
    in_text: bool,
    in_code: bool,
    is_hidden: bool,
}

impl Reader {
    /// The lines, and whether they are all.
    fn read(part: &str, xml: &str) -> (Vec<Line>, bool) {
        let mut reader = Self::default();
        let is_whole = each_event(part, xml, |event| {
            reader.event(&event);
            Ok(())
        })
        .is_ok();
        (reader.lines.finish(), is_whole)
    }

    fn event(&mut self, event: &Xml<'_>) {
        match event {
            Xml::Start(start) => {
                if self.skipped > 0 || SKIPPED.contains(&start.local_name().as_ref()) {
                    self.skipped += 1;
                } else {
                    self.start(start);
                }
            }
            Xml::End(_) if self.skipped > 0 => self.skipped -= 1,
            Xml::End(name) => self.end(name),
            Xml::Text(_) if self.skipped > 0 => {}
            Xml::Text(text) if self.in_code => self.fields.add_code(text),
            Xml::Text(text) if self.in_text => self.push(text),
            Xml::Text(_) => {}
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        match start.local_name().as_ref() {
            "p" if self.rows == 0 => self.lines.end_line(),
            "tr" => {
                if self.rows == 0 {
                    self.lines.end_line();
                }
                self.rows += 1;
            }
            "r" => self.is_hidden = false,
            "vanish" => self.is_hidden = is_on(start),
            "t" => self.in_text = true,
            "instrText" => self.in_code = true,
            "fldSimple" => self.fields.open_result(&attribute(start, "instr").unwrap_or_default()),
            "fldChar" => match attribute(start, "fldCharType").as_deref() {
                Some("begin") => self.fields.open(),
                Some("separate") => self.fields.show(),
                _ => self.fields.end(&mut self.lines),
            },
            "tab" | "ptab" | "br" | "cr" => self.lines.tab(),
            "noBreakHyphen" => self.push("-"),
            "sym" => {
                let code = attribute(start, "char").and_then(|code| u32::from_str_radix(&code, 16).ok());
                let font = attribute(start, "font").unwrap_or_default();
                if let Some(shown) = code.and_then(char::from_u32).and_then(|code| sign(&font, code)) {
                    self.push(shown.encode_utf8(&mut [0; 4]));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" => self.end_paragraph(),
            "tc" => self.lines.tab(),
            "tr" => {
                self.rows = self.rows.saturating_sub(1);
                if self.rows == 0 {
                    self.lines.end_line();
                }
            }
            "t" => self.in_text = false,
            "instrText" => self.in_code = false,
            "r" => self.is_hidden = false,
            "fldSimple" => self.fields.end(&mut self.lines),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if !self.is_hidden {
            self.fields.write(text, &mut self.lines);
        }
    }

    fn end_paragraph(&mut self) {
        self.fields.end_paragraph();
        if self.rows == 0 {
            self.lines.end_line();
        } else {
            self.push(" ");
        }
    }
}
