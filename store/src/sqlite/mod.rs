//! SQLite as the truth.
//!
//! One connection writes and a few read. SQLite has one writer anyway; queueing for it in the pool,
//! in order, beats meeting `SQLITE_BUSY` in the middle of a transaction. Every write begins with
//! `BEGIN IMMEDIATE`, so what a transaction reads first is still true when it writes.
//!
//! `synchronous = FULL`: with the write-ahead log, NORMAL already survives `kill -9`, but a power
//! cut may take the last commits, and an upload that was answered with 202 must not be lost. That
//! costs one fsync a commit, about 5 ms.

mod cache;
mod chunk_edits;
mod chunks;
mod claim;
mod confirm;
mod conversations;
mod document_store;
mod documents;
mod enrichments;
mod forget;
mod garbage;
mod hide;
mod job_rows;
mod jobs;
mod keys;
mod knowledge_bases;
mod lifecycle;
mod members;
mod owned;
mod passwords;
mod receipts;
mod rechunking;
mod runs;
mod schedules;
mod sources;
mod texts;
mod vectors;
mod versions;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use footnote_core::error::Context as _;
use footnote_core::ports::BlobStore;
use footnote_core::{ErrorKind, Result};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use crate::rows::Doing as _;
use crate::sqlite::texts::TextCache;

/// Connections that read.
const READERS: u32 = 4;

/// How long somebody queues for a connection before it is "unavailable".
const PATIENCE: Duration = Duration::from_secs(30);

/// Most rows or ids that one statement binds: below SQLite's 32,766 variables for the widest row.
pub(crate) const BATCH: usize = 500;

/// A transaction.
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// The truth in one SQLite file, with the texts in a blob store.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    blobs: Arc<dyn BlobStore>,
    texts: TextCache,
}

impl SqliteStore {
    /// Opens or creates the database and brings its schema up to date.
    pub async fn open(file: &Path, blobs: Arc<dyn BlobStore>) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is removed is overwritten, not only unlinked: "deleted" is a promise about the disk.
            .pragma("secure_delete", "ON")
            .busy_timeout(Duration::from_secs(10));
        let opening = format!("open the database {}", file.display());
        let writer = pool(1).connect_with(options.clone()).await.doing(&opening)?;
        sqlx::migrate!("../migrations/sqlite").run(&writer).await.context(ErrorKind::Corrupt, || {
            format!(
                "cannot bring the database {} up to date; was it written by a newer footnote?",
                file.display()
            )
        })?;
        // A reader that tried to write would be a bug: SQLite refuses it.
        let readers = pool(READERS)
            .connect_with(options.create_if_missing(false).pragma("query_only", "ON"))
            .await
            .doing(&opening)?;
        Ok(Self { writer, readers, blobs, texts: TextCache::default() })
    }

    /// Gives back all leases. Only for the process that holds the data folder's lock, before it
    /// starts any worker: whoever held a lease is dead, and its work need not wait for the lease's end.
    /// The run that was cut short does not count as an attempt, but as an interruption: once, however
    /// often the data folder is opened before a worker takes it up again.
    pub async fn release_leases(&self) -> Result<u64> {
        let released = sqlx::query(
            "UPDATE jobs SET lease_token = NULL, lease_expires_at = 0, attempts = max(attempts - 1, 0), \
             interruptions = interruptions + 1 WHERE state = 'running' AND lease_expires_at > 0",
        )
        .execute(&self.writer)
        .await
        .doing("release the leases of the last process")?;
        Ok(released.rows_affected())
    }

    /// Finishes what runs and closes the file, leaving no write-ahead log.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Begins a transaction that writes, after those that queued before.
    async fn write(&self) -> Result<Tx> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.doing("begin to write to the database")
    }

    /// Begins a transaction that sees one state of the database.
    async fn read(&self) -> Result<Tx> {
        self.readers.begin().await.doing("begin to read the database")
    }
}

/// Makes a transaction's writes durable.
async fn commit(tx: Tx) -> Result<()> {
    tx.commit().await.doing("commit to the database")
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
}
