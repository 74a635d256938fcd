//! Chinese and Japanese that is written in columns from the top down: its letters stand upright, so nothing but their
//! places tells it.

use std::f32::consts::FRAC_PI_2;

use super::glyph::Glyph;
use crate::parse::flow::joins_without_blank;

/// Fewest letters of a column. Shorter ones may be cells of a table.
const LEAST: usize = 5;
/// How far apart letters of a column are at least and at most, and how far beside each other, in font sizes. Rows of a
/// table have more room.
const STEPS: std::ops::RangeInclusive<f32> = 0.8..=1.35;
const BESIDE: f32 = 0.15;

/// Turns letters that follow each other downwards by a quarter, as if their line were turned. Columns go from the right
/// to the left then, as lines go down.
pub(super) fn turn_columns(glyphs: &mut [Glyph]) {
    let mut start = 0;
    while start < glyphs.len() {
        if glyphs[start].is_blank() {
            start += 1;
            continue;
        }
        let end = end_of_column(glyphs, start);
        let column = &mut glyphs[start..end];
        if column.iter().filter(|glyph| !glyph.is_blank()).count() >= LEAST {
            column.iter_mut().for_each(|glyph| glyph.clockwise = FRAC_PI_2);
        }
        start = end.max(start + 1);
    }
}

/// Behind the last letter of the column that begins at `start`.
fn end_of_column(glyphs: &[Glyph], start: usize) -> usize {
    let mut last: Option<&Glyph> = None;
    let mut end = start;
    for (at, glyph) in glyphs.iter().enumerate().skip(start) {
        if glyph.is_line_end() {
            break;
        }
        if glyph.is_blank() {
            continue;
        }
        let goes_on = last.is_none_or(|last| is_below(last, glyph));
        if !joins_without_blank(glyph.c) || glyph.quarter_turns() != 0 || !goes_on {
            break;
        }
        last = Some(glyph);
        end = at + 1;
    }
    end
}

fn is_below(one: &Glyph, other: &Glyph) -> bool {
    let size = one.size.max(other.size).max(1.0);
    let middle = |glyph: &Glyph| (glyph.left + glyph.right) / 2.0;
    STEPS.contains(&((one.baseline - other.baseline) / size))
        && (middle(one) - middle(other)).abs() <= BESIDE * size
}

#[cfg(test)]
mod tests {
    use super::super::glyph::upright;
    use super::super::layout::lines;
    use super::*;

    /// Columns of letters ten points large from the right to the left, `step` points apart.
    fn read(columns: &[&str], step: f32) -> Vec<String> {
        let mut glyphs = Vec::new();
        for (column, text) in columns.iter().enumerate() {
            for (row, c) in text.chars().enumerate() {
                let (left, baseline) = (500.0 - column as f32 * 20.0, 700.0 - row as f32 * step);
                glyphs.push(Glyph {
                    c,
                    left,
                    right: left + 10.0,
                    bottom: baseline - 2.0,
                    top: baseline + 8.0,
                    baseline,
                    origin_x: left,
                    size: 10.0,
                    ..Glyph::blank(false)
                });
            }
            glyphs.push(Glyph::blank(true));
        }
        turn_columns(&mut glyphs);
        lines(&upright(glyphs)).iter().map(super::super::layout::Line::text).collect()
    }

    #[test]
    fn columns_are_read_from_the_top_down_and_from_the_right() {
        let columns = ["春眠不觉晓", "处处闻啼鸟", "夜来风雨声"];
        assert_eq!(read(&columns, 12.0), columns);
    }

    #[test]
    fn cells_of_a_table_below_each_other_are_no_column() {
        assert_eq!(read(&["是否是否是否"], 18.0).len(), 6);
        assert_eq!(read(&["是否是"], 12.0).len(), 3);
        assert_eq!(read(&["LEAVE"], 12.0).len(), 5);
    }
}
