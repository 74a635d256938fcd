//! `footnote eval parsing DIR…`: what the parsers make of every file of folders, and how much of a
//! reference they recover where one is beside it.
//!
//! Every file goes through the same child process as in service, one at a time. The reference of `X` is
//! `X.md` beside it, or, as docling lays its files out, `../groundtruth/X.md` or the same without X's
//! extension; folders called `groundtruth` are not parsed. How texts are compared says [`scores`].

mod scores;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use footnote_core::Result;
use footnote_core::error::Context;
use footnote_core::parsed::{ParseWarning, ParsedDocument};
use footnote_ingest::parse::worker::ParseHost;
use footnote_ingest::pipeline::NO_TEXT;
use footnote_ingest::progress::Progress;
use serde::Serialize;

use self::scores::Recovered;
use super::super::args::{EvalParsingArgs, OutputFormat};
use super::super::session::progress_bar;
use super::language::Language;
use super::outcome;
use super::report::{Report, Table};
use crate::app;
use crate::config::Config;

const MIB: f64 = (1 << 20) as f64;

#[derive(Debug, Serialize)]
struct Measured {
    files: usize,
    ready: usize,
    failed: usize,
    seconds: f64,
    slowest_seconds: f64,
    peak_mib: Option<f64>,
    formats: BTreeMap<String, Format>,
    results: Vec<FileResult>,
}

/// Sums and means over the files of one format.
#[derive(Debug, Default, Serialize)]
struct Format {
    files: usize,
    ready: usize,
    pages: usize,
    /// Over the files whose child told it.
    cpu_seconds: f64,
    references: usize,
    #[serde(flatten)]
    mean: Recovered,
}

/// What came of one file.
#[derive(Debug, Default, Serialize)]
struct FileResult {
    file: String,
    /// The recognised one; the extension where the file was not read.
    format: String,
    ready: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    pages: usize,
    characters: usize,
    warnings: Vec<ParseWarning>,
    seconds: f64,
    /// Of the child; none where it died before it could tell.
    cpu_seconds: Option<f64>,
    peak_mib: Option<f64>,
    #[serde(flatten)]
    recovered: Option<Recovered>,
}

/// Parses every file and compares.
pub(crate) async fn run(config: Config, args: EvalParsingArgs, format: OutputFormat) -> Result<()> {
    let host = app::parse_host(&config, super::super::worker_command()?).await;
    let files: Vec<PathBuf> = args.dirs.iter().flat_map(|dir| files_of(dir)).collect();
    let bar = progress_bar(files.len() as u64, "parsing");
    let mut results = Vec::with_capacity(files.len());
    for file in &files {
        results.push(parse(&host, file, args.texts.as_deref()).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let measured = Measured::of(results);
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

/// The files to parse, in the order of their names; no references.
fn files_of(dir: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter();
    let entries = entries.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != "groundtruth");
    let files: Vec<PathBuf> =
        entries.flatten().filter(|e| e.file_type().is_file()).map(walkdir::DirEntry::into_path).collect();
    let is_reference = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "md") && path.with_extension("").is_file()
    };
    files.iter().filter(|path| !is_reference(path)).cloned().collect()
}

fn reference_of(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_string_lossy();
    let stem = file.file_stem()?.to_string_lossy();
    let folder = file.parent()?;
    let beside = folder.join(format!("{name}.md"));
    let truths = folder.parent().map(|above| above.join("groundtruth"));
    let of_docling = truths.iter().flat_map(|truths| [&name, &stem].map(|n| truths.join(format!("{n}.md"))));
    std::iter::once(beside).chain(of_docling).find(|path| path.is_file())
}

async fn parse(host: &ParseHost, file: &Path, texts: Option<&Path>) -> Result<FileResult> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let start = Instant::now();
    let (parsed, spent) = host.parse_measured(file, &name, &Progress::default()).await;
    let seconds = start.elapsed().as_secs_f64();
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let unread = FileResult {
        file: file.display().to_string(),
        format: extension.unwrap_or_default(),
        seconds,
        cpu_seconds: spent.map(|spent| spent.cpu.as_secs_f64()),
        peak_mib: spent.and_then(|spent| spent.peak_bytes).map(|bytes| bytes as f64 / MIB),
        ..FileResult::default()
    };
    match parsed {
        Ok(document) => read(document, file, texts, unread),
        Err(error) => Ok(FileResult { reason: Some(error.to_string()), ..unread }),
    }
}

fn read(
    document: ParsedDocument,
    file: &Path,
    texts: Option<&Path>,
    unread: FileResult,
) -> Result<FileResult> {
    let recovered = match reference_of(file) {
        Some(path) => {
            let reference = fs_err::read(path).internal("cannot read the reference")?;
            Some(Recovered::of(&document.text, &String::from_utf8_lossy(&reference)))
        }
        None => None,
    };
    if let Some(folder) = texts {
        save(folder, &unread.file, &document.text)?;
    }
    // In service too, a document without text is none.
    let is_blank = document.is_blank();
    Ok(FileResult {
        format: document.content_type.name().to_owned(),
        ready: !is_blank,
        reason: is_blank.then(|| NO_TEXT.to_owned()),
        engine: Some(document.engine),
        pages: document.pages.len(),
        characters: document.text.chars().count(),
        warnings: document.warnings,
        recovered,
        ..unread
    })
}

/// Writes the text under a name that tells the file's whole path.
fn save(folder: &Path, file: &str, text: &str) -> Result<()> {
    let name: String = file.trim_start_matches('/').replace('/', "__");
    fs_err::create_dir_all(folder).internal("cannot make the folder for texts")?;
    fs_err::write(folder.join(format!("{name}.txt")), text).internal("cannot write a text")
}

impl Measured {
    fn of(results: Vec<FileResult>) -> Self {
        let mut by_format: BTreeMap<String, Vec<&FileResult>> = BTreeMap::new();
        for result in &results {
            by_format.entry(result.format.clone()).or_default().push(result);
        }
        let formats = by_format.iter().map(|(name, results)| (name.clone(), Format::of(results))).collect();
        let ready = results.iter().filter(|result| result.ready).count();
        Self {
            files: results.len(),
            ready,
            failed: results.len() - ready,
            seconds: results.iter().map(|result| result.seconds).sum(),
            slowest_seconds: results.iter().map(|result| result.seconds).fold(0.0, f64::max),
            peak_mib: results.iter().filter_map(|result| result.peak_mib).reduce(f64::max),
            formats,
            results,
        }
    }
}

impl Format {
    fn of(results: &[&FileResult]) -> Self {
        let recovered: Vec<Recovered> = results.iter().filter_map(|result| result.recovered).collect();
        let mean_of = |share: fn(&Recovered) -> Option<f64>| mean(recovered.iter().filter_map(share));
        Self {
            files: results.len(),
            ready: results.iter().filter(|result| result.ready).count(),
            pages: results.iter().map(|result| result.pages).sum(),
            // The sum of nothing is -0.
            cpu_seconds: results.iter().filter_map(|result| result.cpu_seconds).sum::<f64>().abs(),
            references: recovered.len(),
            mean: Recovered {
                words: mean_of(|recovered| recovered.words),
                order: mean_of(|recovered| recovered.order),
                cells_f1: mean_of(|recovered| recovered.cells_f1),
            },
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}

fn page(measured: &Measured, language: Language) -> Report {
    let columns = [
        ("Words", "词语"),
        ("Order", "词序"),
        ("Cells F1", "单元格 F1"),
        ("Pages", "页数"),
        ("CPU seconds", "处理器秒数"),
    ];
    let heads = |first: &[(&str, &str)]| -> Vec<String> {
        let all = first.iter().chain(&columns);
        all.map(|(english, chinese)| language.either(english, chinese).to_owned()).collect()
    };
    let formats = measured.formats.iter().map(|(name, format)| {
        let ready = format!("{}/{}", format.ready, format.files);
        row([name.clone(), ready], format.mean, format.pages, Some(format.cpu_seconds))
    });
    let files = measured.results.iter().map(|result| {
        let outcome = result.reason.clone().or_else(|| result.engine.clone()).unwrap_or_default();
        row(
            [result.file.clone(), outcome],
            result.recovered.unwrap_or_default(),
            result.pages,
            result.cpu_seconds,
        )
    });
    Report {
        title: language.either("Parsing", "解析评测").to_owned(),
        tables: vec![
            Table {
                title: language.either("Formats", "格式").to_owned(),
                columns: heads(&[("Format", "格式"), ("Ready", "成功")]),
                rows: formats.collect(),
            },
            Table {
                title: language.either("Files", "文件").to_owned(),
                columns: heads(&[("File", "文件"), ("Engine or reason", "引擎或原因")]),
                rows: files.collect(),
            },
        ],
        ..Report::default()
    }
}

fn row(first: [String; 2], recovered: Recovered, pages: usize, cpu_seconds: Option<f64>) -> Vec<String> {
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let shares = [recovered.words, recovered.order, recovered.cells_f1].map(shown);
    first.into_iter().chain(shares).chain([pages.to_string(), shown(cpu_seconds)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lie_beside_files_or_where_docling_puts_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in
            ["sources/a.docx", "groundtruth/a.docx.md", "sources/b.html", "groundtruth/b.md", "sources/c.csv"]
        {
            fs_err::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs_err::write(at(name), "x").unwrap();
        }
        for name in ["sources/notes.md", "sources/c.csv.md"] {
            fs_err::write(at(name), "x").unwrap();
        }
        let files = ["sources/a.docx", "sources/b.html", "sources/c.csv", "sources/notes.md"].map(at);
        assert_eq!(files_of(folder.path()), files);
        let references =
            ["groundtruth/a.docx.md", "groundtruth/b.md", "sources/c.csv.md"].map(|name| Some(at(name)));
        assert_eq!(files[..3].iter().map(|file| reference_of(file)).collect::<Vec<_>>(), references);
        assert_eq!(reference_of(&files[3]), None);
    }

    fn parsed(name: &str, content: &[u8]) -> FileResult {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs_err::write(&file, content).unwrap();
        let parsed = footnote_ingest::parse::parse_file(
            &file,
            name,
            &footnote_ingest::parse::ParseLimits::default(),
            &footnote_ingest::parse::EngineConfig::default(),
        );
        read(parsed.unwrap(), &file, None, FileResult::default()).unwrap()
    }

    #[test]
    fn a_document_without_text_is_not_ready() {
        let of = |content: &[u8]| {
            let result = parsed("a.txt", content);
            (result.ready, result.reason)
        };
        assert_eq!(of(b"Ten days."), (true, None));
        assert_eq!(of(b"* * *\n"), (false, Some(NO_TEXT.to_owned())));
    }

    #[test]
    fn warnings_are_told_with_their_kinds() {
        let result = parsed("a.md", b"---\nauthor: Ann\n---\nTen days.");
        let told = serde_json::to_value(&result).unwrap()["warnings"][0].clone();
        assert_eq!(told["kind"], "note");
        assert!(told["message"].as_str().unwrap().ends_with("author"), "{told}");
    }

    #[test]
    fn formats_are_told_apart_and_means_leave_out_what_has_none() {
        let result = |format: &str, words: Option<f64>| FileResult {
            file: "f".to_owned(),
            format: format.to_owned(),
            ready: words.is_some(),
            pages: 2,
            seconds: 1.5,
            recovered: words.map(|words| Recovered { words: Some(words), ..Recovered::default() }),
            ..FileResult::default()
        };
        let measured =
            Measured::of(vec![result("pdf", Some(0.5)), result("pdf", Some(1.0)), result("doc", None)]);
        assert_eq!((measured.files, measured.ready, measured.failed), (3, 2, 1));
        assert_eq!(measured.formats["pdf"].mean.words, Some(0.75));
        assert_eq!(measured.formats["pdf"].mean.cells_f1, None);
        assert_eq!(measured.formats["doc"].references, 0);
        let tables = page(&measured, Language::English).tables;
        assert_eq!(tables[0].rows[1], ["pdf", "2/2", "0.750", "–", "–", "4", "0.000"]);
    }
}
