//! An evaluation's report: one HTML file with nothing outside it, and no script.
//!
//! Texts come from documents and models, which may say anything. Rust computes what is shown as plain
//! data; only the template writes HTML, and it escapes all that it is given. The page's own content
//! security policy allows styles and nothing else.

mod axis;
mod chart;
mod plot;
mod words;

use footnote_core::Result;
use footnote_core::error::Context;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::{Deserialize, Serialize};

use super::intervals::Interval;
use super::language::Language;
use super::terms;
use chart::Chart;
pub(crate) use plot::{Bar, BarGroup, BarPlot, CurvePlot, CurveSeries, HistogramPlot, HistogramSeries, Plot};
use words::Words;

/// What was measured. Parts that are empty are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Report {
    /// Of the page.
    pub title: String,
    /// What was measured on what, in a line.
    pub subtitle: String,
    /// When, as it is shown.
    pub generated_at: String,
    /// Name and value of what decided the result: models, machine, seed, thresholds.
    pub settings: Vec<(String, String)>,
    /// The figures, the most telling first.
    pub metrics: Vec<MetricRow>,
    /// Further figures.
    pub tables: Vec<Table>,
    /// Drawn in this order.
    pub plots: Vec<Plot>,
    /// In any order; shown from the worst score on.
    pub cases: Vec<Case>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct MetricRow {
    /// What is measured, with its unit where it is no share.
    pub name: String,
    /// Not finite where it could not be computed.
    pub value: f64,
    /// How far it may be off.
    pub interval: Option<Interval>,
    /// The least that it should be.
    pub least: Option<f64>,
    /// A remark, or nothing.
    pub note: String,
}

/// Cells as they are shown; columns of numbers are set flush right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Table {
    /// Above the table.
    pub title: String,
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// Each with a cell for each column; `–` where there is none to show.
    pub rows: Vec<Vec<String>>,
}

/// One question with what should have been answered and what was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Case {
    /// In the data set.
    pub id: String,
    /// As it was asked.
    pub question: String,
    /// The reference answer.
    pub expected: String,
    /// The answer.
    pub got: String,
    /// What was made of it, in a word or two.
    pub verdict: String,
    /// 0 (worst) to 1.
    pub score: f64,
    /// What the answer cites.
    pub evidence: Vec<Evidence>,
    /// A remark, or nothing.
    pub note: String,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    /// The document's title.
    pub title: String,
    /// From 1, where the document has pages.
    pub page: Option<u32>,
    /// The passage.
    pub quote: String,
}

/// The report as an HTML page whose own words are of the given language.
pub(crate) fn html(report: &Report, language: Language) -> Result<String> {
    let words = Words::of(language);
    let said = |case: &Case| Case { verdict: terms::verdict(&case.verdict, language), ..case.clone() };
    let mut cases: Vec<Case> = report.cases.iter().map(said).collect();
    cases.sort_by(|a, b| a.score.total_cmp(&b.score));
    let charts: Vec<Chart> = report.plots.iter().map(|plot| Chart::of(plot, &words)).collect();
    let metrics: Vec<ShownMetric> = report.metrics.iter().map(ShownMetric::of).collect();
    let tables: Vec<ShownTable> = report.tables.iter().map(ShownTable::of).collect();
    let page = context! { report, words, metrics, charts, tables, cases, language => language.tag() };
    environment()
        .and_then(|environment| environment.get_template("report.html")?.render(page))
        .internal("cannot write the report's HTML")
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_filter("number", number);
    environment.add_filter("band", band);
    environment.add_template("report.html", include_str!("report/report.html"))?;
    environment.add_template("plot.html", include_str!("report/plot.html"))?;
    environment.add_template("style.css", include_str!("report/style.css"))?;
    Ok(environment)
}

/// A metric's row with its numbers written out.
#[derive(Serialize)]
struct ShownMetric<'a> {
    name: &'a str,
    value: String,
    interval: String,
    target: String,
    is_met: Option<bool>,
    note: &'a str,
}

impl<'a> ShownMetric<'a> {
    fn of(row: &'a MetricRow) -> Self {
        let interval = row.interval.map(|i| format!("{} – {}", number(i.low), number(i.high)));
        Self {
            name: &row.name,
            value: number(row.value),
            interval: interval.unwrap_or_default(),
            target: row.least.map(|least| format!("≥ {}", number(least))).unwrap_or_default(),
            is_met: row.least.map(|least| row.value >= least),
            note: &row.note,
        }
    }
}

/// A table that knows which columns hold numbers.
#[derive(Serialize)]
struct ShownTable<'a> {
    title: &'a str,
    columns: Vec<Cell<'a>>,
    rows: Vec<Vec<Cell<'a>>>,
}

#[derive(Serialize)]
struct Cell<'a> {
    text: &'a str,
    is_number: bool,
}

impl<'a> ShownTable<'a> {
    fn of(table: &'a Table) -> Self {
        let is_number = |column: usize| {
            let mut texts = table.rows.iter().filter_map(|row| row.get(column)).filter(|text| *text != "–");
            texts.clone().count() > 0 && texts.all(|text| is_numeric(text))
        };
        let cells = |texts: &'a [String]| -> Vec<Cell<'a>> {
            let cell = |(column, text): (usize, &'a String)| Cell { text, is_number: is_number(column) };
            texts.iter().enumerate().map(cell).collect()
        };
        Self {
            title: &table.title,
            columns: cells(&table.columns),
            rows: table.rows.iter().map(|row| cells(row)).collect(),
        }
    }
}

/// Three decimals for shares, fewer for what is larger, and none for whole numbers from 2 on.
fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => "–".to_owned(),
        _ if size >= 1e9 || (size > 0.0 && size < 5e-4) => format!("{value:.2e}"),
        _ if size >= 2.0 && value.fract() == 0.0 => format!("{value}"),
        _ if size < 10.0 => format!("{value:.3}"),
        _ if size < 1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// The third of the scale that a score is in, as the style sheet names it.
fn band(score: f64) -> &'static str {
    match score {
        _ if score >= 2.0 / 3.0 => "high",
        _ if score >= 1.0 / 3.0 => "middle",
        _ => "low",
    }
}

/// Whether a cell reads as a number, a percentage or a quantity such as "12.5 ms".
fn is_numeric(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['-', '−', '+', '±', '<', '>', '≤', '≥', ' ']);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().filter(|c| c.is_alphabetic()).count() <= 3
}

#[cfg(test)]
mod tests;
