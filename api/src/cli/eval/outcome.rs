//! How every measurement ends: printed, written as a page where one is wanted, and held against minimums.

use std::path::Path;

use chrono::Utc;
use footnote_core::Result;
use footnote_core::error::Context;
use serde::Serialize;
use serde_json::Value;

use super::super::args::{EvalOutputArgs, OutputFormat};
use super::super::output;
use super::gate::{self, Minimum};
use super::intervals::Interval;
use super::language::Language;
use super::report::{self, MetricRow, Report};
use super::terms;

/// What the key of a figure's 95% interval ends in.
const INTERVAL: &str = "_interval";

/// Ends a measurement. `page` makes the report, whose figures and date are filled in here.
pub(crate) fn finish<T: Serialize>(
    format: OutputFormat,
    options: &EvalOutputArgs,
    measured: &T,
    page: impl FnOnce(Language) -> Report,
) -> Result<()> {
    let value = serde_json::to_value(measured).internal("cannot write the result as JSON")?;
    output::print(format, &value, |out| {
        let rows = rows(&value, &[]);
        let widest = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        for row in rows {
            let interval =
                row.interval.map(|i| format!("  ({:.4} to {:.4})", i.low, i.high)).unwrap_or_default();
            let name = row.name;
            match row.value {
                whole if whole.fract() == 0.0 => writeln!(out, "{name:widest$}  {whole}{interval}")?,
                value => writeln!(out, "{name:widest$}  {value:.4}{interval}")?,
            }
        }
        Ok(())
    })?;
    if let Some(path) = &options.report {
        write_page(path, page(options.language()), &value, options)?;
    }
    gate::require(&value, &options.fail_under)
}

fn write_page(path: &Path, page: Report, value: &Value, options: &EvalOutputArgs) -> Result<()> {
    let generated_at = Utc::now().format("%Y-%m-%d %H:%M UTC").to_string();
    let language = options.language();
    let metrics = rows(value, &options.fail_under).into_iter().map(|row| said_in(language, row)).collect();
    let page = Report { generated_at, metrics, ..page };
    fs_err::write(path, report::html(&page, options.language())?).internal("cannot write the report")
}

/// The figure in the report's words; where these are others than its key, that is told beside it.
fn said_in(language: Language, row: MetricRow) -> MetricRow {
    let name = terms::figure(&row.name, language);
    let note = if name == row.name { row.note } else { row.name };
    MetricRow { name, note, ..row }
}

/// The figures with their intervals and what they should reach.
fn rows(value: &Value, minimums: &[Minimum]) -> Vec<MetricRow> {
    let figures = gate::metrics(value);
    let find = |name: String| figures.iter().find(|(path, _)| *path == name).and_then(|(_, value)| *value);
    let rows = figures.iter().filter(|(path, _)| !path.contains(INTERVAL)).map(|(path, figure)| {
        let end = |end: &str| find(format!("{path}{INTERVAL}.{end}"));
        let interval = end("low").zip(end("high")).map(|(low, high)| Interval { low, high });
        let value = figure.unwrap_or(f64::NAN);
        let minimum = minimums.iter().find(|minimum| minimum.metric == *path);
        let least = minimum.map(|minimum| minimum.least);
        MetricRow { name: path.clone(), value, interval, least, note: String::new() }
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_get_the_intervals_beside_them() {
        let value = json!({
            "dataset": "d", "auroc": 0.5, "auroc_interval": { "low": 0.25, "high": 0.75 },
            "at": { "recall": null }, "worst": [1],
        });
        let rows = rows(&value, &["auroc=0.6".parse().unwrap()]);
        let shown: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.interval)).collect();
        assert_eq!(shown, [("auroc", Some(Interval { low: 0.25, high: 0.75 })), ("at.recall", None)]);
        assert!(rows[1].value.is_nan());
        assert_eq!((rows[0].least, rows[1].least), (Some(0.6), None));
    }
}
