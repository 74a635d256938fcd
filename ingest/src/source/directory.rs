//! A directory on the server: its files, by content.
//!
//! Hidden files and folders are passed over. Symbolic links are followed only to files within the
//! directory; a file is opened without following any link, so that a name which is swapped for a link
//! after it was listed leads nowhere. Folders of the service itself are never entered: its blobs are
//! no documents. What cannot be read is reported, and never taken for removed.

use std::collections::HashSet;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::ports::BlobStore;
use footnote_core::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use walkdir::{DirEntry, WalkDir};

use super::beneath::open_beneath;
use super::key::key_of;
use crate::entries::compute;
use crate::progress::Progress;

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;

/// A readable file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Path below the root, `/` between.
    pub key: String,
    /// The directory, without links in its path.
    pub root: Arc<Path>,
    /// Where it lies below `root`, links resolved.
    pub below: PathBuf,
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
    /// Folders below the root in which nothing is visible.
    pub empty_folders: Vec<String>,
}

/// Walks `root` and hashes every file, but for what lies in one of the `private` folders. An error
/// where the root itself cannot be read or lies in a private folder. Dropping the future ends the walk.
pub async fn list(
    root: &Path,
    max_file_bytes: u64,
    private: &[PathBuf],
    progress: &Progress,
) -> Result<Listing> {
    let wanted = Wanted::default();
    let walk = Walk {
        max_file_bytes,
        private: private.iter().filter_map(|folder| identity(folder)).collect(),
        progress: progress.clone(),
        is_wanted: wanted.0.clone(),
        root: Arc::from(root),
        listing: Listing::default(),
        decoded: Vec::new(),
    };
    compute(move || walk.run()).await
}

/// Streams a file into the blob store. The hash is that of the bytes stored, should the file have
/// changed since it was listed.
pub async fn store(
    blobs: &dyn BlobStore,
    file: &FoundFile,
    max_file_bytes: u64,
) -> Result<(ContentHash, u64)> {
    let unreadable = || format!("cannot read {}", file.key);
    let (root, below) = (file.root.clone(), file.below.clone());
    let opened = compute(move || open_beneath(&root, &below)).await?;
    let mut reader = tokio::fs::File::from_std(opened);
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

/// Says that somebody still waits for the listing, until it is dropped.
struct Wanted(Arc<AtomicBool>);

impl Default for Wanted {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A walk under way.
struct Walk {
    max_file_bytes: u64,
    /// Folders that are not entered, whatever path leads to them.
    private: HashSet<(u64, u64)>,
    progress: Progress,
    is_wanted: Arc<AtomicBool>,
    root: Arc<Path>,
    listing: Listing,
    /// Files whose names are not UTF-8.
    decoded: Vec<FoundFile>,
}

impl Walk {
    fn run(mut self) -> Result<Listing> {
        self.open_root()?;
        let (root, private) = (self.root.clone(), self.private.clone());
        let is_entered =
            |e: &DirEntry| !(is_hidden(e) || e.file_type().is_dir() && is_private(e.path(), &private));
        let walk = WalkDir::new(&root).follow_links(false).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|e| e.depth() == 0 || is_entered(e)) {
            self.check_wanted()?;
            match entry {
                Ok(entry) => self.visit(&entry)?,
                Err(error) => {
                    let key = error.path().map(|p| key_of(&root, p).unwrap_or_else(|lossy| lossy));
                    self.listing.fail(key.unwrap_or_default(), format!("cannot be read: {error}"));
                }
            }
            self.progress.advance(1);
        }
        self.add_decoded();
        Ok(self.listing)
    }

    /// Two names may be the same text in two encodings: that of them counts which is UTF-8, be it read or not, or comes
    /// first.
    fn add_decoded(&mut self) {
        let read = self.listing.files.iter().map(|file| &file.key);
        let mut taken: HashSet<String> = read.chain(&self.listing.unread).cloned().collect();
        for file in std::mem::take(&mut self.decoded) {
            if taken.insert(file.key.clone()) {
                self.listing.files.push(file);
            } else {
                let reason = "another file has the same name in another encoding; rename one of them";
                self.listing.fail(file.key, reason);
            }
        }
    }

    fn open_root(&mut self) -> Result<()> {
        let given = self.root.clone();
        let unreadable = || {
            let shown = given.display();
            format!("cannot read directory {shown}; check that it exists, is mounted and readable")
        };
        let root = fs_err::canonicalize(&given).context(ErrorKind::InvalidInput, unreadable)?;
        if root.ancestors().any(|folder| is_private(folder, &self.private)) {
            return Err(Error::invalid(format!(
                "directory {} lies in the service's own data folder; choose another directory",
                given.display()
            )));
        }
        fs_err::read_dir(&root).context(ErrorKind::InvalidInput, unreadable)?;
        self.root = Arc::from(root);
        Ok(())
    }

    fn check_wanted(&self) -> Result<()> {
        if self.is_wanted.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Error::internal("nobody waits for the listing any more"))
    }

    fn visit(&mut self, entry: &DirEntry) -> Result<()> {
        let is_folder = entry.file_type().is_dir();
        if is_folder && !is_empty(entry.path()) {
            return Ok(());
        }
        let key = match key_of(&self.root, entry.path()) {
            Ok(key) if is_folder => {
                self.listing.empty_folders.push(key);
                return Ok(());
            }
            Ok(key) => key,
            Err(lossy) => {
                self.listing.fail(lossy, "its name is in no encoding that is known; rename the file");
                return Ok(());
            }
        };
        if key.chars().any(char::is_control) {
            let reason = format!("file name {key:?} contains a control character; rename the file");
            self.listing.fail(key, reason);
            return Ok(());
        }
        let below = match self.resolve(entry) {
            Ok(Some(below)) => below,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.listing.fail(key, error.to_string());
                return Ok(());
            }
        };
        match self.hash(&below, &key) {
            Ok(content) => {
                let is_decoded = entry.path().to_str().is_none();
                let found = FoundFile { key, root: self.root.clone(), below, content };
                let files = if is_decoded { &mut self.decoded } else { &mut self.listing.files };
                files.push(found);
            }
            Err(error) => {
                self.check_wanted()?;
                self.listing.fail(key, error.to_string());
            }
        }
        Ok(())
    }

    /// Where the file to read for an entry lies below the root; `None` for what is neither a file nor a
    /// link to one.
    fn resolve(&self, entry: &DirEntry) -> Result<Option<PathBuf>> {
        let below_root = |path: &Path| path.strip_prefix(&self.root).map(Path::to_owned).ok();
        if entry.file_type().is_file() {
            return Ok(below_root(entry.path()));
        }
        if !entry.file_type().is_symlink() {
            return Ok(None);
        }
        let target = fs_err::canonicalize(entry.path())
            .context(ErrorKind::InvalidInput, || "is a symbolic link that leads nowhere".to_owned())?;
        let Some(below) = below_root(&target) else {
            return Err(Error::invalid(
                "is a symbolic link that leads out of the directory; copy the file in",
            ));
        };
        let is_hidden = below.components().any(|c| c.as_os_str().as_encoded_bytes().starts_with(b"."));
        let is_private = target.ancestors().skip(1).any(|folder| is_private(folder, &self.private));
        // A link to a folder within shows files that are listed under their own names already.
        Ok((target.is_file() && !is_hidden && !is_private).then_some(below))
    }

    fn hash(&self, below: &Path, key: &str) -> Result<ContentHash> {
        let unreadable = || "cannot be read".to_owned();
        let mut file = open_beneath(&self.root, below)?;
        let length = file.metadata().context(ErrorKind::InvalidInput, unreadable)?.len();
        if length > self.max_file_bytes {
            return Err(too_large(key, self.max_file_bytes));
        }
        let mut digest = Sha256::new();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            self.check_wanted()?;
            let read = file.read(&mut buffer).context(ErrorKind::InvalidInput, unreadable)?;
            match buffer.get(..read) {
                Some(bytes) if !bytes.is_empty() => digest.update(bytes),
                _ => return Ok(ContentHash::from_digest(digest)),
            }
        }
    }
}

impl Listing {
    fn fail(&mut self, key: String, reason: impl Into<String>) {
        // What is shown goes to logs and terminals, which control characters would confuse.
        let mut shown = String::with_capacity(key.len());
        for c in key.chars() {
            match c.is_control() {
                true => shown.extend(c.escape_default()),
                false => shown.push(c),
            }
        }
        self.failed.push((shown, reason.into()));
        self.unread.push(key);
    }
}

fn too_large(key: &str, max_file_bytes: u64) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("{key} exceeds the limit of {max_file_bytes} bytes; split it or raise the limit"),
    )
}

/// Whether nothing in the folder is visible: a mount point may hold a `.gitkeep` or `.DS_Store`. A
/// folder that cannot be read is told by the walk itself.
fn is_empty(folder: &Path) -> bool {
    let visible = |entry: std::io::Result<fs_err::DirEntry>| {
        entry.is_ok_and(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
    };
    fs_err::read_dir(folder).is_ok_and(|entries| !entries.into_iter().any(visible))
}

/// Device and number of a folder: the same by whatever path it is reached.
fn identity(folder: &Path) -> Option<(u64, u64)> {
    fs_err::metadata(folder).ok().map(|m| (m.dev(), m.ino()))
}

fn is_private(folder: &Path, private: &HashSet<(u64, u64)>) -> bool {
    !private.is_empty() && identity(folder).is_some_and(|id| private.contains(&id))
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
        fs_err::write(root.join(std::ffi::OsStr::from_bytes(b"bad\xff\n.txt")), "x").unwrap();
        symlink(root.join("a.txt"), root.join("inner.txt")).unwrap();
        symlink(outside.path(), root.join("outer.txt")).unwrap();
        symlink(root, root.join("loop")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink(root.join(".hidden"), root.join("shown")).unwrap();

        fs_err::write(root.join("b/new\nline.txt"), "x").unwrap();
        let listing = list(root, 9, &[], &Progress::default()).await.unwrap();
        assert_eq!(keys(&listing), ["a.txt", "b/年假.md", "inner.txt"]);
        assert_eq!(listing.files[0].content, ContentHash::of(b"ten"));
        let failed: Vec<_> = listing.failed.iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(failed, ["b/new\\nline.txt", "bad\u{fffd}\\n.txt", "big.txt", "dangling", "outer.txt"]);
        assert!(listing.failed[0].1.contains("control character"), "{listing:?}");
        assert!(!listing.failed[0].1.contains('\n'), "{listing:?}");
        assert_eq!(listing.unread[0], "b/new\nline.txt");
        assert!(listing.failed[2].1.contains("limit of 9 bytes"), "{listing:?}");
        assert!(listing.failed[4].1.contains("out of the directory"), "{listing:?}");
    }

    #[tokio::test]
    async fn names_in_other_encodings_are_read_and_stay_apart() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let in_gbk = |name: &str| {
            let bytes = encoding_rs::GBK.encode(name).0.into_owned();
            root.join(std::ffi::OsStr::from_bytes(&bytes))
        };
        fs_err::write(in_gbk("年假.md"), "in GBK").unwrap();
        fs_err::write(in_gbk("工资.md"), "in GBK").unwrap();
        fs_err::write(root.join("工资.md"), "in UTF-8").unwrap();
        let listing = list(root, 99, &[], &Progress::default()).await.unwrap();
        assert_eq!(keys(&listing), ["工资.md", "年假.md"]);
        assert_eq!(listing.files[0].content, ContentHash::of(b"in UTF-8"));
        assert!(
            matches!(&listing.failed[..], [(key, reason)] if key == "工资.md" && reason.contains("rename"))
        );
        let short = list(root, 6, &[], &Progress::default()).await.unwrap();
        assert_eq!(
            keys(&short),
            ["年假.md"],
            "the one in UTF-8 is too long, and is not replaced by the other"
        );
        let blobs = crate::fakes::Blobs::new();
        assert_eq!(store(&blobs, &listing.files[1], 99).await.unwrap(), (ContentHash::of(b"in GBK"), 6));
    }

    #[tokio::test]
    async fn a_missing_root_is_an_error_and_an_empty_folder_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let error = list(&dir.path().join("gone"), 9, &[], &Progress::default()).await.unwrap_err();
        assert!(error.to_string().contains("check that it exists"), "{error}");
        fs_err::create_dir(dir.path().join("empty")).unwrap();
        fs_err::write(dir.path().join("empty/.gitkeep"), "").unwrap();
        let listing = list(dir.path(), 9, &[], &Progress::default()).await.unwrap();
        assert_eq!(listing.empty_folders, ["empty"]);
    }

    #[tokio::test]
    async fn the_services_own_folders_are_never_entered() {
        let dir = tempfile::tempdir().unwrap();
        let (root, data) = (dir.path(), dir.path().join("team/footnote-data"));
        fs_err::create_dir_all(data.join("blobs")).unwrap();
        fs_err::write(data.join("blobs/secret"), "of another knowledge base").unwrap();
        fs_err::write(root.join("team/own.txt"), "ten").unwrap();
        symlink(data.join("blobs/secret"), root.join("link.txt")).unwrap();

        let private = [root.join("team/../team/footnote-data"), root.join("not made yet")];
        let listing = list(root, 99, &private, &Progress::default()).await.unwrap();
        assert_eq!(keys(&listing), ["team/own.txt"]);
        assert_eq!(listing.failed, []);
        for inside in [data.clone(), data.join("blobs")] {
            let error = list(&inside, 99, &private, &Progress::default()).await.unwrap_err();
            assert!(error.message().contains("own data folder"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_became_a_link_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        for folder in [&root.join("sub"), outside.path()] {
            fs_err::create_dir_all(folder).unwrap();
            fs_err::write(folder.join("b.txt"), "beneath or not").unwrap();
        }
        fs_err::write(root.join("a.txt"), "ten").unwrap();
        let listing = list(&root, 99, &[], &Progress::default()).await.unwrap();
        assert_eq!(keys(&listing), ["a.txt", "sub/b.txt"]);

        let blobs = crate::fakes::Blobs::new();
        assert_eq!(store(&blobs, &listing.files[0], 99).await.unwrap(), (ContentHash::of(b"ten"), 3));
        fs_err::remove_file(root.join("a.txt")).unwrap();
        symlink(outside.path().join("b.txt"), root.join("a.txt")).unwrap();
        fs_err::remove_dir_all(root.join("sub")).unwrap();
        symlink(outside.path(), root.join("sub")).unwrap();
        for file in &listing.files {
            let error = store(&blobs, file, 99).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.message().contains(&file.key), "{error}");
        }
    }

    #[tokio::test]
    async fn a_walk_that_nobody_waits_for_ends() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..50 {
            fs_err::write(dir.path().join(format!("{n}.txt")), "ten").unwrap();
        }
        let progress = Progress::default();
        let wanted = Wanted::default();
        let walk = |is_wanted| Walk {
            max_file_bytes: 99,
            private: HashSet::new(),
            progress: progress.clone(),
            is_wanted,
            root: Arc::from(dir.path()),
            listing: Listing::default(),
            decoded: Vec::new(),
        };
        assert_eq!(walk(wanted.0.clone()).run().unwrap().files.len(), 50);
        let before = progress.now().done;
        let is_wanted = wanted.0.clone();
        drop(wanted);
        assert!(walk(is_wanted).run().is_err());
        assert_eq!(progress.now().done, before, "no file was looked at");
    }
}
