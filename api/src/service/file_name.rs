//! File names as uploaders give them: data for people, never a path on our disk.

use footnote_core::text::is_invisible;
use footnote_core::{Error, Result};

/// A checked file name: the document's key within its source. It may have folders, with `/`
/// between them, as browsers send when a folder is uploaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

impl FileName {
    /// Longest name, in scalar values.
    pub const MAX_CHARS: usize = 512;

    /// Checks what an uploader gave. Backslashes are read as `/`; everything else that could mean
    /// another place than the name says is refused, not repaired: a repaired name might silently
    /// replace another document.
    pub fn parse(given: &str) -> Result<Self> {
        let refuse = |why: &str| {
            let shown: String = given.chars().take(80).collect();
            Err(Error::invalid(format!("the file name {shown:?} {why}")))
        };
        if given.trim().is_empty() {
            return refuse("is empty; give the file a name");
        }
        if given.chars().count() > Self::MAX_CHARS {
            return refuse("is longer than 512 characters; shorten it");
        }
        if given.chars().any(|c| c.is_control() || is_invisible(c)) {
            return refuse("contains a NUL, control or invisible direction character; rename the file");
        }
        let name = given.replace('\\', "/");
        let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes().get(2) == Some(&b'/');
        if name.starts_with('/') || drive {
            return refuse("is an absolute path; send the name alone, or a path below your folder");
        }
        if name.split('/').any(|part| matches!(part.trim(), "" | "." | "..")) {
            return refuse(
                "has an empty, '.' or '..' part; send the name alone, or a path below your folder",
            );
        }
        Ok(Self(name))
    }

    /// The document's key.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// What people see until parsing finds a better title: the last part.
    pub fn title(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn honest_names_keep_their_words() {
        let name = FileName::parse("手册\\2026/休假 政策 (v2).pdf").unwrap();
        assert_eq!(name.key(), "手册/2026/休假 政策 (v2).pdf");
        assert_eq!(name.title(), "休假 政策 (v2).pdf");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_by_name() {
        let long = "a".repeat(513);
        for bad in [
            "",
            " ",
            "../etc/passwd",
            "a/../b",
            "..\\b",
            "/etc/passwd",
            "C:\\x.pdf",
            "a//b",
            "a/",
            ".",
            "a\0.pdf",
            "a\u{7}.pdf",
            "gpj.\u{202e}fdp",
            "a\u{200b}.pdf",
            "a\u{200f}.pdf",
            "a\u{2066}.pdf",
            &long,
        ] {
            let error = FileName::parse(bad).unwrap_err().to_string();
            assert!(error.starts_with("the file name "), "{bad:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_name_stays_below_any_folder(given in "\\PC{0,20}|[./\\\\a\0:]{0,8}") {
            if let Ok(name) = FileName::parse(&given) {
                let path = std::path::Path::new(name.key());
                prop_assert!(path.components().all(|c| matches!(c, std::path::Component::Normal(_))));
                prop_assert!(!name.title().is_empty());
            }
        }
    }
}
