//! Vector search in a Qdrant server, spoken to over gRPC: one collection per generation.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use footnote_core::chunk::{Hit, VectorEntry};
use footnote_core::ids::{ChunkId, GenerationId, KnowledgeBaseId, VersionId};
use footnote_core::knowledge_base::Generation;
use footnote_core::ports::VectorIndex;
use footnote_core::principal::Scope;
use footnote_core::question::Filter;
use footnote_core::{Error, ErrorKind, Result};
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::{
    Condition, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, DeletePointsBuilder, Distance,
    FieldType, Filter as ServerFilter, KeywordIndexParamsBuilder, PayloadIncludeSelector, PointId,
    PointStruct, QueryPointsBuilder, ScrollPointsBuilder, SearchParamsBuilder, UpsertPointsBuilder, Value,
    VectorParamsBuilder, vectors_config,
};
use qdrant_client::{Payload, Qdrant, QdrantError};

use super::{
    HNSW_BEAM, KNOWLEDGE_BASE, SCROLL_BATCH, TAGS, VERSION, WRITE_BATCH, can_match,
    check_generation_dimension, check_vector, groups, missing,
};

/// Longest wait for one request; a batch of points is written well within.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A Qdrant server that holds all generations.
pub struct ServerVectorIndex {
    client: Qdrant,
    url: String,
    /// Dimensions of the collections seen so far; a collection's never changes.
    dimensions: RwLock<HashMap<GenerationId, usize>>,
    /// Collections that were found or made whole, with their payload indexes.
    ensured: RwLock<HashSet<GenerationId>>,
}

impl ServerVectorIndex {
    /// Prepares to speak to the server at `url` (its gRPC port, usually 6334). Nothing is sent yet.
    pub fn new(url: &str, api_key: Option<&str>) -> Result<Self> {
        // A version gap is met where it matters, by the suite, not by a line printed at start.
        let mut builder = Qdrant::from_url(url)
            .skip_compatibility_check()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT);
        if let Some(api_key) = api_key {
            builder.set_api_key(api_key);
        }
        let client = builder.build().map_err(|e| {
            Error::invalid(format!("cannot use the qdrant url {url:?}; give one like http://host:6334"))
                .with_source(e)
        })?;
        Ok(Self { client, url: url.to_owned(), dimensions: RwLock::default(), ensured: RwLock::default() })
    }

    /// Removes a generation's collection; for tests and for generations that nobody uses any more.
    pub async fn drop_generation(&self, generation: GenerationId) -> Result<()> {
        self.forget(generation);
        let deleted = self.client.delete_collection(collection(generation)).await;
        deleted.map(drop).map_err(|e| self.failure(generation, e))
    }

    fn forget(&self, generation: GenerationId) {
        self.dimensions.write().unwrap_or_else(PoisonError::into_inner).remove(&generation);
        self.ensured.write().unwrap_or_else(PoisonError::into_inner).remove(&generation);
    }

    async fn dimension(&self, generation: GenerationId) -> Result<usize> {
        let known = self.dimensions.read().unwrap_or_else(PoisonError::into_inner).get(&generation).copied();
        if let Some(dimension) = known {
            return Ok(dimension);
        }
        let info = self.client.collection_info(collection(generation)).await;
        let info = info.map_err(|e| self.failure(generation, e))?.result;
        let vectors = info.and_then(|i| i.config).and_then(|c| c.params).and_then(|p| p.vectors_config);
        let Some(vectors_config::Config::Params(vectors)) = vectors.and_then(|v| v.config) else {
            let name = collection(generation);
            return Err(Error::corrupt(format!("the qdrant collection {name} was not made by footnote")));
        };
        let dimension = usize::try_from(vectors.size).unwrap_or(usize::MAX);
        self.dimensions.write().unwrap_or_else(PoisonError::into_inner).insert(generation, dimension);
        Ok(dimension)
    }

    async fn create(&self, generation: &Generation) -> Result<()> {
        let name = collection(generation.id);
        let vectors = VectorParamsBuilder::new(generation.spec.dimension as u64, Distance::Cosine);
        let created =
            self.client.create_collection(CreateCollectionBuilder::new(&name).vectors_config(vectors));
        match created.await {
            // Another process may have been faster.
            Err(error) if status_code(&error) != Some(ALREADY_EXISTS) => {
                Err(self.failure(generation.id, error))
            }
            _ => Ok(()),
        }
    }

    async fn create_payload_indexes(&self, generation: GenerationId) -> Result<()> {
        let name = collection(generation);
        for field in [VERSION, KNOWLEDGE_BASE, TAGS] {
            let keyword = KeywordIndexParamsBuilder::default().is_tenant(field == KNOWLEDGE_BASE);
            let request = CreateFieldIndexCollectionBuilder::new(&name, field, FieldType::Keyword)
                .field_index_params(keyword)
                .wait(true);
            self.client.create_field_index(request).await.map_err(|e| self.failure(generation, e))?;
        }
        Ok(())
    }

    fn failure(&self, generation: GenerationId, error: QdrantError) -> Error {
        match status_code(&error) {
            Some(NOT_FOUND) => {
                // Somebody removed it behind our back: the next job makes it again.
                self.forget(generation);
                missing(generation)
            }
            Some(INVALID_ARGUMENT) => {
                Error::new(ErrorKind::Internal, "the qdrant server refused a request of ours")
                    .with_source(error)
            }
            Some(UNAUTHENTICATED | PERMISSION_DENIED) => Error::unavailable(format!(
                "the qdrant server at {} refused the api key; set the right one",
                self.url
            ))
            .with_source(error),
            _ => Error::unavailable(format!(
                "the qdrant server at {} did not answer; see that it runs and is reachable",
                self.url
            ))
            .with_source(error),
        }
    }
}

#[async_trait]
impl VectorIndex for ServerVectorIndex {
    async fn ensure(&self, generation: &Generation) -> Result<()> {
        let is_known = self.ensured.read().unwrap_or_else(PoisonError::into_inner).contains(&generation.id);
        if is_known {
            let held = self.dimension(generation.id).await?;
            return check_generation_dimension(generation.id, held, generation.spec.dimension);
        }
        let exists = self.client.collection_exists(collection(generation.id)).await;
        if !exists.map_err(|e| self.failure(generation.id, e))? {
            self.create(generation).await?;
        }
        let held = self.dimension(generation.id).await?;
        check_generation_dimension(generation.id, held, generation.spec.dimension)?;
        self.create_payload_indexes(generation.id).await?;
        self.ensured.write().unwrap_or_else(PoisonError::into_inner).insert(generation.id);
        Ok(())
    }

    async fn upsert(&self, generation: GenerationId, entries: Vec<VectorEntry>) -> Result<()> {
        let dimension = self.dimension(generation).await?;
        for entry in &entries {
            check_vector(&entry.vector, dimension)?;
        }
        let mut points: Vec<PointStruct> = entries.into_iter().map(point).collect();
        while !points.is_empty() {
            let rest = points.split_off(points.len().min(WRITE_BATCH));
            let batch = std::mem::replace(&mut points, rest);
            let request = UpsertPointsBuilder::new(collection(generation), batch).wait(true);
            self.client.upsert_points(request).await.map_err(|e| self.failure(generation, e))?;
        }
        Ok(())
    }

    async fn remove(&self, generation: GenerationId, version: VersionId) -> Result<()> {
        let filter = ServerFilter::must([Condition::matches(VERSION, version.to_string())]);
        let request = DeletePointsBuilder::new(collection(generation)).points(filter).wait(true);
        self.client.delete_points(request).await.map(drop).map_err(|e| self.failure(generation, e))
    }

    async fn search(&self, scope: Scope, filter: &Filter, vector: &[f32], limit: usize) -> Result<Vec<Hit>> {
        let generation = scope.generation();
        check_vector(vector, self.dimension(generation).await?)?;
        if limit == 0 || !can_match(filter) {
            return Ok(Vec::new());
        }
        let request = QueryPointsBuilder::new(collection(generation))
            .query(vector.to_vec())
            .filter(compile(scope.knowledge_base(), filter))
            .params(SearchParamsBuilder::default().hnsw_ef(HNSW_BEAM as u64))
            .limit(limit as u64)
            .with_payload(false);
        let found = self.client.query(request).await.map_err(|e| self.failure(generation, e))?;
        Ok(found
            .result
            .into_iter()
            .filter_map(|p| Some(Hit { chunk: chunk_id(p.id?)?, score: p.score }))
            .collect())
    }

    async fn flush(&self, generation: GenerationId) -> Result<()> {
        // Every write waited until the server had applied it and logged it durably.
        self.dimension(generation).await.map(drop)
    }

    async fn check(&self, generation: GenerationId) -> Result<()> {
        let info = self.client.collection_info(collection(generation)).await;
        info.map(drop).map_err(|e| self.failure(generation, e))
    }

    async fn versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>> {
        let mut versions = BTreeMap::new();
        let mut offset: Option<PointId> = None;
        loop {
            let mut request = ScrollPointsBuilder::new(collection(generation))
                .limit(SCROLL_BATCH as u32)
                .with_payload(PayloadIncludeSelector { fields: vec![VERSION.to_owned()] })
                .with_vectors(false);
            if let Some(offset) = offset.take() {
                request = request.offset(offset);
            }
            let page = self.client.scroll(request).await.map_err(|e| self.failure(generation, e))?;
            for point in page.result {
                let version = point.payload.get(VERSION).and_then(text).and_then(|v| v.parse().ok());
                let version = version.ok_or_else(|| {
                    let name = collection(generation);
                    Error::corrupt(format!("the qdrant collection {name} has a point without a version"))
                })?;
                *versions.entry(version).or_default() += 1;
            }
            match page.next_page_offset {
                Some(next) => offset = Some(next),
                None => return Ok(versions),
            }
        }
    }
}

// gRPC status codes, as numbers: the type belongs to a crate that we do not name.
const INVALID_ARGUMENT: i32 = 3;
const NOT_FOUND: i32 = 5;
const ALREADY_EXISTS: i32 = 6;
const PERMISSION_DENIED: i32 = 7;
const UNAUTHENTICATED: i32 = 16;

fn status_code(error: &QdrantError) -> Option<i32> {
    match error {
        QdrantError::ResponseError { status } => Some(i32::from(status.code())),
        _ => None,
    }
}

fn collection(generation: GenerationId) -> String {
    format!("footnote_{generation}")
}

fn compile(knowledge_base: KnowledgeBaseId, filter: &Filter) -> ServerFilter {
    let scope = Condition::matches(KNOWLEDGE_BASE, knowledge_base.to_string());
    let groups = groups(filter).map(|group| Condition::matches(TAGS, group));
    ServerFilter::must(std::iter::once(scope).chain(groups))
}

fn point(entry: VectorEntry) -> PointStruct {
    let key = entry.key;
    let mut payload = Payload::new();
    payload.insert(VERSION, key.version.to_string());
    payload.insert(KNOWLEDGE_BASE, key.knowledge_base.to_string());
    let tags: Vec<String> = key.tags.iter().map(|tag| tag.as_str().to_owned()).collect();
    payload.insert(TAGS, tags);
    PointStruct::new(key.chunk.0.to_string(), entry.vector, payload)
}

fn chunk_id(id: PointId) -> Option<ChunkId> {
    match id.point_id_options? {
        PointIdOptions::Uuid(id) => id.parse().ok(),
        PointIdOptions::Num(_) => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value.kind.as_ref()? {
        Kind::StringValue(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable_and_named() {
        let index = ServerVectorIndex::new("http://127.0.0.1:9", Some("secret")).unwrap();
        let error = index.versions(GenerationId::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("127.0.0.1:9"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_bad_url_is_refused() {
        let error = ServerVectorIndex::new("no url at all", None).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn the_scope_is_part_of_every_filter() {
        let knowledge_base = KnowledgeBaseId::new();
        let compiled = compile(knowledge_base, &Filter::default());
        assert_eq!(compiled.must.len(), 1);
        assert!(format!("{compiled:?}").contains(&knowledge_base.to_string()));
    }
}
