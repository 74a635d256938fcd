//! A directory on the server: its files, by content.
//!
//! Hidden files and folders are passed over. Symbolic links are followed only to files within the
//! directory. What cannot be read is reported, and never taken for removed.

use std::io::Read;
use std::path::{Path, PathBuf};

use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::ports::BlobStore;
use footnote_core::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use walkdir::{DirEntry, WalkDir};

use crate::entries::compute;
use crate::progress::Progress;

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;

/// A readable file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Path below the root, `/` between.
    pub key: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Hash of its bytes.
    pub content: ContentHash,
}

/// What a directory holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Files that were read, by key.
    pub files: Vec<FoundFile>,
    /// Keys that could not be read, with the reason.
    pub failed: Vec<(String, String)>,
    /// Keys at or below which nothing is known: what was indexed there is not gone. Empty for all.
    pub unread: Vec<String>,
    /// Folders below the root that have no entry at all, hidden ones included.
    pub empty_folders: Vec<String>,
}

/// Walks `root` and hashes every file. An error where the root itself cannot be read.
pub async fn list(root: &Path, max_file_bytes: u64, progress: &Progress) -> Result<Listing> {
    let (root, progress) = (root.to_owned(), progress.clone());
    compute(move || walk(&root, max_file_bytes, &progress)).await
}

/// Streams a file into the blob store. The hash is that of the bytes stored, should the file have
/// changed since it was listed.
pub async fn store(
    blobs: &dyn BlobStore,
    file: &FoundFile,
    max_file_bytes: u64,
) -> Result<(ContentHash, u64)> {
    let unreadable = || format!("cannot read {}", file.key);
    let mut reader =
        fs_err::tokio::File::open(&file.path).await.context(ErrorKind::InvalidInput, unreadable)?;
    let mut blob = blobs.writer().await?;
    let mut buffer = vec![0; READ_BYTES];
    let mut total = 0;
    loop {
        let read = reader.read(&mut buffer).await.context(ErrorKind::InvalidInput, unreadable)?;
        let Some(bytes) = buffer.get(..read).filter(|b| !b.is_empty()) else {
            return blob.finish().await;
        };
        total += read as u64;
        if total > max_file_bytes {
            return Err(too_large(&file.key, max_file_bytes));
        }
        blob.write(bytes).await?;
    }
}

fn walk(root: &Path, max_file_bytes: u64, progress: &Progress) -> Result<Listing> {
    let unreadable =
        || format!("cannot read directory {}; check that it exists, is mounted and readable", root.display());
    let root = fs_err::canonicalize(root).context(ErrorKind::InvalidInput, unreadable)?;
    fs_err::read_dir(&root).context(ErrorKind::InvalidInput, unreadable)?;
    let mut listing = Listing::default();

    let walk = WalkDir::new(&root).follow_links(false).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|e| e.depth() == 0 || !is_hidden(e)) {
        match entry {
            Ok(entry) => visit(&root, &entry, max_file_bytes, &mut listing),
            Err(error) => {
                let key = error.path().map(|p| key_of(&root, p).unwrap_or_else(|lossy| lossy));
                let key = key.unwrap_or_default();
                listing.fail(key, format!("cannot be read: {error}"));
            }
        }
        progress.advance(1);
    }
    Ok(listing)
}

fn visit(root: &Path, entry: &DirEntry, max_file_bytes: u64, listing: &mut Listing) {
    let is_folder = entry.file_type().is_dir();
    if is_folder && !is_empty(entry.path()) {
        return;
    }
    let key = match key_of(root, entry.path()) {
        Ok(key) if is_folder => return listing.empty_folders.push(key),
        Ok(key) => key,
        Err(lossy) => return listing.fail(lossy, "its name is not UTF-8; rename the file"),
    };
    let path = match resolve(root, entry) {
        Ok(Some(path)) => path,
        Ok(None) => return,
        Err(error) => return listing.fail(key, error.to_string()),
    };
    match hash(&path, &key, max_file_bytes) {
        Ok(content) => listing.files.push(FoundFile { key, path, content }),
        Err(error) => listing.fail(key, error.to_string()),
    }
}

impl Listing {
    fn fail(&mut self, key: String, reason: impl Into<String>) {
        self.unread.push(key.clone());
        self.failed.push((key, reason.into()));
    }
}

/// The file to read for an entry; `None` for what is neither a file nor a link to one.
fn resolve(root: &Path, entry: &DirEntry) -> Result<Option<PathBuf>> {
    if entry.file_type().is_file() {
        return Ok(Some(entry.path().to_owned()));
    }
    if !entry.file_type().is_symlink() {
        return Ok(None);
    }
    let target = fs_err::canonicalize(entry.path())
        .context(ErrorKind::InvalidInput, || "is a symbolic link that leads nowhere".to_owned())?;
    if !target.starts_with(root) {
        return Err(Error::invalid("is a symbolic link that leads out of the directory; copy the file in"));
    }
    let below = target.strip_prefix(root).unwrap_or(&target);
    let is_hidden = below.components().any(|c| c.as_os_str().as_encoded_bytes().starts_with(b"."));
    // A link to a folder within shows files that are listed under their own names already.
    Ok((target.is_file() && !is_hidden).then_some(target))
}

fn hash(path: &Path, key: &str, max_file_bytes: u64) -> Result<ContentHash> {
    let unreadable = || "cannot be read".to_owned();
    let mut file = fs_err::File::open(path).context(ErrorKind::InvalidInput, unreadable)?;
    let length = file.metadata().context(ErrorKind::InvalidInput, unreadable)?.len();
    if length > max_file_bytes {
        return Err(too_large(key, max_file_bytes));
    }
    let mut digest = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut buffer).context(ErrorKind::InvalidInput, unreadable)?;
        match buffer.get(..read) {
            Some(bytes) if !bytes.is_empty() => digest.update(bytes),
            _ => return Ok(ContentHash::from_digest(digest)),
        }
    }
}

fn too_large(key: &str, max_file_bytes: u64) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("{key} exceeds the limit of {max_file_bytes} bytes; split it or raise the limit"),
    )
}

/// The path below the root with `/` between, or a lossy form of it where it is not UTF-8.
fn key_of(root: &Path, path: &Path) -> std::result::Result<String, String> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Option<Vec<&str>> = below.components().map(|c| c.as_os_str().to_str()).collect();
    parts.map(|p| p.join("/")).ok_or_else(|| below.to_string_lossy().into_owned())
}

/// A folder that cannot be read is told by the walk itself.
fn is_empty(folder: &Path) -> bool {
    fs_err::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    fn keys(listing: &Listing) -> Vec<&str> {
        listing.files.iter().map(|f| f.key.as_str()).collect()
    }

    #[tokio::test]
    async fn lists_files_and_reports_what_it_cannot_read() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        let root = dir.path();
        fs_err::create_dir_all(root.join("b/.git")).unwrap();
        fs_err::write(root.join("b/年假.md"), "ten").unwrap();
        fs_err::write(root.join("a.txt"), "ten").unwrap();
        fs_err::write(root.join("big.txt"), "0123456789").unwrap();
        fs_err::write(root.join(".hidden"), "x").unwrap();
        fs_err::write(root.join("b/.git/config"), "x").unwrap();
        fs_err::write(root.join(std::ffi::OsStr::from_bytes(b"bad\xff.txt")), "x").unwrap();
        symlink(root.join("a.txt"), root.join("inner.txt")).unwrap();
        symlink(outside.path(), root.join("outer.txt")).unwrap();
        symlink(root, root.join("loop")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink(root.join(".hidden"), root.join("shown")).unwrap();

        let listing = list(root, 9, &Progress::default()).await.unwrap();
        assert_eq!(keys(&listing), ["a.txt", "b/年假.md", "inner.txt"]);
        assert_eq!(listing.files[0].content, ContentHash::of(b"ten"));
        let failed: Vec<_> = listing.failed.iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(failed, ["bad\u{fffd}.txt", "big.txt", "dangling", "outer.txt"]);
        assert!(listing.failed[1].1.contains("limit of 9 bytes"), "{listing:?}");
        assert!(listing.failed[3].1.contains("out of the directory"), "{listing:?}");
    }

    #[tokio::test]
    async fn a_missing_root_is_an_error_and_an_empty_folder_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let error = list(&dir.path().join("gone"), 9, &Progress::default()).await.unwrap_err();
        assert!(error.to_string().contains("check that it exists"), "{error}");
        fs_err::create_dir(dir.path().join("empty")).unwrap();
        let listing = list(dir.path(), 9, &Progress::default()).await.unwrap();
        assert_eq!(listing.empty_folders, ["empty"]);
    }
}
