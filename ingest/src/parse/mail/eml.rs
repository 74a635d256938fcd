//! Internet messages (RFC 5322, MIME), by mail-parser.

use std::path::Path;

use footnote_core::error::Context;
use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, Result};
use mail_parser::{Address, DateTime, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::encrypted;
use super::letter::{Body, Letter};
use crate::parse::limits::ParseLimits;
use crate::parse::members::{Found, MemberOutput, Unpacking};

/// Pictures shorter than this that belong to the layout (logos, smileys, tracking pixels) are left out.
const SMALL_PICTURE: usize = 20 * 1024;
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
    let mut unpacking = Unpacking::new(limits, output);
    for (number, part) in (1..).zip(message.attachments()) {
        attach(part, number, &mut unpacking)?;
    }
    letter(&message).write(unpacking, limits, ContentType::Eml, "mail-parser 0.11")
}

fn letter(message: &Message<'_>) -> Letter {
    let subject = message.subject().unwrap_or_default();
    let mut letter = Letter { subject: subject.to_owned(), ..Letter::default() };
    for (name, people) in [("From", message.from()), ("To", message.to()), ("Cc", message.cc())] {
        letter.people(name, &people.map(people_of).unwrap_or_default());
    }
    if let Some(date) = message.date() {
        letter.line("Date", &date_of(date));
    }
    letter.bodies = message.html_bodies().filter_map(body_of).collect();
    letter.instead = message.text_bodies().filter_map(body_of).collect();
    if message.parts.iter().any(|part| part.is_encoding_problem && part.is_text()) {
        let told = "parts of the message are not in the encoding that they claim";
        letter.warnings.push((WarningKind::Doubtful, told));
    }
    letter
}

fn body_of(part: &MessagePart<'_>) -> Option<Body> {
    match &part.body {
        PartType::Html(html) => Some(Body::Html(html.to_string())),
        PartType::Text(text) => Some(Body::Plain(text.to_string())),
        _ => None,
    }
}

fn people_of(people: &Address<'_>) -> Vec<String> {
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

fn attach(part: &MessagePart<'_>, number: usize, unpacking: &mut Unpacking<'_>) -> Result<()> {
    let is_signature = ["pkcs7-signature", "x-pkcs7-signature", "pgp-signature"]
        .iter()
        .any(|kind| part.is_content_type("application", kind));
    if is_signature {
        unpacking.skip_system_file();
        return Ok(());
    }
    let name = name_of(part, number);
    let content = part.contents();
    let is_picture = part.content_type().is_some_and(|t| t.ctype().eq_ignore_ascii_case("image"));
    let is_layout = matches!(part.body, PartType::InlineBinary(_)) || part.content_id().is_some();
    if is_picture && is_layout && content.len() < SMALL_PICTURE {
        unpacking.pass_over(&name, "is a small picture of the message's layout");
        return Ok(());
    }
    let found = Found { name: &name, declared: content.len() as u64, compressed: None };
    unpacking.add(&found, &mut &content[..])
}

/// What the attachment is called, or something with the extension that its type has. A name is one part:
/// senders have no folders.
fn name_of(part: &MessagePart<'_>, number: usize) -> String {
    if let Some(name) = part.attachment_name().filter(|name| !name.trim().is_empty()) {
        return name.trim_start_matches('.').replace(['/', '\\'], "_");
    }
    if let Some(subject) = part.message().and_then(Message::subject).filter(|s| !s.trim().is_empty()) {
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
