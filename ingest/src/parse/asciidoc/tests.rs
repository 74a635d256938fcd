//! AsciiDoc and what its reader sees.

use proptest::prelude::*;

use super::*;
use crate::parse::cost::assert_cheap;

fn read(text: &str) -> ParsedDocument {
    parse(text.as_bytes(), &ParseLimits::default()).unwrap()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(read(text).text, expected, "{text}");
}

#[test]
fn marks_that_never_end_are_not_looked_for_to_the_end_of_the_text() {
    for unit in ["<<a ", "[[a ", "((a ", "{a ", "link:a:", "^a ", "~a "] {
        let text = unit.repeat(60_000);
        assert_cheap(|| read(&text));
    }
}

#[test]
fn a_document_reads_as_its_reader_sees_it() {
    let document = read(
        "= 休假 *policy*\nAnn <ann@x.org>\n:days: ten\n\n// no\n////\nno\n////\n[[annual]]\n== Annual\n\n[role=\"x\"]\nYou have {days}\n*days\nof* leave. +\nNext\n\n\
         include::other.adoc[]\n\n.Caption\n[source,rust]\n----\nfn  main() {}\n----\n\nNOTE: Ask.\n\n[WARNING]\n====\nCareful.\n====\n\n____\nquoted\n____\n\nimage::a.png[A chart,200]\n",
    );
    assert_eq!(
        document.text,
        "休假 policy\n\nAnn <ann@x.org>\n\nAnnual\n\nYou have ten days of leave.\nNext\n\nCaption\n\nfn  main() {}\n\nNOTE: Ask.\n\n\
         WARNING: Careful.\n\nquoted\n\nA chart"
    );
    assert_eq!(document.title.as_deref(), Some("休假 policy"));
    let kinds: Vec<_> = document.blocks.iter().map(|b| b.kind).collect();
    use BlockKind::{Code, Heading, Paragraph, Quote};
    let expected =
        [Heading, Paragraph, Heading, Paragraph, Paragraph, Code, Paragraph, Paragraph, Quote, Paragraph];
    assert_eq!(kinds, expected);
    assert_eq!(document.blocks[3].heading_path, ["休假 policy", "Annual"]);
    assert!(document.warnings[0].message.contains("1 included"));
}

#[test]
fn lists_nest_by_markers_and_indentation() {
    let document = read(
        "* one\n** two\n*** three\n* four\n\n. first\n+\nmore\n\n. second\n\nAfter\n\n- a\n  * b\n  1. c\n- d\n\nterm:: what it means\n",
    );
    assert_eq!(
        document.text,
        "- one\n\n- two\n\n- three\n\n- four\n\n1. first\n\nmore\n\n2. second\n\nAfter\n\n- a\n\n- b\n\n1. c\n\n- d\n\nterm\nwhat it means"
    );
    let levels: Vec<_> = document.blocks.iter().map(|b| b.level).collect();
    assert_eq!(levels[..4], [1, 2, 3, 1]);
}

#[test]
fn tables_are_tables() {
    check(
        "[cols=\"1,2\",options=\"header\"]\n|===\n|Name\n|Days\n\n|Ann\n|*3*\n|===\n",
        "| Name | Days |\n| --- | --- |\n| Ann | 3 |",
    );
    check("|A|B|\n|1|2|\n", "| A | B |\n| --- | --- |\n| 1 | 2 |");
    check(",===\na,b\n1,2\n,===", "| a | b |\n| --- | --- |\n| 1 | 2 |");
}

#[test]
fn titles_may_be_underlined_and_blocks_never_closed() {
    check("Title\n=====\n\nText\n\n  literal\n   text\n", "Title\n\nText\n\n  literal\n   text");
    check("----\nnever closed", "never closed");
    check("|===\n|a |b", "| a | b |\n| --- | --- |");
    check("====\n____\nopen", "open");
    check("", "");
    let deep = "* x\n** y\n".repeat(20_000);
    assert!(read(&deep).blocks.len() >= 40_000);
    assert!(read(&"____\n".repeat(20_001)).text.is_empty());
}

proptest! {
    #[test]
    fn no_text_panics(
        lines in proptest::collection::vec(
            "[ -~年]{0,12}|\\|===|----|====|____|--|\\+|\\* x|\\.\\. y|\\|a\\|b|= T|\\[NOTE\\]|:a: b|x::|\\+\\+\\+\\+|```|////",
            0..40,
        ),
    ) {
        prop_assert!(parse(lines.join("\n").as_bytes(), &ParseLimits::default()).is_ok());
    }
}
