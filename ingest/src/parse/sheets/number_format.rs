//! Shows a number the way its cell's format does: the part of ECMA-376 18.8.30 that people meet.
//!
//! Dates that the format leaves to the reader's country (built-in 14 and 22) are written year first, which everybody
//! reads alike.

use super::locale::{Language, Locale, Numerals};
use super::{date_format, fraction};

/// Longest run of decimals that is written.
const MAX_DECIMALS: usize = 30;
/// Most characters of a number without a format that Excel shows, however wide the column is, and how many decimals are
/// written even so.
const MAX_GENERAL_CHARS: usize = 11;
const MIN_GENERAL_DECIMALS: usize = 4;

/// `value` as a cell of this format shows it, which is nothing where the format hides it; `epoch_1904` is the workbook's
/// date system.
pub(crate) fn show_in_cell(value: f64, format: &str, epoch_1904: bool) -> String {
    seen(value, format, epoch_1904).unwrap_or_default()
}

/// `value` as `format` shows it, and as it is where the format hides it: a chart draws it all the same.
pub(crate) fn show(value: f64, format: &str, epoch_1904: bool) -> String {
    seen(value, format, epoch_1904).unwrap_or_else(|| general(value))
}

fn seen(value: f64, format: &str, epoch_1904: bool) -> Option<String> {
    let sections = sections(format);
    let (section, signed) = choose(&sections, value)?;
    let numerals = section.locale.numerals();
    if section.code.trim().is_empty() {
        // A section that says nothing hides the number, but a format of nothing but colours and languages is none.
        return (sections.len() == 1).then(|| match numerals {
            Some(numerals) => numerals.counted(&general(value)),
            None => general(value),
        });
    }
    let magnitude = if signed { value } else { value.abs() };
    if date_format::is_date(&section.code) {
        let shown = date_format::show(magnitude, &section.code, epoch_1904, section.locale);
        return Some(shown.unwrap_or_else(|| general(value)));
    }
    let tokens = tokens(&section.code);
    let shows_number = tokens.iter().any(|t| matches!(t, Token::Digit(_) | Token::General | Token::Text));
    if !shows_number && !tokens.iter().any(|t| matches!(t, Token::Literal(_))) {
        return Some(general(value));
    }
    let is_counted = tokens.contains(&Token::General);
    let has_point = tokens.contains(&Token::Point);
    let shown = match tokens.contains(&Token::Slash) {
        true => match fraction::show(&tokens, magnitude.abs()) {
            Some(shown) => shown,
            None => return Some(general(value)),
        },
        false => Pattern::new(tokens).show(magnitude.abs()),
    };
    let is_zero = !shown.contains(|c: char| ('1'..='9').contains(&c));
    let shown = shown.trim();
    if shown.is_empty() {
        // `#` shows nothing of zero, and `#.#` its point.
        return has_point.then(|| general(value));
    }
    let shown = match numerals {
        Some(numerals) if is_counted => numerals.counted(shown),
        Some(numerals) => numerals.spelled(shown),
        None => shown.to_owned(),
    };
    Some(if magnitude < 0.0 && !is_zero { format!("-{shown}") } else { shown })
}

/// The format behind the ids that every workbook knows without defining them.
pub(crate) fn built_in(id: u32) -> Option<&'static str> {
    Some(match id {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        5 | 6 => "\"$\"#,##0;-\"$\"#,##0",
        7 | 8 => "\"$\"#,##0.00;-\"$\"#,##0.00",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 => "# ?/?",
        13 => "# ??/??",
        48 => "##0.0E+0",
        14 | 30 => "yyyy-mm-dd",
        15 => "d-mmm-yy",
        16 => "d-mmm",
        17 => "mmm-yy",
        18 => "h:mm AM/PM",
        19 => "h:mm:ss AM/PM",
        20 => "h:mm",
        21 => "h:mm:ss",
        22 => "yyyy-mm-dd h:mm",
        27 | 36 | 50 | 52 | 57 => "yyyy\"年\"m\"月\"",
        28 | 29 | 51 | 53 | 54 | 58 => "m\"月\"d\"日\"",
        31 => "yyyy\"年\"m\"月\"d\"日\"",
        32 => "h\"时\"mm\"分\"",
        33 => "h\"时\"mm\"分\"ss\"秒\"",
        34 | 55 => "上午/下午h\"时\"mm\"分\"",
        35 | 56 => "上午/下午h\"时\"mm\"分\"ss\"秒\"",
        37 | 38 => "#,##0;(#,##0)",
        39 | 40 => "#,##0.00;(#,##0.00)",
        41 => "#,##0;-#,##0",
        42 => "\"$\"#,##0;-\"$\"#,##0",
        43 => "#,##0.00;-#,##0.00",
        44 => "\"$\"#,##0.00;-\"$\"#,##0.00",
        45 => "mm:ss",
        46 => "[h]:mm:ss",
        47 => "mm:ss.0",
        _ => return None,
    })
}

/// A number without a format. Whole numbers have all of the fifteen digits that workbooks keep, for many are no quantities
/// but numbers of accounts and telephones; longer and very small ones are rounded as Excel does, and so are decimals beyond
/// what it shows, but for four.
pub(crate) fn general(value: f64) -> String {
    if !value.is_finite() {
        return "#NUM!".to_owned();
    }
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    let magnitude = rounded.abs();
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    if !(1e-9..1e15).contains(&magnitude) {
        return scientific(rounded);
    }
    let plain = format!("{rounded}");
    let Some((whole, decimals)) = plain.trim_start_matches('-').split_once('.') else { return plain };
    if whole.len() + 1 + decimals.len() <= MAX_GENERAL_CHARS {
        return plain;
    }
    if magnitude < 1e-4 {
        return scientific(rounded);
    }
    let most = MAX_GENERAL_CHARS.saturating_sub(whole.len() + 1).max(MIN_GENERAL_DECIMALS);
    let shown = fixed(magnitude, most);
    let shown = shown.trim_end_matches('0').trim_end_matches('.');
    if rounded < 0.0 { format!("-{shown}") } else { shown.to_owned() }
}

/// Six digits and the exponent: `1.23457E+17`.
fn scientific(value: f64) -> String {
    let shown = format!("{value:.5E}");
    let (mantissa, exponent) = shown.split_once('E').unwrap_or((&shown, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{mantissa}E-{exponent:0>2}"),
        None => format!("{mantissa}E+{exponent:0>2}"),
    }
}

/// One of the parts between semicolons.
#[derive(Default)]
struct Section {
    /// Its code without condition, colour and locale; a currency sign is a quoted literal.
    code: String,
    condition: Option<(String, f64)>,
    locale: Locale,
}

fn sections(format: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut section = Section::default();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let literal: String = chars.by_ref().take_while(|&c| c != '"').collect();
                section.code.push_str(&format!("\"{literal}\""));
            }
            // Excel in Chinese and Japanese writes `!` for it: `0!.0,"万"` sets the point by hand.
            '\\' | '!' => {
                let next = chars.next().map(|c| format!("\"{c}\""));
                section.code.push_str(&next.unwrap_or_default());
            }
            // A blank as wide as the next character, and filling up with it: no text.
            '_' => {
                chars.next();
                section.code.push(' ');
            }
            '*' => {
                chars.next();
            }
            '[' => {
                let inside: String = chars.by_ref().take_while(|&c| c != ']').collect();
                bracket(&inside, &mut section);
            }
            ';' => sections.push(std::mem::take(&mut section)),
            c => section.code.push(c),
        }
    }
    sections.push(section);
    sections
}

fn bracket(inside: &str, section: &mut Section) {
    if let Some(currency) = inside.strip_prefix('$') {
        let (sign, language) = currency.split_once('-').unwrap_or((currency, ""));
        if !sign.is_empty() {
            section.code.push_str(&format!("\"{sign}\""));
        }
        if !language.is_empty() {
            section.locale.language = Language::of(language);
        }
    } else if let Some(numerals) = Numerals::of(inside) {
        section.locale.numerals = Some(numerals);
    } else if inside.starts_with(['<', '>', '=']) {
        let number_at = inside.find(|c: char| !matches!(c, '<' | '>' | '=')).unwrap_or(inside.len());
        if let Ok(bound) = inside[number_at..].trim().parse() {
            section.condition = Some((inside[..number_at].to_owned(), bound));
        }
    } else if !inside.is_empty() && inside.chars().all(|c| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's'))
    {
        section.code.push_str(&format!("[{inside}]"));
    }
}

/// The section for `value`, and whether the sign is still to be written.
fn choose(sections: &[Section], value: f64) -> Option<(&Section, bool)> {
    let numeric = &sections[..sections.len().min(3)];
    if numeric.iter().any(|s| s.condition.is_some()) {
        let holds =
            |s: &&Section| s.condition.as_ref().is_none_or(|(sign, bound)| compare(value, sign, *bound));
        return numeric.iter().find(holds).or(numeric.last()).map(|s| (s, true));
    }
    // The last of two or three may be that of texts: `0;@`.
    let is_of_texts = |section: &Section| tokens(&section.code).contains(&Token::Text);
    let of_texts = matches!(sections, [_, last] | [_, _, last] if is_of_texts(last));
    let (index, signed) = match numeric.len() - usize::from(of_texts) {
        0 | 1 => (0, true),
        2 => (usize::from(value < 0.0), false),
        _ if value == 0.0 => (2, false),
        _ => (usize::from(value < 0.0), false),
    };
    numeric.get(index).map(|s| (s, signed))
}

fn compare(value: f64, sign: &str, bound: f64) -> bool {
    match sign {
        "<" => value < bound,
        "<=" => value <= bound,
        ">" => value > bound,
        ">=" => value >= bound,
        "<>" => value != bound,
        _ => value == bound,
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Literal(String),
    /// A place for a digit: `0`, `#` or `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    /// `E+` or `E-`; what follows are the exponent's places.
    Exponent(bool),
    Slash,
    Text,
    General,
}

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        tokens.push(match c {
            '"' => {
                let literal = rest[1..].split('"').next().unwrap_or_default();
                length = (literal.len() + 2).min(rest.len());
                Token::Literal(literal.to_owned())
            }
            '0' | '#' | '?' => Token::Digit(c),
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Percent,
            '/' => Token::Slash,
            '@' => Token::Text,
            'E' | 'e' if rest[1..].starts_with(['+', '-']) => {
                length = 2;
                Token::Exponent(rest[1..].starts_with('+'))
            }
            _ if rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("general")) => {
                length = 7;
                Token::General
            }
            c => Token::Literal(c.to_string()),
        });
        rest = &rest[length..];
    }
    tokens
}

/// A section's tokens and what they say about the number.
struct Pattern {
    tokens: Vec<Token>,
    /// Places before the point, how many of them always show, and how many decimals there are at most and least.
    integer_places: usize,
    integer_zeros: usize,
    decimals: usize,
    least_decimals: usize,
    exponent_zeros: usize,
    grouped: bool,
    scale: f64,
    scientific: bool,
}

impl Pattern {
    fn new(tokens: Vec<Token>) -> Self {
        let exponent_at = tokens.iter().position(|t| matches!(t, Token::Exponent(_))).unwrap_or(tokens.len());
        let mantissa = &tokens[..exponent_at];
        let point_at = mantissa.iter().position(|t| *t == Token::Point).unwrap_or(mantissa.len());
        let is_digit = |t: &&Token| matches!(t, Token::Digit(_));
        let is_zero = |t: &&Token| **t == Token::Digit('0');
        let (integer, fraction) = mantissa.split_at(point_at);
        let last_digit = integer.iter().rposition(|t| is_digit(&t)).map_or(0, |at| at + 1);
        // Commas behind the last digit, before or after the point, stand for thousands left out.
        let behind_all = mantissa.iter().rposition(|t| is_digit(&t)).map_or(0, |at| at + 1);
        let commas = |tokens: &[Token]| tokens.iter().take_while(|t| **t == Token::Comma).count();
        let commas_after = match fraction.iter().any(|t| is_digit(&t)) {
            true => commas(&integer[last_digit..]) + commas(&mantissa[behind_all..]),
            false => commas(&integer[last_digit..]),
        };
        let percents = tokens.iter().filter(|t| **t == Token::Percent).count();
        let decimals: Vec<&Token> = fraction.iter().filter(is_digit).take(MAX_DECIMALS).collect();
        let thousands = i32::try_from(commas_after).unwrap_or(0);
        let hundreds = i32::try_from(percents).unwrap_or(0);
        Self {
            integer_places: integer.iter().filter(is_digit).count(),
            integer_zeros: integer.iter().filter(is_zero).count(),
            decimals: decimals.len(),
            least_decimals: decimals.iter().rposition(is_zero).map_or(0, |at| at + 1),
            exponent_zeros: tokens[exponent_at..].iter().filter(is_zero).count(),
            grouped: integer[..last_digit].contains(&Token::Comma),
            scale: 100_f64.powi(hundreds) / 1000_f64.powi(thousands),
            scientific: exponent_at < tokens.len(),
            tokens,
        }
    }

    /// A number that is not negative.
    fn show(&self, value: f64) -> String {
        let scaled = value * self.scale;
        let (mantissa, exponent) = if self.scientific { self.normalised(scaled) } else { (scaled, 0) };
        let number = fixed(mantissa, self.decimals);
        let (integer, fraction) = number.split_once('.').unwrap_or((&number, ""));
        let integer = if integer == "0" && self.integer_zeros == 0 { "" } else { integer };
        let integer = format!("{integer:0>width$}", width = self.integer_zeros);
        let shown_decimals = fraction.trim_end_matches('0').len().max(self.least_decimals);
        let fraction = fraction.get(..shown_decimals).unwrap_or(fraction);
        self.lay_out(value, &integer, fraction, exponent)
    }

    fn lay_out(&self, value: f64, integer: &str, fraction: &str, exponent: i32) -> String {
        let mut out = String::new();
        let mut decimals = fraction.chars();
        let mut place = self.integer_places;
        let (mut after_point, mut in_exponent) = (false, false);
        for token in &self.tokens {
            match token {
                Token::Literal(text) => out.push_str(text),
                Token::Percent => out.push('%'),
                Token::General | Token::Text => out.push_str(&general(value)),
                Token::Point => {
                    if !fraction.is_empty() {
                        if self.integer_places == 0 {
                            out.push_str(integer);
                        }
                        out.push('.');
                    }
                    after_point = true;
                }
                Token::Exponent(plus) => {
                    let sign = if exponent < 0 {
                        "-"
                    } else if *plus {
                        "+"
                    } else {
                        ""
                    };
                    let digits = exponent.unsigned_abs().to_string();
                    out.push_str(&format!("E{sign}{digits:0>width$}", width = self.exponent_zeros));
                    in_exponent = true;
                }
                Token::Digit(_) if in_exponent => {}
                Token::Digit(_) if after_point => out.extend(decimals.next()),
                Token::Digit(_) => {
                    let first = place == self.integer_places;
                    place -= 1;
                    self.push_integer(&mut out, integer, place, first);
                }
                Token::Comma | Token::Slash => {}
            }
        }
        out
    }

    /// The digit of `integer` with `place` digits after it; at the first place all that lie before it, too.
    fn push_integer(&self, out: &mut String, integer: &str, place: usize, first: bool) {
        let digits = integer.as_bytes();
        let from = if first { digits.len().max(place + 1) - 1 } else { place };
        for place in (place..=from).rev() {
            let Some(digit) = digits.len().checked_sub(place + 1).and_then(|at| digits.get(at)) else {
                continue;
            };
            out.push(char::from(*digit));
            if self.grouped && place > 0 && place % 3 == 0 {
                out.push(',');
            }
        }
    }

    /// Mantissa and exponent; with several places before the point the exponent is a multiple of their count.
    fn normalised(&self, value: f64) -> (f64, i32) {
        if value == 0.0 || !value.is_finite() {
            return (value, 0);
        }
        let step = i32::try_from(self.integer_places.clamp(1, 10)).unwrap_or(1);
        let mut exponent = value.log10().floor() as i32;
        exponent -= exponent.rem_euclid(step);
        let mantissa = value / 10_f64.powi(exponent);
        let whole = fixed(mantissa, self.decimals);
        if whole.split('.').next().map_or(0, str::len) > self.integer_places.max(1) {
            return (mantissa / 10_f64.powi(step), exponent + step);
        }
        (mantissa, exponent)
    }
}

/// Rounds half away from zero on the fifteen digits a workbook keeps: 1.005 has the decimals 1.01, as in Excel.
fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let scientific = format!("{value:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let kept = exponent.parse::<i64>().unwrap_or(0) + 1 + i64::try_from(decimals).unwrap_or(0);
    let mut out: Vec<u8> = Vec::new();
    if let Ok(kept) = usize::try_from(kept) {
        out.extend((0..kept).map(|at| digits.get(at).copied().unwrap_or(0)));
        if digits.get(kept).is_some_and(|&next| next >= 5) {
            round_up(&mut out);
        }
    }
    let digits: String = out.iter().map(|d| char::from(b'0' + d)).collect();
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (integer, fraction) = padded.split_at(padded.len() - decimals);
    let integer = Some(integer.trim_start_matches('0')).filter(|i| !i.is_empty()).unwrap_or("0");
    if decimals == 0 { integer.to_owned() } else { format!("{integer}.{fraction}") }
}

fn round_up(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What people see of a value.
    #[track_caller]
    pub(in super::super) fn check(value: f64, format: &str, expected: &str) {
        assert_eq!(show(value, format, false), expected, "{value} as {format}");
    }

    #[test]
    fn numbers_are_shown_as_their_format_says() {
        check(1234.5, "General", "1234.5");
        check(0.1 + 0.2, "General", "0.3");
        check(1234567.891, "#,##0.00", "1,234,567.89");
        check(-1234.0, "#,##0", "-1,234");
        check(0.256, "0%", "26%");
        check(0.2564, "0.0%", "25.6%");
        check(2.5, "0", "3");
        check(1.005, "0.00", "1.01");
        check(0.5, "#.##", ".5");
        check(7.0, "000", "007");
        check(12_300_000.0, "0.0,,\"M\"", "12.3M");
        check(12345.678, "0.00E+00", "1.23E+04");
        check(0.00012, "0.0E+0", "1.2E-4");
        check(999_999.0, "0.00E+00", "1.00E+06");
        check(12345.0, "##0.0E+0", "12.3E+3");
        check(5551234567.0, "(000) 000\\-0000", "(555) 123-4567");
        check(0.0, "0.00", "0.00");
        check(-0.001, "0.00", "0.00");
        check(0.0, "#", "0");
        check(0.0, "\"-\"??", "-");
        check(1e300, "0", &format!("1{}", "0".repeat(300)));
    }

    #[test]
    fn currencies_sections_and_conditions() {
        check(1234.5, "\"$\"#,##0.00", "$1,234.50");
        check(1234.5, "[$€-407]#,##0.00", "€1,234.50");
        check(99.0, "#,##0.00\\ [$CHF]", "99.00 CHF");
        check(-5.0, "_(* #,##0_);_(* \\(#,##0\\);_(* \"-\"_);_(@_)", "(5)");
        check(0.0, "_(* #,##0_);_(* \\(#,##0\\);_(* \"-\"_);_(@_)", "-");
        check(1234.0, "¥#,##0;[Red]-¥#,##0", "¥1,234");
        check(-1234.0, "¥#,##0;[Red]-¥#,##0", "-¥1,234");
        check(150.0, "[>100]\"high\";[<=100]0", "high");
        check(50.0, "[>100]\"high\";[<=100]0", "50");
        check(12.0, "0\"元\"", "12元");
        check(123_456.0, "0!.0,\"万\"", "12.3万");
        check(5.0, "!#0\"!\"!", "#5!");
        check(12.0, ";;;", "12");
        check(-5.0, "0.0;@", "-5.0");
        check(0.0, "0.0;-0.0;@", "0.0");
        check(3.0, "0 \"kg\"", "3 kg");
    }

    #[test]
    fn what_a_format_hides_is_not_seen() {
        for (value, format) in
            [(99.0, ";;;"), (0.0, "0;-0;;@"), (0.0, "#,###"), (-1.0, "0;;0"), (0.0, "[=0]\"\";0")]
        {
            assert_eq!(show_in_cell(value, format, false), "", "{format}");
        }
        for (value, format, expected) in
            [(99.0, "", "99"), (99.0, "[Red]", "99"), (7.0, "[$-804]", "7"), (-7.0, "0;;", "")]
        {
            assert_eq!(show_in_cell(value, format, false), expected, "{format}");
        }
    }

    #[test]
    fn long_numbers_without_a_format_are_as_long_as_excel_shows_them() {
        check(123_456_789_012_345_678.0, "General", "1.23457E+17");
        check(123_456_789_012_345.0, "General", "123456789012345");
        check(1.0 / 3.0, "General", "0.333333333");
        check(-0.123_456_789_123, "General", "-0.123456789");
        check(123_456_789.123, "General", "123456789.123");
        check(0.000_012_345_678, "General", "1.23457E-05");
        check(1e-10, "General", "1E-10");
    }

    #[test]
    fn days_and_numbers_are_written_in_the_language_of_the_format() {
        check(45366.0, "[$-804]aaaa", "星期五");
        check(45366.0, "aaaa", "星期五");
        check(45366.0, "m\"月\"d\"日\"(aaa)", "3月15日(Fri)");
        check(45366.0, "\"周\"aaa", "周五");
        check(45366.0, "[$-804]yyyy\"年\"m\"月\"d\"日\" dddd", "2024年3月15日 星期五");
        check(45366.0, "[$-411]m/d(aaa)", "3/15(金)");
        check(45366.0, "[$-411]dddd", "金曜日");
        check(45366.0, "[$-409]dddd", "Friday");
        check(45366.0, "[$-F800]dddd, mmmm dd, yyyy", "Friday, March 15, 2024");
        check(45366.0, "[DBNum1][$-804]yyyy\"年\"m\"月\"d\"日\"", "二〇二四年三月十五日");
        check(123.0, "[DBNum1][$-804]General", "一百二十三");
        check(123.0, "[DBNum1]", "一百二十三");
        check(1234.0, "[DBNum2]General", "壹仟贰佰叁拾肆");
        check(-1234.0, "[DBNum2][$-804]0", "-壹贰叁肆");
        check(123.0, "[DBNum1][$-411]General", "123");
    }

    #[test]
    fn dates_go_by_their_format() {
        check(45292.0, "yyyy-mm-dd", "2024-01-01");
        check(45292.0, built_in(14).unwrap(), "2024-01-01");
        check(45292.75, built_in(22).unwrap(), "2024-01-01 18:00");
        check(45292.5, "[$-409]d mmm yyyy h:mm AM/PM", "1 Jan 2024 12:00 PM");
        assert_eq!(show(0.0, "yyyy-mm-dd", true), "1904-01-01");
    }

    proptest::proptest! {
        #[test]
        fn no_format_panics(value: f64, format in "[-0#?.,%eE+@ymdhsAMP/\\[\\]\"$;<>=_*\\\\! 年a-z]{0,24}") {
            let _ = show(value, &format, false);
            let _ = show_in_cell(value, &format, false);
        }
    }
}
