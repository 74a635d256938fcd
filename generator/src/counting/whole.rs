//! The tables of a passage, put together again where a parser cut them.

use std::ops::Range;

use footnote_core::parsed::{Page, PageKind};
use footnote_core::passage::Passage;
use footnote_core::text::CanonicalText;

use crate::tables::{Continuation, Seam, Table, continuation};

/// Blank rows that may lie within a table of a sheet.
const BLANK_ROWS: u32 = 3;

/// A table with all its parts that are known.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) table: Table,
    /// Whether nothing that stands near may belong to it.
    pub(super) is_complete: bool,
}

/// A table with its place among the others.
struct Placed<'p> {
    whole: Whole,
    /// The page on which its last part ends.
    page: Option<&'p Page>,
    /// First and last row of the sheet that its last part lies in.
    rows: Option<(u32, u32)>,
}

/// The tables of a passage in order. Those of a sheet that blank rows part, and those that the end of a page parts,
/// are one where that is sure; where it is possible, neither is complete.
pub(super) fn tables(passage: &Passage) -> Vec<Whole> {
    let text = CanonicalText::new(passage.text.as_str());
    let mut placed: Vec<Placed<'_>> = Vec::new();
    for table in Table::read(&passage.text) {
        let next = Placed::of(passage, &text, table);
        add(passage, next, &mut placed);
    }
    if let Some(last) = placed.last_mut()
        && passage.text.get(last.whole.table.bytes.end..).is_some_and(|rest| !rest.trim().is_empty())
    {
        // What was kept behind it may be a row.
        last.whole.is_complete = false;
    }
    placed.into_iter().map(|placed| placed.whole).collect()
}

/// Adds a table to those before it, or to the one that it goes on with.
fn add<'p>(passage: &Passage, mut next: Placed<'p>, placed: &mut Vec<Placed<'p>>) {
    let above: Vec<usize> = (0..placed.len()).filter(|&at| is_right_above(at, placed, &next)).collect();
    let told = |at: usize| {
        let seam = placed.get(at)?.seam(&next, passage)?;
        let table = &placed.get(at)?.whole.table;
        Some((at, continuation(table, &next.whole.table, seam))).filter(|(_, it)| *it != Continuation::No)
    };
    let possible: Vec<(usize, Continuation)> = above.into_iter().filter_map(told).collect();
    if let [(at, Continuation::Surely)] = possible.as_slice()
        && let Some(above) = placed.get_mut(*at)
    {
        (above.page, above.rows) = (next.page, next.rows);
        above.whole.table.append(next.whole.table);
        return;
    }
    next.whole.is_complete = possible.is_empty();
    for (at, _) in possible {
        if let Some(above) = placed.get_mut(at) {
            above.whole.is_complete = false;
        }
    }
    placed.push(next);
}

/// Whether no other table stands between the one at `at` and `next`: on a sheet there may be several above it.
fn is_right_above(at: usize, placed: &[Placed<'_>], next: &Placed<'_>) -> bool {
    let Some((_, last)) = placed.get(at).and_then(|above| above.rows) else { return at + 1 == placed.len() };
    let Some((first, _)) = next.rows else { return at + 1 == placed.len() };
    let others = placed.iter().filter_map(|other| other.rows);
    !others.into_iter().any(|rows| rows.0 > last && rows.1 < first)
}

impl<'p> Placed<'p> {
    fn of(passage: &'p Passage, text: &CanonicalText, table: Table) -> Self {
        let Range { start, end } = table.bytes;
        let at = |byte: usize| passage.span.start + text.char_of(byte).unwrap_or_default();
        let (page, rows) = (passage.page_at(at(end).saturating_sub(1)), passage.rows(start..end));
        Self { whole: Whole { table, is_complete: true }, page, rows }
    }

    /// What lies between this table and `next`, which stands behind it; `None` where they are apart.
    fn seam(&self, next: &Self, passage: &Passage) -> Option<Seam> {
        let (page, next_page) = (self.page, next.page);
        let is_sheet = |page: Option<&Page>| page.is_some_and(|page| page.kind == PageKind::Sheet);
        let number = |page: Option<&Page>| page.map(|page| page.number);
        if is_sheet(page) && is_sheet(next_page) {
            let ((_, last), (first, _)) = (self.rows?, next.rows?);
            let is_below = number(page) == number(next_page) && first > last;
            let seam =
                if first.saturating_sub(last) <= BLANK_ROWS + 1 { Seam::BlankRows } else { Seam::Nothing };
            return is_below.then_some(seam);
        }
        let between = passage.text.get(self.whole.table.bytes.end..next.whole.table.bytes.start)?;
        let is_bare = between.lines().all(is_number_of_page);
        match (number(page) < number(next_page), is_bare) {
            (true, true) => Some(Seam::PageEnd),
            (true, false) => Some(Seam::PageEdge),
            (false, _) => between.trim().is_empty().then_some(Seam::Nothing),
        }
    }
}

/// Nothing, or `7`, `- 7 -`, `Page 7 of 12`.
fn is_number_of_page(line: &str) -> bool {
    let is_apart = |c: char| !c.is_alphanumeric() || matches!(c, '第' | '页' | '共');
    let mut words = line.split(is_apart).filter(|word| !word.is_empty());
    words.all(|word| {
        let word = word.to_lowercase();
        let is_number = word.chars().all(|c| c.is_ascii_digit()) && word.len() <= 4;
        is_number || matches!(word.as_str(), "page" | "of")
    })
}

#[cfg(test)]
mod tests {
    use footnote_core::text::Span;

    use super::*;
    use crate::cite::tests::passage;

    /// A passage of parts, each on its page, or at its row of one sheet.
    fn parts(parts: &[(u32, &str)], is_sheet: bool) -> Passage {
        let text: Vec<&str> = parts.iter().map(|(_, text)| *text).collect();
        let mut passage = passage(1, &text.join("\n\n"));
        let mut start = passage.span.start;
        passage.pages = Vec::new();
        for (place, text) in parts {
            let span = Span::new(start, start + text.chars().count());
            start = span.end + 2;
            passage.pages.push(match is_sheet {
                true => Page {
                    number: 1,
                    span,
                    kind: PageKind::Sheet,
                    first_row: Some(*place),
                    ..Page::default()
                },
                false => Page { number: *place, span, ..Page::default() },
            });
        }
        passage
    }

    /// How many rows each table has, and whether it is complete.
    fn told(passage: &Passage) -> Vec<(usize, bool)> {
        tables(passage).into_iter().map(|whole| (whole.table.rows.len(), whole.is_complete)).collect()
    }

    const SALES: &str = "| City | Units |\n| --- | --- |\n| Rome | 4 |\n| Oslo | 5 |";
    const MORE: &str = "| Lyon | 9 |\n| --- | --- |\n| Nice | 7 |";

    #[test]
    fn blank_rows_of_a_sheet_part_no_table() {
        assert_eq!(told(&parts(&[(1, SALES), (5, MORE)], true)), [(4, true)]);
        assert_eq!(
            told(&parts(&[(1, SALES), (5, MORE), (8, "| Graz | 1 |\n| --- | --- |")], true)),
            [(5, true)]
        );
        assert_eq!(told(&parts(&[(1, SALES), (1, MORE)], true)), [(2, true), (2, true)], "side by side");
        assert_eq!(told(&parts(&[(1, SALES), (30, MORE)], true)), [(2, false), (2, false)], "far below");
        let beside = "| Item | Cost |\n| --- | --- |\n| Pen | 3 |";
        assert_eq!(told(&parts(&[(1, SALES), (5, beside), (9, MORE)], true)), [(2, true), (3, true)]);
        let either = [(2, false), (1, false), (2, false)];
        assert_eq!(told(&parts(&[(1, SALES), (1, beside), (5, MORE)], true)), either, "of one of two");
        let (staff, people) =
            ("| Name | City |\n| --- | --- |\n| Al | Bonn |", "| Bo | Rome |\n| --- | --- |\n| Cy | Oslo |");
        assert_eq!(told(&parts(&[(1, staff), (4, people)], true)), [(1, false), (1, false)]);
    }

    #[test]
    fn the_end_of_a_page_parts_no_table() {
        assert_eq!(told(&parts(&[(1, SALES), (2, MORE)], false)), [(4, true)]);
        for number in ["Page 1 of 2", "第1页", "第1页/共3页"] {
            assert_eq!(told(&parts(&[(1, SALES), (1, number), (2, MORE)], false)), [(4, true)], "{number}");
        }
        assert_eq!(
            told(&parts(&[(1, SALES), (2, "In Munich:"), (2, MORE)], false)),
            [(2, false), (2, false)]
        );
        assert_eq!(told(&parts(&[(1, SALES), (2, "Lyon 9")], false)), [(2, false)]);
        assert_eq!(told(&parts(&[(1, SALES), (1, MORE)], false)), [(2, false), (2, false)]);
    }
}
