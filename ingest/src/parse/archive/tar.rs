//! TAR archives, compressed or not. They are read twice: once for the names, whose encoding shows only in
//! all of them.

use std::io::{ErrorKind as IoErrorKind, Read};

use footnote_core::{Error, ErrorKind, Result};
use tar::{Archive, Entry, EntryType};

use crate::parse::members::encoding::{RawName, decode_all};
use crate::parse::members::{Found, Unpacking};

/// TAR archives consist of blocks of this many bytes; the first one is a header.
pub(crate) const BLOCK: usize = 512;
/// Where a header has its checksum, in octal digits.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether the file begins with the header of a TAR archive: its checksum tells, in the oldest variants, too.
pub(crate) fn is_tar(prefix: &[u8]) -> bool {
    let Some(header) = prefix.get(..BLOCK) else { return false };
    let digits = header[CHECKSUM].iter().copied().filter(u8::is_ascii_digit);
    let stored = digits.fold(0_u32, |sum, digit| sum.wrapping_mul(8).wrapping_add(u32::from(digit) - 48));
    let sum = |range: std::ops::Range<usize>| header[range].iter().map(|&b| u32::from(b)).sum::<u32>();
    let computed = sum(0..CHECKSUM.start) + 8 * u32::from(b' ') + sum(CHECKSUM.end..BLOCK);
    header[0] != 0 && stored == computed
}

/// Hands on the files of the archive that `open` opens.
pub(super) fn unpack<R: Read>(
    open: &dyn Fn() -> Result<R>,
    unpacking: &mut Unpacking<'_>,
) -> Result<&'static str> {
    let mut raw_names = Vec::new();
    let most = unpacking.limits().max_archive_entries;
    // Damage shows again in the second reading, which tells of it.
    drop(each_entry(open()?, &mut |entry| {
        raw_names.push(entry.path_bytes().into_owned());
        if raw_names.len() > most {
            let message = format!("the TAR archive has more than {most} entries; split it");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(())
    })?);
    let mut names = decode_all(raw_names.iter().map(|name| RawName::new(name))).into_iter();

    let damage = each_entry(open()?, &mut |entry| {
        let name = names.next().unwrap_or_default();
        take(entry, &name, unpacking)
    })?;
    match damage {
        None => {}
        Some(error) if error.kind() == IoErrorKind::FileTooLarge => return Err(unpacking.too_much()),
        Some(_) if unpacking.count() == 0 => {
            return Err(Error::invalid("the TAR archive is damaged or cut short; pack it again"));
        }
        Some(error) => {
            let after = unpacking.count();
            unpacking.skip(
                "the rest of the archive",
                format!("is damaged or cut short after {after} files ({error}); pack it again"),
            );
        }
    }
    Ok("tar 0.4")
}

/// Gives the damage that ended the reading early, if any.
fn each_entry<R: Read>(
    reader: R,
    visit: &mut dyn FnMut(&mut Entry<'_, R>) -> Result<()>,
) -> Result<Option<std::io::Error>> {
    let mut archive = Archive::new(reader);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return Ok(Some(error)),
    };
    for entry in entries {
        match entry {
            Ok(mut entry) => visit(&mut entry)?,
            Err(error) => return Ok(Some(error)),
        }
    }
    Ok(None)
}

fn take<R: Read>(entry: &mut Entry<'_, R>, name: &str, unpacking: &mut Unpacking<'_>) -> Result<()> {
    if name.ends_with('/') {
        return Ok(());
    }
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let found = Found { name, declared: entry.size(), compressed: None };
            unpacking.add(&found, entry)?;
        }
        EntryType::Link | EntryType::Symlink => unpacking.pass_over(name, "is a link to another file"),
        EntryType::Char | EntryType::Block | EntryType::Fifo => {
            unpacking.pass_over(name, "is a device and no file")
        }
        _ => {}
    }
    Ok(())
}
