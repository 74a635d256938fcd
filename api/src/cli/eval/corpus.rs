//! A data set's documents, indexed in a data folder of their own that a second run finds ready.
//!
//! They go through the same upload, parsing, chunking and indexing as anybody's documents.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use footnote_core::document::{Document, VersionState};
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::ports::{DocumentFilter, NewVersion};
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::{Error, ErrorKind, Result};
use footnote_ingest::pipeline::NO_TEXT;
use sha2::{Digest, Sha256};

use super::super::refresh;
use super::super::session::{Session, progress_bar};
use crate::app::App;
use crate::config::{Config, VectorConfig};

/// A document of a data set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CorpusDocument {
    /// Its id, which judgements and questions name.
    pub(crate) id: String,
    /// Its key: a file name, by whose ending it is parsed.
    pub(crate) key: String,
    /// Its title.
    pub(crate) title: String,
    /// What is in it.
    pub(crate) content: Content,
}

/// What is in a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// This text.
    Text(String),
    /// The bytes of a file.
    File(PathBuf),
}

impl CorpusDocument {
    /// A plain text.
    pub(crate) fn text(id: String, title: String, text: String) -> Self {
        Self { key: format!("{id}.txt"), id, title, content: Content::Text(text) }
    }

    fn bytes(&self) -> Result<Bytes> {
        match &self.content {
            Content::Text(text) => Ok(Bytes::from(text.clone())),
            Content::File(path) => Ok(Bytes::from(
                fs_err::read(path)
                    .context(ErrorKind::InvalidInput, || "cannot read the data set's file".to_owned())?,
            )),
        }
    }
}

/// A corpus that answers questions.
pub(crate) struct IndexedCorpus {
    /// The knowledge base that holds it.
    pub(crate) knowledge_base: KnowledgeBase,
    /// Its documents by the data set's ids; empty ones are left out.
    pub(crate) documents: HashMap<String, Document>,
}

/// Opens the corpus's own data folder and indexes what is not indexed yet.
pub(crate) async fn open(
    config: Config,
    name: &str,
    corpus: &[CorpusDocument],
    fresh: bool,
) -> Result<(Session, IndexedCorpus)> {
    let session = Session::open_with_workers(own_folder(config, name, corpus, fresh)?).await?;
    match indexed(&session, corpus).await {
        Ok(indexed) => Ok((session, indexed)),
        Err(error) => {
            session.close().await;
            Err(error)
        }
    }
}

async fn indexed(session: &Session, corpus: &[CorpusDocument]) -> Result<IndexedCorpus> {
    // A knowledge base stays with the generation it was made in. Another embedder, analyzer or chunker
    // is measured on one of its own, and unchanged vectors are found in the cache that they share.
    let generation = session.app.generation.spec.fingerprint().to_string();
    let knowledge_base = session.knowledge_base_or_new(&format!("eval-{}", &generation[..12])).await?;
    session.app.require_embedder_of(&knowledge_base).await?;
    // What is measured is how a knowledge base starts today, and not when this one was made.
    let (settings, store) = (KnowledgeBaseSettings::default(), &session.app.store.documents);
    let updated = store
        .update_knowledge_base(knowledge_base.id, &knowledge_base.description, &settings, session.app.now())
        .await?;
    let knowledge_base = updated.unwrap_or(knowledge_base);
    let documents = index(session, &knowledge_base, corpus).await?;
    Ok(IndexedCorpus { knowledge_base, documents })
}

/// Brings the knowledge base to the corpus: what is there already costs nothing. An error where any
/// document that has text does not answer, as figures of a part would mislead.
async fn index(
    session: &Session,
    knowledge_base: &KnowledgeBase,
    corpus: &[CorpusDocument],
) -> Result<HashMap<String, Document>> {
    let app: &Arc<App> = &session.app;
    let source = app.store.documents.upload_source(knowledge_base.id).await?;
    let mut known = contents(&answering(app, knowledge_base).await?);
    known.extend(without_text(app, knowledge_base).await?);
    let bar = progress_bar(corpus.len() as u64, "storing");
    let mut wanted = HashMap::new();
    for document in corpus {
        bar.inc(1);
        let bytes = document.bytes()?;
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let content = ContentHash::of(&bytes);
        wanted.insert(document.key.clone(), content);
        if known.get(&document.key) == Some(&content) {
            continue;
        }
        let new = NewVersion {
            knowledge_base: knowledge_base.id,
            source: source.id,
            key: document.key.clone(),
            title: document.title.clone(),
            metadata: None,
            password: None,
            content: app.store.blobs.put(&bytes).await?,
            bytes: bytes.len() as u64,
        };
        app.store.documents.store_version(new, app.now()).await?;
    }
    bar.finish_and_clear();
    app.wake_workers();
    refresh::wait_until_idle(session).await?;
    let without_text = without_text(app, knowledge_base).await?;
    wanted.retain(|key, content| without_text.get(key) != Some(content));
    if let Some(key) = without_text.keys().min() {
        let count = without_text.len();
        anstream::eprintln!("note: {count} documents have no text and are left out, {key} for one");
    }
    let found = answering(app, knowledge_base).await?;
    require_exactly(&wanted, &contents(&found))?;
    let mut by_key: HashMap<String, Document> =
        found.into_iter().map(|(document, _)| (document.key.clone(), document)).collect();
    let documents = corpus.iter().filter_map(|d| Some((d.id.clone(), by_key.remove(&d.key)?)));
    Ok(documents.collect())
}

/// Every document that answers, with the hash of its content.
async fn answering(app: &App, knowledge_base: &KnowledgeBase) -> Result<Vec<(Document, ContentHash)>> {
    let current = DocumentFilter { state: Some(VersionState::Current), ..Default::default() };
    let documents = refresh::all_documents(app, knowledge_base.id, current).await?;
    Ok(documents.into_iter().map(|listed| (listed.document, listed.newest.content)).collect())
}

/// Content by key of those in which the parser found nothing to search.
async fn without_text(app: &App, knowledge_base: &KnowledgeBase) -> Result<HashMap<String, ContentHash>> {
    let failed = DocumentFilter { state: Some(VersionState::Failed), ..Default::default() };
    let mut documents = refresh::all_documents(app, knowledge_base.id, failed).await?;
    documents
        .retain(|listed| listed.newest.failure.as_ref().is_some_and(|failure| failure.starts_with(NO_TEXT)));
    Ok(documents.into_iter().map(|listed| (listed.document.key, listed.newest.content)).collect())
}

fn contents(documents: &[(Document, ContentHash)]) -> HashMap<String, ContentHash> {
    documents.iter().map(|(document, content)| (document.key.clone(), *content)).collect()
}

fn require_exactly(
    wanted: &HashMap<String, ContentHash>,
    found: &HashMap<String, ContentHash>,
) -> Result<()> {
    let mut missing: Vec<&str> = wanted
        .iter()
        .filter(|&(key, content)| found.get(key) != Some(content))
        .map(|(key, _)| &**key)
        .collect();
    missing.sort_unstable();
    if let [first, ..] = missing[..] {
        return Err(Error::unavailable(format!(
            "{} of {} documents could not be indexed, {first} for one; nothing was measured",
            missing.len(),
            wanted.len(),
        )));
    }
    match found.len() - wanted.len() {
        0 => Ok(()),
        more => Err(Error::corrupt(format!(
            "the evaluation's folder holds {more} documents that the corpus lacks; start anew with --fresh"
        ))),
    }
}

/// A data folder for this corpus alone, named by its content.
fn own_folder(mut config: Config, name: &str, corpus: &[CorpusDocument], fresh: bool) -> Result<Config> {
    let mut digest = Sha256::new();
    for document in corpus {
        for part in [document.id.as_bytes(), document.title.as_bytes(), &document.bytes()?] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    let hash = ContentHash::from_digest(digest).to_string();
    let folder = config.data.folder.join("eval").join(format!("{name}-{}", &hash[..12]));
    if fresh && folder.exists() {
        fs_err::remove_dir_all(&folder)
            .context(ErrorKind::Internal, || "cannot clear the evaluation's folder".to_owned())?;
    }
    config.data.folder = folder;
    // Whatever server the service uses is no place for test collections.
    config.vector = VectorConfig::default();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_part_of_the_corpus_are_refused() {
        let all = |keys: &[&str]| -> HashMap<String, ContentHash> {
            keys.iter().map(|key| ((*key).to_owned(), ContentHash::of(key.as_bytes()))).collect()
        };
        require_exactly(&all(&["a", "b"]), &all(&["a", "b"])).unwrap();
        let error = require_exactly(&all(&["a", "b", "c"]), &all(&["a", "c"])).unwrap_err().to_string();
        assert!(error.contains("1 of 3") && error.contains("b for one"), "{error}");
        let mut other = all(&["a", "b"]);
        other.insert("b".to_owned(), ContentHash::of(b"an older text"));
        assert!(require_exactly(&all(&["a", "b"]), &other).is_err());
        let error = require_exactly(&all(&["a"]), &all(&["a", "b"])).unwrap_err().to_string();
        assert!(error.contains("--fresh"), "{error}");
    }
}
