//! What a PPT says, from real files and from damaged ones.

use super::*;
use crate::parse::cost::assert_cheap;

const SAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ingest/docling/ppt/sources/legacy_sample.ppt");

fn record(kind: u16, head: u16, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&head.to_le_bytes()[..], &kind.to_le_bytes(), &length.to_le_bytes(), content].concat()
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
    let mut builder = DocumentBuilder::new(1_000);
    slides[0].texts.iter().for_each(|(purpose, text)| append(&mut builder, *purpose, text));
    let document = builder.finish(ContentType::Ppt, "test").unwrap();
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
    let Ok(good) = fs_err::read(SAMPLE) else {
        eprintln!("skipped: {SAMPLE} is absent");
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    for seed in 0..100_usize {
        let mut bytes = good.clone();
        for step in 0..20 {
            let at = (seed * 7919 + step * 104_729) % bytes.len();
            bytes[at] = u8::try_from((seed + step * 37) % 256).unwrap();
        }
        fs_err::write(file.path(), &bytes).unwrap();
        let _ = parse(file.path(), &ParseLimits::default());
    }
}

proptest::proptest! {
    #[test]
    fn no_stream_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), at in 0_usize..300) {
        let stream = record(DOCUMENT, 0xf, &record(SLIDE_LIST, 0xf, &bytes));
        slides(&stream, &persists(&bytes, at));
        let mut texts = Vec::new();
        texts_within(&bytes, &mut texts);
    }
}
