//! False versions of true sentences, in English and Chinese, to measure what a verifier catches.
//!
//! Knows nothing of the verifier on purpose: it edits text where a number, a name or a verb stands,
//! and leaves the rest as it was.

use std::collections::BTreeSet;
use std::ops::Range;

use footnote_core::question::is_han;
use serde::Serialize;

mod name;
mod vocabulary;

use vocabulary::{
    AUXILIARIES, CHINESE_NEGATED, CHINESE_OPPOSITES, CHINESE_SPELLED, CHINESE_UNITS, CLASSIFIERS,
    ENGLISH_REMOVED, MONTHS, OPPOSITES, SPELLED, UNITS,
};

/// What was made false.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A count or amount.
    Number,
    /// A percentage.
    Percentage,
    /// A year or month.
    Date,
    /// The unit or scale of a number.
    Unit,
    /// A name, for another one of the pool.
    Name,
    /// A negation put in or taken out.
    Negation,
    /// A word, for its opposite.
    Antonym,
}

/// One place of a sentence and what to write there.
struct Edit {
    kind: Kind,
    bytes: Range<usize>,
    text: String,
}

/// False versions of `sentence`: at most one of each kind, at a place that `seed` chooses. Other names
/// are taken from the sentences of `pool`.
pub(crate) fn falsify(sentence: &str, seed: u64, pool: &[String]) -> Vec<(Kind, String)> {
    let mut dice = Dice(seed);
    let mut edits = figures(sentence, &mut dice);
    edits.extend(spelled_numbers(sentence, &mut dice));
    edits.extend(months(sentence, &mut dice));
    edits.extend(units(sentence));
    edits.extend(name::names(sentence, pool, &mut dice));
    edits.extend(negations(sentence));
    edits.extend(antonyms(sentence));
    let kinds: BTreeSet<Kind> = edits.iter().map(|edit| edit.kind).collect();
    let mut falsified = Vec::new();
    for kind in kinds {
        let of_kind: Vec<&Edit> = edits.iter().filter(|edit| edit.kind == kind).collect();
        let Some(edit) = dice.pick(&of_kind) else { continue };
        let mut text = sentence.to_owned();
        if sentence.get(edit.bytes.clone()).is_some() {
            text.replace_range(edit.bytes.clone(), &edit.text);
        }
        if text != sentence {
            falsified.push((kind, text));
        }
    }
    falsified
}

/// Repeatable randomness (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// Numbers in digits that stand alone, each with a digit changed; years move by some years.
fn figures(sentence: &str, dice: &mut Dice) -> Vec<Edit> {
    let mut edits = Vec::new();
    for bytes in digit_runs(sentence) {
        let run = sentence.get(bytes.clone()).unwrap_or_default();
        let before = sentence.get(..bytes.start).unwrap_or_default();
        let behind = sentence.get(bytes.end..).unwrap_or_default().trim_start();
        let is_marker = before.ends_with('[') || behind.starts_with(']');
        let in_word = |c: char| c.is_alphanumeric() && !is_han(c) || matches!(c, '_' | '-' | '/');
        if is_marker
            || before.chars().next_back().is_some_and(in_word)
            || behind.starts_with(in_word) && in_code(sentence, &bytes)
        {
            continue;
        }
        let is_year = run.len() == 4 && run.starts_with(['1', '2']) && !run.contains([',', '.']);
        let percents = ["%", "％", "percent", "per cent"];
        let (kind, text) = if percents.iter().any(|sign| behind.starts_with(sign)) {
            (Kind::Percentage, other_digits(run, dice))
        } else if is_year {
            let year: i64 = run.parse().unwrap_or(2000);
            let years = 1 + dice.below(12) as i64;
            (Kind::Date, (if dice.below(2) == 0 { year - years } else { year + years }).to_string())
        } else {
            (Kind::Number, other_digits(run, dice))
        };
        edits.push(Edit { kind, bytes, text });
    }
    edits
}

/// Digits with the points and commas between them.
fn digit_runs(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices() {
        if !c.is_ascii_digit() {
            continue;
        }
        let joins = |between: &str| between.is_empty() || between == "," || between == ".";
        match runs.last_mut().filter(|run| text.get(run.end..at).is_some_and(joins)) {
            Some(run) => run.end = at + 1,
            None => runs.push(at..at + 1),
        }
    }
    runs
}

/// Whether letters stand right behind the digits.
fn in_code(text: &str, bytes: &Range<usize>) -> bool {
    text.get(bytes.end..)
        .is_some_and(|behind| behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-'))
}

fn other_digits(run: &str, dice: &mut Dice) -> String {
    let digits: Vec<usize> =
        run.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
    let Some(&at) = dice.pick(&digits) else { return run.to_owned() };
    let old = run.as_bytes().get(at).map_or(0, |byte| byte - b'0');
    let new = 1 + (old + dice.below(8) as u8) % 9;
    let new = if new == old { 1 + old % 9 } else { new };
    let mut text = run.to_owned();
    text.replace_range(at..at + 1, &new.to_string());
    text
}

fn months(sentence: &str, dice: &mut Dice) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (bytes, word) in words(sentence) {
        if let Some(place) = MONTHS.iter().position(|month| *month == word).filter(|_| bytes.start > 0) {
            let other = MONTHS.get((place + 1 + dice.below(MONTHS.len() - 1)) % MONTHS.len());
            edits.extend(other.map(|other| Edit { kind: Kind::Date, bytes, text: (*other).to_owned() }));
        }
    }
    edits
}

/// Units and scales behind a number, swapped for others.
fn units(sentence: &str) -> Vec<Edit> {
    let behind_number = |at: usize| {
        let before = sentence.get(..at).unwrap_or_default().trim_end_matches([' ', '-']);
        let word = before.rsplit(' ').next().unwrap_or_default();
        before.ends_with(|c: char| c.is_ascii_digit() || "两三四五六七八九十".contains(c))
            || SPELLED.contains(&word)
    };
    let mut edits = Vec::new();
    for (bytes, word) in words(sentence) {
        if let Some((_, other)) =
            UNITS.iter().find(|(unit, _)| *unit == word).filter(|_| behind_number(bytes.start))
        {
            edits.push(Edit { kind: Kind::Unit, bytes, text: (*other).to_owned() });
        }
    }
    for (unit, other) in CHINESE_UNITS {
        for (at, _) in sentence.match_indices(unit).filter(|(at, _)| behind_number(*at)) {
            let bytes = at..at + unit.len();
            let followed = sentence.get(bytes.end..).is_some_and(|rest| {
                rest.starts_with(['元', '吨', '美', '马']) && unit != "亿" && unit != "万"
            });
            if !followed {
                edits.push(Edit { kind: Kind::Unit, bytes, text: other.to_owned() });
            }
        }
    }
    edits
}

/// Negations put in behind auxiliaries and verbs, or taken out.
fn negations(sentence: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut add = |bytes: Range<usize>, text: &str| {
        edits.push(Edit { kind: Kind::Negation, bytes, text: text.to_owned() });
    };
    for (word, other) in ENGLISH_REMOVED {
        for (at, _) in sentence.match_indices(word) {
            let behind = sentence.get(at + word.len()..).unwrap_or_default();
            if !["only", "just", "necessarily", "all"].iter().any(|idiom| behind.starts_with(idiom)) {
                add(at..at + word.len(), other);
            }
        }
    }
    for (bytes, word) in words(sentence) {
        let behind = sentence.get(bytes.end..).unwrap_or_default();
        let plain = behind.starts_with(' ')
            && !["not", "n't", "no ", "never", "only"].iter().any(|no| behind.trim_start().starts_with(no));
        if AUXILIARIES.contains(&word) && plain {
            add(bytes.end..bytes.end, " not");
        }
    }
    for (word, other) in CHINESE_NEGATED {
        for (at, _) in sentence.match_indices(word) {
            let before = sentence.get(..at).unwrap_or_default();
            if !before.ends_with(['不', '没', '未', '无', '并', '从', '非']) {
                add(at..at + word.len(), other);
            }
        }
    }
    edits
}

fn antonyms(sentence: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut add = |bytes: Range<usize>, text: &str| {
        edits.push(Edit { kind: Kind::Antonym, bytes, text: text.to_owned() });
    };
    for (bytes, word) in words(sentence) {
        for (one, other) in OPPOSITES {
            if word == one || word == other {
                add(bytes.clone(), if word == one { other } else { one });
                break;
            }
        }
    }
    for (one, other) in CHINESE_OPPOSITES {
        sentence.match_indices(one).for_each(|(at, _)| add(at..at + one.len(), other));
        sentence.match_indices(other).for_each(|(at, _)| add(at..at + other.len(), one));
    }
    edits
}

fn spelled_numbers(sentence: &str, dice: &mut Dice) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (bytes, word) in words(sentence) {
        if let Some(place) = SPELLED.iter().position(|spelled| *spelled == word) {
            let other = SPELLED.get((place + 1 + dice.below(SPELLED.len() - 1)) % SPELLED.len());
            edits.extend(other.map(|other| Edit { kind: Kind::Number, bytes, text: (*other).to_owned() }));
        }
    }
    for (place, numeral) in CHINESE_SPELLED.iter().enumerate() {
        for (at, _) in sentence.match_indices(numeral) {
            let end = at + numeral.len();
            let counts =
                sentence.get(end..).is_some_and(|rest| rest.starts_with(|c| CLASSIFIERS.contains(c)));
            let alone = !sentence
                .get(..at)
                .is_some_and(|text| text.ends_with(|c: char| "一二三四五六七八九十百千万第".contains(c)));
            let other = CHINESE_SPELLED.get((place + 1 + dice.below(7)) % CHINESE_SPELLED.len());
            if let Some(other) = other.filter(|_| counts && alone) {
                edits.push(Edit { kind: Kind::Number, bytes: at..end, text: (*other).to_owned() });
            }
        }
    }
    edits
}

/// Runs of Latin letters.
fn words(text: &str) -> Vec<(Range<usize>, &str)> {
    let letter = |c: char| c.is_alphabetic() && !is_han(c);
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (letter(c), start) {
            (true, None) => start = Some(at),
            (false, Some(begin)) => {
                words.extend(text.get(begin..at).map(|word| (begin..at, word)));
                start = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(sentence: &str, pool: &[&str]) -> Vec<(Kind, String)> {
        let pool: Vec<String> = pool.iter().map(|text| (*text).to_owned()).collect();
        falsify(sentence, 7, &pool)
    }

    #[test]
    fn each_kind_is_made_false() {
        let english = versions(
            "In 2019 the Melbourne plant is 15 km long and 12% larger.",
            &["It was built in Sydney by Ford."],
        );
        let kinds: Vec<Kind> = english.iter().map(|(kind, _)| *kind).collect();
        use Kind::*;
        assert_eq!(kinds, [Number, Percentage, Date, Unit, Name, Negation, Antonym], "{english:?}");
        let chinese = versions("2019年，公司位于北京，有15天年假，增加了12%。", &["他住在上海。"]);
        let kinds: Vec<Kind> = chinese.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [Number, Percentage, Date, Unit, Name, Negation, Antonym], "{chinese:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_version_is_the_sentence_itself(sentence in "[ a-zA-Z0-9,.%不是有大学公司两年《》·的]{0,60}", seed: u64) {
            for (kind, version) in falsify(&sentence, seed, &["In the City of Rome.".to_owned(), "《红楼梦》".to_owned()]) {
                proptest::prop_assert_ne!(&version, &sentence, "{:?}", kind);
            }
        }

        #[test]
        fn any_text_is_taken(sentence in "\\PC*", seed: u64) {
            falsify(&sentence, seed, std::slice::from_ref(&sentence));
        }
    }
}
