//! Where files come from: uploads ([`upload`]) and directories on the server ([`directory`]).

mod beneath;
pub mod directory;
mod key;
pub mod upload;

pub use self::key::key_of;

/// The last component of a document's key.
pub fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}
