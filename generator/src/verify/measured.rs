//! The verifier from outside an answer: what `footnote eval` measures.

use footnote_core::Result;
use footnote_core::passage::Passage;
use footnote_core::verdict::{Fact, Verdict};

use super::{Calibration, Sources, SupportModels, Verifier};
use crate::support::Terms;

/// The verdict on one sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedClaim {
    /// Whether the passages say what it says.
    pub verdict: Verdict,
    /// How likely they do, 0 to 1.
    pub score: f32,
    /// What told the score.
    pub method: &'static str,
    /// Its facts that the passages do not have.
    pub missing: Vec<Fact>,
    /// The reason, for people.
    pub why: String,
    /// The places of the passages that the verdict rests on, best first.
    pub evidence: Vec<String>,
}

/// Judges a sentence as one of an answer to `question` that cites nothing.
pub async fn judge_sentence(
    models: &SupportModels,
    calibration: &Calibration,
    passages: &[Passage],
    question: &str,
    claim: &str,
    supported_from: f32,
) -> Result<JudgedClaim> {
    let sources = Sources::new(passages);
    let verifier = Verifier::new(models.clone(), calibration.clone());
    let judged = verifier.judge(&sources, question, claim, Vec::new(), supported_from).await?;
    let evidence = judged.places.iter().map(|place| sources.text(place).to_owned()).collect();
    let (verdict, score, method) = (judged.verdict, judged.score, judged.method);
    Ok(JudgedClaim { verdict, score, method, missing: judged.missing, why: judged.why, evidence })
}

/// The share of the claim's words, by weight, that the evidence holds, 0 to 1: the score of the method
/// "words" before it is calibrated.
pub fn words_held(claim: &str, evidence: &str) -> f32 {
    Terms::of(claim).held_by(&[&Terms::of(evidence)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cite::tests::passage;

    #[tokio::test]
    async fn a_sentence_is_judged_by_its_words_and_facts_where_there_are_no_models() {
        let calibration = Calibration::built_in().unwrap();
        let passages = [passage(1, "Employees have 15 days of annual leave. Sick leave is paid.")];
        let judge = async |claim| {
            let models = SupportModels::default();
            judge_sentence(&models, &calibration, &passages, "", claim, 0.5).await.unwrap()
        };
        let said = judge("Employees have 15 days of annual leave.").await;
        assert_eq!((said.verdict, said.method), (Verdict::Supported, "quote"));
        assert_eq!(said.evidence, ["Employees have 15 days of annual leave."]);
        let wrong = judge("Employees have 25 days of annual leave.").await;
        assert_eq!((wrong.verdict, wrong.missing.len()), (Verdict::Unsupported, 1));
    }

    #[tokio::test]
    async fn sentences_of_a_document_are_about_what_its_title_names() {
        let calibration = Calibration::built_in().unwrap();
        let text = "Dilip Joshi is an Indian film and television actor. He has appeared in a number of serials. \
                    He acts mostly in comedy and plays the role of Jethalal in Chashmah.";
        let claim = "Dilip Joshi is an Indian film and television actor, acts mostly in comedy and plays the role of \
                     Jethalal in Chashmah.";
        let judge = async |title: &str| {
            let passages = [Passage { title: title.to_owned(), ..passage(1, text) }];
            let (models, question) = (SupportModels::default(), "Who plays Jethalal in Chashmah?");
            judge_sentence(&models, &calibration, &passages, question, claim, 0.5).await.unwrap()
        };
        let said = judge("Dilip Joshi").await;
        assert_eq!((said.verdict, said.evidence.len()), (Verdict::Supported, 2), "{}", said.why);
        assert_eq!(judge("Actors of the year").await.verdict, Verdict::Unsupported);
    }

    #[test]
    fn words_are_held_whole_in_part_or_not() {
        assert_eq!(words_held("annual leave", "Annual leave is paid."), 1.0);
        assert_eq!(words_held("annual leave", "Annual reports."), 0.5);
        assert_eq!(words_held("annual leave", "Nothing else"), 0.0);
    }
}
