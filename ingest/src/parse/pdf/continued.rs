//! Tables that go on over the end of a page: one block, whose later rows lie on the page where they stand.

use super::blocks::{Kind, Part};
use super::breaks::is_in_one_print;
use super::layout::Line;
use super::rows::line_rows;
use crate::parse::table::to_markdown;

/// Most lines of a head that the next page repeats.
const MAX_HEAD_LINES: usize = 3;
/// Rows of a long table that are kept for its head and its columns: the first and the last.
const FIRST_ROWS: usize = 8;
const LAST_ROWS: usize = 64;

/// The rows of a table on the next page.
#[derive(Debug, PartialEq)]
pub(super) struct Continued {
    /// The rows as Markdown, without a header.
    pub(super) rows: String,
    /// How many lines at the top only repeat the table's head.
    pub(super) repeated: usize,
}

/// The end of a block that goes on in the first block of the next page.
pub(super) enum Open {
    /// A paragraph.
    Paragraph { last_line: String },
    /// A table, and what the next page adds to it.
    Table { table: Part, next: Continued },
    /// A listing, and where its lines begin.
    Code { left: f32 },
}

/// What `below`, the first block of a page, adds to the table `above`, which ends the page before: it has as many
/// columns, and the same head once more or none. A table of words without its head is left alone: its first row may be
/// the head of another.
pub(super) fn continued(above: &Part, below: &Part) -> Option<Continued> {
    match (above.kind, below.kind) {
        (Kind::Table, Kind::Table) => of_lines(&above.lines, &below.lines),
        (Kind::Grid, Kind::Grid) => match (above.lines.as_slice(), below.lines.as_slice()) {
            ([above], [below]) => of_grids(above.grid.as_deref()?, below.grid.as_deref()?),
            _ => None,
        },
        _ => None,
    }
}

/// The ends of the table with the rows that it goes on with, as what the page after next may go on with.
pub(super) fn joined(above: &Part, below: &Part, repeated: usize) -> Part {
    let mut lines = above.lines.clone();
    match (lines.last_mut().and_then(|line| line.grid.as_mut()), below.lines.first()) {
        (Some(grid), Some(Line { grid: Some(more), .. })) => grid.extend(more.iter().skip(repeated).cloned()),
        _ => lines.extend(below.lines.iter().skip(repeated).cloned()),
    }
    ends(Part { kind: above.kind, lines })
}

/// The table without the rows in its middle: as long as its file is, no page is compared with more.
pub(super) fn ends(mut table: Part) -> Part {
    table.lines.iter_mut().filter_map(|line| line.grid.as_mut()).for_each(drop_middle);
    drop_middle(&mut table.lines);
    table
}

fn drop_middle<T>(rows: &mut Vec<T>) {
    let first = FIRST_ROWS.min(rows.len());
    let last = rows.len().saturating_sub(LAST_ROWS).max(first);
    rows.drain(first..last);
}

fn of_lines(above: &[Line], below: &[Line]) -> Option<Continued> {
    let texts = |lines: &[Line]| -> Vec<Vec<String>> {
        lines.iter().map(|line| line.cells.iter().map(|cell| cell.text.clone()).collect()).collect()
    };
    let repeated = repeated(&texts(above), &texts(below));
    let rest = below.get(repeated..)?;
    let (last, first) = (above.last()?, rest.first()?);
    let is_row = is_in_one_print(last, first)
        && goes_on(&texts(std::slice::from_ref(last))[0], &texts(std::slice::from_ref(first))[0]);
    if repeated == 0 && !is_row {
        return None;
    }
    let mut together = line_rows(&above.iter().chain(rest).cloned().collect::<Vec<_>>());
    let width = |rows: &[Vec<String>]| rows.first().map(Vec::len);
    let widest = |lines: &[Line]| lines.iter().map(|line| line.cells.len()).max();
    if width(&together) != width(&line_rows(above)) || widest(above) != widest(rest) {
        return None;
    }
    // Each line stays a row, as each has its place on the page.
    together.drain(1..above.len());
    let table = to_markdown(&together);
    let rows: Vec<&str> = table.lines().skip(2).collect();
    (rows.len() == rest.len()).then(|| Continued { rows: rows.join("\n"), repeated })
}

fn of_grids(above: &[Vec<String>], below: &[Vec<String>]) -> Option<Continued> {
    let repeated = repeated(above, below);
    let rest = below.get(repeated..).filter(|rest| !rest.is_empty())?;
    let is_as_wide =
        above.last()?.len() > 1 && rest.iter().all(|row| Some(row.len()) == above.last().map(Vec::len));
    if !is_as_wide || repeated == 0 && !goes_on(above.last()?, rest.first()?) {
        return None;
    }
    let head = above.first()?.clone();
    let table = to_markdown(&std::iter::once(head).chain(rest.iter().cloned()).collect::<Vec<_>>());
    let rows: Vec<&str> = table.lines().skip(2).collect();
    Some(Continued { rows: rows.join("\n"), repeated })
}

/// How many rows at the top are the head of the table above once more. A row with figures is data, although it may be
/// the same; rows that are all the same are the table once more, as a form has it on every page.
fn repeated(above: &[Vec<String>], below: &[Vec<String>]) -> usize {
    let same = above.iter().zip(below).take_while(|(above, below)| above == below).count();
    let head = below[..same].iter().take_while(|row| !row.iter().any(|cell| is_figure(cell))).count();
    let is_head = above.first().is_some_and(|head| head.len() > 1);
    if is_head && head <= MAX_HEAD_LINES && same < below.len() { head } else { 0 }
}

/// Whether a row has figures, and in the columns where the row above it has them.
fn goes_on(above: &[String], below: &[String]) -> bool {
    let figures = |row: &[String]| row.iter().skip(1).map(|cell| is_figure(cell)).collect::<Vec<_>>();
    above.len() == below.len() && figures(above) == figures(below) && figures(below).contains(&true)
}

fn is_figure(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let is_year = text.len() == 4 && digits == 4 && (text.starts_with("19") || text.starts_with("20"));
    digits > 0 && letters <= 3 && !is_year
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::{BlockKind, ContentType, ParsedDocument};
    use footnote_core::text::Span;

    use super::super::assemble::append;
    use super::super::layout::Cell;
    use super::super::{PageText, PdfText};
    use super::*;
    use crate::parse::builder::DocumentBuilder;

    /// Lines of cells from the top of a page.
    fn page(texts: &[&str]) -> Vec<Line> {
        let line = |(at, text): (usize, &&str)| {
            let cell = |(column, text): (usize, &str)| {
                let left = 50.0 + 150.0 * column as f32;
                Cell { text: text.to_owned(), left, right: left + 5.0 * text.len() as f32, ..Cell::default() }
            };
            let cells: Vec<Cell> = text.split(" | ").enumerate().map(cell).collect();
            let right = cells.last().map_or(50.0, |cell| cell.right);
            Line {
                cells,
                left: 50.0,
                right,
                baseline: 740.0 - 12.0 * at as f32,
                size: 10.0,
                ..Line::default()
            }
        };
        texts.iter().enumerate().map(line).collect()
    }

    fn document(pages: Vec<Vec<Line>>) -> ParsedDocument {
        let pages = (1..).zip(pages).map(|(number, lines)| PageText::new(number, lines)).collect();
        let mut builder = DocumentBuilder::new(1_000_000);
        append(PdfText { title: None, outline: Vec::new(), pages, engine: "test".to_owned() }, &mut builder);
        builder.finish(ContentType::Pdf, "test").unwrap()
    }

    fn tables(document: &ParsedDocument) -> usize {
        document.blocks.iter().filter(|block| block.kind == BlockKind::Table).count()
    }

    const WHOLE: &str = "| City | Units |\n| --- | --- |\n| Rome | 4 |\n| Oslo | 5 |\n| Lyon | 9 |\n| Nice | 7 |\n| Graz | 3 |\n| Linz | 1 |";

    #[test]
    fn a_table_over_page_ends_is_one_and_its_rows_keep_their_pages() {
        let first = page(&["City | Units", "Rome | 4", "Oslo | 5"]);
        let bare = [page(&["Lyon | 9", "Nice | 7"]), page(&["Graz | 3", "Linz | 1"])];
        let headed = [
            page(&["City | Units", "Lyon | 9", "Nice | 7"]),
            page(&["City | Units", "Graz | 3", "Linz | 1"]),
        ];
        for ([second, third], warnings) in [(bare, 0), (headed, 1)] {
            let document = document(vec![first.clone(), second, third]);
            assert_eq!((document.text.as_str(), tables(&document)), (WHOLE, 1));
            assert_eq!(document.warnings.len(), warnings, "{:?}", document.warnings);
            for (row, number) in [("Rome", 1), ("Lyon", 2), ("Nice", 2), ("Linz", 3)] {
                let at = document.text.find(row).unwrap();
                assert_eq!(document.pages_of(Span::new(at, at + 1)), Some((number, number)), "{row}");
            }
        }
    }

    #[test]
    fn a_row_of_data_that_comes_again_is_no_head() {
        let first = page(&["Item | Cost", "Pen | 3", "Cap | 9"]);
        let next = page(&["Item | Cost", "Pen | 3", "Ink | 2"]);
        let document = document(vec![first, next]);
        assert_eq!(
            (document.text.matches("| Pen | 3 |").count(), tables(&document)),
            (2, 1),
            "{}",
            document.text
        );
    }

    #[test]
    fn another_table_on_the_next_page_is_another() {
        let first = || page(&["City | Units", "Rome | 4", "Oslo | 5"]);
        for next in [
            page(&["Item | Cost", "Pen | 3", "Ink | 2"]),
            page(&["Lyon | 9 | late", "Nice | 7 | soon"]),
            page(&["Anna | Berlin", "Ben | Paris"]),
        ] {
            assert_eq!(tables(&document(vec![first(), next])), 2);
        }
        let between = page(&["In other places it was like this.", "Lyon | 9", "Nice | 7"]);
        assert_eq!(tables(&document(vec![first(), between])), 2);
    }

    #[test]
    fn tables_between_lines_go_on_as_well() {
        let grid = |rows: &[&str]| {
            let rows = rows.iter().map(|row| row.split(" | ").map(str::to_owned).collect()).collect();
            vec![Line { grid: Some(rows), ..page(&["x"]).remove(0) }]
        };
        let first = grid(&["City | Units", "Rome | 4", "Oslo | 5"]);
        let document = document(vec![
            first,
            grid(&["City | Units", "Lyon | 9", "Nice | 7"]),
            grid(&["Graz | 3", "Linz | 1"]),
        ]);
        assert_eq!((document.text.as_str(), tables(&document)), (WHOLE, 1));
    }

    #[test]
    fn a_table_over_many_pages_is_one_and_little_of_it_is_kept() {
        // Four digits may be a year, which heads a column.
        let rows =
            |page: u32| (0..40).map(move |row| format!("Item {page}-{row} | {}", 10_000 + page * 40 + row));
        let with_head = |page: u32| -> Vec<String> {
            let head = (page == 0).then(|| "Item | Units".to_owned());
            head.into_iter().chain(rows(page)).collect()
        };
        let as_lines = |rows: &[String]| page(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let as_grid = |rows: &[String]| {
            let rows = rows.iter().map(|row| row.split(" | ").map(str::to_owned).collect()).collect();
            vec![Line { grid: Some(rows), ..as_lines(&["x".to_owned()]).remove(0) }]
        };
        for kind in [Kind::Table, Kind::Grid] {
            let lines = |rows: &[String]| if kind == Kind::Grid { as_grid(rows) } else { as_lines(rows) };
            let document = document((0..300).map(|page| lines(&with_head(page))).collect());
            assert_eq!((tables(&document), document.text.lines().count()), (1, 2 + 300 * 40));
            let part = |page: u32| Part { kind, lines: lines(&with_head(page)) };
            let kept = (1..300).fold(ends(part(0)), |above, page| joined(&above, &part(page), 0));
            let rows = kept.lines[0].grid.as_ref().map_or(kept.lines.len(), Vec::len);
            assert_eq!(rows, FIRST_ROWS + LAST_ROWS);
        }
    }
}
