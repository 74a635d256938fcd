//! Refusals, extracts, and generated answers of a tiny real model and of a scripted generator.

use async_trait::async_trait;
use footnote_core::answer::MessageRole;
use footnote_core::ports::PromptSize;
use footnote_core::text::Span;

use super::*;
use crate::cite::tests::passage;
use crate::gguf::{GeneratorConfig, GgufGenerator};

pub(super) fn request(question: &str, texts: &[&str], sufficient: bool) -> AnswerRequest {
    let passages = texts.iter().zip(1..).map(|(text, number)| passage(number, text)).collect();
    let evidence = Evidence { score: 0.5, threshold: 0.35, sufficient };
    AnswerRequest {
        question: QuestionText::parse(question).unwrap(),
        translation: None,
        retrieved: Retrieved { passages, evidence, candidates: Vec::new(), tables: Vec::new() },
        prompt: PromptSettings::default(),
        sampling: SamplingSettings { max_tokens: 40, ..Default::default() },
        answer: AnswerSettings::default(),
        history: History::default(),
    }
}

/// The answer, after checking what holds for every stream of events.
pub(super) async fn read(begun: Begun) -> Answer {
    let mut events = begun.events;
    let (mut text, mut citations, mut sentences) = (String::new(), Vec::new(), Vec::new());
    while let Some(event) = events.recv().await {
        match event {
            AnswerEvent::Token(more) => text.push_str(&more),
            AnswerEvent::Citation(citation) => citations.push(*citation),
            AnswerEvent::Sentence(sentence) => sentences.push(*sentence),
            AnswerEvent::Failed(failure) => panic!("{failure:?}"),
            AnswerEvent::Done(answer) => {
                assert_eq!(answer.text, text);
                assert_eq!(answer.citations, citations);
                assert_eq!(answer.sentences, sentences);
                check_sentences(&answer);
                assert!(events.recv().await.is_none(), "nothing follows Done");
                return *answer;
            }
        }
    }
    panic!("ended without Done");
}

/// What holds for the sentences of every answer.
fn check_sentences(answer: &Answer) {
    for sentence in &answer.sentences {
        let is_written = sentence.span.is_some();
        assert_eq!(is_written, sentence.fate != SentenceFate::Dropped, "{sentence:?}");
        for &citation in &sentence.citations {
            assert_eq!(Some(answer.citations[citation].answer_span), sentence.span);
        }
        if let Some(span) = sentence.span {
            assert!(!slice(&answer.text, span).trim().is_empty());
        }
    }
}

pub(super) fn answerer(generator: Option<Arc<dyn Generator>>) -> Answerer {
    Answerer::new(generator, SupportModels::default(), Calibration::built_in().unwrap())
}

fn slice(text: &str, span: Span) -> String {
    text.chars().skip(span.start).take(span.len()).collect()
}

/// Says what it is told, in small pieces: what a remote model would be behind the same seam.
pub(crate) struct Scripted {
    says: Vec<GenerationEvent>,
    asked: std::sync::Mutex<Option<GenerationRequest>>,
    /// Its tokens are characters.
    context: usize,
}

impl Scripted {
    fn new(text: &str, end: GenerationEvent) -> Arc<Self> {
        let pieces = text.chars().map(|c| GenerationEvent::Text(c.to_string()));
        Arc::new(Self { says: pieces.chain([end]).collect(), asked: Default::default(), context: 8_000 })
    }

    pub(crate) fn done(text: &str) -> Arc<Self> {
        let usage = Usage { prompt_tokens: 9, cached_tokens: 0, completion_tokens: 4 };
        Self::new(text, GenerationEvent::Done { reason: FinishReason::Stop, usage })
    }
}

#[async_trait]
impl Generator for Scripted {
    fn model(&self) -> &str {
        "scripted"
    }

    fn fingerprint(&self) -> &str {
        "scripted:1"
    }

    async fn log_odds(&self, _: &[ChatMessage], _: &str, _: &str) -> Result<f32> {
        Ok(2.0)
    }

    async fn measure(&self, messages: &[ChatMessage]) -> Result<PromptSize> {
        let tokens = messages.iter().map(|m| m.content.chars().count()).sum();
        Ok(PromptSize { tokens, context: self.context })
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
    let answerer = answerer(Some(generator.clone()));
    let answer = read(answerer.answer(request("Who won?", &["x", "y"], false)).await.unwrap()).await;
    assert!(answer.refused && answer.citations.is_empty() && answer.model.is_none());
    assert_eq!(answer.finish_reason, FinishReason::InsufficientEvidence);
    assert!(
        answer.text.contains("do not know")
            && answer.text.contains("“Who won?”")
            && answer.text.contains("Title 1 (page 3); Title 2 (page 3)")
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
    let answer = read(answerer(None).answer(asked).await.unwrap()).await;
    assert_eq!(answer.text, "Annual leave is 15 days per (2) year. [2]");
    assert_eq!(answer.model, None);
    assert_eq!(answer.citations[0].quote, "Annual leave is 15\ndays per [2] year.");
    assert_eq!(answer.citations[0].document, source.document);
    assert_eq!(slice(&answer.text, answer.citations[0].answer_span), answer.text);
}

#[tokio::test]
async fn an_image_of_a_source_is_text_in_an_answer_and_stays_as_it_is_in_the_quote() {
    let source = "Hotel costs ![x](https://e.example/p) are 120 euros.";
    let asked = request("How much are hotel costs?", &[source], true);
    let answer = read(answerer(None).answer(asked).await.unwrap()).await;
    assert_eq!(answer.text, "Hotel costs !(x](https://e.example/p) are 120 euros. [1]");
    assert_eq!(quotes(&answer), [source]);
}

const UNITS: &str = "| City | Units sold |\n| --- | --- |\n| Berlin | 120 |\n| Paris | 85 |\n| Rome | 40 |\n\nThe figures were audited.";

fn quotes(answer: &Answer) -> Vec<&str> {
    answer.citations.iter().map(|citation| citation.quote.as_str()).collect()
}

#[tokio::test]
async fn a_row_is_extracted_below_its_header_and_both_are_cited() {
    let asked = |question| request(question, &[UNITS], true);
    let answer =
        read(answerer(None).answer(asked("How many units were sold in Paris?")).await.unwrap()).await;
    assert!(
        answer.text.starts_with("| City | Units sold |\n| --- | --- |\n| Paris | 85 [1] |"),
        "{}",
        answer.text
    );
    assert_eq!(quotes(&answer)[..2], ["| Paris | 85 |", "| City | Units sold |"]);
    assert_eq!(answer.sentences[0].citations, [0, 1]);
    assert_eq!(slice(&answer.text, answer.citations[1].answer_span), answer.text);

    let both = read(answerer(None).answer(asked("Berlin and Paris?")).await.unwrap()).await;
    let rows = "| City | Units sold |\n| --- | --- |\n| Berlin | 120 [1] |\n| Paris | 85 [1] |";
    assert_eq!(both.text, rows, "one header stands over both");
}

#[tokio::test]
async fn a_sentence_and_a_replacement_that_rest_on_a_row_cite_its_header() {
    let says = |text: &str, unsupported| {
        let mut asked = request("How many units were sold in Paris?", &[UNITS], true);
        asked.answer.unsupported = unsupported;
        let generator = Scripted::done(text);
        async move { read(answerer(Some(generator)).answer(asked).await.unwrap()).await }
    };
    let kept = says("85 units were sold in Paris [1].", UnsupportedPolicy::Drop).await;
    assert_eq!(kept.text, "85 units were sold in Paris [1].");
    assert_eq!(quotes(&kept), ["| Paris | 85 |", "| City | Units sold |"]);
    let replaced =
        says("- In Paris 99 are reported [1]. The figures were audited [1].", UnsupportedPolicy::Quote).await;
    assert_eq!(
        replaced.text,
        "| City | Units sold |\n| --- | --- |\n| Paris | 85 [1] |\n\nThe figures were audited [1]."
    );
    let header = says("99 units were sold [1].", UnsupportedPolicy::Quote).await;
    assert!(
        !header.text.contains("[1] The") && header.sentences[0].fate == SentenceFate::Dropped,
        "{header:?}"
    );
    assert_eq!(quotes(&replaced), ["| Paris | 85 |", "| City | Units sold |", "The figures were audited."]);
}

#[tokio::test]
async fn a_models_sentences_are_cited_as_they_come() {
    let generator = Scripted::done("年假为15天[9]。谢谢。");
    let mut asked = request("年假几天？", &["员工年假为15天。", "病假为10天。"], true);
    asked.history.turns.push(ChatMessage { role: MessageRole::User, content: "之前".into() });
    let answer = read(answerer(Some(generator.clone())).answer(asked).await.unwrap()).await;
    assert_eq!(answer.text, "年假为15天[1]。谢谢。");
    assert_eq!(answer.model.as_deref(), Some("scripted"));
    assert_eq!(answer.usage.completion_tokens, 4);
    assert_eq!(slice(&answer.text, answer.citations[0].answer_span), "年假为15天[1]。");
    let messages = generator.asked.lock().unwrap().take().unwrap().messages;
    assert_eq!(messages[1].content, "之前");
}

#[tokio::test]
async fn a_sentence_within_which_the_model_was_stopped_is_no_sentence() {
    let says = |text: &str, unsupported| {
        let usage = Usage::default();
        let generator = Scripted::new(text, GenerationEvent::Done { reason: FinishReason::Length, usage });
        let mut asked =
            request("How much leave is there?", &["Leave is ten days. Leave is paid in full."], true);
        asked.answer.unsupported = unsupported;
        async move { read(answerer(Some(generator)).answer(asked).await.unwrap()).await }
    };
    let cut = says("Leave is ten days [1]. Leave is paid", UnsupportedPolicy::Drop).await;
    assert_eq!((cut.text.as_str(), cut.finish_reason), ("Leave is ten days [1].", FinishReason::Length));
    assert_eq!(cut.sentences[1].text, "Leave is paid");
    assert_eq!(cut.sentences[1].fate, SentenceFate::Dropped);
    let whole = says("Leave is ten days [1]. Leave is paid in full.", UnsupportedPolicy::Drop).await;
    assert_eq!(whole.text, "Leave is ten days [1]. Leave is paid in full [1].");
    let flagged = says("Leave is ten days [1]. Leave is paid", UnsupportedPolicy::Flag).await;
    assert!(flagged.text.contains("Leave is paid"), "{}", flagged.text);
    let alone = says("Leave is", UnsupportedPolicy::Quote).await;
    assert_eq!(
        (alone.mode, alone.text.as_str()),
        (AnswerMode::Extractive, "Leave is ten days. [1] Leave is paid in full. [1]")
    );
}

#[tokio::test]
async fn silence_falls_back_to_the_documents_and_failure_is_told() {
    let asked = || request("annual leave days?", &["Annual leave is 15 days."], true);
    for silence in ["", " \n", "[1] [2]"] {
        let answer = read(answerer(Some(Scripted::done(silence))).answer(asked()).await.unwrap()).await;
        assert!(answer.text.ends_with("Annual leave is 15 days. [1]"), "{:?}", answer.text);
        assert_eq!((answer.model, answer.citations.len()), (None, 1));
    }
    let failure = Failure { kind: ErrorKind::Corrupt, message: "out of memory".into() };
    let failing = Scripted::new("Half a", GenerationEvent::Failed(failure.clone()));
    let mut events = answerer(Some(failing)).answer(asked()).await.unwrap().events;
    assert_eq!(events.recv().await, Some(AnswerEvent::Failed(failure)));
    assert_eq!(events.recv().await, None);
}

#[tokio::test]
async fn a_generator_that_ends_without_a_word_is_a_failure() {
    let ended = Scripted::new("Half a sentence", GenerationEvent::Text(String::new()));
    let asked = request("annual leave days?", &["Annual leave is 15 days."], true);
    let mut events = answerer(Some(ended)).answer(asked).await.unwrap().events;
    let Some(AnswerEvent::Failed(failure)) = events.recv().await else { panic!("not told") };
    assert_eq!(failure.kind, ErrorKind::Internal);
    assert_eq!(events.recv().await, None);
}

#[tokio::test]
async fn wrapped_lines_of_chinese_are_joined_without_a_blank() {
    let text = "按照公司现行的休假管理制度规定，全体正式员工每年享有\n十五天带薪年假，具体的申请办法和流程见 Excel\n表格。";
    let answer = read(answerer(None).answer(request("年假几天？", &[text], true)).await.unwrap()).await;
    let (before, after) = ("全体正式员工每年享有十五天带薪年假，", "流程见 Excel 表格。 [1]");
    assert!(answer.text.contains(before) && answer.text.ends_with(after), "{}", answer.text);
}

/// A request whose parts have about a hundred characters each, with six turns before it.
fn crowded(max_tokens: usize) -> AnswerRequest {
    let text = |what: &str| format!("{what} leave is 15 days. ").repeat(5);
    let texts = ["Annual", "Sick", "Study"].map(text);
    let mut asked = request("annual leave days?", &texts.each_ref().map(String::as_str), true);
    for n in 0..3 {
        let turn = |role, content: String| ChatMessage { role, content };
        asked.history.turns.push(turn(MessageRole::User, format!("question {n} {}", "x".repeat(90))));
        asked.history.turns.push(turn(MessageRole::Assistant, format!("answer {n} {}", "x".repeat(90))));
    }
    asked.sampling.max_tokens = max_tokens;
    asked
}

/// What a generator with room for `context` characters is asked, and the passages it is to cite.
async fn asked_within(context: usize, request: AnswerRequest) -> (GenerationRequest, Vec<u32>) {
    let done = Scripted::done("Annual leave is 15 days [3].");
    let generator = Arc::new(Scripted { says: done.says.clone(), asked: Default::default(), context });
    let begun = answerer(Some(generator.clone())).answer(request).await.unwrap();
    let offered: Vec<u32> = begun.passages.iter().map(|p| p.number).collect();
    for citation in read(begun).await.citations {
        assert!(offered.contains(&citation.number), "only what was offered is cited");
    }
    (generator.asked.lock().unwrap().take().unwrap(), offered)
}

#[tokio::test]
async fn what_does_not_fit_goes_oldest_turns_first_then_their_summary_then_last_passages() {
    let mut before = None;
    for context in (600..2_000).step_by(50).rev() {
        let (asked, offered) = asked_within(context, crowded(100)).await;
        let tokens: usize = asked.messages.iter().map(|m| m.content.chars().count()).sum();
        assert!(tokens + 100 <= context, "{tokens} do not fit {context}");
        let turns = asked.messages.len() - 2;
        assert!(turns == 0 || offered.len() == 3, "turns go before passages");
        assert_eq!(turns % 2, 0, "a turn of the service does not come first");
        let is_summarised = asked.messages[1].content.contains("Notes on the conversation before");
        assert!(offered.len() == 3 || !is_summarised, "the summary goes before passages");
        if turns > 0 {
            assert_eq!(is_summarised, turns < 6, "what goes leaves a note");
            assert!(is_summarised || asked.messages[1].content.starts_with("question 0"));
            assert!(asked.messages[turns].content.starts_with("answer 2"), "the oldest go first");
        }
        let size = (turns, offered.len());
        assert!(before.is_none_or(|before| before >= size), "a smaller context holds no more");
        before = Some(size);
    }
    assert_eq!(asked_within(4_000, crowded(100)).await.0.messages.len(), 8);
    assert_eq!(before, Some((0, 1)), "the best passage stays");
}

#[tokio::test]
async fn a_wish_for_more_tokens_than_there_are_gets_what_is_left() {
    let (asked, _) = asked_within(4_000, crowded(8_192)).await;
    let tokens: usize = asked.messages.iter().map(|m| m.content.chars().count()).sum();
    assert_eq!(asked.messages.len(), 8, "nothing is dropped for it");
    assert_eq!(asked.sampling.max_tokens, 4_000 - tokens);
}

#[tokio::test]
async fn a_real_tiny_model_writes_and_stops_when_the_reader_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    crate::gguf::tiny::write_model(&path, "llama", 3);
    let generator = Arc::new(GgufGenerator::open(GeneratorConfig::new("tiny", &path)).unwrap());
    let answerer = answerer(Some(generator));
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
