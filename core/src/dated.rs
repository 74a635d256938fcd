//! When a document is of: what its metadata, its opening or its name says, else the day it was added.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::document::Metadata;

/// The date of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentDate {
    /// As ISO 8601 writes it, as exactly as it is known: `2024`, `2024-03` or `2024-03-01`.
    pub day: String,
    /// Whether the document or its metadata says so; else it is the day on which this content was added.
    pub stated: bool,
}

/// Metadata that tells it, best first.
const METADATA: [&str; 9] = [
    "effective_date",
    "effective",
    "valid_from",
    "date",
    "published",
    "updated",
    "生效日期",
    "发布日期",
    "日期",
];

/// Words before a date that make it the document's own.
const CUES: [&str; 23] = [
    "effective",
    "in force",
    "valid from",
    "as of",
    "dated",
    "date:",
    "updated",
    "revised",
    "published",
    "issued",
    "approved",
    "version",
    "生效",
    "施行",
    "实施",
    "发布",
    "修订",
    "更新",
    "日期",
    "版本",
    "印发",
    "签发",
    "自",
];

/// Longest distance between such a word and the date, in bytes.
const CUE_BYTES: usize = 40;

/// Scalar values of a text that are looked through.
const OPENING: usize = 1_200;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl DocumentDate {
    /// Of a document with this metadata, text and names (title, key), added at `added`.
    pub fn of(metadata: &Metadata, text: &str, names: &[&str], added: DateTime<Utc>) -> Self {
        let stated = METADATA
            .iter()
            .find_map(|key| dates(metadata.get(*key)?).pop().map(|(_, day)| day))
            .or_else(|| in_opening(text))
            .or_else(|| names.iter().find_map(|name| dates(name).pop().map(|(_, day)| day)));
        match stated {
            Some(day) => Self { day, stated: true },
            None => Self { day: added.format("%Y-%m-%d").to_string(), stated: false },
        }
    }

    /// Which of both is later, as far as both are known as exactly and in the same way.
    pub fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        let common = self.day.len().min(other.day.len());
        let order = self.day.get(..common)?.cmp(other.day.get(..common)?);
        (self.stated == other.stated && order.is_ne()).then_some(order)
    }
}

/// The first date that a word before it makes the document's own.
fn in_opening(text: &str) -> Option<String> {
    let end = text.char_indices().nth(OPENING).map_or(text.len(), |(end, _)| end);
    let opening = text.get(..end)?.to_lowercase();
    let mut found = dates(&opening).into_iter();
    found.find(|(at, _)| is_cued(&opening, *at)).map(|(_, day)| day)
}

fn is_cued(text: &str, at: usize) -> bool {
    let mut from = at.saturating_sub(CUE_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text.get(from..at).unwrap_or_default();
    // A sentence that ended before says nothing of it.
    let before = before.rsplit(['.', '。', '\n']).next().unwrap_or_default();
    CUES.iter().any(|cue| before.contains(cue))
}

/// The dates of a text with the bytes where they begin.
fn dates(text: &str) -> Vec<(usize, String)> {
    let text = text.to_lowercase();
    let digits = |c: char| c.is_ascii_digit();
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut end_of_last = 0;
    for (at, _) in text.char_indices() {
        let (before, rest) = text.split_at(at);
        let year =
            rest.get(..4).filter(|y| y.chars().all(digits) && (y.starts_with("19") || y.starts_with("20")));
        let Some(year) = year else { continue };
        let after = rest.get(4..).unwrap_or_default();
        if at < end_of_last || before.ends_with(digits) || after.starts_with(digits) {
            continue;
        }
        if let Some((day, length)) = year_first(year, after) {
            end_of_last = at + 4 + length;
            found.push((at, day));
        } else if let Some((start, day)) = year_last(year, before) {
            found.push((start, day));
        } else {
            found.push((at, year.to_owned()));
        }
    }
    found
}

/// `2024-03-01`, `2024/3/1`, `2024.3.1`, `2024年3月1日` and their beginnings; with the bytes after the year.
fn year_first(year: &str, after: &str) -> Option<(String, usize)> {
    if let Some(rest) = after.strip_prefix('年') {
        let Some((month, rest)) = number(rest.trim_start()) else {
            return Some((year.to_owned(), '年'.len_utf8()));
        };
        let Some(rest) = rest.strip_prefix('月') else { return Some((year.to_owned(), '年'.len_utf8())) };
        let day = number(rest.trim_start()).filter(|(_, rest)| rest.starts_with(['日', '号']));
        return iso(year, month, day.map(|(day, _)| day)).map(|day| (day, after.len() - rest.len()));
    }
    let separator = after.chars().next().filter(|c| matches!(c, '-' | '/' | '.' | '_'))?;
    let (month, rest) = number(after.get(1..)?)?;
    match rest.strip_prefix(separator).and_then(number) {
        Some((day, rest)) => Some((iso(year, month, Some(day))?, after.len() - rest.len())),
        None if separator == '-' && !rest.starts_with('-') => {
            Some((iso(year, month, None)?, after.len() - rest.len()))
        }
        None => None,
    }
}

/// `1 March 2024`, `March 1, 2024` and `March 2024`; with the byte where it begins.
fn year_last(year: &str, before: &str) -> Option<(usize, String)> {
    let mut words = before.trim_end_matches([' ', ',']).rsplitn(3, [' ', '\n', '(']);
    let (last, earlier) = (words.next()?, words.next().unwrap_or_default());
    let start = |word: &str| word.as_ptr() as usize - before.as_ptr() as usize;
    let day_of = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic() || c == ',');
        digits.parse::<u32>().ok().filter(|day| (1..=31).contains(day))
    };
    if let Some(month) = month(last) {
        return Some(match day_of(earlier).and_then(|day| iso(year, month, Some(day))) {
            Some(day) => (start(earlier), day),
            None => (start(last), iso(year, month, None)?),
        });
    }
    let day = iso(year, month(earlier)?, Some(day_of(last)?))?;
    Some((start(earlier), day))
}

fn month(word: &str) -> Option<u32> {
    let word = word.trim_end_matches(['.', ',']);
    let number = (1..).zip(MONTHS).find(|(_, name)| word.starts_with(name))?.0;
    let is_whole =
        word.len() == 3 || chrono::Month::try_from(number as u8).ok()?.name().eq_ignore_ascii_case(word);
    (is_whole || word == "sept").then_some(number)
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (1..=2).contains(&digits.len()).then(|| digits.parse().ok()).flatten().map(|number| (number, rest))
}

fn iso(year: &str, month: u32, day: Option<u32>) -> Option<String> {
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month, day.unwrap_or(1))?;
    Some(date.format(if day.is_some() { "%Y-%m-%d" } else { "%Y-%m" }).to_string())
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Vec<String> {
        dates(text).into_iter().map(|(_, day)| day).collect()
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2024-03-01", "2024-03-01"),
            ("2024/3/1", "2024-03-01"),
            ("report_2024.03.01.pdf", "2024-03-01"),
            ("2024年3月1日", "2024-03-01"),
            ("2024年 3月", "2024-03"),
            ("2024年", "2024"),
            ("1 March 2024", "2024-03-01"),
            ("1st mar. 2024", "2024-03-01"),
            ("March 1, 2024", "2024-03-01"),
            ("(September 2024)", "2024-09"),
            ("2024-03", "2024-03"),
            ("Travel Policy 2022", "2022"),
            ("2024-13-41", "2024"),
        ] {
            assert_eq!(day(text), [expected], "{text}");
        }
        assert_eq!(day("12024 and 20245, room 2a, marching 5"), Vec::<String>::new());
        assert_eq!(day("from 2022-01-01 to 2023年"), ["2022-01-01", "2023"]);
    }

    #[test]
    fn metadata_goes_before_the_opening_and_that_before_the_name() {
        let added = "2026-05-06T07:08:09Z".parse().unwrap();
        let of = |metadata: &[(&str, &str)], text: &str, names: &[&str]| {
            let metadata = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            let date = DocumentDate::of(&metadata, text, names, added);
            (date.day, date.stated)
        };
        let stated = |day: &str| (day.to_owned(), true);
        let opening = "# Leave policy\n\nEffective from 1 January 2023. Acme was founded in 1999.";
        assert_eq!(of(&[("effective_date", "2024-02-03")], opening, &["policy 2020"]), stated("2024-02-03"));
        assert_eq!(of(&[("effective_date", "soon")], opening, &["policy 2020"]), stated("2023-01-01"));
        assert_eq!(of(&[], "本制度自2022年5月1日起施行。", &[]), stated("2022-05-01"));
        assert_eq!(of(&[], "Acme was founded in 1999.", &["policy", "policy-2020.md"]), stated("2020"));
        assert_eq!(of(&[], "Acme was founded in 1999.", &["policy"]), ("2026-05-06".to_owned(), false));
    }

    #[test]
    fn dates_are_compared_as_far_as_they_are_known() {
        let date = |day: &str, stated| DocumentDate { day: day.to_owned(), stated };
        assert_eq!(date("2022", true).compare(&date("2024-01", true)), Some(Ordering::Less));
        assert_eq!(date("2024", true).compare(&date("2024-01", true)), None);
        assert_eq!(date("2022", true).compare(&date("2024", false)), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[0-9年月日/. -]{0,40}|\\PC{0,60}|(19|20)[0-9]{2}\\PC{0,20}") {
            let added = "2026-05-06T07:08:09Z".parse().unwrap();
            let date = DocumentDate::of(&Metadata::new(), &text, &[&text], added);
            prop_assert!(matches!(date.day.len(), 4 | 7 | 10));
        }
    }
}
