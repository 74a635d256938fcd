//! Words that annotations show in pictures of their own, which PDFium's text of a page does not have: stamps, what a
//! signature says, and fields of a file that has no form.

use std::collections::HashSet;

use pdfium_render::prelude::*;

use super::glyph::Glyph;

/// Most annotations of a page whose words are looked for.
const MAX_ANNOTATIONS: usize = 5_000;
/// Characters nearer than this, in parts of a point, are one.
const PARTS: f32 = 10.0;

/// The page's characters that stand where such annotations do and are none of `known`. The page has its annotations in
/// its content then and no more beside it, so they must have been read before.
pub(super) fn glyphs(
    page: &mut PdfPage<'_>,
    known: &[Glyph],
    read: impl Fn(&PdfPageText<'_>) -> Vec<Glyph>,
) -> Vec<Glyph> {
    let annotations = page.annotations().iter().filter(shows_words).take(MAX_ANNOTATIONS);
    let places: Vec<PdfRect> = annotations.filter_map(|annotation| annotation.bounds().ok()).collect();
    if places.is_empty() || page.flatten().is_err() {
        return Vec::new();
    }
    let Ok(text) = page.text() else { return Vec::new() };
    let known: HashSet<_> = known.iter().map(place).collect();
    let mut is_of_word = false;
    let is_new = |glyph: &Glyph| {
        if !glyph.is_blank() {
            let (x, y) = ((glyph.left + glyph.right) / 2.0, (glyph.bottom + glyph.top) / 2.0);
            let (x, y) = (PdfPoints::new(x), PdfPoints::new(y));
            is_of_word = !known.contains(&place(glyph)) && places.iter().any(|bounds| bounds.contains(x, y));
        }
        is_of_word
    };
    let mut found = read(&text);
    found.retain(is_new);
    found
}

/// Whether it is seen, and what it shows is read nowhere else.
fn shows_words(annotation: &PdfPageAnnotation<'_>) -> bool {
    let is_unread = match annotation {
        PdfPageAnnotation::Stamp(_) => true,
        PdfPageAnnotation::Widget(_) => matches!(
            annotation.as_form_field(),
            None | Some(PdfFormField::Signature(_) | PdfFormField::Unknown(_))
        ),
        _ => false,
    };
    is_unread && !annotation.is_hidden()
}

/// A character and where it begins; `as` saturates, and NaN gives 0.
fn place(glyph: &Glyph) -> (char, i32, i32) {
    let part = |place: f32| (place * PARTS).round() as i32;
    (glyph.c, part(glyph.origin_x), part(glyph.baseline))
}
