//! What styles and numbering definitions say about headings and lists.

use std::collections::HashMap;

use footnote_core::Result;

use crate::parse::package::xml::{Xml, attribute, each_event};

/// Longest chain of styles based on each other that is followed.
const MAX_BASED_ON: usize = 20;

/// A paragraph style.
#[derive(Default, Clone)]
struct Style {
    name: String,
    based_on: Option<String>,
    outline: Option<u8>,
    numbering: Option<u32>,
    numbering_level: usize,
}

/// All paragraph styles by id.
#[derive(Default)]
pub(crate) struct Styles(HashMap<String, Style>);

/// What a style makes of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StyleRole {
    /// The document's title.
    Title,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// A quotation.
    Quote,
    /// Preformatted text.
    Code,
    /// Anything else.
    Body,
}

impl Styles {
    /// Reads `styles.xml`.
    pub(crate) fn read(part: &str, xml: &str) -> Result<Self> {
        let mut styles = HashMap::new();
        let mut id = String::new();
        let mut style = Style::default();
        each_event(part, xml, |event| {
            match event {
                Xml::Start(start) => {
                    let value = || attribute(start, "val");
                    match start.local_name().as_ref() {
                        "style" => {
                            id = attribute(start, "styleId").unwrap_or_default();
                            style = Style::default();
                        }
                        "name" => style.name = value().unwrap_or_default().to_lowercase(),
                        "basedOn" => style.based_on = value(),
                        "outlineLvl" => style.outline = value().and_then(|v| v.parse().ok()),
                        "numId" => style.numbering = value().and_then(|v| v.parse().ok()),
                        "ilvl" => style.numbering_level = value().and_then(|v| v.parse().ok()).unwrap_or(0),
                        _ => {}
                    }
                }
                Xml::End("style") => {
                    styles.insert(std::mem::take(&mut id), std::mem::take(&mut style));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self(styles))
    }

    /// What the style makes of a paragraph.
    pub(crate) fn role(&self, id: &str) -> StyleRole {
        for style in self.chain(id) {
            if let Some(level) = heading_level(&style.name) {
                return StyleRole::Heading(level);
            }
            match style.name.as_str() {
                "title" | "标题" => return StyleRole::Title,
                "quote" | "intense quote" | "引用" | "明显引用" => return StyleRole::Quote,
                "html preformatted" | "code" | "source code" | "macro text" => return StyleRole::Code,
                _ => {}
            }
            if let Some(outline) = style.outline.filter(|&o| o < 9) {
                return StyleRole::Heading((outline + 1).min(6));
            }
        }
        heading_level(&id.to_lowercase()).map_or(StyleRole::Body, StyleRole::Heading)
    }

    /// The list and level that the style puts a paragraph in.
    pub(crate) fn numbering(&self, id: &str) -> Option<(u32, usize)> {
        self.chain(id).find_map(|s| s.numbering.map(|n| (n, s.numbering_level)))
    }

    fn chain<'s>(&'s self, id: &str) -> impl Iterator<Item = &'s Style> {
        let first = self.0.get(id);
        std::iter::successors(first, |s| s.based_on.as_ref().and_then(|b| self.0.get(b))).take(MAX_BASED_ON)
    }
}

/// `heading 2`, `Heading2`, `标题 2`.
fn heading_level(name: &str) -> Option<u8> {
    let rest =
        ["heading", "标题", "überschrift", "titre"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
    let level: u8 = rest.trim().parse().ok()?;
    (1..=9).contains(&level).then_some(level.min(6))
}
