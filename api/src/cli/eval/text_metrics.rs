//! How close an answer's words come to a reference: exact match, token F1 and ROUGE-L.
//!
//! Exact match and F1 are those of SQuAD (Rajpurkar et al., EMNLP 2016): lower case, no punctuation,
//! no English articles, tokens counted as a bag. Chinese is cut as CMRC 2018 does (Cui et al., EMNLP
//! 2019), each Han character by itself and other words whole, and counted as a bag too, as in MLQA
//! (Lewis et al., ACL 2020); CMRC's own F1 takes the longest common substring instead.
//! ROUGE-L (Lin, 2004) is over the same tokens, precision and recall weighing the same.
//!
//! Two deliberate differences from SQuAD's script: the point of a decimal number stays (3.5 is not 35),
//! and full-width forms (`％`, `３`) count as their ASCII ones.

use std::collections::HashMap;

use footnote_core::question::is_han;
use serde::Serialize;

use super::language::Language;

const ARTICLES: [&str; 3] = ["a", "an", "the"];

/// Each 0 to 1, the best over the references by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct TextScores {
    /// 1 where the normalised texts are the same.
    pub exact_match: f64,
    /// Harmonic mean of the shares of either text's tokens that the other has.
    pub token_f1: f64,
    /// The same of the longest common subsequence of tokens, so order counts.
    pub rouge_l: f64,
}

impl TextScores {
    /// The answer against several acceptable references; zeros for none.
    pub(crate) fn best<S: AsRef<str>>(answer: &str, references: &[S]) -> Self {
        references.iter().fold(Self::default(), |best, reference| {
            let scores = Self::of(answer, reference.as_ref());
            Self {
                exact_match: best.exact_match.max(scores.exact_match),
                token_f1: best.token_f1.max(scores.token_f1),
                rouge_l: best.rouge_l.max(scores.rouge_l),
            }
        })
    }

    /// The answer against one reference, whose language decides how both are cut into tokens.
    pub(crate) fn of(answer: &str, reference: &str) -> Self {
        let language = Language::of(reference);
        let (answer, reference) = (tokens(answer, language), tokens(reference, language));
        Self {
            exact_match: f64::from(answer == reference),
            token_f1: f1(shared_tokens(&answer, &reference), answer.len(), reference.len()),
            rouge_l: f1(longest_common_subsequence(&answer, &reference), answer.len(), reference.len()),
        }
    }
}

/// Whether the answer has the reference's tokens one after the other.
pub(crate) fn contains(answer: &str, reference: &str) -> bool {
    let language = Language::of(reference);
    let (answer, reference) = (tokens(answer, language), tokens(reference, language));
    !reference.is_empty() && answer.windows(reference.len()).any(|window| window == reference)
}

/// Shares of two texts' tokens that the other has, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Overlap {
    /// Of the first.
    pub of_first: f64,
    /// Of the second.
    pub of_second: f64,
}

impl Overlap {
    /// The larger.
    pub(crate) fn either(self) -> f64 {
        self.of_first.max(self.of_second)
    }
}

/// How much two texts share.
pub(crate) fn overlap(first: &str, second: &str) -> Overlap {
    let language = Language::of(second);
    let (first, second) = (tokens(first, language), tokens(second, language));
    let shared = shared_tokens(&first, &second) as f64;
    Overlap { of_first: shared / first.len().max(1) as f64, of_second: shared / second.len().max(1) as f64 }
}

/// Lower-case words without punctuation, each Han character a word; articles are left out of English.
pub(crate) fn tokens(text: &str, language: Language) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = text.chars().map(without_width).peekable();
    let mut previous = None;
    while let Some(c) = characters.next() {
        let decimal_point = c == '.'
            && previous.is_some_and(|p: char| p.is_ascii_digit())
            && characters.peek().is_some_and(char::is_ascii_digit);
        previous = Some(c);
        if is_han(c) {
            words.extend([c.to_string(), String::new()]);
        } else if c.is_whitespace() {
            words.push(String::new());
        } else if decimal_point || !is_punctuation(c) {
            // A word that is begun is always last.
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
    }
    let is_article = |word: &String| language == Language::English && ARTICLES.contains(&word.as_str());
    words.retain(|word| !word.is_empty() && !is_article(word));
    words
}

/// Full-width forms are ASCII shifted by a constant.
fn without_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// ASCII punctuation and symbols as in SQuAD, and what English and Chinese writing has beyond them.
fn is_punctuation(c: char) -> bool {
    let further = matches!(
        c,
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
            | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{30fb}'
            | '\u{fe30}'..='\u{fe4f}' | '\u{ff5f}'..='\u{ff65}'
    );
    further || c.is_ascii_punctuation()
}

/// Tokens in common, each as often as both texts have it.
fn shared_tokens(answer: &[String], reference: &[String]) -> usize {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for token in reference {
        *left.entry(token).or_default() += 1;
    }
    let mut shared = 0;
    for token in answer {
        if let Some(count) = left.get_mut(token.as_str()).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    shared
}

/// Its length, by the textbook's table of which only one row is kept.
fn longest_common_subsequence(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Where a text has no tokens at all, 1 if the other has none either (SQuAD 2.0's rule).
fn f1(common: usize, answer: usize, reference: usize) -> f64 {
    match answer + reference {
        0 => 1.0,
        total => 2.0 * common as f64 / total as f64,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(answer: &str, reference: &str, [exact_match, token_f1, rouge_l]: [f64; 3]) {
        let scores = TextScores::of(answer, reference);
        assert_eq!(scores.exact_match, exact_match, "exact match of {answer:?} and {reference:?}");
        assert!((scores.token_f1 - token_f1).abs() < 1e-12, "{scores:?} of {answer:?} and {reference:?}");
        assert!((scores.rouge_l - rouge_l).abs() < 1e-12, "{scores:?} of {answer:?} and {reference:?}");
    }

    #[test]
    fn english_tokens() {
        let english = |text| tokens(text, Language::English).join("|");
        assert_eq!(english("The cat's  “well-known” Hat, a 1,000.5!"), "cats|wellknown|hat|1000.5");
        assert_eq!(english("The. End. 7."), "end|7");
    }

    #[test]
    fn chinese_tokens() {
        let chinese = |text| tokens(text, Language::Chinese).join("|");
        assert_eq!(chinese("在 GPT-4 中，约占３.５％。"), "在|gpt4|中|约|占|3.5");
        assert_eq!(chinese("A股（沪市）"), "a|股|沪|市");
    }

    #[test]
    fn english_values_worked_out_by_hand() {
        check("The Eiffel Tower.", "Eiffel tower", [1.0, 1.0, 1.0]);
        // 2 of 3 tokens and 2 of 2: P = 2/3, R = 1.
        check("tower in Paris", "the Paris tower", [0.0, 0.8, 0.4]);
        // A repeated token counts as often as the reference has it.
        check("yes yes yes", "yes", [0.0, 0.5, 0.5]);
        check("35%", "3.5%", [0.0, 0.0, 0.0]);
    }

    #[test]
    fn chinese_values_worked_out_by_hand() {
        check("十五天。", "十五天", [1.0, 1.0, 1.0]);
        // 5 tokens and 3, of which 3 are shared in order.
        check("一共十五天", "十五天", [0.0, 0.75, 0.75]);
        // All 4 are shared; in order only 2.
        check("北京上海", "上海北京", [0.0, 1.0, 0.5]);
        check("iPhone 15 手机", "iphone手机", [0.0, 6.0 / 7.0, 6.0 / 7.0]);
    }

    #[test]
    fn empty_texts_match_only_each_other() {
        check("", "", [1.0, 1.0, 1.0]);
        check("the", "…", [1.0, 1.0, 1.0]);
        check("", "word", [0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_best_reference_counts() {
        let scores = TextScores::best("15 days", &["three weeks", "15 days", "fifteen days"]);
        assert_eq!(scores, TextScores { exact_match: 1.0, token_f1: 1.0, rouge_l: 1.0 });
        assert_eq!(TextScores::best::<&str>("15 days", &[]), TextScores::default());
    }

    proptest! {
        #[test]
        fn identical_texts_score_one(text in any::<String>()) {
            prop_assert_eq!(
                TextScores::of(&text, &text),
                TextScores { exact_match: 1.0, token_f1: 1.0, rouge_l: 1.0 }
            );
        }

        #[test]
        fn order_only_ever_costs(a in "[ab天 ]{0,12}", b in "[ab天 ]{0,12}") {
            let scores = TextScores::of(&a, &b);
            prop_assert!((0.0..=1.0).contains(&scores.token_f1));
            prop_assert!(scores.rouge_l <= scores.token_f1);
            prop_assert!(scores.exact_match <= scores.rouge_l);
        }

        #[test]
        fn the_longest_common_subsequence_is_symmetric(a in "[abc ]{0,16}", b in "[abc ]{0,16}") {
            let (a, b) = (tokens(&a, Language::Chinese), tokens(&b, Language::Chinese));
            let length = longest_common_subsequence(&a, &b);
            prop_assert_eq!(length, longest_common_subsequence(&b, &a));
            prop_assert!(length <= shared_tokens(&a, &b));
        }
    }

    #[test]
    fn a_reference_is_contained_whole_and_in_order() {
        assert!(contains("Leave is 15 days, a year.", "15 days a year"));
        assert!(contains("每年享有15天年假。", "15天"));
        assert!(!contains("Leave is 150 days", "15 days") && !contains("days 15", "15 days"));
        assert!(!contains("anything", ""));
    }

    #[test]
    fn overlap_is_of_either_text() {
        let both = overlap("one two three four", "two three");
        assert_eq!((both.of_first, both.of_second, both.either()), (0.5, 1.0, 1.0));
        assert_eq!(overlap("", "x").either(), 0.0);
    }
}
