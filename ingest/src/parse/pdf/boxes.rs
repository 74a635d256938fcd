//! Small squares that a page draws before its text: boxes to tick, and bullets.

use super::layout::Fragment;
use super::typed::Sign;

/// Sides of such a square, in points.
const SIDES: std::ops::RangeInclusive<f32> = 4.0..=16.0;
/// How much they may differ.
const SQUARE: f32 = 1.5;
/// Largest square, and its largest distance from the text, in font sizes.
const LARGEST: f32 = 1.6;
const FARTHEST: f32 = 2.5;
/// Squares whose left edges are this near stand below each other; fewest that make a list.
const BELOW: f32 = 2.0;
const FEWEST: usize = 2;
/// Pages with more squares than this are drawings.
const MAX_BOXES: usize = 300;
/// What stands for a square, as nobody knows whether it is ticked; a blank follows it.
const MARK: char = '▪';

/// A square: left, right, and the y of its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Square {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) y: f32,
}

impl Square {
    /// The square between these corners, if it is one.
    pub(super) fn between((x0, y0): (f32, f32), (x1, y1): (f32, f32)) -> Option<Self> {
        let (width, height) = ((x1 - x0).abs(), (y1 - y0).abs());
        let is_square = SIDES.contains(&width) && SIDES.contains(&height) && (width - height).abs() <= SQUARE;
        is_square.then(|| Self { left: x0.min(x1), right: x0.max(x1), y: (y0 + y1) / 2.0 })
    }
}

/// Marks the fragments that begin behind squares which stand below each other as list items.
pub(super) fn mark_items(fragments: &mut [Fragment], squares: &[Square]) {
    if squares.len() < FEWEST || squares.len() > MAX_BOXES {
        return;
    }
    let mut found: Vec<(Square, usize)> =
        squares.iter().filter_map(|square| Some((*square, text_behind(fragments, square)?))).collect();
    found.sort_by_key(|(_, index)| *index);
    found.dedup_by_key(|(_, index)| *index);
    for (square, index) in &found {
        let below = found.iter().filter(|(other, _)| (other.left - square.left).abs() <= BELOW);
        if below.count() >= FEWEST {
            let Fragment { cell, signs, .. } = &mut fragments[*index];
            cell.text.insert_str(0, &format!("{MARK} "));
            cell.gaps.iter_mut().for_each(|gap| gap.at += MARK.len_utf8() + 1);
            cell.left = square.left;
            signs.insert(0, Sign::drawn(MARK, square.left, square.right));
        }
    }
}

/// The fragment that begins behind the square, where nothing stands in it.
fn text_behind(fragments: &[Fragment], square: &Square) -> Option<usize> {
    let on_line = |fragment: &&Fragment| {
        let above = square.y - fragment.baseline;
        let size = fragment.size.max(1.0);
        fragment.grid.is_none() && above >= -0.35 * size && above <= 0.95 * size
    };
    let middle = (square.left + square.right) / 2.0;
    let is_covered = fragments
        .iter()
        .filter(on_line)
        .any(|fragment| fragment.cell.left < middle && middle < fragment.cell.right);
    if is_covered {
        return None;
    }
    let behind = fragments.iter().enumerate().filter(|(_, fragment)| on_line(fragment)).filter(|(_, f)| {
        let size = f.size.max(1.0);
        let apart = f.cell.left - square.right;
        apart >= -1.0
            && apart <= FARTHEST * size
            && square.right - square.left <= LARGEST * size
            && f.cell.text.starts_with(char::is_alphanumeric)
    });
    behind.min_by(|(_, a), (_, b)| a.cell.left.total_cmp(&b.cell.left)).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::super::glyph::Glyph;
    use super::super::layout::{Line, lines_and_tables};
    use super::super::rulings::Rulings;
    use super::super::typed::tests::put_typed;

    /// Lines of text at heights, ten points large, behind squares that begin at `squares`.
    fn read(lines: &[(f32, &str)], squares: &[(f32, f32)]) -> Vec<String> {
        let glyph = |(index, c): (usize, char), y: f32| {
            let left = 50.0 + index as f32 * 5.0;
            let blank = Glyph::blank(false);
            let place =
                Glyph { c, left, right: left + 5.0, baseline: y, origin_x: left, size: 10.0, ..blank };
            if c == ' ' { Glyph::blank(false) } else { place }
        };
        let glyphs = lines.iter().flat_map(|(y, text)| {
            let line: Vec<Glyph> = text.chars().enumerate().map(|at| glyph(at, *y)).collect();
            line.into_iter().chain([Glyph::blank(true)])
        });
        let mut rulings = Rulings::default();
        squares.iter().for_each(|(x, y)| rulings.add_square((*x, *y), (x + 8.0, y + 8.0)));
        lines_and_tables(vec![glyphs.collect()], rulings).0.iter().map(Line::text).collect()
    }

    #[test]
    fn squares_below_each_other_lead_items() {
        let lines = [(700.0, "Yes"), (688.0, "No"), (676.0, "Nobody knows")];
        assert_eq!(read(&lines, &[(36.0, 700.0), (36.0, 688.0)]), ["▪ Yes", "▪ No", "Nobody knows"]);
        // One alone, squares far away, and squares with text in them are none.
        assert_eq!(read(&lines, &[(36.0, 700.0)])[0], "Yes");
        assert_eq!(read(&lines, &[(6.0, 700.0), (6.0, 688.0)])[0], "Yes");
        assert_eq!(read(&lines, &[(50.0, 700.0), (50.0, 688.0)])[0], "Yes");
    }

    #[test]
    fn commands_behind_squares_are_items() {
        let (mut glyphs, mut rulings) = (Vec::new(), Rulings::default());
        for (y, command) in [(700.0, "cargo build --all"), (688.0, "cargo test --all")] {
            put_typed(&mut glyphs, 50.0, y, command);
            rulings.add_square((36.0, y), (44.0, y + 8.0));
        }
        let (lines, _) = lines_and_tables(vec![glyphs], rulings);
        assert_eq!(lines.len(), 2);
        assert!(
            lines.iter().all(|line| line.typed.is_none() && line.text().starts_with("▪ cargo")),
            "{lines:?}"
        );
    }
}
