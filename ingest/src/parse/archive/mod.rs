//! Archives: ZIP, TAR and gzip. Their own text tells what they hold; each member is a document of its own.

mod tar;
mod zip;

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use footnote_core::error::Context;
use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, Result};

pub(crate) use self::tar::is_tar;
use super::builder::DocumentBuilder;
use super::limits::ParseLimits;
use super::members::encoding::{RawName, decode_all};
use super::members::{self, Bounded, Found, MemberOutput, Unpacking};

/// What a gzip file begins with.
pub(crate) const GZIP_MAGIC: &[u8] = b"\x1f\x8b\x08";

/// Unpacks the archive at `path`, which people call `file_name`, and lists its members.
pub(crate) fn parse(
    path: &Path,
    file_name: &str,
    limits: &ParseLimits,
    output: &mut dyn MemberOutput,
) -> Result<ParsedDocument> {
    let mut head = Vec::new();
    let mut file = members::open(path)?;
    file.by_ref().take(tar::BLOCK as u64).read_to_end(&mut head).internal("cannot read the stored file")?;

    let mut unpacking = Unpacking::new(limits, output);
    let engine = match () {
        () if head.starts_with(GZIP_MAGIC) => gzip(path, file_name, &mut unpacking)?,
        () if is_tar(&head) => tar::unpack(&|| members::open(path), &mut unpacking)?,
        () => zip::unpack(path, &mut unpacking)?,
    };
    if unpacking.is_empty() {
        return Err(Error::invalid("the archive holds no files"));
    }
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    builder.heading(1, file_name);
    unpacking.describe(&mut builder);
    builder.finish(ContentType::Archive, engine)
}

/// A compressed TAR archive, or one compressed file.
fn gzip(path: &Path, file_name: &str, unpacking: &mut Unpacking<'_>) -> Result<&'static str> {
    let compressed = fs_err::metadata(path).internal("cannot look at the stored file")?.len();
    let most = unpacking.inflates_from(compressed);
    let open = || -> Result<_> { Ok(Bounded::new(MultiGzDecoder::new(members::open(path)?), most)) };
    let mut head = Vec::new();
    // What cannot be inflated fails again below, where it is told.
    drop(open()?.take(tar::BLOCK as u64).read_to_end(&mut head));
    if is_tar(&head) {
        return tar::unpack(&open, unpacking);
    }
    let inner = name_within(path, file_name)?;
    let found = Found { name: &inner, declared: 0, compressed: Some(compressed) };
    unpacking.add(&found, &mut open()?)?;
    Ok("flate2 1")
}

/// The name of a file that was compressed by itself: its archive's without the extension, else as its header
/// has it.
fn name_within(path: &Path, file_name: &str) -> Result<String> {
    if let Some((stem, extension)) = file_name.rsplit_once('.')
        && extension.eq_ignore_ascii_case("gz")
        && !stem.is_empty()
    {
        return Ok(stem.to_owned());
    }
    let decoder = MultiGzDecoder::new(members::open(path)?);
    let name = decoder.header().and_then(flate2::GzHeader::filename).unwrap_or(b"content");
    Ok(decode_all(std::iter::once(RawName::new(name))).remove(0))
}

#[cfg(test)]
mod tests;
