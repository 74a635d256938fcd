//! A sentence over evidence in the other language: what keeps it from being supported though a model says yes.
//!
//! Figures and names in Latin letters are compared before, as within a language. Here are doubts that prove nothing: a
//! denial that the other text seems not to have, and names that the two write in different letters.

use footnote_core::question::is_chinese;
use footnote_core::verdict::Verdict;

use super::{Judgement, Place, Sources, SupportMethod};
use crate::facts;

/// Score from which a model that reads both vouches for names that no rule can compare.
const VOUCHES_FROM: f32 = 0.9;
/// Models that read both.
const READERS: [SupportMethod; 2] = [SupportMethod::CrossEncoder, SupportMethod::Generator];

impl Sources {
    /// Whether the places are in another language than `claim`, and so are their passages.
    pub(super) fn are_foreign_to(&self, places: &[Place], claim: &str) -> bool {
        let text: String = places.iter().map(|place| self.text(place)).collect();
        let other = !is_chinese(claim);
        self.language_of(places) == Some(other) && is_chinese(&text) == other
    }

    /// Why a supported sentence is at most in part supported by evidence in another language.
    pub(super) fn doubt(&self, judgement: &Judgement, claim: &str, question: &str) -> Option<&'static str> {
        let places = judgement.places.as_slice();
        if judgement.verdict != Verdict::Supported || !self.are_foreign_to(places, claim) {
            return None;
        }
        let texts: Vec<&str> = places.iter().map(|place| self.text(place)).collect();
        let headings: Vec<&str> = places.iter().flat_map(|place| self.headings(place)).collect();
        if facts::turns_denial(claim, &texts, &headings) {
            return Some("the source affirms what it denies, or denies what it affirms");
        }
        if facts::names_another(claim, &texts, question) {
            return Some("the source names another");
        }
        if judgement.method == "words" {
            return Some("the source is in another language, and no model compared them");
        }
        let is_read = READERS.iter().any(|method| judgement.method == method.name());
        let is_vouched_for = is_read && judgement.score >= VOUCHES_FROM;
        (!is_vouched_for && facts::has_unproved_name(claim, &texts, question))
            .then_some("the source writes its names in other letters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answerer::tests::Scripted;
    use crate::cite::tests::passage;
    use crate::verify::{Calibration, JudgedClaim, SupportModels, judge_sentence};

    /// Of a model that says yes to all, with less than full certainty.
    async fn judged(text: &str, question: &str, claim: &str) -> JudgedClaim {
        let models = SupportModels::new(None, Some(Scripted::done("")), None);
        let calibration = Calibration::built_in().unwrap();
        judge_sentence(&models, &calibration, &[passage(1, text)], question, claim, 0.5).await.unwrap()
    }

    #[tokio::test]
    async fn a_model_vouches_for_no_denial_that_the_source_has_not() {
        let leave = "Employees of Acme receive 15 days of leave in 2023.";
        let nianjia = "Acme员工在2023年享有15天年假。";
        let (asked, english) = ("员工有多少天年假？", "How much leave do they get?");
        for (text, question, claim, verdict) in [
            (leave, asked, nianjia, Verdict::Supported),
            (leave, asked, "Acme员工在2023年没有15天年假。", Verdict::Partly),
            (nianjia, english, leave, Verdict::Supported),
            (nianjia, english, "Employees of Acme do not receive 15 days of leave in 2023.", Verdict::Partly),
        ] {
            let judged = judged(text, question, claim).await;
            assert_eq!(judged.verdict, verdict, "{claim}: {judged:?}");
        }
    }

    #[tokio::test]
    async fn a_name_in_other_letters_wants_a_sure_model_and_another_name_is_not_the_sources() {
        let appointed = "Todd Buckingham was appointed in 2019.";
        let shangren = "首席执行官是 Todd Buckingham，2019年上任。";
        for (text, question, claim, verdict) in [
            (appointed, "谁于2019年上任？", "李明于2019年上任。", Verdict::Partly),
            (appointed, "李明何时上任？", "李明于2019年上任。", Verdict::Supported),
            (shangren, "Who leads?", "Todd Buckingham became chief executive in 2019.", Verdict::Supported),
            (shangren, "Who leads?", "Christian Stuart became chief executive in 2019.", Verdict::Partly),
        ] {
            let judged = judged(text, question, claim).await;
            assert_eq!(judged.verdict, verdict, "{claim}: {judged:?}");
        }
    }

    #[tokio::test]
    async fn words_alone_prove_nothing_between_languages() {
        let passages = [passage(1, "Acme grew in 2019 and in 2021.")];
        let (models, calibration) = (SupportModels::default(), Calibration::built_in().unwrap());
        let (question, claim) = ("何时增长？", "Acme在2019年和2021年增长。");
        let judged = judge_sentence(&models, &calibration, &passages, question, claim, 0.5).await.unwrap();
        assert_eq!((judged.verdict, judged.method), (Verdict::Partly, "words"), "{judged:?}");
        assert!(judged.score < 0.5, "{judged:?}");
    }
}
