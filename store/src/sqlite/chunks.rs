//! Chunk rows: where each chunk lies, by version and generation. Their text is in the blob.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use footnote_core::chunk::Chunk;
use footnote_core::ids::{ChunkId, GenerationId, VersionId};
use footnote_core::job::Lease;
use footnote_core::text::Span;
use footnote_core::{Error, Result};
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use super::{BATCH, SqliteStore, Tx, chunk_edits, commit, jobs};
use crate::rows::{Doing as _, Fields, hash_bytes, integer, to_json};

fn chunk(row: &SqliteRow) -> Result<Chunk> {
    let fields = Fields::of(row, "chunk");
    Ok(Chunk {
        id: ChunkId(fields.id("id")?),
        version: VersionId(fields.id("version")?),
        generation: GenerationId(fields.id("generation")?),
        ordinal: fields.number("ordinal")?,
        span: span(&fields)?,
        pages: pages(&fields)?,
        heading_path: fields.json("heading_path")?,
        embedded_text: fields.hash("embedded_text")?,
        edit: chunk_edits::of_row(&fields)?,
    })
}

/// The span of a row with a chunk's columns.
pub(super) fn span(fields: &Fields<'_>) -> Result<Span> {
    let (start, end): (usize, usize) = (fields.number("span_start")?, fields.number("span_end")?);
    if end < start {
        return Err(fields.corrupt("span_end"));
    }
    Ok(Span { start, end })
}

/// The pages of a row with a chunk's columns.
pub(super) fn pages(fields: &Fields<'_>) -> Result<Option<(u32, u32)>> {
    let (first, last) = (fields.maybe_number("page_first")?, fields.maybe_number("page_last")?);
    Ok(first.zip(last))
}

pub(super) async fn put(
    store: &SqliteStore,
    lease: Lease,
    version: VersionId,
    generation: GenerationId,
    chunks: &[Chunk],
) -> Result<()> {
    let mut tx = store.write().await?;
    jobs::fence(&mut tx, lease).await?;
    replace(&mut tx, version, generation, chunks).await?;
    commit(tx).await
}

/// Puts the chunks, and the edits on them, in the place of those that the version has in the generation.
pub(super) async fn replace(
    tx: &mut Tx,
    version: VersionId,
    generation: GenerationId,
    chunks: &[Chunk],
) -> Result<()> {
    if chunks.iter().any(|c| c.version != version || c.generation != generation) {
        return Err(Error::internal("chunks of another version or generation were to be stored"));
    }
    sqlx::query("DELETE FROM chunks WHERE version = ?1 AND generation = ?2")
        .bind(version.0)
        .bind(generation.0)
        .execute(&mut **tx)
        .await
        .doing("replace the version's chunks")?;
    for batch in chunks.chunks(BATCH) {
        insert(tx, batch).await?;
    }
    for chunk in chunks {
        if let Some(edit) = &chunk.edit {
            chunk_edits::place(tx, chunk.id, edit.id).await?;
        }
    }
    Ok(())
}

async fn insert(tx: &mut Tx, chunks: &[Chunk]) -> Result<()> {
    let mut rows = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let (start, end) = (integer(chunk.span.start)?, integer(chunk.span.end)?);
        rows.push((chunk, start, end, to_json("heading path", &chunk.heading_path)?));
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO chunks (version, generation, ordinal, id, span_start, span_end, page_first, page_last, \
         heading_path, embedded_text) ",
    );
    query.push_values(rows, |mut row, (chunk, start, end, heading_path)| {
        row.push_bind(chunk.version.0)
            .push_bind(chunk.generation.0)
            .push_bind(chunk.ordinal)
            .push_bind(chunk.id.0)
            .push_bind(start)
            .push_bind(end)
            .push_bind(chunk.pages.map(|p| p.0))
            .push_bind(chunk.pages.map(|p| p.1))
            .push_bind(heading_path)
            .push_bind(hash_bytes(chunk.embedded_text));
    });
    query.build().persistent(false).execute(&mut **tx).await.doing("store the chunks")?;
    Ok(())
}

pub(super) async fn between(
    store: &SqliteStore,
    version: VersionId,
    generation: GenerationId,
    ordinals: RangeInclusive<u32>,
) -> Result<Vec<Chunk>> {
    let rows = sqlx::query(
        "SELECT c.*, e.id AS e_id, e.note AS e_note, e.hidden AS e_hidden, e.author AS e_author FROM chunks c \
         LEFT JOIN chunk_edit_places p ON p.chunk = c.id LEFT JOIN chunk_edits e ON e.id = p.edit \
         WHERE c.version = ?1 AND c.generation = ?2 AND c.ordinal BETWEEN ?3 AND ?4 ORDER BY c.ordinal",
    )
    .bind(version.0)
    .bind(generation.0)
    .bind(ordinals.start())
    .bind(ordinals.end())
    .fetch_all(&store.readers)
    .await
    .doing("read the version's chunks")?;
    rows.iter().map(chunk).collect()
}

pub(super) async fn expected(
    store: &SqliteStore,
    generation: GenerationId,
) -> Result<BTreeMap<VersionId, u64>> {
    let rows = sqlx::query(
        "SELECT v.id AS version, count(*) AS chunks FROM knowledge_bases k \
         JOIN documents d ON d.knowledge_base = k.id AND d.deleted_at IS NULL \
         JOIN versions v ON v.document = d.id AND v.state = 'current' \
         JOIN chunks c ON c.version = v.id AND c.generation = ?1 \
         WHERE (k.generation = ?1 OR k.next_generation = ?1) AND k.deleted_at IS NULL GROUP BY v.id",
    )
    .bind(generation.0)
    .fetch_all(&store.readers)
    .await
    .doing("list what the indexes must hold")?;
    rows.iter()
        .map(|row| {
            let fields = Fields::of(row, "document version");
            Ok((VersionId(fields.id("version")?), fields.number("chunks")?))
        })
        .collect()
}
