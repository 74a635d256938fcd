//! What lies on a sheet of an XLSX or XLSB beside its cells: comments, text boxes, charts, alternative texts of pictures.

use std::collections::HashSet;

use footnote_core::Result;

use super::super::{Sheet, xlsb};
use super::strings::RichText;
use crate::parse::alternative::alternative_text;
use crate::parse::comment::Comment;
use crate::parse::ooxml::Drawing;
use crate::parse::ooxml::comments::{self, People};
use crate::parse::ooxml::relations::Relations;
use crate::parse::package::Package;
use crate::parse::package::xml::{Xml, attribute, each_event};

/// How Excel begins the plain copy of a comment that is part of a conversation.
const COPY_OF_THREAD: &str = "[Threaded comment]";

/// The people who comment.
pub(in crate::parse::sheets) fn people(package: &mut Package, workbook: &Relations) -> Result<People> {
    let mut people = People::new();
    for part in workbook.parts_of_kind("person") {
        if let Some(xml) = package.xml(part)? {
            comments::read_people(part, &xml, &mut people)?;
        }
    }
    Ok(people)
}

/// Reads what belongs to the sheet in `part`.
pub(in crate::parse::sheets) fn read(
    package: &mut Package,
    part: &str,
    people: &People,
    sheet: &mut Sheet,
) -> Result<()> {
    let relations = Relations::of(package, part)?;
    for drawing in relations.parts_of_kind("drawing") {
        read_drawing(package, drawing, sheet)?;
    }
    let mut threads = Vec::new();
    for thread in relations.parts_of_kind("threadedComment") {
        let Some(xml) = package.xml(thread)? else { continue };
        threads.extend(comments::read(thread, &xml, people)?.iter().filter_map(Comment::shown));
    }
    for comments in relations.parts_of_kind("comments") {
        // Of what lies beside the cells of an XLSB, only its comments are no XML.
        let mut read = match comments.ends_with(".bin") {
            true => xlsb::comments(&package.bytes(comments)?.unwrap_or_default()),
            false => read_comments(package, comments)?,
        };
        read.retain(|comment| threads.is_empty() || !comment.text.starts_with(COPY_OF_THREAD));
        sheet.comments.extend(read.iter().filter_map(Comment::shown));
    }
    sheet.comments.append(&mut threads);
    Ok(())
}

fn read_drawing(package: &mut Package, drawing: &str, sheet: &mut Sheet) -> Result<()> {
    let relations = Relations::of(package, drawing)?;
    sheet.pictures += relations.parts_of_kind("image").collect::<HashSet<_>>().len();
    if let Some(xml) = package.xml(drawing)? {
        let mut paragraph = RichText::default();
        let mut in_picture = false;
        each_event(drawing, &xml, |event| {
            paragraph.event(&event);
            match event {
                Xml::Start(start) => match start.local_name().as_ref() {
                    "pic" => in_picture = true,
                    "cNvPr" if in_picture => {
                        let text = attribute(start, "descr").and_then(|text| alternative_text(&text));
                        sheet.drawn.extend(text);
                    }
                    _ => {}
                },
                Xml::End("pic") => in_picture = false,
                Xml::End("p") => sheet.drawn.push(paragraph.take()),
                _ => {}
            }
            Ok(())
        })?;
    }
    sheet.drawn.retain(|text| !text.trim().is_empty());
    for relation in relations.iter() {
        sheet.charts.extend(Drawing::of(package, &relations, &relation.id)?);
    }
    Ok(())
}

fn read_comments(package: &mut Package, part: &str) -> Result<Vec<Comment>> {
    let mut comments = Vec::new();
    let Some(xml) = package.xml(part)? else { return Ok(comments) };
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
                let (author, text) = (authors.get(by).cloned().unwrap_or_default(), text.take());
                comments.push(Comment { place: place.clone(), author, text, ..Comment::default() });
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(comments)
}
