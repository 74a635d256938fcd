//! Charts of OpenDocument files: each is a document within the document, with a table of the figures it draws.

use std::collections::{BTreeMap, HashMap, HashSet};

use footnote_core::{ErrorKind, Result};
use quick_xml::events::BytesStart;

use super::figures::Figures;
use super::number_style::NumberStyles;
use crate::parse::ooxml::Drawing;
use crate::parse::ooxml::chart::{Chart, MAX_LEVELS, MAX_POINTS, MAX_SERIES, Series};
use crate::parse::package::xml::{Xml, attribute, each_event};
use crate::parse::package::{Package, resolve};
use crate::parse::sheets::CellBudget;

/// The charts of a package by the folders they lie in.
#[derive(Default)]
pub(crate) struct Charts(HashMap<String, Drawing>);

impl Charts {
    /// Reads all charts of the package.
    pub(crate) fn read(package: &mut Package, budget: &mut CellBudget) -> Result<Self> {
        let mut charts = HashMap::new();
        for part in package.names() {
            let Some(folder) = part.strip_suffix("/content.xml") else { continue };
            let drawing = match package.xml(&part) {
                // Other objects are formulas, which may declare a DTD, and documents that are not read.
                Ok(xml) => match xml.filter(|xml| xml.contains("<chart:chart")) {
                    Some(xml) => read(&part, &xml, budget)?,
                    None => continue,
                },
                Err(error) if error.kind() == ErrorKind::TooLarge => return Err(error),
                // The text around it matters more.
                Err(_) => Drawing::Damaged(part.clone()),
            };
            charts.insert(folder.to_owned(), drawing);
        }
        Ok(Self(charts))
    }

    /// The chart that this object stands for.
    pub(crate) fn take(&mut self, object: &BytesStart<'_>) -> Option<Drawing> {
        let folder = attribute(object, "href")?.replace("%20", " ");
        self.0.remove(&resolve("", &folder))
    }
}

fn read(part: &str, xml: &str, budget: &mut CellBudget) -> Result<Drawing> {
    let mut reader = Reader::default();
    match each_event(part, xml, |event| reader.event(&event, budget)) {
        Ok(()) => Ok(Drawing::Chart(reader.finish())),
        Err(error) if error.kind() == ErrorKind::TooLarge => Err(error),
        Err(_) => Ok(Drawing::Damaged(part.to_owned())),
    }
}

/// Where the reader stands.
#[derive(Default)]
struct Reader {
    chart: Chart,
    numbers: NumberStyles,
    /// The style that is being defined, the formats of styles, and the styles whose series lie in rows.
    style: String,
    formats: HashMap<String, String>,
    row_styles: HashSet<String>,
    series_in_rows: bool,
    /// Styles of the axes by their names.
    axes: HashMap<String, String>,
    plotted: Vec<Plotted>,
    /// Cells of the values that scattered points have on the horizontal axis.
    domains: HashSet<String>,
    figures: Figures,
    in_table: bool,
    in_title: bool,
    in_plot: bool,
    paragraph: Option<String>,
}

/// What the chart says of a series.
#[derive(Default)]
struct Plotted {
    /// Cells of its name and of its values.
    name: String,
    values: String,
    style: String,
    axis: String,
}

impl Reader {
    fn event(&mut self, event: &Xml<'_>, budget: &mut CellBudget) -> Result<()> {
        if self.numbers.event(event) {
            return Ok(());
        }
        match event {
            Xml::Start(start) => self.start(start),
            Xml::Text(text) => self.push(text),
            Xml::End("p" | "h") => self.end_paragraph(),
            Xml::End("title") => self.in_title = false,
            Xml::End("plot-area") => self.in_plot = false,
            Xml::End("table") => self.in_table = false,
            Xml::End(_) => {}
        }
        match self.in_table {
            true => self.figures.event(event, budget),
            false => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let text = |name: &str| attribute(start, name).unwrap_or_default();
        match start.local_name().as_ref() {
            "style" => {
                self.style = text("name");
                self.formats.insert(self.style.clone(), text("data-style-name"));
            }
            "chart-properties" if text("series-source") == "rows" => {
                self.row_styles.insert(self.style.clone());
            }
            "chart" => self.kind(&text("class")),
            // Shapes have titles, too.
            "title" if start.name().as_ref() == "chart:title" => self.in_title = true,
            "plot-area" => {
                self.in_plot = true;
                self.series_in_rows = self.row_styles.contains(&text("style-name"));
            }
            "axis" => {
                let name = attribute(start, "name");
                let name = name.unwrap_or_else(|| format!("primary-{}", text("dimension")));
                self.axes.insert(name, text("style-name"));
            }
            "series" => {
                self.kind(&text("class"));
                self.plotted.push(Plotted {
                    name: text("label-cell-address"),
                    values: text("values-cell-range-address"),
                    style: text("style-name"),
                    axis: attribute(start, "attached-axis").unwrap_or_else(|| "primary-y".to_owned()),
                });
            }
            "domain" => _ = self.domains.insert(text("cell-range-address")),
            "table" => self.in_table = true,
            "p" | "h" => self.paragraph = Some(String::new()),
            "s" | "tab" | "line-break" => self.push(" "),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(paragraph) = &mut self.paragraph {
            paragraph.push_str(text);
        }
    }

    fn kind(&mut self, class: &str) {
        let kind = match class.rsplit(':').next().unwrap_or_default() {
            "bar" => "Bar",
            "line" => "Line",
            "area" => "Area",
            "scatter" => "Scatter",
            "circle" => "Pie",
            "ring" => "Doughnut",
            "radar" | "filled-radar" => "Radar",
            "bubble" => "Bubble",
            "stock" => "Stock",
            "surface" => "Surface",
            "gantt" => "Gantt",
            _ => return,
        };
        if !self.chart.kinds.contains(&kind) {
            self.chart.kinds.push(kind);
        }
    }

    fn end_paragraph(&mut self) {
        let Some(text) = self.paragraph.take() else { return };
        if self.in_table {
            self.figures.text(&text);
        } else if self.in_title && !self.in_plot {
            self.chart.title.push_str(&text);
            self.chart.title.push(' ');
        } else if !text.trim().is_empty() {
            self.chart.lines.push(text);
        }
    }

    /// The format of a style; `None` where it shows numbers as they are.
    fn format(&self, style: &str) -> Option<&str> {
        self.numbers.code(self.formats.get(style)?)
    }

    fn finish(mut self) -> Chart {
        let mut figures = std::mem::take(&mut self.figures);
        figures.orient(self.series_in_rows);
        let domain = self.domain(&figures);
        let series_of_columns = self.series_of_columns(&figures, domain);
        let axis = |name: &str| self.axes.get(name).and_then(|style| self.format(style));
        let format_of = |column: usize| {
            let plotted = series_of_columns.get(&column).and_then(|&index| self.plotted.get(index))?;
            self.format(&plotted.style).or_else(|| axis(&plotted.axis))
        };
        let mut series: Vec<Series> = Vec::new();
        let mut categories: Vec<BTreeMap<usize, String>> = Vec::new();
        let mut set_category = |level: usize, point: usize, text: String| {
            if level < MAX_LEVELS {
                categories.resize_with(categories.len().max(level + 1), BTreeMap::new);
                categories[level].insert(point, text);
            }
        };
        for cell in &figures.cells {
            let point = cell.row.checked_sub(figures.header_rows).filter(|point| *point < MAX_POINTS);
            let Some(column) = cell.column.checked_sub(figures.header_columns) else {
                if let (Some(point), None) = (point, domain) {
                    let level = figures.header_columns - 1 - cell.column;
                    set_category(level, point, cell.shown(axis("primary-x")));
                }
                continue;
            };
            if domain == Some(cell.column) {
                if let Some(point) = point {
                    set_category(0, point, cell.shown(axis("primary-x")));
                }
                continue;
            }
            // The column of the domain is no series.
            let index = column - usize::from(domain.is_some_and(|domain| domain < cell.column));
            if index >= MAX_SERIES {
                continue;
            }
            series.resize_with(series.len().max(index + 1), Series::default);
            match point {
                Some(point) => _ = series[index].values.insert(point, cell.shown(format_of(cell.column))),
                None if cell.row < figures.header_rows => {
                    let name = &mut series[index].name;
                    name.push_str(if name.is_empty() { "" } else { " " });
                    name.push_str(&cell.named());
                }
                None => {}
            }
        }
        if let Some(first) = series.first_mut() {
            first.categories = categories;
        }
        self.chart.series = series;
        self.chart
    }

    /// The column that all points of a scatter chart have their horizontal values in.
    fn domain(&self, figures: &Figures) -> Option<usize> {
        if self.domains.len() != 1 || !self.chart.kinds.contains(&"Scatter") {
            return None;
        }
        let is_domain = |address: &String| self.domains.contains(address);
        let cell = figures.cells.iter().find(|cell| cell.address.as_ref().is_some_and(is_domain))?;
        (cell.column >= figures.header_columns).then_some(cell.column)
    }

    /// Which series a column holds: as the addresses of its cells say, or else in the order of both.
    fn series_of_columns(&self, figures: &Figures, domain: Option<usize>) -> HashMap<usize, usize> {
        let mut by_address = HashMap::new();
        for (index, plotted) in self.plotted.iter().enumerate() {
            for address in [&plotted.name, &plotted.values] {
                by_address.entry(address.as_str()).or_insert(index);
            }
        }
        let found = figures.cells.iter().filter_map(|cell| {
            let index = by_address.get(cell.address.as_deref()?)?;
            Some((cell.column, *index))
        });
        let found: HashMap<usize, usize> = found.collect();
        if !found.is_empty() {
            return found;
        }
        let last = figures.cells.iter().map(|cell| cell.column).max().unwrap_or(0);
        let columns: Vec<usize> =
            (figures.header_columns..=last).filter(|column| Some(*column) != domain).collect();
        match columns.len() == self.plotted.len() {
            true => columns.into_iter().zip(0..).collect(),
            false => HashMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;
