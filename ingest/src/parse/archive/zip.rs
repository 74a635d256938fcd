//! ZIP archives, with names in the encoding of whoever packed them.

use std::io::BufReader;
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use fs_err::File;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::parse::members::{self, Found, Unpacking, names};

/// An entry of the table of contents; `None` in place of one that its local header contradicts.
struct Entry {
    name: Vec<u8>,
    bytes: u64,
    compressed: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Encrypted,
    Folder,
    Link,
}

/// Hands on the files of the archive at `path`.
pub(super) fn unpack(path: &Path, unpacking: &mut Unpacking<'_>) -> Result<&'static str> {
    let mut archive = ZipArchive::new(members::open(path)?).context(ErrorKind::InvalidInput, || {
        "the ZIP archive is damaged or cut short; pack it again".to_owned()
    })?;
    let most = unpacking.limits().max_archive_entries;
    if archive.len() > most {
        let message =
            format!("the ZIP archive has {} entries; at most {most} are read; split it", archive.len());
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let entries: Vec<Option<Entry>> = (0..archive.len()).map(|index| entry(&mut archive, index)).collect();
    refuse_encrypted(&entries)?;

    let names = names::decode_all(entries.iter().map(|e| e.as_ref().map_or(&b"unnamed"[..], |e| &e.name)));
    for (index, (entry, name)) in entries.iter().zip(&names).enumerate() {
        let Some(entry) = entry else {
            unpacking.skip(name, "is damaged; pack it again");
            continue;
        };
        match entry.kind {
            Kind::Folder => {}
            Kind::Link => unpacking.skip(name, "is a link to another file"),
            Kind::Encrypted => {
                unpacking.skip(name, "is encrypted; unpack it with its password and upload it by itself");
            }
            Kind::File => add(&mut archive, index, name, entry, unpacking)?,
        }
    }
    Ok("zip 8.6")
}

fn entry(archive: &mut ZipArchive<BufReader<File>>, index: usize) -> Option<Entry> {
    let file = archive.by_index_raw(index).ok()?;
    let kind = match () {
        () if file.name_raw().ends_with(b"/") || file.name_raw().ends_with(b"\\") => Kind::Folder,
        () if file.is_symlink() => Kind::Link,
        () if file.encrypted() => Kind::Encrypted,
        () => Kind::File,
    };
    let name = file.name_raw().to_vec();
    Some(Entry { name, bytes: file.size(), compressed: file.compressed_size(), kind })
}

fn refuse_encrypted(entries: &[Option<Entry>]) -> Result<()> {
    let is = |kind: Kind| entries.iter().flatten().any(|entry| entry.kind == kind);
    if is(Kind::Encrypted) && !is(Kind::File) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the ZIP archive is encrypted; unpack it with its password and upload its files",
        ));
    }
    Ok(())
}

fn add(
    archive: &mut ZipArchive<BufReader<File>>,
    index: usize,
    name: &str,
    entry: &Entry,
    unpacking: &mut Unpacking<'_>,
) -> Result<()> {
    match archive.by_index(index) {
        Ok(mut content) => {
            let found = Found { name, declared: entry.bytes, compressed: Some(entry.compressed) };
            unpacking.add(&found, &mut content)?;
        }
        Err(ZipError::UnsupportedArchive(what)) => {
            unpacking.skip(
                name,
                format!("is packed in a way that is not read ({what}); pack it again with Deflate"),
            );
        }
        Err(error) => unpacking.skip(name, format!("is damaged ({error}); pack it again")),
    }
    Ok(())
}
