//! A sentence that is its source but for one place: another number or another name stands there.
//!
//! That the number or name stands elsewhere in the source, too, does not make such a sentence true. Both are
//! [aligned](super::aligned); only where nearly all of the sentence is in order
//! within the source are the places compared where they differ.

use footnote_core::question::is_han;
use footnote_core::verdict::{Fact, FactKind};

use super::aligned::{MOST, common, is_same, words};
use crate::facts::{self, EvidenceFacts};

/// Least words of a sentence.
const FEWEST: usize = 6;
/// Share of the sentence's words that must stand in the source in their order.
const SAME: f32 = 0.8;
/// Longest difference, in words, that is one replaced by the other.
const GAP: usize = 5;

/// The facts of `claim` in whose place `source`, otherwise the same, has others.
pub(super) fn altered(claim: &str, source: &str) -> Vec<Fact> {
    let (a, b) = (words(claim), words(source));
    if a.len() < FEWEST || a.len() > MOST || b.len() > MOST {
        return Vec::new();
    }
    let common = common(&a, &b);
    if (common.len() as f32) < SAME * a.len() as f32 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let (mut from_a, mut from_b) = (0, 0);
    for (at_a, at_b) in common.into_iter().chain([(a.len(), b.len())]) {
        let (mine, theirs) = (a.get(from_a..at_a), b.get(from_b..at_b));
        found.extend(mine.zip(theirs).and_then(|(mine, theirs)| replaced(mine, theirs, from_a == 0)));
        (from_a, from_b) = (at_a + 1, at_b + 1);
    }
    found
}

fn replaced(mine: &[&str], theirs: &[&str], starts: bool) -> Option<Fact> {
    if mine.is_empty() || theirs.is_empty() || mine.len() > GAP || theirs.len() > GAP {
        return None;
    }
    if mine.concat().to_lowercase() == theirs.concat().to_lowercase() {
        return None; // `Southeast`, `South East`
    }
    let (text, other) = (joined(mine), joined(theirs));
    let numbers = |a: &str, b: &str| {
        let missing = facts::check(a, &EvidenceFacts::of(&[b]), "").missing;
        missing.into_iter().find(|fact| matches!(fact.kind, FactKind::Number | FactKind::Percentage))
    };
    if let (Some(fact), Some(_)) = (numbers(&text, &other), numbers(&other, &text)) {
        return Some(fact);
    }
    let is_name = |words: &[&str]| {
        words.iter().all(|word| word.chars().next().is_some_and(char::is_uppercase) || word.len() <= 3)
            && words.iter().any(|word| word.chars().next().is_some_and(char::is_uppercase))
    };
    let shares = mine.iter().any(|word| theirs.iter().any(|other| is_same(word, other)));
    let initials = |words: &[&str]| words.iter().filter_map(|word| word.chars().next()).collect::<String>();
    let abbreviates = |short: &[&str], long: &[&str]| matches!(short, [short] if long.len() > 1 && is_same(short, &initials(long)));
    let is_other_name = !starts
        && is_name(mine)
        && is_name(theirs)
        && !shares
        && !abbreviates(mine, theirs)
        && !abbreviates(theirs, mine);
    is_other_name.then_some(Fact { kind: FactKind::Name, text })
}

fn joined(words: &[&str]) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() && !word.chars().all(is_han) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn another_number_or_name_in_the_same_sentence_alters_it() {
        let facts = |claim: &str, source: &str| -> Vec<String> {
            altered(claim, source).into_iter().map(|fact| fact.text).collect()
        };
        let source = "Only four years later, the twin-cylinder locomotive Salamanca by Matthew Murray was used by Middleton.";
        assert_eq!(facts(&source.replace("four", "three"), source), ["three"]);
        assert_eq!(facts(&source.replace("Salamanca", "Rocket"), source), ["Rocket"]);
        assert_eq!(
            facts(&source.replace("Matthew Murray", "George Stephenson"), source),
            ["George Stephenson"]
        );
        assert_eq!(facts(source, source), Vec::<String>::new());
        assert_eq!(facts(&source.replace("four", "4"), source), Vec::<String>::new(), "the same number");
        assert_eq!(facts(&source.replace("was used", "was bought"), source), Vec::<String>::new());
        let law = "The law was passed by the United Kingdom in the year 1855 after long debates.";
        assert_eq!(facts(&law.replace("United Kingdom", "UK"), law), Vec::<String>::new());
        assert_eq!(facts(&law.replace("The law", "Parliament says the law"), law), Vec::<String>::new());
        assert_eq!(
            facts("Leave is 15 days.", "Leave is 12 days."),
            Vec::<String>::new(),
            "too short to tell"
        );
        let place = "The arena is on the Greenwich peninsula in South East London, England.";
        assert_eq!(facts(&place.replace("South East", "Southeast"), place), Vec::<String>::new());
        let chinese = "新员工入职满一年以后每年享有带薪年假15天";
        assert_eq!(facts(&chinese.replace("15", "20"), chinese), ["20"]);
    }

    proptest! {
        #[test]
        fn a_text_does_not_alter_itself(text in "\\PC{0,200}", other in "\\PC{0,200}") {
            prop_assert!(altered(&text, &text).is_empty());
            altered(&text, &other);
        }
    }
}
