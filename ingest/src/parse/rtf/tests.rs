//! What goes into RTF and what comes out of it, malformed input included.

use footnote_core::parsed::{BlockKind, WarningKind};

use super::*;
use crate::parse::cost::assert_cheap;

fn read(rtf: &[u8]) -> ParsedDocument {
    parse(rtf, &ParseLimits::default()).unwrap()
}

#[test]
fn text_in_every_encoding() {
    let rtf = b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset134 SimSun;}{\\f2\\fcharset136 Ming;}}\
        {\\info{\\title Leave}{\\author me}}caf\\'e9 {\\f1 \\'c4\\'ea\\'bc\\'d9} {\\f2 \\'a4\\'a4} \\uc1\\u24180 ?\\u-10179?\\u-8704? \\uc2\\u65533 ab.\\par\
        {\\*\\unknown gone}{\\pict 00ff}{\\v hidden}a\\{b\\}\\bin3 }}}c\\par}";
    let document = read(rtf);
    assert_eq!(document.title.as_deref(), Some("Leave"));
    assert_eq!(document.text, "café 年假 中 年😀 \u{fffd}.\n\na{b}c");
}

#[test]
fn hidden_text_is_counted_and_told_once() {
    let document =
        read(b"{\\rtf1 seen{\\v not this}{\\xe{\\v entry}}{\\deleted gone}{\\footnote{\\v nor} this}\\par}");
    assert_eq!(document.text, "seen\n\nthis");
    let warnings: Vec<_> = document.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(warnings, ["10 characters of hidden text were left out"]);
    assert_eq!(document.warnings[0].kind, WarningKind::Note);
    assert!(read(b"{\\rtf1 seen{\\v  }\\par}").warnings.is_empty());
}

#[test]
fn headings_lists_tables_and_notes() {
    let rtf = b"{\\rtf1{\\stylesheet{\\s1 heading 1;}{\\s2\\outlinelevel1 Mine;}{\\s3 Normal;}}\
        \\pard\\s1 One\\par\\pard\\s2 Two\\par\\pard text{\\footnote the note}\\par\
        {\\listtext 1.\\tab}\\ls1\\ilvl0 first\\par{\\listtext\\'b7\\tab}\\ilvl1 dot\\par\
        \\pard\\trowd\\clvmgf\\cellx1\\cellx2\\clmrg\\cellx3\\intbl a\\cell b\\cell\\cell\\row\
        \\trowd\\clvmrg\\cellx1\\cellx2\\cellx3\\intbl\\cell c\\cell d\\cell\\row\\pard end}";
    let document = read(rtf);
    assert_eq!(
        document.text,
        "One\n\nTwo\n\ntext\n\nthe note\n\n1. first\n\n- dot\n\n| a | b | b |\n| --- | --- | --- |\n| a | c | d |\n\nend"
    );
    assert_eq!(document.blocks[3].kind, BlockKind::Footnote);
    assert_eq!(document.blocks[2].heading_path, ["One", "Two"]);
    assert_eq!(document.blocks[5].level, 2);
}

#[test]
fn deep_groups_and_open_ends_are_read() {
    let deep = [b"{\\rtf1 ".to_vec(), b"{".repeat(100_000), b"deep".to_vec()].concat();
    assert_eq!(read(&deep).text, "deep");
    assert_eq!(read(b"{\\rtf1 a\\'").text, "a");
    assert_eq!(read(b"{\\rtf1\\intbl one\\par\\pard two\\par\\intbl three\\par").text, "one\n\ntwo\n\nthree");
    assert_eq!(read(b"}}}{\\rtf1 a\\bin999999999 b").text, "a");
    assert_eq!(read(b"").text, "");
}

#[test]
fn lists_within_cells_keep_their_marks() {
    let rtf = b"{\\rtf1\\trowd\\cellx1\\cellx2\\intbl Do:\\par{\\listtext 1.\\tab}one\\par{\\listtext 2.\\tab}two\\cell\
        {\\listtext \\'b7\\tab}dot\\cell\\row}";
    assert_eq!(read(rtf).text, "| Do: 1. one 2. two | - dot |\n| --- | --- |");
}

#[test]
fn headers_and_footers_are_kept_once() {
    let rtf = b"{\\rtf1{\\fonttbl{\\f0 Arial;}{\\f1\\fcharset134 SimSun;}}{\\info{\\title Leave}}\\sectd\\titlepg\\headery708\
        {\\header\\pard QM-4711\\tab Page {\\field{\\*\\fldinst { PAGE }}{\\fldrslt {1}}}\\par Leave{\\v unseen}\\par}\
        {\\headerf Draft}{\\headerl Even}{\\footer\\pard {\\b Confi{\\i den}tial}{\\*\\shppict{\\pict 89504e47}}{\\pict 00ff}\\par\
        {\\f1 \\'b5\\'da}{\\field{\\*\\fldinst PAGE}{\\fldrslt 1}}{\\f1\\'d2\\'b3 \\'b9\\'b2}{\\field{\\*\\fldinst NUMPAGES}}{\\f1\\'d2\\'b3}\\par}\
        \\pard one\\par two\\sect\\sectd{\\header\\pard QM-4711\\par Risks\\par}{\\headerf Unused}\\pard three\\par}";
    let document = read(rtf);
    assert_eq!(document.text, "Draft\n\nQM-4711\n\nLeave\n\none\n\ntwo\n\nRisks\n\nthree\n\nConfidential");
    assert!(document.blocks.iter().all(|block| block.kind == BlockKind::Paragraph));
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
}

#[test]
fn even_pages_have_their_own_headers_where_pages_face_each_other() {
    let headers = "{\\headerl Left}{\\headerr Right}one\\par";
    assert_eq!(read(format!("{{\\rtf1\\facingp {headers}}}").as_bytes()).text, "Right\n\nLeft\n\none");
    assert_eq!(read(format!("{{\\rtf1 {headers}}}").as_bytes()).text, "Right\n\none");
}

#[test]
fn sections_end_paragraphs_and_tables() {
    let rtf = b"{\\rtf1{\\header A}{\\footer X}\\trowd\\cellx1\\cellx2\\intbl a\\cell b\\cell\\row\\sect\
        {\\header B}{\\footer Y}\\pard two\\sect\\sectd\\pard three}";
    assert_eq!(
        read(rtf).text,
        "A\n\n| a | b |\n| --- | --- |\n\nX\n\nB\n\ntwo\n\nthree\n\nY",
        "the last section has those of the one before"
    );
}

#[test]
fn numbers_of_pages_are_no_text() {
    let footer = |inner: &str| {
        let document = read(format!("{{\\rtf1{{\\footer\\pard {inner}}}\\pard Text.\\par}}").as_bytes());
        let text = document.text.strip_prefix("Text.");
        text.unwrap_or_else(|| panic!("{inner}: {}", document.text)).trim_start().to_owned()
    };
    let field =
        |code: &str, result: &str| format!("{{\\field{{\\*\\fldinst {code}}}{{\\fldrslt {result}}}}}");
    for nothing in [
        "\\chpgn".to_owned(),
        format!("Page \\chpgn  of {}\\par", field("NUMPAGES", "9")),
        "Seite 3 von 9\\par".to_owned(),
        format!("Page {}\\par", field("{\\b PAGE}  \\\\* ROMAN", "{\\b II}")),
        format!("{}\\par", field("DATE \\\\@ yyyy", "March 2024")),
        "\\chdate  \\chtime".to_owned(),
        "{\\deleted gone}".to_owned(),
        "{\\listtext 1.\\tab}{\\*\\atnid Ann}".to_owned(),
    ] {
        assert_eq!(footer(&nothing), "", "{nothing}");
    }
    let page = field("PAGE", "1");
    assert_eq!(footer(&format!("{}\\tab {page}", field("TITLE", "Leave"))), "Leave");
    assert_eq!(footer(&field(&format!("IF {page} = 1 Annex"), "Annex")), "Annex");
    assert_eq!(
        footer(&format!("Rev. 3, page {page}\\par Rev. 3, page {}", field("PAGE", "2"))),
        "Rev. 3, page 1"
    );
    assert_eq!(
        footer("\\trowd\\cellx1\\cellx2\\intbl QM\\par one\\cell 4711\\cell\\row\\pard end\\par"),
        "QM one\t4711\n\nend"
    );
    assert_eq!(footer("\\u24180 ?\\u20551 ?\\emdash\\line x"), "年假—\tx");
}

#[test]
fn headers_without_text_are_read_as_in_a_docx() {
    assert_eq!(read(b"{\\rtf1{\\header QM}{\\footer Confidential}}").text, "QM\n\nConfidential");
    assert_eq!(read(b"{\\rtf1{\\header \\chpgn}}").text, "");
    assert_eq!(read(b"{\\rtf1 a\\par{\\footer never ends {\\b b").text, "a\n\nnever ends b");
}

#[test]
fn many_headers_cost_no_more_than_their_text() {
    let sections: String = (0..50_000).map(|n| format!("{{\\header h{n}\\par x}}{n}\\sect ")).collect();
    let text = assert_cheap(|| read(format!("{{\\rtf1 {sections}}}").as_bytes()).text);
    assert!(text.starts_with("h0\n\nx\n\n0\n\nh1\n\n1\n\n"), "{} bytes", text.len());
    let fields = "{\\field{\\fldinst PAGE}".repeat(100_000);
    assert_cheap(|| read(format!("{{\\rtf1{{\\header {fields}").as_bytes()));
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = parse(&bytes, &ParseLimits::default());
    }

    #[test]
    fn no_words_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "\\par", "\\cell", "\\row", "\\trowd", "\\cellx", "\\clmrg", "\\clvmrg", "\\intbl",
            "\\u-1?", "\\uc9", "\\'ff", "\\*", "\\footnote", "\\listtext", "\\s1", "\\stylesheet", " x ",
            "\\header", "\\footerf", "\\titlepg", "\\sect", "\\fldinst", "\\fldrslt", "\\chpgn", "{\\headerl x}",
        ]), 0..100),
    ) {
        let _ = parse(words.concat().as_bytes(), &ParseLimits::default());
    }
}
