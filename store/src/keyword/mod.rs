//! Keyword search: BM25 over mixed Chinese and English text, with tantivy as the inverted index.
//!
//! One folder per index generation. [`analyzer`] makes terms, [`schema`] says what is indexed,
//! [`bm25`] scores within one knowledge base, [`phrase`] rewards word order, [`generation`] writes and reads one folder; this file
//! keeps the generations and moves all work off the async threads.

pub mod analyzer;
mod bm25;
mod fold;
mod generation;
mod phrase;
mod schema;
mod scope_docs;
mod stop_words;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use footnote_core::chunk::{Hit, KeywordEntry};
use footnote_core::error::Context as _;
use footnote_core::ids::{GenerationId, VersionId};
use footnote_core::knowledge_base::Generation;
use footnote_core::ports::KeywordIndex;
use footnote_core::principal::Scope;
use footnote_core::question::Filter;
use footnote_core::{Error, Result};

pub use bm25::Bm25Settings;
use generation::GenerationIndex;

/// Version of the analyzer's rules, part of every generation's spec: another version is another
/// index.
pub const ANALYZER_VERSION: u32 = 1;

/// Keyword indexes of all generations below one folder.
pub struct TantivyKeywordIndex {
    path: PathBuf,
    settings: Bm25Settings,
    generations: RwLock<HashMap<GenerationId, Arc<GenerationIndex>>>,
    /// Held while a generation is created, so that it is created once.
    creating: tokio::sync::Mutex<()>,
}

impl TantivyKeywordIndex {
    /// Opens the indexes below `path`, a folder that is created where it is missing.
    pub fn open(path: PathBuf) -> Result<Self> {
        Self::open_with(path, Bm25Settings::default())
    }

    /// Opens with other scoring, to measure it.
    pub fn open_with(path: PathBuf, settings: Bm25Settings) -> Result<Self> {
        let mut generations = HashMap::new();
        fs_err::create_dir_all(&path).internal("cannot create the keyword index folder")?;
        for entry in fs_err::read_dir(&path).internal("cannot list the keyword indexes")? {
            let folder = entry.internal("cannot list the keyword indexes")?.path();
            let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let Ok(id) = name.parse::<GenerationId>() else { continue };
            // A folder without its meta file was being created when the process died.
            if GenerationIndex::exists(&folder) {
                generations.insert(id, Arc::new(GenerationIndex::open(folder, settings)?));
            }
        }
        Ok(Self {
            path,
            settings,
            generations: RwLock::new(generations),
            creating: tokio::sync::Mutex::default(),
        })
    }

    fn known(&self, id: GenerationId) -> Option<Arc<GenerationIndex>> {
        self.generations.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn generation(&self, id: GenerationId) -> Result<Arc<GenerationIndex>> {
        self.known(id).ok_or_else(|| {
            Error::unavailable(format!(
                "the keyword index of generation {id} is missing; it is rebuilt by the reconciler"
            ))
        })
    }

    async fn on<T: Send + 'static>(
        &self,
        id: GenerationId,
        work: impl FnOnce(&GenerationIndex) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let generation = self.generation(id)?;
        blocking(move || work(&generation)).await
    }
}

#[async_trait]
impl KeywordIndex for TantivyKeywordIndex {
    async fn ensure(&self, generation: &Generation) -> Result<()> {
        let _creating = self.creating.lock().await;
        if self.known(generation.id).is_some() {
            return Ok(());
        }
        let (folder, settings) = (self.path.join(generation.id.to_string()), self.settings);
        let index = blocking(move || GenerationIndex::open(folder, settings)).await?;
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        generations.insert(generation.id, Arc::new(index));
        Ok(())
    }

    async fn upsert(&self, generation: GenerationId, entries: Vec<KeywordEntry>) -> Result<()> {
        self.on(generation, move |index| index.upsert(index.documents(&entries)?)).await
    }

    async fn remove(&self, generation: GenerationId, version: VersionId) -> Result<()> {
        self.on(generation, move |index| index.remove(version)).await
    }

    async fn search(&self, scope: Scope, filter: &Filter, text: &str, limit: usize) -> Result<Vec<Hit>> {
        let (filter, text) = (filter.clone(), text.to_owned());
        self.on(scope.generation(), move |index| index.search(scope.knowledge_base(), &filter, &text, limit))
            .await
    }

    async fn score(&self, scope: Scope, text: &str, entries: Vec<KeywordEntry>) -> Result<Vec<f32>> {
        let text = text.to_owned();
        self.on(scope.generation(), move |index| index.score(scope.knowledge_base(), &text, &entries)).await
    }

    async fn flush(&self, generation: GenerationId) -> Result<()> {
        self.on(generation, GenerationIndex::flush).await
    }

    fn lost_writes(&self, generation: GenerationId) -> u64 {
        self.known(generation).map_or(0, |index| index.losses())
    }

    async fn versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>> {
        self.on(generation, GenerationIndex::versions).await
    }

    async fn check(&self, generation: GenerationId) -> Result<()> {
        self.generation(generation).map(drop)
    }

    async fn coverage(&self, scope: Scope, query: &str, text: &str) -> Result<f32> {
        let (query, text) = (query.to_owned(), text.to_owned());
        self.on(scope.generation(), move |index| index.coverage(scope.knowledge_base(), &query, &text)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.internal("the keyword index panicked")?
}
