//! What a DOC says, from real files and from damaged ones.

use std::io::Write;

use super::properties::PAGES;
use super::*;
use crate::parse::cost::assert_cheap;
use crate::parse::damage::assert_never_panics;
use crate::parse::numbering::Level;

const SAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ingest/docling/doc/sources/legacy_sample.doc");

const TEXT: usize = 0x400;

fn compound(streams: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut compound = cfb::CompoundFile::create(file.reopen().unwrap()).unwrap();
    for (name, bytes) in streams {
        compound.create_stream(name).unwrap().write_all(bytes).unwrap();
    }
    compound.flush().unwrap();
    file
}

/// A document of one piece of UTF-16 text, which begins at [`TEXT`], without properties.
fn document(text: &str, flags: u16) -> tempfile::NamedTempFile {
    let (stream, table) = streams(text, flags);
    compound(&[("WordDocument", &stream), ("0Table", &table)])
}

fn streams(text: &str, flags: u16) -> (Vec<u8>, Vec<u8>) {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let count = u32::try_from(units.len() / 2).unwrap();
    let mut stream = vec![0; TEXT];
    stream[..2].copy_from_slice(&MAGIC.to_le_bytes());
    stream[FLAGS..FLAGS + 2].copy_from_slice(&flags.to_le_bytes());
    stream[MAIN_LENGTH..MAIN_LENGTH + 4].copy_from_slice(&count.to_le_bytes());
    let mut clx = vec![2, 16, 0, 0, 0, 0, 0, 0, 0];
    clx.extend(count.to_le_bytes());
    clx.extend([0, 0, 0, 4, 0, 0, 0, 0]);
    stream[PIECES + 4] = u8::try_from(clx.len()).unwrap();
    stream.extend(units);
    (stream, clx)
}

fn read(text: &str, flags: u16) -> Result<ParsedDocument> {
    parse(document(text, flags).path(), &ParseLimits::default())
}

#[test]
fn text_comes_by_the_piece_table() {
    let text = "年假 😀 café\rsee \u{13} HYPERLINK \"x\" \u{14}here\u{15}\u{b}now\r";
    assert_eq!(read(text, 0).unwrap().text, "年假 😀 café\n\nsee here\nnow");
}

#[test]
fn fields_that_never_end_cost_no_more_than_their_text() {
    let text = format!("{}kept \u{13}hidden\u{13}\u{14}too\u{15}", "\u{13}\u{14}x".repeat(100_000));
    let read = assert_cheap(|| read(&text, 0).unwrap().text);
    assert!(read.starts_with("xx") && read.ends_with("kept"), "{} bytes", read.len());
}

#[test]
fn a_page_of_properties_is_read_once() {
    // Two entries of the table name page 1, which has one paragraph.
    let mut stream = vec![0; 1024];
    stream[PAGES + 4] = 20;
    stream[512 + 4] = 9;
    stream[1023] = 1;
    let mut table = vec![0; 12];
    table.extend([1, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(Properties::read(&stream, &table, &Styles::default()).0.len(), 1);
}

#[test]
fn deleted_and_hidden_text_is_left_out() {
    let (mut stream, mut table) = streams("kept gone unseen end\r", 0);
    stream.resize(4 * 512, 0);
    // One page of properties, the fourth: where its runs begin, the halves of where their properties lie, and those.
    let page = &mut stream[3 * 512..];
    for (index, start) in [0, 5, 10, 17, 21].into_iter().enumerate() {
        let place = u32::try_from(TEXT + 2 * start).unwrap();
        page[index * 4..index * 4 + 4].copy_from_slice(&place.to_le_bytes());
    }
    page[20..24].copy_from_slice(&[0, 200, 205, 0]);
    page[400..404].copy_from_slice(&[3, 0, 0x08, 1]);
    page[410..414].copy_from_slice(&[3, 0x3c, 0x08, 1]);
    page[511] = 4;
    stream[hidden::PAGES] = u8::try_from(table.len()).unwrap();
    stream[hidden::PAGES + 4] = 12;
    table.extend([0, 0, 0, 0, 255, 255, 0, 0, 3, 0, 0, 0]);
    let file = compound(&[("WordDocument", &stream), ("0Table", &table)]);
    assert_eq!(parse(file.path(), &ParseLimits::default()).unwrap().text, "kept end");
}

#[test]
fn text_that_only_a_style_hides_is_left_out() {
    let (mut stream, mut table) = streams("kept gone end\rhidden seen\r", 0);
    stream.resize(5 * 512, 0);
    let set = |page: &mut [u8], index: usize, start: usize| {
        let place = u32::try_from(TEXT + 2 * start).unwrap();
        page[index * 4..index * 4 + 4].copy_from_slice(&place.to_le_bytes());
    };
    // The fourth page has the characters: those of `gone ` and of `seen` have style 2; the fifth page has the
    // paragraphs, the second one with style 1.
    let page = &mut stream[3 * 512..4 * 512];
    [0, 5, 10, 21, 25].into_iter().enumerate().for_each(|(index, start)| set(page, index, start));
    page[20..24].copy_from_slice(&[0, 200, 0, 200]);
    page[400..405].copy_from_slice(&[4, 0x30, 0x4a, 2, 0]);
    page[511] = 4;
    let page = &mut stream[4 * 512..];
    [0, 14, 26].into_iter().enumerate().for_each(|(index, start)| set(page, index, start));
    (page[12], page[12 + 13]) = (0, 200);
    page[400..403].copy_from_slice(&[2, 1, 0]);
    page[511] = 2;
    for (at, number) in [(hidden::PAGES, 3), (PAGES, 4)] {
        stream[at] = u8::try_from(table.len()).unwrap();
        stream[at + 4] = 12;
        table.extend([0, 0, 0, 0, 255, 255, 0, 0, number, 0, 0, 0]);
    }
    let hides: &[u8] = &[0x3c, 0x08, 1];
    let sheet =
        styles::tests::sheet(&[(1, 0xfff, &[&[0, 0], &[]]), (1, 0, &[&[1, 0], hides]), (2, 0xfff, &[hides])]);
    stream[styles::SHEET] = u8::try_from(table.len()).unwrap();
    stream[styles::SHEET + 4] = u8::try_from(sheet.len()).unwrap();
    table.extend(sheet);
    let file = compound(&[("WordDocument", &stream), ("0Table", &table)]);
    // A style for characters undoes what one for paragraphs does.
    assert_eq!(parse(file.path(), &ParseLimits::default()).unwrap().text, "kept end\n\nseen");
}

/// A document with this text, whose first section has a title page and ends at the page break.
fn of_two_sections(main: &str, flags_of_document: u8, change: impl Fn(&mut [u8])) -> ParsedDocument {
    let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap();
    // Headers of even pages and of most, footers of both, and header and footer of the first page; for each section.
    let stories = [
        "Even\r\r",
        "QM-4711\t第 \u{13} PAGE \u{14}1\u{15} 页 共 \u{13} NUMPAGES \u{15} 页\r\r",
        "",
        "QM\u{7}Confi\u{13} SYMBOL \u{14}dential\u{15}\r\r",
        "Draft\r\r",
        "\u{13} DATE \u{14}4 March 2024\u{15}\r\r",
        "",
        "QM-4711\rRisks\r\r",
        "",
        "",
        "Unused\r\r",
        "",
    ];
    let (mut stream, mut table) = streams(&format!("{main}{}", stories.concat()), 0);
    let set = |stream: &mut [u8], at: usize, number: usize| {
        stream[at..at + 4].copy_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    };
    set(&mut stream, MAIN_LENGTH, main.encode_utf16().count());
    set(&mut stream, HEADERS_LENGTH, stories.concat().encode_utf16().count());
    let mut starts = vec![0_u32; 7];
    for story in stories {
        starts.extend(starts.last().map(|start| start + units(story)));
    }
    let properties = u32::try_from(stream.len()).unwrap();
    stream.extend([3, 0, 0x0a, 0x30, 1]);
    let first = main.find('\u{c}').map_or(0, |end| units(&main[..=end]));
    let section = |properties: u32| [&[0, 0][..], &properties.to_le_bytes(), &[0; 6]].concat();
    let sections = [0, first, units(main)].map(u32::to_le_bytes).concat();
    let sections = [sections, section(properties), section(u32::MAX)].concat();
    let starts: Vec<u8> = starts.into_iter().flat_map(u32::to_le_bytes).collect();
    for (at, bytes) in [
        (running::SECTIONS, sections),
        (running::STORIES, starts),
        (running::DOCUMENT, vec![flags_of_document]),
    ] {
        set(&mut stream, at, table.len());
        set(&mut stream, at + 4, bytes.len());
        table.extend(bytes);
    }
    change(&mut stream);
    let file = compound(&[("WordDocument", &stream), ("0Table", &table)]);
    parse(file.path(), &ParseLimits::default()).unwrap()
}

#[test]
fn headers_and_footers_are_kept_once() {
    let document = of_two_sections("one\rtwo\u{c}three\r", 0, |_| {});
    assert_eq!(document.text, "Draft\n\nQM-4711\n\none\n\ntwo\n\nRisks\n\nthree\n\nQM\tConfidential");
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    let facing = of_two_sections("one\rtwo\u{c}three\r", 1, |_| {});
    assert!(facing.text.starts_with("Draft\n\nQM-4711\n\nEven\n\none"), "{}", facing.text);
    let empty = of_two_sections("\u{c}\r", 0, |_| {});
    assert_eq!(empty.text, "Draft\n\nQM-4711\n\nRisks\n\nQM\tConfidential", "as in a DOCX");
}

#[test]
fn damaged_headers_leave_the_text() {
    for length in [u32::MAX, 1_000] {
        let claim = |stream: &mut [u8]| {
            stream[HEADERS_LENGTH..HEADERS_LENGTH + 4].copy_from_slice(&length.to_le_bytes());
        };
        let document = of_two_sections("one\rtwo\u{c}three\r", 0, claim);
        assert!(document.text.contains("one\n\ntwo"), "{}", document.text);
        assert_eq!(document.warnings[0].message, DAMAGED);
    }
}

#[test]
fn stories_that_overlap_cost_no_more_than_their_text() {
    let text: Vec<Placed> = "x".repeat(200_000).chars().enumerate().map(|(at, c)| Placed { c, at }).collect();
    let (count, length) = (10_000, 200_000_u32);
    let mut stream = vec![0; 0x200];
    let mut table = vec![0; 4 * (count + 1) + 12 * count];
    let stories = [length, 0].map(u32::to_le_bytes).concat().repeat(3 * count + 6);
    for (at, number) in [
        (running::SECTIONS + 4, table.len()),
        (running::STORIES, table.len()),
        (running::STORIES + 4, stories.len()),
    ] {
        stream[at..at + 4].copy_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    }
    table.extend(stories);
    let running = assert_cheap(|| Running::read(&stream, &table, &text, &Properties(Vec::new())));
    let kept: usize =
        running.sections.iter().map(|section| section.headers.len() + section.footers.len()).sum();
    assert_eq!((running.ends.len(), kept), (count, 1));
}

#[test]
fn lists_within_cells_keep_their_marks() {
    let text = "Do:\rone\rtwo\u{7}x\u{7}\u{7}";
    let placed: Vec<Placed> = text.chars().enumerate().map(|(at, c)| Placed { c, at }).collect();
    let cell = ParagraphProperties { in_table: true, ..Default::default() };
    let item = ParagraphProperties { list: Some((1, 0)), ..cell.clone() };
    let end = ParagraphProperties { row_ends: true, ..cell.clone() };
    let ends = [(4, cell.clone()), (8, item.clone()), (12, item), (14, cell), (15, end)];
    let mut start = 0;
    let runs = ends.map(|(end, properties)| (std::mem::replace(&mut start, end), end, properties));
    let mut numbering = Numbering::default();
    let level = Level { format: "decimal".to_owned(), template: "%1.".to_owned(), start: 1 };
    numbering.define(7, 0, level);
    numbering.add_list(1, 7);
    let mut builder = DocumentBuilder::new(1_000);
    Paragraphs { out: &mut builder, numbering, rows: Vec::new(), row: Vec::new(), cell: String::new() }
        .append(&placed, &Properties(runs.to_vec()), Running::default());
    let document = builder.finish(ContentType::Doc, "test").unwrap();
    assert_eq!(document.text, "| Do: 1. one 2. two | x |\n| --- | --- |");
}

#[test]
fn cells_lie_where_their_rows_say() {
    let row = |cells: &[(&str, i32, i32, bool)]| {
        let edges = |&(_, left, right, continues_above): &(&str, i32, i32, bool)| CellEdges {
            left,
            right,
            continues_above,
        };
        let texts = cells.iter().map(|(text, ..)| (*text).to_owned()).collect::<Vec<_>>();
        (texts, cells.iter().map(edges).collect::<Vec<_>>())
    };
    let rows = [
        row(&[("a", 0, 1_000, false), ("both", 1_000, 3_000, false)]),
        row(&[("", 20, 1_000, true), ("b", 1_000, 2_000, false), ("c", 1_990, 3_010, false)]),
        (vec!["d".to_owned(), "of unknown place".to_owned()], Vec::new()),
    ];
    assert_eq!(
        grid(&rows).into_rows(),
        [["a", "both", "both"], ["a", "b", "c"], ["d", "of unknown place", ""]]
    );
}

#[test]
fn what_cannot_be_read_says_so() {
    assert!(read("x", 0x100).unwrap_err().to_string().contains("password"));
    let error = |streams| parse(compound(streams).path(), &ParseLimits::default()).unwrap_err().to_string();
    assert!(error(&[]).contains("save it as"));
    assert!(error(&[("WordDocument", b"\xdb\xa5 old Word file")]).contains("older than Word 97"));
    let cut = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(cut.path(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").unwrap();
    assert!(parse(cut.path(), &ParseLimits::default()).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn a_damaged_document_never_panics() {
    assert_never_panics(SAMPLE, 200, |path| drop(parse(path, &ParseLimits::default())));
}

proptest::proptest! {
    #[test]
    fn no_streams_panic(
        main in proptest::collection::vec(proptest::num::u8::ANY, 0x1b0..0x300),
        table in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
    ) {
        let _ = pieces(&main, &table, 1_000);
        let styles = Styles::read(&main, &table);
        Properties::read(&main, &table, &styles).at(5);
        Hidden::read(&main, &table, &styles).has(5, false);
    }
}
