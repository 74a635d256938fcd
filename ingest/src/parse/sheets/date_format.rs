//! Shows a serial date or time the way its cell's format does.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::locale::Locale;

/// A day in milliseconds.
const DAY_MS: f64 = 86_400_000.0;
/// The 31st of December 9999, the last day a workbook knows.
const LAST_DAY: f64 = 2_958_465.0;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Whether a format's code (locale and colours removed) shows a date or a time.
pub(super) fn is_date(code: &str) -> bool {
    let items = items(code);
    let has_number =
        items.iter().any(|item| matches!(item, Item::Literal(text) if text.contains(['#', '?', '%', '@'])));
    items.iter().any(|item| matches!(item, Item::Field(..) | Item::Elapsed(..))) && !has_number
}

/// `serial` days as `code` shows them; `None` where they are no date.
pub(super) fn show(serial: f64, code: &str, epoch_1904: bool, locale: Locale) -> Option<String> {
    let items = with_minutes(items(code));
    let moment = moment(serial, epoch_1904)?;
    let total_ms = (serial * DAY_MS).round() as i64;
    let twelve_hours = items.iter().any(|item| matches!(item, Item::HalfDay(..)));
    let mut out = String::new();
    for item in &items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Field(letter @ ('y' | 'e' | 'm' | 'd' | 'a'), length) => {
                day_field(&mut out, *letter, *length, &moment, locale);
            }
            Item::Field(letter, length) => {
                let number = match letter {
                    'h' if twelve_hours => (moment.hour() + 11) % 12 + 1,
                    'h' => moment.hour(),
                    // Minutes.
                    'n' => moment.minute(),
                    _ => moment.second(),
                };
                out.push_str(&locale.number(number, (*length).min(2)));
            }
            Item::Elapsed(letter, length) => {
                let unit = match letter {
                    'h' => 3_600_000,
                    'm' => 60_000,
                    _ => 1000,
                };
                out.push_str(&format!("{:0>length$}", total_ms / unit));
            }
            Item::HalfDay(morning, afternoon) => {
                out.push_str(if moment.hour() < 12 { morning } else { afternoon });
            }
            Item::Fraction(digits) => {
                let ms = format!("{:03}", moment.nanosecond() / 1_000_000);
                out.push('.');
                out.push_str(ms.get(..*digits).unwrap_or(&ms));
            }
        }
    }
    Some(out.trim().to_owned())
}

fn moment(serial: f64, epoch_1904: bool) -> Option<NaiveDateTime> {
    if !(0.0..LAST_DAY + 1.0).contains(&serial) {
        return None;
    }
    let epoch = match epoch_1904 {
        true => NaiveDate::from_ymd_opt(1904, 1, 1)?,
        // Workbooks count a 29th of February 1900, which there was not: the days before it lie one further.
        false if serial < 60.0 => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        false => NaiveDate::from_ymd_opt(1899, 12, 30)?,
    };
    // Rounding to milliseconds takes away what floating point added: 11:59:59.9999 is noon.
    let ms = (serial * DAY_MS).round() as i64;
    epoch.and_time(NaiveTime::MIN).checked_add_signed(Duration::milliseconds(ms))
}

fn day_field(out: &mut String, letter: char, length: usize, moment: &NaiveDateTime, locale: Locale) {
    let name = |name: &str| if length == 3 { name.chars().take(3).collect() } else { name.to_owned() };
    let month = MONTHS[moment.month0() as usize % 12];
    let weekday = moment.weekday().num_days_from_monday() as usize % 7;
    let text = match (letter, length) {
        ('y', 1 | 2) => locale.year(&format!("{:02}", moment.year() % 100)),
        ('y' | 'e', _) => locale.year(&moment.year().to_string()),
        ('m', 1 | 2) => locale.number(moment.month(), length),
        ('m', 5) => month.chars().take(1).collect(),
        ('m', _) => locale.month(moment.month(), length).unwrap_or_else(|| name(month)),
        ('d', 1 | 2) => locale.number(moment.day(), length),
        _ => locale.weekday(weekday, letter, length, out).unwrap_or_else(|| name(DAYS[weekday])),
    };
    out.push_str(&text);
}

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Literal(String),
    /// A letter and how often it stands; `n` is the minute once [`with_minutes`] has told it from the month.
    Field(char, usize),
    Elapsed(char, usize),
    /// What stands for the morning and the afternoon.
    HalfDay(&'static str, &'static str),
    Fraction(usize),
}

const HALF_DAYS: [(&str, &str, &str); 3] =
    [("am/pm", "AM", "PM"), ("a/p", "A", "P"), ("上午/下午", "上午", "下午")];

fn items(code: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let lower = c.to_ascii_lowercase();
        let half_day = HALF_DAYS
            .iter()
            .find(|(sign, ..)| rest.get(..sign.len()).is_some_and(|start| start.eq_ignore_ascii_case(sign)));
        let run = rest.chars().take_while(|next| next.to_ascii_lowercase() == lower).count();
        let (item, length) = match lower {
            '"' => {
                let literal = rest[1..].split('"').next().unwrap_or_default();
                (Item::Literal(literal.to_owned()), (literal.len() + 2).min(rest.len()))
            }
            _ if half_day.is_some() => {
                let (sign, morning, afternoon) = half_day.copied().unwrap_or(("", "", ""));
                (Item::HalfDay(morning, afternoon), sign.len().max(1))
            }
            _ if rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("general")) => {
                (Item::Literal("@".to_owned()), 7)
            }
            'e' if rest[1..].starts_with(['+', '-']) => (Item::Literal("#".to_owned()), 2),
            'y' | 'm' | 'd' | 'h' | 's' | 'e' => (Item::Field(lower, run), run),
            // `aaa` is the day of the week in Chinese and Japanese formats.
            'a' if run >= 3 => (Item::Field('a', run), run),
            '[' => {
                let inside = rest[1..].split(']').next().unwrap_or_default();
                let letter = inside.chars().next().unwrap_or('h').to_ascii_lowercase();
                (Item::Elapsed(letter, inside.chars().count()), (inside.len() + 2).min(rest.len()))
            }
            '.' if rest[1..].starts_with('0') => {
                let digits = rest[1..].chars().take_while(|&c| c == '0').count();
                (Item::Fraction(digits), digits + 1)
            }
            _ => (Item::Literal(c.to_string()), c.len_utf8()),
        };
        items.push(item);
        rest = rest.get(length..).unwrap_or_default();
    }
    items
}

/// `m` after hours or before seconds is the minute.
fn with_minutes(mut items: Vec<Item>) -> Vec<Item> {
    let fields: Vec<usize> =
        (0..items.len()).filter(|&at| matches!(items[at], Item::Field(..) | Item::Elapsed(..))).collect();
    let letter = |items: &[Item], at: Option<&usize>| match at.map(|&at| &items[at]) {
        Some(Item::Field(letter, _) | Item::Elapsed(letter, _)) => Some(*letter),
        _ => None,
    };
    for (order, &at) in fields.iter().enumerate() {
        let before = order.checked_sub(1).and_then(|before| letter(&items, fields.get(before)));
        let after = letter(&items, fields.get(order + 1));
        if let Item::Field('m', length @ (1 | 2)) = items[at]
            && (before == Some('h') || after == Some('s'))
        {
            items[at] = Item::Field('n', length);
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(serial: f64, code: &str, expected: &str) {
        assert!(is_date(code), "{code}");
        assert_eq!(show(serial, code, false, Locale::default()).as_deref(), Some(expected), "{code}");
    }

    #[test]
    fn dates_and_times() {
        check(45292.0, "d/m/yy", "1/1/24");
        check(45292.0, "dddd, mmmm dd, yyyy", "Monday, January 01, 2024");
        check(45292.0, "mmm-yy", "Jan-24");
        check(45292.0, "yyyy\"年\"m\"月\"d\"日\"", "2024年1月1日");
        check(45292.0, "yyyy年m月", "2024年1月");
        check(45292.604166666664, "h:mm AM/PM", "2:30 PM");
        check(45292.604166666664, "上午/下午h\"时\"mm\"分\"", "下午2时30分");
        check(45292.604166666664, "hh:mm:ss", "14:30:00");
        check(0.00001157407, "mm:ss", "00:01");
        check(1.5, "[h]:mm", "36:00");
        check(0.5000057870, "h:mm:ss.0", "12:00:00.5");
        check(1.0, "yyyy-mm-dd", "1900-01-01");
        check(61.0, "yyyy-mm-dd", "1900-03-01");
    }

    #[test]
    fn numbers_are_no_dates() {
        for code in ["0.00", "#,##0", "General", "0.00E+00", "\"days\" 0", "@", "#,##0 \"d\""] {
            assert!(!is_date(code), "{code}");
        }
        for serial in [-1.0, 1e300, f64::NAN] {
            assert_eq!(show(serial, "yyyy", false, Locale::default()), None);
        }
    }
}
