//! Pages of a PDF read per second, child process included.

use std::path::Path;
use std::time::{Duration, Instant};

use footnote_core::error::Context;
use footnote_core::{Error, Result};
use serde::Serialize;

use super::{pdf, process};
use crate::app::parse_host;
use crate::cli::worker_command;
use crate::config::Config;

const ROUNDS: usize = 3;
/// Pages of the PDF that is made: enough for the child's start not to matter.
const PAGES: usize = 300;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    file: String,
    engine: String,
    pages: usize,
    pages_per_second: f64,
    /// Of the CPU time of the child process that reads.
    pages_per_cpu_second: f64,
}

/// Reads `file`, or a PDF made here.
pub(super) async fn measure(config: &Config, file: Option<&Path>) -> Result<Figures> {
    if let Some(file) = file {
        return measure_file(config, file).await;
    }
    let scratch = tempfile::tempdir().internal("cannot make a scratch folder")?;
    let made = scratch.path().join("made-up.pdf");
    fs_err::write(&made, pdf::pages(PAGES)).internal("cannot write a PDF")?;
    measure_file(config, &made).await
}

async fn measure_file(config: &Config, file: &Path) -> Result<Figures> {
    let host = parse_host(config, worker_command()?).await;
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (mut best, mut best_cpu) = (Duration::MAX, Duration::MAX);
    let mut parsed = None;
    for _ in 0..ROUNDS {
        let (start, cpu) = (Instant::now(), process::children_cpu_time()?);
        parsed = Some(host.parse(file, &name).await?);
        best = best.min(start.elapsed());
        best_cpu = best_cpu.min(process::children_cpu_time()? - cpu);
    }
    let parsed = parsed.ok_or_else(|| Error::internal("nothing was parsed"))?;
    let pages = parsed.pages.len() as f64;
    Ok(Figures {
        file: name,
        engine: parsed.engine,
        pages: parsed.pages.len(),
        pages_per_second: pages / best.as_secs_f64(),
        // The kernel counts in hundredths.
        pages_per_cpu_second: pages / best_cpu.as_secs_f64().max(0.01),
    })
}

#[cfg(test)]
mod tests {
    use footnote_ingest::parse::{EngineConfig, ParseLimits, parse_file};

    use super::pdf;

    #[test]
    fn every_page_of_the_made_up_pdf_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), pdf::pages(5)).unwrap();
        let engine = EngineConfig::default();
        let parsed = parse_file(file.path(), "made-up.pdf", &ParseLimits::default(), &engine).unwrap();
        assert_eq!(parsed.pages.len(), 5);
        assert!(parsed.text.contains("Item 199:"), "{}", parsed.text);
    }
}
