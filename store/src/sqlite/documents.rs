//! Documents: reading, listing, renaming and deleting them.

use chrono::{DateTime, Utc};
use footnote_core::document::{Document, VersionState};
use footnote_core::ids::{DocumentId, KnowledgeBaseId, SourceId, VersionId};
use footnote_core::parsed::WarningKind;
use footnote_core::ports::{DocumentFilter, ListRequest, ListedDocument, Listing, WarningFilter};
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;

use super::versions::{self, version_columns};
use super::{SqliteStore, Tx, commit, hide, members};
use crate::rows::{Doing as _, Fields, Page, is_taken, to_json};

/// The columns of a document `d`, named so that they can stand beside a version's.
macro_rules! document_columns {
    () => {
        "d.id AS d_id, d.knowledge_base AS d_knowledge_base, d.source AS d_source, d.parent AS d_parent, d.key AS d_key, \
         d.title AS d_title, d.metadata AS d_metadata, d.created_at AS d_created_at, \
         d.updated_at AS d_updated_at, \
         (SELECT c.id FROM versions c WHERE c.document = d.id AND c.state = 'current') AS d_current"
    };
}
pub(super) use document_columns;

/// Reads [`document_columns`].
pub(super) fn document(row: &SqliteRow) -> Result<Document> {
    let fields = Fields::of(row, "document");
    Ok(Document {
        id: DocumentId(fields.id("d_id")?),
        knowledge_base: KnowledgeBaseId(fields.id("d_knowledge_base")?),
        source: SourceId(fields.id("d_source")?),
        parent: fields.get::<Option<uuid::Uuid>>("d_parent")?.map(DocumentId),
        key: fields.text("d_key")?,
        title: fields.text("d_title")?,
        metadata: fields.json("d_metadata")?,
        current: fields.get::<Option<uuid::Uuid>>("d_current")?.map(VersionId),
        created_at: fields.time("d_created_at")?,
        updated_at: fields.time("d_updated_at")?,
    })
}

const ONE: &str =
    concat!("SELECT ", document_columns!(), " FROM documents d WHERE d.id = ?1 AND d.deleted_at IS NULL");

pub(super) async fn find(store: &SqliteStore, id: DocumentId) -> Result<Option<Document>> {
    let row = sqlx::query(ONE).bind(id.0).fetch_optional(&store.readers).await.doing("read the document")?;
    row.as_ref().map(document).transpose()
}

/// As [`find`], within a transaction.
pub(super) async fn live(tx: &mut Tx, id: DocumentId) -> Result<Option<Document>> {
    let row = sqlx::query(ONE).bind(id.0).fetch_optional(&mut **tx).await.doing("read the document")?;
    row.as_ref().map(document).transpose()
}

/// The document under a key of a source.
pub(super) async fn live_by_key(tx: &mut Tx, source: SourceId, key: &str) -> Result<Option<Document>> {
    let row = sqlx::query(concat!(
        "SELECT ",
        document_columns!(),
        " FROM documents d WHERE d.source = ?1 AND d.key = ?2 AND d.deleted_at IS NULL"
    ))
    .bind(source.0)
    .bind(key)
    .fetch_optional(&mut **tx)
    .await
    .doing("read the document")?;
    row.as_ref().map(document).transpose()
}

pub(super) async fn list(
    store: &SqliteStore,
    knowledge_base: KnowledgeBaseId,
    filter: &DocumentFilter,
    list: &ListRequest,
) -> Result<Listing<ListedDocument>> {
    let page = Page::of(list);
    let (kinds, is_wanted) = filter.warnings.map(kinds_of).unzip();
    let rows = sqlx::query(concat!(
        "SELECT ",
        document_columns!(),
        ", ",
        version_columns!(),
        " FROM documents d JOIN versions v ON v.document = d.id AND v.number = \
             (SELECT max(n.number) FROM versions n WHERE n.document = d.id AND n.state <> 'retired') \
         WHERE d.knowledge_base = ?1 AND d.id < ?2 AND d.deleted_at IS NULL \
         AND (?3 IS NULL OR d.source = ?3) AND (?4 IS NULL OR v.state = ?4) \
         AND (?6 IS NULL OR EXISTS (SELECT 1 FROM json_each(v.warnings) w \
             WHERE coalesce(json_extract(w.value, '$.kind'), ?8) IN (SELECT k.value FROM json_each(?6) k)) = ?9) \
         AND (?7 IS NULL OR d.parent = ?7) ORDER BY d.id DESC LIMIT ?5"
    ))
    .bind(knowledge_base.0)
    .bind(page.before)
    .bind(filter.source.map(|s| s.0))
    .bind(filter.state.map(VersionState::name))
    .bind(page.fetch)
    .bind(kinds.map(|kinds| to_json("kinds of warnings", &kinds)).transpose()?)
    .bind(filter.parent.map(|d| d.0))
    .bind(WarningKind::default().name())
    .bind(is_wanted)
    .fetch_all(&store.readers)
    .await
    .doing("list the documents")?;
    let read =
        |row: &SqliteRow| Ok(ListedDocument { document: document(row)?, newest: versions::version(row)? });
    page.listing(&rows, read, |listed| listed.document.id.0)
}

/// The kinds of warnings that a filter is about, and whether one of them has to be there.
fn kinds_of(filter: WarningFilter) -> (Vec<WarningKind>, bool) {
    match filter {
        WarningFilter::LostOrDoubtful => (vec![WarningKind::Lost, WarningKind::Doubtful], true),
        WarningFilter::NeitherLostNorDoubtful => (vec![WarningKind::Lost, WarningKind::Doubtful], false),
        WarningFilter::OfKind(kind) => (vec![kind], true),
    }
}

pub(super) async fn rename(
    store: &SqliteStore,
    id: DocumentId,
    key: &str,
    title: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut tx = store.write().await?;
    rename_within(&mut tx, id, key, title, now).await?;
    commit(tx).await
}

/// As [`rename`], within a transaction.
pub(super) async fn rename_within(
    tx: &mut Tx,
    id: DocumentId,
    key: &str,
    title: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(known) = live(tx, id).await? else {
        return Err(Error::not_found("document"));
    };
    let renamed = sqlx::query(
        "UPDATE documents SET key = ?2, given_title = ?3, title = coalesce( \
             (SELECT v.title FROM versions v WHERE v.document = documents.id AND v.state = 'current'), ?3) \
         WHERE id = ?1 RETURNING title",
    )
    .bind(id.0)
    .bind(key)
    .bind(title)
    .fetch_one(&mut **tx)
    .await;
    let title = match &renamed {
        Err(error) if is_taken(error) => {
            return Err(Error::conflict(format!("the source already has a document with the key {key:?}")));
        }
        _ => Fields::of(&renamed.doing("rename the document")?, "document").text("title")?,
    };
    members::follow_rename(tx, &known, key).await?;
    if title != known.title {
        versions::resend(tx, id, known.knowledge_base, now).await?;
    }
    Ok(())
}

pub(super) async fn delete(store: &SqliteStore, id: DocumentId, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = store.write().await?;
    if !delete_within(&mut tx, id, now).await? {
        return Ok(false);
    }
    commit(tx).await?;
    Ok(true)
}

/// As [`delete`], within a transaction.
pub(super) async fn delete_within(tx: &mut Tx, id: DocumentId, now: DateTime<Utc>) -> Result<bool> {
    if live(tx, id).await?.is_none() {
        return Ok(false);
    }
    hide::document(tx, id, now).await?;
    Ok(true)
}
