//! Headers and footers of a DOC: stories of a text of their own, six for each section.

use std::collections::HashMap;

use super::modifiers::Modifiers;
use super::properties::Properties;
use super::{Placed, ends_paragraph};
use crate::parse::compound::{size_at, u16_at};
use crate::parse::running_text::{Fields, Line, Lines, Named, Pages, Place, Section, keep_once};

/// Where the file information block names the table of sections, that of stories, and the document's properties.
pub(super) const SECTIONS: usize = 0x00ca;
pub(super) const STORIES: usize = 0x00f2;
pub(super) const DOCUMENT: usize = 0x0192;
/// The modifier by which the first page of a section has headers of its own.
const TITLE_PAGE: u16 = 0x300a;
/// The flag of the document by which even pages have their own.
const FACING_PAGES: u8 = 1;
/// Most bytes of the properties of a section that are looked at.
const MAX_SECTION_BYTES: usize = 1_024;
/// Stories before those of the sections: what parts notes from the text.
const SEPARATORS: usize = 6;
/// The stories of a section.
const PLACES: [Place; 6] = [
    Place { is_footer: false, pages: Pages::Even },
    Place { is_footer: false, pages: Pages::Most },
    Place { is_footer: true, pages: Pages::Even },
    Place { is_footer: true, pages: Pages::Most },
    Place { is_footer: false, pages: Pages::First },
    Place { is_footer: true, pages: Pages::First },
];

/// What is kept of the sections, and where in the text they end.
#[derive(Default)]
pub(super) struct Running {
    pub(super) sections: Vec<Section>,
    pub(super) ends: Vec<usize>,
}

impl Running {
    /// Reads what can be read; `text` is that of all headers and footers.
    pub(super) fn read(stream: &[u8], table: &[u8], text: &[Placed], properties: &Properties) -> Self {
        const SECTION_BYTES: usize = 12;
        let sections = named(stream, table, SECTIONS);
        let count = sections.len().saturating_sub(4) / (4 + SECTION_BYTES);
        let stories = named(stream, table, STORIES);
        let has_even = named(stream, table, DOCUMENT).first().is_some_and(|flags| flags & FACING_PAGES != 0);
        let (mut found, mut texts, mut ends) = (Named::default(), HashMap::new(), Vec::new());
        let mut read = 0;
        for section in 0..count {
            for (index, place) in (SEPARATORS + PLACES.len() * section..).zip(PLACES) {
                let story = size_at(stories, index * 4).zip(size_at(stories, index * 4 + 4));
                let Some((start, end)) = story else { break };
                // Those of damaged files may overlap. An empty one is that of the section before.
                let story = text.get(start.max(read)..end).filter(|story| !story.is_empty());
                if let Some(story) = story {
                    read = end;
                    found.name(place, index);
                    texts.insert(index, lines(story, properties));
                }
            }
            let at = (count + 1) * 4 + section * SECTION_BYTES + 2;
            found.end_section(has_title_page(stream, size_at(sections, at)), has_even);
            ends.extend(size_at(sections, (section + 1) * 4));
        }
        Self { sections: keep_once(&found.sections, texts), ends }
    }
}

/// The bytes that the file information block names at `at`.
fn named<'t>(stream: &[u8], table: &'t [u8], at: usize) -> &'t [u8] {
    let place = size_at(stream, at).zip(size_at(stream, at + 4));
    place.and_then(|(start, length)| table.get(start..start.checked_add(length)?)).unwrap_or_default()
}

/// Whether the properties of a section, which lie at `at`, give its first page headers of its own.
fn has_title_page(stream: &[u8], at: Option<usize>) -> bool {
    let properties = at.and_then(|at| {
        let length = usize::from(u16_at(stream, at)?).min(MAX_SECTION_BYTES);
        stream.get(at + 2..at + 2 + length)
    });
    let mut modifiers = Modifiers(properties.unwrap_or_default());
    modifiers.any(|(code, operand)| code == TITLE_PAGE && operand.first().is_some_and(|&on| on != 0))
}

/// A line per paragraph or row of a table.
fn lines(story: &[Placed], properties: &Properties) -> Vec<Line> {
    let (mut lines, mut fields) = (Lines::default(), Fields::default());
    for placed in story {
        match placed.c {
            '\u{13}' => fields.open(),
            '\u{14}' => fields.show(),
            '\u{15}' => fields.end(&mut lines),
            _ if ends_paragraph(placed) => {
                fields.end_paragraph();
                let kind = properties.at(placed.at);
                match placed.c {
                    '\u{7}' if !kind.row_ends => lines.tab(),
                    '\r' if kind.in_table => lines.push(" "),
                    _ => lines.end_line(),
                }
            }
            '\t' | '\u{b}' => lines.tab(),
            '\u{1e}' => fields.write("-", &mut lines),
            c if c.is_control() => {}
            c => {
                let mut bytes = [0; 4];
                let text = c.encode_utf8(&mut bytes);
                if fields.has_open_code() {
                    fields.add_code(text);
                } else {
                    fields.write(text, &mut lines);
                }
            }
        }
    }
    lines.finish()
}
