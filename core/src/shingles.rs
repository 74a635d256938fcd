//! Shingles: by which texts are alike that differ in a few places (Broder 1997).

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// Hashes of all runs of `size` letters and digits of a text, apart from case, blanks and punctuation. A shorter text is
/// one shingle, and one without any has none.
pub fn shingles(text: &str, size: usize) -> HashSet<u64> {
    let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    match letters.len() {
        0 => HashSet::new(),
        short if short < size => HashSet::from([hash(&letters)]),
        _ => letters.windows(size.max(1)).map(hash).collect(),
    }
}

fn hash(shingle: &[char]) -> u64 {
    let mut hasher = DefaultHasher::new();
    shingle.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_punctuation_do_not_count() {
        assert_eq!(shingles("Ten days.", 5), shingles("ten\nDAYS!", 5));
        assert_eq!(shingles("tendays", 5).len(), 3);
        assert_eq!(shingles("年假", 5).len(), 1);
        assert_ne!(shingles("年假", 5), shingles("病假", 5));
        assert!(shingles("—…", 5).is_empty());
    }
}
