//! Number formats by the style of a cell.

use std::collections::HashMap;

use footnote_core::Result;

use super::super::number_format::built_in;
use crate::parse::package::Package;
use crate::parse::package::xml::{Xml, attribute, each_event};

/// Longest format that is followed; Excel allows no longer one.
const MAX_FORMAT_CHARS: usize = 255;

/// The styles' number formats.
#[derive(Default)]
pub(super) struct Styles {
    formats: HashMap<u32, String>,
    by_style: Vec<u32>,
}

impl Styles {
    /// Reads the styles part.
    pub(super) fn read(package: &mut Package, part: Option<&str>) -> Result<Self> {
        let part = part.unwrap_or("xl/styles.xml");
        let mut styles = Self::default();
        let Some(xml) = package.xml(part)? else { return Ok(styles) };
        let mut in_cell_styles = false;
        each_event(part, &xml, |event| {
            match event {
                Xml::Start(start) => match start.local_name().as_ref() {
                    "numFmt" => {
                        let id = attribute(start, "numFmtId").and_then(|id| id.parse().ok());
                        let code = attribute(start, "formatCode").unwrap_or_default();
                        if let Some(id) = id.filter(|_| code.chars().count() <= MAX_FORMAT_CHARS) {
                            styles.formats.insert(id, code);
                        }
                    }
                    "cellXfs" => in_cell_styles = true,
                    "xf" if in_cell_styles => {
                        let id = attribute(start, "numFmtId").and_then(|id| id.parse().ok());
                        styles.by_style.push(id.unwrap_or(0));
                    }
                    _ => {}
                },
                Xml::End("cellXfs") => in_cell_styles = false,
                _ => {}
            }
            Ok(())
        })?;
        Ok(styles)
    }

    /// The format of cells with this style; `None` where they have none.
    pub(super) fn format(&self, style: usize) -> Option<&str> {
        let id = *self.by_style.get(style)?;
        self.formats.get(&id).map(String::as_str).or_else(|| built_in(id))
    }
}
