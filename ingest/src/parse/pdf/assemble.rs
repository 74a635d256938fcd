//! From lines to blocks: headings by size, tables, listings, lists, paragraphs joined over line and page ends.

use footnote_core::parsed::{BlockKind, Page, WarningKind};

use super::blocks::{Kind, Part, parts, remark, starts_item};
use super::breaks::{Ordered, goes_on};
use super::continued::{Open, continued, ends, joined};
use super::frame::Frame;
use super::joints::{Words, join, joint};
use super::layout::Line;
use super::listings;
use super::markers::is_bullet;
use super::outline::{Headings, Outline};
use super::places::{line_spans, placed, row_spans};
use super::rows::table_rows;
use super::running::leave_out;
use super::sizes::Sizes;
use super::{PageText, PdfText};
use crate::parse::builder::{DocumentBuilder, Joint};
use crate::parse::table::to_markdown;

/// Appends all pages.
pub(crate) fn append(mut text: PdfText, builder: &mut DocumentBuilder) {
    listings::forget_where_usual(&mut text.pages);
    let words = Words::of(&text.pages);
    let sizes = Sizes::of(&text.pages);
    for (kind, warning) in leave_out(&mut text.pages, sizes.body) {
        builder.warn(kind, None, warning);
    }
    let mut outline = Outline::of(&text.outline);
    let parted = |page: PageText| Parted::of(page, &outline, &sizes);
    let pages: Vec<Parted> = text.pages.into_iter().map(parted).collect();
    let mut pages = pages.into_iter().peekable();
    let (mut open, mut repeated_heads) = (None, 0);
    while let Some(page) = pages.next() {
        let (number, ocr) = (page.number, page.frame.as_ref().is_some_and(Frame::is_ocr));
        builder.start(Page { number, ocr, label: page.label, ..Page::default() });
        if let Some((kind, warning)) = page.warning {
            builder.warn(kind, Some(number), warning);
        }
        if let Some((kind, warning)) = outline.crowded(number) {
            builder.warn(kind, Some(number), warning);
        }
        let after = pages.peek().map(|next| headings(&next.parts, &sizes).others).unwrap_or_default();
        for (level, title) in outline.begin(number, &headings(&page.parts, &sizes), &after) {
            builder.section(level, &title);
        }
        let next =
            pages.peek().filter(|next| next.number == number + 1).map(|next| next.parts.body.as_slice());
        let mut output = Output {
            builder,
            frame: page.frame.as_ref(),
            words: &words,
            sizes: &sizes,
            outline: &mut outline,
            repeated_heads: &mut repeated_heads,
        };
        open = output.page(page.parts, open, next.unwrap_or_default());
        for (level, title) in outline.end() {
            builder.section(level, &title);
        }
    }
    if repeated_heads > 0 {
        let message = format!("the heads of tables are kept once; {repeated_heads} pages repeat them");
        builder.warn(WarningKind::Note, None, message);
    }
}

/// What the lines of a page tell of its sections.
fn headings(parts: &Ordered, sizes: &Sizes) -> Headings {
    let mut found = Headings::default();
    for part in parts.head.iter().chain(&parts.body).chain(&parts.foot) {
        let text = || part.lines.iter().map(Line::text).collect::<Vec<_>>().join(" ");
        match part.kind {
            Kind::Titled(_) => found.titles.push(text()),
            Kind::Text if sizes.is_heading(&part.lines) => found.others.push(text()),
            _ => {}
        }
    }
    found
}

/// A page with its lines in blocks.
struct Parted {
    number: u32,
    label: Option<String>,
    warning: Option<(WarningKind, String)>,
    frame: Option<Frame>,
    parts: Ordered,
}

impl Parted {
    fn of(page: PageText, outline: &Outline, sizes: &Sizes) -> Self {
        let PageText { number, lines, warning, label, frame, comments, .. } = page;
        let mut parts = parts(number, lines, outline, sizes);
        parts.extend(comments.into_iter().map(remark));
        let parts = Ordered::of(parts, number);
        Self { number, label, warning, frame, parts }
    }
}

/// Where the blocks of a page go, and what is known of them.
struct Output<'o> {
    builder: &'o mut DocumentBuilder,
    frame: Option<&'o Frame>,
    words: &'o Words,
    sizes: &'o Sizes,
    outline: &'o mut Outline,
    /// Pages that only repeat the head of a table.
    repeated_heads: &'o mut usize,
}

impl Output<'_> {
    /// Appends a page after what is `open`, and tells what it leaves open for the blocks of the next page. As the
    /// text of a page is one stretch, what stands at the foot of a page goes before a paragraph that leaves it, and
    /// what stands at its head behind one that enters it.
    fn page(&mut self, parts: Ordered, open: Option<Open>, next: &[Part]) -> Option<Open> {
        let Ordered { head, mut body, foot } = parts;
        let is_filled = open.is_some() && body.len() == 1 && !(head.is_empty() && foot.is_empty());
        let mut left_open = if is_filled { None } else { self.left_open(&body, open.as_ref(), next) };
        let last = left_open.as_ref().and_then(|_| body.pop());
        let mut body = body.into_iter();
        let mut last = last.into_iter();
        if let Some(open) = open
            && let Some(part) = body.next().or_else(|| last.next())
        {
            self.go_on(open, &part.lines);
        }
        head.into_iter().chain(body).for_each(|part| self.part(part));
        foot.into_iter().for_each(|part| self.part(part));
        for part in last {
            let before = self.builder.block_count();
            self.part(part);
            left_open = left_open.filter(|_| self.builder.block_count() > before);
        }
        left_open
    }

    /// What the last block of a page leaves open, `before` being what the page before left open for its first one.
    fn left_open(&self, body: &[Part], before: Option<&Open>, next: &[Part]) -> Option<Open> {
        let (last, first) = (body.last()?, next.first()?);
        if goes_on(body, next, self.sizes) {
            return last.lines.last().map(|line| Open::Paragraph { last_line: line.text() });
        }
        if last.kind != first.kind {
            return None;
        }
        if last.kind == Kind::Code {
            let is_one = listings::is_one_print(last.lines.last()?, first.lines.first()?);
            let left = match before.filter(|_| body.len() == 1) {
                Some(Open::Code { left }) => listings::left_below(*left, &last.lines),
                _ => listings::left(&last.lines),
            };
            return is_one.then_some(Open::Code { left });
        }
        if let Some(Open::Table { table, next }) = before.filter(|_| body.len() == 1) {
            let table = joined(table, last, next.repeated);
            return continued(&table, first).map(|next| Open::Table { table, next });
        }
        continued(last, first).map(|next| Open::Table { table: ends(last.clone()), next })
    }

    fn part(&mut self, part: Part) {
        let Part { kind, mut lines } = part;
        match kind {
            Kind::Grid => {
                let grids = lines.iter_mut().filter_map(|line| line.grid.take());
                grids.for_each(|grid| self.builder.block(BlockKind::Table, 0, &to_markdown(&grid)));
            }
            Kind::Table => {
                let (rows, of_lines) = table_rows(&lines);
                let text = to_markdown(&rows);
                let rows = row_spans(&text);
                // A row may be several lines.
                let spans: Vec<_> = of_lines.iter().filter_map(|row| rows.get(*row).copied()).collect();
                let placed = placed(&lines, &spans, self.frame);
                self.builder.block_with_lines(BlockKind::Table, 0, &text, &placed);
            }
            Kind::Code => {
                let text = listings::text(&lines, listings::left(&lines));
                let placed = placed(&lines, &listings::spans(&text), self.frame);
                self.builder.block_with_lines(BlockKind::Code, 0, &text, &placed);
            }
            Kind::Titled(level) => {
                self.outline.enter(level);
                self.plain(BlockKind::Heading, level, &lines);
            }
            Kind::Entry => self.plain(BlockKind::ListItem, 1, &lines),
            Kind::Note => self.plain(BlockKind::Footnote, 0, &lines),
            Kind::Text => self.text(&lines),
        }
    }

    fn plain(&mut self, kind: BlockKind, level: u8, lines: &[Line]) {
        let (text, spans) = join(lines, self.words);
        let placed = placed(lines, &spans, self.frame);
        self.builder.block_with_lines(kind, level, &text, &placed);
    }

    fn text(&mut self, lines: &[Line]) {
        let (text, spans) = join(lines, self.words);
        let mut placed = placed(lines, &spans, self.frame);
        if let Some(level) = self.sizes.heading_level(lines, &text) {
            self.builder.block_with_lines(
                BlockKind::Heading,
                self.outline.below(level, &text),
                &text,
                &placed,
            );
            return;
        }
        if !starts_item(&text) {
            self.builder.block_with_lines(BlockKind::Paragraph, 0, &text, &placed);
            return;
        }
        let mut chars = text.chars();
        let rest = match chars.next() {
            Some('☐' | '☑' | '☒' | '□') => format!("- {text}"),
            Some(c) if is_bullet(c) => format!("- {}", chars.as_str().trim_start()),
            _ => text.clone(),
        };
        let (before, after) = (text.chars().count(), rest.chars().count());
        for line in &mut placed {
            line.start = (line.start + after).saturating_sub(before);
            line.end = (line.end + after).saturating_sub(before);
        }
        self.builder.block_with_lines(BlockKind::ListItem, 1, &rest, &placed);
    }

    /// The lines belong to the block that the page before left open.
    fn go_on(&mut self, open: Open, lines: &[Line]) {
        match open {
            Open::Paragraph { last_line } => {
                let (text, spans) = join(lines, self.words);
                let placed = placed(lines, &spans, self.frame);
                self.builder.go_on(joint(&last_line, &text, self.words), &text, &placed);
            }
            Open::Code { left } => {
                let text = listings::text(lines, listings::left_below(left, lines));
                let placed = placed(lines, &listings::spans(&text), self.frame);
                self.builder.go_on(Joint::Line, &text, &placed);
            }
            Open::Table { table, next } => {
                let is_drawn = table.kind == Kind::Grid;
                let rows = if is_drawn { &[] } else { lines.get(next.repeated..).unwrap_or_default() };
                *self.repeated_heads += usize::from(next.repeated > 0);
                let placed = placed(rows, &line_spans(&next.rows), self.frame);
                self.builder.go_on(Joint::Line, &next.rows, &placed);
            }
        }
    }
}

#[cfg(test)]
mod tests;
