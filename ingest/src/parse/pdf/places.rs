//! Where the lines of a block stand in its text and on its page.

use super::frame::Frame;
use super::layout::Line;
use crate::parse::builder::PlacedLine;

/// The lines that stand somewhere on the page, with their places in the block's text.
pub(super) fn placed(lines: &[Line], spans: &[(usize, usize)], frame: Option<&Frame>) -> Vec<PlacedLine> {
    let Some(frame) = frame else { return Vec::new() };
    let place = |(line, &(start, end)): (&Line, &(usize, usize))| {
        let bounds = frame.bounds(line)?;
        let (confidence, links) = (frame.confidence(bounds), frame.addresses(bounds));
        Some(PlacedLine { start, end, bounds, confidence, links })
    };
    lines.iter().zip(spans).filter_map(place).collect()
}

/// Where the rows of a Markdown table stand in it, without the line below the header.
pub(super) fn row_spans(table: &str) -> Vec<(usize, usize)> {
    let mut spans = line_spans(table);
    if spans.len() > 1 {
        spans.remove(1);
    }
    spans
}

/// Where the lines of a text stand in it.
pub(super) fn line_spans(text: &str) -> Vec<(usize, usize)> {
    let mut start = 0;
    let mut spans = Vec::new();
    for line in text.split('\n') {
        let end = start + line.chars().count();
        spans.push((start, end));
        start = end + 1;
    }
    spans
}
