//! When a conversation is summarised, by whom, and how far.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use footnote_core::answer::{Conversation, FinishReason, Message, Usage};
use footnote_core::ids::{KnowledgeBaseId, MessageId};
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator, PromptSize};
use tokio::sync::mpsc;

use super::*;
use crate::testing::TestApp;

const FIRST: &str = "How long does the battery of the LQ-200 sensor last?";

/// Eight turns and more: the first about a battery, the others about leave.
fn turns(pairs: usize) -> Vec<ChatMessage> {
    let pair = |n: usize| match n {
        0 => [FIRST.to_owned(), "The battery lasts 18 months [1].".to_owned()],
        n => [
            format!("How is leave of kind {n} approved?"),
            format!("Leave of kind {n} is approved on day {n}."),
        ],
    };
    let said = (0..pairs).flat_map(pair).enumerate();
    said.map(|(at, content)| ChatMessage {
        role: [MessageRole::User, MessageRole::Assistant][at % 2],
        content,
    })
    .collect()
}

/// Stores the turns as a conversation.
async fn stored(app: &TestApp, turns: &[ChatMessage]) -> ConversationId {
    let id = ConversationId::new();
    let knowledge_base = app.knowledge_base("leave and sensors").await;
    let knowledge_base: KnowledgeBaseId = knowledge_base["id"].as_str().unwrap().parse().unwrap();
    let created_at = app.app.now();
    let conversation = Conversation { id, knowledge_base, owner: None, title: String::new(), created_at };
    app.app.store.conversations.create_conversation(conversation, &[]).await.unwrap();
    append(app, id, turns).await;
    id
}

async fn append(app: &TestApp, conversation: ConversationId, turns: &[ChatMessage]) {
    let message = |turn: &ChatMessage| Message {
        id: MessageId::new(),
        conversation,
        role: turn.role,
        content: turn.content.clone(),
        answer: None,
        created_at: app.app.now(),
    };
    let messages: Vec<Message> = turns.iter().map(message).collect();
    app.app.store.conversations.append_messages(&messages).await.unwrap();
}

async fn summary_of(app: &TestApp, conversation: ConversationId) -> Option<ConversationSummary> {
    app.app.store.conversations.summary(conversation).await.unwrap()
}

#[test]
fn turns_are_shown_in_full_until_there_are_too_many() {
    assert_eq!(outgrown(&turns(4)), 0);
    assert_eq!(outgrown(&turns(5)), 6, "four are left, so that the next two questions find room");
    assert_eq!(outgrown(&[]), 0);
    let long = |role| ChatMessage { role, content: "长".repeat(CHARS / 3) };
    let pair = [long(MessageRole::User), long(MessageRole::Assistant)];
    assert_eq!(outgrown(&pair), 0);
    assert_eq!(outgrown(&[pair.clone(), pair].concat()), 4, "what stays begins with a question");
}

#[tokio::test]
async fn a_short_conversation_has_no_summary_and_a_long_one_has_it_made_once() {
    let app = TestApp::start().await;
    let id = stored(&app, &turns(4)).await;
    let history = of_conversation(&app.app, id).await.unwrap().0;
    assert_eq!((history.summary, history.turns.len()), (None, 8));
    keep_up(&app.app, id, &turns(4)).await;
    assert_eq!(summary_of(&app, id).await, None, "nothing is done while it fits");

    append(&app, id, &turns(5)[8..]).await;
    keep_up(&app.app, id, &turns(5)).await;
    let summary = summary_of(&app, id).await.unwrap();
    assert_eq!(summary.messages, 6);
    assert!(summary.text.starts_with(&format!("{FIRST} → The battery lasts 18 months.")), "{summary:?}");
    let history = of_conversation(&app.app, id).await.unwrap().0;
    assert_eq!(history, History { summary: Some(summary.text.clone()), turns: turns(5)[6..].to_vec() });

    append(&app, id, &turns(7)[10..]).await;
    let history = of_conversation(&app.app, id).await.unwrap().0;
    assert_eq!(history.turns, turns(7)[6..], "two more questions need no other");
    assert_eq!(summary_of(&app, id).await, Some(summary));

    append(&app, id, &turns(8)[14..]).await;
    let history = of_conversation(&app.app, id).await.unwrap().0;
    assert_eq!(history.turns, turns(8)[12..], "it is made when asked where it was not made before");
    let further = summary_of(&app, id).await.unwrap();
    assert_eq!((further.messages, history.summary), (12, Some(further.text.clone())));
    assert!(further.text.contains("LQ-200") && further.text.contains("kind 5"), "{further:?}");
}

#[tokio::test]
async fn turns_that_the_caller_keeps_are_summarised_alike() {
    let app = TestApp::start().await;
    let id = stored(&app, &turns(6)).await;
    assert_eq!(of_turns(turns(6)).await.unwrap(), of_conversation(&app.app, id).await.unwrap().0);
    assert_eq!(of_turns(turns(4)).await.unwrap(), History { summary: None, turns: turns(4) });
}

#[tokio::test]
async fn a_follow_up_is_searched_with_the_old_question_that_it_means() {
    let history = of_turns(turns(7)).await.unwrap();
    let joined = |question: &str| {
        let joined = joined(&history, &QuestionText::parse(question).unwrap());
        joined.as_str().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        joined("And how is its sensor calibrated?"),
        [FIRST, "How is leave of kind 6 approved?", "And how is its sensor calibrated?"]
    );
    assert_eq!(joined("And why?").len(), 2, "the latest question");
    assert_eq!(joined("Which insurance covers business travel abroad?").len(), 1, "a question of its own");
}

/// Writes a text, or nothing until it is not waited for.
struct Writer {
    text: Option<String>,
    tasks: AtomicUsize,
    open: std::sync::Mutex<Vec<mpsc::Sender<GenerationEvent>>>,
}

impl Writer {
    fn new(text: Option<&str>) -> Arc<Self> {
        Arc::new(Self { text: text.map(str::to_owned), tasks: AtomicUsize::new(0), open: Default::default() })
    }
}

#[async_trait]
impl Generator for Writer {
    fn model(&self) -> &str {
        "writer"
    }

    fn fingerprint(&self) -> &str {
        "writer:1"
    }

    async fn measure(&self, _: &[ChatMessage]) -> Result<PromptSize> {
        Ok(PromptSize { tokens: 1, context: 8_000 })
    }

    async fn log_odds(&self, _: &[ChatMessage], _: &str, _: &str) -> Result<f32> {
        Ok(0.0)
    }

    async fn generate(&self, _: GenerationRequest) -> Result<mpsc::Receiver<GenerationEvent>> {
        self.tasks.fetch_add(1, Ordering::SeqCst);
        let (sender, receiver) = mpsc::channel(2);
        if let Some(text) = &self.text {
            let done = GenerationEvent::Done { reason: FinishReason::Stop, usage: Usage::default() };
            sender.try_send(GenerationEvent::Text(text.clone())).unwrap();
            sender.try_send(done).unwrap();
        }
        self.open.lock().unwrap().push(sender);
        Ok(receiver)
    }
}

#[tokio::test]
async fn the_model_writes_the_summary_where_nobody_waits_for_it() {
    let told = "The battery of the LQ-200 sensor lasts 18 months.";
    let writer = Writer::new(Some(told));
    let app = TestApp::with_generator(writer.clone()).await;
    let id = stored(&app, &turns(5)).await;
    keep_up(&app.app, id, &turns(5)).await;
    let summary = summary_of(&app, id).await.unwrap();
    assert_eq!(writer.tasks.load(Ordering::SeqCst), 1);
    assert!(summary.text.starts_with(told), "{summary:?}");
    assert!(
        summary.text.contains("kind 1"),
        "what it leaves out is told in the turns' own words: {summary:?}"
    );
    keep_up(&app.app, id, &turns(5)).await;
    assert_eq!((summary_of(&app, id).await, writer.tasks.load(Ordering::SeqCst)), (Some(summary), 1), "once");
}

#[tokio::test]
async fn a_question_takes_the_model_from_a_summary() {
    let writer = Writer::new(None);
    let app = TestApp::with_generator(writer.clone()).await;
    let id = stored(&app, &turns(5)).await;
    let (service, turns_of_it) = (app.app.clone(), turns(5));
    let summarising = tokio::spawn(async move { keep_up(&service, id, &turns_of_it).await });
    while writer.tasks.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let begun = app.app.answering.begin();
    summarising.await.unwrap();
    assert!(writer.open.lock().unwrap()[0].is_closed(), "the model is free");
    assert!(summary_of(&app, id).await.unwrap().text.starts_with(FIRST), "the turns speak for themselves");

    append(&app, id, &turns(5)[2..]).await;
    keep_up(&app.app, id, &turns(8)).await;
    assert_eq!(writer.tasks.load(Ordering::SeqCst), 1, "a model that is at work is not asked");
    assert_eq!(summary_of(&app, id).await.unwrap().messages, 14);
    drop(begun);
}
