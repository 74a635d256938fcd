//! What charts and diagrams of a DOCX say: the numbers of a chart as a table, a diagram's words as lines.

use std::collections::HashMap;

use footnote_core::Result;

use super::package::Package;
use super::xml::{Xml, attribute, each_event};
use crate::parse::builder::DocumentBuilder;
use crate::parse::flow::append_table;
use crate::parse::table::TableGrid;

/// Most points of a series.
const MAX_POINTS: usize = 10_000;

/// What was drawn.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Drawing {
    /// A chart's title and axis titles, or the words of a diagram.
    lines: Vec<String>,
    /// A chart's series.
    series: Vec<Series>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Series {
    name: String,
    categories: Vec<String>,
    values: Vec<String>,
}

/// The drawings of the part `main`, by the id of its relationship. A damaged one is left out: the text matters
/// more.
pub(crate) fn read_all(package: &mut Package, main: &str) -> Result<HashMap<String, Drawing>> {
    let (folder, file) = main.rsplit_once('/').unwrap_or(("", main));
    let part = format!("{folder}/_rels/{file}.rels");
    let part = part.trim_start_matches('/');
    let mut targets = Vec::new();
    if let Some(xml) = package.xml(part)? {
        each_event(part, &xml, |event| {
            if let Xml::Start(start) = event
                && attribute(start, "Type")
                    .is_some_and(|t| t.ends_with("/chart") || t.ends_with("/diagramData"))
                && attribute(start, "TargetMode").as_deref() != Some("External")
                && let (Some(id), Some(target)) = (attribute(start, "Id"), attribute(start, "Target"))
            {
                targets.push((id, target));
            }
            Ok(())
        })?;
    }
    let mut drawings = HashMap::new();
    for (id, target) in targets {
        let part = match target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("{folder}/{target}").trim_start_matches('/').to_owned(),
        };
        if let Some(xml) = package.xml(&part)? {
            drawings.extend(read(&part, &xml).ok().map(|drawing| (id, drawing)));
        }
    }
    Ok(drawings)
}

/// Reads the part of a chart or of a diagram's data.
fn read(part: &str, xml: &str) -> Result<Drawing> {
    let mut drawing = Drawing::default();
    let (mut field, mut index, mut text, mut in_value) = (Field::Other, 0, String::new(), false);
    each_event(part, xml, |event| {
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "ser" => drawing.series.push(Series::default()),
                "tx" if !drawing.series.is_empty() => field = Field::Name,
                "cat" | "xVal" => field = Field::Categories,
                "val" | "yVal" => field = Field::Values,
                "pt" => index = attribute(start, "idx").and_then(|i| i.parse().ok()).unwrap_or(0),
                "v" | "t" => in_value = true,
                "p" => text.clear(),
                _ => {}
            },
            Xml::End("v") => {
                in_value = false;
                let value = std::mem::take(&mut text);
                if let Some(series) = drawing.series.last_mut() {
                    series.set(field, index, value);
                }
            }
            Xml::End("t") => in_value = false,
            Xml::End("p") => drawing.lines.push(std::mem::take(&mut text)),
            Xml::End("tx" | "cat" | "xVal" | "val" | "yVal") => field = Field::Other,
            Xml::Text(part) if in_value => text.push_str(part),
            Xml::End(_) | Xml::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(drawing)
}

/// What the values within an element are.
#[derive(Clone, Copy)]
enum Field {
    Name,
    Categories,
    Values,
    Other,
}

impl Series {
    fn set(&mut self, field: Field, index: usize, value: String) {
        let list = match field {
            Field::Name => {
                self.name = value;
                return;
            }
            Field::Categories => &mut self.categories,
            Field::Values => &mut self.values,
            Field::Other => return,
        };
        if index < MAX_POINTS {
            list.resize(list.len().max(index + 1), String::new());
            list[index] = value;
        }
    }
}

impl Drawing {
    /// Appends the lines as paragraphs and the series as columns of a table.
    pub(crate) fn append(&self, out: &mut DocumentBuilder) {
        for line in &self.lines {
            out.paragraph(line);
        }
        let categories = self.series.iter().map(|s| &s.categories).max_by_key(|c| c.len());
        let rows =
            self.series.iter().map(|s| s.values.len()).chain(categories.map(Vec::len)).max().unwrap_or(0);
        let mut grid = TableGrid::default();
        grid.start_row();
        grid.cell("", 1, 1);
        for series in &self.series {
            grid.cell(&series.name, 1, 1);
        }
        for row in 0..rows {
            grid.start_row();
            grid.cell(categories.and_then(|c| c.get(row)).map_or("", String::as_str), 1, 1);
            for series in &self.series {
                grid.cell(series.values.get(row).map_or("", String::as_str), 1, 1);
            }
        }
        append_table(out, grid);
    }
}
