//! What a question asks to be worked out: a count, a sum, an average, a highest or lowest.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use footnote_core::question::is_han;
use rust_decimal::Decimal;
use serde::Serialize;

use super::lexicon::{self, Pattern};
use super::number::{decimal, scale_of};
use super::words::{is_stop_word, raw_words, year_of};

/// Longest run of years that “from … to …” stands for.
const MAX_YEARS: u16 = 50;

/// What is worked out over rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// How many rows.
    Count,
    /// Their sum.
    Sum,
    /// Their arithmetic mean.
    Average,
    /// The highest.
    Max,
    /// The lowest.
    Min,
}

/// How a number stands to a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// More than it.
    Above,
    /// As much or more.
    AtLeast,
    /// Less than it.
    Below,
    /// As much or less.
    AtMost,
}

impl Comparison {
    /// Whether `value` is on the wanted side of `threshold`.
    pub fn holds(self, value: Decimal, threshold: Decimal) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value < threshold,
            Self::AtMost => value <= threshold,
        }
    }
}

/// A bound that a question sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Threshold {
    pub(crate) comparison: Comparison,
    pub(crate) value: Decimal,
    /// The power of ten that was said with it: 6 for `50 million`. Not multiplied in.
    pub(crate) scale: Option<u32>,
    /// How many of the question's words stand before it.
    pub(crate) at: usize,
}

/// A word of the question, without those that carry nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) role: Role,
}

/// What a word is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Says what is asked about: the table has to explain it.
    Content,
    /// Names the operation, unless a header has the same word.
    Operation,
    /// Says little, and need not be explained.
    Filler,
}

/// A question that counts or aggregates, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub(crate) operation: Operation,
    /// “Altogether”, “the sum of”: more than the word “total”, which may belong to a name.
    pub(crate) is_explicit: bool,
    pub(crate) thresholds: Vec<Threshold>,
    pub(crate) years: BTreeSet<u16>,
    pub(crate) words: Vec<Word>,
    /// Where the words begin of which “not” or “except” stands before: the rows meant are all but theirs.
    pub(crate) negated: Option<usize>,
    pub(crate) is_chinese: bool,
}

/// Whether `question` asks for a number of things, a sum or an average, be it one that is worked out here or not.
pub fn asks_for_number(question: &str) -> bool {
    let draft = Draft::of(question);
    let lists = [lexicon::COUNT, lexicon::NUMBER, lexicon::AVERAGE, lexicon::EXPLICIT_SUM, lexicon::SUM];
    lists.into_iter().flatten().any(|pattern| draft.find(pattern).is_some())
}

/// What `question` is about: its words without those that ask for something to be worked out, and fillers.
pub(crate) fn subject(question: &str) -> String {
    let mut draft = Draft::of(question);
    let lists = [
        lexicon::EXPLICIT_SUM,
        lexicon::AVERAGE,
        lexicon::COUNT,
        lexicon::NUMBER,
        lexicon::TOTAL,
        lexicon::FILLERS,
        lexicon::REFUSED,
    ];
    for patterns in lists {
        draft.take_all(patterns, Role::Filler);
    }
    let is_kept = |at: usize, word: &str| draft.taken.get(at) == Some(&None) && !is_stop_word(word);
    let mut subject = String::new();
    for (at, word) in draft.raw.iter().enumerate() {
        let is_han_word = word.chars().all(is_han);
        if !is_kept(at, word) {
            subject.push(' ');
            continue;
        }
        if !is_han_word || !subject.ends_with(is_han) {
            subject.push(' ');
        }
        subject.push_str(word);
    }
    subject.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Asked {
    /// Takes `question` apart; `None` where it asks for nothing that rows of a table are counted or
    /// added up for, or for more than that (shares, differences, groups, ranks, two things denied).
    pub fn of(question: &str) -> Option<Self> {
        if has_negative_number(question) {
            return None;
        }
        let mut draft = Draft::of(question);
        let bounds = draft.thresholds();
        let negation = draft.negation();
        if lexicon::REFUSED.iter().any(|pattern| draft.find(pattern).is_some()) {
            return None;
        }
        let (operation, is_explicit) = draft.operation()?;
        draft.take_all(lexicon::FILLERS, Role::Filler);
        let years = draft.years();
        // What “not” stands before must be what rows are told by.
        if negation.is_some() && !(years.is_empty() && bounds.is_empty()) {
            return None;
        }
        let mut negated = None;
        let mut words = Vec::new();
        let mut thresholds = Vec::new();
        for (at, text) in draft.raw.iter().enumerate() {
            if let Some((_, bound)) = bounds.iter().find(|(range, _)| *range.start() == at) {
                thresholds.push(Threshold { at: words.len(), ..bound.clone() });
            }
            let is_bound = bounds.iter().any(|(range, _)| range.contains(&at));
            if is_bound || year_of(text).is_some() || (draft.taken[at].is_none() && is_stop_word(text)) {
                continue;
            }
            if text == "年" && at > 0 && draft.raw.get(at - 1).is_some_and(|w| year_of(w).is_some()) {
                continue;
            }
            let role = draft.taken[at].unwrap_or(Role::Content);
            if negated.is_none() && role == Role::Content && negation.is_some_and(|end| at >= end) {
                negated = Some(words.len());
            }
            words.push(Word { text: text.clone(), role });
        }
        if negation.is_some() && negated.is_none() {
            return None;
        }
        let is_chinese = question.chars().any(is_han);
        Some(Self { operation, is_explicit, thresholds, years, words, negated, is_chinese })
    }

    /// What is to be worked out.
    pub fn operation(&self) -> Operation {
        self.operation
    }
}

/// The words of a question, some of them taken for a role.
struct Draft {
    raw: Vec<String>,
    taken: Vec<Option<Role>>,
}

impl Draft {
    fn of(question: &str) -> Self {
        let raw = raw_words(question);
        Self { taken: vec![None; raw.len()], raw }
    }

    /// Takes the one “not” or “except”, and gives the place behind it.
    fn negation(&mut self) -> Option<usize> {
        let found = lexicon::ALL_BUT.iter().find_map(|pattern| Some((self.find(pattern)?, *pattern)));
        let (at, pattern) = found?;
        let words = pattern.split(' ').count();
        self.take(at, words, Role::Filler);
        Some(at + words)
    }

    /// The first place of `pattern` among words not yet taken.
    fn find(&self, pattern: Pattern) -> Option<usize> {
        (0..self.raw.len()).find(|&at| self.stands_at(pattern, at))
    }

    fn stands_at(&self, pattern: Pattern, at: usize) -> bool {
        let is_here = |(place, word): (usize, &str)| {
            self.raw.get(place).is_some_and(|w| w == word) && self.taken.get(place) == Some(&None)
        };
        (at..).zip(pattern.split(' ')).all(is_here)
    }

    fn take(&mut self, at: usize, words: usize, role: Role) {
        let end = (at + words).min(self.taken.len());
        if let Some(places) = self.taken.get_mut(at..end) {
            places.fill(Some(role));
        }
    }

    fn take_all(&mut self, patterns: &[Pattern], role: Role) -> usize {
        let mut found = 0;
        for pattern in patterns {
            while let Some(at) = self.find(pattern) {
                self.take(at, pattern.split(' ').count(), role);
                found += 1;
            }
        }
        found
    }

    /// The one operation asked for, and whether “altogether” or the like was said.
    fn operation(&mut self) -> Option<(Operation, bool)> {
        let is_explicit = self.take_all(lexicon::EXPLICIT_SUM, Role::Operation) > 0;
        let mut found = Vec::new();
        for (operation, patterns) in [
            (Operation::Average, lexicon::AVERAGE),
            (Operation::Max, lexicon::MAX),
            (Operation::Min, lexicon::MIN),
        ] {
            let times = self.take_all(patterns, Role::Operation);
            found.extend(std::iter::repeat_n(operation, times));
        }
        let is_explicit = is_explicit || self.find("total number of").is_some();
        let counts = self.take_all(lexicon::COUNT, Role::Operation);
        match (found.as_slice(), counts, is_explicit) {
            ([operation], 0, false) => Some((*operation, false)),
            ([], 1, _) => {
                let is_total = self.take_all(lexicon::TOTAL, Role::Operation) > 0;
                Some((Operation::Count, is_explicit || is_total))
            }
            ([], 0, _) => {
                let is_total = self.take_all(lexicon::TOTAL, Role::Operation) > 0;
                (is_explicit || is_total).then_some((Operation::Sum, is_explicit))
            }
            _ => None,
        }
    }

    /// The bounds set, with the words that say them, which are taken.
    fn thresholds(&mut self) -> Vec<(RangeInclusive<usize>, Threshold)> {
        let mut bounds = Vec::new();
        for at in 0..self.raw.len() {
            let bound = self.bound_after(at).or_else(|| self.bound_before(at));
            if let Some((range, bound)) = bound {
                self.take(*range.start(), range.end() + 1 - range.start(), Role::Filler);
                bounds.push((range, bound));
            }
        }
        bounds
    }

    /// `more than $50 million`, `超过 5 万元`: the words, then the number.
    fn bound_after(&self, at: usize) -> Option<(RangeInclusive<usize>, Threshold)> {
        let (comparison, pattern) =
            lexicon::BEFORE_NUMBER.iter().find(|(_, pattern)| self.stands_at(pattern, at))?;
        let number_at =
            (at + pattern.split(' ').count()..).take(3).find(|&place| self.number(place).is_some())?;
        let between = self.raw.get(at + pattern.split(' ').count()..number_at)?;
        if !between.iter().all(|word| lexicon::BESIDE_NUMBER.contains(&word.as_str())) {
            return None;
        }
        let (value, scale, end) = self.amount(number_at)?;
        Some((at..=end, Threshold { comparison: *comparison, value, scale, at: 0 }))
    }

    /// `50 万元以上`, `30 or more`: the number, then the words.
    fn bound_before(&self, at: usize) -> Option<(RangeInclusive<usize>, Threshold)> {
        let (value, scale, end) = self.amount(at)?;
        let (comparison, pattern) =
            lexicon::AFTER_NUMBER.iter().find(|(_, pattern)| self.stands_at(pattern, end + 1))?;
        let end = end + pattern.split(' ').count();
        Some((at..=end, Threshold { comparison: *comparison, value, scale, at: 0 }))
    }

    /// The number at `at` with its scale, and the place of the last word that belongs to it.
    fn amount(&self, at: usize) -> Option<(Decimal, Option<u32>, usize)> {
        let value = self.number(at)?;
        let mut scale = None;
        let mut end = at;
        while let Some(word) = self.raw.get(end + 1) {
            match scale_of(word) {
                Some(power) => scale = Some(scale.unwrap_or(0) + power),
                None if lexicon::BESIDE_NUMBER.contains(&word.as_str()) => {}
                None => break,
            }
            end += 1;
        }
        Some((value, scale, end))
    }

    fn number(&self, at: usize) -> Option<Decimal> {
        let word = self.raw.get(at).filter(|_| self.taken.get(at) == Some(&None))?;
        word.starts_with(|c: char| c.is_ascii_digit()).then(|| decimal(word, 0))?
    }

    /// The years named, with those within a range.
    fn years(&self) -> BTreeSet<u16> {
        let is_bound = |at: usize| self.taken.get(at) == Some(&Some(Role::Filler));
        let named = self.raw.iter().enumerate().filter_map(|(at, word)| Some((at, year_of(word)?)));
        let named: Vec<(usize, u16)> = named.filter(|&(at, _)| !is_bound(at)).collect();
        let mut years: BTreeSet<u16> = named.iter().map(|&(_, year)| year).collect();
        for pair in named.windows(2) {
            let [(first_at, first), (last_at, last)] = *pair else { continue };
            let between = self.raw.get(first_at + 1..last_at).unwrap_or_default();
            let before = self.raw.get(first_at.saturating_sub(4)..first_at).unwrap_or_default();
            let (low, high) = (first.min(last), first.max(last));
            if joins_range(before, between) && high - low <= MAX_YEARS {
                years.extend(low..=high);
            }
        }
        years
    }
}

/// Whether a number has a minus before it: words do not keep it.
fn has_negative_number(question: &str) -> bool {
    let mut before = [' ', ' '];
    for c in question.chars() {
        if c.is_ascii_digit() && matches!(before[1], '-' | '−') && !before[0].is_alphanumeric() {
            return true;
        }
        before = [before[1], c];
    }
    false
}

/// Whether the words before and between two years make a range of them.
fn joins_range(before: &[String], between: &[String]) -> bool {
    let said = |words: &[String], any_of: &[&str]| words.iter().any(|w| any_of.contains(&w.as_str()));
    let between: Vec<String> = between
        .iter()
        .filter(|w| !matches!(w.as_str(), "年" | "the" | "fiscal" | "year" | "fy"))
        .cloned()
        .collect();
    // A hyphen leaves no word: `2017-2019`.
    let is_joined =
        between.is_empty() || (between.len() == 1 && said(&between, &["to", "through", "until", "至", "到"]));
    is_joined || (between == ["and"] && said(before, &["between"]))
}
