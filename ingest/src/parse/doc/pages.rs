//! Formatted disk pages, which hold the properties of a DOC's characters and paragraphs.

use std::collections::HashSet;

use crate::parse::compound::size_at;

const PAGE_BYTES: usize = 512;

/// The pages of the table that the file information block names at `at`, as far as they can be read.
pub(super) fn pages<'s>(stream: &'s [u8], table: &[u8], at: usize) -> Vec<&'s [u8]> {
    let plc = size_at(stream, at).zip(size_at(stream, at + 4));
    let plc = plc.and_then(|(start, length)| table.get(start..start.checked_add(length)?));
    let plc = plc.unwrap_or_default();
    let count = plc.len().saturating_sub(4) / 8;
    // A damaged table may name one page as often as it has entries.
    let mut seen = HashSet::new();
    let page = |index: usize| {
        let number = size_at(plc, (count + 1) * 4 + index * 4)? & 0x003f_ffff;
        let start = seen.insert(number).then(|| number.checked_mul(PAGE_BYTES))??;
        stream.get(start..start.checked_add(PAGE_BYTES)?)
    };
    (0..count).filter_map(page).collect()
}
