//! Messages made on the spot, and a real one of Outlook's.

use std::io::{Cursor, Write};
use std::path::Path;

use encoding_rs::{Encoding, GBK, WINDOWS_1252};
use footnote_core::parsed::{BlockKind, ContentType, PageKind, ParsedDocument, WarningKind};
use footnote_core::{ErrorKind, Result};
use proptest::prelude::*;

use super::compressed_rtf::tests::stored;
use super::*;
use crate::parse::limits::ParseLimits;
use crate::parse::members::tests::Kept;

type Members = Vec<(String, Vec<u8>)>;

type Parse = fn(&Path, &ParseLimits, &mut dyn crate::parse::members::MemberOutput) -> Result<ParsedDocument>;

fn read_as(parse: Parse, bytes: &[u8]) -> (Result<ParsedDocument>, Members) {
    read_within(parse, bytes, &ParseLimits::default())
}

fn read_within(parse: Parse, bytes: &[u8], limits: &ParseLimits) -> (Result<ParsedDocument>, Members) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut kept = Kept::default();
    let parsed = parse(file.path(), limits, &mut kept);
    (parsed, kept.members)
}

#[track_caller]
fn read(message: &str) -> (ParsedDocument, Members) {
    let (parsed, members) = read_as(parse_eml, message.replace('\n', "\r\n").as_bytes());
    (parsed.unwrap(), members)
}

const MIXED: &str = "Received: from a by b
From: =?GBK?B?1cXI/Q==?= <zhang@example.com>
To: Ann <ann@example.com>, bo@example.com
Cc: team@example.com
Date: Fri, 27 Nov 2026 14:46:00 +0800
Subject: =?UTF-8?Q?=E5=B9=B4=E5=81=87?= and leave
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8

Ten days, plainly.
--inner
Content-Type: text/html; charset=utf-8

<html><head><style>p{}</style></head><body><h2>Rules</h2><p>Ten days of <b>annual</b> leave.</p></body></html>
--inner--
--outer
Content-Type: text/markdown; name=\"../rules.md\"
Content-Disposition: attachment; filename=\"../rules.md\"
Content-Transfer-Encoding: base64

IyBSdWxlcwo=
--outer
Content-Type: image/png
Content-Disposition: inline
Content-ID: <logo>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--outer
Content-Type: message/rfc822

From: bo@example.com
Subject: Earlier question
Message-ID: <1@x>

How many days?
--outer--
";

#[test]
fn a_message_is_its_subject_people_and_best_text() {
    let (document, members) = read(MIXED);
    assert_eq!(document.content_type, ContentType::Eml);
    assert_eq!(document.title.as_deref(), Some("年假 and leave"));
    assert!(
        document.text.starts_with(
            "年假 and leave\n\nFrom: 张三 <zhang@example.com>\nTo: Ann <ann@example.com>, bo@example.com\n\
         Cc: team@example.com\nDate: 2026-11-27 14:46:00 +08:00\n\nRules\n\nTen days of annual leave."
        ),
        "{}",
        document.text
    );
    assert!(!document.text.contains("plainly"), "one form of the text is enough");
    let parts: Vec<_> = document.pages.iter().map(|p| (p.kind, p.label.as_deref().unwrap())).collect();
    assert_eq!(parts, [(PageKind::Part, "message"), (PageKind::Part, "attachments")]);
    assert!(document.text.contains("| _rules.md | 8 bytes |"), "{}", document.text);
    let attachments = document.blocks.last().unwrap();
    assert_eq!(attachments.heading_path, ["年假 and leave"], "no heading of the text is above them");
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["_rules.md", "Earlier question.eml"]);
    assert_eq!(members[0].1, b"# Rules\n");
    assert!(String::from_utf8_lossy(&members[1].1).contains("How many days?"));
    assert!(document.warnings[0].message.contains("small picture"), "{:?}", document.warnings);
}

#[test]
fn an_attached_message_is_a_message() {
    let (_, members) = read(MIXED);
    let (parsed, _) = read_as(parse_eml, &members[1].1);
    assert_eq!(parsed.unwrap().title.as_deref(), Some("Earlier question"));
    assert!(is_message(&members[1].1, "eml"));
}

/// A message of these lines in an encoding, header and all.
fn in_encoding(encoding: &'static Encoding, message: &str) -> (ParsedDocument, Members) {
    let (text, _, has_lost) = encoding.encode(message);
    assert!(!has_lost);
    let (parsed, members) = read_as(parse_eml, &text);
    (parsed.unwrap(), members)
}

const LONG: &str = "关于年度预算的说明：本公司二零二五年第一季度营业收入为三百万元，同比增长百分之十二。";

#[test]
fn a_text_is_read_whatever_encoding_is_named() {
    for content_type in [
        "Content-Type: text/plain\n",
        "Content-Type: text/plain; charset=us-ascii\n",
        "Content-Type: text/plain; charset=utf-8\n",
        "Content-Type: text/plain; charset=iso-8859-1\n",
        "Content-Type: text/plain; charset=gb2312\n",
        "Content-Type: text/plain; charset=cp936\n",
        "Content-Type: text/plain; charset=unheard-of\n",
        "Content-Type: text/html\n",
        "",
    ] {
        let message = format!("From: a@b\nMessage-ID: <1>\nSubject: 预算说明\n{content_type}\n{LONG}\n");
        let (document, _) = in_encoding(GBK, &message);
        assert!(document.text.ends_with(LONG), "{content_type}: {}", document.text);
        assert_eq!(document.title.as_deref(), Some("预算说明"), "{content_type}");
        assert!(document.warnings.is_empty(), "{content_type}: {:?}", document.warnings);
    }
}

#[test]
fn accented_letters_stay_what_they_are() {
    let text = "Grüße aus Köln, schöne Tage für alle Gäste, müde Füße und große Träume über den Dächern.\u{a0}\u{a0}Déjà vu.";
    for named in ["iso-8859-1", "windows-1252"] {
        let header = format!(
            "From: Jörg <j@b>\nSubject: Größe\nMessage-ID: <1>\nContent-Type: text/plain; charset={named}"
        );
        let (document, _) = in_encoding(WINDOWS_1252, &format!("{header}\n\n{text}\n"));
        assert_eq!(document.title.as_deref(), Some("Größe"));
        assert!(document.text.contains("From: Jörg <j@b>"), "{}", document.text);
        assert!(
            document.text.contains("Grüße aus Köln") && document.text.ends_with("Déjà vu."),
            "{}",
            document.text
        );
        assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    }
}

#[test]
fn names_of_people_and_attachments_may_be_raw_bytes() {
    let message = format!(
        "From: 张三 <z@x.cn>\nTo: \"李四, 王五\" <l@x.cn>\nMessage-ID: <1>\nMIME-Version: 1.0\n\
         Subject: =?gb2312?Q?=BC=BE=B6=C8=CF=FA=CA?=\n =?gb2312?Q?=DB=B1=A8=B8=E6?=\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=gbk\n\n{LONG}\n--b\n\
         Content-Type: text/plain\nContent-Disposition: attachment; filename=\"预算说明.txt\"\n\n{LONG}\n--b\n\
         Content-Type: text/csv; charset=gbk\nContent-Disposition: attachment;\n filename*0*=gb18030''%B1%A8%BC%DB;\n \
         filename*1*=%B5%A5.csv\n\n品名,价\n--b--\n"
    );
    let (document, members) = in_encoding(GBK, &message);
    assert_eq!(document.title.as_deref(), Some("季度销售报告"));
    assert!(document.text.contains("From: 张三 <z@x.cn>\nTo: 李四, 王五 <l@x.cn>"), "{}", document.text);
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["预算说明.txt", "报价单.csv"]);
    // What names no encoding is handed on as it was sent.
    assert_eq!(members[0].1, GBK.encode(LONG).0.into_owned());
    assert_eq!(members[1].1, "品名,价".as_bytes());
}

#[test]
fn what_cannot_be_decoded_is_told() {
    let broken = [
        b"From: a@b\nMessage-ID: <1>\nSubject: =?utf-8?Q?=E5=B9=B4=E5=81=87=E5=B9=B4=E5=81=87=E5?=\n"
            .as_slice(),
        b"Content-Type: text/plain; charset=utf-8\n\n",
        LONG.as_bytes(),
        b"\xff\n",
    ]
    .concat();
    let document = read_as(parse_eml, &broken).0.unwrap();
    assert!(document.text.ends_with(&format!("{LONG}\u{fffd}")), "{}", document.text);
    let told: Vec<&str> = document.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(
        told[0].contains("not valid in their encoding") && told[1].contains("parts of the header"),
        "{told:?}"
    );
    assert!(document.warnings.iter().all(|warning| warning.kind == WarningKind::Doubtful));
    let (document, _) = in_encoding(GBK, "From: a@b\nMessage-ID: <1>\n\n年假\n");
    assert!(document.warnings[0].message.contains("guessed"), "{:?}", document.warnings);
}

#[test]
fn quotations_in_plain_text_are_quotations() {
    let (document, _) =
        read("From: a@b\nSubject: Re: days\nMessage-ID: <1>\n\nYes, ten.\n\n> How many\n> days?\nBye\n");
    let kinds: Vec<_> = document.blocks.iter().skip(2).map(|b| b.kind).collect();
    assert_eq!(kinds, [BlockKind::Paragraph, BlockKind::Quote, BlockKind::Paragraph]);
    assert!(document.text.ends_with("Yes, ten.\n\nHow many\ndays?\n\nBye"), "{}", document.text);
}

#[test]
fn encrypted_messages_name_the_remedy() {
    for message in [
        "From: a@b\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMIIB",
        "From: a@b\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\n--x--\n",
        "From: a@b\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n",
    ] {
        let error = read_as(parse_eml, message.as_bytes()).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("encrypted") && error.message().contains("decrypted"), "{error}");
    }
}

/// A message as Outlook saves it, with strings in Unicode.
fn outlook(strings: &[(&str, &[u8])], storages: &[&str]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for storage in storages {
        file.create_storage_all(storage).unwrap();
    }
    for (path, content) in strings {
        file.create_stream(path).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn property(id: u16, kind: u16, value: u64) -> Vec<u8> {
    let mut entry = [kind.to_le_bytes(), id.to_le_bytes()].concat();
    entry.extend([0; 4]);
    entry.extend(value.to_le_bytes());
    entry
}

fn forwarded() -> Vec<u8> {
    let attachment = "/__attach_version1.0_#00000000";
    let embedded = format!("{attachment}/__substg1.0_3701000D");
    let file = "/__attach_version1.0_#00000001";
    let root = [vec![0; 32], property(0x0e06, 0x40, 134_000_000_000_000_000)].concat();
    let method = [vec![0; 8], property(0x3705, 3, 5)].concat();
    outlook(
        &[
            ("/__properties_version1.0", &root),
            ("/__substg1.0_0037001F", &utf16("转发：年假")),
            ("/__substg1.0_0C1A001F", &utf16("张三")),
            ("/__substg1.0_10130102", "<p>See <i>below</i>.</p>".as_bytes()),
            (&format!("{attachment}/__properties_version1.0"), &method),
            (&format!("{embedded}/__properties_version1.0"), &[0; 24]),
            (&format!("{embedded}/__substg1.0_0037001F"), &utf16("Question")),
            (&format!("{embedded}/__substg1.0_1000001F"), &utf16("How many days?")),
            (&format!("{file}/__properties_version1.0"), &[0; 8]),
            (&format!("{file}/__substg1.0_3707001F"), &utf16("规定.md")),
            (&format!("{file}/__substg1.0_37010102"), b"# Rules"),
        ],
        &[&embedded, file],
    )
}

#[test]
fn a_link_to_a_file_is_no_loss_and_an_embedded_object_is_one() {
    for (method, kind) in [(2, WarningKind::Note), (6, WarningKind::Lost)] {
        let attachment = "/__attach_version1.0_#00000000";
        let properties = [vec![0; 8], property(0x3705, 3, method)].concat();
        let parts: [(&str, &[u8]); 4] = [
            ("/__properties_version1.0", &[0; 32]),
            ("/__substg1.0_1000001F", &utf16("See the plan.")),
            (&format!("{attachment}/__properties_version1.0"), &properties),
            (&format!("{attachment}/__substg1.0_3707001F"), &utf16("plan.xlsx")),
        ];
        let document = read_as(parse_msg, &outlook(&parts, &[attachment])).0.unwrap();
        assert_eq!(document.warnings[0].kind, kind, "{:?}", document.warnings);
    }
}

#[test]
fn an_outlook_message_is_read_with_what_is_attached() {
    let bytes = forwarded();
    let (document, members) = read_as(parse_msg, &bytes);
    let document = document.unwrap();
    assert_eq!(document.title.as_deref(), Some("转发：年假"));
    assert!(
        document.text.contains("From: 张三\nDate: 2025-08-18") && document.text.contains("See below."),
        "{}",
        document.text
    );
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Question.msg", "规定.md"]);
    let (inner, _) = read_as(parse_msg, &members[0].1);
    let inner = inner.unwrap();
    assert_eq!(inner.title.as_deref(), Some("Question"));
    assert!(inner.text.contains("How many days?"));
}

/// One has a part with a name that leads out of it, which the library reads, but does not write.
#[test]
fn an_attached_message_that_is_damaged_is_no_fault_of_ours() {
    let attachment = "/__attach_version1.0_#00000000";
    let embedded = format!("{attachment}/__substg1.0_3701000D");
    let method = [vec![0; 8], property(0x3705, 3, 5)].concat();
    let parts: [(&str, &[u8]); 3] = [
        ("/__properties_version1.0", &[0; 32]),
        (&format!("{attachment}/__properties_version1.0"), &method),
        (&format!("{embedded}/zz"), b"Ten days."),
    ];
    let mut bytes = outlook(&parts, &[&embedded]);
    let name = utf16("zz\0");
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(&utf16("..\0"));
    let error = read_as(parse_msg, &bytes).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("an attached message is damaged"), "{error}");
}

#[test]
fn a_part_of_an_outlook_message_that_is_too_long_is_refused() {
    let text = utf16(&"Ten days. ".repeat(10));
    let bytes = outlook(&[("/__properties_version1.0", &[0; 32]), ("/__substg1.0_1000001F", &text)], &[]);
    let read = |max_part_bytes| {
        read_within(parse_msg, &bytes, &ParseLimits { max_part_bytes, ..ParseLimits::default() }).0
    };
    assert!(read(200).is_ok());
    let error = read(100).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("__substg1.0_1000001F"), "{error}");
}

/// What a message says whose text is RTF, and perhaps plain.
fn rich(compressed: &[u8], plain: &str) -> ParsedDocument {
    let parts: [(&str, &[u8]); 4] = [
        ("/__properties_version1.0", &[0; 32]),
        ("/__substg1.0_0037001F", &utf16("Leave")),
        ("/__substg1.0_10090102", compressed),
        ("/__substg1.0_1000001F", &utf16(plain)),
    ];
    read_as(parse_msg, &outlook(&parts, &[])).0.unwrap()
}

#[test]
fn the_text_of_a_message_may_be_rtf() {
    let table = "{\\rtf1\\ansi {\\b Ten} days\\par\\trowd\\cellx1\\cellx2\\intbl a\\cell b\\cell\\row\\intbl c\\cell d\\cell\\row}";
    let document = rich(&stored(table), "");
    assert_eq!(document.text, "Leave\n\nTen days\n\n| a | b |\n| --- | --- |\n| c | d |");
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    let damaged = rich(b"LZFu", "in plain words");
    assert_eq!(damaged.text, "Leave\n\nin plain words");
    assert!(damaged.warnings[0].message.contains("RTF"), "{:?}", damaged.warnings);
    assert_eq!(damaged.warnings[0].kind, WarningKind::Doubtful, "its words are there");
    assert_eq!(rich(b"LZFu", " ").warnings[0].kind, WarningKind::Lost);
}

#[test]
fn rtf_that_was_html_is_html_again() {
    let html = "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}{\\*\\htmltag18 <body>}\
                {\\*\\htmltag148 <ul>}{\\*\\htmltag156 <li>}\\htmlrtf {\\pntext * \\tab}\\htmlrtf0 caf\\'e9 &amp; \\u24180?\\u20551?\
                {\\*\\htmltag156 </li>}{\\*\\htmltag148 </ul>}{\\*\\mhtmltag84 <img src=x>}\\htmlrtf{\\b\\plain only in RTF}\\htmlrtf0\
                {\\*\\htmltag84 <p>&lt;b&gt;</p>}}";
    assert_eq!(rich(&stored(html), "ignored").text, "Leave\n\n- café & 年假\n\n<b>");
}

#[test]
fn a_real_outlook_message_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/ingest/markitdown/test_outlook_msg.msg");
    let Ok(bytes) = fs_err::read(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return;
    };
    let document = read_as(parse_msg, &bytes).0.unwrap();
    assert_eq!(document.title.as_deref(), Some("Test Email Message"));
    assert!(document.text.contains("From: ") && document.text.contains("To: "), "{}", document.text);
    assert_eq!(
        crate::parse::sniff(&bytes[..bytes.len().min(crate::parse::SNIFF_BYTES)], None, None).unwrap(),
        ContentType::Msg
    );
}

proptest! {
    #[test]
    fn no_message_panics(text in "(From|To|Date|Subject|Content-Type|X): (multipart/mixed; boundary=x|a@b|\\PC{0,20})\n(\n|--x\n|\\PC{0,20}\n){0,12}") {
        drop(read_as(parse_eml, text.as_bytes()));
        is_message(text.as_bytes(), "eml");
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        drop(read_as(parse_eml, &bytes));
        drop(read_as(parse_msg, &bytes));
        is_message(&bytes, "");
    }

    #[test]
    fn no_damage_panics(damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = forwarded();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        drop(read_as(parse_msg, &bytes));
    }
}
