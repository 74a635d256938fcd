//! Knowledge bases and index generations.

use chrono::{DateTime, Utc};
use footnote_core::ids::{DocumentId, GenerationId, KnowledgeBaseId, VersionId, WorkspaceId};
use footnote_core::job::JobKind;
use footnote_core::knowledge_base::{Generation, GenerationSpec, KnowledgeBase};
use footnote_core::ports::{ListRequest, Listing, NewKnowledgeBase};
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::source::SourceKind;
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{SqliteStore, Tx, commit, hide, job_rows, lifecycle, sources};
use crate::rows::{
    Doing as _, Fields, Page, hash_bytes, integer, is_dangling, is_taken, micros, stored_time, to_json,
};

/// What the source that takes uploads is called.
const UPLOAD_SOURCE: &str = "uploads";

fn knowledge_base(row: &SqliteRow) -> Result<KnowledgeBase> {
    let fields = Fields::of(row, "knowledge base");
    Ok(KnowledgeBase {
        id: KnowledgeBaseId(fields.id("id")?),
        workspace: WorkspaceId(fields.id("workspace")?),
        name: fields.text("name")?,
        description: fields.text("description")?,
        settings: fields.json("settings")?,
        generation: GenerationId(fields.id("generation")?),
        next_generation: fields.get::<Option<Uuid>>("next_generation")?.map(GenerationId),
        created_at: fields.time("created_at")?,
    })
}

fn generation(row: &SqliteRow) -> Result<Generation> {
    let fields = Fields::of(row, "index generation");
    let spec = GenerationSpec {
        embedder: fields.text("embedder")?,
        dimension: fields.number("dimension")?,
        analyzer: fields.number("analyzer")?,
        chunker: fields.json("chunker")?,
    };
    Ok(Generation { id: GenerationId(fields.id("id")?), spec })
}

pub(super) async fn create(
    store: &SqliteStore,
    new: NewKnowledgeBase,
    now: DateTime<Utc>,
) -> Result<KnowledgeBase> {
    let created = KnowledgeBase {
        id: KnowledgeBaseId::new(),
        workspace: new.workspace,
        name: new.name,
        description: new.description,
        settings: new.settings,
        generation: new.generation,
        next_generation: None,
        created_at: stored_time(now),
    };
    let mut tx = store.write().await?;
    let inserted = sqlx::query(
        "INSERT INTO knowledge_bases (id, workspace, name, description, settings, generation, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(created.id.0)
    .bind(created.workspace.0)
    .bind(&created.name)
    .bind(&created.description)
    .bind(to_json("settings", &created.settings)?)
    .bind(created.generation.0)
    .bind(micros(now))
    .execute(&mut *tx)
    .await;
    match inserted {
        Err(error) if is_taken(&error) => {
            return Err(Error::conflict(format!(
                "a knowledge base named {:?} exists; choose another name",
                created.name
            )));
        }
        Err(error) if is_dangling(&error) => {
            return Err(Error::not_found(format!("index generation {}", created.generation)));
        }
        other => other.doing("store the knowledge base")?,
    };
    sources::insert(&mut tx, created.id, UPLOAD_SOURCE, SourceKind::Upload, now).await?;
    commit(tx).await?;
    Ok(created)
}

pub(super) async fn find(store: &SqliteStore, id: KnowledgeBaseId) -> Result<Option<KnowledgeBase>> {
    let row = sqlx::query("SELECT * FROM knowledge_bases WHERE id = ?1 AND deleted_at IS NULL")
        .bind(id.0)
        .fetch_optional(&store.readers)
        .await
        .doing("read the knowledge base")?;
    row.as_ref().map(knowledge_base).transpose()
}

pub(super) async fn find_named(
    store: &SqliteStore,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<KnowledgeBase>> {
    let row = sqlx::query(
        "SELECT * FROM knowledge_bases WHERE workspace = ?1 AND name = ?2 AND deleted_at IS NULL",
    )
    .bind(workspace.0)
    .bind(name)
    .fetch_optional(&store.readers)
    .await
    .doing("read the knowledge base")?;
    row.as_ref().map(knowledge_base).transpose()
}

pub(super) async fn list(
    store: &SqliteStore,
    workspace: WorkspaceId,
    list: &ListRequest,
) -> Result<Listing<KnowledgeBase>> {
    let page = Page::of(list);
    let rows = sqlx::query(
        "SELECT * FROM knowledge_bases WHERE workspace = ?1 AND id < ?2 AND deleted_at IS NULL \
         ORDER BY id DESC LIMIT ?3",
    )
    .bind(workspace.0)
    .bind(page.before)
    .bind(page.fetch)
    .fetch_all(&store.readers)
    .await
    .doing("list the knowledge bases")?;
    page.listing(&rows, knowledge_base, |k| k.id.0)
}

pub(super) async fn update(
    store: &SqliteStore,
    id: KnowledgeBaseId,
    description: &str,
    settings: &KnowledgeBaseSettings,
    now: DateTime<Utc>,
) -> Result<Option<KnowledgeBase>> {
    let mut tx = store.write().await?;
    let was_enriched = lifecycle::wants_enrichment(&mut tx, id).await?;
    let row = sqlx::query(
        "UPDATE knowledge_bases SET description = ?2, settings = ?3 WHERE id = ?1 AND deleted_at IS NULL \
         RETURNING *",
    )
    .bind(id.0)
    .bind(description)
    .bind(to_json("settings", settings)?)
    .fetch_optional(&mut *tx)
    .await
    .doing("update the knowledge base")?;
    let updated = row.as_ref().map(knowledge_base).transpose()?;
    if updated.is_some() && settings.enrichment.enabled && !was_enriched {
        enrich(&mut tx, id, now).await?;
    }
    commit(tx).await?;
    Ok(updated)
}

/// Queues that a model writes about every version that answers.
pub(super) async fn enrich(tx: &mut Tx, id: KnowledgeBaseId, now: DateTime<Utc>) -> Result<()> {
    let rows = sqlx::query(
        "SELECT v.document, v.id FROM versions v JOIN documents d ON d.id = v.document \
         WHERE d.knowledge_base = ?1 AND d.deleted_at IS NULL AND v.state = 'current' ORDER BY d.id",
    )
    .bind(id.0)
    .fetch_all(&mut **tx)
    .await
    .doing("list the knowledge base's versions")?;
    let job = |row: &SqliteRow| {
        let fields = Fields::of(row, "document version");
        let (document, version) = (DocumentId(fields.id("document")?), VersionId(fields.id("id")?));
        Ok((Some(id), JobKind::EnrichVersion { document, version, from: 0 }))
    };
    job_rows::insert_upkeep(tx, &rows.iter().map(job).collect::<Result<Vec<_>>>()?, now).await
}

pub(super) async fn delete(store: &SqliteStore, id: KnowledgeBaseId, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = store.write().await?;
    if !is_live(&mut tx, id).await? {
        return Ok(false);
    }
    hide::everything_in(&mut tx, id, now).await?;
    sqlx::query("UPDATE knowledge_bases SET deleted_at = ?2 WHERE id = ?1")
        .bind(id.0)
        .bind(micros(now))
        .execute(&mut *tx)
        .await
        .doing("delete the knowledge base")?;
    commit(tx).await?;
    Ok(true)
}

/// The knowledge base, unless it is deleted.
pub(super) async fn live(tx: &mut Tx, id: KnowledgeBaseId) -> Result<Option<KnowledgeBase>> {
    let row = sqlx::query("SELECT * FROM knowledge_bases WHERE id = ?1 AND deleted_at IS NULL")
        .bind(id.0)
        .fetch_optional(&mut **tx)
        .await
        .doing("read the knowledge base")?;
    row.as_ref().map(knowledge_base).transpose()
}

/// Whether the knowledge base exists and is not deleted.
pub(super) async fn is_live(tx: &mut Tx, id: KnowledgeBaseId) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM knowledge_bases WHERE id = ?1 AND deleted_at IS NULL")
            .bind(id.0)
            .fetch_optional(&mut **tx)
            .await
            .doing("read the knowledge base")?;
    Ok(found.is_some())
}

pub(super) async fn ensure_generation(
    store: &SqliteStore,
    spec: &GenerationSpec,
    now: DateTime<Utc>,
) -> Result<Generation> {
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO generations (id, fingerprint, embedder, dimension, analyzer, chunker, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (fingerprint) DO NOTHING",
    )
    .bind(GenerationId::new().0)
    .bind(hash_bytes(spec.fingerprint()))
    .bind(&spec.embedder)
    .bind(integer(spec.dimension)?)
    .bind(spec.analyzer)
    .bind(to_json("chunker settings", &spec.chunker)?)
    .bind(micros(now))
    .execute(&mut *tx)
    .await
    .doing("store the index generation")?;
    let row = sqlx::query("SELECT * FROM generations WHERE fingerprint = ?1")
        .bind(hash_bytes(spec.fingerprint()))
        .fetch_one(&mut *tx)
        .await
        .doing("read the index generation")?;
    commit(tx).await?;
    generation(&row)
}

pub(super) async fn generations(store: &SqliteStore) -> Result<Vec<Generation>> {
    let rows = sqlx::query("SELECT * FROM generations ORDER BY id")
        .fetch_all(&store.readers)
        .await
        .doing("list the index generations")?;
    rows.iter().map(generation).collect()
}
