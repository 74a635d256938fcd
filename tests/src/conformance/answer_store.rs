//! The suite of [`AnswerStore`](footnote_core::ports::AnswerStore): receipts reload as they were; each
//! person has one opinion of an answer.

use footnote_core::ErrorKind;
use footnote_core::answer::{Answer, AnswerMode, ChatMessage, FinishReason, MessageRole, Usage};
use footnote_core::chunk::Tag;
use footnote_core::feedback::{Feedback, PreferredPassage, Rating};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ApiKeyId, ChunkId, DocumentId, KnowledgeBaseId, MessageId, VersionId};
use footnote_core::parsed::{ContentType, Page};
use footnote_core::passage::{Evidence, Passage, Section, StageScore, StageTrace};
use footnote_core::ports::ListRequest;
use footnote_core::receipt::{Receipt, ReceiptBody, ReceiptCandidate, ReceiptModels, ReceiptSummary};
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::text::Span;
use footnote_core::verdict::{AnswerSentence, Fact, FactKind, SentenceFate, Verdict};

use crate::conformance::bed::{Bed, Sql, all, at, first};

/// Runs the suite, each case on an empty database.
pub async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    a_receipt_reloads_identically(bed().await).await;
    receipts_are_listed_by_owner_and_in_parts(bed().await).await;
    a_receipt_needs_its_knowledge_base_and_whole_numbers(bed().await).await;
    each_person_has_one_opinion_of_an_answer(bed().await).await;
    opinions_are_those_of_one_knowledge_base_and_go_with_it(bed().await).await;
}

fn passage() -> Passage {
    Passage {
        number: 1,
        version: VersionId::new(),
        version_hash: ContentHash::of(b"text"),
        document: DocumentId::new(),
        title: "年假".to_owned(),
        document_key: "leave.md".to_owned(),
        dated: None,
        span: Span::new(7, 120),
        heading_path: vec!["Leave".to_owned()],
        sections: vec![Section { start: 40, heading_path: vec!["Leave".to_owned(), "病假".to_owned()] }],
        text: "ten days 🙂".to_owned(),
        pages: vec![Page { number: 3, span: Span::new(0, 200), ..Page::default() }],
        score: 0.123_456_79,
        ocr_lines: Vec::new(),
        chunks: vec![ChunkId::new()],
        table_header: None,
    }
}

fn answer(score: f32) -> Answer {
    let sentence = AnswerSentence {
        text: "Eleven days.".to_owned(),
        span: None,
        citations: Vec::new(),
        verdict: Verdict::Unsupported,
        score,
        method: "words".to_owned(),
        missing: vec![Fact { kind: FactKind::Number, text: "Eleven".to_owned() }],
        why: "the sources have no eleven".to_owned(),
        fate: SentenceFate::Dropped,
    };
    Answer {
        text: "Ten days [1].".to_owned(),
        citations: Vec::new(),
        sentences: vec![sentence],
        mode: AnswerMode::Extractive,
        refused: false,
        evidence: Evidence { score: 0.1 + 0.2, threshold: 0.35, sufficient: true },
        finish_reason: FinishReason::Stop,
        usage: Usage { prompt_tokens: 900, cached_tokens: 80, completion_tokens: 12 },
        model: Some("qwen".to_owned()),
    }
}

fn receipt(knowledge_base: KnowledgeBaseId, owner: Option<ApiKeyId>) -> Receipt {
    let turn = |role, content: &str| ChatMessage { role, content: content.to_owned() };
    let passage = passage();
    let candidate = ReceiptCandidate {
        chunk: passage.chunks[0],
        document: passage.document,
        version: passage.version,
        span: passage.span,
        trace: StageTrace {
            dense: Some(StageScore { rank: 1, score: 0.87 }),
            fused: Some(StageScore { rank: 2, score: 0.1 + 0.2 }),
            dropped: Some("beyond the budget".to_owned()),
            ..StageTrace::default()
        },
    };
    let body = ReceiptBody {
        standalone: "How long?".to_owned(),
        tables: Vec::new(),
        build: "0.1.0".to_owned(),
        question: "年假几天？".to_owned(),
        searched: vec!["年假几天？".to_owned(), "病假几天？".to_owned()],
        filter: vec![vec![Tag::document(passage.document), Tag::content_type(ContentType::Pdf)]],
        settings: KnowledgeBaseSettings::default(),
        history: vec![turn(MessageRole::User, "hello")],
        summary: Some("How long is leave? → Ten days.".to_owned()),
        candidates: vec![candidate],
        evidence: Evidence { score: 0.5, threshold: 0.35, sufficient: true },
        passages: vec![passage],
        prompt: vec![turn(MessageRole::System, "cite"), turn(MessageRole::User, "[1] ten days\n年假几天？")],
        max_tokens: 384,
        models: ReceiptModels {
            embedder: "e5".to_owned(),
            reranker: None,
            generator: Some("qwen".to_owned()),
        },
        as_of: Some(at(-60)),
        forgotten: Vec::new(),
        answer: answer(0.123_456_79),
    };
    Receipt { id: MessageId::new(), knowledge_base, owner, created_at: at(1), body }
}

fn opinion(receipt: &Receipt, by: Option<ApiKeyId>, rating: Rating, seconds: i64) -> Feedback {
    Feedback {
        answer: receipt.id,
        knowledge_base: receipt.knowledge_base,
        by,
        rating: Some(rating),
        corrected: None,
        preferred: Vec::new(),
        comment: None,
        updated_at: at(seconds),
    }
}

async fn a_receipt_reloads_identically(bed: Bed) {
    for owner in [None, Some(ApiKeyId::new())] {
        let receipt = receipt(bed.kb.id, owner);
        bed.sql.answers.put_receipt(&receipt).await.unwrap();
        assert_eq!(bed.sql.answers.receipt(receipt.id).await.unwrap(), Some(receipt));
    }
    assert_eq!(bed.sql.answers.receipt(MessageId::new()).await.unwrap(), None);
}

async fn receipts_are_listed_by_owner_and_in_parts(bed: Bed) {
    let (answers, kb) = (&bed.sql.answers, bed.kb.id);
    let other = bed.kb_named("other").await;
    let owner = Some(ApiKeyId::new());
    let mut ids = Vec::new();
    for owner in [owner, None, owner, Some(ApiKeyId::new()), owner] {
        let receipt = receipt(kb, owner);
        answers.put_receipt(&receipt).await.unwrap();
        ids.push(receipt.id);
    }
    answers.put_receipt(&receipt(other.id, owner)).await.unwrap();
    let listed = async |owner, list: ListRequest| {
        let part = answers.receipts(kb, owner, list).await.unwrap();
        let listed: Vec<MessageId> = part.items.into_iter().map(|receipt| receipt.id).collect();
        (listed, part.next)
    };
    let newest_first: Vec<MessageId> = ids.iter().rev().copied().collect();
    assert_eq!(listed(None, all()).await, (newest_first, None));
    assert_eq!(listed(owner, all()).await.0, [ids[4], ids[2], ids[0]]);
    assert!(listed(Some(ApiKeyId::new()), all()).await.0.is_empty());

    let (part, after) = listed(owner, first(2)).await;
    assert_eq!(part, [ids[4], ids[2]]);
    assert!(after.is_some(), "one is left");
    let (rest, end) = listed(owner, ListRequest { after, limit: 2 }).await;
    assert_eq!((rest, end), (vec![ids[0]], None));
}

async fn a_receipt_needs_its_knowledge_base_and_whole_numbers(bed: Bed) {
    let answers = &bed.sql.answers;
    let stray = receipt(KnowledgeBaseId::new(), None);
    assert_eq!(answers.put_receipt(&stray).await.unwrap_err().kind(), ErrorKind::NotFound);
    let mut broken = receipt(bed.kb.id, None);
    broken.body.answer = answer(f32::NAN);
    assert!(answers.put_receipt(&broken).await.is_err());
    assert!(answers.receipts(bed.kb.id, None, all()).await.unwrap().items.is_empty());

    let mut kept = receipt(bed.kb.id, None);
    for (refused, model) in [(true, None), (false, Some("qwen".to_owned()))] {
        kept.id = MessageId::new();
        (kept.body.answer.refused, kept.body.answer.model) = (refused, model.clone());
        answers.put_receipt(&kept).await.unwrap();
        let (id, question, created_at) = (kept.id, kept.body.question.clone(), kept.created_at);
        let listed = answers.receipts(bed.kb.id, None, first(1)).await.unwrap().items;
        assert_eq!(listed, [ReceiptSummary { id, question, refused, created_at, model }]);
    }
    bed.sql.documents.delete_knowledge_base(bed.kb.id, at(2)).await.unwrap();
    assert_eq!(answers.receipt(kept.id).await.unwrap(), None, "it is gone with its knowledge base");
    assert!(answers.receipts(bed.kb.id, None, all()).await.unwrap().items.is_empty());
    let late = receipt(bed.kb.id, None);
    assert_eq!(answers.put_receipt(&late).await.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn each_person_has_one_opinion_of_an_answer(bed: Bed) {
    let answers = &bed.sql.answers;
    let receipt = receipt(bed.kb.id, None);
    answers.put_receipt(&receipt).await.unwrap();
    assert!(answers.feedback_on(receipt.id).await.unwrap().is_empty());
    let (one, another) = (Some(ApiKeyId::new()), Some(ApiKeyId::new()));
    let early = opinion(&receipt, one, Rating::Up, 2);
    let operators = opinion(&receipt, None, Rating::Down, 3);
    let anothers = opinion(&receipt, another, Rating::Up, 4);
    for opinion in [&early, &operators, &anothers] {
        answers.put_feedback(opinion).await.unwrap();
    }
    assert_eq!(answers.feedback_on(receipt.id).await.unwrap(), [early, operators, anothers.clone()]);

    let preferred = PreferredPassage {
        document: DocumentId::new(),
        version: VersionId::new(),
        span: Span::new(3, 12),
        text: "十二天 🙂".to_owned(),
    };
    let late = Feedback {
        rating: None,
        corrected: Some("十二天".to_owned()),
        preferred: vec![preferred],
        comment: Some("see the new handbook".to_owned()),
        ..opinion(&receipt, one, Rating::Up, 5)
    };
    let operators =
        Feedback { comment: Some("wrong".to_owned()), ..opinion(&receipt, None, Rating::Down, 6) };
    for opinion in [&late, &operators] {
        answers.put_feedback(opinion).await.unwrap();
    }
    let kept = [anothers, late, operators];
    assert_eq!(answers.feedback_on(receipt.id).await.unwrap(), kept, "each replaced their own");
    assert_eq!(answers.feedback(bed.kb.id).await.unwrap(), kept);
    let nowhere = Feedback { answer: MessageId::new(), ..kept[0].clone() };
    assert!(answers.put_feedback(&nowhere).await.is_err(), "there is no such answer");
}

async fn opinions_are_those_of_one_knowledge_base_and_go_with_it(bed: Bed) {
    let answers = &bed.sql.answers;
    let other = bed.kb_named("other").await;
    let (early, late) = (receipt(bed.kb.id, None), receipt(bed.kb.id, None));
    let others = receipt(other.id, None);
    for receipt in [&early, &late, &others] {
        answers.put_receipt(receipt).await.unwrap();
    }
    let of_late = opinion(&late, None, Rating::Up, 2);
    let of_early = opinion(&early, None, Rating::Down, 3);
    let of_others = opinion(&others, None, Rating::Down, 4);
    for opinion in [&of_late, &of_early, &of_others] {
        answers.put_feedback(opinion).await.unwrap();
    }
    let kept = answers.feedback(bed.kb.id).await.unwrap();
    assert_eq!(kept, [of_early, of_late], "the oldest answer first");

    assert!(bed.sql.documents.delete_knowledge_base(bed.kb.id, at(5)).await.unwrap());
    assert!(answers.feedback(bed.kb.id).await.unwrap().is_empty());
    assert!(answers.feedback_on(early.id).await.unwrap().is_empty());
    assert_eq!(answers.feedback(other.id).await.unwrap(), [of_others]);
}
