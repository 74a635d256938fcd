//! In which encoding are the texts of a message? In the one that it names, unless that cannot be.

use std::borrow::Cow;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS, UTF_8, WINDOWS_1252};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::DecoderFnc;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding as TransferEncoding, Message, MessagePart, MimeHeaders, PartType};

use crate::parse::members::encoding::{RawName, decode_all};
use crate::parse::text::{Decoded, decode};

/// How far into HTML its encoding is looked for.
const META_WITHIN: usize = 2 * 1024;
/// Bytes beyond ASCII from which it is clear that they come in pairs.
const MIN_TELLING: usize = 16;

/// What the label of an encoding says.
enum Charset {
    /// Nothing: there is none, or one that stands for any bytes, as ASCII does.
    Undeclared,
    Known(&'static Encoding),
    /// One that only the mail parser knows.
    Other(DecoderFnc),
}

fn charset_of(label: &str) -> Charset {
    let label = label.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'').to_ascii_lowercase();
    let encoding = match label.as_str() {
        "us-ascii" | "ascii" | "ansi_x3.4-1968" | "unknown-8bit" | "x-unknown" | "x-user-defined" => {
            return Charset::Undeclared;
        }
        "cp936" | "ms936" | "windows-936" => Some(GBK),
        "cp950" | "ms950" => Some(BIG5),
        "cp949" | "ms949" => Some(EUC_KR),
        label => Encoding::for_label_no_replacement(label.as_bytes()),
    };
    match encoding {
        // GBK as labelled in the wild is a subset.
        Some(encoding) if encoding == GBK => Charset::Known(GB18030),
        Some(encoding) => Charset::Known(encoding),
        None => charset_decoder(label.as_bytes()).map_or(Charset::Undeclared, Charset::Other),
    }
}

fn charset_of_part(part: &MessagePart<'_>) -> Charset {
    charset_of(part.content_type().and_then(|t| t.attribute("charset")).unwrap_or_default())
}

/// The encoding that the message names for a text of its own and that is not UTF-8.
pub(super) fn named_in(message: &Message<'_>) -> Option<&'static Encoding> {
    message.parts.iter().filter(|part| part.is_text()).find_map(|part| match charset_of_part(part) {
        Charset::Known(encoding) if encoding != UTF_8 => Some(encoding),
        _ => None,
    })
}

/// A short text in the encoding of this label; `None` where it is not valid in it.
pub(super) fn decode_valid(label: &str, bytes: &[u8]) -> Option<String> {
    match charset_of(label) {
        Charset::Known(encoding) => {
            encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
        }
        Charset::Other(decode) => Some(decode(bytes)),
        Charset::Undeclared => std::str::from_utf8(bytes).ok().map(str::to_owned),
    }
}

/// A short text in the encoding of this label, or in the likeliest where it is hardly valid in that.
pub(super) fn decode_short(label: &str, bytes: &[u8]) -> String {
    if let Some(text) = decode_valid(label, bytes) {
        return text;
    }
    if let Charset::Known(encoding) = charset_of(label) {
        // Programs cut long subjects within a character.
        let text = encoding.decode_without_bom_handling(bytes).0;
        let broken = text.matches('\u{fffd}').count();
        if broken * 4 <= text.chars().filter(|c| !c.is_ascii()).count() {
            return text.into_owned();
        }
    }
    decode_all(std::iter::once(RawName::new(bytes))).concat()
}

/// A part that is text.
pub(super) struct PartText<'m> {
    pub(super) text: Cow<'m, str>,
    /// Whether some of it is U+FFFD, for it is not valid in its encoding.
    pub(super) is_broken: bool,
    /// Whether its encoding is a guess from little text.
    pub(super) is_guess: bool,
}

/// The text of a part of the message.
pub(super) fn text_of<'m>(message: &'m Message<'_>, part: &'m MessagePart<'_>) -> PartText<'m> {
    let given = part.text_contents().unwrap_or_default();
    let is_broken = given.contains('\u{fffd}');
    let as_given = PartText { text: Cow::Borrowed(given), is_broken, is_guess: false };
    let charset = charset_of_part(part);
    let is_settled = match charset {
        // Western encodings are named for any text, and read any bytes.
        Charset::Known(encoding) => !is_broken && !encoding.is_single_byte(),
        Charset::Other(_) => !is_broken,
        Charset::Undeclared => false,
    };
    // Japanese may be ASCII byte by byte, with escapes.
    let is_plain = given.is_ascii() && !given.contains('\u{1b}');
    if is_settled || is_plain {
        return as_given;
    }
    let Some(raw) = raw_of(message, part) else { return as_given };
    let named = match charset {
        Charset::Known(encoding) => Some(encoding),
        _ if matches!(part.body, PartType::Html(_)) => named_in_html(&raw),
        _ => None,
    };
    let decoded = named.map_or_else(|| decode(&raw, None), |named| decode_as_named(&raw, named));
    let Decoded { text, doubtful, replaced, .. } = decoded;
    PartText { text: Cow::Owned(text), is_broken: replaced > 0, is_guess: doubtful }
}

/// The bytes of what is attached: a text as UTF-8 where its encoding is clear, else as it was sent, for whoever reads
/// it to tell.
pub(super) fn content_of<'m>(message: &'m Message<'_>, part: &'m MessagePart<'_>) -> Cow<'m, [u8]> {
    if !part.is_text() {
        return Cow::Borrowed(part.contents());
    }
    let is_named = !matches!(charset_of_part(part), Charset::Undeclared);
    let PartText { text, is_broken, is_guess } = text_of(message, part);
    if !is_named || is_broken || is_guess {
        return raw_of(message, part).unwrap_or(Cow::Borrowed(part.contents()));
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// The bytes of a part before they were decoded as text.
fn raw_of<'m>(message: &'m Message<'_>, part: &MessagePart<'_>) -> Option<Cow<'m, [u8]>> {
    let raw = message.raw_message.get(part.offset_body as usize..part.offset_end as usize)?;
    match part.encoding {
        TransferEncoding::None => Some(Cow::Borrowed(raw)),
        TransferEncoding::QuotedPrintable => quoted_printable_decode(raw).map(Cow::Owned),
        TransferEncoding::Base64 => base64_decode(raw).map(Cow::Owned),
    }
}

/// What a `<meta>` element says.
fn named_in_html(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..META_WITHIN).unwrap_or(bytes)).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let label = after.trim_start_matches(['"', '\'', ' ']);
    match charset_of(label.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).next()?) {
        Charset::Known(encoding) => Some(encoding),
        Charset::Undeclared | Charset::Other(_) => None,
    }
}

/// As the message says, unless it is hardly valid in that or clearly in another encoding.
fn decode_as_named(raw: &[u8], named: &'static Encoding) -> Decoded {
    let decoded = decode(raw, Some(named));
    let foreign = decoded.text.chars().filter(|c| !c.is_ascii()).count();
    let is_broken = decoded.replaced * 10 > foreign;
    let may_be_foreign = decoded.encoding == WINDOWS_1252 && is_in_pairs(raw, MIN_TELLING);
    if !(is_broken || may_be_foreign) {
        return decoded;
    }
    let guessed = decode(raw, None);
    let is_clear = guessed.replaced == 0 && !guessed.doubtful;
    let is_east_asian = [GB18030, BIG5, SHIFT_JIS, EUC_JP, EUC_KR].contains(&guessed.encoding);
    if is_clear && (is_broken || is_east_asian) { guessed } else { decoded }
}

/// Whether there are so many bytes beyond ASCII that hardly ever stand alone, as accented letters do. Blanks that do not
/// break stand in pairs, too.
pub(super) fn is_in_pairs(bytes: &[u8], least: usize) -> bool {
    let (mut all, mut lone) = (0, 0);
    for run in bytes.split(|&byte| byte.is_ascii() || byte == 0xa0) {
        all += run.len();
        lone += usize::from(run.len() == 1);
    }
    all >= least && lone * 4 < all
}
