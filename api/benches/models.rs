//! Passages embedded, against a bare ONNX Runtime session on the same file, and tokens decoded. Needs
//! the models: `footnote models pull`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use footnote_api::app::open_generator;
use footnote_api::config::{Config, Environment};
use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::error::Context;
use footnote_core::ports::{Embedder as _, GenerationEvent, GenerationRequest, Generator};
use footnote_core::settings::SamplingSettings;
use footnote_core::{Error, Result};
use footnote_retriever::embedder::{EmbedderConfig, OnnxEmbedder};
use footnote_retriever::yardstick::BareSession;
use tokio::runtime::Runtime;

const PASSAGES: usize = 16;
const TOKENS: usize = 32;

fn embedding(criterion: &mut Criterion) {
    if let Err(error) = embed(criterion) {
        eprintln!("skipped: {error}");
    }
}

fn embed(criterion: &mut Criterion) -> Result<()> {
    let models = Config::defaults(&Environment::of_process()?).models;
    let (folder, library) = (models.folder_of(&models.embedder), models.onnxruntime_library());
    let texts: Vec<String> = (0..PASSAGES)
        .map(|n| format!("Section {n}. {}", "The supplier shall deliver within thirty days. ".repeat(8 + n)))
        .collect();
    let config = EmbedderConfig { sessions: 1, ..EmbedderConfig::new(&folder, &library) };
    let embedder = OnnxEmbedder::open(config)?;
    let mut session = BareSession::open(&folder, &library)?;
    let prefix = embedder.card().passage_prefix.clone();
    let runtime = Runtime::new().internal("cannot start tokio")?;

    let mut group = criterion.benchmark_group("embed");
    group.sample_size(10).throughput(Throughput::Elements(PASSAGES as u64));
    group.bench_function("embedder", |b| {
        b.iter(|| runtime.block_on(embedder.embed_passages(texts.clone())));
    });
    group.bench_function("bare session", |b| b.iter(|| session.embed(&prefix, &texts)));
    group.finish();
    Ok(())
}

fn decoding(criterion: &mut Criterion) {
    if let Err(error) = decode(criterion) {
        eprintln!("skipped: {error}");
    }
}

/// Every answer has the same prompt, which is read once and then reused: what is timed is decoding.
fn decode(criterion: &mut Criterion) -> Result<()> {
    let config = Config::defaults(&Environment::of_process()?);
    let Some(generator) = open_generator(&config)? else {
        return Err(Error::not_installed("no generator; run `footnote models pull`"));
    };
    let runtime = Runtime::new().internal("cannot start tokio")?;
    runtime.block_on(generate(generator.as_ref()))?;
    let mut group = criterion.benchmark_group("generate");
    group.sample_size(10).throughput(Throughput::Elements(TOKENS as u64));
    group.bench_function("decode", |b| {
        b.iter(|| assert!(runtime.block_on(generate(generator.as_ref())).is_ok(), "it decodes"));
    });
    group.finish();
    Ok(())
}

async fn generate(generator: &dyn Generator) -> Result<()> {
    let content = "Tell a long story about a sensor that is calibrated every ninety days.".to_owned();
    let request = GenerationRequest {
        messages: vec![ChatMessage { role: MessageRole::User, content }],
        sampling: SamplingSettings { max_tokens: TOKENS, ..SamplingSettings::default() },
    };
    let mut events = generator.generate(request).await?;
    while let Some(event) = events.recv().await {
        if let GenerationEvent::Failed(failure) = event {
            return Err(failure.into_error());
        }
    }
    Ok(())
}

criterion_group!(benches, embedding, decoding);
criterion_main!(benches);
