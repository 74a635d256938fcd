//! Pairs of a sentence and its evidence of which people said that one supports the other, and pairs of
//! which they did not.

use footnote_generator::verify::words_held;

use super::language::Language;
use super::questions::{Question, QuestionSet};
use super::text_metrics::{overlap, tokens};

/// Tokens from which an answer may be a sentence by itself.
const SENTENCE_FROM: usize = 6;
/// Evidence of other questions that is looked at for a false pair.
const LOOKED_AT: usize = 200;
/// Share of common tokens from which two pieces of evidence count as the same.
const SAME_FROM: f64 = 0.5;

/// A sentence and what may support it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pair {
    /// The question's id.
    pub(crate) id: String,
    /// What is claimed.
    pub(crate) claim: String,
    /// What may support it.
    pub(crate) evidence: String,
    /// Whether it does.
    pub(crate) supported: bool,
}

/// A true pair for each question that has an answer and its evidence, and a false one with the evidence of
/// another question: of the same document where there is one, that which shares most words with the claim.
pub(crate) fn of(set: &QuestionSet, limit: Option<usize>) -> Vec<Pair> {
    let proved: Vec<(&Question, String, String)> = set
        .questions
        .iter()
        .filter(|question| question.answerable)
        .filter_map(|question| Some((question, claim(question)?, question.evidence.first()?.join(" "))))
        .collect();
    let mut pairs = Vec::new();
    for (at, (question, claim, evidence)) in proved.iter().enumerate().take(limit.unwrap_or(usize::MAX)) {
        let pair = |evidence: &str, supported| Pair {
            id: question.id.clone(),
            claim: claim.clone(),
            evidence: evidence.to_owned(),
            supported,
        };
        pairs.push(pair(evidence, true));
        let others: Vec<&(&Question, String, String)> = proved
            .iter()
            .cycle()
            .skip(at + 1)
            .take(proved.len() - 1)
            .filter(|(_, _, other)| overlap(other, evidence).either() < SAME_FROM)
            .collect();
        let same_document: Vec<_> = others
            .iter()
            .copied()
            .filter(|(other, ..)| other.documents.iter().any(|id| question.documents.contains(id)))
            .collect();
        let others = if same_document.is_empty() { others } else { same_document };
        let nearest = others
            .into_iter()
            .take(LOOKED_AT)
            .map(|(_, _, other)| (words_held(claim, other), other))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        pairs.extend(nearest.map(|(_, other)| pair(other, false)));
    }
    pairs
}

/// What the answer claims: its first sentence, or, where it is no sentence, question and answer together.
fn claim(question: &Question) -> Option<String> {
    let answer = question.references.first()?;
    let is_sentence = |text: &str| {
        tokens(text, Language::of(text)).len() >= SENTENCE_FROM
            && text.ends_with(['.', '!', '。', '！', ';', '；'])
    };
    let sentences = footnote_generator::sentences(answer);
    let sentence = sentences.into_iter().find(|sentence| is_sentence(sentence));
    Some(sentence.map_or_else(|| format!("{} {answer}", question.text), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(id: &str, document: &str, answer: &str, evidence: &str) -> Question {
        Question {
            id: id.to_owned(),
            text: format!("question {id}?"),
            references: vec![answer.to_owned()],
            documents: vec![document.to_owned()],
            evidence: vec![vec![evidence.to_owned()]],
            answerable: true,
            ..Question::default()
        }
    }

    #[test]
    fn each_answer_is_paired_with_its_evidence_and_the_nearest_other() {
        let mut unanswerable = question("u", "d", "x", "x");
        unanswerable.answerable = false;
        let questions = vec![
            question("1", "d", "Annual leave is fifteen days a year.", "annual leave fifteen days"),
            question("2", "d", "ten", "sick notes within ten days"),
            question("3", "e", "blue", "sky colour annual leave blue"),
            unanswerable,
        ];
        let set = QuestionSet { name: String::new(), corpus: Vec::new(), questions, within_context: false };
        let pairs = of(&set, None);
        let shown: Vec<_> =
            pairs.iter().map(|p| (p.claim.as_str(), p.evidence.as_str(), p.supported)).collect();
        let first = "Annual leave is fifteen days a year.";
        assert_eq!(shown[0], (first, "annual leave fifteen days", true));
        assert_eq!(shown[1], (first, "sick notes within ten days", false), "of the same document");
        assert_eq!(shown[2], ("question 2? ten", "sick notes within ten days", true));
        assert_eq!(pairs.len(), 6);
        assert_eq!(of(&set, Some(1)).len(), 2);
    }
}
