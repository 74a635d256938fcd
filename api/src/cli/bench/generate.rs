//! Tokens read and written per second by the language model.

use std::time::Instant;

use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::ports::{GenerationEvent, GenerationRequest};
use footnote_core::settings::SamplingSettings;
use footnote_core::{Error, Result};
use serde::Serialize;

use super::process::cpu_time;
use crate::app::open_generator;
use crate::config::Config;

const COMPLETION_TOKENS: usize = 64;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    model: String,
    prompt_tokens: usize,
    completion_tokens: usize,
    load_seconds: f64,
    seconds_to_first_token: f64,
    prefill_tokens_per_second: f64,
    prefill_tokens_per_cpu_second: f64,
    decode_tokens_per_second: f64,
    decode_tokens_per_cpu_second: f64,
}

/// `None` where no generator is installed.
pub(super) async fn measure(config: &Config) -> Result<Option<Figures>> {
    let Some(generator) = open_generator(config)? else { return Ok(None) };
    let start = Instant::now();
    // Loads the weights, and warms the kernels up with another prompt.
    let warm_up = generator.generate(prompt("Say hello.", 1)).await?;
    drain(warm_up).await?;
    let load_seconds = start.elapsed().as_secs_f64();

    let sentence = "The sensor is calibrated every ninety days with two buffer solutions. ";
    let (start, cpu_start) = (Instant::now(), cpu_time()?);
    let mut events = generator.generate(prompt(&sentence.repeat(40), COMPLETION_TOKENS)).await?;
    let first = events.recv().await;
    let (first_seconds, cpu_first) = (start.elapsed().as_secs_f64(), cpu_time()?);
    if let Some(GenerationEvent::Failed(failure)) = first {
        return Err(failure.into_error());
    }
    let usage = drain(events).await?;
    let decode_seconds = start.elapsed().as_secs_f64() - first_seconds;
    let decode_cpu = (cpu_time()? - cpu_first).as_secs_f64();
    let prefilled = (usage.prompt_tokens - usage.cached_tokens.min(usage.prompt_tokens)) as f64;
    let decoded = usage.completion_tokens.saturating_sub(1) as f64;
    Ok(Some(Figures {
        model: generator.model().to_owned(),
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        load_seconds,
        seconds_to_first_token: first_seconds,
        prefill_tokens_per_second: prefilled / first_seconds,
        prefill_tokens_per_cpu_second: prefilled / (cpu_first - cpu_start).as_secs_f64().max(0.01),
        decode_tokens_per_second: decoded / decode_seconds,
        decode_tokens_per_cpu_second: decoded / decode_cpu.max(0.01),
    }))
}

fn prompt(text: &str, max_tokens: usize) -> GenerationRequest {
    let content = format!("{text}\nTell a long story about this.");
    GenerationRequest {
        messages: vec![ChatMessage { role: MessageRole::User, content }],
        sampling: SamplingSettings { max_tokens, ..SamplingSettings::default() },
    }
}

async fn drain(
    mut events: tokio::sync::mpsc::Receiver<GenerationEvent>,
) -> Result<footnote_core::answer::Usage> {
    while let Some(event) = events.recv().await {
        match event {
            GenerationEvent::Text(_) => {}
            GenerationEvent::Done { usage, .. } => return Ok(usage),
            GenerationEvent::Failed(failure) => return Err(failure.into_error()),
        }
    }
    Err(Error::internal("the generator ended without a word"))
}
