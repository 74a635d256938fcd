//! Nothing of a deleted document stays, and what rests on others does.

use crate::answer::{AnswerMode, FinishReason, Usage};
use crate::hash::ContentHash;
use crate::ids::VersionId;
use crate::passage::{Evidence, TableHeader};
use crate::text::Span;
use crate::verdict::{AnswerSentence, SentenceFate, Verdict};

use super::*;

fn citation(document: DocumentId, quote: &str) -> Citation {
    Citation {
        number: 1,
        answer_span: Span::new(0, quote.chars().count()),
        document,
        title: "Leave".to_owned(),
        document_key: "leave.md".to_owned(),
        version: VersionId::new(),
        version_hash: ContentHash::of(quote.as_bytes()),
        page: None,
        page_kind: None,
        page_label: None,
        rows: None,
        ocr_confidence: None,
        low_confidence: false,
        heading_path: vec!["Secret heading".to_owned()],
        source_span: Span::new(5, 5 + quote.chars().count()),
        quote: quote.to_owned(),
        score: 1.0,
    }
}

#[test]
fn nothing_of_a_passage_stays_but_its_name_and_place() {
    let header = TableHeader {
        span: Span::new(0, 18),
        text: "| Secret | Pay |".to_owned(),
        page: None,
        ocr_confidence: None,
        row: None,
    };
    let mut passage = Passage {
        number: 1,
        version: VersionId::new(),
        version_hash: ContentHash::of(b"x"),
        document: DocumentId::new(),
        title: "Leave".to_owned(),
        document_key: "leave.md".to_owned(),
        dated: None,
        span: Span::new(20, 40),
        heading_path: vec!["Secret".to_owned()],
        sections: Vec::new(),
        text: "| Secret | 5 |".to_owned(),
        pages: Vec::new(),
        ocr_lines: Vec::new(),
        score: 1.0,
        chunks: Vec::new(),
        table_header: Some(header),
    };
    passage.forget();
    assert!(passage.is_forgotten());
    let kept = serde_json::to_string(&passage).unwrap();
    assert!(!kept.contains("Secret") && kept.contains("leave.md"), "{kept}");
}

fn sentence(text: &str, start: usize, citations: &[usize]) -> AnswerSentence {
    AnswerSentence {
        text: text.to_owned(),
        span: Some(Span::new(start, start + text.chars().count())),
        citations: citations.to_vec(),
        verdict: Verdict::Supported,
        score: 1.0,
        method: "quote".to_owned(),
        missing: Vec::new(),
        why: "it is a quote".to_owned(),
        fate: SentenceFate::Kept,
    }
}

#[test]
fn sentences_of_other_documents_stay_where_they_were() {
    let (doomed, living) = (DocumentId::new(), DocumentId::new());
    let text = "Zehn 天. Noon. Sure.";
    let mut answer = Answer {
        text: text.to_owned(),
        citations: vec![citation(doomed, "Zehn 天."), citation(living, "Noon.")],
        sentences: vec![
            sentence("Zehn 天.", 0, &[0]),
            sentence("Noon.", 8, &[1]),
            sentence("Sure.", 14, &[]),
            sentence("Noon. Zehn.", 8, &[0, 1]),
        ],
        mode: AnswerMode::Extractive,
        refused: false,
        evidence: Evidence { score: 1.0, threshold: 0.3, sufficient: true },
        finish_reason: FinishReason::Stop,
        usage: Usage::default(),
        model: None,
    };
    let deleted = HashSet::from([doomed]);
    assert!(answer.cites(&deleted) && !answer.cites(&HashSet::new()));
    answer.forget(&deleted);
    assert_eq!(answer.text, "████████Noon.██████");
    assert_eq!(answer.text.chars().count(), text.chars().count(), "all spans still hold");
    assert!(answer.citations[0].is_forgotten() && !answer.citations[1].is_forgotten());
    assert!(answer.citations[0].heading_path.is_empty());
    let left: Vec<&str> = answer.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    assert_eq!(left, ["", "Noon.", "", ""]);
    let once = answer.clone();
    answer.forget(&deleted);
    assert_eq!(answer, once, "it is forgotten once");
    assert_eq!(readable(&answer.text), format!("{REMOVED}Noon.{REMOVED}"));
    answer.forget(&HashSet::from([living]));
    assert_eq!(answer.text, masked(text));
}
