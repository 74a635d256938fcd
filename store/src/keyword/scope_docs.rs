//! Which documents of the index belong to a knowledge base, and how long they are.
//!
//! BM25's statistics (how many documents, how long, how many have the term) are taken from the
//! knowledge base that is searched and from live documents only: another knowledge base that shares
//! the generation neither changes a score nor shows through one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use footnote_core::ids::KnowledgeBaseId;
use tantivy::index::SegmentId;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Opstamp, Searcher, SegmentReader, TERMINATED, Term};

use super::schema::{Fields, LENGTH_NAMES, TEXT_FIELDS};

/// Knowledge bases remembered at once.
const MAX_CACHED: usize = 512;

/// A set of documents of one segment.
#[derive(Debug, Clone)]
pub(super) struct DocBits(Vec<u64>);

impl DocBits {
    pub(super) fn empty(docs: u32) -> Self {
        Self(vec![0; (docs as usize).div_ceil(64)])
    }

    pub(super) fn insert(&mut self, doc: u32) {
        if let Some(word) = self.0.get_mut(doc as usize / 64) {
            *word |= 1 << (doc % 64);
        }
    }

    pub(super) fn contains(&self, doc: u32) -> bool {
        self.0.get(doc as usize / 64).is_some_and(|word| word & (1 << (doc % 64)) != 0)
    }

    pub(super) fn intersect(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }
}

/// The live documents of a knowledge base in one segment.
#[derive(Debug)]
pub(super) struct SegmentScope {
    pub docs: DocBits,
    pub count: u64,
    pub length: f64,
    /// Weighted length of every document of the segment.
    pub lengths: Arc<[f32]>,
}

type ScopeKey = (SegmentId, Option<Opstamp>, KnowledgeBaseId);

/// Remembers scopes and lengths by segment: segments never change, only their deletions do.
#[derive(Debug, Default)]
pub(super) struct ScopeCache {
    scopes: Mutex<HashMap<ScopeKey, Arc<SegmentScope>>>,
    lengths: Mutex<HashMap<SegmentId, Arc<[f32]>>>,
}

impl ScopeCache {
    /// The knowledge base's documents in each segment of `searcher`.
    pub(super) fn scopes(
        &self,
        searcher: &Searcher,
        fields: &Fields,
        weights: &[f32; TEXT_FIELDS],
        knowledge_base: KnowledgeBaseId,
    ) -> tantivy::Result<Vec<Arc<SegmentScope>>> {
        let mut scopes = Vec::with_capacity(searcher.segment_readers().len());
        for segment in searcher.segment_readers() {
            let key = (segment.segment_id(), segment.delete_opstamp(), knowledge_base);
            let cached = lock(&self.scopes).get(&key).cloned();
            let scope = match cached {
                Some(scope) => scope,
                None => {
                    let lengths = self.segment_lengths(segment, weights)?;
                    let scope = Arc::new(segment_scope(segment, fields, knowledge_base, lengths)?);
                    let mut scopes = lock(&self.scopes);
                    if scopes.len() >= MAX_CACHED {
                        scopes.clear();
                    }
                    scopes.insert(key, Arc::clone(&scope));
                    scope
                }
            };
            scopes.push(scope);
        }
        Ok(scopes)
    }

    /// Forgets segments that `searcher` no longer has.
    pub(super) fn retain(&self, searcher: &Searcher) {
        let live: HashMap<SegmentId, Option<Opstamp>> =
            searcher.segment_readers().iter().map(|s| (s.segment_id(), s.delete_opstamp())).collect();
        lock(&self.scopes).retain(|(id, deletes, _), _| live.get(id) == Some(deletes));
        lock(&self.lengths).retain(|id, _| live.contains_key(id));
    }

    fn segment_lengths(
        &self,
        segment: &SegmentReader,
        weights: &[f32; TEXT_FIELDS],
    ) -> tantivy::Result<Arc<[f32]>> {
        if let Some(lengths) = lock(&self.lengths).get(&segment.segment_id()) {
            return Ok(Arc::clone(lengths));
        }
        let mut lengths = vec![0.0_f32; segment.max_doc() as usize];
        for (name, weight) in LENGTH_NAMES.iter().zip(weights) {
            let column = segment.fast_fields().u64(name)?.first_or_default_col(0);
            for (length, doc) in lengths.iter_mut().zip(0..) {
                *length += weight * column.get_val(doc) as f32;
            }
        }
        let lengths: Arc<[f32]> = lengths.into();
        lock(&self.lengths).insert(segment.segment_id(), Arc::clone(&lengths));
        Ok(lengths)
    }
}

fn segment_scope(
    segment: &SegmentReader,
    fields: &Fields,
    knowledge_base: KnowledgeBaseId,
    lengths: Arc<[f32]>,
) -> tantivy::Result<SegmentScope> {
    let term = Term::from_field_bytes(fields.knowledge_base, knowledge_base.0.as_bytes());
    let mut scope = SegmentScope { docs: DocBits::empty(segment.max_doc()), count: 0, length: 0.0, lengths };
    for_each_doc(segment, &term, |doc| {
        if !segment.is_deleted(doc) {
            scope.docs.insert(doc);
            scope.count += 1;
            scope.length += f64::from(scope.lengths.get(doc as usize).copied().unwrap_or(0.0));
        }
    })?;
    Ok(scope)
}

/// Calls `found` for every document of the segment that has `term`, deleted ones included.
pub(super) fn for_each_doc(
    segment: &SegmentReader,
    term: &Term,
    mut found: impl FnMut(u32),
) -> tantivy::Result<()> {
    let index = segment.inverted_index(term.field())?;
    if let Some(mut postings) = index.read_postings(term, IndexRecordOption::Basic)? {
        while postings.doc() != TERMINATED {
            found(postings.doc());
            postings.advance();
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A cache left by a panicking thread is still a cache: every entry was inserted whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
