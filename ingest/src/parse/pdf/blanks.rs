//! Blanks that PDFium leaves out: text objects of a blank alone. It reckons blanks from the distance of letters instead,
//! which in tight lines, where a file places each letter by itself, is none.

use std::collections::HashMap;

use pdfium_render::prelude::*;

use super::glyph::Glyph;

/// Lines are looked up by their height in tenths of a point.
const TENTHS: f32 = 10.0;
/// A blank begins where a letter ends, or before it by this share of the font size at most.
const BEFORE: f32 = 0.2;
/// The letter behind it may begin before the blank does, by this share of the font size at most.
const BEHIND: f32 = 0.15;

/// Where blanks begin, from left to right, by the height of their line.
#[derive(Default)]
pub(super) struct Blanks(HashMap<i32, Vec<f32>>);

impl Blanks {
    /// Notes a text object of which nothing can be seen.
    pub(super) fn note(&mut self, text: &PdfPageTextObject<'_>) {
        if let Ok(matrix) = text.matrix() {
            self.add(matrix.e(), matrix.f());
        }
    }

    /// Notes where a blank begins.
    pub(super) fn add(&mut self, x: f32, y: f32) {
        self.0.entry(tenths(y)).or_default().push(x);
    }

    /// Puts those blanks into `glyphs` that stand between two letters which have none.
    pub(super) fn restore(mut self, glyphs: &mut Vec<Glyph>) {
        if self.0.is_empty() {
            return;
        }
        for line in self.0.values_mut() {
            line.sort_by(f32::total_cmp);
        }
        let mut with_blanks: Vec<Glyph> = Vec::with_capacity(glyphs.len());
        // The last letter, and the blank that was found last: no two pairs of letters have the same.
        let (mut last, mut found): (Option<usize>, Option<f32>) = (None, None);
        for glyph in std::mem::take(glyphs) {
            if glyph.is_blank() {
                with_blanks.push(glyph);
                continue;
            }
            let between =
                last.and_then(|at| self.between(&with_blanks[at], &glyph)).filter(|x| found != Some(*x));
            if let (Some(at), Some(x)) = (last, between) {
                found = Some(x);
                // One that the engine made would go where the letters stand close.
                with_blanks.truncate(at + 1);
                with_blanks.push(Glyph::blank(false));
            }
            last = Some(with_blanks.len());
            with_blanks.push(glyph);
        }
        *glyphs = with_blanks;
    }

    /// Where the blank between two letters begins, if there is one.
    fn between(&self, one: &Glyph, other: &Glyph) -> Option<f32> {
        let size = one.size.max(other.size);
        let is_level = one.quarter_turns() == 0 && other.quarter_turns() == 0;
        if !is_level || (one.baseline - other.baseline).abs() > BEFORE * size {
            return None;
        }
        let (from, to) = (one.right - BEFORE * size, other.origin_x + BEHIND * size);
        let height = tenths(one.baseline);
        let lines = (height - 1..=height + 1).filter_map(|height| self.0.get(&height));
        let mut places = lines.filter_map(|line| line.get(line.partition_point(|x| *x < from)).copied());
        places.find(|x| *x <= to)
    }
}

/// `as` saturates, and NaN gives 0.
fn tenths(y: f32) -> i32 {
    (y * TENTHS).round().clamp(-1e9, 1e9) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(letters: &[(char, f32)], blanks: &[(f32, f32)]) -> String {
        let letter = |&(c, x): &(char, f32)| match c {
            ' ' => Glyph::blank(true),
            _ => Glyph {
                c,
                left: x,
                right: x + 4.0,
                origin_x: x,
                baseline: 700.0,
                size: 8.0,
                ..Glyph::blank(false)
            },
        };
        let mut glyphs: Vec<Glyph> = letters.iter().map(letter).collect();
        let mut of_page = Blanks::default();
        for (x, y) in blanks {
            of_page.add(*x, *y);
        }
        of_page.restore(&mut glyphs);
        glyphs.iter().map(|glyph| glyph.c).collect()
    }

    #[test]
    fn a_blank_that_the_next_letter_covers_parts_words() {
        let tight = [('t', 0.0), ('o', 4.0), ('3', 8.2), ('5', 12.2)];
        assert_eq!(read(&tight, &[(8.03, 700.0)]), "to 35");
        assert_eq!(read(&tight, &[(8.03, 700.04), (16.2, 700.0)]), "to 35");
        // Of another line, before and behind the letters, and where there is one already.
        assert_eq!(read(&tight, &[(8.03, 690.0)]), "to35");
        assert_eq!(read(&tight, &[(-3.0, 700.0), (17.0, 700.0)]), "to35");
        assert_eq!(read(&[('o', 4.0), (' ', 0.0), ('3', 10.0)], &[(8.03, 700.0)]), "o 3");
        // One blank, though it stands within a narrow letter.
        let mut narrow = [('o', 4.0), ('i', 7.9), ('s', 9.0)];
        assert_eq!(read(&narrow, &[(8.3, 700.0)]), "o is");
        narrow[1].1 = 6.0;
        assert_eq!(read(&narrow, &[(8.6, 700.0)]), "oi s");
        assert_eq!(read(&tight, &[(f32::NAN, f32::INFINITY)]), "to35");
    }
}
