//! What every job works with: the ports, chosen once by `api::app`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use footnote_core::document::{Enrichment, Lineage};
use footnote_core::ids::GenerationId;
use footnote_core::knowledge_base::Generation;
use footnote_core::parsed::ParsedDocument;
use footnote_core::password::Password;
use footnote_core::ports::{
    BlobStore, Clock, DocumentStore, Embedder, JobQueue, KeywordIndex, ScheduleStore, VectorIndex,
};
use footnote_core::{Error, Result};
use tokio::sync::Notify;

use crate::members::MemberSink;
use crate::progress::Progress;

/// Reads a file into canonical text and blocks, where a panic, a loop or a leak of the parser costs
/// this one file.
#[async_trait]
pub trait ParseFile: Send + Sync {
    /// Parses the file at `path`; `file_name` is what people call it. Tells `progress` of the pages as
    /// they are read. Dropping the future ends the work.
    async fn parse(&self, path: &Path, file_name: &str, progress: &Progress) -> Result<ParsedDocument>;

    /// [`Self::parse`], which opens an encrypted file with `password` and hands what lies within the file on to
    /// `members`; `lineage` tells what the file itself lies in. A parser that knows of neither opens and gives none.
    async fn parse_with_members(
        &self,
        path: &Path,
        file_name: &str,
        password: Option<Password>,
        lineage: Lineage,
        members: &mut dyn MemberSink,
        progress: &Progress,
    ) -> Result<ParsedDocument> {
        let _ = (password, lineage, members);
        self.parse(path, file_name, progress).await
    }
}

/// Writes about documents, while nobody waits for an answer.
#[async_trait]
pub trait Enrich: Send + Sync {
    /// What the document that begins with `text` is about.
    async fn describe(&self, title: &str, text: &str) -> Result<Enrichment>;
    /// Questions that `text`, which stands under `headings`, answers; none where nothing good came.
    async fn questions(&self, headings: &str, text: &str) -> Result<Vec<String>>;
}

/// The ports and limits that jobs work with.
pub struct IngestContext {
    /// The truth.
    pub documents: Arc<dyn DocumentStore>,
    /// The durable queue.
    pub jobs: Arc<dyn JobQueue>,
    /// Schedules and run histories.
    pub schedules: Arc<dyn ScheduleStore>,
    /// Originals, canonical texts, parsed documents.
    pub blobs: Arc<dyn BlobStore>,
    /// The vector index.
    pub vectors: Arc<dyn VectorIndex>,
    /// The keyword index.
    pub keywords: Arc<dyn KeywordIndex>,
    /// Every embedder that a generation may have been made with; found by fingerprint.
    pub embedders: Vec<Arc<dyn Embedder>>,
    /// The parsers.
    pub parser: Arc<dyn ParseFile>,
    /// Writes about documents; `None` without a language model.
    pub enricher: Option<Arc<dyn Enrich>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Bounds on what is read and held.
    pub limits: IngestLimits,
    /// Folders of the service itself, which no directory source enters: the data folder.
    pub private_folders: Vec<PathBuf>,
    /// Rung when a job was queued, so that an idle runner need not wait for its next look.
    pub wake: Arc<Notify>,
    /// What reconciling found, for `/metrics`.
    pub drift: Arc<Drift>,
}

/// Bounds on what is read and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestLimits {
    /// Largest file a directory source takes, in bytes.
    pub max_file_bytes: u64,
    /// Chunks written to the indexes at once.
    pub batch_chunks: usize,
    /// Texts given to the embedder at once: progress is counted and a cancellation seen in between.
    pub batch_texts: usize,
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self { max_file_bytes: 256 * 1024 * 1024, batch_chunks: 256, batch_texts: 32 }
    }
}

impl IngestContext {
    /// The generation with this id.
    pub(crate) async fn generation(&self, id: GenerationId) -> Result<Generation> {
        let generations = self.documents.generations().await?;
        let found = generations.into_iter().find(|g| g.id == id);
        found.ok_or_else(|| Error::corrupt(format!("index generation {id} has no row")))
    }

    /// The embedder that a generation was made with.
    pub(crate) fn embedder_of(&self, generation: &Generation) -> Result<Arc<dyn Embedder>> {
        let wanted = &generation.spec.embedder;
        let embedder = self.embedders.iter().find(|e| e.fingerprint() == wanted).cloned();
        embedder.ok_or_else(|| {
            Error::not_installed(format!(
                "index generation {} was made with the embedder {wanted}, which is not configured; \
                 configure it again or create a knowledge base with the new one",
                generation.id
            ))
        })
    }
}

/// What reconciling found and repaired since the service started, and last.
#[derive(Debug, Default)]
pub struct Drift {
    runs: AtomicU64,
    resent: AtomicU64,
    removed: AtomicU64,
    last: Mutex<HashMap<GenerationId, u64>>,
}

/// A reading of [`Drift`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DriftReading {
    /// Reconciliations done.
    pub runs: u64,
    /// Versions sent to an index again, in all.
    pub resent: u64,
    /// Versions removed from an index, in all.
    pub removed: u64,
    /// Versions that differed at the last reconciliation of each generation, in all: 0 is health.
    pub last: u64,
}

impl Drift {
    /// What was found so far.
    pub fn read(&self) -> DriftReading {
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        DriftReading {
            runs: load(&self.runs),
            resent: load(&self.resent),
            removed: load(&self.removed),
            last: self.last().values().sum(),
        }
    }

    fn last(&self) -> MutexGuard<'_, HashMap<GenerationId, u64>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self, generation: GenerationId, resent: u64, removed: u64) {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.resent.fetch_add(resent, Ordering::Relaxed);
        self.removed.fetch_add(removed, Ordering::Relaxed);
        self.last().insert(generation, resent + removed);
    }
}
