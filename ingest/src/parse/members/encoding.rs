//! In which encoding were the names within an archive written? They are short, and archives say nothing or the wrong
//! thing about it.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS, WINDOWS_1251};

/// Below so many bytes outside ASCII a guess is a gamble; what may be common Chinese is taken for it.
const SHORT: usize = 24;

/// A name as it stands in an archive.
#[derive(Clone, Copy)]
pub(crate) struct RawName<'n> {
    pub(crate) bytes: &'n [u8],
    /// Whether the archive says that it is UTF-8.
    pub(crate) is_utf8: bool,
}

impl<'n> RawName<'n> {
    /// A name of which the archive says nothing.
    pub(crate) fn new(bytes: &'n [u8]) -> Self {
        Self { bytes, is_utf8: false }
    }
}

/// What the bytes of one name say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Ascii,
    /// Said or seen to be UTF-8.
    Utf8,
    /// Valid UTF-8, which a few Chinese words in GBK are by accident, `通知` among them.
    Accident,
    Legacy,
}

/// The names as text: UTF-8 where they are that; the others in the one encoding that suits all of them best, as one
/// program wrote them.
pub(crate) fn decode_all<'n>(names: impl Iterator<Item = RawName<'n>> + Clone) -> Vec<String> {
    let has = |wanted: Sign| names.clone().any(|name| sign(name) == wanted);
    // One program writes all names in one encoding.
    let accidents_are_legacy = has(Sign::Legacy) || !has(Sign::Utf8);
    let is_legacy = |name: RawName<'_>| match sign(name) {
        Sign::Legacy => true,
        Sign::Accident => accidents_are_legacy,
        Sign::Ascii | Sign::Utf8 => false,
    };
    let legacy: Vec<&[u8]> = names.clone().filter(|&name| is_legacy(name)).map(|name| name.bytes).collect();
    let encoding = guess(&legacy.join(&b'\n'));
    names
        .map(|name| match std::str::from_utf8(name.bytes) {
            Ok(text) if !is_legacy(name) => text.to_owned(),
            _ => encoding.decode_without_bom_handling(name.bytes).0.into_owned(),
        })
        .collect()
}

fn sign(name: RawName<'_>) -> Sign {
    let Ok(text) = std::str::from_utf8(name.bytes) else { return Sign::Legacy };
    if text.is_ascii() {
        return Sign::Ascii;
    }
    // Three bytes that belong together, or words in one alphabet, hardly come about by accident.
    let is_plain = !is_double_byte(name.bytes, is_gb2312) || text.chars().any(|c| c.len_utf8() > 2);
    if name.is_utf8 || is_plain || is_of_one_alphabet(text) { Sign::Utf8 } else { Sign::Accident }
}

/// Whether the letters beyond ASCII belong to words: accented ones beside others, or everyday Cyrillic, Greek, Hebrew
/// or Arabic ones alone.
fn is_of_one_alphabet(text: &str) -> bool {
    let foreign = || text.chars().filter(|c| !c.is_ascii());
    let all = |is: fn(char) -> bool| foreign().all(is);
    let is_accented = |c: char| matches!(c, '\u{c0}'..='\u{17f}' | '\u{300}'..='\u{36f}');
    let mut words = text.split(|c: char| !c.is_alphabetic() && !is_accented(c));
    all(|c| matches!(c, 'А'..='я' | 'ё' | 'Ё' | 'і' | 'ї' | 'є' | 'І' | 'Ї' | 'Є'))
        || all(|c| matches!(c, 'Ά'..='ώ'))
        || all(|c| matches!(c, 'א'..='ת'))
        || all(|c| matches!(c, 'ء'..='ي'))
        || all(|c| matches!(c, '\u{a0}'..='\u{17f}' | '\u{300}'..='\u{36f}'))
            && words.all(|word| word.is_ascii() || word.contains(|c: char| c.is_ascii_alphabetic()))
}

fn guess(names: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(names, true);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    let is_cjk = [BIG5, SHIFT_JIS, EUC_JP, EUC_KR].contains(&guessed);
    let foreign = names.iter().filter(|byte| !byte.is_ascii()).count();
    match () {
        () if guessed == GBK || guessed == GB18030 => GB18030,
        () if is_cjk && foreign >= SHORT => guessed,
        () if is_double_byte(names, is_common_gb2312) => GB18030,
        // Words in alphabets hardly ever consist of pairs of such bytes alone, unless they are Russian.
        () if is_cjk || guessed == WINDOWS_1251 || foreign >= SHORT => guessed,
        () if is_double_byte(names, is_gbk) && has_common(names) => GB18030,
        () if is_double_byte(names, is_common_shift_jis) => SHIFT_JIS,
        () => guessed,
    }
}

/// Whether all that is not ASCII are pairs of bytes of this kind.
fn is_double_byte(names: &[u8], is_pair: fn(u8, u8) -> bool) -> bool {
    let mut rest = names;
    while let [first, after @ ..] = rest {
        rest = after;
        if first.is_ascii() {
            continue;
        }
        let [second, after @ ..] = rest else { return false };
        rest = after;
        if !is_pair(*first, *second) {
            return false;
        }
    }
    true
}

/// The characters and marks in everyday use of GB 2312.
fn is_common_gb2312(first: u8, second: u8) -> bool {
    matches!(first, 0xa1 | 0xa3 | 0xb0..=0xd7) && (0xa1..=0xfe).contains(&second)
}

/// All its characters and marks, numbers in circles among them.
fn is_gb2312(first: u8, second: u8) -> bool {
    matches!(first, 0xa1..=0xa3 | 0xb0..=0xf7) && (0xa1..=0xfe).contains(&second)
}

/// Those of GBK whose second byte is no ASCII, as a letter behind an accented one is.
fn is_gbk(first: u8, second: u8) -> bool {
    (0x81..=0xfe).contains(&first) && (0x80..=0xfe).contains(&second)
}

/// The Kana, marks and everyday characters of JIS X 0208.
fn is_common_shift_jis(first: u8, second: u8) -> bool {
    matches!(first, 0x81..=0x83 | 0x88..=0x98) && matches!(second, 0x40..=0x7e | 0x80..=0xfc)
}

/// Whether one of two pairs of bytes at least is in everyday use: names have a rare character, and seldom more.
fn has_common(names: &[u8]) -> bool {
    let foreign: Vec<u8> = names.iter().copied().filter(|byte| !byte.is_ascii()).collect();
    let pairs = foreign.chunks_exact(2);
    let (all, common) = (pairs.len(), pairs.filter(|pair| is_common_gb2312(pair[0], pair[1])).count());
    common * 2 >= all
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, WINDOWS_1252, WINDOWS_1253};
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(encoding: &'static Encoding, names: &[&str]) {
        let bytes: Vec<Vec<u8>> = names.iter().map(|n| encoding.encode(n).0.into_owned()).collect();
        assert_eq!(decode_all(bytes.iter().map(|b| RawName::new(b))), names, "{}", encoding.name());
    }

    #[test]
    fn names_are_read_in_the_encoding_they_were_written_in() {
        check(GBK, &["年假.md"]);
        check(GBK, &["人事/员工手册.docx", "人事/休假制度（2026）.pdf", "readme.txt"]);
        check(BIG5, &["人事規章/員工請假規則說明書.docx", "會議紀錄/年度預算審查報告.pdf"]);
        check(SHIFT_JIS, &["就業規則/有給休暇について.docx", "議事録/ソフトウェア開発会議.pdf"]);
        check(WINDOWS_1252, &["Überstunden für Angestellte.txt", "Résumé à jour.doc"]);
        check(WINDOWS_1253, &["Κανονισμός αδειών προσωπικού.doc"]);
        check(UTF_8, &["年假.md", "Ü.txt"]);
    }

    #[test]
    fn one_short_name_is_read_as_well() {
        check(GBK, &["通知.txt"]);
        check(GBK, &["晟达.txt"]);
        check(GBK, &["瑾瑜合同.txt"]);
        check(GBK, &["鑫源公司.txt"]);
        check(GBK, &["①通知.txt"]);
        check(GBK, &["報告.txt"]);
        check(GBK, &["通知.txt", "合同.txt"]);
        check(SHIFT_JIS, &["資料.txt"]);
    }

    #[test]
    fn words_in_alphabets_are_utf_8_without_being_said_so() {
        for name in ["Résumé.doc", "Übersicht Kälte.pdf", "Отчет.doc", "Αναφορά.doc", "דוח.pdf", "تقرير.pdf"]
        {
            check(UTF_8, &[name]);
        }
        let said = RawName { bytes: "֪ͨ.txt".as_bytes(), is_utf8: true };
        assert_eq!(decode_all(std::iter::once(said)), ["֪ͨ.txt"]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(names in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30), 0..5)) {
            prop_assert_eq!(decode_all(names.iter().map(|n| RawName::new(n))).len(), names.len());
        }
    }
}
