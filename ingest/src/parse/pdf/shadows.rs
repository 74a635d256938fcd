//! Letters that PDFium takes for the shadow of the letter before: it leaves out a text object that overlaps half of an
//! equal one. Where a file places each letter by itself, that is the second letter of an italic `ff`.

use footnote_core::parsed::WarningKind;
use pdfium_render::prelude::*;

use super::glyph::Glyph;

/// Places that differ by this many points at most are one.
const NEAR: f32 = 0.05;
/// A shadow stands nearer than this share of the font size.
const SHADOW: f32 = 0.15;
/// Behind the second of two letters the next stands no nearer than this share of the step between them; behind a shadow
/// it does, as it stands a step behind the letter.
const NEXT: f32 = 0.75;
/// An object that is wider than a letter by this share of the font size has more than the letter.
const ONE_LETTER: f32 = 0.1;
/// Most pairs of objects that are looked at on a page.
const MAX_PAIRS: usize = 500;

/// Where a text object stands, and how wide it is.
struct Place {
    x: f32,
    y: f32,
    width: f32,
}

impl Place {
    fn of(text: &PdfPageTextObject<'_>) -> Option<Self> {
        let (matrix, bounds) = (text.matrix().ok()?, text.bounds().ok()?);
        Some(Self { x: matrix.e(), y: matrix.f(), width: bounds.width().value })
    }

    /// Whether `other` is as wide, and stands so near behind it that it may be taken for its shadow.
    fn is_overlapped_by(&self, other: &Self) -> bool {
        let step = other.x - self.x;
        let is_alike = (self.width - other.width).abs() <= NEAR && (self.y - other.y).abs() <= NEAR;
        is_alike && step > NEAR && step <= self.width / 2.0
    }
}

/// Whether an upright letter leans over those beside it. Of one that is turned, the box tells nothing of that.
fn leans(glyph: &Glyph) -> bool {
    glyph.quarter_turns() == 0 && glyph.lean() > 0.0
}

/// Puts the letters that were left out behind those whose shadows they were taken for, and tells how many overlapping
/// objects were not looked at.
pub(super) fn restore(page: &PdfPage<'_>, glyphs: &mut Vec<Glyph>) -> usize {
    // Only letters that lean over those beside them overlap by half.
    if !glyphs.iter().any(leans) {
        return 0;
    }
    let objects = page.objects();
    restore_at(objects.iter().filter_map(|object| object.as_text_object().and_then(Place::of)), glyphs)
}

fn restore_at(places: impl Iterator<Item = Place>, glyphs: &mut Vec<Glyph>) -> usize {
    let (mut before, mut pairs): (Option<Place>, usize) = (None, 0);
    for place in places {
        if let Some(before) = before.as_ref().filter(|before| before.is_overlapped_by(&place)) {
            pairs += 1;
            if pairs <= MAX_PAIRS {
                put_back(glyphs, before, &place);
            }
        }
        before = Some(place);
    }
    pairs.saturating_sub(MAX_PAIRS)
}

/// What is told of so many overlapping objects that were not looked at.
pub(super) fn doubts(unread: usize) -> Option<(WarningKind, String)> {
    let message = || {
        format!(
            "{unread} letters that overlap the one before were not looked at; double letters may be single"
        )
    };
    (unread > 0).then(|| (WarningKind::Doubtful, message()))
}

/// The letter at `one` once more at `other`, where an object that overlaps it has none, and is no shadow.
fn put_back(glyphs: &mut Vec<Glyph>, one: &Place, other: &Place) {
    let step = other.x - one.x;
    let is_in_line = |glyph: &Glyph| (glyph.baseline - one.y).abs() <= NEAR;
    let is_next = |glyph: &Glyph| {
        let behind = glyph.origin_x - one.x;
        is_in_line(glyph) && behind > NEAR && behind < step * (1.0 + NEXT)
    };
    if glyphs.iter().any(is_next) {
        return;
    }
    let is_letter = |glyph: &Glyph| {
        let is_whole = one.width <= glyph.right - glyph.left + ONE_LETTER * glyph.size;
        let is_here = is_in_line(glyph) && (glyph.origin_x - one.x).abs() <= NEAR;
        is_here && leans(glyph) && is_whole && step >= SHADOW * glyph.size
    };
    let Some(at) = glyphs.iter().position(is_letter) else { return };
    let letter = &glyphs[at];
    let again = Glyph {
        left: letter.left + step,
        right: letter.right + step,
        origin_x: letter.origin_x + step,
        ..letter.clone()
    };
    glyphs.insert(at + 1, again);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An italic letter ten points large, which reaches over its place on both sides.
    fn letter(c: char, x: f32) -> Glyph {
        let (left, right) = (x - 1.5, x + 4.2);
        Glyph { c, left, right, origin_x: x, baseline: 700.0, size: 10.0, ..Glyph::blank(false) }
    }

    fn read(mut glyphs: Vec<Glyph>, one: (f32, f32), other: (f32, f32)) -> String {
        let place = |(x, width): (f32, f32)| Place { x, y: 700.0, width };
        let (one, other) = (place(one), place(other));
        if one.is_overlapped_by(&other) {
            put_back(&mut glyphs, &one, &other);
        }
        glyphs.iter().map(|glyph| glyph.c).collect()
    }

    #[test]
    fn letters_that_are_not_looked_at_are_counted() {
        let restored = |pairs: usize| {
            let places = (0..pairs).flat_map(|_| [77.0, 79.8]).map(|x| Place { x, y: 700.0, width: 5.7 });
            let mut glyphs = vec![letter('f', 77.0)];
            let unread = restore_at(places, &mut glyphs);
            assert_eq!(glyphs.len(), 2);
            unread
        };
        assert_eq!((restored(1), restored(MAX_PAIRS), restored(MAX_PAIRS + 7)), (0, 0, 7));
        assert!(doubts(0).is_none() && doubts(7).is_some_and(|(_, told)| told.starts_with("7 letters")));
    }

    #[test]
    fn a_letter_that_stands_twice_is_there_twice() {
        let glyphs = || vec![letter('f', 77.0), Glyph::blank(true), letter('e', 82.6)];
        assert_eq!(read(glyphs(), (77.0, 5.7), (79.8, 5.7)), "ff e");
        // A shadow, a blank, another place, and the next letter itself.
        assert_eq!(read(glyphs(), (77.0, 5.7), (77.5, 5.7)), "f e");
        assert_eq!(read(glyphs(), (77.0, 5.7), (79.8, 0.0)), "f e");
        assert_eq!(read(glyphs(), (60.0, 5.7), (62.8, 5.7)), "f e");
        assert_eq!(read(glyphs(), (77.0, 11.4), (82.6, 11.4)), "f e");
        // A shadow that stands farther off, before the next letter of the word.
        let word = || vec![letter('f', 77.0), letter('e', 79.8)];
        assert_eq!(read(word(), (77.0, 5.7), (79.0, 5.7)), "fe");
        // A letter that is turned has a box beside its origin without leaning.
        let turned = Glyph { clockwise: std::f32::consts::FRAC_PI_2, ..letter('f', 77.0) };
        assert_eq!(read(vec![turned], (77.0, 5.7), (79.8, 5.7)), "f");
        // A word whose shadow stands beside it.
        assert_eq!(read(glyphs(), (77.0, 30.0), (80.0, 30.0)), "f e");
    }
}
