//! Canonical texts and parsed documents out of the blob store, through small caches.

use std::sync::Arc;

use footnote_core::document::VersionFacts;
use footnote_core::error::Context as _;
use footnote_core::hash::ContentHash;
use footnote_core::ids::VersionId;
use footnote_core::parsed::ParsedDocument;
use footnote_core::text::CanonicalText;
use footnote_core::{Error, Result};

use super::cache::ByteCache;
use super::{SqliteStore, versions};

/// Most bytes of canonical text kept: some 100 reports of 100 pages.
const TEXT_BYTES: usize = 48 << 20;

/// Most bytes of parsed documents kept, estimated.
const PARSED_BYTES: usize = 24 << 20;

/// Both caches. Their keys are content hashes, so nothing in them is ever stale.
pub(super) struct TextCache {
    texts: ByteCache<CanonicalText>,
    parsed: ByteCache<Arc<ParsedDocument>>,
}

impl Default for TextCache {
    fn default() -> Self {
        Self { texts: ByteCache::new(TEXT_BYTES), parsed: ByteCache::new(PARSED_BYTES) }
    }
}

/// The canonical text under this hash.
pub(super) async fn text(store: &SqliteStore, hash: ContentHash) -> Result<CanonicalText> {
    if let Some(text) = store.texts.texts.get(hash) {
        return Ok(text);
    }
    let bytes = blob(store, hash).await?;
    let text = off_thread(move || {
        let text = String::from_utf8(bytes)
            .map_err(|cause| Error::corrupt(format!("text {hash} is not utf-8")).with_source(cause))?;
        Ok(CanonicalText::new(text))
    })
    .await?;
    store.texts.texts.insert(hash, text.clone(), text.as_str().len());
    Ok(text)
}

pub(super) async fn of_version(store: &SqliteStore, version: VersionId) -> Result<Option<CanonicalText>> {
    match facts(store, version).await? {
        Some(facts) => text(store, facts.text).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn parsed(store: &SqliteStore, version: VersionId) -> Result<Option<Arc<ParsedDocument>>> {
    let Some(facts) = facts(store, version).await? else {
        return Ok(None);
    };
    let hash = facts.parsed;
    if let Some(parsed) = store.texts.parsed.get(hash) {
        return Ok(Some(parsed));
    }
    let bytes = blob(store, hash).await?;
    let size = bytes.len();
    let parsed: Arc<ParsedDocument> = off_thread(move || {
        let parsed = serde_json::from_slice(&bytes).map_err(|cause| {
            Error::corrupt(format!("blob {hash} is not a parsed document")).with_source(cause)
        })?;
        Ok(Arc::new(parsed))
    })
    .await?;
    store.texts.parsed.insert(hash, parsed.clone(), size);
    Ok(Some(parsed))
}

/// Facts exist once a version was indexed, whether it answers still or not.
async fn facts(store: &SqliteStore, version: VersionId) -> Result<Option<VersionFacts>> {
    Ok(versions::find(store, version).await?.and_then(|v| v.parsed))
}

async fn blob(store: &SqliteStore, hash: ContentHash) -> Result<Vec<u8>> {
    let missing = || {
        Error::corrupt(format!(
            "blob {hash} is missing from the blob store; restore it from a backup or upload the document again"
        ))
    };
    store.blobs.read(hash).await?.ok_or_else(missing)
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.internal("the text thread stopped")?
}
