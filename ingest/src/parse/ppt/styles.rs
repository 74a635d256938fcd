//! How the paragraphs of a text are marked: the style atoms of \[MS-PPT\] as far as bullets and numbers.

use crate::parse::compound::{u16_at, u32_at};

/// A paragraph's mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ParagraphStyle {
    /// Nesting, from 0.
    pub(super) level: u8,
    pub(super) marker: Option<Marker>,
}

/// What a style says of the sign before its paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    None,
    Bullet,
    Number,
}

/// Styles of the paragraphs of `text`, by the runs of a StyleTextPropAtom. `numbered` has for each run whether
/// its bullets are numbers.
pub(super) fn of_paragraphs(text: &str, atom: &[u8], numbered: &[bool]) -> Vec<ParagraphStyle> {
    // What the atom counts are UTF-16 units, and one more for the end of the text.
    let length = text.encode_utf16().count() + 1;
    let runs = runs(atom, length, numbered);
    let mut styles = Vec::new();
    let (mut start, mut run) = (0, 0);
    for paragraph in text.split('\r') {
        while runs.get(run).is_some_and(|(end, _)| *end <= start) {
            run += 1;
        }
        styles.push(runs.get(run).map(|(_, style)| *style).unwrap_or_default());
        start += paragraph.encode_utf16().count() + 1;
    }
    styles
}

/// Runs of paragraphs, each with where it ends.
fn runs(atom: &[u8], length: usize, numbered: &[bool]) -> Vec<(usize, ParagraphStyle)> {
    let mut runs = Vec::new();
    let (mut at, mut end) = (0, 0_usize);
    while end < length {
        let Some(run) = read_run(atom, &mut at) else { break };
        // A run of nothing in a damaged atom would have no end.
        if run.0 == 0 {
            break;
        }
        end = end.saturating_add(run.0);
        let mut style = run.1;
        let own = if numbered.len() == 1 { numbered.first() } else { numbered.get(runs.len()) };
        if style.marker == Some(Marker::Bullet) && own == Some(&true) {
            style.marker = Some(Marker::Number);
        }
        runs.push((end, style));
    }
    runs
}

/// A TextPFRun: length, level, and a mask of the properties that follow.
fn read_run(atom: &[u8], at: &mut usize) -> Option<(usize, ParagraphStyle)> {
    let length = usize::try_from(u32_at(atom, *at)?).ok()?;
    let level = u8::try_from(u16_at(atom, *at + 4)?).unwrap_or(0).min(8);
    let mask = u32_at(atom, *at + 6)?;
    *at += 10;
    let mut style = ParagraphStyle { level, marker: None };
    if mask & 0xf != 0 {
        let has_bullet = u16_at(atom, *at)? & 1 != 0;
        if mask & 1 != 0 {
            style.marker = Some(if has_bullet { Marker::Bullet } else { Marker::None });
        }
        *at += 2;
    }
    let has = |bit: u32| usize::from(mask >> bit & 1 == 1);
    // Character, font, size and colour of the bullet; alignment, distances and indents.
    let before_tabs =
        [7, 4, 6, 11, 12, 13, 14, 8, 10, 15].iter().map(|&bit| 2 * has(bit)).sum::<usize>() + 4 * has(5);
    *at += before_tabs;
    if has(20) == 1 {
        *at += 2 + 4 * usize::from(u16_at(atom, *at)?);
    }
    *at += 2 * (has(16) + usize::from(mask & 0xe_0000 != 0) + has(21));
    Some((length, style))
}

/// For each entry of a StyleTextProp9Atom whether it numbers its paragraphs.
pub(super) fn numbered(atom: &[u8]) -> Vec<bool> {
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(numbers) = read_entry(atom, &mut at) {
        entries.push(numbers);
    }
    entries
}

fn read_entry(atom: &[u8], at: &mut usize) -> Option<bool> {
    let mask = u32_at(atom, *at)?;
    *at += 4 + 2 * usize::from(mask & 1 << 23 != 0);
    let numbers = mask & 1 << 25 != 0 && u16_at(atom, *at)? != 0;
    *at += 2 * usize::from(mask & 1 << 25 != 0) + 4 * usize::from(mask & 1 << 24 != 0);
    let characters = u32_at(atom, *at)?;
    *at += 4 + 4 * usize::from(characters & 1 << 20 != 0);
    let special = u32_at(atom, *at)?;
    *at += 4 + 2 * [0, 1, 2, 6].iter().filter(|&&bit| special & 1 << bit != 0).count();
    *at += 4 * usize::from(special & 1 << 5 != 0);
    if special & 1 << 9 != 0 {
        *at += 4 + 4 * usize::try_from(u32_at(atom, *at)?).ok()?.min(atom.len());
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str, atom: &[u8], numbered: &[bool]) -> Vec<Option<Marker>> {
        of_paragraphs(text, atom, numbered).iter().map(|style| style.marker).collect()
    }

    #[test]
    fn runs_mark_their_paragraphs() {
        // From a real file: a line without a bullet, then three with.
        let atom = [
            &[14, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &[18, 0, 0, 0, 1, 0, 0x13, 0, 0, 0, 3, 0, 2, 0],
            &[14, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let text = "Maybe a list?\rList1\rList2\rList3";
        let bullet = Some(Marker::Bullet);
        assert_eq!(marks(text, &atom, &[]), [None, bullet, bullet, bullet]);
        let entries = [&[0; 12][..], &[0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        assert_eq!(numbered(&entries), [false, true]);
        let number = Some(Marker::Number);
        assert_eq!(marks(text, &atom, &numbered(&entries)), [None, number, number, number]);
        assert_eq!(of_paragraphs(text, &atom, &[])[1].level, 1);
    }

    proptest::proptest! {
        #[test]
        fn no_atom_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80), text in "[a\r😀]{0,20}") {
            let styles = of_paragraphs(&text, &bytes, &numbered(&bytes));
            proptest::prop_assert_eq!(styles.len(), text.split('\r').count());
        }
    }
}
