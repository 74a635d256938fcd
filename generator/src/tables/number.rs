//! Numbers as tables write them: signs, currencies, per cent, thousands, and units of columns.

use rust_decimal::Decimal;
use serde::Serialize;

/// Bounds within which a column of a hundred thousand numbers is summed exactly.
const MAX_WHOLE_DIGITS: usize = 15;
const MAX_DECIMALS: usize = 8;

/// Currencies written before a number; longer ones first, as `$` ends some of them.
const SIGNS_BEFORE: [&str; 15] =
    ["US$", "HK$", "A$", "C$", "S$", "NT$", "RMB", "USD", "EUR", "GBP", "CNY", "$", "€", "£", "¥"];

/// Words that multiply, with their power of ten; longer ones first.
const SCALES: [(&str, u32); 11] = [
    ("thousand", 3),
    ("million", 6),
    ("billion", 9),
    ("百万", 6),
    ("千万", 7),
    ("百亿", 10),
    ("千亿", 11),
    ("万亿", 12),
    ("万", 4),
    ("亿", 8),
    ("千", 3),
];

/// Units that may follow a number in a cell or stand in brackets in a header.
const UNITS: [&str; 55] = [
    "%",
    "percent",
    "元",
    "美元",
    "港元",
    "欧元",
    "人民币",
    "日元",
    "英镑",
    "RMB",
    "CNY",
    "USD",
    "EUR",
    "GBP",
    "US$",
    "$",
    "€",
    "£",
    "¥",
    "人",
    "个",
    "名",
    "件",
    "台",
    "套",
    "家",
    "次",
    "天",
    "小时",
    "分钟",
    "岁",
    "吨",
    "公斤",
    "千克",
    "平方米",
    "公里",
    "米",
    "辆",
    "户",
    "day",
    "days",
    "hours",
    "hour",
    "minutes",
    "months",
    "years",
    "people",
    "pcs",
    "units",
    "MWh",
    "kWh",
    "kg",
    "km",
    "GB",
    "MB",
];

/// What numbers of a cell or column count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// `$`, `%`, `元`, `days`.
    pub sign: Option<String>,
    /// The power of ten in which the numbers are given: 3 for “in thousands”. It is not multiplied in.
    pub scale: Option<u32>,
}

/// A number with what was written beside it. A scale within the cell, as in `3.5万`, is multiplied in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// The number.
    pub value: Decimal,
    /// `$`, `%`, `元`, `days`.
    pub sign: Option<String>,
}

impl Amount {
    /// Reads a whole cell; `None` for dates, ranges and anything else that is not one plain number.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        let mut rest = folded.trim();
        let mut is_negative = false;
        let mut sign = None;
        // `(1,234)`, `$(1,234)`, `($1,234)`, `(4.4)%`, `-$5`: what stands around the digits comes off
        // layer by layer.
        loop {
            let before = rest.len();
            if let Some(inner) = in_brackets(rest) {
                if is_negative {
                    return None;
                }
                (is_negative, rest) = (true, inner);
            } else if let Some(after) = rest.strip_prefix(['-', '−', '–']) {
                if is_negative {
                    return None;
                }
                (is_negative, rest) = (true, after.trim_start());
            } else if let Some(after) = rest.strip_prefix('+') {
                rest = after.trim_start();
            } else if let Some((found, after)) = sign_before(rest) {
                if sign.replace(found.to_owned()).is_some() {
                    return None;
                }
                rest = after;
            } else if rest.ends_with('%') && sign.is_none() && rest.len() > 1 {
                sign = Some("%".to_owned());
                rest = rest.trim_end_matches('%').trim_end();
            }
            if rest.len() == before {
                break;
            }
        }
        let digits = rest.find(|c: char| !matches!(c, '0'..='9' | ',' | '.')).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let (power, tail) = scale_at_start(tail.trim());
        match (unit_named(tail), &sign) {
            _ if tail.is_empty() => {}
            (Some(found), None) => sign = Some(found.to_owned()),
            _ => return None,
        }
        let value = decimal(number, power)?;
        Some(Self { value: if is_negative { -value } else { value }, sign })
    }
}

impl Unit {
    /// The unit that a header or caption states: `Cost ($ in thousands)`, `销售额（万元）`, `Growth %`,
    /// `单位：元`.
    pub fn stated_in(text: &str) -> Self {
        let folded = fold(text).to_lowercase();
        let mut unit = Self::default();
        if folded.trim_end().ends_with('%') {
            unit.sign = Some("%".to_owned());
        }
        for part in unit_parts(&folded) {
            unit.add(part);
        }
        unit
    }

    /// This unit, completed by `other` where it says nothing.
    pub fn or(self, other: Self) -> Self {
        Self { sign: self.sign.or(other.sign), scale: self.scale.or(other.scale) }
    }

    fn add(&mut self, part: &str) {
        let part = part.trim();
        for (word, power) in [("thousand", 3), ("million", 6), ("billion", 9), ("000", 3)] {
            if part.contains(word) {
                self.scale.get_or_insert(power);
            }
        }
        let (power, rest) = scale_at_start(part);
        if power > 0 && (rest.is_empty() || unit_named(rest).is_some()) {
            self.scale.get_or_insert(power);
        }
        let named = unit_named(rest).or_else(|| sign_before(&part.to_uppercase()).map(|(sign, _)| sign));
        if let Some(sign) = named {
            self.sign.get_or_insert(sign.to_owned());
        }
    }
}

/// Whether a cell holds nothing but a year.
pub(crate) fn is_year(text: &str) -> bool {
    let text = text.trim().trim_end_matches('年');
    text.len() == 4 && text.parse::<u16>().is_ok_and(|year| (1900..=2100).contains(&year))
}

/// The power of ten of a word such as `million` or `万`.
pub(crate) fn scale_of(word: &str) -> Option<u32> {
    SCALES.iter().find(|(scale, _)| *scale == word).map(|(_, power)| *power)
}

/// Full-width digits and punctuation as ASCII; other characters as they are.
pub(crate) fn fold(text: &str) -> String {
    let folded = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        '￥' => '¥',
        '【' | '〔' => '(',
        '】' | '〕' => ')',
        c => c,
    };
    text.chars().map(folded).collect()
}

/// A plain number with commas only between groups of three digits, times ten to the `power`.
pub(crate) fn decimal(number: &str, power: u32) -> Option<Decimal> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_grouped = whole.contains(',');
    let are_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let is_valid = are_digits(first)
        && are_digits(fraction)
        && (!is_grouped || (1..=3).contains(&first.len()))
        && groups.all(|group| group.len() == 3 && are_digits(group))
        && !(number.ends_with('.') || first.is_empty() && fraction.is_empty());
    let digits = whole.replace(',', "");
    if !is_valid || digits.len() + power as usize > MAX_WHOLE_DIGITS || fraction.len() > MAX_DECIMALS {
        return None;
    }
    let value = Decimal::from_str_exact(&format!("{digits}.{fraction}0")).ok()?;
    Some(value.checked_mul(Decimal::from(10_u64.checked_pow(power)?))?.normalize())
}

fn in_brackets(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?.trim();
    (!inner.is_empty()).then_some(inner)
}

fn sign_before(text: &str) -> Option<(&'static str, &str)> {
    SIGNS_BEFORE.iter().find_map(|sign| Some((*sign, text.strip_prefix(sign)?.trim_start())))
}

fn scale_at_start(text: &str) -> (u32, &str) {
    let found = SCALES.iter().find_map(|(word, power)| Some((*power, text.strip_prefix(word)?)));
    found.map_or((0, text), |(power, rest)| (power, rest.trim_start()))
}

fn unit_named(text: &str) -> Option<&'static str> {
    UNITS.iter().copied().find(|unit| unit.eq_ignore_ascii_case(text))
}

/// The parts of a header that may state a unit: in brackets, after `单位`, or from `in` on.
fn unit_parts(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> =
        text.split('(').skip(1).filter_map(|part| part.split_once(')').map(|(inside, _)| inside)).collect();
    if let Some((_, after)) = text.split_once("单位") {
        let stated = after.trim_start_matches([':', ' ']);
        parts.push(stated.split([')', ' ', '\n']).next().unwrap_or_default());
    }
    for start in ["in thousands", "in millions", "in billions"] {
        if text.contains(start) {
            parts.push(start);
        }
    }
    parts.into_iter().flat_map(|part| part.split([',', ';', '，'])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_numbers_with_their_signs() {
        for (text, value, sign) in [
            ("1,234.5", "1234.5", None),
            ("(1,234)", "-1234", None),
            ("$ (3,015)", "-3015", Some("$")),
            ("($0.5)", "-0.5", Some("$")),
            ("(4.4)%", "-4.4", Some("%")),
            ("−7", "-7", None),
            ("US$5", "5", Some("US$")),
            ("12 €", "12", Some("€")),
            ("3.5万元", "35000", Some("元")),
            ("１２，３４５．６％", "12345.6", Some("%")),
            ("2亿", "200000000", None),
            ("5 million", "5000000", None),
            ("20 days", "20", Some("days")),
            (".5", "0.5", None),
        ] {
            let amount = Amount::parse(text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!((amount.value.to_string().as_str(), amount.sign.as_deref()), (value, sign), "{text}");
        }
        for text in [
            "",
            "-",
            "—",
            "n/a",
            "()",
            "2023-01-02",
            "12/31/2019",
            "10-20",
            "1,23",
            "1.234,5",
            "12345,678",
            "3.",
            "Q1",
            "v2",
            "1 2",
            "5m",
            "2023年",
            "((5))",
            "$5%",
            "1234567890123456",
            "0.123456789",
        ] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn headers_state_units() {
        for (text, sign, scale) in [
            ("Cost ($ in thousands)", Some("$"), Some(3)),
            ("销售额（万元）", Some("元"), Some(4)),
            ("单位：亿元", Some("元"), Some(8)),
            ("表 3（单位：万元）\n第三章", Some("元"), Some(4)),
            ("Growth %", Some("%"), None),
            ("Sales, in millions", None, Some(6)),
            ("Net income (loss)", None, None),
            ("Salary (EUR)", Some("EUR"), None),
            ("Revenue", None, None),
        ] {
            let unit = Unit::stated_in(text);
            assert_eq!((unit.sign.as_deref(), unit.scale), (sign, scale), "{text}");
        }
    }
}
