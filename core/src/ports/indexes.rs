//! The seams of the two indexes.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::Result;
use crate::chunk::{Hit, KeywordEntry, VectorEntry};
use crate::ids::{GenerationId, VersionId};
use crate::knowledge_base::Generation;
use crate::principal::Scope;
use crate::question::Filter;

/// Dense vectors by generation. Every write is idempotent.
#[async_trait]
pub trait VectorIndex: Send + Sync {
    /// Creates the generation's collection where it is missing.
    async fn ensure(&self, generation: &Generation) -> Result<()>;
    /// Adds or replaces entries.
    async fn upsert(&self, generation: GenerationId, entries: Vec<VectorEntry>) -> Result<()>;
    /// Removes all entries of a version.
    async fn remove(&self, generation: GenerationId, version: VersionId) -> Result<()>;
    /// The nearest entries by cosine similarity, best first, within scope and filter.
    async fn search(&self, scope: Scope, filter: &Filter, vector: &[f32], limit: usize) -> Result<Vec<Hit>>;
    /// Returns once all writes so far would survive a kill.
    async fn flush(&self, generation: GenerationId) -> Result<()>;
    /// Versions held, with their entry counts.
    async fn versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>>;
    /// Fails where the generation could not be searched now. Cheap, whatever the index holds.
    async fn check(&self, generation: GenerationId) -> Result<()>;
}

/// Words by generation (BM25). Every write is idempotent.
#[async_trait]
pub trait KeywordIndex: Send + Sync {
    /// Creates the generation's index where it is missing.
    async fn ensure(&self, generation: &Generation) -> Result<()>;
    /// Adds or replaces entries.
    async fn upsert(&self, generation: GenerationId, entries: Vec<KeywordEntry>) -> Result<()>;
    /// Removes all entries of a version.
    async fn remove(&self, generation: GenerationId, version: VersionId) -> Result<()>;
    /// The best entries by BM25, best first, within scope and filter. `text` is a plain question:
    /// nothing in it is query syntax.
    async fn search(&self, scope: Scope, filter: &Filter, text: &str, limit: usize) -> Result<Vec<Hit>>;
    /// The BM25 scores that `entries` would have if the index held them: for versions that it holds no more.
    async fn score(&self, scope: Scope, text: &str, entries: Vec<KeywordEntry>) -> Result<Vec<f32>>;
    /// Returns once all writes so far are durable and searchable.
    async fn flush(&self, generation: GenerationId) -> Result<()>;
    /// How often, since this was opened, writes that were not flushed yet were lost: a failed write
    /// or flush may take those of others with it. Whoever sees the number change between its first
    /// write and the end of its flush cannot rely on that flush and writes again.
    fn lost_writes(&self, generation: GenerationId) -> u64;
    /// Versions held, with their entry counts.
    async fn versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>>;
    /// Fails where the generation could not be searched now. Cheap, whatever the index holds.
    async fn check(&self, generation: GenerationId) -> Result<()>;
    /// The share of the query's weight (sum of inverse document frequencies of its distinct terms)
    /// that `text` covers, 0 to 1: an evidence feature.
    async fn coverage(&self, scope: Scope, query: &str, text: &str) -> Result<f32>;
}
