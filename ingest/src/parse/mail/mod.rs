//! Messages: what was written in them becomes a document, what was attached to them documents of their own.

mod charset;
mod compressed_rtf;
mod eml;
mod fields;
mod letter;
mod msg;

pub(crate) use self::eml::{is_message, parse as parse_eml};
pub(crate) use self::msg::{PROPERTIES, parse as parse_msg};

/// The error for a message that only its recipients' keys open.
fn encrypted() -> footnote_core::Error {
    footnote_core::Error::new(
        footnote_core::ErrorKind::Unsupported,
        "the message is encrypted; open it in your mail program and save its text and attachments, or forward it \
         to yourself decrypted and save that",
    )
}

#[cfg(test)]
mod tests;
