//! Sources: where documents come from.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{DocumentId, KnowledgeBaseId, SourceId};
use footnote_core::ports::VersionFailure;
use footnote_core::source::{Source, SourceKind};
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, Tx, commit, hide, knowledge_bases};
use crate::rows::{Doing as _, Fields, is_taken, micros, stored_time, to_json};

fn source(row: &SqliteRow) -> Result<Source> {
    let fields = Fields::of(row, "source");
    Ok(Source {
        id: SourceId(fields.id("id")?),
        knowledge_base: KnowledgeBaseId(fields.id("knowledge_base")?),
        name: fields.text("name")?,
        kind: fields.json("kind")?,
        created_at: fields.time("created_at")?,
    })
}

pub(super) async fn create(
    store: &SqliteStore,
    knowledge_base: KnowledgeBaseId,
    name: &str,
    kind: SourceKind,
    now: DateTime<Utc>,
) -> Result<Source> {
    if kind == SourceKind::Upload {
        return Err(Error::conflict("a knowledge base has one upload source, made with it; use that one"));
    }
    let mut tx = store.write().await?;
    if !knowledge_bases::is_live(&mut tx, knowledge_base).await? {
        return Err(Error::not_found("knowledge base"));
    }
    let created = insert(&mut tx, knowledge_base, name, kind, now).await?;
    commit(tx).await?;
    Ok(created)
}

pub(super) async fn insert(
    tx: &mut Tx,
    knowledge_base: KnowledgeBaseId,
    name: &str,
    kind: SourceKind,
    now: DateTime<Utc>,
) -> Result<Source> {
    let id = SourceId::new();
    let inserted = sqlx::query(
        "INSERT INTO sources (id, knowledge_base, name, kind, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(id.0)
    .bind(knowledge_base.0)
    .bind(name)
    .bind(to_json("the source's path", &kind)?)
    .bind(micros(now))
    .execute(&mut **tx)
    .await;
    if let Err(error) = &inserted
        && is_taken(error)
    {
        return Err(Error::conflict(format!("a source named {name:?} exists; choose another name")));
    }
    inserted.doing("store the source")?;
    Ok(Source { id, knowledge_base, name: name.to_owned(), kind, created_at: stored_time(now) })
}

pub(super) async fn find(store: &SqliteStore, id: SourceId) -> Result<Option<Source>> {
    let row = sqlx::query("SELECT * FROM sources WHERE id = ?1 AND deleted_at IS NULL")
        .bind(id.0)
        .fetch_optional(&store.readers)
        .await
        .doing("read the source")?;
    row.as_ref().map(source).transpose()
}

/// As [`find`], within a transaction.
pub(super) async fn live(tx: &mut Tx, id: SourceId) -> Result<Option<Source>> {
    let row = sqlx::query("SELECT * FROM sources WHERE id = ?1 AND deleted_at IS NULL")
        .bind(id.0)
        .fetch_optional(&mut **tx)
        .await
        .doing("read the source")?;
    row.as_ref().map(source).transpose()
}

pub(super) async fn list(store: &SqliteStore, knowledge_base: KnowledgeBaseId) -> Result<Vec<Source>> {
    let rows = sqlx::query(
        "SELECT * FROM sources WHERE knowledge_base = ?1 AND deleted_at IS NULL ORDER BY id DESC",
    )
    .bind(knowledge_base.0)
    .fetch_all(&store.readers)
    .await
    .doing("list the sources")?;
    rows.iter().map(source).collect()
}

pub(super) async fn upload(store: &SqliteStore, knowledge_base: KnowledgeBaseId) -> Result<Source> {
    let row = sqlx::query(
        "SELECT * FROM sources WHERE knowledge_base = ?1 AND deleted_at IS NULL \
         AND json_extract(kind, '$.kind') = 'upload'",
    )
    .bind(knowledge_base.0)
    .fetch_optional(&store.readers)
    .await
    .doing("read the upload source")?;
    match row {
        Some(row) => source(&row),
        None => Err(Error::not_found("knowledge base")),
    }
}

pub(super) async fn delete(store: &SqliteStore, id: SourceId, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = store.write().await?;
    let Some(source) = live(&mut tx, id).await? else {
        return Ok(false);
    };
    if source.kind == SourceKind::Upload {
        return Err(Error::conflict("the upload source cannot be removed; delete its documents instead"));
    }
    hide::source(&mut tx, id, now).await?;
    commit(tx).await?;
    Ok(true)
}

pub(super) async fn contents(
    store: &SqliteStore,
    id: SourceId,
) -> Result<Vec<(DocumentId, String, ContentHash)>> {
    let rows = sqlx::query(
        "SELECT d.id AS document, d.key AS key, v.content AS content FROM documents d \
         JOIN versions v ON v.document = d.id AND v.number = \
             (SELECT max(n.number) FROM versions n WHERE n.document = d.id AND n.state <> 'retired') \
         WHERE d.source = ?1 AND d.parent IS NULL AND d.deleted_at IS NULL ORDER BY d.key",
    )
    .bind(id.0)
    .fetch_all(&store.readers)
    .await
    .doing("list what the source holds")?;
    rows.iter()
        .map(|row| {
            let fields = Fields::of(row, "document");
            Ok((DocumentId(fields.id("document")?), fields.text("key")?, fields.hash("content")?))
        })
        .collect()
}

pub(super) async fn failures(
    store: &SqliteStore,
    id: SourceId,
) -> Result<HashMap<DocumentId, VersionFailure>> {
    let rows = sqlx::query(
        "SELECT d.id AS document, v.failure AS failure, v.may_retry AS may_retry FROM documents d \
         JOIN versions v ON v.document = d.id AND v.state = 'failed' AND v.number = \
             (SELECT max(n.number) FROM versions n WHERE n.document = d.id AND n.state <> 'retired') \
         WHERE d.source = ?1 AND d.parent IS NULL AND d.deleted_at IS NULL",
    )
    .bind(id.0)
    .fetch_all(&store.readers)
    .await
    .doing("list what the source holds")?;
    rows.iter()
        .map(|row| {
            let fields = Fields::of(row, "document version");
            let failure =
                VersionFailure { reason: fields.text("failure")?, may_retry: fields.flag("may_retry")? };
            Ok((DocumentId(fields.id("document")?), failure))
        })
        .collect()
}
