//! `footnote bench`: speed and memory of each part on this machine, against a yardstick of the same
//! run where there is one. Machines differ and are noisy: compare ratios, not seconds.

mod embed;
mod generate;
mod memory;
mod process;
mod read;
mod searching;

use footnote_core::{Error, Result};
use serde::Serialize;

use super::args::{BenchArgs, OutputFormat};
use super::output;
use crate::config::Config;

const PARTS: [&str; 5] = ["embed", "parse", "search", "generate", "ingest"];

/// What was measured; a part that was left out is absent.
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
    let mut report = Report::default();
    if wanted("embed") {
        report.embed = Some(embed::measure(&config).await?);
    }
    if wanted("parse") {
        report.parse = Some(read::measure(&config, &args.pdf).await?);
    }
    if wanted("search") {
        report.search = Some(searching::measure(&config, args.chunks).await?);
    }
    if wanted("generate") {
        report.generate = generate::measure(&config).await?;
    }
    if wanted("ingest") {
        report.ingest = Some(memory::measure(&config, args.documents).await?);
    }
    let text = toml::to_string_pretty(&report).map_err(|e| Error::internal(e.to_string()))?;
    output::print(format, &report, |out| out.write_all(text.as_bytes()))
}

/// The value below which `share` of the sorted samples lie.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (share * last as f64).round() as usize;
    sorted.get(place).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_of_few_and_many() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.5), 51.0);
        assert_eq!(percentile(&hundred, 0.99), 99.0);
        assert_eq!(percentile(&[7.0], 0.99), 7.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
