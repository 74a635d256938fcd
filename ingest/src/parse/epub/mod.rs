//! EPUB 2 and 3: a chapter per item of the spine, each through the HTML reader.

mod contents;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use footnote_core::parsed::{ContentType, Page, PageKind, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};

use self::contents::{Entry, entries, path_of};
use super::alternative::unread_pictures;
use super::builder::DocumentBuilder;
use super::html;
use super::limits::ParseLimits;
use super::package::Package;
use super::package::xml::{Xml, attribute, each_event};

const REMEDY: &str = "export the book again as EPUB or PDF";

/// The package document: what the book consists of, and in which order.
#[derive(Default)]
struct Book {
    title: String,
    /// Path and properties of each item by its id.
    items: HashMap<String, Item>,
    spine: Vec<String>,
    /// Id of the NCX.
    contents: Option<String>,
}

struct Item {
    path: String,
    properties: String,
}

/// Reads the EPUB at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    let book = read_book(&mut package)?;
    let chapters: Vec<String> = chapters(&book);
    refuse_encrypted(&mut package, &chapters)?;
    let mut contents = contents_of(&mut package, &book)?;

    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    builder.title(&book.title);
    let mut pictures = 0;
    for (index, path) in chapters.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let entry = contents.remove(path);
        let label = entry.as_ref().map(|entry| entry.title.clone());
        builder.start(Page { number, kind: PageKind::Chapter, label, ..Page::default() });
        // A file that the contents do not name goes on with what lies before it: a long chapter is often parted.
        if let Some(entry) = entry {
            builder.outlined(entry.path);
        }
        match package.xml(path)? {
            Some(xhtml) => pictures += html::append_chapter(&close_empty_elements(&xhtml), &mut builder)?,
            None => {
                let message = format!("the chapter {path} is missing in the book");
                builder.warn(WarningKind::Lost, Some(number), message);
            }
        }
    }
    unread_pictures(pictures).into_iter().for_each(|warning| builder.warn(WarningKind::Lost, None, warning));
    builder.finish(ContentType::Epub, "html5ever 0.40")
}

fn read_book(package: &mut Package) -> Result<Book> {
    const CONTAINER: &str = "META-INF/container.xml";
    let mut root = None;
    if let Some(xml) = package.xml(CONTAINER)? {
        each_event(CONTAINER, &xml, |event| {
            if let Xml::Start(start) = event
                && start.local_name().as_ref() == "rootfile"
                && root.is_none()
            {
                root = attribute(start, "full-path");
            }
            Ok(())
        })?;
    }
    let missing = || Error::invalid(format!("the EPUB names no package document; {REMEDY}"));
    let root = root.ok_or_else(missing)?;
    let xml = package.xml(&root)?.ok_or_else(missing)?;
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut book = Book::default();
    let mut in_title = false;
    each_event(&root, &xml, |event| {
        match event {
            Xml::Start(start) => {
                let value = |name| attribute(start, name).unwrap_or_default();
                match start.local_name().as_ref() {
                    "title" => in_title = book.title.is_empty(),
                    "item" => {
                        let item =
                            Item { path: path_of(folder, &value("href")), properties: value("properties") };
                        book.items.insert(value("id"), item);
                    }
                    "spine" => book.contents = attribute(start, "toc"),
                    "itemref" => book.spine.push(value("idref")),
                    _ => {}
                }
            }
            Xml::End(_) => in_title = false,
            Xml::Text(text) if in_title => book.title.push_str(text),
            Xml::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(book)
}

/// Paths in reading order, each once: a book may list an item again and again.
fn chapters(book: &Book) -> Vec<String> {
    let mut seen = HashSet::new();
    let paths = book.spine.iter().filter_map(|id| book.items.get(id)).map(|item| item.path.clone());
    paths.filter(|path| seen.insert(path.clone())).collect()
}

/// Obfuscated fonts are common; an encrypted chapter is copy protection.
fn refuse_encrypted(package: &mut Package, chapters: &[String]) -> Result<()> {
    const PART: &str = "META-INF/encryption.xml";
    let Some(xml) = package.xml(PART)? else { return Ok(()) };
    let mut encrypted = false;
    each_event(PART, &xml, |event| {
        if let Xml::Start(start) = event
            && start.local_name().as_ref() == "CipherReference"
        {
            let path = path_of("", &attribute(start, "URI").unwrap_or_default());
            encrypted |= chapters.contains(&path);
        }
        Ok(())
    })?;
    if encrypted {
        return Err(Error::invalid(
            "the EPUB is protected by DRM and cannot be read; upload a copy without protection",
        ));
    }
    Ok(())
}

/// Entries of chapters by path, from the navigation document or the NCX.
fn contents_of(package: &mut Package, book: &Book) -> Result<HashMap<String, Entry>> {
    let nav = book.items.values().find(|i| i.properties.split_whitespace().any(|p| p == "nav"));
    let ncx = book.contents.as_ref().and_then(|id| book.items.get(id));
    for item in [nav, ncx].into_iter().flatten() {
        if let Some(text) = package.xml(&item.path)? {
            let found = entries(&item.path, &close_empty_elements(&text));
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
    Ok(HashMap::new())
}

/// `<title/>` as `<title></title>`: in HTML, which the reader expects, the former is left open and
/// swallows what follows.
fn close_empty_elements(xhtml: &str) -> String {
    const VOID: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
        "track", "wbr",
    ];
    let mut out = String::with_capacity(xhtml.len());
    let mut rest = xhtml;
    while let Some(end) = rest.find("/>") {
        let (before, after) = rest.split_at(end);
        let name = before.rfind('<').and_then(|at| before.get(at + 1..)).unwrap_or_default();
        let name = name.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-:_.".contains(c));
        out.push_str(before);
        if is_name && !VOID.contains(&name.to_ascii_lowercase().as_str()) {
            out.push_str("></");
            out.push_str(name);
            out.push('>');
        } else {
            out.push_str("/>");
        }
        rest = &after[2..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
