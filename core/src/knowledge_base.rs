//! Knowledge bases and index generations.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::hash::ContentHash;
use crate::ids::{GenerationId, KnowledgeBaseId, WorkspaceId};
use crate::settings::KnowledgeBaseSettings;

/// A set of documents that is searched and asked as one.
#[derive(Debug, Clone, PartialEq)]
pub struct KnowledgeBase {
    /// Its id.
    pub id: KnowledgeBaseId,
    /// The tenant that owns it.
    pub workspace: WorkspaceId,
    /// Unique within the workspace; also the model name for OpenAI clients.
    pub name: String,
    /// Free text for people.
    pub description: String,
    /// Retrieval, prompt and sampling settings.
    pub settings: KnowledgeBaseSettings,
    /// The generation that answers questions.
    pub generation: GenerationId,
    /// The generation that it changes to, as soon as all its current versions are indexed there.
    pub next_generation: Option<GenerationId>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// The settings that decide what lies in the indexes. Two knowledge bases with equal settings
/// share a generation; a change of any of them builds another beside it and flips one SQL row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationSpec {
    /// [`crate::ports::Embedder::fingerprint`].
    pub embedder: String,
    /// Length of its vectors.
    pub dimension: usize,
    /// Version of the keyword analyzer.
    pub analyzer: u32,
    /// How texts are cut.
    pub chunker: ChunkerSettings,
}

impl GenerationSpec {
    /// Identifies the spec: equal specs have equal fingerprints.
    pub fn fingerprint(&self) -> ContentHash {
        // Field by field: a setting that is added later is left out where it has its old meaning, lest
        // every index be built anew.
        let ChunkerSettings { version, max_tokens, overlap_tokens } = &self.chunker;
        let chunker = format!(
            "ChunkerSettings {{ version: {version}, max_tokens: {max_tokens}, overlap_tokens: {overlap_tokens} }}"
        );
        let text = format!("{}\n{}\n{}\n{chunker}", self.embedder, self.dimension, self.analyzer);
        ContentHash::of(text.as_bytes())
    }
}

/// A generation: a spec with the id that names its collection and its tantivy folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its id.
    pub id: GenerationId,
    /// What it is made of.
    pub spec: GenerationSpec,
}

/// How canonical text is cut into chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkerSettings {
    /// Version of the chunking algorithm; a change makes a new generation.
    pub version: u32,
    /// Largest chunk, in tokens of the embedder, without heading path and prefix.
    pub max_tokens: usize,
    /// Tokens repeated from the chunk before; 0 for none.
    pub overlap_tokens: usize,
}

impl Default for ChunkerSettings {
    fn default() -> Self {
        Self { version: 1, max_tokens: 320, overlap_tokens: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_stay_what_they_were() {
        let chunker = ChunkerSettings::default();
        let spec = GenerationSpec { embedder: "e5".to_owned(), dimension: 3, analyzer: 1, chunker };
        let text = "e5\n3\n1\nChunkerSettings { version: 1, max_tokens: 320, overlap_tokens: 0 }";
        assert_eq!(spec.fingerprint(), ContentHash::of(text.as_bytes()));
    }
}
