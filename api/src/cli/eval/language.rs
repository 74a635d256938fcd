//! The two languages that answers are measured and reports are written in.

use footnote_core::question::is_chinese;
use serde::Serialize;

/// Of a text that is measured, or of a report's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// And whatever else is written with blanks between words.
    English,
    /// Simplified where we write it ourselves.
    Chinese,
}

impl Language {
    /// Chinese where at least a fifth of the letters are Han characters.
    pub(crate) fn of(text: &str) -> Self {
        if is_chinese(text) { Self::Chinese } else { Self::English }
    }

    /// The text of this language.
    pub(crate) fn either<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// As HTML's `lang` wants it (BCP 47).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }
}
