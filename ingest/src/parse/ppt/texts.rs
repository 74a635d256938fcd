//! The texts of a presentation and what they are for: a header, the characters, the styles of their paragraphs.

use footnote_core::parsed::BlockKind;

use super::records::Record;
use super::styles::{Marker, ParagraphStyle, of_paragraphs};
use crate::parse::builder::DocumentBuilder;
use crate::parse::compound::{u32_at, utf16};

const TEXT_HEADER: u16 = 0x0f9f;
const TEXT_CHARS: u16 = 0x0fa0;
const TEXT_BYTES: u16 = 0x0fa8;
const TEXT_STYLES: u16 = 0x0fa1;

/// What a text is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    Title,
    Body,
    #[default]
    Other,
    Notes,
}

/// A text with its paragraphs' styles; its place in the outline is kept even where it is empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) purpose: Purpose,
    pub(super) text: String,
    styles: Vec<ParagraphStyle>,
}

/// Takes records of texts as they follow each other.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) texts: Vec<Text>,
    /// Whether the bullets of each run of the next text are numbers.
    pub(super) numbered: Vec<bool>,
}

impl Texts {
    /// Takes the record if it belongs to a text.
    pub(super) fn take(&mut self, record: &Record<'_>) {
        match record.kind {
            TEXT_HEADER => {
                let purpose = match u32_at(record.content, 0) {
                    Some(0 | 6) => Purpose::Title,
                    Some(1 | 5 | 7 | 8) => Purpose::Body,
                    Some(2) => Purpose::Notes,
                    _ => Purpose::Other,
                };
                self.texts.push(Text { purpose, ..Text::default() });
            }
            TEXT_CHARS => self.text(utf16(record.content)),
            // Bytes that stand for the first 256 characters of Unicode.
            TEXT_BYTES => self.text(record.content.iter().map(|&byte| char::from(byte)).collect()),
            TEXT_STYLES => {
                let numbered = std::mem::take(&mut self.numbered);
                if let Some(text) = self.texts.last_mut().filter(|text| text.styles.is_empty()) {
                    text.styles = of_paragraphs(&text.text, record.content, &numbered);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, said: String) {
        match self.texts.last_mut() {
            Some(text) if text.text.is_empty() => text.text = said,
            last => {
                let purpose = last.map_or(Purpose::Other, |text| text.purpose);
                self.texts.push(Text { purpose, text: said, styles: Vec::new() });
            }
        }
    }
}

impl Text {
    /// Appends it as its purpose and its paragraphs' styles say.
    pub(super) fn append(&self, out: &mut DocumentBuilder) {
        let mut numbers = [0_u32; 9];
        let paragraphs = self
            .text
            .split('\r')
            .zip(self.styles.iter().copied().chain(std::iter::repeat(ParagraphStyle::default())));
        // `*` alone is the place of a date or slide number.
        let paragraphs = paragraphs
            .map(|(line, style)| (line.replace('\u{b}', "\n"), style))
            .filter(|(line, _)| !line.trim().is_empty() && line.trim() != "*");
        match self.purpose {
            Purpose::Title => {
                let words: Vec<String> = paragraphs.map(|(line, _)| line).collect();
                out.heading(1, &words.join(" ").split_whitespace().collect::<Vec<_>>().join(" "));
            }
            Purpose::Notes => paragraphs.for_each(|(line, _)| out.block(BlockKind::Quote, 0, &line)),
            Purpose::Body | Purpose::Other => {
                for (line, style) in paragraphs {
                    append_paragraph(out, self.purpose, line.trim(), style, &mut numbers);
                }
            }
        }
    }
}

fn append_paragraph(
    out: &mut DocumentBuilder,
    purpose: Purpose,
    line: &str,
    style: ParagraphStyle,
    numbers: &mut [u32; 9],
) {
    let default = if purpose == Purpose::Body { Marker::Bullet } else { Marker::None };
    let level = usize::from(style.level).min(numbers.len() - 1);
    numbers[level + 1..].fill(0);
    let depth = style.level.saturating_add(1);
    match style.marker.unwrap_or(default) {
        Marker::Number => {
            numbers[level] = numbers[level].saturating_add(1);
            out.block(BlockKind::ListItem, depth, &format!("{}. {line}", numbers[level]));
            return;
        }
        Marker::Bullet => out.block(BlockKind::ListItem, depth, &format!("- {line}")),
        Marker::None => out.paragraph(line),
    }
    numbers[level] = 0;
}
