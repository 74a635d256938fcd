//! API keys, and the responses that repeated requests get again.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ApiKeyId, WorkspaceId};
use footnote_core::ports::{KeyStore, Reservation};
use footnote_core::principal::{ApiKey, Role};
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, commit};
use crate::rows::{Doing as _, Fields, hash_bytes, is_dangling, is_taken, micros, to_json};

/// How long a response is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);
/// How old a reservation without a response gets before its request counts as interrupted. Only
/// short transactions lie between the two.
const INTERRUPTED: TimeDelta = TimeDelta::seconds(30);

fn api_key(row: &SqliteRow) -> Result<ApiKey> {
    let fields = Fields::of(row, "api key");
    Ok(ApiKey {
        id: ApiKeyId(fields.id("id")?),
        workspace: WorkspaceId(fields.id("workspace")?),
        name: fields.text("name")?,
        secret_hash: fields.hash("secret_hash")?.0,
        role: fields.named("role", Role::from_name)?,
        scope: fields.json("scope")?,
        created_at: fields.time("created_at")?,
        revoked_at: fields.maybe_time("revoked_at")?,
    })
}

#[async_trait]
impl KeyStore for SqliteStore {
    async fn create_key(&self, key: ApiKey) -> Result<()> {
        let inserted = sqlx::query(
            "INSERT INTO api_keys (id, workspace, name, secret_hash, role, scope, created_at, revoked_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(key.id.0)
        .bind(key.workspace.0)
        .bind(&key.name)
        .bind(key.secret_hash.to_vec())
        .bind(key.role.name())
        .bind(to_json("scope", &key.scope)?)
        .bind(micros(key.created_at))
        .bind(key.revoked_at.map(micros))
        .execute(&self.writer)
        .await;
        if let Err(error) = &inserted
            && is_taken(error)
        {
            return Err(Error::conflict(format!("the api key {:?} is stored already", key.name)));
        }
        inserted.doing("store the api key")?;
        Ok(())
    }

    async fn key_by_hash(&self, secret_hash: &[u8; 32]) -> Result<Option<ApiKey>> {
        let row = sqlx::query("SELECT * FROM api_keys WHERE secret_hash = ?1")
            .bind(secret_hash.to_vec())
            .fetch_optional(&self.readers)
            .await
            .doing("read the api key")?;
        row.as_ref().map(api_key).transpose()
    }

    async fn key(&self, id: ApiKeyId) -> Result<Option<ApiKey>> {
        let row = sqlx::query("SELECT * FROM api_keys WHERE id = ?1")
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await
            .doing("read the api key")?;
        row.as_ref().map(api_key).transpose()
    }

    async fn keys(&self, workspace: WorkspaceId) -> Result<Vec<ApiKey>> {
        let rows = sqlx::query("SELECT * FROM api_keys WHERE workspace = ?1 ORDER BY id DESC")
            .bind(workspace.0)
            .fetch_all(&self.readers)
            .await
            .doing("list the api keys")?;
        rows.iter().map(api_key).collect()
    }

    async fn revoke_key(&self, id: ApiKeyId, now: DateTime<Utc>) -> Result<bool> {
        let done = sqlx::query("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1")
            .bind(id.0)
            .bind(micros(now))
            .execute(&self.writer)
            .await
            .doing("revoke the api key")?;
        Ok(done.rows_affected() > 0)
    }

    async fn reserve_response(
        &self,
        key: ApiKeyId,
        idempotency_key: &str,
        fingerprint: ContentHash,
        now: DateTime<Utc>,
    ) -> Result<Reservation> {
        let mut tx = self.write().await?;
        sqlx::query(
            "DELETE FROM idempotent_responses WHERE created_at <= ?1 OR (pending = 1 AND created_at <= ?2)",
        )
        .bind(micros(now - REMEMBERED))
        .bind(micros(now - INTERRUPTED))
        .execute(&mut *tx)
        .await
        .doing("forget old responses")?;
        let inserted = sqlx::query(
            "INSERT INTO idempotent_responses \
             (api_key, idempotency_key, fingerprint, response, pending, created_at) \
             VALUES (?1, ?2, ?3, '', 1, ?4) ON CONFLICT (api_key, idempotency_key) DO NOTHING",
        )
        .bind(key.0)
        .bind(idempotency_key)
        .bind(hash_bytes(fingerprint))
        .bind(micros(now))
        .execute(&mut *tx)
        .await;
        if let Err(error) = &inserted
            && is_dangling(error)
        {
            return Err(Error::not_found("api key"));
        }
        let is_ours = inserted.doing("take the idempotency key")?.rows_affected() > 0;
        let row = sqlx::query(
            "SELECT fingerprint, response, pending FROM idempotent_responses \
             WHERE api_key = ?1 AND idempotency_key = ?2",
        )
        .bind(key.0)
        .bind(idempotency_key)
        .fetch_one(&mut *tx)
        .await
        .doing("read the remembered response")?;
        commit(tx).await?;
        if is_ours {
            return Ok(Reservation::Taken);
        }
        let fields = Fields::of(&row, "remembered response");
        if fields.hash("fingerprint")? != fingerprint {
            return Err(used_otherwise(idempotency_key));
        }
        if fields.flag("pending")? {
            return Err(Error::conflict(format!(
                "a request with the idempotency key {idempotency_key:?} is under way; send it again in a minute"
            )));
        }
        Ok(Reservation::Answered(fields.text("response")?))
    }

    async fn remember_response(&self, key: ApiKeyId, idempotency_key: &str, response: &str) -> Result<()> {
        let done = sqlx::query(
            "UPDATE idempotent_responses SET response = ?3, pending = 0 \
             WHERE api_key = ?1 AND idempotency_key = ?2",
        )
        .bind(key.0)
        .bind(idempotency_key)
        .bind(response)
        .execute(&self.writer)
        .await
        .doing("remember the response")?;
        if done.rows_affected() == 0 {
            return Err(Error::conflict("the idempotency key is no longer held by this request"));
        }
        Ok(())
    }

    async fn release_response(&self, key: ApiKeyId, idempotency_key: &str) -> Result<()> {
        sqlx::query(
            "DELETE FROM idempotent_responses WHERE api_key = ?1 AND idempotency_key = ?2 AND pending = 1",
        )
        .bind(key.0)
        .bind(idempotency_key)
        .execute(&self.writer)
        .await
        .doing("give the idempotency key free")?;
        Ok(())
    }
}

fn used_otherwise(idempotency_key: &str) -> Error {
    Error::conflict(format!(
        "the idempotency key {idempotency_key:?} was used for another request; send a fresh one"
    ))
}
