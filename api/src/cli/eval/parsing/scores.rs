//! How much of a reference text a parser recovered: its words, their order, and the cells of its tables.
//!
//! Reference and parsed text go through the same steps. Out of both are taken: HTML comments (a reference
//! marks pictures with them), targets of links and pictures, the alternative text `Image` that stands for
//! none, the language of fenced code, and the entities that Markdown must write (`&amp;`). A word is a run of
//! letters and digits in lower case, compatibility forms made alike (NFKC: ligatures, full-width and Arabic
//! presentation forms); a Han or Kana character is a word of its own. All other markup is punctuation
//! and falls between words.

use std::collections::HashMap;
use std::hash::Hash;

use footnote_core::question::is_han;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// Shares from 0 to 1; of what the reference has none of, there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Recovered {
    /// Share of the reference's words that were read, as bags.
    pub words: Option<f64>,
    /// Longest common subsequence of words, as a share of the reference's words.
    pub order: Option<f64>,
    /// F1 of the cells of tables, as bags of their words.
    pub cells_f1: Option<f64>,
}

impl Recovered {
    /// The canonical text `read` against the Markdown `reference`.
    pub(crate) fn of(read: &str, reference: &str) -> Self {
        let (read, reference) = (without_markup(read), without_markup(reference));
        let (read_words, reference_words) = (words(&read), words(&reference));
        let all = reference_words.len();
        let share = |part: usize| (all > 0).then(|| part as f64 / all as f64);
        Self {
            words: share(shared(&read_words, &reference_words)),
            order: share(longest_common_subsequence(&read_words, &reference_words)),
            cells_f1: cells_f1(&cells(&read), &cells(&reference)),
        }
    }
}

/// The text without what stands in Markdown for something else than words.
fn without_markup(text: &str) -> String {
    let text = without_between(text, "<!--", "-->");
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let fence = line.trim_start();
        if !(fence.starts_with("```") || fence.starts_with("~~~")) {
            out.push_str(&without_targets(line));
        }
        out.push('\n');
    }
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", " "), ("&#124;", "\\|"), ("&amp;", "&")];
    entities.iter().fold(out, |text, (entity, plain)| text.replace(entity, plain))
}

fn without_between(text: &str, open: &str, close: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        let Some((_, after)) = after.split_once(close) else { break };
        out.push_str(before);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `[text](target)` to `text`, and `![Image](target)` to nothing.
fn without_targets(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        let Some((target, after)) = after.split_once(')') else { break };
        if target.contains(char::is_whitespace) && !target.contains('"') {
            // Prose in brackets behind brackets, not a target.
            out.push_str(before);
            out.push_str("](");
            out.push_str(target);
        } else {
            out.push_str(before.strip_suffix("![Image").unwrap_or(before));
        }
        out.push(' ');
        rest = after;
    }
    out.push_str(rest);
    out
}

/// See the module.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.nfkc().flat_map(char::to_lowercase) {
        let alone = is_han(c) || matches!(c, '\u{3040}'..='\u{30ff}');
        if c.is_alphanumeric() && !alone {
            word.push(c);
            continue;
        }
        // Marks that belong to a letter part no word.
        if is_mark(c) {
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if alone {
            words.push(c.to_string());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Combining marks, of which Arabic and Hebrew texts write many or none, and invisible characters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}'
        | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// How many items two bags share.
fn shared<T: Eq + Hash>(one: &[T], other: &[T]) -> usize {
    let mut left: HashMap<&T, usize> = HashMap::new();
    for item in one {
        *left.entry(item).or_default() += 1;
    }
    let mut shared = 0;
    for item in other {
        if let Some(count) = left.get_mut(item).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    shared
}

/// Its length, 64 words at a time (Crochemore et al., 2001): exact, and quick for whole books.
fn longest_common_subsequence<T: Eq + Hash>(one: &[T], other: &[T]) -> usize {
    let blocks = one.len().div_ceil(64);
    let mut places: HashMap<&T, Vec<(usize, u64)>> = HashMap::new();
    for (index, item) in one.iter().enumerate() {
        let (block, bit) = (index / 64, 1 << (index % 64));
        let places = places.entry(item).or_default();
        match places.last_mut().filter(|(last, _)| *last == block) {
            Some((_, bits)) => *bits |= bit,
            None => places.push((block, bit)),
        }
    }
    // A bit that is 0 marks where the common subsequence grows.
    let mut row = vec![u64::MAX; blocks];
    for item in other {
        let Some(places) = places.get(item) else { continue };
        let mut places = places.iter().peekable();
        let mut carry = false;
        for (block, bits) in row.iter_mut().enumerate() {
            let matches = places.next_if(|(at, _)| *at == block).map_or(0, |(_, bits)| *bits);
            let hit = *bits & matches;
            let (sum, first) = bits.overflowing_add(hit);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *bits = sum | (*bits & !matches);
        }
    }
    let zeros: usize = row.iter().map(|bits| bits.count_zeros() as usize).sum();
    zeros
}

/// The cells of all Markdown tables, each as its words; empty ones left out.
fn cells(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut cells = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let length = lines[at..].iter().take_while(|line| line.starts_with('|')).count();
        let rows = &lines[at..at + length];
        if rows.len() >= 2 && is_rule(rows[1]) {
            let rows = rows.iter().enumerate().filter(|(index, _)| *index != 1);
            cells.extend(rows.flat_map(|(_, row)| row_cells(row)).filter(|cell| !cell.is_empty()));
        }
        at += length.max(1);
    }
    cells
}

fn is_rule(row: &str) -> bool {
    row.contains('-') && row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn row_cells(row: &str) -> Vec<Vec<String>> {
    let inner = row.strip_prefix('|').unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '|' if !escaped => cells.push(String::new()),
            c => cells.iter_mut().last().into_iter().for_each(|cell| cell.push(c)),
        }
        escaped = c == '\\' && !escaped;
    }
    cells.iter().map(|cell| words(cell)).collect()
}

fn cells_f1(read: &[Vec<String>], reference: &[Vec<String>]) -> Option<f64> {
    let of_both = read.len() + reference.len();
    (!reference.is_empty()).then(|| 2.0 * shared(read, reference) as f64 / of_both as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook's table.
    fn plain_subsequence(one: &[u8], other: &[u8]) -> usize {
        let mut row = vec![0; one.len() + 1];
        for b in other {
            let mut diagonal = 0;
            for (index, a) in one.iter().enumerate() {
                let above = row[index + 1];
                row[index + 1] = if a == b { diagonal + 1 } else { above.max(row[index]) };
                diagonal = above;
            }
        }
        row[one.len()]
    }

    #[test]
    fn markup_is_no_words() {
        let reference = "## The *first* `part`\n\n<!-- image -->\n\n![Image](data:image/png;base64,AAAA)\n\
                         [here](https://example.com/x_(y)) R&amp;D\n```python\nx = 1\n```\n年假，10 天";
        let words = words(&without_markup(reference));
        assert_eq!(
            words.join(" "),
            "the first part here r d x 1 年 假 10 天",
            "the bracket of a target that has one is punctuation"
        );
    }

    #[test]
    fn forms_of_one_letter_are_one_word() {
        assert_eq!(words("ﬁnal １２ ﻼ e\u{301}"), words("final 12 لا é"));
    }

    #[test]
    fn a_text_recovers_itself_and_a_missing_cell_costs() {
        let table = "Pay\n\n| Year | Sum \\| total |\n| --- | :-: |\n| 2023 | 1,200 |\n";
        let whole = Recovered::of(table, table);
        assert_eq!(whole, Recovered { words: Some(1.0), order: Some(1.0), cells_f1: Some(1.0) });
        let turned = Recovered::of("| 2023 | 1,200 |\n| - | - |\n| Year | Sum |\n\nPay", table);
        assert_eq!(turned.words, Some(6.0 / 7.0));
        assert_eq!(turned.order, Some(3.0 / 7.0));
        assert_eq!(turned.cells_f1, Some(0.75));
        assert_eq!(Recovered::of(table, ""), Recovered::default());
        assert_eq!(Recovered::of("Pay", "Pay").cells_f1, None);
    }

    proptest! {
        #[test]
        fn the_subsequence_is_the_longest(
            one in prop::collection::vec(0_u8..6, 0..200), other in prop::collection::vec(0_u8..6, 0..200),
        ) {
            let length = longest_common_subsequence(&one, &other);
            prop_assert_eq!(length, plain_subsequence(&one, &other));
            prop_assert_eq!(length, longest_common_subsequence(&other, &one));
            prop_assert!(length <= shared(&one, &other));
        }

        #[test]
        fn scores_are_shares_and_order_is_no_more_than_words(read in "[ab|\\-\n c\\\\]{0,80}", reference in "[ab|\\-\n c\\\\]{0,80}") {
            let recovered = Recovered::of(&read, &reference);
            for share in [recovered.words, recovered.order, recovered.cells_f1].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share), "{:?}", recovered);
            }
            prop_assert!(recovered.order <= recovered.words);
            let itself = Recovered::of(&reference, &reference);
            prop_assert!([itself.words, itself.order, itself.cells_f1].into_iter().flatten().all(|share| share == 1.0));
        }
    }
}
