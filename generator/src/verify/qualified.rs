//! Does a sentence say it as strongly as its source does? A word that narrows or widens (`mainly`, `only`, `all`)
//! must be the source's or the question's, and a number keeps its bound; what the source says as a possibility, as
//! somebody's view or under a condition is no fact; and a cause must be given as one.
//!
//! These words are few and mean little to a comparison of words or of embeddings, but much to a reader. In doubt
//! nothing is reported.

use footnote_core::question::is_han;
use unicode_segmentation::UnicodeSegmentation;

use crate::facts;
use crate::support::Terms;

/// Words that mean the same restriction. The Chinese ones are looked for anywhere.
const RESTRICTIONS: [&[&str]; 3] = [
    &[
        "main",
        "mainly",
        "primary",
        "primarily",
        "chief",
        "chiefly",
        "principal",
        "principally",
        "mostly",
        "largely",
        "predominantly",
        "major",
        "主要",
        "首要",
        "大多",
    ],
    &["only", "solely", "sole", "exclusively", "唯一", "仅", "只"],
    &["always", "every", "entirely", "全部", "所有", "一切", "总是", "完全"],
];

/// Words by which a source leaves it open, or says whose view it is.
const HEDGES: [&str; 46] = [
    "described as",
    "regarded as",
    "viewed as",
    "considered to be",
    "considered as",
    "considered the",
    "considered a",
    "considered one",
    "believed to",
    "believed that",
    "thought to",
    "thought that",
    "said to be",
    "claimed that",
    "claims that",
    "被认为",
    "被视为",
    "声称",
    "号称",
    "may",
    "might",
    "possibly",
    "perhaps",
    "probably",
    "likely",
    "allegedly",
    "reportedly",
    "supposedly",
    "purportedly",
    "apparently",
    "rumored",
    "rumoured",
    "可能",
    "或许",
    "也许",
    "大概",
    "据说",
    "据称",
    "疑似",
    "传闻",
    "相传",
    "据传",
    "传说",
    "据闻",
    "一说",
    "有说",
];
/// Words by which a sentence leaves it open as well, or tells what is permitted.
const OPEN: [&str; 33] = [
    "described",
    "regarded",
    "considered",
    "called",
    "known",
    "claimed",
    "according",
    "称",
    "can",
    "could",
    "would",
    "should",
    "allowed",
    "permitted",
    "able",
    "entitled",
    "eligible",
    "possible",
    "potential",
    "potentially",
    "unlikely",
    "said",
    "believed",
    "thought",
    "suggests",
    "suggested",
    "if",
    "可",
    "能",
    "允许",
    "有权",
    "认为",
    "推测",
];
const CONDITIONS: [&str; 7] = ["if", "unless", "如果", "假如", "倘若", "若是", "要是"];
const CAUSES: [&str; 7] = ["because", "since", "due", "owing", "因为", "由于", "因"];
/// Words that claim a cause outright.
const OUTRIGHT: [&str; 4] = ["because", "due", "因为", "由于"];
/// Words by which a source may give a reason.
const REASONS: [&str; 45] = [
    "because",
    "since",
    "due",
    "owing",
    "so",
    "therefore",
    "thus",
    "hence",
    "result",
    "results",
    "resulted",
    "resulting",
    "cause",
    "caused",
    "causes",
    "causing",
    "led",
    "lead",
    "leads",
    "leading",
    "reason",
    "reasons",
    "why",
    "thanks",
    "consequently",
    "consequence",
    "enabled",
    "enables",
    "allowed",
    "allows",
    "prompted",
    "forced",
    "for",
    "after",
    "make",
    "因",
    "由于",
    "所以",
    "故",
    "导致",
    "使",
    "令",
    "为",
    "致",
    "才",
];

/// Terms after a hedge that it is about, and the share of them that the claim must hold to say it.
const HEDGED: usize = 3;
const SAID_FROM: f32 = 0.6;

/// Why `claim` says more than the texts of its evidence; `around` is what stands about these.
pub(super) fn overstates(
    claim: &str,
    evidence: &[&str],
    around: &[&str],
    question: &str,
) -> Option<&'static str> {
    let anywhere =
        |word: &&str| evidence.iter().chain(around).any(|text| has(text, word)) || has(question, word);
    let adds = |group: &&[&str]| group.iter().any(|word| has(claim, word)) && !group.iter().any(anywhere);
    if RESTRICTIONS.iter().any(adds) {
        return Some("the source does not say it of the whole, or not only of it");
    }
    if facts::drops_bound(claim, evidence) {
        return Some("the source gives that number as a bound, or as near");
    }
    let claimed = Terms::of(claim);
    let is_open = HEDGES.iter().chain(&OPEN).any(|word| has(claim, word));
    if !is_open && evidence.iter().any(|text| hedged(text).iter().any(|hedged| says(&claimed, hedged))) {
        return Some("the source says it only as a possibility or as a view");
    }
    let gives_cause = CAUSES.iter().any(|word| has(claim, word));
    let in_evidence = |words: &[&str]| evidence.iter().any(|text| words.iter().any(|word| has(text, word)));
    if gives_cause && !in_evidence(&CAUSES) && in_evidence(&CONDITIONS) {
        return Some("the source says it only under a condition");
    }
    let is_outright = OUTRIGHT.iter().any(|word| has(claim, word));
    (is_outright && !in_evidence(&REASONS)).then_some("the source does not give it as a cause")
}

fn says(claimed: &Terms, hedged: &Terms) -> bool {
    !hedged.is_empty() && hedged.held_by(&[claimed]) >= SAID_FROM
}

/// What each hedge of `text` is about.
fn hedged(text: &str) -> Vec<Terms> {
    let mut found = Vec::new();
    for hedge in HEDGES {
        for at in positions(text, hedge) {
            let rest = text.get(at + hedge.len()..).unwrap_or_default();
            let clause = rest.split([',', ';', '.', '，', '；', '。', '（', '(']).next().unwrap_or_default();
            found.push(Terms::of(&first_words(clause)));
        }
    }
    found
}

/// The first words of a clause that say something.
fn first_words(clause: &str) -> String {
    let telling = clause.split_word_bounds().filter(|word| !Terms::of(word).is_empty());
    let is_chinese = clause.chars().find(|c| c.is_alphanumeric()).is_some_and(is_han);
    if is_chinese {
        return clause.chars().filter(|c| c.is_alphanumeric()).take(2 * HEDGED).collect();
    }
    telling.take(HEDGED).collect::<Vec<_>>().join(" ")
}

fn has(text: &str, word: &str) -> bool {
    !positions(text, word).is_empty()
}

/// Where `word` stands: as a whole word, in lower case or at a sentence's start; a Chinese one anywhere. `May` is
/// a month.
fn positions(text: &str, word: &str) -> Vec<usize> {
    if word.chars().any(is_han) {
        return text.match_indices(word).map(|(at, _)| at).collect();
    }
    if word.contains(' ') {
        let is_of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let found = text.match_indices(word).map(|(at, _)| at);
        return found
            .filter(|at| !is_of_word(text[..*at].chars().next_back()))
            .filter(|at| !is_of_word(text[at + word.len()..].chars().next()))
            .collect();
    }
    let is_it = |found: &str| found == word || found != "May" && found.eq_ignore_ascii_case(word);
    text.split_word_bound_indices().filter(|(_, found)| is_it(found)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(claim: &str, evidence: &str, question: &str, expected: Option<&str>) {
        let why = overstates(claim, &[evidence], &[], question);
        assert_eq!(why.is_some(), expected.is_some(), "{why:?}");
        assert!(why.unwrap_or_default().contains(expected.unwrap_or_default()), "{why:?}");
    }

    #[test]
    fn an_added_restriction_is_the_sources_or_the_questions() {
        let source = "环氧氯丙烷活性很强，被用于制造甘油、塑料和人造橡胶。";
        let claim = "环氧氯丙烷的主要用途包括制造甘油、塑料和人造橡胶。";
        check(claim, source, "环氧氯丙烷有什么用途？", Some("whole"));
        check(claim, source, "环氧氯丙烷的主要用途是什么？", None);
        let source = "It is chiefly used for glycerol.";
        check("It is mainly used for glycerol.", source, "What is it used for?", None);
        check("It is only used for glycerol.", source, "What is it used for?", Some("whole"));
    }

    #[test]
    fn a_possibility_is_no_fact() {
        let source = "The fire was probably caused by a faulty heater in the store room.";
        check("The fire was caused by a faulty heater.", source, "What caused it?", Some("possibility"));
        check("The fire was probably caused by a faulty heater.", source, "What caused it?", None);
        check(
            "The heater stood in the store room.",
            "The heater stood in May in the store room.",
            "Where?",
            None,
        );
        check("Employees can take five days.", "Employees may take five days.", "How many days?", None);
        check("该船可能在1912年沉没。", "该船可能在1912年沉没。", "何时沉没？", None);
        let source = "洛阳街的街名，相传是呼应当时位于香港仔的大成纸厂，取「洛阳纸贵」的典故而命名。";
        check("洛阳街的街名是呼应当时位于香港仔的大成纸厂。", source, "街名从何而来？", Some("possibility"));
        check("洛阳街的街名相传是呼应当时位于香港仔的大成纸厂。", source, "街名从何而来？", None);
        check("该船在1912年沉没。", "该船可能在1912年沉没。", "何时沉没？", Some("possibility"));
    }

    #[test]
    fn a_view_is_no_fact() {
        let source =
            "Melbourne is home to galleries and is also described as the \"sporting capital of Australia\".";
        let asked = "What is called the sporting capital?";
        check("Melbourne is the sporting capital of Australia.", source, asked, Some("possibility"));
        check("Melbourne is described as the sporting capital of Australia.", source, asked, None);
        check("Melbourne is called the sporting capital of Australia.", source, asked, None);
        check("Melbourne is home to galleries.", source, asked, None);
        check("他是最伟大的诗人。", "他被认为是最伟大的诗人。", "他是谁？", Some("possibility"));
        check("他被称为最伟大的诗人。", "他被认为是最伟大的诗人。", "他是谁？", None);
        check("The board met.", "The board considered the plan and met.", "What did it do?", None);
    }

    #[test]
    fn a_number_keeps_its_bound() {
        let source = "This comprises more than 60% of the land.";
        check("This is 60% of the land.", source, "How much of it?", Some("bound"));
        check("This is more than 60% of the land.", source, "How much of it?", None);
    }

    #[test]
    fn a_condition_is_no_cause() {
        let source = "If Greece did not receive the aid, it would fall.";
        check("Because Greece did not receive the aid, it fell.", source, "Why?", Some("condition"));
        check("If Greece did not receive the aid, it would fall.", source, "Why?", None);
        check("Greece would fall without aid.", source, "Why?", None);
    }

    #[test]
    fn a_cause_is_the_sources() {
        let source = "The Byzantine Empire was the continuation of the Roman Empire, when its capital was Constantinople.";
        let claim = "It was called Byzantine because it was the continuation of the Roman Empire.";
        check(claim, source, "why was it called byzantine", Some("cause"));
        check("It was the continuation of the Roman Empire.", source, "why", None);
        check(claim, "It continued the Roman Empire; hence it was called Byzantine.", "why", None);
        check("因为下雨，比赛取消。", "比赛取消。当天下雨。", "比赛怎么了？", Some("cause"));
        check("因为下雨，比赛取消。", "当天下雨导致比赛取消。", "比赛怎么了？", None);
    }

    proptest::proptest! {
        #[test]
        fn a_text_never_overstates_itself(text in "(only |may |if |because |可能|主要|因为|[a-d年]{1,4} |，){0,20}") {
            proptest::prop_assert_eq!(overstates(&text, &[&text], &[], ""), None);
        }
    }
}
