//! Properties of the paragraphs of a DOC: heading, list, table, out of its formatted disk pages.

use super::modifiers::{Modifiers, TABLE_DEFINITION};
use super::pages::pages;
use super::styles::Styles;
use crate::parse::compound::{size_at, u16_at};

/// Where the file information block names the table of paragraph pages.
pub(super) const PAGES: usize = 0x0102;
/// Most bytes of property modifiers of one paragraph.
const MAX_MODIFIERS: usize = 2 * 255;
/// Modifiers that name the level in a list, and the list.
pub(super) const LEVEL: u16 = 0x260a;
pub(super) const LIST: u16 = 0x460b;
/// Most cells of a row, as Word has them.
const MAX_CELLS: usize = 64;

/// What is known of a paragraph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ParagraphProperties {
    pub(super) heading: Option<u8>,
    /// The list and level, from 0, that the paragraph is an item of.
    pub(super) list: Option<(u32, u8)>,
    /// Whether its style hides the text.
    pub(super) hides: bool,
    pub(super) in_table: bool,
    /// The paragraph is the mark at the end of a table's row.
    pub(super) row_ends: bool,
    /// The cells of the row that the mark ends, in the order of their columns.
    pub(super) cells: Vec<CellEdges>,
}

/// Where a cell lies, in twips, and whether it goes on from the one above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CellEdges {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) continues_above: bool,
}

/// Properties by the place of the text in the stream: first byte, end, properties; in order.
pub(super) struct Properties(pub(super) Vec<(usize, usize, ParagraphProperties)>);

impl Properties {
    /// Reads what can be read: text without properties is text still.
    pub(super) fn read(stream: &[u8], table: &[u8], styles: &Styles) -> Self {
        let mut found = Vec::new();
        pages(stream, table, PAGES).into_iter().for_each(|page| read_page(page, styles, &mut found));
        found.sort_by_key(|(start, ..)| *start);
        Self(found)
    }

    /// The properties of the paragraph whose text has the byte `at`.
    pub(super) fn at(&self, at: usize) -> ParagraphProperties {
        let index = self.0.partition_point(|(start, ..)| *start <= at);
        let found = index.checked_sub(1).and_then(|i| self.0.get(i)).filter(|(_, end, _)| at < *end);
        found.map(|(.., properties)| properties.clone()).unwrap_or_default()
    }
}

fn read_page(page: &[u8], styles: &Styles, found: &mut Vec<(usize, usize, ParagraphProperties)>) {
    const ENTRY_BYTES: usize = 13;
    let count = page.last().map_or(0, |&count| usize::from(count));
    for index in 0..count {
        let (Some(start), Some(end)) = (size_at(page, index * 4), size_at(page, index * 4 + 4)) else {
            return;
        };
        let at = page.get((count + 1) * 4 + index * ENTRY_BYTES).map_or(0, |&half| usize::from(half) * 2);
        let length = page.get(at).map_or(0, |&words| usize::from(words));
        // A length of 0 stands before a second one, which counts without the first byte.
        let (from, bytes) = match length {
            0 => (at + 2, page.get(at + 1).map_or(0, |&words| usize::from(words) * 2)),
            words => (at + 1, words * 2 - 1),
        };
        let modifiers = page.get(from..(from + bytes.min(MAX_MODIFIERS)).min(page.len())).unwrap_or_default();
        // Without properties it has the default style.
        found.push((start, end, read_modifiers(if at == 0 { &[] } else { modifiers }, styles)));
    }
}

/// A style's number, then single property modifiers.
fn read_modifiers(bytes: &[u8], styles: &Styles) -> ParagraphProperties {
    let style = u16_at(bytes, 0).unwrap_or(0);
    // The first nine styles after the default one are the headings, whatever they are called.
    let heading = u8::try_from(style).ok().filter(|style| (1..=9).contains(style));
    let heading = heading.map(|heading| heading.min(6));
    let style = styles.get(style);
    let mut properties = ParagraphProperties { heading, hides: style.hides, ..Default::default() };
    let (mut list, mut level) = (style.list, style.level);
    for (code, operand) in Modifiers(bytes.get(2..).unwrap_or_default()) {
        let value = operand.first().copied().unwrap_or(0);
        match code {
            0x2416 => properties.in_table = value != 0,
            0x2417 => properties.row_ends = value != 0,
            LEVEL => level = value,
            LIST => list = u16_at(operand, 0).unwrap_or(0),
            TABLE_DEFINITION => properties.cells = cell_edges(operand.get(2..).unwrap_or_default()),
            0x2640 => properties.heading = (value < 9).then(|| value.min(5) + 1),
            _ => {}
        }
    }
    // List 0 means "taken out of its style's list"; the numbers from 0xf801 on are of old lists.
    properties.list = (list != 0 && list != 0xf801).then_some((u32::from(list), level));
    properties
}

/// A table's definition: the number of cells, one edge more, and 20 bytes for each cell, of which there may be fewer.
fn cell_edges(definition: &[u8]) -> Vec<CellEdges> {
    const CELL_BYTES: usize = 20;
    let count = definition.first().map_or(0, |&count| usize::from(count).min(MAX_CELLS));
    let edge = |index: usize| u16_at(definition, 1 + 2 * index).map(|edge| i32::from(edge.cast_signed()));
    let merges = |index: usize| {
        let flags = u16_at(definition, 1 + 2 * (count + 1) + CELL_BYTES * index).unwrap_or(0);
        flags >> 5 & 3 == 1
    };
    let cell = |index: usize| {
        Some(CellEdges { left: edge(index)?, right: edge(index + 1)?, continues_above: merges(index) })
    };
    (0..count).map_while(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::super::styles;
    use super::*;

    fn read(bytes: &[u8]) -> ParagraphProperties {
        read_modifiers(bytes, &Styles::default())
    }

    #[test]
    fn a_row_has_the_cells_of_its_table_definition() {
        let edges = [0_i16, 1_000, -5].map(i16::to_le_bytes).concat();
        let (own, merged) = ([0; 20], [&[0x20][..], &[0; 19]].concat());
        let definition = [&[2][..], &edges, &own, &merged].concat();
        let length = u16::try_from(definition.len() + 1).unwrap().to_le_bytes();
        let properties = read(&[&[0, 0, 0x08, 0xd6][..], &length, &definition, &[0x16, 0x24, 1]].concat());
        let cell = |left, right, continues_above| CellEdges { left, right, continues_above };
        assert_eq!(properties.cells, [cell(0, 1_000, false), cell(1_000, -5, true)]);
        assert!(properties.in_table);
        assert_eq!(read(&[0, 0, 0x08, 0xd6, 9, 0, 3, 1, 0, 2, 0]).cells, [cell(1, 2, false)]);
    }

    #[test]
    fn a_paragraph_is_in_the_list_of_its_style_unless_it_says_otherwise() {
        let item: &[&[u8]] = &[&[1, 0, 0x0b, 0x46, 3, 0, 0x0a, 0x26, 1], &[]];
        let styles = styles::tests::read(&[(1, 0xfff, &[&[0, 0], &[]]), (1, 0, item)]);
        let list = |bytes: &[u8]| read_modifiers(bytes, &styles).list;
        assert_eq!(list(&[]), None);
        assert_eq!(list(&[1, 0]), Some((3, 1)));
        assert_eq!(list(&[1, 0, 0x0a, 0x26, 2]), Some((3, 2)));
        assert_eq!(list(&[1, 0, 0x0b, 0x46, 5, 0]), Some((5, 1)));
        assert_eq!(list(&[1, 0, 0x0b, 0x46, 0, 0]), None);
    }
}
