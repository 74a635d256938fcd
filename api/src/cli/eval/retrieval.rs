//! `footnote eval retrieval DIR`: keyword, vector and hybrid search measured on judged queries.

use std::collections::HashSet;

use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::passage::Candidate;
use footnote_core::question::{Filter, QuestionText, ScopedQuery};
use footnote_core::settings::{FusionMethod, KnowledgeBaseSettings, RetrievalSettings};
use footnote_core::{Error, Result};
use footnote_retriever::hybrid::SearchMode;
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;

use super::super::args::{EvalRetrievalArgs, FusionArg, OutputFormat};
use super::super::session::{Session, progress_bar};
use super::corpus::{self, IndexedCorpus};
use super::dataset::{Dataset, JudgedQuery};
use super::language::Language;
use super::metrics::RankingMetrics;
use super::outcome;
use super::report::Report as Page;
use crate::config::Config;

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
    if let Some(limit) = args.questions.queries {
        dataset.queries.truncate(limit);
    }
    if dataset.queries.is_empty() {
        return Err(Error::invalid("the data set has no judged queries"));
    }
    for warning in dataset.warnings() {
        anstream::eprintln!("note: {warning}");
    }
    let (session, indexed) =
        corpus::open(config, &dataset.name, &dataset.corpus, args.questions.fresh).await?;
    let report = measure(&session, &indexed, &dataset, &args).await;
    session.close().await;
    let report = report?;
    outcome::finish(format, &args.output, &report, |language| page(&report, language))
}

fn page(report: &Report, language: Language) -> Page {
    Page {
        title: language.either("Retrieval", "检索评测").to_owned(),
        subtitle: format!("{}: {} / {}", report.dataset, report.documents, report.queries),
        settings: vec![("embedder".to_owned(), report.embedder.clone())],
        ..Page::default()
    }
}

async fn measure(
    session: &Session,
    indexed: &IndexedCorpus,
    dataset: &Dataset,
    args: &EvalRetrievalArgs,
) -> Result<Report> {
    let knowledge_base = &indexed.knowledge_base;
    let settings = settings(args)?;
    let bar = progress_bar(dataset.queries.len() as u64 * 3, "searching");
    let mut by_mode = Vec::new();
    for mode in [SearchMode::Keyword, SearchMode::Dense, SearchMode::Hybrid] {
        let scores: Vec<RankingMetrics> = futures::stream::iter(&dataset.queries)
            .map(|query| {
                let bar = bar.clone();
                let settings = settings.clone();
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
        documents: indexed.documents.len(),
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

/// Documents in the order of their best chunk, by the ids of the judgements.
fn ranked_documents(candidates: &[Candidate]) -> Vec<String> {
    let mut seen = HashSet::new();
    let ids =
        candidates.iter().map(|c| c.chunk.document_key.strip_suffix(".txt").unwrap_or(&c.chunk.document_key));
    ids.filter(|id| seen.insert((*id).to_owned())).map(str::to_owned).collect()
}

fn settings(args: &EvalRetrievalArgs) -> Result<RetrievalSettings> {
    let mut settings = KnowledgeBaseSettings::default();
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
