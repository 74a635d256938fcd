//! DOCX: paragraphs, headings, lists, tables, notes, headers and footers out of the WordprocessingML parts.

mod body;
mod math;
mod running;
mod styles;

use std::collections::HashMap;
use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};

use self::body::Body;
use self::running::{Running, has_even_pages};
use self::styles::Styles;
use super::builder::DocumentBuilder;
use super::limits::ParseLimits;
use super::numbering::Numbering;
use super::ooxml::comments::{self, People};
use super::ooxml::read_drawings;
use super::ooxml::relations::Relations;
use super::package::xml::each_event;
use super::package::{Package, core_title};
use super::running_text;

/// Notes by kind and id.
type Notes = HashMap<(NoteKind, String), String>;

/// Where a note stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum NoteKind {
    Footnote,
    Endnote,
    Comment,
}

/// Reads the DOCX at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    let root = Relations::of(&mut package, "")?;
    let main = root.part_of_kind("officeDocument").unwrap_or("word/document.xml").to_owned();
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let beside = |name: &str| format!("{folder}/{name}").trim_start_matches('/').to_owned();

    let document = package.xml(&main)?.ok_or_else(|| {
        Error::invalid(format!("the DOCX has no part {main}; save it again with Word or LibreOffice"))
    })?;
    let part = beside("styles.xml");
    let styles = package.xml(&part)?.map_or(Ok(Styles::default()), |xml| Styles::read(&part, &xml))?;
    let part = beside("numbering.xml");
    let numbering =
        package.xml(&part)?.map_or(Ok(Numbering::default()), |xml| Numbering::read(&part, &xml))?;
    let mut notes = Notes::new();
    for (name, kind) in [("footnotes.xml", NoteKind::Footnote), ("endnotes.xml", NoteKind::Endnote)] {
        let part = beside(name);
        if let Some(xml) = package.xml(&part)? {
            body::read_notes(&part, &xml, kind, &mut notes)?;
        }
    }
    let part = beside("comments.xml");
    let comments = package.xml(&part)?.map(|xml| comments::read(&part, &xml, &People::new()));
    let damaged_comments = matches!(comments, Some(Err(_)));
    for comment in comments.into_iter().flatten().flatten() {
        notes.extend(comment.shown().map(|shown| ((NoteKind::Comment, comment.id), shown)));
    }

    let relations = Relations::of(&mut package, &main)?;
    let drawings = read_drawings(&mut package, &relations)?;
    let part = beside("settings.xml");
    let has_even = package.xml(&part)?.is_some_and(|xml| has_even_pages(&part, &xml));
    let running = Running::read(&mut package, &relations, (&main, &document), has_even)?;

    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    if let Some(title) = core_title(&mut package)? {
        builder.title(&title);
    }
    if damaged_comments {
        builder.warn(WarningKind::Lost, None, comments::DAMAGED);
    }
    if running.is_damaged {
        builder.warn(WarningKind::Lost, None, running_text::DAMAGED);
    }
    let mut body = Body::new(&mut builder, styles, numbering, notes, drawings, running.sections);
    each_event(&main, &document, |event| {
        body.event(event);
        Ok(())
    })?;
    body.finish();
    builder.finish(ContentType::Docx, "quick-xml 0.42")
}

#[cfg(test)]
mod tests;
