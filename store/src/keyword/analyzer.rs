//! The analyzer: how mixed Chinese and English text becomes terms, the same at index and query time.
//!
//! Text is folded (compatibility forms, case, accents). Scripts without blanks become bigrams, so
//! that any two adjacent characters are found; words of three and more characters that jieba knows
//! are added. Other words are stemmed (Snowball English). Identifiers such as `GB/T 7714-2015` or
//! `ERR_0x80070005` are kept whole and also cut into their parts. Punctuation and blanks make no
//! terms.
//!
//! A change of any rule here changes what the index holds: raise [`super::ANALYZER_VERSION`] with it.

use std::sync::LazyLock;

use footnote_core::text::Span;
use frostem::{Algorithm, Stemmer};
use tantivy_jieba::jieba_rs::Jieba;

use super::fold::{Folded, fold, is_unspaced};
use super::stop_words;

/// Longest term, in characters; longer ones are known by their beginning.
const MAX_TERM_CHARS: usize = 64;
/// Longest jieba word that is worth a term besides its bigrams.
const MAX_WORD_CHARS: usize = 8;
/// Longest run given to jieba at once: its time grows with the run, and no word is that long.
const MAX_JIEBA_RUN: usize = 2_000;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// What a term is, which decides its weight in a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TermKind {
    /// A word or number.
    Word,
    /// A piece of a word that mixes letters and digits, like the `7714` of `t7714`.
    Piece,
    /// Several words held together by `-`, `/`, `.`, `_`, `@`…
    Identifier,
    /// Two adjacent characters within a word, or the only character of its run.
    Bigram,
    /// Two adjacent characters that belong to different words.
    CrossBigram,
    /// A word of three or more characters.
    LongWord,
}

impl TermKind {
    /// Whether it adds to the length of the text; the other kinds repeat what such terms say.
    pub fn counts(self) -> bool {
        matches!(self, Self::Word | Self::Bigram | Self::CrossBigram)
    }
}

/// A term of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The folded, stemmed text: never empty.
    pub text: String,
    /// Where it lies, in scalar values of the analyzed text.
    pub span: Span,
    /// Its place among the terms that count.
    pub position: usize,
    /// What it is.
    pub kind: TermKind,
    /// Whether it is a function or question word, wholly or (of a bigram) by one character.
    pub stop: bool,
}

/// The terms of a text, in order of position.
pub fn analyze(text: &str) -> Vec<Term> {
    let folded = fold(text);
    let mut analysis = Analysis { terms: Vec::with_capacity(folded.len() / 3), position: 0 };
    let mut start = 0;
    while start < folded.len() {
        let end = match folded[start].c {
            c if is_unspaced(c) => end_of(&folded, start, is_unspaced),
            c if is_word_char(c) => end_of_identifier(&folded, start),
            _ => {
                start += 1;
                continue;
            }
        };
        if is_unspaced(folded[start].c) {
            analysis.unspaced(&folded[start..end]);
        } else {
            analysis.identifier(&folded[start..end]);
        }
        start = end;
    }
    analysis.terms
}

struct Analysis {
    terms: Vec<Term>,
    position: usize,
}

impl Analysis {
    fn push(&mut self, text: String, source: &[Folded], kind: TermKind, stop: bool) {
        let (Some(first), Some(last)) = (source.first(), source.last()) else { return };
        if text.is_empty() {
            return;
        }
        let text = match text.char_indices().nth(MAX_TERM_CHARS) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        };
        let span = Span::new(first.at, last.at + 1);
        self.terms.push(Term { text, span, position: self.position, kind, stop });
        if kind.counts() {
            self.position += 1;
        }
    }

    /// A run of a script without blanks: every bigram, and the long words among them.
    fn unspaced(&mut self, run: &[Folded]) {
        if let [only] = run {
            let stop = stop_words::is_chinese(only.c.encode_utf8(&mut [0; 4]));
            self.push(only.c.to_string(), run, TermKind::Bigram, stop);
            return;
        }
        for part in run.chunks(MAX_JIEBA_RUN) {
            self.bigrams_and_words(part);
        }
    }

    fn bigrams_and_words(&mut self, run: &[Folded]) {
        let text: String = run.iter().map(|f| f.c).collect();
        // Whether the bigram at this place lies within one word, and whether the character here
        // belongs to a stop word.
        let mut within = vec![false; run.len()];
        let mut stopped = vec![false; run.len()];
        let mut long_words: Vec<Vec<usize>> = vec![Vec::new(); run.len()];
        for word in JIEBA.cut_for_search(&text, true) {
            let end = word.end.min(run.len());
            if word.start >= end {
                continue;
            }
            within[word.start..end - 1].fill(true);
            if stop_words::is_chinese(word.word) {
                stopped[word.start..end].fill(true);
            } else if (3..=MAX_WORD_CHARS).contains(&(end - word.start)) {
                long_words[word.start].push(end);
            }
        }
        for start in 0..run.len() {
            for &end in &long_words[start] {
                let source = &run[start..end];
                self.push(source.iter().map(|f| f.c).collect(), source, TermKind::LongWord, false);
            }
            let Some(source @ [first, second]) = run.get(start..start + 2) else { continue };
            let kind = if within[start] { TermKind::Bigram } else { TermKind::CrossBigram };
            let stop = stopped[start] || stopped[start + 1];
            self.push([first.c, second.c].iter().collect(), source, kind, stop);
        }
    }

    /// A run of word characters and joiners: its parts, and the whole where there are several.
    fn identifier(&mut self, run: &[Folded]) {
        let parts: Vec<&[Folded]> =
            run.split(|f| is_joiner(f.c) && !matches!(f.c, '\'' | ',')).filter(|p| !p.is_empty()).collect();
        let suffixed = run.last().is_some_and(|f| !is_word_char(f.c));
        if parts.len() > 1 || suffixed {
            self.push(plain(run), run, TermKind::Identifier, false);
            // `v2.3.1` is also asked for as `2.3.1`.
            if let [letter, digit, ..] = run
                && letter.c.is_alphabetic()
                && digit.c.is_ascii_digit()
                && parts.len() > 1
            {
                self.push(plain(&run[1..]), &run[1..], TermKind::Identifier, false);
            }
        }
        for part in parts {
            self.word(part);
        }
    }

    fn word(&mut self, part: &[Folded]) {
        let word = plain(part);
        let stop = stop_words::is_english(&word);
        for piece in pieces(part) {
            self.push(stem(plain(piece)), piece, TermKind::Piece, false);
        }
        self.push(stem(word), part, TermKind::Word, stop);
    }
}

/// The text without digit-group commas and apostrophes (`1,200` is `1200`, `company's` is `company`).
fn plain(source: &[Folded]) -> String {
    let kept = match source {
        [kept @ .., apostrophe, s] if apostrophe.c == '\'' && s.c == 's' => kept,
        _ => source,
    };
    kept.iter().map(|f| f.c).filter(|c| !matches!(c, '\'' | ',')).collect()
}

fn stem(word: String) -> String {
    if word.len() > 2 && word.bytes().all(|b| b.is_ascii_lowercase()) {
        return Stemmer::new(Algorithm::English).stem(&word).into_owned();
    }
    word
}

/// The runs of letters and of digits of a word that has both; none of a hexadecimal number.
fn pieces(word: &[Folded]) -> Vec<&[Folded]> {
    let mixed = word.windows(2).any(|w| w[0].c.is_ascii_digit() != w[1].c.is_ascii_digit());
    let hexadecimal = matches!(word, [zero, x, ..] if zero.c == '0' && x.c == 'x');
    if !mixed || hexadecimal || word.iter().any(|f| matches!(f.c, '\'' | ',')) {
        return Vec::new();
    }
    word.chunk_by(|a, b| a.c.is_ascii_digit() == b.c.is_ascii_digit()).collect()
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() && !is_unspaced(c)
}

fn is_joiner(c: char) -> bool {
    matches!(c, '-' | '_' | '/' | '.' | '@' | '\'' | ':' | '&' | '+' | '#' | ',')
}

fn end_of(folded: &[Folded], start: usize, belongs: impl Fn(char) -> bool) -> usize {
    folded[start..].iter().position(|f| !belongs(f.c)).map_or(folded.len(), |length| start + length)
}

/// The end of words held together by single joiners: `a.b@c.com`, `1,200`, `c++`.
fn end_of_identifier(folded: &[Folded], start: usize) -> usize {
    let mut end = end_of(folded, start, is_word_char);
    while let Some(joiner) = folded.get(end)
        && is_joiner(joiner.c)
        && folded.get(end + 1).is_some_and(|f| is_word_char(f.c))
        && (joiner.c != ',' || is_digit_group(folded, end))
    {
        end = end_of(folded, end + 1, is_word_char);
    }
    // `c++`, `c#`, `f#`: a short name whose sign is part of it.
    if end - start <= 2 {
        let after: Vec<char> = folded[end..].iter().take(2).map(|f| f.c).collect();
        match after[..] {
            ['+', '+'] => end += 2,
            ['#', ..] => end += 1,
            _ => {}
        }
    }
    end
}

/// Whether the comma at `comma` stands between digits and exactly three digits follow it.
fn is_digit_group(folded: &[Folded], comma: usize) -> bool {
    let digit = |at: usize| folded.get(at).is_some_and(|f| f.c.is_ascii_digit());
    let before = comma.checked_sub(1).is_some_and(digit);
    before && (1..=3).all(|n| digit(comma + n)) && !digit(comma + 4)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn terms(text: &str) -> HashSet<String> {
        analyze(text).into_iter().map(|t| t.text).collect()
    }

    fn has(text: &str, wanted: &[&str]) {
        let terms = terms(text);
        for wanted in wanted {
            assert!(terms.contains(*wanted), "{wanted:?} is not among the terms of {text:?}: {terms:?}");
        }
    }

    #[test]
    fn every_bigram_and_the_long_words_are_terms() {
        has("中华人民共和国", &["人民", "共和", "和国", "中华人民共和国", "共和国"]);
        has("税", &["税"]);
        assert!(!terms("你好，世界。").iter().any(|t| t.contains(['，', '。', ' '])));
    }

    #[test]
    fn identifiers_are_found_whole_and_by_part() {
        has("见 GB/T 7714-2015。", &["gb/t", "gb", "t", "7714-2015", "7714", "2015"]);
        has("ＧＢ／Ｔ7714—2015", &["gb/t7714-2015", "7714", "2015", "t"]);
        has("ERR_0x80070005:", &["err_0x80070005", "err", "0x80070005"]);
        has("release v2.3.1", &["v2.3.1", "2.3.1", "v2", "3"]);
        has("AC-1042", &["ac-1042", "ac", "1042"]);
        has("mail jane.doe@example.com.", &["jane.doe@example.com", "jane", "doe", "exampl", "com"]);
        has("state-of-the-art", &["state-of-the-art", "state", "art"]);
        has("C++ and C#", &["c++", "c#", "c"]);
        has("IL2 vs il-2", &["il2", "il-2", "il", "2"]);
    }

    #[test]
    fn words_are_stemmed_and_numbers_kept() {
        has("The company's policies cost 1,200 or 3.5", &["compani", "polici", "1200", "3.5"]);
        assert_eq!(terms("Reimbursing"), terms("reimbursed"));
        assert!(terms("a, b , 1,2").contains("1"));
    }

    #[test]
    fn question_words_are_marked() {
        let stops: Vec<String> =
            analyze("What is the leave? 什么是年假").into_iter().filter(|t| t.stop).map(|t| t.text).collect();
        assert_eq!(stops, ["what", "is", "the", "什么", "么是", "是年"]);
    }

    #[test]
    fn an_endless_word_is_known_by_its_beginning() {
        let term = &analyze(&"x".repeat(100_000))[0];
        assert_eq!(term.text.chars().count(), MAX_TERM_CHARS);
        assert_eq!(term.span, Span::new(0, 100_000));
        assert!(analyze(&"长".repeat(10_000)).len() >= 9_990);
    }

    proptest! {
        #[test]
        fn any_text_gives_terms_within_it(text in any::<String>()) {
            let chars = text.chars().count();
            let mut position = 0;
            for term in analyze(&text) {
                prop_assert!(term.span.start < term.span.end && term.span.end <= chars);
                prop_assert!(!term.text.is_empty());
                prop_assert!(term.position >= position);
                position = term.position;
            }
        }

        #[test]
        fn a_piece_of_chinese_text_finds_the_text(
            text in "[一-龥]{4,40}", start in 0_usize..40, length in 2_usize..10
        ) {
            let piece: String = text.chars().skip(start.min(text.chars().count() - 2)).take(length).collect();
            let all = terms(&text);
            for term in analyze(&piece).into_iter().filter(|t| t.kind.counts()) {
                prop_assert!(all.contains(&term.text), "{} of {piece} is not in {text}", term.text);
            }
        }

        #[test]
        fn mixed_text_never_panics(text in "[a-z0-9'’,.+#_/@:& \\-年假报销ａ１ﬁé\u{301}]{0,60}") {
            let _ = analyze(&text);
        }
    }
}
