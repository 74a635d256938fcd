//! `footnote eval retrieval DIR`: keyword, vector and hybrid search measured on judged queries, and on
//! questions whose documents or pages are known.

use std::path::Path;

use footnote_core::settings::{FusionMethod, KnowledgeBaseSettings, RetrievalSettings};
use footnote_core::{Error, Result};
use footnote_retriever::hybrid::SearchMode;
use serde::Serialize;

use super::super::args::{EvalRetrievalArgs, FusionArg, OutputFormat};
use super::super::session::progress_bar;
use super::dataset::{Dataset, JudgedQuery};
use super::intervals::bootstrap_mean;
use super::language::Language;
use super::metrics::{PageHits, RankingMetrics, first_page};
use super::outcome;
use super::questions::QuestionSet;
use super::rankings::{Ranking, mode_name, rank_all};
use super::report::{Bar, BarGroup, BarPlot, Case, Plot, Report};
use super::system::{self, System};
use super::terms;
use crate::config::Config;

const SEED: u64 = 42;
/// Cases shown of what went wrong.
const WORST: usize = 20;
const MODES: [SearchMode; 3] = [SearchMode::Keyword, SearchMode::Dense, SearchMode::Hybrid];

#[derive(Debug, Serialize)]
struct Measured {
    dataset: String,
    documents: usize,
    queries: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    queries_with_pages: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedder: Option<String>,
    keyword: ModeFigures,
    vector: ModeFigures,
    hybrid: ModeFigures,
    worst: Vec<Case>,
}

/// How one way to search did.
#[derive(Debug, Serialize)]
struct ModeFigures {
    #[serde(flatten)]
    documents: RankingMetrics,
    #[serde(flatten)]
    pages: Option<PageHits>,
    /// nDCG of each query.
    #[serde(skip)]
    ndcg: Vec<f64>,
}

impl ModeFigures {
    fn of(queries: &[JudgedQuery], rankings: &[Ranking]) -> Self {
        let pairs = || queries.iter().zip(rankings);
        let scores: Vec<RankingMetrics> = pairs()
            .map(|(query, ranking)| RankingMetrics::of(&ranking.documents, &query.judgements))
            .collect();
        let with_pages = pairs().filter(|(query, _)| !query.pages.is_empty());
        let ranks: Vec<Option<usize>> =
            with_pages.map(|(query, ranking)| first_page(&ranking.pages, &query.pages)).collect();
        Self {
            documents: RankingMetrics::mean(&scores),
            pages: PageHits::of(&ranks),
            ndcg: scores.iter().map(|scores| scores.ndcg_10).collect(),
        }
    }
}

/// Searches for what was not searched yet, then measures.
pub(crate) async fn run(config: Config, args: EvalRetrievalArgs, format: OutputFormat) -> Result<()> {
    let mut dataset = load(&args.dir, args.qrels.as_deref())?;
    args.questions.choose(&mut dataset.queries);
    if dataset.queries.is_empty() {
        return Err(Error::invalid("the data set has no judged queries"));
    }
    for warning in dataset.warnings() {
        anstream::eprintln!("note: {warning}");
    }
    let settings = settings(&args)?;
    let fresh = args.questions.fresh;
    let system = system::open(config, &dataset.name, &dataset.corpus, &args.service, fresh).await?;
    let measured = measure(system.as_ref(), &dataset, &settings).await;
    system.close().await;
    let measured = measured?;
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

/// Judged queries, or questions where there are no judgements.
fn load(dir: &Path, qrels: Option<&Path>) -> Result<Dataset> {
    let has = |name: &str| dir.join(name).exists();
    if qrels.is_none() && !has("qrels.tsv") && has("qa.jsonl") {
        return QuestionSet::load(dir)?.judged();
    }
    Dataset::load(dir, qrels)
}

async fn measure(system: &dyn System, dataset: &Dataset, settings: &RetrievalSettings) -> Result<Measured> {
    let mut results = system::results(system, "retrieval", settings)?;
    let queries = &dataset.queries;
    let bar = progress_bar((queries.len() * MODES.len()) as u64, "searching");
    let mut by_mode = Vec::with_capacity(MODES.len());
    for mode in MODES {
        by_mode.push(rank_all(system, dataset, mode, settings, &mut results, &bar).await?);
    }
    bar.finish_and_clear();
    let [keyword, vector, hybrid] = &by_mode[..] else {
        return Err(Error::internal("three modes give three results"));
    };
    let with_pages = queries.iter().filter(|query| !query.pages.is_empty()).count();
    let figures = |rankings: &[Ranking]| ModeFigures::of(queries, rankings);
    let (keyword, vector, worst) = (figures(keyword), figures(vector), worst(queries, hybrid));
    Ok(Measured {
        dataset: dataset.name.clone(),
        documents: system.documents().len(),
        queries: queries.len(),
        queries_with_pages: (with_pages > 0).then_some(with_pages),
        embedder: system.embedder(),
        keyword,
        vector,
        hybrid: figures(hybrid),
        worst,
    })
}

/// The queries that hybrid search served worst: by their pages where these are known, else by nDCG.
fn worst(queries: &[JudgedQuery], rankings: &[Ranking]) -> Vec<Case> {
    let mut cases: Vec<Case> = queries.iter().zip(rankings).map(|(query, r)| case(query, r)).collect();
    cases.retain(|case| case.score < 1.0);
    cases.sort_by(|a, b| a.score.total_cmp(&b.score));
    cases.truncate(WORST);
    cases
}

fn case(query: &JudgedQuery, ranking: &Ranking) -> Case {
    let is_relevant = |id: &String| query.judgements.get(id).is_some_and(|&relevance| relevance > 0);
    let document = ranking.documents.iter().position(is_relevant);
    let page = first_page(&ranking.pages, &query.pages);
    let place = |what: &str, rank: Option<usize>| match rank {
        Some(rank) => format!("{what} at rank {}", rank + 1),
        None => format!("{what} not found"),
    };
    let (score, verdict) = if query.pages.is_empty() {
        (RankingMetrics::of(&ranking.documents, &query.judgements).ndcg_10, place("document", document))
    } else {
        let score = page.map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0));
        (score, format!("{}, {}", place("document", document), place("page", page)))
    };
    Case {
        id: query.id.clone(),
        question: query.text.clone(),
        expected: expected(query),
        got: ranking.documents.join(", "),
        verdict,
        score,
        evidence: ranking.shown.clone(),
        note: String::new(),
    }
}

/// What should have been found.
fn expected(query: &JudgedQuery) -> String {
    let places: Vec<String> = if query.pages.is_empty() {
        let mut relevant: Vec<&String> =
            query.judgements.iter().filter(|&(_, &relevance)| relevance > 0).map(|(id, _)| id).collect();
        relevant.sort_unstable();
        relevant.into_iter().cloned().collect()
    } else {
        query.pages.iter().map(|place| format!("{} p. {}", place.document, place.page)).collect()
    };
    places.join(", ")
}

fn page(measured: &Measured, language: Language) -> Report {
    let modes = [&measured.keyword, &measured.vector, &measured.hybrid];
    let group = |label: &str, bar: &dyn Fn(&ModeFigures) -> Option<Bar>| BarGroup {
        label: terms::word(label, language),
        bars: modes.iter().filter_map(|figures| bar(figures)).collect(),
    };
    let plain = |value: f64| Some(Bar { value, interval: None });
    let ndcg =
        |f: &ModeFigures| Some(Bar { value: f.documents.ndcg_10, interval: bootstrap_mean(&f.ndcg, SEED) });
    let mut groups = vec![
        group("ndcg@10", &ndcg),
        group("recall@10", &|f| plain(f.documents.recall_10)),
        group("mrr@10", &|f| plain(f.documents.mrr_10)),
    ];
    if measured.queries_with_pages.is_some() {
        let hit = |hit: fn(&PageHits) -> Bar| move |f: &ModeFigures| f.pages.as_ref().map(hit);
        groups.push(group("page_hit@5", &hit(|p| Bar { value: p.hit_5, interval: Some(p.interval_5) })));
        groups.push(group("page_hit@10", &hit(|p| Bar { value: p.hit_10, interval: Some(p.interval_10) })));
    }
    Report {
        title: language.either("Retrieval", "检索评测").to_owned(),
        subtitle: format!("{}: {} / {}", measured.dataset, measured.documents, measured.queries),
        settings: measured
            .embedder
            .iter()
            .map(|name| (terms::word("embedder", language), name.clone()))
            .collect(),
        plots: vec![Plot::Bars(BarPlot {
            title: language.either("Search by mode", "各检索方式的效果").to_owned(),
            x_label: language.either("Share or mean, 0 to 1", "占比或均值（0 至 1）").to_owned(),
            series: MODES.map(|mode| terms::word(mode_name(mode), language)).to_vec(),
            groups,
        })],
        cases: measured.worst.clone(),
        ..Report::default()
    }
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

#[cfg(test)]
mod tests {
    use super::super::questions::DocumentPage;
    use super::*;

    fn place(document: &str, page: u32) -> DocumentPage {
        DocumentPage { document: document.to_owned(), page }
    }

    fn query(id: &str, document: &str, pages: Vec<DocumentPage>) -> JudgedQuery {
        let judgements = [(document.to_owned(), 1)].into();
        JudgedQuery { id: id.to_owned(), text: "?".to_owned(), earlier: None, judgements, pages }
    }

    fn ranking(documents: &[&str], pages: Vec<DocumentPage>) -> Ranking {
        let documents: Vec<&str> = documents.to_vec();
        let value =
            serde_json::json!({ "searched": "?", "documents": documents, "pages": pages, "shown": [] });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn pages_are_measured_over_the_queries_that_have_them() {
        let queries = [
            query("document", "b", vec![]),
            query("page", "a", vec![place("a", 7), place("a", 8)]),
            query("other page", "a", vec![place("a", 9)]),
        ];
        let found: Vec<DocumentPage> = (1..=7).map(|page| place("a", page)).collect();
        let rankings = [
            ranking(&["a", "b"], found.clone()),
            ranking(&["a"], found.clone()),
            ranking(&["a"], vec![place("b", 9)]),
        ];
        let figures = serde_json::to_value(ModeFigures::of(&queries, &rankings)).unwrap();
        assert_eq!(
            (&figures["page_hit@5"], &figures["page_hit@10"]),
            (&0.0.into(), &0.5.into()),
            "{figures}"
        );
        assert_eq!(figures["recall@5"], 1.0);
        assert!(figures["page_hit@10_interval"]["high"].as_f64().unwrap() > 0.5, "{figures}");

        let cases = worst(&queries, &rankings);
        let told: Vec<(&str, &str)> = cases.iter().map(|c| (c.id.as_str(), c.verdict.as_str())).collect();
        let expected = [
            ("other page", "document at rank 1, page not found"),
            ("page", "document at rank 1, page at rank 7"),
            ("document", "document at rank 2"),
        ];
        assert_eq!(told, expected);
        assert_eq!(cases[1].expected, "a p. 7, a p. 8");
        let none = serde_json::to_value(ModeFigures::of(&queries[..1], &rankings[..1])).unwrap();
        assert!(none.get("page_hit@5").is_none(), "{none}");
    }
}
