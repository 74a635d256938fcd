//! What a file is called in a knowledge base: its path below a folder, as text.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::parse::members::encoding::{RawName, decode_all};

/// The path below `folder` with `/` between its parts. Where one is not UTF-8, as old disks and archives have them, they
/// are read as names within archives are: by themselves, so that no other file changes them. `Err` with a lossy form
/// of it where that gives no name.
pub fn key_of(folder: &Path, path: &Path) -> Result<String, String> {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<&[u8]> = below.components().map(|part| part.as_os_str().as_bytes()).collect();
    let valid: Result<Vec<&str>, _> = parts.iter().map(|part| std::str::from_utf8(part)).collect();
    if let Ok(parts) = valid {
        return Ok(parts.join("/"));
    }
    let read = decode_all(parts.iter().map(|part| RawName::new(part)));
    match read.iter().any(|part| part.contains(|c: char| c == '\u{fffd}' || c.is_control())) {
        true => Err(below.to_string_lossy().into_owned()),
        false => Ok(read.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use encoding_rs::GBK;

    use super::*;

    #[test]
    fn names_in_other_encodings_are_read() {
        let key = |bytes: &[u8]| key_of(Path::new("/data"), Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(key("/data/人事/年假.md".as_bytes()).as_deref(), Ok("人事/年假.md"));
        assert_eq!(key(&GBK.encode("/data/人事/年假.md").0).as_deref(), Ok("人事/年假.md"));
        let mixed = ["/data/人事/".as_bytes(), &GBK.encode("年假.md").0[..]].concat();
        assert_eq!(key(&mixed).as_deref(), Ok("人事/年假.md"));
        assert_eq!(key(b"/data/a\xff\n.md"), Err("a\u{fffd}\n.md".to_owned()));
    }
}
