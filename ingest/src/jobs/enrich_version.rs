//! Has a model write about a current version: what it is about, and questions that its chunks answer.
//!
//! A run does a few chunks and queues the next, so that whatever came meanwhile goes first. Its notes are stored together
//! at its end, as each has the whole document sent to the indexes again. What is written stays: a run that was stopped
//! begins again and asks only about chunks that have no edit yet.

use footnote_core::chunk::{Chunk, EditAuthor};
use footnote_core::document::Document;
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
    let (mut notes, mut asked) = (Vec::new(), Ok(()));
    for chunk in now.iter().filter(|chunk| chunk.edit.is_none()) {
        match ask(enricher, &entries, chunk).await {
            Ok(note) => notes.extend(note),
            Err(error) => {
                asked = Err(error);
                break;
            }
        }
        progress.advance(1);
    }
    // Also where the model was called away.
    note_all(ctx, &document, notes).await?;
    asked?;
    if until < wanted {
        let from = from.saturating_add(AT_ONCE as u32);
        let kind = JobKind::EnrichVersion { document: document.id, version, from };
        let next = NewJob { kind, knowledge_base: Some(knowledge_base.id), run_at: ctx.clock.now() };
        ctx.jobs.enqueue(next, ctx.clock.now()).await?;
    }
    Ok(Outcome::Done)
}

/// The note with the questions that the chunk answers, if any come of it.
async fn ask(enricher: &dyn Enrich, entries: &VersionEntries, chunk: &Chunk) -> Result<Option<WantedEdit>> {
    let text = entries.text.slice(chunk.span).unwrap_or_default();
    if text.chars().filter(|c| c.is_alphabetic()).count() < FEWEST_LETTERS {
        return Ok(None);
    }
    let headings = [&[entries.title.to_string()], chunk.heading_path.as_slice()].concat().join(" > ");
    let questions = enricher.questions(&headings, text).await?;
    if questions.is_empty() {
        return Ok(None);
    }
    Ok(Some(WantedEdit {
        version: None,
        ordinal: chunk.ordinal,
        chunk: Some(chunk.id),
        note: Some(questions.join("\n")),
        hidden: false,
        author: EditAuthor::Model,
    }))
}

/// One right after the other: the job that tells the first to the indexes is still queued for the last.
async fn note_all(ctx: &IngestContext, document: &Document, notes: Vec<WantedEdit>) -> Result<()> {
    for note in notes {
        match edit_chunk(ctx, document.id, note).await {
            // Cut anew or replaced meanwhile: another job asks about what is there now.
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            done => done.map(drop)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use footnote_core::document::Enrichment;
    use footnote_core::ports::{DocumentStore, JobQueue};

    use super::*;
    use crate::fakes::{Memory, World};

    const WAIT: Duration = Duration::from_secs(5);

    /// Asks the same of every chunk, but for the time that it is called away.
    struct Asker {
        memory: Arc<Memory>,
        asked: AtomicUsize,
        called_away_at: usize,
    }

    #[async_trait]
    impl Enrich for Asker {
        async fn describe(&self, _: &str, _: &str) -> Result<Enrichment> {
            Ok(Enrichment::default())
        }

        async fn questions(&self, _: &str, _: &str) -> Result<Vec<String>> {
            assert_eq!(self.memory.unfinished().await.unwrap(), 0, "a note was sent before the others");
            match self.asked.fetch_add(1, Ordering::SeqCst) + 1 == self.called_away_at {
                true => Err(Error::busy("answers go first", WAIT)),
                false => Ok(vec!["Who understands?".to_owned()]),
            }
        }
    }

    #[tokio::test]
    async fn the_notes_of_a_run_are_stored_together_also_where_the_model_is_called_away() {
        let mut world = World::new();
        let rule = |n| {
            format!(
                "# Rule {n}\n\nEverybody understands administrative responsibilities concerning organisational \
                 accommodation arrangements number {n}."
            )
        };
        let (memory, asked) = (world.memory.clone(), AtomicUsize::new(0));
        let asker = Arc::new(Asker { memory, asked, called_away_at: 3 });
        Arc::get_mut(&mut world.ctx).unwrap().enricher = Some(asker.clone());
        world.memory.enable_enrichment();
        let stored = world.upload("rules.txt", &[rule(1), rule(2), rule(3)].join("\n\n")).await;
        world.run_jobs().await;
        let (document, version) = (stored.document.id, stored.version.id);
        let run = async || run(&world.ctx, document, version, 0, &Progress::default()).await.unwrap();

        assert_eq!(run().await, Outcome::Later(WAIT));
        assert_eq!(world.memory.chunk_edits(document).await.unwrap().len(), 2);
        world.run_jobs().await;
        assert_eq!(run().await, Outcome::Done);
        assert_eq!(world.memory.chunk_edits(document).await.unwrap().len(), 3);
        assert_eq!(asker.asked.load(Ordering::SeqCst), 4, "what has a note is not asked about again");
    }

    #[test]
    fn a_busy_model_is_asked_later() {
        let later = later_where_busy(Err(Error::busy("answers go first", WAIT)));
        assert_eq!(later.unwrap(), Outcome::Later(WAIT));
        assert_eq!(later_where_busy(Ok(Outcome::Done)).unwrap(), Outcome::Done);
        let broken = later_where_busy(Err(Error::internal("no weights"))).unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::Internal);
    }
}
