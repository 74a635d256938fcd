//! What goes into RTF and what comes out of it, malformed input included.

use footnote_core::parsed::{BlockKind, WarningKind};

use super::*;

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
        ]), 0..100),
    ) {
        let _ = parse(words.concat().as_bytes(), &ParseLimits::default());
    }
}
