//! Real files of every format, damaged by a seeded hand: whatever comes of it is a document or a reason.
//!
//! `cargo test -p footnote-ingest --lib damage` damages each format a little. For many:
//! `FOOTNOTE_DAMAGE=500 cargo test -p footnote-ingest --lib damage -- --nocapture`, which takes hours.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ingest");
/// Formats whose bytes have a structure to be broken.
const BINARY: [&str; 17] = [
    "pdf", "docx", "pptx", "xlsx", "xlsm", "xls", "doc", "ppt", "odt", "ods", "odp", "epub", "msg", "zip",
    "png", "jpg", "bin",
];
/// Longest file that is damaged where nobody asked for many.
const SMALL: usize = 200_000;

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

async fn damage_each_format(times: usize, longest: usize) {
    let limits = ParseLimits { cpu_seconds: 60, ..ParseLimits::default() };
    let host = host(limits);
    for (format, mut files) in files_by_format() {
        files.retain(|f| fs_err::metadata(f).is_ok_and(|m| (1..=longest as u64).contains(&m.len())));
        let mut ends = BTreeMap::<&str, usize>::new();
        for seed in 0..if files.is_empty() { 0 } else { times } {
            let path = &files[seed % files.len()];
            let damaged = file(&damage(&fs_err::read(path).unwrap(), &mut Dice(seed as u64)));
            let end = match host.parse(damaged.path(), &format!("damaged.{format}")).await {
                Ok(_) => "parsed",
                Err(error) => {
                    let kind = error.kind();
                    // Pictures cannot be read without OCR's models.
                    let expected = [
                        ErrorKind::InvalidInput,
                        ErrorKind::Unsupported,
                        ErrorKind::TooLarge,
                        ErrorKind::NotInstalled,
                    ];
                    assert!(expected.contains(&kind), "{} seed {seed}: {kind:?} {error}", path.display());
                    match error.message() {
                        m if m.contains("panicked") || m.contains("crashed on") => {
                            eprintln!("{} seed {seed}: {m}", path.display());
                            "crashed its child"
                        }
                        m if m.contains("processor time") => {
                            eprintln!("{} seed {seed}: {m}", path.display());
                            "took too long"
                        }
                        _ => "failed with a reason",
                    }
                }
            };
            *ends.entry(end).or_default() += 1;
        }
        eprintln!("{format}: {ends:?}");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "whoever runs it says how often")]
async fn damaged_files_of_each_format_are_read_or_refused() {
    if !std::path::Path::new(DATA).is_dir() {
        eprintln!("skipped: {DATA} is not there");
        return;
    }
    let asked = std::env::var_os("FOOTNOTE_DAMAGE").and_then(|times| times.to_str()?.parse().ok());
    match asked {
        Some(times) => damage_each_format(times, usize::MAX).await,
        None => damage_each_format(3, SMALL).await,
    }
}
