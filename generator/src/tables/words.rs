//! Words of questions, headers and cells in one form: English words cut alike, Chinese characters.

use std::collections::BTreeSet;

use footnote_core::question::is_han;

use super::number::fold;

/// Words that carry nothing; left out wherever texts are compared.
const STOP_WORDS: [&str; 49] = [
    "a", "an", "the", "of", "in", "on", "at", "for", "to", "from", "and", "or", "is", "are", "was", "were",
    "be", "been", "do", "does", "did", "have", "has", "had", "with", "there", "that", "which", "who",
    "whose", "what", "it", "its", "s", "our", "their", "we", "i", "you", "as", "this", "these", "those",
    "both", "%", "$", "€", "£", "¥",
];

/// Chinese characters that carry nothing.
const STOP_CHARACTERS: &str = "的了是在和与及或为于之其这那";

/// A text in comparable form: its words in order, and the years it names apart from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) words: Vec<String>,
    pub(crate) years: BTreeSet<u16>,
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let mut found = Self::default();
        let mut after_year = false;
        for word in raw_words(text) {
            let year = year_of(&word);
            if let Some(year) = year {
                found.years.insert(year);
            } else if !(is_stop_word(&word) || after_year && word == "年") {
                found.words.push(word);
            }
            after_year = year.is_some();
        }
        found
    }

    /// The words of a header with and without what stands in brackets.
    pub(crate) fn readings(text: &str) -> Vec<Vec<String>> {
        let mut readings = vec![Self::of(text).words];
        let without = Self::of(&without_brackets(text)).words;
        if !without.is_empty() && !readings.contains(&without) {
            readings.push(without);
        }
        readings
    }
}

/// Every word in order, lower case and in the singular; a Chinese character is a word.
pub(crate) fn raw_words(text: &str) -> Vec<String> {
    let chars: Vec<char> = fold(text).to_lowercase().chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let rest = chars.get(at + 1..).unwrap_or_default();
        let is_number = !word.is_empty() && word.chars().all(|w| w.is_ascii_digit());
        match c {
            _ if c.is_alphanumeric() && !is_han(c) => word.push(c),
            '.' if is_number && rest.first().is_some_and(char::is_ascii_digit) => word.push(c),
            ',' if is_number && is_digit_group(rest) => {}
            _ => {
                end_word(&mut word, &mut words);
                if is_han(c) || matches!(c, '%' | '$' | '€' | '£' | '¥') {
                    words.push(c.to_string());
                }
            }
        }
    }
    end_word(&mut word, &mut words);
    words
}

fn end_word(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(singular(&std::mem::take(word)));
    }
}

/// Three digits and no fourth: what follows a comma within a number.
fn is_digit_group(rest: &[char]) -> bool {
    rest.iter().take_while(|c| c.is_ascii_digit()).count() == 3
}

/// The year that a word is: `2023`, `fy2023`, `fy23`.
pub(crate) fn year_of(word: &str) -> Option<u16> {
    let digits = word.strip_prefix("fy").unwrap_or(word);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year: u16 = digits.parse().ok()?;
    match digits.len() {
        4 => (1900..=2100).contains(&year).then_some(year),
        2 if digits.len() < word.len() => Some(2000 + year),
        _ => None,
    }
}

pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(&word) || (word.chars().count() == 1 && STOP_CHARACTERS.contains(word))
}

/// Where `phrase` stands in `words`.
pub(crate) fn positions(words: &[String], phrase: &[String]) -> Vec<usize> {
    if phrase.is_empty() {
        return Vec::new();
    }
    words.windows(phrase.len()).enumerate().filter(|(_, w)| *w == phrase).map(|(at, _)| at).collect()
}

pub(crate) fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for c in fold(text).chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

fn singular(word: &str) -> String {
    if is_stop_word(word) {
        return word.to_owned();
    }
    let long = |stem: &&str| stem.chars().count() >= 3;
    if let Some(stem) = word.strip_suffix("ies").filter(long) {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes"] {
        if let Some(stem) = word.strip_suffix(ending) {
            return format!("{stem}{}", ending.trim_end_matches("es"));
        }
    }
    match word.strip_suffix('s').filter(long) {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}
