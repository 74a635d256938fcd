//! Judged answers as the lines that trainers and evaluations read; `docs/feedback.md` has the formats
//! with their sources.

use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::feedback::{Feedback, JointOpinion, PreferredPassage, Rating};
use footnote_core::forgetting::MASK;
use footnote_core::ids::{DocumentId, MessageId, VersionId};
use footnote_core::receipt::Receipt;
use footnote_generator::without_markers;
use serde::Serialize;
use serde_json::{Value, json};

/// What an export is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Supervised fine-tuning: `messages`.
    Sft,
    /// Preference training with TRL: `prompt`, `chosen`, `rejected`.
    Preference,
    /// Preference training with ModelScope SWIFT: `messages`, `rejected_response`.
    PreferenceSwift,
    /// Training on thumbs alone with TRL (KTO): `prompt`, `completion`, `label`.
    UnpairedPreference,
    /// Training on thumbs alone with ModelScope SWIFT (KTO): `messages`, `label`.
    UnpairedPreferenceSwift,
    /// Questions with their answers and evidence, as `qa.jsonl` of a data set has them.
    Evaluation,
}

/// A judged question of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvaluationLine {
    /// The id of the answer that was judged.
    pub id: MessageId,
    /// The question, made to stand alone.
    pub question: String,
    /// What is right to answer; empty where nobody said so, and where there is no answer.
    pub answers: Vec<String>,
    /// The documents that hold the evidence.
    pub doc_ids: Vec<DocumentId>,
    /// The evidence: one list for the answer, none where there is no evidence.
    pub evidence_sentences: Vec<Vec<String>>,
    /// Whether the documents hold an answer.
    pub answerable: bool,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) document: DocumentId,
    pub(super) version: VersionId,
    pub(super) text: String,
}

impl From<&PreferredPassage> for Source {
    fn from(passage: &PreferredPassage) -> Self {
        Self { document: passage.document, version: passage.version, text: passage.text.clone() }
    }
}

/// An answer with what people think of it: of its receipt only what exports need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JudgedAnswer {
    id: MessageId,
    question: String,
    searched: Vec<String>,
    follows_others: bool,
    prompt: Vec<ChatMessage>,
    text: String,
    refused: bool,
    cited: Vec<Source>,
    /// Whether it was made from documents that were deleted since: there is no prompt to learn from.
    is_forgotten: bool,
    opinion: JointOpinion,
}

impl JudgedAnswer {
    pub(super) fn of(receipt: Receipt, opinions: &[Feedback]) -> Self {
        let Receipt { id, body, .. } = receipt;
        let citations = body.answer.citations.into_iter().filter(|citation| !citation.is_forgotten());
        let cited = citations.map(|citation| Source {
            document: citation.document,
            version: citation.version,
            text: citation.quote,
        });
        Self {
            id,
            question: body.question,
            searched: body.searched,
            follows_others: !body.history.is_empty() || body.summary.is_some(),
            prompt: body.prompt,
            text: body.answer.text,
            refused: body.answer.refused,
            cited: cited.collect(),
            is_forgotten: !body.forgotten.is_empty(),
            opinion: JointOpinion::of(opinions),
        }
    }

    /// What the answer should rest on: the preferred passages, else what a good answer cites.
    pub(super) fn evidence(&self) -> Vec<Source> {
        if !self.opinion.preferred.is_empty() {
            let preferred = self.opinion.preferred.iter().filter(|passage| !passage.is_forgotten());
            return preferred.map(Source::from).collect();
        }
        match self.opinion.is_good() {
            true => self.cited.clone(),
            false => Vec::new(),
        }
    }

    /// What is right to answer, where somebody said so. A good refusal is no answer: retrieval decides to
    /// refuse, and a model that learnt it would refuse what it can answer.
    fn right_answer(&self) -> Option<&str> {
        let is_good = self.opinion.is_good() && !self.refused && !self.text.contains(MASK);
        let good = is_good.then_some(self.text.as_str());
        self.opinion.corrected.as_deref().or(good)
    }

    /// The correction, where it says something else than the answer.
    fn correction(&self) -> Option<&str> {
        self.opinion.corrected.as_deref().filter(|corrected| corrected.trim() != self.text.trim())
    }

    /// Whether the answer is desirable, where thumbs say so. That of a good refusal is not told: as in
    /// [`Self::right_answer`].
    fn label(&self) -> Option<bool> {
        match self.opinion.rating? {
            Rating::Up if self.refused => None,
            rating => (!self.text.contains(MASK)).then_some(rating == Rating::Up),
        }
    }

    /// The turns before the answer: those that the model was given, or the question alone where no model
    /// was asked.
    fn prompt(&self) -> Vec<ChatMessage> {
        if self.prompt.is_empty() {
            return vec![ChatMessage { role: MessageRole::User, content: self.question.clone() }];
        }
        self.prompt.clone()
    }

    fn prompt_with_answer(&self, answer: &str) -> Vec<ChatMessage> {
        let mut messages = self.prompt();
        messages.push(assistant(answer));
        messages
    }

    fn standalone_question(&self) -> String {
        match self.follows_others && !self.searched.is_empty() {
            true => self.searched.join("\n"),
            false => self.question.clone(),
        }
    }
}

/// The answer's line, where the format has one for it.
pub(super) fn line(format: ExportFormat, answer: &JudgedAnswer) -> Option<Value> {
    if answer.is_forgotten && format != ExportFormat::Evaluation {
        return None;
    }
    match format {
        ExportFormat::Sft => sft(answer),
        ExportFormat::Preference => preference(answer),
        ExportFormat::PreferenceSwift => preference_swift(answer),
        ExportFormat::UnpairedPreference => unpaired_preference(answer),
        ExportFormat::UnpairedPreferenceSwift => unpaired_preference_swift(answer),
        ExportFormat::Evaluation => evaluation(answer).map(|line| json!(line)),
    }
}

fn sft(answer: &JudgedAnswer) -> Option<Value> {
    let messages = answer.prompt_with_answer(answer.right_answer()?);
    Some(json!({ "messages": messages }))
}

fn preference(answer: &JudgedAnswer) -> Option<Value> {
    let chosen = answer.correction()?;
    Some(json!({
        "prompt": answer.prompt(),
        "chosen": [assistant(chosen)],
        "rejected": [assistant(&answer.text)],
    }))
}

fn preference_swift(answer: &JudgedAnswer) -> Option<Value> {
    let messages = answer.prompt_with_answer(answer.correction()?);
    Some(json!({ "messages": messages, "rejected_response": answer.text }))
}

fn unpaired_preference(answer: &JudgedAnswer) -> Option<Value> {
    let label = answer.label()?;
    let completion = [assistant(&answer.text)];
    Some(json!({ "prompt": answer.prompt(), "completion": completion, "label": label }))
}

fn unpaired_preference_swift(answer: &JudgedAnswer) -> Option<Value> {
    let label = answer.label()?;
    Some(json!({ "messages": answer.prompt_with_answer(&answer.text), "label": label }))
}

/// The answer as a judged question, where anything is known of what is right.
pub(super) fn evaluation(answer: &JudgedAnswer) -> Option<EvaluationLine> {
    if answer.is_forgotten && answer.follows_others {
        return None; // what was asked is gone with what it followed
    }
    let right = answer.right_answer();
    let evidence = answer.evidence();
    let is_rightly_refused = right.is_none() && answer.refused && answer.opinion.is_good();
    if right.is_none() && evidence.is_empty() && !is_rightly_refused {
        return None;
    }
    let mut doc_ids: Vec<DocumentId> = Vec::new();
    for source in &evidence {
        if !doc_ids.contains(&source.document) {
            doc_ids.push(source.document);
        }
    }
    let texts: Vec<String> = evidence.into_iter().map(|source| source.text).collect();
    Some(EvaluationLine {
        id: answer.id,
        question: answer.standalone_question(),
        // A reference is what is said, without the numbers of the passages of then.
        answers: right.map(|text| without_markers(text).trim().to_owned()).into_iter().collect(),
        answerable: right.is_some() || !texts.is_empty(),
        doc_ids,
        evidence_sentences: if texts.is_empty() { Vec::new() } else { vec![texts] },
    })
}

fn assistant(content: &str) -> ChatMessage {
    ChatMessage { role: MessageRole::Assistant, content: content.to_owned() }
}

#[cfg(test)]
mod tests {
    use footnote_core::text::Span;

    use super::*;

    fn source(text: &str) -> Source {
        Source { document: DocumentId::new(), version: VersionId::new(), text: text.to_owned() }
    }

    fn answer(rating: Option<Rating>, corrected: Option<&str>) -> JudgedAnswer {
        let turn = |role, content: &str| ChatMessage { role, content: content.to_owned() };
        JudgedAnswer {
            id: MessageId::new(),
            question: "How long?".to_owned(),
            searched: vec!["How long is leave?\nHow long?".to_owned()],
            follows_others: false,
            prompt: vec![
                turn(MessageRole::System, "Cite."),
                turn(MessageRole::User, "[1] Ten days.\nHow long?"),
            ],
            text: "Ten days [1].".to_owned(),
            refused: false,
            cited: vec![source("ten days")],
            is_forgotten: false,
            opinion: JointOpinion { rating, corrected: corrected.map(str::to_owned), preferred: Vec::new() },
        }
    }

    fn refusal(rating: Option<Rating>, corrected: Option<&str>) -> JudgedAnswer {
        let text = "I do not know.".to_owned();
        JudgedAnswer {
            prompt: Vec::new(),
            text,
            refused: true,
            cited: Vec::new(),
            ..answer(rating, corrected)
        }
    }

    #[test]
    fn fine_tuning_learns_corrections_and_good_answers_from_the_exact_prompt() {
        let prompt = [
            json!({"role": "system", "content": "Cite."}),
            json!({"role": "user", "content": "[1] Ten days.\nHow long?"}),
        ];
        let turns =
            |content: &str| [&prompt[..], &[json!({"role": "assistant", "content": content})]].concat();
        let good = line(ExportFormat::Sft, &answer(Some(Rating::Up), None));
        assert_eq!(good, Some(json!({"messages": turns("Ten days [1].")})));
        let corrected = line(ExportFormat::Sft, &answer(Some(Rating::Down), Some("Twelve.")));
        assert_eq!(corrected, Some(json!({"messages": turns("Twelve.")})));
        assert_eq!(line(ExportFormat::Sft, &answer(Some(Rating::Down), None)), None);
        assert_eq!(line(ExportFormat::Sft, &refusal(Some(Rating::Up), None)), None);
        let asked = line(ExportFormat::Sft, &refusal(None, Some("Twelve."))).unwrap();
        assert_eq!(asked["messages"][0], json!({"role": "user", "content": "How long?"}));
        assert_eq!(asked["messages"].as_array().unwrap().len(), 2, "the question alone");
    }

    #[test]
    fn what_was_made_from_a_deleted_document_teaches_nothing() {
        let answer = JudgedAnswer { is_forgotten: true, ..answer(Some(Rating::Up), Some("Twelve.")) };
        for format in [
            ExportFormat::Sft,
            ExportFormat::Preference,
            ExportFormat::PreferenceSwift,
            ExportFormat::UnpairedPreference,
            ExportFormat::UnpairedPreferenceSwift,
        ] {
            assert_eq!(line(format, &answer), None);
        }
        assert_eq!(evaluation(&answer).unwrap().answers, ["Twelve."], "people's words stay");
        let follows = JudgedAnswer { follows_others: true, ..answer.clone() };
        assert_eq!(evaluation(&follows), None, "nobody knows what was asked");
        let good =
            JudgedAnswer { opinion: JointOpinion { corrected: None, ..answer.opinion.clone() }, ..answer };
        assert_eq!(evaluation(&good).unwrap().answers, ["Ten days."], "what others prove stays");
        let gone =
            JudgedAnswer { text: footnote_core::forgetting::masked(&good.text), cited: Vec::new(), ..good };
        assert_eq!(evaluation(&gone), None);
    }

    #[test]
    fn preferences_are_corrections_over_answers() {
        let corrected = answer(None, Some("Twelve."));
        let trl = line(ExportFormat::Preference, &corrected).unwrap();
        assert_eq!(trl["prompt"].as_array().unwrap().len(), 2);
        assert_eq!(trl["chosen"], json!([{"role": "assistant", "content": "Twelve."}]));
        assert_eq!(trl["rejected"], json!([{"role": "assistant", "content": "Ten days [1]."}]));
        let swift = line(ExportFormat::PreferenceSwift, &corrected).unwrap();
        assert_eq!(swift["messages"][2], json!({"role": "assistant", "content": "Twelve."}));
        assert_eq!(swift["rejected_response"], "Ten days [1].");
        for format in [ExportFormat::Preference, ExportFormat::PreferenceSwift] {
            assert_eq!(line(format, &answer(Some(Rating::Up), None)), None);
            assert_eq!(line(format, &answer(None, Some("Ten days [1]. "))), None, "nothing to prefer");
        }
    }

    #[test]
    fn thumbs_alone_label_the_answer() {
        let (trl, swift) = (ExportFormat::UnpairedPreference, ExportFormat::UnpairedPreferenceSwift);
        let said = json!({"role": "assistant", "content": "Ten days [1]."});
        for (rating, label) in [(Rating::Up, true), (Rating::Down, false)] {
            let rated = answer(Some(rating), None);
            let prompt = [
                json!({"role": "system", "content": "Cite."}),
                json!({"role": "user", "content": "[1] Ten days.\nHow long?"}),
            ];
            let expected = json!({"prompt": prompt, "completion": [said], "label": label});
            assert_eq!(line(trl, &rated), Some(expected));
            let messages = [&prompt[..], std::slice::from_ref(&said)].concat();
            assert_eq!(line(swift, &rated), Some(json!({"messages": messages, "label": label})));
        }
        for format in [trl, swift] {
            assert_eq!(line(format, &answer(None, Some("Twelve."))), None, "no thumbs");
            let corrected = line(format, &answer(Some(Rating::Down), Some("Twelve."))).unwrap();
            assert_eq!(corrected["label"], false, "a correction takes no thumbs away");
            assert_eq!(line(format, &refusal(Some(Rating::Up), None)), None);
            assert_eq!(line(format, &refusal(Some(Rating::Down), None)).unwrap()["label"], false);
        }
    }

    #[test]
    fn an_evaluation_has_answers_with_their_evidence() {
        let good = answer(Some(Rating::Up), None);
        let line = evaluation(&good).unwrap();
        assert_eq!((line.answers, line.answerable), (vec!["Ten days.".to_owned()], true));
        assert_eq!(line.doc_ids, [good.cited[0].document]);
        assert_eq!(line.evidence_sentences, [["ten days"]]);
        assert_eq!(line.question, "How long?");

        let mut preferred = answer(Some(Rating::Down), Some("Twelve."));
        let unproved = evaluation(&preferred).unwrap();
        assert!(unproved.doc_ids.is_empty(), "what a bad answer cites proves nothing");
        let passage = PreferredPassage {
            document: DocumentId::new(),
            version: VersionId::new(),
            span: Span::new(3, 14),
            text: "twelve days".to_owned(),
        };
        preferred.opinion.preferred = vec![passage.clone(), passage.clone()];
        preferred.follows_others = true;
        let line = evaluation(&preferred).unwrap();
        assert_eq!(line.doc_ids, [passage.document], "each document once");
        assert_eq!(line.evidence_sentences, [["twelve days", "twelve days"]]);
        assert_eq!(line.question, "How long is leave?\nHow long?", "it stands alone");

        let unanswerable = evaluation(&refusal(Some(Rating::Up), None)).unwrap();
        assert!(!unanswerable.answerable && unanswerable.answers.is_empty());
        assert!(evaluation(&refusal(None, Some("Twelve."))).unwrap().answerable);
        assert_eq!(evaluation(&answer(Some(Rating::Down), None)), None);
    }
}
