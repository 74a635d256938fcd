//! OpenDocument text and presentations: blocks out of `content.xml`.

pub(crate) mod annotation;
pub(crate) mod chart;
mod content;
mod figures;
mod number_style;
mod slides;

use std::collections::HashMap;
use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, Result};

use self::chart::Charts;
use self::content::Content;
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
    let mut styles = ListStyles::new();
    if let Some(common) = package.xml("styles.xml")? {
        read_list_styles("styles.xml", &common, &mut styles)?;
    }
    read_list_styles(PART, &xml, &mut styles)?;
    let charts = Charts::read(&mut package, &mut CellBudget::new(limits))?;

    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    if let Some(title) = title_in(&mut package, "meta.xml")? {
        builder.title(&title);
    }
    let mut content = Content::new(&mut builder, styles, charts);
    if content_type == ContentType::Odp {
        let mut slides = Slides::new(content);
        each_event(PART, &xml, |event| {
            slides.event(event);
            Ok(())
        })?;
        slides.finish();
    } else {
        each_event(PART, &xml, |event| {
            content.event(event);
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
