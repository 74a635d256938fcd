//! The lists of a DOC: how their levels are numbered, out of the tables of list definitions.

use crate::parse::compound::{size_at, u16_at, u32_at, utf16};
use crate::parse::numbering::{Level, Numbering};

/// Where the file information block names the table of definitions and that of the lists which use them.
const DEFINITIONS: usize = 0x02e2;
const LISTS: usize = 0x02ea;
const DEFINITION_BYTES: usize = 28;
const LEVEL_BYTES: usize = 28;
const LIST_BYTES: usize = 16;
const LEVELS: usize = 9;
/// Longest text around the numbers of a level.
const MAX_TEMPLATE_CHARS: usize = 255;

/// Reads what can be read: a list without a definition has bullets.
pub(super) fn read(stream: &[u8], table: &[u8]) -> Numbering {
    let mut numbering = Numbering::default();
    // A definition that is damaged ends them: where the next one begins is unknown.
    let _damaged = read_definitions(stream, table, &mut numbering);
    let _damaged = read_lists(stream, table, &mut numbering);
    numbering
}

/// The definitions lie behind each other; the levels of all of them follow.
fn read_definitions(stream: &[u8], table: &[u8], numbering: &mut Numbering) -> Option<()> {
    let (start, length) = (size_at(stream, DEFINITIONS)?, size_at(stream, DEFINITIONS + 4)?);
    let definitions = table.get(start..start.checked_add(length)?)?;
    let mut levels = table.get(start + length..)?;
    for number in 0..usize::from(u16_at(definitions, 0)?) {
        let definition = definitions.get(2 + number * DEFINITION_BYTES..)?.get(..DEFINITION_BYTES)?;
        let id = u32_at(definition, 0)?;
        let is_simple = definition[26] & 1 == 1;
        for index in 0..if is_simple { 1 } else { LEVELS } {
            let (level, rest) = read_level(levels)?;
            levels = rest;
            numbering.define(id, index, level);
        }
    }
    Some(())
}

/// A level, and what follows it.
fn read_level(bytes: &[u8]) -> Option<(Level, &[u8])> {
    let properties = usize::from(*bytes.get(24)?) + usize::from(*bytes.get(25)?);
    let text = bytes.get(LEVEL_BYTES + properties..)?;
    let length = usize::from(u16_at(text, 0)?) * 2;
    let (text, rest) = text.get(2..)?.split_at_checked(length)?;
    // The characters 0 to 8 stand for the numbers of the levels.
    let template = utf16(text).chars().take(MAX_TEMPLATE_CHARS).fold(String::new(), |mut template, c| {
        match u32::from(c) {
            level if level < 9 => template.push_str(&format!("%{}", level + 1)),
            _ => template.push(c),
        }
        template
    });
    // A level without a text counts, and shows nothing; one whose text is unknown would be shown as `1.`.
    let template = if template.is_empty() { " ".to_owned() } else { template };
    let format = format_of(*bytes.get(4)?).to_owned();
    Some((Level { format, template, start: u32_at(bytes, 0)?.into() }, rest))
}

/// A list's number counts from 1.
fn read_lists(stream: &[u8], table: &[u8], numbering: &mut Numbering) -> Option<()> {
    let lists = table.get(size_at(stream, LISTS)?..)?;
    let lists = lists.get(..size_at(stream, LISTS + 4)?)?;
    for (number, list) in (1..=u32_at(lists, 0)?).zip(lists.get(4..)?.chunks_exact(LIST_BYTES)) {
        numbering.add_list(number, u32_at(list, 0)?);
    }
    Some(())
}

/// What DOCX calls the format with this number.
fn format_of(number: u8) -> &'static str {
    match number {
        1 => "upperRoman",
        2 => "lowerRoman",
        3 => "upperLetter",
        4 => "lowerLetter",
        23 => "bullet",
        255 => "none",
        37 | 39 => "chineseCountingThousand",
        _ => "decimal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(start: u8, format: u8, template: &str) -> Vec<u8> {
        let mut level = [0; LEVEL_BYTES];
        (level[0], level[4], level[24]) = (start, format, 2);
        let text: Vec<u8> = template.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&level[..], &[0xff, 0xff], &u16::try_from(text.len() / 2).unwrap().to_le_bytes(), &text].concat()
    }

    fn tables(levels: &[Vec<u8>], lists: &[u32]) -> (Vec<u8>, Vec<u8>) {
        let mut definition = vec![0; DEFINITION_BYTES];
        (definition[0], definition[26]) = (7, u8::from(levels.len() == 1));
        let lists: Vec<u8> = lists.iter().flat_map(|id| [&id.to_le_bytes()[..], &[0; 12]].concat()).collect();
        let count = u8::try_from(lists.len() / LIST_BYTES).unwrap();
        let mut table = [&[1, 0][..], &definition, &levels.concat()].concat();
        let mut stream = vec![0; LISTS + 8];
        stream[DEFINITIONS + 4] = 30;
        stream[LISTS..LISTS + 2].copy_from_slice(&u16::try_from(table.len()).unwrap().to_le_bytes());
        stream[LISTS + 4] = u8::try_from(4 + lists.len()).unwrap();
        table.extend([count, 0, 0, 0]);
        table.extend(lists);
        (stream, table)
    }

    #[test]
    fn levels_are_numbered_as_they_are_defined() {
        let mut levels = vec![level(1, 0, "\0."), level(3, 4, "\0.\u{1})"), level(1, 23, "\u{f0b7}")];
        levels.extend((0..6).map(|_| level(1, 255, "")));
        let (stream, table) = tables(&levels, &[7, 9]);
        let mut numbering = read(&stream, &table);
        let numbers: Vec<_> =
            [0, 1, 1, 2, 0].map(|level| numbering.next(1, level).unwrap_or_default()).into_iter().collect();
        assert_eq!(numbers, ["1.", "1.c)", "1.d)", "", "2."]);
        assert_eq!(numbering.next(2, 0), None);
    }

    #[test]
    fn a_level_without_a_text_counts_and_shows_nothing() {
        let mut levels = vec![level(1, 0, ""), level(1, 0, "\0.\u{1}")];
        levels.extend((0..7).map(|_| level(1, 255, "")));
        let (stream, table) = tables(&levels, &[7]);
        let mut numbering = read(&stream, &table);
        let numbers = [0, 0, 1].map(|level| numbering.next(1, level).unwrap_or_default());
        assert_eq!(numbers, ["", "", "2.1"]);
    }

    proptest::proptest! {
        #[test]
        fn no_tables_panic(damage in proptest::collection::vec((0_usize..400, proptest::num::u8::ANY), 1..8)) {
            let (mut stream, mut table) = tables(&[level(1, 0, "\0.")], &[7]);
            for (at, byte) in damage {
                let bytes = if at % 2 == 0 { &mut stream[DEFINITIONS..] } else { &mut table[..] };
                let length = bytes.len();
                bytes[at % length] = byte;
            }
            read(&stream, &table).next(1, 0);
        }
    }
}
