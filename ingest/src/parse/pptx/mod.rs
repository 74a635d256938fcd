//! PPTX: a slide per page, in the order of the presentation, with its tables, diagrams and speaker notes.

mod comments;
mod shapes;

use std::path::Path;

use footnote_core::parsed::{BlockKind, ContentType, Page, PageKind, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};

use self::comments::Comments;
use self::shapes::{Marker, Places, Role, Shape, Slide};
use super::alternative::{unread_files, unread_pictures};
use super::builder::DocumentBuilder;
use super::flow::append_table;
use super::limits::ParseLimits;
use super::ooxml::Drawing;
use super::ooxml::relations::{Relations, relation_id};
use super::package::xml::{Xml, each_event};
use super::package::{Package, core_title};

/// Reads the PPTX at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    if let Some(title) = core_title(&mut package)? {
        builder.title(&title);
    }
    let main = main_part(&mut package)?;
    let comments = Comments::of(&mut package, &main)?;
    let (mut pictures, mut objects) = (0, 0_usize);
    for (index, part) in slide_parts(&mut package, &main)?.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        builder.start(Page { number, kind: PageKind::Slide, ..Page::default() });
        let Some(xml) = package.xml(part)? else {
            builder.warn(WarningKind::Lost, Some(number), format!("the slide's part {part} is missing"));
            continue;
        };
        let relations = Relations::of(&mut package, part)?;
        let places = layout_places(&mut package, &relations)?;
        let slide = Slide::read(part, &xml)?;
        if slide.hidden {
            let message = "the slide is hidden in the presentation; its text is indexed";
            builder.warn(WarningKind::Note, Some(number), message);
        }
        for shape in slide.in_reading_order(&places) {
            pictures += usize::from(shape.is_unread_picture());
            objects += usize::from(shape.is_object);
            append_shape(&mut builder, &mut package, &relations, shape)?;
        }
        append_notes(&mut builder, &mut package, &relations)?;
        comments.append(&mut builder, Some(number), &mut package, &relations)?;
    }
    let unread = unread_pictures(pictures).into_iter().chain(unread_files(objects));
    unread.for_each(|warning| builder.warn(WarningKind::Lost, None, warning));
    builder.finish(ContentType::Pptx, "quick-xml 0.42")
}

fn main_part(package: &mut Package) -> Result<String> {
    let root = Relations::of(package, "")?;
    Ok(root.part_of_kind("officeDocument").unwrap_or("ppt/presentation.xml").to_owned())
}

/// The parts of the slides in the order of the presentation.
fn slide_parts(package: &mut Package, main: &str) -> Result<Vec<String>> {
    let xml = package.xml(main)?.ok_or_else(|| {
        Error::invalid(format!("the PPTX has no part {main}; save it again with PowerPoint or LibreOffice"))
    })?;
    let relations = Relations::of(package, main)?;
    let mut parts: Vec<String> = Vec::new();
    each_event(main, &xml, |event| {
        if let Xml::Start(start) = event
            && start.local_name().as_ref() == "sldId"
            && let Some(part) = relation_id(start, "id").and_then(|id| relations.part(&id).map(str::to_owned))
        {
            parts.push(part);
        }
        Ok(())
    })?;
    // A slide is shown once; one that is listed again and again would cost its size each time.
    let mut seen = std::collections::HashSet::new();
    parts.retain(|part| seen.insert(part.clone()));
    Ok(parts)
}

fn layout_places(package: &mut Package, relations: &Relations) -> Result<Places> {
    let Some(part) = relations.part_of_kind("slideLayout") else { return Ok(Places::new()) };
    let Some(xml) = package.xml(part)? else { return Ok(Places::new()) };
    Ok(Slide::read(part, &xml)?.places())
}

fn append_shape(
    out: &mut DocumentBuilder,
    package: &mut Package,
    relations: &Relations,
    shape: Shape,
) -> Result<()> {
    match shape.role {
        Role::Running => return Ok(()),
        Role::Title | Role::Subtitle => {
            let texts: Vec<&str> = shape.paragraphs.iter().map(|p| p.text.trim()).collect();
            let text = texts.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
            match shape.role {
                Role::Title => out.heading(1, &text),
                _ => out.paragraph(&text),
            }
        }
        Role::Free | Role::Body => append_paragraphs(out, &shape),
    }
    if let Some(table) = shape.table {
        append_table(out, table);
    }
    if let Some(text) = &shape.alternative {
        out.paragraph(text);
    }
    if let Some(id) = shape.drawing
        && let Some(drawing) = Drawing::of(package, relations, &id)?
    {
        drawing.append(out);
    }
    Ok(())
}

fn append_paragraphs(out: &mut DocumentBuilder, shape: &Shape) {
    let mut numbers = [0_u32; 9];
    for paragraph in &shape.paragraphs {
        let level = usize::from(paragraph.level).min(numbers.len() - 1);
        let default = if shape.role == Role::Body { Marker::Bullet } else { Marker::None };
        let marker = paragraph.marker.unwrap_or(default);
        let text = paragraph.text.trim();
        numbers[level + 1..].fill(0);
        let depth = paragraph.level.saturating_add(1);
        match marker {
            Marker::Number => {
                numbers[level] += 1;
                out.block(BlockKind::ListItem, depth, &format!("{}. {text}", numbers[level]));
                continue;
            }
            Marker::Bullet => out.block(BlockKind::ListItem, depth, &format!("- {text}")),
            Marker::None => out.paragraph(text),
        }
        numbers[level] = 0;
    }
}

/// Speaker notes, as quotations.
fn append_notes(out: &mut DocumentBuilder, package: &mut Package, relations: &Relations) -> Result<()> {
    let Some(part) = relations.part_of_kind("notesSlide") else { return Ok(()) };
    let Some(xml) = package.xml(part)? else { return Ok(()) };
    for shape in Slide::read(part, &xml)?.shapes.iter().filter(|shape| shape.role == Role::Body) {
        for paragraph in &shape.paragraphs {
            out.block(BlockKind::Quote, 0, paragraph.text.trim());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
