//! The suite of [`ConversationStore`](footnote_core::ports::ConversationStore): conversations reload
//! as they were; messages are appended all or none.

use footnote_core::ErrorKind;
use footnote_core::answer::{
    Answer, Conversation, ConversationSummary, FinishReason, Message, MessageRole, Usage,
};
use footnote_core::citation::Citation;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ApiKeyId, ConversationId, DocumentId, MessageId, VersionId};
use footnote_core::passage::Evidence;
use footnote_core::text::Span;

use crate::conformance::bed::{Bed, Sql, all, at};

/// Runs the suite, each case on an empty database.
pub async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    a_conversation_reloads_identically_and_in_order(bed().await).await;
    messages_are_appended_all_or_none(bed().await).await;
    a_conversation_begins_with_its_messages_or_not_at_all(bed().await).await;
    a_summary_reloads_identically_and_only_grows(bed().await).await;
}

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
        page_kind: None,
        page_label: None,
        rows: None,
        ocr_confidence: None,
        low_confidence: false,
        heading_path: vec!["Leave".to_owned()],
        source_span: Span::new(7, 12),
        quote: "ten days".to_owned(),
        score,
    };
    Answer {
        text: "Ten days [1].".to_owned(),
        citations: vec![citation],
        sentences: Vec::new(),
        mode: footnote_core::answer::AnswerMode::Generative,
        refused: false,
        evidence: Evidence { score: 0.1 + 0.2, threshold: 0.35, sufficient: true },
        finish_reason: FinishReason::Stop,
        usage: Usage { prompt_tokens: 900, cached_tokens: 80, completion_tokens: 12 },
        model: Some("qwen".to_owned()),
    }
}

async fn a_conversation_reloads_identically_and_in_order(bed: Bed) {
    let conversation = Conversation {
        id: ConversationId::new(),
        knowledge_base: bed.kb.id,
        owner: Some(ApiKeyId::new()),
        title: "How long is leave?".to_owned(),
        created_at: at(1),
    };
    let id = conversation.id;
    let question = message(id, MessageRole::User, "How long?");
    let mut reply = message(id, MessageRole::Assistant, "Ten days [1].");
    reply.answer = Some(answer(0.123_456_79));
    let first = std::slice::from_ref(&question);
    bed.sql.conversations.create_conversation(conversation.clone(), first).await.unwrap();
    bed.sql.conversations.append_messages(std::slice::from_ref(&reply)).await.unwrap();
    assert_eq!(bed.sql.conversations.messages(id).await.unwrap(), [question, reply]);
    assert_eq!(bed.sql.conversations.conversation(id).await.unwrap(), Some(conversation.clone()));
    for owner in [None, conversation.owner] {
        let listed = bed.sql.conversations.conversations(bed.kb.id, owner, all()).await.unwrap().items;
        assert_eq!(listed, std::slice::from_ref(&conversation));
    }
    let strangers =
        bed.sql.conversations.conversations(bed.kb.id, Some(ApiKeyId::new()), all()).await.unwrap();
    assert!(strangers.items.is_empty());

    assert!(bed.sql.conversations.delete_conversation(id).await.unwrap());
    assert!(!bed.sql.conversations.delete_conversation(id).await.unwrap());
    assert!(bed.sql.conversations.messages(id).await.unwrap().is_empty());
}

async fn messages_are_appended_all_or_none(bed: Bed) {
    let id = ConversationId::new();
    let conversation =
        Conversation { id, knowledge_base: bed.kb.id, owner: None, title: String::new(), created_at: at(1) };
    bed.sql.conversations.create_conversation(conversation, &[]).await.unwrap();
    let good = message(id, MessageRole::User, "hello");
    let stray = message(ConversationId::new(), MessageRole::User, "nowhere");
    let error = bed.sql.conversations.append_messages(&[good.clone(), stray]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let mut broken = message(id, MessageRole::Assistant, "x");
    broken.answer = Some(answer(f32::NAN));
    assert!(bed.sql.conversations.append_messages(&[good, broken]).await.is_err());
    assert!(bed.sql.conversations.messages(id).await.unwrap().is_empty());
}

async fn a_conversation_begins_with_its_messages_or_not_at_all(bed: Bed) {
    let id = ConversationId::new();
    let conversation =
        Conversation { id, knowledge_base: bed.kb.id, owner: None, title: String::new(), created_at: at(1) };
    let mut broken = message(id, MessageRole::Assistant, "x");
    broken.answer = Some(answer(f32::NAN));
    assert!(bed.sql.conversations.create_conversation(conversation, &[broken]).await.is_err());
    assert_eq!(bed.sql.conversations.conversation(id).await.unwrap(), None);
}

async fn a_summary_reloads_identically_and_only_grows(bed: Bed) {
    let id = ConversationId::new();
    let conversation =
        Conversation { id, knowledge_base: bed.kb.id, owner: None, title: String::new(), created_at: at(1) };
    let conversations = &bed.sql.conversations;
    let summary = |text: &str, messages| ConversationSummary { text: text.to_owned(), messages };
    let first = summary("How long is leave? → Ten days.\n年假几天？ → 十天。", 6);
    let error = conversations.put_summary(id, &first).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "it belongs to a conversation");
    conversations.create_conversation(conversation, &[]).await.unwrap();
    assert_eq!(conversations.summary(id).await.unwrap(), None);
    conversations.put_summary(id, &first).await.unwrap();
    assert_eq!(conversations.summary(id).await.unwrap(), Some(first.clone()));
    for late in [summary("of the same stretch", 6), summary("of less", 4)] {
        conversations.put_summary(id, &late).await.unwrap();
        assert_eq!(conversations.summary(id).await.unwrap(), Some(first.clone()), "{late:?}");
    }
    let further = summary("of more", 12);
    conversations.put_summary(id, &further).await.unwrap();
    assert_eq!(conversations.summary(id).await.unwrap(), Some(further));
    assert!(conversations.delete_conversation(id).await.unwrap());
    assert_eq!(conversations.summary(id).await.unwrap(), None);
}
