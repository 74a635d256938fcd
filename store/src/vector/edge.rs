//! Vector search inside this process: Qdrant Edge, one shard per generation.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use footnote_core::Result;
use footnote_core::chunk::{Hit, VectorEntry};
use footnote_core::error::Context as _;
use footnote_core::ids::{GenerationId, VersionId};
use footnote_core::knowledge_base::Generation;
use footnote_core::ports::VectorIndex;
use footnote_core::principal::Scope;
use footnote_core::question::Filter;

use super::shard::{BUILDING_PREFIX, Shard};
use super::{check_generation_dimension, missing};

/// Vector indexes of all generations below one folder.
pub struct EdgeVectorIndex {
    path: PathBuf,
    shards: RwLock<HashMap<GenerationId, Arc<Shard>>>,
    /// Held while a shard is created, so that it is created once.
    creating: tokio::sync::Mutex<()>,
}

impl EdgeVectorIndex {
    /// Opens the shards below `path`, a folder that is created where it is missing.
    pub fn open(path: PathBuf) -> Result<Self> {
        let mut shards = HashMap::new();
        fs_err::create_dir_all(&path).internal("cannot create the vector index folder")?;
        for entry in fs_err::read_dir(&path).internal("cannot list the vector indexes")? {
            let folder = entry.internal("cannot list the vector indexes")?.path();
            let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if name.starts_with(BUILDING_PREFIX) {
                fs_err::remove_dir_all(&folder).internal("cannot sweep a half-built vector index")?;
            } else if let Ok(id) = name.parse::<GenerationId>() {
                shards.insert(id, Arc::new(Shard::open(folder)?));
            }
        }
        Ok(Self { path, shards: RwLock::new(shards), creating: tokio::sync::Mutex::default() })
    }

    fn known(&self, id: GenerationId) -> Option<Arc<Shard>> {
        self.shards.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    async fn on<T: Send + 'static>(
        &self,
        id: GenerationId,
        work: impl FnOnce(&Arc<Shard>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shard = self.known(id).ok_or_else(|| missing(id))?;
        blocking(move || work(&shard)).await
    }
}

#[async_trait]
impl VectorIndex for EdgeVectorIndex {
    async fn ensure(&self, generation: &Generation) -> Result<()> {
        let _creating = self.creating.lock().await;
        let (id, dimension) = (generation.id, generation.spec.dimension);
        if let Some(shard) = self.known(id) {
            return check_generation_dimension(id, shard.dimension(), dimension);
        }
        let folder = self.path.join(id.to_string());
        let shard = blocking(move || Shard::create(&folder, dimension)).await?;
        self.shards.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(shard));
        Ok(())
    }

    async fn upsert(&self, generation: GenerationId, entries: Vec<VectorEntry>) -> Result<()> {
        self.on(generation, move |shard| shard.upsert(entries)).await
    }

    async fn remove(&self, generation: GenerationId, version: VersionId) -> Result<()> {
        self.on(generation, move |shard| shard.remove(version)).await
    }

    async fn search(&self, scope: Scope, filter: &Filter, vector: &[f32], limit: usize) -> Result<Vec<Hit>> {
        let (filter, vector) = (filter.clone(), vector.to_vec());
        self.on(scope.generation(), move |shard| shard.search(scope.knowledge_base(), &filter, vector, limit))
            .await
    }

    async fn flush(&self, generation: GenerationId) -> Result<()> {
        self.on(generation, Shard::flush).await
    }

    async fn versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>> {
        self.on(generation, |shard| shard.versions()).await
    }

    async fn check(&self, generation: GenerationId) -> Result<()> {
        self.known(generation).map(drop).ok_or_else(|| missing(generation))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.internal("the vector index panicked")?
}
