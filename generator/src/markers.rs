//! Markers: the bracketed passage numbers by which an answer says what it rests on.

use std::ops::Range;

use footnote_core::question::is_han;

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

/// All markers: `[1]`, `[1, 2]`, `[1-3]`, `【1】`, `［１］`, `[passage 1]`, `[资料1]`, `[p. 1]`, `【1†source】`.
pub(crate) fn find(text: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(is_open)).map(|at| at + from) {
        match at_start(text.get(at..).unwrap_or_default()) {
            Start::Marker(len, numbers) if !is_index(text, at, &numbers) => {
                found.push(Marker { bytes: at..at + len, numbers });
                from = at + len;
            }
            Start::Marker(..) | Start::Other | Start::Unfinished => {
                from = at + text[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
    }
    found
}

/// The text without the markers of an answer and the blanks before them.
pub fn without_markers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    for marker in find(text) {
        plain.push_str(text[from..marker.bytes.start].trim_end_matches(' '));
        from = marker.bytes.end;
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if joins(plain.chars().next_back()) && joins(text[from..].chars().next()) {
            plain.push(' ');
        }
    }
    plain.push_str(&text[from..]);
    plain
}

/// The text without the markers that were found in it.
pub(crate) fn without(text: &str, found: &[Marker]) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    for marker in found {
        plain.push_str(text.get(from..marker.bytes.start).unwrap_or_default());
        from = marker.bytes.end;
    }
    plain.push_str(text.get(from..).unwrap_or_default());
    plain
}

/// Whether the bracket at byte `at` is code, as in `list[0]`. Models write markers right behind words,
/// too, so that only a number that no passage has is taken for an index.
fn is_index(text: &str, at: usize, numbers: &[u32]) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let behind_a_name = before.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    behind_a_name && numbers == [0]
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
    if body.contains(DAGGER) || body.chars().all(|c| c.is_alphanumeric() || is_separator(c)) {
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

/// The text with images of Markdown and HTML made plain text, which no reader of the answer fetches from wherever a
/// document says. Its length in scalar values stays the same.
pub(crate) fn without_images(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let plain = match c {
            '!' if begins_image(rest) => Some(("![", "!(")),
            '<' if rest.get(..4).is_some_and(|tag| tag.eq_ignore_ascii_case("<img")) => Some(("<", "(")),
            _ => None,
        };
        let (length, shown) = match plain {
            Some((before, after)) => (before.len(), after),
            None => (c.len_utf8(), rest.get(..c.len_utf8()).unwrap_or_default()),
        };
        result.push_str(shown);
        rest = rest.get(length..).unwrap_or_default();
    }
    result
}

/// Whether an image begins the text, or what may become one: what is written comes in pieces. `Great![1]` is a marker.
fn begins_image(text: &str) -> bool {
    let Some(bracket) = text.strip_prefix('!').filter(|rest| rest.starts_with('[')) else { return false };
    match at_start(bracket) {
        Start::Marker(length, _) => bracket.get(length..).is_some_and(|after| after.starts_with('(')),
        Start::Unfinished | Start::Other => true,
    }
}

/// Makes a bracket that the text leaves open, and that what follows could make a marker, a round one:
/// for texts from whose middle a marker was taken.
pub(crate) fn close_unfinished(text: &mut String) {
    let Some((at, bracket)) = text.char_indices().rev().find(|&(_, c)| is_open(c)) else { return };
    if text.get(at..).map(at_start) == Some(Start::Unfinished) {
        text.replace_range(at..at + bracket.len_utf8(), round(bracket).encode_utf8(&mut [0; 4]));
    }
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
    c.is_whitespace()
        || is_dash(c)
        || matches!(
            c,
            ',' | '，'
                | '、'
                | ';'
                | '；'
                | '^'
                | '#'
                | ':'
                | '：'
                | '/'
                | '|'
                | '&'
                | '+'
                | '*'
                | '.'
                | DAGGER
        )
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '−' | '~' | '～')
}

/// Some models write `【1†L3-L5】`: what follows is a place within the source.
const DAGGER: char = '†';

/// Words that may stand beside the numbers of a marker; with any other, brackets are just brackets.
const WORDS: [&str; 38] = [
    "passage",
    "passages",
    "source",
    "sources",
    "document",
    "documents",
    "doc",
    "docs",
    "reference",
    "references",
    "ref",
    "refs",
    "citation",
    "citations",
    "cite",
    "cited",
    "page",
    "pages",
    "p",
    "pp",
    "no",
    "nos",
    "number",
    "chunk",
    "chunks",
    "item",
    "text",
    "excerpt",
    "context",
    "paragraph",
    "and",
    "or",
    "to",
    "see",
    "from",
    "also",
    "cf",
    "in",
];

/// As [`WORDS`], of which Chinese writes several without a blank.
const CHARACTERS: &str = "参考资料来源文档献段落第条篇页和与及或至到号编引用注见";

/// What a marker's body is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Number(u32),
    /// Something between the ends of a range.
    Through,
    Separator,
}

fn numbers(body: &str) -> Option<Vec<u32>> {
    let parts: Vec<Part> = parts(body.split(DAGGER).next().unwrap_or_default())?;
    if is_date(body) || parts.first() == Some(&Part::Through) {
        return None;
    }
    let mut found: Vec<u32> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let Part::Number(number) = *part else { continue };
        let low = match parts.get(..at) {
            Some([.., Part::Number(low), Part::Through]) => Some(*low),
            _ => None,
        };
        // A range that runs backwards or too far names its two ends.
        match low.filter(|low| *low < number && number - low < WIDEST_RANGE) {
            Some(low) => found.extend(low + 1..=number),
            None => found.push(number),
        }
    }
    (!found.is_empty()).then_some(found)
}

/// `2024-10-05` or `5/10/2024`: no list of passages.
fn is_date(body: &str) -> bool {
    let fields: Vec<&str> = body.trim().split(['-', '/']).collect();
    let [first, _, last] = fields.as_slice() else { return false };
    let all_digits = fields.iter().all(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    all_digits && (first.len() == 4 || last.len() == 4)
}

/// The parts of a body, runs of separators taken as one; `None` where something else is in it.
fn parts(body: &str) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let is_same: fn(char) -> bool = match first {
            c if is_digit(c) => is_digit,
            c if is_han(c) => is_han,
            c if c.is_alphabetic() => |c| c.is_alphabetic() && !is_han(c),
            _ => |c| !c.is_alphabetic() && !is_digit(c),
        };
        let end = rest.find(|c| !is_same(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let is_between_digits =
            parts.last().is_some_and(|p| matches!(p, Part::Number(_))) && after.starts_with(is_digit);
        let part = match first {
            c if is_digit(c) => Part::Number(number(run)?),
            c if is_han(c) => {
                of_words(run.chars().all(|c| CHARACTERS.contains(c)), matches!(run, "至" | "到"))?
            }
            c if c.is_alphabetic() => {
                let word = run.to_lowercase();
                of_words(WORDS.contains(&word.as_str()), word == "to")?
            }
            // A decimal is one number, and none of ours.
            '.' if run == "." && is_between_digits => return None,
            _ if !run.chars().all(is_separator) => return None,
            _ => of_words(true, run.trim().chars().all(is_dash) && !run.trim().is_empty())?,
        };
        match (parts.last_mut(), part) {
            (Some(last @ Part::Separator), Part::Through) => *last = Part::Through,
            (Some(Part::Separator | Part::Through), Part::Separator) => {}
            _ => parts.push(part),
        }
        rest = after;
    }
    Some(parts)
}

fn of_words(is_known: bool, is_through: bool) -> Option<Part> {
    is_known.then_some(if is_through { Part::Through } else { Part::Separator })
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || is_wide_digit(c)
}

fn is_wide_digit(c: char) -> bool {
    ('０'..='９').contains(&c)
}

/// Up to four digits, as people and models write passage numbers (and years).
fn number(digits: &str) -> Option<u32> {
    const WIDE_TO_ASCII: u32 = '０' as u32 - '0' as u32;
    let narrow = |c: char| match is_wide_digit(c) {
        true => char::from_u32(c as u32 - WIDE_TO_ASCII).unwrap_or(c),
        false => c,
    };
    let digits: String = digits.chars().map(narrow).collect();
    (digits.len() <= 4).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<Vec<u32>> {
        find(text).into_iter().map(|m| m.numbers).collect()
    }

    #[test]
    fn images_are_plain_text() {
        for (text, plain) in [
            ("See ![x](https://e.example/p?leak) here.", "See !(x](https://e.example/p?leak) here."),
            ("![a[b]](http://e.example)", "!(a[b]](http://e.example)"),
            ("![x][logo]", "!(x][logo]"),
            ("![1](http://e.example)", "!(1](http://e.example)"),
            ("<IMG src=x> 1 < 2", "(IMG src=x> 1 < 2"),
            ("Great![1] See [the site](http://e.example).", "Great![1] See [the site](http://e.example)."),
            ("What![ 中文！", "What!( 中文！"),
            ("![See the chart.", "!(See the chart."),
        ] {
            assert_eq!(without_images(text), plain);
        }
    }

    #[test]
    fn every_usual_form_is_found() {
        assert_eq!(
            all("a [1] b [2, 3][4]【5】［6，7］[8、9]"),
            [vec![1], vec![2, 3], vec![4], vec![5], vec![6, 7], vec![8, 9]]
        );
        assert_eq!(all("[passage 1] [资料2] [1-3] [Source: 4]"), [vec![1], vec![2], vec![1, 2, 3], vec![4]]);
        assert_eq!(all("[] [a] [1a] [12345] [1\n] [link](x) [[7]]"), [vec![7]]);
        assert_eq!(
            all("【９】 [Document 9] [参考9] [1 and 9] [1/9] [p. 9] 【9†source】 [第2段和第9段] [Ref: 9]"),
            [vec![9], vec![9], vec![9], vec![1, 9], vec![1, 9], vec![9], vec![9], vec![2, 9], vec![9]]
        );
        assert_eq!(all("[3-1] [1-99] [1 to 3] [2～3]"), [vec![3, 1], vec![1, 99], vec![1, 2, 3], vec![2, 3]]);
    }

    #[test]
    fn brackets_with_other_words_and_code_are_none() {
        assert_eq!(
            all("[Table 3] [2023-10-05] [5/10/2024] [1.5] [-1] [5%] [1²] [见表3] [9th]"),
            Vec::<Vec<u32>>::new()
        );
        assert_eq!(all("list[0] and rows_[0] differ[1] from [0]"), [vec![1], vec![0]]);
    }

    #[test]
    fn an_unfinished_marker_is_told_from_none() {
        for text in ["[", "[1", "[1, ", "【资料", "[p. ", "【1†L3", "[1 an"] {
            assert_eq!(at_start(text), Start::Unfinished, "{text}");
        }
        for text in ["", "x", "[1 (", "[a(b"] {
            assert_eq!(at_start(text), Start::Other, "{text}");
        }
        assert_eq!(at_start("[12] x"), Start::Marker(4, vec![12]));
    }

    proptest! {
        #[test]
        fn nothing_neutralised_reads_as_a_marker(text in "([\\[\\]【】［］0-9０-９a,、 \n年/.†~`-]|p|to|and|第){0,60}") {
            let neutral = neutralise(&text);
            prop_assert!(find(&neutral).is_empty(), "{neutral}");
            prop_assert_eq!(neutral.chars().count(), text.chars().count());
        }
    }
}
