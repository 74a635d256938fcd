//! Two texts side by side, word by word: where one is the other but for a few words, and where both run alike.

use unicode_segmentation::UnicodeSegmentation;

/// Most words of a text that is aligned: a longer one has other matters, too.
pub(super) const MOST: usize = 160;

/// Words, and single Chinese characters.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split_word_bounds().filter(|word| word.chars().any(char::is_alphanumeric)).collect()
}

pub(super) fn is_same(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// Positions of a longest common subsequence of words.
pub(super) fn common(a: &[&str], b: &[&str]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let mut lengths = vec![0_u16; (a.len() + 1) * width];
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            lengths[i * width + j] = if is_same(x, y) {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if is_same(x, y) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// What stands in the texts in place of the word at `at` of `own`, between the same other words.
pub(super) fn in_place_of<'t>(own: &[&str], at: usize, texts: &[Vec<&'t str>]) -> Vec<&'t str> {
    let is_alike =
        |window: &&[&str]| own.iter().zip(*window).enumerate().all(|(n, (a, b))| n == at || is_same(a, b));
    let windows = texts.iter().flat_map(|text| text.windows(own.len().max(1)));
    windows.filter(is_alike).filter_map(|window| window.get(at).copied()).collect()
}

/// Whether `word` is one of `words`.
pub(super) fn is_one_of(words: &[&str], word: &str) -> bool {
    words.iter().any(|it| is_same(it, word))
}

/// Where in `a` a run of at least `least` words starts that `b` has as well, and where it starts there; the first
/// such from `from` on.
pub(super) fn first_run(a: &[&str], b: &[&str], from: usize, least: usize) -> Option<(usize, usize)> {
    let alike = |(one, other): (&[&str], &[&str])| one.iter().zip(other).all(|(a, b)| is_same(a, b));
    let starts = (from..a.len()).filter_map(|at| Some((at, a.get(at..at + least)?)));
    starts
        .flat_map(|(at, run)| {
            b.windows(least).enumerate().map(move |(other, window)| (at, other, run, window))
        })
        .find(|(.., run, window)| alike((run, window)))
        .map(|(at, other, ..)| (at, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_place_of_a_word_is_found() {
        let texts = [words("It was sold in May, and is sold in June."), words("What WAS SOLD in it?")];
        assert_eq!(in_place_of(&["is", "sold", "in"], 0, &texts), ["was", "is", "WAS"]);
        assert_eq!(in_place_of(&["sold", "at", "may"], 1, &texts), ["in"]);
        assert!(in_place_of(&["sold"], 3, &texts).is_empty() && in_place_of(&[], 0, &[]).is_empty());
    }

    #[test]
    fn a_run_is_found_where_it_starts() {
        let (a, b) = (words("Turbines came into wide use."), words("Then engines Came into wide use."));
        assert_eq!(first_run(&a, &b, 0, 4), Some((1, 2)));
        assert_eq!(first_run(&a, &b, 2, 4), None);
        assert_eq!(first_run(&a, &[], 0, 4), None);
        assert_eq!(common(&words("年假15天"), &words("年假是15天")).len(), 4);
    }
}
