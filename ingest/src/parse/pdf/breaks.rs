//! Paragraphs that go on over the end of a page.

use super::blocks::{Kind, Part, starts_item};
use super::joints::ends_sentence;
use super::layout::Line;
use super::sizes::Sizes;
use crate::parse::flow::joins_without_blank;

/// Sizes of font that differ by this share of them at most are one.
const SAME_SIZE: f32 = 0.08;
/// Lines whose left edges differ by this many font sizes at most stand in one column.
const SAME_COLUMN: f32 = 2.5;
/// A line that ends before this share of its column's width is short: lines that are not justified vary.
const FULL: f32 = 0.8;
/// Chinese lines are full up to so many characters.
const MISSING_CHARS: f32 = 2.0;

/// The blocks of a page, without those that stand at its edges: running text of other pages goes on past them.
pub(super) struct Ordered {
    /// Running headers that this page keeps.
    pub(super) head: Vec<Part>,
    /// The page's own.
    pub(super) body: Vec<Part>,
    /// Footnotes, and running footers and watermarks that this page keeps.
    pub(super) foot: Vec<Part>,
}

impl Ordered {
    /// The blocks of page `number`.
    pub(super) fn of(mut parts: Vec<Part>, number: u32) -> Self {
        let is_note = |part: &mut Part| part.kind == Kind::Note;
        let notes: Vec<Part> = parts.extract_if(.., is_note).collect();
        let is_running = |part: &Part| is_running(part, number);
        let first = parts.iter().position(|part| !is_running(part)).unwrap_or(parts.len());
        let end = parts.iter().rposition(|part| !is_running(part)).map_or(parts.len(), |last| last + 1);
        let foot = notes.into_iter().chain(parts.split_off(end)).collect();
        let body = parts.split_off(first);
        Self { head: parts, body, foot }
    }
}

fn is_running(part: &Part, page: u32) -> bool {
    part.lines.iter().all(|line| line.running || line.aslant)
        || part.lines.len() == 1 && is_page_number(&part.lines[0].text(), page)
}

/// `7`, `- 7 -`, `7/12`, `Page 7 of 12`, `第 7 页`: files of few pages have no lines that are known to run.
fn is_page_number(text: &str, page: u32) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_page = |word: &str| matches!(word.to_lowercase().as_str(), "page" | "p" | "第" | "seite");
    let mut number = words.next();
    if number.is_some_and(is_page) {
        number = words.next();
    }
    let bare = number.map(|word| word.trim_start_matches('第').trim_end_matches('页'));
    let others = |word: &str| {
        matches!(word, "of" | "von" | "页") || word.chars().all(|c| c.is_ascii_digit() || "共页".contains(c))
    };
    bare.and_then(|word| word.parse().ok()) == Some(page) && words.all(others) || is_bare_number(text)
}

/// `7`, `F-7`, whatever page it is.
fn is_bare_number(text: &str) -> bool {
    let digits = text.split_once('-').filter(|(part, _)| is_short(part)).map_or(text, |(_, digits)| digits);
    (1..=3).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit())
}

fn is_short(part: &str) -> bool {
    (1..=2).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_uppercase())
}

/// Whether the last block of a page, of which `before` are all, goes on in the first one of the next page.
pub(super) fn goes_on(before: &[Part], after: &[Part], sizes: &Sizes) -> bool {
    let (Some(open), Some(first)) = (before.last(), after.first()) else { return false };
    let (Some(last), Some(next)) = (open.lines.last(), first.lines.first()) else { return false };
    let is_text = |part: &Part| part.kind == Kind::Text && !sizes.is_heading(&part.lines);
    last.size > 0.0
        && is_in_one_print(last, next)
        && is_text(open)
        && is_text(first)
        && runs_on(&open.lines, || before.iter().chain([first]))
        && !starts_item(&next.text())
        && is_within_sentence(&last.text(), &next.text())
}

/// Whether two lines are as large and as bold.
pub(super) fn is_in_one_print(one: &Line, other: &Line) -> bool {
    (one.size - other.size).abs() <= SAME_SIZE * one.size && one.bold == other.bold
}

/// Whether the last line is full, or a page was begun within a paragraph whose lines are.
fn runs_on<'p, P: Iterator<Item = &'p Part>>(lines: &[Line], parts: impl Fn() -> P) -> bool {
    match lines {
        [.., last] if is_full(last, parts()) => true,
        [.., before, last] => !last.text().ends_with(joins_without_blank) && is_full(before, parts()),
        _ => false,
    }
}

/// Words that no sentence ends with.
const OPEN_WORDS: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "its", "of", "on", "or", "our", "the", "their",
    "to", "with",
];

/// Whether a sentence lies over the end of `last`: the next word is small, the last one ends none, or both ends are
/// Chinese.
fn is_within_sentence(last: &str, next: &str) -> bool {
    let (Some(end), Some(first)) = (last.chars().last(), next.chars().next()) else { return false };
    if ends_sentence(last) {
        return false;
    }
    let is_chinese = |c: char| c.is_alphabetic() && joins_without_blank(c);
    let is_open = || last.split_whitespace().last().is_some_and(|word| OPEN_WORDS.contains(&word));
    first.is_lowercase()
        || first.is_alphanumeric() && is_open()
        || is_chinese(first) && (is_chinese(end) || matches!(end, '，' | '、' | ','))
}

/// Whether the line reaches as far to the right as the others of its column.
fn is_full<'p>(line: &Line, parts: impl Iterator<Item = &'p Part>) -> bool {
    let column = |other: &&Line| {
        (other.left - line.left).abs() <= SAME_COLUMN * line.size
            && (other.size - line.size).abs() <= SAME_SIZE * line.size
    };
    let lines = parts.filter(|part| part.kind == Kind::Text).flat_map(|part| &part.lines);
    let right = lines.filter(column).map(|other| other.right).fold(line.right, f32::max);
    let missing = right - line.right;
    match line.text().chars().last().is_some_and(joins_without_blank) {
        true => missing <= MISSING_CHARS * line.size,
        false => missing <= (1.0 - FULL) * (right - line.left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_numbers_are_told() {
        for text in ["7", "12", "F-12", "- 7 -", "7 / 12", "Page 7 of 12", "第7页", "第 7 页 共 12 页"]
        {
            assert!(is_page_number(text, 7), "{text}");
        }
        for text in ["1,200", "F-", "x-1", "7 days", "Section 7", "", "7.1 Scope"] {
            assert!(!is_page_number(text, 7), "{text}");
        }
    }
}
