//! Folding: what makes `ＡＢＣ`, `Café` and `ﬁle` the same as `abc`, `cafe` and `file`.

use footnote_core::question::is_han;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A folded character and the scalar value of the source it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folded {
    /// Lowercase, compatibility-decomposed, without accents.
    pub c: char,
    /// Offset of its source character, in scalar values.
    pub at: usize,
}

/// Folds a text character by character, so that every result knows where it came from.
pub(super) fn fold(text: &str) -> Vec<Folded> {
    let mut folded = Vec::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        if c.is_ascii() {
            folded.push(Folded { c: c.to_ascii_lowercase(), at });
        } else {
            fold_wide(c, at, &mut folded);
        }
    }
    folded
}

fn fold_wide(c: char, at: usize, folded: &mut Vec<Folded>) {
    match c {
        '\u{2019}' | '\u{2018}' | '\u{02bc}' => folded.push(Folded { c: '\'', at }),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push(Folded { c: '-', at }),
        // Zero-width characters and soft hyphens are invisible: a word with one is the same word.
        '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
        _ if is_unspaced(c) => folded.extend(std::iter::once(c).nfkc().map(|c| Folded { c, at })),
        _ => {
            let decomposed = std::iter::once(c).nfkd().filter(|&c| !is_combining_mark(c));
            folded.extend(decomposed.flat_map(char::to_lowercase).map(|c| Folded { c, at }));
        }
    }
}

/// Whether `c` belongs to a script that is written without blanks between words: its runs are cut
/// into bigrams. (Hangul has blanks, but its particles make bigrams the better unit.)
pub(super) fn is_unspaced(c: char) -> bool {
    is_han(c)
        || matches!(c,
            '\u{3005}' | '\u{3007}'                             // 々 〇
            | '\u{3041}'..='\u{309f}'                           // hiragana
            | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' // katakana
            | '\u{31f0}'..='\u{31ff}'                           // katakana extensions
            | '\u{ff66}'..='\u{ff9f}'                           // half-width katakana
            | '\u{ac00}'..='\u{d7a3}'                           // hangul syllables
            | '\u{0e01}'..='\u{0e3a}' | '\u{0e40}'..='\u{0e4e}' // thai
            | '\u{0e81}'..='\u{0ecd}'                           // lao
            | '\u{1000}'..='\u{103f}'                           // burmese
            | '\u{1780}'..='\u{17d3}'                           // khmer
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).into_iter().map(|f| f.c).collect()
    }

    #[test]
    fn width_case_accents_and_ligatures_are_folded() {
        assert_eq!(folded("ＧＢ／Ｔ　７７１４"), "gb/t 7714");
        assert_eq!(folded("Café ﬁle Straße e\u{301}"), "cafe file straße e");
        assert_eq!(folded("it’s"), "it's");
        assert_eq!(folded("ｶﾞが한"), "カ\u{3099}が한");
    }

    #[test]
    fn offsets_name_the_source_character() {
        let at: Vec<usize> = fold("aﬁ年").into_iter().map(|f| f.at).collect();
        assert_eq!(at, [0, 1, 1, 2]);
    }
}
