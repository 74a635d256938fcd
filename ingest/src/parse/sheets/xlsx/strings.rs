//! The texts that cells share, and the workbook's title.

use footnote_core::Result;

use crate::parse::package::Package;
use crate::parse::package::xml::{Xml, each_event};

/// Shared strings by their number.
pub(super) fn read(package: &mut Package, part: Option<&str>) -> Result<Vec<String>> {
    let part = part.unwrap_or("xl/sharedStrings.xml");
    let mut strings = Vec::new();
    let Some(xml) = package.xml(part)? else { return Ok(strings) };
    let mut text = RichText::default();
    each_event(part, &xml, |event| {
        text.event(&event);
        if matches!(event, Xml::End("si")) {
            strings.push(text.take());
        }
        Ok(())
    })?;
    Ok(strings)
}

/// Collects the runs of a text, without the reading aid above Japanese and Chinese characters.
#[derive(Default)]
pub(super) struct RichText {
    text: String,
    inside: bool,
    phonetic: bool,
}

impl RichText {
    /// Takes what of the event belongs to the text.
    pub(super) fn event(&mut self, event: &Xml<'_>) {
        match event {
            Xml::Start(start) => match start.local_name().as_ref() {
                "t" => self.inside = true,
                "rPh" => self.phonetic = true,
                _ => {}
            },
            Xml::End("t") => self.inside = false,
            Xml::End("rPh") => self.phonetic = false,
            Xml::Text(text) if self.inside && !self.phonetic => self.text.push_str(text),
            _ => {}
        }
    }

    /// What was collected, for which a new text begins.
    pub(super) fn take(&mut self) -> String {
        unescaped(&std::mem::take(&mut self.text))
    }
}

/// `_x000D_` stands for the character with that number.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6).filter(|_| rest[at..].get(6..7) == Some("_"));
        let escaped = code.filter(|code| code.chars().all(|c| c.is_ascii_hexdigit()));
        match escaped.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}
