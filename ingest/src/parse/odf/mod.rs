//! OpenDocument text and presentations: blocks out of `content.xml`, headers and footers out of `styles.xml`.

pub(crate) mod annotation;
pub(crate) mod chart;
mod content;
mod figures;
mod number_style;
mod running;
mod slides;

use std::collections::HashMap;
use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, ErrorKind, Result};

use self::chart::Charts;
use self::content::Content;
use self::running::{PageSetup, Running};
use self::slides::Slides;
use super::builder::DocumentBuilder;
use super::limits::ParseLimits;
use super::package::xml::{Xml, attribute, each_event};
use super::package::{Package, title_in};
use super::sheets::CellBudget;

const PART: &str = "content.xml";

/// Which levels of a list style are numbered, by the name of the style.
type ListStyles = HashMap<String, Vec<bool>>;

/// Reads the ODT or ODP at `path`.
pub(crate) fn parse(path: &Path, content_type: ContentType, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    refuse_encrypted(&mut package)?;
    let xml = package.xml(PART)?.ok_or_else(|| {
        Error::invalid("the OpenDocument file has no content.xml; save it again with LibreOffice")
    })?;
    let (mut styles, mut pages) = (ListStyles::new(), PageSetup::default());
    let is_whole = read_common_styles(&mut package, &mut styles, &mut pages)?;
    read_list_styles(PART, &xml, &mut styles)?;
    let charts = Charts::read(&mut package, &mut CellBudget::new(limits))?;

    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    if let Some(title) = title_in(&mut package, "meta.xml")? {
        builder.title(&title);
    }
    if !is_whole {
        let message = "styles.xml is damaged: page headers or footers and numbers of lists may be missing";
        builder.warn(WarningKind::Lost, None, message);
    }
    if content_type == ContentType::Odp {
        let mut slides = Slides::new(Content::new(&mut builder, styles, charts, Vec::new()));
        each_event(PART, &xml, |event| {
            slides.event(event);
            Ok(())
        })?;
        slides.finish();
    } else {
        let Running { sections, starts } = pages.sections_of(PART, &xml)?;
        let mut starts = starts.into_iter().peekable();
        let mut content = Content::new(&mut builder, styles, charts, sections);
        let mut index = 0_usize;
        each_event(PART, &xml, |event| {
            if starts.next_if_eq(&index).is_some() {
                content.next_section();
            }
            content.event(event);
            index += 1;
            Ok(())
        })?;
        content.finish();
    }
    builder.finish(content_type, "quick-xml 0.42")
}

fn refuse_encrypted(package: &mut Package) -> Result<()> {
    const MANIFEST: &str = "META-INF/manifest.xml";
    let Some(xml) = package.xml(MANIFEST)? else { return Ok(()) };
    let mut encrypted = false;
    // A manifest may declare a DTD; it is no part of the text, so a damaged one does no harm.
    let _damaged = each_event(MANIFEST, &xml, |event| {
        if let Xml::Start(start) = event {
            encrypted |= start.local_name().as_ref() == "encryption-data";
        }
        Ok(())
    });
    if encrypted {
        return Err(Error::invalid(
            "the OpenDocument file is encrypted with a password; remove the password and save it again",
        ));
    }
    Ok(())
}

/// Reads `styles.xml` as far as it can be read: the text matters more. Whether it is whole.
fn read_common_styles(package: &mut Package, lists: &mut ListStyles, pages: &mut PageSetup) -> Result<bool> {
    const COMMON: &str = "styles.xml";
    let xml = match package.xml(COMMON) {
        Ok(Some(xml)) => xml,
        Ok(None) => return Ok(true),
        Err(error) if error.kind() == ErrorKind::TooLarge => return Err(error),
        Err(_) => return Ok(false),
    };
    let has_whole_lists = read_list_styles(COMMON, &xml, lists).is_ok();
    Ok(pages.read(COMMON, &xml) && has_whole_lists)
}

fn read_list_styles(part: &str, xml: &str, styles: &mut ListStyles) -> Result<()> {
    const MAX_LEVELS: usize = 10;
    let mut name = String::new();
    each_event(part, xml, |event| {
        let Xml::Start(start) = event else { return Ok(()) };
        let numbered = match start.local_name().as_ref() {
            "list-style" => {
                name = attribute(start, "name").unwrap_or_default();
                return Ok(());
            }
            // A level whose format is empty shows no number.
            "list-level-style-number" => attribute(start, "num-format").is_some_and(|f| !f.is_empty()),
            "list-level-style-bullet" => false,
            _ => return Ok(()),
        };
        let levels = styles.entry(name.clone()).or_default();
        if levels.len() < MAX_LEVELS {
            levels.push(numbered);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
