//! The change of a knowledge base to another index generation: its current versions get chunks there one by one, and when
//! all have them it flips. Until then the present generation answers.
//!
//! A current version with chunk rows in the next generation is done. Whatever would make them untrue removes them.

use chrono::{DateTime, Utc};
use footnote_core::chunk::RechunkedVersion;
use footnote_core::ids::{DocumentId, GenerationId, KnowledgeBaseId, VersionId};
use footnote_core::job::{JobKind, JobState, Lease, NewJob};
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::parsed::ParseWarning;
use footnote_core::{Error, Result};
use uuid::Uuid;

use super::{
    SqliteStore, Tx, chunk_edits, chunks, commit, documents, job_rows, jobs, knowledge_bases, lifecycle,
};
use crate::rows::{Doing as _, Fields, to_json};

/// Current versions without chunks in the generation `?2` that the knowledge base `?1` changes to.
const LEFT: &str = "SELECT v.id FROM knowledge_bases k \
    JOIN documents d ON d.knowledge_base = k.id AND d.deleted_at IS NULL \
    JOIN versions v ON v.document = d.id AND v.state = 'current' \
    WHERE k.id = ?1 AND k.next_generation = ?2 AND k.deleted_at IS NULL \
    AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.version = v.id AND c.generation = ?2) ORDER BY d.id";

/// See [`DocumentStore::change_generation`](footnote_core::ports::DocumentStore::change_generation).
pub(super) async fn change(
    store: &SqliteStore,
    id: KnowledgeBaseId,
    generation: GenerationId,
    now: DateTime<Utc>,
) -> Result<Option<KnowledgeBase>> {
    let mut tx = store.write().await?;
    let Some(present) = knowledge_bases::live(&mut tx, id).await? else { return Ok(None) };
    let next = Some(generation).filter(|next| *next != present.generation);
    if present.next_generation != next {
        if let Some(given_up) = present.next_generation {
            give_up(&mut tx, id, given_up, now).await?;
        }
        if let Some(next) = next {
            // Rows of a time when it answered: their entries were swept since.
            forget_all(&mut tx, id, next).await?;
        }
        set_generations(&mut tx, id, present.generation, next).await?;
    }
    if let Some(generation) = next {
        let kind = JobKind::RechunkDocuments { knowledge_base: id, generation };
        let job = NewJob { kind, knowledge_base: Some(id), run_at: now };
        job_rows::under_way_or_queued(&mut tx, job, now).await?;
    }
    commit(tx).await?;
    Ok(Some(KnowledgeBase { next_generation: next, ..present }))
}

/// See [`DocumentStore::versions_to_rechunk`](footnote_core::ports::DocumentStore::versions_to_rechunk).
pub(super) async fn left(
    store: &SqliteStore,
    id: KnowledgeBaseId,
    generation: GenerationId,
) -> Result<Vec<VersionId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(LEFT)
        .bind(id.0)
        .bind(generation.0)
        .fetch_all(&store.readers)
        .await
        .doing("list the versions that are to be cut anew")?;
    Ok(ids.into_iter().map(VersionId).collect())
}

/// See [`DocumentStore::put_rechunked`](footnote_core::ports::DocumentStore::put_rechunked).
pub(super) async fn put(store: &SqliteStore, lease: Lease, rechunked: RechunkedVersion<'_>) -> Result<bool> {
    let RechunkedVersion { document, version, generation, chunks, edits, edited_texts, unplaced } = rechunked;
    if chunks.is_empty() {
        return Err(Error::internal(format!("version {version} was cut into no chunks")));
    }
    let mut tx = store.write().await?;
    jobs::fence(&mut tx, lease).await?;
    let Some(live) = documents::live(&mut tx, document.id).await? else { return Ok(false) };
    let says_the_same =
        (&live.key, &live.title, &live.metadata) == (&document.key, &document.title, &document.metadata);
    if !says_the_same || live.current != Some(version) {
        return Ok(false);
    }
    let knowledge_base = knowledge_bases::live(&mut tx, live.knowledge_base).await?;
    if knowledge_base.is_none_or(|k| k.next_generation != Some(generation))
        || !chunk_edits::are_all(&mut tx, live.id, edits).await?
    {
        return Ok(false);
    }
    chunks::replace(&mut tx, version, generation, chunks).await?;
    chunk_edits::note_texts(&mut tx, edited_texts).await?;
    add_warnings(&mut tx, version, unplaced).await?;
    commit(tx).await?;
    Ok(true)
}

/// See [`DocumentStore::finish_generation_change`](footnote_core::ports::DocumentStore::finish_generation_change).
pub(super) async fn finish(
    store: &SqliteStore,
    lease: Lease,
    id: KnowledgeBaseId,
    generation: GenerationId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut tx = store.write().await?;
    if jobs::has_succeeded_under(&mut tx, lease).await? {
        return Ok(true);
    }
    jobs::fence(&mut tx, lease).await?;
    let changing = knowledge_bases::live(&mut tx, id).await?;
    if let Some(changing) = changing.filter(|k| k.next_generation == Some(generation)) {
        let left: Option<Uuid> = sqlx::query_scalar(LEFT)
            .bind(id.0)
            .bind(generation.0)
            .fetch_optional(&mut *tx)
            .await
            .doing("look for a version that is to be cut anew")?;
        if left.is_some() {
            return Ok(false);
        }
        flip(&mut tx, &changing, generation, now).await?;
    }
    jobs::end(&mut tx, lease.job, JobState::Succeeded, None, now).await?;
    commit(tx).await?;
    Ok(true)
}

/// Has a document's current version done again: an edit, its title or its metadata changed.
pub(super) async fn redo(tx: &mut Tx, document: DocumentId) -> Result<()> {
    let current: Option<Uuid> =
        sqlx::query_scalar("SELECT id FROM versions WHERE document = ?1 AND state = 'current'")
            .bind(document.0)
            .fetch_optional(&mut **tx)
            .await
            .doing("read the current version")?;
    match current {
        Some(version) => forget(tx, VersionId(version)).await,
        None => Ok(()),
    }
}

/// Removes a version's chunk rows of the generation that its knowledge base changes to, if it does.
pub(super) async fn forget(tx: &mut Tx, version: VersionId) -> Result<()> {
    sqlx::query(
        "DELETE FROM chunks WHERE version = ?1 AND generation = (SELECT k.next_generation FROM versions v \
         JOIN documents d ON d.id = v.document JOIN knowledge_bases k ON k.id = d.knowledge_base WHERE v.id = ?1)",
    )
    .bind(version.0)
    .execute(&mut **tx)
    .await
    .doing("remove the version's next chunks")?;
    Ok(())
}

async fn flip(
    tx: &mut Tx,
    changing: &KnowledgeBase,
    generation: GenerationId,
    now: DateTime<Utc>,
) -> Result<()> {
    let id = changing.id;
    set_generations(tx, id, generation, None).await?;
    chunk_edits::take_over(tx, id, (changing.generation, generation), now).await?;
    sqlx::query(
        "UPDATE versions SET chunks = \
         (SELECT count(*) FROM chunks c WHERE c.version = versions.id AND c.generation = ?2) \
         WHERE state = 'current' AND document IN \
         (SELECT d.id FROM documents d WHERE d.knowledge_base = ?1 AND d.deleted_at IS NULL)",
    )
    .bind(id.0)
    .bind(generation.0)
    .execute(&mut **tx)
    .await
    .doing("count the chunks")?;
    // The rows stay: nothing names them, and a change back puts new ones in their place.
    let sweeps = sweeps_of(tx, id, changing.generation).await?;
    job_rows::insert_upkeep(tx, &sweeps, now).await?;
    if lifecycle::wants_enrichment(tx, id).await? {
        // Chunks that have no questions yet: what is under way counts by the chunks of before.
        knowledge_bases::enrich(tx, id, now).await?;
    }
    Ok(())
}

/// Ends a change that is no longer wanted.
async fn give_up(
    tx: &mut Tx,
    id: KnowledgeBaseId,
    generation: GenerationId,
    now: DateTime<Utc>,
) -> Result<()> {
    let job = JobKind::RechunkDocuments { knowledge_base: id, generation };
    jobs::cancel_all_of(tx, &job, "the documents are to be cut in another way by now", now).await?;
    let sweeps = sweeps_of(tx, id, generation).await?;
    forget_all(tx, id, generation).await?;
    job_rows::insert_upkeep(tx, &sweeps, now).await
}

/// The sweeps of current versions that have chunks in the generation.
async fn sweeps_of(
    tx: &mut Tx,
    id: KnowledgeBaseId,
    generation: GenerationId,
) -> Result<Vec<(Option<KnowledgeBaseId>, JobKind)>> {
    let versions: Vec<Uuid> = sqlx::query_scalar(
        "SELECT v.id FROM documents d JOIN versions v ON v.document = d.id AND v.state = 'current' \
         WHERE d.knowledge_base = ?1 AND d.deleted_at IS NULL \
         AND EXISTS (SELECT 1 FROM chunks c WHERE c.version = v.id AND c.generation = ?2) ORDER BY d.id",
    )
    .bind(id.0)
    .bind(generation.0)
    .fetch_all(&mut **tx)
    .await
    .doing("list what is to be swept")?;
    let sweep = |version| (Some(id), JobKind::SweepVersion { version: VersionId(version), generation });
    Ok(versions.into_iter().map(sweep).collect())
}

/// Removes the chunk rows in the generation, but those of retired versions: they tell what was true then.
async fn forget_all(tx: &mut Tx, id: KnowledgeBaseId, generation: GenerationId) -> Result<()> {
    sqlx::query(
        "DELETE FROM chunks WHERE generation = ?2 AND version IN (SELECT v.id FROM documents d \
         JOIN versions v ON v.document = d.id WHERE d.knowledge_base = ?1 AND v.state <> 'retired')",
    )
    .bind(id.0)
    .bind(generation.0)
    .execute(&mut **tx)
    .await
    .doing("remove chunks of another time")?;
    Ok(())
}

async fn set_generations(
    tx: &mut Tx,
    id: KnowledgeBaseId,
    present: GenerationId,
    next: Option<GenerationId>,
) -> Result<()> {
    sqlx::query("UPDATE knowledge_bases SET generation = ?2, next_generation = ?3 WHERE id = ?1")
        .bind(id.0)
        .bind(present.0)
        .bind(next.map(|next| next.0))
        .execute(&mut **tx)
        .await
        .doing("change the knowledge base's generation")?;
    Ok(())
}

/// Adds to what the version tells of itself, each thing once.
async fn add_warnings(tx: &mut Tx, version: VersionId, more: &[ParseWarning]) -> Result<()> {
    if more.is_empty() {
        return Ok(());
    }
    let row = sqlx::query("SELECT warnings FROM versions WHERE id = ?1")
        .bind(version.0)
        .fetch_one(&mut **tx)
        .await
        .doing("read the version's warnings")?;
    let mut warnings: Vec<ParseWarning> = Fields::of(&row, "document version").json("warnings")?;
    for warning in more {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    sqlx::query("UPDATE versions SET warnings = ?2 WHERE id = ?1")
        .bind(version.0)
        .bind(to_json("warnings", &warnings)?)
        .execute(&mut **tx)
        .await
        .doing("store the version's warnings")?;
    Ok(())
}
