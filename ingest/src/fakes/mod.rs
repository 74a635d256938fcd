//! Small in-memory ports for this crate's unit tests: real logic, no disk but for blobs. The real
//! backends are tested with the same jobs in `tests/`.

mod memory;
mod ports;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use footnote_core::document::{Document, DocumentVersion};
use footnote_core::ids::{KnowledgeBaseId, SourceId};
use footnote_core::job::{Job, RetryPolicy};
use footnote_core::knowledge_base::{ChunkerSettings, GenerationSpec};
use footnote_core::ports::{Clock, DocumentStore, Embedder, NewVersion, StoredVersion};
use footnote_core::source::SourceKind;
use tokio::sync::Notify;

pub(crate) use memory::Memory;
pub(crate) use ports::{Blobs, Keywords, LineParser, Vectors, WordCounter, WordEmbedder};

use crate::context::{Drift, IngestContext, IngestLimits};
use crate::runner::{RunnerSettings, run_one};

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// A service in memory with one knowledge base.
pub(crate) struct World {
    pub(crate) ctx: Arc<IngestContext>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) vectors: Arc<Vectors>,
    pub(crate) keywords: Arc<Keywords>,
    pub(crate) embedder: Arc<WordEmbedder>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) knowledge_base: KnowledgeBaseId,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock(Mutex::new("2026-11-23T08:00:00Z".parse().unwrap())));
        let blobs = Arc::new(Blobs::new());
        let memory = Arc::new(Memory::new(blobs.clone()));
        let (vectors, keywords) = (Arc::new(Vectors::default()), Arc::new(Keywords::default()));
        let embedder = Arc::new(WordEmbedder::default());
        let spec = GenerationSpec {
            embedder: embedder.fingerprint().to_owned(),
            dimension: embedder.dimension(),
            analyzer: 1,
            chunker: ChunkerSettings { max_tokens: 24, ..ChunkerSettings::default() },
        };
        let knowledge_base = memory.add_knowledge_base(spec);
        let ctx = Arc::new(IngestContext {
            enricher: None,
            documents: memory.clone(),
            jobs: memory.clone(),
            schedules: memory.clone(),
            blobs,
            vectors: vectors.clone(),
            keywords: keywords.clone(),
            embedders: vec![embedder.clone()],
            parser: Arc::new(LineParser),
            clock: clock.clone(),
            limits: IngestLimits { max_file_bytes: 10_000, batch_chunks: 4, batch_texts: 2 },
            private_folders: Vec::new(),
            wake: Arc::new(Notify::new()),
            drift: Arc::new(Drift::default()),
        });
        Self { ctx, memory, vectors, keywords, embedder, clock, knowledge_base }
    }

    pub(crate) fn settings() -> RunnerSettings {
        RunnerSettings {
            workers: 2,
            lease_for: Duration::from_millis(200),
            poll_every: Duration::from_millis(5),
            retry: RetryPolicy { max_attempts: 2, ..RetryPolicy::default() },
            grace: Duration::from_millis(50),
        }
    }

    pub(crate) async fn store(&self, source: SourceId, key: &str, content: &str) -> StoredVersion {
        let new = NewVersion {
            knowledge_base: self.knowledge_base,
            source,
            key: key.to_owned(),
            title: key.to_owned(),
            metadata: None,
            password: None,
            content: self.ctx.blobs.put(content.as_bytes()).await.unwrap(),
            bytes: content.len() as u64,
        };
        self.ctx.documents.store_version(new, self.clock.now()).await.unwrap()
    }

    pub(crate) async fn upload(&self, key: &str, content: &str) -> StoredVersion {
        let source = self.memory.upload_source(self.knowledge_base).await.unwrap();
        self.store(source.id, key, content).await
    }

    pub(crate) async fn directory_source(&self, path: &std::path::Path) -> SourceId {
        let kind = SourceKind::Directory { path: path.to_owned() };
        let now = self.clock.now();
        self.memory.create_source(self.knowledge_base, "folder", kind, now).await.unwrap().id
    }

    /// Runs jobs until none is due.
    pub(crate) async fn run_jobs(&self) {
        while run_one(&self.ctx, Self::settings()).await.unwrap() {}
    }

    pub(crate) async fn job_of(&self, stored: &StoredVersion) -> Job {
        use footnote_core::ports::JobQueue;
        let id = stored.job.as_ref().unwrap().id;
        self.memory.job(id).await.unwrap().unwrap()
    }

    pub(crate) async fn document(&self, stored: &StoredVersion) -> Option<Document> {
        self.memory.document(stored.document.id).await.unwrap()
    }

    pub(crate) async fn version(&self, stored: &StoredVersion) -> DocumentVersion {
        self.memory.version(stored.version.id).await.unwrap().unwrap()
    }
}
