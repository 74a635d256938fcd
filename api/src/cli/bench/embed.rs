//! Chunks embedded per CPU-second, against a bare ONNX Runtime session on the same file.

use std::time::Duration;

use footnote_core::Result;
use footnote_core::error::Context;
use footnote_core::ports::Embedder;
use footnote_retriever::embedder::{EmbedderConfig, OnnxEmbedder};
use footnote_retriever::yardstick::BareSession;
use serde::Serialize;

use super::process::cpu_time;
use crate::config::Config;

/// Rounds; the best of each side counts.
const ROUNDS: usize = 3;
/// Passages per round.
const PASSAGES: usize = 48;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    model: String,
    passages: usize,
    chunks_per_cpu_second: f64,
    onnxruntime_chunks_per_cpu_second: f64,
    /// The first over the second; 1 means that the service adds nothing.
    ratio: f64,
}

pub(super) async fn measure(config: &Config) -> Result<Figures> {
    let folder = config.models.folder_of(&config.models.embedder);
    let runtime = config.models.onnxruntime_library();
    let one_session = EmbedderConfig { sessions: 1, ..EmbedderConfig::new(&folder, &runtime) };
    let embedder = OnnxEmbedder::open(one_session)?;
    let prefix = embedder.card().passage_prefix.clone();
    let mut bare = BareSession::open(&folder, &runtime)?;
    let texts = passages();
    embedder.embed_query("warm up").await?;
    bare.embed(&prefix, &texts[..1])?;

    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let before = cpu_time()?;
        embedder.embed_passages(texts.clone()).await?;
        let between = cpu_time()?;
        bare = embed_apart(bare, prefix.clone(), texts.clone()).await?;
        ours = ours.min(between - before);
        theirs = theirs.min(cpu_time()? - between);
    }
    let rate = |time: Duration| texts.len() as f64 / time.as_secs_f64().max(0.01);
    Ok(Figures {
        model: config.models.embedder.clone(),
        passages: texts.len(),
        chunks_per_cpu_second: rate(ours),
        onnxruntime_chunks_per_cpu_second: rate(theirs),
        ratio: rate(ours) / rate(theirs),
    })
}

async fn embed_apart(mut session: BareSession, prefix: String, texts: Vec<String>) -> Result<BareSession> {
    let work = move || session.embed(&prefix, &texts).map(|_| session);
    tokio::task::spawn_blocking(work).await.internal("the yardstick's thread stopped")?
}

/// Passages of 40 to 280 words, as chunks are, made from a fixed list of words.
fn passages() -> Vec<String> {
    const WORDS: [&str; 24] = [
        "annual",
        "report",
        "revenue",
        "sensor",
        "policy",
        "travel",
        "approval",
        "quarter",
        "the",
        "of",
        "and",
        "calibration",
        "margin",
        "员工",
        "年假",
        "报销",
        "制度",
        "采购",
        "审批",
        "increase",
        "by",
        "percent",
        "in",
        "2025",
    ];
    let mut state = 1_u64;
    let mut next = move || {
        // Knuth's MMIX multiplier: any fixed sequence would do.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    (0..PASSAGES)
        .map(|i| {
            let length = 40 + (i * 5) % 240;
            (0..length).map(|_| WORDS[next() % WORDS.len()]).collect::<Vec<_>>().join(" ")
        })
        .collect()
}
