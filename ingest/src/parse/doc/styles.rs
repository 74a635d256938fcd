//! The style sheet of a DOC, as far as the text depends on it: the lists that styles make, and the text that
//! they hide.

use super::hidden::{AS_STYLE, HIDDEN, UNLIKE_STYLE};
use super::modifiers::Modifiers;
use super::properties::{LEVEL, LIST};
use crate::parse::compound::{size_at, u16_at};

/// Where the file information block names the style sheet.
pub(super) const SHEET: usize = 0x00a2;
/// Most styles, and how many of them may be based on each other.
const MAX_STYLES: usize = 4_094;
const MAX_BASES: usize = 32;
/// Kinds of styles.
const PARAGRAPH: u16 = 1;
const CHARACTER: u16 = 2;

/// What a style says, with what it is based on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// The number of a list, 0 for none, and the level in it.
    pub(super) list: u16,
    pub(super) level: u8,
    pub(super) hides: bool,
}

/// Styles by their numbers.
#[derive(Default)]
pub(super) struct Styles(Vec<Style>);

/// What a style itself says.
#[derive(Default)]
struct Definition {
    base: usize,
    list: Option<u16>,
    level: Option<u8>,
    hides: Option<u8>,
}

impl Styles {
    /// Reads what can be read.
    pub(super) fn read(stream: &[u8], table: &[u8]) -> Self {
        let sheet = size_at(stream, SHEET).zip(size_at(stream, SHEET + 4));
        let sheet = sheet.and_then(|(start, length)| table.get(start..start.checked_add(length)?));
        let mut definitions = Vec::new();
        // A style that is cut short ends them.
        let _damaged = read_definitions(sheet.unwrap_or_default(), &mut definitions);
        Self((0..definitions.len()).map(|number| with_bases(&definitions, number)).collect())
    }

    /// The style with this number; one that says nothing where there is none.
    pub(super) fn get(&self, number: u16) -> Style {
        self.0.get(usize::from(number)).copied().unwrap_or_default()
    }
}

/// The length of a header, and the header; then styles, each with its length before it, at even places.
fn read_definitions(sheet: &[u8], definitions: &mut Vec<Definition>) -> Option<()> {
    let header = sheet.get(2..)?.get(..usize::from(u16_at(sheet, 0)?))?;
    let count = usize::from(u16_at(header, 0)?).min(MAX_STYLES);
    let base_bytes = usize::from(u16_at(header, 2)?);
    let mut rest = sheet.get(2 + header.len()..)?;
    for _ in 0..count {
        let length = usize::from(u16_at(rest, 0)?);
        let style = rest.get(2..2 + length)?;
        definitions.push(definition(style, base_bytes).unwrap_or_default());
        rest = rest.get((2 + length.next_multiple_of(2)).min(rest.len())..)?;
    }
    Some(())
}

/// What all styles have, the name, and then properties: first a paragraph's, if it is a style for them, and then
/// those of characters. An unused style has no bytes.
fn definition(style: &[u8], base_bytes: usize) -> Option<Definition> {
    let kind_and_base = u16_at(style, 2)?;
    let mut read = Definition { base: usize::from(kind_and_base >> 4), ..Definition::default() };
    let name_chars = usize::from(u16_at(style, base_bytes)?);
    // The name has a zero behind it.
    let mut rest = style.get(base_bytes + 2 + 2 * (name_chars + 1)..)?;
    let kind = kind_and_base & 0xf;
    if kind == PARAGRAPH {
        // The style's own number comes first.
        for (code, operand) in Modifiers(properties(&mut rest)?.get(2..).unwrap_or_default()) {
            match code {
                LIST => read.list = u16_at(operand, 0),
                LEVEL => read.level = operand.first().copied(),
                _ => {}
            }
        }
    }
    if matches!(kind, PARAGRAPH | CHARACTER) {
        let characters = Modifiers(properties(&mut rest).unwrap_or_default());
        read.hides =
            characters.filter(|(code, _)| *code == HIDDEN).last().and_then(|(_, o)| o.first().copied());
    }
    Some(read)
}

/// The next properties, which have their length before them and begin at even places.
fn properties<'s>(rest: &mut &'s [u8]) -> Option<&'s [u8]> {
    let length = usize::from(u16_at(rest, 0)?);
    let properties = rest.get(2..2 + length)?;
    *rest = rest.get(2 + length.next_multiple_of(2)..).unwrap_or_default();
    Some(properties)
}

fn with_bases(definitions: &[Definition], number: usize) -> Style {
    let base = |definition: &&Definition| definitions.get(definition.base);
    let chain: Vec<&Definition> =
        std::iter::successors(definitions.get(number), base).take(MAX_BASES).collect();
    chain.into_iter().rev().fold(Style::default(), |style, own| Style {
        list: own.list.unwrap_or(style.list),
        level: own.level.unwrap_or(style.level),
        hides: match own.hides {
            None | Some(AS_STYLE) => style.hides,
            Some(UNLIKE_STYLE) => !style.hides,
            Some(value) => value == 1,
        },
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A style sheet of styles, each with its kind, the number of its base and its properties.
    pub(crate) fn sheet(styles: &[(u16, u16, &[&[u8]])]) -> Vec<u8> {
        let count = u8::try_from(styles.len()).unwrap();
        let mut sheet = vec![4, 0, count, 0, 10, 0];
        for (kind, base, properties) in styles {
            let mut style = vec![0, 0];
            style.extend((kind | base << 4).to_le_bytes());
            style.extend([0; 6]);
            style.extend([1, 0, b'S', 0, 0, 0]);
            for properties in *properties {
                let length = u16::try_from(properties.len()).unwrap();
                style.extend(length.to_le_bytes());
                style.extend(*properties);
                style.resize(style.len().next_multiple_of(2), 0);
            }
            sheet.extend(u16::try_from(style.len()).unwrap().to_le_bytes());
            sheet.extend(style);
        }
        sheet
    }

    pub(crate) fn read(styles: &[(u16, u16, &[&[u8]])]) -> Styles {
        let table = sheet(styles);
        let mut stream = vec![0; SHEET + 8];
        stream[SHEET + 4..SHEET + 6].copy_from_slice(&u16::try_from(table.len()).unwrap().to_le_bytes());
        Styles::read(&stream, &table)
    }

    #[test]
    fn styles_have_what_they_are_based_on() {
        let styles = read(&[
            (PARAGRAPH, 0xfff, &[&[0, 0], &[]]),
            (PARAGRAPH, 0, &[&[1, 0, 0x0b, 0x46, 3, 0], &[0x3c, 0x08, 1]]),
            (PARAGRAPH, 1, &[&[2, 0, 0x0a, 0x26, 2], &[]]),
            (PARAGRAPH, 2, &[&[3, 0, 0x0b, 0x46, 0, 0], &[0x3c, 0x08, 0x81]]),
            (CHARACTER, 0xfff, &[&[0x36, 0x08, 0x81, 0x3c, 0x08, 1]]),
            // Based on itself.
            (PARAGRAPH, 5, &[&[5, 0, 0x0b, 0x46, 7, 0]]),
        ]);
        let style = |list, level, hides| Style { list, level, hides };
        let read: Vec<Style> = (0..7).map(|number| styles.get(number)).collect();
        assert_eq!(
            read,
            [
                style(0, 0, false),
                style(3, 0, true),
                style(3, 2, true),
                style(0, 2, false),
                style(0, 0, true),
                style(7, 0, false),
                style(0, 0, false)
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_sheet_panics(damage in proptest::collection::vec((0_usize..60, proptest::num::u8::ANY), 1..8)) {
            let mut table = sheet(&[(PARAGRAPH, 1, &[&[0, 0, 0x0b, 0x46, 3, 0], &[]]), (CHARACTER, 0, &[&[0x3c, 0x08, 1]])]);
            for (at, byte) in damage {
                let length = table.len();
                table[at % length] = byte;
            }
            let mut stream = vec![0; SHEET + 8];
            stream[SHEET + 4] = u8::try_from(table.len()).unwrap();
            Styles::read(&stream, &table).get(0);
        }
    }
}
