//! Conversations reload as they were; messages are appended all or none.

use footnote_core::ErrorKind;
use footnote_core::answer::{Answer, Conversation, FinishReason, Message, MessageRole, Usage};
use footnote_core::citation::Citation;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ConversationId, DocumentId, MessageId, VersionId};
use footnote_core::passage::Evidence;
use footnote_core::ports::ConversationStore as _;
use footnote_core::text::Span;

use super::bed::{Bed, all, at};

fn message(conversation: ConversationId, role: MessageRole, content: &str) -> Message {
    let id = MessageId::new();
    Message { id, conversation, role, content: content.to_owned(), answer: None, created_at: at(1) }
}

fn answer(score: f32) -> Answer {
    let citation = Citation {
        number: 1,
        answer_span: Span::new(0, 5),
        document: DocumentId::new(),
        title: "年假".to_owned(),
        document_key: "leave.md".to_owned(),
        version: VersionId::new(),
        version_hash: ContentHash::of(b"text"),
        page: Some(3),
        heading_path: vec!["Leave".to_owned()],
        source_span: Span::new(7, 12),
        quote: "ten days".to_owned(),
        score,
    };
    Answer {
        text: "Ten days [1].".to_owned(),
        citations: vec![citation],
        refused: false,
        evidence: Evidence { score: 0.1 + 0.2, threshold: 0.35, sufficient: true },
        finish_reason: FinishReason::Stop,
        usage: Usage { prompt_tokens: 900, cached_tokens: 80, completion_tokens: 12 },
        model: Some("qwen".to_owned()),
    }
}

#[tokio::test]
async fn a_conversation_reloads_identically_and_in_order() {
    let bed = Bed::new().await;
    let conversation = Conversation {
        id: ConversationId::new(),
        knowledge_base: bed.kb.id,
        title: "How long is leave?".to_owned(),
        created_at: at(1),
    };
    let id = conversation.id;
    bed.store.create_conversation(conversation.clone()).await.unwrap();
    let question = message(id, MessageRole::User, "How long?");
    let mut reply = message(id, MessageRole::Assistant, "Ten days [1].");
    reply.answer = Some(answer(0.123_456_79));
    bed.store.append_messages(&[question.clone(), reply.clone()]).await.unwrap();
    assert_eq!(bed.store.messages(id).await.unwrap(), [question, reply]);
    assert_eq!(bed.store.conversation(id).await.unwrap(), Some(conversation.clone()));
    assert_eq!(bed.store.conversations(bed.kb.id, all()).await.unwrap().items, [conversation]);

    assert!(bed.store.delete_conversation(id).await.unwrap());
    assert!(!bed.store.delete_conversation(id).await.unwrap());
    assert!(bed.store.messages(id).await.unwrap().is_empty());
}

#[tokio::test]
async fn messages_are_appended_all_or_none() {
    let bed = Bed::new().await;
    let id = ConversationId::new();
    let conversation =
        Conversation { id, knowledge_base: bed.kb.id, title: String::new(), created_at: at(1) };
    bed.store.create_conversation(conversation).await.unwrap();
    let good = message(id, MessageRole::User, "hello");
    let stray = message(ConversationId::new(), MessageRole::User, "nowhere");
    let error = bed.store.append_messages(&[good.clone(), stray]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let mut broken = message(id, MessageRole::Assistant, "x");
    broken.answer = Some(answer(f32::NAN));
    assert!(bed.store.append_messages(&[good, broken]).await.is_err());
    assert!(bed.store.messages(id).await.unwrap().is_empty());
}
