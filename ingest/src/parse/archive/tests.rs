//! Archives made on the spot: honest ones, odd ones, hostile ones.

use std::io::{Cursor, Write};

use ::zip::ZipWriter;
use ::zip::write::SimpleFileOptions;
use encoding_rs::GBK;
use flate2::Compression;
use flate2::write::GzEncoder;
use footnote_core::ErrorKind;
use proptest::prelude::*;

use super::*;
use crate::parse::members::tests::Kept;

fn read_within(
    bytes: &[u8],
    name: &str,
    limits: &ParseLimits,
) -> (Result<ParsedDocument>, Vec<(String, Vec<u8>)>) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut kept = Kept::default();
    let parsed = parse(file.path(), name, limits, &mut kept);
    (parsed, kept.members)
}

#[track_caller]
fn read(bytes: &[u8], name: &str) -> (ParsedDocument, Vec<(String, Vec<u8>)>) {
    let (parsed, members) = read_within(bytes, name, &ParseLimits::default());
    (parsed.unwrap(), members)
}

fn names(members: &[(String, Vec<u8>)]) -> Vec<&str> {
    members.iter().map(|(name, _)| name.as_str()).collect()
}

fn told(document: &ParsedDocument) -> String {
    document.warnings.iter().map(|w| w.message.as_str()).collect::<Vec<_>>().join("\n")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// As old programs on Chinese Windows pack: names in GBK, no flag.
fn zip_in_gbk(files: &[(&str, &[u8])]) -> Vec<u8> {
    let stand_in = |at: usize, length: usize| format!("{at:0>length$}");
    let encoded: Vec<Vec<u8>> = files.iter().map(|(name, _)| GBK.encode(name).0.into_owned()).collect();
    let placeholders: Vec<String> =
        encoded.iter().enumerate().map(|(at, name)| stand_in(at + 1, name.len())).collect();
    let files: Vec<(&str, &[u8])> =
        placeholders.iter().zip(files).map(|(name, (_, content))| (name.as_str(), *content)).collect();
    let mut bytes = zip(&files);
    for (placeholder, name) in placeholders.iter().zip(&encoded) {
        for at in 0..bytes.len() - name.len() {
            if bytes[at..].starts_with(placeholder.as_bytes()) {
                bytes[at..at + name.len()].copy_from_slice(name);
            }
        }
    }
    bytes
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = ::tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = ::tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_archive_lists_its_members_and_hands_them_on() {
    let bytes = zip(&[
        ("制度/年假.md", b"# Leave"),
        ("notes.txt", b"notes"),
        ("__MACOSX/._notes.txt", b"junk"),
        (".DS_Store", b"junk"),
        ("empty.txt", b""),
    ]);
    let (document, members) = read(&bytes, "pack.zip");
    assert_eq!(names(&members), ["制度/年假.md", "notes.txt"]);
    assert_eq!(members[0].1, b"# Leave");
    assert!(document.text.starts_with("pack.zip\n\n| Name | Size |"), "{}", document.text);
    assert!(document.text.contains("| 制度/年假.md | 7 bytes |"), "{}", document.text);
    assert_eq!(document.content_type, ContentType::Archive);
    let told = told(&document);
    assert!(told.contains("2 hidden or system files") && told.contains("\"empty.txt\""), "{told}");
}

#[test]
fn names_in_gbk_are_read() {
    let files: [(&str, &[u8]); 3] =
        [("人事/员工手册.md", b"a"), ("人事/休假制度.docx", b"b"), ("readme12345.txt", b"c")];
    let (_, members) = read(&zip_in_gbk(&files), "pack.zip");
    assert_eq!(names(&members), files.map(|(name, _)| name));
}

/// With another name in the place of one that is as long.
fn renamed(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

#[test]
fn members_of_the_same_name_are_told_as_they_are_listed() {
    let hidden =
        renamed(zip(&[("a.md", b"a"), (".DS_Store", b"1"), (".DS_Stora", b"2")]), b"Stora", b"Store");
    assert!(told(&read(&hidden, "p.zip").0).contains("1 hidden or system files"));
    let folders = renamed(zip(&[("a.md", b"a"), ("a/", b""), ("b/", b"")]), b"b/", b"a/");
    assert_eq!(told(&read(&folders, "p.zip").0), "");
    // Alone, 晟达 of the one encoding may be words of another.
    let names = ["瑾瑜.txt", "瑾瑛.txt", "人事部员工休假制度与考勤管理办法.md"];
    let files = names.map(|name| (name, &b"x"[..]));
    let (from, to) = (GBK.encode(names[1]).0, GBK.encode(names[0]).0);
    let (document, members) = read(&renamed(zip_in_gbk(&files), &from, &to), "p.zip");
    assert!(self::names(&members).contains(&names[0]), "{members:?}");
    assert!(told(&document).contains(&format!("{:?} was skipped", names[0])), "{}", told(&document));
    // Said to be UTF-8, which GBK is by accident.
    let flagged = renamed(zip(&[("֪ͨ.txt", b"1"), ("֪ͩ.txt", b"2")]), "֪ͩ".as_bytes(), "֪ͨ".as_bytes());
    assert!(told(&read(&flagged, "p.zip").0).contains(&format!("{:?} was skipped", "֪ͨ.txt")));
}

#[test]
fn members_of_the_same_name_are_told() {
    let bytes = renamed(zip(&[("a.txt", b"one"), ("b.txt", b"two")]), b"b.txt", b"a.txt");
    let (document, members) = read(&bytes, "pack.zip");
    assert_eq!(names(&members), ["a.txt"]);
    assert!(
        told(&document).contains("\"a.txt\" was skipped: it stands in the archive 2 times"),
        "{}",
        told(&document)
    );
    assert!(document.warnings.len() == 1 && told(&read(&zip(&[("a.txt", b"one")]), "p.zip").0).is_empty());
}

#[test]
fn no_member_leads_out_of_the_archive() {
    let hostile: [(&str, &[u8]); 4] =
        [("../../etc/passwd", b"a"), ("/etc/shadow", b"b"), ("C:\\x\\y.md", b"c"), ("a/../../b.md", b"d")];
    for bytes in [zip(&hostile), tar(&hostile)] {
        let (_, members) = read(&bytes, "pack");
        assert_eq!(names(&members), ["etc/passwd", "etc/shadow", "x/y.md", "a/b.md"]);
    }
}

#[test]
fn a_zip_bomb_is_left_out_and_costs_only_itself() {
    let zeros = vec![0; 20 << 20];
    let (document, members) = read(&zip(&[("bomb.txt", &zeros), ("good.md", b"good")]), "pack.zip");
    assert_eq!(names(&members), ["good.md"]);
    assert!(told(&document).contains("zip bomb"), "{}", told(&document));
    let (document, _) = read_within(&gzip(&zeros), "bomb.txt.gz", &ParseLimits::default());
    let error = document.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let bound = (16 << 20).to_string();
    assert!(error.message().contains(&bound), "the bound that was broken, not another: {error}");
    let (document, _) = read_within(&gzip(&tar(&[("bomb.txt", &zeros)])), "b.tgz", &ParseLimits::default());
    let error = document.unwrap_err();
    assert!(error.kind() == ErrorKind::TooLarge && error.message().contains(&bound), "{error}");
}

#[test]
fn too_many_entries_are_refused() {
    let limits = ParseLimits { max_archive_entries: 2, ..ParseLimits::default() };
    let files: [(&str, &[u8]); 3] = [("a", b"a"), ("b", b"b"), ("c", b"c")];
    for bytes in [zip(&files), tar(&files), gzip(&tar(&files))] {
        let error = read_within(&bytes, "pack", &limits).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.message().contains("split it"), "{error}");
    }
}

#[test]
fn tar_archives_are_read_compressed_or_not_but_no_links_and_devices() {
    let mut builder = ::tar::Builder::new(tar(&[("a/b.md", b"b"), ("c.txt", b"c")]));
    // What `into_inner` wrote ended the archive: begin anew in front of it.
    builder = {
        drop(builder);
        ::tar::Builder::new(Vec::new())
    };
    for (name, kind) in [("link", ::tar::EntryType::Symlink), ("null", ::tar::EntryType::Char)] {
        let mut header = ::tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_path(name).unwrap();
        if kind == ::tar::EntryType::Symlink {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, &[][..]).unwrap();
    }
    let long = format!("{}/长名.md", "folder".repeat(30));
    let mut header = ::tar::Header::new_gnu();
    header.set_size(1);
    builder.append_data(&mut header, &long, &b"x"[..]).unwrap();
    let bytes = builder.into_inner().unwrap();
    for bytes in [bytes.clone(), gzip(&bytes)] {
        let (document, members) = read(&bytes, "pack.tar.gz");
        assert_eq!(members.len(), 1);
        assert!(members[0].0.ends_with("长名.md"), "{}", members[0].0);
        let told = told(&document);
        assert!(told.contains("\"link\" was skipped: it is a link"), "{told}");
        assert!(told.contains("\"null\" was skipped: it is a device"), "{told}");
    }
}

#[test]
fn one_compressed_file_has_the_name_of_its_archive() {
    let (_, members) = read(&gzip(b"ten days"), "leave.md.gz");
    assert_eq!(members, [("leave.md".to_owned(), b"ten days".to_vec())]);
    let named = flate2::GzBuilder::new().filename("inner.md");
    let mut encoder = named.write(Vec::new(), Compression::fast());
    encoder.write_all(b"ten days").unwrap();
    let (_, members) = read(&encoder.finish().unwrap(), "upload");
    assert_eq!(names(&members), ["inner.md"]);
}

#[test]
fn what_is_damaged_or_encrypted_says_so() {
    let whole = zip(&[("a.md", b"aaaa"), ("b.md", b"bbbb")]);
    let error = read_within(&whole[..whole.len() - 30], "a.zip", &ParseLimits::default()).0.unwrap_err();
    assert!(error.message().contains("damaged"), "{error}");

    let mut flagged = whole.clone();
    for at in 0..flagged.len() - 10 {
        // General purpose flags: bit 0 means encrypted.
        match flagged.get(at..at + 4) {
            Some(b"PK\x03\x04") => flagged[at + 6] |= 1,
            Some(b"PK\x01\x02") => flagged[at + 8] |= 1,
            _ => {}
        }
    }
    let error = read_within(&flagged, "a.zip", &ParseLimits::default()).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("unpack it with its password"), "{error}");

    let mut changed = zip(&[("good.md", b"good"), ("bad.md", b"xyzxyzxyzxyz")]);
    let at = changed.windows(6).rposition(|w| w == b"bad.md").unwrap();
    // The checksum in the table of contents.
    changed[at - 30] ^= 0xff;
    let (document, members) = read(&changed, "a.zip");
    assert_eq!(names(&members), ["good.md"]);
    assert!(told(&document).contains("\"bad.md\" was skipped: it is damaged"), "{}", told(&document));

    let cut = tar(&[("a.md", &[b'a'; 600]), ("b.md", &[b'b'; 600])]);
    let (document, members) = read(&cut[..512 + 1024 + 512 + 100], "a.tar");
    assert_eq!(names(&members), ["a.md"]);
    assert!(!document.warnings.is_empty());
    let error = read_within(&zip(&[]), "a.zip", &ParseLimits::default()).0.unwrap_err();
    assert!(error.message().contains("no files"), "{error}");
}

#[test]
fn a_real_archive_is_read() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ingest/markitdown/test_files.zip");
    let Ok(bytes) = fs_err::read(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return;
    };
    let (document, members) = read(&bytes, "test_files.zip");
    assert_eq!(members.len(), 7);
    assert!(
        document.warnings.is_empty() && document.text.contains("| test.docx | 17.3 KB |"),
        "{}",
        document.text
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..2_000), kind in 0..4) {
        match kind {
            0 => bytes.splice(0..0, zip(&[("a.md", b"aaaa")])).for_each(drop),
            1 => bytes.splice(0..0, GZIP_MAGIC.iter().copied()).for_each(drop),
            2 => bytes.splice(0..0, tar(&[("a.md", b"aaaa")])[..1024].to_vec()).for_each(drop),
            _ => {}
        }
        drop(read_within(&bytes, "x.gz", &ParseLimits::default()));
    }

    #[test]
    fn no_damage_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let files: [(&str, &[u8]); 2] = [("a.md", b"aaaa"), ("b/c.md", b"cccc")];
        for mut bytes in [zip(&files), tar(&files), gzip(&tar(&files))] {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            drop(read_within(&bytes, "x", &ParseLimits::default()));
        }
    }
}
