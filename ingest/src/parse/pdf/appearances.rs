//! Words that annotations show in pictures of their own, which PDFium's text of a page does not have: stamps, what a
//! signature says, and fields of a file that has no form.

use std::collections::HashSet;

use pdfium_render::prelude::*;

use super::glyph::Glyph;

/// Most annotations of a page whose words are looked for.
const MAX_ANNOTATIONS: usize = 1_000;
/// Characters nearer than this, in parts of a point, are one.
const PARTS: f32 = 10.0;

/// What such annotations show.
#[derive(Default)]
pub(super) struct Shown<'d> {
    /// Characters that the page does not have by itself.
    pub(super) glyphs: Vec<Glyph>,
    /// The page with its annotations in its content, where it has such.
    pub(super) page: Option<PdfPage<'d>>,
    /// How many annotations were not read.
    pub(super) unread: usize,
}

/// The characters of `page` that stand where such annotations do and are none of `known`. The page has no annotations
/// beside its content then, so they must have been read before.
pub(super) fn shown<'d>(
    document: &PdfDocument<'d>,
    index: PdfPageIndex,
    page: &PdfPage<'_>,
    known: &[Glyph],
    read: impl Fn(&PdfPageText<'_>) -> Vec<Glyph>,
) -> Shown<'d> {
    let (mut places, mut unread): (Vec<PdfRect>, usize) = (Vec::new(), 0);
    for mut annotation in page.annotations().iter().filter(shows_words) {
        let Ok(bounds) = annotation.bounds() else { continue };
        // What is seen but not printed would not go into the content.
        if places.len() < MAX_ANNOTATIONS && annotation.set_is_printed(true).is_ok() {
            places.push(bounds);
        } else {
            unread += 1;
        }
    }
    if places.is_empty() {
        return Shown { unread, ..Shown::default() };
    }
    let flattened = flattened(document, index, page);
    let Some(mut glyphs) = flattened.as_ref().and_then(|page| page.text().ok()).map(|text| read(&text))
    else {
        return Shown { unread: unread + places.len(), page: flattened, ..Shown::default() };
    };
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
    glyphs.retain(is_new);
    Shown { glyphs, page: flattened, unread }
}

/// The page once more, with its annotations in its content. `page` may have changed objects, which would be written in
/// the place of what is added.
fn flattened<'d>(document: &PdfDocument<'d>, index: PdfPageIndex, page: &PdfPage<'_>) -> Option<PdfPage<'d>> {
    let seen = page.boundaries().bounding().ok()?.bounds;
    let mut again = document.pages().get(index).ok()?;
    again.set_content_regeneration_strategy(PdfPageContentRegenerationStrategy::Manual);
    // PDFium takes a page that has its box from the pages' common one for a letter otherwise.
    again.boundaries_mut().set_media(seen).ok()?;
    again.boundaries_mut().set_crop(seen).ok()?;
    again.flatten().ok()?;
    // What the bindings have of its objects and boxes was freed, so it is opened anew.
    drop(again);
    document.pages().get(index).ok()
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
