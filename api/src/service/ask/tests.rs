//! What is searched for a question, and how an answer ends.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use footnote_core::answer::{FinishReason, Usage};
use footnote_core::ports::{GenerationEvent, GenerationRequest, PromptSize};

use super::*;
use crate::testing::TestApp;

/// Writes the same to every task, and counts them.
struct Translator(&'static str, AtomicUsize);

#[async_trait]
impl Generator for Translator {
    fn model(&self) -> &str {
        "translator"
    }

    fn fingerprint(&self) -> &str {
        "translator:1"
    }

    async fn measure(&self, _: &[ChatMessage]) -> Result<PromptSize> {
        Ok(PromptSize { tokens: 1, context: 8_000 })
    }

    async fn log_odds(&self, _: &[ChatMessage], _: &str, _: &str) -> Result<f32> {
        Ok(0.0)
    }

    async fn generate(&self, _: GenerationRequest) -> Result<mpsc::Receiver<GenerationEvent>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let (sender, receiver) = mpsc::channel(2);
        let done = GenerationEvent::Done { reason: FinishReason::Stop, usage: Usage::default() };
        sender.try_send(GenerationEvent::Text(self.0.to_owned())).unwrap();
        sender.try_send(done).unwrap();
        Ok(receiver)
    }
}

#[tokio::test]
async fn each_part_of_a_question_is_translated_by_one_task_where_it_finds_the_other_language() {
    let translator = Arc::new(Translator("年假有多长？谁批准出国出差？", AtomicUsize::new(0)));
    let app = TestApp::with_generator(translator.clone()).await;
    app.knowledge_base("kb").await;
    let files = [("a.md", "# 年假\n\n年假有15天。"), ("b.md", "# 出差\n\n总监批准出国出差。")];
    let stored = app.upload("/api/v1/knowledge-bases/kb/documents", &app.admin, &files, &[]).await;
    assert!(stored.status.is_success(), "{}", stored.text);
    app.work().await;
    let operator = Principal::local_operator();
    let searched = async |question: &str| {
        let input = AskInput { question: question.to_owned(), ..AskInput::default() };
        let searched = search(&app.app, &operator, "kb", input).await.unwrap();
        let queries: Vec<String> =
            searched.queries.iter().map(|query| query.question.as_str().to_owned()).collect();
        (queries, searched.retrieved.passages)
    };
    let (queries, passages) =
        searched("How long is the annual leave, and who approves business travel abroad?").await;
    let own = ["How long is the annual leave", "who approves business travel abroad?"];
    assert_eq!(queries, [own[0], own[1], "年假有多长？", "谁批准出国出差？"]);
    assert_eq!(translator.1.load(Ordering::SeqCst), 1, "all parts are one task");
    let is_found = |text: &str| passages.iter().any(|passage| passage.text.contains(text));
    assert!(is_found("15天") && is_found("总监"), "{passages:?}");
    let (queries, _) = searched("年假有多少天，出差由谁来批准？").await;
    assert_eq!((queries.len(), translator.1.load(Ordering::SeqCst)), (2, 1), "it is their language");
}

#[test]
fn the_translations_of_all_parts_are_that_of_the_question() {
    let among = |question: &str, searched: &[&str]| {
        let searched: Vec<String> = searched.iter().map(|text| (*text).to_owned()).collect();
        let found = translation_among(&QuestionText::parse(question).unwrap(), &searched);
        found.map(|translation| translation.as_str().to_owned())
    };
    let one = "How long is the annual leave?";
    assert_eq!(among(one, &[one, "年假有多长？"]).as_deref(), Some("年假有多长？"));
    assert_eq!(among(one, &[one]), None);
    let two = "How long is the annual leave? Who approves business travel abroad?";
    let parts = [one, "Who approves business travel abroad?"];
    let (leave, travel) = ("年假有多长？", "谁批准出国出差？");
    assert_eq!(among(two, &[parts[0], parts[1], leave, travel]), Some(format!("{leave} {travel}")));
    assert_eq!(among(two, &parts), None);
    assert_eq!(among(two, &[parts[0], parts[1], travel]), None, "not every part was translated");
    assert_eq!(among(two, &[parts[0], leave]), None);
}

#[tokio::test]
async fn an_answer_that_breaks_off_ends_as_a_failure() {
    let app = TestApp::start().await;
    let thread = Thread::default();
    let begun = app.app.answering.begin();
    let (writer, events) = mpsc::channel(1);
    let mut told = remember(app.app.clone(), begun, thread, receipts::Draft::empty(), events);
    writer.send(AnswerEvent::Token("half".to_owned())).await.unwrap();
    drop(writer);
    assert!(matches!(told.recv().await, Some(AnswerEvent::Token(_))));
    assert!(matches!(told.recv().await, Some(AnswerEvent::Failed(f)) if f.kind == ErrorKind::Internal));
    assert!(told.recv().await.is_none());
}

#[test]
fn sampling_is_overridden_and_checked() {
    let settings = SamplingSettings::default();
    let overrides = SamplingOverrides { temperature: Some(0.5), ..SamplingOverrides::default() };
    let merged = overrides.over(&settings).unwrap();
    assert_eq!((merged.temperature, merged.seed), (0.5, settings.seed));
    let hot = SamplingOverrides { temperature: Some(9.0), ..SamplingOverrides::default() };
    assert!(hot.over(&settings).unwrap_err().to_string().contains("temperature"));
}

#[test]
fn a_title_is_one_short_line() {
    assert_eq!(title_of("How\nlong is\tleave?"), "How long is leave?");
    let title = title_of(&"假".repeat(200));
    assert_eq!(title.chars().count(), TITLE_CHARS + 1);
    assert!(title.ends_with('…'));
}
