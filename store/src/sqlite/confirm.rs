//! The last word on every hit: is this chunk current, and may this scope see it?

use std::collections::HashMap;

use footnote_core::hash::ContentHash;
use footnote_core::ids::{ChunkId, DocumentId, SourceId, VersionId};
use footnote_core::passage::ConfirmedChunk;
use footnote_core::principal::Scope;
use footnote_core::text::CanonicalText;
use footnote_core::{Error, Result};
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use super::{BATCH, SqliteStore, Tx, chunks, texts};
use crate::rows::{Doing as _, Fields};

pub(super) async fn confirm(
    store: &SqliteStore,
    scope: Scope,
    asked: &[ChunkId],
) -> Result<Vec<ConfirmedChunk>> {
    let mut permitted = permitted(store, scope, asked).await?;
    let mut texts_read: HashMap<ContentHash, CanonicalText> = HashMap::new();
    let mut confirmed = Vec::with_capacity(permitted.len());
    for id in asked {
        // Taken out: an id that was asked twice is confirmed once.
        let Some(mut chunk) = permitted.remove(id) else { continue };
        let text = match texts_read.get(&chunk.version_hash) {
            Some(text) => text.clone(),
            None => {
                let text = texts::text(store, chunk.version_hash).await?;
                texts_read.insert(chunk.version_hash, text.clone());
                text
            }
        };
        chunk.text = text.slice(chunk.span).map(str::to_owned).ok_or_else(|| {
            Error::corrupt(format!(
                "chunk {id} lies at {} of a text with {} scalar values",
                chunk.span,
                text.char_len()
            ))
        })?;
        confirmed.push(chunk);
    }
    Ok(confirmed)
}

/// The chunks that are current and within the scope, still without their text.
async fn permitted(
    store: &SqliteStore,
    scope: Scope,
    asked: &[ChunkId],
) -> Result<HashMap<ChunkId, ConfirmedChunk>> {
    let mut permitted = HashMap::with_capacity(asked.len());
    let mut tx = store.read().await?;
    for batch in asked.chunks(BATCH) {
        for row in &permitted_rows(&mut tx, scope, batch).await? {
            let chunk = confirmed_chunk(row)?;
            permitted.insert(chunk.chunk, chunk);
        }
    }
    Ok(permitted)
}

async fn permitted_rows(tx: &mut Tx, scope: Scope, asked: &[ChunkId]) -> Result<Vec<SqliteRow>> {
    // CROSS JOIN keeps SQLite to this order. Left to choose, it begins with the knowledge base and walks
    // all its documents for a handful of hits.
    let mut query = QueryBuilder::new(
        "SELECT c.id AS chunk, c.ordinal AS ordinal, c.span_start AS span_start, c.span_end AS span_end, \
         c.page_first AS page_first, c.page_last AS page_last, c.heading_path AS heading_path, \
         c.embedded_text AS embedded_text, v.id AS version, v.text AS text, d.id AS document, d.source AS source, d.title AS title, d.key AS key \
         FROM chunks c CROSS JOIN versions v ON v.id = c.version AND v.state = 'current' \
         CROSS JOIN documents d ON d.id = v.document AND d.deleted_at IS NULL \
         CROSS JOIN knowledge_bases k ON k.id = d.knowledge_base AND k.deleted_at IS NULL \
             AND k.generation = c.generation \
         WHERE k.id = ",
    );
    query.push_bind(scope.knowledge_base().0);
    query.push(" AND k.workspace = ").push_bind(scope.workspace().0);
    query.push(" AND c.generation = ").push_bind(scope.generation().0);
    query.push(" AND c.id IN (");
    let mut ids = query.separated(", ");
    for id in asked {
        ids.push_bind(id.0);
    }
    query.push(")");
    query.build().persistent(false).fetch_all(&mut **tx).await.doing("confirm the hits")
}

fn confirmed_chunk(row: &SqliteRow) -> Result<ConfirmedChunk> {
    let fields = Fields::of(row, "chunk");
    Ok(ConfirmedChunk {
        chunk: ChunkId(fields.id("chunk")?),
        version: VersionId(fields.id("version")?),
        version_hash: fields.hash("text")?,
        document: DocumentId(fields.id("document")?),
        source: SourceId(fields.id("source")?),
        title: fields.text("title")?,
        document_key: fields.text("key")?,
        ordinal: fields.number("ordinal")?,
        span: chunks::span(&fields)?,
        pages: chunks::pages(&fields)?,
        heading_path: fields.json("heading_path")?,
        embedded_text: fields.hash("embedded_text")?,
        text: String::new(),
    })
}
