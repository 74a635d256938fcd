//! A test bed: one knowledge base, and a worker that indexes documents whose text is their content.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use footnote_core::chunk::Chunk;
use footnote_core::document::VersionFacts;
use footnote_core::ids::{ChunkId, GenerationId, VersionId, WorkspaceId};
use footnote_core::job::{Job, JobKind, JobState, Lease, RetryPolicy};
use footnote_core::knowledge_base::{ChunkerSettings, GenerationSpec, KnowledgeBase};
use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::ports::{
    DocumentStore as _, JobQueue as _, ListRequest, NewKnowledgeBase, NewVersion, StoredVersion,
};
use footnote_core::principal::{Principal, Scope};
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::source::Source;
use footnote_core::text::Span;

use super::super::*;
use crate::blobs::FsBlobStore;

/// A lease's length.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct Bed {
    _folder: tempfile::TempDir,
    pub(super) store: SqliteStore,
    pub(super) generation: GenerationId,
    pub(super) kb: KnowledgeBase,
    pub(super) uploads: Source,
}

/// Seconds after a fixed moment: tests say when things happen.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

/// The newest `limit` items.
pub(super) fn first(limit: u32) -> ListRequest {
    ListRequest { after: None, limit }
}

/// Everything in one go, from the newest.
pub(super) fn all() -> ListRequest {
    first(200)
}

pub(super) fn spec(embedder: &str) -> GenerationSpec {
    GenerationSpec {
        embedder: embedder.to_owned(),
        dimension: 3,
        analyzer: 1,
        chunker: ChunkerSettings::default(),
    }
}

impl Bed {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Arc::new(FsBlobStore::open(folder.path().join("blobs")).unwrap());
        let store = SqliteStore::open(&folder.path().join("footnote.db"), blobs).await.unwrap();
        let generation = store.ensure_generation(&spec("e5"), at(0)).await.unwrap().id;
        let kb = create_kb(&store, "handbook", generation).await;
        let uploads = store.upload_source(kb.id).await.unwrap();
        Self { _folder: folder, store, generation, kb, uploads }
    }

    /// Stores `content` under `key`, as an upload does.
    pub(super) async fn upload(&self, key: &str, content: &str) -> StoredVersion {
        self.upload_to(&self.uploads, key, content).await
    }

    pub(super) async fn upload_to(&self, source: &Source, key: &str, content: &str) -> StoredVersion {
        let hash = self.store.blobs.put(content.as_bytes()).await.unwrap();
        let new = NewVersion {
            knowledge_base: source.knowledge_base,
            source: source.id,
            key: key.to_owned(),
            title: key.to_owned(),
            metadata: None,
            password: None,
            content: hash,
            bytes: content.len() as u64,
        };
        self.store.store_version(new, at(1)).await.unwrap()
    }

    pub(super) async fn claim(&self, now: DateTime<Utc>) -> Option<(Job, Lease)> {
        self.store.claim(now, MINUTE, RetryPolicy::default()).await.unwrap()
    }

    /// Claims the next job, which must be there.
    pub(super) async fn take(&self, now: DateTime<Utc>) -> (Job, Lease) {
        self.claim(now).await.expect("a job is due")
    }

    /// Does one job as a worker would; returns it, or `None` where none is due.
    pub(super) async fn work_once(&self) -> Option<Job> {
        let (job, lease) = self.claim(at(12)).await?;
        match job.kind {
            JobKind::IndexVersion { version, .. } => {
                let facts = self.prepare(lease, version).await;
                self.store
                    .activate_version(lease, version, self.generation, (&facts).into(), at(12))
                    .await
                    .unwrap();
            }
            _ => self.store.succeed(lease, at(12)).await.unwrap(),
        }
        Some(job)
    }

    /// Does all jobs that are due; returns their kinds.
    pub(super) async fn work(&self) -> Vec<JobKind> {
        let mut done = Vec::new();
        while let Some(job) = self.work_once().await {
            done.push(job.kind);
        }
        done
    }

    /// Stores text, parsed document and chunks of a version: one chunk per line.
    pub(super) async fn prepare(&self, lease: Lease, version: VersionId) -> VersionFacts {
        let text = match self.store.version(version).await.unwrap() {
            Some(v) => String::from_utf8(self.store.blobs.read(v.content).await.unwrap().unwrap()).unwrap(),
            None => "deleted meanwhile".to_owned(),
        };
        let chunks = chunks_of(&text, version, self.generation);
        self.store.put_chunks(lease, version, self.generation, &chunks).await.unwrap();
        let parsed = ParsedDocument {
            content_type: ContentType::Text,
            title: text.lines().find_map(|l| l.strip_prefix("# ")).map(str::to_owned),
            text: text.clone(),
            pages: Vec::new(),
            blocks: Vec::new(),
            lines: Vec::new(),
            warnings: Vec::new(),
            engine: "test".to_owned(),
        };
        let json = serde_json::to_vec(&parsed).unwrap();
        VersionFacts {
            content_type: ContentType::Text,
            title: parsed.title,
            parsed: self.store.blobs.put(&json).await.unwrap(),
            text: self.store.blobs.put(text.as_bytes()).await.unwrap(),
            chars: text.chars().count() as u64,
            pages: 0,
            ocr_pages: 1,
            tables: 2,
            language: Some("en".to_owned()),
            chunks: u32::try_from(chunks.len()).unwrap(),
            embedded: 0,
            engine: "test".to_owned(),
            warnings: Vec::new(),
        }
    }

    /// What questions to the knowledge base find: all current chunk texts under `versions`.
    pub(super) async fn visible(&self, kb: &KnowledgeBase, versions: &[VersionId]) -> Vec<String> {
        let ids = self.chunk_ids(versions);
        let found = self.store.confirm(scope(kb), &ids).await.unwrap();
        found.into_iter().map(|c| c.text).collect()
    }

    /// Ids of up to 8 chunks of each version.
    pub(super) fn chunk_ids(&self, versions: &[VersionId]) -> Vec<ChunkId> {
        let of = |v: &VersionId| (0..8).map(|n| ChunkId::derive(*v, self.generation, n)).collect::<Vec<_>>();
        versions.iter().flat_map(of).collect()
    }

    pub(super) async fn jobs(&self, state: JobState) -> Vec<Job> {
        self.store.jobs(None, Some(state), all()).await.unwrap().items
    }

    /// Runs SQL that no code of ours would: a test's way to damage data.
    pub(super) async fn vandalise(&self, sql: &'static str) {
        let done = sqlx::query(sql).execute(&self.store.writer).await.unwrap();
        assert!(done.rows_affected() > 0, "nothing was damaged by {sql}");
    }
}

pub(super) async fn create_kb(store: &SqliteStore, name: &str, generation: GenerationId) -> KnowledgeBase {
    let new = NewKnowledgeBase {
        workspace: WorkspaceId::DEFAULT,
        name: name.to_owned(),
        description: String::new(),
        settings: KnowledgeBaseSettings::default(),
        generation,
    };
    store.create_knowledge_base(new, at(0)).await.unwrap()
}

pub(super) fn scope(kb: &KnowledgeBase) -> Scope {
    Principal::local_operator().scope(kb).unwrap()
}

/// One chunk per line, spans in scalar values.
pub(super) fn chunks_of(text: &str, version: VersionId, generation: GenerationId) -> Vec<Chunk> {
    let mut start = 0;
    let mut chunks = Vec::new();
    for (ordinal, line) in text.split('\n').enumerate() {
        let ordinal = u32::try_from(ordinal).unwrap();
        let end = start + line.chars().count();
        chunks.push(Chunk {
            id: ChunkId::derive(version, generation, ordinal),
            version,
            generation,
            ordinal,
            span: Span::new(start, end),
            pages: (ordinal % 2 == 1).then_some((ordinal, ordinal + 1)),
            heading_path: vec!["Leave".to_owned(), "年假".to_owned()],
            embedded_text: footnote_core::hash::ContentHash::of(line.as_bytes()),
            edit: None,
        });
        start = end + 1;
    }
    chunks
}
