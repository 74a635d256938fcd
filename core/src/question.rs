//! Questions: what is searched for, within which scope.

use serde::Serialize;

use crate::chunk::Tag;
use crate::principal::Scope;
use crate::settings::RetrievalSettings;
use crate::{Error, Result};

/// Longest question, in scalar values.
pub const MAX_QUESTION_CHARS: usize = 8_000;

/// A question that is neither empty nor endless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct QuestionText(String);

impl QuestionText {
    /// Checks and trims.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if !text.chars().any(|c| c.is_alphanumeric()) {
            return Err(Error::invalid("the question is empty; send at least one word"));
        }
        let chars = text.chars().count();
        if chars > MAX_QUESTION_CHARS {
            return Err(Error::invalid(format!(
                "the question has {chars} characters; shorten it to {MAX_QUESTION_CHARS}"
            )));
        }
        Ok(Self(text.replace('\0', " ")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it hardly says by itself what it is about: it is very short or points to something.
    pub fn leans_on_another(&self) -> bool {
        leans_on_another(&self.0)
    }

    /// Whether it is written mostly in Chinese characters.
    pub fn is_chinese(&self) -> bool {
        is_chinese(&self.0)
    }
}

/// Most earlier questions that a follow-up is searched with.
const FOLLOWED: usize = 2;

/// Most English words, and Chinese characters, of a question that hardly says by itself what it is
/// about.
const FEW_WORDS: usize = 4;
const FEW_CHARACTERS: usize = 8;

/// English words that point to what was said before.
const POINTING_WORDS: [&str; 20] = [
    "it", "its", "they", "them", "their", "theirs", "that", "this", "these", "those", "he", "him", "his",
    "she", "her", "hers", "there", "then", "such", "same",
];

/// English beginnings and Chinese words that do so.
const POINTING_BEGINNINGS: [&str; 8] =
    ["and ", "or ", "but ", "so ", "what about", "how about", "what if", "also "];
const POINTING_CHINESE: [&str; 11] = ["它", "他", "她", "这", "那", "其中", "该", "此", "上述", "还有", "呢"];
const BEGINNINGS_CHINESE: [&str; 3] = ["那么", "此外", "因此"];
/// Words that "there" only fills a place beside (`Is there a limit?`), and those that "that" points behind (`Does that
/// apply?`): behind any other it begins a clause (`the rules that apply`).
const WITH_THERE: [&str; 12] =
    ["is", "are", "was", "were", "be", "been", "has", "have", "will", "can", "may", "isn"];
const BEFORE_THAT: [&str; 44] = [
    "is", "was", "are", "does", "did", "do", "has", "can", "will", "would", "should", "could", "may", "of",
    "for", "about", "on", "in", "with", "to", "by", "from", "after", "before", "like", "than", "and", "or",
    "why", "how", "when", "where", "if", "under", "since", "until", "within", "find", "get", "see", "use",
    "change", "approve", "approved",
];
/// Chinese words that hold a pointing one and do not point.
const NOT_POINTING_CHINESE: [&str; 14] = [
    "其他",
    "其它",
    "他人",
    "应该",
    "该怎么",
    "该如何",
    "该怎样",
    "因此",
    "此外",
    "如此",
    "彼此",
    "那么",
    "至此",
    "从此",
];

impl QuestionText {
    /// What to search for where this question was asked after `earlier` ones, latest first: a
    /// question such as "And for managers?" finds nothing without the one that it follows.
    pub fn with_what_it_follows(&self, earlier: &[&str]) -> Self {
        let mut parts = vec![self.as_str()];
        for question in earlier.iter().take(FOLLOWED) {
            if !parts.last().is_some_and(|last| leans_on_another(last)) {
                break;
            }
            parts.push(question);
        }
        parts.reverse();
        // The joined text may be too long; then the question stands alone.
        Self::parse(&parts.join("\n")).unwrap_or_else(|_| self.clone())
    }
}

/// Most parts of a question that are searched by themselves.
const MOST_PARTS: usize = 6;

/// Longest sentence that is taken apart, in bytes.
const MOST_JOINED_BYTES: usize = 2_000;

/// What joins two questions into one sentence; a longer one before its parts.
const JOINED_ENGLISH: [&str; 4] = [", and ", " and ", "; ", ", "];
/// What English questions begin with: those for something, and those whether something is so.
const ASKING_FOR: [&str; 9] =
    ["what ", "who ", "whom ", "whose ", "when ", "where ", "which ", "why ", "how "];
const ASKING_WHETHER: [&str; 13] = [
    "is ", "are ", "do ", "does ", "did ", "can ", "may ", "will ", "was ", "were ", "should ", "has ",
    "have ",
];
/// What may stand before an English question's first word: "At which pressure".
const PREPOSITIONS: [&str; 16] = [
    "at", "by", "for", "from", "in", "into", "of", "on", "over", "since", "through", "to", "under", "until",
    "with", "within",
];
const JOINED_CHINESE: [&str; 7] = ["，以及", "，还有", "，并且", "，同时", "；", "，", "、"];
const ASKING_CHINESE: [&str; 16] = [
    "什么",
    "多少",
    "几",
    "谁",
    "哪",
    "怎么",
    "如何",
    "为什么",
    "是否",
    "何时",
    "多久",
    "多长",
    "多大",
    "吗",
    "怎样",
    "多高",
];

impl QuestionText {
    /// The questions of which it is made, each to be searched by itself; itself where it is one.
    pub fn parts(&self) -> Vec<Self> {
        let sentences = self.0.split_inclusive(['?', '？', '\n']).map(str::trim).filter(|s| !s.is_empty());
        let mut parts: Vec<Self> = Vec::new();
        for sentence in sentences {
            let pieces = if is_chinese(sentence) { chinese_parts(sentence) } else { english_parts(sentence) };
            parts.extend(pieces.into_iter().filter_map(|piece| Self::parse(piece).ok()));
        }
        let all_ask = parts.iter().all(|part| asks(&part.0));
        if !(2..=MOST_PARTS).contains(&parts.len()) || !all_ask {
            return vec![self.clone()];
        }
        // A part that points to the one before it is searched with it.
        let mut whole = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| parts.get(before));
            whole.push(match before {
                Some(before) => part.with_what_it_follows(&[before.as_str()]),
                None => part.clone(),
            });
        }
        whole
    }
}

/// Cut where a joining word is followed by one that asks, and something asks before it.
fn english_parts(sentence: &str) -> Vec<&str> {
    let lower = sentence.to_ascii_lowercase();
    let asks = |from: usize, to: usize| begins_asking(&lower[from..to]);
    cut_at(sentence, &lower, &JOINED_ENGLISH, |from, at, after| {
        asks(from, at) && asks(after, lower.len()) && lower[from..at].split(' ').count() >= 3
    })
}

fn chinese_parts(sentence: &str) -> Vec<&str> {
    cut_at(sentence, sentence, &JOINED_CHINESE, |from, at, after| {
        asks(&sentence[from..at]) && asks(&sentence[after..])
    })
}

/// The parts of a sentence, cut at those joints of `text`, which is as long, where `is_cut` says so of the part's
/// start, the joint and what stands behind it. A long sentence is no chain of questions, and is left whole.
fn cut_at<'s>(
    sentence: &'s str,
    text: &str,
    joints: &[&str],
    is_cut: impl Fn(usize, usize, usize) -> bool,
) -> Vec<&'s str> {
    let mut parts = Vec::new();
    let mut from = 0;
    let places = text.char_indices().map(|(at, _)| at).filter(|_| text.len() <= MOST_JOINED_BYTES);
    for at in places {
        let joint = joints.iter().find(|joint| text[at..].starts_with(**joint));
        let Some(after) = joint.map(|joint| at + joint.len()) else { continue };
        if at >= from && is_cut(from, at, after) {
            parts.push(&sentence[from..at]);
            from = after;
        }
    }
    parts.push(&sentence[from..]);
    parts
}

/// Whether a text in small letters begins as English questions do.
fn begins_asking(lower: &str) -> bool {
    let begins = |text: &str, words: &[&str]| words.iter().any(|word| text.starts_with(word));
    let behind_preposition = lower.split_once(' ').filter(|(first, _)| PREPOSITIONS.contains(first));
    begins(lower, &ASKING_FOR)
        || begins(lower, &ASKING_WHETHER)
        || behind_preposition.is_some_and(|(_, rest)| begins(rest, &ASKING_FOR))
}

fn asks(text: &str) -> bool {
    text.ends_with(['?', '？']) || has_asking_words(text)
}

/// Whether a sentence begins as English questions do, or has a word that asks in Chinese: the mark at the end alone
/// may be that of a title.
pub fn has_asking_words(text: &str) -> bool {
    let lower = text.trim_start().to_ascii_lowercase();
    begins_asking(&lower) || ASKING_CHINESE.iter().any(|word| text.contains(word))
}

/// Whether a question seems to need the one before it: it is very short or points to something.
fn leans_on_another(question: &str) -> bool {
    let question = question.trim().to_lowercase();
    if is_chinese(&question) {
        let length = question.chars().filter(|c| c.is_alphanumeric()).count();
        return length <= FEW_CHARACTERS || points_back_in_chinese(&question);
    }
    let words: Vec<&str> = question.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.len() <= FEW_WORDS
        || POINTING_BEGINNINGS.iter().any(|beginning| question.starts_with(beginning))
        || points_back_in_english(&words)
}

fn points_back_in_english(words: &[&str]) -> bool {
    (0..words.len()).any(|at| {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        match words[at] {
            "there" => {
                let beside = [before, words.get(at + 1)];
                !beside.into_iter().flatten().any(|word| WITH_THERE.contains(word))
            }
            "that" => at + 1 == words.len() || before.is_none_or(|word| BEFORE_THAT.contains(word)),
            word => POINTING_WORDS.contains(&word),
        }
    })
}

fn points_back_in_chinese(question: &str) -> bool {
    if BEGINNINGS_CHINESE.iter().any(|beginning| question.starts_with(beginning)) {
        return true;
    }
    let question =
        NOT_POINTING_CHINESE.iter().fold(question.to_owned(), |text, word| text.replace(word, " "));
    let asks = ASKING_CHINESE.iter().any(|word| question.contains(word));
    POINTING_CHINESE.iter().any(|word| question.contains(word) && !(asks && *word == "呢"))
}

/// Whether a text has a word that stands for what another one names.
pub fn has_pointing_words(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| POINTING_WORDS.iter().any(|pointing| pointing.eq_ignore_ascii_case(word)))
        || POINTING_CHINESE.iter().any(|word| text.contains(word))
}

/// Whether at least a fifth of the letters are Han characters: enough to answer in Chinese.
pub fn is_chinese(text: &str) -> bool {
    let han = text.chars().filter(|&c| is_han(c)).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    han * 5 >= letters.max(1)
}

/// Whether `c` is a Chinese character (unified ideographs, extensions A and B, compatibility).
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ebef}')
}

/// All groups must match; a group matches when the chunk has any of its tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The groups. An empty group matches nothing.
    pub all_of: Vec<Vec<Tag>>,
}

impl Filter {
    /// Whether a chunk with these tags matches.
    pub fn allows(&self, tags: &[Tag]) -> bool {
        self.all_of.iter().all(|group| group.iter().any(|tag| tags.contains(tag)))
    }
}

/// A question within a scope: the only thing a retriever takes.
#[derive(Debug, Clone)]
pub struct ScopedQuery {
    /// What it may touch.
    pub scope: Scope,
    /// What is asked.
    pub question: QuestionText,
    /// What hits must match besides.
    pub filter: Filter,
    /// How to search.
    pub settings: RetrievalSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_checked_at_the_door() {
        assert!(QuestionText::parse(" \n").is_err());
        assert!(QuestionText::parse("???").is_err());
        assert!(QuestionText::parse(&"长".repeat(10_000)).unwrap_err().to_string().contains("10000"));
        assert!(QuestionText::parse("年假有几天？").unwrap().is_chinese());
        assert!(!QuestionText::parse("How long is annual leave (年假)?").unwrap().is_chinese());
    }

    #[test]
    fn a_question_of_several_parts_is_taken_apart() {
        let parts = |text: &str| -> Vec<String> {
            QuestionText::parse(text).unwrap().parts().into_iter().map(|part| part.0).collect()
        };
        assert_eq!(
            parts("How long is the annual leave, and who approves business travel abroad?"),
            ["How long is the annual leave", "who approves business travel abroad?"]
        );
        assert_eq!(parts("新员工的年假有多少天，出差住宿费的报销标准是什么？").len(), 2);
        assert_eq!(
            parts("When was Acme founded in Berlin? How many people work there today in total?").len(),
            2
        );
        assert_eq!(
            parts(
                "At which pressure does the valve open, how long is the leave and with whom do most pilots fly?"
            ),
            [
                "At which pressure does the valve open",
                "how long is the leave",
                "with whom do most pilots fly?"
            ]
        );
        assert_eq!(parts("新员工的年假有多少天，病假最多能请几天，以及谁批准出差申请？").len(), 3);
        assert_eq!(parts(&format!("年假几天，{}病假几天", "，".repeat(900))).len(), 1, "it is too long");
        let four = "How long is leave? Who approves travel? What is the hotel limit? When are receipts due?";
        assert_eq!(parts(four).len(), 4);
        for one in [
            "How long is annual and sick leave?",
            "What is the difference between Berlin and Paris?",
            "How are research and development funded?",
            "年假和病假各有几天？",
            "What were the sales in April and in May for Berlin?",
            "I read the handbook. What is annual leave?",
            "ERR_0x34?",
        ] {
            assert_eq!(parts(one), [one], "{one}");
        }
    }

    #[test]
    fn words_that_only_look_as_if_they_pointed_make_no_follow_up() {
        let leans = |text: &str| QuestionText::parse(text).unwrap().leans_on_another();
        for alone in [
            "Is there a limit on hotel costs abroad?",
            "How many kinds of leave are there in the company handbook?",
            "Which rules that apply to managers changed in 2024?",
            "公司的其他福利有哪些规定和标准",
            "员工应该在什么时候提交报销单",
            "年假没有休完应该怎么处理才算合规",
            "公司的年度培训预算是多少呢？",
        ] {
            assert!(!leans(alone), "{alone}");
        }
        for follow_up in [
            "Does that also apply to managers abroad?",
            "Where can I find that policy online?",
            "那么试用期员工可以享受多少天年假",
            "How do people get from there to the office?",
            "Is the limit for that the same for everybody?",
            "该公司的年度培训预算是多少",
            "那么经理级别的员工呢，也一样",
            "他在哪一年加入公司并担任经理",
        ] {
            assert!(leans(follow_up), "{follow_up}");
        }
    }

    #[test]
    fn a_follow_up_is_searched_with_what_it_follows() {
        let searched = |question: &str, earlier: &[&str]| {
            QuestionText::parse(question).unwrap().with_what_it_follows(earlier).as_str().to_owned()
        };
        let leave = "How many days of annual leave do new employees get?";
        assert_eq!(searched("And for managers?", &[leave]), format!("{leave}\nAnd for managers?"));
        assert_eq!(searched("Can they be carried over to the next year?", &[leave]).lines().count(), 2);
        assert_eq!(searched("那经理呢？", &["新员工每年有多少天带薪年假可以休？"]).lines().count(), 2);
        let alone = "Which insurance covers business travel abroad?";
        assert_eq!(searched(alone, &[leave]), alone, "a question of its own");
        assert_eq!(searched("公司出差可以报销哪些交通费用？", &["年假几天？"]).lines().count(), 1);
        assert_eq!(searched("And interns?", &["And for managers?", leave, alone]).lines().count(), 3);
        assert_eq!(searched("Why?", &[]), "Why?");
        assert_eq!(searched("Why?", &["x".repeat(MAX_QUESTION_CHARS).as_str()]), "Why?");
    }
}
