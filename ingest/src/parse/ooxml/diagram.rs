//! The texts of diagrams (SmartArt).

use footnote_core::Result;

use crate::parse::package::xml::{Xml, each_event};

/// The texts of a diagram's points, in order.
pub(super) fn texts(part: &str, xml: &str) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let (mut text, mut inside) = (String::new(), false);
    each_event(part, xml, |event| {
        match event {
            Xml::Start(start) => inside = start.local_name().as_ref() == "t",
            Xml::End(name) => {
                inside = false;
                match name {
                    "p" => text.push(' '),
                    "pt" if !text.trim().is_empty() => texts.push(std::mem::take(&mut text)),
                    "pt" => text.clear(),
                    _ => {}
                }
            }
            Xml::Text(part) if inside => text.push_str(part),
            Xml::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(texts)
}
