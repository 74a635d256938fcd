//! Plain text: finds the encoding, keeps lines, splits paragraphs at empty lines.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};
use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};

use super::builder::DocumentBuilder;
use super::limits::ParseLimits;

mod utf16;

/// Bytes that are looked at to guess an encoding or to tell text from binary data.
const SAMPLE: usize = 64 * 1024;

/// Bytes of a line before its first one beyond ASCII that are looked at.
const BEFORE_TELLING: usize = 64;

/// Bytes beyond ASCII from which a guess is a good one.
const MIN_TELLING: usize = 16;

/// Decoded text.
pub(crate) struct Decoded {
    /// The text, without byte order mark.
    pub(crate) text: String,
    /// The encoding it was in.
    pub(crate) encoding: &'static Encoding,
    /// Whether the encoding is a guess from little text, so that another one may be right.
    pub(crate) doubtful: bool,
    /// Byte sequences that were not valid in that encoding; each became U+FFFD.
    pub(crate) replaced: usize,
}

impl Decoded {
    /// A builder for the document, with what a reader should know about the decoding.
    pub(crate) fn builder(&self, limits: &ParseLimits) -> DocumentBuilder {
        let mut builder = DocumentBuilder::new(limits.max_text_chars);
        if let Some(warning) = self.warning() {
            builder.warn(WarningKind::Doubtful, None, warning);
        }
        builder
    }

    /// The text, each line of which ends with a line feed alone.
    pub(crate) fn line_feeds(&self) -> String {
        self.text.replace("\r\n", "\n").replace('\r', "\n")
    }

    /// [`Self::line_feeds`] of a file that holds some `what`.
    pub(crate) fn lines_of(&self, what: &str) -> Result<String> {
        if !self.text.chars().any(|c| !c.is_whitespace() && !c.is_control()) {
            return Err(Error::invalid(format!("the file holds no {what}, only blanks")));
        }
        Ok(self.line_feeds())
    }

    /// What a reader should know about the decoding, if anything.
    fn warning(&self) -> Option<String> {
        if self.replaced == 0 && self.doubtful {
            return Some(format!(
                "the encoding was guessed from little text and may not be {}; save the file as UTF-8",
                self.encoding.name()
            ));
        }
        (self.replaced > 0).then(|| {
            let sequences = if self.replaced == 1 { "sequence" } else { "sequences" };
            format!(
                "{} byte {sequences} not valid in {} replaced by U+FFFD; save the file as UTF-8",
                self.replaced,
                self.encoding.name()
            )
        })
    }
}

/// Decodes by byte order mark, else as UTF-16 or ISO-2022-JP where it can be nothing else (Cyrillic in the one is ASCII
/// byte by byte, the other is ASCII always), else as UTF-8 where valid, else as `declared`, else as guessed. Who declares UTF-8
/// falsely is not believed: tools write that line whatever the bytes are.
pub(crate) fn decode(bytes: &[u8], declared: Option<&'static Encoding>) -> Decoded {
    let known = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => Some(encoding),
        None => utf16_without_mark(bytes)
            .or_else(|| is_iso_2022_jp(bytes).then_some(ISO_2022_JP))
            .or_else(|| std::str::from_utf8(bytes).is_ok().then_some(UTF_8))
            .or_else(|| declared.filter(|&said| said != UTF_8 || mostly_utf8(&telling_lines(bytes)))),
    };
    let encoding = known.unwrap_or_else(|| guess(bytes));
    let telling = bytes.iter().filter(|byte| !byte.is_ascii()).take(MIN_TELLING).count();
    let doubtful = known.is_none() && encoding != UTF_8 && telling < MIN_TELLING;
    // GBK as labelled in the wild is a subset of GB18030, which also reads the rarer characters.
    let encoding = if encoding == GBK { GB18030 } else { encoding };
    let in_source = bytes.windows(3).filter(|w| w == b"\xef\xbf\xbd").count();
    let (text, _, had_errors) = encoding.decode(bytes);
    let kept = if encoding == UTF_8 { in_source } else { 0 };
    let replaced = match had_errors {
        true => text.matches('\u{fffd}').count().saturating_sub(kept).max(1),
        false => 0,
    };
    Decoded { text: text.into_owned(), encoding, doubtful, replaced }
}

/// What an XML declaration says. One that can be read as ASCII is not UTF-16, whatever it says.
pub(crate) fn declared_in_xml(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).into_owned();
    let (declaration, _) = head.trim_start_matches('\u{feff}').strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let label = value.trim_start_matches(['=', '"', '\'', ' ']).split(['"', '\'', ' ']).next()?;
    Encoding::for_label(label.as_bytes()).map(Encoding::output_encoding)
}

/// Whether a prefix of a file looks like text in some encoding.
pub(crate) fn looks_like_text(prefix: &[u8]) -> bool {
    let sample = &prefix[..prefix.len().min(SAMPLE)];
    if Encoding::for_bom(sample).is_some() || utf16_without_mark(sample).is_some() {
        return true;
    }
    let controls = sample.iter().filter(|&&b| b < 0x20 && !matches!(b, 0x09..=0x0d | 0x1b)).count();
    // One stray NUL or control code in a text is tolerated; binary formats are full of them.
    controls * 100 <= sample.len()
}

/// Whether a text switches to Japanese characters, and has them then. A prefix may end within one.
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    let switches = bytes.windows(3).any(|window| matches!(window, b"\x1b$B" | b"\x1b$@"));
    switches && bytes.is_ascii() && ISO_2022_JP.decode(bytes).0.matches('\u{fffd}').count() <= 1
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let sample = telling_lines(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&sample, true);
    // UTF-8 with a few broken bytes is far more common than a legacy encoding that is nearly UTF-8.
    if mostly_utf8(&sample) { UTF_8 } else { detector.guess(None, Utf8Detection::Allow) }
}

/// The lines that say something about the encoding, as far as they fit in a sample: a long table may be ASCII but for
/// its last rows. No encoding here has a line end within a character.
fn telling_lines(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n') {
        let Some(first) = (!line.is_ascii()).then(|| line.iter().position(|byte| !byte.is_ascii())).flatten()
        else {
            continue;
        };
        let line = &line[first.saturating_sub(BEFORE_TELLING)..];
        sample.extend_from_slice(&line[..line.len().min(SAMPLE - sample.len())]);
        if sample.len() == SAMPLE {
            break;
        }
        sample.push(b'\n');
        if sample.len() == SAMPLE {
            break;
        }
    }
    sample
}

fn mostly_utf8(sample: &[u8]) -> bool {
    let (mut valid, mut broken) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    valid > 0 && (broken * 10 <= valid || broken == 1)
}

fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(SAMPLE) & !1];
    if sample.len() < 4 {
        return None;
    }
    let zeros = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), sample.len() / 2);
    match () {
        () if odd * 2 > half && even * 20 <= half => Some(UTF_16LE),
        () if even * 2 > half && odd * 20 <= half => Some(UTF_16BE),
        () => [UTF_16LE, UTF_16BE].into_iter().find(|encoding| utf16::is_text(sample, encoding)),
    }
}

/// Reads plain text.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let mut builder = decoded.builder(limits);
    let text = decoded.lines_of("text")?;
    let mut paragraph = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            builder.paragraph(&paragraph);
            paragraph.clear();
        } else {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    builder.paragraph(&paragraph);
    builder.finish(ContentType::Text, format!("encoding_rs 0.8 ({})", decoded.encoding.name()))
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_JP, EUC_KR, SHIFT_JIS};

    use super::*;

    fn read(bytes: &[u8]) -> ParsedDocument {
        parse(bytes, &ParseLimits::default()).unwrap()
    }

    const CHINESE: &str = "员工年假制度：入职满一年的员工每年享有十天带薪年假，应当提前两周申请。";

    #[test]
    fn encodings_are_recognised() {
        for encoding in [GBK, GB18030] {
            let document = read(&encoding.encode(CHINESE).0);
            assert_eq!(document.text, CHINESE, "{}", encoding.name());
            assert!(document.warnings.is_empty());
        }
        let traditional = "員工年假制度：入職滿一年的員工每年享有十天帶薪年假，應當提前兩週申請。";
        assert_eq!(read(&BIG5.encode(traditional).0).text, traditional);
        let japanese = "これは日本語の文章です。年次有給休暇は十日間与えられます。";
        assert_eq!(read(&SHIFT_JIS.encode(japanese).0).text, japanese);
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(CHINESE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read(&utf16).text, CHINESE);
        let unmarked: Vec<u8> = "plain text".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&unmarked).text, "plain text");
        assert_eq!(read("\u{feff}with a mark".as_bytes()).text, "with a mark");
    }

    #[test]
    fn japanese_that_is_ascii_byte_by_byte_is_recognised() {
        // 日本 and あいう, in JIS X 0208 of 1983 and of 1978.
        assert_eq!(read(b"\x1b$BF|K\\\x1b(B 2026\n").text, "日本 2026");
        assert_eq!(read(b"a \x1b$@$\"$$$&\x1b(J.").text, "a あいう.");
        let colours = "\u{1b}[31mred\u{1b}[0m \u{1b}$Blue and more";
        assert_eq!(decode(colours.as_bytes(), None).text, colours);
    }

    #[test]
    fn short_texts_and_tables_are_recognised_or_doubted() {
        let texts = [
            (GBK, "姓名,年龄,城市\n张伟,30,北京\n李娜,25,上海\n"),
            (GB18030, "员工年假制度"),
            (BIG5, "姓名,年齡,城市\n陳大文,30,臺北\n林小美,25,高雄\n"),
            (SHIFT_JIS, "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n"),
            (EUC_JP, "これは日本語の文章です。年次有給休暇は十日間です。"),
            (EUC_KR, "이름,나이,도시\n김철수,30,서울\n이영희,25,부산\n"),
        ];
        for (encoding, text) in texts {
            let document = read(&encoding.encode(text).0);
            assert_eq!(document.text, text.trim_end(), "{}", encoding.name());
        }
        // Two characters are too few to be sure of, whatever they are read as.
        let document = read(&GBK.encode("年假").0);
        assert!(document.warnings[0].message.contains("guessed"), "{document:?}");
        assert!(
            read(&[CHINESE, "\n"].concat().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
                .text
                == CHINESE
        );
        assert!(read(&CHINESE.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()).text == CHINESE);
        let marked: Vec<u8> =
            [0xfe, 0xff].into_iter().chain(CHINESE.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(read(&marked).text, CHINESE);
    }

    #[test]
    fn what_comes_late_tells_the_encoding() {
        let ascii = "1,John Smith,London\n".repeat(8_000);
        for (encoding, late) in [
            (GBK, "4001,张伟,北京市朝阳区\n4002,李娜,上海市\n"),
            (SHIFT_JIS, "これは日本語の文章です。年次有給休暇は十日間与えられます。\n"),
        ] {
            let decoded = decode(&encoding.encode(&[&ascii, late].concat()).0, None);
            assert!(decoded.text.ends_with(late) && decoded.replaced == 0, "{}", encoding.name());
        }
        let one_line = format!("{}{CHINESE}", "x ".repeat(80_000));
        assert!(decode(&GBK.encode(&one_line).0, None).text == one_line);
    }

    #[test]
    fn a_false_declaration_of_utf_8_is_not_believed() {
        assert_eq!(decode(&GBK.encode(CHINESE).0, Some(UTF_8)).text, CHINESE);
        assert_eq!(decode(&GBK.encode(CHINESE).0, Some(GBK)).text, CHINESE);
        let broken = [CHINESE.as_bytes(), b"\xff"].concat();
        assert_eq!(decode(&broken, Some(UTF_8)).text, format!("{CHINESE}\u{fffd}"));
    }

    #[test]
    fn broken_bytes_are_replaced_and_said() {
        let document = read(b"caf\xc3\xa9 one \xff two \xe4\xb8\xad");
        assert_eq!(document.text, "café one \u{fffd} two 中");
        assert!(document.warnings[0].message.contains("1 byte sequence not valid in UTF-8"), "{document:?}");
        assert_eq!(document.warnings[0].kind, WarningKind::Doubtful);
        assert!(read("a \u{fffd} that was there".as_bytes()).warnings.is_empty());
    }

    #[test]
    fn paragraphs_keep_their_lines() {
        let document = read(b"one\r\ntwo\r\n\r\n\r\nthree\0\rfour");
        assert_eq!(document.text, "one\ntwo\n\nthree\nfour");
        assert_eq!(document.blocks.len(), 2);
    }

    #[test]
    fn blank_text_is_an_error_and_one_long_line_is_not() {
        assert!(parse(b" \n\t\n", &ParseLimits::default()).is_err());
        let line = "word ".repeat(1_000_000);
        assert_eq!(read(line.as_bytes()).blocks.len(), 1);
    }
}
