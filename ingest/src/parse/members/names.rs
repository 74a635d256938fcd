//! Names of members as an archive or a message gives them: decoded, and made harmless. They are data for
//! people, never a path on any disk.

use std::collections::{HashMap, HashSet};

use footnote_core::text::is_invisible;

/// Longest part of a path and longest path, in scalar values.
const MAX_PART: usize = 150;
const MAX_PATH: usize = 500;

/// Gives each member of a file a name of its own.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// Per name that several members have: the highest number given to one of them.
    numbers: HashMap<String, u32>,
}

impl Names {
    /// The name made harmless, with a number where another member has it already.
    pub(crate) fn place(&mut self, name: &str) -> String {
        let clean = clean(name);
        if self.taken.insert(clean.clone()) {
            return clean;
        }
        // From the last number on: thousands of namesakes would take the square of their number otherwise.
        let number = self.numbers.entry(clean.clone()).or_insert(1);
        loop {
            *number += 1;
            let placed = numbered(&clean, *number);
            if self.taken.insert(placed.clone()) {
                return placed;
            }
        }
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

#[cfg(test)]
mod tests {
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
        assert_eq!(names.place("README (3)"), "README (3)");
        assert_eq!(["README", "README"].map(|n| names.place(n)), ["README (4)", "README (5)"]);
        // One member after the other would look at all numbers before its own.
        let last = (0..100_000).map(|_| names.place("a.txt")).last();
        assert_eq!(last.as_deref(), Some("a (100000).txt"));
    }

    #[test]
    fn leftovers_of_systems_are_known() {
        for name in ["__MACOSX/._a.md", ".DS_Store", "a/Thumbs.db", "x\\desktop.ini", ".git/config"] {
            assert!(is_system(name), "{name}");
        }
        assert!(!is_system("./a/b.md") && !is_system("a.b/c.md"));
    }

    proptest! {
        #[test]
        fn a_clean_name_stays_below_any_folder(given in "\\PC{0,20}|[./\\\\a:\0 ]{0,12}") {
            let name = clean(&given);
            let path = std::path::Path::new(&name);
            prop_assert!(path.components().all(|c| matches!(c, std::path::Component::Normal(_))), "{}", name);
            prop_assert_eq!(clean(&name), name);
        }
    }
}
