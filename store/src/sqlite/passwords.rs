//! What opens encrypted files.

use footnote_core::Result;
use footnote_core::ids::SourceId;
use footnote_core::password::Password;
use sqlx::Row as _;

use super::{SqliteStore, Tx};
use crate::rows::Doing as _;

pub(super) async fn put(tx: &mut Tx, source: SourceId, key: &str, password: &Password) -> Result<()> {
    sqlx::query("INSERT OR REPLACE INTO document_passwords (source, key, password) VALUES (?1, ?2, ?3)")
        .bind(source.0)
        .bind(key)
        .bind(password.reveal())
        .execute(&mut **tx)
        .await
        .doing("store a file's password")?;
    Ok(())
}

pub(super) async fn find(store: &SqliteStore, source: SourceId, key: &str) -> Result<Option<Password>> {
    let row = sqlx::query("SELECT password FROM document_passwords WHERE source = ?1 AND key = ?2")
        .bind(source.0)
        .bind(key)
        .fetch_optional(&store.readers)
        .await
        .doing("read a file's password")?;
    let Some(row) = row else { return Ok(None) };
    let password: String = row.try_get("password").doing("read a file's password")?;
    Password::parse(&password).map(Some)
}
