//! What a model wrote about versions.

use footnote_core::Result;
use footnote_core::document::Enrichment;
use footnote_core::ids::VersionId;

use super::{SqliteStore, commit};
use crate::rows::{Doing as _, Fields, to_json};

pub(super) async fn put(store: &SqliteStore, version: VersionId, enrichment: &Enrichment) -> Result<()> {
    let mut tx = store.write().await?;
    sqlx::query("INSERT OR REPLACE INTO enrichments (version, enrichment) VALUES (?1, ?2)")
        .bind(version.0)
        .bind(to_json("enrichment", enrichment)?)
        .execute(&mut *tx)
        .await
        .doing("store what a model wrote about a version")?;
    commit(tx).await
}

pub(super) async fn find(store: &SqliteStore, version: VersionId) -> Result<Option<Enrichment>> {
    let row = sqlx::query("SELECT enrichment FROM enrichments WHERE version = ?1")
        .bind(version.0)
        .fetch_optional(&store.readers)
        .await
        .doing("read what a model wrote about a version")?;
    row.as_ref().map(|row| Fields::of(row, "enrichment").json("enrichment")).transpose()
}
