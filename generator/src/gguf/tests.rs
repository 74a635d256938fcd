//! Whole generations of tiny random models: loading, reuse, cancellation, limits.

use candle_core::Tensor;
use footnote_core::answer::{FinishReason, MessageRole, Usage};
use footnote_core::settings::SamplingSettings;

use super::decoder::Decoder;
use super::*;

fn model(architecture: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    tiny::write_model(&path, architecture, 5);
    (folder, path)
}

fn request(system: &str, user: &str, sampling: SamplingSettings) -> GenerationRequest {
    let message = |role, content: &str| ChatMessage { role, content: content.to_owned() };
    let messages = vec![message(MessageRole::System, system), message(MessageRole::User, user)];
    GenerationRequest { messages, sampling }
}

fn short() -> SamplingSettings {
    SamplingSettings { max_tokens: 12, ..Default::default() }
}

async fn read(mut events: mpsc::Receiver<GenerationEvent>) -> (String, FinishReason, Usage) {
    let mut text = String::new();
    while let Some(event) = events.recv().await {
        match event {
            GenerationEvent::Text(more) => text.push_str(&more),
            GenerationEvent::Done { reason, usage } => return (text, reason, usage),
            GenerationEvent::Failed(failure) => panic!("{failure:?}"),
        }
    }
    panic!("ended without Done");
}

async fn ask(generator: &GgufGenerator, request: GenerationRequest) -> (String, FinishReason, Usage) {
    read(generator.generate(request).await.unwrap()).await
}

#[tokio::test]
async fn a_shared_prefix_is_reused_and_changes_nothing() {
    for architecture in ["llama", "qwen2", "qwen3"] {
        let (_folder, path) = model(architecture);
        let open = || GgufGenerator::open(GeneratorConfig::new("tiny", &path)).unwrap();
        let system = "the hello system ".repeat(20);
        let second = || request(&system, "and hell again?", short());

        let fresh = ask(&open(), second()).await;
        assert_eq!(fresh.2.cached_tokens, 0);
        assert!(fresh.2.completion_tokens > 0);
        let generator = open();
        ask(&generator, request(&system, "a first question", short())).await;
        let reused = ask(&generator, second()).await;
        assert_eq!(reused.0, fresh.0, "{architecture}");
        assert!(reused.2.cached_tokens > 200, "{architecture}: {:?}", reused.2);
        assert_eq!(reused.2.prompt_tokens, fresh.2.prompt_tokens);
    }
}

#[tokio::test]
async fn sampling_is_reproducible_and_seeded() {
    let (_folder, path) = model("qwen2");
    let generator = GgufGenerator::open(GeneratorConfig::new("tiny", &path)).unwrap();
    let warm =
        |seed| SamplingSettings { temperature: 1.5, top_k: 0, top_p: 1.0, seed, max_tokens: 30, ..short() };
    let one = ask(&generator, request("s", "question", warm(1))).await.0;
    assert_eq!(ask(&generator, request("s", "question", warm(1))).await.0, one);
    assert_ne!(ask(&generator, request("s", "question", warm(2))).await.0, one);
}

#[tokio::test]
async fn prompts_that_do_not_fit_name_the_numbers() {
    let (_folder, path) = model("qwen2");
    let config = GeneratorConfig { context_tokens: 100, ..GeneratorConfig::new("tiny", &path) };
    let generator = GgufGenerator::open(config).unwrap();
    let error = generator.generate(request("s", &"x".repeat(200), short())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        error.to_string().contains("context holds 100") && error.to_string().contains("12 more"),
        "{error}"
    );
    let bad = SamplingSettings { top_p: 0.0, ..short() };
    assert_eq!(generator.generate(request("s", "x", bad)).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_prompt_is_measured_as_it_is_read() {
    let (_folder, path) = model("qwen2");
    let generator = GgufGenerator::open(GeneratorConfig::new("tiny", &path)).unwrap();
    let asked = request("s", "question", short());
    let size = generator.measure(&asked.messages).await.unwrap();
    assert_eq!(size.context, generator.context_tokens());
    assert_eq!(size.tokens, ask(&generator, asked).await.2.prompt_tokens);
}

#[tokio::test]
async fn leaving_cancels_and_a_full_queue_is_busy() {
    let (_folder, path) = model("llama");
    let config = GeneratorConfig { queue: 1, ..GeneratorConfig::new("tiny", &path) };
    let generator = GgufGenerator::open(config).unwrap();
    let endless = || request("s", "x", SamplingSettings { max_tokens: 900, temperature: 1.0, ..short() });
    let mut running = generator.generate(endless()).await.unwrap();
    running.recv().await.unwrap();
    for _ in 0..8 {
        drop(generator.generate(endless()).await.unwrap());
    }
    let waiting = generator.generate(endless()).await.expect("those who left hold no place");
    let busy = generator.generate(endless()).await.unwrap_err();
    assert!(matches!(busy.kind(), ErrorKind::Busy { .. }), "{busy:?}");
    drop(running);
    drop(waiting);
    let begun = std::time::Instant::now();
    let next = loop {
        match generator.generate(request("s", "next", short())).await {
            Ok(events) => break read(events).await,
            Err(error) if matches!(error.kind(), ErrorKind::Busy { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(next.2.completion_tokens > 0);
    assert!(begun.elapsed() < Duration::from_secs(5), "cancelled work went on");
}

#[tokio::test]
async fn tokens_are_compared_while_an_answer_is_written() {
    let (_folder, path) = model("qwen2");
    let open =
        || GgufGenerator::open(GeneratorConfig { queue: 1, ..GeneratorConfig::new("tiny", &path) }).unwrap();
    let asked = [ChatMessage { role: MessageRole::User, content: "the hello?".to_owned() }];
    let alone = open().log_odds(&asked, "a", "b").await.unwrap();
    let long = || request("s", "x", SamplingSettings { max_tokens: 900, temperature: 1.0, ..short() });
    let undisturbed = ask(&open(), long()).await;

    let generator = open();
    let mut running = generator.generate(long()).await.unwrap();
    let GenerationEvent::Text(first) = running.recv().await.unwrap() else { panic!("no text came first") };
    let waiting = generator.generate(long()).await.unwrap();
    assert!(generator.generate(long()).await.is_err(), "the queue is full");
    assert_eq!(generator.log_odds(&asked, "a", "b").await.unwrap(), alone);
    assert!(generator.generate(long()).await.is_err(), "the answer is still being written");
    let (rest, reason, usage) = read(running).await;
    assert_eq!((format!("{first}{rest}"), reason, usage), undisturbed);
    drop(waiting);
    assert_eq!(generator.log_odds(&asked, "a", "b").await.unwrap(), alone);
}

#[tokio::test]
async fn stop_texts_end_the_answer() {
    let (_folder, path) = model("qwen2");
    let generator = GgufGenerator::open(GeneratorConfig::new("tiny", &path)).unwrap();
    let whole = ask(&generator, request("s", "question", short())).await.0;
    let stop: String = whole.chars().skip(3).take(2).collect();
    let stopping = SamplingSettings { stop: vec![stop.clone()], ..short() };
    let (text, reason, _) = ask(&generator, request("s", "question", stopping)).await;
    assert_eq!(reason, FinishReason::Stop);
    assert_eq!(text, whole[..whole.find(&stop).unwrap()]);
}

#[test]
fn reading_in_chunks_or_at_once_gives_the_same_logits() {
    for architecture in ["llama", "qwen2", "qwen3"] {
        let (_folder, path) = model(architecture);
        let decoder = Decoder::load(&mut ModelFile::read(&path).unwrap(), 64).unwrap();
        let tokens: Vec<u32> = (0..40).map(|i| i * 7 % 250).collect();
        let logits = |cuts: &[usize]| -> Tensor {
            let mut cache = decoder.new_cache().unwrap();
            let mut last = None;
            for window in cuts.windows(2) {
                last = decoder.forward(&tokens[window[0]..window[1]], &mut cache, &|| false).unwrap();
            }
            last.unwrap()
        };
        let whole: Vec<f32> = logits(&[0, 40]).to_vec1().unwrap();
        for cuts in [vec![0, 13, 40], vec![0, 39, 40], (0..=40).collect::<Vec<_>>()] {
            let parts: Vec<f32> = logits(&cuts).to_vec1().unwrap();
            let worst = whole.iter().zip(&parts).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{architecture} {cuts:?}: {worst}");
        }
        let mut cache = decoder.new_cache().unwrap();
        assert!(decoder.forward(&tokens, &mut cache, &|| true).unwrap().is_none());
        assert_eq!(cache.len(), 0, "a cancelled read leaves the cache as it was");
    }
}

/// candle-transformers' own models are the reference.
#[test]
fn logits_equal_those_of_candle_transformers() {
    use candle_core::Device;
    use candle_transformers::models::{quantized_llama, quantized_qwen2};
    let tokens: Vec<u32> = (0..20).map(|i| i * 11 % 250).collect();
    let input = Tensor::new(tokens.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    for architecture in ["llama", "qwen2"] {
        let (_folder, path) = model(architecture);
        let mut file = ModelFile::read(&path).unwrap();
        // Candle's Llama wants the dimension spelt out.
        let dimension = candle_core::quantized::gguf_file::Value::U32(8);
        file.content.metadata.insert("llama.rope.dimension_count".into(), dimension);
        let (content, mut reader) = (file.content, file.reader);
        let reference = match architecture {
            "llama" => quantized_llama::ModelWeights::from_gguf(content, &mut reader, &Device::Cpu)
                .unwrap()
                .forward(&input, 0),
            _ => quantized_qwen2::ModelWeights::from_gguf(content, &mut reader, &Device::Cpu)
                .unwrap()
                .forward(&input, 0),
        };
        let reference: Vec<f32> = reference.unwrap().squeeze(0).unwrap().to_vec1().unwrap();
        let decoder = Decoder::load(&mut ModelFile::read(&path).unwrap(), 64).unwrap();
        let mut cache = decoder.new_cache().unwrap();
        let ours: Vec<f32> =
            decoder.forward(&tokens, &mut cache, &|| false).unwrap().unwrap().to_vec1().unwrap();
        let worst = ours.iter().zip(&reference).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{architecture}: {worst}");
    }
}

#[test]
fn files_that_cannot_be_run_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let open =
        |name: &str| GgufGenerator::open(GeneratorConfig::new("m", folder.path().join(name))).err().unwrap();
    assert_eq!(open("absent.gguf").kind(), ErrorKind::NotInstalled);
    fs_err::write(folder.path().join("text.gguf"), "not a model").unwrap();
    assert_eq!(open("text.gguf").kind(), ErrorKind::Corrupt);
    tiny::write_model(&folder.path().join("mamba.gguf"), "mamba", 1);
    let error = open("mamba.gguf");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("mamba") && error.to_string().contains("qwen2"), "{error}");

    let whole = folder.path().join("whole.gguf");
    tiny::write_model(&whole, "qwen2", 1);
    let bytes = fs_err::read(&whole).unwrap();
    for cut in [3, 40, 900, bytes.len() / 2] {
        fs_err::write(&whole, &bytes[..cut]).unwrap();
        let opened = GgufGenerator::open(GeneratorConfig::new("m", &whole));
        let error = opened.err().or_else(|| Engine::load(&whole, 64).err()).unwrap();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "cut at {cut}: {error}");
    }
}
