//! XLSX and XLSM: cells with their number formats, merged ranges, comments and the texts of drawings.
//!
//! No crate gives a cell's number format together with its value, so the parts are read here.

pub(super) mod notes;
mod strings;
mod styles;
mod worksheet;

use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};

use self::styles::Styles;
use super::{CellBudget, Sheet, append_sheets};
use crate::parse::builder::DocumentBuilder;
use crate::parse::limits::ParseLimits;
use crate::parse::ooxml::relations::Relations;
use crate::parse::package::xml::{Xml, attribute, each_event};
use crate::parse::package::{Package, core_title};

/// Reads the workbook at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    let root = Relations::of(&mut package, "")?;
    let main = root.part_of_kind("officeDocument").unwrap_or("xl/workbook.xml").to_owned();
    if main.ends_with(".bin") {
        drop(package);
        return super::binary::parse_xlsb(path, limits);
    }
    let workbook = Workbook::read(&mut package, &main)?;
    let relations = Relations::of(&mut package, &main)?;
    let strings = strings::read(&mut package, relations.part_of_kind("sharedStrings"))?;
    let styles = Styles::read(&mut package, relations.part_of_kind("styles"))?;
    let people = notes::people(&mut package, &relations)?;

    let mut budget = CellBudget::new(limits);
    let mut sheets = Vec::new();
    let mut missing = Vec::new();
    for entry in workbook.sheets {
        let mut sheet = Sheet { name: entry.name, hidden: entry.hidden, ..Sheet::default() };
        let part = relations.part(&entry.relation);
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
        builder.warn(WarningKind::Lost, None, format!("the sheet {name:?} is missing from the file"));
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

#[cfg(test)]
mod tests;
