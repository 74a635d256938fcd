//! Passages per second of the embedder against a bare ONNX Runtime session on the same file.
//!
//! `cargo run -p footnote-retriever --example embed_rate -- MODEL_DIR ONNXRUNTIME TEXT_FILE`
//! where TEXT_FILE has one passage per line. Both sides use one thread; the bare session runs one
//! passage at a time. CPU time as Linux counts it, so that a busy machine does not spoil the ratio.
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::path::PathBuf;

use footnote_core::ports::Embedder as _;
use footnote_core::{Error, Result};
use footnote_retriever::embedder::{EmbedderConfig, OnnxEmbedder};
use footnote_retriever::tokens::HuggingFaceTokens;
use footnote_retriever::yardstick::BareSession;

#[tokio::main]
async fn main() -> Result<()> {
    let usage = || Error::invalid("give MODEL_DIR ONNXRUNTIME TEXT_FILE");
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let dir = arguments.next().ok_or_else(usage)?;
    let onnxruntime = arguments.next().ok_or_else(usage)?;
    let texts = fs_err::read_to_string(arguments.next().ok_or_else(usage)?)
        .map_err(|e| Error::invalid("cannot read the passages").with_source(e))?;
    let texts: Vec<String> = texts.lines().filter(|l| !l.trim().is_empty()).map(str::to_owned).collect();

    let counter = HuggingFaceTokens::open(&dir.join("tokenizer.json"))?;
    let tokens: usize = texts.iter().map(|t| counter.count(t)).sum::<Result<usize>>()?;
    for batch in [1, 4, 8] {
        let config = EmbedderConfig { sessions: 1, batch, ..EmbedderConfig::new(&dir, &onnxruntime) };
        let embedder = OnnxEmbedder::open(config)?;
        embedder.embed_query("warm up").await?;
        let mut session = BareSession::open(&dir, &onnxruntime)?;
        session.embed(&embedder.card().passage_prefix.clone(), &texts[..1])?;
        let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
        let mut agreement = 1.0_f32;
        for _ in 0..3 {
            let start = cpu_seconds()?;
            let vectors = embedder.embed_passages(texts.clone()).await?;
            ours = ours.min(cpu_seconds()? - start);
            let start = cpu_seconds()?;
            let bare = session.embed(&embedder.card().passage_prefix.clone(), &texts)?;
            theirs = theirs.min(cpu_seconds()? - start);
            for (a, b) in vectors.iter().zip(&bare) {
                agreement = agreement.min(a.iter().zip(b).map(|(x, y)| x * y).sum());
            }
        }
        println!(
            "batch {batch}: {} passages of {tokens} tokens; embedder {:.2} per CPU-second, bare {:.2}, ratio {:.3}, least cosine {agreement:.5}",
            texts.len(),
            texts.len() as f64 / ours,
            texts.len() as f64 / theirs,
            theirs / ours,
        );
    }
    Ok(())
}

/// User and system time of this process, from fields 14 and 15 of its `stat`, in hundredths.
fn cpu_seconds() -> Result<f64> {
    let stat = fs_err::read_to_string("/proc/self/stat")
        .map_err(|e| Error::unavailable("cannot read the CPU time").with_source(e))?;
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / 100.0)
}
