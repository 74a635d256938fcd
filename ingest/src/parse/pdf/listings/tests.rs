//! Pages with listings in a monospaced font, and with what is none in such a font.

use footnote_core::parsed::{BlockKind, ContentType, ParsedDocument};
use footnote_core::text::Span;

use super::super::PdfText;
use super::super::assemble::append;
use super::super::blocks::{Kind, parts};
use super::super::frame::Frame;
use super::super::glyph::Glyph;
use super::super::layout::lines;
use super::super::layout::tests::put;
use super::super::outline::{Entry, Outline};
use super::super::typed::tests::put_typed;
use super::*;
use crate::parse::builder::DocumentBuilder;

const FULL: &str = "Each of these lines goes on to the right edge of the page, as text does, and so";

/// Lines from `y` down, twelve points apart; `typed` ones are indented by 20 points and in a monospaced font.
fn lines_from(glyphs: &mut Vec<Glyph>, y: f32, typed: bool, texts: &[&str]) {
    for (at, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        let y = y - 12.0 * at as f32;
        match typed {
            true => put_typed(glyphs, 70.0, y, text),
            false => put(glyphs, 50.0, y, text),
        }
    }
}

/// A page of text, with the lines of a listing between.
fn page(listing: &[&str]) -> Vec<Glyph> {
    let mut glyphs = Vec::new();
    lines_from(&mut glyphs, 700.0, false, &[FULL; 8]);
    lines_from(&mut glyphs, 590.0, true, listing);
    lines_from(&mut glyphs, 570.0 - 12.0 * listing.len() as f32, false, &[FULL; 4]);
    glyphs
}

fn document(pages: Vec<Vec<Glyph>>) -> ParsedDocument {
    let page = |(number, glyphs)| PageText {
        frame: Some(Frame::of_page(612.0, 792.0, 0)),
        ..PageText::new(number, lines(&[glyphs]))
    };
    let pages = (1..).zip(pages).map(page).collect();
    let mut builder = DocumentBuilder::new(1_000_000);
    append(PdfText { title: None, outline: Vec::new(), pages, engine: "test".to_owned() }, &mut builder);
    builder.finish(ContentType::Pdf, "test").unwrap()
}

fn slice(document: &ParsedDocument, span: Span) -> String {
    document.text.chars().skip(span.start).take(span.len()).collect()
}

fn listings(document: &ParsedDocument) -> Vec<String> {
    let code = document.blocks.iter().filter(|block| block.kind == BlockKind::Code);
    code.map(|block| slice(document, block.span)).collect()
}

/// The listings of a page of text with these lines in a monospaced font between.
fn found(lines: &[&str]) -> Vec<String> {
    listings(&document(vec![page(lines)]))
}

#[test]
fn lines_and_their_indents_stay() {
    let code =
        ["fn main() {", "    run(\"--long-", "    option\");", "", "    // 1. ends  here", "    - 2", "}"];
    let document = document(vec![page(&code)]);
    assert_eq!(listings(&document), [code.join("\n")]);
    let kinds: Vec<_> = document.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(kinds, [BlockKind::Paragraph, BlockKind::Code, BlockKind::Paragraph]);
    let block = document.blocks[1].span;
    let of_block =
        document.lines.iter().filter(|line| block.start <= line.span.start && line.span.end <= block.end);
    let boxes: Vec<_> = of_block.map(|line| (slice(&document, line.span), line.bounds[1])).collect();
    let texts: Vec<&str> = boxes.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, code.iter().copied().filter(|text| !text.is_empty()).collect::<Vec<_>>());
    assert!(boxes.windows(2).all(|pair| pair[0].1 < pair[1].1), "{boxes:?}");
}

#[test]
fn comments_beside_code_stay_in_their_lines() {
    let code = [
        "let alpha = first(one)     // takes the first of one",
        "let betas = second(two)    // takes the second of two",
        "let gamma = third(three)   // takes the third of three",
        "let delta = fourth(four)   // takes the fourth of four",
    ];
    assert_eq!(found(&code), [code.join("\n")]);
}

#[test]
fn no_more_than_two_empty_lines_are_kept() {
    let code = ["a = [1]", "b = [2]", "", "c = [3]", "", "", "d = [4]"];
    assert_eq!(found(&code), [code.join("\n")]);
    // Farther off, lines are of another listing.
    let apart = ["a = [1]", "b = [2]", "", "", "", "", "c = [3]", "d = [4]"];
    assert_eq!(found(&apart), ["a = [1]\nb = [2]", "c = [3]\nd = [4]"]);
}

#[test]
fn a_listing_goes_on_over_the_end_of_a_page() {
    let mut first = Vec::new();
    lines_from(&mut first, 700.0, false, &[FULL; 8]);
    lines_from(&mut first, 590.0, true, &["fn main() {", "    if ready {"]);
    let mut second = Vec::new();
    lines_from(&mut second, 740.0, true, &["        run();", "    }"]);
    lines_from(&mut second, 680.0, false, &[FULL; 8]);
    let document = document(vec![first, second]);
    assert_eq!(listings(&document), ["fn main() {\n    if ready {\n        run();\n    }"]);
    let at = document.text.chars().count() - document.text.split_once("run").unwrap().1.chars().count();
    assert_eq!(document.pages_of(Span::new(at - 1, at)), Some((2, 2)));
    assert!(slice(&document, document.pages[1].span).starts_with("        run();"));
}

#[test]
fn numbers_of_lines_and_chinese_comments_are_of_their_lines() {
    let mut glyphs = page(&[]);
    for (number, y, text) in [("9", 596.0, "def day(n):"), ("10", 584.0, "    return n")] {
        put(&mut glyphs, 60.0 - 5.0 * number.len() as f32, y, number);
        put_typed(&mut glyphs, 70.0, y, text);
    }
    put_typed(&mut glyphs, 140.0, 584.0, "#");
    put(&mut glyphs, 150.0, 584.0, "天数");
    // The text below makes room.
    glyphs.iter_mut().filter(|glyph| glyph.baseline < 571.0).for_each(|glyph| glyph.baseline -= 40.0);
    assert_eq!(listings(&document(vec![glyphs])), [" 9  def day(n):\n10      return n  # 天数"]);
}

#[test]
fn a_typewritten_document_is_text() {
    let mut glyphs = page(&["fn main() {", "    run();", "}"]);
    glyphs.iter_mut().for_each(|glyph| glyph.monospaced = true);
    let document = document(vec![glyphs]);
    assert!(listings(&document).is_empty());
    assert!(document.text.starts_with(&format!("{FULL} {FULL}")), "{}", document.text);
}

#[test]
fn other_lines_in_a_monospaced_font_are_text() {
    for lines in [
        // A letter.
        &[
            "I write to you about the days of leave that you asked for in",
            "the letter of last month, which I have before me. They are all",
            "granted, as they have been in each of the years before this.",
        ][..],
        // What was filled into a form.
        &["ACME CORP", "123 MAIN ST #4", "SPRINGFIELD IL 62701"],
        // A statement of accounts.
        &[
            "01/02  Purchase at store=12        12.50       1,200.00",
            "01/03  Purchase at store=14        14.50       1,185.50",
            "01/04  Salary [ACME]              900.00       2,085.50",
        ],
        // Addresses.
        &["ann@example.org, ben@example.org", "https://example.org/team"],
        &["--verbose"],
        // Items of a list.
        &["• cargo build", "• cargo test --all"],
    ] {
        assert_eq!(found(lines), Vec::<String>::new(), "{lines:?}");
    }
}

#[test]
fn a_command_alone_is_one_where_it_is_set_apart() {
    assert_eq!(found(&["cargo run --release"]), ["cargo run --release"]);
    assert!(found(&["An example of this"]).is_empty());
    // The whole of a line within a paragraph.
    let mut glyphs = Vec::new();
    lines_from(&mut glyphs, 700.0, false, &[FULL; 4]);
    put_typed(&mut glyphs, 50.0, 652.0, "cargo run --release");
    lines_from(&mut glyphs, 640.0, false, &[FULL; 4]);
    assert!(listings(&document(vec![glyphs])).is_empty());
}

#[test]
fn an_address_over_several_lines_of_a_paragraph_is_text() {
    let mut glyphs = Vec::new();
    lines_from(&mut glyphs, 700.0, false, &[FULL; 4]);
    put_typed(&mut glyphs, 50.0, 652.0, "https://www.example.org/reports/2023/leave/");
    put_typed(&mut glyphs, 50.0, 640.0, "of/absence.html");
    lines_from(&mut glyphs, 628.0, false, &[FULL; 4]);
    assert_eq!(listings(&document(vec![glyphs])), Vec::<String>::new());
    assert_eq!(found(&["src/main.rs", "src/lib.rs"]), ["src/main.rs\nsrc/lib.rs"]);
}

/// A listing with a heading between, whose letters are set so.
fn with_heading(set: impl Fn(&mut Glyph)) -> Vec<Glyph> {
    let lines = ["let a = [1]", "let b = [2]", "", "Other kinds of lists", "let c = [3]", "let d = [4]"];
    let mut glyphs = page(&lines);
    glyphs.iter_mut().filter(|glyph| (553.0..555.0).contains(&glyph.baseline)).for_each(set);
    glyphs
}

#[test]
fn headings_in_the_font_of_listings_part_them() {
    let document = document(vec![with_heading(|glyph| glyph.size = 12.0)]);
    assert_eq!(listings(&document), ["let a = [1]\nlet b = [2]", "let c = [3]\nlet d = [4]"]);
    let headings: Vec<_> = document.blocks.iter().filter(|block| block.kind == BlockKind::Heading).collect();
    assert_eq!(headings.len(), 1, "{:?}", document.blocks);

    let entry = Entry { level: 2, title: "Other kinds of lists".to_owned(), page: 1 };
    let kinds = |glyphs: Vec<Glyph>| {
        let parts = parts(1, lines(&[glyphs]), &Outline::of(std::slice::from_ref(&entry)), &Sizes::of(&[]));
        parts.iter().map(|part| part.kind).collect::<Vec<_>>()
    };
    let parted = [Kind::Text, Kind::Code, Kind::Titled(2), Kind::Code, Kind::Text];
    assert_eq!(kinds(with_heading(|glyph| glyph.bold = true)), parted);
    // In the print of the others it may be a line of code.
    assert_eq!(kinds(with_heading(|_| ())), [Kind::Text, Kind::Code, Kind::Text]);
}

#[test]
fn what_shells_print_is_of_their_listing() {
    let session = ["$ ls", "LICENSE", "README", "sources"];
    assert_eq!(found(&session), [session.join("\n")]);
    let tree = ["sources", "    parse", "    store", "tests"];
    assert_eq!(found(&tree), [tree.join("\n")]);
}

#[test]
fn notes_are_not_taken_from_a_listing() {
    let mut glyphs = Vec::new();
    lines_from(&mut glyphs, 700.0, false, &[FULL; 8]);
    put(&mut glyphs, 50.0, 604.0, "as it is told");
    let mark = glyphs.len();
    put(&mut glyphs, 115.0, 607.0, "1");
    glyphs[mark].size = 6.0;
    let code = glyphs.len();
    lines_from(&mut glyphs, 570.0, true, &["1 let a = [1]", "2 let b = [3]"]);
    glyphs[code..].iter_mut().for_each(|glyph| glyph.size = 8.0);
    let document = document(vec![glyphs]);
    assert!(document.blocks.iter().all(|block| block.kind != BlockKind::Footnote), "{:?}", document.blocks);
    assert_eq!(listings(&document), ["1 let a = [1]\n2 let b = [3]"]);
}

#[test]
fn pages_of_very_many_lines_take_no_square_of_their_number() {
    let mut glyphs = Vec::new();
    for at in 0..20_000_u16 {
        put_typed(&mut glyphs, 70.0, -12.0 * f32::from(at), "a = [1]");
    }
    let mut page = lines(&[glyphs]);
    mark(&mut page, &Sizes::of(&[]), 1.2);
    assert_eq!(end(&page, 0), 20_000);
    assert_eq!(text(&page, left(&page)).lines().count(), 20_000);
}
