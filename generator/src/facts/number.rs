//! Quantities: numbers in digits, English words or Chinese characters, with their scale and unit.

use std::ops::Range;

use super::numeral::{chinese_digit, chinese_number, chinese_scale};
use super::opposite::stands_at;
use super::token::{Sort, Token};
use super::unit::{self, Dimension, Unit};

/// A number of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantity {
    pub(super) value: f64,
    /// What else the same characters may mean: `98` of `1995-98` is 1998.
    pub(super) other: Option<f64>,
    /// The number without its scale word.
    pub(super) mantissa: f64,
    /// Digits that count: 3 for `1,230`.
    pub(super) significant: i32,
    /// Whether its thousands are set apart, as those of a year are not.
    pub(super) is_grouped: bool,
    /// Whether a scale word such as `million` follows.
    pub(super) scaled: bool,
    pub(super) unit: Option<Unit>,
    /// The unit of the number that it stands beside: percent for the 10 of `10 to 15%`.
    pub(super) shared_unit: Option<Unit>,
    pub(super) form: Form,
    pub(super) hedge: Hedge,
    /// The tokens that it takes.
    pub(super) tokens: Range<usize>,
}

/// How a number is written, which says how sure it is that a number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Digits,
    /// Several Chinese numerals, or English words other than `one` and `first`.
    Spelled,
    /// `one`, `first`, `一`: often no number at all.
    Single,
}

/// How exact a number claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hedge {
    Exact,
    About,
    /// `nearly`: it may be rounded up.
    Below,
    /// `over`: it may be rounded down.
    Above,
}

impl Quantity {
    /// A number within something else.
    pub(super) fn bare(value: f64, token: usize) -> Self {
        Self { tokens: token..token + 1, ..plain(value, 1, Form::Digits) }
    }

    pub(super) fn is_percent(&self) -> bool {
        self.unit.is_some_and(|unit| unit.dimension == Dimension::Percent)
    }

    /// Whether it looks like a year.
    pub(super) fn is_year(&self) -> bool {
        let plain = self.unit.is_none() && !self.scaled && !self.is_grouped && self.form == Form::Digits;
        plain && self.value.fract() == 0.0 && (1000.0..=2100.0).contains(&self.value) && self.significant <= 4
    }
}

/// The quantity that starts with the token at `at`.
pub(super) fn quantity_at(tokens: &[Token], at: usize) -> Option<Quantity> {
    if stands_at(tokens, at, "百分之") {
        let number = quantity_at(tokens, at + 3)?;
        return Some(Quantity { unit: unit::named("%"), tokens: at..number.tokens.end, ..number });
    }
    let (mut number, mut end) = digits_at(tokens, at)
        .or_else(|| english_at(tokens, at))
        .or_else(|| chinese_at(tokens, at))
        .or_else(|| multiple_at(tokens, at))?;
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let sign = before.and_then(|token| unit::currency_sign(&token.lower));
    while let Some((scale, len)) = scale_at(tokens, end, sign.is_some()) {
        number.value *= scale;
        number.scaled = true;
        end += len;
    }
    let (hedge_behind, len) = hedge_behind(tokens, end);
    end += len;
    if let Some((scale, len)) = scale_at(tokens, end, false).filter(|_| hedge_behind.is_some()) {
        number.value *= scale;
        number.scaled = true;
        end += len;
    }
    let (unit, len) = unit_at(tokens, end).map_or((None, 0), |(unit, len)| (Some(unit), len));
    number.unit = sign.or(unit);
    number.hedge = hedge_behind.unwrap_or_else(|| hedge_before(tokens, at));
    if number.form == Form::Single && number.value != 1.0 && counts_something(tokens, end) {
        number.form = Form::Spelled;
    }
    number.tokens = at..end + len;
    Some(number)
}

pub(super) fn plain(value: f64, significant: i32, form: Form) -> Quantity {
    Quantity {
        value,
        other: None,
        mantissa: value,
        significant,
        is_grouped: false,
        scaled: false,
        unit: None,
        shared_unit: None,
        form,
        hedge: Hedge::Exact,
        tokens: 0..0,
    }
}

fn digits_at(tokens: &[Token], at: usize) -> Option<(Quantity, usize)> {
    let token = tokens.get(at).filter(|token| token.sort == Sort::Digits)?;
    let mut digits = token.text.replace(',', "");
    let mut end = at + 1;
    // Thousands set apart by blanks, or by the blanks and commas of tokenised text.
    let joined = |end: usize| -> Option<(usize, &Token)> {
        let comma = tokens.get(end).is_some_and(|mark| mark.is(',') && mark.spaced);
        let at = end + usize::from(comma);
        let next = tokens.get(at).filter(|next| next.sort == Sort::Digits && next.spaced)?;
        let groups = next.text.split('.').next().is_some_and(|whole| whole.len() == 3);
        groups.then_some((at + 1, next))
    };
    if digits.len() <= 3 {
        while let Some((next_end, next)) = joined(end) {
            digits.push_str(&next.text);
            end = next_end;
            if next.text.contains('.') {
                break;
            }
        }
    }
    let value: f64 = digits.parse().ok()?;
    let mut number = plain(value, significant_digits(&digits), Form::Digits);
    number.is_grouped = end > at + 1 || token.text.contains(',');
    if end > at + 1 {
        number.other = token.text.parse().ok();
    } else if digits.len() == 2 {
        number.other = end_of_year_range(tokens, at, value);
    }
    Some((number, end))
}

/// 1998 for the `98` of `1995-98` and `1995/98`.
fn end_of_year_range(tokens: &[Token], at: usize, value: f64) -> Option<f64> {
    let mark = tokens.get(at.checked_sub(1)?)?;
    let year = tokens.get(at.checked_sub(2)?)?;
    let ranges = (mark.is('-') || mark.is('/')) && year.sort == Sort::Digits && year.text.len() == 4;
    let year: f64 = ranges.then(|| year.text.parse().ok())??;
    Some((year / 100.0).floor() * 100.0 + value)
}

pub(super) fn significant_digits(digits: &str) -> i32 {
    let all = digits.trim_start_matches(['0', '.']);
    let counted = if all.contains('.') || digits.contains('.') { all } else { all.trim_end_matches('0') };
    i32::try_from(counted.chars().filter(char::is_ascii_digit).count()).unwrap_or(i32::MAX)
}

const SMALL_NUMBERS: [(&str, &str, f64); 29] = [
    ("zero", "zeroth", 0.0),
    ("one", "first", 1.0),
    ("two", "second", 2.0),
    ("three", "third", 3.0),
    ("four", "fourth", 4.0),
    ("five", "fifth", 5.0),
    ("six", "sixth", 6.0),
    ("seven", "seventh", 7.0),
    ("eight", "eighth", 8.0),
    ("nine", "ninth", 9.0),
    ("ten", "tenth", 10.0),
    ("eleven", "eleventh", 11.0),
    ("twelve", "twelfth", 12.0),
    ("thirteen", "thirteenth", 13.0),
    ("fourteen", "fourteenth", 14.0),
    ("fifteen", "fifteenth", 15.0),
    ("sixteen", "sixteenth", 16.0),
    ("seventeen", "seventeenth", 17.0),
    ("eighteen", "eighteenth", 18.0),
    ("nineteen", "nineteenth", 19.0),
    ("twenty", "twentieth", 20.0),
    ("thirty", "thirtieth", 30.0),
    ("forty", "fortieth", 40.0),
    ("fifty", "fiftieth", 50.0),
    ("sixty", "sixtieth", 60.0),
    ("seventy", "seventieth", 70.0),
    ("eighty", "eightieth", 80.0),
    ("ninety", "ninetieth", 90.0),
    ("dozen", "dozenth", 12.0),
];

fn small_number(word: &str) -> Option<(f64, bool)> {
    let found = SMALL_NUMBERS.iter().find(|(cardinal, ordinal, _)| *cardinal == word || *ordinal == word)?;
    Some((found.2, found.1 == word))
}

/// `twenty-five`, `two hundred and fifty`, `a million`; `third` as 3.
fn english_at(tokens: &[Token], at: usize) -> Option<(Quantity, usize)> {
    let word = |at: usize| tokens.get(at).filter(|token| token.sort == Sort::Word).map(|t| t.lower.as_str());
    let first = word(at)?;
    let article = matches!(first, "a" | "an" | "half" | "per");
    let mut end = at;
    let (mut total, mut part, mut ordinal) = (0.0, 0.0, false);
    if article {
        let next = if first == "half" && matches!(word(at + 1), Some("a")) { at + 2 } else { at + 1 };
        let value = if first == "half" { 0.5 } else { 1.0 };
        match word(next) {
            Some("hundred" | "thousand" | "million" | "billion" | "trillion" | "dozen") => {
                (part, end) = (value, next);
            }
            Some(next) if first != "half" && unit::named(next).is_some() => {
                return Some((plain(1.0, 1, Form::Single), at + 1));
            }
            _ => return None,
        }
        if word(end) == Some("dozen") {
            return Some((plain(12.0 * part, 2, Form::Spelled), end + 1));
        }
    }
    let mut last = f64::INFINITY;
    while let Some(next) = word(end) {
        if next == "hundred" && part > 0.0 {
            part *= 100.0;
            last = 100.0;
        } else if next == "thousand" && part > 0.0 {
            total += part * 1000.0;
            (part, last) = (0.0, f64::INFINITY);
        } else if let Some((value, is_ordinal)) = small_number(next)
            && value < last
            && (last.is_infinite() || last == 100.0 || (last >= 20.0 && (1.0..10.0).contains(&value)))
        {
            part += value;
            last = value;
            ordinal = is_ordinal;
        } else {
            break;
        }
        end += 1;
        if ordinal {
            break;
        }
        let linked = tokens.get(end).is_some_and(|t| t.is('-') || (t.lower == "and" && part >= 100.0));
        if linked && word(end + 1).is_some_and(|next| small_number(next).is_some()) && last >= 20.0 {
            end += 1;
        }
    }
    let value = total + part;
    let form = if value == 1.0 && !article { Form::Single } else { Form::Spelled };
    (end > at).then(|| (plain(value, significant_digits(&value.to_string()), form), end))
}

/// `twice` and its like are counts too.
fn multiple_at(tokens: &[Token], at: usize) -> Option<(Quantity, usize)> {
    let value = match tokens.get(at)?.lower.as_str() {
        "once" | "single" => 1.0,
        "twice" | "double" | "both" | "pair" | "couple" | "bi" | "twin" => 2.0,
        "thrice" | "triple" | "trio" => 3.0,
        "quartet" | "quadruple" => 4.0,
        "quintet" => 5.0,
        _ => return None,
    };
    Some((plain(value, 1, Form::Single), at + 1))
}

/// `一千二百`, `二〇二四`, `十二`.
fn chinese_at(tokens: &[Token], at: usize) -> Option<(Quantity, usize)> {
    let numeral = |token: &&Token| {
        token.single().is_some_and(|c| chinese_digit(c).is_some() || chinese_scale(c).is_some())
    };
    let len = tokens.get(at..)?.iter().take_while(numeral).count();
    Some((chinese_number(tokens, at..at + len)?, at + len))
}

/// A scale word at `at` and how many tokens it takes.
fn scale_at(tokens: &[Token], at: usize, is_money: bool) -> Option<(f64, usize)> {
    let token = tokens.get(at)?;
    if token.sort == Sort::Han {
        return token.single().and_then(chinese_scale).filter(|&scale| scale > 10.0).map(|scale| (scale, 1));
    }
    let dashed = usize::from(token.is('-'));
    let word = tokens.get(at + dashed)?;
    let scale = match word.lower.as_str() {
        "hundred" => 100.0,
        "thousand" => 1e3,
        "million" | "mn" | "mio" => 1e6,
        "billion" | "bn" => 1e9,
        "trillion" => 1e12,
        "k" if !word.spaced => 1e3,
        "b" if !word.spaced => 1e9,
        "m" if !word.spaced && (is_money || word.text == "M") => 1e6,
        _ => return None,
    };
    Some((scale, 1 + dashed))
}

/// A unit at `at` and how many tokens it takes.
fn unit_at(tokens: &[Token], at: usize) -> Option<(Unit, usize)> {
    let token = tokens.get(at)?;
    if token.sort == Sort::Han {
        let ahead: Vec<char> = tokens.get(at..)?.iter().map_while(Token::single).take(4).collect();
        return unit::leading_chinese(&ahead);
    }
    let next = tokens.get(at + 1);
    if token.lower == "per" && next.is_some_and(|next| next.lower == "cent") {
        return unit::named("percent").map(|unit| (unit, 2));
    }
    if token.is('°') {
        let scale = next.map_or(String::new(), |next| format!("°{}", next.lower));
        return unit::named(&scale).map(|unit| (unit, 2));
    }
    if token.is('-') && token.spaced == next.is_some_and(|next| next.spaced) {
        // `15-day`, and `15 - day` of tokenised text.
        return next.and_then(|next| unit::named(&next.lower)).map(|unit| (unit, 2));
    }
    if token.lower == "square"
        && let Some(unit) = next.and_then(|next| unit::named(&next.lower))
    {
        let squared = Unit { dimension: Dimension::SquareMetres, factor: unit.factor * unit.factor };
        return Some((squared, 2));
    }
    unit::named(&token.lower).map(|unit| (unit, 1))
}

/// Characters that stand between a Chinese number and what it counts.
const CLASSIFIERS: &str =
    "个名位次种届项家所部座条支间层类只辆颗句首篇章集场级代人本张台艘架口件套批处轮组队站股点款";

fn counts_something(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).and_then(Token::single).is_some_and(|c| CLASSIFIERS.contains(c))
}

fn hedge_behind(tokens: &[Token], at: usize) -> (Option<Hedge>, usize) {
    match tokens.get(at).and_then(Token::single) {
        Some('多' | '余' | '+') => (Some(Hedge::Above), 1),
        Some('来' | '几') => (Some(Hedge::About), 1),
        _ => (None, 0),
    }
}

fn hedge_before(tokens: &[Token], at: usize) -> Hedge {
    let earlier = tokens.get(at.saturating_sub(4)..at).unwrap_or_default();
    for token in earlier.iter().rev() {
        match token.lower.as_str() {
            "about" | "approximately" | "around" | "roughly" | "some" | "circa" | "estimated" | "约" => {
                return Hedge::About;
            }
            "nearly" | "almost" | "under" | "less" | "近" | "不" => return Hedge::Below,
            "over" | "exceeding" | "more" | "least" | "超" | "逾" => return Hedge::Above,
            _ => {}
        }
    }
    Hedge::Exact
}
