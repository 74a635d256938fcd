//! `footnote search QUERY`: the best chunks, with every stage's rank and score on demand.

use std::io::Write;

use footnote_core::Result;
use footnote_core::passage::{Candidate, StageScore};
use footnote_core::question::Filter;
use footnote_retriever::hybrid::SearchMode;
use footnote_retriever::ranking::{Duplicates, Ranking};
use serde::Serialize;

use super::args::{ModeArg, OutputFormat, SearchArgs};
use super::output;
use super::session::Session;
use crate::config::Config;
use crate::service::search::{self, SearchInput};

#[derive(Debug, Serialize)]
struct Row {
    rank: usize,
    document: String,
    title: String,
    page: Option<u32>,
    span: footnote_core::text::Span,
    heading_path: Vec<String>,
    score: f32,
    trace: footnote_core::passage::StageTrace,
    text: String,
    /// Documents that say the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_in: Vec<String>,
}

/// Searches and prints.
pub(crate) async fn run(config: Config, args: SearchArgs, format: OutputFormat) -> Result<()> {
    let session = Session::open(config).await?;
    let input = SearchInput {
        query: args.query,
        mode: mode(args.mode),
        limit: usize::from(args.limit),
        filter: Filter::default(),
        as_of: args.as_of,
        duplicates: if args.duplicates { Duplicates::Keep } else { Duplicates::Fold },
        explain: args.explain,
    };
    let name = &args.knowledge_base.knowledge_base;
    let found = search::search(&session.app, &session.principal, name, input).await?;
    let shown = if args.explain { usize::MAX } else { found.best.len() };
    let rows: Vec<Row> =
        (1..).zip(found.candidates().take(shown)).map(|(rank, c)| row(rank, c, &found)).collect();
    session.close().await;
    output::print(format, &rows, |out| rows.iter().try_for_each(|row| describe(row, args.explain, out)))
}

/// The retriever's word for a mode.
pub(crate) fn mode(mode: ModeArg) -> SearchMode {
    match mode {
        ModeArg::Hybrid => SearchMode::Hybrid,
        ModeArg::Vector => SearchMode::Dense,
        ModeArg::Keyword => SearchMode::Keyword,
    }
}

fn row(rank: usize, candidate: &Candidate, found: &Ranking) -> Row {
    let chunk = &candidate.chunk;
    let duplicates = found.duplicates.iter().filter(|it| it.of == chunk.chunk);
    Row {
        rank,
        document: chunk.document_key.clone(),
        title: chunk.title.clone(),
        page: chunk.pages.map(|(first, _)| first),
        span: chunk.span,
        heading_path: chunk.heading_path.clone(),
        score: candidate.score(),
        trace: candidate.trace.clone(),
        text: chunk.text.clone(),
        also_in: duplicates.map(|it| it.candidate.chunk.document_key.clone()).collect(),
    }
}

fn describe(row: &Row, explain: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let page = row.page.map(|p| format!(", page {p}")).unwrap_or_default();
    let place = format!("{}{page}, characters {}", row.document, row.span);
    writeln!(out, "{} {}", output::bold(&format!("{}. {}", row.rank, row.title)), output::dim(&place))?;
    if explain {
        let stages = [
            ("dense", row.trace.dense),
            ("keyword", row.trace.keyword),
            ("fused", row.trace.fused),
            ("reranked", row.trace.reranked),
        ];
        let shown: Vec<String> =
            stages.iter().filter_map(|(name, stage)| stage.map(|s| stage_text(name, s))).collect();
        let dropped = row.trace.dropped.as_deref().map(|why| format!("; dropped: {why}")).unwrap_or_default();
        writeln!(out, "   {}{dropped}", shown.join(", "))?;
    }
    if !row.also_in.is_empty() {
        writeln!(out, "   {}", output::dim(&format!("also in {}", row.also_in.join(", "))))?;
    }
    let text: String = row.text.chars().take(240).collect();
    writeln!(out, "   {}\n", text.replace('\n', " "))
}

fn stage_text(name: &str, stage: StageScore) -> String {
    format!("{name} #{} {:.3}", stage.rank, stage.score)
}
