//! Pages of a PDF read per second, child process included.

use std::path::Path;
use std::time::{Duration, Instant};

use footnote_core::{Error, Result};
use serde::Serialize;

use crate::app::parse_host;
use crate::cli::worker_command;
use crate::config::Config;

const ROUNDS: usize = 3;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    file: String,
    engine: String,
    pages: usize,
    pages_per_second: f64,
}

pub(super) async fn measure(config: &Config, pdf: &Path) -> Result<Figures> {
    let host = parse_host(config, worker_command()?);
    let name = pdf.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut best = Duration::MAX;
    let mut parsed = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        parsed = Some(host.parse(pdf, &name).await?);
        best = best.min(start.elapsed());
    }
    let parsed = parsed.ok_or_else(|| Error::internal("nothing was parsed"))?;
    Ok(Figures {
        file: name,
        engine: parsed.engine,
        pages: parsed.pages.len(),
        pages_per_second: parsed.pages.len() as f64 / best.as_secs_f64(),
    })
}
