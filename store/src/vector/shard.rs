//! One generation's Qdrant Edge shard: a folder, one writer, many readers. Everything here blocks.
//!
//! What the engine (0.7.2) leaves to its user, and is done here:
//! - It does not replay its log: only what was flushed survives a kill. So nothing is reported as
//!   durable before [`Shard::flush`] returned.
//! - It never shortens its log: [`Shard::flush`] does, by reopening the shard now and then.
//! - A kill during `optimize` leaves half-built segments in `temp_segments`: swept when opening.
//! - `flush` panics where the optimizer holds its lock for a moment: then it is tried again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use footnote_core::chunk::{Hit, VectorEntry};
use footnote_core::error::Context as _;
use footnote_core::ids::{ChunkId, KnowledgeBaseId, VersionId};
use footnote_core::question::Filter;
use footnote_core::{Error, ErrorKind, Result};
use qdrant_edge::external::serde_json::{Map, Value};
use qdrant_edge::{
    Condition, CountRequest, CreateIndex, Distance, EdgeConfig, EdgeShard, EdgeVectorParams, FieldCondition,
    FieldIndexOperations, Filter as EdgeFilter, JsonPath, KeywordIndexParams, Match, NamedQuery,
    OperationError, Payload, PayloadFieldSchema, PayloadSchemaParams, PointId, PointInsertOperations,
    PointOperations, PointStructPersisted, QueryEnum, QueryRequest, ScoringQuery, ScrollRequest,
    SearchParams, UpdateOperation, VectorStructPersisted, WalOptions, WithPayloadInterface, WithVector,
};

use super::{
    HNSW_BEAM, KNOWLEDGE_BASE, SCROLL_BATCH, TAGS, VERSION, WRITE_BATCH, can_match, check_vector, groups,
};

/// Unindexed points from which an HNSW graph is worth building; below, a full scan takes 2 ms.
const INDEX_FROM_POINTS: usize = 20_000;
/// Removed points from which their space is worth reclaiming, if they are a fifth of all.
const VACUUM_FROM_POINTS: usize = 2_000;
/// Log length at which the shard is reopened to shorten it.
const MAX_LOG_BYTES: usize = 256 * 1024 * 1024;
/// Length of one log file, which is allocated whole.
const LOG_FILE_BYTES: usize = 4 * 1024 * 1024;

/// An open shard.
pub(super) struct Shard {
    folder: PathBuf,
    dimension: usize,
    /// `None` only where reopening failed: the next use tries it again. Writes, too, hold the read
    /// lock: the engine locks its own segments. The write lock is for reopening.
    edge: RwLock<Option<EdgeShard>>,
    written: Mutex<Written>,
    optimizing: AtomicBool,
}

impl Drop for Shard {
    fn drop(&mut self) {
        close(&self.folder, self.edge.get_mut().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// What was written since the last upkeep.
#[derive(Default)]
struct Written {
    dirty: bool,
    log_bytes: usize,
    removed: usize,
}

impl Shard {
    /// Makes an empty shard for vectors of `dimension` and opens it. It is built beside its place
    /// and moved there whole, so that a kill leaves either a shard or none.
    pub(super) fn create(folder: &Path, dimension: usize) -> Result<Self> {
        let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let parent =
            folder.parent().ok_or_else(|| Error::internal("the vector index folder has no parent"))?;
        let building = parent.join(format!("{BUILDING_PREFIX}{name}"));
        remove_folder(&building)?;
        fs_err::create_dir_all(&building).internal("cannot create the vector index")?;
        guarded(folder, "create", || {
            let edge = EdgeShard::new(&building, config(dimension))?;
            for field in [VERSION, KNOWLEDGE_BASE, TAGS] {
                edge.update(payload_index(field))?;
            }
            edge.flush();
            Ok(())
        })?;
        fs_err::rename(&building, folder).internal("cannot move the vector index to its place")?;
        fs_err::File::open(parent)
            .and_then(|f| f.sync_all())
            .internal("cannot sync the vector index folder")?;
        Self::open(folder.to_owned())
    }

    /// Opens the shard in `folder`.
    pub(super) fn open(folder: PathBuf) -> Result<Self> {
        remove_folder(&folder.join("temp_segments"))?;
        let edge = load(&folder)?;
        let dimension = edge.config().vectors.values().next().map(|v| v.size);
        let dimension = dimension.ok_or_else(|| damaged(&folder, "has no vectors configured"))?;
        Ok(Self {
            folder,
            dimension,
            edge: RwLock::new(Some(edge)),
            written: Mutex::default(),
            optimizing: AtomicBool::new(false),
        })
    }

    /// Length of its vectors.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Adds or replaces points.
    pub(super) fn upsert(&self, entries: Vec<VectorEntry>) -> Result<()> {
        for entry in &entries {
            check_vector(&entry.vector, self.dimension)?;
        }
        let mut points: Vec<PointStructPersisted> = entries.into_iter().map(point).collect();
        let mut written = self.lock();
        while !points.is_empty() {
            let rest = points.split_off(points.len().min(WRITE_BATCH));
            let batch = std::mem::replace(&mut points, rest);
            // Each component takes five bytes in the log, payload and names about 500.
            written.log_bytes += batch.len() * (self.dimension * 5 + 500);
            written.dirty = true;
            let operation = PointOperations::UpsertPoints(PointInsertOperations::PointsList(batch));
            self.with("write", |edge| edge.update(UpdateOperation::PointOperation(operation)))?;
        }
        Ok(())
    }

    /// Removes a version's points.
    pub(super) fn remove(&self, version: VersionId) -> Result<()> {
        let filter = must(vec![matches(VERSION, Match::from(version.to_string()))]);
        let mut written = self.lock();
        let count = CountRequest { filter: Some(filter.clone()), exact: true };
        let removed = self.with("count", |edge| edge.count(count))?;
        if removed == 0 {
            return Ok(());
        }
        written.dirty = true;
        written.removed += removed;
        let operation = UpdateOperation::PointOperation(PointOperations::DeletePointsByFilter(filter));
        self.with("write", |edge| edge.update(operation))
    }

    /// The nearest points of a knowledge base.
    pub(super) fn search(
        &self,
        knowledge_base: KnowledgeBaseId,
        filter: &Filter,
        vector: Vec<f32>,
        limit: usize,
    ) -> Result<Vec<Hit>> {
        check_vector(&vector, self.dimension)?;
        if limit == 0 || !can_match(filter) {
            return Ok(Vec::new());
        }
        let mut conditions = vec![matches(KNOWLEDGE_BASE, Match::from(knowledge_base.to_string()))];
        conditions.extend(groups(filter).map(|group| matches(TAGS, Match::from(group))));
        let request = QueryRequest {
            prefetches: Vec::new(),
            query: Some(ScoringQuery::Vector(QueryEnum::Nearest(NamedQuery::default_dense(vector)))),
            filter: Some(must(conditions)),
            score_threshold: None,
            limit,
            offset: 0,
            params: Some(SearchParams { hnsw_ef: Some(HNSW_BEAM), ..SearchParams::default() }),
            with_vector: WithVector::Bool(false),
            with_payload: WithPayloadInterface::Bool(false),
        };
        let points = self.with("search", |edge| edge.query(request))?;
        Ok(points.into_iter().filter_map(|p| Some(Hit { chunk: chunk_id(p.id)?, score: p.score })).collect())
    }

    /// Points by version, read in batches without their vectors.
    pub(super) fn versions(&self) -> Result<BTreeMap<VersionId, u64>> {
        let mut versions = BTreeMap::new();
        let mut offset = None;
        loop {
            let request = ScrollRequest {
                offset,
                limit: Some(SCROLL_BATCH),
                with_payload: Some(WithPayloadInterface::Fields(vec![path(VERSION)])),
                ..ScrollRequest::default()
            };
            let (records, next) = self.with("read", |edge| edge.scroll(request))?;
            for record in records {
                let version = record.payload.as_ref().and_then(|p| p.0.get(VERSION)).and_then(Value::as_str);
                let version = version.and_then(|v| v.parse().ok());
                let version =
                    version.ok_or_else(|| damaged(&self.folder, "has a point without a version"))?;
                *versions.entry(version).or_default() += 1;
            }
            match next {
                Some(next) => offset = Some(next),
                None => return Ok(versions),
            }
        }
    }

    /// Returns once all writes so far would survive a kill. Also the place of upkeep: shortens the
    /// log, and starts the optimizer where it is worth its time.
    pub(super) fn flush(self: &Arc<Self>) -> Result<()> {
        let mut written = self.lock();
        if !written.dirty {
            return Ok(());
        }
        self.sync()?;
        written.dirty = false;
        if written.log_bytes > MAX_LOG_BYTES && self.reopen()? {
            written.log_bytes = 0;
        }
        self.optimize_where_worthwhile(&mut written)
    }

    fn sync(&self) -> Result<()> {
        for attempt in 0_u32.. {
            let guard = self.open_edge()?;
            let edge = guard.as_ref().ok_or_else(|| closed(&self.folder))?;
            let Err(panic) = catch_unwind(AssertUnwindSafe(|| edge.flush())) else { return Ok(()) };
            let reason = panic_text(panic.as_ref());
            if !reason.contains("lock acquired") || attempt >= 200 {
                return Err(Error::unavailable(format!(
                    "cannot flush the vector index {}: {reason}",
                    self.folder.display()
                )));
            }
            drop(guard);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Reopens the shard to shorten its log; false where somebody is using it right now.
    fn reopen(&self) -> Result<bool> {
        let Ok(mut edge) = self.edge.try_write() else { return Ok(false) };
        // The log is locked while the old handle lives.
        close(&self.folder, edge.take());
        *edge = Some(load(&self.folder)?);
        Ok(true)
    }

    /// The shard, opened again where reopening it failed.
    fn open_edge(&self) -> Result<RwLockReadGuard<'_, Option<EdgeShard>>> {
        let guard = self.edge.read().unwrap_or_else(PoisonError::into_inner);
        if guard.is_some() {
            return Ok(guard);
        }
        drop(guard);
        let mut edge = self.edge.write().unwrap_or_else(PoisonError::into_inner);
        if edge.is_none() {
            *edge = Some(load(&self.folder)?);
        }
        drop(edge);
        Ok(self.edge.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn optimize_where_worthwhile(self: &Arc<Self>, written: &mut Written) -> Result<()> {
        let info = self.with("read", |edge| Ok(edge.info()))?;
        let unindexed = info.points_count.saturating_sub(info.indexed_vectors_count);
        let vacuum = written.removed >= VACUUM_FROM_POINTS.max(info.points_count / 4);
        if unindexed < INDEX_FROM_POINTS && !vacuum || self.optimizing.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        written.removed = 0;
        let shard = Arc::clone(self);
        std::thread::Builder::new()
            .name("vector-optimizer".into())
            .spawn(move || shard.optimize())
            .map(drop)
            .internal("cannot start the vector optimizer")
    }

    fn optimize(&self) {
        let started = std::time::Instant::now();
        let folder = self.folder.display();
        let seconds = || started.elapsed().as_secs_f64();
        match self.with("optimize", EdgeShard::optimize) {
            Ok(changed) => tracing::info!(%folder, changed, seconds = seconds(), "vector index optimized"),
            Err(error) => tracing::error!(%folder, %error, "vector index could not be optimized"),
        }
        self.optimizing.store(false, Ordering::Release);
    }

    fn with<T>(&self, doing: &str, work: impl FnOnce(&EdgeShard) -> Result<T, OperationError>) -> Result<T> {
        let guard = self.open_edge()?;
        let edge = guard.as_ref().ok_or_else(|| closed(&self.folder))?;
        guarded(&self.folder, doing, || work(edge))
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        // These are counters for upkeep: a panic between two of them does no harm.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the folder of a shard that is being built starts with.
pub(super) const BUILDING_PREFIX: &str = ".building-";

/// How often, and how far apart, a lock is tried again. A child process that is being started holds the locks of
/// the handles that were just closed until it runs its own program.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

fn load(folder: &Path) -> Result<EdgeShard> {
    shorten_log(&folder.join("wal"))?;
    for _ in 1..LOCK_TRIES {
        match guarded(folder, "open", || EdgeShard::load(folder, None)) {
            Err(error) if error.kind() == ErrorKind::Unavailable => std::thread::sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    guarded(folder, "open", || EdgeShard::load(folder, None))
}

/// Deletes the log's closed files but the last, which carries the numbering on. The engine never
/// reads them again: what was not flushed is sent again by the job or by the reconciler.
fn shorten_log(log: &Path) -> Result<()> {
    if !log.is_dir() {
        return Ok(());
    }
    let mut closed = BTreeMap::new();
    for entry in fs_err::read_dir(log).internal("cannot list the vector index's log")? {
        let path = entry.internal("cannot list the vector index's log")?.path();
        let name = path.file_name().and_then(|n| n.to_str());
        let start = name.and_then(|n| n.strip_prefix("closed-")).and_then(|n| n.parse::<u64>().ok());
        if let Some(start) = start {
            closed.insert(start, path);
        }
    }
    closed.pop_last();
    for path in closed.values() {
        fs_err::remove_file(path).internal("cannot shorten the vector index's log")?;
    }
    Ok(())
}

fn remove_folder(folder: &Path) -> Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::internal("cannot sweep the vector index").with_source(e))
        }
        _ => Ok(()),
    }
}

fn config(dimension: usize) -> EdgeConfig {
    let vectors = EdgeVectorParams {
        size: dimension,
        distance: Distance::Cosine,
        on_disk: None,
        multivector_config: None,
        datatype: None,
        quantization_config: None,
        hnsw_config: None,
    };
    let mut config = EdgeConfig::default();
    config.vectors.insert(String::new(), vectors);
    config.optimizers.indexing_threshold = Some((INDEX_FROM_POINTS * dimension * 4 / 1024).max(1));
    config.wal_options = Some(WalOptions { segment_capacity: LOG_FILE_BYTES, ..WalOptions::default() });
    config
}

fn payload_index(field: &str) -> UpdateOperation {
    let tenant = (field == KNOWLEDGE_BASE).then_some(true);
    let keyword = KeywordIndexParams { is_tenant: tenant, ..KeywordIndexParams::default() };
    UpdateOperation::FieldIndexOperation(FieldIndexOperations::CreateIndex(CreateIndex {
        field_name: path(field),
        field_schema: Some(PayloadFieldSchema::FieldParams(PayloadSchemaParams::Keyword(keyword))),
    }))
}

fn point(entry: VectorEntry) -> PointStructPersisted {
    let key = entry.key;
    let tags = key.tags.iter().map(|tag| Value::from(tag.as_str())).collect();
    let payload = Map::from_iter([
        (VERSION.to_owned(), Value::from(key.version.to_string())),
        (KNOWLEDGE_BASE.to_owned(), Value::from(key.knowledge_base.to_string())),
        (TAGS.to_owned(), Value::Array(tags)),
    ]);
    PointStructPersisted {
        id: PointId::Uuid(key.chunk.0),
        vector: VectorStructPersisted::Single(entry.vector),
        payload: Some(Payload(payload)),
    }
}

fn chunk_id(id: PointId) -> Option<ChunkId> {
    match id {
        PointId::Uuid(id) => Some(ChunkId(id)),
        PointId::NumId(_) => None,
    }
}

fn must(conditions: Vec<Condition>) -> EdgeFilter {
    EdgeFilter { should: None, min_should: None, must: Some(conditions), must_not: None }
}

fn matches(field: &str, wanted: Match) -> Condition {
    Condition::Field(FieldCondition::new_match(path(field), wanted))
}

/// Closes a shard. The engine flushes then, and panics where it cannot (a full or vanished disk): what
/// counts was flushed before.
fn close(folder: &Path, edge: Option<EdgeShard>) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(edge))) {
        let reason = panic_text(panic.as_ref());
        tracing::error!(folder = %folder.display(), reason, "vector index closed badly");
    }
}

fn path(field: &str) -> JsonPath {
    JsonPath { first_key: field.to_owned(), rest: Vec::new() }
}

/// Runs engine code, which panics where it meets damage, and names the folder in what goes wrong.
fn guarded<T>(folder: &Path, doing: &str, work: impl FnOnce() -> Result<T, OperationError>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failure(folder, doing, error)),
        Err(panic) => {
            let reason = panic_text(panic.as_ref());
            Err(Error::internal(format!("cannot {doing} the vector index {}: {reason}", folder.display())))
        }
    }
}

fn failure(folder: &Path, doing: &str, error: OperationError) -> Error {
    let text = error.to_string();
    if text.contains("WouldBlock") || text.contains("lock") && doing == "open" {
        return Error::unavailable(format!(
            "the vector index {} is open in another process; stop that one",
            folder.display()
        ));
    }
    let kind = match &error {
        _ if doing == "open" => ErrorKind::Corrupt,
        OperationError::InconsistentStorage { .. } => ErrorKind::Corrupt,
        OperationError::WrongVectorDimension { .. } | OperationError::ValidationError { .. } => {
            ErrorKind::InvalidInput
        }
        _ => ErrorKind::Internal,
    };
    let remedy = if kind == ErrorKind::Corrupt { "; delete that folder and it is rebuilt" } else { "" };
    Error::new(kind, format!("cannot {doing} the vector index {}{remedy}", folder.display()))
        .with_source(error)
}

fn closed(folder: &Path) -> Error {
    Error::unavailable(format!("the vector index {} is being reopened; try again", folder.display()))
}

fn damaged(folder: &Path, what: &str) -> Error {
    Error::corrupt(format!(
        "the vector index {} {what}; delete that folder and it is rebuilt",
        folder.display()
    ))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
    // The engine's errors carry their backtrace.
    text.split(", backtrace: ").next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use footnote_core::chunk::IndexKey;
    use footnote_core::ids::GenerationId;

    use super::*;

    const DIMENSION: usize = 128;

    fn entries(
        base: KnowledgeBaseId,
        version: VersionId,
        ordinals: std::ops::Range<u32>,
    ) -> Vec<VectorEntry> {
        let generation = GenerationId(version.0);
        let entry = |ordinal: u32| {
            let mut vector: Vec<f32> =
                (0..DIMENSION as u32).map(|n| ((ordinal * 31 + n * 17) % 101) as f32 - 50.0).collect();
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            vector.iter_mut().for_each(|x| *x /= length);
            let chunk = ChunkId::derive(version, generation, ordinal);
            VectorEntry { key: IndexKey { chunk, version, knowledge_base: base, tags: Vec::new() }, vector }
        };
        ordinals.map(entry).collect()
    }

    fn log_bytes(folder: &Path) -> u64 {
        let files = fs_err::read_dir(folder.join("wal")).unwrap();
        files.map(|f| f.unwrap().metadata().unwrap().len()).sum()
    }

    #[test]
    fn reopening_shortens_the_log_and_loses_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("shard");
        let shard = Arc::new(Shard::create(&folder, DIMENSION).unwrap());
        let (base, version) = (KnowledgeBaseId::new(), VersionId::new());
        shard.upsert(entries(base, version, 0..15_000)).unwrap();
        shard.flush().unwrap();
        let before = log_bytes(&folder);
        assert!(shard.reopen().unwrap());
        assert!(log_bytes(&folder) < before, "{} of {before} bytes are left", log_bytes(&folder));
        // The numbering goes on: later writes are not taken for old ones.
        shard.upsert(entries(base, version, 14_999..15_001)).unwrap();
        shard.flush().unwrap();
        assert_eq!(shard.versions().unwrap(), BTreeMap::from([(version, 15_001)]));
        drop(shard);
        let shard = Shard::open(folder).unwrap();
        assert_eq!(shard.versions().unwrap(), BTreeMap::from([(version, 15_001)]));
    }

    #[test]
    fn a_reopening_that_failed_is_made_up_for_at_the_next_use() {
        let place = tempfile::tempdir().unwrap();
        let (folder, away) = (place.path().join("shard"), place.path().join("away"));
        let shard = Arc::new(Shard::create(&folder, DIMENSION).unwrap());
        let version = VersionId::new();
        shard.upsert(entries(KnowledgeBaseId::new(), version, 0..3)).unwrap();
        shard.flush().unwrap();
        fs_err::rename(&folder, &away).unwrap();
        shard.reopen().unwrap_err();
        shard.versions().unwrap_err();
        let _ = fs_err::remove_dir_all(&folder);
        fs_err::rename(&away, &folder).unwrap();
        assert_eq!(shard.versions().unwrap(), BTreeMap::from([(version, 3)]));
    }

    #[test]
    fn reading_and_writing_go_on_while_the_optimizer_works() {
        let place = tempfile::tempdir().unwrap();
        let shard = Arc::new(Shard::create(&place.path().join("shard"), DIMENSION).unwrap());
        let (base, first) = (KnowledgeBaseId::new(), VersionId::new());
        let count = INDEX_FROM_POINTS as u32 + 500;
        shard.upsert(entries(base, first, 0..count)).unwrap();
        shard.flush().unwrap();
        assert!(shard.optimizing.load(Ordering::Acquire), "enough points start the optimizer");

        let second = VersionId::new();
        let mut written = 0;
        while shard.optimizing.load(Ordering::Acquire) {
            shard.upsert(entries(base, second, written..written + 10)).unwrap();
            shard.flush().unwrap();
            written += 10;
            let wanted = entries(base, second, written - 1..written).remove(0);
            let hits = shard.search(base, &Filter::default(), wanted.vector, 500).unwrap();
            assert!(hits[0].score > 0.999, "{:?}", hits[0]);
            assert!(hits.iter().any(|h| h.chunk == wanted.key.chunk), "what was just written is found");
        }
        shard.upsert(entries(base, second, written..written + 1)).unwrap();
        shard.flush().unwrap();
        let expected = BTreeMap::from([(first, u64::from(count)), (second, u64::from(written) + 1)]);
        assert_eq!(shard.versions().unwrap(), expected);
        let info = shard.with("read", |edge| Ok(edge.info())).unwrap();
        assert!(info.indexed_vectors_count >= INDEX_FROM_POINTS, "{info:?}");
    }
}
