//! The suite of [`VectorIndex`].

use std::collections::BTreeMap;

use footnote_core::ErrorKind;
use footnote_core::chunk::{Hit, Tag, VectorEntry};
use footnote_core::ids::{ChunkId, VersionId};
use footnote_core::knowledge_base::{Generation, KnowledgeBase};
use footnote_core::ports::VectorIndex;
use footnote_core::question::Filter;

use super::{generation, key, knowledge_base, scope};

const DIMENSION: usize = 8;

/// Runs the suite over what `reopen` gives; it is called again to see what a new process would see.
/// The index given before has been dropped by then.
pub async fn run<F>(mut reopen: F)
where
    F: AsyncFnMut() -> Box<dyn VectorIndex>,
{
    let index = reopen().await;
    nothing_is_found_where_nothing_is(&*index).await;
    writing_twice_is_writing_once(&*index).await;
    the_nearest_come_first(&*index).await;
    a_scope_sees_its_knowledge_base_only(&*index).await;
    filters_narrow(&*index).await;
    removal_takes_one_version(&*index).await;
    wrong_vectors_are_refused(&*index).await;
    many_points_are_counted(&*index).await;
    let (generation, base, version) = a_flushed_version(&*index).await;
    drop(index);
    a_flushed_version_survives(&*reopen().await, &generation, &base, version).await;
}

async fn nothing_is_found_where_nothing_is(index: &dyn VectorIndex) {
    let unknown = generation(DIMENSION);
    let base = knowledge_base(unknown.id);
    let nowhere = index.search(scope(&base), &Filter::default(), &axis(0), 10).await;
    assert_eq!(nowhere.unwrap_err().kind(), ErrorKind::Unavailable, "an unknown generation is an error");
    assert!(index.upsert(unknown.id, vec![entry(&base, VersionId::new(), 0, axis(0), &[])]).await.is_err());
    assert!(index.versions(unknown.id).await.is_err());

    index.ensure(&unknown).await.unwrap();
    index.ensure(&unknown).await.expect("ensuring twice is harmless");
    assert_eq!(search(index, &base, &Filter::default(), &axis(0), 10).await, []);
    assert_eq!(index.versions(unknown.id).await.unwrap(), BTreeMap::new());
    index.remove(unknown.id, VersionId::new()).await.expect("removing nothing is harmless");
    index.flush(unknown.id).await.unwrap();

    let mut other = unknown.clone();
    other.spec.dimension += 1;
    assert_eq!(index.ensure(&other).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

async fn writing_twice_is_writing_once(index: &dyn VectorIndex) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    for _ in 0..2 {
        let entries = vec![entry(&base, version, 0, axis(0), &[]), entry(&base, version, 1, axis(1), &[])];
        index.upsert(generation.id, entries).await.unwrap();
    }
    index.flush(generation.id).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(version, 2)]));
    assert_eq!(search(index, &base, &Filter::default(), &axis(0), 10).await.len(), 2);

    // A new vector under the same id replaces the old one.
    index.upsert(generation.id, vec![entry(&base, version, 0, axis(5), &[])]).await.unwrap();
    let hits = search(index, &base, &Filter::default(), &axis(5), 1).await;
    assert_eq!(hits[0].chunk, ChunkId::derive(version, generation.id, 0));
    assert!((hits[0].score - 1.0).abs() < 1e-3, "{hits:?}");
}

async fn the_nearest_come_first(index: &dyn VectorIndex) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    let entries =
        (0..DIMENSION as u32).map(|n| entry(&base, version, n, between(0, 1, n as f32 / 10.0), &[]));
    index.upsert(generation.id, entries.collect()).await.unwrap();
    index.flush(generation.id).await.unwrap();
    let hits = search(index, &base, &Filter::default(), &axis(0), 5).await;
    let wanted: Vec<ChunkId> = (0..5).map(|n| ChunkId::derive(version, generation.id, n)).collect();
    assert_eq!(hits.iter().map(|h| h.chunk).collect::<Vec<_>>(), wanted, "nearest first, {hits:?}");
    assert!(hits.is_sorted_by(|a, b| a.score > b.score), "{hits:?}");
    let cosine = between(0, 1, 0.4)[0];
    assert!((hits[4].score - cosine).abs() < 1e-3, "the score is the cosine {cosine}: {hits:?}");
    assert_eq!(search(index, &base, &Filter::default(), &axis(0), 0).await, []);
}

async fn a_scope_sees_its_knowledge_base_only(index: &dyn VectorIndex) {
    let (generation, mine) = ready(index).await;
    let theirs = knowledge_base(generation.id);
    let (my_version, their_version) = (VersionId::new(), VersionId::new());
    index.upsert(generation.id, vec![entry(&mine, my_version, 0, axis(0), &[])]).await.unwrap();
    index.upsert(generation.id, vec![entry(&theirs, their_version, 0, axis(0), &[])]).await.unwrap();
    index.flush(generation.id).await.unwrap();
    let hits = search(index, &mine, &Filter::default(), &axis(0), 10).await;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].chunk, ChunkId::derive(my_version, generation.id, 0));
    let nobody = knowledge_base(generation.id);
    assert_eq!(search(index, &nobody, &Filter::default(), &axis(0), 10).await, []);
}

async fn filters_narrow(index: &dyn VectorIndex) {
    let (generation, base) = ready(index).await;
    let [red, blue, old] = tags();
    let version = VersionId::new();
    let entries = vec![
        entry(&base, version, 0, axis(0), &[red.clone(), old.clone()]),
        entry(&base, version, 1, axis(1), &[blue.clone(), old.clone()]),
        entry(&base, version, 2, axis(2), std::slice::from_ref(&blue)),
        entry(&base, version, 3, axis(3), &[]),
    ];
    index.upsert(generation.id, entries).await.unwrap();
    index.flush(generation.id).await.unwrap();
    for (all_of, wanted) in super::keyword_index::filter_cases(&red, &blue, &old) {
        let filter = Filter { all_of };
        let mut found: Vec<ChunkId> =
            search(index, &base, &filter, &axis(0), 10).await.iter().map(|h| h.chunk).collect();
        let mut expected: Vec<ChunkId> =
            wanted.iter().map(|&n| ChunkId::derive(version, generation.id, n)).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn removal_takes_one_version(index: &dyn VectorIndex) {
    let (generation, base) = ready(index).await;
    let (old, new) = (VersionId::new(), VersionId::new());
    for (version, count) in [(old, 3), (new, 2)] {
        let entries = (0..count).map(|n| entry(&base, version, n, axis(n as usize), &[]));
        index.upsert(generation.id, entries.collect()).await.unwrap();
    }
    index.remove(generation.id, old).await.unwrap();
    index.flush(generation.id).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(new, 2)]));
    let hits = search(index, &base, &Filter::default(), &axis(2), 10).await;
    assert!(
        hits.iter().all(|h| (0..2).any(|n| h.chunk == ChunkId::derive(new, generation.id, n))),
        "{hits:?}"
    );
    index.remove(generation.id, old).await.expect("removing twice is harmless");
}

async fn wrong_vectors_are_refused(index: &dyn VectorIndex) {
    let (generation, base) = ready(index).await;
    for vector in [vec![1.0; DIMENSION + 1], Vec::new(), vec![f32::NAN; DIMENSION]] {
        let entries = vec![entry(&base, VersionId::new(), 0, vector.clone(), &[])];
        let written = index.upsert(generation.id, entries).await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::InvalidInput);
        let found = index.search(scope(&base), &Filter::default(), &vector, 10).await;
        assert_eq!(found.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::new());
}

/// More points than any batch has.
async fn many_points_are_counted(index: &dyn VectorIndex) {
    let (generation, base) = ready(index).await;
    let mut expected = BTreeMap::new();
    for count in [1_u32, 999, 3_500] {
        let version = VersionId::new();
        expected.insert(version, u64::from(count));
        let entries = (0..count).map(|n| entry(&base, version, n, between(0, 1, n as f32), &[]));
        index.upsert(generation.id, entries.collect()).await.unwrap();
    }
    index.flush(generation.id).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), expected);
    assert_eq!(search(index, &base, &Filter::default(), &axis(1), 1_000).await.len(), 1_000);
}

async fn a_flushed_version(index: &dyn VectorIndex) -> (Generation, KnowledgeBase, VersionId) {
    let (generation, base) = ready(index).await;
    let version = VersionId::new();
    let entries = (0..300).map(|n| entry(&base, version, n, between(0, 1, n as f32 / 100.0), &[]));
    index.upsert(generation.id, entries.collect()).await.unwrap();
    let gone = VersionId::new();
    index.upsert(generation.id, vec![entry(&base, gone, 0, axis(7), &[])]).await.unwrap();
    index.remove(generation.id, gone).await.unwrap();
    index.flush(generation.id).await.unwrap();
    (generation, base, version)
}

async fn a_flushed_version_survives(
    index: &dyn VectorIndex,
    generation: &Generation,
    base: &KnowledgeBase,
    version: VersionId,
) {
    index.ensure(generation).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(version, 300)]));
    let hits = search(index, base, &Filter::default(), &axis(0), 3).await;
    assert_eq!(hits[0].chunk, ChunkId::derive(version, generation.id, 0));
    // It can still be written to.
    index.upsert(generation.id, vec![entry(base, version, 300, axis(6), &[])]).await.unwrap();
    index.flush(generation.id).await.unwrap();
    assert_eq!(index.versions(generation.id).await.unwrap(), BTreeMap::from([(version, 301)]));
    let hits = search(index, base, &Filter::default(), &axis(6), 1).await;
    assert_eq!(hits[0].chunk, ChunkId::derive(version, generation.id, 300));
}

async fn ready(index: &dyn VectorIndex) -> (Generation, KnowledgeBase) {
    let generation = generation(DIMENSION);
    index.ensure(&generation).await.unwrap();
    let base = knowledge_base(generation.id);
    (generation, base)
}

async fn search(
    index: &dyn VectorIndex,
    base: &KnowledgeBase,
    filter: &Filter,
    vector: &[f32],
    limit: usize,
) -> Vec<Hit> {
    index.search(scope(base), filter, vector, limit).await.unwrap()
}

fn entry(
    base: &KnowledgeBase,
    version: VersionId,
    ordinal: u32,
    vector: Vec<f32>,
    tags: &[Tag],
) -> VectorEntry {
    VectorEntry { key: key(base, version, ordinal, tags), vector }
}

fn tags() -> [Tag; 3] {
    [Tag::metadata("colour", "red"), Tag::metadata("colour", "blue"), Tag::metadata("age", "old")]
}

/// The unit vector along an axis.
fn axis(n: usize) -> Vec<f32> {
    let mut vector = vec![0.0; DIMENSION];
    vector[n % DIMENSION] = 1.0;
    vector
}

/// A unit vector that leans from axis `a` towards axis `b` by `lean`.
fn between(a: usize, b: usize, lean: f32) -> Vec<f32> {
    let length = (1.0 + lean * lean).sqrt();
    let mut vector = vec![0.0; DIMENSION];
    vector[a] = 1.0 / length;
    vector[b] = lean / length;
    vector
}
