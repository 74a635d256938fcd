//! A sentence that is its source's but for a few words: a copy that is not exact.
//!
//! What such a copy drops or puts otherwise (`the stationary engine` as `the engine`, `an estimated 40` as `40`, `was
//! key to` as `was important for`) is little to a comparison of words and may be much to a reader, while the source's
//! own sentence says it for certain, and in about as many words.

use footnote_core::question::{has_pointing_words, is_han};

use super::aligned::{MOST, common, is_one_of, words};

/// Least words, or Chinese characters, of such a sentence.
const FEWEST: usize = 6;
/// Shares of its words, and of the source's, that stand in both in the same order.
const OF_CLAIM: f32 = 0.8;
const OF_SOURCE: f32 = 0.6;
/// Words that say whether the answer is yes.
const REPLIES: [&str; 7] = ["yes", "no", "是", "不", "否", "对", "没"];

/// Whether `claim` is a copy of the sentence `source` that is not exact. A sentence that tells whom the source means
/// (`Acme` for `it`, or a name of the question) says what its source alone does not.
pub(super) fn is_near_copy(claim: &str, source: &str, question: &str) -> bool {
    let (mine, theirs) = (words(claim), words(source));
    if !(FEWEST..=MOST).contains(&mine.len()) || theirs.len() > MOST {
        return false;
    }
    let pairs = common(&mine, &theirs);
    let same = pairs.len() as f32;
    if same < OF_CLAIM * mine.len() as f32 || same < OF_SOURCE * theirs.len() as f32 {
        return false;
    }
    let is_exact = pairs.len() == mine.len() && pairs.len() == theirs.len();
    let tells_whom = has_pointing_words(source) && !has_pointing_words(claim);
    !(is_exact || tells_whom || names_what_was_asked(&mine, &pairs, question))
}

/// Whether a sentence begins with whether the answer is yes, which no source says.
pub(super) fn replies(claim: &str) -> bool {
    words(claim).first().is_some_and(|first| is_one_of(&REPLIES, first))
}

/// Whether the words that the sentence alone has are a name of the question: two of its Chinese characters in a row, or
/// a word with a capital letter.
fn names_what_was_asked(mine: &[&str], pairs: &[(usize, usize)], question: &str) -> bool {
    let is_own = |at: usize| !pairs.iter().any(|pair| pair.0 == at);
    let asked = words(question);
    let is_han_word = |word: &str| word.chars().all(is_han);
    (0..mine.len()).filter(|at| is_own(*at)).any(|at| {
        let (Some(word), next) = (mine.get(at), mine.get(at + 1)) else { return false };
        if is_han_word(word) {
            return next.is_some_and(|next| {
                is_own(at + 1) && is_han_word(next) && question.contains(&format!("{word}{next}"))
            });
        }
        word.starts_with(char::is_uppercase) && asked.contains(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_not_exact_is_known() {
        let near = |claim, source| is_near_copy(claim, source, "What did Acme do in 2020? 甲公司何时成立？");
        let source = "The stationary steam engine was a key component of the Industrial Revolution.";
        assert!(near("The steam engine was an important component of the Industrial Revolution.", source));
        assert!(near(
            "The state is divided into eight electorates.",
            "The state was divided into eight electorates."
        ));
        assert!(near("某公司在1997年成立于香港九龙。", "某公司约在1997年成立于香港九龙。"));
        assert!(!near(source, source), "it is exact");
        assert!(!near("The engine was a key component.", source), "the source says much more");
        let source = "Many such engines have been designed, from the time of James Watt to this day, but few were built and even fewer went into production.";
        assert!(near(
            "This type of engine has been designed, from the time of James Watt to this day, but few were built and even fewer went into production.",
            source
        ));
        assert!(!near("They sold forty shops.", "They sold forty large shops."), "it is short");
    }

    #[test]
    fn whether_it_is_so_is_no_word_of_the_source() {
        assert!(replies("Yes, they do.") && replies("不，没有。") && replies("No."));
        assert!(!replies("Nobody does.") && !replies("") && !replies("They do, yes."));
    }

    #[test]
    fn who_tells_whom_the_source_means_copies_nothing() {
        let near = |claim, source| is_near_copy(claim, source, "What did Acme do in 2020? 甲公司何时成立？");
        assert!(!near(
            "Acme sold forty shops in the north of Spain.",
            "It sold forty shops in the north of Spain."
        ));
        assert!(near(
            "It sold forty shops in the north of Spain.",
            "It sold some forty shops in the north of Spain."
        ));
        assert!(!near(
            "Acme sold forty shops in northern Spain in May.",
            "Then, they sold forty shops in northern Spain in May."
        ));
        assert!(!near(
            "In 2020, Acme sold forty shops in Spain and closed ten.",
            "In 2020, the company sold forty shops in Spain and closed ten."
        ));
        assert!(
            !near("甲公司于1997年在香港九龙成立。", "公司于1997年在香港九龙成立，随后上市。")
                || !near("甲公司于1997年在香港九龙成立。", "该公司于1997年在香港九龙成立。")
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_a_near_copy_of_itself(text in "(是|为|的|Acme|它| is |an |[a-d年]{1,3}|。|, ){0,24}") {
            proptest::prop_assert!(!is_near_copy(&text, &text, &text));
        }
    }
}
