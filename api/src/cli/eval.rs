//! `footnote eval retrieval DIR`: keyword, vector and hybrid search measured on judged queries.
//!
//! The corpus goes through the same upload, parsing, chunking and indexing as anybody's documents,
//! into a data folder of its own below the configured one, which a second run finds ready.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use footnote_core::document::VersionState;
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::passage::Candidate;
use footnote_core::ports::{DocumentFilter, NewVersion};
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
use crate::config::{Config, VectorConfig};

/// Chunks taken per query: several may belong to one document, and ten documents are judged.
const DEPTH: usize = 100;
/// Queries under way at once: enough to keep both cores busy.
const CONCURRENT_QUERIES: usize = 4;

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
    for warning in dataset.warnings() {
        anstream::eprintln!("note: {warning}");
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
    // A knowledge base stays with the generation it was made in. Another embedder, analyzer or chunker
    // is measured on one of its own, and unchanged vectors are found in the cache that they share.
    let generation = session.app.generation.spec.fingerprint().to_string();
    let knowledge_base = session.knowledge_base_or_new(&format!("eval-{}", &generation[..12])).await?;
    session.app.require_embedder_of(&knowledge_base).await?;
    let documents = index(session, &knowledge_base, &dataset.corpus).await?;
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
        documents,
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

/// Brings the knowledge base to the corpus: what is there already costs nothing. Gives the number of
/// documents; an error where any that has text does not answer, as figures of a part would mislead.
async fn index(
    session: &Session,
    knowledge_base: &KnowledgeBase,
    corpus: &[CorpusDocument],
) -> Result<usize> {
    let app: &Arc<App> = &session.app;
    let source = app.store.documents.upload_source(knowledge_base.id).await?;
    let known = answering(app, knowledge_base).await?;
    let bar = progress_bar(corpus.len() as u64, "storing");
    let mut wanted = HashMap::new();
    for document in corpus {
        bar.inc(1);
        let text = Bytes::from(document.text.clone());
        let (key, content) = (document_key(&document.id), ContentHash::of(&text));
        if document.text.trim().is_empty() {
            continue;
        }
        wanted.insert(key.clone(), content);
        if known.get(&key) == Some(&content) {
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
    refresh::wait_until_idle(session).await?;
    require_exactly(&wanted, &answering(app, knowledge_base).await?)?;
    Ok(wanted.len())
}

/// Key and content of every document that answers.
async fn answering(app: &App, knowledge_base: &KnowledgeBase) -> Result<HashMap<String, ContentHash>> {
    let current = DocumentFilter { source: None, state: Some(VersionState::Current) };
    let documents = refresh::all_documents(app, knowledge_base.id, current).await?;
    Ok(documents.into_iter().map(|listed| (listed.document.key, listed.newest.content)).collect())
}

fn require_exactly(
    wanted: &HashMap<String, ContentHash>,
    found: &HashMap<String, ContentHash>,
) -> Result<()> {
    let mut missing: Vec<&str> = wanted
        .iter()
        .filter(|&(key, content)| found.get(key) != Some(content))
        .map(|(key, _)| &**key)
        .collect();
    missing.sort_unstable();
    if let [first, ..] = missing[..] {
        return Err(Error::unavailable(format!(
            "{} of {} documents could not be indexed, {} for one; nothing was measured",
            missing.len(),
            wanted.len(),
            document_id(first)
        )));
    }
    match found.len() - wanted.len() {
        0 => Ok(()),
        more => Err(Error::corrupt(format!(
            "the evaluation's folder holds {more} documents that the corpus lacks; start anew with --fresh"
        ))),
    }
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
    // Whatever server the service uses is no place for test collections.
    config.vector = VectorConfig::default();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_part_of_the_corpus_are_refused() {
        let all = |keys: &[&str]| -> HashMap<String, ContentHash> {
            keys.iter().map(|key| (document_key(key), ContentHash::of(key.as_bytes()))).collect()
        };
        require_exactly(&all(&["a", "b"]), &all(&["a", "b"])).unwrap();
        let error = require_exactly(&all(&["a", "b", "c"]), &all(&["a", "c"])).unwrap_err().to_string();
        assert!(error.contains("1 of 3") && error.contains("b for one"), "{error}");
        let mut other = all(&["a", "b"]);
        other.insert(document_key("b"), ContentHash::of(b"an older text"));
        assert!(require_exactly(&all(&["a", "b"]), &other).is_err());
        let error = require_exactly(&all(&["a"]), &all(&["a", "b"])).unwrap_err().to_string();
        assert!(error.contains("--fresh"), "{error}");
    }
}
