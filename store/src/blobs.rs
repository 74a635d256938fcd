//! The content-addressed blob store: immutable files named by the SHA-256 of their bytes.
//!
//! A blob is written to `tmp/`, synced, and renamed to `ab/<hash>`, so a name never shows half a
//! file: neither to a reader nor after a crash. What a crash leaves in `tmp/` is swept at open.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use footnote_core::error::Context as _;
use footnote_core::hash::ContentHash;
use footnote_core::ports::{BlobStore, BlobWriter};
use footnote_core::{Error, ErrorKind, Result};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

/// Bytes gathered before they are hashed and written off the async threads in one go.
const GATHER: usize = 256 * 1024;

/// Blobs as files below one folder.
#[derive(Debug, Clone)]
pub struct FsBlobStore {
    root: Arc<Path>,
    /// Shared by those who give a blob its name, held alone by who removes one: a blob that is stored
    /// again while it is judged to be old is not removed.
    naming: Arc<RwLock<()>>,
}

impl FsBlobStore {
    /// Opens the folder, creates it where it is missing, and removes what an interrupted write
    /// left. The caller holds the data folder's lock: nobody else is writing.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let store = Self { root: root.into().into(), naming: Arc::default() };
        fs_err::create_dir_all(store.tmp()).context(ErrorKind::Unavailable, cannot_write)?;
        for leftover in fs_err::read_dir(store.tmp()).context(ErrorKind::Unavailable, cannot_write)? {
            let leftover = leftover.context(ErrorKind::Unavailable, cannot_write)?.path();
            fs_err::remove_file(leftover).context(ErrorKind::Unavailable, cannot_write)?;
        }
        store.create_folders().context(ErrorKind::Unavailable, cannot_write)?;
        Ok(store)
    }

    /// All of them at once, so that later only what lies in them must be made durable.
    fn create_folders(&self) -> io::Result<()> {
        for folder in self.folders() {
            fs_err::create_dir_all(folder)?;
        }
        sync_folder(&self.root)
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> + '_ {
        (0..=255_u8).map(|first| self.root.join(format!("{first:02x}")))
    }

    fn collect_in(&self, folder: &Path, keep: &HashSet<ContentHash>, before: SystemTime) -> io::Result<u64> {
        let mut removed = 0;
        for entry in fs_err::read_dir(folder)? {
            let file = entry?.path();
            let name = file.file_name().and_then(|name| name.to_str());
            let Some(hash) = name.and_then(|name| name.parse::<ContentHash>().ok()) else { continue };
            if keep.contains(&hash) || fs_err::metadata(&file)?.modified()? >= before {
                continue;
            }
            let _alone = self.naming.write().unwrap_or_else(PoisonError::into_inner);
            if fs_err::metadata(&file)?.modified()? < before {
                fs_err::remove_file(&file)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    fn file_of(&self, hash: ContentHash) -> PathBuf {
        let name = hash.to_string();
        let folder: String = name.chars().take(2).collect();
        self.root.join(folder).join(name)
    }

    fn begin(&self) -> Result<Draft> {
        let file = NamedTempFile::new_in(self.tmp()).context(ErrorKind::Unavailable, cannot_write)?;
        Ok(Draft { store: self.clone(), file, digest: Sha256::new(), bytes: 0 })
    }
}

#[async_trait]
impl BlobStore for FsBlobStore {
    async fn writer(&self) -> Result<Box<dyn BlobWriter>> {
        let store = self.clone();
        let draft = off_thread(move || store.begin()).await?;
        Ok(Box::new(FsBlobWriter { draft: Some(draft), gathered: Vec::new() }))
    }

    async fn put(&self, bytes: &[u8]) -> Result<ContentHash> {
        let (store, bytes) = (self.clone(), bytes.to_vec());
        off_thread(move || {
            let mut draft = store.begin()?;
            draft.append(&bytes)?;
            Ok(draft.publish()?.0)
        })
        .await
    }

    async fn read(&self, hash: ContentHash) -> Result<Option<Vec<u8>>> {
        let file = self.file_of(hash);
        off_thread(move || {
            let bytes = match fs_err::read(file) {
                Ok(bytes) => bytes,
                Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(cause) => {
                    return Err(Error::unavailable(format!("cannot read blob {hash}")).with_source(cause));
                }
            };
            if ContentHash::of(&bytes) != hash {
                return Err(Error::corrupt(format!(
                    "blob {hash} does not have the content that its name promises; restore it from a \
                     backup or upload the document again"
                )));
            }
            Ok(Some(bytes))
        })
        .await
    }

    async fn path(&self, hash: ContentHash) -> Result<Option<PathBuf>> {
        let file = self.file_of(hash);
        off_thread(move || Ok(file.is_file().then_some(file))).await
    }

    async fn collect(&self, keep: HashSet<ContentHash>, before: DateTime<Utc>) -> Result<u64> {
        let store = self.clone();
        off_thread(move || {
            let mut removed = 0;
            for folder in store.folders() {
                let done = store.collect_in(&folder, &keep, before.into());
                removed += done.context(ErrorKind::Unavailable, cannot_write)?;
            }
            Ok(removed)
        })
        .await
    }
}

/// A blob that is being streamed in. Dropping it leaves nothing behind.
struct FsBlobWriter {
    /// `None` only after a write failed or was abandoned half way.
    draft: Option<Draft>,
    gathered: Vec<u8>,
}

impl FsBlobWriter {
    async fn write_gathered(&mut self) -> Result<()> {
        let mut draft = self.draft.take().ok_or_else(abandoned)?;
        let gathered = std::mem::take(&mut self.gathered);
        let draft = off_thread(move || {
            draft.append(&gathered)?;
            Ok(draft)
        })
        .await?;
        self.draft = Some(draft);
        Ok(())
    }
}

#[async_trait]
impl BlobWriter for FsBlobWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for part in bytes.chunks(GATHER) {
            self.gathered.extend_from_slice(part);
            if self.gathered.len() >= GATHER {
                self.write_gathered().await?;
            }
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(ContentHash, u64)> {
        let mut draft = self.draft.take().ok_or_else(abandoned)?;
        let gathered = std::mem::take(&mut self.gathered);
        off_thread(move || {
            draft.append(&gathered)?;
            draft.publish()
        })
        .await
    }
}

/// An unnamed blob in `tmp/`; its file goes when it is dropped.
struct Draft {
    store: FsBlobStore,
    file: NamedTempFile,
    digest: Sha256,
    bytes: u64,
}

impl Draft {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).context(ErrorKind::Unavailable, cannot_write)
    }

    /// Gives the blob its name, durably: the file first, then the name in its folder. An older file
    /// of that name is replaced, which also heals one that was damaged, and makes it young again.
    fn publish(self) -> Result<(ContentHash, u64)> {
        let Self { store, file, digest, bytes } = self;
        let hash = ContentHash::from_digest(digest);
        let target = store.file_of(hash);
        let naming = store.naming.read().unwrap_or_else(PoisonError::into_inner);
        let published = publish_as(&store.root, file, &target);
        drop(naming);
        published
            .map_err(|cause| Error::unavailable(format!("cannot store blob {hash}")).with_source(cause))?;
        Ok((hash, bytes))
    }
}

fn publish_as(root: &Path, file: NamedTempFile, target: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    let folder = target.parent().unwrap_or(root);
    file.persist(target).map_err(|e| e.error)?;
    sync_folder(folder)
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs_err::File::open(folder)?.sync_all()
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.internal("the blob thread stopped")?
}

fn cannot_write() -> String {
    "cannot write to the blob store; check the data folder's space and permissions".to_owned()
}

fn abandoned() -> Error {
    Error::internal("this blob was abandoned when an earlier write failed; begin again")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn store() -> (tempfile::TempDir, FsBlobStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = FsBlobStore::open(folder.path().join("blobs")).unwrap();
        (folder, store)
    }

    fn leftovers(store: &FsBlobStore) -> usize {
        fs_err::read_dir(store.tmp()).unwrap().count()
    }

    #[tokio::test]
    async fn what_is_put_is_read_under_its_hash() {
        let (_folder, store) = store();
        let hash = store.put(b"annual leave").await.unwrap();
        assert_eq!(hash, ContentHash::of(b"annual leave"));
        assert_eq!(store.put(b"annual leave").await.unwrap(), hash);
        assert_eq!(store.read(hash).await.unwrap().unwrap(), b"annual leave");
        let path = store.path(hash).await.unwrap().unwrap();
        assert!(path.ends_with(format!("{}/{hash}", hash.to_string().get(..2).unwrap())), "{path:?}");
        assert_eq!(store.read(ContentHash::of(b"other")).await.unwrap(), None);
        assert_eq!(store.path(ContentHash::of(b"other")).await.unwrap(), None);
        assert_eq!(leftovers(&store), 0);
    }

    #[tokio::test]
    async fn damage_is_told_and_healed_by_the_same_upload() {
        let (_folder, store) = store();
        let hash = store.put(b"the truth").await.unwrap();
        let path = store.path(hash).await.unwrap().unwrap();
        fs_err::write(path, b"the trust").unwrap();
        let error = store.read(hash).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(&hash.to_string()), "{error}");
        store.put(b"the truth").await.unwrap();
        assert_eq!(store.read(hash).await.unwrap().unwrap(), b"the truth");
    }

    #[tokio::test]
    async fn nothing_is_visible_before_the_end_and_nothing_is_left_of_an_abandoned_write() {
        let (_folder, store) = store();
        let bytes = vec![7_u8; GATHER * 2 + 5];
        let mut writer = store.writer().await.unwrap();
        writer.write(&bytes).await.unwrap();
        assert_eq!(store.path(ContentHash::of(&bytes)).await.unwrap(), None);
        drop(writer);
        assert_eq!(leftovers(&store), 0);
    }

    #[tokio::test]
    async fn leftovers_of_a_killed_process_are_swept_at_open() {
        let (_folder, store) = store();
        let hash = store.put(b"kept").await.unwrap();
        fs_err::write(store.tmp().join("half"), b"hal").unwrap();
        let store = FsBlobStore::open(store.root.to_path_buf()).unwrap();
        assert_eq!(leftovers(&store), 0);
        assert!(store.read(hash).await.unwrap().is_some());
    }

    fn age(path: &Path, by: Duration) {
        let file = fs_err::File::options().write(true).open(path).unwrap();
        file.file().set_modified(SystemTime::now() - by).unwrap();
    }

    #[tokio::test]
    async fn collecting_removes_what_is_old_and_named_by_nobody() {
        let (_folder, store) = store();
        let hour = Duration::from_secs(3600);
        let mut hashes = Vec::new();
        for text in ["named", "old", "young", "stored again"] {
            let hash = store.put(text.as_bytes()).await.unwrap();
            if text != "young" {
                age(&store.file_of(hash), hour * 2);
            }
            hashes.push(hash);
        }
        store.put(b"stored again").await.unwrap();
        let keep = HashSet::from([hashes[0]]);
        let before = DateTime::<Utc>::from(SystemTime::now() - hour);
        assert_eq!(store.collect(keep.clone(), before).await.unwrap(), 1);
        let mut left = Vec::new();
        for &hash in &hashes {
            left.push(store.read(hash).await.unwrap().is_some());
        }
        assert_eq!(left, [true, false, true, true]);
        assert_eq!(store.collect(keep, before).await.unwrap(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn streaming_in_any_parts_gives_the_hash_of_the_whole(
            parts in prop::collection::vec(0_usize..GATHER, 0..5),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (_folder, store) = store();
                let mut writer = store.writer().await.unwrap();
                let mut whole = Vec::new();
                for (index, &length) in parts.iter().enumerate() {
                    let part = vec![u8::try_from(index).unwrap(); length];
                    writer.write(&part).await.unwrap();
                    whole.extend(part);
                }
                let (hash, bytes) = writer.finish().await.unwrap();
                assert_eq!((hash, bytes), (ContentHash::of(&whole), whole.len() as u64));
                assert_eq!(store.read(hash).await.unwrap().unwrap(), whole);
            });
        }
    }
}
