//! `footnote refresh SOURCE`: compare a source with what is indexed, now, and wait for the end.

use std::time::Duration;

use footnote_core::document::VersionState;
use footnote_core::ids::KnowledgeBaseId;
use footnote_core::ports::{DocumentFilter, ListRequest, ListedDocument};
use footnote_core::source::{RefreshReport, Source};
use footnote_core::{Error, Result};

use super::args::{OutputFormat, RefreshArgs};
use super::output;
use super::session::{Session, first_failure};
use crate::app::App;
use crate::config::Config;
use crate::service::sources;

/// Documents asked for at a time.
const PAGE: u32 = 200;

/// Runs the refresh and what it queued; fails where a file of the source does not answer afterwards.
pub(crate) async fn run(config: Config, args: RefreshArgs, format: OutputFormat) -> Result<()> {
    let session = Session::open_with_workers(config).await?;
    let report = refresh(&session, &args).await;
    session.close().await;
    let report = report?;
    output::print(format, &report, |out| {
        writeln!(
            out,
            "{} added, {} changed, {} renamed, {} removed, {} unchanged, {} failed",
            report.added.len(),
            report.changed.len(),
            report.renamed.len(),
            report.removed.len(),
            report.unchanged,
            report.failed.len()
        )?;
        report.failed.iter().try_for_each(|(file, why)| writeln!(out, "failed {file}: {why}"))
    })?;
    require_no_failures(&report.failed)
}

/// An error that counts them.
pub(crate) fn require_no_failures(failed: &[(String, String)]) -> Result<()> {
    match failed.len() {
        0 => Ok(()),
        count => Err(Error::unavailable(format!("{count} documents could not be indexed"))),
    }
}

/// Key and reason of every document of the source whose newest content could not be indexed.
pub(crate) async fn failed_documents(app: &App, source: &Source) -> Result<Vec<(String, String)>> {
    let failed = DocumentFilter {
        source: Some(source.id),
        state: Some(VersionState::Failed),
        ..DocumentFilter::default()
    };
    let documents = all_documents(app, source.knowledge_base, failed).await?;
    let reason = |listed: &ListedDocument| listed.newest.failure.clone().unwrap_or_default();
    Ok(documents.iter().map(|listed| (listed.document.key.clone(), reason(listed))).collect())
}

/// The documents of a knowledge base, however many.
pub(crate) async fn all_documents(
    app: &App,
    knowledge_base: KnowledgeBaseId,
    filter: DocumentFilter,
) -> Result<Vec<ListedDocument>> {
    let mut all = Vec::new();
    let mut list = ListRequest { after: None, limit: PAGE };
    loop {
        let page = app.store.documents.documents(knowledge_base, filter.clone(), list).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => list = ListRequest { after: Some(next), limit: PAGE },
            None => return Ok(all),
        }
    }
}

async fn refresh(session: &Session, args: &RefreshArgs) -> Result<RefreshReport> {
    let (app, principal) = (&session.app, &session.principal);
    let name = &args.knowledge_base.knowledge_base;
    let all = sources::list(app, principal, name).await?;
    let source = all
        .iter()
        .find(|s| s.name == args.source || s.id.to_string() == args.source)
        .ok_or_else(|| Error::not_found(format!("source {:?}", args.source)))?;
    let run = sources::refresh(app, principal, name, source.id).await?;
    first_failure(&session.watch(&[run.job], "comparing").await?)?;
    wait_until_idle(session).await?;
    let runs =
        sources::runs(app, principal, name, source.id, ListRequest { after: None, limit: 200 }).await?;
    let done = runs.items.into_iter().find(|r| r.id == run.id);
    let report = done.and_then(|r| r.report).ok_or_else(|| Error::internal("the run left no report"))?;
    let failed = failed_documents(app, source).await?;
    Ok(RefreshReport { failed: [report.failed, failed].concat(), ..report })
}

/// Waits until no job is queued or running.
pub(crate) async fn wait_until_idle(session: &Session) -> Result<()> {
    let jobs = &session.app.store.jobs;
    let bar = super::session::progress_bar(jobs.unfinished().await?, "indexing");
    loop {
        let left = jobs.unfinished().await?;
        if left == 0 {
            bar.finish_and_clear();
            return Ok(());
        }
        bar.set_length(bar.length().unwrap_or(left).max(left));
        bar.set_position(bar.length().unwrap_or(left) - left);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}
