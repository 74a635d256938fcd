//! The truth in memory: documents, jobs, schedules.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use footnote_core::chunk::{Chunk, ChunkEdit, NewChunkEdit, RechunkedVersion, StoredChunkEdit};
use footnote_core::document::{
    Document, DocumentVersion, Enrichment, IndexedVersion, Lineage, Metadata, VersionState,
};
use footnote_core::hash::ContentHash;
use footnote_core::ids::*;
use footnote_core::job::{Job, JobKind, JobProgress, JobState, Lease, LeaseState, NewJob, RetryPolicy};
use footnote_core::knowledge_base::{Generation, GenerationSpec, KnowledgeBase};
use footnote_core::parsed::ParsedDocument;
use footnote_core::passage::ConfirmedChunk;
use footnote_core::password::Password;
use footnote_core::ports::*;
use footnote_core::principal::Scope;
use footnote_core::schedule::{Run, RunTrigger, Schedule};
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::source::{RefreshReport, Source, SourceKind};
use footnote_core::text::CanonicalText;
use footnote_core::{Error, Result};

use super::Blobs;

mod edits;
mod queue;
mod rechunking;

struct JobRow {
    job: Job,
    lease: Option<(Lease, DateTime<Utc>)>,
    cancel: bool,
}

#[derive(Default)]
struct State {
    edits: Vec<StoredChunkEdit>,
    /// Made once the chunks of a version have been given theirs.
    edits_meanwhile: Vec<StoredChunkEdit>,
    enrichments: HashMap<VersionId, Enrichment>,
    passwords: HashMap<(SourceId, String), Password>,
    knowledge_bases: Vec<KnowledgeBase>,
    generations: Vec<Generation>,
    sources: Vec<Source>,
    documents: Vec<Document>,
    versions: Vec<DocumentVersion>,
    chunks: BTreeMap<(VersionId, GenerationId), Vec<Chunk>>,
    vectors: HashMap<ContentHash, Vec<f32>>,
    jobs: Vec<JobRow>,
    schedules: Vec<Schedule>,
    runs: Vec<Run>,
    steps: Vec<(RunId, RunStep)>,
    may_retry: HashMap<VersionId, bool>,
}

/// All rows behind one lock.
pub(crate) struct Memory {
    state: Mutex<State>,
    blobs: Arc<Blobs>,
}

fn not_here<T>() -> Result<T> {
    Err(Error::internal("not part of this crate's unit tests"))
}

fn stored_edit(text: &str, edit: ChunkEdit) -> StoredChunkEdit {
    StoredChunkEdit { edit, text: text.to_owned(), updated_at: DateTime::UNIX_EPOCH }
}

impl State {
    fn row(&mut self, lease: Lease) -> Result<&mut JobRow> {
        let row = self.jobs.iter_mut().find(|r| r.lease.is_some_and(|(l, _)| l == lease));
        row.ok_or_else(|| Error::conflict("the lease is lost"))
    }

    fn end(&mut self, lease: Lease, state: JobState, error: Option<&str>, now: DateTime<Utc>) -> Result<()> {
        let row = self.row(lease)?;
        row.job.state = state;
        row.job.error = error.map(str::to_owned);
        row.job.finished_at = Some(now);
        row.lease = None;
        let (kind, attempts) = (row.job.kind.clone(), row.job.attempts);
        match kind {
            JobKind::IndexVersion { version, .. } if state != JobState::Succeeded => {
                self.may_retry.insert(version, state == JobState::Cancelled || attempts > 1);
                let row = self.version(version)?;
                row.state = VersionState::Failed;
                row.failure = Some(error.unwrap_or("cancelled").to_owned());
            }
            JobKind::RefreshSource { run, .. } if state != JobState::Succeeded => {
                let mut report = self.steps_taken(run);
                report.failed.extend(error.map(|reason| (String::new(), reason.to_owned())));
                self.close_run(run, report, now);
            }
            _ => {}
        }
        Ok(())
    }

    fn close_run(&mut self, run: RunId, report: RefreshReport, now: DateTime<Utc>) {
        let run = self.runs.iter_mut().find(|r| r.id == run).unwrap();
        (run.report, run.finished_at) = (Some(report), Some(now));
    }

    fn steps_taken(&self, run: RunId) -> RefreshReport {
        let mut report = RefreshReport::default();
        for (_, step) in self.steps.iter().filter(|(of, _)| *of == run) {
            match step.clone() {
                RunStep::Store { version, is_new: true } => report.added.push(version.key),
                RunStep::Store { version, is_new: false } => report.changed.push(version.key),
                RunStep::Rename { from, to, .. } => report.renamed.push((from, to)),
                RunStep::Remove { key, .. } => report.removed.push(key),
            }
        }
        report
    }

    fn push_job(&mut self, new: NewJob, now: DateTime<Utc>) -> Job {
        let queued = self.jobs.iter().find(|r| r.job.state == JobState::Queued && r.job.kind == new.kind);
        if let Some(row) = queued {
            return row.job.clone();
        }
        let job = Job {
            id: JobId::new(),
            kind: new.kind,
            knowledge_base: new.knowledge_base,
            state: JobState::Queued,
            attempts: 0,
            progress: JobProgress::default(),
            error: None,
            run_at: new.run_at,
            created_at: now,
            updated_at: now,
            finished_at: None,
        };
        self.jobs.push(JobRow { job: job.clone(), lease: None, cancel: false });
        job
    }

    fn generation_of(&self, document: &Document) -> GenerationId {
        self.knowledge_bases.iter().find(|k| k.id == document.knowledge_base).unwrap().generation
    }

    fn sweep(&mut self, document: &Document, version: VersionId, now: DateTime<Utc>) {
        let kind = JobKind::SweepVersion { version, generation: self.generation_of(document) };
        let knowledge_base = Some(document.knowledge_base);
        self.push_job(NewJob { kind, knowledge_base, run_at: now }, now);
    }

    fn version(&mut self, id: VersionId) -> Result<&mut DocumentVersion> {
        self.versions.iter_mut().find(|v| v.id == id).ok_or_else(|| Error::not_found("version"))
    }

    fn start_run(&mut self, source: SourceId, trigger: RunTrigger, now: DateTime<Utc>) -> (Run, bool) {
        if let Some(run) = self.runs.iter().find(|r| r.source == source && r.finished_at.is_none()) {
            return (run.clone(), false);
        }
        let id = RunId::new();
        let kind = JobKind::RefreshSource { source, run: id };
        let job = self.push_job(NewJob { kind, knowledge_base: None, run_at: now }, now).id;
        let (state, error) = (JobState::Queued, None);
        let run =
            Run { id, source, job, trigger, created_at: now, finished_at: None, state, error, report: None };
        self.runs.push(run.clone());
        (run, true)
    }
}

impl Memory {
    /// Loses everything, as a database does that was not restored.
    pub(crate) fn lose_everything(&self) {
        *self.state() = State::default();
    }

    pub(crate) fn new(blobs: Arc<Blobs>) -> Self {
        Self { state: Mutex::default(), blobs }
    }

    pub(crate) fn add_knowledge_base(&self, spec: GenerationSpec) -> KnowledgeBaseId {
        let generation = Generation { id: GenerationId::new(), spec };
        let (id, created_at) = (KnowledgeBaseId::new(), DateTime::UNIX_EPOCH);
        let mut state = self.state();
        state.knowledge_bases.push(KnowledgeBase {
            id,
            workspace: WorkspaceId::DEFAULT,
            name: "kb".to_owned(),
            description: String::new(),
            settings: KnowledgeBaseSettings::default(),
            generation: generation.id,
            next_generation: None,
            created_at,
        });
        state.generations.push(generation);
        let kind = SourceKind::Upload;
        let name = "uploads".to_owned();
        state.sources.push(Source { id: SourceId::new(), knowledge_base: id, name, kind, created_at });
        id
    }

    pub(crate) fn all_jobs(&self) -> Vec<Job> {
        self.state().jobs.iter().map(|r| r.job.clone()).collect()
    }

    pub(crate) fn describe(&self, id: DocumentId, metadata: Metadata) {
        self.state().documents.iter_mut().find(|d| d.id == id).unwrap().metadata = metadata;
    }

    /// Has somebody edit a chunk with this text.
    pub(crate) fn edit(&self, text: &str, edit: ChunkEdit) {
        self.state().edits.push(stored_edit(text, edit));
    }

    /// The same while the next version is being indexed.
    pub(crate) fn edit_meanwhile(&self, text: &str, edit: ChunkEdit) {
        self.state().edits_meanwhile.push(stored_edit(text, edit));
    }

    pub(crate) fn forget_vectors(&self) {
        self.state().vectors.clear();
    }

    pub(crate) fn run_row(&self, id: RunId) -> Run {
        self.state().runs.iter().find(|r| r.id == id).unwrap().clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

#[async_trait]
impl DocumentStore for Memory {
    async fn create_knowledge_base(&self, _: NewKnowledgeBase, _: DateTime<Utc>) -> Result<KnowledgeBase> {
        not_here()
    }
    async fn knowledge_base(&self, id: KnowledgeBaseId) -> Result<Option<KnowledgeBase>> {
        Ok(self.state().knowledge_bases.iter().find(|k| k.id == id).cloned())
    }
    async fn knowledge_base_named(&self, _: WorkspaceId, _: &str) -> Result<Option<KnowledgeBase>> {
        not_here()
    }
    async fn knowledge_bases(&self, _: WorkspaceId, _: ListRequest) -> Result<Listing<KnowledgeBase>> {
        Ok(Listing { items: self.state().knowledge_bases.clone(), next: None })
    }
    async fn update_knowledge_base(
        &self,
        _: KnowledgeBaseId,
        _: &str,
        _: &KnowledgeBaseSettings,
        _: DateTime<Utc>,
    ) -> Result<Option<KnowledgeBase>> {
        not_here()
    }
    async fn change_generation(
        &self,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> Result<Option<KnowledgeBase>> {
        Ok(Some(self.state().change_generation(id, generation, now)))
    }
    async fn versions_to_rechunk(
        &self,
        _: KnowledgeBaseId,
        generation: GenerationId,
    ) -> Result<Vec<VersionId>> {
        Ok(self.state().left(generation))
    }
    async fn put_rechunked(&self, lease: Lease, rechunked: RechunkedVersion<'_>) -> Result<bool> {
        self.state().put_rechunked(lease, rechunked)
    }
    async fn finish_generation_change(
        &self,
        lease: Lease,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        self.state().finish_generation_change(lease, id, generation, now)
    }
    async fn forget_swept(&self, version: VersionId, generation: GenerationId) -> Result<()> {
        self.state().forget_swept(version, generation);
        Ok(())
    }
    async fn delete_knowledge_base(&self, _: KnowledgeBaseId, _: DateTime<Utc>) -> Result<bool> {
        not_here()
    }
    async fn ensure_generation(&self, _: &GenerationSpec, _: DateTime<Utc>) -> Result<Generation> {
        not_here()
    }
    async fn generations(&self) -> Result<Vec<Generation>> {
        Ok(self.state().generations.clone())
    }
    async fn create_source(
        &self,
        knowledge_base: KnowledgeBaseId,
        name: &str,
        kind: SourceKind,
        now: DateTime<Utc>,
    ) -> Result<Source> {
        let name = name.to_owned();
        let source = Source { id: SourceId::new(), knowledge_base, name, kind, created_at: now };
        self.state().sources.push(source.clone());
        Ok(source)
    }
    async fn source(&self, id: SourceId) -> Result<Option<Source>> {
        Ok(self.state().sources.iter().find(|s| s.id == id).cloned())
    }
    async fn sources(&self, _: KnowledgeBaseId) -> Result<Vec<Source>> {
        Ok(self.state().sources.clone())
    }
    async fn upload_source(&self, _: KnowledgeBaseId) -> Result<Source> {
        Ok(self.state().sources[0].clone())
    }
    async fn delete_source(&self, _: SourceId, _: DateTime<Utc>) -> Result<bool> {
        not_here()
    }
    async fn store_version(&self, new: NewVersion, now: DateTime<Utc>) -> Result<StoredVersion> {
        let mut state = self.state();
        let found = state.documents.iter().position(|d| d.source == new.source && d.key == new.key);
        let at = found.unwrap_or(state.documents.len());
        if let Some(password) = new.password.clone() {
            state.passwords.insert((new.source, new.key.clone()), password);
        }
        if found.is_none() {
            state.documents.push(Document {
                id: DocumentId::new(),
                knowledge_base: new.knowledge_base,
                source: new.source,
                parent: None,
                key: new.key,
                title: new.title,
                metadata: new.metadata.unwrap_or_default(),
                current: None,
                created_at: now,
                updated_at: now,
            });
        }
        let document = state.documents[at].clone();
        let newest = state.versions.iter().rev().find(|v| v.document == document.id);
        if let Some(same) = newest.filter(|v| v.content == new.content && v.state != VersionState::Failed) {
            return Ok(StoredVersion { document, version: same.clone(), job: None });
        }
        let version = DocumentVersion {
            id: VersionId::new(),
            document: document.id,
            content: new.content,
            bytes: new.bytes,
            state: VersionState::Pending,
            failure: None,
            parsed: None,
            created_at: now,
            activated_at: None,
            retired_at: None,
        };
        state.versions.push(version.clone());
        let kind = JobKind::IndexVersion { document: document.id, version: version.id };
        let knowledge_base = Some(document.knowledge_base);
        let job = state.push_job(NewJob { kind, knowledge_base, run_at: now }, now);
        Ok(StoredVersion { document, version, job: Some(job) })
    }
    async fn rename_document(&self, id: DocumentId, key: &str, title: &str, _: DateTime<Utc>) -> Result<()> {
        let mut state = self.state();
        let document = state.documents.iter_mut().find(|d| d.id == id).unwrap();
        (document.key, document.title) = (key.to_owned(), title.to_owned());
        Ok(())
    }
    async fn document(&self, id: DocumentId) -> Result<Option<Document>> {
        Ok(self.state().documents.iter().find(|d| d.id == id).cloned())
    }
    async fn documents(
        &self,
        _: KnowledgeBaseId,
        _: DocumentFilter,
        _: ListRequest,
    ) -> Result<Listing<ListedDocument>> {
        not_here()
    }
    async fn version(&self, id: VersionId) -> Result<Option<DocumentVersion>> {
        Ok(self.state().versions.iter().find(|v| v.id == id).cloned())
    }
    async fn versions(&self, _: DocumentId) -> Result<Vec<DocumentVersion>> {
        not_here()
    }
    async fn delete_document(&self, id: DocumentId, now: DateTime<Utc>) -> Result<bool> {
        let mut state = self.state();
        let Some(at) = state.documents.iter().position(|d| d.id == id) else {
            return Ok(false);
        };
        let document = state.documents.remove(at);
        let versions: Vec<_> = state.versions.iter().filter(|v| v.document == id).map(|v| v.id).collect();
        for version in versions {
            state.version(version)?.state = VersionState::Retired;
            state.sweep(&document, version, now);
        }
        Ok(true)
    }
    async fn lineage(&self, _: DocumentId) -> Result<Lineage> {
        Ok(Lineage::default())
    }
    async fn source_contents(&self, source: SourceId) -> Result<Vec<(DocumentId, String, ContentHash)>> {
        let state = self.state();
        let documents = state.documents.iter().filter(|d| d.source == source);
        let newest = |d: &Document| state.versions.iter().rev().find(|v| v.document == d.id).unwrap().content;
        Ok(documents.map(|d| (d.id, d.key.clone(), newest(d))).collect())
    }
    async fn source_failures(&self, source: SourceId) -> Result<HashMap<DocumentId, VersionFailure>> {
        let state = self.state();
        let mut failures = HashMap::new();
        for document in state.documents.iter().filter(|d| d.source == source) {
            let newest = state.versions.iter().rev().find(|v| v.document == document.id).unwrap();
            if newest.state == VersionState::Failed {
                let reason = newest.failure.clone().unwrap_or_default();
                let may_retry = state.may_retry[&newest.id];
                failures.insert(document.id, VersionFailure { reason, may_retry });
            }
        }
        Ok(failures)
    }
    async fn put_chunks(
        &self,
        lease: Lease,
        version: VersionId,
        generation: GenerationId,
        chunks: &[Chunk],
    ) -> Result<()> {
        let mut state = self.state();
        state.row(lease)?;
        state.chunks.insert((version, generation), chunks.to_vec());
        let meanwhile = std::mem::take(&mut state.edits_meanwhile);
        state.edits.extend(meanwhile);
        Ok(())
    }
    async fn chunks(&self, version: VersionId, generation: GenerationId) -> Result<Vec<Chunk>> {
        Ok(self.state().chunks.get(&(version, generation)).cloned().unwrap_or_default())
    }
    async fn chunks_between(
        &self,
        version: VersionId,
        generation: GenerationId,
        ordinals: RangeInclusive<u32>,
    ) -> Result<Vec<Chunk>> {
        let mut chunks = self.chunks(version, generation).await?;
        chunks.retain(|chunk| ordinals.contains(&chunk.ordinal));
        Ok(chunks)
    }
    async fn password(&self, source: SourceId, key: &str) -> Result<Option<Password>> {
        Ok(self.state().passwords.get(&(source, key.to_owned())).cloned())
    }
    async fn put_enrichment(&self, version: VersionId, enrichment: &Enrichment) -> Result<()> {
        self.state().enrichments.insert(version, enrichment.clone());
        Ok(())
    }
    async fn enrichment(&self, version: VersionId) -> Result<Option<Enrichment>> {
        Ok(self.state().enrichments.get(&version).cloned())
    }
    async fn chunk_edits(&self, _: DocumentId) -> Result<Vec<StoredChunkEdit>> {
        Ok(self.state().edits.clone())
    }
    async fn put_chunk_edit(
        &self,
        document: DocumentId,
        edit: NewChunkEdit,
        now: DateTime<Utc>,
    ) -> Result<Option<Job>> {
        Ok(self.state().put_chunk_edit(document, edit, now))
    }
    async fn activate_version(
        &self,
        lease: Lease,
        version: VersionId,
        _: GenerationId,
        indexed: IndexedVersion<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let IndexedVersion { facts, members, edits } = indexed;
        assert!(members.is_empty(), "members are told of in `tests/`");
        let mut state = self.state();
        if state.edits.iter().map(|stored| stored.edit.id).ne(edits.iter().copied()) {
            return Err(Error::unavailable("edited meanwhile"));
        }
        state.end(lease, JobState::Succeeded, None, now)?;
        let row = state.version(version)?;
        (row.state, row.parsed, row.activated_at) = (VersionState::Current, Some(facts.clone()), Some(now));
        let document = row.document;
        let Some(document) = state.documents.iter_mut().find(|d| d.id == document) else {
            state.version(version)?.state = VersionState::Retired;
            return Ok(());
        };
        let old = document.current.replace(version);
        let document = document.clone();
        if let Some(old) = old.filter(|&old| old != version) {
            state.version(old)?.state = VersionState::Retired;
            state.sweep(&document, old, now);
        }
        Ok(())
    }
    async fn fail_version(
        &self,
        lease: Lease,
        version: VersionId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut state = self.state();
        state.version(version)?;
        state.end(lease, JobState::Failed, Some(reason), now)
    }
    async fn vectors(&self, _: &str, texts: &[ContentHash]) -> Result<HashMap<ContentHash, Vec<f32>>> {
        let state = self.state();
        Ok(texts.iter().filter_map(|t| Some((*t, state.vectors.get(t)?.clone()))).collect())
    }
    async fn put_vectors(&self, _: &str, vectors: &[(ContentHash, Vec<f32>)]) -> Result<()> {
        self.state().vectors.extend(vectors.iter().cloned());
        Ok(())
    }
    async fn prune_vectors(&self) -> Result<u64> {
        Ok(0)
    }
    async fn forget_deleted(&self, _: DateTime<Utc>, _: DateTime<Utc>) -> Result<u64> {
        Ok(0)
    }

    async fn prune_chunks(&self) -> Result<u64> {
        Ok(0)
    }
    async fn named_blobs(&self) -> Result<HashSet<ContentHash>> {
        let state = self.state();
        let lives = |v: &&DocumentVersion| state.documents.iter().any(|d| d.id == v.document);
        let named = state.versions.iter().filter(lives).flat_map(|v| {
            let facts = v.parsed.iter().flat_map(|f| [f.parsed, f.text]);
            std::iter::once(v.content).chain(facts)
        });
        Ok(named.collect())
    }
    async fn oldest_pending(&self) -> Result<Option<DateTime<Utc>>> {
        let state = self.state();
        let pending = state.versions.iter().filter(|v| v.state == VersionState::Pending);
        Ok(pending.map(|v| v.created_at).min())
    }
    async fn confirm(&self, _: Scope, _: &[ChunkId]) -> Result<Vec<ConfirmedChunk>> {
        not_here()
    }
    async fn past_versions(&self, _: Scope) -> Result<Vec<(VersionId, GenerationId)>> {
        not_here()
    }
    async fn canonical_text(&self, version: VersionId) -> Result<Option<CanonicalText>> {
        let parsed = self.parsed(version).await?;
        Ok(parsed.map(|p| CanonicalText::new(p.text.as_str())))
    }
    async fn parsed(&self, version: VersionId) -> Result<Option<Arc<ParsedDocument>>> {
        let hash = self.state().version(version)?.parsed.as_ref().map(|f| f.parsed);
        let Some(hash) = hash else { return Ok(None) };
        let json = self.blobs.read(hash).await?.unwrap();
        Ok(Some(Arc::new(serde_json::from_slice(&json).unwrap())))
    }
    async fn expected_versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>> {
        let state = self.state();
        let current = state.documents.iter().filter_map(|d| d.current);
        Ok(current.map(|v| (v, state.chunks[&(v, generation)].len() as u64)).collect())
    }
    async fn pending_among(&self, versions: &[VersionId]) -> Result<Vec<VersionId>> {
        let state = self.state();
        let pending = state.versions.iter().filter(|v| v.state == VersionState::Pending);
        Ok(pending.map(|v| v.id).filter(|v| versions.contains(v)).collect())
    }
}
