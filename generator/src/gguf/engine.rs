//! One generation from tokens to text, on the model's thread.

use std::path::Path;
use std::time::Instant;

use footnote_core::answer::{FinishReason, Usage};
use footnote_core::error::Context;
use footnote_core::ports::GenerationEvent;
use footnote_core::settings::SamplingSettings;
use footnote_core::{Error, ErrorKind, Result};
use tokio::sync::mpsc::Sender;

use super::Prompt;
use super::decoder::Decoder;
use super::family::ModelFile;
use super::kv_cache::{KvCache, PrefixCaches, chunk_ends};
use super::sampler::Sampler;
use super::text_stream::TextStream;
use super::tokenizer::GgufTokenizer;

/// Prompt prefixes whose keys and values are kept: about one per knowledge base in use.
const KEPT_PREFIXES: usize = 4;

/// What a generation tells, and what has its turn after every step of it.
pub(crate) struct Steps<'a> {
    /// Where the text goes.
    pub(crate) events: &'a Sender<GenerationEvent>,
    /// Called after every step.
    pub(crate) between: &'a dyn Fn(&Engine),
}

/// A loaded model with the prefixes it remembers.
pub(crate) struct Engine {
    decoder: Decoder,
    prefixes: PrefixCaches,
}

impl Engine {
    pub(crate) fn load(path: &Path, context: usize) -> Result<Self> {
        let begun = Instant::now();
        let mut file = ModelFile::read(path)?;
        let decoder = Decoder::load(&mut file, context)
            .context(ErrorKind::Corrupt, || format!("cannot load the model {}", path.display()))?;
        tracing::info!(
            path = %path.display(),
            family = file.family.name(),
            context,
            seconds = begun.elapsed().as_secs_f32(),
            "generator loaded"
        );
        Ok(Self { decoder, prefixes: PrefixCaches::new(KEPT_PREFIXES) })
    }

    /// Reads the prompt and sends what the model writes. Ends early where nobody listens any more.
    pub(crate) fn generate(
        &mut self,
        prompt: &Prompt,
        sampling: &SamplingSettings,
        tokenizer: &GgufTokenizer,
        steps: &Steps<'_>,
    ) -> Result<()> {
        let ends = chunk_ends(prompt.tokens.len(), prompt.shared);
        let kept = self.prefixes.take(&prompt.tokens, &ends).internal("cannot reuse a cached prefix")?;
        let mut cache = match kept {
            Some(cache) => cache,
            None => self.decoder.new_cache().internal("cannot make a key-value cache")?,
        };
        let outcome = self.run(prompt, &ends, &mut cache, sampling, tokenizer, steps);
        let kept = self.prefixes.put(prompt.tokens.clone(), ends, prompt.shared, cache);
        outcome.and(kept.internal("cannot keep a prefix"))
    }

    /// Reads the prompt and compares the chances of two tokens to come next. Nothing is kept: such prompts
    /// have little in common.
    pub(crate) fn log_odds(
        &self,
        prompt: &Prompt,
        one: u32,
        other: u32,
        is_left: &dyn Fn() -> bool,
    ) -> Result<f32> {
        let mut cache = self.decoder.new_cache().internal("cannot make a key-value cache")?;
        let ends = chunk_ends(prompt.tokens.len(), prompt.shared);
        let logits = self.read(&prompt.tokens, &ends, &mut cache, is_left, &|_| {})?;
        let logit = |token: u32| logits.get(token as usize).copied();
        let odds = logit(one).zip(logit(other)).map(|(one, other)| one - other);
        odds.ok_or_else(|| Error::internal("a token is not in the model's vocabulary"))
    }

    fn run(
        &self,
        prompt: &Prompt,
        ends: &[usize],
        cache: &mut KvCache,
        sampling: &SamplingSettings,
        tokenizer: &GgufTokenizer,
        Steps { events, between }: &Steps<'_>,
    ) -> Result<()> {
        let cached_tokens = cache.len();
        let is_left = || events.is_closed();
        let mut logits = self.read(&prompt.tokens, ends, cache, &is_left, between)?;
        let mut sampler = Sampler::new(sampling);
        let mut text = TextStream::new(&sampling.stop);
        let mut usage = Usage { prompt_tokens: prompt.tokens.len(), cached_tokens, completion_tokens: 0 };
        let reason = loop {
            let token = sampler.sample(&mut logits)?;
            usage.completion_tokens += 1;
            if tokenizer.ends_generation(token) {
                break FinishReason::Stop;
            }
            send(events, text.push(&tokenizer.bytes(token)))?;
            if text.stopped() {
                break FinishReason::Stop;
            }
            if usage.completion_tokens == sampling.max_tokens {
                break FinishReason::Length;
            }
            between(self);
            logits = self.forward(&[token], cache, &is_left)?;
        };
        send(events, text.finish())?;
        events.try_send(GenerationEvent::Done { reason, usage }).map_err(|_| cancelled())
    }

    fn read(
        &self,
        tokens: &[u32],
        ends: &[usize],
        cache: &mut KvCache,
        is_left: &dyn Fn() -> bool,
        between: &dyn Fn(&Self),
    ) -> Result<Vec<f32>> {
        let mut logits = Vec::new();
        for &end in ends {
            if end > cache.len() {
                let chunk = tokens.get(cache.len()..end).unwrap_or_default();
                logits = self.forward(chunk, cache, is_left)?;
                between(self);
            }
        }
        Ok(logits)
    }

    fn forward(&self, tokens: &[u32], cache: &mut KvCache, is_left: &dyn Fn() -> bool) -> Result<Vec<f32>> {
        let logits = self
            .decoder
            .forward(tokens, cache, is_left)
            .and_then(|logits| logits.map(|l| l.to_vec1::<f32>()).transpose())
            .internal("the model failed to compute")?;
        logits.ok_or_else(cancelled)
    }
}

fn send(events: &Sender<GenerationEvent>, text: String) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    events.try_send(GenerationEvent::Text(text)).map_err(|_| cancelled())
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "nobody reads the answer any more")
}
