//! Uploads: stream to blobs, then one transaction per file stores document, version and job.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use footnote_core::document::Metadata;
use footnote_core::hash::ContentHash;
use footnote_core::ids::JobId;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::ports::{NewVersion, StoredVersion};
use footnote_core::principal::{Principal, Role};
use footnote_core::{Error, ErrorKind, Result};
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};

use super::filter::check_metadata;
use super::{FileName, jobs};
use crate::app::App;

/// Most files of one request.
pub const MAX_FILES: usize = 256;
/// Longest silence of an uploader before the request is given up.
const IDLE: Duration = Duration::from_secs(60);

/// A file whose bytes lie durably in the blob store, but which belongs to nothing yet.
#[derive(Debug, Clone)]
pub struct StagedFile {
    /// Its name.
    pub name: FileName,
    /// Its hash.
    pub content: ContentHash,
    /// Its length.
    pub bytes: u64,
}

/// Streams a file into the blob store. Nothing of it is held in memory but the piece at hand.
pub async fn stage(
    app: &App,
    name: FileName,
    pieces: impl Stream<Item = Result<Bytes>> + Send,
) -> Result<StagedFile> {
    let mut pieces = std::pin::pin!(pieces);
    let mut writer = app.store.blobs.writer().await?;
    loop {
        let piece = tokio::time::timeout(IDLE, pieces.next()).await.map_err(|_| {
            Error::invalid(format!("the upload of {:?} stopped for {} seconds", name.key(), IDLE.as_secs()))
        })?;
        match piece {
            Some(piece) => writer.write(&piece?).await?,
            None => break,
        }
    }
    let (content, bytes) = writer.finish().await?;
    if bytes == 0 {
        return Err(Error::invalid(format!("the file {:?} is empty; send one with content", name.key())));
    }
    Ok(StagedFile { name, content, bytes })
}

/// Checks a request's files against each other.
pub fn check(files: &[StagedFile], metadata: Option<&Metadata>) -> Result<()> {
    if files.is_empty() {
        return Err(Error::invalid(
            "the request has no file; send at least one multipart part with a filename",
        ));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = files.iter().find(|f| !names.insert(&f.name)) {
        return Err(Error::invalid(format!("two files of the request are named {:?}", twice.name.key())));
    }
    metadata.map_or(Ok(()), check_metadata)
}

/// Makes staged files versions of documents in the knowledge base's upload source.
pub async fn store(
    app: &App,
    principal: &Principal,
    knowledge_base: &KnowledgeBase,
    files: &[StagedFile],
    metadata: Option<&Metadata>,
) -> Result<Vec<StoredVersion>> {
    principal.scope(knowledge_base)?;
    principal.require(Role::Editor)?;
    check(files, metadata)?;
    let source = app.store.documents.upload_source(knowledge_base.id).await?;
    let mut stored = Vec::with_capacity(files.len());
    for file in files {
        let new = NewVersion {
            knowledge_base: knowledge_base.id,
            source: source.id,
            key: file.name.key().to_owned(),
            title: file.name.title().to_owned(),
            metadata: metadata.cloned(),
            content: file.content,
            bytes: file.bytes,
        };
        stored.push(app.store.documents.store_version(new, app.now()).await?);
    }
    app.wake_workers();
    Ok(stored)
}

/// Waits until the jobs of `stored` have ended, then tells how things stand. True where all have.
pub async fn wait(app: &App, stored: &mut [StoredVersion], longest: Duration) -> Result<bool> {
    let ids: Vec<JobId> = stored.iter().filter_map(|s| s.job.as_ref().map(|j| j.id)).collect();
    let ended = jobs::wait_for_end(app, &ids, longest).await?;
    for item in stored.iter_mut() {
        let documents = &app.store.documents;
        if let Some(version) = documents.version(item.version.id).await? {
            item.version = version;
        }
        if let Some(document) = documents.document(item.document.id).await? {
            item.document = document;
        }
        if let Some(job) = &item.job {
            item.job = app.store.jobs.job(job.id).await?.or_else(|| item.job.clone());
        }
    }
    Ok(ended)
}

/// What makes two upload requests the same: knowledge base, names, contents, metadata.
pub fn fingerprint(
    knowledge_base: &KnowledgeBase,
    files: &[StagedFile],
    metadata: Option<&Metadata>,
) -> ContentHash {
    let mut digest = Sha256::new();
    digest.update(knowledge_base.id.0.as_bytes());
    let mut part = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    };
    for file in files {
        part(file.name.key());
        part(&file.content.to_string());
    }
    for (key, value) in metadata.into_iter().flatten() {
        part(key);
        part(value);
    }
    part(if metadata.is_some() { "metadata" } else { "" });
    ContentHash::from_digest(digest)
}

/// The response of an earlier request with this idempotency key. Conflict where that request was
/// another one.
pub async fn replay(
    app: &App,
    principal: &Principal,
    idempotency_key: &str,
    fingerprint: ContentHash,
) -> Result<Option<String>> {
    check_idempotency_key(idempotency_key)?;
    match principal.key() {
        Some(key) => app.store.keys.idempotent_response(key, idempotency_key, fingerprint).await,
        None => Ok(None),
    }
}

/// Remembers a response for [`replay`].
pub async fn remember(
    app: &App,
    principal: &Principal,
    idempotency_key: &str,
    fingerprint: ContentHash,
    response: &str,
) -> Result<()> {
    let Some(key) = principal.key() else { return Ok(()) };
    app.store.keys.remember_response(key, idempotency_key, fingerprint, response, app.now()).await
}

fn check_idempotency_key(key: &str) -> Result<()> {
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        "the Idempotency-Key is not 1 to 255 visible ASCII characters; send a UUID",
    ))
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use footnote_core::ids::{GenerationId, KnowledgeBaseId, WorkspaceId};
    use footnote_core::settings::KnowledgeBaseSettings;

    use super::*;

    fn knowledge_base() -> KnowledgeBase {
        KnowledgeBase {
            id: KnowledgeBaseId::new(),
            workspace: WorkspaceId::DEFAULT,
            name: "kb".to_owned(),
            description: String::new(),
            settings: KnowledgeBaseSettings::default(),
            generation: GenerationId::new(),
            created_at: Utc::now(),
        }
    }

    fn file(name: &str, content: &str) -> StagedFile {
        let bytes = content.len() as u64;
        StagedFile {
            name: FileName::parse(name).unwrap(),
            content: ContentHash::of(content.as_bytes()),
            bytes,
        }
    }

    #[test]
    fn the_fingerprint_tells_requests_apart() {
        let kb = knowledge_base();
        let metadata = Metadata::from([("year".to_owned(), "2026".to_owned())]);
        let files = [file("a.md", "x"), file("b.md", "y")];
        let same = fingerprint(&kb, &files, Some(&metadata));
        assert_eq!(same, fingerprint(&kb, &files, Some(&metadata)));
        let others = [
            fingerprint(&knowledge_base(), &files, Some(&metadata)),
            fingerprint(&kb, &[file("a.md", "x"), file("b.md", "z")], Some(&metadata)),
            fingerprint(&kb, &[file("a.md", "x"), file("c.md", "y")], Some(&metadata)),
            fingerprint(&kb, &files[..1], Some(&metadata)),
            fingerprint(&kb, &files, None),
            fingerprint(&kb, &files, Some(&Metadata::new())),
        ];
        for (n, other) in others.iter().enumerate() {
            assert_ne!(same, *other, "{n}");
            assert_eq!(others.iter().filter(|o| *o == other).count(), 1, "{n}");
        }
    }

    #[test]
    fn a_request_without_files_or_with_a_name_twice_is_refused() {
        assert!(check(&[], None).unwrap_err().to_string().contains("no file"));
        let twice = [file("a.md", "x"), file("a.md", "y")];
        assert!(check(&twice, None).unwrap_err().to_string().contains("a.md"));
        check(&twice[..1], None).unwrap();
    }

    #[test]
    fn idempotency_keys_are_short_and_visible() {
        check_idempotency_key("4d1f7c9e-upload").unwrap();
        for bad in ["", "a b", "键", &"k".repeat(256)] {
            assert!(check_idempotency_key(bad).is_err(), "{bad:?}");
        }
    }
}
