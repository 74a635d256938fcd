//! Reading documents, in this process: a made-up PDF of many pages, and the repository's samples.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use footnote_api::config::{Config, Environment};
use footnote_core::Result;
use footnote_core::error::Context;
use footnote_ingest::parse::{EngineConfig, ParseLimits, parse_file};

#[path = "../src/cli/bench/pdf.rs"]
mod pdf;

/// Pages of the made-up PDF.
const PAGES: usize = 50;

fn reading(criterion: &mut Criterion) {
    if let Err(error) = read_all(criterion) {
        eprintln!("failed: {error}");
    }
}

fn read_all(criterion: &mut Criterion) -> Result<()> {
    let scratch = tempfile::tempdir().internal("cannot make a scratch folder")?;
    let made = scratch.path().join("made-up.pdf");
    fs_err::write(&made, pdf::pages(PAGES)).internal("cannot write a PDF")?;
    let pdfium = Config::defaults(&Environment::of_process()?).models.pdfium_library();
    let engines = [("pdf-extract", None), ("pdfium", Some(pdfium).filter(|library| library.is_file()))];

    let mut group = criterion.benchmark_group("parse");
    group.sample_size(10);
    group.throughput(Throughput::Elements(PAGES as u64));
    for (name, pdfium) in engines {
        if name == "pdfium" && pdfium.is_none() {
            eprintln!("skipped: no pdfium; run `footnote models pull pdfium`");
            continue;
        }
        let engine = EngineConfig { pdfium, ..EngineConfig::default() };
        group.bench_function(format!("pages by {name}"), |b| b.iter(|| read(&made, &engine)));
    }
    for sample in samples()? {
        let name = sample.extension().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs_err::metadata(&sample).internal("cannot see a sample")?.len();
        group.throughput(Throughput::Bytes(bytes));
        let engine = EngineConfig::default();
        group.bench_function(format!("sample {name}"), |b| b.iter(|| read(&sample, &engine)));
    }
    group.finish();
    Ok(())
}

fn read(file: &Path, engine: &EngineConfig) {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let parsed = parse_file(black_box(file), &name, &ParseLimits::default(), engine);
    assert!(black_box(parsed).is_ok_and(|parsed| !parsed.text.is_empty()), "{name} is read");
}

fn samples() -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples");
    let entries = fs_err::read_dir(folder).internal("cannot list the samples")?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

criterion_group!(benches, reading);
criterion_main!(benches);
