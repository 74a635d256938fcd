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

/// Chunk rows that one transaction of [`change`] removes: more would keep others from writing.
pub(super) const FORGOTTEN_AT_ONCE: u32 = 2_000;

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
    loop {
        let mut tx = store.write().await?;
        let Some(present) = knowledge_bases::live(&mut tx, id).await? else { return Ok(None) };
        let next = Some(generation).filter(|next| *next != present.generation);
        if present.next_generation != next {
            // Rows of a time when it answered, or was about to: their sweeps are queued or done. Until all are gone
            // nothing changes, so that a crash leaves nothing half done.
            if let Some(next) = next
                && forget_some(&mut tx, id, next).await?
            {
                commit(tx).await?;
                continue;
            }
            if let Some(given_up) = present.next_generation {
                give_up(&mut tx, id, given_up, now).await?;
            }
            set_generations(&mut tx, id, present.generation, next).await?;
        }
        if let Some(generation) = next {
            queue(&mut tx, id, generation, now).await?;
        }
        commit(tx).await?;
        return Ok(Some(KnowledgeBase { next_generation: next, ..present }));
    }
}

/// Queues the job of a change, unless it is under way. One that failed is queued again: beside another it would go on
/// telling that the change failed.
async fn queue(tx: &mut Tx, id: KnowledgeBaseId, generation: GenerationId, now: DateTime<Utc>) -> Result<()> {
    let kind = JobKind::RechunkDocuments { knowledge_base: id, generation };
    if job_rows::under_way(tx, &kind).await?.is_some() {
        return Ok(());
    }
    if let Some(failed) = job_rows::failed(tx, id, &kind).await? {
        return jobs::reopen(tx, &failed, now).await;
    }
    job_rows::insert(tx, NewJob { kind, knowledge_base: Some(id), run_at: now }, now).await.map(drop)
}

/// Gives up the change whose job was cancelled, unless it was asked for again since.
pub(super) async fn cancelled(
    tx: &mut Tx,
    id: KnowledgeBaseId,
    generation: GenerationId,
    now: DateTime<Utc>,
) -> Result<()> {
    let kind = JobKind::RechunkDocuments { knowledge_base: id, generation };
    let changing = knowledge_bases::live(tx, id).await?.filter(|k| k.next_generation == Some(generation));
    let Some(changing) = changing else { return Ok(()) };
    if job_rows::under_way(tx, &kind).await?.is_some() {
        return Ok(());
    }
    give_up(tx, id, generation, now).await?;
    set_generations(tx, id, changing.generation, None).await
}

/// Whether the knowledge base is to change to this generation.
pub(super) async fn is_wanted(tx: &mut Tx, id: KnowledgeBaseId, generation: GenerationId) -> Result<bool> {
    let found = knowledge_bases::live(tx, id).await?;
    Ok(found.is_some_and(|k| k.next_generation == Some(generation)))
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
    if !is_wanted(&mut tx, live.knowledge_base, generation).await?
        || !chunk_edits::are_all(&mut tx, live.id, edits).await?
    {
        return Ok(false);
    }
    chunks::replace(&mut tx, version, generation, chunks).await?;
    chunk_edits::note_texts(&mut tx, edited_texts).await?;
    set_next_warnings(&mut tx, version, unplaced).await?;
    jobs::note_progress(&mut tx, lease.job).await?;
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

/// Has a document's current version done again for the generation that its knowledge base changes to, if it does: an
/// edit, its title or its metadata changed.
pub(super) async fn redo(tx: &mut Tx, document: DocumentId) -> Result<()> {
    sqlx::query(
        "DELETE FROM chunks WHERE (version, generation) IN (SELECT v.id, k.next_generation FROM documents d \
         JOIN versions v ON v.document = d.id AND v.state = 'current' \
         JOIN knowledge_bases k ON k.id = d.knowledge_base AND k.next_generation IS NOT NULL WHERE d.id = ?1)",
    )
    .bind(document.0)
    .execute(&mut **tx)
    .await
    .doing("have the document cut again")?;
    Ok(())
}

/// Leaves a version the chunk rows of the generation that answers alone. Those of others tell nothing of edits made
/// since, and would be taken for done where the knowledge base changes to theirs; their entries are swept.
pub(super) async fn keep_present(tx: &mut Tx, version: VersionId, now: DateTime<Utc>) -> Result<()> {
    let others = sqlx::query(
        "SELECT DISTINCT c.generation AS generation, k.id AS knowledge_base FROM versions v \
         JOIN documents d ON d.id = v.document JOIN knowledge_bases k ON k.id = d.knowledge_base \
         JOIN chunks c ON c.version = v.id AND c.generation <> k.generation WHERE v.id = ?1 \
         AND EXISTS (SELECT 1 FROM chunks p WHERE p.version = v.id AND p.generation = k.generation)",
    )
    .bind(version.0)
    .fetch_all(&mut **tx)
    .await
    .doing("look for chunks of other generations")?;
    for other in &others {
        let fields = Fields::of(other, "chunk");
        let generation = GenerationId(fields.id("generation")?);
        let job = NewJob {
            kind: JobKind::SweepVersion { version, generation },
            knowledge_base: Some(KnowledgeBaseId(fields.id("knowledge_base")?)),
            run_at: now,
        };
        job_rows::queued_once(tx, job, now).await?;
        forget_in(tx, version, generation).await?;
    }
    Ok(())
}

/// See [`DocumentStore::forget_swept`](footnote_core::ports::DocumentStore::forget_swept).
pub(super) async fn forget_swept(
    store: &SqliteStore,
    version: VersionId,
    generation: GenerationId,
) -> Result<()> {
    let mut tx = store.write().await?;
    let is_left: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM versions v JOIN documents d ON d.id = v.document \
         JOIN knowledge_bases k ON k.id = d.knowledge_base WHERE v.id = ?1 AND v.state = 'current' \
         AND k.generation <> ?2 AND k.next_generation IS NOT ?2",
    )
    .bind(version.0)
    .bind(generation.0)
    .fetch_optional(&mut *tx)
    .await
    .doing("look whether the chunks are needed")?;
    if is_left.is_some() {
        forget_in(&mut tx, version, generation).await?;
    }
    chunk_edits::drop_past(&mut tx, version).await?;
    commit(tx).await
}

async fn forget_in(tx: &mut Tx, version: VersionId, generation: GenerationId) -> Result<()> {
    sqlx::query("DELETE FROM chunks WHERE version = ?1 AND generation = ?2")
        .bind(version.0)
        .bind(generation.0)
        .execute(&mut **tx)
        .await
        .doing("remove the version's chunks of another generation")?;
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
    tell_next_warnings(tx, id).await?;
    // The rows go with the entries, version by version: all at once would keep others from writing.
    let sweeps = sweeps_of(tx, id, changing.generation).await?;
    job_rows::insert_upkeep(tx, &sweeps, now).await?;
    if lifecycle::wants_enrichment(tx, id).await? {
        // Chunks that have no questions yet: what is under way counts by the chunks of before.
        knowledge_bases::enrich(tx, id, now).await?;
    }
    Ok(())
}

/// Ends a change that is no longer wanted. The chunk rows go with the entries, version by version, as with a flip.
async fn give_up(
    tx: &mut Tx,
    id: KnowledgeBaseId,
    generation: GenerationId,
    now: DateTime<Utc>,
) -> Result<()> {
    let job = JobKind::RechunkDocuments { knowledge_base: id, generation };
    jobs::cancel_all_of(tx, &job, "the documents are to be cut in another way by now", now).await?;
    let sweeps = sweeps_of(tx, id, generation).await?;
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

/// Removes a batch of the chunk rows of current versions in the generation; false where there are none. Those of retired
/// ones tell what was true then, and those of pending ones are their jobs'.
async fn forget_some(tx: &mut Tx, id: KnowledgeBaseId, generation: GenerationId) -> Result<bool> {
    let removed = sqlx::query(
        "DELETE FROM chunks WHERE id IN (SELECT c.id FROM documents d \
         JOIN versions v ON v.document = d.id AND v.state = 'current' \
         JOIN chunks c ON c.version = v.id AND c.generation = ?2 WHERE d.knowledge_base = ?1 LIMIT ?3)",
    )
    .bind(id.0)
    .bind(generation.0)
    .bind(FORGOTTEN_AT_ONCE)
    .execute(&mut **tx)
    .await
    .doing("remove chunks of another time")?;
    Ok(removed.rows_affected() > 0)
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

/// What the version is to tell of itself with the flip.
async fn set_next_warnings(tx: &mut Tx, version: VersionId, warnings: &[ParseWarning]) -> Result<()> {
    let warnings = Some(warnings).filter(|warnings| !warnings.is_empty());
    sqlx::query("UPDATE versions SET next_warnings = ?2 WHERE id = ?1")
        .bind(version.0)
        .bind(warnings.map(|warnings| to_json("warnings", &warnings)).transpose()?)
        .execute(&mut **tx)
        .await
        .doing("note the version's next warnings")?;
    Ok(())
}

/// Adds to what current versions tell of themselves, each thing once.
async fn tell_next_warnings(tx: &mut Tx, id: KnowledgeBaseId) -> Result<()> {
    let rows = sqlx::query(
        "SELECT v.id AS id, v.warnings AS warnings, v.next_warnings AS next_warnings FROM documents d \
         JOIN versions v ON v.document = d.id AND v.state = 'current' AND v.next_warnings IS NOT NULL \
         WHERE d.knowledge_base = ?1 AND d.deleted_at IS NULL",
    )
    .bind(id.0)
    .fetch_all(&mut **tx)
    .await
    .doing("read the versions' next warnings")?;
    for row in &rows {
        let fields = Fields::of(row, "document version");
        let mut warnings: Vec<ParseWarning> = fields.json("warnings")?;
        let more: Vec<ParseWarning> = fields.json("next_warnings")?;
        for warning in more {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        set_warnings(tx, VersionId(fields.id("id")?), &warnings).await?;
    }
    Ok(())
}

/// What the version tells of itself from now on; nothing is left to be told with a flip.
async fn set_warnings(tx: &mut Tx, version: VersionId, warnings: &[ParseWarning]) -> Result<()> {
    sqlx::query("UPDATE versions SET warnings = ?2, next_warnings = NULL WHERE id = ?1")
        .bind(version.0)
        .bind(to_json("warnings", &warnings)?)
        .execute(&mut **tx)
        .await
        .doing("store the version's warnings")?;
    Ok(())
}
