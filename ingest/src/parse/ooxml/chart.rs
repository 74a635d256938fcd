//! Charts: their titles as lines, and the figures that the file keeps of them as a table.

use std::collections::{BTreeMap, BTreeSet};

use footnote_core::Result;

use crate::parse::builder::DocumentBuilder;
use crate::parse::flow::append_table;
use crate::parse::package::xml::{Xml, attribute, each_event, is_on};
use crate::parse::sheets::number_format::{general, show};
use crate::parse::table::TableGrid;

/// Most points of a series and most series that are read; Excel draws no more series.
pub(crate) const MAX_POINTS: usize = 10_000;
pub(crate) const MAX_SERIES: usize = 255;
/// Most levels of categories within each other.
pub(crate) const MAX_LEVELS: usize = 8;

/// A chart's texts and figures.
#[derive(Debug, Default)]
pub(crate) struct Chart {
    /// What is drawn: `Bar`, `Line`; several where it is a combination.
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) title: String,
    /// Titles of axes, and labels that somebody wrote.
    pub(crate) lines: Vec<String>,
    pub(crate) series: Vec<Series>,
}

/// What a chart draws in one colour. A point that has no category here may have one in another series.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// By level, the innermost first; what lies outside of it spans points.
    pub(crate) categories: Vec<BTreeMap<usize, String>>,
    pub(crate) values: BTreeMap<usize, String>,
}

/// What the values within an element are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Field {
    Name,
    Categories,
    Values,
    #[default]
    Other,
}

/// Where the reader stands.
#[derive(Default)]
struct Reader {
    chart: Chart,
    field: Field,
    point: usize,
    in_title: bool,
    in_plot: bool,
    in_label: bool,
    /// Whether text is that of a value, a run or a format.
    in_text: bool,
    text: String,
    paragraph: String,
    /// The format of the open numbers; `None` where they are texts.
    format: Option<String>,
    /// Whether the open series is one too many.
    too_many: bool,
    epoch_1904: bool,
}

impl Chart {
    /// Reads a chart part.
    pub(crate) fn read(part: &str, xml: &str) -> Result<Self> {
        let mut reader = Reader::default();
        each_event(part, xml, |event| {
            reader.event(event);
            Ok(())
        })?;
        Ok(reader.chart)
    }

    /// How many rows the table of its figures has.
    pub(crate) fn rows(&self) -> usize {
        self.points().len()
    }

    /// Appends the texts, and the figures as a table with a row for each category.
    pub(crate) fn append(self, out: &mut DocumentBuilder) {
        self.append_texts(out);
        let mut grid = TableGrid::default();
        grid.start_row();
        grid.cell("", 1, 1);
        self.series.iter().for_each(|series| grid.cell(&series.name, 1, 1));
        // What has no categories is numbered by whatever draws it.
        let is_numbered = self.series.iter().all(|series| series.categories.is_empty());
        for point in self.points() {
            grid.start_row();
            let number = || if is_numbered { (point + 1).to_string() } else { String::new() };
            let category = self.series.iter().find_map(|series| series.category(point));
            grid.cell(&category.unwrap_or_else(number), 1, 1);
            for series in &self.series {
                grid.cell(series.values.get(&point).map_or("", String::as_str), 1, 1);
            }
        }
        append_table(out, grid);
    }

    /// Appends the texts and names of the series without the figures.
    pub(crate) fn append_without_figures(self, out: &mut DocumentBuilder) {
        self.append_texts(out);
        let names: Vec<&str> = self.series.iter().map(|series| series.name.as_str()).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
        out.paragraph(&names.join(", "));
    }

    fn append_texts(&self, out: &mut DocumentBuilder) {
        let kind = self.kinds.join(" and ");
        let kind = if kind.is_empty() { "Chart".to_owned() } else { format!("{kind} chart") };
        match self.title.trim() {
            "" => out.paragraph(&kind),
            title => out.paragraph(&format!("{kind}: {title}")),
        }
        self.lines.iter().for_each(|line| out.paragraph(line));
    }

    fn points(&self) -> BTreeSet<usize> {
        let levels = self.series.iter().filter_map(|series| series.categories.first());
        let values = self.series.iter().map(|series| &series.values);
        levels.chain(values).flat_map(BTreeMap::keys).copied().collect()
    }
}

impl Series {
    /// What a point is called, the outermost level first.
    fn category(&self, point: usize) -> Option<String> {
        let (innermost, around) = self.categories.split_first()?;
        let own = innermost.get(&point)?;
        let around = around.iter().rev().filter_map(|level| level.range(..=point).next_back());
        let names: Vec<&str> = around.map(|(_, name)| name.as_str()).chain([own.as_str()]).collect();
        Some(names.join(" "))
    }
}

impl Reader {
    fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Start(start) => {
                let name = start.local_name();
                match name.as_ref() {
                    "date1904" => self.epoch_1904 = is_on(start),
                    "title" => self.in_title = true,
                    "plotArea" => self.in_plot = true,
                    "dLbl" => self.in_label = true,
                    "ser" => {
                        self.too_many = self.chart.series.len() >= MAX_SERIES;
                        if !self.too_many {
                            self.chart.series.push(Series::default());
                        }
                    }
                    "tx" if !self.in_title && !self.in_label => self.field = Field::Name,
                    "cat" | "xVal" => self.field = Field::Categories,
                    "val" | "yVal" => self.field = Field::Values,
                    "numCache" | "numLit" => self.format = Some("General".to_owned()),
                    "strCache" | "strLit" => self.format = None,
                    "lvl" => {
                        self.format = None;
                        self.start_level();
                    }
                    "pt" => {
                        self.point = attribute(start, "idx").and_then(|i| i.parse().ok()).unwrap_or(0);
                    }
                    "v" | "t" | "formatCode" => {
                        self.in_text = true;
                        self.text.clear();
                    }
                    name => self.kind(name),
                }
            }
            Xml::Text(text) if self.in_text => self.text.push_str(text),
            Xml::Text(_) => {}
            Xml::End(name) => self.end(name),
        }
    }

    fn kind(&mut self, name: &str) {
        let Some(drawn) = name.strip_suffix("Chart").map(|name| name.trim_end_matches("3D")) else { return };
        let kind = match drawn {
            "bar" => "Bar",
            "line" => "Line",
            "area" => "Area",
            "scatter" => "Scatter",
            "pie" | "ofPie" => "Pie",
            "doughnut" => "Doughnut",
            "radar" => "Radar",
            "bubble" => "Bubble",
            "stock" => "Stock",
            "surface" => "Surface",
            _ => return,
        };
        if !self.chart.kinds.contains(&kind) {
            self.chart.kinds.push(kind);
        }
    }

    fn start_level(&mut self) {
        let Some(series) = self.chart.series.last_mut().filter(|_| self.field == Field::Categories) else {
            return;
        };
        if series.categories.len() < MAX_LEVELS {
            series.categories.push(BTreeMap::new());
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "title" => self.in_title = false,
            "plotArea" => self.in_plot = false,
            "dLbl" => self.in_label = false,
            "tx" | "cat" | "xVal" | "val" | "yVal" => self.field = Field::Other,
            "formatCode" => self.format = Some(std::mem::take(&mut self.text)),
            "v" => self.end_value(),
            "t" => self.paragraph.push_str(&std::mem::take(&mut self.text)),
            "p" => {
                let paragraph = std::mem::take(&mut self.paragraph);
                self.line(&paragraph);
            }
            _ => {}
        }
        self.in_text = false;
    }

    fn line(&mut self, text: &str) {
        if self.in_title && !self.in_plot {
            self.chart.title.push_str(text);
            self.chart.title.push(' ');
        } else if !text.trim().is_empty() {
            self.chart.lines.push(text.to_owned());
        }
    }

    fn end_value(&mut self) {
        let value = std::mem::take(&mut self.text);
        if self.in_title {
            self.line(&value);
            return;
        }
        let text = match (&self.format, value.trim().parse::<f64>()) {
            (Some(format), Ok(number)) if format == "General" => general(number),
            (Some(format), Ok(number)) => show(number, format, self.epoch_1904),
            _ => value,
        };
        if self.point >= MAX_POINTS || self.too_many {
            return;
        }
        let Some(series) = self.chart.series.last_mut() else { return };
        match self.field {
            Field::Name => series.name.push_str(&text),
            Field::Categories => {
                if series.categories.is_empty() {
                    series.categories.push(BTreeMap::new());
                }
                if let Some(level) = series.categories.last_mut() {
                    level.insert(self.point, text);
                }
            }
            Field::Values => _ = series.values.insert(self.point, text),
            Field::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::ContentType;

    use super::*;

    fn read(chart: &str) -> String {
        let mut out = DocumentBuilder::new(100_000);
        Chart::read("chart.xml", chart).unwrap().append(&mut out);
        out.finish(ContentType::Pptx, "test").unwrap().text
    }

    fn points(values: &[(usize, &str)]) -> String {
        values.iter().map(|(index, value)| format!("<pt idx=\"{index}\"><v>{value}</v></pt>")).collect()
    }

    #[test]
    fn figures_are_shown_as_their_format_says() {
        let series = |name: &str, format: &str, values: &[(usize, &str)]| {
            format!(
                "<ser><tx><strRef><strCache>{}</strCache></strRef></tx>\
                 <cat><numRef><numCache><formatCode>yyyy-mm-dd</formatCode>{}</numCache></numRef></cat>\
                 <val><numRef><numCache><formatCode>{format}</formatCode>{}</numCache></numRef></val></ser>",
                points(&[(0, name)]),
                points(&[(0, "45292"), (1, "45293")]),
                points(values)
            )
        };
        let axis = "<valAx><title><tx><rich><p><r><t>Share of all</t></r></p></rich></tx></title></valAx>";
        let chart = format!(
            "<chartSpace><chart><title><tx><strRef><strCache>{}</strCache></strRef></tx></title><plotArea><bar3DChart>{}</bar3DChart>\
             <lineChart>{}</lineChart>{axis}</plotArea></chart></chartSpace>",
            points(&[(0, "Leave")]),
            series("2024", "0%", &[(0, "0.25"), (1, "0.30000000000000004")]),
            series("007", "General", &[(1, "0.30000000000000004")])
        );
        assert_eq!(
            read(&chart),
            "Bar and Line chart: Leave\n\nShare of all\n\n|  | 2024 | 007 |\n| --- | --- | --- |\n\
             | 2024-01-01 | 25% |  |\n| 2024-01-02 | 30% | 0.3 |"
        );
    }

    #[test]
    fn categories_of_several_levels_are_said_whole() {
        let chart = format!(
            "<ser><tx><v>n</v></tx><cat><multiLvlStrRef><multiLvlStrCache><lvl>{}</lvl><lvl>{}</lvl></multiLvlStrCache></multiLvlStrRef></cat>\
             <val>{}</val><dLbls><dLbl><tx><rich><p><r><t>note</t></r></p></rich></tx></dLbl></dLbls></ser>",
            points(&[(0, "Q1"), (1, "Q2"), (2, "Q1")]),
            points(&[(0, "2024"), (2, "2025")]),
            points(&[(0, "1"), (1, "2"), (2, "3"), (99_999_999, "4")])
        );
        assert_eq!(
            read(&chart),
            "Chart\n\nnote\n\n|  | n |\n| --- | --- |\n| 2024 Q1 | 1 |\n| 2024 Q2 | 2 |\n| 2025 Q1 | 3 |"
        );
    }

    #[test]
    fn a_chart_of_many_series_is_bounded() {
        let series = "<ser><tx><v>s</v></tx><val><pt idx=\"9999\"><v>1</v></pt></val></ser>";
        let chart = Chart::read("chart.xml", &series.repeat(1_000)).unwrap();
        assert_eq!((chart.series.len(), chart.rows()), (MAX_SERIES, 1));
        assert_eq!(chart.series[MAX_SERIES - 1].name, "s");
        assert!(Chart::read("chart.xml", "<ser></val>").is_err());
    }
}
