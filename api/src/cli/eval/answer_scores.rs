//! What one answer is worth, and what all of them are.

use std::collections::HashMap;

use footnote_core::ids::DocumentId;
use footnote_core::verdict::{AnswerSentence, SentenceFate, Verdict};
use serde::Serialize;

use super::answers::Answered;
use super::intervals::{Interval, bootstrap_mean, mean, wilson};
use super::questions::{DocumentPage, Question};
use super::text_metrics::{TextScores, contains, overlap};

const SEED: u64 = 42;
/// Share of its tokens from which a sentence counts as the same as another.
const SAME_FROM: f64 = 0.5;

/// What one answer is worth; `None` where the data set does not tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AnswerScores {
    /// The whole answer against the references.
    pub(crate) whole: Option<TextScores>,
    /// Its best sentence.
    pub(crate) best_sentence: Option<TextScores>,
    contains_gold: Option<bool>,
    decision_right: Option<bool>,
    /// Sentences that claim something, and those of them that are supported.
    claims: usize,
    supported: usize,
    /// Citations that quote the evidence, and all; sentences of the evidence that are quoted, and all.
    citation_precision: Option<f64>,
    citation_recall: Option<f64>,
    page_hit: Option<bool>,
}

impl AnswerScores {
    /// An answer against what is known of it; `documents` are the service's by the data set's ids.
    pub(crate) fn of(
        question: &Question,
        answered: &Answered,
        documents: &HashMap<String, DocumentId>,
    ) -> Self {
        let answer = &answered.answer;
        let text = if answer.refused { String::new() } else { without_markers(&answer.text) };
        let is_judged = question.answerable && !question.references.is_empty();
        let references = is_judged.then_some(&question.references);
        let quotes: Vec<&str> = answer.citations.iter().map(|citation| citation.quote.as_str()).collect();
        let released =
            answer.sentences.iter().filter(|s| s.span.is_some() && s.verdict != Verdict::NotNeeded);
        let is_cited = |place: &DocumentPage| {
            let document = documents.get(&place.document);
            answer.citations.iter().any(|c| Some(&c.document) == document && c.page == Some(place.page))
        };
        let (precision, recall) = citation_scores(&quotes, &question.evidence);
        let has_evidence = question.answerable && !question.evidence.is_empty();
        Self {
            whole: references.map(|references| TextScores::best(&text, references)),
            best_sentence: references.map(|references| best_sentence(&text, references)),
            contains_gold: references.map(|r| r.iter().any(|reference| contains(&text, reference))),
            decision_right: question
                .decision
                .as_ref()
                .filter(|_| question.answerable)
                .map(|decision| Decision::of(&text).is_some_and(|read| read.name() == decision)),
            claims: released.clone().count(),
            supported: released.filter(|sentence| is_supported(sentence)).count(),
            citation_precision: precision.filter(|_| has_evidence),
            citation_recall: has_evidence.then_some(recall),
            page_hit: (question.answerable && !question.pages.is_empty())
                .then(|| question.pages.iter().any(is_cited)),
        }
    }
}

fn is_supported(sentence: &AnswerSentence) -> bool {
    match sentence.fate {
        SentenceFate::Kept => sentence.verdict == Verdict::Supported,
        // A sentence of the sources stands in its place.
        SentenceFate::Replaced => true,
        SentenceFate::Flagged | SentenceFate::Dropped => false,
    }
}

fn best_sentence(text: &str, references: &[String]) -> TextScores {
    let sentences = footnote_generator::sentences(text);
    sentences.into_iter().fold(TextScores::best(text, references), |best, sentence| {
        let scores = TextScores::best(sentence, references);
        TextScores {
            exact_match: best.exact_match.max(scores.exact_match),
            token_f1: best.token_f1.max(scores.token_f1),
            rouge_l: best.rouge_l.max(scores.rouge_l),
        }
    })
}

/// Share of the quotes that lie in the evidence, `None` for none, and the largest share of a set of
/// evidence that is quoted.
fn citation_scores(quotes: &[&str], evidence: &[Vec<String>]) -> (Option<f64>, f64) {
    let in_evidence = |quote: &&&str| {
        evidence.iter().flatten().any(|sentence| overlap(quote, sentence).either() >= SAME_FROM)
    };
    let right = quotes.iter().filter(in_evidence).count();
    let is_quoted =
        |sentence: &&String| quotes.iter().any(|quote| overlap(sentence, quote).of_first >= SAME_FROM);
    let recall = |set: &Vec<String>| set.iter().filter(is_quoted).count() as f64 / set.len().max(1) as f64;
    let precision = (!quotes.is_empty()).then(|| right as f64 / quotes.len() as f64);
    (precision, evidence.iter().map(recall).fold(0.0, f64::max))
}

/// An answer's text without its `[n]`.
pub(crate) fn without_markers(text: &str) -> String {
    footnote_generator::without_markers(text).trim().to_owned()
}

/// What an answer comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Yes,
    No,
    Maybe,
}

impl Decision {
    fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Maybe => "maybe",
        }
    }

    /// Reads it by rules: the first word where it decides, else doubt, else denial, else assent. A rough
    /// reading, the same for every system. `None` for no answer.
    fn of(text: &str) -> Option<Self> {
        const DOUBT: [&str; 9] = [
            "maybe",
            "unclear",
            "inconclusive",
            "uncertain",
            "cannot be determined",
            "further research",
            "further studies",
            "not conclusive",
            "mixed results",
        ];
        const DENIAL: [&str; 11] = [
            " not ",
            "n't ",
            " no ",
            "neither",
            "failed to",
            "unlikely",
            " never ",
            "no significant",
            "without any",
            "nor ",
            "cannot",
        ];
        let text = text.to_lowercase();
        let first: String =
            text.chars().skip_while(|c| !c.is_alphanumeric()).take_while(|c| c.is_alphanumeric()).collect();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        Some(match first.as_str() {
            "" => return None,
            "yes" => Self::Yes,
            "no" => Self::No,
            "maybe" | "possibly" | "perhaps" => Self::Maybe,
            _ if has(&DOUBT) => Self::Maybe,
            _ if has(&DENIAL) => Self::No,
            _ => Self::Yes,
        })
    }
}

/// What all answers are worth. Means over the questions of which the data set tells.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    questions: usize,
    answerable: usize,
    whole: Option<TextScores>,
    best_sentence: Option<TextScores>,
    token_f1: Option<f64>,
    token_f1_interval: Option<Interval>,
    contains_gold: Option<f64>,
    contains_gold_interval: Option<Interval>,
    supported_sentences: Option<f64>,
    supported_sentences_interval: Option<Interval>,
    /// Share of answerable questions, and of others.
    refused: Option<f64>,
    unanswerable_refused: Option<f64>,
    /// Share of the refused that are unanswerable, and of the unanswerable that are refused; `None` where the set has no
    /// unanswerable question.
    refusal_precision: Option<f64>,
    refusal_precision_interval: Option<Interval>,
    refusal_recall: Option<f64>,
    refusal_recall_interval: Option<Interval>,
    citation_precision: Option<f64>,
    citation_recall: Option<f64>,
    page_hit: Option<f64>,
    decision_accuracy: Option<f64>,
    first_token_seconds: Times,
    seconds: Times,
    prompt_tokens: f64,
    completion_tokens: f64,
}

/// Seconds.
#[derive(Debug, Serialize)]
struct Times {
    mean: f64,
    p50: f64,
    p95: f64,
}

impl Times {
    fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let last = seconds.len().saturating_sub(1);
            seconds.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
        };
        Self { mean: mean(seconds.iter().copied()), p50: at(0.5), p95: at(0.95) }
    }
}

impl Summary {
    /// The answers with their scores, in the order of the questions.
    pub(crate) fn of(questions: &[Question], answered: &[Answered], scores: &[AnswerScores]) -> Self {
        let of_kind = |answerable: bool| -> Vec<f64> {
            let pairs =
                questions.iter().zip(answered).filter(|(question, _)| question.answerable == answerable);
            pairs.map(|(_, answered)| f64::from(u8::from(answered.answer.refused))).collect()
        };
        let rightly = rightly_refused(questions, answered);
        let contains = shares(scores, |s| s.contains_gold);
        let f1: Vec<f64> = scores.iter().filter_map(|s| Some(s.best_sentence?.token_f1)).collect();
        let (claims, supported) =
            scores.iter().fold((0, 0), |sums, s| (sums.0 + s.claims, sums.1 + s.supported));
        let tokens = |count: fn(&Answered) -> usize| mean(answered.iter().map(|a| count(a) as f64));
        Self {
            questions: questions.len(),
            answerable: of_kind(true).len(),
            whole: mean_scores(scores.iter().filter_map(|s| s.whole)),
            best_sentence: mean_scores(scores.iter().filter_map(|s| s.best_sentence)),
            token_f1: mean_of(&f1),
            token_f1_interval: bootstrap_mean(&f1, SEED),
            contains_gold: mean_of(&contains),
            contains_gold_interval: share_interval(&contains),
            supported_sentences: (claims > 0).then(|| supported as f64 / claims as f64),
            supported_sentences_interval: (claims > 0).then(|| wilson(supported as f64, claims)),
            refused: mean_of(&of_kind(true)),
            unanswerable_refused: mean_of(&of_kind(false)),
            refusal_precision: mean_of(&rightly),
            refusal_precision_interval: share_interval(&rightly),
            refusal_recall: mean_of(&of_kind(false)),
            refusal_recall_interval: share_interval(&of_kind(false)),
            citation_precision: mean_of(
                &scores.iter().filter_map(|s| s.citation_precision).collect::<Vec<_>>(),
            ),
            citation_recall: mean_of(&scores.iter().filter_map(|s| s.citation_recall).collect::<Vec<_>>()),
            page_hit: mean_of(&shares(scores, |s| s.page_hit)),
            decision_accuracy: mean_of(&shares(scores, |s| s.decision_right)),
            first_token_seconds: Times::of(answered.iter().map(|a| a.first_token_seconds).collect()),
            seconds: Times::of(answered.iter().map(|a| a.seconds).collect()),
            prompt_tokens: tokens(|a| a.answer.usage.prompt_tokens),
            completion_tokens: tokens(|a| a.answer.usage.completion_tokens),
        }
    }
}

/// Of every question that was refused, whether that was right: 1 or 0. Nothing where no question is unanswerable.
fn rightly_refused(questions: &[Question], answered: &[Answered]) -> Vec<f64> {
    if questions.iter().all(|question| question.answerable) {
        return Vec::new();
    }
    let refused = questions.iter().zip(answered).filter(|(_, answered)| answered.answer.refused);
    refused.map(|(question, _)| f64::from(u8::from(!question.answerable))).collect()
}

fn shares(scores: &[AnswerScores], of: fn(&AnswerScores) -> Option<bool>) -> Vec<f64> {
    scores.iter().filter_map(of).map(|is| f64::from(u8::from(is))).collect()
}

fn mean_of(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| mean(values.iter().copied()))
}

fn share_interval(values: &[f64]) -> Option<Interval> {
    (!values.is_empty()).then(|| wilson(values.iter().sum(), values.len()))
}

fn mean_scores(scores: impl Iterator<Item = TextScores>) -> Option<TextScores> {
    let scores: Vec<TextScores> = scores.collect();
    let mean = |of: fn(&TextScores) -> f64| mean(scores.iter().map(of));
    (!scores.is_empty()).then(|| TextScores {
        exact_match: mean(|s| s.exact_match),
        token_f1: mean(|s| s.token_f1),
        rouge_l: mean(|s| s.rouge_l),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_go_and_other_brackets_stay() {
        assert_eq!(
            without_markers("Leave is 15 days [1][2]. See [a] and x[3]."),
            "Leave is 15 days. See [a] and x."
        );
        assert_eq!(without_markers("年假15天[1]。"), "年假15天。");
        assert_eq!(without_markers("open [1"), "open [1");
    }

    #[test]
    fn decisions_are_read() {
        for (text, decision) in [
            ("Yes, they do.", Some(Decision::Yes)),
            ("**No**: nothing changed.", Some(Decision::No)),
            ("The drug did not lower mortality.", Some(Decision::No)),
            ("Results are inconclusive; it did not help.", Some(Decision::Maybe)),
            ("The drug lowers mortality.", Some(Decision::Yes)),
            ("", None),
        ] {
            assert_eq!(Decision::of(text), decision, "{text}");
        }
    }

    #[test]
    fn citations_are_held_against_the_best_set_of_evidence() {
        let set = |sentences: &[&str]| sentences.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let evidence = [set(&["one two three four", "five six seven eight"]), set(&["nine ten eleven"])];
        assert_eq!(citation_scores(&["one two three four", "other words"], &evidence), (Some(0.5), 0.5));
        assert_eq!(citation_scores(&["nine ten"], &evidence), (Some(1.0), 1.0));
        assert_eq!(citation_scores(&[], &evidence), (None, 0.0));
    }

    #[test]
    fn quantiles_are_of_the_sorted_seconds() {
        let times = Times::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((times.mean, times.p50, times.p95), (2.0, 2.0, 3.0));
        assert_eq!(Times::of(Vec::new()).p95, 0.0);
    }

    #[test]
    fn the_best_sentence_counts_alone() {
        let references = ["ten days".to_owned()];
        let scores = best_sentence("Ask the office first. Ten days.", &references);
        assert_eq!((scores.exact_match, scores.token_f1), (1.0, 1.0));
    }
}
