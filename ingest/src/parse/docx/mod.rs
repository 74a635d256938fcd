//! DOCX: paragraphs, headings, lists, tables and notes out of the WordprocessingML parts.

mod body;
mod drawing;
mod math;
mod numbering;
pub(crate) mod package;
mod styles;
pub(crate) mod xml;

use std::collections::HashMap;
use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, Result};

use self::body::Body;
use self::numbering::Numbering;
pub(crate) use self::package::entry_names;

use self::package::Package;
use self::styles::Styles;
use self::xml::{Xml, attribute, each_event};
use super::builder::DocumentBuilder;
use super::limits::ParseLimits;

/// Notes by kind and id.
type Notes = HashMap<(NoteKind, String), String>;

/// Where a note stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum NoteKind {
    Footnote,
    Endnote,
}

/// Reads the DOCX at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    let main = main_part(&mut package)?;
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

    let drawings = drawing::read_all(&mut package, &main)?;

    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    if let Some(title) = core_title(&mut package)? {
        builder.title(&title);
    }
    let mut body = Body::new(&mut builder, styles, numbering, notes, drawings);
    each_event(&main, &document, |event| {
        body.event(event);
        Ok(())
    })?;
    body.finish();
    if let Some(warning) = left_out(&mut package, &folder)? {
        builder.warn(None, warning);
    }
    builder.finish(ContentType::Docx, "quick-xml 0.42")
}

/// Which parts beside the body have text that is not read, in words.
fn left_out(package: &mut Package, folder: &str) -> Result<Option<String>> {
    let mut found = Vec::new();
    for (start, what) in [("header", "page headers"), ("footer", "page footers"), ("comments", "comments")] {
        let parts: Vec<String> = package
            .names()
            .into_iter()
            .filter(|name| {
                let name = name.strip_prefix(folder).map(|n| n.trim_start_matches('/'));
                name.is_some_and(|n| n.starts_with(start) && n.ends_with(".xml") && !n.contains('/'))
            })
            .collect();
        for part in parts {
            if package.xml(&part)?.is_some_and(|xml| has_text(&part, &xml)) {
                found.push(what);
                break;
            }
        }
    }
    Ok((!found.is_empty()).then(|| format!("not indexed: {} of the document", found.join(", "))))
}

/// Whether a part has text as far as it can be read: what is not indexed must not make the file fail.
fn has_text(part: &str, xml: &str) -> bool {
    let (mut inside, mut found) = (false, false);
    let _damaged = each_event(part, xml, |event| {
        match event {
            Xml::Start(start) => inside = start.local_name().as_ref() == "t",
            Xml::End(_) => inside = false,
            Xml::Text(text) => found |= inside && text.contains(char::is_alphanumeric),
        }
        Ok(())
    });
    found
}

/// The part that the package's relationships call the office document.
fn main_part(package: &mut Package) -> Result<String> {
    let mut main = None;
    if let Some(xml) = package.xml("_rels/.rels")? {
        each_event("_rels/.rels", &xml, |event| {
            if let Xml::Start(start) = event
                && start.local_name().as_ref() == "Relationship"
                && attribute(start, "Type").is_some_and(|t| t.ends_with("/officeDocument"))
                && attribute(start, "TargetMode").as_deref() != Some("External")
            {
                main = attribute(start, "Target").map(|t| t.trim_start_matches('/').to_owned());
            }
            Ok(())
        })?;
    }
    Ok(main.unwrap_or_else(|| "word/document.xml".to_owned()))
}

/// The title in the properties of an Office package.
pub(crate) fn core_title(package: &mut Package) -> Result<Option<String>> {
    title_in(package, "docProps/core.xml")
}

/// What the elements `title` of a part hold; `None` where the package has no such part.
pub(crate) fn title_in(package: &mut Package, part: &str) -> Result<Option<String>> {
    let Some(xml) = package.xml(part)? else { return Ok(None) };
    let mut title = String::new();
    let mut inside = false;
    each_event(part, &xml, |event| {
        match event {
            Xml::Start(start) => inside = start.local_name().as_ref() == "title",
            Xml::End(_) => inside = false,
            Xml::Text(text) if inside => title.push_str(text),
            Xml::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(Some(title))
}

#[cfg(test)]
mod tests;
