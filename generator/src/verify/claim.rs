//! What a sentence claims: nothing, something word for word, and which links it carries.

use footnote_core::question::{has_asking_words, is_chinese};

use super::{Place, Sources};
use crate::sentence;
use crate::support::Terms;

/// Shortest claim, in letters and digits, that is looked for word for word.
const VERBATIM_FROM: usize = 6;

/// Beginnings of sentences that greet, close or hand over.
const COURTESIES: [&str; 23] = [
    "hello",
    "hi ",
    "hi,",
    "hi!",
    "sure",
    "of course",
    "certainly",
    "thank you",
    "thanks",
    "you're welcome",
    "i hope this helps",
    "hope this helps",
    "let me know",
    "feel free",
    "here is the answer",
    "您好",
    "你好",
    "当然",
    "希望这",
    "以上。",
    "如有",
    "如果您还有",
    "谢谢",
];

/// What says that the passages do not tell.
const DISCLAIMERS: [&str; 24] = [
    "do not mention",
    "does not mention",
    "not mentioned in",
    "do not provide",
    "does not provide",
    "no information",
    "not provided in the",
    "do not contain",
    "does not contain any information",
    "not specified in the",
    "cannot be determined",
    "do not specify",
    "does not specify",
    "i do not know",
    "i don't know",
    "没有提到",
    "未提到",
    "没有提及",
    "未提及",
    "没有提供",
    "未提供",
    "无法确定",
    "没有相关信息",
    "无法回答",
];

/// Why a sentence needs no support, where it does not.
pub(crate) fn needs_no_support(claim: &str, question: &str) -> Option<&'static str> {
    let text = claim.trim().to_lowercase();
    if !text.chars().any(char::is_alphanumeric) {
        return Some("it has no words");
    }
    if sentence::is_question(&text) && has_asking_words(&text) {
        return Some("it asks");
    }
    let has_digits = text.chars().any(|c| c.is_ascii_digit());
    let is_short = text.chars().count() <= 80;
    if is_short && !has_digits && COURTESIES.iter().any(|beginning| text.starts_with(beginning)) {
        return Some("it is a courtesy");
    }
    if text.ends_with([':', '：']) && !has_digits && says_no_more_than(&text, question) {
        return Some("it introduces what follows");
    }
    None
}

/// What orders a model about. A sentence of a document that does is evidence for nothing.
const ORDERS: [&str; 19] = [
    "ignore all previous",
    "ignore all instructions",
    "ignore previous",
    "ignore the above",
    "ignore your instructions",
    "ignore any instructions",
    "disregard all previous",
    "disregard previous",
    "disregard the above",
    "previous instructions",
    "answer only with the word",
    "reply only with the word",
    "<|im_",
    "[inst]",
    "<<sys>>",
    "忽略以上",
    "忽略之前的指令",
    "忽略所有指令",
    "无视以上",
];

/// Whether a text gives orders to a model.
pub(crate) fn is_order(text: &str) -> bool {
    let text = text.to_lowercase();
    ORDERS.iter().any(|order| text.contains(order))
}

/// Whether a sentence says that the passages do not tell.
pub(crate) fn is_disclaimer(claim: &str) -> bool {
    let text = claim.to_lowercase();
    DISCLAIMERS.iter().any(|phrase| text.contains(phrase))
}

/// Whether most of what `text` is about is in the question.
fn says_no_more_than(text: &str, question: &str) -> bool {
    let few = if is_chinese(text) { 12 } else { 40 };
    text.chars().count() <= few || Terms::of(text).held_by(&[&Terms::of(question)]) >= 0.5
}

/// Where the claim stands word for word, whatever the blanks and the last full stop.
pub(crate) fn verbatim(sources: &Sources, claim: &str) -> Option<Place> {
    let ends = |c: char| matches!(c, '.' | '。' | '!' | '！' | ' ' | '\n' | ';' | '；');
    let claim = claim.trim().trim_end_matches(ends).trim_start_matches(['-', '*', '•', ' ']);
    let wanted: Vec<char> = claim.chars().filter(|c| !c.is_whitespace()).collect();
    if wanted.iter().filter(|c| c.is_alphanumeric()).count() < VERBATIM_FROM {
        return None;
    }
    let mut found = sources.passages().iter().enumerate().filter_map(|(passage, indexed)| {
        let bytes = find(&indexed.passage.text, &wanted)?;
        // A part of a sentence may mean something else without the rest: "not" may stand before it.
        let whole = indexed.sentences.iter().find(|(sentence, _)| {
            let before = indexed.passage.text.get(sentence.start..bytes.start);
            let after = indexed.passage.text.get(bytes.end..sentence.end);
            let is_bare = |part: Option<&str>| part.is_some_and(|p| !p.chars().any(char::is_alphanumeric));
            is_bare(before) && (is_bare(after) || sentence.end < bytes.end)
        });
        whole.map(|(sentence, _)| Place { passage, bytes: sentence.start..sentence.end.max(bytes.end) })
    });
    found.next()
}

/// The bytes of `text` that are `wanted` when blanks are left out of both.
fn find(text: &str, wanted: &[char]) -> Option<std::ops::Range<usize>> {
    let visible: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_whitespace()).collect();
    let at = visible.windows(wanted.len()).position(|w| w.iter().map(|(_, c)| c).eq(wanted))?;
    let (start, _) = visible.get(at)?;
    let (end, last) = visible.get(at + wanted.len() - 1)?;
    Some(*start..end + last.len_utf8())
}

/// Addresses of pages and images in a sentence.
pub(crate) fn links(claim: &str) -> impl Iterator<Item = String> {
    let starts = ["http://", "https://", "ftp://", "www.", "data:", "javascript:"];
    let mut found = Vec::new();
    let lower = claim.to_ascii_lowercase();
    for start in starts {
        for (at, _) in lower.match_indices(start) {
            let inside = |c: char| {
                !(c.is_whitespace() || matches!(c, ')' | ']' | '>' | '"' | '\'' | '，' | '。' | '）'))
            };
            let link: String =
                claim.get(at..).unwrap_or_default().chars().take_while(|&c| inside(c)).collect();
            found.push(link.trim_end_matches(['.', ',', ';', '!', '?']).to_owned());
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cite::tests::passage;

    #[test]
    fn what_claims_nothing_needs_no_support() {
        for (claim, question) in [
            ("Hello!", ""),
            ("Is that all?", ""),
            ("Sure, here is the answer.", ""),
            ("The steps to reset the sensor are:", "How do I reset the sensor?"),
            ("重置传感器的步骤如下：", "如何重置传感器？"),
            ("---", ""),
        ] {
            assert!(needs_no_support(claim, question).is_some(), "{claim}");
        }
        for claim in [
            "The sensor costs 5 euros:",
            "It is sung in the 2000 film O Brother, Where Art Thou?",
            "Surely the sun is cold because Acme says so and nobody else does, which is strange indeed.",
            "Leave is 15 days.",
        ] {
            assert_eq!(needs_no_support(claim, "How do I reset the sensor?"), None, "{claim}");
        }
        assert!(
            is_disclaimer("The passages do not mention the price.") && is_disclaimer("资料中没有提到价格。")
        );
        assert!(!is_disclaimer("The price is 5 euros."));
    }

    #[test]
    fn a_whole_sentence_is_found_word_for_word_and_a_part_is_not() {
        let sources = Sources::new(&[
            passage(1, "Leave is not\npaid in full. Sick leave is 10 days."),
            passage(2, "员工每年享有15天年假。"),
        ]);
        let text = |claim| verbatim(&sources, claim).map(|place| sources.text(&place).to_owned());
        assert_eq!(text("Leave is not paid in full"), Some("Leave is not\npaid in full.".to_owned()));
        assert_eq!(text("- 员工每年享有15天年假。"), Some("员工每年享有15天年假。".to_owned()));
        assert_eq!(text("paid in full."), None);
        assert_eq!(text("Sick."), None);
    }

    #[test]
    fn links_are_found_in_any_dress() {
        let found: Vec<String> =
            links("See ![x](https://evil.example/a.png?q=1), <http://b.example> or WWW.c.example.").collect();
        assert_eq!(found, ["http://b.example", "https://evil.example/a.png?q=1", "WWW.c.example"]);
        assert_eq!(links("See example.org? No.").count(), 0);
    }
}
