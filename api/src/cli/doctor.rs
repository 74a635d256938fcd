//! `footnote doctor`: is everything there, and does it work?

use footnote_core::{Error, ErrorKind, Result};
use footnote_ingest::ocr::OcrConfig;
use serde::Serialize;

use super::args::OutputFormat;
use super::output;
use super::session::Session;
use crate::app::Check;
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

fn of_check(check: Check) -> Finding {
    finding(check.name, check.ok, check.optional, check.detail)
}

fn finding(name: &str, ok: bool, optional: bool, detail: String) -> Finding {
    Finding { name: name.to_owned(), ok, optional, detail, missing: false }
}
