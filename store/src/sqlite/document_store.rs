//! The document store's table of contents: each method is told in the file of its noun.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::chunk::{Chunk, NewChunkEdit, RechunkedVersion, StoredChunkEdit};
use footnote_core::document::{Document, DocumentVersion, Enrichment, IndexedVersion, Lineage};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{
    ChunkId, DocumentId, GenerationId, KnowledgeBaseId, SourceId, VersionId, WorkspaceId,
};
use footnote_core::job::{Job, Lease};
use footnote_core::knowledge_base::{Generation, GenerationSpec, KnowledgeBase};
use footnote_core::parsed::ParsedDocument;
use footnote_core::passage::ConfirmedChunk;
use footnote_core::password::Password;
use footnote_core::ports::{
    DocumentFilter, DocumentStore, ListRequest, ListedDocument, Listing, NewKnowledgeBase, NewVersion,
    StoredVersion, VersionFailure,
};
use footnote_core::principal::Scope;
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::source::{Source, SourceKind};
use footnote_core::text::CanonicalText;

use super::{
    SqliteStore, chunk_edits, chunks, confirm, documents, enrichments, forget, garbage, knowledge_bases,
    lifecycle, members, passwords, rechunking, sources, texts, vectors, versions,
};

#[async_trait]
impl DocumentStore for SqliteStore {
    async fn create_knowledge_base(
        &self,
        new: NewKnowledgeBase,
        now: DateTime<Utc>,
    ) -> Result<KnowledgeBase> {
        knowledge_bases::create(self, new, now).await
    }

    async fn knowledge_base(&self, id: KnowledgeBaseId) -> Result<Option<KnowledgeBase>> {
        knowledge_bases::find(self, id).await
    }

    async fn knowledge_base_named(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<Option<KnowledgeBase>> {
        knowledge_bases::find_named(self, workspace, name).await
    }

    async fn knowledge_bases(
        &self,
        workspace: WorkspaceId,
        list: ListRequest,
    ) -> Result<Listing<KnowledgeBase>> {
        knowledge_bases::list(self, workspace, &list).await
    }

    async fn update_knowledge_base(
        &self,
        id: KnowledgeBaseId,
        description: &str,
        settings: &KnowledgeBaseSettings,
        now: DateTime<Utc>,
    ) -> Result<Option<KnowledgeBase>> {
        knowledge_bases::update(self, id, description, settings, now).await
    }

    async fn change_generation(
        &self,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> Result<Option<KnowledgeBase>> {
        rechunking::change(self, id, generation, now).await
    }

    async fn delete_knowledge_base(&self, id: KnowledgeBaseId, now: DateTime<Utc>) -> Result<bool> {
        knowledge_bases::delete(self, id, now).await
    }

    async fn ensure_generation(&self, spec: &GenerationSpec, now: DateTime<Utc>) -> Result<Generation> {
        knowledge_bases::ensure_generation(self, spec, now).await
    }

    async fn generations(&self) -> Result<Vec<Generation>> {
        knowledge_bases::generations(self).await
    }

    async fn create_source(
        &self,
        knowledge_base: KnowledgeBaseId,
        name: &str,
        kind: SourceKind,
        now: DateTime<Utc>,
    ) -> Result<Source> {
        sources::create(self, knowledge_base, name, kind, now).await
    }

    async fn source(&self, id: SourceId) -> Result<Option<Source>> {
        sources::find(self, id).await
    }

    async fn sources(&self, knowledge_base: KnowledgeBaseId) -> Result<Vec<Source>> {
        sources::list(self, knowledge_base).await
    }

    async fn upload_source(&self, knowledge_base: KnowledgeBaseId) -> Result<Source> {
        sources::upload(self, knowledge_base).await
    }

    async fn delete_source(&self, id: SourceId, now: DateTime<Utc>) -> Result<bool> {
        sources::delete(self, id, now).await
    }

    async fn store_version(&self, new: NewVersion, now: DateTime<Utc>) -> Result<StoredVersion> {
        versions::store_version(self, new, now).await
    }

    async fn rename_document(
        &self,
        id: DocumentId,
        key: &str,
        title: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        documents::rename(self, id, key, title, now).await
    }

    async fn document(&self, id: DocumentId) -> Result<Option<Document>> {
        documents::find(self, id).await
    }

    async fn documents(
        &self,
        knowledge_base: KnowledgeBaseId,
        filter: DocumentFilter,
        list: ListRequest,
    ) -> Result<Listing<ListedDocument>> {
        documents::list(self, knowledge_base, &filter, &list).await
    }

    async fn version(&self, id: VersionId) -> Result<Option<DocumentVersion>> {
        versions::find(self, id).await
    }

    async fn versions(&self, document: DocumentId) -> Result<Vec<DocumentVersion>> {
        versions::list(self, document).await
    }

    async fn lineage(&self, id: DocumentId) -> Result<Lineage> {
        members::lineage(self, id).await
    }

    async fn delete_document(&self, id: DocumentId, now: DateTime<Utc>) -> Result<bool> {
        documents::delete(self, id, now).await
    }

    async fn source_contents(&self, source: SourceId) -> Result<Vec<(DocumentId, String, ContentHash)>> {
        sources::contents(self, source).await
    }

    async fn source_failures(&self, source: SourceId) -> Result<HashMap<DocumentId, VersionFailure>> {
        sources::failures(self, source).await
    }

    async fn put_chunks(
        &self,
        lease: Lease,
        version: VersionId,
        generation: GenerationId,
        chunks: &[Chunk],
    ) -> Result<()> {
        chunks::put(self, lease, version, generation, chunks).await
    }

    async fn chunks(&self, version: VersionId, generation: GenerationId) -> Result<Vec<Chunk>> {
        chunks::between(self, version, generation, 0..=u32::MAX).await
    }

    async fn chunks_between(
        &self,
        version: VersionId,
        generation: GenerationId,
        ordinals: RangeInclusive<u32>,
    ) -> Result<Vec<Chunk>> {
        chunks::between(self, version, generation, ordinals).await
    }

    async fn password(&self, source: SourceId, key: &str) -> Result<Option<Password>> {
        passwords::find(self, source, key).await
    }

    async fn put_enrichment(&self, version: VersionId, enrichment: &Enrichment) -> Result<()> {
        enrichments::put(self, version, enrichment).await
    }

    async fn enrichment(&self, version: VersionId) -> Result<Option<Enrichment>> {
        enrichments::find(self, version).await
    }

    async fn chunk_edits(&self, document: DocumentId) -> Result<Vec<StoredChunkEdit>> {
        chunk_edits::list(self, document).await
    }

    async fn put_chunk_edit(
        &self,
        document: DocumentId,
        edit: NewChunkEdit,
        now: DateTime<Utc>,
    ) -> Result<Option<Job>> {
        chunk_edits::put(self, document, edit, now).await
    }

    async fn activate_version(
        &self,
        lease: Lease,
        version: VersionId,
        generation: GenerationId,
        indexed: IndexedVersion<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        lifecycle::activate(self, lease, version, generation, indexed, now).await
    }

    async fn versions_to_rechunk(
        &self,
        id: KnowledgeBaseId,
        generation: GenerationId,
    ) -> Result<Vec<VersionId>> {
        rechunking::left(self, id, generation).await
    }

    async fn put_rechunked(&self, lease: Lease, rechunked: RechunkedVersion<'_>) -> Result<bool> {
        rechunking::put(self, lease, rechunked).await
    }

    async fn finish_generation_change(
        &self,
        lease: Lease,
        id: KnowledgeBaseId,
        generation: GenerationId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        rechunking::finish(self, lease, id, generation, now).await
    }

    async fn forget_swept(&self, version: VersionId, generation: GenerationId) -> Result<()> {
        rechunking::forget_swept(self, version, generation).await
    }

    async fn fail_version(
        &self,
        lease: Lease,
        _version: VersionId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        lifecycle::fail(self, lease, reason, now).await
    }

    async fn vectors(&self, embedder: &str, texts: &[ContentHash]) -> Result<HashMap<ContentHash, Vec<f32>>> {
        vectors::find(self, embedder, texts).await
    }

    async fn put_vectors(&self, embedder: &str, vectors: &[(ContentHash, Vec<f32>)]) -> Result<()> {
        vectors::put(self, embedder, vectors).await
    }

    async fn prune_vectors(&self) -> Result<u64> {
        garbage::prune_vectors(self).await
    }

    async fn confirm(&self, scope: Scope, chunks: &[ChunkId]) -> Result<Vec<ConfirmedChunk>> {
        confirm::confirm(self, scope, chunks).await
    }

    async fn past_versions(&self, scope: Scope) -> Result<Vec<(VersionId, GenerationId)>> {
        confirm::past_versions(self, scope).await
    }
    async fn canonical_text(&self, version: VersionId) -> Result<Option<CanonicalText>> {
        texts::of_version(self, version).await
    }

    async fn parsed(&self, version: VersionId) -> Result<Option<Arc<ParsedDocument>>> {
        texts::parsed(self, version).await
    }

    async fn expected_versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>> {
        chunks::expected(self, generation).await
    }

    async fn pending_among(&self, versions: &[VersionId]) -> Result<Vec<VersionId>> {
        versions::pending_among(self, versions).await
    }

    async fn named_blobs(&self) -> Result<HashSet<ContentHash>> {
        garbage::named_blobs(self).await
    }

    async fn oldest_pending(&self) -> Result<Option<DateTime<Utc>>> {
        garbage::oldest_pending(self).await
    }

    async fn prune_chunks(&self) -> Result<u64> {
        garbage::prune_chunks(self).await
    }

    async fn forget_deleted(&self, settled: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64> {
        forget::forget_deleted(self, settled, now).await
    }
}
