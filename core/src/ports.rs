//! The seams: what the outside world must offer, as small trait objects.
//!
//! To add a backend: implement the trait in its crate, run the seam's conformance suite in
//! `tests/` over it, and choose it in `footnote_store::open` or `api::app`, nowhere else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

mod indexes;
mod jobs;
mod models;

pub use indexes::{KeywordIndex, VectorIndex};
pub use jobs::JobQueue;
pub use models::{
    Embedder, GenerationEvent, GenerationRequest, Generator, PromptSize, Reranker, TokenCounter,
};

use crate::Result;
use crate::answer::{Conversation, ConversationSummary, Message};
use crate::chunk::{Chunk, NewChunkEdit, RechunkedVersion, StoredChunkEdit};
use crate::document::{
    Document, DocumentVersion, Enrichment, IndexedVersion, Lineage, Metadata, VersionState,
};
use crate::feedback::Feedback;
use crate::hash::ContentHash;
use crate::ids::{
    ApiKeyId, ChunkId, ConversationId, DocumentId, GenerationId, KnowledgeBaseId, MessageId, RunId,
    ScheduleId, SourceId, VersionId, WorkspaceId,
};
use crate::job::{Job, Lease};
use crate::knowledge_base::{Generation, GenerationSpec, KnowledgeBase};
use crate::parsed::{ParsedDocument, WarningKind};
use crate::passage::ConfirmedChunk;
use crate::password::Password;
use crate::principal::{ApiKey, Scope};
use crate::receipt::{Receipt, ReceiptSummary};
use crate::schedule::{Run, RunTrigger, Schedule};
use crate::settings::KnowledgeBaseSettings;
use crate::source::{RefreshReport, Source, SourceKind};
use crate::text::CanonicalText;

/// Tells the time. Passed in, so that tests can set it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Continue after the item with this id; `None` starts at the newest.
    pub after: Option<uuid::Uuid>,
    /// Items at the most, 1 to 200.
    pub limit: u32,
}

/// A part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass as `after` for the next part; `None` at the end.
    pub next: Option<uuid::Uuid>,
}

/// A knowledge base to be created.
#[derive(Debug, Clone)]
pub struct NewKnowledgeBase {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// Unique within the workspace.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Validated settings.
    pub settings: KnowledgeBaseSettings,
    /// The generation it starts with.
    pub generation: GenerationId,
}

/// A stored original that becomes a version of the document with this key.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The knowledge base.
    pub knowledge_base: KnowledgeBaseId,
    /// The source.
    pub source: SourceId,
    /// The document's key within the source.
    pub key: String,
    /// Title until parsing finds a better one; usually the file name.
    pub title: String,
    /// Replaces the document's metadata; `None` keeps it.
    pub metadata: Option<Metadata>,
    /// Opens it; `None` keeps what was given before. Forgotten with the document.
    pub password: Option<Password>,
    /// Name of the original's blob.
    pub content: ContentHash,
    /// Its length.
    pub bytes: u64,
}

/// What became of a [`NewVersion`].
#[derive(Debug, Clone)]
pub struct StoredVersion {
    /// The document, new or known.
    pub document: Document,
    /// The version that has this content.
    pub version: DocumentVersion,
    /// The job that indexes it: new, or the one already under way; or the one that tells the indexes
    /// its new title and metadata. `None` where all is as it was: there is nothing to do.
    pub job: Option<Job>,
}

/// Why the newest version of a document could not be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFailure {
    /// The reason, for people.
    pub reason: String,
    /// Whether trying again may help: it was cancelled, or the fault was not its content's.
    pub may_retry: bool,
}

/// One change that a refresh makes.
#[derive(Debug, Clone)]
pub enum RunStep {
    /// Stores the content of a key: new to the source, or changed.
    Store {
        /// The content.
        version: NewVersion,
        /// Whether the source had no document under this key.
        is_new: bool,
    },
    /// Gives a document another key.
    Rename {
        /// The document.
        document: DocumentId,
        /// Its key so far.
        from: String,
        /// Its key from now on.
        to: String,
        /// Its title from now on.
        title: String,
    },
    /// Deletes a document.
    Remove {
        /// The document.
        document: DocumentId,
        /// Its key.
        key: String,
    },
}

/// Narrows a list of documents.
#[derive(Debug, Clone, Default)]
pub struct DocumentFilter {
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only the members of this document.
    pub parent: Option<DocumentId>,
    /// Only those whose newest version stands so.
    pub state: Option<VersionState>,
    /// Only those of whose newest version the warnings say so.
    pub warnings: Option<WarningFilter>,
}

/// What the warnings of a version have to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningFilter {
    /// Something was lost or is doubtful.
    LostOrDoubtful,
    /// Neither.
    NeitherLostNorDoubtful,
    /// One is of this kind.
    OfKind(WarningKind),
}

/// A document as listed: with its newest version, current or not.
#[derive(Debug, Clone)]
pub struct ListedDocument {
    /// The document.
    pub document: Document,
    /// The version stored last.
    pub newest: DocumentVersion,
}

/// Knowledge bases, sources, documents, versions, chunks and vectors: the truth.
///
/// "Not found" is `None`. Deleted things are never returned. Every method is one transaction.
#[async_trait]
pub trait DocumentStore: Send + Sync {
    /// Creates a knowledge base and its upload source. Conflict where the name is taken.
    async fn create_knowledge_base(&self, new: NewKnowledgeBase, now: DateTime<Utc>)
    -> Result<KnowledgeBase>;
    /// One knowledge base.
    async fn knowledge_base(&self, id: KnowledgeBaseId) -> Result<Option<KnowledgeBase>>;
    /// One knowledge base by its exact name.
    async fn knowledge_base_named(&self, workspace: WorkspaceId, name: &str)
    -> Result<Option<KnowledgeBase>>;
    /// The knowledge bases of a workspace.
    async fn knowledge_bases(
        &self,
        workspace: WorkspaceId,
        list: ListRequest,
    ) -> Result<Listing<KnowledgeBase>>;
    /// Replaces description and settings. Where enrichment is wanted from now on, it is queued for every version
    /// that is current.
    async fn update_knowledge_base(
        &self,
        id: KnowledgeBaseId,
        description: &str,
        settings: &KnowledgeBaseSettings,
        now: DateTime<Utc>,
    ) -> Result<Option<KnowledgeBase>>;
    /// Has the knowledge base change to this generation: a job indexes its current versions there, and then flips
    /// ([`Self::put_rechunked`], [`Self::finish_generation_change`]); until then the present one answers. Another change
    /// that is under way is given up, also where this is the present generation. `None` where it does not exist.
    async fn change_generation(
        &self,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> Result<Option<KnowledgeBase>>;
    /// Hides it and all it holds at once, and queues the sweeps. False where it does not exist.
    async fn delete_knowledge_base(&self, id: KnowledgeBaseId, now: DateTime<Utc>) -> Result<bool>;

    /// The generation with this spec, created if it is new.
    async fn ensure_generation(&self, spec: &GenerationSpec, now: DateTime<Utc>) -> Result<Generation>;
    /// All generations.
    async fn generations(&self) -> Result<Vec<Generation>>;

    /// Creates a source. Conflict where the name is taken.
    async fn create_source(
        &self,
        knowledge_base: KnowledgeBaseId,
        name: &str,
        kind: SourceKind,
        now: DateTime<Utc>,
    ) -> Result<Source>;
    /// One source.
    async fn source(&self, id: SourceId) -> Result<Option<Source>>;
    /// The sources of a knowledge base.
    async fn sources(&self, knowledge_base: KnowledgeBaseId) -> Result<Vec<Source>>;
    /// The one source that takes a knowledge base's uploads.
    async fn upload_source(&self, knowledge_base: KnowledgeBaseId) -> Result<Source>;
    /// Removes a source with its schedules and documents. False where it does not exist.
    async fn delete_source(&self, id: SourceId, now: DateTime<Utc>) -> Result<bool>;

    /// Stores document, pending version and indexing job in one transaction. Content equal to the
    /// current or pending version's changes nothing but title and metadata, which a job then tells
    /// the indexes. Failed content is tried again.
    async fn store_version(&self, new: NewVersion, now: DateTime<Utc>) -> Result<StoredVersion>;
    /// Gives a document another key within its source (its file was renamed). A job tells the
    /// indexes its new title, where that changes.
    async fn rename_document(&self, id: DocumentId, key: &str, title: &str, now: DateTime<Utc>)
    -> Result<()>;
    /// One document.
    async fn document(&self, id: DocumentId) -> Result<Option<Document>>;
    /// The documents of a knowledge base.
    async fn documents(
        &self,
        knowledge_base: KnowledgeBaseId,
        filter: DocumentFilter,
        list: ListRequest,
    ) -> Result<Listing<ListedDocument>>;
    /// One version.
    async fn version(&self, id: VersionId) -> Result<Option<DocumentVersion>>;
    /// All versions of a document, newest first.
    async fn versions(&self, document: DocumentId) -> Result<Vec<DocumentVersion>>;
    /// How deep a document lies within others and what was found beside it there.
    async fn lineage(&self, id: DocumentId) -> Result<Lineage>;
    /// Hides a document with its members at once and queues the sweep of their versions. False where it does
    /// not exist.
    async fn delete_document(&self, id: DocumentId, now: DateTime<Utc>) -> Result<bool>;
    /// Document, key and content of the newest version of everything a source holds, without what is a
    /// member of another document: that comes and goes with it.
    async fn source_contents(&self, source: SourceId) -> Result<Vec<(DocumentId, String, ContentHash)>>;
    /// Those documents of a source, members aside, whose newest version failed.
    async fn source_failures(&self, source: SourceId) -> Result<HashMap<DocumentId, VersionFailure>>;

    /// Replaces the version's chunk rows of one generation. Fenced by the lease.
    async fn put_chunks(
        &self,
        lease: Lease,
        version: VersionId,
        generation: GenerationId,
        chunks: &[Chunk],
    ) -> Result<()>;
    /// The version's chunk rows in order.
    async fn chunks(&self, version: VersionId, generation: GenerationId) -> Result<Vec<Chunk>>;
    /// Those of [`Self::chunks`] with these ordinals.
    async fn chunks_between(
        &self,
        version: VersionId,
        generation: GenerationId,
        ordinals: RangeInclusive<u32>,
    ) -> Result<Vec<Chunk>>;
    /// Remembers what a model wrote about a version.
    async fn put_enrichment(&self, version: VersionId, enrichment: &Enrichment) -> Result<()>;
    /// What a model wrote about a version.
    async fn enrichment(&self, version: VersionId) -> Result<Option<Enrichment>>;
    /// What opens the source's document of this key, where anybody told.
    async fn password(&self, source: SourceId, key: &str) -> Result<Option<Password>>;
    /// A document's edits, oldest first.
    async fn chunk_edits(&self, document: DocumentId) -> Result<Vec<StoredChunkEdit>>;
    /// Puts the edit in the place of any that the chunk has, and queues that the indexes learn it; one that says
    /// nothing only removes. Chunks of retired versions keep theirs. `None` where the chunk is not of the document's
    /// current version, and for a model's edit where a person has made one.
    async fn put_chunk_edit(
        &self,
        document: DocumentId,
        edit: NewChunkEdit,
        now: DateTime<Utc>,
    ) -> Result<Option<Job>>;
    /// Makes the version current, retires the one before, queues its sweep and ends the job, all
    /// at once. Call it only after both indexes acknowledged the version durably. Conflict where
    /// the lease is lost. A version older than the current one is retired instead of made current,
    /// and a deleted document's version is retired and swept.
    ///
    /// With the version its members become documents, or get versions where they are known, each with a job;
    /// members that it has no more are deleted. A key that another document has gets a number.
    ///
    /// Unavailable, and to be done again, where a person edited the document's chunks since those of the version were
    /// given their edits. A model's edit that has no place in the version is given to no later one.
    async fn activate_version(
        &self,
        lease: Lease,
        version: VersionId,
        generation: GenerationId,
        indexed: IndexedVersion<'_>,
        now: DateTime<Utc>,
    ) -> Result<()>;
    /// Current versions that have no chunks yet in the generation that their knowledge base changes to; none where it
    /// does not change to this one.
    async fn versions_to_rechunk(
        &self,
        id: KnowledgeBaseId,
        generation: GenerationId,
    ) -> Result<Vec<VersionId>>;
    /// Stores the version's chunk rows of the generation that its knowledge base changes to: with that it is done, until
    /// an edit, a title or metadata change. Call it only after both indexes acknowledged them durably. Fenced by the
    /// lease. False, and nothing stored, where the document, its edits or the knowledge base changed meanwhile.
    async fn put_rechunked(&self, lease: Lease, rechunked: RechunkedVersion<'_>) -> Result<bool>;
    /// Flips the knowledge base to the generation that it changes to, queues the sweep of the one before and ends the
    /// job, all at once. False where current versions are left to be indexed. Fenced by the lease.
    async fn finish_generation_change(
        &self,
        lease: Lease,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> Result<bool>;
    /// Removes a current version's chunk rows of a generation that neither answers nor is about to, once its entries
    /// there are swept; others are left alone. What is cited names text and places in it, not chunks.
    async fn forget_swept(&self, version: VersionId, generation: GenerationId) -> Result<()>;
    /// Marks the version failed and ends the job as failed. Conflict where the lease is lost.
    async fn fail_version(
        &self,
        lease: Lease,
        version: VersionId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<()>;

    /// The known vectors of these texts (hashes of what was embedded).
    async fn vectors(&self, embedder: &str, texts: &[ContentHash]) -> Result<HashMap<ContentHash, Vec<f32>>>;
    /// Remembers vectors.
    async fn put_vectors(&self, embedder: &str, vectors: &[(ContentHash, Vec<f32>)]) -> Result<()>;
    /// Forgets vectors that no chunk of a document uses in any of its versions; returns how many. Bit by
    /// bit, so that others may write in between.
    async fn prune_vectors(&self) -> Result<u64>;
    /// Forgets the chunk rows of deleted documents, with their edits and enrichments; returns how many chunk rows. Bit
    /// by bit, too.
    async fn prune_chunks(&self) -> Result<u64>;
    /// Forgets the texts of deleted documents in what was made of them: receipts, feedback, messages and summaries
    /// (see [`forgetting`](crate::forgetting)), and all of these of deleted knowledge bases; then removes from the disk
    /// what the database itself still holds of anything removed. Returns how many rows were changed or removed. What
    /// was deleted after `settled` is looked for again by the next call: an answer may be being made of it.
    async fn forget_deleted(&self, settled: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64>;

    /// Those of the chunks that are current (or were at the scope's time) and within the scope, in the order
    /// given, with their text. The rest is left out: an index may lag, the truth does not.
    async fn confirm(&self, scope: Scope, chunks: &[ChunkId]) -> Result<Vec<ConfirmedChunk>>;
    /// Versions within the scope that were current at its time and are retired now, each with a generation
    /// that has its chunk rows; empty for a scope without a time.
    async fn past_versions(&self, scope: Scope) -> Result<Vec<(VersionId, GenerationId)>>;
    /// The canonical text of a version, current or retired.
    async fn canonical_text(&self, version: VersionId) -> Result<Option<CanonicalText>>;
    /// The parsed document of a version, current or retired.
    async fn parsed(&self, version: VersionId) -> Result<Option<Arc<ParsedDocument>>>;

    /// Versions that a generation's indexes must hold, with their chunk counts.
    async fn expected_versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>>;
    /// Of these versions, those that an index may rightly hold although they are not expected:
    /// pending ones, whose job is writing them now, and current ones that are being indexed for the generation that
    /// their knowledge base changes to.
    async fn pending_among(&self, versions: &[VersionId]) -> Result<Vec<VersionId>>;
    /// The blobs that documents which are not deleted name: originals, parsed documents, texts.
    async fn named_blobs(&self) -> Result<HashSet<ContentHash>>;
    /// When the oldest version that waits for its indexing, or is being indexed, was stored: its job
    /// may have made blobs since that no row names yet.
    async fn oldest_pending(&self) -> Result<Option<DateTime<Utc>>>;
}

/// Schedules and run histories.
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// Stores a schedule whose expression and zone were checked.
    async fn create_schedule(&self, schedule: Schedule) -> Result<()>;
    /// The schedules of a source.
    async fn schedules(&self, source: SourceId) -> Result<Vec<Schedule>>;
    /// One schedule.
    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>>;
    /// Removes one; false where it does not exist.
    async fn delete_schedule(&self, id: ScheduleId) -> Result<bool>;
    /// Enabled schedules whose time has come.
    async fn due_schedules(&self, now: DateTime<Utc>) -> Result<Vec<Schedule>>;
    /// Moves the schedule on to `next` and queues one refresh, in one transaction; where a refresh
    /// of the source is queued or running, none is queued. Does nothing where another process has
    /// already moved it on from `seen`.
    async fn fire_schedule(
        &self,
        id: ScheduleId,
        seen: DateTime<Utc>,
        next: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Run>>;
    /// Queues a refresh now; returns the run under way where there is one.
    async fn start_run(&self, source: SourceId, trigger: RunTrigger, now: DateTime<Utc>) -> Result<Run>;
    /// Makes one change and notes it in the run's history, in one transaction fenced by the lease: a
    /// run that is interrupted and resumed still tells all that it changed. Conflict and not found
    /// as the change itself has them.
    async fn take_step(&self, lease: Lease, run: RunId, step: RunStep, now: DateTime<Utc>) -> Result<()>;
    /// What the steps of a run have changed so far.
    async fn steps_taken(&self, run: RunId) -> Result<RefreshReport>;
    /// Stores what a run changed and ends its job, in one transaction fenced by the lease. The report
    /// of a run that ends otherwise is made of its steps.
    async fn finish_run(
        &self,
        lease: Lease,
        run: RunId,
        report: &RefreshReport,
        now: DateTime<Utc>,
    ) -> Result<()>;
    /// The history of a source.
    async fn runs(&self, source: SourceId, list: ListRequest) -> Result<Listing<Run>>;
}

/// API keys and idempotency records.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Stores a key.
    async fn create_key(&self, key: ApiKey) -> Result<()>;
    /// The key with this secret hash, revoked or not.
    async fn key_by_hash(&self, secret_hash: &[u8; 32]) -> Result<Option<ApiKey>>;
    /// The key with this id, revoked or not.
    async fn key(&self, id: ApiKeyId) -> Result<Option<ApiKey>>;
    /// The keys of a workspace.
    async fn keys(&self, workspace: WorkspaceId) -> Result<Vec<ApiKey>>;
    /// Revokes a key; false where it does not exist.
    async fn revoke_key(&self, id: ApiKeyId, now: DateTime<Utc>) -> Result<bool>;
    /// Takes an idempotency key of this API key for a request, for 24 hours. Conflict where another
    /// request has it, by its fingerprint, or where the same request is under way. A request that
    /// was interrupted holds it for a short time only.
    async fn reserve_response(
        &self,
        key: ApiKeyId,
        idempotency_key: &str,
        fingerprint: ContentHash,
        now: DateTime<Utc>,
    ) -> Result<Reservation>;
    /// Remembers the response of the request that holds the idempotency key, in place of what was
    /// remembered before.
    async fn remember_response(&self, key: ApiKeyId, idempotency_key: &str, response: &str) -> Result<()>;
    /// Gives the idempotency key free where the request that holds it has no response: it failed.
    async fn release_response(&self, key: ApiKeyId, idempotency_key: &str) -> Result<()>;
}

/// What became of an attempt to take an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// It is taken: the work is the caller's to do.
    Taken,
    /// The same request was answered with this.
    Answered(String),
}

/// Conversations and their messages.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Begins a conversation with its first messages, all or nothing.
    async fn create_conversation(&self, conversation: Conversation, messages: &[Message]) -> Result<()>;
    /// One conversation.
    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>>;
    /// The conversations of a knowledge base, of one owner or of all.
    async fn conversations(
        &self,
        knowledge_base: KnowledgeBaseId,
        owner: Option<ApiKeyId>,
        list: ListRequest,
    ) -> Result<Listing<Conversation>>;
    /// Appends messages, all or none.
    async fn append_messages(&self, messages: &[Message]) -> Result<()>;
    /// The messages in order.
    async fn messages(&self, conversation: ConversationId) -> Result<Vec<Message>>;
    /// What its older turns were about, where that was summarised.
    async fn summary(&self, conversation: ConversationId) -> Result<Option<ConversationSummary>>;
    /// Keeps a summary in place of one that covers fewer messages; one that covers as many or more stays.
    /// Not found where the conversation is gone.
    async fn put_summary(&self, conversation: ConversationId, summary: &ConversationSummary) -> Result<()>;
    /// Removes a conversation with its messages, its summary and the receipts of its answers; false where it does not exist.
    async fn delete_conversation(&self, id: ConversationId) -> Result<bool>;
}

/// Receipts of answers, and what people think of them. "Not found" is `None`.
#[async_trait]
pub trait AnswerStore: Send + Sync {
    /// Keeps what an answer was made from. Not found where the knowledge base is gone.
    async fn put_receipt(&self, receipt: &Receipt) -> Result<()>;
    /// Removes a receipt with the feedback on it; harmless where it does not exist.
    async fn remove_receipt(&self, id: MessageId) -> Result<()>;
    /// One receipt.
    async fn receipt(&self, id: MessageId) -> Result<Option<Receipt>>;
    /// The receipts of a knowledge base, of one owner or of all, without what they hold: that may be much.
    async fn receipts(
        &self,
        knowledge_base: KnowledgeBaseId,
        owner: Option<ApiKeyId>,
        list: ListRequest,
    ) -> Result<Listing<ReceiptSummary>>;
    /// Keeps an opinion in place of the one that the same person had of the same answer.
    async fn put_feedback(&self, feedback: &Feedback) -> Result<()>;
    /// All opinions on answers of a knowledge base, oldest answer first.
    async fn feedback(&self, knowledge_base: KnowledgeBaseId) -> Result<Vec<Feedback>>;
    /// The opinions on one answer, oldest first.
    async fn feedback_on(&self, answer: MessageId) -> Result<Vec<Feedback>>;
}

/// A blob being written. Nothing is visible until [`BlobWriter::finish`].
#[async_trait]
pub trait BlobWriter: Send {
    /// Appends bytes.
    async fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// Makes the blob durable under its hash, which it returns with the length in bytes.
    async fn finish(self: Box<Self>) -> Result<(ContentHash, u64)>;
}

/// Content-addressed, immutable files.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Begins a blob.
    async fn writer(&self) -> Result<Box<dyn BlobWriter>>;
    /// Stores bytes.
    async fn put(&self, bytes: &[u8]) -> Result<ContentHash>;
    /// Reads a blob whole and checks its hash; `None` where there is none.
    async fn read(&self, hash: ContentHash) -> Result<Option<Vec<u8>>>;
    /// A local file with the blob's bytes, for a parser's child process or a streamed download.
    async fn path(&self, hash: ContentHash) -> Result<Option<PathBuf>>;
    /// Removes the blobs that were last stored before `before` and that `keep` does not hold, and
    /// returns how many. A blob that is stored again while this runs stays.
    async fn collect(&self, keep: HashSet<ContentHash>, before: DateTime<Utc>) -> Result<u64>;
}
