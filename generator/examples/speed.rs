//! Prefill and decode speed of a GGUF model: `cargo run --release --example speed -- MODEL.gguf [TOKENS]`.
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::time::Instant;

use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator};
use footnote_core::settings::SamplingSettings;
use footnote_core::{Error, Result};
use footnote_generator::{GeneratorConfig, GgufGenerator};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or_else(|| Error::invalid("give the path of a .gguf file"))?;
    let words: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(700);
    let generator = GgufGenerator::open(GeneratorConfig::new("model", path))?;
    for (run, name) in ["cold (loads the weights)", "warm", "warm, same prompt again"].iter().enumerate() {
        let seed = run.min(1);
        let text: Vec<String> =
            (0..words).map(|i| format!("item{} ", (i * 7919 + seed * 13) % 1000)).collect();
        let user = format!("Tell a long story about these things: {}", text.concat());
        let messages = vec![ChatMessage { role: MessageRole::User, content: user }];
        let sampling = SamplingSettings { max_tokens: 64, ..Default::default() };
        let (begun, cpu_before) = (Instant::now(), cpu_seconds());
        let mut events = generator.generate(GenerationRequest { messages, sampling }).await?;
        let mut first = None;
        while let Some(event) = events.recv().await {
            first.get_or_insert_with(|| (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu_before));
            if let GenerationEvent::Done { usage, .. } = event {
                let (first, first_cpu) = first.unwrap_or_default();
                let decode = begun.elapsed().as_secs_f64() - first;
                let decode_cpu = cpu_seconds() - cpu_before - first_cpu;
                let read = (usage.prompt_tokens - usage.cached_tokens) as f64;
                let wrote = usage.completion_tokens.saturating_sub(1) as f64;
                println!("{name}: {usage:?}");
                println!("  prefill {:.1} tokens/s, {:.1} per CPU-second", read / first, read / first_cpu);
                println!("  decode {:.1} tokens/s, {:.1} per CPU-second", wrote / decode, wrote / decode_cpu);
            }
        }
    }
    Ok(())
}

/// CPU time of this process, all threads (Linux: `/proc/self/stat`, in hundredths).
fn cpu_seconds() -> f64 {
    let stat = fs_err::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|f| f.parse::<f64>().ok()).sum::<f64>() / 100.0
}
