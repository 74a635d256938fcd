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
/// Sections of a document.
const SECTIONS: usize = 4;
const MIB: f64 = 1_048_576.0;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    few_documents: usize,
    few_peak_mib: f64,
    /// Of the largest child process that read a file.
    few_parser_peak_mib: f64,
    many_documents: usize,
    many_peak_mib: f64,
    many_parser_peak_mib: f64,
    /// Many over few; near 1 means that memory stays flat.
    ratio: f64,
    many_documents_per_second: f64,
    /// `footnote serve` after start, before any question: the generator is not loaded.
    idle_mib: f64,
}

pub(super) async fn measure(config: &Config, documents: usize) -> Result<Figures> {
    let config = config.clone();
    let work = move || {
        let (few, _) = ingest(&config, FEW)?;
        let (many, seconds) = ingest(&config, documents)?;
        Ok(Figures {
            few_documents: FEW,
            few_peak_mib: few.service / MIB,
            few_parser_peak_mib: few.parser / MIB,
            many_documents: documents,
            many_peak_mib: many.service / MIB,
            many_parser_peak_mib: many.parser / MIB,
            ratio: many.service / few.service,
            many_documents_per_second: documents as f64 / seconds,
            idle_mib: idle(&config)? / MIB,
        })
    };
    tokio::task::spawn_blocking(work).await.internal("the measuring thread stopped")?
}

/// Peak bytes of the process that ingests, and of the largest of its children.
#[derive(Debug, Clone, Copy, Default)]
struct Peaks {
    service: f64,
    parser: f64,
}

/// Peaks and seconds of `footnote ingest` over so many documents.
fn ingest(config: &Config, documents: usize) -> Result<(Peaks, f64)> {
    let scratch = tempfile::tempdir().internal("cannot make a scratch folder")?;
    let folder = scratch.path().join("documents");
    fs_err::create_dir_all(&folder).internal("cannot make the documents' folder")?;
    for number in 0..documents {
        fs_err::write(folder.join(format!("order-{number}.md")), document(number))
            .internal("cannot write a document")?;
    }
    let start = Instant::now();
    let child =
        this_binary(config, scratch.path(), &["ingest", &folder.to_string_lossy(), "--format", "json"])?
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .internal("cannot start the ingesting process")?;
    let peaks = watch_peaks(child)?;
    Ok((peaks, start.elapsed().as_secs_f64()))
}

/// A work order of several sections, each about a chunk, no two alike.
fn document(number: usize) -> String {
    let mut text = format!("# Work order {number}\n");
    for section in 0..SECTIONS {
        text.push_str(&format!("\n## Step {section} of order {number}\n\n"));
        for line in 0..12 {
            text.push_str(&format!(
                "Sensor {number}-{section}-{line} was calibrated with two buffer solutions. The deviation was \
                 {}.{} percent, below the limit. 传感器编号{number}-{line}已校准。\n",
                (number + line) % 7,
                (number + section) % 10
            ));
        }
    }
    text
}

fn watch_peaks(mut child: Child) -> Result<Peaks> {
    let mut peaks = Peaks::default();
    let larger = |known: f64, process| known.max(process::peak_memory(process).unwrap_or(0) as f64);
    loop {
        peaks.service = larger(peaks.service, child.id());
        // A child that has not begun its program yet is a copy of its parent.
        let parsers =
            process::children(child.id()).into_iter().filter(|&pid| process::runs(pid, "parse-worker"));
        peaks.parser = parsers.fold(peaks.parser, larger);
        if let Some(status) = child.try_wait().internal("cannot wait for the process")? {
            if status.success() {
                return Ok(peaks);
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

/// This binary with the configuration in force and a data folder of its own.
fn this_binary(config: &Config, scratch: &Path, arguments: &[&str]) -> Result<Command> {
    let file = scratch.join("footnote.toml");
    let mut config = config.clone();
    config.data.folder = scratch.join("data");
    // The child runs in the scratch folder: what was relative to ours must not be to its own.
    let models = &mut config.models;
    let paths = [models.onnxruntime.as_mut(), models.pdfium.as_mut(), models.ocr.as_mut()];
    for path in paths.into_iter().flatten().chain([&mut models.folder]) {
        *path = std::path::absolute(&path).internal("cannot tell the current folder")?;
    }
    let text = toml::to_string(&config.redacted()).internal("cannot write the configuration as TOML")?;
    fs_err::write(&file, text).internal("cannot write the configuration")?;
    let mut command = Command::new(std::env::current_exe().internal("cannot find this binary's own path")?);
    // The file says all; variables that were read for it would be read again on top.
    command.args(arguments).arg("--config").arg(file).env_clear().current_dir(scratch);
    Ok(command)
}
