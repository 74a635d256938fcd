//! Names of knowledge bases, sources and keys.

use footnote_core::{Error, Result};

/// A name that fits into a path, a model field and a terminal: 1 to 64 letters and digits of any
/// script, `-`, `_`, `.` and single blanks inside. It never looks like an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Longest name, in scalar values.
    pub const MAX_CHARS: usize = 64;

    /// Checks and trims; `what` says whose name it is.
    pub fn parse(what: &str, text: &str) -> Result<Self> {
        let name = text.trim();
        let chars = name.chars().count();
        let wrong = |why: String| Err(Error::invalid(format!("the {what} name {why}")));
        if chars == 0 {
            return wrong("is empty; give 1 to 64 characters".to_owned());
        }
        if chars > Self::MAX_CHARS {
            return wrong(format!("has {chars} characters; give at most {}", Self::MAX_CHARS));
        }
        if let Some(bad) = name.chars().find(|&c| !(c.is_alphanumeric() || "-_. ".contains(c))) {
            return wrong(format!("contains {bad:?}; use letters, digits, '-', '_', '.' and blanks"));
        }
        if name.contains("  ") {
            return wrong("contains two blanks in a row; use one".to_owned());
        }
        if name.chars().all(|c| c == '.') {
            return wrong("consists of dots only; use letters or digits".to_owned());
        }
        if uuid::Uuid::parse_str(name).is_ok() {
            return wrong("looks like an id; choose words".to_owned());
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_taken() {
        for name in ["handbook", "员工手册 2026", "a.b-c_d", "Überblick"] {
            assert_eq!(Name::parse("source", &format!(" {name} ")).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_would_confuse_paths_or_ids_are_refused() {
        let id = uuid::Uuid::nil().to_string();
        let long = "长".repeat(65);
        for name in ["", " ", "a/b", "..", "a\0b", "a\nb", "a  b", "<b>", &id, &long] {
            let error = Name::parse("knowledge base", name).unwrap_err().to_string();
            assert!(error.starts_with("the knowledge base name "), "{error}");
        }
    }
}
