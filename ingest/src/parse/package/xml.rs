//! XML events without DTDs: the few things that every part of a package needs.

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

/// What a part consists of. Names are local names, without prefix.
pub(crate) enum Xml<'e> {
    /// An element begins. An empty element gives this and then [`Xml::End`].
    Start(&'e BytesStart<'e>),
    /// An element ends.
    End(&'e str),
    /// Character data.
    Text(&'e str),
}

/// Calls `handle` for every event of `text`. A DTD is refused: it has no place in a DOCX and could
/// define entities that grow without bound or name other files.
pub(crate) fn each_event(
    part: &str,
    text: &str,
    mut handle: impl FnMut(Xml<'_>) -> Result<()>,
) -> Result<()> {
    let mut reader = Reader::from_str(text);
    loop {
        let event = reader.read_event().context(ErrorKind::InvalidInput, || {
            format!(
                "the part {part} of the document is not well-formed; save it again with Word or LibreOffice"
            )
        })?;
        match event {
            Event::Start(start) => handle(Xml::Start(&start))?,
            Event::Empty(start) => {
                handle(Xml::Start(&start))?;
                handle(Xml::End(start.local_name().as_ref()))?;
            }
            Event::End(end) => handle(Xml::End(end.local_name().as_ref()))?,
            Event::Text(text) => handle(Xml::Text(&text))?,
            Event::CData(text) => handle(Xml::Text(&text))?,
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    _ => resolve_predefined_entity(&entity).unwrap_or_default().to_owned(),
                };
                handle(Xml::Text(&resolved))?;
            }
            Event::DocType(_) => {
                return Err(Error::invalid(format!(
                    "the part {part} of the document declares a DTD, which is refused; save it again with Word or \
                     LibreOffice"
                )));
            }
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

/// The value of the attribute with this local name.
pub(crate) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(
        quick_xml::escape::unescape(&found.value)
            .map_or_else(|_| found.value.to_string(), |v| v.into_owned()),
    )
}

/// Whether an on/off property is on: present, and not set to 0, false or off.
pub(crate) fn is_on(start: &BytesStart<'_>) -> bool {
    !matches!(attribute(start, "val").as_deref(), Some("0" | "false" | "off" | "none"))
}
