//! Compound files, the container of legacy Office documents: their streams, within limits.

use std::io::{BufReader, Read};
use std::path::Path;

use cfb::CompoundFile;
use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use fs_err::File;

use super::limits::ParseLimits;

/// Most entries of a directory that are looked at.
const MAX_ENTRIES: usize = 10_000;
/// What helps where a legacy document cannot be read.
pub(crate) const REMEDY: &str = "save it as DOCX, PPTX or PDF";

/// Names of the streams and storages at the top of a compound file; `None` where it is damaged.
pub(crate) fn stream_names(file: File) -> Option<Vec<String>> {
    let compound = CompoundFile::open(BufReader::new(file)).ok()?;
    Some(compound.read_root_storage().take(MAX_ENTRIES).map(|entry| entry.name().to_owned()).collect())
}

/// An open compound file.
pub(crate) struct Compound(CompoundFile<BufReader<File>>);

impl Compound {
    /// Opens the compound file at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).internal("cannot open the file")?;
        let compound = CompoundFile::open(BufReader::new(file))
            .context(ErrorKind::InvalidInput, || format!("the file is damaged or cut short; {REMEDY}"))?;
        Ok(Self(compound))
    }

    /// The bytes of a stream; `None` where there is none of this name.
    pub(crate) fn stream(&mut self, name: &str, limits: &ParseLimits) -> Result<Option<Vec<u8>>> {
        if !self.0.is_stream(name) {
            return Ok(None);
        }
        let damaged = || format!("the stream {name} is damaged; {REMEDY}");
        let stream = self.0.open_stream(name).context(ErrorKind::InvalidInput, damaged)?;
        let mut bytes = Vec::new();
        stream
            .take(limits.max_part_bytes + 1)
            .read_to_end(&mut bytes)
            .context(ErrorKind::InvalidInput, damaged)?;
        if bytes.len() as u64 > limits.max_part_bytes {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the stream {name} has more than {} bytes; split the file", limits.max_part_bytes),
            ));
        }
        Ok(Some(bytes))
    }
}

/// The little-endian number of two bytes at `at`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(found.try_into().ok()?))
}

/// The little-endian number of four bytes at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(found.try_into().ok()?))
}

/// [`u32_at`] as a position or length.
pub(crate) fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    u32_at(bytes, at).and_then(|size| usize::try_from(size).ok())
}

/// UTF-16 in little-endian order; what is none becomes U+FFFD.
pub(crate) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_stream_that_is_too_long_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut written = CompoundFile::create(file.reopen().unwrap()).unwrap();
        written.create_stream("WordDocument").unwrap().write_all(&[b'x'; 100]).unwrap();
        written.flush().unwrap();
        let mut compound = Compound::open(file.path()).unwrap();
        let mut read = |max_part_bytes| {
            compound.stream("WordDocument", &ParseLimits { max_part_bytes, ..ParseLimits::default() })
        };
        assert_eq!(read(100).unwrap().map(|bytes| bytes.len()), Some(100));
        let error = read(99).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.message().contains("WordDocument has more than 99 bytes"), "{error}");
    }
}
