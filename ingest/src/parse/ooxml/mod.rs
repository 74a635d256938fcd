//! What documents, presentations and workbooks share: how parts name each other, and what is drawn.

pub(crate) mod chart;
pub(crate) mod comments;
mod diagram;
pub(crate) mod relations;

use std::collections::HashMap;

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, WarningKind};

use self::chart::Chart;
use self::relations::{Relation, Relations};
use super::builder::DocumentBuilder;
use super::package::Package;

/// What a part of its own draws.
#[derive(Debug)]
pub(crate) enum Drawing {
    Chart(Chart),
    /// The texts of a diagram (SmartArt).
    Diagram(Vec<String>),
    /// A part that is not well-formed: the text around it matters more.
    Damaged(String),
}

impl Drawing {
    /// What is drawn by the part with this id; `None` where it is no drawing or missing.
    pub(crate) fn of(package: &mut Package, relations: &Relations, id: &str) -> Result<Option<Self>> {
        relations.get(id).map_or(Ok(None), |relation| Self::read(package, relation))
    }

    fn read(package: &mut Package, relation: &Relation) -> Result<Option<Self>> {
        let part = relation.target.as_str();
        if !matches!(relation.kind.as_str(), "chart" | "diagramData") {
            return Ok(None);
        }
        let Some(xml) = package.xml(part)? else { return Ok(None) };
        let read = match relation.kind.as_str() {
            "chart" => Chart::read(part, &xml).map(Self::Chart),
            _ => diagram::texts(part, &xml).map(Self::Diagram),
        };
        Ok(Some(read.unwrap_or_else(|_| Self::Damaged(part.to_owned()))))
    }

    /// Appends a chart as lines and a table, a diagram as a list.
    pub(crate) fn append(self, out: &mut DocumentBuilder) {
        match self {
            Self::Chart(chart) => chart.append(out),
            Self::Diagram(texts) => {
                for text in texts {
                    out.block(BlockKind::ListItem, 1, &format!("- {}", text.trim()));
                }
            }
            Self::Damaged(part) => {
                let message = format!("the drawing {part} is damaged and was left out");
                out.warn(WarningKind::Lost, None, message);
            }
        }
    }
}

/// All that the parts named by a part draw, by the ids of their relationships.
pub(crate) fn read_drawings(
    package: &mut Package,
    relations: &Relations,
) -> Result<HashMap<String, Drawing>> {
    let mut drawings = HashMap::new();
    for relation in relations.iter() {
        if let Some(drawing) = Drawing::read(package, relation)? {
            drawings.insert(relation.id.clone(), drawing);
        }
    }
    Ok(drawings)
}
