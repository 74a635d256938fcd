//! Uploads: stream to blobs, then one transaction per file stores document, version and job.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use footnote_core::document::Metadata;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ApiKeyId, JobId};
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::password::Password;
use footnote_core::ports::{NewVersion, Reservation, StoredVersion};
use footnote_core::principal::{Principal, Role};
use footnote_core::{Error, Result};
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};

use super::filter::check_metadata;
use super::{FileName, jobs};
use crate::app::App;

/// Most files of one request.
pub const MAX_FILES: usize = 256;

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
pub async fn stage<E: From<Error>>(
    app: &App,
    name: FileName,
    pieces: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<StagedFile, E> {
    let mut pieces = std::pin::pin!(pieces);
    let mut writer = app.store.blobs.writer().await?;
    while let Some(piece) = pieces.next().await {
        writer.write(&piece?).await?;
    }
    let (content, bytes) = writer.finish().await?;
    if bytes == 0 {
        let empty = format!("the file {:?} is empty; send one with content", name.key());
        return Err(Error::invalid(empty).into());
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

/// What a request says of its files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Described<'a> {
    /// Replaces the documents' metadata; `None` keeps it.
    pub metadata: Option<&'a Metadata>,
    /// Opens those that are encrypted; `None` keeps what was given before.
    pub password: Option<&'a Password>,
}

/// Makes staged files versions of documents in the knowledge base's upload source. A failure names
/// the files that were stored before it.
pub async fn store(
    app: &App,
    principal: &Principal,
    knowledge_base: &KnowledgeBase,
    files: &[StagedFile],
    Described { metadata, password }: Described<'_>,
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
            password: password.cloned(),
            content: file.content,
            bytes: file.bytes,
        };
        match app.store.documents.store_version(new, app.now()).await {
            Ok(version) => stored.push(version),
            Err(error) => {
                app.wake_workers();
                return Err(stopped_at(file, files, stored.len(), error));
            }
        }
    }
    app.wake_workers();
    Ok(stored)
}

fn stopped_at(file: &StagedFile, files: &[StagedFile], stored: usize, error: Error) -> Error {
    if stored == 0 {
        return error;
    }
    let names: Vec<&str> = files.iter().take(stored).map(|f| f.name.key()).collect();
    let (kind, name, names) = (error.kind(), file.name.key(), names.join(", "));
    Error::new(kind, format!("the upload stopped at {name:?}; stored before it: {names}")).with_source(error)
}

/// Waits until the jobs of `stored` have ended, then tells how things stand. True where all have.
/// Where there is nothing to wait for, `stored` is left as it was remembered.
pub async fn wait(app: &App, stored: &mut [StoredVersion], longest: Duration) -> Result<bool> {
    if longest.is_zero() {
        return Ok(stored.iter().all(|item| item.job.is_none()));
    }
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

/// What makes two upload requests the same: knowledge base, names, contents, metadata, password.
pub fn fingerprint(
    knowledge_base: &KnowledgeBase,
    files: &[StagedFile],
    Described { metadata, password }: Described<'_>,
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
    if let Some(password) = password {
        part(password.reveal());
    }
    ContentHash::from_digest(digest)
}

/// A checked `Idempotency-Key`: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Checks what a client sent.
    pub fn parse(text: &str) -> Result<Self> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid("the Idempotency-Key is not 1 to 255 visible ASCII characters; send a UUID"))
    }
}

/// The hold of one request on an idempotency key. The local operator has no key to remember by.
#[derive(Debug, Clone)]
pub struct Held {
    by: Option<ApiKeyId>,
    key: IdempotencyKey,
}

/// What [`reserve`] found.
#[derive(Debug)]
pub enum Reserved {
    /// The request is new.
    Held(Held),
    /// It was answered before, with this.
    Answered(String),
}

/// Takes an idempotency key before anything is stored. Conflict where another request has it, or
/// the same one is under way.
pub async fn reserve(
    app: &App,
    principal: &Principal,
    key: IdempotencyKey,
    fingerprint: ContentHash,
) -> Result<Reserved> {
    let Some(by) = principal.key() else { return Ok(Reserved::Held(Held { by: None, key })) };
    match app.store.keys.reserve_response(by, &key.0, fingerprint, app.now()).await? {
        Reservation::Taken => Ok(Reserved::Held(Held { by: Some(by), key })),
        Reservation::Answered(response) => Ok(Reserved::Answered(response)),
    }
}

impl Held {
    /// Remembers the response for 24 hours.
    pub async fn remember(&self, app: &App, response: &str) -> Result<()> {
        let Some(by) = self.by else { return Ok(()) };
        app.store.keys.remember_response(by, &self.key.0, response).await
    }

    /// Gives the key free: the request failed and may be sent again.
    pub async fn release(&self, app: &App) {
        let Some(by) = self.by else { return };
        if let Err(error) = app.store.keys.release_response(by, &self.key.0).await {
            tracing::error!(%error, "an idempotency key stays taken until it counts as interrupted");
        }
    }
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
            next_generation: None,
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
        let (none, password) = (Metadata::new(), Password::parse("secret").unwrap());
        let described = Described { metadata: Some(&metadata), password: None };
        let same = fingerprint(&kb, &files, described);
        assert_eq!(same, fingerprint(&kb, &files, described));
        let others = [
            fingerprint(&knowledge_base(), &files, described),
            fingerprint(&kb, &[file("a.md", "x"), file("b.md", "z")], described),
            fingerprint(&kb, &[file("a.md", "x"), file("c.md", "y")], described),
            fingerprint(&kb, &files[..1], described),
            fingerprint(&kb, &files, Described::default()),
            fingerprint(&kb, &files, Described { metadata: Some(&none), password: None }),
            fingerprint(&kb, &files, Described { password: Some(&password), ..described }),
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
    fn a_failure_half_way_names_what_was_stored() {
        let files = [file("a.md", "x"), file("b.md", "y"), file("c.md", "z")];
        let failure = || Error::unavailable("the disk is full");
        let error = stopped_at(&files[2], &files, 2, failure());
        assert_eq!(error.kind(), failure().kind());
        assert!(error.message().ends_with("stored before it: a.md, b.md"), "{error}");
        assert_eq!(stopped_at(&files[0], &files, 0, failure()).message(), "the disk is full");
    }

    #[test]
    fn idempotency_keys_are_short_and_visible() {
        IdempotencyKey::parse("4d1f7c9e-upload").unwrap();
        for bad in ["", "a b", "键", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
    }
}
