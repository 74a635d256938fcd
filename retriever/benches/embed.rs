//! Passages per second of the embedder, and of a bare ONNX Runtime session on the same file.

use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use footnote_core::ports::Embedder as _;
use footnote_retriever::embedder::{EmbedderConfig, OnnxEmbedder};
use footnote_retriever::yardstick::BareSession;

const PASSAGES: usize = 16;

fn embedding(criterion: &mut Criterion) {
    let Some(models) = std::env::home_dir().map(|home| home.join(".cache/footnote/models")) else { return };
    let (dir, onnxruntime) =
        (models.join("multilingual-e5-small"), models.join("onnxruntime/libonnxruntime.so"));
    if !dir.join("model.onnx").is_file() || !onnxruntime.is_file() {
        eprintln!("skipped: no model in {}; run `footnote models pull`", dir.display());
        return;
    }
    if let Err(error) = compare(criterion, dir, onnxruntime) {
        eprintln!("failed: {error}");
    }
}

fn compare(criterion: &mut Criterion, dir: PathBuf, onnxruntime: PathBuf) -> footnote_core::Result<()> {
    let texts: Vec<String> = (0..PASSAGES)
        .map(|n| format!("Section {n}. {}", "The supplier shall deliver within thirty days. ".repeat(8 + n)))
        .collect();
    let config = EmbedderConfig { sessions: 1, ..EmbedderConfig::new(&dir, &onnxruntime) };
    let embedder = OnnxEmbedder::open(config)?;
    let mut session = BareSession::open(&dir, &onnxruntime)?;
    let prefix = embedder.card().passage_prefix.clone();
    let threads = tokio::runtime::Runtime::new()
        .map_err(|e| footnote_core::Error::internal("cannot start tokio").with_source(e))?;

    let mut group = criterion.benchmark_group("embed");
    group.sample_size(10).throughput(Throughput::Elements(PASSAGES as u64));
    group.bench_function("embedder", |b| {
        b.iter(|| threads.block_on(embedder.embed_passages(texts.clone())));
    });
    group.bench_function("bare session", |b| b.iter(|| session.embed(&prefix, &texts)));
    group.finish();
    Ok(())
}

criterion_group!(benches, embedding);
criterion_main!(benches);
