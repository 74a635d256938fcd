//! reStructuredText and what its reader sees.

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
    for unit in ["[a ", ":a "] {
        let text = unit.repeat(300_000);
        assert_cheap(|| read(&text));
    }
}

#[test]
fn sections_have_the_order_of_their_underlines() {
    let document = read(
        "=====\n休假制度\n=====\n\nIntro *text*\ngoes on.\n\nAnnual\n------\n\nTen.\n\nDetails\n~~~~~~~\n\nx\n\nSick\n----\n\ny\n",
    );
    assert_eq!(document.title.as_deref(), Some("休假制度"));
    assert_eq!(
        document.text,
        "休假制度\n\nIntro text goes on.\n\nAnnual\n\nTen.\n\nDetails\n\nx\n\nSick\n\ny"
    );
    let paths: Vec<_> = document.blocks.iter().map(|b| b.heading_path.join("/")).collect();
    assert_eq!(paths[5], "休假制度/Annual/Details");
    assert_eq!(paths[7], "休假制度/Sick");
}

#[test]
fn lists_nest_by_indentation() {
    let document = read(
        "- one\n  goes on\n\n  - inner\n\n- two\n\n  more\n\n3. three\n#. four\n\nterm\n    what it means\n\n:Author: Ann\n",
    );
    assert_eq!(
        document.text,
        "- one goes on\n\n- inner\n\n- two\n\nmore\n\n3. three\n\n4. four\n\nterm\n\nwhat it means\n\nAuthor: Ann"
    );
    assert_eq!(document.blocks[1].level, 2);
}

#[test]
fn code_comments_and_directives() {
    let document = read(
        "Run::\n\n    a  b\n      c\n\nThen.\n\n.. code-block:: rust\n   :linenos:\n\n   fn main() {}\n\n.. a comment\n   of two lines\n\n.. _target:\n\n\
         .. note:: Ask\n   first.\n\n.. warning::\n\n   Careful.\n\n.. toctree::\n\n   a\n\n.. include:: x.rst\n\n.. |v| replace:: 1.2\n\nVersion |v| [1]_.\n\n.. [1] The note.\n\n\
         >>> 1 + 1\n2\n\n    quoted\n\n.. py:function:: f(x)\n\n   Does it.\n",
    );
    assert_eq!(
        document.text,
        "Run:\n\na  b\n  c\n\nThen.\n\nfn main() {}\n\nNOTE: Ask first.\n\nWARNING: Careful.\n\nVersion 1.2 [1].\n\n[1] The note.\n\n>>> 1 + 1\n2\n\nquoted\n\nf(x)\n\nDoes it."
    );
    let kinds: Vec<_> = document.blocks.iter().map(|b| b.kind).collect();
    use BlockKind::{Code, Footnote, Paragraph, Quote};
    assert_eq!(
        kinds,
        [
            Paragraph, Code, Paragraph, Code, Paragraph, Paragraph, Paragraph, Footnote, Code, Quote,
            Paragraph, Paragraph
        ]
    );
    assert!(document.warnings[0].message.contains("1 included"));
}

#[test]
fn tables_are_tables() {
    let table = "| A | B |\n| --- | --- |\n| 1 | x y |";
    check("+---+-----+\n| A | B   |\n+===+=====+\n| 1 | x y |\n+---+-----+\n", table);
    check("=  ===\nA  B\n=  ===\n1  x y\n=  ===\n", table);
    check(".. list-table::\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - x\n       y\n", table);
    check(".. csv-table:: Numbers\n   :header: A,B\n\n   1,\"x y\"\n", &format!("Numbers\n\n{table}"));
}

#[test]
fn what_is_malformed_is_text() {
    check("", "");
    check("====\n", "");
    check("a\n==\n", "a");
    check("+---+\n| open", "+---+ | open");
    let deep: String = (0..500).map(|n| " ".repeat(n) + "- x\n").collect();
    assert!(read(&deep).text.matches('x').count() == 500);
    assert!(read(&"- ".repeat(5_000)).text.len() < 20_000);
}

proptest! {
    #[test]
    fn no_text_panics(
        lines in proptest::collection::vec("[ -~年]{0,12}|====|----| +- x|\\.\\. note:: a|\\+--\\+|\\|年\\||==  ==|   \\* - b|x::|:a: b", 0..40),
    ) {
        prop_assert!(parse(lines.join("\n").as_bytes(), &ParseLimits::default()).is_ok());
    }
}
