//! Real files of every format, damaged by a seeded hand: whatever comes of it is a document or a reason.
//!
//! `cargo test -p footnote-ingest --lib damage` damages each format a little. For many files of one, and of all:
//! `cargo test --workspace --lib damaged_500::pdf -- --ignored --nocapture`, and without `::pdf`. PDFs and pictures are
//! read as in service where PDFium and OCR's models are installed.

use std::path::{Path, PathBuf};

use super::*;
use crate::parse::builder::check;
use crate::tests::installed;

mod xlsb;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ingest");
/// The longer side of a picture that is made, in pixels.
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
const SMALL: u64 = 1_000_000;

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

/// Formats whose bytes have a structure to be broken, and a test of each for many files.
macro_rules! formats {
    ($($format:ident)*) => {
        const FORMATS: &[&str] = &[$(stringify!($format)),*];

        mod damaged_500 {
            $(
                #[tokio::test]
                #[ignore = "takes minutes"]
                async fn $format() {
                    super::damage_format(stringify!($format), 500).await;
                }
            )*
        }
    };
}

formats! {
    pdf docx pptx xlsx xlsm xls doc ppt odt ods odp epub msg zip png jpg bin
    rtf bmp gif tiff webp tar gz xlsb
}

#[tokio::test]
async fn damaged_files_of_each_format_are_read_or_refused() {
    for format in FORMATS {
        damage_format(format, 3).await;
    }
}

/// Damages files of a format so many times, and fails where one is neither read nor failed with a reason.
async fn damage_format(format: &str, times: usize) {
    if !Path::new(DATA).is_dir() {
        eprintln!("{format}: skipped, {DATA} is not there");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = files_of(format, folder.path());
    assert!(!files.is_empty(), "{format}: no file of at most {SMALL} bytes");
    let limits = ParseLimits { cpu_seconds: 60, ..ParseLimits::default() };
    let host = ParseHost { engines: engines(), ..host(limits) };
    let name = format!("damaged.{format}");
    let (mut read, mut failed, mut faults) = (0, 0, Vec::new());
    for seed in 0..times {
        let path = &files[seed % files.len()];
        let damaged = file(&damage(&fs_err::read(path).unwrap(), &mut Dice(seed as u64)));
        match host.parse(damaged.path(), &name).await {
            Ok(document) => {
                check(&document).unwrap();
                read += 1;
            }
            Err(error) if is_fault(&error, &name) => {
                faults.push(format!("{} seed {seed}: {:?} {error}", path.display(), error.kind()));
            }
            Err(_) => failed += 1,
        }
    }
    eprintln!("{format}: {read} read, {failed} failed with a reason");
    assert!(faults.is_empty(), "{format}: {} crashes or limits\n{}", faults.len(), faults.join("\n"));
}

/// Whether a damaged file's failure is ours: a crash, a limit, or a reason that names no file or does not blame it.
fn is_fault(error: &Error, name: &str) -> bool {
    const OURS: [&str; 4] = ["parser panicked on", "parser crashed on", "of processor time;", "of memory;"];
    // Pictures cannot be read without OCR's models.
    let blames_the_file = matches!(
        error.kind(),
        ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::TooLarge | ErrorKind::NotInstalled
    );
    let message = error.message();
    !blames_the_file || !message.contains(name) || OURS.iter().any(|ours| message.contains(ours))
}

/// The engines that a child has in service, where a test may use them.
fn engines() -> EngineConfig {
    EngineConfig { pdfium: installed::pdfium(), ocr: installed::ocr(), ..EngineConfig::default() }
}

/// The files of a format that are damaged: one that is made in `folder` where there is no real one.
fn files_of(format: &str, folder: &Path) -> Vec<PathBuf> {
    let path = folder.join(format!("made.{format}"));
    let mut files = if make(format, &path) { vec![path] } else { real_files(format) };
    files.retain(|file| fs_err::metadata(file).is_ok_and(|it| (1..=SMALL).contains(&it.len())));
    files
}

fn real_files(format: &str) -> Vec<PathBuf> {
    let is_of_format = |path: &Path| {
        path.extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|e| e.eq_ignore_ascii_case(format))
    };
    let entries = walkdir::WalkDir::new(DATA).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file() && is_of_format(entry.path()));
    files.map(walkdir::DirEntry::into_path).collect()
}

/// Writes a file of a format of which there is no real one, made of real files; whether it is such a format.
fn make(format: &str, path: &Path) -> bool {
    let first = |format: &str| real_files(format).into_iter().next().unwrap();
    let bytes = match format {
        "rtf" => RTF.as_bytes().to_vec(),
        "bmp" | "gif" | "tiff" | "webp" => {
            let picture = image::open(first("png")).unwrap().thumbnail(SIDE, SIDE);
            picture.into_rgb8().save(path).unwrap();
            return true;
        }
        "tar" => tar(&["docx", "png", "xls"].map(first)),
        "gz" => {
            let tar = tar(&["docx", "png", "xls"].map(first));
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::copy(&mut tar.as_slice(), &mut gz).unwrap();
            gz.finish().unwrap()
        }
        "xlsb" => xlsb::of_workbook(&first("xlsm")),
        _ => return false,
    };
    fs_err::write(path, bytes).unwrap();
    true
}

fn tar(files: &[PathBuf]) -> Vec<u8> {
    let mut tar = ::tar::Builder::new(Vec::new());
    for path in files {
        tar.append_path_with_name(path, path.file_name().unwrap()).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn the_workbook_that_is_made_has_the_rows_of_the_real_one() {
    let Some(real) = real_files("xlsm").into_iter().next() else { return };
    let made = file(&xlsb::of_workbook(&real));
    let read = |path: &Path, name: &str| {
        let (limits, engines) = (ParseLimits::default(), EngineConfig::default());
        crate::parse::parse_file(path, name, &limits, &engines).unwrap()
    };
    let (real, made) = (read(&real, "real.xlsm"), read(made.path(), "made.xlsb"));
    let rows = |document: &ParsedDocument| document.text.lines().filter(|line| line.starts_with('|')).count();
    assert!(rows(&made) > 3 && rows(&made) == rows(&real), "{}", made.text);
    assert!(made.engine.starts_with("calamine"), "{}", made.engine);
}
