//! The reranker: a cross-encoder run by fastembed, from local files only.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use fastembed::{RerankInitOptionsUserDefined, TextRerank, UserDefinedRerankingModel};
use footnote_core::error::Context as _;
use footnote_core::ports::Reranker;
use footnote_core::{Error, ErrorKind, Result};

use crate::model_files::{self, MODEL_FILE, RERANKER_CARD, RerankerCard, TOKENIZER_FILE};
use crate::runtime;
use crate::session_pool::SessionPool;
use crate::tokens::{self, HuggingFaceTokens};

/// Pairs per run of the model, for the reasons given at the embedder.
const BATCH: usize = 1;

/// Where a reranker's files are and how it runs.
#[derive(Debug, Clone)]
pub struct RerankerConfig {
    /// Folder with `model.onnx`, the tokenizer's files and `reranker.json`.
    pub dir: PathBuf,
    /// The shared library of ONNX Runtime.
    pub onnxruntime: PathBuf,
    /// One-thread sessions side by side, each with its own copy of the weights.
    pub sessions: usize,
    /// Questions that may wait per session; more are told to come back.
    pub queue: usize,
}

impl RerankerConfig {
    /// The defaults for a model folder and a runtime.
    pub fn new(dir: impl Into<PathBuf>, onnxruntime: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), onnxruntime: onnxruntime.into(), sessions: 1, queue: 16 }
    }
}

/// A cross-encoder over ONNX Runtime. Its sessions load at the first request.
pub struct OnnxReranker {
    fingerprint: String,
    /// Most tokens of question and passage together, special tokens taken off.
    max_tokens: usize,
    tokens: Arc<HuggingFaceTokens>,
    sessions: SessionPool<TextRerank>,
}

impl OnnxReranker {
    /// Checks the folder, hashes the model and starts the threads; blocks for about a second.
    pub fn open(config: RerankerConfig) -> Result<Self> {
        let card: RerankerCard = model_files::read_card(&config.dir, RERANKER_CARD)?;
        let tokens = HuggingFaceTokens::open(&config.dir.join(TOKENIZER_FILE))?;
        let max_tokens = card.max_tokens.saturating_sub(tokens.specials_around_two()?);
        if max_tokens < 2 {
            return Err(Error::corrupt(format!(
                "the card of {} gives {} tokens, which leaves no room for question and passage",
                card.name, card.max_tokens
            )));
        }
        let mut files = vec![config.dir.join(MODEL_FILE)];
        files.extend(model_files::external_paths(&config.dir, &card.external_files)?);
        files.extend([config.dir.join(TOKENIZER_FILE), config.dir.join(RERANKER_CARD)]);
        let fingerprint = model_files::fingerprint(&config.dir, &card.name, &files)?;
        runtime::environment(&config.onnxruntime)?;
        let sessions = SessionPool::start("reranker", config.sessions, config.queue, move || {
            load(&config, card.max_tokens)
        })?;
        Ok(Self { fingerprint, max_tokens, tokens: Arc::new(tokens), sessions })
    }
}

#[async_trait]
impl Reranker for OnnxReranker {
    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// A passage that is too long is scored by its best window: nothing of it is cut off. Of a
    /// question that takes more than half of the model's input, its beginning is read: with each
    /// window of a long question every passage would be read again, for minutes in all.
    async fn rerank(&self, query: &str, texts: Vec<String>) -> Result<Vec<f32>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let (tokens, limit, query) = (self.tokens.clone(), self.max_tokens, query.to_owned());
        self.sessions
            .ask(move |model, is_wanted| {
                let windows = tokens.windows(&query, limit / 2)?;
                let question = windows.first().copied().unwrap_or(&query);
                let room = limit - tokens.count(question)?;
                let mut scores = Vec::with_capacity(texts.len());
                for text in &texts {
                    if !is_wanted() {
                        return Err(Error::new(
                            ErrorKind::Cancelled,
                            "nobody waits for the ranking any more",
                        ));
                    }
                    scores.push(score_of_best_window(model, question, &tokens.windows(text, room)?)?);
                }
                Ok(scores)
            })
            .await
    }
}

fn score_of_best_window(model: &mut TextRerank, question: &str, windows: &[&str]) -> Result<f32> {
    let results = model.rerank(question, windows, false, Some(BATCH)).internal("the reranker failed")?;
    if results.iter().any(|result| !result.score.is_finite()) {
        return Err(Error::corrupt("the reranker gave a score that is no number"));
    }
    let best = results.into_iter().map(|result| result.score).reduce(f32::max);
    best.ok_or_else(|| Error::corrupt("the reranker gave no score"))
}

fn load(config: &RerankerConfig, max_length: usize) -> Result<TextRerank> {
    // From the file, not from memory: external weights are then found beside it.
    let model = UserDefinedRerankingModel::new(
        config.dir.join(MODEL_FILE),
        model_files::read_tokenizer_files(&config.dir)?,
    );
    let options = RerankInitOptionsUserDefined::new()
        .with_environment(runtime::environment(&config.onnxruntime)?)
        .with_intra_threads(1)
        .with_max_length(max_length);
    let mut loaded = TextRerank::try_new_from_user_defined(model, options)
        .context(ErrorKind::Corrupt, || format!("cannot load the reranker in {}", config.dir.display()))?;
    tokens::treat_texts_as_data(&mut loaded.tokenizer)?;
    Ok(loaded)
}
