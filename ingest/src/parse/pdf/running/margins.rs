//! The margins of a page: its outermost rows, and how they are parted from its text.

use super::super::PageText;
use super::super::frame::Frame;
use super::super::layout::Line;

/// Rows at the top and at the bottom of a page that may be running headers or footers.
const MARGIN_ROWS: usize = 3;
/// How far in, as a share of the page, a running header begins and a footer ends.
const MARGIN: f32 = 0.12;
/// Times the usual distance of rows from which a distance parts.
const PARTING: f32 = 1.5;
/// Share of the larger of two font sizes by which they differ.
const OTHER_SIZE: f32 = 0.08;
/// Distances of baselines below this share of the body's font size lie within a row: those of two columns, or raised.
const LEAST_STEP: f32 = 0.8;
/// Usual distance of rows, in font sizes, where the page does not tell.
const USUAL_STEP: f32 = 1.2;
/// Baselines so near are one row.
const SAME_ROW: f32 = 1.0;

/// How a row at the edge is parted from the text of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// It goes on with the text, as far as one sees.
    None,
    /// By its font size.
    Size,
    /// By a distance that is larger than between lines of text.
    Distance,
}

/// Lines at one height.
pub(super) struct Row {
    /// Their indices.
    pub(super) lines: Vec<usize>,
    /// What lies between them and the text.
    pub(super) parting: Parting,
    baseline: f32,
    size: f32,
}

/// The outermost rows at one edge of a page, from the edge inwards.
pub(super) struct Edge {
    /// At most [`MARGIN_ROWS`].
    pub(super) rows: Vec<Row>,
}

impl Edge {
    /// The upper and the lower edge.
    pub(super) fn both(page: &PageText, body: f32) -> [Self; 2] {
        let rows = rows(&page.lines);
        let step = usual_step(&rows, body);
        // Sizes that OCR tells are those of the boxes around words, and differ from line to line.
        let tells_size = !page.is_ocr();
        let upper = Self::of(rows.iter(), step, tells_size);
        [upper, Self::of(rows.iter().rev(), step, tells_size)]
    }

    fn of<'r>(rows: impl Iterator<Item = &'r Row>, step: f32, tells_size: bool) -> Self {
        let rows: Vec<&Row> = rows.take(MARGIN_ROWS + 1).collect();
        let parting = |at: usize| match rows.get(at + 1) {
            None => Parting::Distance,
            Some(next) if (rows[at].baseline - next.baseline).abs() > PARTING * step => Parting::Distance,
            Some(next) if tells_size && differ(rows[at].size, next.size) => Parting::Size,
            Some(_) => Parting::None,
        };
        let partings: Vec<Parting> = (0..rows.len().min(MARGIN_ROWS)).map(parting).collect();
        let last = |kind: Parting| partings.iter().rposition(|&parting| parting == kind);
        // All rows in front of the innermost distance are parted by it; where there is none, by the innermost size.
        let (by_distance, by_size) = (last(Parting::Distance), last(Parting::Size));
        let rows = rows.iter().take(partings.len()).enumerate().map(|(at, row)| {
            let parting = match () {
                () if by_distance.is_some_and(|last| at <= last) => Parting::Distance,
                () if by_size.is_some_and(|last| at <= last) => Parting::Size,
                () => Parting::None,
            };
            Row { lines: row.lines.clone(), parting, ..**row }
        });
        Self { rows: rows.collect() }
    }
}

/// Whether the line stands in the margin of its page, as far as the engine tells of the page. What runs up or down the
/// page stands in the margin at its side.
pub(super) fn is_in_margin(line: &Line, frame: Option<&Frame>) -> bool {
    let Some([left, top, right, bottom]) = frame.and_then(|frame| frame.bounds(line)) else { return true };
    let is_upright = bottom - top <= right - left;
    let (before, behind) = if is_upright { (top, 1.0 - bottom) } else { (left, 1.0 - right) };
    before.min(behind) <= MARGIN
}

/// The rows of a page from the top down.
fn rows(lines: &[Line]) -> Vec<Row> {
    let mut by_height: Vec<usize> = (0..lines.len()).collect();
    by_height.sort_by(|&a, &b| lines[b].baseline.total_cmp(&lines[a].baseline));
    let mut rows: Vec<Row> = Vec::new();
    for index in by_height {
        let Line { baseline, size, .. } = lines[index];
        match rows.last_mut().filter(|row| (row.baseline - baseline).abs() <= SAME_ROW) {
            Some(row) => {
                row.lines.push(index);
                row.size = row.size.max(size);
            }
            None => rows.push(Row { lines: vec![index], parting: Parting::None, baseline, size }),
        }
    }
    rows
}

/// The distance of rows that a quarter of them stay below: tables and gaps between paragraphs have larger ones.
fn usual_step(rows: &[Row], body: f32) -> f32 {
    let steps = rows.windows(2).map(|pair| pair[0].baseline - pair[1].baseline);
    let mut steps: Vec<f32> = steps.filter(|step| *step >= LEAST_STEP * body).collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() / 4).copied().unwrap_or(USUAL_STEP * body).max(body)
}

fn differ(one: f32, other: f32) -> bool {
    (one - other).abs() > OTHER_SIZE * one.max(other)
}
