//! PowerPoint 97 to 2003 (\[MS-PPT\]): texts and tables, slide by slide.

mod records;
mod shapes;
mod styles;
mod texts;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use footnote_core::parsed::{ContentType, Page, PageKind, ParsedDocument};
use footnote_core::{Error, Result};

use self::records::{persists, record_at, records};
use self::shapes::{Said, said_within};
use self::texts::{Purpose, Text, Texts};
use super::builder::DocumentBuilder;
use super::compound::{Compound, REMEDY, size_at, u32_at};
use super::flow::append_table;
use super::limits::ParseLimits;

/// Types of records.
const DOCUMENT: u16 = 0x03e8;
const SLIDE: u16 = 0x03ee;
const NOTES: u16 = 0x03f0;
const SLIDE_PERSIST: u16 = 0x03f3;
const SLIDE_LIST: u16 = 0x0ff0;
const CRYPT_SESSION: u16 = 0x2f14;

/// What a slide says.
#[derive(Default)]
struct Slide {
    /// Identifier of the slide's own record.
    persist: u32,
    /// Identifier by which its notes name it.
    id: u32,
    /// Its texts in the list of slides, to which shapes refer.
    outline: Texts,
    said: Vec<Said>,
}

/// Reads the PPT at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut compound = Compound::open(path)?;
    let missing = || Error::invalid(format!("the PPT has no text that can be found; {REMEDY}"));
    let stream = compound.stream("PowerPoint Document", limits)?.ok_or_else(missing)?;
    let current = compound.stream("Current User", limits)?.unwrap_or_default();
    let encrypted = u32_at(&current, 12) == Some(0xf3d1_c4df)
        || records(&stream).any(|record| record.kind == CRYPT_SESSION);
    if encrypted {
        return Err(Error::invalid(
            "the PPT is encrypted with a password; remove the password and save it again",
        ));
    }
    let persists = persists(&stream, size_at(&current, 16).unwrap_or(usize::MAX));
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    for (index, slide) in slides(&stream, &persists).into_iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        builder.start(Page { number, kind: PageKind::Slide, ..Page::default() });
        append(&mut builder, slide);
    }
    builder.finish(ContentType::Ppt, "cfb 0.14")
}

fn append(out: &mut DocumentBuilder, slide: Slide) {
    for said in slide.said {
        match said {
            Said::Text(text) => text.append(out),
            Said::Table(grid) => append_table(out, grid),
        }
    }
}

/// The slides in the order of the presentation: their outline lies in the list of slides, their other
/// texts and tables in their own records.
fn slides(stream: &[u8], persists: &HashMap<u32, usize>) -> Vec<Slide> {
    let (mut slides, mut notes) = (Vec::new(), Vec::new());
    // The newest document is the last one in a file that was saved fast.
    let Some(document) = records(stream).filter(|r| r.kind == DOCUMENT).last() else { return slides };
    for list in records(document.content).filter(|r| r.kind == SLIDE_LIST) {
        match list.instance {
            0 => slides = read_list(list.content),
            2 => notes = read_list(list.content),
            _ => {}
        }
    }
    let own = |slide: &Slide, kind: u16| {
        let record = persists.get(&slide.persist).and_then(|&at| record_at(stream, at));
        record.filter(|r| r.kind == kind)
    };
    // A record is read once, should a damaged file have several slides or notes that share it.
    let mut seen = HashSet::new();
    let mut notes: HashMap<u32, Vec<Text>> = notes
        .into_iter()
        .filter(|note| seen.insert(note.persist))
        .filter_map(|note| {
            let record = own(&note, NOTES)?;
            let of_slide = records(record.content).find_map(|r| u32_at(r.content, 0))?;
            let said = said_within(record.content, note.outline.texts);
            let texts = said.filter_map(|said| match said {
                Said::Text(text) if text.purpose == Purpose::Notes => Some(text),
                Said::Text(_) | Said::Table(_) => None,
            });
            Some((of_slide, texts.collect()))
        })
        .collect();
    for slide in &mut slides {
        let record = own(slide, SLIDE).filter(|_| seen.insert(slide.persist));
        let outline = std::mem::take(&mut slide.outline).texts;
        slide.said = said_within(record.map_or(&[], |record| record.content), outline).collect();
        slide.said.extend(notes.remove(&slide.id).unwrap_or_default().into_iter().map(Said::Text));
    }
    slides
}

fn read_list(content: &[u8]) -> Vec<Slide> {
    let mut slides: Vec<Slide> = Vec::new();
    for record in records(content) {
        match record.kind {
            SLIDE_PERSIST => slides.push(Slide {
                persist: u32_at(record.content, 0).unwrap_or(0),
                id: u32_at(record.content, 12).unwrap_or(0),
                ..Slide::default()
            }),
            _ => {
                if let Some(slide) = slides.last_mut() {
                    slide.outline.take(&record);
                }
            }
        }
    }
    slides
}

#[cfg(test)]
mod tests;
