//! Real files of every format, damaged by a seeded hand: whatever comes of it is a document or a reason.
//!
//! `cargo test -p footnote-ingest --lib damage` damages each format a little. For many:
//! `cargo test --workspace --lib damaged_500 -- --ignored --nocapture`. PDFs and pictures are read as in service where
//! PDFium and OCR's models are installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::parse::builder::check;
use crate::tests::installed;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ingest");
/// Formats whose bytes have a structure to be broken.
const BINARY: [&str; 17] = [
    "pdf", "docx", "pptx", "xlsx", "xlsm", "xls", "doc", "ppt", "odt", "ods", "odp", "epub", "msg", "zip",
    "png", "jpg", "bin",
];
/// Formats of pictures without a real file: the first PNG is written as each.
const PICTURES: [&str; 4] = ["bmp", "gif", "tiff", "webp"];
/// Its longer side in pixels then.
const SIDE: u32 = 300;
/// Styles, a table, characters beyond ASCII, a field, a note and hidden text.
const RTF: &str = r#"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fnil\fcharset134 SimSun;}}
{\stylesheet{\s1\outlinelevel0 heading 1;}}{\info{\title Leave}{\author Ann}}
\pard\s1\b Annual leave\b0\par
\pard Ten days a year, agreed in adv\'e0nce: \u24180?\u20551? {\field{\*\fldinst HYPERLINK "https://example.org"}{\fldrslt rules}}.
{\footnote Except in 2020.}{\v not shown}\par
\trowd\cellx2000\cellx4000\intbl Grade\cell Days\cell\row\trowd\cellx2000\cellx4000\intbl A\cell 15\cell\row
{\pntext 1.\tab}\pard\ls1\ilvl0 First\par{\*\unknown skipped}\bin4 abcd\par}"#;
/// Longest file that is damaged: longer ones cost time and have no other structure.
const SMALL: usize = 1_000_000;

/// SplitMix64: the same seed damages the same way everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }
}

fn damage(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        let end = bytes.len().min(at + 1 + dice.below(4_096));
        match dice.below(5) {
            0 => (0..=dice.below(32)).for_each(|_| {
                let at = dice.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.extend_from_within(at..end),
            // What may be a length or an offset becomes an extreme one.
            _ => {
                let extreme = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX][dice.below(5)];
                let width = (end - at).min(4);
                bytes[at..at + width].copy_from_slice(&extreme.to_le_bytes()[..width]);
            }
        }
    }
    bytes
}

fn files_by_format() -> BTreeMap<String, Vec<PathBuf>> {
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for entry in walkdir::WalkDir::new(DATA).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let extension = entry.path().extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
        if entry.file_type().is_file() && BINARY.contains(&extension.as_str()) {
            found.entry(extension).or_default().push(entry.into_path());
        }
    }
    found
}

/// Files of formats of which there is no real one, made of real files in `folder`. An XLSB nothing here can write.
fn make_others(folder: &Path, found: &mut BTreeMap<String, Vec<PathBuf>>) {
    let first = |format: &str| found.get(format).and_then(|files| files.first());
    let mut made = vec![("rtf", RTF.as_bytes().to_vec())];
    if let Some(png) = first("png") {
        let picture = image::open(png).unwrap().thumbnail(SIDE, SIDE).into_rgb8();
        for format in PICTURES {
            let path = folder.join(format!("picture.{format}"));
            picture.save(&path).unwrap();
            made.push((format, fs_err::read(&path).unwrap()));
        }
    }
    let mut tar = ::tar::Builder::new(Vec::new());
    for path in ["docx", "png", "xls"].into_iter().filter_map(first) {
        tar.append_path_with_name(path, path.file_name().unwrap()).unwrap();
    }
    let tar = tar.into_inner().unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::copy(&mut tar.as_slice(), &mut gz).unwrap();
    made.extend([("gz", gz.finish().unwrap()), ("tar", tar)]);
    for (format, bytes) in made {
        let path = folder.join(format!("made.{format}"));
        fs_err::write(&path, bytes).unwrap();
        found.entry(format.to_owned()).or_default().push(path);
    }
}

/// The engines that a child has in service, where a test may use them.
fn engines() -> EngineConfig {
    EngineConfig { pdfium: installed::pdfium(), ocr: installed::ocr(), ..EngineConfig::default() }
}

/// What became of a damaged file. Whatever is none of these is a fault of ours.
fn end_of(parsed: std::result::Result<ParsedDocument, Error>, name: &str) -> &'static str {
    let error = match parsed {
        Ok(document) => {
            check(&document).unwrap();
            return "read";
        }
        Err(error) => error,
    };
    // Pictures cannot be read without OCR's models.
    let blames_the_file = matches!(
        error.kind(),
        ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::TooLarge | ErrorKind::NotInstalled
    );
    assert!(blames_the_file, "{:?} {error}", error.kind());
    assert!(error.message().contains(name), "no reason that names the file: {error}");
    match error.message() {
        m if m.contains("panicked") || m.contains("crashed on") => "crashed its child",
        m if m.contains("processor time") || m.contains("of memory;") => "ran into a limit",
        _ => "failed with a reason",
    }
}

async fn damage_each_format(times: usize, longest: usize) {
    if !std::path::Path::new(DATA).is_dir() {
        eprintln!("skipped: {DATA} is not there");
        return;
    }
    let limits = ParseLimits { cpu_seconds: 60, ..ParseLimits::default() };
    let host = ParseHost { engines: engines(), ..host(limits) };
    let mut found = files_by_format();
    let folder = tempfile::tempdir().unwrap();
    make_others(folder.path(), &mut found);
    for (format, mut files) in found {
        files.retain(|f| fs_err::metadata(f).is_ok_and(|m| (1..=longest as u64).contains(&m.len())));
        let mut ends = BTreeMap::<&str, usize>::new();
        let name = format!("damaged.{format}");
        let times = if files.is_empty() { 0 } else { times };
        for seed in 0..times {
            let path = &files[seed % files.len()];
            let damaged = file(&damage(&fs_err::read(path).unwrap(), &mut Dice(seed as u64)));
            let parsed = host.parse(damaged.path(), &name).await;
            let reason = parsed.as_ref().err().map(ToString::to_string);
            let end = end_of(parsed, &name);
            if end == "crashed its child" || end == "ran into a limit" {
                eprintln!("{} seed {seed}: {}", path.display(), reason.unwrap_or_default());
            }
            *ends.entry(end).or_default() += 1;
        }
        assert_eq!(ends.values().sum::<usize>(), times, "each file has an end");
        eprintln!("{format}: {ends:?}");
    }
}

#[tokio::test]
async fn damaged_files_of_each_format_are_read_or_refused() {
    damage_each_format(3, SMALL).await;
}

#[tokio::test]
#[ignore = "takes hours"]
async fn damaged_500_times_files_of_each_format_are_read_or_refused() {
    damage_each_format(500, SMALL).await;
}
