//! Questions: what is searched for, within which scope.

use serde::Serialize;

use crate::chunk::Tag;
use crate::principal::Scope;
use crate::settings::RetrievalSettings;
use crate::{Error, Result};

/// Longest question, in scalar values.
pub const MAX_QUESTION_CHARS: usize = 8_000;

/// A question that is neither empty nor endless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct QuestionText(String);

impl QuestionText {
    /// Checks and trims.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if !text.chars().any(|c| c.is_alphanumeric()) {
            return Err(Error::invalid("the question is empty; send at least one word"));
        }
        let chars = text.chars().count();
        if chars > MAX_QUESTION_CHARS {
            return Err(Error::invalid(format!(
                "the question has {chars} characters; shorten it to {MAX_QUESTION_CHARS}"
            )));
        }
        Ok(Self(text.replace('\0', " ")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is written mostly in Chinese characters.
    pub fn is_chinese(&self) -> bool {
        is_chinese(&self.0)
    }
}

/// Whether at least a fifth of the letters are Han characters: enough to answer in Chinese.
pub fn is_chinese(text: &str) -> bool {
    let han = text.chars().filter(|&c| is_han(c)).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    han * 5 >= letters.max(1)
}

/// Whether `c` is a Chinese character (unified ideographs, extensions A and B, compatibility).
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ebef}')
}

/// All groups must match; a group matches when the chunk has any of its tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The groups. An empty group matches nothing.
    pub all_of: Vec<Vec<Tag>>,
}

/// A question within a scope: the only thing a retriever takes.
#[derive(Debug, Clone)]
pub struct ScopedQuery {
    /// What it may touch.
    pub scope: Scope,
    /// What is asked.
    pub question: QuestionText,
    /// What hits must match besides.
    pub filter: Filter,
    /// How to search.
    pub settings: RetrievalSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_checked_at_the_door() {
        assert!(QuestionText::parse(" \n").is_err());
        assert!(QuestionText::parse("???").is_err());
        assert!(QuestionText::parse(&"长".repeat(10_000)).unwrap_err().to_string().contains("10000"));
        assert!(QuestionText::parse("年假有几天？").unwrap().is_chinese());
        assert!(!QuestionText::parse("How long is annual leave (年假)?").unwrap().is_chinese());
    }
}
