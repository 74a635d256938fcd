//! Peak memory of a process that ingests few and many documents, and of one that serves and waits.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use footnote_core::error::Context;
use footnote_core::{Error, Result};
use serde::Serialize;

use super::process;
use crate::config::Config;

const FEW: usize = 10;
const MIB: f64 = 1_048_576.0;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    few_documents: usize,
    few_peak_mib: f64,
    many_documents: usize,
    many_peak_mib: f64,
    /// Many over few; near 1 means that memory stays flat.
    ratio: f64,
    many_documents_per_second: f64,
    /// `footnote serve` after start, before any question: the generator is not loaded.
    idle_mib: f64,
}

pub(super) async fn measure(config: &Config, documents: usize) -> Result<Figures> {
    let config = config.clone();
    let work = move || {
        let (few_peak, _) = ingest(&config, FEW)?;
        let (many_peak, seconds) = ingest(&config, documents)?;
        Ok(Figures {
            few_documents: FEW,
            few_peak_mib: few_peak / MIB,
            many_documents: documents,
            many_peak_mib: many_peak / MIB,
            ratio: many_peak / few_peak,
            many_documents_per_second: documents as f64 / seconds,
            idle_mib: idle(&config)? / MIB,
        })
    };
    tokio::task::spawn_blocking(work).await.internal("the measuring thread stopped")?
}

/// Peak bytes and seconds of `footnote ingest` over so many one-page documents.
fn ingest(config: &Config, documents: usize) -> Result<(f64, f64)> {
    let scratch = tempfile::tempdir().internal("cannot make a scratch folder")?;
    let folder = scratch.path().join("documents");
    fs_err::create_dir_all(&folder).internal("cannot make the documents' folder")?;
    for number in 0..documents {
        let text = format!(
            "# Work order {number}\n\nSensor number {number} was calibrated with two buffer solutions. The \
             deviation was {}.{} percent, below the limit. 传感器编号{number}已校准。\n",
            number % 7,
            number % 10
        );
        fs_err::write(folder.join(format!("order-{number}.md")), text).internal("cannot write a document")?;
    }
    let start = Instant::now();
    let child =
        this_binary(config, scratch.path(), &["ingest", &folder.to_string_lossy(), "--format", "json"])?
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .internal("cannot start the ingesting process")?;
    let peak = watch_peak(child)?;
    Ok((peak, start.elapsed().as_secs_f64()))
}

fn watch_peak(mut child: Child) -> Result<f64> {
    let mut peak = 0;
    loop {
        peak = peak.max(process::peak_memory(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().internal("cannot wait for the process")? {
            if status.success() {
                return Ok(peak as f64);
            }
            return Err(Error::internal(format!("the ingesting process ended with {status}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Resident bytes of a service that nobody has asked anything.
fn idle(config: &Config) -> Result<f64> {
    let scratch = tempfile::tempdir().internal("cannot make a scratch folder")?;
    let mut child = this_binary(config, scratch.path(), &["serve", "--bind", "127.0.0.1:0"])?
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .internal("cannot start the service")?;
    let lines =
        BufReader::new(child.stderr.take().ok_or_else(|| Error::internal("no standard error"))?).lines();
    let serving = lines.map_while(std::io::Result::ok).any(|line| line.contains("serving http://"));
    std::thread::sleep(Duration::from_secs(2));
    let memory = process::memory(child.id());
    child.kill().internal("cannot end the service")?;
    child.wait().internal("cannot wait for the service")?;
    match memory {
        Some(bytes) if serving => Ok(bytes as f64),
        _ => Err(Error::internal("the service did not start")),
    }
}

/// This binary with the same models and a data folder of its own.
fn this_binary(config: &Config, scratch: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().internal("cannot find this binary's own path")?);
    command
        .args(arguments)
        .arg("--data")
        .arg(scratch.join("data"))
        .current_dir(scratch)
        .env("FOOTNOTE__MODELS__FOLDER", &config.models.folder)
        .env("FOOTNOTE__MODELS__EMBEDDER", &config.models.embedder);
    Ok(command)
}
