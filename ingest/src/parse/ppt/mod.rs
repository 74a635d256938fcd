//! PowerPoint 97 to 2003: the text atoms of [MS-PPT], slide by slide.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use footnote_core::parsed::{BlockKind, ContentType, Page, PageKind, ParsedDocument};
use footnote_core::{Error, Result};

use super::builder::DocumentBuilder;
use super::compound::{Compound, REMEDY, size_at, u16_at, u32_at, utf16};
use super::limits::ParseLimits;

/// Types of records.
const DOCUMENT: u16 = 0x03e8;
const SLIDE: u16 = 0x03ee;
const NOTES: u16 = 0x03f0;
const SLIDE_PERSIST: u16 = 0x03f3;
const TEXT_HEADER: u16 = 0x0f9f;
const TEXT_CHARS: u16 = 0x0fa0;
const TEXT_BYTES: u16 = 0x0fa8;
const SLIDE_LIST: u16 = 0x0ff0;
const USER_EDIT: u16 = 0x0ff5;
const PERSIST_DIRECTORY: u16 = 0x1772;
const CRYPT_SESSION: u16 = 0x2f14;
/// Most records that are nested within each other.
const MAX_DEPTH: usize = 32;
/// Most edits of a file that was saved fast.
const MAX_EDITS: usize = 1_000;

/// A record: its instance, its type and its content.
struct Record<'r> {
    instance: u16,
    kind: u16,
    content: &'r [u8],
    is_container: bool,
}

/// What a slide says.
#[derive(Default)]
struct Slide {
    /// Identifier of the slide's own record.
    persist: u32,
    /// Identifier by which its notes name it.
    id: u32,
    texts: Vec<(Purpose, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Title,
    Body,
    Other,
    Notes,
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
        slide.texts.iter().for_each(|(purpose, text)| append(&mut builder, *purpose, text));
    }
    builder.finish(ContentType::Ppt, "cfb 0.14")
}

/// The records that follow each other in `bytes`; ends at a damaged one.
fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let record = record_at(bytes, at)?;
        at += 8 + record.content.len();
        Some(record)
    })
}

fn record_at(bytes: &[u8], at: usize) -> Option<Record<'_>> {
    let head = u16_at(bytes, at)?;
    let kind = u16_at(bytes, at.checked_add(2)?)?;
    let length = size_at(bytes, at.checked_add(4)?)?;
    let content = bytes.get(at.checked_add(8)?..)?;
    let content = content.get(..length.min(content.len()))?;
    Some(Record { instance: head >> 4, kind, content, is_container: head & 0xf == 0xf })
}

/// Offsets of the records by their identifiers, the newest edit first.
fn persists(stream: &[u8], last_edit: usize) -> HashMap<u32, usize> {
    let mut found = HashMap::new();
    let mut edit = last_edit;
    for _ in 0..MAX_EDITS {
        let Some(user) = record_at(stream, edit).filter(|r| r.kind == USER_EDIT) else { break };
        let directory = size_at(user.content, 12).and_then(|at| record_at(stream, at));
        if let Some(directory) = directory.filter(|r| r.kind == PERSIST_DIRECTORY) {
            read_directory(directory.content, &mut found);
        }
        match size_at(user.content, 8) {
            Some(earlier) if earlier != 0 && earlier < edit => edit = earlier,
            _ => break,
        }
    }
    found
}

/// Runs of offsets: a first identifier and their number in one value, then the offsets.
fn read_directory(content: &[u8], found: &mut HashMap<u32, usize>) {
    let mut at = 0;
    while let Some(run) = u32_at(content, at) {
        at += 4;
        let (first, count) = (run & 0x000f_ffff, run >> 20);
        for id in first..first + count {
            let Some(offset) = size_at(content, at) else { return };
            found.entry(id).or_insert(offset);
            at += 4;
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
    let mut notes: HashMap<u32, String> = notes
        .iter()
        .filter(|note| seen.insert(note.persist))
        .filter_map(|note| {
            let record = own(note, NOTES)?;
            let of_slide = records(record.content).find_map(|r| u32_at(r.content, 0))?;
            let mut texts = note.texts.clone();
            texts_within(record.content, &mut texts);
            let body = texts.into_iter().filter(|(purpose, _)| *purpose == Purpose::Notes);
            Some((of_slide, body.map(|(_, text)| text).collect::<Vec<_>>().join("\r")))
        })
        .collect();
    for slide in &mut slides {
        let Some(record) = own(slide, SLIDE).filter(|_| seen.insert(slide.persist)) else { continue };
        texts_within(record.content, &mut slide.texts);
        slide.texts.sort_by_key(|(purpose, _)| *purpose != Purpose::Title);
        slide.texts.extend(notes.remove(&slide.id).map(|text| (Purpose::Notes, text)));
    }
    slides
}

fn read_list(content: &[u8]) -> Vec<Slide> {
    let mut slides: Vec<Slide> = Vec::new();
    let mut purpose = Purpose::Other;
    for record in records(content) {
        match record.kind {
            SLIDE_PERSIST => slides.push(Slide {
                persist: u32_at(record.content, 0).unwrap_or(0),
                id: u32_at(record.content, 12).unwrap_or(0),
                texts: Vec::new(),
            }),
            _ => {
                if let Some(slide) = slides.last_mut() {
                    take_text(&record, &mut purpose, &mut slide.texts);
                }
            }
        }
    }
    slides
}

/// The texts of all shapes within a slide's record, without recursion.
fn texts_within(content: &[u8], texts: &mut Vec<(Purpose, String)>) {
    let mut purpose = Purpose::Other;
    let mut open: Vec<Box<dyn Iterator<Item = Record<'_>>>> = vec![Box::new(records(content))];
    while let Some(level) = open.last_mut() {
        match level.next() {
            Some(record) if record.is_container && open.len() < MAX_DEPTH => {
                open.push(Box::new(records(record.content)));
            }
            Some(record) => take_text(&record, &mut purpose, texts),
            None => _ = open.pop(),
        }
    }
}

fn take_text(record: &Record<'_>, purpose: &mut Purpose, texts: &mut Vec<(Purpose, String)>) {
    let text = match record.kind {
        TEXT_HEADER => {
            *purpose = match u32_at(record.content, 0) {
                Some(0 | 6) => Purpose::Title,
                Some(1 | 5 | 7 | 8) => Purpose::Body,
                Some(2) => Purpose::Notes,
                _ => Purpose::Other,
            };
            return;
        }
        TEXT_CHARS => utf16(record.content),
        // Bytes that stand for the first 256 characters of Unicode.
        TEXT_BYTES => record.content.iter().map(|&byte| char::from(byte)).collect(),
        _ => return,
    };
    texts.push((*purpose, text));
}

fn append(out: &mut DocumentBuilder, purpose: Purpose, text: &str) {
    // `*` alone is the place of a date or slide number.
    let lines = text.split('\r').map(|line| line.replace('\u{b}', "\n")).filter(|line| line.trim() != "*");
    match purpose {
        Purpose::Title => {
            let words: Vec<String> = lines.collect();
            out.heading(1, &words.join(" ").split_whitespace().collect::<Vec<_>>().join(" "));
        }
        Purpose::Body => {
            for line in lines.filter(|line| !line.trim().is_empty()) {
                out.block(BlockKind::ListItem, 1, &format!("- {}", line.trim()));
            }
        }
        Purpose::Other => lines.for_each(|line| out.paragraph(&line)),
        Purpose::Notes => lines.for_each(|line| out.block(BlockKind::Quote, 0, &line)),
    }
}

#[cfg(test)]
mod tests;
