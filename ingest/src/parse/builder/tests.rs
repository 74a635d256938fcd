//! What is appended, and what the document is then.

use proptest::prelude::*;

use super::*;

#[test]
fn spans_pages_and_heading_paths() {
    let mut builder = DocumentBuilder::new(1000);
    builder.start_page(1);
    builder.heading(1, "第一章 Leave\u{0}");
    builder.paragraph("  Annual leave: cafe\u{301} 5 days \r\nper year\u{a0} ");
    builder.start_page(2);
    builder.start_page(3);
    builder.heading(2, "Details");
    builder.block(BlockKind::Code, 0, "\n  if x:\n\n\n    y  \n");
    builder.heading(1, "Pay");
    builder.paragraph("\u{200b} \u{feff}");
    builder.paragraph("monthly");
    let document = builder.finish(ContentType::Text, "test").unwrap();
    assert_eq!(
        document.text,
        "第一章 Leave\n\nAnnual leave: café 5 days\nper year\n\nDetails\n\n  if x:\n\n\n    y\n\nPay\n\nmonthly"
    );
    assert_eq!(paths(&document), ["", "第一章 Leave", "第一章 Leave", "第一章 Leave/Details", "", "Pay"]);
    assert_eq!(document.pages.len(), 3);
    assert!(document.pages[1].span.is_empty());
    assert_eq!(document.blocks[2].page, Some(3));
    assert_eq!(document.pages_of(document.blocks[1].span), Some((1, 1)));
}

/// The heading path of each block.
fn paths(document: &ParsedDocument) -> Vec<String> {
    document.blocks.iter().map(|block| block.heading_path.join("/")).collect()
}

#[test]
fn another_slide_sheet_or_part_is_under_no_heading_and_a_page_or_chapter_is() {
    for (kind, below) in [
        (PageKind::Slide, ""),
        (PageKind::Sheet, ""),
        (PageKind::Part, ""),
        (PageKind::Page, "Leave"),
        (PageKind::Chapter, "Leave"),
    ] {
        let mut builder = DocumentBuilder::new(1_000);
        builder.start(Page { number: 1, kind, ..Page::default() });
        builder.heading(1, "Leave");
        if kind == PageKind::Sheet {
            builder.start(Page { number: 1, kind, first_row: Some(3), ..Page::default() });
        }
        builder.paragraph("Ten days.");
        builder.start(Page { number: 2, kind, ..Page::default() });
        builder.paragraph("Questions?");
        let document = builder.finish(ContentType::Pptx, "test").unwrap();
        assert_eq!(paths(&document), ["", "Leave", below], "{kind:?}");
    }
}

#[test]
fn an_outline_tells_the_headings_of_what_has_none() {
    let outlined = || vec!["Part 1".to_owned(), "第一章".to_owned()];
    let mut builder = DocumentBuilder::new(1_000);
    builder.heading(1, "Preface");
    builder.outlined(outlined());
    builder.paragraph(" \u{200b}");
    builder.paragraph("No title.");
    builder.heading(3, "Within");
    builder.paragraph("text");
    builder.outlined(outlined());
    builder.heading(2, "第二章");
    builder.paragraph("more");
    builder.outlined(Vec::new());
    builder.paragraph("end");
    let document = builder.finish(ContentType::Epub, "test").unwrap();
    assert_eq!(
        paths(&document),
        ["", "Part 1/第一章", "Part 1", "Part 1/Within", "Part 1", "Part 1/第二章", ""]
    );
}

#[test]
fn lines_of_a_block_keep_their_place_when_its_text_is_normalised() {
    let mut builder = DocumentBuilder::new(1_000);
    builder.start_page(1);
    builder.paragraph("before");
    let text = " \u{200b}cafe\u{301} one\u{0} two";
    let placed = |start, end, top| PlacedLine {
        start,
        end,
        bounds: [0.1, top, 0.9, top + 0.1],
        ..PlacedLine::default()
    };
    builder.block_with_lines(BlockKind::Paragraph, 0, text, &[placed(0, 11, 0.1), placed(13, 16, 0.2)]);
    let outside = PlacedLine { bounds: [0.0, 0.0, 1.5, 0.1], ..placed(0, 5, 0.3) };
    builder.block_with_lines(BlockKind::Heading, 2, "Pay day", &[outside, placed(4, 7, 0.3)]);
    let document = builder.finish(ContentType::Image, "test").unwrap();
    let chars: Vec<char> = document.text.chars().collect();
    let texts: Vec<String> =
        document.lines.iter().map(|l| chars[l.span.start..l.span.end].iter().collect()).collect();
    assert_eq!(texts, ["café one", "two", "day"]);
    assert_eq!(document.blocks[2].kind, BlockKind::Heading);
    let mut strayed = document;
    strayed.lines[1].span.end += 3;
    assert!(check(&strayed).unwrap_err().to_string().contains("no block"));
}

#[test]
fn printers_ligatures_are_letters_but_not_in_code() {
    let mut builder = DocumentBuilder::new(1_000);
    builder.start_page(1);
    let line =
        |start, end, top| PlacedLine { start, end, bounds: [0.1, top, 0.9, 0.9], ..PlacedLine::default() };
    let text = "oﬃce ﬂoor ﬅ\0";
    builder.block_with_lines(BlockKind::Paragraph, 0, text, &[line(0, 4, 0.1), line(5, 9, 0.2)]);
    builder.block(BlockKind::Code, 0, "let ﬁ = 1;");
    let document = builder.finish(ContentType::Pdf, "test").unwrap();
    assert_eq!(document.text, "office floor st\n\nlet ﬁ = 1;");
    let spans: Vec<_> = document.lines.iter().map(|l| (l.span.start, l.span.end)).collect();
    assert_eq!(spans, [(0, 6), (7, 12)]);
}

#[test]
fn a_heading_path_is_bounded() {
    let mut builder = DocumentBuilder::new(1_000);
    builder.heading(1, &"长".repeat(500));
    builder.paragraph("text");
    let document = builder.finish(ContentType::Text, "test").unwrap();
    assert_eq!(document.blocks[1].heading_path[0].chars().count(), MAX_PATH_CHARS);
    assert_eq!(document.blocks[0].span.len(), 500);
}

#[test]
fn too_much_text_is_an_error_not_a_cut() {
    let mut builder = DocumentBuilder::new(10);
    builder.paragraph("12345678901234567890");
    assert_eq!(builder.finish(ContentType::Text, "test").unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn a_block_goes_on_over_pages() {
    let line = |start, end| PlacedLine { start, end, bounds: [0.1, 0.1, 0.9, 0.2], ..PlacedLine::default() };
    let mut builder = DocumentBuilder::new(1000);
    builder.start_page(1);
    builder.heading(1, "Leave");
    builder.block_with_lines(BlockKind::Paragraph, 0, "Ten days in ad-", &[line(0, 15)]);
    builder.start_page(2);
    builder.go_on(Joint::Divided, "vance,", &[line(0, 6)]);
    builder.start_page(3);
    builder.go_on(Joint::Blank, "always.", &[line(0, 7)]);
    builder.paragraph("End.");
    let document = builder.finish(ContentType::Pdf, "test").unwrap();
    assert_eq!(document.text, "Leave\n\nTen days in advance, always.\n\nEnd.");
    let spans: Vec<_> = document.pages.iter().map(|p| (p.span.start, p.span.end)).collect();
    assert_eq!(spans, [(0, 21), (21, 27), (28, 41)]);
    let lines: Vec<_> = document.lines.iter().map(|l| (l.page, l.span.start, l.span.end)).collect();
    assert_eq!(lines, [(1, 7, 21), (2, 21, 27), (3, 28, 35)]);
    assert_eq!(document.pages_of(document.blocks[1].span), Some((1, 3)));
}

#[test]
fn a_block_that_goes_on_stays_within_the_limit() {
    let mut builder = DocumentBuilder::new(10);
    builder.start_page(1);
    builder.paragraph("Ten days");
    builder.start_page(2);
    builder.go_on(Joint::Blank, "more", &[]);
    let error = builder.finish(ContentType::Pdf, "test").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn warnings_that_are_too_many_are_counted_and_the_worst_of_them_is_told() {
    let mut builder = DocumentBuilder::new(10);
    for _ in 0..=MAX_WARNINGS {
        builder.warn(WarningKind::Note, None, "hidden");
    }
    builder.warn(WarningKind::Lost, Some(3), "missing");
    builder.warn(WarningKind::Doubtful, None, "guessed");
    let warnings = builder.finish(ContentType::Text, "test").unwrap().warnings;
    assert_eq!(warnings.len(), MAX_WARNINGS + 1);
    let last = warnings.last().unwrap();
    assert_eq!((last.kind, last.message.as_str()), (WarningKind::Lost, "3 more warnings"));
}

proptest! {
    #[test]
    fn anything_appended_gives_a_sound_document(
        parts in proptest::collection::vec((0_u8..9, any::<String>()), 0..30),
    ) {
        let mut builder = DocumentBuilder::new(1_000_000);
        let mut page = 0;
        for (what, text) in &parts {
            match what {
                0 => { page += 1; builder.start_page(page); }
                1..=3 if page > 0 => builder.heading(*what, text),
                4 if page > 0 => builder.block(BlockKind::Code, 0, text),
                _ if page > 0 => builder.paragraph(text),
                _ => {}
            }
        }
        let document = builder.finish(ContentType::Text, "test");
        prop_assert!(document.is_ok(), "{:?}", document);
        let text = document.unwrap().text;
        prop_assert!(text.lines().all(|l| l.trim_end() == l));
        prop_assert_eq!(text.nfc().collect::<String>(), text);
    }
}
