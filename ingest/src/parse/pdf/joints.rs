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
        Some(stem) if !is_of_the_word(before, stem, next, words) => Joint::Divided,
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
            Joint::Line => {
                out.push('\n');
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

/// First parts that words are joined to by a hyphen, and what goes on after some of them without one: `long-⏎term`, and
/// `long-⏎er`.
const FIRST_PARTS: [&str; 11] =
    ["long", "short", "non", "self", "well", "high", "low", "full", "part", "half", "cross"];
const WITHOUT_HYPHEN: [&str; 42] = [
    "er", "ers", "est", "ly", "ing", "ings", "ed", "en", "ened", "ening", "ish", "ness", "less", "age",
    "ages", "fall", "falls", "coming", "comings", "cut", "cuts", "hand", "list", "listed", "light", "lights",
    "lighted", "lighting", "way", "ways", "land", "lands", "ner", "ners", "nership", "nerships", "tial",
    "tially", "sense", "over", "roads", "word",
];
/// Words between the hyphens of a compound: `state-of-the-art`.
const LINKS: [&str; 18] = [
    "a", "an", "and", "as", "at", "by", "for", "in", "of", "off", "on", "or", "out", "over", "the", "to",
    "up", "with",
];

/// Whether the hyphen behind `stem` stays where its line is joined to `next`: as the document writes it elsewhere, as
/// a compound of several words has it, or as its first part asks for one.
fn is_of_the_word(before: &str, stem: &str, next: &str, words: &Words) -> bool {
    const HYPHENS: [char; 2] = ['-', '\u{2010}'];
    let rest = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let goes_on = next.strip_prefix(rest).is_some_and(|after| after.starts_with(HYPHENS));
    let ahead = before.trim_end_matches(HYPHENS).strip_suffix(stem).unwrap_or_default();
    let stem_and_rest = [stem, rest].map(str::to_lowercase);
    let [stem_word, rest_word] = stem_and_rest.each_ref().map(String::as_str);
    words.has_compound(stem, next)
        || goes_on && LINKS.contains(&rest_word)
        || ahead.ends_with(HYPHENS) && LINKS.contains(&stem_word)
        || FIRST_PARTS.contains(&stem_word) && !WITHOUT_HYPHEN.contains(&rest_word)
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

#[cfg(test)]
mod tests {
    use super::join_plain;

    #[test]
    fn words_lose_the_hyphen_of_the_line_and_keep_their_own() {
        for (lines, joined) in [
            (["state-", "of-the-art plant"], "state-of-the-art plant"),
            (["a state-of-the-", "art plant"], "a state-of-the-art plant"),
            (["Long-", "term plans"], "Long-term plans"),
            (["a non-", "profit body"], "a non-profit body"),
            (["no long-", "er in use"], "no longer in use"),
            (["our part-", "ners agree"], "our partners agree"),
            (["in every re-", "gion"], "in every region"),
            (["infor-", "mation-based"], "information-based"),
            (["wi-", "th care"], "with care"),
        ] {
            assert_eq!(join_plain(&lines), joined);
        }
    }
}
