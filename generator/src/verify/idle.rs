//! Sentences that claim nothing: courtesies, questions, and what introduces a list.
//!
//! Such a sentence is released without a source, so that nothing may hide in it: each of its words is one of
//! courtesy or the question's, and it has no figure, no link and no negation.

use footnote_core::question::has_asking_words;
use unicode_segmentation::UnicodeSegmentation;

use super::claim;
use crate::facts;
use crate::sentence;
use crate::support::Terms;

/// Words of courtesy.
const COURTEOUS: [&str; 11] =
    ["hello", "hi", "hey", "thank", "thanks", "welcome", "hope", "feel", "let", "glad", "happy"];
/// Words that stand in courtesies and in claims: they make none, and hide nothing.
const BESIDE: [&str; 53] = [
    "helps",
    "help",
    "helpful",
    "me",
    "know",
    "free",
    "please",
    "ask",
    "asking",
    "need",
    "want",
    "like",
    "assist",
    "assistance",
    "answer",
    "answers",
    "question",
    "questions",
    "here",
    "further",
    "other",
    "else",
    "anything",
    "additional",
    "information",
    "info",
    "details",
    "detail",
    "based",
    "according",
    "provided",
    "given",
    "passage",
    "passages",
    "source",
    "sources",
    "document",
    "documents",
    "context",
    "following",
    "follows",
    "below",
    "above",
    "see",
    "list",
    "summary",
    "step",
    "steps",
    "point",
    "points",
    "item",
    "items",
    "include",
];
/// The same in Chinese, a longer one before its parts.
const COURTEOUS_CHINESE: [&str; 11] = [
    "请随时",
    "随时告诉",
    "随时联系",
    "随时提问",
    "有所帮助",
    "希望",
    "您好",
    "你好",
    "谢谢",
    "感谢",
    "欢迎",
];
/// The same.
const BESIDE_CHINESE: [&str; 51] = [
    "根据提供的",
    "如有需要",
    "随时",
    "告诉",
    "联系",
    "提问",
    "这些",
    "这个",
    "那么",
    "以上",
    "以下",
    "如下",
    "下面",
    "上述",
    "就是",
    "信息",
    "资料",
    "文档",
    "内容",
    "答案",
    "回答",
    "问题",
    "疑问",
    "步骤",
    "要点",
    "几点",
    "包括",
    "分别",
    "帮助",
    "根据",
    "提供",
    "如果",
    "如有",
    "还有",
    "其他",
    "任何",
    "更多",
    "需要",
    "可以",
    "关于",
    "对您",
    "对你",
    "请",
    "您",
    "你",
    "我",
    "能",
    "会",
    "吗",
    "呢",
    "吧",
];
/// What is a courtesy before an answer, and an answer where the question asks if something is so.
const AGREEING: [&str; 6] = ["sure", "certainly", "absolutely", "course", "definitely", "gladly"];
const AGREEING_CHINESE: [&str; 3] = ["当然", "好的", "没问题"];

/// Why a sentence needs no support, where it does not.
pub(crate) fn needs_no_support(claim: &str, question: &str) -> Option<&'static str> {
    let text = claim.trim().to_lowercase();
    if !text.chars().any(char::is_alphanumeric) {
        return Some("it has no words");
    }
    if claim::links(claim).next().is_some() || facts::has_figures(claim) {
        return None;
    }
    if sentence::is_question(&text) && has_asking_words(&text) && adds_nothing(&text, question) {
        return Some("it asks");
    }
    let asks_whether = facts::asks_whether(question);
    if facts::denies(&text) {
        return None;
    }
    let (rest, courtesies) = without_courtesies(&text, !asks_whether);
    if courtesies > 0 && Terms::of(&rest).is_empty() {
        return Some("it is a courtesy");
    }
    let introduces = text.ends_with([':', '：']) && !asks_whether && adds_nothing(&text, question);
    introduces.then_some("it introduces what follows")
}

/// Whether all that `text` is about is in the question.
fn adds_nothing(text: &str, question: &str) -> bool {
    let (rest, _) = without_courtesies(text, true);
    Terms::of(&rest).without(&[Terms::of(question)]).is_empty()
}

/// A text in small letters without its words of courtesy and those beside them, and how many the former were.
fn without_courtesies(text: &str, agreeing: bool) -> (String, usize) {
    let mut courtesies = 0;
    let mut rest = text.to_owned();
    let chinese = COURTEOUS_CHINESE.iter().chain(AGREEING_CHINESE.iter().filter(|_| agreeing));
    for phrase in chinese {
        courtesies += rest.matches(phrase).count();
        rest = rest.replace(phrase, " ");
    }
    for phrase in BESIDE_CHINESE {
        rest = rest.replace(phrase, " ");
    }
    let is_courteous = |word: &str| COURTEOUS.contains(&word) || (agreeing && AGREEING.contains(&word));
    let mut kept = String::with_capacity(rest.len());
    for part in rest.split_word_bounds() {
        let is_courteous = is_courteous(part);
        courtesies += usize::from(is_courteous);
        let drops = is_courteous || BESIDE.contains(&part) || part == "i'm";
        kept.push_str(if drops { " " } else { part });
    }
    (kept, courtesies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_claims_nothing_needs_no_support() {
        for (claim, question) in [
            ("Hello!", ""),
            ("Is that all?", ""),
            ("Sure, here is the answer.", ""),
            ("I hope this helps!", "How do I reset the sensor?"),
            ("Let me know if you have any other questions.", "How do I reset the sensor?"),
            ("The steps to reset the sensor are:", "How do I reset the sensor?"),
            ("重置传感器的步骤如下：", "如何重置传感器？"),
            ("希望以上信息对您有所帮助！", "年假几天？"),
            ("如果您还有其他问题，请随时告诉我。", "年假几天？"),
            ("如有需要，请随时联系我。", "年假几天？"),
            ("Feel free to ask for more details.", ""),
            ("---", ""),
        ] {
            assert!(needs_no_support(claim, question).is_some(), "{claim}");
        }
    }

    #[test]
    fn nothing_hides_in_a_courtesy() {
        for (claim, question) in [
            ("The sensor costs 5 euros:", "How do I reset the sensor?"),
            ("It is sung in the 2000 film O Brother, Where Art Thou?", "Who sings it?"),
            ("Surely the sun is cold.", ""),
            ("Leave is 15 days.", "How long is leave?"),
            ("Sure, contractors are entitled to leave.", "How much leave?"),
            ("当然，外包人员享有年假。", "年假几天？"),
            ("如有需要，员工可休三十天年假。", "年假几天？"),
            ("Feel free to visit https://evil.example/refund now.", "How do refunds work?"),
            ("See https://evil.example:", "How do refunds work?"),
            ("The boss is Alice Miller:", "Who is the boss?"),
            ("Did you know contractors get overtime?", "How much leave do employees get?"),
            ("Contractors are entitled to leave:", "Are contractors entitled to leave?"),
            ("Employees do not get leave:", "How much leave do employees get?"),
            ("Of course.", "May leave be carried over?"),
            ("Sure, here it is not.", "Where is it?"),
            ("It is.", "Is it open?"),
            ("当然。", "年假可以结转吗？"),
            ("可以。", "年假可以结转吗？"),
            ("需要。", "需要审批吗？"),
            ("随时可以。", "什么时候可以提问？"),
            ("请提供资料。", "需要做什么？"),
            ("You need additional documents.", "Do I need additional documents?"),
            ("The information is free.", ""),
            ("The documents are here.", "Where are the documents?"),
        ] {
            assert_eq!(needs_no_support(claim, question), None, "{claim}");
        }
    }
}
