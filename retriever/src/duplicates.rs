//! Telling a text that adds nothing to another, such as a policy filed twice.
//!
//! Folding a text away is a risk: what it says alone is then gone. So being alike is not enough; it
//! must bring no word of its own, and every figure and every "not" must be the same in both.

use std::collections::HashSet;

use footnote_core::passage::ConfirmedChunk;
use footnote_core::question::is_han;
use footnote_core::shingles::shingles;

/// Letters and digits per shingle: long enough to carry order, short enough for Chinese.
const SHINGLE: usize = 6;

/// Share of common shingles from which two texts are near-duplicates.
const SAME_FROM: f64 = 0.9;

/// Chinese numerals, counted as figures.
const NUMERALS: &str = "零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟";

/// Words and characters that turn a statement around.
const NEGATIONS: [&str; 9] = ["no", "not", "never", "none", "nor", "neither", "without", "cannot", "except"];
const NEGATING_CHARACTERS: &str = "不没無无未非别勿禁免除否";

/// Why a text goes no further that says nothing which `better` does not.
pub(crate) fn same_as(better: &ConfirmedChunk) -> String {
    format!("nearly the same text as chunk {} of {}", better.ordinal, better.document_key)
}

/// What a text says, apart from case, blanks and punctuation.
pub(crate) struct Fingerprint {
    shingles: HashSet<u64>,
    /// Words, and pairs of Chinese characters.
    words: HashSet<String>,
    /// Figures and negations in the order of the text.
    decisive: Vec<String>,
}

impl Fingerprint {
    pub(crate) fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let shingles = shingles(&text, SHINGLE);
        let mut fingerprint = Self { shingles, words: HashSet::new(), decisive: Vec::new() };
        for word in text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’')) {
            fingerprint.read(word);
        }
        fingerprint
    }

    /// Takes the stretches of a word that are of one script.
    fn read(&mut self, word: &str) {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| is_han(c) != is_han(first)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            match is_han(first) {
                true => self.read_chinese(run),
                false => self.read_latin(run),
            }
            rest = after;
        }
    }

    fn read_latin(&mut self, word: &str) {
        let negates = NEGATIONS.contains(&word) || word.ends_with("n't") || word.ends_with("n’t");
        if negates || word.chars().any(char::is_numeric) {
            self.decisive.push(word.to_owned());
        }
        self.words.insert(word.trim_matches(['\'', '’']).to_owned());
    }

    fn read_chinese(&mut self, run: &str) {
        let chars: Vec<char> = run.chars().collect();
        self.words.extend(chars.windows(2).map(|pair| pair.iter().collect()));
        if let [single] = chars.as_slice() {
            self.words.insert(single.to_string());
        }
        let decides = |c: &char| NUMERALS.contains(*c) || NEGATING_CHARACTERS.contains(*c);
        self.decisive.extend(chars.iter().filter(|c| decides(c)).map(char::to_string));
    }

    /// Whether a reader of this text learns nothing from `other`.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.decisive == other.decisive && other.words.is_subset(&self.words) && self.is_alike(other)
    }

    /// Jaccard similarity of both texts' shingles, compared to the threshold.
    fn is_alike(&self, other: &Self) -> bool {
        let common = self.shingles.intersection(&other.shingles).count();
        let all = self.shingles.len() + other.shingles.len() - common;
        common as f64 >= SAME_FROM * all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Fingerprint::of(a).covers(&Fingerprint::of(b))
    }

    #[test]
    fn case_and_punctuation_do_not_matter_but_words_do() {
        assert!(same("Annual leave is 15 days.", "annual  leave is\n15 DAYS"));
        assert!(!same("Annual leave is 15 days.", "Annual leave is 20 days."));
        assert!(same("员工每年享有十五天年假。", "员工每年享有十五天年假"));
        assert!(!same("员工每年享有十五天年假。", "员工每年享有二十天年假。"));
        assert!(!same("ab", "cd"));
        assert!(same("", "…"));
    }

    /// Long texts that differ in one place are alike by their shingles, and only there.
    #[test]
    fn a_long_text_that_differs_where_it_matters_is_not_folded() {
        let english = |what: &str| {
            format!(
                "Before the unit is opened, switch off the supply and let the pressure fall to that of the \
                 room. The sensor of the {what}. Close the cover with the four screws, fill the chamber \
                 again slowly, and write the date and your name into the log of the unit. Keep the log in \
                 the cabinet beside the door of the laboratory, where the next shift finds it without \
                 asking, and tell the head of the laboratory when its last page is nearly full."
            )
        };
        let chinese = |what: &str| {
            format!(
                "本制度适用于公司全体正式员工，包括总部以及各分公司的员工。员工申请休假，应当提前填写休假申请单，经部门\
                 主管批准后交人事部门备案。休假期间工资照常发放，遇到紧急情况需要返回工作岗位的，剩余假期可以顺延。\
                 主管应当于收到申请之后尽快答复，逾期没有答复的视为同意。员工离职时尚有假期的，由人事部门核对考勤记录\
                 以后，按照当月工资标准折算现金，与最后的工资共同支付。本制度由人事部门负责解释，自发布之日起施行，\
                 以前的规定与本制度冲突的，以本制度为准。{what}"
            )
        };
        assert!(same(&english("LQ-200 takes 16 bar"), &english("LQ-200 takes 16 bar")));
        for (a, b) in [
            (english("LQ-200 takes 16 bar"), english("LQ-300 takes 25 bar")),
            (english("door may be opened"), english("door may not be opened")),
            (english("north wing is Anna's"), english("north wing is Carl's")),
            (chinese("年假为15天。"), chinese("年假为20天。")),
            (chinese("年假为十五天。"), chinese("年假为二十天。")),
            (chinese("加班可以调休。"), chinese("加班不可以调休。")),
        ] {
            assert!(Fingerprint::of(&a).is_alike(&Fingerprint::of(&b)), "a weak test: {a}");
            assert!(!same(&a, &b) && !same(&b, &a), "{a}");
        }
    }
}
