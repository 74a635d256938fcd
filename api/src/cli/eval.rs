//! `footnote eval retrieval DIR`: keyword, vector and hybrid search measured on judged queries.
//!
//! The corpus goes through the same upload, parsing, chunking and indexing as anybody's documents,
//! into a data folder of its own below the configured one, which a second run finds ready.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::passage::Candidate;
use footnote_core::ports::NewVersion;
use footnote_core::question::{Filter, QuestionText, ScopedQuery};
use footnote_core::settings::{FusionMethod, RetrievalSettings};
use footnote_core::{Error, ErrorKind, Result};
use footnote_retriever::hybrid::SearchMode;
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::args::{EvalRetrievalArgs, FusionArg, OutputFormat};
use super::dataset::{CorpusDocument, Dataset, JudgedQuery};
use super::metrics::RankingMetrics;
use super::session::{Session, progress_bar};
use super::{output, refresh};
use crate::app::App;
use crate::config::Config;

/// Chunks taken per query: several may belong to one document, and ten documents are judged.
const DEPTH: usize = 100;
/// Queries under way at once: enough to keep both cores busy.
const CONCURRENT_QUERIES: usize = 4;
/// The knowledge base that holds the corpus.
const KNOWLEDGE_BASE: &str = "eval";

#[derive(Debug, Serialize)]
struct Report {
    dataset: String,
    documents: usize,
    queries: usize,
    embedder: String,
    keyword: RankingMetrics,
    vector: RankingMetrics,
    hybrid: RankingMetrics,
}

/// Indexes what is not indexed yet, then measures.
pub(crate) async fn run(config: Config, args: EvalRetrievalArgs, format: OutputFormat) -> Result<()> {
    let mut dataset = Dataset::load(&args.dir, args.qrels.as_deref())?;
    if let Some(limit) = args.queries {
        dataset.queries.truncate(limit);
    }
    if dataset.queries.is_empty() {
        return Err(Error::invalid("the data set has no judged queries"));
    }
    let session = Session::open_with_workers(own_folder(config, &dataset, args.fresh)?).await?;
    let report = measure(&session, &dataset, &args).await;
    session.close().await;
    let report = report?;
    output::print(format, &report, |out| {
        writeln!(out, "{}: {} documents, {} queries", report.dataset, report.documents, report.queries)?;
        writeln!(out, "          nDCG@10  recall@5  recall@10  MRR@10")?;
        for (name, m) in [("keyword", report.keyword), ("vector", report.vector), ("hybrid", report.hybrid)] {
            writeln!(
                out,
                "{name:8}  {:.4}   {:.4}    {:.4}     {:.4}",
                m.ndcg_10, m.recall_5, m.recall_10, m.mrr_10
            )?;
        }
        Ok(())
    })
}

async fn measure(session: &Session, dataset: &Dataset, args: &EvalRetrievalArgs) -> Result<Report> {
    let knowledge_base = session.knowledge_base_or_new(KNOWLEDGE_BASE).await?;
    index(session, &knowledge_base, &dataset.corpus).await?;
    let settings = settings(args)?;
    let bar = progress_bar(dataset.queries.len() as u64 * 3, "searching");
    let mut by_mode = Vec::new();
    for mode in [SearchMode::Keyword, SearchMode::Dense, SearchMode::Hybrid] {
        let scores: Vec<RankingMetrics> = futures::stream::iter(&dataset.queries)
            .map(|query| {
                let bar = bar.clone();
                let settings = settings.clone();
                let knowledge_base = &knowledge_base;
                async move {
                    let metrics = score(session, knowledge_base, query, mode, settings).await?;
                    bar.inc(1);
                    Ok::<_, Error>(metrics)
                }
            })
            .buffered(CONCURRENT_QUERIES)
            .try_collect()
            .await?;
        by_mode.push(RankingMetrics::mean(&scores));
    }
    bar.finish_and_clear();
    let [keyword, vector, hybrid] = by_mode[..] else {
        return Err(Error::internal("three modes give three results"));
    };
    Ok(Report {
        dataset: dataset.name.clone(),
        documents: dataset.corpus.len(),
        queries: dataset.queries.len(),
        embedder: session.app.config.models.embedder.clone(),
        keyword,
        vector,
        hybrid,
    })
}

async fn score(
    session: &Session,
    knowledge_base: &KnowledgeBase,
    query: &JudgedQuery,
    mode: SearchMode,
    settings: RetrievalSettings,
) -> Result<RankingMetrics> {
    let scoped = ScopedQuery {
        scope: session.principal.scope(knowledge_base)?,
        question: QuestionText::parse(&query.text)?,
        filter: Filter::default(),
        settings,
    };
    let candidates = session.app.retriever.search(&scoped, mode, DEPTH).await?;
    Ok(RankingMetrics::of(&ranked_documents(&candidates), &query.judgements))
}

/// Documents in the order of their best chunk.
fn ranked_documents(candidates: &[Candidate]) -> Vec<String> {
    let mut seen = HashSet::new();
    let ids = candidates.iter().map(|c| document_id(&c.chunk.document_key));
    ids.filter(|id| seen.insert((*id).to_owned())).map(str::to_owned).collect()
}

fn document_key(id: &str) -> String {
    format!("{id}.txt")
}

fn document_id(key: &str) -> &str {
    key.strip_suffix(".txt").unwrap_or(key)
}

/// Brings the knowledge base to the corpus: what is there already costs nothing.
async fn index(session: &Session, knowledge_base: &KnowledgeBase, corpus: &[CorpusDocument]) -> Result<()> {
    let app: &Arc<App> = &session.app;
    let source = app.store.documents.upload_source(knowledge_base.id).await?;
    let known: HashSet<(String, ContentHash)> = app
        .store
        .documents
        .source_contents(source.id)
        .await?
        .into_iter()
        .map(|(_, key, content)| (key, content))
        .collect();
    let bar = progress_bar(corpus.len() as u64, "storing");
    for document in corpus {
        bar.inc(1);
        let text = Bytes::from(document.text.clone());
        let key = document_key(&document.id);
        if document.text.trim().is_empty() || known.contains(&(key.clone(), ContentHash::of(&text))) {
            continue;
        }
        let new = NewVersion {
            knowledge_base: knowledge_base.id,
            source: source.id,
            key,
            title: document.title.clone(),
            metadata: None,
            content: app.store.blobs.put(&text).await?,
            bytes: text.len() as u64,
        };
        app.store.documents.store_version(new, app.now()).await?;
    }
    bar.finish_and_clear();
    refresh::wait_until_idle(session).await
}

fn settings(args: &EvalRetrievalArgs) -> Result<RetrievalSettings> {
    let mut settings = footnote_core::settings::KnowledgeBaseSettings::default();
    if let Some(weight) = args.dense_weight {
        settings.retrieval.dense_weight = weight;
    }
    match args.fusion {
        Some(FusionArg::Rrf) => settings.retrieval.fusion = FusionMethod::ReciprocalRank,
        Some(FusionArg::Convex) => settings.retrieval.fusion = FusionMethod::ConvexCombination,
        None => {}
    }
    settings.validate()?;
    Ok(settings.retrieval)
}

/// A data folder for this corpus alone, named by its content.
fn own_folder(mut config: Config, dataset: &Dataset, fresh: bool) -> Result<Config> {
    let mut digest = Sha256::new();
    for document in &dataset.corpus {
        for part in [&document.id, &document.title, &document.text] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    let hash = ContentHash::from_digest(digest).to_string();
    let folder = config.data.folder.join("eval").join(format!("{}-{}", dataset.name, &hash[..12]));
    if fresh && Path::new(&folder).exists() {
        fs_err::remove_dir_all(&folder)
            .context(ErrorKind::Internal, || "cannot clear the evaluation's folder".to_owned())?;
    }
    config.data.folder = folder;
    Ok(config)
}
