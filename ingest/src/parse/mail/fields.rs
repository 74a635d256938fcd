//! The fields of a message's header that people read: encoded words (RFC 2047), parameters (RFC 2231) and bytes beyond
//! ASCII, as mail programs write them.

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::{Encoding, WINDOWS_1252};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::{Header, HeaderName, Message, MessagePart};

use super::charset::{decode_short, decode_valid, is_in_pairs, named_in};
use crate::parse::members::encoding::{RawName, decode_all};

/// Encoded words are no longer than this; by the standard, they are shorter by far.
const MAX_WORD: usize = 4 * 1024;
/// Bytes of fields that are all in pairs are no accented letters from here on.
const MIN_PAIRED: usize = 4;

/// The fields of one message and its parts as text, in which encoded words stand as they are.
pub(super) struct Fields {
    /// By the place where they begin.
    texts: HashMap<u32, String>,
}

impl Fields {
    pub(super) fn of(message: &Message<'_>) -> Self {
        let headers = message.parts.iter().flat_map(|part| &part.headers).filter(|header| is_read(header));
        let (places, raw): (Vec<u32>, Vec<&[u8]>) = headers
            .filter_map(|header| {
                let place = header.offset_start as usize..header.offset_end as usize;
                Some((header.offset_start, message.raw_message.get(place)?))
            })
            .unzip();
        Self { texts: places.into_iter().zip(decoded(&raw, named_in(message))).collect() }
    }

    /// What the message is about.
    pub(super) fn subject(&self, message: &Message<'_>) -> String {
        let subject = message.parts.first().and_then(|root| self.text(root, &HeaderName::Subject));
        subject.map(|text| words_read(&unfolded(text))).unwrap_or_default()
    }

    /// A field that names people, its encoded words in UTF-8: for the mail parser, which tells names and addresses
    /// apart.
    pub(super) fn people(&self, message: &Message<'_>, field: &HeaderName<'_>) -> Option<String> {
        let text = message.parts.first().and_then(|root| self.text(root, field))?;
        Some(words_in_utf8(&unfolded(text)))
    }

    /// What a part is called.
    pub(super) fn file_name(&self, part: &MessagePart<'_>) -> Option<String> {
        let named = |field: &HeaderName<'_>, name: &str| {
            parameter(self.text(part, field)?, name).filter(|name| !name.trim().is_empty())
        };
        named(&HeaderName::ContentDisposition, "filename").or_else(|| named(&HeaderName::ContentType, "name"))
    }

    fn text(&self, part: &MessagePart<'_>, field: &HeaderName<'_>) -> Option<&str> {
        // The last one counts, as for the mail parser.
        let header = part.headers.iter().rev().find(|header| header.name == *field)?;
        self.texts.get(&header.offset_start).map(String::as_str)
    }
}

fn is_read(header: &Header<'_>) -> bool {
    matches!(
        header.name,
        HeaderName::Subject
            | HeaderName::From
            | HeaderName::To
            | HeaderName::Cc
            | HeaderName::ContentType
            | HeaderName::ContentDisposition
    )
}

/// Fields as text: UTF-8 where they are that; else in the encoding that the message names for its text, where all of
/// them are valid in it; else as names within archives are read.
fn decoded(raw: &[&[u8]], named: Option<&'static Encoding>) -> Vec<String> {
    // All bytes are valid in the encoding that is named where nothing was chosen.
    let named = named.filter(|&encoding| encoding != WINDOWS_1252 || !is_in_pairs(&raw.concat(), MIN_PAIRED));
    let valid = named.and_then(|encoding| {
        let one = |bytes: &&[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.to_owned()),
            Err(_) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
            }
        };
        raw.iter().map(one).collect::<Option<Vec<String>>>()
    });
    valid.unwrap_or_else(|| decode_all(raw.iter().map(|bytes| RawName::new(bytes))))
}

/// A field in one line.
fn unfolded(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// A piece of a field.
enum Piece<'t> {
    Plain(&'t str),
    /// Words with blanks alone between them, which do not count.
    Words(Vec<Word<'t>>),
}

/// An encoded word: the label of its encoding and its bytes.
struct Word<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
}

/// `text` with its encoded words read.
fn words_read(text: &str) -> String {
    let pieces = pieces(text);
    let one = |piece: &Piece<'_>| match piece {
        Piece::Plain(text) => (*text).to_owned(),
        Piece::Words(words) => read(words),
    };
    pieces.iter().map(one).collect()
}

/// `text` with its encoded words in UTF-8, and no sign in them that has a meaning in a field.
fn words_in_utf8(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::new();
    for piece in pieces(text) {
        let words = match piece {
            Piece::Plain(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Words(words) => read(&words),
        };
        out.push_str("=?utf-8?Q?");
        for byte in words.bytes() {
            if byte.is_ascii_alphanumeric() {
                out.push(char::from(byte));
            } else {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                out.push('=');
                out.extend(digits.map(char::from));
            }
        }
        out.push_str("?=");
    }
    out
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(found) = text[at..].find("=?") {
        let start = at + found;
        let Some((word, length)) = word_at(&text[start..]) else {
            at = start + 1;
            continue;
        };
        let between = &text[plain..start];
        match pieces.last_mut() {
            Some(Piece::Words(words)) if between.trim().is_empty() => words.push(word),
            _ => pieces.extend([Piece::Plain(between), Piece::Words(vec![word])]),
        }
        at = start + length;
        plain = at;
    }
    pieces.push(Piece::Plain(&text[plain..]));
    pieces
}

/// The encoded word with which `text` begins, and its length.
fn word_at(text: &str) -> Option<(Word<'_>, usize)> {
    let (charset, after) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, after) = after.split_once('?')?;
    let near = after.as_bytes().get(..MAX_WORD).unwrap_or(after.as_bytes());
    let data = &near[..near.windows(2).position(|pair| pair == b"?=")?];
    // A language may follow the label.
    let charset = charset.split('*').next().filter(|label| !label.is_empty())?;
    if charset.contains(char::is_whitespace) {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => base64_decode(data)?,
        "Q" | "q" => unescaped(data, b'='),
        _ => return None,
    };
    Some((Word { charset, bytes }, text.len() - after.len() + data.len() + 2))
}

/// Bytes of which some are written as a sign and two digits. In encoded words, `_` is a blank.
fn unescaped(text: &[u8], sign: u8) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let escaped = digit(at + 1).zip(digit(at + 2)).filter(|_| byte == sign);
        let value = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(value.unwrap_or(if byte == b'_' && sign == b'=' { b' ' } else { byte }));
        at += if value.is_some() { 3 } else { 1 };
    }
    bytes
}

/// Words of one encoding are read together where one by itself is not valid: the standard forbids to part a character,
/// and mail programs do.
fn read(words: &[Word<'_>]) -> String {
    let runs = words.chunk_by(|word, next| word.charset.eq_ignore_ascii_case(next.charset));
    runs.map(|run| {
        let apart: Option<String> = run.iter().map(|word| decode_valid(word.charset, &word.bytes)).collect();
        apart.unwrap_or_else(|| {
            let together: Vec<u8> = run.iter().flat_map(|word| &word.bytes).copied().collect();
            decode_short(run.first().map_or("", |word| word.charset), &together)
        })
    })
    .collect()
}

/// The parameter `name` of a field, in whatever of its forms it is written.
fn parameter(field: &str, name: &str) -> Option<String> {
    let (mut plain, mut sections) = (None, Vec::new());
    for (key, value) in parameters(&unfolded(field)) {
        match key.strip_prefix(name).map(|rest| rest.strip_prefix('*').ok_or(rest)) {
            Some(Err("")) => plain = plain.or(Some(value)),
            Some(Ok(section)) => sections.push(Section {
                number: section.trim_end_matches('*').parse().unwrap_or(0),
                is_escaped: section.is_empty() || section.ends_with('*'),
                value,
            }),
            _ => {}
        }
    }
    if sections.is_empty() { plain.map(|value| words_read(&value)) } else { Some(joined(sections)) }
}

/// A parameter or a piece of one, by RFC 2231.
struct Section {
    number: u32,
    is_escaped: bool,
    value: String,
}

/// The value of which these are the pieces; the first one names the encoding of all.
fn joined(mut sections: Vec<Section>) -> String {
    sections.sort_by_key(|section| section.number);
    sections.dedup_by_key(|section| section.number);
    let is_escaped = sections.iter().any(|section| section.is_escaped);
    let (mut label, mut bytes) = ("", Vec::new());
    for (index, section) in sections.iter().enumerate() {
        let mut value = section.value.as_str();
        let named = value.split_once('\'').and_then(|(label, rest)| Some((label, rest.split_once('\'')?.1)));
        if let (0, true, Some((named, rest))) = (index, section.is_escaped, named) {
            (label, value) = (named, rest);
        }
        match section.is_escaped {
            true => bytes.extend(unescaped(value.as_bytes(), b'%')),
            false => bytes.extend(value.bytes()),
        }
    }
    let text = decode_short(label, &bytes);
    if is_escaped { text } else { words_read(&text) }
}

/// The parameters of a field: their names in lower case, and their values without quotation marks.
fn parameters(field: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = match field.find([';', '=']) {
        Some(at) if field[at..].starts_with(';') => &field[at + 1..],
        _ => field,
    };
    while let Some((name, after)) = rest.split_once('=') {
        // What has no value is passed over.
        let name = name.rsplit(';').next().unwrap_or(name).trim().to_ascii_lowercase();
        let (value, after) = value_at(after.trim_start());
        found.push((name, value));
        rest = after.split_once(';').map_or("", |(_, rest)| rest);
    }
    found
}

/// The value with which `text` begins, and what follows it. Windows has paths with backslashes that escape nothing.
fn value_at(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_at(text.find(';').unwrap_or(text.len()));
        return (value.trim_end().to_owned(), after);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => {
                value.push(chars.next_if(|(_, next)| matches!(next, '"' | '\\')).map_or(c, |(_, next)| next))
            }
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, GBK};

    use super::*;

    #[track_caller]
    fn check(field: &str, expected: &str) {
        assert_eq!(words_read(&unfolded(field)), expected);
    }

    #[test]
    fn encoded_words_are_read_as_mail_programs_write_them() {
        check(" =?UTF-8?Q?=E5=B9=B4=E5=81=87?= and leave\r\n", "年假 and leave");
        // The bytes of 售 lie in two words.
        check(
            "=?gb2312?Q?=BC=BE=B6=C8=CF=FA=CA?=\r\n =?GB2312?Q?=DB=B1=A8=B8=E6?= (2)\r\n",
            "季度销售报告 (2)",
        );
        check("=?gb2312?B?1cXI/Q==?= =?utf-8?B?5p2O5Zub?=", "张三李四");
        check("=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本");
        check("=?iso-8859-1*de?Q?Gr=FC=DFe_aus?= =?iso-8859-1?Q?_K=F6ln?=", "Grüße aus Köln");
        check("=?us-ascii?Q?=C4=EA=BC=D9?= =?unknown-8bit?B?xOq82Q==?=", "年假年假");
        check("=?cp936?B?xOq82Q==?= 1=?2 =?x?y?= =?utf-8?B?!?=", "年假 1=?2 =?x?y?= =?utf-8?B?!?=");
        // One that was cut within a character, and one that is in another encoding than it says.
        check("=?utf-8?Q?=E5=B9=B4=E5=81=87=E5=B9=B4=E5=81=87=E5?=", "年假年假\u{fffd}");
        check("=?utf-8?B?xOq82Q==?=", "年假");
    }

    #[test]
    fn words_in_names_of_people_cannot_part_them() {
        let name = "=?GBK?Q?=D5=C5,_<a>?= <zhang@example.com>";
        assert_eq!(words_in_utf8(name), "=?utf-8?Q?=E5=BC=A0=2C=20=3Ca=3E?= <zhang@example.com>");
    }

    #[test]
    fn parameters_have_many_forms() {
        for (field, expected) in [
            ("attachment; filename*0*=gb18030''%B1%A8%BC%DB;\r\n filename*1*=%B5%A5.csv\r\n", "报价单.csv"),
            ("attachment; filename*1*=%81%87.md; filename*0*=utf-8'zh'%E5%B9%B4%E5", "年假.md"),
            ("attachment; filename=\"x.md\"; filename*=UTF-8''%E5%B9%B4.md", "年.md"),
            ("attachment; filename*0=\"long \"; filename*1=name.pdf", "long name.pdf"),
            ("attachment; filename=\"=?GB2312?B?us/NrM7Esb4udHh0?=\"", "合同文本.txt"),
            ("attachment; size=3; FileName = a b;c.pdf", "a b"),
            ("attachment; filename=\"say \\\"a;b\\\".pdf\"; size=3", "say \"a;b\".pdf"),
            ("filename=\"C:\\notes\\a.pdf\"", "C:\\notes\\a.pdf"),
        ] {
            assert_eq!(parameter(field, "filename").as_deref(), Some(expected), "{field}");
        }
        assert_eq!(parameter("attachment; name=x", "filename"), None);
    }

    #[test]
    fn bytes_beyond_ascii_are_read_as_the_text_or_as_names() {
        let subject = "通知：年假";
        for (encoding, named) in [(GBK, None), (GBK, Some(GBK)), (BIG5, Some(BIG5))] {
            let bytes = encoding.encode(subject).0.into_owned();
            assert_eq!(
                decoded(&[b"Ann".as_slice(), bytes.as_slice(), "年".as_bytes()], named),
                ["Ann", subject, "年"]
            );
        }
        let german = [&b"Gr\xfc\xdfe"[..], b"K\xf6ln"];
        assert_eq!(decoded(&german, Some(WINDOWS_1252)), ["Grüße", "Köln"]);
    }

    proptest::proptest! {
        #[test]
        fn no_field_panics(field in "(=\\?|\\?=|\\?[QqBb]\\?|utf-8|gbk|filename|\\*[01]?\\*?|[=;\"%\\\\ '年A]){0,20}") {
            words_read(&field);
            words_in_utf8(&field);
            parameter(&field, "filename");
        }
    }
}
