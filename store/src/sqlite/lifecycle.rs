//! A version's life after it was stored: made current, failed, tried again, retired, swept.
//!
//! `pending → current → retired`, or `pending → failed → pending`. Retired is the end, so a sweep
//! may remove a retired version's entries at any time.

use chrono::{DateTime, Utc};
use footnote_core::document::{Document, DocumentVersion, IndexedVersion, VersionFacts, VersionState};
use footnote_core::ids::{DocumentId, GenerationId, KnowledgeBaseId, VersionId};
use footnote_core::job::{JobKind, JobState, Lease, NewJob};
use footnote_core::ports::VersionFailure;
use footnote_core::{Error, Result};

use uuid::Uuid;

use super::versions::{Numbered, live_versions, numbered, version_columns};
use super::{SqliteStore, Tx, chunk_edits, commit, documents, job_rows, jobs, members, rechunking, versions};
use crate::rows::{Doing as _, Fields, hash_bytes, integer, micros, to_json};

pub(super) async fn activate(
    store: &SqliteStore,
    lease: Lease,
    id: VersionId,
    generation: GenerationId,
    indexed: IndexedVersion<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut tx = store.write().await?;
    if jobs::has_succeeded_under(&mut tx, lease).await? {
        return Ok(());
    }
    jobs::fence(&mut tx, lease).await?;
    let row = sqlx::query(concat!("SELECT ", version_columns!(), " FROM versions v WHERE v.id = ?1"))
        .bind(id.0)
        .fetch_optional(&mut *tx)
        .await
        .doing("read the document version")?
        .ok_or_else(|| Error::not_found(format!("document version {id}")))?;
    let this = numbered(&row)?;
    put_facts(&mut tx, id, indexed.facts).await?;
    match documents::live(&mut tx, this.version.document).await? {
        None => retire_with_chunks(&mut tx, &this.version, now).await?,
        Some(document) => settle(&mut tx, &this, &document, generation, indexed, now).await?,
    }
    jobs::end(&mut tx, lease.job, JobState::Succeeded, None, now).await?;
    commit(tx).await
}

/// Makes the version current, or retires it where a newer one is.
async fn settle(
    tx: &mut Tx,
    this: &Numbered,
    document: &Document,
    generation: GenerationId,
    indexed: IndexedVersion<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let id = this.version.id;
    let live = live_versions(tx, document.id).await?;
    let overtaken = live.iter().any(|v| v.version.state == VersionState::Current && v.number > this.number);
    if overtaken || this.version.state == VersionState::Retired {
        return retire(tx, &this.version, now).await;
    }
    expect_generation(tx, document.knowledge_base, generation).await?;
    expect_chunks(tx, id, generation, indexed.facts.chunks).await?;
    chunk_edits::expect(tx, document.id, indexed.edits).await?;
    for older in live.iter().filter(|v| v.number < this.number) {
        // An older failure stays on record; it neither answers nor waits.
        if older.version.state != VersionState::Failed {
            retire(tx, &older.version, now).await?;
        }
    }
    sqlx::query("UPDATE versions SET state = 'current', failure = NULL, activated_at = ?2 WHERE id = ?1")
        .bind(id.0)
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("make the version current")?;
    rechunking::keep_present(tx, id, now).await?;
    sqlx::query("UPDATE documents SET title = coalesce(?2, given_title), updated_at = ?3 WHERE id = ?1")
        .bind(document.id.0)
        .bind(indexed.facts.title.as_deref())
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("update the document")?;
    chunk_edits::drop_unplaced_notes(tx, document.id, id, now).await?;
    if wants_enrichment(tx, document.knowledge_base).await? {
        let kind = JobKind::EnrichVersion { document: document.id, version: id, from: 0 };
        let job = NewJob { kind, knowledge_base: Some(document.knowledge_base), run_at: now };
        job_rows::queued_once(tx, job, now).await?;
    }
    members::settle(tx, document, indexed.members, now).await?;
    // A change that came while the job ran has queued its own, or is a newer version's to tell.
    if live.iter().any(|v| v.number > this.number) {
        return Ok(());
    }
    versions::set_untold(tx, document.id, false).await
}

/// Whether a model is to write about the knowledge base's documents.
pub(super) async fn wants_enrichment(tx: &mut Tx, id: KnowledgeBaseId) -> Result<bool> {
    let wanted: Option<Option<i64>> = sqlx::query_scalar(
        "SELECT json_extract(settings, '$.enrichment.enabled') FROM knowledge_bases WHERE id = ?1",
    )
    .bind(id.0)
    .fetch_optional(&mut **tx)
    .await
    .doing("read the knowledge base's settings")?;
    Ok(wanted.flatten() == Some(1))
}

/// A version that was indexed for another generation than the one that answers would be found by nobody.
async fn expect_generation(tx: &mut Tx, id: KnowledgeBaseId, indexed: GenerationId) -> Result<()> {
    let asked: Uuid = sqlx::query_scalar("SELECT generation FROM knowledge_bases WHERE id = ?1")
        .bind(id.0)
        .fetch_one(&mut **tx)
        .await
        .doing("read the knowledge base's generation")?;
    if asked == indexed.0 {
        return Ok(());
    }
    Err(Error::unavailable("the knowledge base has changed to another index generation meanwhile"))
}

/// A version is never made current with other chunks than it claims, nor with none.
async fn expect_chunks(
    tx: &mut Tx,
    version: VersionId,
    generation: GenerationId,
    claimed: u32,
) -> Result<()> {
    let stored: i64 =
        sqlx::query_scalar("SELECT count(*) FROM chunks WHERE version = ?1 AND generation = ?2")
            .bind(version.0)
            .bind(generation.0)
            .fetch_one(&mut **tx)
            .await
            .doing("count the version's chunks")?;
    if stored == 0 || stored != i64::from(claimed) {
        return Err(Error::internal(format!(
            "version {version} cannot be made current: {stored} chunks are stored and {claimed} are claimed"
        )));
    }
    Ok(())
}

async fn put_facts(tx: &mut Tx, id: VersionId, facts: &VersionFacts) -> Result<()> {
    sqlx::query(
        "UPDATE versions SET content_type = ?2, title = ?3, parsed = ?4, text = ?5, chars = ?6, pages = ?7, \
         chunks = ?8, embedded = ?9, engine = ?10, warnings = ?11, ocr_pages = ?12, tables = ?13, language = ?14 \
         WHERE id = ?1",
    )
    .bind(id.0)
    .bind(facts.content_type.name())
    .bind(facts.title.as_deref())
    .bind(hash_bytes(facts.parsed))
    .bind(hash_bytes(facts.text))
    .bind(integer(facts.chars)?)
    .bind(facts.pages)
    .bind(facts.chunks)
    .bind(facts.embedded)
    .bind(&facts.engine)
    .bind(to_json("warnings", &facts.warnings)?)
    .bind(facts.ocr_pages)
    .bind(facts.tables)
    .bind(facts.language.as_deref())
    .execute(&mut **tx)
    .await
    .doing("store what parsing found")?;
    Ok(())
}

/// Ends the job as failed, and with it the version that it is about.
pub(super) async fn fail(store: &SqliteStore, lease: Lease, reason: &str, now: DateTime<Utc>) -> Result<()> {
    let mut tx = store.write().await?;
    jobs::fence(&mut tx, lease).await?;
    jobs::end(&mut tx, lease.job, JobState::Failed, Some(reason), now).await?;
    commit(tx).await
}

/// A pending version becomes a failed one. Any other stays what it is.
pub(super) async fn mark_failed(tx: &mut Tx, id: VersionId, failure: &VersionFailure) -> Result<()> {
    sqlx::query(
        "UPDATE versions SET state = 'failed', failure = ?2, may_retry = ?3 WHERE id = ?1 AND state = 'pending'",
    )
    .bind(id.0)
    .bind(&failure.reason)
    .bind(i64::from(failure.may_retry))
    .execute(&mut **tx)
    .await
    .doing("mark the version failed")?;
    Ok(())
}

/// What a version that was given up leaves behind: entries that nothing owns, and a description of its
/// document that its job was to bring to the indexes.
pub(super) async fn clear_up_after(
    tx: &mut Tx,
    document: DocumentId,
    version: VersionId,
    now: DateTime<Utc>,
) -> Result<()> {
    let has_chunks: Option<i64> = sqlx::query_scalar("SELECT 1 FROM chunks WHERE version = ?1 LIMIT 1")
        .bind(version.0)
        .fetch_optional(&mut **tx)
        .await
        .doing("look for the version's chunks")?;
    if has_chunks.is_some() {
        sweep(tx, version, now).await?;
    }
    if let Some(document) = documents::live(tx, document).await?
        && document.current.is_some()
    {
        versions::resend_untold(tx, document.id, document.knowledge_base, now).await?;
    }
    Ok(())
}

/// A failed version waits for its job once more.
pub(super) async fn reopen(tx: &mut Tx, id: VersionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE versions SET state = 'pending', failure = NULL WHERE id = ?1 AND state = 'failed'")
        .bind(id.0)
        .execute(&mut **tx)
        .await
        .doing("queue the version again")?;
    sqlx::query(
        "UPDATE documents SET updated_at = ?2 WHERE id = (SELECT document FROM versions WHERE id = ?1)",
    )
    .bind(id.0)
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .doing("update the document")?;
    Ok(())
}

/// Whether indexing this version could still make it current: its document lives, and nothing
/// newer is current or on its way.
pub(super) async fn is_wanted(tx: &mut Tx, id: VersionId) -> Result<bool> {
    let wanted: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM versions v JOIN documents d ON d.id = v.document \
         WHERE v.id = ?1 AND v.state IN ('pending', 'failed') AND d.deleted_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM versions n WHERE n.document = v.document AND n.number > v.number \
          AND n.state IN ('pending', 'current'))",
    )
    .bind(id.0)
    .fetch_optional(&mut **tx)
    .await
    .doing("read the document version")?;
    Ok(wanted.is_some())
}

/// Ends a version's life: it answers nothing, nobody indexes it, and its entries are swept. Its text and the chunk rows
/// that answered last stay, so that the past can be searched.
pub(super) async fn retire(tx: &mut Tx, version: &DocumentVersion, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE versions SET state = 'retired', retired_at = coalesce(retired_at, ?2) WHERE id = ?1")
        .bind(version.id.0)
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("retire the version")?;
    let indexing = JobKind::IndexVersion { document: version.document, version: version.id };
    jobs::cancel_all_of(tx, &indexing, "a newer content of the document answers", now).await?;
    sweep(tx, version.id, now).await?;
    rechunking::keep_present(tx, version.id, now).await
}

/// As [`retire`] for a document that was deleted while this version was being indexed.
async fn retire_with_chunks(tx: &mut Tx, version: &DocumentVersion, now: DateTime<Utc>) -> Result<()> {
    retire(tx, version, now).await?;
    sqlx::query("DELETE FROM chunks WHERE version = ?1")
        .bind(version.id.0)
        .execute(&mut **tx)
        .await
        .doing("remove the version's chunks")?;
    Ok(())
}

/// Queues the removal of a retired version's entries from every generation that may hold them.
pub(super) async fn sweep(tx: &mut Tx, id: VersionId, now: DateTime<Utc>) -> Result<()> {
    let rows = sqlx::query(
        "SELECT k.id AS knowledge_base, k.generation AS generation FROM versions v \
         JOIN documents d ON d.id = v.document JOIN knowledge_bases k ON k.id = d.knowledge_base WHERE v.id = ?1 \
         UNION SELECT d.knowledge_base, c.generation FROM versions v \
         JOIN documents d ON d.id = v.document JOIN chunks c ON c.version = v.id WHERE v.id = ?1 \
         UNION SELECT k.id, k.next_generation FROM versions v JOIN documents d ON d.id = v.document \
         JOIN knowledge_bases k ON k.id = d.knowledge_base AND k.next_generation IS NOT NULL WHERE v.id = ?1",
    )
    .bind(id.0)
    .fetch_all(&mut **tx)
    .await
    .doing("list what is to be swept")?;
    for row in &rows {
        let fields = Fields::of(row, "version");
        let job = NewJob {
            kind: JobKind::SweepVersion { version: id, generation: GenerationId(fields.id("generation")?) },
            knowledge_base: Some(KnowledgeBaseId(fields.id("knowledge_base")?)),
            run_at: now,
        };
        job_rows::queued_once(tx, job, now).await?;
    }
    Ok(())
}
