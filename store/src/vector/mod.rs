//! Vector search: dense vectors by cosine similarity, in one of two backends.
//!
//! [`edge`] keeps Qdrant's engine inside this process, [`server`] speaks to a Qdrant server. Both
//! store the same payload under the same point ids and compile the same filters, so that one suite
//! (`tests/src/conformance/vector_index.rs`) holds for both. To add a backend: implement
//! `VectorIndex`, run that suite over it, choose it in `footnote_store::open`.

pub mod edge;
pub mod server;
mod shard;

use footnote_core::ids::GenerationId;
use footnote_core::question::Filter;
use footnote_core::{Error, Result};

/// Payload field with the version: the unit of removal.
const VERSION: &str = "version";
/// Payload field with the knowledge base: part of every query.
const KNOWLEDGE_BASE: &str = "knowledge_base";
/// Payload field with the tags that filters match.
const TAGS: &str = "tags";

/// Points written at once: searches wait for a batch at the most.
const WRITE_BATCH: usize = 256;
/// Points read at once when counting versions.
const SCROLL_BATCH: usize = 2_000;
/// Beam of an HNSW search: what recall above .99 took on 100,000 vectors.
const HNSW_BEAM: usize = 128;

/// Whether the filter can match at all: an empty group matches nothing.
fn can_match(filter: &Filter) -> bool {
    filter.all_of.iter().all(|group| !group.is_empty())
}

/// The strings of each group.
fn groups(filter: &Filter) -> impl Iterator<Item = Vec<String>> {
    filter.all_of.iter().map(|group| group.iter().map(|tag| tag.as_str().to_owned()).collect())
}

/// Refuses a vector that the generation cannot hold.
fn check_vector(vector: &[f32], dimension: usize) -> Result<()> {
    if vector.len() != dimension {
        return Err(Error::invalid(format!(
            "the vector has {} dimensions, but the index generation was made for {dimension}; \
             use the embedder it was made with",
            vector.len()
        )));
    }
    if vector.iter().any(|x| !x.is_finite()) {
        return Err(Error::invalid("the vector has an infinite or undefined component"));
    }
    Ok(())
}

fn check_generation_dimension(id: GenerationId, held: usize, wanted: usize) -> Result<()> {
    if held == wanted {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "the vector index of generation {id} holds vectors of {held} dimensions, its generation says {wanted}; \
         delete that index and it is rebuilt"
    )))
}

fn missing(id: GenerationId) -> Error {
    Error::unavailable(format!(
        "the vector index of generation {id} is missing; it is rebuilt by the reconciler"
    ))
}
