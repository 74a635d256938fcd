//! The embedder: an ONNX model run by fastembed, from local files only.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use fastembed::{InitOptionsUserDefined, TextEmbedding, UserDefinedEmbeddingModel};
use footnote_core::error::Context as _;
use footnote_core::ports::{Embedder, TokenCounter};
use footnote_core::{Error, ErrorKind, Result};
use futures::{StreamExt as _, TryStreamExt as _};

use crate::model_files::{self, EMBEDDER_CARD, EmbedderCard, MODEL_FILE, TOKENIZER_FILE};
use crate::runtime;
use crate::session_pool::SessionPool;
use crate::tokens::{self, HuggingFaceTokens};

/// Where an embedder's files are and how it runs.
#[derive(Debug, Clone)]
pub struct EmbedderConfig {
    /// Folder with `model.onnx`, the tokenizer's files and `embedder.json`.
    pub dir: PathBuf,
    /// The shared library of ONNX Runtime.
    pub onnxruntime: PathBuf,
    /// One-thread sessions side by side, each with its own copy of the weights.
    pub sessions: usize,
    /// Questions that may wait per session; more are told to come back.
    pub queue: usize,
    /// Passages per run of the model. 1 is fastest on a CPU, pads nothing, and makes a passage's
    /// vector independent of its neighbours: dynamic int8 scales its activations per run.
    pub batch: usize,
    /// Tokens of passages that a session works off before a question gets its turn.
    pub turn_tokens: usize,
}

impl EmbedderConfig {
    /// The defaults for a model folder and a runtime.
    pub fn new(dir: impl Into<PathBuf>, onnxruntime: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            onnxruntime: onnxruntime.into(),
            sessions: 2,
            queue: 64,
            batch: 1,
            turn_tokens: 512,
        }
    }
}

/// An embedder over ONNX Runtime. Its sessions load at the first request.
pub struct OnnxEmbedder {
    card: EmbedderCard,
    fingerprint: String,
    /// Most tokens of a text without prefix and special tokens.
    max_tokens: usize,
    tokens: Arc<HuggingFaceTokens>,
    sessions: SessionPool<TextEmbedding>,
    batch: usize,
    turn_tokens: usize,
}

impl OnnxEmbedder {
    /// Checks the folder, hashes the model and starts the threads; blocks for about a second.
    pub fn open(config: EmbedderConfig) -> Result<Self> {
        let card: EmbedderCard = model_files::read_card(&config.dir, EMBEDDER_CARD)?;
        let tokens = HuggingFaceTokens::open(&config.dir.join(TOKENIZER_FILE))?;
        let max_tokens = room_for_text(&card, &tokens)?;
        let mut files = vec![config.dir.join(MODEL_FILE)];
        files.extend(model_files::external_paths(&config.dir, &card.external_files)?);
        files.extend([config.dir.join(TOKENIZER_FILE), config.dir.join(EMBEDDER_CARD)]);
        let fingerprint = model_files::fingerprint(&config.dir, &card.name, &files)?;
        runtime::environment(&config.onnxruntime)?;
        let (batch, turn_tokens) = (config.batch.max(1), config.turn_tokens);
        let sessions = SessionPool::start("embedder", config.sessions, config.queue, {
            let card = card.clone();
            move || load(&config, &card)
        })?;
        Ok(Self { card, fingerprint, max_tokens, tokens: Arc::new(tokens), sessions, batch, turn_tokens })
    }

    /// What the model's card says.
    pub fn card(&self) -> &EmbedderCard {
        &self.card
    }

    /// Prefixes, checks and sorts passages off the async threads, and deals them into turns.
    async fn deal_turns(&self, texts: Vec<String>) -> Result<Vec<Turn>> {
        let (tokens, prefix) = (self.tokens.clone(), self.card.passage_prefix.clone());
        let (limit, turn_tokens) = (self.max_tokens, self.turn_tokens);
        tokio::task::spawn_blocking(move || {
            let mut passages = Vec::with_capacity(texts.len());
            for (position, text) in texts.into_iter().enumerate() {
                let count = tokens.count(&text)?;
                if count > limit {
                    return Err(Error::invalid(format!(
                        "passage {position} has {count} tokens and the embedder takes {limit}; cut it smaller"
                    )));
                }
                passages.push(Passage { position, tokens: count, text: format!("{prefix}{text}") });
            }
            Ok(deal(passages, turn_tokens))
        })
        .await
        .internal("counting tokens was interrupted")?
    }
}

#[async_trait]
impl Embedder for OnnxEmbedder {
    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn dimension(&self) -> usize {
        self.card.dimension
    }

    fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    fn tokens(&self) -> Arc<dyn TokenCounter> {
        self.tokens.clone()
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        let (tokens, limit, dimension) = (self.tokens.clone(), self.max_tokens, self.card.dimension);
        let (prefix, text) = (self.card.query_prefix.clone(), text.to_owned());
        self.sessions
            .ask(move |model, _| {
                let windows = tokens.windows(&text, limit)?;
                let parts: Vec<String> = windows.into_iter().map(|part| format!("{prefix}{part}")).collect();
                mean(&run(model, &parts, 1, dimension)?)
            })
            .await
    }

    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let mut vectors = vec![Vec::new(); texts.len()];
        let turns = self.deal_turns(texts).await?;
        let (batch, dimension) = (self.batch, self.card.dimension);
        let mut done = futures::stream::iter(turns)
            .map(|turn| {
                self.sessions
                    .run_bulk(move |model| Ok((turn.positions, run(model, &turn.texts, batch, dimension)?)))
            })
            .buffer_unordered(self.sessions.width());
        while let Some((positions, embedded)) = done.try_next().await? {
            for (position, vector) in positions.into_iter().zip(embedded) {
                vectors[position] = vector;
            }
        }
        Ok(vectors)
    }
}

/// A passage with its prefix and its place among the caller's texts.
struct Passage {
    position: usize,
    tokens: usize,
    text: String,
}

/// Passages that a session works off at a stretch.
#[derive(Default)]
struct Turn {
    positions: Vec<usize>,
    texts: Vec<String>,
    tokens: usize,
}

/// Sorts by length, so that runs of several passages pad little, and fills turns up to
/// `turn_tokens`; a longer passage has a turn of its own.
fn deal(mut passages: Vec<Passage>, turn_tokens: usize) -> Vec<Turn> {
    passages.sort_by_key(|p| (p.tokens, p.position));
    let mut turns: Vec<Turn> = Vec::new();
    for passage in passages {
        let fits = turns.last().is_some_and(|turn| turn.tokens + passage.tokens <= turn_tokens);
        if !fits {
            turns.push(Turn::default());
        }
        if let Some(turn) = turns.last_mut() {
            turn.positions.push(passage.position);
            turn.texts.push(passage.text);
            turn.tokens += passage.tokens;
        }
    }
    turns
}

/// Tokens left for a text when the longer prefix and the special tokens are taken off.
fn room_for_text(card: &EmbedderCard, tokens: &HuggingFaceTokens) -> Result<usize> {
    let prefix = tokens.count(&card.query_prefix)?.max(tokens.count(&card.passage_prefix)?);
    let used = prefix + tokens.specials_around_one()?;
    match card.max_tokens.checked_sub(used) {
        Some(room) if room > 0 && card.dimension > 0 => Ok(room),
        _ => Err(Error::corrupt(format!(
            "the card of {} gives {} tokens and {} dimensions, which leaves no room for a text",
            card.name, card.max_tokens, card.dimension
        ))),
    }
}

fn load(config: &EmbedderConfig, card: &EmbedderCard) -> Result<TextEmbedding> {
    let mut model = UserDefinedEmbeddingModel::new(
        model_files::read(&config.dir.join(MODEL_FILE))?,
        model_files::read_tokenizer_files(&config.dir)?,
    )
    .with_pooling(card.pooling.to_fastembed());
    model.output_key = card.output.map(|output| output.to_fastembed());
    for (name, path) in
        card.external_files.iter().zip(model_files::external_paths(&config.dir, &card.external_files)?)
    {
        model = model.with_external_initializer(name.clone(), model_files::read(&path)?);
    }
    let options = InitOptionsUserDefined::new()
        .with_environment(runtime::environment(&config.onnxruntime)?)
        .with_intra_threads(1)
        .with_max_length(card.max_tokens);
    let mut loaded = TextEmbedding::try_new_from_user_defined(model, options)
        .context(ErrorKind::Corrupt, || format!("cannot load the embedder in {}", config.dir.display()))?;
    // A text that is too long must fail, not lose its end.
    tokens::treat_texts_as_data(&mut loaded.tokenizer)?;
    Ok(loaded)
}

fn run(model: &mut TextEmbedding, texts: &[String], batch: usize, dimension: usize) -> Result<Vec<Vec<f32>>> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let vectors = model.embed(texts, Some(batch)).internal("the embedder failed")?;
    if vectors.len() != texts.len() {
        let (got, asked) = (vectors.len(), texts.len());
        return Err(Error::corrupt(format!("the embedder gave {got} vectors for {asked} texts")));
    }
    vectors.into_iter().map(|vector| normalised(vector, dimension)).collect()
}

/// Checks a vector and brings it to length 1.
fn normalised(mut vector: Vec<f32>, dimension: usize) -> Result<Vec<f32>> {
    if vector.len() != dimension {
        return Err(Error::corrupt(format!(
            "the embedder gave a vector of {} dimensions and its card says {dimension}; correct {EMBEDDER_CARD}",
            vector.len()
        )));
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if !length.is_finite() || length <= f32::EPSILON {
        return Err(Error::corrupt("the embedder gave a vector without a direction"));
    }
    for x in &mut vector {
        *x /= length;
    }
    Ok(vector)
}

fn mean(vectors: &[Vec<f32>]) -> Result<Vec<f32>> {
    let dimension = vectors.first().map_or(0, Vec::len);
    let mut sum = vec![0.0; dimension];
    for vector in vectors {
        for (total, x) in sum.iter_mut().zip(vector) {
            *total += x;
        }
    }
    normalised(sum, dimension)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passage(position: usize, tokens: usize) -> Passage {
        Passage { position, tokens, text: "x".repeat(tokens) }
    }

    proptest! {
        #[test]
        fn every_passage_gets_one_turn_within_the_limit(lengths in prop::collection::vec(0_usize..700, 0..60)) {
            let passages = lengths.iter().enumerate().map(|(i, &n)| passage(i, n)).collect();
            let turns = deal(passages, 512);
            let mut seen: Vec<usize> = turns.iter().flat_map(|t| t.positions.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for turn in &turns {
                prop_assert!(turn.tokens <= 512 || turn.texts.len() == 1);
                prop_assert_eq!(turn.texts.iter().map(String::len).sum::<usize>(), turn.tokens);
            }
        }
    }

    #[test]
    fn vectors_are_checked_and_normalised() {
        assert_eq!(normalised(vec![3.0, 4.0], 2).unwrap(), [0.6, 0.8]);
        assert!(normalised(vec![3.0], 2).unwrap_err().to_string().contains("card says 2"));
        assert!(normalised(vec![0.0, 0.0], 2).is_err());
        assert!(normalised(vec![f32::NAN, 1.0], 2).is_err());
        let middle = mean(&[vec![1.0, 0.0], vec![0.0, 1.0]]).unwrap();
        assert!((middle[0] - middle[1]).abs() < 1e-6 && (middle[0] - 0.5_f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_folder_without_a_model_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = OnnxEmbedder::open(EmbedderConfig::new(dir.path(), "/nowhere.so")).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotInstalled);
        assert!(error.to_string().contains("embedder.json"), "{error}");
    }
}
