//! Where documents come from.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{KnowledgeBaseId, SourceId};

/// A source: it gives documents stable keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// The knowledge base it feeds.
    pub knowledge_base: KnowledgeBaseId,
    /// Unique within the knowledge base.
    pub name: String,
    /// What it reads from.
    pub kind: SourceKind,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// The kinds of source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceKind {
    /// Files that people or programs upload; every knowledge base has exactly one.
    Upload,
    /// A directory on the server, compared by content at every refresh.
    Directory {
        /// Absolute path.
        path: PathBuf,
    },
}

/// What a refresh changed. A run's history is this, stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshReport {
    /// Keys that are new.
    pub added: Vec<String>,
    /// Keys whose content differs from their current version.
    pub changed: Vec<String>,
    /// Old and new key of content that moved: nothing is embedded again.
    pub renamed: Vec<(String, String)>,
    /// Keys that are gone.
    pub removed: Vec<String>,
    /// Files equal to what is indexed.
    pub unchanged: usize,
    /// Files that could not be read, with the reason.
    pub failed: Vec<(String, String)>,
}
