//! The suite of [`Generator`]: for any real model.

use std::time::{Duration, Instant};

use footnote_core::ErrorKind;
use footnote_core::answer::{ChatMessage, FinishReason, MessageRole, Usage};
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator};
use footnote_core::settings::SamplingSettings;
use tokio::sync::mpsc;

/// Longest time until a cancelled answer makes room for the next. A cancelled answer of
/// [`ENDLESS`] tokens that went on would take far longer.
const ROOM_WITHIN: Duration = Duration::from_secs(30);
const ENDLESS: usize = 4000;

/// Runs the suite over a generator whose queue holds one prompt.
pub async fn run(generator: &dyn Generator) {
    assert!(!generator.model().is_empty());
    at_temperature_zero_the_same_prompt_has_the_same_answer(generator).await;
    a_seed_decides_how_it_samples(generator).await;
    an_answer_is_no_longer_than_asked_for(generator).await;
    stop_texts_end_the_answer_and_are_not_in_it(generator).await;
    what_cannot_be_done_is_refused(generator).await;
    leaving_cancels_and_a_full_queue_is_busy(generator).await;
}

async fn at_temperature_zero_the_same_prompt_has_the_same_answer(generator: &dyn Generator) {
    let (text, _, usage) = ask(generator, short()).await;
    assert!(!text.is_empty() && usage.completion_tokens > 0 && usage.prompt_tokens > 0, "{usage:?}");
    let (again, _, reused) = ask(generator, short()).await;
    assert_eq!(again, text, "whether or not the prompt was kept");
    assert_eq!(reused.prompt_tokens, usage.prompt_tokens);
    assert!(reused.cached_tokens < reused.prompt_tokens, "the last token is always read: {reused:?}");
}

async fn a_seed_decides_how_it_samples(generator: &dyn Generator) {
    let warm = |seed| SamplingSettings { temperature: 1.5, top_k: 0, top_p: 1.0, seed, ..short() };
    let one = ask(generator, warm(1)).await.0;
    assert_eq!(ask(generator, warm(1)).await.0, one);
    let others = [ask(generator, warm(2)).await.0, ask(generator, warm(3)).await.0];
    assert!(others.iter().any(|other| *other != one), "{others:?}");
}

async fn an_answer_is_no_longer_than_asked_for(generator: &dyn Generator) {
    let (_, reason, usage) = ask(generator, SamplingSettings { max_tokens: 3, ..short() }).await;
    assert!(usage.completion_tokens <= 3, "{usage:?}");
    assert!(reason == FinishReason::Stop || usage.completion_tokens == 3, "{reason:?} {usage:?}");
}

async fn stop_texts_end_the_answer_and_are_not_in_it(generator: &dyn Generator) {
    let whole = ask(generator, short()).await.0;
    let stop: String = whole.chars().skip(3).take(2).collect();
    assert!(!stop.is_empty(), "too short to stop: {whole:?}");
    let stopping = SamplingSettings { stop: vec![stop.clone()], ..short() };
    let (text, reason, _) = ask(generator, stopping).await;
    assert_eq!((text.as_str(), reason), (&whole[..whole.find(&stop).unwrap()], FinishReason::Stop));
}

async fn what_cannot_be_done_is_refused(generator: &dyn Generator) {
    let long = request(&"word ".repeat(200_000), short());
    let bad = request("Hello", SamplingSettings { top_p: 0.0, ..short() });
    for refused in [long, bad] {
        let error = generator.generate(refused).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

async fn leaving_cancels_and_a_full_queue_is_busy(generator: &dyn Generator) {
    let endless = || {
        let sampling = SamplingSettings { max_tokens: ENDLESS, temperature: 2.0, top_k: 0, ..short() };
        request("Tell a story that never ends.", sampling)
    };
    let mut running = generator.generate(endless()).await.unwrap();
    assert!(matches!(running.recv().await, Some(GenerationEvent::Text(_))), "it began");
    let waiting = generator.generate(endless()).await.unwrap();
    let busy = generator.generate(endless()).await.unwrap_err();
    assert!(matches!(busy.kind(), ErrorKind::Busy { .. }), "{busy}");
    drop((running, waiting));
    let began = Instant::now();
    let events = loop {
        match generator.generate(request("Hello", short())).await {
            Ok(events) => break events,
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Busy { .. }), "{error}"),
        }
        assert!(began.elapsed() < ROOM_WITHIN, "cancelled work goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(read(events).await.2.completion_tokens > 0);
    assert!(began.elapsed() < ROOM_WITHIN, "cancelled work went on");
}

fn short() -> SamplingSettings {
    SamplingSettings { max_tokens: 12, ..SamplingSettings::default() }
}

fn request(user: &str, sampling: SamplingSettings) -> GenerationRequest {
    let message = |role, content: &str| ChatMessage { role, content: content.to_owned() };
    let system = "You answer questions about the documents in whole sentences.";
    let messages = vec![message(MessageRole::System, system), message(MessageRole::User, user)];
    GenerationRequest { messages, sampling }
}

async fn ask(generator: &dyn Generator, sampling: SamplingSettings) -> (String, FinishReason, Usage) {
    read(generator.generate(request("What is a footnote?", sampling)).await.unwrap()).await
}

/// The text of an answer, which ends with exactly one `Done`.
async fn read(mut events: mpsc::Receiver<GenerationEvent>) -> (String, FinishReason, Usage) {
    let mut text = String::new();
    loop {
        match events.recv().await.expect("an answer ends with Done") {
            GenerationEvent::Text(more) => text.push_str(&more),
            GenerationEvent::Done { reason, usage } => {
                assert_eq!(events.recv().await, None, "nothing comes after Done");
                return (text, reason, usage);
            }
            GenerationEvent::Failed(error) => panic!("{error:?}"),
        }
    }
}
