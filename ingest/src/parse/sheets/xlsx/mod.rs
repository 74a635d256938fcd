//! XLSX and XLSM: cells with their number formats, merged ranges, comments and the texts of drawings.
//!
//! No crate gives a cell's number format together with its value, so the parts are read here.

mod notes;
mod strings;
mod styles;
mod worksheet;

use std::collections::HashMap;
use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, Result};

use self::styles::Styles;
use super::{CellBudget, Sheet, append_sheets};
use crate::parse::builder::DocumentBuilder;
use crate::parse::docx::core_title;
use crate::parse::docx::package::Package;
use crate::parse::docx::xml::{Xml, attribute, each_event};
use crate::parse::limits::ParseLimits;

/// Reads the workbook at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    let root = Relations::read(&mut package, "")?;
    let main = root.of_kind("officeDocument").next().unwrap_or("xl/workbook.xml").to_owned();
    if main.ends_with(".bin") {
        drop(package);
        return super::binary::parse_xlsb(path, limits);
    }
    let workbook = Workbook::read(&mut package, &main)?;
    let relations = Relations::read(&mut package, &main)?;
    let strings = strings::read(&mut package, relations.of_kind("sharedStrings").next())?;
    let styles = Styles::read(&mut package, relations.of_kind("styles").next())?;
    let people = notes::people(&mut package, &relations)?;

    let mut budget = CellBudget::new(limits);
    let mut sheets = Vec::new();
    let mut missing = Vec::new();
    for entry in workbook.sheets {
        let mut sheet = Sheet { name: entry.name, hidden: entry.hidden, ..Sheet::default() };
        let part = relations.by_id.get(&entry.relation).map(|relation| relation.target.as_str());
        let xml = part.map_or(Ok(None), |part| package.xml(part))?;
        if let (Some(part), Some(xml)) = (part, xml) {
            let context =
                worksheet::Context { strings: &strings, styles: &styles, epoch_1904: workbook.epoch_1904 };
            worksheet::read(part, &xml, &context, &mut sheet, &mut budget)?;
            drop(xml);
            notes::read(&mut package, part, &people, &mut sheet)?;
        } else {
            missing.push(sheet.name.clone());
        }
        sheets.push(sheet);
    }

    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    for name in missing {
        builder.warn(None, format!("the sheet {name:?} is missing from the file"));
    }
    if let Some(title) = core_title(&mut package)? {
        builder.title(&title);
    }
    append_sheets(&mut builder, sheets, limits);
    builder.finish(ContentType::Xlsx, "quick-xml 0.42")
}

/// What the workbook part says about its sheets.
struct Workbook {
    sheets: Vec<SheetEntry>,
    epoch_1904: bool,
}

struct SheetEntry {
    name: String,
    relation: String,
    hidden: bool,
}

impl Workbook {
    fn read(package: &mut Package, main: &str) -> Result<Self> {
        let xml = package.xml(main)?.ok_or_else(|| {
            Error::invalid(format!(
                "the workbook has no part {main}; save it again with Excel or LibreOffice"
            ))
        })?;
        let mut workbook = Self { sheets: Vec::new(), epoch_1904: false };
        each_event(main, &xml, |event| {
            let Xml::Start(start) = event else { return Ok(()) };
            match start.local_name().as_ref() {
                "workbookPr" => {
                    workbook.epoch_1904 =
                        matches!(attribute(start, "date1904").as_deref(), Some("1" | "true"));
                }
                "sheet" => workbook.sheets.push(SheetEntry {
                    name: attribute(start, "name").unwrap_or_default(),
                    relation: attribute(start, "id").unwrap_or_default(),
                    hidden: attribute(start, "state").is_some_and(|state| state != "visible"),
                }),
                _ => {}
            }
            Ok(())
        })?;
        Ok(workbook)
    }
}

/// The parts that another part names.
#[derive(Default)]
struct Relations {
    by_id: HashMap<String, Relation>,
    order: Vec<String>,
}

struct Relation {
    kind: String,
    target: String,
}

impl Relations {
    /// Those of `part`; of the whole package where it is empty. What lies outside of the file is left out.
    fn read(package: &mut Package, part: &str) -> Result<Self> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let rels = format!("{folder}/_rels/{name}.rels").trim_start_matches('/').to_owned();
        let mut relations = Self::default();
        let Some(xml) = package.xml(&rels)? else { return Ok(relations) };
        each_event(&rels, &xml, |event| {
            if let Xml::Start(start) = event
                && start.local_name().as_ref() == "Relationship"
                && attribute(start, "TargetMode").as_deref() != Some("External")
                && let (Some(id), Some(target)) = (attribute(start, "Id"), attribute(start, "Target"))
            {
                let kind = attribute(start, "Type").unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                relations.order.push(id.clone());
                relations.by_id.insert(id, Relation { kind, target: resolve(folder, &target) });
            }
            Ok(())
        })?;
        Ok(relations)
    }

    /// Parts of this kind, in the file's order.
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &str> {
        let relations = self.order.iter().filter_map(|id| self.by_id.get(id));
        relations.filter(move |relation| relation.kind == kind).map(|relation| relation.target.as_str())
    }
}

/// The name of the part that `target` means, seen from `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let (from, target) = match target.strip_prefix('/') {
        Some(absolute) => ("", absolute),
        None => (folder, target),
    };
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
