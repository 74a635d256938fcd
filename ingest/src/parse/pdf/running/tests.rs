//! Pages whose edges repeat: as reports do, and as forms with one item a page do.

use super::super::frame::Frame;
use super::super::layout::Cell;
use super::*;

fn line(y: f32, size: f32, text: &str) -> Line {
    let right = 60.0 + text.chars().count() as f32 * size / 2.0;
    let cells = vec![Cell { text: text.to_owned(), left: 60.0, right, ..Cell::default() }];
    Line { cells, left: 60.0, right, baseline: y, size, ..Line::default() }
}

/// What is left of pages of 595 × 842 points, and what is told.
fn left(pages: impl IntoIterator<Item = Vec<Line>>) -> (Vec<Vec<String>>, Vec<(WarningKind, String)>) {
    let page = |(number, lines)| PageText {
        frame: Some(Frame::of_page(595.0, 842.0, 0)),
        ..PageText::new(number, lines)
    };
    let mut pages: Vec<PageText> = (1..).zip(pages).map(page).collect();
    let told = leave_out(&mut pages, 10.0);
    (pages.iter().map(|page| page.lines.iter().map(Line::text).collect()).collect(), told)
}

fn pages_with(left: &[Vec<String>], text: &str) -> usize {
    left.iter().filter(|page| page.iter().any(|line| line == text)).count()
}

/// Eight lines of a page's own, each `step` below the one before.
fn own(n: usize, top: f32, step: f32) -> impl Iterator<Item = Line> {
    (0..8).map(move |at| {
        line(top - at as f32 * step, 10.0, &format!("Measurement {} of {}", at + 1, n * n * 37 + 1_000))
    })
}

#[test]
fn the_most_repeated_are_quoted_first_and_then_by_their_text() {
    let left_out = [("b", 2), ("a", 2), ("c", 3), ("17", 9)].map(|(text, times)| (text.to_owned(), times));
    let (lines, quotes) = told(HashMap::from(left_out)).unwrap();
    assert_eq!((lines, quotes.as_str()), (7, "\"c\" (3 times), \"a\" (2 times), \"b\" (2 times)"));
    assert_eq!(told(HashMap::from([("17".to_owned(), 9)])), None);
}

/// One certificate a page: what all of them say goes on below what each of them says.
#[test]
fn lines_that_go_on_with_the_text_stay_on_every_page() {
    let last = ["Maximum operating temperature: 80 degrees", "Warranty: 24 months", "Result: approved"];
    let certificate = |step: f32, top: f32| {
        (1..=6).map(move |n| {
            let mut lines = vec![line(top, 10.0, "Test certificate")];
            lines.extend(own(n, top - step, step));
            let below = (9..).zip(last).map(|(at, text)| line(top - at as f32 * step, 10.0, text));
            lines.extend(below);
            lines
        })
    };
    // Close lines, wide ones, and ones that end at the foot of the page.
    for (step, top) in [(12.0, 790.0), (20.0, 780.0), (40.0, 790.0), (66.0, 790.0)] {
        let (left, told) = left(certificate(step, top));
        for text in last.iter().chain(["Test certificate"].iter()) {
            assert_eq!(pages_with(&left, text), 6, "{text} at {step}");
        }
        assert!(told.is_empty(), "{step}: {told:?}");
    }
}

/// Even where a blank line parts it, what stands in the middle of a page is text.
#[test]
fn lines_that_are_not_in_the_margin_stay_on_every_page() {
    let pages = (1..=6).map(|n| {
        let mut lines: Vec<Line> = own(n, 780.0, 12.0).collect();
        lines.push(line(640.0, 10.0, "Warranty: 24 months"));
        lines.push(line(560.0, 8.0, "Approved for use in explosive areas"));
        lines
    });
    let (left, told) = left(pages);
    assert_eq!(pages_with(&left, "Warranty: 24 months"), 6);
    assert_eq!(pages_with(&left, "Approved for use in explosive areas"), 6);
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn running_lines_are_parted_by_a_distance_or_by_their_size() {
    let report = |n: usize| {
        // Three lines in the body's size, as annual reports have them; the foot is small, and close to the text.
        let mut lines = vec![
            line(800.0, 10.0, "Example Group Ltd"),
            line(788.5, 10.0, "Notes to the financial statements"),
            line(777.0, 10.0, "30 June 2022"),
        ];
        lines.extend(own(n, 754.0, 11.5));
        lines.extend(
            (0..57)
                .map(|at| line(660.0 - at as f32 * 11.5, 10.0, &format!("Note {} {}", n * n + 300, at * 7))),
        );
        lines.push(line(5.0, 6.0, "The accompanying notes form part of this report"));
        lines
    };
    let (left, told) = left((1..=6).map(report));
    for text in [
        "Example Group Ltd",
        "Notes to the financial statements",
        "30 June 2022",
        "The accompanying notes form part of this report",
    ] {
        assert_eq!(pages_with(&left, text), 1, "{text}");
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, WarningKind::Note);
    assert!(told[0].1.starts_with("20 repetitions"), "{told:?}");
}

/// A title may be furniture, or what the page is.
#[test]
fn titles_that_every_page_has_are_told_as_doubtful() {
    let pages = (1..=6).map(|n| {
        let mut lines = vec![line(800.0, 16.0, "Certificate of conformity")];
        lines.extend(own(n, 770.0, 12.0));
        lines.push(line(30.0, 8.0, &format!("Page {n} of 6")));
        lines
    });
    let (left, told) = left(pages);
    assert_eq!(pages_with(&left, "Certificate of conformity"), 1);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].0, told[1].0), (WarningKind::Note, WarningKind::Doubtful));
    assert!(told[0].1.contains("Page 2 of 6"), "{told:?}");
    assert!(told[1].1.contains("\"Certificate of conformity\" (5 times)"), "{told:?}");
}
