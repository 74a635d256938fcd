//! One text out of the lines of a block: blanks between words, none between Chinese characters, divided words put
//! together again.

use std::collections::HashSet;

use super::PageText;
use super::layout::Line;
use crate::parse::builder::Joint;
use crate::parse::flow::joins_without_blank;

/// How `next` goes on behind `before`.
pub(super) fn joint(before: &str, next: &str, words: &Words) -> Joint {
    let ends = before.chars().last().zip(next.chars().next());
    match divided(before, next) {
        Some(stem) if !words.has_compound(stem, next) => Joint::Divided,
        _ if before.is_empty() || ends_with_divider(before) => Joint::Nothing,
        _ if ends.is_some_and(|(last, first)| joins_without_blank(last) && joins_without_blank(first)) => {
            Joint::Nothing
        }
        _ => Joint::Blank,
    }
}

/// One text out of lines of a paragraph, without knowing the rest of the document.
pub(crate) fn join_plain(lines: &[&str]) -> String {
    join_texts(lines.iter().map(|&l| l.to_owned()), &Words(HashSet::new())).0
}

/// The text of the lines, and the place of each line in it, in scalar values.
pub(super) fn join(lines: &[Line], words: &Words) -> (String, Vec<(usize, usize)>) {
    join_texts(lines.iter().map(Line::text), words)
}

fn join_texts(lines: impl Iterator<Item = String>, words: &Words) -> (String, Vec<(usize, usize)>) {
    let mut out = String::new();
    let mut chars = 0;
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for next in lines {
        match joint(&out, &next, words) {
            Joint::Blank => {
                out.push(' ');
                chars += 1;
            }
            Joint::Nothing => {}
            Joint::Divided => {
                out.pop();
                chars -= 1;
                if let Some((_, end)) = spans.last_mut() {
                    *end = chars;
                }
            }
        }
        out.push_str(&next);
        let start = chars;
        chars += next.chars().count();
        spans.push((start, chars));
    }
    (out, spans)
}

/// Whether `next` may go on with the sentence that `last` leaves open.
pub(super) fn sentence_goes_on(last: &str, next: &str) -> bool {
    !ends_sentence(last) && next.chars().next().is_some_and(|c| c.is_lowercase() || joins_without_blank(c))
}

/// Whether it ends as sentences do.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['.', '!', '?', ':', ';', '。', '！', '？', '：', '；', '”', '"'])
}

/// The part before the hyphen of a word that goes on in `next`.
fn divided<'t>(text: &'t str, next: &str) -> Option<&'t str> {
    let stem = text.strip_suffix(['-', '\u{2010}'])?;
    let word = stem.rsplit(|c: char| !c.is_alphabetic()).next()?;
    let goes_on = next.chars().next().is_some_and(char::is_lowercase);
    (word.chars().count() >= 2 && goes_on && word.chars().last().is_some_and(char::is_lowercase))
        .then_some(word)
}

fn ends_with_divider(text: &str) -> bool {
    let mut last = text.chars().rev();
    matches!(last.next(), Some('-' | '\u{2010}' | '/')) && last.next().is_some_and(char::is_alphanumeric)
}

/// Words with a hyphen that the document writes within a line: these keep it at a line's end too.
pub(super) struct Words(HashSet<(String, String)>);

impl Words {
    /// Of the whole document.
    pub(super) fn of(pages: &[PageText]) -> Self {
        let mut compounds = HashSet::new();
        for line in pages.iter().flat_map(|p| &p.lines) {
            for word in line.cells.iter().flat_map(|c| c.text.split_whitespace()) {
                let word = word.trim_matches(|c: char| !c.is_alphabetic());
                let parts: Vec<&str> = word.split(['-', '\u{2010}']).collect();
                for pair in parts.windows(2).filter(|p| !p[0].is_empty() && !p[1].is_empty()) {
                    compounds.insert((pair[0].to_lowercase(), pair[1].to_lowercase()));
                }
            }
        }
        Self(compounds)
    }

    fn has_compound(&self, stem: &str, next: &str) -> bool {
        let rest = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        self.0.contains(&(stem.to_lowercase(), rest.to_lowercase()))
    }
}
