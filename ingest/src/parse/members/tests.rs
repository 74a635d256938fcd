//! Limits on what is unpacked, whatever the archive is packed with.

use std::io::Cursor;

use footnote_core::parsed::ParseWarning;

use super::*;

/// Keeps members, for tests to look at.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) members: Vec<(String, Vec<u8>)>,
    open: Option<(String, Vec<u8>)>,
}

impl Kept {
    /// The names in the order they came.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.members.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl MemberOutput for Kept {
    fn start(&mut self, name: &str) -> Result<()> {
        assert!(self.open.replace((name.to_owned(), Vec::new())).is_none(), "one at a time");
        Ok(())
    }
    fn part(&mut self, bytes: &[u8]) -> Result<()> {
        self.open.as_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }
    fn finish(&mut self) -> Result<()> {
        self.members.push(self.open.take().unwrap());
        Ok(())
    }
    fn discard(&mut self) -> Result<()> {
        self.open.take().unwrap();
        Ok(())
    }
}

fn found(name: &str) -> Found<'_> {
    Found { name, declared: 3, compressed: Some(3) }
}

fn warnings(unpacking: Unpacking<'_>) -> Vec<String> {
    told(unpacking).into_iter().map(|w| w.message).collect()
}

fn told(unpacking: Unpacking<'_>) -> Vec<ParseWarning> {
    let mut builder = DocumentBuilder::new(100_000);
    builder.paragraph("text");
    unpacking.describe(&mut builder);
    let document = builder.finish(footnote_core::parsed::ContentType::Archive, "test").unwrap();
    document.warnings
}

#[test]
fn a_member_that_is_too_long_is_left_out_and_the_others_stay() {
    let limits = ParseLimits { max_part_bytes: 100, ..ParseLimits::default() };
    let mut kept = Kept::default();
    let mut unpacking = Unpacking::new(&limits, &mut kept);
    unpacking.add(&found("long.txt"), &mut Cursor::new([b'x'; 200])).unwrap();
    unpacking.add(&found("short.txt"), &mut Cursor::new([b'x'; 100])).unwrap();
    unpacking.add(&found("empty.txt"), &mut Cursor::new([])).unwrap();
    let told = warnings(unpacking).join("\n");
    assert!(told.contains("\"long.txt\" was skipped: it has more than 100 bytes; split it"), "{told}");
    assert!(told.contains("\"empty.txt\" was skipped: it is empty"), "{told}");
    assert_eq!(kept.names(), ["short.txt"]);
}

#[test]
fn members_share_their_bytes_and_their_number() {
    let limits = ParseLimits { max_members_bytes: 250, max_members: 2, ..ParseLimits::default() };
    let mut kept = Kept::default();
    let mut unpacking = Unpacking::new(&limits, &mut kept);
    unpacking.add(&found("a"), &mut Cursor::new([b'x'; 200])).unwrap();
    let error = unpacking.add(&found("b"), &mut Cursor::new([b'x'; 100])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let mut kept = Kept::default();
    let mut unpacking = Unpacking::new(&limits, &mut kept);
    for name in ["a", "b"] {
        unpacking.add(&found(name), &mut Cursor::new([b'x'; 3])).unwrap();
    }
    let error = unpacking.add(&found("c"), &mut Cursor::new([b'x'; 3])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("more than 2 files"), "{error}");
}

#[test]
fn what_holds_nothing_to_read_is_not_lost() {
    let limits = ParseLimits { max_part_bytes: 100, ..ParseLimits::default() };
    let mut kept = Kept::default();
    let mut unpacking = Unpacking::new(&limits, &mut kept);
    unpacking.add(&found("long.txt"), &mut Cursor::new([b'x'; 200])).unwrap();
    unpacking.add(&found("empty.txt"), &mut Cursor::new([])).unwrap();
    unpacking.add(&found(".DS_Store"), &mut Cursor::new(b"abc")).unwrap();
    unpacking.skip("locked.txt", "is encrypted");
    unpacking.pass_over("latest", "is a link to another file");
    let lost = |kind: WarningKind| kind == WarningKind::Lost;
    let told: Vec<(bool, String)> = told(unpacking).into_iter().map(|w| (lost(w.kind), w.message)).collect();
    let of = |name: &str| told.iter().find(|(_, message)| message.contains(name)).unwrap().0;
    assert!(of("long.txt") && of("locked.txt"), "{told:?}");
    assert!(!of("empty.txt") && !of("latest") && !of(".DS_Store"), "{told:?}");
}

#[test]
fn what_lies_too_deep_is_listed_and_not_read() {
    let limits = ParseLimits { max_nesting: 0, ..ParseLimits::default() };
    let mut kept = Kept::default();
    let mut unpacking = Unpacking::new(&limits, &mut kept);
    unpacking.add(&found("a.md"), &mut Cursor::new(b"abc")).unwrap();
    assert!(warnings(unpacking)[0].contains("1 files were not read"));
    assert!(kept.names().is_empty());
}

#[test]
fn documents_within_documents_have_less_left() {
    use footnote_core::document::Lineage;
    let limits = ParseLimits::default().within(&Lineage { depth: 2, members: 9_999, bytes: u64::MAX });
    assert_eq!((limits.max_nesting, limits.max_members, limits.max_members_bytes), (1, 1, 0));
}

#[test]
fn sizes_are_said_as_people_say_them() {
    assert_eq!([0, 999, 1_500, 2_000_000].map(size), ["0 bytes", "999 bytes", "1.5 KB", "2.0 MB"]);
}
