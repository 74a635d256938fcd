//! Has a model write about a current version: what it is about, and questions that its chunks answer.
//!
//! A run does a few chunks and queues the next, so that whatever came meanwhile goes first. What is written stays: a
//! run that was stopped begins again and asks only about chunks that have no edit yet.

use footnote_core::chunk::{Chunk, EditAuthor};
use footnote_core::ids::{DocumentId, VersionId};
use footnote_core::job::{JobKind, NewJob};
use footnote_core::{Error, ErrorKind, Result};

use super::{Outcome, resend_document};
use crate::context::{Enrich, IngestContext};
use crate::edits::{WantedEdit, edit_chunk};
use crate::entries::VersionEntries;
use crate::progress::Progress;

/// Chunks of one run.
const AT_ONCE: usize = 4;
/// Fewer letters than this are nothing to ask about.
const FEWEST_LETTERS: usize = 80;

/// Does the next part of the work, or leaves it for later while the model has something better to do.
pub async fn run(
    ctx: &IngestContext,
    document: DocumentId,
    version: VersionId,
    from: u32,
    progress: &Progress,
) -> Result<Outcome> {
    later_where_busy(enrich(ctx, document, version, from, progress).await)
}

/// A busy model is no failure: such a run does not count, however often it happens.
fn later_where_busy(done: Result<Outcome>) -> Result<Outcome> {
    match done.as_ref().map_err(Error::kind) {
        Err(ErrorKind::Busy { retry_after }) => Ok(Outcome::Later(retry_after)),
        _ => done,
    }
}

async fn enrich(
    ctx: &IngestContext,
    document: DocumentId,
    version: VersionId,
    from: u32,
    progress: &Progress,
) -> Result<Outcome> {
    let Some(document) = ctx.documents.document(document).await? else { return Ok(Outcome::Done) };
    let Some(knowledge_base) = ctx.documents.knowledge_base(document.knowledge_base).await? else {
        return Ok(Outcome::Done);
    };
    // Replaced, or no longer wanted.
    let settings = &knowledge_base.settings.enrichment;
    if document.current != Some(version) || !settings.enabled {
        return Ok(Outcome::Done);
    }
    let enricher = ctx.enricher.as_deref().ok_or_else(|| {
        Error::not_installed(
            "enrichment needs a language model; install one (`footnote models pull`) or set enrichment.enabled to false",
        )
    })?;
    let generation = ctx.generation(knowledge_base.generation).await?;
    let Some(entries) = resend_document::load(ctx, &generation, version).await? else {
        return Ok(Outcome::Done);
    };
    if ctx.documents.enrichment(version).await?.is_none() {
        progress.stage("describing", 1);
        let told = enricher.describe(&entries.title, entries.text.as_str()).await?;
        ctx.documents.put_enrichment(version, &told).await?;
    }
    let chunks = ctx.documents.chunks(version, generation.id).await?;
    let wanted = chunks.len().min(settings.max_chunks);
    let until = wanted.min(from as usize + AT_ONCE);
    let now = chunks.get(from as usize..until).unwrap_or_default();
    progress.stage("asking", now.len() as u64);
    for chunk in now.iter().filter(|chunk| chunk.edit.is_none()) {
        ask(ctx, enricher, &entries, chunk).await?;
        progress.advance(1);
    }
    if until < wanted {
        let from = from.saturating_add(AT_ONCE as u32);
        let kind = JobKind::EnrichVersion { document: document.id, version, from };
        let next = NewJob { kind, knowledge_base: Some(knowledge_base.id), run_at: ctx.clock.now() };
        ctx.jobs.enqueue(next, ctx.clock.now()).await?;
    }
    Ok(Outcome::Done)
}

/// Notes the questions that the chunk answers, if any come of it.
async fn ask(
    ctx: &IngestContext,
    enricher: &dyn Enrich,
    entries: &VersionEntries,
    chunk: &Chunk,
) -> Result<()> {
    let text = entries.text.slice(chunk.span).unwrap_or_default();
    if text.chars().filter(|c| c.is_alphabetic()).count() < FEWEST_LETTERS {
        return Ok(());
    }
    let headings = [&[entries.title.to_string()], chunk.heading_path.as_slice()].concat().join(" > ");
    let questions = enricher.questions(&headings, text).await?;
    if questions.is_empty() {
        return Ok(());
    }
    let note = Some(questions.join("\n"));
    let edit = WantedEdit {
        version: None,
        ordinal: chunk.ordinal,
        chunk: Some(chunk.id),
        note,
        hidden: false,
        author: EditAuthor::Model,
    };
    match edit_chunk(ctx, entries.document.id, edit).await {
        // Cut anew or replaced meanwhile: another job asks about what is there now.
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
        done => done.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_busy_model_is_asked_later() {
        let wait = Duration::from_secs(5);
        let later = later_where_busy(Err(Error::busy("answers go first", wait)));
        assert_eq!(later.unwrap(), Outcome::Later(wait));
        assert_eq!(later_where_busy(Ok(Outcome::Done)).unwrap(), Outcome::Done);
        let broken = later_where_busy(Err(Error::internal("no weights"))).unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::Internal);
    }
}
