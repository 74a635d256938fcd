//! Where files come from: uploads ([`upload`]) and directories on the server ([`directory`]).

mod beneath;
pub mod directory;
pub mod upload;

/// The last component of a document's key.
pub fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}
