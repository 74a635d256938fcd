//! The texts of diagrams (SmartArt) and the cached figures of charts.

use std::collections::BTreeMap;

use footnote_core::Result;

use crate::parse::docx::xml::{Xml, attribute, each_event};
use crate::parse::table::TableGrid;

/// Most points of a series that are read.
const MAX_POINTS: usize = 10_000;

/// The texts of a diagram's points, in order.
pub(crate) fn diagram_texts(part: &str, xml: &str) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let (mut text, mut inside) = (String::new(), false);
    each_event(part, xml, |event| {
        match event {
            Xml::Start(start) => inside = start.local_name().as_ref() == "t",
            Xml::End(name) => {
                inside = false;
                match name {
                    "p" => text.push(' '),
                    "pt" if !text.trim().is_empty() => texts.push(std::mem::take(&mut text)),
                    "pt" => text.clear(),
                    _ => {}
                }
            }
            Xml::Text(part) if inside => text.push_str(part),
            Xml::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(texts)
}

/// A chart's title and its figures as a table: a row per category, a column per series.
#[derive(Default)]
pub(crate) struct Chart {
    pub(crate) title: String,
    series: Vec<Series>,
}

#[derive(Default)]
struct Series {
    name: String,
    categories: BTreeMap<usize, String>,
    values: BTreeMap<usize, String>,
}

impl Chart {
    /// Reads a chart part.
    pub(crate) fn read(part: &str, xml: &str) -> Result<Self> {
        let mut chart = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut point = 0;
        each_event(part, xml, |event| {
            match event {
                Xml::Start(start) => {
                    let name = start.local_name().as_ref().to_owned();
                    match name.as_str() {
                        "ser" => chart.series.push(Series::default()),
                        "pt" => point = attribute(start, "idx").and_then(|i| i.parse().ok()).unwrap_or(0),
                        _ => {}
                    }
                    path.push(name);
                }
                Xml::End(_) => _ = path.pop(),
                Xml::Text(text) => chart.text(&path, point, text),
            }
            Ok(())
        })?;
        Ok(chart)
    }

    fn text(&mut self, path: &[String], point: usize, text: &str) {
        let within = |name: &str| path.iter().any(|p| p == name);
        match path.last().map(String::as_str) {
            Some("t") if within("title") && !within("valAx") && !within("catAx") => self.title.push_str(text),
            Some("v") if point < MAX_POINTS => {
                let Some(series) = self.series.last_mut().filter(|_| within("ser")) else { return };
                if within("tx") {
                    series.name.push_str(text);
                } else if within("cat") || within("xVal") {
                    series.categories.entry(point).or_default().push_str(text);
                } else if within("val") || within("yVal") {
                    series.values.entry(point).or_default().push_str(text);
                }
            }
            _ => {}
        }
    }

    /// The figures.
    pub(crate) fn into_table(self) -> TableGrid {
        let mut grid = TableGrid::default();
        grid.start_row();
        grid.cell("", 1, 1);
        self.series.iter().for_each(|series| grid.cell(&series.name, 1, 1));
        let last = self.series.iter().flat_map(|s| s.values.keys().chain(s.categories.keys())).max();
        for point in 0..last.map_or(0, |last| last + 1) {
            grid.start_row();
            let category = self.series.iter().find_map(|s| s.categories.get(&point));
            grid.cell(category.map_or("", String::as_str), 1, 1);
            for series in &self.series {
                grid.cell(series.values.get(&point).map_or("", String::as_str), 1, 1);
            }
        }
        grid
    }
}
