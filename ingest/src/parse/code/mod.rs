//! Source code: one block per item (function, class, …) under its qualified name, so that chunks follow the
//! syntax. The canonical text is the file as it stands, but for blanks at line ends.
//!
//! To add a language: its extensions and its grammar in [`language`], and the kinds of its items in [`items`]
//! where they have other names than those that are there.

mod items;
mod language;

use std::ops::Range;

use footnote_core::Result;
use footnote_core::parsed::{ContentType, ParsedDocument};

use self::items::{Segment, segments};
pub(crate) use self::language::is_code;
use self::language::language;
use super::builder::DocumentBuilder;
use super::limits::ParseLimits;
use super::text::decode;

/// Longest file that is read by its grammar, in bytes; a longer one was made by a program, and a tree of it
/// would need a hundred times its size.
const MAX_GRAMMAR_BYTES: usize = 8 << 20;

/// Reads the source file that people call `file_name`.
pub(crate) fn parse(bytes: &[u8], file_name: &str, limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let mut builder = decoded.builder(limits);
    let text = decoded.line_feeds();
    let lines: Vec<&str> = text.split('\n').collect();
    let grammar = language(file_name, &text).filter(|_| text.len() <= MAX_GRAMMAR_BYTES);
    let read = grammar.and_then(|grammar| segments(&text, &lines, &grammar.grammar()));
    let engine = if read.is_some() { "tree-sitter 0.27" } else { "lines" };
    append(&mut builder, &lines, read.unwrap_or_else(|| paragraphs(&lines)));
    builder.finish(ContentType::Code, engine)
}

/// Appends the lines of each segment; the empty lines between two of them stay.
fn append(builder: &mut DocumentBuilder, lines: &[&str], segments: Vec<Segment>) {
    let mut written = 0;
    for segment in segments {
        let Some(within) = trimmed(lines, segment.lines) else { continue };
        let text = lines[within.clone()].join("\n");
        builder.code(&segment.path, within.start - written + 1, &text);
        written = within.end;
    }
}

/// `range` without blank lines at either end; `None` where all are blank.
fn trimmed(lines: &[&str], range: Range<usize>) -> Option<Range<usize>> {
    let part = lines.get(range.clone())?;
    let first = part.iter().position(|line| !line.trim().is_empty())?;
    let last = part.iter().rposition(|line| !line.trim().is_empty())?;
    Some(range.start + first..range.start + last + 1)
}

/// Without a grammar: what stands between blank lines, where the line that follows is not indented.
fn paragraphs(lines: &[&str]) -> Vec<Segment> {
    let starts = (1..lines.len()).filter(|&at| {
        lines[at - 1].trim().is_empty() && lines[at].starts_with(|c: char| c.is_alphanumeric() || c == '#')
    });
    let mut segments = Vec::new();
    let mut from = 0;
    for start in starts.chain([lines.len()]) {
        segments.push(Segment { lines: from..start, path: Vec::new() });
        from = start;
    }
    segments
}

#[cfg(test)]
mod tests;
