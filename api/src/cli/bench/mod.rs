//! `footnote bench`: speed and memory of each part on this machine, against a yardstick of the same
//! run where there is one. Machines differ and are noisy: compare ratios, not seconds.

mod embed;
mod generate;
mod memory;
mod pdf;
mod process;
mod read;
mod searching;

use std::collections::BTreeMap;

use footnote_core::{Error, Result};
use serde::Serialize;

use super::args::{BenchArgs, OutputFormat};
use super::output;
use crate::config::{Config, VectorConfig};

const PARTS: [&str; 5] = ["embed", "parse", "search", "generate", "ingest"];

/// What was measured; a part that was left out is absent, and one that failed is told in `errors`.
#[derive(Debug, Default, Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    embed: Option<embed::Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parse: Option<read::Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<searching::Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generate: Option<generate::Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest: Option<memory::Figures>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<&'static str, String>,
}

impl Report {
    /// What a part gave; `None` where it failed, which is kept for the end: the others are measured
    /// all the same.
    fn keep<T>(&mut self, part: &'static str, measured: Result<T>) -> Option<T> {
        measured.map_err(|error| self.errors.insert(part, error.to_string())).ok()
    }
}

/// Measures every part that is not left out, in throw-away data folders.
pub(crate) async fn run(config: Config, args: BenchArgs, format: OutputFormat) -> Result<()> {
    if let Some(unknown) = args.skip.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(Error::invalid(format!("--skip {unknown}: the parts are {}", PARTS.join(", "))));
    }
    let wanted = |part: &str| {
        let wanted = !args.skip.iter().any(|skipped| skipped == part);
        if wanted {
            anstream::eprintln!("measuring {part}");
        }
        wanted
    };
    // Whatever server the service uses is no place for made-up collections.
    let config = Config { vector: VectorConfig::default(), ..config };
    let mut report = Report::default();
    if wanted("embed") {
        let measured = embed::measure(&config).await;
        report.embed = report.keep("embed", measured);
    }
    if wanted("parse") {
        let measured = read::measure(&config, args.pdf.as_deref()).await;
        report.parse = report.keep("parse", measured);
    }
    if wanted("search") {
        let measured = searching::measure(&config, args.chunks).await;
        report.search = report.keep("search", measured);
    }
    if wanted("generate") {
        let measured = generate::measure(&config).await;
        report.generate = report.keep("generate", measured).flatten();
    }
    if wanted("ingest") {
        let measured = memory::measure(&config, args.documents).await;
        report.ingest = report.keep("ingest", measured);
    }
    let text = toml::to_string_pretty(&report).map_err(|e| Error::internal(e.to_string()))?;
    output::print(format, &report, |out| out.write_all(text.as_bytes()))?;
    if report.errors.is_empty() {
        return Ok(());
    }
    let failed: Vec<String> = report.errors.iter().map(|(part, why)| format!("{part}: {why}")).collect();
    Err(Error::unavailable(format!("not measured: {}", failed.join("; "))))
}

/// The value below which `share` of the sorted samples lie.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (share * last as f64).round() as usize;
    sorted.get(place).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_fails_leaves_the_others() {
        let mut report = Report::default();
        let failed: Option<()> = report.keep("parse", Err(Error::invalid("no such file")));
        assert!(failed.is_none());
        assert_eq!(report.keep("embed", Ok(1)), Some(1));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json, serde_json::json!({"errors": {"parse": "no such file"}}));
    }

    #[test]
    fn percentiles_of_few_and_many() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.5), 51.0);
        assert_eq!(percentile(&hundred, 0.99), 99.0);
        assert_eq!(percentile(&[7.0], 0.99), 7.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
