//! What a PPT says, from real files and from damaged ones.

use footnote_core::parsed::BlockKind;

use super::*;
use crate::parse::cost::assert_cheap;
use crate::parse::damage::assert_never_panics;

const SAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ingest/docling/ppt/sources/legacy_sample.ppt");

fn record(kind: u16, head: u16, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&head.to_le_bytes()[..], &kind.to_le_bytes(), &length.to_le_bytes(), content].concat()
}

const TEXT_HEADER: u16 = 0x0f9f;
const TEXT_CHARS: u16 = 0x0fa0;
const TEXT_BYTES: u16 = 0x0fa8;
const GROUP: u16 = 0xf003;
const SHAPE: u16 = 0xf004;

fn ints(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn text(kind: u8, text: &[u8]) -> Vec<u8> {
    let text = [record(TEXT_HEADER, 0, &[kind, 0, 0, 0]), record(TEXT_BYTES, 0, text)].concat();
    record(0xf00d, 0xf, &text)
}

/// A cell of a table or a shape of a group, by left, top, right and bottom.
fn child(edges: [i32; 4], said: &[u8]) -> Vec<u8> {
    record(SHAPE, 0xf, &[record(0xf00f, 0, &ints(&edges)), text(4, said)].concat())
}

fn group(top: i16, left: i16, options: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
    let anchor = [top, left, 0, 0].iter().flat_map(|edge| edge.to_le_bytes()).collect::<Vec<u8>>();
    let own = [record(0xf009, 1, &ints(&[0; 4])), record(0xf122, 0x13, options), record(0xf010, 0, &anchor)];
    record(GROUP, 0xf, &[record(SHAPE, 0xf, &own.concat()), children.concat()].concat())
}

/// What a presentation of one slide with these shapes and this outline says.
fn slide(outline: &[u8], shapes: &[Vec<u8>]) -> ParsedDocument {
    let root = record(SHAPE, 0xf, &record(0xf009, 1, &ints(&[0; 4])));
    let slide = record(SLIDE, 0xf, &record(GROUP, 0xf, &[root, shapes.concat()].concat()));
    let persist = [&7_u32.to_le_bytes()[..], &[0; 16]].concat();
    let list = [record(SLIDE_PERSIST, 0, &persist), outline.to_vec()].concat();
    let stream = [slide, record(DOCUMENT, 0xf, &record(SLIDE_LIST, 0xf, &list))].concat();
    written(slides(&stream, &HashMap::from([(7, 0)])))
}

fn written(slides: Vec<Slide>) -> ParsedDocument {
    let mut builder = DocumentBuilder::new(100_000);
    slides.into_iter().for_each(|slide| append(&mut builder, slide));
    builder.finish(ContentType::Ppt, "test").unwrap()
}

#[test]
fn a_group_that_says_it_is_a_table_is_one() {
    let cells = [
        child([0, 0, 100, 20], b""),
        child([100, 0, 300, 20], b"Both|kinds"),
        child([0, 20, 100, 61], b"R1"),
        child([101, 20, 200, 41], b"a"),
        child([200, 20, 300, 40], b"b\rc"),
        child([100, 40, 200, 60], b"d"),
        child([200, 40, 300, 60], b""),
        record(SHAPE, 0xf, &record(0xf00f, 0, &ints(&[0, 0, 300, 0]))),
    ];
    let is_table = [0x9f, 3, 1, 0, 0, 0];
    let lower =
        record(SHAPE, 0xf, &[record(0xf010, 0, &[0, 8, 0, 0, 0, 0, 0, 0]), text(4, b"below")].concat());
    let shapes = [
        lower,
        group(1_000, 0, &is_table, &cells),
        group(10, 500, &[0; 6], &[child([9_000, 9_000, 1, 1], b"right")]),
    ];
    assert_eq!(
        slide(&[], &shapes).text,
        "right\n\n|  | Both\\|kinds | Both\\|kinds |\n| --- | --- | --- |\n| R1 | a | b c |\n| R1 | d |  |\n\nbelow"
    );
}

#[test]
fn shapes_place_the_texts_of_the_outline() {
    let outline = [
        record(TEXT_HEADER, 0, &[1, 0, 0, 0]),
        record(TEXT_BYTES, 0, b"one\rtwo"),
        record(TEXT_HEADER, 0, &[0; 4]),
        record(TEXT_BYTES, 0, b"Leave"),
        record(TEXT_HEADER, 0, &[1, 0, 0, 0]),
        record(TEXT_BYTES, 0, b"named by no shape"),
    ]
    .concat();
    let refers = |index: u8, top: u8| {
        let text = record(0xf00d, 0xf, &record(0x0f9e, 0, &[index, 0, 0, 0]));
        record(SHAPE, 0xf, &[record(0xf010, 0, &[0, top, 0, 0, 0, 0, 0, 0]), text].concat())
    };
    let free = record(SHAPE, 0xf, &[record(0xf010, 0, &[0; 8]), text(4, b"on top")].concat());
    let document = slide(&outline, &[refers(0, 9), refers(1, 3), refers(0, 1), refers(200, 1), free]);
    assert_eq!(document.text, "Leave\n\n- named by no shape\n\non top\n\n- one\n\n- two");
    assert_eq!(document.blocks[0].kind, BlockKind::Heading);
}

#[test]
fn the_outline_is_read_slide_by_slide() {
    let text: Vec<u8> = "年假\rtwo".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let list = [
        record(SLIDE_PERSIST, 0, &[0; 20]),
        record(TEXT_HEADER, 0, &[0; 4]),
        record(TEXT_BYTES, 0, b"Leave"),
        record(TEXT_HEADER, 0, &[1, 0, 0, 0]),
        record(TEXT_CHARS, 0, &text),
        record(SLIDE_PERSIST, 0, &[0; 20]),
    ]
    .concat();
    let stream = record(DOCUMENT, 0xf, &record(SLIDE_LIST, 0xf, &list));
    let slides = slides(&stream, &HashMap::new());
    assert_eq!(slides.len(), 2);
    let document = written(slides);
    assert_eq!(document.text, "Leave\n\n- 年假\n\n- two");
}

#[test]
fn notes_that_share_a_record_cost_its_reading_once() {
    // Each of 20,000 notes names the same record of 20,000 texts.
    let texts = record(TEXT_BYTES, 0, b"note").repeat(20_000);
    let note = record(NOTES, 0xf, &texts);
    let persist = [&7_u32.to_le_bytes()[..], &[0; 16]].concat();
    let list = record(SLIDE_PERSIST, 0, &persist).repeat(20_000);
    let document = record(DOCUMENT, 0xf, &record(SLIDE_LIST, 0x2f, &list));
    let stream = [note, document].concat();
    assert!(assert_cheap(|| slides(&stream, &HashMap::from([(7, 0)]))).is_empty());
}

#[test]
fn a_damaged_presentation_never_panics() {
    assert_never_panics(SAMPLE, 100, |path| drop(parse(path, &ParseLimits::default())));
}

proptest::proptest! {
    #[test]
    fn no_stream_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), at in 0_usize..300) {
        let stream = record(DOCUMENT, 0xf, &record(SLIDE_LIST, 0xf, &bytes));
        slides(&stream, &persists(&bytes, at));
        said_within(&bytes, Vec::new()).for_each(drop);
        let table = group(0, 0, &[0x9f, 3, 1, 0, 0, 0], &[bytes.clone(), child([0, 0, i32::MAX, i32::MIN], &bytes)]);
        said_within(&table, Vec::new()).for_each(drop);
    }
}
