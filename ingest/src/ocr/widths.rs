//! The width of digits, letters and signs. The recogniser was trained on Chinese and takes `2` for `２`, and the comma
//! of `1,250` for that of a sentence.

use super::OcrChar;

/// Digits in a group between commas.
const GROUP: usize = 3;
/// How far the full-width forms of ASCII lie behind it.
const FULL_WIDTH: u32 = 0xfee0;

/// Makes full-width digits and Latin letters half-width, and signs where these surround them. Punctuation between
/// Chinese stays.
pub(super) fn narrow(line: &mut [OcrChar]) {
    let mut chars: Vec<char> = line.iter().map(|char| narrowed_alphanumeric(char.c)).collect();
    for at in 0..chars.len() {
        if is_latin_sign(&chars, at) {
            chars[at] = half_width(chars[at]);
        }
    }
    for (open, close) in pairs(&chars) {
        let is_outside_latin = chars.get(close + 1).is_none_or(char::is_ascii);
        let is_latin = stands_within(&chars, open) && chars[close - 1].is_ascii_graphic() && is_outside_latin;
        if is_latin {
            (chars[open], chars[close]) = ('(', ')');
        }
    }
    for (char, c) in line.iter_mut().zip(chars) {
        char.c = c;
    }
}

fn narrowed_alphanumeric(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => half_width(c),
        _ => c,
    }
}

/// The ASCII character that `c` is the full-width form of.
fn half_width(c: char) -> char {
    u32::from(c).checked_sub(FULL_WIDTH).and_then(char::from_u32).filter(char::is_ascii).unwrap_or(c)
}

/// Whether the sign at `at` is one of a number, a date, an address; what stands before it is half-width already.
fn is_latin_sign(chars: &[char], at: usize) -> bool {
    match chars[at] {
        '，' => parts_thousands(chars, at),
        // The scheme of an address.
        '：' if chars[at + 1..].starts_with(&['/', '/']) || chars[at + 1..].starts_with(&['／', '／']) => {
            at > 0 && chars[at - 1].is_ascii_alphabetic()
        }
        '／' if at > 0 && matches!(chars[at - 1], ':' | '/') => true,
        '．' | '：' | '－' | '？' | '／' | '％' => stands_within(chars, at),
        _ => false,
    }
}

/// Whether ASCII letters or digits stand on both sides.
fn stands_within(chars: &[char], at: usize) -> bool {
    let is_latin = |c: Option<&char>| c.is_some_and(char::is_ascii_alphanumeric);
    is_latin(at.checked_sub(1).and_then(|before| chars.get(before))) && is_latin(chars.get(at + 1))
}

/// Whether it is the comma of `1,250`; that of `2022，2023` lists two numbers.
fn parts_thousands(chars: &[char], at: usize) -> bool {
    let before = chars[..at].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let behind = chars[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
    (1..=GROUP).contains(&before) && behind == GROUP
}

/// Where full-width brackets open and close, without others between.
fn pairs(chars: &[char]) -> Vec<(usize, usize)> {
    let mut open = None;
    let mut pairs = Vec::new();
    for (at, c) in chars.iter().enumerate() {
        match c {
            '（' => open = Some(at),
            '）' => pairs.extend(open.take().map(|open| (open, at))),
            _ => {}
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn narrowed(text: &str) -> String {
        let mut chars: Vec<OcrChar> = text.chars().map(|c| OcrChar { c, at: 0.5 }).collect();
        narrow(&mut chars);
        chars.iter().map(|char| char.c).collect()
    }

    #[test]
    fn numbers_dates_and_addresses_are_half_width() {
        for (read, expected) in [
            (
                "合同总金额为1，250，800．00元，违约金比例为0．5%。",
                "合同总金额为1,250,800.00元，违约金比例为0.5%。",
            ),
            ("签订日期：20２4-０3-15", "签订日期：2024-03-15"),
            ("合同编号：HT-2024－0315-A，", "合同编号：HT-2024-0315-A，"),
            ("网址 https：//www.example.com/path？id=5", "网址 https://www.example.com/path?id=5"),
            ("https：／／www．example．com", "https://www.example.com"),
            ("８００.００", "800.00"),
            ("ＡＢＣ公司于10：30开会", "ABC公司于10:30开会"),
            ("f（x）=2，y＝f（x）", "f(x)=2，y＝f(x)"),
        ] {
            assert_eq!(narrowed(read), expected);
        }
    }

    #[test]
    fn punctuation_of_chinese_and_lists_stays() {
        for text in [
            "电话：010-62345678，传真：010-62345679",
            "在2022，2023年（见附注5）",
            "采用AES（Advanced Encryption Standard）加密",
            "是A？不是B：因为C",
            "，：（）？．",
            "甲，乙；丙",
        ] {
            assert_eq!(narrowed(text), text);
        }
    }

    proptest! {
        #[test]
        fn anything_keeps_its_length_and_what_is_no_full_width_form(text in "[a1，．：／（）？％Ａ１年 ]{0,30}") {
            let read = narrowed(&text);
            prop_assert_eq!(read.chars().count(), text.chars().count());
            for (one, other) in text.chars().zip(read.chars()) {
                prop_assert!(one == other || half_width(one) == other);
            }
            prop_assert_eq!(narrowed(&read).chars().filter(char::is_ascii_alphanumeric).count(),
                read.chars().filter(char::is_ascii_alphanumeric).count());
        }
    }
}
