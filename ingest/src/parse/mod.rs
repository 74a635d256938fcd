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

mod alternative;
mod archive;
mod asciidoc;
mod blank_rows;
pub mod builder;
mod code;
mod comment;
mod compound;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod damage;
mod delimited;
mod doc;
mod docx;
mod epub;
mod flow;
mod front_matter;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod html;
mod image;
mod json;
pub mod limits;
mod mail;
mod markdown;
pub(crate) mod members;
mod notebook;
mod numbering;
mod odf;
mod ooxml;
mod package;
mod pdf;
mod ppt;
mod pptx;
mod reading_order;
mod rst;
mod rtf;
mod running_text;
mod sheets;
mod sniff;
mod symbols;
mod table;
mod text;
pub mod worker;
mod xml;

use std::io::Read;
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, ErrorKind, Result};

pub use self::limits::{EngineConfig, ParseLimits};
use self::members::{MemberOutput, Unkept};
pub use self::sniff::{SNIFF_BYTES, sniff};

/// Parses the file at `path`, which people call `file_name`. Synchronous and without limits on
/// memory and time of its own: the service calls it through [`worker::ParseHost`] only. What lies within
/// the file (an archive's members, a message's attachments) is listed and not kept.
pub fn parse_file(
    path: &Path,
    file_name: &str,
    limits: &ParseLimits,
    engines: &EngineConfig,
) -> Result<ParsedDocument> {
    parse_file_reporting(path, file_name, limits, engines, &|_, _| {}, &mut Unkept)
}

/// Is told how many pages of how many were read.
type OnPage<'f> = &'f dyn Fn(u32, u32);

/// [`parse_file`], which tells `on_page` of each page it has read and hands on what lies within the file to
/// `members`.
fn parse_file_reporting(
    path: &Path,
    file_name: &str,
    limits: &ParseLimits,
    engines: &EngineConfig,
    on_page: OnPage<'_>,
    members: &mut dyn MemberOutput,
) -> Result<ParsedDocument> {
    let content_type = sniff_file(path, file_name, limits)?;
    let parsed = parse_as(content_type, path, file_name, limits, engines, on_page, members);
    parsed.map_err(|error| Error::new(error.kind(), format!("cannot read {file_name:?}: {error}")))
}

/// Hands the file to the parser of its type.
fn parse_as(
    content_type: ContentType,
    path: &Path,
    file_name: &str,
    limits: &ParseLimits,
    engines: &EngineConfig,
    on_page: OnPage<'_>,
    members: &mut dyn MemberOutput,
) -> Result<ParsedDocument> {
    match content_type {
        ContentType::Pdf => pdf::parse(path, limits, engines, on_page, members),
        ContentType::Docx => docx::parse(path, limits),
        ContentType::Html => html::parse(&read(path)?, limits),
        ContentType::Markdown => markdown::parse(&read(path)?, limits),
        ContentType::Text => text::parse(&read(path)?, limits),
        ContentType::Archive => archive::parse(path, file_name, limits, members),
        ContentType::Eml => mail::parse_eml(path, limits, members),
        ContentType::Msg => mail::parse_msg(path, limits, members),
        ContentType::Asciidoc => asciidoc::parse(&read(path)?, limits),
        ContentType::Rst => rst::parse(&read(path)?, limits),
        ContentType::Xml => xml::parse(&read(path)?, limits),
        ContentType::Code => code::parse(&read(path)?, file_name, limits),
        ContentType::Xlsx => sheets::xlsx::parse(path, limits),
        ContentType::Xls => sheets::binary::parse_xls(path, limits),
        ContentType::Ods => sheets::ods::parse(path, limits),
        ContentType::Csv => delimited::parse(&read(path)?, limits),
        ContentType::Json => json::parse(&read(path)?, limits),
        ContentType::Notebook => notebook::parse(&read(path)?, limits),
        ContentType::Pptx => pptx::parse(path, limits),
        ContentType::Odt | ContentType::Odp => odf::parse(path, content_type, limits),
        ContentType::Epub => epub::parse(path, limits),
        ContentType::Rtf => rtf::parse(&read(path)?, limits),
        ContentType::Doc => doc::parse(path, limits),
        ContentType::Ppt => ppt::parse(path, limits),
        ContentType::Image => image::parse(path, limits, engines, on_page),
    }
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
    let entries = match () {
        () if sniff::is_archive(&prefix) => package::entry_names(file, limits),
        () if sniff::is_compound(&prefix) => compound::stream_names(file),
        () => None,
    };
    sniff(&prefix, entries.as_deref(), Some(file_name))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).internal("cannot read the stored file")
}
