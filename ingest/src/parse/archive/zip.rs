//! ZIP archives, with names in the encoding of whoever packed them.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use fs_err::File;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::parse::members::encoding::{RawName, decode_all};
use crate::parse::members::names::is_system;
use crate::parse::members::{self, Found, Unpacking};

/// The end of the table of contents: its length without a comment, and the longest comment.
const END: usize = 22;
const MAX_COMMENT: u64 = 65_535;
/// Longest table of contents in which members of the same name are looked for.
const MAX_CONTENTS: u64 = 32 << 20;

/// An entry of the table of contents; `None` in place of one that its local header contradicts.
struct Entry {
    name: Vec<u8>,
    is_utf8: bool,
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

    let names = decode_all(entries.iter().map(|entry| match entry {
        Some(entry) => RawName { bytes: &entry.name, is_utf8: entry.is_utf8 },
        None => RawName::new(b"unnamed"),
    }));
    for (index, (entry, name)) in entries.iter().zip(&names).enumerate() {
        let Some(entry) = entry else {
            unpacking.skip(name, "is damaged; pack it again");
            continue;
        };
        match entry.kind {
            Kind::Folder => {}
            Kind::Link => unpacking.pass_over(name, "is a link to another file"),
            Kind::Encrypted => {
                unpacking.skip(name, "is encrypted; unpack it with its password and upload it by itself");
            }
            Kind::File => add(&mut archive, index, name, entry, unpacking)?,
        }
    }
    tell_namesakes(&namesakes(path).unwrap_or_default(), &entries, &names, unpacking);
    Ok("zip 8.6")
}

/// Tells the names of files, as they are listed, of which one alone was read.
fn tell_namesakes(
    namesakes: &[(Vec<u8>, usize)],
    entries: &[Option<Entry>],
    names: &[String],
    unpacking: &mut Unpacking<'_>,
) {
    let listed: HashMap<&[u8], &String> = entries
        .iter()
        .zip(names)
        .filter_map(|(entry, name)| entry.as_ref().map(|entry| (entry.name.as_slice(), name)))
        .collect();
    for (raw, times) in namesakes {
        // What is of no use is told once, by its number.
        let Some(name) = listed.get(raw.as_slice()).filter(|name| !is_system(name)) else { continue };
        let reason =
            format!("stands in the archive {times} times, of which the last was read; pack it again");
        unpacking.skip(name, reason);
    }
}

/// Names of files that stand more than once in the table of contents: the library knows the last member of each name only.
/// `None` where the table is not where it should be, or too long for a classic archive.
fn namesakes(path: &Path) -> Option<Vec<(Vec<u8>, usize)>> {
    let mut file = members::open(path).ok()?;
    let length = file.seek(SeekFrom::End(0)).ok()?;
    let tail_at = length.saturating_sub(MAX_COMMENT + END as u64);
    file.seek(SeekFrom::Start(tail_at)).ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    let end = tail.windows(END).rposition(|window| window.starts_with(b"PK\x05\x06"))?;
    let size = u64::from(u32::from_le_bytes(tail.get(end + 12..end + 16)?.try_into().ok()?));
    let start = (tail_at + end as u64).checked_sub(size).filter(|_| size <= MAX_CONTENTS)?;
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut contents = Vec::new();
    file.take(size).read_to_end(&mut contents).ok()?;

    let mut times: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut rest = contents.as_slice();
    while let Some(header) = rest.get(..46).filter(|header| header.starts_with(b"PK\x01\x02")) {
        let long = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (name, others) = (long(28), long(30) + long(32));
        *times.entry(rest.get(46..46 + name)?.to_vec()).or_default() += 1;
        rest = rest.get(46 + name + others..)?;
    }
    let several = times.into_iter().filter(|(name, times)| *times > 1 && !is_folder(name));
    let mut several: Vec<(Vec<u8>, usize)> = several.collect();
    several.sort();
    Some(several)
}

fn entry(archive: &mut ZipArchive<BufReader<File>>, index: usize) -> Option<Entry> {
    let file = archive.by_index_raw(index).ok()?;
    let kind = match () {
        () if is_folder(file.name_raw()) => Kind::Folder,
        () if file.is_symlink() => Kind::Link,
        () if file.encrypted() => Kind::Encrypted,
        () => Kind::File,
    };
    let name = file.name_raw().to_vec();
    // The library reads a name as UTF-8 where the archive says so, else in the encoding of DOS.
    let is_utf8 = std::str::from_utf8(&name).is_ok_and(|text| text == file.name());
    Some(Entry { name, is_utf8, bytes: file.size(), compressed: file.compressed_size(), kind })
}

fn is_folder(name: &[u8]) -> bool {
    name.ends_with(b"/") || name.ends_with(b"\\")
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
