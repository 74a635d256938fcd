//! What every implementation of a seam must do, as suites over its trait.
//!
//! A suite panics at the first thing that is not so, like a test. It takes the backend, or a way to
//! open it empty, or a way to reopen it, so that "durable" means "still there when opened again".
//!
//! To add a backend: call its seam's `run` in `suite/`. To add a promise to a seam: add a case to its
//! suite, and every backend is asked to keep it.

pub mod answer_store;
mod bed;
pub mod blob_store;
pub mod conversation_store;
pub mod document_store;
pub mod embedder;
pub mod generator;
pub mod job_queue;
pub mod key_store;
pub mod keyword_index;
pub mod reranker;
pub mod schedule_store;
pub mod vector_index;

pub use bed::Sql;

use footnote_core::chunk::{IndexKey, Tag};
use footnote_core::ids::{ChunkId, GenerationId, KnowledgeBaseId, VersionId, WorkspaceId};
use footnote_core::knowledge_base::{ChunkerSettings, Generation, GenerationSpec, KnowledgeBase};
use footnote_core::ports::{Clock as _, SystemClock};
use footnote_core::principal::{Principal, Scope};
use footnote_core::settings::KnowledgeBaseSettings;

/// A generation for vectors of `dimension`.
pub fn generation(dimension: usize) -> Generation {
    let spec = GenerationSpec {
        embedder: "conformance".into(),
        dimension,
        analyzer: 1,
        chunker: ChunkerSettings::default(),
    };
    Generation { id: GenerationId::new(), spec }
}

/// A knowledge base whose questions go to `generation`.
pub fn knowledge_base(generation: GenerationId) -> KnowledgeBase {
    let id = KnowledgeBaseId::new();
    KnowledgeBase {
        id,
        workspace: WorkspaceId::DEFAULT,
        name: id.to_string(),
        description: String::new(),
        settings: KnowledgeBaseSettings::default(),
        generation,
        next_generation: None,
        created_at: SystemClock.now(),
    }
}

/// The local operator's scope in a knowledge base.
pub fn scope(knowledge_base: &KnowledgeBase) -> Scope {
    Principal::local_operator().scope(knowledge_base).expect("the operator reaches every knowledge base")
}

/// The key of a version's chunk.
pub fn key(knowledge_base: &KnowledgeBase, version: VersionId, ordinal: u32, tags: &[Tag]) -> IndexKey {
    IndexKey {
        chunk: ChunkId::derive(version, knowledge_base.generation, ordinal),
        version,
        knowledge_base: knowledge_base.id,
        tags: tags.to_vec(),
    }
}
