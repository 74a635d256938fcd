//! Where a page's links lead: addresses only, as the outline and the page numbers tell of places within the document.

use footnote_core::parsed::is_address;
use pdfium_render::prelude::*;

/// Most annotations of a page that are looked at.
const MAX_ANNOTATIONS: usize = 5_000;

/// The lower left and the upper right corner of each link with an address, in points of the page.
pub(super) fn of(page: &PdfPage<'_>) -> Vec<([(f32, f32); 2], String)> {
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
    placed
}
