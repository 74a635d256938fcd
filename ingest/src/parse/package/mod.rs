//! ZIP packages of XML parts (Office Open XML, OpenDocument, EPUB): limits apply while parts are inflated.

pub(crate) mod xml;

use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use fs_err::File;
use zip::ZipArchive;

use self::xml::{Xml, each_event};
use crate::parse::limits::ParseLimits;
use crate::parse::text::decode;

/// Parts shorter than this may be compressed at any ratio.
const RATIO_APPLIES_FROM: u64 = 16 << 20;

/// Names of the parts of an archive, with `/` between; `None` where it is damaged or has too many.
pub(crate) fn entry_names(file: File, limits: &ParseLimits) -> Option<Vec<String>> {
    let archive = ZipArchive::new(BufReader::new(file)).ok()?;
    let names = archive.file_names().map(|name| name.replace('\\', "/"));
    (archive.len() <= limits.max_archive_entries).then(|| names.collect())
}

/// An open package.
pub(crate) struct Package {
    archive: ZipArchive<BufReader<File>>,
    /// Parts whose names have `\` in place of `/`, as some programs on Windows write them.
    by_windows_name: HashMap<String, usize>,
    inflated: u64,
    limits: ParseLimits,
}

impl Package {
    /// Opens the package at `path`.
    pub(crate) fn open(path: &Path, limits: &ParseLimits) -> Result<Self> {
        let file = File::open(path).internal("cannot open the file")?;
        let archive = ZipArchive::new(BufReader::new(file)).context(ErrorKind::InvalidInput, || {
            "the document is damaged or cut short; save it again with the program it comes from".to_owned()
        })?;
        if archive.len() > limits.max_archive_entries {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "the document has {} parts; at most {} are read",
                    archive.len(),
                    limits.max_archive_entries
                ),
            ));
        }
        let named = (0..archive.len()).filter_map(|index| Some((archive.name_for_index(index)?, index)));
        let by_windows_name = named
            .filter(|(name, _)| name.contains('\\'))
            .map(|(name, index)| (name.replace('\\', "/"), index))
            .collect();
        Ok(Self { archive, by_windows_name, inflated: 0, limits: limits.clone() })
    }

    /// Names of the parts, with `/` between.
    pub(crate) fn names(&self) -> Vec<String> {
        self.archive.file_names().map(|name| name.replace('\\', "/")).collect()
    }

    /// The text of the XML part called `name`; `None` where there is none.
    pub(crate) fn xml(&mut self, name: &str) -> Result<Option<String>> {
        Ok(self.bytes(name)?.map(|bytes| decode(&bytes, None).text))
    }

    /// The bytes of the part called `name`; `None` where there is none.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let found = self.archive.index_for_name(name).or_else(|| self.by_windows_name.get(name).copied());
        let Some(index) = found else { return Ok(None) };
        let mut bytes = Vec::new();
        self.inflate(index, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// Inflates every part and keeps none: what a library is to read without limits of its own stays within
    /// ours.
    pub(crate) fn check_all(&mut self) -> Result<()> {
        (0..self.archive.len()).try_for_each(|index| self.inflate(index, &mut std::io::sink()))
    }

    fn inflate(&mut self, index: usize, into: &mut impl Write) -> Result<()> {
        let damaged = |name: &str| {
            format!(
                "the part {name} of the document is damaged; save it again with the program it comes from"
            )
        };
        let name = self.archive.name_for_index(index).unwrap_or_default().to_owned();
        let entry = self.archive.by_index(index).context(ErrorKind::InvalidInput, || damaged(&name))?;
        let compressed = entry.compressed_size().max(1);
        let left = self.limits.max_inflated_bytes.saturating_sub(self.inflated);
        let by_ratio = compressed.saturating_mul(self.limits.max_inflation_ratio).max(RATIO_APPLIES_FROM);
        let allowed = left.min(self.limits.max_part_bytes).min(by_ratio);
        let read = std::io::copy(&mut entry.take(allowed + 1), into)
            .context(ErrorKind::InvalidInput, || damaged(&name))?;
        if read > allowed {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "the part {name} of the document inflates from {compressed} to more than {allowed} bytes, as a \
                     zip bomb does; split the document"
                ),
            ));
        }
        self.inflated += read;
        Ok(())
    }
}

/// The title in the properties of an Office package.
pub(crate) fn core_title(package: &mut Package) -> Result<Option<String>> {
    title_in(package, "docProps/core.xml")
}

/// What the elements `title` of a part hold; `None` where the package has no such part.
pub(crate) fn title_in(package: &mut Package, part: &str) -> Result<Option<String>> {
    let Some(xml) = package.xml(part)? else { return Ok(None) };
    let mut title = String::new();
    let mut inside = false;
    each_event(part, &xml, |event| {
        match event {
            Xml::Start(start) => inside = start.local_name().as_ref() == "title",
            Xml::End(_) => inside = false,
            Xml::Text(text) if inside => title.push_str(text),
            Xml::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(Some(title))
}

/// `target` as seen from `folder`, without `.` and `..`.
pub(crate) fn resolve(folder: &str, target: &str) -> String {
    let base = if target.starts_with('/') { "" } else { folder };
    let mut parts = Vec::new();
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use footnote_core::ErrorKind;

    use super::{Package, resolve};
    use crate::parse::limits::ParseLimits;

    #[test]
    fn parts_with_backslashes_are_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
        zip.start_file("word/document.xml", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"<w/>").unwrap();
        zip.finish().unwrap();
        // The writer of the library mends such names.
        let mut bytes = fs_err::read(file.path()).unwrap();
        for at in 0..bytes.len() - 8 {
            if bytes[at..].starts_with(b"word/doc") {
                bytes[at + 4] = b'\\';
            }
        }
        fs_err::write(file.path(), bytes).unwrap();
        let mut package = Package::open(file.path(), &ParseLimits::default()).unwrap();
        assert_eq!(package.names(), ["word/document.xml"]);
        assert_eq!(package.xml("word/document.xml").unwrap().as_deref(), Some("<w/>"));
        assert_eq!(package.xml("word/styles.xml").unwrap(), None);
    }

    #[test]
    fn parts_are_bounded_one_by_one_and_together() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
        for name in ["one", "other"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&[b'x'; 600]).unwrap();
        }
        zip.finish().unwrap();
        let opened = |max_inflated_bytes, max_part_bytes| {
            let limits = ParseLimits { max_inflated_bytes, max_part_bytes, ..ParseLimits::default() };
            Package::open(file.path(), &limits).unwrap()
        };
        let mut within = opened(1_200, 600);
        for name in ["one", "other"] {
            assert_eq!(within.bytes(name).unwrap().map(|bytes| bytes.len()), Some(600));
        }
        let mut together = opened(1_199, 600);
        assert!(together.bytes("one").is_ok());
        assert_eq!(together.bytes("other").unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(opened(1_199, 600).check_all().unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(opened(1_200, 599).bytes("one").unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn targets_are_resolved_within_the_package() {
        assert_eq!(resolve("xl/worksheets", "../drawings/d.xml"), "xl/drawings/d.xml");
        assert_eq!(resolve("xl", "/xl/a.xml"), "xl/a.xml");
        assert_eq!(resolve("xl", "../../../etc/passwd"), "etc/passwd");
    }
}
