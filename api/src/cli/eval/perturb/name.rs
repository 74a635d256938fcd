//! Names of a sentence, and others of the same sort to put in their place.

use std::ops::Range;

use footnote_core::question::{is_chinese, is_han};

use super::vocabulary::{MONTHS, ORGANISATIONS, PLACES};
use super::{Dice, Edit, Kind, words};

/// Names of the sentence, each swapped for a name of the pool that it does not have.
pub(super) fn names(sentence: &str, pool: &[String], dice: &mut Dice) -> Vec<Edit> {
    let find = if is_chinese(sentence) { chinese_names } else { english_names };
    let mut edits = Vec::new();
    for name in find(sentence) {
        for _ in 0..20 {
            let Some(other) = dice.pick(pool) else { break };
            let others: Vec<Found> =
                find(other).into_iter().filter(|found| found.sort == name.sort).collect();
            let Some(found) = dice.pick(&others) else { continue };
            let text = other.get(found.bytes.clone()).unwrap_or_default();
            let new = !text.split(' ').any(|word| sentence.contains(word));
            if new && !text.is_empty() {
                edits.push(Edit { kind: Kind::Name, bytes: name.bytes.clone(), text: text.to_owned() });
                break;
            }
        }
    }
    edits
}

/// A name with what tells its sort: how many words it has, or its suffix.
struct Found {
    bytes: Range<usize>,
    sort: String,
}

/// Runs of capitalised words within a sentence.
fn english_names(text: &str) -> Vec<Found> {
    let mut names: Vec<(Range<usize>, usize)> = Vec::new();
    for (bytes, word) in words(text) {
        let before = text.get(..bytes.start).unwrap_or_default();
        let starts = before.trim_end().is_empty()
            || before.trim_end().ends_with(['.', '?', '!', ':', '"', '`', '(', '\'', '-']);
        let capital = word.starts_with(char::is_uppercase) && word.chars().count() > 2;
        let calendar = MONTHS.contains(&word)
            || ["May", "The", "This", "However"].contains(&word)
            || word.ends_with("day");
        if !capital || starts || calendar {
            continue;
        }
        match names.last_mut().filter(|(last, _)| text.get(last.end..bytes.start) == Some(" ")) {
            Some((last, count)) => (last.end, *count) = (bytes.end, *count + 1),
            None => names.push((bytes, 1)),
        }
    }
    names.into_iter().map(|(bytes, count)| Found { bytes, sort: count.to_string() }).collect()
}

/// Titles, known places, foreign names with a dot, and organisations behind a word that ends before them.
fn chinese_names(text: &str) -> Vec<Found> {
    let mut names = Vec::new();
    let mut add = |bytes: Range<usize>, sort: &str| names.push(Found { bytes, sort: sort.to_owned() });
    for (at, _) in text.match_indices('《') {
        if let Some(len) = text.get(at..).and_then(|rest| rest.find('》')).filter(|len| *len > 6) {
            add(at + '《'.len_utf8()..at + len, "title");
        }
    }
    for place in PLACES {
        text.match_indices(place).for_each(|(at, _)| add(at..at + place.len(), "place"));
    }
    for (at, dot) in text.match_indices('·') {
        let han = |c: &char| is_han(*c) && !"在于是和与由为的".contains(*c);
        let before: usize =
            text.get(..at).unwrap_or_default().chars().rev().take_while(han).map(char::len_utf8).sum();
        let behind: usize =
            text.get(at + dot.len()..).unwrap_or_default().chars().take_while(han).map(char::len_utf8).sum();
        if (6..=15).contains(&before) && (6..=12).contains(&behind) {
            add(at - before..at + dot.len() + behind, "person");
        }
    }
    for suffix in ORGANISATIONS {
        for (at, _) in text.match_indices(suffix) {
            let begins = |c: char| !is_han(c) || "在于是为入由和与从到任至被的".contains(c);
            let before = text.get(..at).unwrap_or_default();
            let name = before.rsplit(begins).next().unwrap_or_default();
            if (2..=6).contains(&name.chars().count()) {
                add(at - name.len()..at + suffix.len(), suffix);
            }
        }
    }
    names
}
