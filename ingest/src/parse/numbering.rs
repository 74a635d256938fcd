//! The numbers that Word shows before list items and headings, in DOCX and DOC: `1.`, `2.1`, `第三章`, `(iv)`.

use std::collections::{HashMap, HashSet};

use footnote_core::Result;

use crate::parse::package::xml::{Xml, attribute, each_event, is_on};

/// Levels of a list.
const LEVELS: usize = 9;

/// How the lists of a document are numbered.
#[derive(Default)]
pub(crate) struct Numbering {
    /// List id to abstract definition.
    lists: HashMap<u32, u32>,
    levels: HashMap<(Owner, usize), Level>,
    /// Levels that write every number as `1`, whatever the levels above do: `1.1` within `第一章`.
    legal: HashSet<(Owner, usize)>,
    /// Lists that share a definition go on counting, but for those that override a part of it.
    counters: HashMap<Owner, [u64; LEVELS]>,
}

/// Whose levels and counters they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    /// An abstract definition's.
    Definition(u32),
    /// A list's, which overrides its definition.
    List(u32),
}

/// How a level of a list is numbered.
#[derive(Default, Clone)]
pub(crate) struct Level {
    /// As DOCX names it.
    pub(crate) format: String,
    /// Such as `%1.%2` or `第%1章`.
    pub(crate) template: String,
    pub(crate) start: u64,
}

impl Numbering {
    /// Reads `numbering.xml`, where abstract definitions come before the lists that use them.
    pub(crate) fn read(part: &str, xml: &str) -> Result<Self> {
        let mut numbering = Self::default();
        let (mut owner, mut level) = (Owner::Definition(0), 0);
        each_event(part, xml, |event| {
            let Xml::Start(start) = event else { return Ok(()) };
            let number = |name| attribute(start, name).and_then(|v| v.parse::<u32>().ok()).unwrap_or(0);
            let text = || attribute(start, "val").unwrap_or_default();
            match start.local_name().as_ref() {
                "abstractNum" => owner = Owner::Definition(number("abstractNumId")),
                "num" => owner = Owner::List(number("numId")),
                "abstractNumId" => {
                    if let Owner::List(list) = owner {
                        numbering.lists.insert(list, number("val"));
                    }
                }
                "lvlOverride" => {
                    level = number("ilvl") as usize;
                    let inherited = numbering.level(owner, level).cloned().unwrap_or_default();
                    if numbering.is_legal(owner, level) {
                        numbering.legal.insert((owner, level));
                    }
                    numbering.levels.insert((owner, level), inherited);
                }
                "lvl" => {
                    level = number("ilvl") as usize;
                    numbering.legal.remove(&(owner, level));
                    numbering.levels.insert((owner, level), Level { start: 1, ..Level::default() });
                }
                "isLgl" if is_on(start) => {
                    numbering.legal.insert((owner, level));
                }
                "start" | "startOverride" => numbering.at(owner, level).start = number("val").into(),
                "numFmt" => numbering.at(owner, level).format = text(),
                "lvlText" => numbering.at(owner, level).template = text(),
                _ => {}
            }
            Ok(())
        })?;
        Ok(numbering)
    }

    /// Sets a level, from 0, of a definition.
    pub(crate) fn define(&mut self, definition: u32, level: usize, how: Level) {
        self.levels.insert((Owner::Definition(definition), level), how);
    }

    /// Adds a list that uses a definition.
    pub(crate) fn add_list(&mut self, list: u32, definition: u32) {
        self.lists.insert(list, definition);
    }

    fn at(&mut self, owner: Owner, level: usize) -> &mut Level {
        self.levels.entry((owner, level)).or_default()
    }

    /// The owner's own level, or that of the definition it uses.
    fn level(&self, owner: Owner, level: usize) -> Option<&Level> {
        self.levels.get(&(self.definer(owner, level), level))
    }

    /// Who says how the owner's level is numbered.
    fn definer(&self, owner: Owner, level: usize) -> Owner {
        match owner {
            Owner::List(list) if !self.levels.contains_key(&(owner, level)) => {
                Owner::Definition(self.lists.get(&list).copied().unwrap_or(list))
            }
            _ => owner,
        }
    }

    fn is_legal(&self, owner: Owner, level: usize) -> bool {
        self.legal.contains(&(self.definer(owner, level), level))
    }

    /// The number of the next paragraph of `list` at `level` (from 0); `None` for bullets.
    pub(crate) fn next(&mut self, list: u32, level: usize) -> Option<String> {
        let level = level.min(LEVELS - 1);
        let owner = Owner::List(list);
        let own = self.level(owner, level)?.clone();
        if matches!(own.format.as_str(), "bullet" | "none") {
            return None;
        }
        let overrides = (0..LEVELS).any(|level| self.levels.contains_key(&(owner, level)));
        let definition = Owner::Definition(self.lists.get(&list).copied().unwrap_or(list));
        let counters = self.counters.entry(if overrides { owner } else { definition }).or_default();
        counters[level + 1..].fill(0);
        // A level that was left out counts as begun: after `1.1.1` comes `1.2`.
        counters[..level].iter_mut().for_each(|above| *above = (*above).max(1));
        counters[level] = (counters[level] + 1).max(own.start);
        let counters = *counters;
        if own.template.is_empty() {
            return Some(format!("{}.", render(counters[level], &own.format)));
        }
        let mut text = own.template;
        let is_legal = self.is_legal(owner, level);
        for (index, counter) in counters.iter().enumerate().take(level + 1) {
            let above = self.level(owner, index).filter(|_| !is_legal);
            let format = above.map_or("decimal", |l| l.format.as_str());
            text = text.replace(&format!("%{}", index + 1), &render((*counter).max(1), format));
        }
        Some(text.trim().to_owned())
    }
}

fn render(number: u64, format: &str) -> String {
    match format {
        "upperRoman" => roman(number).to_uppercase(),
        "lowerRoman" => roman(number),
        "upperLetter" => letter(number, b'A'),
        "lowerLetter" => letter(number, b'a'),
        "chineseCounting"
        | "chineseCountingThousand"
        | "ideographDigital"
        | "japaneseCounting"
        | "taiwaneseCountingThousand" => chinese(number),
        _ => number.to_string(),
    }
}

fn roman(mut number: u64) -> String {
    const SIGNS: [(u64, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if number >= 4_000 {
        return number.to_string();
    }
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while number >= value {
            text.push_str(sign);
            number -= value;
        }
    }
    text
}

/// a to z, then aa to zz, as Word counts.
fn letter(number: u64, first: u8) -> String {
    let index = number.saturating_sub(1);
    let letter = char::from(first + u8::try_from(index % 26).unwrap_or(0));
    let times = usize::try_from(index / 26 + 1).unwrap_or(1).min(10);
    letter.to_string().repeat(times)
}

fn chinese(number: u64) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: u64| DIGITS[usize::try_from(n % 10).unwrap_or(0)];
    match number {
        1..=9 => digit(number).to_owned(),
        10..=19 => format!("十{}", digit(number)),
        20..=99 => format!("{}十{}", digit(number / 10), digit(number)),
        100..=999 => {
            let rest = number % 100;
            let tail = match rest {
                0 => String::new(),
                1..=9 => format!("零{}", digit(rest)),
                _ => format!("{}十{}", digit(rest / 10), digit(rest)),
            };
            format!("{}百{tail}", digit(number / 100))
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_word_writes_them() {
        assert_eq!(["chineseCounting"; 4].map(|f| render(12, f))[0], "十二");
        assert_eq!(
            [1, 10, 20, 35, 100, 105, 110, 999].map(chinese).join(" "),
            "一 十 二十 三十五 一百 一百零五 一百一十 九百九十九"
        );
        assert_eq!([4, 9, 14, 1999, 4000].map(roman).join(" "), "iv ix xiv mcmxcix 4000");
        assert_eq!([1, 26, 27, 53].map(|n| letter(n, b'a')).join(" "), "a z aa aaa");
    }

    #[test]
    fn levels_count_within_the_level_above() {
        let level = |index: u8, format: &str, template: &str| {
            format!("<lvl ilvl=\"{index}\"><numFmt val=\"{format}\"/><lvlText val=\"{template}\"/></lvl>")
        };
        let xml = format!(
            "<numbering><abstractNum abstractNumId=\"3\">{}{}{}</abstractNum><num numId=\"7\"><abstractNumId val=\"3\"/></num></numbering>",
            level(0, "chineseCountingThousand", "第%1章"),
            level(1, "decimal", "%2."),
            level(2, "bullet", "o"),
        );
        let mut numbering = Numbering::read("numbering.xml", &xml).unwrap();
        let numbers: Vec<_> =
            [0, 1, 1, 2, 0, 1].iter().map(|&l| numbering.next(7, l).unwrap_or_default()).collect();
        assert_eq!(numbers, ["第一章", "1.", "2.", "", "第二章", "1."]);
        assert_eq!(numbering.next(99, 0), None);
    }

    #[test]
    fn legal_levels_write_the_levels_above_in_digits() {
        let level = |index: u8, format: &str, legal: &str, template: &str| {
            format!(
                "<lvl ilvl=\"{index}\"><numFmt val=\"{format}\"/>{legal}<lvlText val=\"{template}\"/></lvl>"
            )
        };
        let xml = format!(
            "<numbering><abstractNum abstractNumId=\"3\">{}{}{}{}</abstractNum>\
             <num numId=\"7\"><abstractNumId val=\"3\"/></num>\
             <num numId=\"8\"><abstractNumId val=\"3\"/><lvlOverride ilvl=\"1\"><startOverride val=\"4\"/></lvlOverride></num>\
             </numbering>",
            level(0, "chineseCountingThousand", "", "第%1章"),
            level(1, "decimal", "<isLgl/>", "%1.%2"),
            level(2, "upperRoman", "<isLgl val=\"1\"/>", "%1.%2.%3"),
            level(3, "decimal", "<isLgl val=\"0\"/>", "%1.%4"),
        );
        let mut numbering = Numbering::read("numbering.xml", &xml).unwrap();
        let mut numbers = |list: u32, levels: &[usize]| -> Vec<String> {
            levels.iter().map(|&level| numbering.next(list, level).unwrap()).collect()
        };
        assert_eq!(
            numbers(7, &[0, 1, 0, 1, 2, 2, 3]),
            ["第一章", "1.1", "第二章", "2.1", "2.1.1", "2.1.2", "二.1"]
        );
        assert_eq!(numbers(8, &[0, 1]), ["第一章", "1.4"], "an override of the start leaves the rest");
    }

    #[test]
    fn a_list_that_overrides_its_definition_counts_by_itself() {
        let xml = "<numbering>\
             <abstractNum abstractNumId=\"1\"><lvl ilvl=\"0\"><numFmt val=\"decimal\"/><lvlText val=\"%1.\"/></lvl></abstractNum>\
             <abstractNum abstractNumId=\"2\"><lvl ilvl=\"0\"><numFmt val=\"bullet\"/></lvl></abstractNum>\
             <num numId=\"1\"><abstractNumId val=\"1\"/></num>\
             <num numId=\"2\"><abstractNumId val=\"1\"/></num>\
             <num numId=\"3\"><abstractNumId val=\"1\"/><lvlOverride ilvl=\"0\"><startOverride val=\"1\"/></lvlOverride></num>\
             <num numId=\"4\"><abstractNumId val=\"1\"/><lvlOverride ilvl=\"0\"><lvl ilvl=\"0\"><start val=\"3\"/>\
             <numFmt val=\"lowerRoman\"/><lvlText val=\"(%1)\"/></lvl></lvlOverride></num>\
             <num numId=\"5\"><abstractNumId val=\"2\"/></num></numbering>";
        let mut numbering = Numbering::read("numbering.xml", xml).unwrap();
        let numbers: Vec<_> = [1, 1, 2, 3, 3, 4, 4, 1, 5]
            .iter()
            .map(|&list| numbering.next(list, 0).unwrap_or_else(|| "-".to_owned()))
            .collect();
        assert_eq!(numbers, ["1.", "2.", "3.", "1.", "2.", "(iii)", "(iv)", "4.", "-"]);
    }
}
