//! Characters of a DOC that nobody sees: deleted ones that are kept as tracked changes, and hidden ones.

use super::modifiers::Modifiers;
use super::pages::pages;
use super::styles::Styles;
use crate::parse::compound::{size_at, u16_at};

/// Where the file information block names the table of character pages.
pub(super) const PAGES: usize = 0x00fa;
const DELETED: u16 = 0x0800;
const STYLE: u16 = 0x4a30;
pub(super) const HIDDEN: u16 = 0x083c;
/// Operands that stand for what the style says, and for its opposite.
pub(super) const AS_STYLE: u8 = 128;
pub(super) const UNLIKE_STYLE: u8 = 129;

/// Runs that say something of it by where they lie in the stream: first byte and end, in order.
pub(super) struct Hidden(Vec<(usize, usize, Run)>);

/// What a run says.
#[derive(Clone, Copy, Default, PartialEq)]
struct Run {
    deleted: bool,
    /// Whether the style of its characters hides them, and what the run itself says.
    style_hides: bool,
    hides: Option<u8>,
}

impl Hidden {
    /// Reads what can be read.
    pub(super) fn read(stream: &[u8], table: &[u8], styles: &Styles) -> Self {
        let mut found = Vec::new();
        pages(stream, table, PAGES).into_iter().for_each(|page| read_page(page, styles, &mut found));
        found.sort_by_key(|(start, ..)| *start);
        Self(found)
    }

    /// Whether the character at the byte `at` is one, in a paragraph whose style may hide text.
    pub(super) fn has(&self, at: usize, paragraph_hides: bool) -> bool {
        let index = self.0.partition_point(|(start, ..)| *start <= at);
        let run = index.checked_sub(1).and_then(|index| self.0.get(index)).filter(|(_, end, _)| at < *end);
        run.map_or(Run::default(), |(.., run)| *run).is_hidden(paragraph_hides)
    }
}

impl Run {
    fn is_hidden(self, paragraph_hides: bool) -> bool {
        // A style for characters undoes what one for paragraphs does.
        let by_styles = paragraph_hides != self.style_hides;
        let hidden = match self.hides {
            None | Some(AS_STYLE) => by_styles,
            Some(UNLIKE_STYLE) => !by_styles,
            Some(value) => value == 1,
        };
        self.deleted || hidden
    }
}

/// Runs by where they begin, then for each the half of the place of its properties.
fn read_page(page: &[u8], styles: &Styles, found: &mut Vec<(usize, usize, Run)>) {
    let count = page.last().map_or(0, |&count| usize::from(count));
    for index in 0..count {
        let (Some(start), Some(end)) = (size_at(page, index * 4), size_at(page, index * 4 + 4)) else {
            return;
        };
        let at = page.get((count + 1) * 4 + index).map_or(0, |&half| usize::from(half) * 2);
        let length = page.get(at).map_or(0, |&length| usize::from(length));
        let modifiers = page.get(at + 1..(at + 1 + length).min(page.len())).unwrap_or_default();
        let run = read_run(modifiers, styles);
        if at != 0 && run != Run::default() {
            found.push((start, end, run));
        }
    }
}

fn read_run(modifiers: &[u8], styles: &Styles) -> Run {
    let mut run = Run::default();
    for (code, operand) in Modifiers(modifiers) {
        let value = operand.first().copied().unwrap_or(0);
        match code {
            DELETED => run.deleted = value == 1,
            STYLE => run.style_hides = u16_at(operand, 0).is_some_and(|style| styles.get(style).hides),
            HIDDEN => run.hides = Some(value),
            _ => {}
        }
    }
    run
}
