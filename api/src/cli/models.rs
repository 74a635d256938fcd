//! `footnote models`: list, fetch and check model files and libraries.

use std::sync::Mutex;
use std::time::Duration;

use footnote_core::{Error, Result};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::args::{ModelsCommand, OutputFormat};
use super::output;
use crate::config::{Config, ModelsConfig};
use crate::models::{
    self, FileState, InstalledState, ProgressSink, PullEvent, PullOptions, PullOutcome, Pulled,
};

/// How often a bar is drawn while nothing is reported.
const TICK: Duration = Duration::from_millis(100);

/// Runs one of the commands.
pub(crate) fn run(config: &Config, command: &ModelsCommand, format: OutputFormat) -> Result<()> {
    match command {
        ModelsCommand::List => list(config, format),
        ModelsCommand::Pull { names } => {
            let pulled = pull(config, names)?;
            output::print(format, &pulled, |out| {
                pulled.iter().try_for_each(|p| writeln!(out, "{}: {}", p.id, outcome(p.outcome)))
            })
        }
        ModelsCommand::Verify { names } => verify(config, names, format),
    }
}

/// Fetches what the configuration names and is not there yet, with both libraries and OCR. Without PDFium
/// there is a slower reader of PDF files, and without OCR all but pictures is read: their failures are only
/// told.
pub(crate) fn pull_missing(config: &Config) -> Result<()> {
    let models = &config.models;
    let chosen = [Some(models.embedder.as_str()), models.generator.id(), models.reranker.id()];
    let mut names: Vec<String> = chosen.into_iter().flatten().map(str::to_owned).collect();
    if models.onnxruntime.is_none() {
        names.push("onnxruntime".to_owned());
    }
    let mut all = pull(config, &names)?;
    let optional = [
        (models.pdfium.is_none(), "pdfium", "PDF files are read by the slower reader"),
        (models.ocr.is_none(), ModelsConfig::OCR, "pictures and scanned pages are not read"),
    ];
    for (_, name, without) in optional.into_iter().filter(|(wanted, ..)| *wanted) {
        match pull(config, &[name.to_owned()]) {
            Ok(pulled) => all.extend(pulled),
            Err(error) => anstream::eprintln!("  {name}: {error}; {without}"),
        }
    }
    for pulled in all {
        anstream::eprintln!("  {}: {}", pulled.id, outcome(pulled.outcome));
    }
    Ok(())
}

fn pull(config: &Config, names: &[String]) -> Result<Vec<Pulled>> {
    let bars = Bars::default();
    let options = PullOptions {
        route: config.models.route,
        hub_endpoint: config.models.hub_endpoint.clone(),
        ..PullOptions::new(&config.models.folder, &bars)
    };
    models::pull(names, &options)
}

fn outcome(outcome: PullOutcome) -> &'static str {
    match outcome {
        PullOutcome::AlreadyInstalled => "installed already",
        PullOutcome::Verified => "was there, checksums are right",
        PullOutcome::Fetched(_) => "fetched, checksums are right",
    }
}

fn list(config: &Config, format: OutputFormat) -> Result<()> {
    let all = models::list(&config.models.folder)?;
    output::print(format, &all, |out| {
        // The catalogue is long: by name only, but for what of it is here.
        let (named, shown): (Vec<_>, Vec<_>) =
            all.iter().partition(|model| model.catalogue && model.state == InstalledState::Missing);
        for model in shown {
            let state = match model.state {
                InstalledState::Installed => format!("installed, {}", HumanBytes(model.bytes)),
                InstalledState::Unverified => "there, not verified".to_owned(),
                InstalledState::Missing => "not installed".to_owned(),
            };
            writeln!(out, "{} {}", output::bold(&model.id), output::dim(&format!("({state})")))?;
            writeln!(out, "    {}; licence {}", model.description, model.licence)?;
        }
        let mut roles = named.iter().map(|model| model.role).collect::<Vec<_>>();
        roles.dedup();
        for role in roles {
            let names: Vec<_> = named.iter().filter(|m| m.role == role).map(|m| m.id.as_str()).collect();
            let heading = format!("{}s of fastembed's catalogue, from the hub only", role.name());
            writeln!(out, "{}\n    {}", output::bold(&heading), names.join(", "))?;
        }
        Ok(())
    })
}

fn verify(config: &Config, names: &[String], format: OutputFormat) -> Result<()> {
    let verified = models::verify(&config.models.folder, names, &Bars::default())?;
    output::print(format, &verified, |out| {
        for model in &verified {
            if model.files.is_empty() {
                writeln!(out, "{}: not installed", model.id)?;
            }
            for file in &model.files {
                let state = match file.state {
                    FileState::Good => "good",
                    FileState::Differs => "DIFFERS from its pin",
                    FileState::Unpinned => "UNPINNED: nobody knows what it must hash to",
                    FileState::Missing => "MISSING",
                };
                writeln!(out, "{}/{}: {state}", model.id, file.path)?;
            }
        }
        Ok(())
    })?;
    let bad: Vec<&str> = verified.iter().filter(|v| !v.is_good()).map(|v| v.id.as_str()).collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "not as pinned: {}; remove the folder and run `footnote models pull`",
        bad.join(", ")
    )))
}

/// A progress bar per step, on standard error; a line per step where that is no terminal.
#[derive(Default)]
struct Bars {
    current: Mutex<Option<ProgressBar>>,
}

impl ProgressSink for Bars {
    fn report(&self, event: &PullEvent<'_>) {
        // A poisoned lock means that another report panicked; a progress bar may go on.
        let mut current = self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match *event {
            PullEvent::Started { model, step, total } => {
                let bar = match total {
                    Some(total) => ProgressBar::new(total).with_style(bytes_style()),
                    None => ProgressBar::new_spinner(),
                };
                let bar = bar.with_message(format!("{model}: {step}"));
                if bar.is_hidden() {
                    let size = total.map(|total| format!(", {}", HumanBytes(total))).unwrap_or_default();
                    anstream::eprintln!("  {model}: {step}{size}");
                }
                // Drawn at once, and while nothing comes.
                bar.enable_steady_tick(TICK);
                *current = Some(bar);
            }
            PullEvent::Total(total) => {
                if let Some(bar) = current.as_ref() {
                    bar.set_style(bytes_style());
                    bar.set_length(total);
                }
            }
            PullEvent::Advanced(bytes) => {
                if let Some(bar) = current.as_ref() {
                    bar.inc(bytes);
                }
            }
            PullEvent::Finished => {
                if let Some(bar) = current.take() {
                    bar.finish_and_clear();
                }
            }
            PullEvent::Note { model, message } => anstream::eprintln!("  {model}: {message}"),
        }
    }
}

fn bytes_style() -> ProgressStyle {
    ProgressStyle::with_template("  [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
