//! Deletion: hides documents at once, and queues the sweep of what indexes still hold of them.
//!
//! All of it happens in the caller's transaction, so nothing is ever half deleted.

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::ids::{DocumentId, GenerationId, KnowledgeBaseId, SourceId, VersionId};
use footnote_core::job::JobKind;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{Tx, job_rows, jobs, members};
use crate::rows::{Doing as _, Fields, micros};

/// What is being deleted, as the column of `documents` that tells what belongs to it; to a document
/// itself (`id`) belong its members, too.
#[derive(Clone, Copy)]
struct Held {
    column: &'static str,
    id: Uuid,
}

/// Hides one document and its members.
pub(super) async fn document(tx: &mut Tx, id: DocumentId, now: DateTime<Utc>) -> Result<()> {
    documents(tx, Held { column: "id", id: id.0 }, now).await
}

/// Hides a source with its documents and removes its schedules.
pub(super) async fn source(tx: &mut Tx, id: SourceId, now: DateTime<Utc>) -> Result<()> {
    documents(tx, Held { column: "source", id: id.0 }, now).await?;
    remove_sources(tx, &[id], now).await
}

/// Hides all sources and documents of a knowledge base.
pub(super) async fn everything_in(tx: &mut Tx, id: KnowledgeBaseId, now: DateTime<Utc>) -> Result<()> {
    documents(tx, Held { column: "knowledge_base", id: id.0 }, now).await?;
    let sources: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM sources WHERE knowledge_base = ?1 AND deleted_at IS NULL")
            .bind(id.0)
            .fetch_all(&mut **tx)
            .await
            .doing("list the sources")?;
    let sources: Vec<SourceId> = sources.into_iter().map(SourceId).collect();
    remove_sources(tx, &sources, now).await
}

async fn remove_sources(tx: &mut Tx, sources: &[SourceId], now: DateTime<Utc>) -> Result<()> {
    for source in sources {
        sqlx::query("DELETE FROM schedules WHERE source = ?1")
            .bind(source.0)
            .execute(&mut **tx)
            .await
            .doing("remove the source's schedules")?;
        sqlx::query("UPDATE sources SET deleted_at = ?2 WHERE id = ?1")
            .bind(source.0)
            .bind(micros(now))
            .execute(&mut **tx)
            .await
            .doing("delete the source")?;
    }
    let keys: Vec<String> = sources.iter().map(|s| format!("source:{s}")).collect();
    jobs::cancel_under_keys(tx, &keys, "the source was deleted", now).await
}

async fn documents(tx: &mut Tx, held: Held, now: DateTime<Utc>) -> Result<()> {
    let sweeps = sweeps_of(tx, held).await?;
    let keys: Vec<String> = ids_of(tx, held).await?.iter().map(|d| format!("document:{d}")).collect();
    let held_ids = documents_held(held);
    let retire = format!(
        "UPDATE versions SET state = 'retired', retired_at = ?2 WHERE state <> 'retired' AND document IN ({held_ids})"
    );
    let hide = format!("UPDATE documents SET deleted_at = ?2, updated_at = ?2 WHERE id IN ({held_ids})");
    for statement in [retire, hide] {
        sqlx::query(AssertSqlSafe(statement))
            .bind(held.id)
            .bind(micros(now))
            .execute(&mut **tx)
            .await
            .doing("hide the documents")?;
    }
    jobs::cancel_under_keys(tx, &keys, "the document was deleted", now).await?;
    job_rows::insert_upkeep(tx, &sweeps, now).await
}

/// `held.column` is one of this file's own constants: no input reaches the statement.
fn documents_held(held: Held) -> String {
    if held.column == "id" {
        return members::FAMILY.to_owned();
    }
    format!("SELECT d.id FROM documents d WHERE d.{} = ?1 AND d.deleted_at IS NULL", held.column)
}

async fn ids_of(tx: &mut Tx, held: Held) -> Result<Vec<DocumentId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(documents_held(held)))
        .bind(held.id)
        .fetch_all(&mut **tx)
        .await
        .doing("list the documents")?;
    Ok(ids.into_iter().map(DocumentId).collect())
}

/// Versions that an index may hold, with each generation that may: those whose chunks are known, the one that the
/// knowledge base asks, and the one that it changes to. Retired versions were queued for sweeping when they
/// retired.
async fn sweeps_of(tx: &mut Tx, held: Held) -> Result<Vec<(Option<KnowledgeBaseId>, JobKind)>> {
    let documents = documents_held(held);
    let sql = format!(
        "SELECT v.id AS version, k.generation AS generation, k.id AS knowledge_base \
         FROM versions v JOIN documents o ON o.id = v.document JOIN knowledge_bases k ON k.id = o.knowledge_base \
         WHERE v.state <> 'retired' AND v.document IN ({documents}) \
         UNION \
         SELECT v.id, c.generation, o.knowledge_base \
         FROM versions v JOIN documents o ON o.id = v.document JOIN chunks c ON c.version = v.id \
         WHERE v.state <> 'retired' AND v.document IN ({documents}) \
         UNION \
         SELECT v.id, k.next_generation, k.id \
         FROM versions v JOIN documents o ON o.id = v.document JOIN knowledge_bases k ON k.id = o.knowledge_base \
         WHERE v.state = 'current' AND k.next_generation IS NOT NULL AND v.document IN ({documents})"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(held.id)
        .fetch_all(&mut **tx)
        .await
        .doing("list what is to be swept")?;
    rows.iter()
        .map(|row| {
            let fields = Fields::of(row, "version");
            let kind = JobKind::SweepVersion {
                version: VersionId(fields.id("version")?),
                generation: GenerationId(fields.id("generation")?),
            };
            Ok((Some(KnowledgeBaseId(fields.id("knowledge_base")?)), kind))
        })
        .collect()
}
