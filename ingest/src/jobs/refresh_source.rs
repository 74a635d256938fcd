//! Compares a source with what is indexed, by content, and queues what differs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use footnote_core::document::Document;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{DocumentId, RunId, SourceId};
use footnote_core::job::Lease;
use footnote_core::ports::NewVersion;
use footnote_core::source::{RefreshReport, Source, SourceKind};
use footnote_core::{Error, Result};

use super::Outcome;
use crate::context::IngestContext;
use crate::progress::Progress;
use crate::source::directory::{self, FoundFile, Listing};
use crate::source::file_name;

/// Refreshes as a job and stores the report in the run's history.
pub async fn run(
    ctx: &IngestContext,
    lease: Lease,
    source: SourceId,
    run: RunId,
    progress: &Progress,
) -> Result<Outcome> {
    let Some(source) = ctx.documents.source(source).await? else {
        return Ok(Outcome::Done);
    };
    let report = refresh(ctx, &source, progress).await?;
    ctx.schedules.finish_run(lease, run, &report, ctx.clock.now()).await?;
    tracing::info!(
        source.name = %source.name,
        run.added = report.added.len(),
        run.changed = report.changed.len(),
        run.renamed = report.renamed.len(),
        run.removed = report.removed.len(),
        run.unchanged = report.unchanged,
        run.failed = report.failed.len(),
        "source refreshed"
    );
    Ok(Outcome::Done)
}

/// Lists the source, stores what is new or changed as versions with jobs, renames what moved and
/// deletes what is gone. A source that cannot be listed is an error and deletes nothing.
pub async fn refresh(ctx: &IngestContext, source: &Source, progress: &Progress) -> Result<RefreshReport> {
    let SourceKind::Directory { path } = &source.kind else {
        return Err(Error::invalid(format!(
            "source {} takes uploads; there is nothing to refresh",
            source.name
        )));
    };
    progress.stage("comparing", 0);
    let known = ctx.documents.source_contents(source.id).await?;
    let listing = directory::list(path, ctx.limits.max_file_bytes, &ctx.private_folders, progress).await?;
    refuse_vanished(path, &listing, known.len())?;

    let plan = plan(known, listing);
    progress.stage("storing", plan.steps());
    apply(ctx, source, plan, progress).await
}

/// An unmounted disk leaves an empty mount point: that must not empty the knowledge base.
fn refuse_vanished(root: &Path, listing: &Listing, known: usize) -> Result<()> {
    if known == 0 || !listing.is_empty_directory {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "directory {} is empty while {known} documents of it are indexed; if its disk is not mounted, mount \
         it; if the documents are to go, delete the source",
        root.display()
    )))
}

/// What is to be done, in the order it is done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    renamed: Vec<(DocumentId, String, String)>,
    stored: Vec<(FoundFile, bool)>,
    removed: Vec<(DocumentId, String)>,
    unchanged: usize,
    failed: Vec<(String, String)>,
}

impl Plan {
    fn steps(&self) -> u64 {
        (self.renamed.len() + self.stored.len() + self.removed.len()) as u64
    }
}

fn plan(known: Vec<(DocumentId, String, ContentHash)>, listing: Listing) -> Plan {
    let mut plan = Plan { failed: listing.failed, ..Plan::default() };
    let seen: BTreeSet<&str> = listing.files.iter().map(|f| f.key.as_str()).collect();
    let is_unread =
        |key: &str| listing.unread.iter().any(|prefix| prefix.is_empty() || is_at_or_below(key, prefix));

    let mut contents: HashMap<&str, ContentHash> = HashMap::new();
    let mut gone: BTreeMap<&str, (DocumentId, ContentHash)> = BTreeMap::new();
    for (id, key, content) in &known {
        contents.insert(key, *content);
        if !seen.contains(key.as_str()) && !is_unread(key) {
            gone.insert(key, (*id, *content));
        }
    }
    for file in listing.files {
        if contents.get(file.key.as_str()) == Some(&file.content) {
            plan.unchanged += 1;
            continue;
        }
        let is_changed = contents.contains_key(file.key.as_str());
        let moved_from = gone.iter().find(|(_, (_, content))| !is_changed && *content == file.content);
        match moved_from.map(|(key, _)| *key) {
            Some(old) => {
                if let Some((id, _)) = gone.remove(old) {
                    plan.renamed.push((id, old.to_owned(), file.key));
                }
            }
            None => plan.stored.push((file, is_changed)),
        }
    }
    plan.removed = gone.into_iter().map(|(key, (id, _))| (id, key.to_owned())).collect();
    plan
}

fn is_at_or_below(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn apply(
    ctx: &IngestContext,
    source: &Source,
    plan: Plan,
    progress: &Progress,
) -> Result<RefreshReport> {
    let mut report =
        RefreshReport { unchanged: plan.unchanged, failed: plan.failed, ..RefreshReport::default() };
    for (id, old, new) in plan.renamed {
        if let Some(document) = ctx.documents.document(id).await? {
            let title = title_after_rename(&document, &old, &new);
            ctx.documents.rename_document(id, &new, &title, ctx.clock.now()).await?;
            report.renamed.push((old, new));
        }
        progress.advance(1);
    }
    for (file, is_changed) in plan.stored {
        match directory::store(&*ctx.blobs, &file, ctx.limits.max_file_bytes).await {
            Ok((content, bytes)) => {
                let new = new_version(source, &file, content, bytes);
                ctx.documents.store_version(new, ctx.clock.now()).await?;
                ctx.wake.notify_waiters();
                if is_changed { &mut report.changed } else { &mut report.added }.push(file.key);
            }
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => report.failed.push((file.key, error.to_string())),
        }
        progress.advance(1);
    }
    for (id, key) in plan.removed {
        ctx.documents.delete_document(id, ctx.clock.now()).await?;
        report.removed.push(key);
        progress.advance(1);
    }
    Ok(report)
}

/// A title that was only the file's name follows the file.
fn title_after_rename(document: &Document, old: &str, new: &str) -> String {
    let was_file_name = document.title == file_name(old);
    if was_file_name { file_name(new).to_owned() } else { document.title.clone() }
}

fn new_version(source: &Source, file: &FoundFile, content: ContentHash, bytes: u64) -> NewVersion {
    NewVersion {
        knowledge_base: source.knowledge_base,
        source: source.id,
        title: file_name(&file.key).to_owned(),
        key: file.key.clone(),
        metadata: None,
        content,
        bytes,
    }
}

#[cfg(test)]
mod tests;
