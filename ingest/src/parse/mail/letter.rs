//! What all kinds of messages have, written as canonical text: subject, people, date, text, attachments.

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, ContentType, Page, PageKind, ParsedDocument, WarningKind};

use crate::parse::builder::DocumentBuilder;
use crate::parse::flow::Flow;
use crate::parse::html;
use crate::parse::limits::ParseLimits;
use crate::parse::members::Unpacking;
use crate::parse::rtf;

/// Most people named per line: a circular may have thousands.
const MOST_PEOPLE: usize = 100;

/// A message's text in one of its forms.
pub(super) enum Body {
    Html(String),
    Plain(String),
    Rtf(Vec<u8>),
}

/// A message, read.
#[derive(Default)]
pub(super) struct Letter {
    pub(super) subject: String,
    /// `From`, `To`, `Cc`, `Date` with their values.
    pub(super) lines: Vec<(&'static str, String)>,
    /// The best form of each part of the text.
    pub(super) bodies: Vec<Body>,
    /// What stands in for them where they turn out blank.
    pub(super) instead: Vec<Body>,
    /// What was lost or is doubtful.
    pub(super) warnings: Vec<(WarningKind, &'static str)>,
}

impl Letter {
    /// Adds a line, unless there is nothing to tell.
    pub(super) fn line(&mut self, name: &'static str, value: &str) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            self.lines.push((name, value));
        }
    }

    /// Adds a line that names people.
    pub(super) fn people(&mut self, name: &'static str, people: &[String]) {
        let mut named: Vec<&str> = people.iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
        let more = named.len().saturating_sub(MOST_PEOPLE);
        let rest = format!("and {more} more");
        if more > 0 {
            named.truncate(MOST_PEOPLE);
            named.push(&rest);
        }
        self.line(name, &named.join(", "));
    }

    /// The document that the letter is.
    pub(super) fn write(
        self,
        unpacking: Unpacking<'_>,
        limits: &ParseLimits,
        content_type: ContentType,
        engine: &str,
    ) -> Result<ParsedDocument> {
        let mut builder = DocumentBuilder::new(limits.max_text_chars);
        builder.title(&self.subject);
        start_part(&mut builder, 1, "message", &self.subject);
        builder.heading(1, &self.subject);
        let lines: Vec<String> = self.lines.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        builder.paragraph(&lines.join("\n"));
        let before = builder.block_count();
        let mut parts = 1;
        write_bodies(&mut builder, &self.bodies, &mut parts, &self.subject)?;
        if builder.block_count() == before {
            write_bodies(&mut builder, &self.instead, &mut parts, &self.subject)?;
        }
        for (kind, warning) in self.warnings {
            builder.warn(kind, None, warning);
        }
        if unpacking.count() > 0 {
            start_part(&mut builder, parts + 1, "attachments", &self.subject);
        }
        unpacking.describe(&mut builder);
        builder.finish(content_type, engine)
    }
}

/// Each part lies under the subject, and none under the headings of the part before.
fn start_part(builder: &mut DocumentBuilder, number: u32, label: &str, subject: &str) {
    builder.start(Page { number, kind: PageKind::Part, label: Some(label.to_owned()), ..Page::default() });
    builder.section(1, subject);
}

/// The first one lies in the part that names the people; `parts` counts on.
fn write_bodies(
    builder: &mut DocumentBuilder,
    bodies: &[Body],
    parts: &mut u32,
    subject: &str,
) -> Result<()> {
    for (index, body) in bodies.iter().enumerate() {
        if index > 0 {
            *parts += 1;
            start_part(builder, *parts, &format!("text {}", index + 1), subject);
        }
        match body {
            Body::Html(html) => {
                let mut flow = Flow::new(builder);
                html::append_fragment(html, &mut flow)?;
                flow.flush();
            }
            Body::Plain(text) => write_plain(builder, text),
            Body::Rtf(rtf) => rtf::append(rtf, builder),
        }
    }
    Ok(())
}

/// Paragraphs between empty lines; what is quoted from another message is a quotation.
fn write_plain(builder: &mut DocumentBuilder, text: &str) {
    let mut paragraph = String::new();
    let mut is_quoted = false;
    for line in text.lines().chain([""]) {
        let quoted = line.trim_start().starts_with('>');
        let ends = line.trim().is_empty() || quoted != is_quoted;
        if ends && !paragraph.is_empty() {
            let kind = if is_quoted { BlockKind::Quote } else { BlockKind::Paragraph };
            builder.block(kind, 0, &paragraph);
            paragraph.clear();
        }
        is_quoted = quoted;
        let line = if quoted { line.trim_start_matches(['>', ' ', '\t']) } else { line };
        if !line.trim().is_empty() {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
}
