//! Where a page's links lead: addresses only, as the outline and the page numbers tell of places within the document.

use footnote_core::parsed::{MAX_LINKS, is_address};
use pdfium_render::prelude::*;

/// Most annotations of a page that are looked at.
const MAX_ANNOTATIONS: usize = 5_000;

/// The lower left and the upper right corner of a link in points of the page, and its address.
pub(super) type Placed = ([(f32, f32); 2], String);

/// The links with an address, and whether there are links behind the annotations that are looked at.
pub(super) fn of(page: &PdfPage<'_>) -> (Vec<Placed>, bool) {
    let links = page.links();
    let placed = links.iter().take(MAX_ANNOTATIONS).filter_map(|link| {
        let address = link.action()?.as_uri_action()?.uri().ok()?;
        let bounds = link.rect().ok()?;
        let corners =
            [(bounds.left().value, bounds.bottom().value), (bounds.right().value, bounds.top().value)];
        is_address(&address).then_some((corners, address))
    });
    let mut placed: Vec<_> = placed.collect();
    // PDFium tells a link once for each annotation before it that is none.
    placed.dedup();
    (placed, links.get(MAX_ANNOTATIONS).is_ok())
}

/// What is told where links were left out: those behind the annotations that are looked at, and so many that shared a
/// line with too many others.
pub(super) fn left_out(has_more: bool, crowded: usize) -> Option<String> {
    let behind = has_more.then(|| {
        format!("links behind the first {MAX_ANNOTATIONS} links and notes of the page were left out")
    });
    let crowded = (crowded > 0)
        .then(|| format!("{crowded} links were left out, as more than {MAX_LINKS} lie on one line"));
    behind.into_iter().chain(crowded).reduce(|one, other| format!("{one}; {other}"))
}
