//! Writes a version's chunks to both indexes in bounded batches, embedding only what is new.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use footnote_core::chunk::{Chunk, IndexKey, KeywordEntry, Tag, VectorEntry};
use footnote_core::document::Document;
use footnote_core::hash::ContentHash;
use footnote_core::ids::GenerationId;
use footnote_core::parsed::ParsedDocument;
use footnote_core::ports::Embedder;
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, ErrorKind, Result};

use crate::chunk::{ChunkBudget, Composer};
use crate::context::IngestContext;
use crate::progress::Progress;

/// Everything about a version that its index entries are made of.
#[derive(Clone)]
pub(crate) struct VersionEntries {
    pub(crate) document: Arc<Document>,
    /// The title that is embedded and searched.
    pub(crate) title: Arc<str>,
    pub(crate) text: CanonicalText,
    /// Blocks and type; its own text may have been taken out.
    pub(crate) parsed: Arc<ParsedDocument>,
    pub(crate) generation: GenerationId,
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) budget: ChunkBudget,
}

/// What a text to be embedded is made of.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'c> {
    pub(crate) span: Span,
    pub(crate) heading_path: &'c [String],
    pub(crate) note: Option<&'c str>,
}

impl<'c> Stretch<'c> {
    pub(crate) fn of(chunk: &'c Chunk) -> Self {
        Self { span: chunk.span, heading_path: &chunk.heading_path, note: note_of(chunk) }
    }
}

fn note_of(chunk: &Chunk) -> Option<&str> {
    chunk.edit.as_ref().and_then(|edit| edit.note.as_deref())
}

/// Which indexes to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Targets {
    pub(crate) vectors: bool,
    pub(crate) keywords: bool,
}

impl Targets {
    pub(crate) const BOTH: Self = Self { vectors: true, keywords: true };
}

/// The title a version is embedded under: its own, or the document's.
pub(crate) fn title_of(document: &Document, parsed: &ParsedDocument) -> Arc<str> {
    own_title(parsed).unwrap_or(&document.title).into()
}

/// The title a document gives itself, unless it is blank.
pub(crate) fn own_title(parsed: &ParsedDocument) -> Option<&str> {
    parsed.title.as_deref().map(str::trim).filter(|t| !t.is_empty())
}

impl VersionEntries {
    /// What is embedded for each of the stretches, in order. Computes: not for async threads.
    pub(crate) fn embedded_texts<'c>(
        &self,
        stretches: impl Iterator<Item = Stretch<'c>>,
        mut each: impl FnMut(String),
    ) -> Result<()> {
        let tokens = self.embedder.tokens();
        let mut composer = Composer::new(&self.title, &self.text, &self.parsed, &*tokens, self.budget);
        for Stretch { span, heading_path, note } in stretches {
            let text = composer.compose(span, heading_path, note)?;
            each(text.ok_or_else(|| {
                Error::corrupt(format!("a chunk at {span} reaches past the text of {}", self.document.key))
            })?);
        }
        Ok(())
    }

    fn keyword_entry(&self, key: IndexKey, chunk: &Chunk) -> Result<KeywordEntry> {
        let body = self.text.slice(chunk.span).ok_or_else(|| {
            Error::corrupt(format!("chunk {} reaches past the text of {}", chunk.id, self.document.key))
        })?;
        let note = note_of(chunk).map(|note| format!("\n\n{note}")).unwrap_or_default();
        Ok(KeywordEntry {
            key,
            title: self.title.to_string(),
            headings: chunk.heading_path.join(" "),
            body: [body, &note].concat(),
        })
    }

    fn key(&self, chunk: &Chunk) -> IndexKey {
        let document = &self.document;
        let text = self.text.slice(chunk.span).unwrap_or_default();
        let tags = Tag::all_of(document, self.parsed.content_type, text);
        IndexKey { chunk: chunk.id, version: chunk.version, knowledge_base: document.knowledge_base, tags }
    }
}

/// Writes `chunks` batch by batch; returns how many texts had to be embedded. Nothing is durable
/// before the indexes are flushed.
pub(crate) async fn write(
    ctx: &IngestContext,
    of: &VersionEntries,
    chunks: &[Chunk],
    targets: Targets,
    progress: &Progress,
) -> Result<u32> {
    let mut embedded = 0;
    for batch in chunks.chunks(ctx.limits.batch_chunks.max(1)) {
        let vectors = async {
            if targets.vectors {
                let (known, new) = vectors_of(ctx, of, batch, progress).await?;
                embedded += new;
                let entries = batch.iter().map(|chunk| vector_entry(of, chunk, &known));
                ctx.vectors.upsert(of.generation, entries.collect::<Result<_>>()?).await?;
            }
            Ok(())
        };
        let keywords = async {
            if targets.keywords {
                let entries = batch.iter().map(|chunk| of.keyword_entry(of.key(chunk), chunk));
                ctx.keywords.upsert(of.generation, entries.collect::<Result<_>>()?).await?;
            }
            Ok(())
        };
        tokio::try_join!(vectors, keywords)?;
    }
    Ok(embedded)
}

/// A job's writes to the indexes of a generation that are not durable yet: begun before the first one,
/// ended by the flush.
#[must_use]
pub(crate) struct Writes {
    generation: GenerationId,
    lost_before: u64,
}

impl Writes {
    /// To be called before the first write.
    pub(crate) fn begin(ctx: &IngestContext, generation: GenerationId) -> Self {
        Self { generation, lost_before: ctx.keywords.lost_writes(generation) }
    }

    /// Returns once what was written would survive a kill. Jobs share an index's writer, and one that
    /// fails may take what the others wrote with it: then this fails, and the job is to be done again.
    pub(crate) async fn flush(self, ctx: &IngestContext) -> Result<()> {
        tokio::try_join!(ctx.vectors.flush(self.generation), ctx.keywords.flush(self.generation))?;
        if ctx.keywords.lost_writes(self.generation) != self.lost_before {
            return Err(Error::unavailable(
                "another job's failure took what this one wrote to the keyword index; it is written again",
            ));
        }
        Ok(())
    }
}

fn vector_entry(
    of: &VersionEntries,
    chunk: &Chunk,
    vectors: &HashMap<ContentHash, Vec<f32>>,
) -> Result<VectorEntry> {
    let vector = vectors.get(&chunk.embedded_text).cloned();
    let vector = vector.ok_or_else(|| Error::internal(format!("chunk {} has no vector", chunk.id)))?;
    Ok(VectorEntry { key: of.key(chunk), vector })
}

/// The vectors of a batch: those known, and the others embedded now. Returns how many were new.
async fn vectors_of(
    ctx: &IngestContext,
    of: &VersionEntries,
    batch: &[Chunk],
    progress: &Progress,
) -> Result<(HashMap<ContentHash, Vec<f32>>, u32)> {
    let embedder = &of.embedder;
    let hashes: Vec<_> = batch.iter().map(|c| c.embedded_text).collect::<HashSet<_>>().into_iter().collect();
    let mut vectors = ctx.documents.vectors(embedder.fingerprint(), &hashes).await?;
    let unknown: Vec<Chunk> =
        batch.iter().filter(|c| !vectors.contains_key(&c.embedded_text)).cloned().collect();
    progress.advance((batch.len() - unknown.len()) as u64);

    let mut fresh = 0;
    let texts = texts_to_embed(of, unknown).await?;
    for part in texts.chunks(ctx.limits.batch_texts.max(1)) {
        let inputs: Vec<String> = part.iter().map(|t| t.text.clone()).collect();
        let made = patiently(|| embedder.embed_passages(inputs.clone())).await?;
        if made.len() != part.len() {
            return Err(Error::internal(format!(
                "the embedder gave {} vectors for {} texts",
                made.len(),
                part.len()
            )));
        }
        let made = part.iter().zip(made);
        // A text that differs from what its chunk row says (the document was renamed since) must not
        // be remembered under that row's hash.
        let to_keep: Vec<_> = made.clone().filter(|(t, _)| t.is_faithful).map(|(t, v)| (t.hash, v)).collect();
        ctx.documents.put_vectors(embedder.fingerprint(), &to_keep).await?;
        vectors.extend(made.map(|(t, v)| (t.hash, v)));
        fresh += part.len() as u32;
        progress.advance(part.iter().map(|t| t.chunks).sum());
    }
    Ok((vectors, fresh))
}

struct TextToEmbed {
    /// What the chunk row says.
    hash: ContentHash,
    text: String,
    /// Whether `hash` is the hash of `text`.
    is_faithful: bool,
    /// Chunks that wait for it.
    chunks: u64,
}

/// Distinct texts, shortest first: the embedder pads a batch to its longest.
async fn texts_to_embed(of: &VersionEntries, unknown: Vec<Chunk>) -> Result<Vec<TextToEmbed>> {
    let of = of.clone();
    compute(move || {
        let mut texts: HashMap<ContentHash, TextToEmbed> = HashMap::new();
        let mut rows = unknown.iter();
        of.embedded_texts(unknown.iter().map(Stretch::of), |text| {
            let Some(row) = rows.next() else { return };
            let entry = texts.entry(row.embedded_text).or_insert_with(|| TextToEmbed {
                hash: row.embedded_text,
                is_faithful: ContentHash::of(text.as_bytes()) == row.embedded_text,
                text,
                chunks: 0,
            });
            entry.chunks += 1;
        })?;
        let mut texts: Vec<_> = texts.into_values().collect();
        texts.sort_unstable_by(|a, b| (a.text.len(), &a.text).cmp(&(b.text.len(), &b.text)));
        Ok(texts)
    })
    .await
}

/// Runs computing work away from the async threads.
pub(crate) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let span = tracing::Span::current();
    let task = tokio::task::spawn_blocking(move || span.in_scope(work));
    task.await.map_err(|e| Error::internal("a computing task ended early").with_source(e))?
}

/// Waits while the callee is busy: a job has time. Whoever cancels the job drops this future.
async fn patiently<T, F: Future<Output = Result<T>>>(mut call: impl FnMut() -> F) -> Result<T> {
    loop {
        match call().await {
            Err(error) => match error.kind() {
                ErrorKind::Busy { retry_after } => {
                    tokio::time::sleep(retry_after.clamp(Duration::from_millis(20), Duration::from_secs(2)))
                        .await;
                }
                _ => return Err(error),
            },
            done => return done,
        }
    }
}
