//! A sheet of released sentences to be judged by hand: does what is quoted say what the sentence says?
//!
//! One heading per question, one list item per sentence that claims something, its quotes below it. What the
//! verifier thought of a sentence is left out, so that the judge is blind to it.

use std::fmt::Write as _;

use footnote_core::answer::Answer;
use footnote_core::text::CanonicalText;
use footnote_core::verdict::{AnswerSentence, SentenceFate, Verdict};

use super::answers::Answered;

/// The sheet of these answers.
pub(crate) fn of(answered: &[Answered]) -> String {
    let mut sheet = String::new();
    for Answered { question, answer, .. } in answered {
        let sentences = judged(answer);
        if sentences.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(sheet, "## {}\n", one_line(question));
        for (sentence, quotes) in sentences {
            let _ = writeln!(sheet, "- [ ] {}", one_line(&sentence));
            for (title, quote) in quotes {
                let _ = writeln!(sheet, "  - {}: “{}”", one_line(title), one_line(quote));
            }
        }
        sheet.push('\n');
    }
    sheet
}

/// The released sentences that claim something, each with its quotes and their titles. In place of what was replaced
/// stand the words that replaced it.
fn judged(answer: &Answer) -> Vec<(String, Vec<(&str, &str)>)> {
    let text = CanonicalText::new(answer.text.as_str());
    let claims = answer.sentences.iter().filter(|s| s.verdict != Verdict::NotNeeded && !answer.refused);
    let released = claims.filter_map(|sentence| Some((sentence, released(&text, sentence)?)));
    released
        .map(|(sentence, text)| {
            let cited = sentence.citations.iter().filter_map(|at| answer.citations.get(*at));
            (text, cited.map(|c| (c.title.as_str(), c.quote.as_str())).collect())
        })
        .collect()
}

/// What the answer says for a sentence, unless it was dropped.
fn released(answer: &CanonicalText, sentence: &AnswerSentence) -> Option<String> {
    match sentence.fate {
        SentenceFate::Kept | SentenceFate::Flagged => Some(sentence.text.clone()),
        SentenceFate::Replaced => answer.slice(sentence.span?).map(str::to_owned),
        SentenceFate::Dropped => None,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sentence(text: &str, verdict: &str, fate: &str) -> Value {
        let span = (fate == "replaced").then(|| json!({"start": 2, "end": 11}));
        json!({
            "text": text, "span": span, "citations": [0, 9], "verdict": verdict, "score": 0.5, "method": "words",
            "missing": [], "why": "", "fate": fate,
        })
    }

    #[test]
    fn released_claims_stand_with_their_quotes_and_without_a_verdict() {
        let answer = json!({
            "text": "年：Ten days. [1] …",
            "citations": [{
                "number": 1, "answer_span": {"start": 0, "end": 1}, "title": "Leave\npolicy", "document_key": "a.md",
                "document": uuid::Uuid::nil(), "version": uuid::Uuid::nil(), "version_hash": "0".repeat(64),
                "page": null, "heading_path": [], "source_span": {"start": 0, "end": 1}, "score": 0.5,
                "quote": "Ten days,\nno more.",
            }],
            "sentences": [
                sentence("It is ten days.", "supported", "kept"),
                sentence("It is eleven.", "unsupported", "dropped"),
                sentence("It is about ten.", "unsupported", "flagged"),
                sentence("Ten, I believe.", "partly", "replaced"),
                sentence("Here it is:", "not_needed", "kept"),
            ],
            "refused": false,
            "evidence": {"score": 0.5, "threshold": 0.3, "sufficient": true},
            "finish_reason": "stop",
            "usage": {"prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0},
            "model": null,
        });
        let answered = json!({
            "question": "How much\nleave?", "answer": answer, "passages": [], "first_token_seconds": 0.0, "seconds": 0.0,
        });
        let answered: Answered = serde_json::from_value(answered).unwrap();
        let refused =
            Answered { answer: Answer { refused: true, ..answered.answer.clone() }, ..answered.clone() };
        assert_eq!(
            of(&[answered, refused]),
            "## How much leave?\n\n\
             - [ ] It is ten days.\n  - Leave policy: “Ten days, no more.”\n\
             - [ ] It is about ten.\n  - Leave policy: “Ten days, no more.”\n\
             - [ ] Ten days.\n  - Leave policy: “Ten days, no more.”\n\n"
        );
    }
}
