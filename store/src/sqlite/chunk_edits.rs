//! What people added to chunks, and on which chunks it is placed.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use footnote_core::chunk::{ChunkEdit, EditAuthor, NewChunkEdit, StoredChunkEdit};
use footnote_core::ids::{ChunkEditId, ChunkId, DocumentId, GenerationId, KnowledgeBaseId, VersionId};
use footnote_core::job::Job;
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{SqliteStore, Tx, commit, documents, versions};
use crate::rows::{Doing as _, Fields, hash_bytes, micros};

/// The edit in a row with `e_id`, `e_note` and `e_hidden`, if any.
pub(super) fn of_row(fields: &Fields<'_>) -> Result<Option<ChunkEdit>> {
    if fields.get::<Option<Vec<u8>>>("e_id")?.is_none() {
        return Ok(None);
    }
    let (note, hidden) = (fields.get("e_note")?, fields.flag("e_hidden")?);
    let author = fields.named("e_author", EditAuthor::from_name)?;
    Ok(Some(ChunkEdit { id: ChunkEditId(fields.id("e_id")?), note, hidden, author }))
}

pub(super) async fn list(store: &SqliteStore, document: DocumentId) -> Result<Vec<StoredChunkEdit>> {
    let rows = sqlx::query(
        "SELECT id AS e_id, note AS e_note, hidden AS e_hidden, author AS e_author, text, updated_at FROM chunk_edits \
         WHERE document = ?1 AND superseded_at IS NULL ORDER BY id",
    )
    .bind(document.0)
    .fetch_all(&store.readers)
    .await
    .doing("read the document's chunk edits")?;
    rows.iter().map(stored).collect()
}

fn stored(row: &SqliteRow) -> Result<StoredChunkEdit> {
    let fields = Fields::of(row, "chunk edit");
    let edit = of_row(&fields)?.ok_or_else(|| fields.corrupt("e_id"))?;
    Ok(StoredChunkEdit { edit, text: fields.text("text")?, updated_at: fields.time("updated_at")? })
}

/// Refuses a version whose chunks were given `used` where a person has edited the document's chunks since. What a model
/// noted since on chunks of the version before is of those alone.
pub(super) async fn expect(tx: &mut Tx, document: DocumentId, used: &[ChunkEditId]) -> Result<()> {
    let rows =
        sqlx::query("SELECT id, author FROM chunk_edits WHERE document = ?1 AND superseded_at IS NULL")
            .bind(document.0)
            .fetch_all(&mut **tx)
            .await
            .doing("read the document's chunk edits")?;
    let mut gone: HashSet<ChunkEditId> = used.iter().copied().collect();
    let mut is_new = false;
    for row in &rows {
        let fields = Fields::of(row, "chunk edit");
        let was_used = gone.remove(&ChunkEditId(fields.id("id")?));
        is_new |= !was_used && fields.named("author", EditAuthor::from_name)? == EditAuthor::Person;
    }
    if is_new || !gone.is_empty() {
        return Err(Error::unavailable("chunks were edited while their document's new version was indexed"));
    }
    Ok(())
}

/// Whether these are all edits that the document has.
pub(super) async fn are_all(tx: &mut Tx, document: DocumentId, edits: &[ChunkEditId]) -> Result<bool> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM chunk_edits WHERE document = ?1 AND superseded_at IS NULL")
            .bind(document.0)
            .fetch_all(&mut **tx)
            .await
            .doing("read the document's chunk edits")?;
    let ids: HashSet<Uuid> = ids.into_iter().collect();
    Ok(ids == edits.iter().map(|edit| edit.0).collect::<HashSet<Uuid>>())
}

/// What a model noted on text that the new version does not have is of the past: were it kept for later, it would pile up.
pub(super) async fn drop_unplaced_notes(
    tx: &mut Tx,
    document: DocumentId,
    version: VersionId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE chunk_edits SET superseded_at = ?3 \
         WHERE document = ?1 AND author = 'model' AND superseded_at IS NULL AND id NOT IN \
         (SELECT p.edit FROM chunks c JOIN chunk_edit_places p ON p.chunk = c.id WHERE c.version = ?2)",
    )
    .bind(document.0)
    .bind(version.0)
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .doing("drop the notes of text that is gone")?;
    Ok(())
}

/// Removes what was superseded of the version's document, and no chunk has any more.
pub(super) async fn drop_past(tx: &mut Tx, version: VersionId) -> Result<()> {
    sqlx::query(
        "DELETE FROM chunk_edits WHERE document = (SELECT v.document FROM versions v WHERE v.id = ?1) \
         AND superseded_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM chunk_edit_places p WHERE p.edit = chunk_edits.id)",
    )
    .bind(version.0)
    .execute(&mut **tx)
    .await
    .doing("remove edits that no chunk has")?;
    Ok(())
}

/// Notes that an edit lies on a chunk now.
pub(super) async fn place(tx: &mut Tx, chunk: ChunkId, edit: ChunkEditId) -> Result<()> {
    // The edit may have been removed since it was read: then there is nothing to place.
    sqlx::query(
        "INSERT OR REPLACE INTO chunk_edit_places (chunk, edit) \
         SELECT ?1, id FROM chunk_edits WHERE id = ?2 AND superseded_at IS NULL",
    )
    .bind(chunk.0)
    .bind(edit.0)
    .execute(&mut **tx)
    .await
    .doing("place a chunk's edit")?;
    Ok(())
}

/// Remembers the texts of chunks whose edits were made on other texts, until [`take_over`].
pub(super) async fn note_texts(tx: &mut Tx, texts: &[(ChunkId, String)]) -> Result<()> {
    for (chunk, text) in texts {
        sqlx::query("UPDATE chunk_edit_places SET text = ?2 WHERE chunk = ?1")
            .bind(chunk.0)
            .bind(text)
            .execute(&mut **tx)
            .await
            .doing("note the text of an edited chunk")?;
    }
    Ok(())
}

/// Puts edits of their own on chunks that have those of another cut, of which one may be on several: the document's next
/// version is compared with the texts of the chunks as they are now.
pub(super) async fn take_over(
    tx: &mut Tx,
    knowledge_base: KnowledgeBaseId,
    (before, generation): (GenerationId, GenerationId),
    now: DateTime<Utc>,
) -> Result<()> {
    // What they hid is hidden by another edit now: two small chunks became one. And a model's notes without a place are
    // dropped, as in a new version.
    sqlx::query(
        "UPDATE chunk_edits SET superseded_at = ?4 \
         WHERE (author = 'model' OR hidden = 1 AND note IS NULL) AND superseded_at IS NULL \
         AND id IN (SELECT p.edit FROM documents d JOIN versions v ON v.document = d.id AND v.state = 'current' \
             JOIN chunks c ON c.version = v.id AND c.generation = ?2 JOIN chunk_edit_places p ON p.chunk = c.id \
             WHERE d.knowledge_base = ?1 AND d.deleted_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM chunk_edit_places p JOIN chunks c ON c.id = p.chunk \
             WHERE p.edit = chunk_edits.id AND c.generation = ?3)",
    )
    .bind(knowledge_base.0)
    .bind(before.0)
    .bind(generation.0)
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .doing("supersede edits that others stand for")?;
    let places = sqlx::query(
        "SELECT p.chunk AS chunk, p.edit AS edit FROM documents d \
         JOIN versions v ON v.document = d.id AND v.state = 'current' \
         JOIN chunks c ON c.version = v.id AND c.generation = ?2 \
         JOIN chunk_edit_places p ON p.chunk = c.id AND p.text IS NOT NULL \
         WHERE d.knowledge_base = ?1 AND d.deleted_at IS NULL",
    )
    .bind(knowledge_base.0)
    .bind(generation.0)
    .fetch_all(&mut **tx)
    .await
    .doing("read the edited chunks")?;
    for place in &places {
        let fields = Fields::of(place, "chunk edit");
        give_own(tx, ChunkId(fields.id("chunk")?), ChunkEditId(fields.id("edit")?), now).await?;
    }
    Ok(())
}

/// Puts a copy of the edit, with the chunk's own text, in its place on the chunk.
async fn give_own(tx: &mut Tx, chunk: ChunkId, edit: ChunkEditId, now: DateTime<Utc>) -> Result<()> {
    let own = ChunkEditId::new();
    sqlx::query(
        "INSERT INTO chunk_edits (id, document, text, note, hidden, author, updated_at) \
         SELECT ?1, e.document, p.text, e.note, e.hidden, e.author, e.updated_at \
         FROM chunk_edit_places p JOIN chunk_edits e ON e.id = p.edit WHERE p.chunk = ?2",
    )
    .bind(own.0)
    .bind(chunk.0)
    .execute(&mut **tx)
    .await
    .doing("copy a chunk's edit")?;
    sqlx::query("UPDATE chunk_edit_places SET edit = ?1, text = NULL WHERE chunk = ?2")
        .bind(own.0)
        .bind(chunk.0)
        .execute(&mut **tx)
        .await
        .doing("place a chunk's edit")?;
    sqlx::query("UPDATE chunk_edits SET superseded_at = coalesce(superseded_at, ?2) WHERE id = ?1")
        .bind(edit.0)
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("supersede a chunk's edit")?;
    Ok(())
}

pub(super) async fn put(
    store: &SqliteStore,
    document: DocumentId,
    edit: NewChunkEdit,
    now: DateTime<Utc>,
) -> Result<Option<Job>> {
    let mut tx = store.write().await?;
    let Some(document) = documents::live(&mut tx, document).await? else { return Ok(None) };
    if edit.author == EditAuthor::Model && has_persons(&mut tx, edit.chunk).await? {
        return Ok(None);
    }
    let is_current = sqlx::query(
        "UPDATE chunks SET embedded_text = ?3 WHERE id = ?1 AND version = ?2 \
         AND generation = (SELECT k.generation FROM knowledge_bases k WHERE k.id = ?4)",
    )
    .bind(edit.chunk.0)
    .bind(document.current.map(|version| version.0))
    .bind(hash_bytes(edit.embedded_text))
    .bind(document.knowledge_base.0)
    .execute(&mut *tx)
    .await
    .doing("change a chunk")?;
    if is_current.rows_affected() == 0 {
        return Ok(None);
    }
    supersede(&mut tx, edit.chunk, now).await?;
    if edit.note.is_some() || edit.hidden {
        let id = ChunkEditId::new();
        sqlx::query(
            "INSERT INTO chunk_edits (id, document, text, note, hidden, author, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(id.0)
        .bind(document.id.0)
        .bind(&edit.text)
        .bind(edit.note.as_deref())
        .bind(i64::from(edit.hidden))
        .bind(edit.author.name())
        .bind(micros(now))
        .execute(&mut *tx)
        .await
        .doing("store a chunk's edit")?;
        place(&mut tx, edit.chunk, id).await?;
    }
    let job = versions::resend(&mut tx, document.id, document.knowledge_base, now).await?;
    commit(tx).await?;
    Ok(Some(job))
}

/// Takes a chunk's edit away. Chunks of retired versions keep it, so that nothing changes in the past.
async fn supersede(tx: &mut Tx, chunk: ChunkId, now: DateTime<Utc>) -> Result<()> {
    let edit: Option<Uuid> =
        sqlx::query_scalar("DELETE FROM chunk_edit_places WHERE chunk = ?1 RETURNING edit")
            .bind(chunk.0)
            .fetch_optional(&mut **tx)
            .await
            .doing("take a chunk's edit away")?;
    let Some(edit) = edit else { return Ok(()) };
    sqlx::query("UPDATE chunk_edits SET superseded_at = ?2 WHERE id = ?1")
        .bind(edit)
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("supersede a chunk's edit")?;
    sqlx::query(
        "DELETE FROM chunk_edits WHERE id = ?1 AND NOT EXISTS \
         (SELECT 1 FROM chunk_edit_places p WHERE p.edit = chunk_edits.id)",
    )
    .bind(edit)
    .execute(&mut **tx)
    .await
    .doing("remove a chunk's edit")?;
    Ok(())
}

async fn has_persons(tx: &mut Tx, chunk: ChunkId) -> Result<bool> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM chunk_edit_places p JOIN chunk_edits e ON e.id = p.edit \
         WHERE p.chunk = ?1 AND e.author = 'person'",
    )
    .bind(chunk.0)
    .fetch_optional(&mut **tx)
    .await
    .doing("look for a chunk's edit")?;
    Ok(found.is_some())
}
