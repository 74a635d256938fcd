//! Names of members as an archive or a message gives them: decoded, and made harmless. They are data for
//! people, never a path on any disk.

use std::collections::HashSet;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS};
use footnote_core::text::is_invisible;

/// Longest part of a path and longest path, in scalar values.
const MAX_PART: usize = 150;
const MAX_PATH: usize = 500;
/// Below so many bytes outside ASCII a guess is a gamble; what may be common Chinese is taken for it.
const SHORT: usize = 24;

/// Gives each member of a file a name of its own.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// The name made harmless, with a number where another member has it already.
    pub(crate) fn place(&mut self, name: &str) -> String {
        let clean = clean(name);
        let mut placed = clean.clone();
        let mut number = 1;
        while !self.taken.insert(placed.clone()) {
            number += 1;
            placed = numbered(&clean, number);
        }
        placed
    }
}

fn numbered(name: &str, number: u32) -> String {
    let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
    let slash = if folder.is_empty() { "" } else { "/" };
    match file.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, extension)) => format!("{folder}{slash}{stem} ({number}).{extension}"),
        None => format!("{folder}{slash}{file} ({number})"),
    }
}

/// A path below the file that holds the member, and nothing else: no way up, no root, no drive, no control
/// or invisible characters, no backslash, and not longer than anybody types.
pub(crate) fn clean(name: &str) -> String {
    let parts: Vec<String> = name.split(['/', '\\']).map(clean_part).filter(|part| is_place(part)).collect();
    let mut kept = Vec::new();
    let mut length = 0;
    for part in parts.iter().rev() {
        length += part.chars().count() + 1;
        if length > MAX_PATH {
            break;
        }
        kept.push(part.as_str());
    }
    kept.reverse();
    if kept.is_empty() { "unnamed".to_owned() } else { kept.join("/") }
}

fn is_place(part: &str) -> bool {
    let is_drive = part.len() == 2 && part.ends_with(':') && part.as_bytes()[0].is_ascii_alphabetic();
    !matches!(part, "" | "." | "..") && !is_drive
}

fn clean_part(part: &str) -> String {
    let visible: String = part.chars().filter(|&c| !c.is_control() && !is_invisible(c)).collect();
    let visible = visible.trim();
    let length = visible.chars().count();
    if length <= MAX_PART {
        return visible.to_owned();
    }
    // The end tells the kind of the file.
    let tail: String = visible.chars().skip(length - 20).collect();
    let head: String = visible.chars().take(MAX_PART - 21).collect();
    format!("{head}…{tail}")
}

/// Whether only a machine needs the member: what operating systems and version control leave behind, and
/// hidden files, which no directory source reads either.
pub(crate) fn is_system(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    parts.any(|part| {
        part.starts_with('.')
            || ["__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini"]
                .iter()
                .any(|system| part.eq_ignore_ascii_case(system))
    })
}

/// The names as text: UTF-8 where it is that, whatever the archive says; the others in the one encoding that
/// suits all of them best, as one program wrote them.
pub(crate) fn decode_all<'n>(names: impl Iterator<Item = &'n [u8]> + Clone) -> Vec<String> {
    let is_utf8 = |name: &[u8]| std::str::from_utf8(name).is_ok();
    let legacy: Vec<&[u8]> = names.clone().filter(|name| !is_utf8(name)).collect();
    let encoding = guess(&legacy.join(&b'\n'));
    names
        .map(|name| match std::str::from_utf8(name) {
            Ok(name) => name.to_owned(),
            Err(_) => encoding.decode_without_bom_handling(name).0.into_owned(),
        })
        .collect()
}

fn guess(names: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(names, true);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    let is_cjk = [BIG5, SHIFT_JIS, EUC_JP, EUC_KR].contains(&guessed);
    let foreign = names.iter().filter(|byte| !byte.is_ascii()).count();
    match () {
        () if guessed == GBK || guessed == GB18030 => GB18030,
        () if is_cjk && foreign >= SHORT => guessed,
        () if is_common_chinese(names) => GB18030,
        () => guessed,
    }
}

/// Whether all that is not ASCII are the characters and marks in everyday use of GB 2312.
fn is_common_chinese(names: &[u8]) -> bool {
    let mut rest = names;
    while let [first, after @ ..] = rest {
        rest = after;
        if first.is_ascii() {
            continue;
        }
        let [second, after @ ..] = rest else { return false };
        rest = after;
        let is_common = matches!(first, 0xa1 | 0xa3 | 0xb0..=0xd7) && *second >= 0xa1 && *second != 0xff;
        if !is_common {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_name_leads_anywhere() {
        for (given, expected) in [
            ("../../etc/passwd", "etc/passwd"),
            ("/etc/passwd", "etc/passwd"),
            ("C:\\Users\\x.pdf", "Users/x.pdf"),
            ("a//b/./c/..", "a/b/c"),
            ("a\0b\n.md", "ab.md"),
            ("gpj.\u{202e}fdp", "gpj.fdp"),
            ("手册\\休假 政策.md", "手册/休假 政策.md"),
            ("..", "unnamed"),
            ("", "unnamed"),
        ] {
            assert_eq!(clean(given), expected, "{given:?}");
        }
        assert!(clean(&"长".repeat(400)).chars().count() <= MAX_PART);
        assert!(clean(&"a/".repeat(4_000)).chars().count() <= MAX_PATH);
    }

    #[test]
    fn namesakes_are_numbered() {
        let mut names = Names::default();
        let placed = ["a/b.md", "a/../a/b.md", "a\\b.md", "README", "README"].map(|n| names.place(n));
        assert_eq!(placed, ["a/b.md", "a/a/b.md", "a/b (2).md", "README", "README (2)"]);
    }

    #[test]
    fn leftovers_of_systems_are_known() {
        for name in ["__MACOSX/._a.md", ".DS_Store", "a/Thumbs.db", "x\\desktop.ini", ".git/config"] {
            assert!(is_system(name), "{name}");
        }
        assert!(!is_system("./a/b.md") && !is_system("a.b/c.md"));
    }

    #[test]
    fn names_are_read_in_the_encoding_they_were_written_in() {
        let check = |encoding: &'static Encoding, names: &[&str]| {
            let bytes: Vec<Vec<u8>> = names.iter().map(|n| encoding.encode(n).0.into_owned()).collect();
            assert_eq!(decode_all(bytes.iter().map(Vec::as_slice)), names, "{}", encoding.name());
        };
        check(GBK, &["年假.md"]);
        check(GBK, &["人事/员工手册.docx", "人事/休假制度（2026）.pdf", "readme.txt"]);
        check(BIG5, &["人事規章/員工請假規則說明書.docx", "會議紀錄/年度預算審查報告.pdf"]);
        check(SHIFT_JIS, &["就業規則/有給休暇について.docx", "議事録/ソフトウェア開発会議.pdf"]);
        check(WINDOWS_1252, &["Überstunden für Angestellte.txt", "Résumé à jour.doc"]);
        check(encoding_rs::UTF_8, &["年假.md", "Ü.txt"]);
    }

    proptest! {
        #[test]
        fn a_clean_name_stays_below_any_folder(given in "\\PC{0,20}|[./\\\\a:\0 ]{0,12}") {
            let name = clean(&given);
            let path = std::path::Path::new(&name);
            prop_assert!(path.components().all(|c| matches!(c, std::path::Component::Normal(_))), "{}", name);
            prop_assert_eq!(clean(&name), name);
        }

        #[test]
        fn no_bytes_panic(names in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30), 0..5)) {
            prop_assert_eq!(decode_all(names.iter().map(Vec::as_slice)).len(), names.len());
        }
    }
}
