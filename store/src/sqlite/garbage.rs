//! What nothing names any more, and what everything else does.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::hash::ContentHash;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{BATCH, SqliteStore};
use crate::rows::{Doing as _, Fields};

/// Versions or documents whose rows are removed by one statement: others may write in between.
const AT_ONCE: usize = 20;

/// Retired versions of living documents are among them: their citations still resolve.
pub(super) async fn named_blobs(store: &SqliteStore) -> Result<HashSet<ContentHash>> {
    let rows = sqlx::query(
        "SELECT v.content AS blob FROM versions v JOIN documents d ON d.id = v.document AND d.deleted_at IS NULL \
         UNION SELECT v.parsed FROM versions v JOIN documents d ON d.id = v.document AND d.deleted_at IS NULL \
             WHERE v.parsed IS NOT NULL \
         UNION SELECT v.text FROM versions v JOIN documents d ON d.id = v.document AND d.deleted_at IS NULL \
             WHERE v.text IS NOT NULL",
    )
    .fetch_all(&store.readers)
    .await
    .doing("list the blobs that documents name")?;
    rows.iter().map(|row| Fields::of(row, "document version").hash("blob")).collect()
}

pub(super) async fn oldest_pending(store: &SqliteStore) -> Result<Option<DateTime<Utc>>> {
    let row = sqlx::query("SELECT min(created_at) AS created_at FROM versions WHERE state = 'pending'")
        .fetch_one(&store.readers)
        .await
        .doing("look for the oldest pending version")?;
    Fields::of(&row, "document version").maybe_time("created_at")
}

/// With them goes what people and models added to deleted documents: it quotes and tells their text.
pub(super) async fn prune_chunks(store: &SqliteStore) -> Result<u64> {
    let removed = remove(
        store,
        "SELECT v.id FROM versions v JOIN documents d ON d.id = v.document WHERE d.deleted_at IS NOT NULL \
         AND EXISTS (SELECT 1 FROM chunks c WHERE c.version = v.id)",
        "DELETE FROM chunks WHERE version IN (",
        "chunks of deleted documents",
    )
    .await?;
    remove(
        store,
        "SELECT d.id FROM documents d WHERE d.deleted_at IS NOT NULL \
         AND EXISTS (SELECT 1 FROM chunk_edits e WHERE e.document = d.id)",
        "DELETE FROM chunk_edits WHERE document IN (",
        "chunk edits of deleted documents",
    )
    .await?;
    remove(
        store,
        "SELECT n.version FROM enrichments n JOIN versions v ON v.id = n.version \
         JOIN documents d ON d.id = v.document WHERE d.deleted_at IS NOT NULL",
        "DELETE FROM enrichments WHERE version IN (",
        "enrichments of deleted documents",
    )
    .await?;
    Ok(removed)
}

/// Deletes by the ids that `find` gives, some at a time; returns how many rows.
pub(super) async fn remove(
    store: &SqliteStore,
    find: &'static str,
    delete: &'static str,
    what: &str,
) -> Result<u64> {
    let found: Vec<Uuid> =
        sqlx::query_scalar(find).fetch_all(&store.readers).await.doing(&format!("look for {what}"))?;
    let mut removed = 0;
    for batch in found.chunks(AT_ONCE) {
        let mut query = QueryBuilder::new(delete);
        let mut ids = query.separated(", ");
        for id in batch {
            ids.push_bind(*id);
        }
        query.push(")");
        let done = query.build().persistent(false).execute(&store.writer).await;
        removed += done.doing(&format!("remove {what}"))?.rows_affected();
    }
    Ok(removed)
}

/// Vectors that no chunk uses: rows of retired versions stay, so that the past can be searched, and go with
/// their document. One that comes into use between the two
/// statements is computed again when it is next needed.
pub(super) async fn prune_vectors(store: &SqliteStore) -> Result<u64> {
    let unused: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT embedder, text FROM vectors WHERE (embedder, text) NOT IN ( \
             SELECT e.id, c.embedded_text FROM chunks c JOIN generations g ON g.id = c.generation \
             JOIN embedders e ON e.fingerprint = g.embedder) ORDER BY embedder",
    )
    .fetch_all(&store.readers)
    .await
    .doing("look for unused vectors")?;
    let mut forgotten = 0;
    for batch in unused.chunks(BATCH) {
        let mut query = QueryBuilder::new("DELETE FROM vectors WHERE (embedder, text) IN (");
        query.push_values(batch, |mut row, (embedder, text)| {
            row.push_bind(embedder).push_bind(text);
        });
        query.push(")");
        let done = query.build().persistent(false).execute(&store.writer).await;
        forgotten += done.doing("forget unused vectors")?.rows_affected();
    }
    Ok(forgotten)
}
