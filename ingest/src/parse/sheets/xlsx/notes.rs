//! What lies on a sheet beside its cells: comments, text boxes, titles of charts.

use std::collections::{HashMap, HashSet};

use footnote_core::Result;

use super::super::Sheet;
use super::Relations;
use super::strings::RichText;
use crate::parse::docx::package::Package;
use crate::parse::docx::xml::{Xml, attribute, each_event};

/// How Excel begins the plain copy of a comment that is part of a conversation.
const COPY_OF_THREAD: &str = "[Threaded comment]";

/// Names of people by their id.
pub(super) type People = HashMap<String, String>;

/// The people who comment.
pub(super) fn people(package: &mut Package, workbook: &Relations) -> Result<People> {
    let mut people = People::new();
    for part in workbook.of_kind("person") {
        let Some(xml) = package.xml(part)? else { continue };
        each_event(part, &xml, |event| {
            if let Xml::Start(start) = event
                && let (Some(id), Some(name)) = (attribute(start, "id"), attribute(start, "displayName"))
            {
                people.insert(id, name);
            }
            Ok(())
        })?;
    }
    Ok(people)
}

/// Reads what belongs to the sheet in `part`.
pub(super) fn read(package: &mut Package, part: &str, people: &People, sheet: &mut Sheet) -> Result<()> {
    let relations = Relations::read(package, part)?;
    for drawing in relations.of_kind("drawing") {
        read_drawing(package, drawing, sheet)?;
    }
    let mut threads = Vec::new();
    for thread in relations.of_kind("threadedComment") {
        read_thread(package, thread, people, &mut threads)?;
    }
    for comments in relations.of_kind("comments") {
        read_comments(package, comments, !threads.is_empty(), sheet)?;
    }
    sheet.comments.append(&mut threads);
    Ok(())
}

fn read_drawing(package: &mut Package, drawing: &str, sheet: &mut Sheet) -> Result<()> {
    let relations = Relations::read(package, drawing)?;
    sheet.pictures += relations.of_kind("image").collect::<HashSet<_>>().len();
    for part in std::iter::once(drawing).chain(relations.of_kind("chart")) {
        let Some(xml) = package.xml(part)? else { continue };
        let mut paragraph = RichText::default();
        each_event(part, &xml, |event| {
            paragraph.event(&event);
            if matches!(event, Xml::End("p")) {
                sheet.drawn.push(paragraph.take());
            }
            Ok(())
        })?;
    }
    sheet.drawn.retain(|text| !text.trim().is_empty());
    Ok(())
}

fn read_comments(package: &mut Package, part: &str, has_threads: bool, sheet: &mut Sheet) -> Result<()> {
    let Some(xml) = package.xml(part)? else { return Ok(()) };
    let mut authors: Vec<String> = Vec::new();
    let (mut in_author, mut place, mut by) = (false, String::new(), 0);
    let mut text = RichText::default();
    each_event(part, &xml, |event| {
        text.event(&event);
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "author" => {
                    authors.push(String::new());
                    in_author = true;
                }
                "comment" => {
                    place = attribute(start, "ref").unwrap_or_default();
                    by = attribute(start, "authorId").and_then(|id| id.parse().ok()).unwrap_or(usize::MAX);
                }
                _ => {}
            },
            Xml::Text(name) if in_author => {
                authors.last_mut().into_iter().for_each(|author| author.push_str(name))
            }
            Xml::End("author") => in_author = false,
            Xml::End("comment") => {
                let text = text.take();
                if !has_threads || !text.starts_with(COPY_OF_THREAD) {
                    let author = authors.get(by).map_or("", String::as_str);
                    sheet.comments.extend(comment(&place, author, &text));
                }
            }
            _ => {}
        }
        Ok(())
    })
}

fn read_thread(package: &mut Package, part: &str, people: &People, threads: &mut Vec<String>) -> Result<()> {
    let Some(xml) = package.xml(part)? else { return Ok(()) };
    let (mut place, mut author, mut text, mut inside) = (String::new(), String::new(), String::new(), false);
    each_event(part, &xml, |event| {
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "threadedComment" => {
                    place = attribute(start, "ref").unwrap_or_default();
                    let by = attribute(start, "personId").unwrap_or_default();
                    author = people.get(&by).cloned().unwrap_or_default();
                }
                "text" => inside = true,
                _ => {}
            },
            Xml::Text(part) if inside => text.push_str(part),
            Xml::End("text") => inside = false,
            Xml::End("threadedComment") => {
                threads.extend(comment(&place, &author, &std::mem::take(&mut text)))
            }
            _ => {}
        }
        Ok(())
    })
}

fn comment(place: &str, author: &str, text: &str) -> Option<String> {
    let by = if author.trim().is_empty() { String::new() } else { format!(" by {}", author.trim()) };
    (!text.trim().is_empty()).then(|| format!("Comment on {place}{by}: {}", text.trim()))
}
