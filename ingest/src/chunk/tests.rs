//! The chunker's promises: nothing lost, nothing too large, structure respected.

use footnote_core::parsed::{Block, ContentType, Page, PageKind};
use footnote_core::text::CanonicalText;
use proptest::prelude::*;

use super::*;
use crate::fakes::WordCounter;
use crate::parse::builder::DocumentBuilder;

/// Builds a document from (kind, level, text): headings open paths by their level.
fn document(blocks: &[(BlockKind, u8, &str)]) -> ParsedDocument {
    let (mut text, mut path, mut built) = (String::new(), Vec::<(u8, String)>::new(), Vec::new());
    let mut chars = 0;
    for &(kind, level, content) in blocks {
        if kind == BlockKind::Heading {
            path.retain(|(l, _)| *l < level);
        }
        let span = Span::new(chars, chars + content.chars().count());
        let heading_path = path.iter().map(|(_, h)| h.clone()).collect();
        built.push(Block { kind, span, page: None, heading_path, level });
        if kind == BlockKind::Heading {
            path.push((level, content.trim().to_owned()));
        }
        text.push_str(content);
        text.push_str("\n\n");
        chars = span.end + 2;
    }
    ParsedDocument {
        content_type: ContentType::Markdown,
        title: None,
        text,
        pages: Vec::new(),
        blocks: built,
        lines: vec![],
        warnings: Vec::new(),
        engine: "test".to_owned(),
    }
}

fn settings(max_tokens: usize, overlap_tokens: usize) -> ChunkerSettings {
    ChunkerSettings { max_tokens, overlap_tokens, ..ChunkerSettings::default() }
}

fn cut(parsed: &ParsedDocument, max: usize, overlap: usize) -> Vec<ChunkDraft> {
    let settings = settings(max, overlap);
    let budget = ChunkBudget::new(&settings, 512).unwrap();
    chunk(parsed, &settings, budget, &WordCounter).unwrap()
}

fn slice(parsed: &ParsedDocument, span: Span) -> String {
    parsed.text.chars().skip(span.start).take(span.len()).collect()
}

fn shown(parsed: &ParsedDocument, max: usize) -> Vec<(String, String)> {
    let chunks = cut(parsed, max, 0);
    chunks.iter().map(|c| (c.heading_path.join("/"), slice(parsed, c.span))).collect()
}

use BlockKind::{Heading, Paragraph, Table};

#[test]
fn sections_are_kept_apart_and_tiny_ones_joined() {
    let leave = "Everyone has ten days of leave in a year and may carry five over to the next.";
    let pay = "Salaries are paid on the last day of each month to the account you have named.";
    let parsed = document(&[
        (Heading, 1, "Handbook"),
        (Heading, 2, "Leave"),
        (Paragraph, 0, leave),
        (Heading, 2, "Pay"),
        (Paragraph, 0, pay),
        (Heading, 3, "Bonus"),
        (Paragraph, 0, "None."),
    ]);
    assert_eq!(
        shown(&parsed, 40),
        [
            ("Handbook/Leave".to_owned(), format!("Handbook\n\nLeave\n\n{leave}")),
            ("Handbook/Pay".to_owned(), format!("Pay\n\n{pay}\n\nBonus\n\nNone.")),
        ]
    );
}

#[test]
fn a_heading_is_never_left_alone_before_a_large_block() {
    let rows: String = (0..40).map(|n| format!("| city {n} | {n} |\n")).collect();
    let table = format!("| city | rate |\n| - | - |\n{rows}");
    let parsed = document(&[(Heading, 1, "Rates by city"), (Table, 0, &table)]);
    let chunks = shown(&parsed, 60);
    assert!(chunks.len() > 3);
    assert!(chunks[0].1.starts_with("Rates by city\n\n| city | rate |\n| - | - |\n| city 0"), "{chunks:?}");
    for (path, text) in &chunks {
        assert_eq!(path, "Rates by city");
        assert!(text.ends_with('|'), "a row was cut: {text}");
    }
}

#[test]
fn pieces_of_a_long_section_have_about_one_size() {
    let text = "Five words and a stop. ".repeat(70);
    let parsed = document(&[(Paragraph, 0, &text)]);
    let sizes: Vec<usize> = cut(&parsed, 320, 0).iter().map(|c| c.span.len()).collect();
    assert_eq!(sizes.len(), 2, "{sizes:?}");
    assert!(sizes[0].abs_diff(sizes[1]) < 60, "{sizes:?}");
}

/// Sentences of 8 to 30 words, made up from the seed.
fn sentences(count: usize, mut seed: u64) -> Vec<String> {
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut sentence = || {
        let words: Vec<String> = (0..8 + random(23)).map(|_| format!("w{}", random(5_000))).collect();
        format!("The {}. ", words.join(" "))
    };
    (0..count).map(|_| sentence()).collect()
}

#[test]
fn an_edit_changes_the_chunks_around_it_only() {
    let original = sentences(1_500, 7);
    let texts = |sentences: &[String]| -> Vec<String> {
        let parsed = document(&[(Paragraph, 0, &sentences.concat())]);
        cut(&parsed, 320, 0).iter().map(|c| slice(&parsed, c.span)).collect()
    };
    let before = texts(&original);
    let known: std::collections::HashSet<&String> = before.iter().collect();
    let words = original.concat().split_whitespace().count() / before.len();
    assert!(words > 255, "chunks of {words} words waste the budget of 320 tokens");

    let mut changed: Vec<usize> = (0..48)
        .map(|n| {
            let mut edited = original.clone();
            let at = n * 31 + 7;
            match n % 3 {
                0 => edited[at] = "A new sentence of nine words stands here now. ".to_owned(),
                1 => drop(edited.remove(at)),
                _ => edited.insert(at, "Added words. ".to_owned()),
            }
            texts(&edited).iter().filter(|text| !known.contains(text)).count()
        })
        .collect();
    changed.sort_unstable();
    let (median, most) = (changed[24], changed[47]);
    assert!(median <= 2 && most <= 14, "of {}: {changed:?}", before.len());
}

#[test]
fn chinese_paragraphs_are_cut_at_sentence_ends() {
    let text: String =
        (0..200).map(|n| format!("第{n}年公司在全国各地区都实现了增长，全年收入达到十亿元。")).collect();
    let parsed = document(&[(Paragraph, 0, &text)]);
    let chunks = cut(&parsed, 320, 0);
    assert!(chunks.len() > 10);
    for chunk in &chunks {
        let text = slice(&parsed, chunk.span);
        assert!(text.starts_with('第') && text.ends_with('。'), "{text}");
    }
}

#[test]
fn pages_and_text_outside_of_blocks_are_kept() {
    let mut parsed = document(&[(Paragraph, 0, "第一页的内容。"), (Paragraph, 0, "Second page.")]);
    parsed.pages = vec![
        Page { number: 1, span: Span::new(0, 9), ..Page::default() },
        Page { number: 2, span: Span::new(9, parsed.text.chars().count()), ..Page::default() },
    ];
    parsed.blocks.remove(0);
    let chunks = cut(&parsed, 64, 0);
    assert_eq!(chunks.len(), 1);
    assert_eq!((chunks[0].span.start, chunks[0].pages), (0, Some((1, 2))));
}

#[test]
fn a_budget_that_leaves_no_room_is_refused() {
    let error = ChunkBudget::new(&settings(4, 0), 512).unwrap_err().to_string();
    assert!(error.contains("chunker.max_tokens is 4"), "{error}");
    let small = ChunkBudget::new(&settings(320, 0), 128).unwrap();
    assert_eq!(small, ChunkBudget { chunk: 88, context: 32, table_header: 29, whole: 128 });
}

/// A presentation of slides, each with a title or none, and paragraphs.
fn presentation(slides: &[(&str, &[&str])]) -> ParsedDocument {
    let mut builder = DocumentBuilder::new(1_000_000);
    for (number, (title, texts)) in (1..).zip(slides) {
        builder.start(Page { number, kind: PageKind::Slide, ..Page::default() });
        builder.heading(1, title);
        texts.iter().for_each(|text| builder.paragraph(text));
    }
    builder.finish(ContentType::Pptx, "test").unwrap()
}

#[test]
fn slides_are_kept_apart_titled_or_not() {
    let parsed = presentation(&[("Leave", &["Ten days."]), ("", &["工资每月发放。"]), ("", &["Questions?"])]);
    assert_eq!(
        shown(&parsed, 40),
        [
            ("Leave".to_owned(), "Leave\n\nTen days.".to_owned()),
            (String::new(), "工资每月发放。".to_owned()),
            (String::new(), "Questions?".to_owned())
        ]
    );
}

#[test]
fn a_bare_title_goes_with_the_next_slide_and_the_last_with_the_one_before() {
    let parsed = presentation(&[
        ("Agenda", &[]),
        ("Leave", &["Ten days."]),
        ("Pay", &["Monthly."]),
        ("Thank you", &[]),
    ]);
    assert_eq!(
        shown(&parsed, 40),
        [
            ("Leave".to_owned(), "Agenda\n\nLeave\n\nTen days.".to_owned()),
            (String::new(), "Pay\n\nMonthly.\n\nThank you".to_owned())
        ]
    );
    assert_eq!(cut(&parsed, 40, 0)[0].pages, Some((1, 2)));
    assert_eq!(shown(&presentation(&[("Agenda", &[])]), 40).len(), 1);
}

/// What is embedded for each chunk of a document without a title.
fn embedded(parsed: &ParsedDocument, chunks: &[ChunkDraft], max: usize) -> Vec<String> {
    let text = CanonicalText::new(parsed.text.as_str());
    let budget = ChunkBudget::new(&settings(max, 0), 512).unwrap();
    let mut composer = Composer::new("", &text, parsed, &WordCounter, budget);
    chunks.iter().map(|c| composer.compose(c.span, &c.heading_path, None).unwrap().unwrap()).collect()
}

#[test]
fn every_piece_of_a_cut_row_says_what_it_is_about() {
    let row = |name: &str| format!("| {name} | {}|\n", "It is oiled once a week. ".repeat(30));
    let table = format!("| item | care |\n| - | - |\n{}{}", row("Pump A"), row("Pump B"));
    let parsed = document(&[(Table, 0, &table)]);
    let chunks = cut(&parsed, 64, 0);
    let texts: Vec<String> = chunks.iter().map(|c| slice(&parsed, c.span)).collect();
    let embedded = embedded(&parsed, &chunks, 64);
    let second = texts.iter().position(|text| text.contains("Pump B")).unwrap();
    assert!(second > 2 && texts.len() > second + 2, "{texts:?}");
    for (at, (text, embedded)) in texts.iter().zip(&embedded).enumerate().skip(1) {
        let name = if at <= second { "Pump A" } else { "Pump B" };
        let lead = format!("| item | care |\n| - | - |\n| {name} | … ");
        // A chunk that begins with a row has its first cell itself.
        let lead =
            if text.starts_with("| Pump") { &lead[..lead.find("| Pump").unwrap()] } else { lead.as_str() };
        assert_eq!(embedded, &format!("{lead}{text}"));
    }
}

#[test]
fn a_piece_that_leaves_no_room_is_embedded_without_the_label() {
    let table = format!("| item | care |\n| - | - |\n| Pump A | {}|\n", "It is oiled. ".repeat(30));
    let parsed = document(&[(Table, 0, &table)]);
    let text = CanonicalText::new(parsed.text.as_str());
    let start = parsed.text.find("It is").unwrap();
    let span = Span::new(start, start + "It is oiled.".len());
    let composed = |whole| {
        let budget = ChunkBudget { whole, ..ChunkBudget::new(&settings(64, 0), 512).unwrap() };
        Composer::new("", &text, &parsed, &WordCounter, budget).compose(span, &[], None).unwrap().unwrap()
    };
    let with_label = composed(512);
    assert_eq!(with_label, "| item | care |\n| - | - |\n| Pump A | … It is oiled.");
    let all = WordCounter.token_ends(&with_label).unwrap().len();
    assert_eq!(composed(all), with_label);
    assert_eq!(composed(all - 1), "| item | care |\n| - | - |\nIt is oiled.");
}

fn any_block() -> impl Strategy<Value = (BlockKind, u8, String)> {
    let prose = "([A-Za-z]{1,9}[ ,.\n]|[年假天工资规定]{1,6}[，。；！]?|“|”|[0-9.]{1,5} |🙂){0,120}";
    let row = "\\| [a-z年]{1,6} \\| [0-9]{1,4} \\|\n";
    prop_oneof![
        (1_u8..5, "[A-Z年假]{1,12}").prop_map(|(level, text)| (Heading, level, text)),
        prose.prop_map(|text| (Paragraph, 0, text)),
        prose.prop_map(|text| (BlockKind::ListItem, 1, text)),
        "([a-z(){};]{1,12}[ \n]){0,80}".prop_map(|text| (BlockKind::Code, 0, text)),
        prop::collection::vec(row, 1..40).prop_map(|rows| (Table, 0, rows.concat())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_is_too_large(
        blocks in prop::collection::vec(any_block(), 0..14),
        max in 16_usize..120,
        overlap in 0_usize..12,
    ) {
        let blocks: Vec<_> = blocks.iter().map(|(k, l, t)| (*k, *l, t.as_str())).collect();
        let parsed = document(&blocks);
        let chunks = cut(&parsed, max, overlap);

        let chars: Vec<char> = parsed.text.chars().collect();
        let mut covered = vec![false; chars.len()];
        for chunk in &chunks {
            prop_assert!(!chunk.span.is_empty() && chunk.span.end <= chars.len());
            let text = slice(&parsed, chunk.span);
            prop_assert_eq!(text.trim(), text.as_str());
            let tokens = WordCounter.token_ends(&text).unwrap().len();
            prop_assert!(tokens <= max, "{} tokens of {}: {:?}", tokens, max, text);
            covered[chunk.span.start..chunk.span.end].fill(true);
        }
        for (at, c) in chars.iter().enumerate() {
            prop_assert!(covered[at] || c.is_whitespace(), "{:?} at {} is lost", c, at);
        }
        for pair in chunks.windows(2) {
            prop_assert!(pair[0].span.start < pair[1].span.start && pair[0].span.end < pair[1].span.end);
            prop_assert!(overlap > 0 || pair[0].span.end <= pair[1].span.start);
        }
    }

    #[test]
    fn no_chunk_holds_text_of_two_slides(
        slides in prop::collection::vec(("[A-Z年假]{0,12}", prop::collection::vec("([a-z]{1,9}[ .]|[年假]{1,4}。?){0,60}", 0..4)), 1..12),
        max in 16_usize..120,
        overlap in 0_usize..12,
    ) {
        let texts: Vec<Vec<&str>> = slides.iter().map(|(_, texts)| texts.iter().map(String::as_str).collect()).collect();
        let slides: Vec<_> = slides.iter().zip(&texts).map(|((title, _), texts)| (title.as_str(), texts.as_slice())).collect();
        let parsed = presentation(&slides);
        for chunk in cut(&parsed, max, overlap) {
            let within = parsed.blocks.iter().filter(|b| b.kind == Paragraph && b.span.overlaps(chunk.span));
            let pages: std::collections::BTreeSet<_> = within.map(|block| block.page).collect();
            prop_assert!(pages.len() <= 1, "{:?}", slice(&parsed, chunk.span));
        }
    }

    #[test]
    fn rows_that_are_cut_lose_nothing_and_fit_with_header_and_label(
        rows in prop::collection::vec(("[a-z]{2,6}", "([a-z]{1,8}[ ,]|[a-z]{1,8}\\. |[年假天]{1,4}[，。]){1,160}"), 1..5),
        max in 40_usize..120,
        overlap in 0_usize..12,
    ) {
        let lines: String = rows.iter().map(|(label, text)| format!("| {label} | {text}|\n")).collect();
        let table = format!("| item | text |\n| - | - |\n{lines}");
        let parsed = document(&[(Paragraph, 0, "Before."), (Table, 0, &table), (Paragraph, 0, "After.")]);
        let chunks = cut(&parsed, max, overlap);
        let chars: Vec<char> = parsed.text.chars().collect();
        let mut covered = vec![false; chars.len()];
        for (chunk, embedded) in chunks.iter().zip(embedded(&parsed, &chunks, max)) {
            let text = slice(&parsed, chunk.span);
            prop_assert!(embedded.ends_with(&text));
            prop_assert!(WordCounter.token_ends(&embedded).unwrap().len() <= max, "{:?}", embedded);
            covered[chunk.span.start..chunk.span.end].fill(true);
            let before: String = chars[..chunk.span.start].iter().collect();
            let (above, begun) = before.rsplit_once('\n').unwrap_or(("", &before));
            let is_piece = above.contains("| - | - |") && begun.starts_with('|');
            let label = begun.trim_start_matches("| ").split(' ').next().unwrap_or_default();
            prop_assert_eq!(is_piece, embedded.contains(" | … "), "{:?} after {:?}", embedded, begun);
            prop_assert!(!is_piece || label.is_empty() || embedded.contains(&format!("| {label} | … ")), "{:?}", embedded);
        }
        for (at, c) in chars.iter().enumerate() {
            prop_assert!(covered[at] || c.is_whitespace(), "{:?} at {} is lost", c, at);
        }
    }
}
