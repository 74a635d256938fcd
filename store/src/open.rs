//! Opens the data folder: locks it, and chooses every backend, here and nowhere else.
//!
//! To add a backend: implement its traits from `footnote_core::ports` in a module of this crate,
//! run the seam's conformance suite in `tests/` over it, and add its arm to [`open`].

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use footnote_core::error::Context as _;
use footnote_core::ports::{
    AnswerStore, BlobStore, ConversationStore, DocumentStore, JobQueue, KeyStore, KeywordIndex,
    ScheduleStore, VectorIndex,
};
use footnote_core::{Error, ErrorKind, Result};

use crate::blobs::FsBlobStore;
use crate::keyword::TantivyKeywordIndex;
use crate::sqlite::SqliteStore;
use crate::vector::edge::EdgeVectorIndex;
use crate::vector::server::ServerVectorIndex;

/// Proof that this process, and no other, uses the data folder. The operating system gives the
/// lock back when it is dropped, and when the process is killed.
#[derive(Debug)]
pub struct DataFolderLock {
    folder: PathBuf,
    /// Open for as long as the lock is held; its content means nothing.
    _file: fs_err::File,
}

impl DataFolderLock {
    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Takes the data folder, which is created where it is missing. Conflict where another process has
/// it.
pub fn lock_data_folder(folder: &Path) -> Result<DataFolderLock> {
    let cannot =
        || format!("cannot use the data folder {}; choose one that this user may write to", folder.display());
    fs_err::create_dir_all(folder).context(ErrorKind::InvalidInput, cannot)?;
    let file = fs_err::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join("footnote.lock"))
        .context(ErrorKind::InvalidInput, cannot)?;
    match file.file().try_lock() {
        Ok(()) => Ok(DataFolderLock { folder: folder.to_owned(), _file: file }),
        Err(TryLockError::WouldBlock) => Err(Error::conflict(format!(
            "the data folder {} is in use by another footnote process; stop that one or choose another folder",
            folder.display()
        ))),
        Err(TryLockError::Error(cause)) => Err(cause).context(ErrorKind::InvalidInput, cannot),
    }
}

/// Where vectors lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VectorBackend {
    /// In this process, below a folder.
    Edge {
        /// The folder; usually [`StoreConfig::vector_folder`].
        path: PathBuf,
    },
    /// On a Qdrant server.
    Server {
        /// Its gRPC address, like `http://localhost:6334`.
        url: String,
        /// Its key, where it wants one.
        api_key: Option<String>,
    },
}

/// What to open.
#[derive(Debug)]
pub struct StoreConfig {
    /// The locked data folder: nothing is opened without the lock.
    pub folder: DataFolderLock,
    /// Where vectors lie.
    pub vectors: VectorBackend,
}

impl StoreConfig {
    /// The embedded backends, all below the data folder.
    pub fn embedded(folder: DataFolderLock) -> Self {
        let path = Self::vector_folder(folder.folder());
        Self { folder, vectors: VectorBackend::Edge { path } }
    }

    /// Where embedded vectors lie below a data folder.
    pub fn vector_folder(data: &Path) -> PathBuf {
        data.join("vectors")
    }
}

/// Everything that is on disk, behind the seams.
#[derive(Clone)]
pub struct Store {
    /// Knowledge bases, sources, documents, versions, chunks, cached vectors.
    pub documents: Arc<dyn DocumentStore>,
    /// The queue.
    pub jobs: Arc<dyn JobQueue>,
    /// Schedules and runs.
    pub schedules: Arc<dyn ScheduleStore>,
    /// API keys and idempotency records.
    pub keys: Arc<dyn KeyStore>,
    /// Conversations.
    pub conversations: Arc<dyn ConversationStore>,
    /// Receipts and feedback.
    pub answers: Arc<dyn AnswerStore>,
    /// Originals, canonical texts, parsed documents.
    pub blobs: Arc<dyn BlobStore>,
    /// The vector index.
    pub vectors: Arc<dyn VectorIndex>,
    /// The keyword index.
    pub keywords: Arc<dyn KeywordIndex>,
    /// The lock, held for as long as anybody has the store.
    pub folder: Arc<DataFolderLock>,
}

/// Opens what is in the data folder, and creates what is not there yet. Jobs that the last process
/// left running are free at once: with the lock held, that process is dead.
pub async fn open(config: StoreConfig) -> Result<Store> {
    let StoreConfig { folder, vectors } = config;
    let data = folder.folder().to_owned();
    let (blobs, keywords, vectors) = tokio::task::spawn_blocking(move || open_files(&data, vectors))
        .await
        .internal("the thread that opens the data folder stopped")??;
    let sql = SqliteStore::open(&folder.folder().join("footnote.db"), blobs.clone()).await?;
    let released = sql.release_leases().await?;
    if released > 0 {
        tracing::info!(store.jobs.released = released, "jobs of the last process are free again");
    }
    let sql = Arc::new(sql);
    Ok(Store {
        documents: sql.clone(),
        jobs: sql.clone(),
        schedules: sql.clone(),
        keys: sql.clone(),
        conversations: sql.clone(),
        answers: sql,
        blobs,
        vectors,
        keywords,
        folder: Arc::new(folder),
    })
}

type Files = (Arc<dyn BlobStore>, Arc<dyn KeywordIndex>, Arc<dyn VectorIndex>);

fn open_files(data: &Path, vectors: VectorBackend) -> Result<Files> {
    let blobs = FsBlobStore::open(data.join("blobs"))?;
    let keywords = TantivyKeywordIndex::open(data.join("keywords"))?;
    let vectors: Arc<dyn VectorIndex> = match vectors {
        VectorBackend::Edge { path } => Arc::new(EdgeVectorIndex::open(path)?),
        VectorBackend::Server { url, api_key } => Arc::new(ServerVectorIndex::new(&url, api_key.as_deref())?),
    };
    Ok((Arc::new(blobs), Arc::new(keywords), vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_has_one_user_and_is_free_again_after_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("new");
        let lock = lock_data_folder(&folder).unwrap();
        let error = lock_data_folder(&folder).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains(&folder.display().to_string()), "{error}");
        drop(lock);
        assert_eq!(lock_data_folder(&folder).unwrap().folder(), folder);
    }

    #[tokio::test]
    async fn an_opened_store_keeps_the_lock_and_its_jobs_resume_at_the_next_start() {
        use chrono::{TimeDelta, Utc};
        use footnote_core::ids::GenerationId;
        use footnote_core::job::{JobKind, NewJob, RetryPolicy};
        use std::time::Duration;

        let folder = tempfile::tempdir().unwrap();
        let config = || StoreConfig::embedded(lock_data_folder(folder.path()).unwrap());
        let now = Utc::now();
        let store = open(config()).await.unwrap();
        assert!(lock_data_folder(folder.path()).is_err());
        let kind = JobKind::Reconcile { generation: GenerationId::new() };
        store.jobs.enqueue(NewJob { kind, knowledge_base: None, run_at: now }, now).await.unwrap();
        let hour = Duration::from_secs(3600);
        let (job, lease) = store.jobs.claim(now, hour, RetryPolicy::default()).await.unwrap().unwrap();
        drop(store);

        let store = open(config()).await.unwrap();
        let soon = now + TimeDelta::seconds(1);
        let (again, _) = store.jobs.claim(soon, hour, RetryPolicy::default()).await.unwrap().unwrap();
        assert_eq!((again.id, again.attempts), (job.id, 1), "a restart is no failed attempt");
        assert_eq!(store.jobs.succeed(lease, soon).await.unwrap_err().kind(), ErrorKind::Conflict);
    }
}
