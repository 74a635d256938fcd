//! The last word on every hit: is this chunk current, or was it at the time that is asked of, and may this
//! scope see it?

use std::collections::HashMap;

use footnote_core::hash::ContentHash;
use footnote_core::ids::{ChunkId, DocumentId, GenerationId, SourceId, VersionId};
use footnote_core::passage::ConfirmedChunk;
use footnote_core::principal::Scope;
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::{BATCH, SqliteStore, Tx, chunks, texts};
use crate::rows::{Doing as _, Fields, micros};

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
        let slice = text.slice(chunk.span).ok_or_else(|| {
            Error::corrupt(format!(
                "chunk {id} lies at {} of a text with {} scalar values",
                chunk.span,
                text.char_len()
            ))
        })?;
        // Blanks are left at an end that was cut off; a chunk as it was made has none.
        let visible = slice.trim();
        let start = chunk.span.start + slice.chars().take_while(|c| c.is_whitespace()).count();
        chunk.span = Span::new(start, start + visible.chars().count());
        chunk.text = visible.to_owned();
        if !visible.is_empty() {
            confirmed.push(chunk);
        }
    }
    Ok(confirmed)
}

/// The chunks that are current, or were then, and within the scope, still without their text.
async fn permitted(
    store: &SqliteStore,
    scope: Scope,
    asked: &[ChunkId],
) -> Result<HashMap<ChunkId, ConfirmedChunk>> {
    let mut permitted = HashMap::with_capacity(asked.len());
    let mut tx = store.read().await?;
    for batch in asked.chunks(BATCH) {
        for row in &permitted_rows(&mut tx, scope, batch).await? {
            if let Some(chunk) = confirmed_chunk(row)? {
                permitted.insert(chunk.chunk, chunk);
            }
        }
    }
    Ok(permitted)
}

async fn permitted_rows(tx: &mut Tx, scope: Scope, asked: &[ChunkId]) -> Result<Vec<SqliteRow>> {
    // CROSS JOIN keeps SQLite to this order. Left to choose, it begins with the knowledge base and walks
    // all its documents for a handful of hits. A chunk repeats no more than the last few before it.
    let mut query = QueryBuilder::new(
        "SELECT c.id AS chunk, c.ordinal AS ordinal, c.span_start AS span_start, c.span_end AS span_end, \
         c.page_first AS page_first, c.page_last AS page_last, c.heading_path AS heading_path, \
         c.embedded_text AS embedded_text, v.id AS version, v.text AS text, d.id AS document, d.source AS source, \
         d.title AS title, d.key AS key, \
         (SELECT max(h.span_end) FROM chunks h CROSS JOIN chunk_edit_places p ON p.chunk = h.id \
             CROSS JOIN chunk_edits e ON e.id = p.edit AND e.hidden = 1 WHERE h.version = c.version \
             AND h.generation = c.generation AND h.ordinal BETWEEN c.ordinal - 3 AND c.ordinal - 1) AS hidden_until, \
         (SELECT min(h.span_start) FROM chunks h CROSS JOIN chunk_edit_places p ON p.chunk = h.id \
             CROSS JOIN chunk_edits e ON e.id = p.edit AND e.hidden = 1 WHERE h.version = c.version \
             AND h.generation = c.generation AND h.ordinal BETWEEN c.ordinal + 1 AND c.ordinal + 3) AS hidden_from \
         FROM chunks c CROSS JOIN versions v ON v.id = c.version \
         CROSS JOIN documents d ON d.id = v.document AND d.deleted_at IS NULL \
         CROSS JOIN knowledge_bases k ON k.id = d.knowledge_base AND k.deleted_at IS NULL \
             AND (k.generation = c.generation OR v.state = 'retired') \
         WHERE k.id = ",
    );
    query.push_bind(scope.knowledge_base().0);
    query.push(" AND k.workspace = ").push_bind(scope.workspace().0);
    // A retired version's rows may be those of the generation of then.
    query.push(" AND (v.state = 'retired' OR c.generation = ").push_bind(scope.generation().0).push(")");
    push_current(&mut query, scope);
    query.push(
        " AND NOT EXISTS (SELECT 1 FROM chunk_edit_places p JOIN chunk_edits e ON e.id = p.edit \
         WHERE p.chunk = c.id AND e.hidden = 1)",
    );
    query.push(" AND c.id IN (");
    let mut ids = query.separated(", ");
    for id in asked {
        ids.push_bind(id.0);
    }
    query.push(")");
    query.build().persistent(false).fetch_all(&mut **tx).await.doing("confirm the hits")
}

/// That the version `v` is current, or was at the scope's time.
fn push_current(query: &mut QueryBuilder<Sqlite>, scope: Scope) {
    let Some(as_of) = scope.as_of() else {
        query.push(" AND v.state = 'current'");
        return;
    };
    query.push(" AND v.state IN ('current', 'retired') AND v.activated_at <= ").push_bind(micros(as_of));
    query.push(" AND (v.retired_at IS NULL OR v.retired_at > ").push_bind(micros(as_of)).push(")");
}

/// See [`DocumentStore::past_versions`](footnote_core::ports::DocumentStore::past_versions).
pub(super) async fn past_versions(
    store: &SqliteStore,
    scope: Scope,
) -> Result<Vec<(VersionId, GenerationId)>> {
    if scope.as_of().is_none() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(
        "SELECT version, generation FROM (SELECT v.id AS version, (SELECT c.generation FROM chunks c \
         WHERE c.version = v.id ORDER BY c.generation = ",
    );
    query.push_bind(scope.generation().0);
    query.push(
        " DESC LIMIT 1) AS generation FROM knowledge_bases k JOIN documents d ON d.knowledge_base = k.id \
         JOIN versions v ON v.document = d.id AND v.state = 'retired' \
         WHERE k.deleted_at IS NULL AND d.deleted_at IS NULL AND k.id = ",
    );
    query.push_bind(scope.knowledge_base().0);
    query.push(" AND k.workspace = ").push_bind(scope.workspace().0);
    push_current(&mut query, scope);
    query.push(") WHERE generation IS NOT NULL ORDER BY version");
    let rows = query.build().persistent(false).fetch_all(&store.readers).await;
    let rows = rows.doing("list the versions of then")?;
    rows.iter()
        .map(|row| {
            let fields = Fields::of(row, "document version");
            Ok((VersionId(fields.id("version")?), GenerationId(fields.id("generation")?)))
        })
        .collect()
}

/// `None` where all of it is hidden.
fn confirmed_chunk(row: &SqliteRow) -> Result<Option<ConfirmedChunk>> {
    let fields = Fields::of(row, "chunk");
    let Some(span) = visible_span(&fields)? else { return Ok(None) };
    Ok(Some(ConfirmedChunk {
        chunk: ChunkId(fields.id("chunk")?),
        version: VersionId(fields.id("version")?),
        version_hash: fields.hash("text")?,
        document: DocumentId(fields.id("document")?),
        source: SourceId(fields.id("source")?),
        title: fields.text("title")?,
        document_key: fields.text("key")?,
        ordinal: fields.number("ordinal")?,
        span,
        pages: chunks::pages(&fields)?,
        heading_path: fields.json("heading_path")?,
        embedded_text: fields.hash("embedded_text")?,
        text: String::new(),
    }))
}

/// A chunk without what it repeats of a hidden one before it, or a hidden one after it repeats of it.
fn visible_span(fields: &Fields<'_>) -> Result<Option<Span>> {
    let Span { start, end } = chunks::span(fields)?;
    let start = fields.maybe_number("hidden_until")?.map_or(start, |until: usize| start.max(until));
    let end = fields.maybe_number("hidden_from")?.map_or(end, |from: usize| end.min(from));
    Ok((start < end).then_some(Span { start, end }))
}
