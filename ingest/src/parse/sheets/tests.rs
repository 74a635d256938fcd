//! What cells come to: headings, tables, lone lines, and the rows they came from.

use std::io::Write;

use footnote_core::parsed::{ContentType, ParsedDocument};
use zip::write::SimpleFileOptions;

use super::*;

/// A ZIP package with these parts.
pub(super) fn package(parts: &[(&str, &str)]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    file
}

/// A sheet from lines of cells; an empty string is no cell.
fn written(rows: &[&[&str]], merges: &[Merge]) -> ParsedDocument {
    let mut sheet = Sheet { name: "Pay".to_owned(), merges: merges.to_vec(), ..Sheet::default() };
    for (row, cells) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*cells) {
            sheet.cells.push(Cell::new(row, column, (*text).to_owned()));
        }
    }
    finish(vec![sheet])
}

fn finish(sheets: Vec<Sheet>) -> ParsedDocument {
    let mut out = DocumentBuilder::new(10_000_000);
    append_sheets(&mut out, sheets, &ParseLimits::default());
    out.finish(ContentType::Xlsx, "test").unwrap()
}

#[test]
fn tables_of_a_sheet_keep_their_rows() {
    let document = written(
        &[&["Pay in 2026"], &[], &["Name", "EUR", "", "Note"], &["Ann", "1|2", "", "new\nline"], &["", "3"]],
        &[],
    );
    assert_eq!(
        document.text,
        "Pay\n\nPay in 2026\n\n| Name | EUR |\n| --- | --- |\n| Ann | 1\\|2 |\n|  | 3 |\n\n| Note |\n| --- |\n| new line |"
    );
    let rows: Vec<_> = document.pages.iter().map(|p| (p.number, p.label.as_deref(), p.first_row)).collect();
    let pay = Some("Pay");
    assert_eq!(rows, [(1, pay, None), (1, pay, Some(1)), (1, pay, Some(3)), (1, pay, Some(3))]);
    let page = &document.pages[2];
    let chars: Vec<char> = document.text.chars().collect();
    let table: String = chars[page.span.start..page.span.end].iter().collect();
    assert_eq!(page.rows(&table[..table.find("|  | 3").unwrap()], "|  | 3 |"), Some((5, 5)));
    assert!(document.blocks[1..].iter().all(|block| block.heading_path == ["Pay"]));
}

#[test]
fn a_table_goes_on_below_a_blank_row_and_its_rows_keep_their_numbers() {
    let document = written(
        &[
            &["Name", "Days"],
            &["Ann", "3"],
            &[],
            &["Bo", "4"],
            &["Cy", "5"],
            &[],
            &["Item", "Cost"],
            &["Pen", "1"],
        ],
        &[],
    );
    assert_eq!(
        document.text,
        "Pay\n\n| Name | Days |\n| --- | --- |\n| Ann | 3 |\n| Bo | 4 |\n| Cy | 5 |\n\n\
         | Item | Cost |\n| --- | --- |\n| Pen | 1 |"
    );
    assert_eq!(document.blocks.len(), 3);
    let rows: Vec<_> = document.pages.iter().map(|p| p.first_row).collect();
    assert_eq!(rows, [None, Some(1), Some(4), Some(7)]);
    let row_of = |quote: &str| {
        let at = document.text.find(quote).unwrap();
        let page = document.pages.iter().rev().find(|p| p.span.start <= at).unwrap();
        page.rows(&document.text[page.span.start..at], quote)
    };
    assert_eq!((row_of("| Ann | 3 |"), row_of("| Bo | 4 |")), (Some((2, 2)), Some((4, 4))));
    assert_eq!((row_of("| Cy | 5 |"), row_of("| Pen | 1 |")), (Some((5, 5)), Some((8, 8))));
}

#[test]
fn blank_rows_do_not_make_a_table_a_sparse_one() {
    let mut row = vec![""; 25];
    (row[0], row[1], row[2], row[24]) = ("Ann", "30", "40", "70");
    let header = vec!["Name"; 25];
    let blank: &[&str] = &[];
    let mut rows = vec![header.as_slice(), row.as_slice()];
    (0..500).for_each(|_| rows.extend([blank, blank, blank, row.as_slice()]));
    let document = written(&rows, &[]);
    assert_eq!(document.text.lines().filter(|line| line.starts_with("| Ann |")).count(), 501);
    assert_eq!(document.pages.last().unwrap().first_row, Some(2002));
}

#[test]
fn merged_cells_are_repeated_and_titles_stand_apart() {
    let merges = [
        Merge { rows: (0, 0), columns: (0, 2) },
        Merge { rows: (1, 1), columns: (1, 2) },
        Merge { rows: (2, 3), columns: (0, 0) },
        Merge { rows: (2, u32::MAX), columns: (1, u32::MAX) },
    ];
    let document = written(&[&["Title"], &["Unit", "EUR"], &["A", "1", "2"], &["", "3", "4"]], &merges);
    assert_eq!(
        document.text,
        "Pay\n\nTitle\n\n| Unit | EUR | EUR |\n| --- | --- | --- |\n| A | 1 | 2 |\n| A | 3 | 4 |"
    );
}

#[test]
fn a_cell_merged_over_a_whole_sheet_is_one_cell() {
    let far = |merge: Merge| {
        let mut sheet = Sheet { name: "Far".to_owned(), merges: vec![merge], ..Sheet::default() };
        for (row, column, text) in [(0, 0, "1"), (1_048_575, 16_383, "7")] {
            sheet.cells.push(Cell::new(row, column, text.to_owned()));
        }
        finish(vec![sheet])
    };
    let document = far(Merge { rows: (0, 1_048_575), columns: (0, 16_383) });
    assert_eq!(document.text, "Far\n\n1\n\n7");
    assert!(document.warnings.is_empty());
    // The last cell is seen, and between it and the first lie a million blank places.
    let document = far(Merge { rows: (0, 1_048_574), columns: (0, 16_382) });
    assert_eq!(document.text, "Far\n\n1\n\n7");
    assert!(document.warnings[0].message.contains("merged cells"), "{:?}", document.warnings);
    let title = Merge { rows: (0, 0), columns: (0, 16_383) };
    assert_eq!(
        written(&[&["Pay 2026"], &["1", "2"], &["3", "4"]], &[title]).text,
        "Pay\n\nPay 2026\n\n| 1 | 2 |\n| --- | --- |\n| 3 | 4 |"
    );
}

#[test]
fn cells_at_the_ends_of_a_sheet_do_not_make_a_grid() {
    let mut sheet = Sheet { name: "Far".to_owned(), ..Sheet::default() };
    for (row, column) in [(0, 0), (1_048_575, 16_383)] {
        sheet.cells.push(Cell::new(row, column, "x".to_owned()));
    }
    assert_eq!(finish(vec![sheet]).text, "Far\n\nx\n\nx");
    // A diagonal has no blank row or column, and a grid for it would have millions of places.
    let cells = (0..3000).map(|n| Cell::new(n, n, "x".to_owned())).collect();
    let document = finish(vec![Sheet { name: "Diagonal".to_owned(), cells, ..Sheet::default() }]);
    assert!(document.text.starts_with("Diagonal\n\nA1: x\nB2: x\nC3: x\n"), "{}", &document.text[..60]);
    assert_eq!(cell_name(1_048_575, 16_383), "XFD1048576");
}

#[test]
fn hidden_sheets_pictures_and_comments_are_told() {
    let hidden = Sheet {
        name: "Old".to_owned(),
        hidden: true,
        cells: vec![Cell::new(4, 0, "kept".to_owned())],
        comments: vec!["Comment on A5: why".to_owned()],
        pictures: 2,
        ..Sheet::default()
    };
    let empty = Sheet { name: "Empty".to_owned(), ..Sheet::default() };
    let document = finish(vec![empty, hidden]);
    assert_eq!(document.text, "Old\n\nkept\n\nComment on A5: why");
    assert_eq!(document.pages[1].number, 2);
    assert_eq!(document.pages[1].first_row, Some(5));
    assert!(document.warnings[0].message.ends_with(": Old"));
    assert!(document.warnings[1].message.starts_with("2 pictures are not read"));
}

#[test]
fn cells_and_their_text_are_bounded() {
    let mut budget = CellBudget::new(&ParseLimits { max_cells: 1, ..ParseLimits::default() });
    assert!(budget.take("x").is_ok());
    assert_eq!(budget.take("x").unwrap_err().kind(), ErrorKind::TooLarge);
    let mut budget = CellBudget::new(&ParseLimits { max_text_chars: 1, ..ParseLimits::default() });
    assert_eq!(budget.take("hello").unwrap_err().kind(), ErrorKind::TooLarge);
}
