//! What the fuzz targets (`fuzz/`) reach of the parsers: there only in builds with `--cfg fuzzing`.

use std::io::{Cursor, Write};

use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, ErrorKind};

use super::builder::check;
use super::members::Unkept;
use super::{EngineConfig, ParseLimits};

pub use super::image::fuzzing::picture;
pub use super::pdf::fuzzing::{Drawn, Seen, Sign, lay_out, open_pdf, read_scan};
pub use super::worker::fuzzing::{answer, request};

/// What the first byte of an input chooses: a parser, and the name that the file has. PDF and pictures are not
/// among them: their decoders are others' code, and what is ours has targets of its own ([`open_pdf`],
/// [`lay_out`], [`picture`], [`read_scan`]).
pub const FORMATS: [(ContentType, &str); 33] = [
    (ContentType::Html, "a.html"),
    (ContentType::Markdown, "a.md"),
    (ContentType::Text, "a.txt"),
    (ContentType::Archive, "a.zip"),
    (ContentType::Archive, "a.tar"),
    (ContentType::Archive, "a.tar.gz"),
    (ContentType::Eml, "a.eml"),
    (ContentType::Msg, "a.msg"),
    (ContentType::Asciidoc, "a.adoc"),
    (ContentType::Rst, "a.rst"),
    (ContentType::Xml, "a.xml"),
    (ContentType::Code, "a.rs"),
    (ContentType::Code, "a.py"),
    (ContentType::Code, "a.ts"),
    (ContentType::Code, "a.js"),
    (ContentType::Code, "a.java"),
    (ContentType::Code, "a.go"),
    (ContentType::Code, "a.cpp"),
    (ContentType::Code, "a.sh"),
    (ContentType::Csv, "a.csv"),
    (ContentType::Json, "a.json"),
    (ContentType::Notebook, "a.ipynb"),
    (ContentType::Rtf, "a.rtf"),
    (ContentType::Docx, "a.docx"),
    (ContentType::Pptx, "a.pptx"),
    (ContentType::Xlsx, "a.xlsx"),
    (ContentType::Odt, "a.odt"),
    (ContentType::Odp, "a.odp"),
    (ContentType::Ods, "a.ods"),
    (ContentType::Epub, "a.epub"),
    (ContentType::Xls, "a.xls"),
    (ContentType::Doc, "a.doc"),
    (ContentType::Ppt, "a.ppt"),
];

/// What stands before the name of each part of a flattened container.
pub const PART: &[u8] = b"\xffFNPART ";

/// Small bounds: what takes long within them is a finding.
pub(super) fn limits() -> ParseLimits {
    ParseLimits {
        max_text_chars: 2_000_000,
        max_inflated_bytes: 16 << 20,
        max_part_bytes: 8 << 20,
        max_members_bytes: 16 << 20,
        max_cells: 100_000,
        max_response_bytes: 16 << 20,
        ..ParseLimits::default()
    }
}

/// Parses the rest of `input` as the format that its first byte chooses.
pub fn parse(input: &[u8]) {
    if let Some((&[choice], bytes)) = input.split_first_chunk() {
        let (content_type, name) = FORMATS[usize::from(choice) % FORMATS.len()];
        parse_as(content_type, name, bytes);
    }
}

/// Packs a flattened container (a format's byte, then for each part [`PART`], its name, a line feed and its bytes)
/// and parses it: so that the parts are fuzzed rather than the checksums around them.
pub fn package(input: &[u8]) {
    let Some((&[choice], bytes)) = input.split_first_chunk() else { return };
    let (content_type, name) = FORMATS[usize::from(choice) % FORMATS.len()];
    let parts = split(bytes).into_iter().filter_map(|part| {
        let end = part.iter().position(|byte| *byte == b'\n')?;
        Some((String::from_utf8_lossy(&part[..end]).into_owned(), &part[end + 1..]))
    });
    let packed = match content_type {
        ContentType::Msg | ContentType::Doc | ContentType::Ppt | ContentType::Xls => compound(parts),
        _ => zipped(parts),
    };
    if let Some(packed) = packed {
        parse_as(content_type, name, &packed);
    }
}

/// Tells the type of the rest of `input`, whose first byte chooses the name.
pub fn sniff(input: &[u8]) {
    if let Some((&[choice], bytes)) = input.split_first_chunk() {
        let (_, name) = FORMATS[usize::from(choice) % FORMATS.len()];
        let whole = super::sniff(bytes, None, Some(name));
        assert!(!matches!(whole, Err(error) if error.kind() == ErrorKind::Internal));
        super::text::decode(bytes, None);
    }
}

fn parse_as(content_type: ContentType, name: &str, bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file is written");
    let engines = EngineConfig::default();
    judge(super::parse_as(content_type, file.path(), name, &limits(), &engines, &|_, _| {}, &mut Unkept));
}

/// A sound document, or a reason that blames the file.
pub(super) fn judge(parsed: footnote_core::Result<ParsedDocument>) {
    match parsed {
        Ok(document) => check(&document).expect("a parsed document is sound"),
        Err(error) => assert_blames_the_file(&error),
    }
}

pub(super) fn assert_blames_the_file(error: &Error) {
    let blamed =
        [ErrorKind::InvalidInput, ErrorKind::Unsupported, ErrorKind::TooLarge, ErrorKind::NotInstalled];
    assert!(blamed.contains(&error.kind()), "{:?}: {error}", error.kind());
}

fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some(at) = bytes.windows(PART.len()).position(|window| window == PART) {
        parts.push(&bytes[..at]);
        bytes = &bytes[at + PART.len()..];
    }
    parts.push(bytes);
    // Nothing stands before the first.
    parts.remove(0);
    parts
}

fn zipped<'p>(parts: impl Iterator<Item = (String, &'p [u8])>) -> Option<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in parts {
        if zip.start_file(name, stored).is_ok() {
            zip.write_all(bytes).ok()?;
        }
    }
    zip.finish().ok().map(Cursor::into_inner)
}

fn compound<'p>(parts: impl Iterator<Item = (String, &'p [u8])>) -> Option<Vec<u8>> {
    let mut compound = cfb::CompoundFile::create(Cursor::new(Vec::new())).ok()?;
    // What the writer asserts of names, rather than to refuse others.
    let is_name =
        |name: &str| (1..=31).contains(&name.encode_utf16().count()) && !name.contains(['\\', ':', '!']);
    for (name, bytes) in parts {
        let name = name.trim_matches('/');
        if !name.split('/').all(is_name) {
            continue;
        }
        if let Some((folder, _)) = name.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            let _ = compound.create_storage_all(folder);
        }
        if let Ok(mut stream) = compound.create_stream(name) {
            stream.write_all(bytes).ok()?;
        }
    }
    compound.flush().ok()?;
    Some(compound.into_inner().into_inner())
}
