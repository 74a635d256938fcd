//! Copying, hashing and remembering files: the stamp `verified.json` says which bytes a model's
//! folder held when they were last hashed, so that an installed model is known without reading it.

use std::io::{Read, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::{ErrorKind, Result};
use fs_err::File;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::manifest::Route;

/// File name of a [`Stamp`].
pub(super) const STAMP_FILE: &str = "verified.json";
const BUFFER: usize = 1 << 20;

/// What was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// Where it came from; `None` where files were found in place.
    pub route: Option<Route>,
    /// Every file of the model but the card.
    pub files: Vec<StampedFile>,
}

/// A file as it was when it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StampedFile {
    /// Name.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// Last change, in nanoseconds since 1970.
    pub modified_ns: u64,
    /// Hash.
    pub sha256: ContentHash,
}

impl Stamp {
    /// The stamp in `folder`; `None` where there is none that can be read.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs_err::read(folder.join(STAMP_FILE)).ok()?).ok()
    }

    /// Puts the stamp into `folder`, whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(self).internal("cannot write a stamp")?;
        write_atomically(&folder.join(STAMP_FILE), &bytes)
    }

    /// Whether every file still has the length and time it had.
    pub(super) fn is_untouched(&self, folder: &Path) -> bool {
        self.files.iter().all(|file| {
            facts(&folder.join(&file.path)).is_some_and(|facts| facts == (file.bytes, file.modified_ns))
        })
    }

    /// The hash that `path` had.
    pub(super) fn hash_of(&self, path: &str) -> Option<ContentHash> {
        self.files.iter().find(|file| file.path == path).map(|file| file.sha256)
    }
}

impl StampedFile {
    /// Hashes `folder/path` now.
    pub(super) fn hash(folder: &Path, path: &str, progress: &mut dyn FnMut(u64)) -> Result<Self> {
        let file = folder.join(path);
        let sha256 = hash_file(&file, progress)?;
        let (bytes, modified_ns) = facts(&file).unwrap_or_default();
        Ok(Self { path: path.to_owned(), bytes, modified_ns, sha256 })
    }
}

fn facts(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs_err::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let since_1970 = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), u64::try_from(since_1970.as_nanos()).ok()?))
}

/// Hashes a file, telling how many bytes were read each time.
pub(super) fn hash_file(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<ContentHash> {
    let mut file = File::open(path).internal("cannot open a file to hash it")?;
    let mut digest = Sha256::new();
    copy_counted(&mut file, &mut digest, progress).internal("cannot read a file to hash it")?;
    Ok(ContentHash::from_digest(digest))
}

/// Copies all of `from`, telling how many bytes were copied each time.
pub(super) fn copy_counted(
    from: &mut dyn Read,
    to: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> std::io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut total = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let Some(read) = buffer.get(..count) else {
            return Err(std::io::Error::other("read past the buffer"));
        };
        to.write_all(read)?;
        total += count as u64;
        progress(count as u64);
    }
}

/// Writes a file under a temporary name, then renames it.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    let write = || {
        fs_err::write(&part, bytes)?;
        fs_err::rename(&part, path)
    };
    write().context(ErrorKind::Internal, || "cannot write a model's file".to_owned())
}
