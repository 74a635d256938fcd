//! Parses every file of a folder, each in a child of its own, and prints what came of it; a file with `--json`
//! is printed as the parsed document.
//!
//! `cargo run --release -p footnote-ingest --example parse_dir -- FOLDER [--pdfium LIBRARY]
//! [--ocr MODELS --onnxruntime LIBRARY [--threads N]] [--text OUT] [--json]`
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use footnote_core::Result;
use footnote_core::error::Context;
use footnote_ingest::ocr::OcrConfig;
use footnote_ingest::parse::worker::{ParseHost, run_worker};
use footnote_ingest::parse::{EngineConfig, ParseLimits};

fn main() -> Result<()> {
    let mut folder = None;
    let mut pdfium = None;
    let mut text = None;
    let mut models = None;
    let mut onnxruntime = None;
    let mut threads = 1;
    let mut json = false;
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--worker") => return run_worker(),
            Some("--pdfium") => pdfium = arguments.next().map(PathBuf::from),
            Some("--ocr") => models = arguments.next().map(PathBuf::from),
            Some("--onnxruntime") => onnxruntime = arguments.next().map(PathBuf::from),
            Some("--threads") => threads = number(arguments.next()).unwrap_or(threads),
            Some("--json") => json = true,
            Some("--text") => text = arguments.next().map(PathBuf::from),
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    let folder = folder.unwrap_or_else(|| ".".into());
    let ocr = models.zip(onnxruntime).map(|(models, onnxruntime)| OcrConfig { models, onnxruntime, threads });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .internal("cannot start the runtime")?;
    let program = std::env::current_exe().internal("cannot find this program")?;
    let command = vec![program.into_os_string(), OsString::from("--worker")];
    let limits = ParseLimits { wall_seconds: 480, cpu_seconds: 60, ..ParseLimits::default() };
    let host = ParseHost::new(command, limits, EngineConfig { pdfium, ocr, ..EngineConfig::default() }, 1);
    match json {
        true => runtime.block_on(print_one(&folder, &host)),
        false => runtime.block_on(parse_all(folder, &host, text)),
    }
}

fn number(argument: Option<OsString>) -> Option<usize> {
    argument?.to_str()?.parse().ok()
}

async fn print_one(file: &Path, host: &ParseHost) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let document = host.parse(file, &name).await?;
    println!("{}", serde_json::to_string(&document).internal("cannot serialize")?);
    Ok(())
}

async fn parse_all(folder: PathBuf, host: &ParseHost, text: Option<PathBuf>) -> Result<()> {
    let (mut parsed_files, mut failed, mut pages, mut seconds) = (0, 0, 0, 0.0);
    for entry in walkdir::WalkDir::new(&folder).sort_by_file_name().into_iter().flatten() {
        if !entry.file_type().is_file() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let start = Instant::now();
        let result = host.parse(entry.path(), &name).await;
        let took = start.elapsed().as_secs_f64();
        seconds += took;
        match result {
            Ok(document) => {
                parsed_files += 1;
                pages += document.pages.len();
                println!(
                    "ok   {took:6.2} s {:5} pages {:8} chars {:5} blocks {:3} warnings {:22} {name}",
                    document.pages.len(),
                    document.text.chars().count(),
                    document.blocks.len(),
                    document.warnings.len(),
                    document.engine,
                );
                if let Some(out) = &text {
                    fs_err::create_dir_all(out).internal("cannot make the folder")?;
                    fs_err::write(out.join(format!("{name}.txt")), &document.text)
                        .internal("cannot write")?;
                    let json = serde_json::to_string_pretty(&document).internal("cannot serialize")?;
                    fs_err::write(out.join(format!("{name}.json")), json).internal("cannot write")?;
                }
            }
            Err(error) => {
                failed += 1;
                println!("fail {took:6.2} s {:?}: {error}", error.kind());
            }
        }
    }
    println!("{parsed_files} parsed, {failed} failed, {pages} pages in {seconds:.2} s");
    Ok(())
}
