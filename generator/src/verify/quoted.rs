//! When a supported sentence gives way to the source's own words, and to which.

use footnote_core::question::is_chinese;

use super::aligned::{is_same, words};
use super::{Judgement, Place, Sources, SupportMethod, copied, missing_facts};
use crate::support::Terms;

/// What vouches for a sentence without being certain. Embeddings do where the language model is too busy to be asked.
const UNCERTAIN: [SupportMethod; 2] = [SupportMethod::Generator, SupportMethod::Embeddings];
/// Terms of a sentence that one more place has to lend to be quoted beside the others.
const LENT: usize = 2;

impl Sources {
    /// Whether the places of a supported sentence say for certain what the sentence itself may not: it is a copy that
    /// is not exact, or nothing but the language model's yes or its embedding supports it. Between languages, of rows,
    /// and where the sentence tells whether the answer is yes, no words of the sources can take its place.
    pub(crate) fn are_better_quoted(&self, judgement: &Judgement, claim: &str, question: &str) -> bool {
        let places = judgement.places.as_slice();
        let is_of_row = |place: &Place| self.header_of_row(place).is_some();
        if self.language_of(places) != Some(is_chinese(claim))
            || places.iter().any(is_of_row)
            || copied::replies(claim)
        {
            return false;
        }
        let is_near_copy = |place: &Place| copied::is_near_copy(claim, self.text(place), question);
        UNCERTAIN.iter().any(|method| judgement.method == method.name())
            || self.is_one_sentence(places) && places.iter().any(is_near_copy)
    }

    /// Those of the places, best first, that `claim` needs: the others lend it no fact and hardly a word.
    pub(crate) fn needed(&self, mut places: Vec<Place>, claim: &str, question: &str) -> Vec<Place> {
        let terms = Terms::of(claim);
        let shared = |places: &[Place]| {
            let held: Vec<Terms> = places.iter().map(|place| Terms::of(self.text(place))).collect();
            terms.shared_with(&held.iter().collect::<Vec<_>>())
        };
        let missing = missing_facts(self, question, claim, &places).len();
        for at in (1..places.len()).rev() {
            let mut rest = places.clone();
            rest.remove(at);
            let is_needed = missing_facts(self, question, claim, &rest).len() > missing
                || shared(&places).saturating_sub(shared(&rest)) >= LENT;
            if !is_needed {
                places = rest;
            }
        }
        places
    }

    /// The places whose words do not stand in `said`.
    pub(crate) fn unsaid(&self, mut places: Vec<Place>, said: &str) -> Vec<Place> {
        places.retain(|place| !is_said(self.text(place), said));
        places
    }
}

/// Whether the words of `claim` stand in a row in what the answer says already.
pub(crate) fn is_said(claim: &str, said: &str) -> bool {
    let (claim, said) = (words(claim), words(said));
    let is_alike = |run: &[&str]| run.iter().zip(&claim).all(|(a, b)| is_same(a, b));
    !claim.is_empty() && said.windows(claim.len()).any(is_alike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cite::tests::passage;

    #[test]
    fn what_stands_in_an_answer_is_said() {
        let said = "It was decided in 1969 [1]; this eliminated Apollo 20. 员工年假为15天。";
        for claim in ["This eliminated Apollo 20.", "年假为15天。", "It was decided in 1969"] {
            assert!(is_said(claim, said), "{claim}");
        }
        for claim in
            ["This eliminated Apollo 2.", "年假为5天。", "It was decided this eliminated Apollo.", "", "…"]
        {
            assert!(!is_said(claim, said), "{claim}");
        }
        assert!(!is_said("So it is.", ""));
    }

    #[test]
    fn a_place_that_lends_a_word_alone_is_not_quoted_and_one_that_lends_a_fact_is() {
        let sources = Sources::new(&[
            passage(1, "Medallion Financial Corp. is a finance company organized as a Delaware corporation."),
            passage(2, "The papers of Medallion Financial Corp. are incorporated by reference."),
            passage(3, "It has 5 cylinders. The company Energiprojekt AB built the engine."),
        ]);
        let places: Vec<Place> = sources.sentences().collect();
        let needed = |of: &[usize], claim| {
            let given = of.iter().map(|at| places[*at].clone()).collect();
            sources.needed(given, claim, "").len()
        };
        assert_eq!(needed(&[0, 1], "Medallion Financial Corp. is incorporated in Delaware."), 1);
        assert_eq!(needed(&[2, 3], "The engine of Energiprojekt AB has 5 cylinders."), 2);
        assert_eq!(needed(&[2], "The engine of Energiprojekt AB has 5 cylinders."), 1);
        assert_eq!(needed(&[], "The engine has 5 cylinders."), 0);
        let text = "Staff rest on Fridays. They also receive paid lunches and travel vouchers.";
        let sources = Sources::new(&[passage(1, text)]);
        let places = sources.sentences().collect();
        let claim = "Staff rest on Fridays and receive lunches and vouchers.";
        assert_eq!(sources.needed(places, claim, "").len(), 2, "the second says half of it");
    }
}
