//! Headers and footers of the pages: what they say is kept once, the numbers of the pages aside.

use std::collections::{HashMap, HashSet};

use footnote_core::Result;
use quick_xml::events::BytesStart;

use crate::parse::ooxml::relations::{Relations, relation_id};
use crate::parse::package::Package;
use crate::parse::package::xml::{Xml, attribute, each_event, is_on};
use crate::parse::symbols::sign;
use crate::parse::table::one_line;

/// Elements whose content is no text of a header as it is now.
const SKIPPED: &[&str] = &["del", "moveFrom", "Fallback", "tabs", "pPrChange", "rPrChange"];

/// Fields whose result changes from page to page or with the day, or is a heading's text once more.
const COMPUTED: &[&str] =
    &["PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION", "DATE", "TIME", "PRINTDATE", "SAVEDATE", "STYLEREF"];

/// Words around the number of a page.
const PAGE_WORDS: &[&str] = &[
    "page",
    "pages",
    "p",
    "pg",
    "of",
    "seite",
    "seiten",
    "blatt",
    "von",
    "sur",
    "de",
    "página",
    "pagina",
    "di",
    "van",
    "стр",
    "страница",
    "из",
    "ページ",
    "페이지",
];

/// Signs around the number of a page in Chinese.
const PAGE_SIGNS: &[char] = &['第', '页', '頁', '共', '总', '總', '张'];

/// Deepest nesting of fields that is told apart, and how much of a field's code is kept: its name comes first.
const MAX_FIELDS: usize = 64;
const MAX_CODE: usize = 100;

/// What stands above and below the pages of a section and of none before or after it.
#[derive(Default)]
pub(super) struct Section {
    /// Of the first section with these.
    pub(super) headers: Vec<String>,
    /// Of the last section with these.
    pub(super) footers: Vec<String>,
}

/// The headers and footers of a document's sections, and whether a part of them could not be read to its end.
#[derive(Default)]
pub(super) struct Running {
    pub(super) sections: Vec<Section>,
    pub(super) is_damaged: bool,
}

/// Pages that a header or footer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Pages {
    First,
    Most,
    Even,
}

/// A header or footer as a section names it.
type Place = (bool, Pages);

impl Running {
    /// Those that the sections of `document`, the text of the part `main`, show; `has_even` where even pages have
    /// their own.
    pub(super) fn read(
        package: &mut Package,
        relations: &Relations,
        (main, document): (&str, &str),
        has_even: bool,
    ) -> Result<Self> {
        let mut running = Self::default();
        let has = |kind| relations.part_of_kind(kind).is_some();
        if !has("header") && !has("footer") {
            return Ok(running);
        }
        let shown = sections_of(main, document, has_even)?;
        running.sections.resize_with(shown.len(), Section::default);
        let (mut parts, mut seen) = (HashSet::new(), HashSet::new());
        let headers = (0..shown.len()).map(|index| (index, false));
        let footers = (0..shown.len()).rev().map(|index| (index, true));
        for (index, is_footer) in headers.chain(footers) {
            let ids = shown[index].iter().filter(|(of_footer, _)| *of_footer == is_footer);
            for part in ids.filter_map(|(_, id)| relations.part(id)) {
                if !parts.insert(part) {
                    continue;
                }
                let Some(xml) = package.xml(part)? else { continue };
                let (lines, is_whole) = Reader::read(part, &xml);
                running.is_damaged |= !is_whole;
                let new = lines.into_iter().filter(|line| seen.insert(line.key.clone()));
                let section = &mut running.sections[index];
                let texts = if is_footer { &mut section.footers } else { &mut section.headers };
                texts.extend(new.map(|line| line.text));
            }
        }
        Ok(running)
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

/// Per section, whether it is a footer and the id of each header and footer that it shows. A section without its own
/// has those of the one before.
fn sections_of(main: &str, document: &str, has_even: bool) -> Result<Vec<Vec<(bool, String)>>> {
    let mut sections = Vec::new();
    let mut named: HashMap<Place, String> = HashMap::new();
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
                    if let Some(id) = relation_id(start, "id") {
                        named.insert((name == "footerReference", pages), id);
                    }
                }
                "titlePg" if open == 1 => has_first = is_on(start),
                _ => {}
            },
            Xml::End("sectPr") => {
                open = open.saturating_sub(1);
                if open == 0 {
                    sections.push(shown(&named, has_first, has_even));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(sections)
}

fn shown(named: &HashMap<Place, String>, has_first: bool, has_even: bool) -> Vec<(bool, String)> {
    let pages = [(Pages::First, has_first), (Pages::Most, true), (Pages::Even, has_even)];
    let pages = pages.into_iter().filter(|(_, is_shown)| *is_shown);
    let places = pages.flat_map(|(pages, _)| [(false, pages), (true, pages)]);
    places.filter_map(|place| Some((place.0, named.get(&place)?.clone()))).collect()
}

/// A line of a header.
struct Line {
    text: String,
    /// What tells it from others: the text without what fields compute.
    key: String,
}

/// What stands between two tabs of a line, or in a cell.
#[derive(Default)]
struct Segment {
    text: String,
    /// The text without what fields compute.
    own: String,
    is_computed: bool,
}

impl Segment {
    /// Whether it says nothing but which page this is, or which day.
    fn tells_nothing(&self) -> bool {
        let words = || self.own.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let has_digits = self.own.contains(|c: char| c.is_ascii_digit());
        let is_of_page = |word: &str| {
            // A number goes with signs, `第3页`; with a letter it is a name, `P3`.
            PAGE_WORDS.contains(&word.to_lowercase().as_str())
                || word.chars().all(|c| c.is_ascii_digit() || PAGE_SIGNS.contains(&c))
        };
        if self.is_computed {
            return !has_digits && words().all(is_of_page);
        }
        let is_named = words().any(|word| word.chars().any(char::is_alphabetic));
        words().next().is_none() || has_digits && is_named && words().all(is_of_page)
    }
}

/// A field of Word.
#[derive(Default)]
struct Field {
    code: String,
    /// Whether its result has begun.
    shows: bool,
}

impl Field {
    fn add_code(&mut self, text: &str) {
        let left = MAX_CODE.saturating_sub(self.code.len());
        self.code.extend(text.chars().take(left));
    }

    fn is_computed(&self) -> bool {
        let name = self.code.split_whitespace().next().unwrap_or_default().to_uppercase();
        COMPUTED.contains(&name.as_str())
    }
}

/// Reads a header or footer: a line per paragraph or row of a table.
#[derive(Default)]
struct Reader {
    lines: Vec<Line>,
    /// Of the open line, the last one open.
    segments: Vec<Segment>,
    fields: Vec<Field>,
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
        reader.end_line();
        (reader.lines, is_whole)
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
            Xml::Text(text) if self.in_code => {
                self.fields.last_mut().into_iter().for_each(|field| field.add_code(text));
            }
            Xml::Text(text) if self.in_text => self.push(text),
            Xml::Text(_) => {}
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        match start.local_name().as_ref() {
            "p" if self.rows == 0 => self.end_line(),
            "tr" => {
                if self.rows == 0 {
                    self.end_line();
                }
                self.rows += 1;
            }
            "r" => self.is_hidden = false,
            "vanish" => self.is_hidden = is_on(start),
            "t" => self.in_text = true,
            "instrText" => self.in_code = true,
            "fldSimple" => {
                let mut field = Field { shows: true, ..Field::default() };
                field.add_code(&attribute(start, "instr").unwrap_or_default());
                self.open_field(field);
            }
            "fldChar" => match attribute(start, "fldCharType").as_deref() {
                Some("begin") => self.open_field(Field::default()),
                Some("separate") => self.fields.last_mut().into_iter().for_each(|field| field.shows = true),
                _ => self.end_field(),
            },
            "tab" | "ptab" | "br" | "cr" => self.segments.push(Segment::default()),
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
            "tc" => self.segments.push(Segment::default()),
            "tr" => {
                self.rows = self.rows.saturating_sub(1);
                if self.rows == 0 {
                    self.end_line();
                }
            }
            "t" => self.in_text = false,
            "instrText" => self.in_code = false,
            "r" => self.is_hidden = false,
            "fldSimple" => self.end_field(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if self.is_hidden || self.fields.iter().any(|field| !field.shows) {
            return;
        }
        let is_computed = self.fields.iter().any(Field::is_computed);
        let segment = self.open_segment();
        segment.text.push_str(text);
        if is_computed {
            segment.is_computed = true;
        } else {
            segment.own.push_str(text);
        }
    }

    fn open_field(&mut self, field: Field) {
        if self.fields.len() < MAX_FIELDS {
            self.fields.push(field);
        }
    }

    /// A field may have no result yet.
    fn end_field(&mut self) {
        if self.fields.pop().is_some_and(|field| field.is_computed()) {
            self.open_segment().is_computed = true;
        }
    }

    fn open_segment(&mut self) -> &mut Segment {
        if self.segments.is_empty() {
            self.segments.push(Segment::default());
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }

    /// A field that nothing ended is of no other paragraph: it would take their text along.
    fn end_paragraph(&mut self) {
        self.fields.clear();
        if self.rows == 0 {
            self.end_line();
        } else {
            self.push(" ");
        }
    }

    fn end_line(&mut self) {
        let mut segments = std::mem::take(&mut self.segments);
        segments.retain(|segment| !segment.tells_nothing());
        if segments.is_empty() {
            return;
        }
        let text = joined(segments.iter().map(|segment| segment.text.as_str()));
        let key = joined(segments.iter().map(|segment| segment.own.as_str()));
        self.lines.push(Line { text, key });
    }
}

fn joined<'s>(segments: impl Iterator<Item = &'s str>) -> String {
    segments.map(one_line).collect::<Vec<_>>().join("\t")
}
