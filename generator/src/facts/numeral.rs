//! Chinese numerals: `一千二百`, `二〇二四`.

use std::ops::Range;

use super::number::{Form, Quantity, plain, significant_digits};
use super::token::Token;

/// The value of a Chinese digit.
pub(super) fn chinese_digit(c: char) -> Option<f64> {
    let value = match c {
        '〇' | '零' => 0.0,
        '一' | '壹' => 1.0,
        '二' | '两' | '兩' | '贰' => 2.0,
        '三' | '叁' => 3.0,
        '四' | '肆' => 4.0,
        '五' | '伍' => 5.0,
        '六' | '陆' => 6.0,
        '七' | '柒' => 7.0,
        '八' | '捌' => 8.0,
        '九' | '玖' => 9.0,
        _ => return None,
    };
    Some(value)
}

pub(super) fn chinese_scale(c: char) -> Option<f64> {
    match c {
        '十' | '拾' => Some(10.0),
        '百' | '佰' => Some(100.0),
        '千' | '仟' => Some(1000.0),
        '万' | '萬' => Some(1e4),
        '亿' | '億' => Some(1e8),
        _ => None,
    }
}

/// The number that all the characters of `range` make.
pub(super) fn chinese_number(tokens: &[Token], range: Range<usize>) -> Option<Quantity> {
    let run: Vec<char> = tokens.get(range)?.iter().filter_map(Token::single).collect();
    if run.is_empty() {
        return None;
    }
    let value = if run.iter().any(|&c| chinese_scale(c).is_some()) {
        chinese_value(&run)
    } else {
        run.iter().filter_map(|&c| chinese_digit(c)).fold(0.0, |value, digit| value * 10.0 + digit)
    };
    let form = if run.len() == 1 { Form::Single } else { Form::Spelled };
    Some(plain(value, significant_digits(&value.to_string()), form))
}

fn chinese_value(run: &[char]) -> f64 {
    let (mut total, mut section, mut digit) = (0.0, 0.0, None);
    for &c in run {
        if let Some(value) = chinese_digit(c) {
            digit = Some(value);
        } else if let Some(scale) = chinese_scale(c).filter(|&scale| scale < 1e4) {
            section += digit.take().unwrap_or(1.0) * scale;
        } else if let Some(scale) = chinese_scale(c) {
            section += digit.take().unwrap_or(0.0);
            total = (total + if total + section == 0.0 { 1.0 } else { section }) * scale;
            section = 0.0;
        }
    }
    total + section + digit.unwrap_or(0.0)
}
