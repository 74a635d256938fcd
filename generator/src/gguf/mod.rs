//! A generator that runs a GGUF model in this process with candle.
//!
//! The tokenizer loads at the first prompt, the weights at the first turn on the model's own
//! thread. Candle takes its number of threads from the process environment
//! (`CANDLE_NUM_THREADS`, else `RAYON_NUM_THREADS`, else one per physical core) once and for all
//! models, so there is no setting for it here.

mod comparisons;
mod decoder;
mod engine;
pub mod family;
mod kv_cache;
mod sampler;
mod spm;
mod template;
mod text_stream;
#[cfg(test)]
pub(crate) mod tiny;
mod tokenizer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use footnote_core::answer::{ChatMessage, Failure};
use footnote_core::error::Context;
use footnote_core::model_thread::{LazyModel, ModelThread};
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator, PromptSize};
use footnote_core::{Error, ErrorKind, Result};
use tokio::sync::{OnceCell, mpsc, oneshot};

use comparisons::{Comparison, Comparisons};
use engine::{Engine, Steps};
use family::ModelFile;
use template::ChatTemplate;
use tokenizer::GgufTokenizer;

/// How to run a GGUF model.
#[derive(Debug, Clone)]
pub struct GeneratorConfig {
    /// The `.gguf` file.
    pub path: PathBuf,
    /// Names the model in answers.
    pub name: String,
    /// Prompts that may wait; one more is busy.
    pub queue: usize,
    /// Most tokens of prompt and answer together; the model's own limit where that is smaller.
    pub context_tokens: usize,
}

impl GeneratorConfig {
    /// A configuration for the file at `path` with a queue of 8 and a context of 8,192 tokens.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), name: name.into(), queue: 8, context_tokens: 8_192 }
    }
}

/// After this time a comparison that found the queue full asks for a place in it again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A GGUF model on its own thread.
pub struct GgufGenerator {
    name: String,
    fingerprint: String,
    path: PathBuf,
    context_tokens: usize,
    front: OnceCell<Arc<Front>>,
    comparisons: Comparisons,
    thread: ModelThread<LazyModel<Engine>>,
}

/// What turns messages into tokens; used before a prompt is queued, so that a prompt that does not
/// fit is refused at once.
struct Front {
    tokenizer: Arc<GgufTokenizer>,
    template: ChatTemplate,
}

/// A prompt in the model's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// The tokens.
    pub(crate) tokens: Vec<u32>,
    /// Leading tokens that come before the last message: what prompts have in common.
    pub(crate) shared: usize,
}

impl GgufGenerator {
    /// Checks that the file is a GGUF of a supported architecture; loads no weights yet.
    pub fn open(config: GeneratorConfig) -> Result<Self> {
        let file = ModelFile::read(&config.path)?;
        let context_tokens = config.context_tokens.min(file.shape.context_length).max(16);
        let fingerprint = fingerprint(&config.name, &config.path, &file)?;
        let path = config.path.clone();
        let load = move || Engine::load(&path, context_tokens);
        let thread = ModelThread::<Engine>::spawn("generator", config.queue, Duration::from_secs(10), load)?;
        let front = OnceCell::new();
        let comparisons = Comparisons::default();
        Ok(Self {
            name: config.name,
            fingerprint,
            path: config.path,
            context_tokens,
            front,
            comparisons,
            thread,
        })
    }

    /// Most tokens of prompt and answer together.
    pub fn context_tokens(&self) -> usize {
        self.context_tokens
    }

    async fn front(&self) -> Result<Arc<Front>> {
        let load = || async {
            let path = self.path.clone();
            let front = tokio::task::spawn_blocking(move || Front::load(&path)).await;
            front.internal("tokenizer loading panicked")?.map(Arc::new)
        };
        self.front.get_or_try_init(load).await.cloned()
    }

    async fn encode(&self, front: Arc<Front>, messages: Vec<ChatMessage>) -> Result<Prompt> {
        let encoded = tokio::task::spawn_blocking(move || front.encode(&messages)).await;
        encoded.internal("encoding the prompt panicked")?
    }
}

#[async_trait]
impl Generator for GgufGenerator {
    fn model(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    async fn measure(&self, messages: &[ChatMessage]) -> Result<PromptSize> {
        let prompt = self.encode(self.front().await?, messages.to_vec()).await?;
        Ok(PromptSize { tokens: prompt.tokens.len(), context: self.context_tokens })
    }

    async fn generate(&self, request: GenerationRequest) -> Result<mpsc::Receiver<GenerationEvent>> {
        request.sampling.validate()?;
        let front = self.front().await?;
        let tokenizer = front.tokenizer.clone();
        let prompt = self.encode(front, request.messages).await?;
        check_fits(prompt.tokens.len(), request.sampling.max_tokens, self.context_tokens)?;

        // Room for every token, so that a slow reader never holds up the model's thread.
        let (events, receiver) = mpsc::channel(request.sampling.max_tokens + 2);
        let sampling = request.sampling;
        let span = tracing::Span::current();
        let reader = events.clone();
        let is_wanted = move || !reader.is_closed();
        let comparisons = self.comparisons.clone();
        self.thread.submit(is_wanted, move |engine| {
            let _entered = span.entered();
            let between = |engine: &Engine| comparisons.serve(engine);
            let steps = Steps { events: &events, between: &between };
            let outcome = engine.get().and_then(|e| e.generate(&prompt, &sampling, &tokenizer, &steps));
            if let Err(error) = outcome
                && error.kind() != ErrorKind::Cancelled
            {
                tracing::error!(%error, "generation failed");
                // A reader that left meanwhile does not want to know.
                let _ = events.try_send(GenerationEvent::Failed(Failure::from(&error)));
            }
        })?;
        Ok(receiver)
    }

    async fn log_odds(&self, messages: &[ChatMessage], one: &str, other: &str) -> Result<f32> {
        let front = self.front().await?;
        let first = |text: &str| {
            let token = front.tokenizer.encode_text(text)?.first().copied();
            token.ok_or_else(|| Error::invalid("an empty answer has no chance; give a word"))
        };
        let (one, other) = (first(one)?, first(other)?);
        let prompt = self.encode(front.clone(), messages.to_vec()).await?;
        check_fits(prompt.tokens.len(), 1, self.context_tokens)?;
        // Lives as long as the caller's future.
        let waits = Arc::new(());
        let (reply, mut answer) = oneshot::channel();
        let (caller, span) = (Arc::downgrade(&waits), tracing::Span::current());
        self.comparisons.push(Comparison { prompt, one, other, caller: caller.clone(), reply, span })?;
        let gone = |_| Error::internal("the generator dropped a comparison");
        loop {
            let (comparisons, caller) = (self.comparisons.clone(), caller.clone());
            let submitted = self.thread.submit(
                move || caller.strong_count() > 0,
                move |engine| {
                    // What waits is not this request's own, and has to be told of a panic while loading.
                    let serve = || engine.get().map(|engine| comparisons.serve(engine));
                    let served = catch_unwind(AssertUnwindSafe(serve));
                    let panicked = |_| Err(Error::internal("the model panicked while loading"));
                    if let Err(error) = served.unwrap_or_else(panicked) {
                        comparisons.fail(&error);
                    }
                },
            );
            if submitted.is_ok() {
                return answer.await.map_err(gone)?;
            }
            // The queue is full of what serves comparisons as well, unless it is given up.
            if let Ok(answer) = tokio::time::timeout(ASK_AGAIN, &mut answer).await {
                return answer.map_err(gone)?;
            }
        }
    }
}

/// Name, size and a hash of the head of the file, which holds its metadata, its tokenizer and the place
/// of every tensor. Hashing a gigabyte of weights at every start would cost seconds; `models verify` does.
fn fingerprint(name: &str, path: &Path, file: &ModelFile) -> Result<String> {
    use std::io::Read as _;
    let bytes = fs_err::metadata(path).internal("cannot read the model's size")?.len();
    let mut head = Vec::new();
    let opened = fs_err::File::open(path).internal("cannot open the model")?;
    opened.take(file.head_bytes()).read_to_end(&mut head).internal("cannot read the model's head")?;
    let hash = footnote_core::hash::ContentHash::of(&head).to_string();
    Ok(format!("{name}:{bytes}:{}", hash.get(..16).unwrap_or_default()))
}

fn check_fits(prompt: usize, max_tokens: usize, context: usize) -> Result<()> {
    if prompt + max_tokens <= context {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the prompt has {prompt} tokens and asks for up to {max_tokens} more, but the model's context \
         holds {context}; ask a shorter question, lower retrieval.passage_budget or sampling.max_tokens"
    )))
}

impl Front {
    fn load(path: &Path) -> Result<Self> {
        let file = ModelFile::read(path)?;
        let tokenizer = GgufTokenizer::from_metadata(file.metadata())?;
        let template = ChatTemplate::from_metadata(file.metadata(), &tokenizer)?;
        Ok(Self { tokenizer: Arc::new(tokenizer), template })
    }

    fn encode(&self, messages: &[ChatMessage]) -> Result<Prompt> {
        let pieces = self.template.render(messages)?;
        self.tokenizer.encode_prompt(&pieces)
    }
}

#[cfg(test)]
mod tests;
