//! `footnote doctor`: is everything there, and does it work?

use footnote_core::{Error, ErrorKind, Result};
use footnote_ingest::ocr::OcrConfig;
use footnote_ingest::parse::worker::Confinement;
use serde::Serialize;

use super::args::OutputFormat;
use super::output;
use super::session::Session;
use crate::app::{Check, parse_host};
use crate::config::{Config, ModelsConfig};

#[derive(Debug, Serialize)]
struct Finding {
    name: String,
    ok: bool,
    optional: bool,
    detail: String,
    /// Whether something is to be installed, rather than mended.
    #[serde(skip)]
    missing: bool,
}

/// Checks libraries, models, data folder and indexes; fails where something needed does not work.
pub(crate) async fn run(config: Config, format: OutputFormat) -> Result<()> {
    let mut findings = vec![library("onnxruntime", &config.models.onnxruntime_library(), false)];
    findings.push(library("pdfium", &config.models.pdfium_library(), true));
    findings.push(ocr(&config));
    findings.push(sandbox(&config).await?);
    match Session::open(config).await {
        Ok(session) => {
            findings.push(finding(
                "data folder",
                true,
                false,
                session.app.config.data.folder.display().to_string(),
            ));
            findings.extend(session.app.checks().await.into_iter().map(of_check));
            session.close().await;
        }
        Err(error) => {
            let missing = error.kind() == ErrorKind::NotInstalled;
            findings.push(Finding { missing, ..finding("service", false, false, error.to_string()) });
        }
    }
    output::print(format, &findings, |out| {
        for f in &findings {
            let mark = if f.ok {
                "ok  "
            } else if f.optional {
                "note"
            } else {
                "FAIL"
            };
            writeln!(out, "{mark} {}: {}", f.name, f.detail)?;
        }
        Ok(())
    })?;
    let broken: Vec<&Finding> = findings.iter().filter(|f| !f.ok && !f.optional).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let names = broken.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ");
    match broken.iter().any(|f| f.missing) {
        true => Err(Error::not_installed(format!("not installed: {names}"))),
        false => Err(Error::unavailable(format!("not working: {names}"))),
    }
}

fn library(name: &str, path: &std::path::Path, optional: bool) -> Finding {
    let there = path.is_file();
    let shown = path.display();
    let detail = if there {
        shown.to_string()
    } else {
        format!("{shown} is missing; run `footnote models pull {name}`")
    };
    Finding { missing: !there, ..finding(name, there, optional, detail) }
}

/// Whether pictures and scanned pages can be read.
fn ocr(config: &Config) -> Finding {
    let models = config.models.ocr_models();
    let config = OcrConfig { models, onnxruntime: config.models.onnxruntime_library(), threads: 1 };
    let missing = config.missing();
    let detail = match &missing {
        None => config.models.display().to_string(),
        Some(path) => format!(
            "{} is missing, so pictures and scanned pages are not read; run `footnote models pull {}`",
            path.display(),
            ModelsConfig::OCR
        ),
    };
    Finding { missing: missing.is_some(), ..finding("ocr", missing.is_none(), true, detail) }
}

/// Whether parsers are confined: what Landlock and seccomp guard, tried with a process that reads a word.
async fn sandbox(config: &Config) -> Result<Finding> {
    let host = parse_host(config, super::worker_command()?).await;
    Ok(match host.try_confinement().await {
        Ok(confinement) => confined(confinement),
        Err(error) => finding("parser", false, false, error.to_string()),
    })
}

fn confined(confinement: Confinement) -> Finding {
    let files = match confinement.files {
        true => "Landlock guards files",
        false => "files are not guarded (Landlock is in Linux 5.13 and later, where it is turned on)",
    };
    let calls = match confinement.calls {
        true => "seccomp guards system calls",
        false => "system calls are not guarded (this kernel or container allows no seccomp filter)",
    };
    finding("parser sandbox", confinement.is_whole(), true, format!("{files}; {calls}"))
}

fn of_check(check: Check) -> Finding {
    finding(check.name, check.ok, check.optional, check.detail)
}

fn finding(name: &str, ok: bool, optional: bool, detail: String) -> Finding {
    Finding { name: name.to_owned(), ok, optional, detail, missing: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_guarded_is_said_and_no_failure() {
        let whole = confined(Confinement { files: true, calls: true });
        assert!(whole.ok && whole.detail == "Landlock guards files; seccomp guards system calls");
        let half = confined(Confinement { files: false, calls: true });
        assert!(
            !half.ok && half.optional && half.detail.contains("files are not guarded"),
            "{}",
            half.detail
        );
    }
}
