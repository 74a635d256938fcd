//! Internet messages (RFC 5322, MIME), by mail-parser.

use std::path::Path;

use footnote_core::error::Context;
use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};
use mail_parser::parsers::MessageStream;
use mail_parser::{
    Address, DateTime, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

use super::charset::{content_of, text_of};
use super::encrypted;
use super::fields::Fields;
use super::letter::{Body, Letter};
use crate::parse::limits::ParseLimits;
use crate::parse::members::{Found, MemberOutput, Unpacking};

/// Pictures shorter than this that belong to the layout (logos, smileys, tracking pixels) are left out.
const SMALL_PICTURE: usize = 20 * 1024;
/// What stands for bytes that no encoding reads.
const LOST: char = '\u{fffd}';
/// Fields that only messages have: one of them tells, with another of either list.
const TELLING: [&str; 8] = [
    "received",
    "return-path",
    "message-id",
    "mime-version",
    "delivered-to",
    "dkim-signature",
    "x-mailer",
    "content-transfer-encoding",
];
const COMMON: [&str; 6] = ["from", "to", "cc", "date", "subject", "content-type"];

/// Whether a text begins with the header of a message. A memo that has `From:` and `Subject:` lines is none,
/// unless its name says so.
pub(crate) fn is_message(prefix: &[u8], extension: &str) -> bool {
    let is_named = matches!(extension, "eml" | "mht" | "mhtml");
    let text = String::from_utf8_lossy(prefix);
    let (mut telling, mut common) = (0, 0);
    for line in text.trim_start_matches('\u{feff}').lines() {
        if line.starts_with([' ', '\t']) && telling + common > 0 {
            continue;
        }
        if line.trim().is_empty() {
            break;
        }
        // A mailbox file begins its messages so.
        if line.starts_with("From ") && telling + common == 0 {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return false;
        }
        let name = name.to_ascii_lowercase();
        telling += usize::from(TELLING.contains(&name.as_str()));
        common += usize::from(COMMON.contains(&name.as_str()));
    }
    telling + common >= 2 && (telling > 0 || is_named)
}

/// Reads the message at `path` and hands on what is attached to it.
pub(crate) fn parse(
    path: &Path,
    limits: &ParseLimits,
    output: &mut dyn MemberOutput,
) -> Result<ParsedDocument> {
    let bytes = fs_err::read(path).internal("cannot read the stored file")?;
    let message = MessageParser::default()
        .parse(&bytes)
        .filter(|message| !message.parts.is_empty())
        .ok_or_else(|| Error::invalid("the message has no header; save it again in your mail program"))?;
    if is_encrypted(&message) {
        return Err(encrypted());
    }
    let fields = Fields::of(&message);
    let mut letter = letter(&message, &fields);
    let mut unpacking = Unpacking::new(limits, output);
    let mut is_unread =
        letter.subject.contains(LOST) || letter.lines.iter().any(|(_, line)| line.contains(LOST));
    for (number, part) in (1..).zip(message.attachments()) {
        let name = name_of(part, number, &fields);
        is_unread |= name.contains(LOST);
        attach(&message, part, &name, &mut unpacking)?;
    }
    if is_unread {
        let told = "parts of the header or names of attachments are in no encoding that reads them";
        letter.warnings.push((WarningKind::Doubtful, told));
    }
    letter.write(unpacking, limits, ContentType::Eml, "mail-parser 0.11")
}

fn letter(message: &Message<'_>, fields: &Fields) -> Letter {
    let mut letter = Letter { subject: fields.subject(message), ..Letter::default() };
    for (name, field) in [("From", HeaderName::From), ("To", HeaderName::To), ("Cc", HeaderName::Cc)] {
        letter.people(name, &people_of(&fields.people(message, &field).unwrap_or_default()));
    }
    if let Some(date) = message.date() {
        letter.line("Date", &date_of(date));
    }
    let (mut is_broken, mut is_guess) = (false, false);
    let mut body_of = |part: &MessagePart<'_>| {
        let body: fn(String) -> Body = match &part.body {
            PartType::Html(_) => Body::Html,
            PartType::Text(_) => Body::Plain,
            _ => return None,
        };
        let read = text_of(message, part);
        is_broken |= read.is_broken;
        is_guess |= read.is_guess;
        Some(body(read.text.into_owned()))
    };
    letter.bodies = message.html_bodies().filter_map(&mut body_of).collect();
    letter.instead = message.text_bodies().filter_map(&mut body_of).collect();
    let told = [
        (
            message.parts.iter().any(|part| part.is_encoding_problem && part.is_text()),
            "parts of the message are not in the encoding that they claim",
        ),
        (is_broken, "parts of the text are not valid in their encoding; U+FFFD stands for them"),
        (is_guess, "the encoding of the text was guessed from little text and may be another"),
    ];
    let told = told.into_iter().filter(|(is, _)| *is);
    letter.warnings.extend(told.map(|(_, warning)| (WarningKind::Doubtful, warning)));
    letter
}

/// The people that a field names.
fn people_of(field: &str) -> Vec<String> {
    let line = format!("{field}\n");
    let HeaderValue::Address(people) = MessageStream::new(line.as_bytes()).parse_address() else {
        return Vec::new();
    };
    shown(&people)
}

fn shown(people: &Address<'_>) -> Vec<String> {
    let one = |name: Option<&str>, address: Option<&str>| match (name, address) {
        (Some(name), Some(address)) if name != address => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    people.iter().map(|person| one(person.name(), person.address())).collect()
}

fn date_of(date: &DateTime) -> String {
    let sign = if date.tz_before_gmt { '-' } else { '+' };
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} {sign}{:02}:{:02}",
        date.year, date.month, date.day, date.hour, date.minute, date.second, date.tz_hour, date.tz_minute
    )
}

/// S/MIME and OpenPGP. What is only signed can be read.
fn is_encrypted(message: &Message<'_>) -> bool {
    let root = &message.parts[0];
    let is_smime =
        ["pkcs7-mime", "x-pkcs7-mime"].iter().any(|kind| root.is_content_type("application", kind));
    let is_signed = root.content_type().and_then(|t| t.attribute("smime-type")) == Some("signed-data");
    let text = message.text_bodies().next().and_then(MessagePart::text_contents).unwrap_or_default();
    root.is_content_type("multipart", "encrypted")
        || is_smime && !is_signed
        || text.trim_start().starts_with("-----BEGIN PGP MESSAGE-----")
}

fn attach(
    message: &Message<'_>,
    part: &MessagePart<'_>,
    name: &str,
    unpacking: &mut Unpacking<'_>,
) -> Result<()> {
    let is_signature = ["pkcs7-signature", "x-pkcs7-signature", "pgp-signature"]
        .iter()
        .any(|kind| part.is_content_type("application", kind));
    if is_signature {
        unpacking.skip_system_file();
        return Ok(());
    }
    let content = content_of(message, part);
    let is_picture = part.content_type().is_some_and(|t| t.ctype().eq_ignore_ascii_case("image"));
    let is_layout = matches!(part.body, PartType::InlineBinary(_)) || part.content_id().is_some();
    if is_picture && is_layout && content.len() < SMALL_PICTURE {
        unpacking.pass_over(name, "is a small picture of the message's layout");
        return Ok(());
    }
    let found = Found { name, declared: content.len() as u64, compressed: None };
    unpacking.add(&found, &mut &content[..])
}

/// What the attachment is called, or something with the extension that its type has. A name is one part:
/// senders have no folders.
fn name_of(part: &MessagePart<'_>, number: usize, fields: &Fields) -> String {
    let as_parsed = || part.attachment_name().filter(|name| !name.trim().is_empty()).map(str::to_owned);
    if let Some(name) = fields.file_name(part).or_else(as_parsed) {
        return name.trim_start_matches('.').replace(['/', '\\'], "_");
    }
    let subject = part.message().map(|message| Fields::of(message).subject(message)).unwrap_or_default();
    if !subject.trim().is_empty() {
        return format!("{}.eml", subject.trim_start_matches('.').replace(['/', '\\'], "_"));
    }
    let subtype = part.content_type().and_then(|t| t.subtype()).unwrap_or_default().to_ascii_lowercase();
    let extension = match (&part.body, subtype.as_str()) {
        (PartType::Message(_), _) => "eml",
        (PartType::Html(_), _) => "html",
        (PartType::Text(_), "calendar") => "ics",
        (PartType::Text(_), "csv") => "csv",
        (PartType::Text(_), _) => "txt",
        (_, "pdf" | "png" | "jpeg" | "gif" | "zip" | "rtf" | "json" | "xml") => subtype.as_str(),
        _ => "bin",
    };
    format!("attachment {number}.{extension}")
}
