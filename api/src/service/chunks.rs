//! Chunks: how a file would be cut, how a document was, what people add to them, and where lines stand on pages.

use std::sync::Arc;
use std::time::Duration;

use footnote_core::chunk::Chunk;
use footnote_core::document::DocumentVersion;
use footnote_core::ids::{DocumentId, GenerationId, VersionId};
use footnote_core::knowledge_base::{ChunkerSettings, KnowledgeBase};
use footnote_core::parsed::Line;
use footnote_core::password::Password;
use footnote_core::principal::{Principal, Role};
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, Result};
use footnote_ingest::edits::{self, EditedChunk, WantedEdit};
use footnote_ingest::preview::{self, Preview};

use super::documents;
use super::knowledge_bases::{reach, reach_as};
use super::uploads::StagedFile;
use crate::app::App;

/// Most and fewest tokens of a chunk that may be set. More do not fit any embedder in use.
const TOKENS: std::ops::RangeInclusive<usize> = 32..=2_048;

/// Pause after which a preview may be asked for again.
const PREVIEW_PAUSE: Duration = Duration::from_secs(2);

/// The chunks of a version, with its text.
#[derive(Debug, Clone)]
pub struct VersionChunks {
    /// The version.
    pub version: DocumentVersion,
    /// Its canonical text.
    pub text: CanonicalText,
    /// Its chunks in order.
    pub chunks: Vec<Chunk>,
}

/// Chunker settings with these differences from the defaults, checked.
pub fn settings(max_tokens: Option<usize>, overlap_tokens: Option<usize>) -> Result<ChunkerSettings> {
    let default = ChunkerSettings::default();
    let max_tokens = max_tokens.unwrap_or(default.max_tokens);
    let overlap_tokens = overlap_tokens.unwrap_or(default.overlap_tokens);
    if !TOKENS.contains(&max_tokens) {
        return Err(Error::invalid(format!(
            "chunking.max_tokens is {max_tokens}; give {} to {}",
            TOKENS.start(),
            TOKENS.end()
        )));
    }
    if overlap_tokens > max_tokens / 2 {
        return Err(Error::invalid(format!(
            "chunking.overlap_tokens is {overlap_tokens}; give at most half of max_tokens, {}",
            max_tokens / 2
        )));
    }
    Ok(ChunkerSettings { max_tokens, overlap_tokens, ..default })
}

/// How a knowledge base cuts its documents whose generation this is.
pub async fn settings_of(app: &App, generation: GenerationId) -> Result<ChunkerSettings> {
    if generation == app.generation.id {
        return Ok(app.generation.spec.chunker.clone());
    }
    let generations = app.store.documents.generations().await?;
    let found = generations.into_iter().find(|found| found.id == generation);
    let found = found.ok_or_else(|| Error::corrupt("the knowledge base's index generation has no row"))?;
    Ok(found.spec.chunker)
}

/// Reads and cuts a file as the knowledge base would, or by other settings, and stores nothing but the bytes that
/// the daily upkeep takes away.
pub async fn preview(
    app: &App,
    principal: &Principal,
    knowledge_base: &KnowledgeBase,
    file: &StagedFile,
    password: Option<Password>,
    chunker: Option<ChunkerSettings>,
) -> Result<Preview> {
    principal.scope(knowledge_base)?;
    principal.require(Role::Editor)?;
    app.require_embedder_of(knowledge_base).await?;
    let Ok(_turn) = app.previews.try_acquire() else {
        return Err(Error::busy("other previews are being made", PREVIEW_PAUSE));
    };
    let chunker = match chunker {
        Some(chunker) => chunker,
        None => settings_of(app, knowledge_base.generation).await?,
    };
    let path = app.store.blobs.path(file.content).await?;
    let path = path.ok_or_else(|| Error::corrupt("the staged file is gone"))?;
    preview::preview(&app.ingest, &path, file.name.key(), password, chunker, app.embedder.clone()).await
}

/// The chunks of the version asked for, else of the current or newest one.
pub async fn list(
    app: &App,
    principal: &Principal,
    reference: &str,
    document: DocumentId,
    version: Option<VersionId>,
) -> Result<VersionChunks> {
    let knowledge_base = reach(app, principal, reference).await?;
    let detail = documents::show(app, principal, reference, document).await?;
    let version = documents::choose(&detail, version)?;
    let text = documents::text_of(app, &version).await?;
    let mut chunks = app.store.documents.chunks(version.id, knowledge_base.generation).await?;
    if chunks.is_empty() {
        chunks = chunks_of_then(app, version.id).await?;
    }
    Ok(VersionChunks { version, text, chunks })
}

/// The chunks of a version that retired before its knowledge base was cut anew.
async fn chunks_of_then(app: &App, version: VersionId) -> Result<Vec<Chunk>> {
    for generation in app.store.documents.generations().await?.into_iter().rev() {
        let chunks = app.store.documents.chunks(version, generation.id).await?;
        if !chunks.is_empty() {
            return Ok(chunks);
        }
    }
    Ok(Vec::new())
}

/// Adds to a chunk of the current version, or takes away what was added.
pub async fn edit(
    app: &App,
    principal: &Principal,
    reference: &str,
    document: DocumentId,
    edit: WantedEdit,
) -> Result<EditedChunk> {
    reach_as(app, principal, reference, Role::Editor).await?;
    let detail = documents::show(app, principal, reference, document).await?;
    let edited = edits::edit_chunk(&app.ingest, detail.document.id, edit).await?;
    app.wake_workers();
    edited.ok_or_else(|| Error::not_found("chunk of the document's current version"))
}

/// The lines of a version that lie within `span`, with where they stand on their pages.
pub async fn lines(
    app: &App,
    principal: &Principal,
    reference: &str,
    document: DocumentId,
    version: Option<VersionId>,
    span: (Option<usize>, Option<usize>),
) -> Result<Vec<Line>> {
    let detail = documents::show(app, principal, reference, document).await?;
    let version = documents::choose(&detail, version)?;
    let parsed = app.store.documents.parsed(version.id).await?;
    let parsed = parsed.ok_or_else(|| documents::without_text(&version))?;
    let span = Span::new(span.0.unwrap_or(0), span.1.unwrap_or(usize::MAX));
    let lines = Arc::unwrap_or_clone(parsed).lines;
    Ok(lines.into_iter().filter(|line| line.span.overlaps(span)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_bounds_are_named() {
        assert_eq!(settings(None, None).unwrap(), ChunkerSettings::default());
        assert_eq!(settings(Some(200), Some(20)).unwrap().overlap_tokens, 20);
        for (max, overlap, named) in [(Some(5), None, "max_tokens"), (Some(100), Some(60), "overlap_tokens")]
        {
            assert!(settings(max, overlap).unwrap_err().to_string().contains(named));
        }
    }
}
