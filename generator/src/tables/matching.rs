//! Which words of a question name a column, a row or a cell of a table.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use footnote_core::question::is_han;

use super::asked::{Asked, Role, Word};
use super::lexicon;
use super::read::Table;
use super::view::{Along, Series, View};
use super::words::{Words, positions};

/// What some words of the question name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// A series of figures, by its place among the view's.
    Measure(usize),
    /// A series of texts.
    Attribute(usize),
    /// A text within such a series.
    Value { attribute: usize, words: Vec<String> },
}

/// Words of the question that name something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) named: Named,
    pub(crate) span: Range<usize>,
    /// Places within the span whose words are those of the name; others were skipped.
    pub(crate) places: Vec<usize>,
}

/// Everything that the question names in the view: longest names first, none over another; names of
/// one and the same stretch stay side by side.
pub(crate) fn matches(view: &View<'_>, asked: &Asked) -> Vec<Match> {
    let mut found = whole_names(view, asked);
    found.sort_by_key(|m| (std::cmp::Reverse(m.places.len()), m.span.start));
    let mut kept: Vec<Match> = Vec::new();
    for candidate in found {
        if kept.iter().all(|m| m.places == candidate.places || !overlap(&m.span, &candidate.span)) {
            kept.push(candidate);
        }
    }
    if view.along == Along::Columns {
        add_parts_of_names(view, asked, &mut kept);
    }
    kept
}

/// Whether a word is covered by one of `matches`.
pub(crate) fn is_covered(matches: &[Match], place: usize) -> bool {
    matches.iter().any(|m| m.places.contains(&place))
}

fn whole_names(view: &View<'_>, asked: &Asked) -> Vec<Match> {
    let mut found = Vec::new();
    for (series, named) in named_series(view) {
        for reading in &series.readings {
            found.extend(occurrences(&asked.words, reading, &named));
        }
    }
    for (attribute, series) in view.attributes.iter().enumerate() {
        let phrases: BTreeSet<&Vec<String>> =
            series.words.iter().filter(|phrase| is_telling(phrase)).collect();
        for words in phrases {
            let named = Named::Value { attribute, words: words.clone() };
            found.extend(occurrences(&asked.words, words, &named));
        }
    }
    found
}

fn named_series<'v>(view: &'v View<'_>) -> Vec<(&'v Series<'v>, Named)> {
    let measures = view.measures.iter().enumerate().map(|(at, series)| (series, Named::Measure(at)));
    let attributes = view.attributes.iter().enumerate().map(|(at, series)| (series, Named::Attribute(at)));
    measures.chain(attributes).collect()
}

/// Whether a cell's text says enough to be looked for in a question.
fn is_telling(phrase: &[String]) -> bool {
    let is_filler = |word: &String| lexicon::FILLERS.contains(&word.as_str());
    let is_answer = matches!(phrase, [word] if matches!(word.as_str(), "yes" | "y" | "n" | "是" | "否"));
    phrase.iter().any(|w| w.chars().any(char::is_alphabetic)) && !phrase.iter().all(is_filler) && !is_answer
}

/// Where `phrase` stands in the question. Words of the operation within it may be skipped: “total
/// sales” as in “销售总额” for “销售额”.
fn occurrences(words: &[Word], phrase: &[String], named: &Named) -> Vec<Match> {
    let mut found = Vec::new();
    let Some(first) = phrase.first() else { return found };
    for start in (0..words.len()).filter(|&at| words[at].text == *first) {
        let mut places = vec![start];
        let mut at = start + 1;
        for wanted in phrase.iter().skip(1) {
            while words.get(at).is_some_and(|w| w.text != *wanted && w.role == Role::Operation) {
                at += 1;
            }
            if words.get(at).is_none_or(|w| w.text != *wanted) {
                break;
            }
            places.push(at);
            at += 1;
        }
        if places.len() == phrase.len() {
            found.push(Match { named: named.clone(), span: start..at, places });
        }
    }
    found
}

/// Names of which the question says only the end (“salary” for “Base salary”), where no measure is named
/// in full, or the beginning (“employees” for “Employee name”).
fn add_parts_of_names(view: &View<'_>, asked: &Asked, kept: &mut Vec<Match>) {
    let has_measure = kept.iter().any(|m| matches!(m.named, Named::Measure(_)));
    if !has_measure {
        let parts = view.measures.iter().enumerate().flat_map(|(at, series)| {
            let endings = series.readings.iter().flat_map(|r| (1..r.len()).map(|from| r[from..].to_vec()));
            endings.map(move |phrase| (Named::Measure(at), phrase))
        });
        let parts: Vec<_> = parts.collect();
        add_longest(asked, parts, kept);
    }
    if !kept.iter().any(|m| matches!(m.named, Named::Attribute(_))) {
        let parts = view.attributes.iter().enumerate().flat_map(|(at, series)| {
            let beginnings = series.readings.iter().flat_map(|r| (1..r.len()).map(|to| r[..to].to_vec()));
            beginnings.map(move |phrase| (Named::Attribute(at), phrase))
        });
        let parts: Vec<_> = parts.collect();
        add_longest(asked, parts, kept);
    }
}

fn add_longest(asked: &Asked, parts: Vec<(Named, Vec<String>)>, kept: &mut Vec<Match>) {
    let mut found: Vec<Match> = Vec::new();
    for (named, phrase) in parts.into_iter().filter(|(_, phrase)| is_long_enough(phrase)) {
        let free = |m: &Match| {
            let is_content = m.places.iter().any(|&at| asked.words[at].role == Role::Content);
            is_content && kept.iter().all(|k| !overlap(&k.span, &m.span))
        };
        found.extend(occurrences(&asked.words, &phrase, &named).into_iter().filter(free));
    }
    let longest = found.iter().map(|m| m.places.len()).max().unwrap_or(0);
    found.retain(|m| m.places.len() == longest);
    found.dedup();
    kept.extend(found);
}

/// One Chinese character is not enough to tell a name.
fn is_long_enough(phrase: &[String]) -> bool {
    is_telling(phrase) && (phrase.len() > 1 || !phrase.iter().any(|w| w.chars().all(is_han)))
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Whether the question names one row by what it is called.
pub(crate) fn names_a_row(table: &Table, question: &str) -> bool {
    let Some(view) = View::down(table) else { return false };
    let Some(label) = view.label_attribute().filter(|series| series.is_key()) else { return false };
    let asked = Words::of(question).words;
    label.words.iter().any(|phrase| is_long_enough(phrase) && !positions(&asked, phrase).is_empty())
}

/// Whether some cell of an attribute says more than `words` but begins, ends or goes on with them: then
/// it is uncertain which are meant.
pub(crate) fn is_part_of_another(series: &Series<'_>, words: &[String]) -> bool {
    series.words.iter().any(|cell| cell.len() > words.len() && !positions(cell, words).is_empty())
}

/// Content words that nothing in the view explains and that `context` has not got either.
pub(crate) fn unexplained(asked: &Asked, matches: &[Match], context: &[String]) -> Vec<String> {
    let known: HashSet<&str> = context.iter().map(String::as_str).collect();
    let mut missing = Vec::new();
    let mut at = 0;
    while at < asked.words.len() {
        let is_open = |at: usize| {
            let word = asked.words.get(at);
            word.is_some_and(|w| w.role == Role::Content) && !is_covered(matches, at)
        };
        if !is_open(at) {
            at += 1;
            continue;
        }
        let is_chinese = |at: usize| asked.words.get(at).is_some_and(|w| w.text.chars().all(is_han));
        let mut end = at + 1;
        // A run of Chinese characters is looked for as a whole: single ones stand everywhere.
        while is_chinese(at) && is_open(end) && is_chinese(end) {
            end += 1;
        }
        let run: Vec<String> = asked.words[at..end].iter().map(|w| w.text.clone()).collect();
        let is_known = match is_chinese(at) {
            true => !positions(context, &run).is_empty(),
            false => run.iter().all(|word| known.contains(word.as_str())),
        };
        if !is_known {
            missing.extend(run);
        }
        at = end;
    }
    missing
}
