//! The way of a pending version to being current, as the list of its steps.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use footnote_core::chunk::{Chunk, ChunkEdit};
use footnote_core::document::{Document, DocumentVersion, IndexedVersion, Lineage, NewMember, VersionFacts};
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ChunkEditId, ChunkId, VersionId};
use footnote_core::job::Lease;
use footnote_core::knowledge_base::Generation;
use footnote_core::parsed::{BlockKind, ParseWarning, ParsedDocument};
use footnote_core::password::Password;
use footnote_core::ports::{BlobStore, Embedder};
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, Result};
use tokio::sync::mpsc;

use crate::chunk::{ChunkBudget, ChunkDraft, chunk};
use crate::context::IngestContext;
use crate::edits::{self, Placed};
use crate::entries::{self, Stretch, Targets, VersionEntries, Writes, compute, own_title, title_of};
use crate::language::language_of;
use crate::members::StoredMembers;
use crate::progress::Progress;

/// Bytes of JSON between two hand-overs to the blob store.
const JSON_PART: usize = 64 * 1024;

/// Takes a pending version through all steps. The last one makes it current and ends the job; before
/// it nothing is visible, and doing all of it again is harmless.
pub async fn index_version(
    ctx: &IngestContext,
    lease: Lease,
    document: Document,
    version: &DocumentVersion,
    progress: &Progress,
) -> Result<VersionFacts> {
    let knowledge_base = ctx.documents.knowledge_base(document.knowledge_base).await?;
    let knowledge_base = knowledge_base
        .ok_or_else(|| Error::not_found(format!("knowledge base {}", document.knowledge_base)))?;
    let generation = ctx.generation(knowledge_base.generation).await?;
    let embedder = ctx.embedder_of(&generation)?;
    tokio::try_join!(ctx.vectors.ensure(&generation), ctx.keywords.ensure(&generation))?;

    let (parsed, members) = parse(ctx, &document, version, progress).await?;
    refuse_blank(&document, &parsed)?;

    progress.stage("chunking", 0);
    let (parsed, parsed_blob) = store_parsed(&*ctx.blobs, parsed).await?;
    let (entries, drafts) = cut(document, parsed, &generation, embedder).await?;
    let text_blob = ctx.blobs.put(entries.text.as_str().as_bytes()).await?;
    let edits = ctx.documents.chunk_edits(entries.document.id).await?;
    let edit_ids: Vec<ChunkEditId> = edits.iter().map(|stored| stored.edit.id).collect();
    let (chunks, unplaced) =
        rows(&entries, version.id, drafts, move |_, texts| edits::place(edits, texts)).await?;
    if chunks.is_empty() {
        return Err(no_text(&entries.document, None));
    }

    let was_tried = !ctx.documents.chunks(version.id, generation.id).await?.is_empty();
    // Fenced, and so before the indexes are touched: a worker that lost its lease removes nothing.
    ctx.documents.put_chunks(lease, version.id, generation.id, &chunks).await?;
    let writes = Writes::begin(ctx, generation.id);
    if was_tried {
        forget_earlier_attempt(ctx, version.id, &generation).await?;
    }

    progress.stage("embedding", chunks.len() as u64);
    let embedded = entries::write(ctx, &entries, &chunks, Targets::BOTH, progress).await?;

    progress.stage("indexing", 0);
    writes.flush(ctx).await?;

    let parsed = &entries.parsed;
    let facts = VersionFacts {
        content_type: parsed.content_type,
        title: own_title(parsed).map(str::to_owned),
        parsed: parsed_blob,
        text: text_blob,
        chars: entries.text.char_len() as u64,
        pages: count(parsed.pages.iter().map(|page| page.number).collect::<BTreeSet<_>>().len()),
        ocr_pages: count(parsed.pages.iter().filter(|page| page.ocr).count()),
        tables: count(parsed.blocks.iter().filter(|block| block.kind == BlockKind::Table).count()),
        language: language_of(entries.text.as_str()),
        chunks: count(chunks.len()),
        embedded,
        engine: parsed.engine.clone(),
        warnings: parsed.warnings.iter().cloned().chain(unplaced).collect(),
    };
    let now = ctx.clock.now();
    let indexed = IndexedVersion { facts: &facts, members: &members, edits: &edit_ids };
    ctx.documents.activate_version(lease, version.id, generation.id, indexed, now).await?;
    Ok(facts)
}

/// Parses the original; what lies within it is stored as blobs, which become documents with the version.
async fn parse(
    ctx: &IngestContext,
    document: &Document,
    version: &DocumentVersion,
    progress: &Progress,
) -> Result<(ParsedDocument, Vec<NewMember>)> {
    progress.stage("parsing", 0);
    let original = ctx.blobs.path(version.content).await?;
    let original = original.ok_or_else(|| {
        Error::corrupt(format!("the original of {} (blob {}) is missing", document.key, version.content))
    })?;
    let file_name = document.key.rsplit('/').next().unwrap_or(&document.key);
    let lineage = match document.parent {
        Some(_) => ctx.documents.lineage(document.id).await?,
        None => Lineage::default(),
    };
    let password = password_of(ctx, document).await?;
    let mut members = StoredMembers::new(&*ctx.blobs);
    let parsed = ctx
        .parser
        .parse_with_members(&original, file_name, password, lineage, &mut members, progress)
        .await?;
    Ok((parsed, members.stored()))
}

/// What opens the document: its own password, else that of what it lies in.
async fn password_of(ctx: &IngestContext, document: &Document) -> Result<Option<Password>> {
    let (mut key, mut parent) = (document.key.clone(), document.parent);
    loop {
        let password = ctx.documents.password(document.source, &key).await?;
        let (None, Some(id)) = (&password, parent) else { return Ok(password) };
        let Some(outer) = ctx.documents.document(id).await? else { return Ok(None) };
        (key, parent) = (outer.key, outer.parent);
    }
}

/// What the failure of a document begins with that was read and holds nothing to search.
pub const NO_TEXT: &str = "no extractable text";

fn refuse_blank(document: &Document, parsed: &ParsedDocument) -> Result<()> {
    if parsed.is_blank() { Err(no_text(document, parsed.warnings.first())) } else { Ok(()) }
}

fn no_text(document: &Document, told: Option<&ParseWarning>) -> Error {
    let told = told.map(|warning| format!(" ({})", warning.message)).unwrap_or_default();
    Error::invalid(format!(
        "{NO_TEXT} in {}: it may hold only images or be empty; upload a version with a text layer{told}",
        document.key
    ))
}

/// Stores the parsed document as JSON without ever holding the JSON whole; gives it back with the
/// name of its blob.
async fn store_parsed(
    blobs: &dyn BlobStore,
    parsed: ParsedDocument,
) -> Result<(ParsedDocument, ContentHash)> {
    let (parts, mut to_store) = mpsc::channel(4);
    let serialize = compute(move || {
        let mut writer = PartWriter { parts, part: Vec::with_capacity(JSON_PART) };
        serde_json::to_writer(&mut writer, &parsed).internal("cannot serialize the parsed document")?;
        writer.flush().internal("cannot serialize the parsed document")?;
        Ok(parsed)
    });
    let store = async {
        let mut blob = blobs.writer().await?;
        while let Some(part) = to_store.recv().await {
            blob.write(&part).await?;
        }
        Ok(blob)
    };
    let (parsed, blob) = tokio::try_join!(serialize, store)?;
    let (hash, _) = blob.finish().await?;
    Ok((parsed, hash))
}

struct PartWriter {
    parts: mpsc::Sender<Bytes>,
    part: Vec<u8>,
}

impl Write for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= JSON_PART {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(JSON_PART));
        let sent = self.parts.blocking_send(Bytes::from(part));
        sent.map_err(|_| std::io::Error::other("the blob store stopped reading"))
    }
}

/// Cuts the text, then moves it out of the parsed document: from here on it is held once.
async fn cut(
    document: Document,
    mut parsed: ParsedDocument,
    generation: &Generation,
    embedder: Arc<dyn Embedder>,
) -> Result<(VersionEntries, Vec<ChunkDraft>)> {
    let settings = generation.spec.chunker.clone();
    let generation = generation.id;
    let budget = ChunkBudget::new(&settings, embedder.max_tokens())?;
    compute(move || {
        let drafts = chunk(&parsed, &settings, budget, &*embedder.tokens())?;
        let text = CanonicalText::new(std::mem::take(&mut parsed.text));
        let title = title_of(&document, &parsed);
        let (document, parsed) = (Arc::new(document), Arc::new(parsed));
        Ok((VersionEntries { document, title, text, parsed, generation, embedder, budget }, drafts))
    })
    .await
}

/// The version's chunk rows with the document's edits placed on them, which `place` does by where the chunks lie and by
/// their texts, and a warning for each edit that has no place.
pub(crate) async fn rows(
    entries: &VersionEntries,
    version: VersionId,
    drafts: Vec<ChunkDraft>,
    place: impl FnOnce(&[Span], &[&str]) -> Placed + Send + 'static,
) -> Result<(Vec<Chunk>, Vec<ParseWarning>)> {
    let entries = entries.clone();
    compute(move || {
        let texts: Vec<&str> =
            drafts.iter().map(|draft| entries.text.slice(draft.span).unwrap_or_default()).collect();
        let spans: Vec<Span> = drafts.iter().map(|draft| draft.span).collect();
        let Placed { on_chunks, unplaced } = place(&spans, &texts);
        let generation = entries.generation;
        let row = |(ordinal, (draft, edit)): (u32, (ChunkDraft, Option<ChunkEdit>))| Chunk {
            id: ChunkId::derive(version, generation, ordinal),
            version,
            generation,
            ordinal,
            span: draft.span,
            pages: draft.pages,
            heading_path: draft.heading_path,
            // Known below, once the edit's note is in its place.
            embedded_text: ContentHash::of(b""),
            edit,
        };
        let mut chunks: Vec<Chunk> = (0..).zip(drafts.into_iter().zip(on_chunks)).map(row).collect();
        let mut hashes = Vec::with_capacity(chunks.len());
        entries.embedded_texts(chunks.iter().map(Stretch::of), |text| {
            hashes.push(ContentHash::of(text.as_bytes()));
        })?;
        chunks.iter_mut().zip(hashes).for_each(|(chunk, hash)| chunk.embedded_text = hash);
        Ok((chunks, edits::warnings(&unplaced)))
    })
    .await
}

/// A version that had chunk rows may have index entries of an earlier run, perhaps more of them than
/// this one will write (a parser changed in between).
async fn forget_earlier_attempt(
    ctx: &IngestContext,
    version: VersionId,
    generation: &Generation,
) -> Result<()> {
    tokio::try_join!(
        ctx.vectors.remove(generation.id, version),
        ctx.keywords.remove(generation.id, version)
    )?;
    Ok(())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
