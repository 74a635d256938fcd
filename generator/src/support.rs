//! How well a text supports a sentence, by the words, numbers and names they share.

use std::collections::BTreeMap;

use footnote_core::question::is_han;
use unicode_segmentation::UnicodeSegmentation;

use crate::facts::stem;

/// Numbers and identifiers say most about whether a source supports a claim.
const EXACT_WEIGHT: f32 = 3.0;
const WORD_WEIGHT: f32 = 1.0;
const BIGRAM_WEIGHT: f32 = 0.6;

/// English words that say nothing about a claim.
const STOP_WORDS: [&str; 66] = [
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "before",
    "but", "by", "can", "did", "do", "does", "for", "from", "had", "has", "have", "how", "i", "if", "in",
    "into", "is", "it", "its", "may", "more", "most", "not", "of", "on", "or", "our", "per", "so", "such",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to", "was", "were",
    "what", "when", "which", "who", "will", "with", "would", "you", "your",
];

/// Chinese characters of which a bigram says nothing.
const STOP_CHARACTERS: &str = "的了是在和与及或也都就被把对从到为以于之其这那有个";

/// Least letters of a word that others are formed from.
const KIN: usize = 4;

/// What a text is about: its terms with their weights, in an order of their own, so that sums are
/// the same every time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms(BTreeMap<String, f32>);

impl Terms {
    pub(crate) fn of(text: &str) -> Self {
        let mut terms = BTreeMap::new();
        for word in text.unicode_words() {
            if word.chars().any(is_han) {
                continue;
            }
            if let Some((term, weight)) = latin_term(word) {
                terms.insert(term, weight);
            }
        }
        for run in text.split(|c| !is_han(c)).filter(|run| !run.is_empty()) {
            han_terms(run, &mut terms);
        }
        Self(terms)
    }

    /// These terms without those of `texts`.
    pub(crate) fn without(&self, texts: &[Terms]) -> Self {
        let is_new = |term: &String| !texts.iter().any(|text| text.0.contains_key(term));
        Self(self.0.iter().filter(|(term, _)| is_new(term)).map(|(t, w)| (t.clone(), *w)).collect())
    }

    /// The part of these terms' weight that `texts` together hold, 0 to 1.
    pub(crate) fn held_by(&self, texts: &[&Terms]) -> f32 {
        self.share_of(|term| texts.iter().any(|text| text.0.contains_key(term)))
    }

    /// The same, where a word also stands for those that it begins, or that begin it: `Dada` for `Dadaists`.
    pub(crate) fn held_by_kin(&self, texts: &[&Terms]) -> f32 {
        let is_kin = |term: &str, other: &str| {
            term == other
                || term.len().min(other.len()) >= KIN
                    && term.bytes().chain(other.bytes()).all(|b| b.is_ascii_lowercase())
                    && (term.starts_with(other) || other.starts_with(term))
        };
        self.share_of(|term| texts.iter().any(|text| text.0.keys().any(|other| is_kin(term, other))))
    }

    /// The part of the weight that these terms have, 0 to 1.
    fn share_of(&self, is_held: impl Fn(&str) -> bool) -> f32 {
        let total: f32 = self.0.values().sum();
        if total == 0.0 {
            return 0.0;
        }
        let held = self.0.iter().filter(|(term, _)| is_held(term));
        (held.map(|(_, weight)| weight).sum::<f32>() / total).clamp(0.0, 1.0)
    }

    /// The same as [`Self::held_by`] of the terms that are no numbers or identifiers; 1 where there are none.
    pub(crate) fn words_held_by(&self, texts: &[&Terms]) -> f32 {
        let words = self.0.iter().filter(|(_, weight)| **weight != EXACT_WEIGHT);
        let words = Self(words.map(|(term, weight)| (term.clone(), *weight)).collect());
        if words.0.is_empty() { 1.0 } else { words.held_by(texts) }
    }

    /// Whether one of them is no number or identifier.
    pub(crate) fn has_words(&self) -> bool {
        self.0.values().any(|weight| *weight != EXACT_WEIGHT)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of these terms that `other` has, too.
    pub(crate) fn shared_terms(&self, other: &Terms) -> Self {
        let shared = self.0.iter().filter(|(term, _)| other.0.contains_key(*term));
        Self(shared.map(|(term, weight)| (term.clone(), *weight)).collect())
    }

    /// Terms that both have.
    pub(crate) fn shared_with(&self, texts: &[&Terms]) -> usize {
        self.0.keys().filter(|term| texts.iter().any(|t| t.0.contains_key(*term))).count()
    }

    /// The share of the numbers and identifiers that `texts` together hold; `None` where there are none.
    pub(crate) fn numbers_held_by(&self, texts: &[&Terms]) -> Option<f32> {
        let exact = self.0.iter().filter(|(_, weight)| **weight == EXACT_WEIGHT);
        let (mut all, mut held) = (0, 0);
        for (term, _) in exact {
            all += 1;
            held += usize::from(texts.iter().any(|t| t.0.contains_key(term)));
        }
        (all > 0).then(|| held as f32 / all as f32)
    }

    /// Whether `texts` hold a number or identifier that hardly stands in two places by chance: one
    /// longer than a year.
    pub(crate) fn figure_held_by(&self, texts: &[&Terms]) -> bool {
        let mut figures = self.0.iter().filter(|(term, weight)| **weight == EXACT_WEIGHT && term.len() > 4);
        figures.any(|(term, _)| texts.iter().any(|t| t.0.contains_key(term)))
    }
}

fn latin_term(word: &str) -> Option<(String, f32)> {
    let word = word.to_lowercase();
    if word.chars().any(|c| c.is_ascii_digit()) {
        return Some((number(&word), EXACT_WEIGHT));
    }
    if STOP_WORDS.contains(&word.as_str()) || word.chars().count() < 2 {
        return None;
    }
    Some((stem(&word.replace('’', "'")), WORD_WEIGHT))
}

/// One form for `1,234.50` and `1234.5`.
fn number(word: &str) -> String {
    let plain = word.replace([',', '_'], "");
    if !plain.contains('.') || !plain.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return plain;
    }
    plain.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn han_terms(run: &str, terms: &mut BTreeMap<String, f32>) {
    let chars: Vec<char> = run.chars().collect();
    if let [single] = chars.as_slice() {
        if !STOP_CHARACTERS.contains(*single) {
            terms.insert(single.to_string(), BIGRAM_WEIGHT);
        }
        return;
    }
    for pair in chars.windows(2).filter(|pair| !pair.iter().any(|&c| STOP_CHARACTERS.contains(c))) {
        terms.insert(pair.iter().collect(), BIGRAM_WEIGHT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn support(claim: &str, source: &str) -> f32 {
        Terms::of(claim).held_by(&[&Terms::of(source)])
    }

    #[test]
    fn a_word_stands_for_those_formed_from_it() {
        let kin = |a: &str, b: &str| Terms::of(a).held_by_kin(&[&Terms::of(b)]);
        assert_eq!(kin("Dadaists", "the Dada movement"), 1.0);
        assert_eq!(kin("Germany", "German cars"), 1.0);
        assert_eq!((kin("art", "artful"), kin("1997", "19975"), kin("Berlin", "Paris")), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_same_is_whole_and_the_unrelated_nothing() {
        assert_eq!(
            support("Revenue rose to 1,234.50 million.", "In total revenues rose to 1234.5 million"),
            1.0
        );
        assert_eq!(support("每年有15天年假。", "员工每年享有15天年假"), 1.0);
        assert!(support("员工每年有15天年假。", "每年，员工有15天年假") > 0.8);
        assert_eq!(support("Revenue rose.", "年假为十五天"), 0.0);
        assert_eq!(support("", "anything"), 0.0);
    }

    #[test]
    fn numbers_and_identifiers_weigh_most() {
        let claim = "Error 0x80070005 means access denied in 2019";
        assert!(support(claim, "code 0x80070005 (2019)") > support(claim, "an error means access denied"));
        let held = |claim, source| Terms::of(claim).numbers_held_by(&[&Terms::of(source)]);
        assert_eq!(held(claim, "error means access denied"), Some(0.0));
        assert_eq!(held(claim, "in 2019"), Some(0.5));
        assert_eq!(held("no digits", ""), None);
    }

    #[test]
    fn endings_are_cut_alike() {
        for (a, b) in
            [("policies", "policy"), ("indexed", "indexing"), ("employees", "employee"), ("files", "file")]
        {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        assert_ne!(stem("loss"), stem("log"));
    }
}
