//! Characters of a DOC that nobody sees: deleted ones that are kept as tracked changes, and hidden ones.

use super::pages::pages;
use crate::parse::compound::{size_at, u16_at};

/// Where the file information block names the table of character pages.
pub(super) const PAGES: usize = 0x00fa;
const DELETED: u16 = 0x0800;
const HIDDEN: u16 = 0x083c;

/// Where they lie in the stream: first byte and end, in order.
pub(super) struct Hidden(Vec<(usize, usize)>);

impl Hidden {
    /// Reads what can be read.
    pub(super) fn read(stream: &[u8], table: &[u8]) -> Self {
        let mut found = Vec::new();
        pages(stream, table, PAGES).into_iter().for_each(|page| read_page(page, &mut found));
        found.sort_unstable();
        Self(found)
    }

    /// Whether the character at the byte `at` is one.
    pub(super) fn has(&self, at: usize) -> bool {
        let index = self.0.partition_point(|(start, _)| *start <= at);
        index.checked_sub(1).and_then(|index| self.0.get(index)).is_some_and(|(_, end)| at < *end)
    }
}

/// Runs by where they begin, then for each the half of the place of its properties.
fn read_page(page: &[u8], found: &mut Vec<(usize, usize)>) {
    let count = page.last().map_or(0, |&count| usize::from(count));
    for index in 0..count {
        let (Some(start), Some(end)) = (size_at(page, index * 4), size_at(page, index * 4 + 4)) else {
            return;
        };
        let at = page.get((count + 1) * 4 + index).map_or(0, |&half| usize::from(half) * 2);
        let length = page.get(at).map_or(0, |&length| usize::from(length));
        let modifiers = page.get(at + 1..(at + 1 + length).min(page.len())).unwrap_or_default();
        if at != 0 && is_hidden(modifiers) {
            found.push((start, end));
        }
    }
}

fn is_hidden(modifiers: &[u8]) -> bool {
    let (mut deleted, mut hidden) = (false, false);
    let mut at = 0;
    while let Some(code) = u16_at(modifiers, at) {
        at += 2;
        let value = modifiers.get(at).copied().unwrap_or(0);
        match code {
            DELETED => deleted = value == 1,
            // 128 and 129 stand for what the style says, and for its opposite; styles are not read.
            HIDDEN => hidden = matches!(value, 1 | 129),
            _ => {}
        }
        at += match code >> 13 {
            0 | 1 => 1,
            2 | 4 | 5 => 2,
            3 => 4,
            7 => 3,
            _ => usize::from(value) + 1,
        };
    }
    deleted || hidden
}
