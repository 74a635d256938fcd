//! Document versions: storing, making current, failing.
//!
//! The last content that was stored wins, whatever order the indexing jobs end in: a version is
//! newer than another by its number, and an older one never replaces a newer one.

use chrono::{DateTime, Utc};
use footnote_core::document::{Document, DocumentVersion, VersionFacts, VersionState};
use footnote_core::ids::{DocumentId, KnowledgeBaseId, VersionId};
use footnote_core::job::{Job, JobKind, JobState, NewJob};
use footnote_core::parsed::ContentType;
use footnote_core::ports::{NewVersion, StoredVersion};
use footnote_core::{Error, Result};
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::documents::{self, document_columns};
use super::{BATCH, SqliteStore, Tx, commit, job_rows, lifecycle, members, passwords, rechunking, sources};
use crate::rows::{Doing as _, Fields, hash_bytes, integer, micros, to_json};

/// The columns of a version `v`, named so that they can stand beside a document's.
macro_rules! version_columns {
    () => {
        "v.id AS v_id, v.document AS v_document, v.number AS v_number, v.content AS v_content, \
         v.bytes AS v_bytes, v.state AS v_state, v.failure AS v_failure, v.created_at AS v_created_at, \
         v.activated_at AS v_activated_at, v.retired_at AS v_retired_at, v.content_type AS v_content_type, \
         v.title AS v_title, v.parsed AS v_parsed, v.text AS v_text, v.chars AS v_chars, v.pages AS v_pages, \
         v.chunks AS v_chunks, v.embedded AS v_embedded, v.engine AS v_engine, v.warnings AS v_warnings, \
         v.ocr_pages AS v_ocr_pages, v.tables AS v_tables, v.language AS v_language"
    };
}
pub(super) use version_columns;

/// Reads [`version_columns`].
pub(super) fn version(row: &SqliteRow) -> Result<DocumentVersion> {
    let fields = Fields::of(row, "document version");
    Ok(DocumentVersion {
        id: VersionId(fields.id("v_id")?),
        document: DocumentId(fields.id("v_document")?),
        content: fields.hash("v_content")?,
        bytes: fields.number("v_bytes")?,
        state: fields.named("v_state", VersionState::from_name)?,
        failure: fields.get("v_failure")?,
        parsed: facts(&fields)?,
        created_at: fields.time("v_created_at")?,
        activated_at: fields.maybe_time("v_activated_at")?,
        retired_at: fields.maybe_time("v_retired_at")?,
    })
}

fn facts(fields: &Fields<'_>) -> Result<Option<VersionFacts>> {
    let Some(name) = fields.get::<Option<String>>("v_content_type")? else {
        return Ok(None);
    };
    Ok(Some(VersionFacts {
        content_type: ContentType::from_name(&name).ok_or_else(|| fields.corrupt("v_content_type"))?,
        title: fields.get("v_title")?,
        parsed: fields.hash("v_parsed")?,
        text: fields.hash("v_text")?,
        chars: fields.number("v_chars")?,
        pages: fields.number("v_pages")?,
        ocr_pages: fields.get::<Option<u32>>("v_ocr_pages")?.unwrap_or(0),
        tables: fields.get::<Option<u32>>("v_tables")?.unwrap_or(0),
        language: fields.get("v_language")?,
        chunks: fields.number("v_chunks")?,
        embedded: fields.number("v_embedded")?,
        engine: fields.text("v_engine")?,
        warnings: fields.json("v_warnings")?,
    }))
}

/// A version with its place in the document's order.
pub(super) struct Numbered {
    /// The version.
    pub(super) version: DocumentVersion,
    /// 1, 2, 3… in the order of storing.
    pub(super) number: i64,
}

pub(super) fn numbered(row: &SqliteRow) -> Result<Numbered> {
    Ok(Numbered { version: version(row)?, number: Fields::of(row, "document version").get("v_number")? })
}

pub(super) async fn find(store: &SqliteStore, id: VersionId) -> Result<Option<DocumentVersion>> {
    let row = sqlx::query(concat!(
        "SELECT ",
        version_columns!(),
        " FROM versions v JOIN documents d ON d.id = v.document WHERE v.id = ?1 AND d.deleted_at IS NULL"
    ))
    .bind(id.0)
    .fetch_optional(&store.readers)
    .await
    .doing("read the document version")?;
    row.as_ref().map(version).transpose()
}

pub(super) async fn list(store: &SqliteStore, document: DocumentId) -> Result<Vec<DocumentVersion>> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        version_columns!(),
        " FROM versions v JOIN documents d ON d.id = v.document \
         WHERE v.document = ?1 AND d.deleted_at IS NULL ORDER BY v.number DESC"
    ))
    .bind(document.0)
    .fetch_all(&store.readers)
    .await
    .doing("list the document's versions")?;
    rows.iter().map(version).collect()
}

pub(super) async fn store_version(
    store: &SqliteStore,
    new: NewVersion,
    now: DateTime<Utc>,
) -> Result<StoredVersion> {
    let mut tx = store.write().await?;
    let stored = store_within(&mut tx, &new, now).await?;
    commit(tx).await?;
    Ok(stored)
}

/// As [`store_version`], within a transaction. What was a member of another document until now stands by
/// itself from here on.
pub(super) async fn store_within(tx: &mut Tx, new: &NewVersion, now: DateTime<Utc>) -> Result<StoredVersion> {
    store_under(tx, None, new, now).await
}

/// As [`store_within`], for a member of `parent`.
pub(super) async fn store_under(
    tx: &mut Tx,
    parent: Option<DocumentId>,
    new: &NewVersion,
    now: DateTime<Utc>,
) -> Result<StoredVersion> {
    match sources::live(tx, new.source).await? {
        Some(source) if source.knowledge_base == new.knowledge_base => {}
        _ => return Err(Error::not_found("source")),
    }
    if let Some(password) = &new.password {
        passwords::put(tx, new.source, &new.key, password).await?;
    }
    let Some(document) = documents::live_by_key(tx, new.source, &new.key).await? else {
        let document = insert_document(tx, parent, new, now).await?;
        return add_version(tx, document, new, now).await;
    };
    if document.parent != parent {
        members::hand_over(tx, document.id, parent).await?;
    }
    let is_changed = describe(tx, &document, new, now).await?;
    store_content(tx, document.id, new, is_changed, now).await
}

/// Decides what the content means for a known document.
async fn store_content(
    tx: &mut Tx,
    document: DocumentId,
    new: &NewVersion,
    is_changed: bool,
    now: DateTime<Utc>,
) -> Result<StoredVersion> {
    let live = live_versions(tx, document).await?;
    if let Some(newest) = live.first()
        && newest.version.content == new.content
    {
        return repeat_newest(tx, &newest.version, new, is_changed, now).await;
    }
    let current = live.iter().find(|v| v.version.state == VersionState::Current);
    if let Some(current) = current
        && current.version.content == new.content
    {
        // The document went back to what answers already: what was stored in between is void.
        for version in live.iter().filter(|v| v.number > current.number) {
            lifecycle::retire(tx, &version.version, now).await?;
        }
        let job = resend_untold(tx, document, new.knowledge_base, now).await?;
        return loaded(tx, current.version.id, job).await;
    }
    // The new version's job brings the new description, and resends the old version where it fails.
    add_version(tx, document, new, now).await
}

/// Queues that the indexes learn a document's new title, metadata or edits, behind what writes it now.
pub(super) async fn resend(
    tx: &mut Tx,
    document: DocumentId,
    knowledge_base: KnowledgeBaseId,
    now: DateTime<Utc>,
) -> Result<Job> {
    set_untold(tx, document, false).await?;
    rechunking::redo(tx, document).await?;
    let kind = JobKind::ResendDocument { document };
    let job = NewJob { kind, knowledge_base: Some(knowledge_base), run_at: now };
    job_rows::queued_once(tx, job, now).await
}

/// As [`resend`], where the job of a version that failed or was taken back was to tell the indexes.
pub(super) async fn resend_untold(
    tx: &mut Tx,
    document: DocumentId,
    knowledge_base: KnowledgeBaseId,
    now: DateTime<Utc>,
) -> Result<Option<Job>> {
    let row = sqlx::query("SELECT is_untold FROM documents WHERE id = ?1")
        .bind(document.0)
        .fetch_one(&mut **tx)
        .await
        .doing("read the document")?;
    if !Fields::of(&row, "document").flag("is_untold")? {
        return Ok(None);
    }
    resend(tx, document, knowledge_base, now).await.map(Some)
}

/// Notes whether the indexes have yet to be told a document's title and metadata by a version's job.
pub(super) async fn set_untold(tx: &mut Tx, document: DocumentId, is_untold: bool) -> Result<()> {
    sqlx::query("UPDATE documents SET is_untold = ?2 WHERE id = ?1")
        .bind(document.0)
        .bind(i64::from(is_untold))
        .execute(&mut **tx)
        .await
        .doing("update the document")?;
    Ok(())
}

/// The content is that of the newest version: nothing to store, and maybe something to try again.
async fn repeat_newest(
    tx: &mut Tx,
    newest: &DocumentVersion,
    new: &NewVersion,
    is_changed: bool,
    now: DateTime<Utc>,
) -> Result<StoredVersion> {
    if newest.state == VersionState::Current {
        let job = match is_changed {
            true => Some(resend(tx, newest.document, new.knowledge_base, now).await?),
            false => None,
        };
        return loaded(tx, newest.id, job).await;
    }
    if newest.state == VersionState::Failed {
        lifecycle::reopen(tx, newest.id, now).await?;
    }
    let job = NewJob {
        kind: JobKind::IndexVersion { document: newest.document, version: newest.id },
        knowledge_base: Some(new.knowledge_base),
        run_at: now,
    };
    let under_way = job_rows::under_way_or_queued(tx, job.clone(), now).await?;
    // What runs asked for the password before this one was given, perhaps; the next does nothing where it did not.
    let job = match new.password.is_some() && under_way.state == JobState::Running {
        true => job_rows::queued_once(tx, job, now).await?,
        false => under_way,
    };
    if is_changed && job.state == JobState::Running {
        // It read the old description, perhaps.
        let job = resend(tx, newest.document, new.knowledge_base, now).await?;
        return loaded(tx, newest.id, Some(job)).await;
    }
    loaded(tx, newest.id, Some(job)).await
}

async fn add_version(
    tx: &mut Tx,
    document: DocumentId,
    new: &NewVersion,
    now: DateTime<Utc>,
) -> Result<StoredVersion> {
    let id = VersionId::new();
    sqlx::query(
        "INSERT INTO versions (id, document, number, content, bytes, state, created_at) \
         SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, 'pending', ?5 FROM versions WHERE document = ?2",
    )
    .bind(id.0)
    .bind(document.0)
    .bind(hash_bytes(new.content))
    .bind(integer(new.bytes)?)
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .doing("store the document version")?;
    touch(tx, document, now).await?;
    let job = NewJob {
        kind: JobKind::IndexVersion { document, version: id },
        knowledge_base: Some(new.knowledge_base),
        run_at: now,
    };
    let job = job_rows::insert(tx, job, now).await?;
    loaded(tx, id, Some(job)).await
}

async fn insert_document(
    tx: &mut Tx,
    parent: Option<DocumentId>,
    new: &NewVersion,
    now: DateTime<Utc>,
) -> Result<DocumentId> {
    let id = DocumentId::new();
    sqlx::query(
        "INSERT INTO documents (id, knowledge_base, source, key, title, given_title, metadata, created_at, \
         updated_at, parent) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?7, ?8)",
    )
    .bind(id.0)
    .bind(new.knowledge_base.0)
    .bind(new.source.0)
    .bind(&new.key)
    .bind(&new.title)
    .bind(to_json("metadata", &new.metadata.clone().unwrap_or_default())?)
    .bind(micros(now))
    .bind(parent.map(|p| p.0))
    .execute(&mut **tx)
    .await
    .doing("store the document")?;
    Ok(id)
}

/// Takes over title and metadata; a title found by parsing stays better than a given one. Tells whether
/// that changed anything.
async fn describe(tx: &mut Tx, known: &Document, new: &NewVersion, now: DateTime<Utc>) -> Result<bool> {
    let metadata = new.metadata.as_ref().map(|m| to_json("metadata", m)).transpose()?;
    let row = sqlx::query(
        "UPDATE documents SET given_title = ?2, metadata = coalesce(?3, metadata), title = coalesce( \
             (SELECT v.title FROM versions v WHERE v.document = ?1 AND v.state = 'current'), ?2) \
         WHERE id = ?1 RETURNING title",
    )
    .bind(known.id.0)
    .bind(&new.title)
    .bind(metadata)
    .fetch_one(&mut **tx)
    .await
    .doing("update the document")?;
    let title = Fields::of(&row, "document").text("title")?;
    let is_changed = title != known.title || new.metadata.as_ref().is_some_and(|m| *m != known.metadata);
    if is_changed {
        set_untold(tx, known.id, true).await?;
    }
    if let Some(metadata) = new.metadata.as_ref().filter(|m| **m != known.metadata) {
        members::describe(tx, known.id, metadata, now).await?;
    }
    Ok(is_changed)
}

async fn touch(tx: &mut Tx, document: DocumentId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE documents SET updated_at = ?2 WHERE id = ?1")
        .bind(document.0)
        .bind(micros(now))
        .execute(&mut **tx)
        .await
        .doing("update the document")?;
    Ok(())
}

/// What the transaction will have stored.
async fn loaded(tx: &mut Tx, version_id: VersionId, job: Option<Job>) -> Result<StoredVersion> {
    let row = sqlx::query(concat!(
        "SELECT ",
        document_columns!(),
        ", ",
        version_columns!(),
        " FROM versions v JOIN documents d ON d.id = v.document WHERE v.id = ?1"
    ))
    .bind(version_id.0)
    .fetch_one(&mut **tx)
    .await
    .doing("read the stored version")?;
    Ok(StoredVersion { document: documents::document(&row)?, version: version(&row)?, job })
}

/// The document's versions that are not retired, newest first.
pub(super) async fn live_versions(tx: &mut Tx, document: DocumentId) -> Result<Vec<Numbered>> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        version_columns!(),
        " FROM versions v WHERE v.document = ?1 AND v.state <> 'retired' ORDER BY v.number DESC"
    ))
    .bind(document.0)
    .fetch_all(&mut **tx)
    .await
    .doing("read the document's versions")?;
    rows.iter().map(numbered).collect()
}

pub(super) async fn pending_among(store: &SqliteStore, versions: &[VersionId]) -> Result<Vec<VersionId>> {
    let mut tx = store.read().await?;
    let mut pending = Vec::new();
    for batch in versions.chunks(BATCH) {
        let mut query = QueryBuilder::new(
            "SELECT v.id FROM versions v WHERE (v.state = 'pending' OR v.state = 'current' AND EXISTS \
             (SELECT 1 FROM documents d JOIN knowledge_bases k ON k.id = d.knowledge_base \
              WHERE d.id = v.document AND k.next_generation IS NOT NULL AND NOT EXISTS \
              (SELECT 1 FROM chunks c WHERE c.version = v.id AND c.generation = k.next_generation))) AND v.id IN (",
        );
        let mut ids = query.separated(", ");
        for version in batch {
            ids.push_bind(version.0);
        }
        query.push(")");
        let found: Vec<Uuid> = query
            .build_query_scalar()
            .persistent(false)
            .fetch_all(&mut *tx)
            .await
            .doing("read the pending versions")?;
        pending.extend(found.into_iter().map(VersionId));
    }
    Ok(pending)
}
