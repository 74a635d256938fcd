//! Search latency over many chunks: the whole path of a search, from the question's embedding to
//! the confirmation in SQL. The documents go through the normal jobs; only their vectors are drawn at
//! random and remembered beforehand, as embedding so many would take hours.

use std::time::Instant;

use bytes::Bytes;
use footnote_core::document::VersionState;
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::ids::KnowledgeBaseId;
use footnote_core::ports::{DocumentFilter, NewVersion, TokenCounter};
use footnote_core::question::Filter;
use footnote_core::text::CanonicalText;
use footnote_core::{Error, Result};
use footnote_ingest::chunk::{ChunkBudget, chunk, embedded_text};
use footnote_ingest::parse::{EngineConfig, ParseLimits, parse_file};
use footnote_retriever::hybrid::SearchMode;
use footnote_retriever::ranking::Duplicates;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use super::percentile;
use crate::cli::refresh::{all_documents, wait_until_idle};
use crate::cli::session::Session;
use crate::config::Config;
use crate::service::search::{SearchInput, search};

const KNOWLEDGE_BASE: &str = "bench";
const CHUNKS_PER_DOCUMENT: usize = 1_000;
const WORDS_PER_CHUNK: usize = 90;
const VOCABULARY: usize = 20_000;
const QUERIES: usize = 200;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    chunks: usize,
    indexing_seconds: f64,
    chunks_indexed_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Of that, embedding the question.
    embed_p50_ms: f64,
}

pub(super) async fn measure(config: &Config, chunks: usize) -> Result<Figures> {
    let scratch = tempfile::tempdir().internal("cannot make a scratch folder")?;
    let mut config = config.clone();
    config.data.folder = scratch.path().join("data");
    let session = Session::open_with_workers(config).await?;
    let figures = measure_in(&session, chunks).await;
    session.close().await;
    figures
}

async fn measure_in(session: &Session, wanted: usize) -> Result<Figures> {
    let mut random = StdRng::seed_from_u64(7);
    let start = Instant::now();
    let chunks = fill(session, wanted, &mut random).await?;
    let indexing_seconds = start.elapsed().as_secs_f64();
    let (mut whole, mut embedding) = (Vec::with_capacity(QUERIES), Vec::with_capacity(QUERIES));
    for number in 0..QUERIES + 5 {
        let query = words(6, &mut random);
        let start = Instant::now();
        session.app.embedder.embed_query(&query).await?;
        let embedded = start.elapsed().as_secs_f64() * 1e3;
        let input = SearchInput {
            query,
            mode: SearchMode::Hybrid,
            limit: 10,
            filter: Filter::default(),
            as_of: None,
            duplicates: Duplicates::Fold,
            explain: false,
        };
        let start = Instant::now();
        let found = search(&session.app, &session.principal, KNOWLEDGE_BASE, input).await?;
        let searched = start.elapsed().as_secs_f64() * 1e3;
        if found.best.is_empty() {
            return Err(Error::internal("a search of the bench found nothing"));
        }
        // The first few load models and pages.
        if number >= 5 {
            whole.push(searched);
            embedding.push(embedded);
        }
    }
    whole.sort_by(f64::total_cmp);
    embedding.sort_by(f64::total_cmp);
    Ok(Figures {
        chunks,
        indexing_seconds,
        chunks_indexed_per_second: chunks as f64 / indexing_seconds,
        p50_ms: percentile(&whole, 0.5),
        p99_ms: percentile(&whole, 0.99),
        embed_p50_ms: percentile(&embedding, 0.5),
    })
}

async fn fill(session: &Session, wanted: usize, random: &mut StdRng) -> Result<usize> {
    let app = &session.app;
    let knowledge_base = session.knowledge_base_or_new(KNOWLEDGE_BASE).await?;
    let source = app.store.documents.upload_source(knowledge_base.id).await?;
    let tokens = app.embedder.tokens();
    let settings = app.generation.spec.chunker.clone();
    let budget = ChunkBudget::new(&settings, app.embedder.max_tokens())?;
    let mut made = 0;
    while made < wanted {
        let paragraphs = CHUNKS_PER_DOCUMENT.min(wanted - made);
        let text: Vec<String> = (0..paragraphs).map(|_| words(WORDS_PER_CHUNK, random)).collect();
        let text = Bytes::from(text.join("\n\n"));
        let title = format!("Document {made}");
        let (tokens, settings, bytes, named) =
            (tokens.clone(), settings.clone(), text.clone(), title.clone());
        let hashes =
            tokio::task::spawn_blocking(move || embedded_hashes(&bytes, &named, &settings, budget, &*tokens))
                .await
                .internal("the chunking thread stopped")??;
        let vectors: Vec<(ContentHash, Vec<f32>)> =
            hashes.into_iter().map(|hash| (hash, unit_vector(app.embedder.dimension(), random))).collect();
        app.store.documents.put_vectors(app.embedder.fingerprint(), &vectors).await?;
        let new = NewVersion {
            knowledge_base: knowledge_base.id,
            source: source.id,
            key: format!("document-{made}.txt"),
            title,
            metadata: None,
            password: None,
            content: app.store.blobs.put(&text).await?,
            bytes: text.len() as u64,
        };
        app.store.documents.store_version(new, app.now()).await?;
        made += vectors.len();
    }
    wait_until_idle(session).await?;
    require_filled(session, knowledge_base.id, made).await?;
    Ok(made)
}

/// Every document answers, with the chunks that were foreseen, and none had to be embedded: otherwise
/// the search is timed on another index than the figures say.
async fn require_filled(session: &Session, knowledge_base: KnowledgeBaseId, chunks: usize) -> Result<()> {
    let documents = all_documents(&session.app, knowledge_base, DocumentFilter::default()).await?;
    let (mut indexed, mut embedded) = (0, 0);
    for listed in documents {
        let newest = &listed.newest;
        let facts = newest.parsed.as_ref().filter(|_| newest.state == VersionState::Current);
        let facts = facts.ok_or_else(|| {
            let why = newest.failure.as_deref().unwrap_or_else(|| newest.state.name());
            Error::internal(format!("{} of the bench was not indexed: {why}", listed.document.key))
        })?;
        indexed += facts.chunks as usize;
        embedded += facts.embedded;
    }
    if indexed == chunks && embedded == 0 {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the bench foresaw {chunks} chunks and found {indexed}, {embedded} of them embedded anew"
    )))
}

/// Hashes of what the pipeline will embed of this text.
fn embedded_hashes(
    text: &[u8],
    title: &str,
    settings: &footnote_core::knowledge_base::ChunkerSettings,
    budget: ChunkBudget,
    tokens: &dyn TokenCounter,
) -> Result<Vec<ContentHash>> {
    let scratch = tempfile::NamedTempFile::new().internal("cannot make a scratch file")?;
    fs_err::write(scratch.path(), text).internal("cannot write a scratch file")?;
    let parsed =
        parse_file(scratch.path(), "document.txt", &ParseLimits::default(), &EngineConfig::default())?;
    let canonical = CanonicalText::new(parsed.text.as_str());
    let mut hashes = Vec::new();
    for draft in chunk(&parsed, settings, budget, tokens)? {
        let slice =
            canonical.slice(draft.span).ok_or_else(|| Error::corrupt("a chunk reaches past its text"))?;
        let embedded = embedded_text(title, &draft.heading_path, slice, tokens, budget.context)?;
        hashes.push(ContentHash::of(embedded.as_bytes()));
    }
    Ok(hashes)
}

/// Made-up words, rarer ones rarer, as in real text.
fn words(count: usize, random: &mut StdRng) -> String {
    let word = |random: &mut StdRng| {
        let share: f64 = random.random();
        format!("word{}", (VOCABULARY as f64 * share * share * share) as usize)
    };
    (0..count).map(|_| word(random)).collect::<Vec<_>>().join(" ")
}

fn unit_vector(dimension: usize, random: &mut StdRng) -> Vec<f32> {
    let vector: Vec<f32> = (0..dimension).map(|_| random.random_range(-1.0..1.0)).collect();
    let norm = vector.iter().map(|x: &f32| x * x).sum::<f32>().sqrt().max(f32::EPSILON);
    vector.into_iter().map(|x| x / norm).collect()
}
