//! The keyword index of one generation: a tantivy folder with one writer and many readers.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use footnote_core::chunk::{Hit, KeywordEntry, Tag};
use footnote_core::ids::{ChunkId, KnowledgeBaseId, VersionId};
use footnote_core::question::Filter;
use footnote_core::{Error, ErrorKind, Result};
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, SegmentReader, TantivyDocument,
    TantivyError, Term,
};
use uuid::Uuid;

use super::analyzer::analyze;
use super::bm25::{Bm25Settings, Collection, Scored, query_terms};
use super::phrase::{self, WordOrder};
use super::schema::{Fields, document, schema, texts};
use super::scope_docs::{DocBits, ScopeCache, SegmentScope, for_each_doc};

/// Heap of the writer; full means another segment, not another byte.
const WRITER_BYTES: usize = 48 * 1024 * 1024;
/// Longest tag in bytes: tantivy drops longer terms without an error.
const MAX_TAG_BYTES: usize = 16_000;
/// Terms of a question whose coverage is measured; no sensible question has as many.
const MAX_COVERAGE_TERMS: usize = 512;

/// All methods block; call them off the async threads.
pub(super) struct GenerationIndex {
    folder: PathBuf,
    index: Index,
    reader: IndexReader,
    fields: Fields,
    settings: Bm25Settings,
    scopes: ScopeCache,
    writer: Mutex<Writer>,
}

/// Opened at the first write, so that reading needs no lock on the folder.
#[derive(Default)]
struct Writer {
    tantivy: Option<IndexWriter<TantivyDocument>>,
    /// Whether anything was written since the last commit.
    dirty: bool,
    /// How often writes were lost that were not committed yet.
    losses: u64,
}

impl Writer {
    /// Drops the writer after a failure, and with it what it had not committed: jobs share it, so
    /// that may be more than what failed. Each of them learns it from the count.
    fn lose(&mut self) {
        self.tantivy = None;
        self.dirty = false;
        self.losses += 1;
    }
}

impl GenerationIndex {
    /// Opens the index in `folder`, created where it is missing.
    pub(super) fn open(folder: PathBuf, settings: Bm25Settings) -> Result<Self> {
        fs_err::create_dir_all(&folder)
            .map_err(|e| Error::internal("cannot create the keyword index").with_source(e))?;
        let (schema, fields) = schema();
        let failed = |e: TantivyError| failure(&folder, "open", e);
        let directory = MmapDirectory::open(&folder).map_err(|e| failed(e.into()))?;
        let index = Index::builder()
            .schema(schema)
            .settings(IndexSettings::default())
            .open_or_create(directory)
            .map_err(failed)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        let writer = Mutex::default();
        Ok(Self { folder, index, reader, fields, settings, scopes: ScopeCache::default(), writer })
    }

    /// Whether `folder` holds an index.
    pub(super) fn exists(folder: &Path) -> bool {
        folder.join("meta.json").is_file()
    }

    /// Analyzes entries; costs time but needs no lock.
    pub(super) fn documents(&self, entries: &[KeywordEntry]) -> Result<Vec<(ChunkId, TantivyDocument)>> {
        for tag in entries.iter().flat_map(|e| &e.key.tags) {
            if tag.as_str().len() > MAX_TAG_BYTES {
                let start: String = tag.as_str().chars().take(60).collect();
                return Err(Error::invalid(format!(
                    "the metadata value {start:?}… is too long to filter by; shorten it to {MAX_TAG_BYTES} bytes"
                )));
            }
        }
        Ok(entries.iter().map(|entry| (entry.key.chunk, document(&self.fields, entry))).collect())
    }

    /// Adds documents, replacing those of the same chunk.
    pub(super) fn upsert(&self, documents: Vec<(ChunkId, TantivyDocument)>) -> Result<()> {
        self.write(|writer, fields| {
            for (chunk, document) in documents {
                writer.delete_term(Term::from_field_bytes(fields.chunk, chunk.0.as_bytes()));
                writer.add_document(document)?;
            }
            Ok(())
        })
    }

    /// Removes a version's documents.
    pub(super) fn remove(&self, version: VersionId) -> Result<()> {
        self.write(|writer, fields| {
            writer.delete_term(Term::from_field_bytes(fields.version, version.0.as_bytes()));
            Ok(())
        })
    }

    /// Commits what was written and shows it to searches from now on. Where several wait, the first
    /// commits for all.
    pub(super) fn flush(&self) -> Result<()> {
        let mut writer = self.lock();
        if !writer.dirty {
            return Ok(());
        }
        if let Some(tantivy) = &mut writer.tantivy
            && let Err(error) = tantivy.commit()
        {
            // A commit that failed has ended the writer's threads: the next one would commit nothing.
            writer.lose();
            return Err(failure(&self.folder, "commit", error));
        }
        self.reader.reload().map_err(|e| failure(&self.folder, "reload", e))?;
        writer.dirty = false;
        self.scopes.retain(&self.reader.searcher());
        Ok(())
    }

    /// How often writes were lost that were not committed yet.
    pub(super) fn losses(&self) -> u64 {
        self.lock().losses
    }

    /// The best documents of a knowledge base.
    pub(super) fn search(
        &self,
        knowledge_base: KnowledgeBaseId,
        filter: &Filter,
        question: &str,
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let searcher = self.reader.searcher();
        let search = || -> tantivy::Result<Vec<Hit>> {
            let scopes = self.scopes(&searcher, knowledge_base)?;
            let collection = self.collection(&searcher, &scopes);
            let mut scored = collection.score(query_terms(question, &self.settings))?;
            if !filter.all_of.is_empty() {
                let allowed = self.allowed(&searcher, filter)?;
                scored.retain(|s| allowed[s.segment as usize].contains(s.doc));
            }
            keep_best(&mut scored, limit.max(phrase::CANDIDATES));
            phrase::reward_word_order(&collection, question, &mut scored)?;
            keep_best(&mut scored, limit);
            hits(&searcher, &scored)
        };
        search().map_err(|e| failure(&self.folder, "search", e))
    }

    /// What `entries`, which the index need not hold, score with its statistics.
    pub(super) fn score(
        &self,
        knowledge_base: KnowledgeBaseId,
        question: &str,
        entries: &[KeywordEntry],
    ) -> Result<Vec<f32>> {
        let searcher = self.reader.searcher();
        let score = || -> tantivy::Result<Vec<f32>> {
            let scopes = self.scopes(&searcher, knowledge_base)?;
            let collection = self.collection(&searcher, &scopes);
            let weights = collection.term_weights(query_terms(question, &self.settings))?;
            let order = WordOrder::of(question);
            let analyzed = entries.iter().map(|entry| texts(entry).map(analyze));
            Ok(analyzed
                .map(|fields| {
                    let raised = order.as_ref().map_or(1.0, |order| order.raise(&self.settings, &fields));
                    weights.score(&self.settings, &fields) * raised
                })
                .collect())
        };
        score().map_err(|e| failure(&self.folder, "search", e))
    }

    /// The share of the question's weight that `text` has.
    pub(super) fn coverage(
        &self,
        knowledge_base: KnowledgeBaseId,
        question: &str,
        text: &str,
    ) -> Result<f32> {
        let searcher = self.reader.searcher();
        let mut terms = query_terms(question, &self.settings.without_stops());
        terms.truncate(MAX_COVERAGE_TERMS);
        let measure = || -> tantivy::Result<Vec<f32>> {
            let scopes = self.scopes(&searcher, knowledge_base)?;
            self.collection(&searcher, &scopes).idfs(&terms)
        };
        let idfs = measure().map_err(|e| failure(&self.folder, "search", e))?;
        let present: HashSet<String> = analyze(text).into_iter().map(|t| t.text).collect();
        let (mut total, mut covered) = (0.0, 0.0);
        for (term, idf) in terms.iter().zip(idfs) {
            // A word asked for twice is still one word; a word beside its bigrams counts little.
            let weight = idf * term.weight.min(1.0);
            total += weight;
            if present.contains(&term.text) {
                covered += weight;
            }
        }
        if total <= 0.0 {
            return Ok(0.0);
        }
        Ok((covered / total).clamp(0.0, 1.0))
    }

    /// Live documents by version.
    pub(super) fn versions(&self) -> Result<BTreeMap<VersionId, u64>> {
        let searcher = self.reader.searcher();
        let mut versions = BTreeMap::new();
        for segment in searcher.segment_readers() {
            count_versions(segment, &mut versions).map_err(|e| failure(&self.folder, "read", e))?;
        }
        Ok(versions)
    }

    fn scopes(
        &self,
        searcher: &Searcher,
        knowledge_base: KnowledgeBaseId,
    ) -> tantivy::Result<Vec<Arc<SegmentScope>>> {
        self.scopes.scopes(searcher, &self.fields, &self.settings.fields, knowledge_base)
    }

    fn collection<'a>(&'a self, searcher: &'a Searcher, scopes: &'a [Arc<SegmentScope>]) -> Collection<'a> {
        Collection { searcher, scopes, fields: &self.fields.text, settings: &self.settings }
    }

    /// For each segment, the documents that have a tag of every group.
    fn allowed(&self, searcher: &Searcher, filter: &Filter) -> tantivy::Result<Vec<DocBits>> {
        let mut allowed = Vec::new();
        for segment in searcher.segment_readers() {
            let mut all: Option<DocBits> = None;
            for group in &filter.all_of {
                let any = self.tagged(segment, group)?;
                match &mut all {
                    Some(all) => all.intersect(&any),
                    None => all = Some(any),
                }
            }
            allowed.push(all.unwrap_or_else(|| DocBits::empty(segment.max_doc())));
        }
        Ok(allowed)
    }

    fn tagged(&self, segment: &SegmentReader, group: &[Tag]) -> tantivy::Result<DocBits> {
        let mut docs = DocBits::empty(segment.max_doc());
        for tag in group {
            for_each_doc(segment, &Term::from_field_text(self.fields.tags, tag.as_str()), |doc| {
                docs.insert(doc)
            })?;
        }
        Ok(docs)
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        // After a panic the writer is as it was: tantivy queues whole operations.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(
        &self,
        work: impl FnOnce(&IndexWriter<TantivyDocument>, &Fields) -> tantivy::Result<()>,
    ) -> Result<()> {
        let mut guard = self.lock();
        let writer = &mut *guard;
        let tantivy = match &writer.tantivy {
            Some(tantivy) => tantivy,
            None => {
                let opened = self.index.writer_with_num_threads(1, WRITER_BYTES);
                writer.tantivy.insert(opened.map_err(|e| failure(&self.folder, "write", e))?)
            }
        };
        writer.dirty = true;
        let written = work(tantivy, &self.fields);
        if written.is_err() {
            // The writer's thread has ended; what it had not committed is sent again to a new one.
            writer.lose();
        }
        written.map_err(|e| failure(&self.folder, "write", e))
    }
}

/// Moves the best `limit` to the front, in order, and drops the rest.
fn keep_best(scored: &mut Vec<Scored>, limit: usize) {
    let better = |a: &Scored, b: &Scored| {
        b.score.total_cmp(&a.score).then_with(|| (a.segment, a.doc).cmp(&(b.segment, b.doc)))
    };
    if limit < scored.len() {
        scored.select_nth_unstable_by(limit, better);
        scored.truncate(limit);
    }
    scored.sort_by(better);
}

fn hits(searcher: &Searcher, scored: &[Scored]) -> tantivy::Result<Vec<Hit>> {
    let mut columns = Vec::new();
    for segment in searcher.segment_readers() {
        columns.push(segment.fast_fields().bytes("chunk")?);
    }
    let mut hits = Vec::with_capacity(scored.len());
    let mut bytes = Vec::new();
    for &Scored { segment, doc, score } in scored {
        let Some(column) = &columns[segment as usize] else { continue };
        let Some(ordinal) = column.term_ords(doc).next() else { continue };
        column.ord_to_bytes(ordinal, &mut bytes)?;
        if let Ok(id) = Uuid::from_slice(&bytes) {
            hits.push(Hit { chunk: ChunkId(id), score });
        }
    }
    Ok(hits)
}

fn count_versions(segment: &SegmentReader, versions: &mut BTreeMap<VersionId, u64>) -> tantivy::Result<()> {
    let Some(column) = segment.fast_fields().bytes("version")? else { return Ok(()) };
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for doc in segment.doc_ids_alive() {
        for ordinal in column.term_ords(doc) {
            *counts.entry(ordinal).or_default() += 1;
        }
    }
    let mut bytes = Vec::new();
    for (ordinal, count) in counts {
        column.ord_to_bytes(ordinal, &mut bytes)?;
        if let Ok(id) = Uuid::from_slice(&bytes) {
            *versions.entry(VersionId(id)).or_default() += count;
        }
    }
    Ok(())
}

fn failure(folder: &Path, doing: &str, error: TantivyError) -> Error {
    let folder = folder.display();
    match error {
        TantivyError::LockFailure(LockError::LockBusy, _) => Error::unavailable(format!(
            "the keyword index {folder} is open in another process; stop that one"
        )),
        TantivyError::DataCorruption(_)
        | TantivyError::SchemaError(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::OpenReadError(_) => Error::new(
            ErrorKind::Corrupt,
            format!("cannot {doing} the keyword index {folder}; delete that folder and it is rebuilt"),
        )
        .with_source(error),
        error => Error::internal(format!("cannot {doing} the keyword index {folder}")).with_source(error),
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::chunk::IndexKey;

    use super::*;

    fn entry(version: VersionId, body: &str) -> KeywordEntry {
        let knowledge_base = KnowledgeBaseId::new();
        let key = IndexKey { chunk: ChunkId(version.0), version, knowledge_base, tags: Vec::new() };
        KeywordEntry { key, title: String::new(), headings: String::new(), body: body.to_owned() }
    }

    fn upsert(index: &GenerationIndex, version: VersionId) {
        index.upsert(index.documents(&[entry(version, "annual leave")]).unwrap()).unwrap();
    }

    #[test]
    fn a_failed_flush_tells_everybody_whose_writes_it_lost() {
        let place = tempfile::tempdir().unwrap();
        let (folder, away) = (place.path().join("index"), place.path().join("away"));
        let index = GenerationIndex::open(folder.clone(), Bm25Settings::default()).unwrap();
        let (one, other) = (VersionId::new(), VersionId::new());
        upsert(&index, one);
        index.flush().unwrap();
        assert_eq!(index.losses(), 0);

        upsert(&index, one);
        upsert(&index, other);
        fs_err::rename(&folder, &away).unwrap();
        index.flush().unwrap_err();
        fs_err::rename(&away, &folder).unwrap();

        // The other job's flush finds nothing to do: only the count tells it to write again.
        index.flush().unwrap();
        assert_eq!(index.versions().unwrap(), BTreeMap::from([(one, 1)]));
        assert_eq!(index.losses(), 1);

        upsert(&index, other);
        index.flush().unwrap();
        assert_eq!(index.versions().unwrap(), BTreeMap::from([(one, 1), (other, 1)]));
        assert_eq!(index.losses(), 1);
    }
}
