//! Refusals, extracts, and generated answers of a tiny real model and of a scripted generator.

use async_trait::async_trait;
use footnote_core::answer::MessageRole;
use footnote_core::text::Span;

use super::*;
use crate::cite::tests::passage;
use crate::gguf::{GeneratorConfig, GgufGenerator};

fn request(question: &str, texts: &[&str], sufficient: bool) -> AnswerRequest {
    let passages = texts.iter().zip(1..).map(|(text, number)| passage(number, text)).collect();
    let evidence = Evidence { score: 0.5, threshold: 0.35, sufficient };
    AnswerRequest {
        question: QuestionText::parse(question).unwrap(),
        retrieved: Retrieved { passages, evidence, candidates: Vec::new() },
        prompt: PromptSettings::default(),
        sampling: SamplingSettings { max_tokens: 40, ..Default::default() },
        history: Vec::new(),
    }
}

/// The answer, after checking what holds for every stream of events.
async fn read(mut events: mpsc::Receiver<AnswerEvent>) -> Answer {
    let (mut text, mut citations) = (String::new(), Vec::new());
    while let Some(event) = events.recv().await {
        match event {
            AnswerEvent::Token(more) => text.push_str(&more),
            AnswerEvent::Citation(citation) => citations.push(*citation),
            AnswerEvent::Failed(error) => panic!("{error}"),
            AnswerEvent::Done(answer) => {
                assert_eq!(answer.text, text);
                assert_eq!(answer.citations, citations);
                assert!(events.recv().await.is_none(), "nothing follows Done");
                return *answer;
            }
        }
    }
    panic!("ended without Done");
}

fn slice(text: &str, span: Span) -> String {
    text.chars().skip(span.start).take(span.len()).collect()
}

/// Says what it is told, in small pieces: what a remote model would be behind the same seam.
struct Scripted {
    says: Vec<GenerationEvent>,
    asked: std::sync::Mutex<Option<GenerationRequest>>,
}

impl Scripted {
    fn new(text: &str, end: GenerationEvent) -> Arc<Self> {
        let pieces = text.chars().map(|c| GenerationEvent::Text(c.to_string()));
        Arc::new(Self { says: pieces.chain([end]).collect(), asked: Default::default() })
    }

    fn done(text: &str) -> Arc<Self> {
        let usage = Usage { prompt_tokens: 9, cached_tokens: 0, completion_tokens: 4 };
        Self::new(text, GenerationEvent::Done { reason: FinishReason::Stop, usage })
    }
}

#[async_trait]
impl Generator for Scripted {
    fn model(&self) -> &str {
        "scripted"
    }

    async fn generate(&self, request: GenerationRequest) -> Result<mpsc::Receiver<GenerationEvent>> {
        *self.asked.lock().unwrap() = Some(request);
        let (sender, receiver) = mpsc::channel(self.says.len());
        for event in &self.says {
            sender.try_send(event.clone()).unwrap();
        }
        Ok(receiver)
    }
}

#[tokio::test]
async fn too_little_evidence_is_a_refusal_that_names_the_nearest_text() {
    let generator = Scripted::done("should not be asked");
    let answerer = Answerer::new(Some(generator.clone()));
    let answer = read(answerer.answer(request("Who won?", &["x", "y"], false)).await.unwrap()).await;
    assert!(answer.refused && answer.citations.is_empty() && answer.model.is_none());
    assert_eq!(answer.finish_reason, FinishReason::InsufficientEvidence);
    assert!(
        answer.text.contains("do not know") && answer.text.contains("Title 1 (page 3); Title 2 (page 3)")
    );
    assert!(generator.asked.lock().unwrap().is_none());

    let answer = read(answerer.answer(request("谁赢了？", &["x"], false)).await.unwrap()).await;
    assert!(answer.text.contains("无法回答") && answer.text.contains("Title 1（第3页）"), "{}", answer.text);
    let answer = read(answerer.answer(request("谁赢了？", &[], true)).await.unwrap()).await;
    assert!(answer.refused, "no passages are no evidence");
}

#[tokio::test]
async fn without_a_model_the_documents_speak() {
    let texts =
        ["Offices open at nine.", "Leave is yearly. Annual leave is 15\ndays per [2] year. Bring a pen."];
    let asked = request("How many days of annual leave?", &texts, true);
    let source = asked.retrieved.passages[1].clone();
    let answer = read(Answerer::new(None).answer(asked).await.unwrap()).await;
    assert_eq!(answer.text, "Annual leave is 15 days per (2) year. [2]");
    assert_eq!(answer.model, None);
    assert_eq!(answer.citations[0].quote, "Annual leave is 15\ndays per [2] year.");
    assert_eq!(answer.citations[0].document, source.document);
    assert_eq!(slice(&answer.text, answer.citations[0].answer_span), answer.text);
}

#[tokio::test]
async fn a_models_sentences_are_cited_as_they_come() {
    let generator = Scripted::done("年假为15天[9]。以上。");
    let mut asked = request("年假几天？", &["员工年假为15天。", "病假为10天。"], true);
    asked.history.push(ChatMessage { role: MessageRole::User, content: "之前".into() });
    let answer = read(Answerer::new(Some(generator.clone())).answer(asked).await.unwrap()).await;
    assert_eq!(answer.text, "年假为15天[1]。以上。");
    assert_eq!(answer.model.as_deref(), Some("scripted"));
    assert_eq!(answer.usage.completion_tokens, 4);
    assert_eq!(slice(&answer.text, answer.citations[0].answer_span), "年假为15天[1]。");
    let messages = generator.asked.lock().unwrap().take().unwrap().messages;
    assert_eq!(messages[1].content, "之前");
}

#[tokio::test]
async fn silence_falls_back_to_the_documents_and_failure_is_told() {
    let asked = || request("annual leave days?", &["Annual leave is 15 days."], true);
    for silence in ["", " \n", "[1] [2]"] {
        let answer = read(Answerer::new(Some(Scripted::done(silence))).answer(asked()).await.unwrap()).await;
        assert!(answer.text.ends_with("Annual leave is 15 days. [1]"), "{:?}", answer.text);
        assert_eq!((answer.model, answer.citations.len()), (None, 1));
    }
    let failing = Scripted::new("Half a", GenerationEvent::Failed("out of memory".into()));
    let mut events = Answerer::new(Some(failing)).answer(asked()).await.unwrap();
    assert_eq!(events.recv().await, Some(AnswerEvent::Failed("out of memory".into())));
    assert_eq!(events.recv().await, None);
}

#[tokio::test]
async fn a_real_tiny_model_writes_and_stops_when_the_reader_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    crate::gguf::tiny::write_model(&path, "llama", 3);
    let generator = Arc::new(GgufGenerator::open(GeneratorConfig::new("tiny", &path)).unwrap());
    let answerer = Answerer::new(Some(generator));
    let answer =
        read(answerer.answer(request("leave days?", &["Annual leave is 15 days."], true)).await.unwrap())
            .await;
    assert!(answer.usage.prompt_tokens > 50 && answer.usage.completion_tokens > 0);
    for citation in &answer.citations {
        assert!(slice(&answer.text, citation.answer_span).contains("[1]"));
    }

    let mut long = request("leave days?", &["Annual leave is 15 days."], true);
    long.sampling = SamplingSettings { max_tokens: 600, temperature: 1.0, ..Default::default() };
    drop(answerer.answer(long).await.unwrap());
    let begun = std::time::Instant::now();
    read(answerer.answer(request("leave days?", &["Annual leave is 15 days."], true)).await.unwrap()).await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "cancelled work went on");
}
