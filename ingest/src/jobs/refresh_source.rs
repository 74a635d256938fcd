//! Compares a source with what is indexed, by content, and queues what differs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use footnote_core::document::Document;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{DocumentId, RunId, SourceId};
use footnote_core::job::Lease;
use footnote_core::ports::{NewVersion, RunStep, VersionFailure};
use footnote_core::source::{RefreshReport, Source, SourceKind};
use footnote_core::{Error, ErrorKind, Result};

use super::Outcome;
use crate::context::IngestContext;
use crate::entries::compute;
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
    let report = refresh(ctx, lease, &source, run, progress).await?;
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
    Ok(Outcome::Ended)
}

/// Lists the source, stores what is new or changed as versions with jobs, renames what moved and
/// deletes what is gone. A source that cannot be listed is an error and deletes nothing.
async fn refresh(
    ctx: &IngestContext,
    lease: Lease,
    source: &Source,
    run: RunId,
    progress: &Progress,
) -> Result<RefreshReport> {
    let SourceKind::Directory { path } = &source.kind else {
        return Err(Error::invalid(format!(
            "source {} takes uploads; there is nothing to refresh",
            source.name
        )));
    };
    progress.stage("comparing", 0);
    let held = Held {
        contents: ctx.documents.source_contents(source.id).await?,
        failures: ctx.documents.source_failures(source.id).await?,
    };
    let listing = directory::list(path, ctx.limits.max_file_bytes, &ctx.private_folders, progress).await?;
    let root = path.clone();
    let plan = compute(move || plan(&root, held, listing)).await?;

    progress.stage("storing", plan.steps());
    let (unchanged, mut failed) = (plan.unchanged.clone(), plan.failed.clone());
    apply(ctx, lease, source, run, plan, &mut failed, progress).await?;
    // An earlier attempt of this run, which was interrupted, may have taken steps as well. What it
    // stored is what this attempt found unchanged.
    let taken = ctx.schedules.steps_taken(run).await?;
    let stored: BTreeSet<&String> =
        taken.added.iter().chain(&taken.changed).chain(taken.renamed.iter().map(|(_, to)| to)).collect();
    let unchanged = unchanged.iter().filter(|key| !stored.contains(key)).count();
    Ok(RefreshReport { unchanged, failed, ..taken })
}

/// What the source held before.
#[derive(Debug, Default)]
struct Held {
    contents: Vec<(DocumentId, String, ContentHash)>,
    failures: HashMap<DocumentId, VersionFailure>,
}

/// What is to be done, in the order it is done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    renamed: Vec<(DocumentId, String, String)>,
    stored: Vec<(FoundFile, bool)>,
    removed: Vec<(DocumentId, String)>,
    unchanged: Vec<String>,
    failed: Vec<(String, String)>,
}

impl Plan {
    fn steps(&self) -> u64 {
        (self.renamed.len() + self.stored.len() + self.removed.len()) as u64
    }
}

/// Computes: not for async threads.
fn plan(root: &Path, held: Held, listing: Listing) -> Result<Plan> {
    let mut plan = Plan { failed: listing.failed.clone(), ..Plan::default() };
    let seen: BTreeSet<&str> = listing.files.iter().map(|f| f.key.as_str()).collect();
    let mut gone: BTreeMap<&str, (DocumentId, ContentHash)> = BTreeMap::new();
    for (id, key, content) in &held.contents {
        if !seen.contains(key.as_str()) && !is_unread(key, &listing.unread) {
            gone.insert(key, (*id, *content));
        }
    }
    refuse_vanished(root, &listing, gone.len())?;

    let known: HashMap<&str, (DocumentId, ContentHash)> =
        held.contents.iter().map(|(id, key, content)| (key.as_str(), (*id, *content))).collect();
    let mut moved: HashMap<ContentHash, Vec<&str>> = HashMap::new();
    for (key, (_, content)) in gone.iter().rev() {
        moved.entry(*content).or_default().push(key);
    }
    for file in listing.files {
        match known.get(file.key.as_str()) {
            Some((id, content)) if *content == file.content => match held.failures.get(id) {
                None => plan.unchanged.push(file.key),
                Some(failure) if failure.may_retry => plan.stored.push((file, false)),
                Some(failure) => plan.failed.push((file.key, failure.reason.clone())),
            },
            Some(_) => plan.stored.push((file, false)),
            None => {
                let origins = moved.get_mut(&file.content);
                // A name of another kind may be read by another parser: that is another document.
                let from = origins.and_then(|keys| {
                    let at = keys.iter().rposition(|old| extension(old) == extension(&file.key))?;
                    Some(keys.remove(at))
                });
                match from.and_then(|old| Some((old, gone.remove(old)?))) {
                    Some((old, (id, _))) => plan.renamed.push((id, old.to_owned(), file.key)),
                    None => plan.stored.push((file, true)),
                }
            }
        }
    }
    for folder in &listing.empty_folders {
        spare_below(folder, &mut gone, &mut plan.failed);
    }
    plan.removed = gone.into_iter().map(|(key, (id, _))| (id, key.to_owned())).collect();
    Ok(plan)
}

/// An unmounted disk leaves a mount point without files: that must not empty the knowledge base.
fn refuse_vanished(root: &Path, listing: &Listing, gone: usize) -> Result<()> {
    if gone == 0 || !listing.files.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "directory {} has no files while {gone} documents of it are indexed; if its disk is not mounted, mount \
         it; if the documents are to go, delete the source",
        root.display()
    )))
}

/// As [`refuse_vanished`], for a disk that is mounted below the root.
fn spare_below(
    folder: &str,
    gone: &mut BTreeMap<&str, (DocumentId, ContentHash)>,
    failed: &mut Vec<(String, String)>,
) {
    let before = gone.len();
    gone.retain(|key, _| !is_at_or_below(key, folder));
    let spared = before - gone.len();
    if spared > 0 {
        let reason = format!(
            "is empty while {spared} documents of it are indexed; if its disk is not mounted, mount it; if the \
             documents are to go, remove the folder, too"
        );
        failed.push((folder.to_owned(), reason));
    }
}

fn is_unread(key: &str, unread: &[String]) -> bool {
    unread.iter().any(|prefix| prefix.is_empty() || is_at_or_below(key, prefix))
}

fn is_at_or_below(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn extension(key: &str) -> Option<String> {
    file_name(key).rsplit_once('.').map(|(_, extension)| extension.to_lowercase())
}

async fn apply(
    ctx: &IngestContext,
    lease: Lease,
    source: &Source,
    run: RunId,
    plan: Plan,
    failed: &mut Vec<(String, String)>,
    progress: &Progress,
) -> Result<()> {
    for (id, from, to) in plan.renamed {
        if let Some(document) = ctx.documents.document(id).await? {
            let title = title_after_rename(&document, &from, &to);
            let step = RunStep::Rename { document: id, from, to: to.clone(), title };
            match ctx.schedules.take_step(lease, run, step, ctx.clock.now()).await {
                Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
                    failed.push((to, error.to_string()));
                }
                done => done?,
            }
        }
        progress.advance(1);
    }
    for (file, is_new) in plan.stored {
        match directory::store(&*ctx.blobs, &file, ctx.limits.max_file_bytes).await {
            Ok((content, bytes)) => {
                let version = new_version(source, &file, content, bytes);
                let step = RunStep::Store { version, is_new };
                ctx.schedules.take_step(lease, run, step, ctx.clock.now()).await?;
                ctx.wake.notify_waiters();
            }
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => failed.push((file.key, error.to_string())),
        }
        progress.advance(1);
    }
    for (document, key) in plan.removed {
        let step = RunStep::Remove { document, key };
        match ctx.schedules.take_step(lease, run, step, ctx.clock.now()).await {
            // Somebody deleted it meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            done => done?,
        }
        progress.advance(1);
    }
    Ok(())
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
        password: None,
        content,
        bytes,
    }
}

#[cfg(test)]
mod tests;
