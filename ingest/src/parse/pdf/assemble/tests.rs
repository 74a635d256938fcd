//! Pages made of lines, and the blocks that they become.

use footnote_core::parsed::{ContentType, ParsedDocument};
use proptest::prelude::*;

use super::super::layout::Cell;
use super::super::outline::Entry;
use super::*;

fn line(x: f32, y: f32, size: f32, text: &str) -> Line {
    let mut left = x;
    let cells: Vec<Cell> = text
        .split(" | ")
        .map(|text| {
            let right = left + text.chars().count() as f32 * size / 2.0;
            let cell = Cell { text: text.to_owned(), left, right, ..Cell::default() };
            left = (right / 100.0).ceil() * 100.0;
            cell
        })
        .collect();
    let right = cells.last().map_or(x, |c| c.right);
    Line { cells, left: x, right, baseline: y, size, ..Line::default() }
}

fn assemble(pages: Vec<Vec<Line>>) -> ParsedDocument {
    let pages = (1..).zip(pages).map(|(number, lines)| PageText::new(number, lines)).collect();
    let mut builder = DocumentBuilder::new(1_000_000);
    append(PdfText { title: None, outline: Vec::new(), pages, engine: "test".to_owned() }, &mut builder);
    builder.finish(ContentType::Pdf, "test").unwrap()
}

#[test]
fn lines_become_headings_paragraphs_lists_and_tables() {
    let document = assemble(vec![vec![
        line(50.0, 760.0, 18.0, "Annual report"),
        line(50.0, 730.0, 10.0, "The company grew in every re-"),
        line(50.0, 718.0, 10.0, "gion, and its long-term well-"),
        line(50.0, 706.0, 10.0, "known brands did so with long-"),
        line(50.0, 694.0, 10.0, "term plans that were agreed upon."),
        line(50.0, 670.0, 10.0, "公司在全国各地区都实现了增长，全年收"),
        line(50.0, 658.0, 10.0, "入达到十亿元。"),
        line(50.0, 634.0, 10.0, "• first item which goes on"),
        line(58.0, 622.0, 10.0, "in another line"),
        line(50.0, 610.0, 10.0, "• second item"),
        line(50.0, 580.0, 10.0, "Revenue | 1,200 | 1,100"),
        line(50.0, 568.0, 10.0, "Cost | 900 | 850"),
    ]]);
    assert_eq!(
        document.text,
        "Annual report\n\nThe company grew in every region, and its long-term well-known brands did so with \
         long-term plans that were agreed upon.\n\n公司在全国各地区都实现了增长，全年收入达到十亿元。\n\n\
         - first item which goes on in another line\n\n- second item\n\n\
         | Revenue | 1,200 | 1,100 |\n| --- | --- | --- |\n| Cost | 900 | 850 |"
    );
    let ticked =
        assemble(vec![vec![line(50.0, 700.0, 10.0, "☑ paid"), line(50.0, 688.0, 10.0, "☐ not paid")]]);
    assert_eq!(ticked.text, "- ☑ paid\n\n- ☐ not paid");
    assert_eq!(document.blocks[0].kind, BlockKind::Heading);
    assert_eq!(document.blocks[5].kind, BlockKind::Table);
}

#[test]
fn a_page_lies_in_the_section_that_only_the_outline_tells() {
    let pages = [
        vec![line(50.0, 700.0, 10.0, "Chapter One"), line(50.0, 670.0, 10.0, "Text of the first page.")],
        vec![line(50.0, 700.0, 10.0, "Text of the second page.")],
        vec![line(50.0, 700.0, 10.0, "Text of the third page.")],
    ];
    let pages = (1..).zip(pages).map(|(number, lines)| PageText::new(number, lines)).collect();
    let entry = |level, title: &str, page| Entry { level, title: title.to_owned(), page };
    let outline = vec![entry(1, "Chapter One", 1), entry(1, "Chapter Two", 2), entry(2, "Details", 2)];
    let mut builder = DocumentBuilder::new(1_000_000);
    append(PdfText { title: None, outline, pages, engine: "test".to_owned() }, &mut builder);
    let document = builder.finish(ContentType::Pdf, "test").unwrap();
    let text =
        "Chapter One\n\nText of the first page.\n\nText of the second page.\n\nText of the third page.";
    assert_eq!(document.text, text);
    assert_eq!(document.blocks[1].heading_path, ["Chapter One"]);
    for block in &document.blocks[2..] {
        assert_eq!(block.heading_path, ["Chapter Two", "Details"]);
    }
}

/// A page with a header, ten lines of its own and its number.
fn page(n: usize, header: &[Line]) -> Vec<Line> {
    let mut lines = header.to_vec();
    lines.extend(
        (0..10).map(|i| line(50.0, 700.0 - i as f32 * 12.0, 10.0, &format!("body {i} of group {}", n * 7))),
    );
    lines.push(line(50.0, 20.0, 8.0, &n.to_string()));
    lines
}

fn times(document: &ParsedDocument, text: &str) -> usize {
    document.text.matches(text).count()
}

#[test]
fn running_lines_stay_once_and_body_text_stays() {
    let report = |n: usize| page(n, &[line(50.0, 800.0, 8.0, &format!("Annual Report 2023 | {n}"))]);
    let document = assemble((1..=10).map(report).collect());
    assert_eq!(times(&document, "Annual Report"), 1, "{}", document.text);
    assert!(document.text.starts_with("Annual Report 2023 1"));
    assert!(document.text.contains("body 0 of group 21"));
    assert!(document.text.contains("body 9 of group 70"));
    assert!(!document.text.lines().any(|l| l == "4"), "page numbers go");
    assert_eq!(document.pages.len(), 10);
    assert_eq!(document.warnings.len(), 1);
    let message = &document.warnings[0].message;
    assert!(message.contains("9 repetitions") && message.contains("Annual Report 2023 2"), "{message}");
    // Two pages are too few to call anything running.
    assert_eq!(times(&assemble((1..=2).map(report).collect()), "Annual Report"), 2);
}

#[test]
fn numbers_that_are_no_page_numbers_stay_on_every_page() {
    let invoice = |n: usize| {
        let head = |y: f32, text: String| line(50.0, y, 10.0, &text);
        page(
            n,
            &[
                head(800.0, "ACME Ltd".to_owned()),
                head(788.0, format!("Invoice 20241{n:02}")),
                head(776.0, "Payable within thirty days.".to_owned()),
            ],
        )
    };
    let document = assemble((1..=10).map(invoice).collect());
    assert_eq!(times(&document, "ACME Ltd"), 1);
    assert_eq!(times(&document, "Invoice 20241"), 10, "{}", document.text);
    assert_eq!(times(&document, "Payable within thirty days."), 10, "it stands below what is the page's own");
    let named =
        |name: &'static str| move |n: usize| page(n, &[line(50.0, 800.0, 8.0, &format!("{name} {n}"))]);
    assert_eq!(times(&assemble((1..=10).map(named("Receipt No.")).collect()), "Receipt"), 10);
    assert_eq!(times(&assemble((1..=10).map(named("Page No.")).collect()), "Page No."), 1);
    assert_eq!(times(&assemble((1..=10).map(named("Piano")).collect()), "Piano"), 1);
}

#[test]
fn what_stands_under_a_line_of_the_page_is_the_pages_own() {
    let document = assemble(
        (1..=10)
            .map(|n| {
                page(
                    n,
                    &[
                        line(50.0, 800.0, 8.0, "Annual Report"),
                        line(50.0, 788.0, 10.0, &format!("Statement {}", n * n + 40)),
                        line(50.0, 776.0, 10.0, "(in thousands of US dollars)"),
                    ],
                )
            })
            .collect(),
    );
    assert_eq!(times(&document, "Annual Report"), 1);
    assert_eq!(times(&document, "(in thousands of US dollars)"), 10);
}

#[test]
fn numbered_headings_and_short_pages_are_kept() {
    let questions = (1..=10).map(|n| page(n, &[line(50.0, 780.0, 14.0, &format!("Question {n}"))])).collect();
    assert_eq!(times(&assemble(questions), "Question"), 10);
    let drifting = (1..=10)
        .map(|n| page(n, &[line(50.0, 700.0 + n as f32 * 9.0, 10.0, &format!("Task {n}"))]))
        .collect();
    assert_eq!(times(&assemble(drifting), "Task"), 10);
    // But a bare page number goes wherever it stands.
    let floating = |n: usize| {
        let mut lines = page(n, &[]);
        lines.last_mut().unwrap().baseline = 20.0 + n as f32 * 9.0;
        lines
    };
    assert!(!assemble((1..=10).map(floating).collect()).text.lines().any(|l| l == "4"));
    let slides = (1..=10).map(|n| page(n, &[])[7..].to_vec()).collect();
    assert_eq!(times(&assemble(slides), "body 9"), 10);
}

/// A page of so many full lines, with `last` below them.
fn filled(first: &[Line], last: &str) -> Vec<Line> {
    let mut lines = first.to_vec();
    let full = "This line of the page goes on to the right edge of it.";
    lines.extend((0..8).map(|i| line(50.0, 700.0 - i as f32 * 12.0, 10.0, full)));
    lines.push(line(50.0, 604.0, 10.0, last));
    lines
}

fn framed(pages: Vec<Vec<Line>>) -> ParsedDocument {
    let page = |(number, lines)| PageText {
        frame: Some(Frame::of_page(612.0, 792.0, 0)),
        ..PageText::new(number, lines)
    };
    let pages = (1..).zip(pages).map(page).collect();
    let mut builder = DocumentBuilder::new(1_000_000);
    append(PdfText { title: None, outline: Vec::new(), pages, engine: "test".to_owned() }, &mut builder);
    builder.finish(ContentType::Pdf, "test").unwrap()
}

fn slice(document: &ParsedDocument, span: footnote_core::text::Span) -> String {
    document.text.chars().skip(span.start).take(span.len()).collect()
}

#[test]
fn a_paragraph_goes_on_over_the_end_of_a_page() {
    let last = "Ten days of annual leave are granted to every full-em-";
    let document = framed(vec![
        filled(&[], last),
        vec![
            line(50.0, 740.0, 10.0, "ployed person and, after a year of service, further"),
            line(50.0, 728.0, 10.0, "days."),
            line(50.0, 700.0, 10.0, "Another paragraph of the page."),
        ],
    ]);
    let sentence = "Ten days of annual leave are granted to every full-employed person and, after a year of service, further days.";
    let at = document.text.find(sentence).unwrap_or_else(|| panic!("{}", document.text));
    let span = footnote_core::text::Span::new(at, at + sentence.len());
    assert_eq!(document.pages_of(span), Some((1, 2)));
    assert!(slice(&document, document.pages[0].span).ends_with("full-em"));
    assert!(slice(&document, document.pages[1].span).starts_with("ployed person and"));
    let boxes: Vec<_> =
        document.lines.iter().filter(|l| l.span.end > at && l.span.start < span.end).collect();
    assert_eq!(boxes.iter().map(|l| l.page).collect::<Vec<_>>(), [1, 2, 2]);
    assert_eq!(slice(&document, boxes[0].span), &last[..last.len() - 1]);
    assert_eq!(slice(&document, boxes[1].span), "ployed person and, after a year of service, further");
    assert_eq!(
        (document.blocks.len(), document.blocks[0].page, document.blocks[1].page),
        (2, Some(1), Some(2))
    );
}

#[test]
fn chinese_goes_on_without_a_blank_and_over_whole_pages() {
    let full = "公司在全国各地区都实现了增长全年收入达到十亿元";
    let pages = (0..3).map(|_| (0..4).map(|i| line(50.0, 700.0 - i as f32 * 12.0, 10.0, full)).collect());
    let document = framed(pages.collect());
    assert_eq!(document.text, full.repeat(12));
    assert_eq!(document.blocks.len(), 1);
    let pages: Vec<_> = document.pages.iter().map(|p| (p.span.start, p.span.end)).collect();
    assert_eq!(pages, [(0, 92), (92, 184), (184, 276)]);
    assert_eq!(
        document.lines.iter().map(|l| l.page).collect::<Vec<_>>(),
        [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
    );
}

#[test]
fn what_runs_at_the_edges_does_not_part_a_paragraph() {
    let pages = (1..=10).map(|n| {
        let head = line(50.0, 770.0, 8.0, if n % 2 == 0 { "Annual Report" } else { "The Company" });
        let start =
            line(50.0, 730.0, 10.0, &format!("which ended {} of the years that were told of.", n * n + 20));
        let mut lines = filled(
            &[head, start],
            &format!("In the {} years that follow the one of which we tell and", n * n + 20),
        );
        lines.push(line(50.0, 20.0, 8.0, if n % 2 == 0 { "Confidential" } else { "Only for use within" }));
        lines
    });
    let document = framed(pages.collect());
    for (text, count) in
        [("tell and which ended", 9), ("Annual Report", 1), ("Confidential", 1), ("The Company", 1)]
    {
        assert_eq!(times(&document, text), count, "{text}: {}", document.text);
    }
    let page = |text: &str| {
        let at = document.text[..document.text.find(text).unwrap()].chars().count();
        document.pages_of(footnote_core::text::Span::new(at, at + 1)).unwrap()
    };
    assert_eq!((page("Only for use"), page("Annual Report"), page("Confidential")), ((1, 1), (2, 2), (2, 2)));
}

#[test]
fn footnotes_are_blocks_and_do_not_part_a_paragraph() {
    let mut page = filled(&[], "Ten days1 of annual leave are granted to all of those who");
    if let Some(line) = page.last_mut() {
        line.raised.push("1".to_owned());
    }
    page.push(line(50.0, 52.0, 8.0, "1 Of the calendar year, as it is"));
    page.push(line(50.0, 42.0, 8.0, "told elsewhere."));
    let document = framed(vec![page, vec![line(50.0, 740.0, 10.0, "work for the company.")]]);
    let kinds: Vec<_> = document.blocks.iter().map(|block| (block.kind, block.page)).collect();
    assert_eq!(kinds, [(BlockKind::Footnote, Some(1)), (BlockKind::Paragraph, Some(1))]);
    let note = "1 Of the calendar year, as it is told elsewhere.";
    assert_eq!(slice(&document, document.blocks[0].span), note);
    assert!(document.text.ends_with("to all of those who work for the company."), "{}", document.text);
    assert_eq!(document.pages_of(document.blocks[0].span), Some((1, 1)));
}

#[test]
fn the_lines_of_a_tables_head_are_one_row() {
    let bold = |line: Line| Line { bold: true, ..line };
    let table = |step: f32, head: fn(Line) -> Line| {
        let lines = vec![
            head(line(50.0, 700.0, 10.0, "Kind of work | State funded | Others")),
            head(line(200.0, 700.0 - step, 10.0, "legal aid")),
            line(50.0, 668.0, 10.0, "Young people | 12 | 30"),
            line(50.0, 648.0, 10.0, "Women & girls | 15 | 20"),
        ];
        assemble(vec![lines]).text
    };
    let joined =
        "| Kind of work | State funded legal aid | Others |\n| --- | --- | --- |\n| Young people | 12 | 30 |";
    for text in [table(12.0, |line| line), table(16.0, bold)] {
        assert!(text.starts_with(joined), "{text}");
    }
    assert!(table(16.0, |line| line).contains("|  | legal aid |  |"));
    let figures = vec![
        line(50.0, 700.0, 10.0, "Young people | 12 | 30"),
        line(50.0, 688.0, 10.0, "Women & girls | 15 | 20"),
        line(50.0, 668.0, 10.0, "Men | 15 | 20"),
    ];
    assert!(assemble(vec![figures]).text.starts_with("| Young people | 12 | 30 |\n"));
}

#[test]
fn a_table_of_contents_is_no_table() {
    let entry = |y: f32, text: &str, led: bool| Line { led, ..line(50.0, y, 10.0, text) };
    let page = |numbers: [&str; 3]| {
        assemble(vec![vec![
            entry(700.0, &format!("Item 1. | Business | {}", numbers[0]), true),
            entry(688.0, "Item 2. | Properties and other things that the company", false),
            entry(676.0, &format!("has to tell | {}", numbers[1]), true),
            entry(664.0, &format!("Item 3. | Risks | {}", numbers[2]), true),
        ]])
    };
    let document = page(["3", "12", "12"]);
    assert_eq!(
        document.text,
        "Item 1. Business 3\n\nItem 2. Properties and other things that the company has to tell 12\n\nItem 3. Risks 12"
    );
    assert!(document.blocks.iter().all(|block| block.kind == BlockKind::ListItem));
    // Sums have leaders as well.
    assert!(page(["30", "12", "42"]).text.starts_with("| Item 1. |"));
    assert!(page(["3", "12", "1,200"]).text.starts_with("| Item 1. |"));
}

#[test]
fn a_heading_in_larger_print_ends_a_table() {
    let document = assemble(vec![vec![
        line(50.0, 700.0, 10.0, "Women & girls | 15 | 20"),
        line(50.0, 688.0, 10.0, "Men | 15 | 20"),
        line(50.0, 666.0, 12.0, "Totals"),
        line(50.0, 650.0, 10.0, "Month | Days"),
        line(50.0, 638.0, 10.0, "May | 31"),
    ]]);
    let kinds: Vec<_> = document.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(kinds, [BlockKind::Table, BlockKind::Heading, BlockKind::Table]);
}

#[test]
fn what_ends_with_its_page_stays_parted() {
    let full = "and of these there are many others that go on like this";
    let parted = |last: &str, next: Line| framed(vec![filled(&[], last), vec![next]]).blocks.len();
    let next = |text: &str| line(50.0, 740.0, 10.0, text);
    assert_eq!(parted(full, next("which is why we count them.")), 1);
    assert_eq!(parted("It ended with the page, and said so at the right edge.", next("which is so.")), 2);
    assert_eq!(parted("and that was all", next("which is why we count them.")), 1);
    assert_eq!(parted("and this was said of the", next("Company in the year 2022.")), 1);
    let alone = framed(vec![
        vec![
            line(50.0, 740.0, 10.0, "A line that goes on to the edge of the page"),
            line(50.0, 700.0, 10.0, "other words"),
        ],
        vec![next("which is why we count them.")],
    ]);
    assert_eq!(alone.blocks.len(), 3);
    assert_eq!(parted(full, next("Which is why we count them.")), 2);
    assert_eq!(parted(full, next("• which is why we count them.")), 2);
    assert_eq!(parted(full, line(50.0, 740.0, 14.0, "which is why we count them.")), 2);
    assert_eq!(parted(full, Line { bold: true, ..next("which is why we count them.") }), 2);
    assert_eq!(framed(vec![filled(&[], full), vec![], vec![next("which is why")]]).blocks.len(), 2);
}

proptest! {
    /// Whatever is joined, no word is lost, and spans and lines stay in order (which `finish` checks).
    #[test]
    fn no_word_is_lost_at_page_ends(
        pages in prop::collection::vec(
            prop::collection::vec((0_u8..40, 0_u8..3, "[a-c年]{1,4}( [a-cA-C年]{1,9}){0,8}[.,]?"), 0..6), 1..5)
    ) {
        let mut words = Vec::new();
        let pages = pages.into_iter().map(|lines| {
            let mut y = 760.0;
            lines.into_iter().map(|(step, size, text)| {
                words.extend(text.split(' ').map(str::to_owned));
                y -= 8.0 + f32::from(step);
                line(50.0, y, 8.0 + f32::from(size), &text)
            }).collect()
        }).collect();
        let document = framed(pages);
        let letters = |words: Vec<String>| {
            let mut letters: Vec<char> = words.concat().chars().filter(|c| c.is_alphanumeric()).collect();
            letters.sort_unstable();
            letters
        };
        prop_assert_eq!(letters(words), letters(vec![document.text.clone()]));
        let covered: usize = document.lines.iter().map(|line| line.span.len()).sum();
        prop_assert!(covered <= document.text.chars().count());
    }
}
