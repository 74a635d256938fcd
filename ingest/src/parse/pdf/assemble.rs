//! From lines to blocks: headings by size, tables, lists, paragraphs joined over line ends.

use std::collections::{HashMap, HashSet};

use footnote_core::parsed::{BlockKind, Page};

use super::frame::Frame;
use super::layout::{Line, is_bullet, is_marker};
use super::outline::Outline;
use super::rows::{table_end, table_text};
use super::running::leave_out;
use super::{PageText, PdfText};
use crate::parse::builder::{DocumentBuilder, PlacedLine};
use crate::parse::flow::joins_without_blank;
use crate::parse::table::to_markdown;

/// Times the body's font size from which a line is a heading.
const HEADING_SIZE: f32 = 1.15;
/// Longest heading, in characters and in lines.
const HEADING_CHARS: usize = 160;
const HEADING_LINES: usize = 3;
/// Heading levels told apart by size; bold lines in the body's size come below them.
const SIZE_LEVELS: usize = 4;

/// Appends all pages.
pub(crate) fn append(mut text: PdfText, builder: &mut DocumentBuilder) {
    let words = Words::of(&text.pages);
    let sizes = Sizes::of(&text.pages);
    if let Some(warning) = leave_out(&mut text.pages, sizes.body) {
        builder.warn(None, warning);
    }
    let mut outline = Outline::of(&text.outline);
    for page in text.pages {
        let (number, ocr) = (page.number, page.is_ocr());
        builder.start(Page { number, ocr, label: page.label, ..Page::default() });
        if let Some(warning) = page.warning {
            builder.warn(Some(number), warning);
        }
        let mut output = Output { builder, frame: page.frame.as_ref(), words: &words, sizes: &sizes };
        append_page(number, &page.lines, &mut output, &mut outline);
    }
}

/// Where the lines of a page go, and what is known of them.
struct Output<'o> {
    builder: &'o mut DocumentBuilder,
    frame: Option<&'o Frame>,
    words: &'o Words,
    sizes: &'o Sizes,
}

fn append_page(page: u32, lines: &[Line], output: &mut Output<'_>, outline: &mut Outline) {
    let leading = leading(lines);
    let mut at = 0;
    while at < lines.len() {
        if let Some(grid) = &lines[at].grid {
            output.builder.block(BlockKind::Table, 0, &to_markdown(grid));
            at += 1;
            continue;
        }
        if let Some((count, level)) = outline.heading_at(page, &lines[at..]) {
            outline.enter(level);
            let heading = &lines[at..at + count];
            let (text, spans) = join(heading, output.words);
            let placed = placed(heading, &spans, output.frame);
            output.builder.block_with_lines(BlockKind::Heading, level, &text, &placed);
            at += count;
            continue;
        }
        let table = table_end(lines, at, leading);
        if table > at {
            let text = table_text(&lines[at..table]);
            let placed = placed(&lines[at..table], &row_spans(&text), output.frame);
            output.builder.block_with_lines(BlockKind::Table, 0, &text, &placed);
            at = table;
            continue;
        }
        let mut end = at + 1;
        while end < lines.len()
            && lines[end].grid.is_none()
            && outline.heading_at(page, &lines[end..]).is_none()
            && table_end(lines, end, leading) == end
            && !starts_block(&lines[at..end], &lines[end], leading, output.sizes)
        {
            end += 1;
        }
        append_paragraph(&lines[at..end], output, outline);
        at = end;
    }
}

fn append_paragraph(lines: &[Line], output: &mut Output<'_>, outline: &Outline) {
    let (text, spans) = join(lines, output.words);
    let mut placed = placed(lines, &spans, output.frame);
    let builder = &mut *output.builder;
    if let Some(level) = output.sizes.heading_level(lines, &text) {
        builder.block_with_lines(BlockKind::Heading, outline.below(level), &text, &placed);
        return;
    }
    let mut chars = text.chars();
    if starts_item(&text) {
        let rest = match chars.next() {
            Some(c) if is_bullet(c) => format!("- {}", chars.as_str().trim_start()),
            _ => text.clone(),
        };
        let (before, after) = (text.chars().count(), rest.chars().count());
        for line in &mut placed {
            line.start = (line.start + after).saturating_sub(before);
            line.end = (line.end + after).saturating_sub(before);
        }
        builder.block_with_lines(BlockKind::ListItem, 1, &rest, &placed);
    } else {
        builder.block_with_lines(BlockKind::Paragraph, 0, &text, &placed);
    }
}

/// The lines that stand somewhere on the page, with their places in the block's text.
fn placed(lines: &[Line], spans: &[(usize, usize)], frame: Option<&Frame>) -> Vec<PlacedLine> {
    let Some(frame) = frame else { return Vec::new() };
    let place = |(line, &(start, end)): (&Line, &(usize, usize))| {
        let bounds = frame.bounds(line)?;
        Some(PlacedLine { start, end, bounds, confidence: frame.confidence(bounds) })
    };
    lines.iter().zip(spans).filter_map(place).collect()
}

/// Where the rows of a Markdown table stand in it, without the line below the header.
fn row_spans(table: &str) -> Vec<(usize, usize)> {
    let mut start = 0;
    let mut spans = Vec::new();
    for (index, row) in table.split('\n').enumerate() {
        let end = start + row.chars().count();
        if index != 1 {
            spans.push((start, end));
        }
        start = end + 1;
    }
    spans
}

/// The usual distance of baselines, in font sizes.
fn leading(lines: &[Line]) -> f32 {
    let mut steps: Vec<f32> = lines
        .windows(2)
        .map(|pair| (pair[0].baseline - pair[1].baseline) / pair[0].size.max(1.0))
        .filter(|step| (0.8..2.5).contains(step))
        .collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(1.2)
}

/// Whether `next` begins a block of its own after the lines of `block`.
fn starts_block(block: &[Line], next: &Line, leading: f32, sizes: &Sizes) -> bool {
    let Some(last) = block.last() else { return true };
    if next.size == 0.0 {
        // No geometry: the engine has split paragraphs already.
        return true;
    }
    let size = last.size.max(1.0);
    let step = last.baseline - next.baseline;
    if (last.size - next.size).abs() > 0.08 * size || (last.bold != next.bold && block.iter().all(|l| l.bold))
    {
        return true;
    }
    let is_heading = sizes.is_large(last);
    if step <= 0.0 {
        return is_heading || !sentence_goes_on(&last.text(), &next.text());
    }
    if step > leading * 1.3 * size || starts_item(&next.text()) {
        return true;
    }
    if is_heading {
        return false;
    }
    let item = block.first().is_some_and(|first| starts_item(&first.text()));
    let indent = next.left - last.left;
    if indent > 0.8 * size && !item {
        return true;
    }
    if indent < -0.8 * size && block.len() > 1 {
        return true;
    }
    let short = last.right < next.right - 0.2 * (next.right - next.left);
    short && ends_sentence(&last.text())
}

fn sentence_goes_on(last: &str, next: &str) -> bool {
    !ends_sentence(last) && next.chars().next().is_some_and(|c| c.is_lowercase() || joins_without_blank(c))
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['.', '!', '?', ':', ';', '。', '！', '？', '：', '；', '”', '"'])
}

fn starts_item(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return false };
    let bullet =
        first.chars().next().is_some_and(|c| is_bullet(c) && !matches!(c, '-' | '–' | '—' | '*' | '·'));
    bullet || words.next().is_some() && is_marker(first)
}

/// One text out of lines of a paragraph, without knowing the rest of the document.
pub(crate) fn join_plain(lines: &[&str]) -> String {
    join_texts(lines.iter().map(|&l| l.to_owned()), &Words(HashSet::new())).0
}

fn join(lines: &[Line], words: &Words) -> (String, Vec<(usize, usize)>) {
    join_texts(lines.iter().map(Line::text), words)
}

/// A blank between words, none between Chinese characters, and words that were divided put
/// together again. With the place of each line in the text, in scalar values.
fn join_texts(lines: impl Iterator<Item = String>, words: &Words) -> (String, Vec<(usize, usize)>) {
    let mut out = String::new();
    let mut chars = 0;
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for next in lines {
        if let Some(stem) = divided(&out, &next)
            && !words.has_compound(stem, &next)
        {
            out.pop();
            chars -= 1;
            if let Some((_, end)) = spans.last_mut() {
                *end = chars;
            }
        } else if !out.is_empty()
            && !ends_with_divider(&out)
            && (!out.chars().last().is_some_and(joins_without_blank)
                || !next.chars().next().is_some_and(joins_without_blank))
        {
            out.push(' ');
            chars += 1;
        }
        out.push_str(&next);
        let start = chars;
        chars += next.chars().count();
        spans.push((start, chars));
    }
    (out, spans)
}

/// The part before the hyphen of a word that goes on in `next`.
fn divided<'t>(text: &'t str, next: &str) -> Option<&'t str> {
    let stem = text.strip_suffix(['-', '\u{2010}'])?;
    let word = stem.rsplit(|c: char| !c.is_alphabetic()).next()?;
    let goes_on = next.chars().next().is_some_and(char::is_lowercase);
    (word.chars().count() >= 2 && goes_on && word.chars().last().is_some_and(char::is_lowercase))
        .then_some(word)
}

fn ends_with_divider(text: &str) -> bool {
    let mut last = text.chars().rev();
    matches!(last.next(), Some('-' | '\u{2010}' | '/')) && last.next().is_some_and(char::is_alphanumeric)
}

/// Words with a hyphen that the document writes within a line: these keep it at a line's end too.
struct Words(HashSet<(String, String)>);

impl Words {
    fn of(pages: &[PageText]) -> Self {
        let mut compounds = HashSet::new();
        for line in pages.iter().flat_map(|p| &p.lines) {
            for word in line.cells.iter().flat_map(|c| c.text.split_whitespace()) {
                let word = word.trim_matches(|c: char| !c.is_alphabetic());
                let parts: Vec<&str> = word.split(['-', '\u{2010}']).collect();
                for pair in parts.windows(2).filter(|p| !p[0].is_empty() && !p[1].is_empty()) {
                    compounds.insert((pair[0].to_lowercase(), pair[1].to_lowercase()));
                }
            }
        }
        Self(compounds)
    }

    fn has_compound(&self, stem: &str, next: &str) -> bool {
        let rest = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        self.0.contains(&(stem.to_lowercase(), rest.to_lowercase()))
    }
}

/// Font sizes of the document: the body's, and those of headings, largest first.
struct Sizes {
    body: f32,
    headings: Vec<f32>,
}

impl Sizes {
    fn of(pages: &[PageText]) -> Self {
        let mut chars: HashMap<i32, usize> = HashMap::new();
        for line in pages.iter().flat_map(|p| &p.lines) {
            *chars.entry(half_points(line.size)).or_default() +=
                line.cells.iter().map(|c| c.text.len()).sum::<usize>();
        }
        let body = chars.iter().max_by_key(|(size, count)| (**count, **size)).map_or(0, |(size, _)| *size);
        let body = body as f32 / 2.0;
        let mut headings: Vec<i32> =
            chars.into_keys().filter(|&s| s as f32 / 2.0 >= body * HEADING_SIZE).collect();
        headings.sort_unstable_by(|a, b| b.cmp(a));
        Self { body, headings: merge_near(&headings) }
    }

    fn is_large(&self, line: &Line) -> bool {
        self.body > 0.0 && line.size >= self.body * HEADING_SIZE - 0.25
    }

    fn heading_level(&self, lines: &[Line], text: &str) -> Option<u8> {
        let first = lines.first()?;
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let visible = text.chars().filter(|c| !c.is_whitespace()).count();
        let shaped = lines.len() <= HEADING_LINES && text.chars().count() <= HEADING_CHARS;
        let item = text.starts_with(is_bullet);
        if self.body == 0.0 || !shaped || item || letters < 2 || letters * 2 < visible {
            return None;
        }
        if self.is_large(first) {
            let rank = self.headings.iter().take_while(|&&size| size > first.size + 0.3).count();
            return u8::try_from(rank.min(SIZE_LEVELS - 1) + 1).ok();
        }
        let bold = lines.iter().all(|l| l.bold && l.size >= self.body - 0.6);
        let closed = text.ends_with(['.', ',', ';', ':', '。', '，', '；', '：']);
        let bold_heading =
            bold && lines.len() <= 2 && !closed && !starts_item(text) && text.chars().count() <= 100;
        let level = self.headings.len().min(SIZE_LEVELS) + 1;
        bold_heading.then_some(u8::try_from(level).unwrap_or(6))
    }
}

/// Sizes within a tenth of each other are one level.
fn merge_near(sizes: &[i32]) -> Vec<f32> {
    let mut merged: Vec<f32> = Vec::new();
    for size in sizes.iter().map(|&s| s as f32 / 2.0) {
        if merged.last().is_none_or(|last| size < last * 0.9) {
            merged.push(size);
        }
    }
    merged
}

fn half_points(size: f32) -> i32 {
    // `as` saturates; sizes are small.
    (size * 2.0).round() as i32
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::{ContentType, ParsedDocument};

    use super::super::layout::Cell;
    use super::*;

    fn line(x: f32, y: f32, size: f32, text: &str) -> Line {
        let mut left = x;
        let cells: Vec<Cell> = text
            .split(" | ")
            .map(|text| {
                let right = left + text.chars().count() as f32 * size / 2.0;
                let cell = Cell { text: text.to_owned(), left, right };
                left = (right / 100.0).ceil() * 100.0;
                cell
            })
            .collect();
        let right = cells.last().map_or(x, |c| c.right);
        Line { cells, left: x, right, baseline: y, size, bold: false, grid: None }
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
            "Annual report\n\nThe company grew in every region, and its long-term wellknown brands did so with \
             long-term plans that were agreed upon.\n\n公司在全国各地区都实现了增长，全年收入达到十亿元。\n\n\
             - first item which goes on in another line\n\n- second item\n\n\
             | Revenue | 1,200 | 1,100 |\n| --- | --- | --- |\n| Cost | 900 | 850 |"
        );
        assert_eq!(document.blocks[0].kind, BlockKind::Heading);
        assert_eq!(document.blocks[5].kind, BlockKind::Table);
    }

    /// A page with a header, ten lines of its own and its number.
    fn page(n: usize, header: &[Line]) -> Vec<Line> {
        let mut lines = header.to_vec();
        lines.extend(
            (0..10)
                .map(|i| line(50.0, 700.0 - i as f32 * 12.0, 10.0, &format!("body {i} of group {}", n * 7))),
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
        let questions =
            (1..=10).map(|n| page(n, &[line(50.0, 780.0, 14.0, &format!("Question {n}"))])).collect();
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
}
