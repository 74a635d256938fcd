//! UTF-16 without a byte order mark, told by what it reads as.

use encoding_rs::{Encoding, UTF_16LE};

/// Least share of a text that is in its two main scripts, or in what all scripts share.
const LIKELY_PERCENT: usize = 95;

/// Least length of a text of Han characters alone, in characters: fewer may be another encoding's.
const LEAST_HAN: usize = 8;

/// Whether `sample` reads as a text in one script or two, and has bytes that no text in a legacy encoding has. Those
/// are the high bytes of most scripts but Han (4 for Cyrillic), blanks and line ends between words, and every eighth
/// or so low byte of Chinese.
pub(super) fn is_text(sample: &[u8], encoding: &'static Encoding) -> bool {
    let (controls, units) = (controls(sample), sample.len() / 2);
    if is_han_alone(sample, encoding) {
        return true;
    }
    if controls == 0 || controls * 100 < units || !alternates(sample, encoding) {
        return false;
    }
    // The sample may end within a pair of surrogates.
    let whole = sample.len() - sample.len().min(2);
    let text = [sample, &sample[..whole]].into_iter().find_map(|bytes| {
        let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
        (!had_errors).then_some(text)
    });
    let Some(text) = text else { return false };
    let mut counts = [0_usize; SCRIPTS];
    let (mut all, mut shared) = (0, 0);
    for c in text.chars() {
        all += 1;
        match script(c) {
            Some(0) => shared += 1,
            Some(script) => counts[script] += 1,
            None => {}
        }
    }
    counts.sort_unstable();
    let likely = shared + counts[SCRIPTS - 1] + counts[SCRIPTS - 2];
    all > 0 && likely * 100 >= all * LIKELY_PERCENT
}

/// Whether the bytes come in turns of two kinds: pairs of letters in ASCII read as Han characters, and one stray NUL
/// among them must not make a text Chinese.
fn alternates(sample: &[u8], encoding: &'static Encoding) -> bool {
    let mut high_bytes = [0_usize; 256];
    let (mut all, mut foreign_low) = (0, 0);
    for (high, low) in units(sample, encoding) {
        all += 1;
        high_bytes[usize::from(high)] += 1;
        foreign_low += usize::from(!low.is_ascii());
    }
    let constant = high_bytes[1..0x20].iter().max().is_some_and(|&most| most * 2 >= all);
    let is_utf8 = std::str::from_utf8(sample).map_or_else(|error| error.error_len().is_none(), |_| true);
    // Pairs of surrogates, as emoji have them, come about by accident as seldom.
    let is_paired = high_bytes[0xd8..0xdc].iter().any(|&times| times > 0);
    constant || !is_utf8 && (is_paired || foreign_low * 8 >= all)
}

/// The high and the low byte of each unit.
fn units(sample: &[u8], encoding: &'static Encoding) -> impl Iterator<Item = (u8, u8)> {
    let is_little = encoding == UTF_16LE;
    sample.chunks_exact(2).map(move |unit| if is_little { (unit[1], unit[0]) } else { (unit[0], unit[1]) })
}

/// Whether all characters are Han, as in a title without marks. Their high bytes are few and mostly ASCII, their low
/// bytes are any: no other encoding has bytes of two such kinds in turns. In Shift_JIS, Katakana come close, but first
/// bytes of characters are all high.
fn is_han_alone(sample: &[u8], encoding: &'static Encoding) -> bool {
    let units = || units(sample, encoding);
    let all = units().count();
    all >= LEAST_HAN
        && units().all(|(high, _)| (0x4e..=0x9f).contains(&high))
        && units().filter(|(high, _)| high.is_ascii()).count() * 2 >= all
        && units().filter(|(_, low)| !low.is_ascii()).count() * 4 >= all
        && !units().all(|(_, low)| low >= 0x81)
}

/// Bytes that no text in ASCII or in a legacy encoding has.
fn controls(sample: &[u8]) -> usize {
    sample.iter().filter(|&&byte| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)).count()
}

const SCRIPTS: usize = 32;

/// The number of the script of `c`, 0 for what all share, `None` for what hardly any text has. Han and Kana stand in
/// one text, and so are one.
fn script(c: char) -> Option<usize> {
    Some(match u32::from(c) {
        0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0xa0..=0xbf => 0,
        0x2010..=0x2027 | 0x2030..=0x203e | 0x20ac | 0x2103 | 0x2116 | 0x2122 => 0,
        0x200b..=0x200f | 0x202a..=0x202e | 0x2190..=0x2193 => 0,
        0x2460..=0x2473 | 0x25a0..=0x25ff | 0x2600..=0x27bf | 0xfe0f | 0x1f000..=0x1faff => 0,
        0x3000..=0x3003 | 0x3005..=0x3020 | 0xff01..=0xff5e | 0xffe5 | 0xfeff => 0,
        0xc0..=0x24f => 1,
        0x370..=0x3ff => 2,
        0x400..=0x52f => 3,
        0x530..=0x58f => 4,
        0x590..=0x5ff => 5,
        0x600..=0x6ff | 0x750..=0x77f | 0xfb50..=0xfdff | 0xfe70..=0xfefc => 6,
        // The scripts of India, 128 places each, then Thai and Lao.
        block @ 0x900..=0xeff => 7 + usize::try_from((block - 0x900) / 0x80).unwrap_or(0),
        0x10a0..=0x10ff => 20,
        0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7a3 => 21,
        0x3040..=0x30ff | 0x4e00..=0x9fff | 0x2_0000..=0x3_ffff => 22,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_KR, GBK, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1251};

    use super::*;
    use crate::parse::text::{decode, looks_like_text};

    const TEXTS: [&str; 9] = [
        "Каждый сотрудник имеет право на десять дней отпуска.",
        "لكل موظف عشرة أيام من الإجازة السنوية.",
        "모든 직원은 매년 열흘의 유급 휴가를 받습니다.",
        "员工每年享有十天带薪年假😀应当提前两周申请👍",
        "员工入职满一年后每个自然年享有十天带薪年假应当至少提前两周在系统中提出申请由直属主管批准",
        "พนักงานทุกคนมีวันลาพักร้อนสิบวัน",
        "これは日本語の文章です。年次有給休暇は十日間です。",
        "员工年假制度规定",
        "年假制度👍 十天\n",
    ];

    #[test]
    fn scripts_and_emoji_are_known_without_a_mark() {
        for text in TEXTS {
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for (bytes, encoding) in [(little, UTF_16LE), (big, UTF_16BE)] {
                assert!(looks_like_text(&bytes), "{text}");
                let decoded = decode(&bytes, None);
                assert_eq!((decoded.text.as_str(), decoded.encoding), (text, encoding));
            }
        }
    }

    #[test]
    fn legacy_texts_and_binary_data_are_not_taken_for_it() {
        let texts = [
            (GBK, TEXTS[4]),
            (GBK, TEXTS[7]),
            (BIG5, "員工年假制度"),
            (EUC_KR, TEXTS[2]),
            (SHIFT_JIS, TEXTS[6]),
            (SHIFT_JIS, "データベースシステム"),
            (SHIFT_JIS, "システムデータベース"),
        ];
        for (encoding, text) in texts.into_iter().chain([(WINDOWS_1251, TEXTS[0])]) {
            let bytes = encoding.encode(text).0;
            assert!([UTF_16LE, UTF_16BE].iter().all(|utf16| !is_text(&bytes, utf16)), "{}", encoding.name());
        }
        // A stray control character makes no text UTF-16.
        for text in ["<p>a\0b<p", "abcdefgh\0i", "Приказ\0Приказ", "员工年假\0制度"] {
            assert_eq!(decode(text.as_bytes(), None).text, text);
        }
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .take(4_000)
        .collect();
        assert!(!looks_like_text(&noise));
    }
}
