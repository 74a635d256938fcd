//! Dates, quarters, decades, weekdays and times of day, in English and Chinese.

use std::ops::Range;

use super::number::{Form, Quantity};
use super::numeral;
use super::token::{Sort, Token};

/// A point or stretch of time that is named by the calendar or the clock.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moment {
    pub(super) when: When,
    pub(super) tokens: Range<usize>,
}

/// What is named.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum When {
    Day(Day),
    /// Minutes since midnight; two where the half of the day is left open.
    Clock(Vec<u32>),
    /// The first year of ten.
    Decade(u32),
    /// 1 is Monday.
    Weekday(u32),
}

/// The parts of a date that are given.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Day {
    pub(super) year: Option<u32>,
    pub(super) quarter: Option<u32>,
    pub(super) month: Option<u32>,
    pub(super) day: Option<u32>,
    /// Whether day and month may stand the other way round: `5/3/2024`.
    pub(super) either_way: bool,
}

impl Day {
    /// Whether `other` has all that this date gives, its year apart.
    fn stands_but_for_year_in(&self, other: &Day) -> bool {
        let part = |mine: Option<u32>, other: Option<u32>| mine.is_none() || mine == other;
        let straight = part(self.month, other.month) && part(self.day, other.day);
        let turned = part(self.month, other.day) && part(self.day, other.month);
        let days_agree = straight || ((self.either_way || other.either_way) && turned);
        days_agree && part(self.quarter, other.quarter)
    }
}

impl When {
    /// Whether one of `moments` names this; `has_year` says whether a year stands anywhere.
    pub(super) fn is_in(&self, moments: &[When], has_year: impl Fn(u32) -> bool) -> bool {
        match self {
            When::Day(day) if day.month.is_none() && day.quarter.is_none() => day.year.is_none_or(has_year),
            When::Day(day) => moments.iter().any(|other| match other {
                When::Day(other) if day.stands_but_for_year_in(other) => match (day.year, other.year) {
                    (Some(year), None) => has_year(year),
                    (year, other) => year.is_none() || year == other,
                },
                _ => false,
            }),
            When::Clock(minutes) => moments.iter().any(|other| {
                matches!(other, When::Clock(others) if others.iter().any(|other| minutes.contains(other)))
            }),
            When::Decade(first) => {
                let named = moments.contains(self);
                named || (*first..first.saturating_add(10)).any(has_year)
            }
            When::Weekday(_) => moments.contains(self),
        }
    }
}

/// Whether one of `moments` is the full hour `hour`.
pub(super) fn is_full_hour(moments: &[When], hour: f64) -> bool {
    let minutes = (hour * 60.0) as u32;
    let names = |when: &When| matches!(when, When::Clock(all) if all.contains(&minutes));
    hour.fract() == 0.0 && (1.0..=24.0).contains(&hour) && moments.iter().any(names)
}

/// The moment that starts with the token at `at`.
pub(super) fn moment_at(tokens: &[Token], at: usize) -> Option<Moment> {
    let readers = [numeric, month_first, day_first, quarter, decade, chinese_date, clock, weekday];
    let (when, end) = readers.iter().find_map(|read| read(tokens, at))?;
    Some(Moment { when, tokens: at..end })
}

type Read = Option<(When, usize)>;

fn lower(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.lower.as_str())
}

fn single(tokens: &[Token], at: usize) -> Option<char> {
    tokens.get(at).and_then(Token::single)
}

/// The whole number in digits at `at`.
fn digits(tokens: &[Token], at: usize) -> Option<u32> {
    tokens.get(at).filter(|token| token.sort == Sort::Digits)?.text.parse().ok()
}

fn year_at(tokens: &[Token], at: usize) -> Option<u32> {
    digits(tokens, at).filter(|year| (1000..=2100).contains(year))
}

fn day_number(tokens: &[Token], at: usize) -> Option<u32> {
    digits(tokens, at).filter(|day| (1..=31).contains(day))
}

/// `2024-03-05`, `2024/3/5`, `5/3/2024`.
fn numeric(tokens: &[Token], at: usize) -> Read {
    let mark = single(tokens, at + 1).filter(|mark| matches!(mark, '-' | '/' | '.'))?;
    // `2024.3.5` was cut as 2024.3, '.', 5.
    if mark == '.' {
        let (year, month) = tokens.get(at)?.text.split_once('.')?;
        let day = Day {
            year: year.parse().ok().filter(|year| (1000..=2100).contains(year)),
            month: month.parse().ok().filter(|month| (1..=12).contains(month)),
            day: day_number(tokens, at + 2),
            ..Day::default()
        };
        return (day.year.is_some() && day.month.is_some() && day.day.is_some())
            .then_some((When::Day(day), at + 3));
    }
    if single(tokens, at + 3) != Some(mark) {
        return None;
    }
    let (first, second, third) = (digits(tokens, at)?, day_number(tokens, at + 2)?, digits(tokens, at + 4)?);
    let day = if (1000..=2100).contains(&first) && second <= 12 && (1..=31).contains(&third) {
        Day { year: Some(first), month: Some(second), day: Some(third), ..Day::default() }
    } else if (1000..=2100).contains(&third) && (1..=31).contains(&first) && first.min(second) <= 12 {
        let (month, day) = if second <= 12 { (second, first) } else { (first, second) };
        Day { year: Some(third), month: Some(month), day: Some(day), either_way: true, quarter: None }
    } else {
        return None;
    };
    Some((When::Day(day), at + 5))
}

const MONTHS: [(&str, &str); 12] = [
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may", "may"),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
];

/// The month at `at`. `May` and `March` are months only with a capital, `May` only beside a number or
/// behind a preposition.
fn month(tokens: &[Token], at: usize) -> Option<u32> {
    let token = tokens.get(at).filter(|token| token.is_capitalised())?;
    let name = token.lower.as_str();
    let is =
        |&(full, short): &(&str, &str)| full == name || short == name || (name == "sept" && short == "sep");
    let month = u32::try_from(MONTHS.iter().position(is)? + 1).ok()?;
    let before = at.checked_sub(1).map_or("", |before| lower(tokens, before));
    let behind_preposition = ["in", "of", "since", "until", "by", "from", "to", "on", "late", "early", "and"];
    let beside_number = digits(tokens, at + 1).is_some() || before.starts_with(|c: char| c.is_ascii_digit());
    let is_word = matches!(name, "may" | "march" | "mar" | "jun" | "jan" | "dec" | "sep" | "august");
    (!is_word || beside_number || behind_preposition.contains(&before)).then_some(month)
}

/// Skips what may stand between the parts of an English date.
fn skip(tokens: &[Token], at: usize, words: &[&str]) -> usize {
    at + usize::from(words.contains(&lower(tokens, at)))
}

fn ordinal_ending(tokens: &[Token], at: usize) -> usize {
    let attached = tokens.get(at).is_some_and(|token| !token.spaced);
    if attached { skip(tokens, at, &["st", "nd", "rd", "th"]) } else { at }
}

/// `March 5, 2024`, `March 2024`, `March`.
fn month_first(tokens: &[Token], at: usize) -> Read {
    let month = month(tokens, at)?;
    let mut day = Day { month: Some(month), ..Day::default() };
    let mut end = skip(tokens, at + 1, &["."]);
    let number = skip(tokens, end, &["the"]);
    if let Some(number_of_day) = day_number(tokens, number)
        && !matches!(single(tokens, number + 1), Some(':' | '%'))
    {
        day.day = Some(number_of_day);
        end = ordinal_ending(tokens, number + 1);
    }
    let year = skip(tokens, end, &[",", "of"]);
    if let Some(number) = year_at(tokens, year) {
        day.year = Some(number);
        end = year + 1;
    }
    Some((When::Day(day), end))
}

/// `5 March 2024`, `the 5th of March`.
fn day_first(tokens: &[Token], at: usize) -> Read {
    let number = day_number(tokens, at)?;
    let of = skip(tokens, ordinal_ending(tokens, at + 1), &["of"]);
    let month = month(tokens, of)?;
    let end = skip(tokens, of + 1, &["."]);
    let year_stands = skip(tokens, end, &[",", "of"]);
    let year = year_at(tokens, year_stands);
    let end = if year.is_some() { year_stands + 1 } else { end };
    Some((When::Day(Day { year, month: Some(month), day: Some(number), ..Day::default() }), end))
}

/// `Q3 2023`, `2023 Q3`, `third quarter of 2023`.
fn quarter(tokens: &[Token], at: usize) -> Read {
    let code = |at: usize| -> Option<u32> {
        let number: u32 = lower(tokens, at).strip_prefix('q')?.parse().ok()?;
        (1..=4).contains(&number).then_some(number)
    };
    if let (Some(year), Some(quarter)) = (year_at(tokens, at), code(at + 1)) {
        return Some((When::Day(Day { year: Some(year), quarter: Some(quarter), ..Day::default() }), at + 2));
    }
    let (quarter, mut end) = match code(at) {
        Some(quarter) => (quarter, at + 1),
        None => {
            let quarter = match lower(tokens, at) {
                "first" => 1,
                "second" => 2,
                "third" => 3,
                "fourth" => 4,
                _ => digits(tokens, at).filter(|&n| n <= 4 && ordinal_ending(tokens, at + 1) > at + 1)?,
            };
            let noun = skip(tokens, ordinal_ending(tokens, at + 1), &["-"]);
            (lower(tokens, noun) == "quarter").then_some((quarter, noun + 1))?
        }
    };
    let mut year = end;
    while matches!(lower(tokens, year), "of" | "," | "fiscal" | "fy" | "year" | "'") {
        year += 1;
    }
    let year_number = year_at(tokens, year);
    if year_number.is_some() {
        end = year + 1;
    }
    Some((When::Day(Day { year: year_number, quarter: Some(quarter), ..Day::default() }), end))
}

/// `1990s`, `1990年代`, `20世纪90年代`.
fn decade(tokens: &[Token], at: usize) -> Read {
    let number = digits(tokens, at)?;
    let attached = tokens.get(at + 1).is_some_and(|next| !next.spaced);
    if lower(tokens, at + 1) == "s" && attached && number % 10 == 0 && number >= 1000 {
        return Some((When::Decade(number), at + 2));
    }
    if han(tokens, at + 1, "年代") && number % 10 == 0 && number >= 1000 {
        return Some((When::Decade(number), at + 3));
    }
    let decade = digits(tokens, at + 3).filter(|decade| decade % 10 == 0 && *decade < 100)?;
    let named = han(tokens, at + 1, "世纪") && han(tokens, at + 4, "年代") && (1..=30).contains(&number);
    named.then(|| (When::Decade((number - 1) * 100 + decade), at + 6))
}

/// Whether the Chinese characters of `word` stand at `at`.
fn han(tokens: &[Token], at: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(i, c)| single(tokens, at + i) == Some(c))
}

/// A whole number in digits or Chinese numerals, and the token behind it.
fn numeral(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    if let Some(number) = digits(tokens, at) {
        return Some((number, at + 1));
    }
    let mut run = at;
    while single(tokens, run).is_some_and(|c| numeral::chinese_digit(c).is_some() || c == '十') {
        run += 1;
    }
    let Quantity { value, form, .. } = numeral::chinese_number(tokens, at..run)?;
    let whole = (0.0..10_000.0).contains(&value) && form != Form::Digits;
    whole.then_some((value as u32, run))
}

/// `2024年3月5日`, `3月5日`, `2023年第三季度`, `二〇二四年`.
fn chinese_date(tokens: &[Token], at: usize) -> Read {
    let mut day = Day::default();
    let mut end = at;
    let part = |at: usize, units: &[char]| {
        numeral(tokens, at).filter(|(_, end)| single(tokens, *end).is_some_and(|c| units.contains(&c)))
    };
    if let Some((year, unit)) = part(at, &['年']).filter(|(year, _)| (1000..=2100).contains(year)) {
        day.year = Some(year);
        end = unit + 1;
    }
    let number = end + usize::from(single(tokens, end) == Some('第'));
    if let Some((quarter, unit)) = numeral(tokens, number)
        && (1..=4).contains(&quarter)
        && (han(tokens, unit, "季度") || han(tokens, unit, "季报"))
    {
        day.quarter = Some(quarter);
        return Some((When::Day(day), unit + 2));
    }
    if let Some((month, unit)) = part(end, &['月']).filter(|(month, _)| (1..=12).contains(month)) {
        day.month = Some(month);
        end = unit + 1;
        if let Some((number, unit)) = part(end, &['日', '号']).filter(|(number, _)| (1..=31).contains(number))
        {
            day.day = Some(number);
            end = unit + 1;
        }
    }
    (end > at).then_some((When::Day(day), end))
}

const DAY_PARTS: [(&str, bool); 10] = [
    ("上午", false),
    ("早上", false),
    ("清晨", false),
    ("凌晨", false),
    ("早晨", false),
    ("中午", true),
    ("下午", true),
    ("傍晚", true),
    ("晚上", true),
    ("晚间", true),
];

/// `9:00`, `9 am`, `上午9点`, `9点30分`.
fn clock(tokens: &[Token], at: usize) -> Read {
    let named = DAY_PARTS.iter().find(|(word, _)| han(tokens, at, word));
    let start = if named.is_some() { at + 2 } else { at };
    let (hour, mut end) = numeral(tokens, start).filter(|(hour, _)| *hour <= 24)?;
    let mut afternoon = named.map(|(_, afternoon)| *afternoon);
    let mut minute = 0;
    let mut is_clock = false;
    if single(tokens, end) == Some(':')
        && let Some(number) = digits(tokens, end + 1).filter(|number| *number < 60)
        && tokens.get(end + 1).is_some_and(|token| token.text.len() == 2)
    {
        (minute, end, is_clock) = (number, end + 2, true);
    } else if matches!(single(tokens, end), Some('点' | '时')) {
        is_clock = named.is_some() || matches!(single(tokens, end + 1), Some('整' | '半'));
        end += 1;
        match numeral(tokens, end).filter(|(_, unit)| single(tokens, *unit) == Some('分')) {
            Some((number, unit)) if number < 60 => (minute, end, is_clock) = (number, unit + 1, true),
            _ if single(tokens, end) == Some('半') => (minute, end) = (30, end + 1),
            _ => {}
        }
    }
    if let Some(half) = match lower(tokens, end) {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    } {
        (afternoon, end, is_clock) = (Some(half), end + 1, true);
    }
    let minutes = |hour: u32| hour * 60 + minute;
    let all = match afternoon {
        Some(true) if hour < 12 => vec![minutes(hour + 12)],
        Some(false) if hour == 12 => vec![minutes(0)],
        None if hour <= 12 => vec![minutes(hour), minutes((hour + 12) % 24)],
        _ => vec![minutes(hour)],
    };
    is_clock.then_some((When::Clock(all), end))
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// `Monday`, `周一`, `星期日`.
fn weekday(tokens: &[Token], at: usize) -> Read {
    let name = lower(tokens, at);
    if let Some(day) = WEEKDAYS.iter().position(|day| name.strip_suffix('s').unwrap_or(name) == *day) {
        return Some((When::Weekday(u32::try_from(day + 1).ok()?), at + 1));
    }
    let prefix = ["星期", "礼拜", "周"].iter().find(|prefix| han(tokens, at, prefix))?;
    let number = at + prefix.chars().count();
    let day = "一二三四五六日".chars().position(|c| single(tokens, number) == Some(c));
    let day = day.or_else(|| (single(tokens, number) == Some('天') && *prefix != "周").then_some(6))?;
    Some((When::Weekday(u32::try_from(day + 1).ok()?), number + 1))
}
