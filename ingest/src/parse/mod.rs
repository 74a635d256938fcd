//! How does a file become canonical text? By its content, in a child process, within limits.
//!
//! [`worker::ParseHost`] starts the child; the child calls [`parse_file`], which tells the type by
//! content ([`sniff`]) and hands the file to that type's parser. All parsers write through
//! [`builder::DocumentBuilder`], so offsets, pages and heading paths are made in one place, and
//! [`builder::check`] holds for whatever comes out.
//!
//! To add a format: a case in `footnote_core::parsed::ContentType`, its signs in [`sniff`], a file
//! here with a `parse` function that writes through the builder, a line in [`parse_file`], and
//! tests with malformed input beside it.

pub mod builder;
mod docx;
mod flow;
mod front_matter;
mod html;
mod image;
pub mod limits;
mod markdown;
mod pdf;
mod sniff;
mod table;
mod text;
pub mod worker;

use std::io::Read;
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, ErrorKind, Result};

pub use self::limits::{EngineConfig, ParseLimits};
pub use self::sniff::{SNIFF_BYTES, sniff};

/// Parses the file at `path`, which people call `file_name`. Synchronous and without limits on
/// memory and time of its own: the service calls it through [`worker::ParseHost`] only.
pub fn parse_file(
    path: &Path,
    file_name: &str,
    limits: &ParseLimits,
    engines: &EngineConfig,
) -> Result<ParsedDocument> {
    parse_file_reporting(path, file_name, limits, engines, &|_, _| {})
}

/// Is told how many pages of how many were read.
type OnPage<'f> = &'f dyn Fn(u32, u32);

/// [`parse_file`], which tells `on_page` of each page it has read.
fn parse_file_reporting(
    path: &Path,
    file_name: &str,
    limits: &ParseLimits,
    engines: &EngineConfig,
    on_page: OnPage<'_>,
) -> Result<ParsedDocument> {
    let content_type = sniff_file(path, file_name, limits)?;
    let parsed = match content_type {
        ContentType::Pdf => pdf::parse(path, limits, engines, on_page),
        ContentType::Docx => docx::parse(path, limits),
        ContentType::Html => html::parse(&read(path)?, limits),
        ContentType::Markdown => markdown::parse(&read(path)?, limits),
        ContentType::Text => text::parse(&read(path)?, limits),
        ContentType::Image => image::parse(path, limits, engines, on_page),
        other => Err(Error::new(ErrorKind::Unsupported, format!("{} is not read yet", other.name()))),
    };
    parsed.map_err(|error| Error::new(error.kind(), format!("cannot read {file_name:?}: {error}")))
}

fn sniff_file(path: &Path, file_name: &str, limits: &ParseLimits) -> Result<ContentType> {
    let mut file = fs_err::File::open(path).internal("cannot open the stored file")?;
    let bytes = file.metadata().internal("cannot look at the stored file")?.len();
    if bytes > limits.max_input_bytes {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!(
                "{file_name:?} has {bytes} bytes; at most {} are read, split the file",
                limits.max_input_bytes
            ),
        ));
    }
    let mut prefix = Vec::new();
    file.by_ref()
        .take(SNIFF_BYTES as u64)
        .read_to_end(&mut prefix)
        .internal("cannot read the stored file")?;
    let entries = if sniff::is_archive(&prefix) { docx::entry_names(file, limits) } else { None };
    sniff(&prefix, entries.as_deref(), Some(file_name))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).internal("cannot read the stored file")
}
