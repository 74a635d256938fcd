//! Identifiers, one newtype each, so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Result};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh, time-ordered id (UUIDv7).
            #[expect(clippy::new_without_default, reason = "an id is an event, not a default value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| Error::invalid(format!(concat!($what, " id {:?} is not a UUID"), text)))
            }
        }
    };
}

id!(/// A knowledge base: a set of documents with settings of its own.
    KnowledgeBaseId, "knowledge base");
id!(/// A source of documents: uploads, or a directory that is refreshed.
    SourceId, "source");
id!(/// A document: a stable key within its source, whatever its content is today.
    DocumentId, "document");
id!(/// One immutable content of a document.
    VersionId, "document version");
id!(/// A chunk of a version within an index generation; see [`ChunkId::derive`].
    ChunkId, "chunk");
id!(/// What somebody added to a chunk.
    ChunkEditId, "chunk edit");
id!(/// An index generation: the settings under which vectors and terms were made.
    GenerationId, "index generation");
id!(/// A durable unit of slow work.
    JobId, "job");
id!(/// A cron schedule that refreshes a source.
    ScheduleId, "schedule");
id!(/// One run of a source's refresh.
    RunId, "run");
id!(/// A conversation.
    ConversationId, "conversation");
id!(/// A message of a conversation; an answer's id too.
    MessageId, "message");
id!(/// An API key (the record, never the secret).
    ApiKeyId, "api key");
id!(/// The tenant that owns knowledge bases and keys; one today.
    WorkspaceId, "workspace");

impl WorkspaceId {
    /// The workspace of a single-tenant installation.
    pub const DEFAULT: Self = Self(Uuid::from_u128(1));
}

impl ChunkId {
    /// UUIDv5 of the version with generation and ordinal as the name: writing twice is harmless,
    /// and neither two versions nor two generations ever collide.
    pub fn derive(version: VersionId, generation: GenerationId, ordinal: u32) -> Self {
        let mut name = [0_u8; 20];
        name[..16].copy_from_slice(generation.0.as_bytes());
        name[16..].copy_from_slice(&ordinal.to_be_bytes());
        Self(Uuid::new_v5(&version.0, &name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_ids_are_stable_and_distinct() {
        let (version, generation) = (VersionId::new(), GenerationId::new());
        let id = ChunkId::derive(version, generation, 7);
        assert_eq!(id, ChunkId::derive(version, generation, 7));
        assert_ne!(id, ChunkId::derive(version, generation, 8));
        assert_ne!(id, ChunkId::derive(VersionId::new(), generation, 7));
        assert_ne!(id, ChunkId::derive(version, GenerationId::new(), 7));
    }

    #[test]
    fn a_bad_id_names_itself() {
        let error = "nope".parse::<DocumentId>().unwrap_err();
        assert_eq!(error.to_string(), "document id \"nope\" is not a UUID");
    }
}
