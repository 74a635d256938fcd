//! Telling texts that say nearly the same, such as a policy filed twice.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// Letters and digits per shingle: long enough to carry order, short enough for Chinese.
const SHINGLE: usize = 6;

/// Share of common shingles from which two texts are near-duplicates.
const SAME_FROM: f64 = 0.9;

/// What a text says, apart from case, blanks and punctuation.
pub(crate) struct Fingerprint {
    shingles: HashSet<u64>,
}

impl Fingerprint {
    pub(crate) fn of(text: &str) -> Self {
        let letters: Vec<char> =
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let hash = |shingle: &[char]| {
            let mut hasher = DefaultHasher::new();
            shingle.hash(&mut hasher);
            hasher.finish()
        };
        let shingles = match letters.len() {
            0..SHINGLE => HashSet::from([hash(&letters)]),
            _ => letters.windows(SHINGLE).map(hash).collect(),
        };
        Self { shingles }
    }

    /// Jaccard similarity of both texts' shingles, compared to the threshold.
    pub(crate) fn nearly_equals(&self, other: &Self) -> bool {
        let common = self.shingles.intersection(&other.shingles).count();
        let all = self.shingles.len() + other.shingles.len() - common;
        common as f64 >= SAME_FROM * all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Fingerprint::of(a).nearly_equals(&Fingerprint::of(b))
    }

    #[test]
    fn case_and_punctuation_do_not_matter_but_words_do() {
        assert!(same("Annual leave is 15 days.", "annual  leave is\n15 DAYS"));
        assert!(!same("Annual leave is 15 days.", "Annual leave is 20 days."));
        assert!(same("员工每年享有十五天年假。", "员工每年享有十五天年假"));
        assert!(!same("员工每年享有十五天年假。", "员工每年享有二十天年假。"));
        assert!(!same("ab", "cd"));
        assert!(same("", "…"));
    }
}
