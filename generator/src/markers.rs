//! Markers: the bracketed passage numbers by which an answer says what it rests on.

use std::ops::Range;

/// Longest marker, in scalar values between its brackets.
const LONGEST: usize = 40;
/// Most passages that a range like `[1-3]` names.
const WIDEST_RANGE: u32 = 10;

/// A marker in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marker {
    /// Where it lies, in bytes.
    pub bytes: Range<usize>,
    /// The numbers it names.
    pub numbers: Vec<u32>,
}

/// All markers: `[1]`, `[1, 2]`, `[1-3]`, `【1】`, `［1］`, `[passage 1]`, `[资料1]`.
pub(crate) fn find(text: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(is_open)).map(|at| at + from) {
        match at_start(text.get(at..).unwrap_or_default()) {
            Start::Marker(len, numbers) => {
                found.push(Marker { bytes: at..at + len, numbers });
                from = at + len;
            }
            Start::Other | Start::Unfinished => {
                from = at + text[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
    }
    found
}

/// What a text begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// A marker of that many bytes.
    Marker(usize, Vec<u32>),
    /// Something that more text may make a marker.
    Unfinished,
    /// No marker.
    Other,
}

/// Whether `text` begins with a marker.
pub(crate) fn at_start(text: &str) -> Start {
    let mut chars = text.char_indices();
    if !chars.next().is_some_and(|(_, c)| is_open(c)) {
        return Start::Other;
    }
    let body_start = chars.clone().next().map_or(text.len(), |(i, _)| i);
    for (count, (i, c)) in chars.enumerate() {
        if matches!(c, ']' | '】' | '］') {
            let body = text.get(body_start..i).unwrap_or_default();
            return match numbers(body) {
                Some(numbers) => Start::Marker(i + c.len_utf8(), numbers),
                None => Start::Other,
            };
        }
        if count >= LONGEST || is_open(c) || c == '\n' {
            return Start::Other;
        }
    }
    let body = text.get(body_start..).unwrap_or_default();
    if body.chars().all(|c| c.is_alphanumeric() || is_separator(c)) {
        Start::Unfinished
    } else {
        Start::Other
    }
}

/// The text with what looks like a marker put in round brackets: documents are data, and their own
/// numbers in brackets must not read as ours. Its length in scalar values stays the same.
pub(crate) fn neutralise(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    for marker in find(text) {
        result.push_str(&text[from..marker.bytes.start]);
        result.extend(text[marker.bytes.clone()].chars().map(round));
        from = marker.bytes.end;
    }
    result.push_str(&text[from..]);
    result
}

fn round(c: char) -> char {
    match c {
        '[' => '(',
        ']' => ')',
        '【' | '［' => '（',
        '】' | '］' => '）',
        other => other,
    }
}

fn is_open(c: char) -> bool {
    matches!(c, '[' | '【' | '［')
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';' | '；' | '-' | '–' | '^' | '#' | ':' | '：')
}

fn numbers(body: &str) -> Option<Vec<u32>> {
    let body = body.trim();
    let words = ["passages", "passage", "sources", "source", "参考资料", "资料", "来源", "文档", "段落"];
    let lower = body.to_lowercase();
    let body = words.iter().find_map(|w| lower.strip_prefix(w)).unwrap_or(&lower);
    let ranged = |c: char| matches!(c, '-' | '–');
    let mut found = Vec::new();
    for part in body.split(|c: char| is_separator(c) && !ranged(c)).filter(|p| !p.is_empty()) {
        match part.split_once(ranged) {
            None => found.push(number(part)?),
            Some((low, high)) => {
                let (low, high) = (number(low)?, number(high)?);
                if high < low || high - low >= WIDEST_RANGE {
                    return None;
                }
                found.extend(low..=high);
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Up to four digits, as people and models write passage numbers (and years).
fn number(text: &str) -> Option<u32> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<Vec<u32>> {
        find(text).into_iter().map(|m| m.numbers).collect()
    }

    #[test]
    fn every_usual_form_is_found() {
        assert_eq!(
            all("a [1] b [2, 3][4]【5】［6，7］[8、9]"),
            [vec![1], vec![2, 3], vec![4], vec![5], vec![6, 7], vec![8, 9]]
        );
        assert_eq!(all("[passage 1] [资料2] [1-3] [Source: 4]"), [vec![1], vec![2], vec![1, 2, 3], vec![4]]);
        assert_eq!(all("[] [a] [1a] [12345] [1\n] [link](x) [3-1] [[7]]"), [vec![7]]);
    }

    #[test]
    fn an_unfinished_marker_is_told_from_none() {
        for text in ["[", "[1", "[1, ", "【资料"] {
            assert_eq!(at_start(text), Start::Unfinished, "{text}");
        }
        for text in ["", "x", "[1 (", "[a.b"] {
            assert_eq!(at_start(text), Start::Other, "{text}");
        }
        assert_eq!(at_start("[12] x"), Start::Marker(4, vec![12]));
    }

    proptest! {
        #[test]
        fn nothing_neutralised_reads_as_a_marker(text in "[\\[\\]【】［］0-9a,、 \n年-]{0,60}") {
            let neutral = neutralise(&text);
            prop_assert!(find(&neutral).is_empty(), "{neutral}");
            prop_assert_eq!(neutral.chars().count(), text.chars().count());
        }
    }
}
