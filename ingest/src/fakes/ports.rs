//! Indexes, blobs, an embedder and a parser in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use footnote_core::chunk::{Hit, KeywordEntry, VectorEntry};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ChunkId, GenerationId, VersionId};
use footnote_core::knowledge_base::Generation;
use footnote_core::parsed::{Block, BlockKind, ContentType, ParsedDocument};
use footnote_core::ports::{BlobStore, BlobWriter, Embedder, KeywordIndex, TokenCounter, VectorIndex};
use footnote_core::principal::Scope;
use footnote_core::question::Filter;
use footnote_core::text::Span;
use footnote_core::{Error, Result};

use crate::context::ParseFile;
use crate::progress::Progress;

/// Words of ASCII letters and digits are one token; every other visible character is one.
pub(crate) struct WordCounter;

impl TokenCounter for WordCounter {
    fn token_ends(&self, text: &str) -> Result<Vec<usize>> {
        let mut ends: Vec<usize> = Vec::new();
        let mut in_word = false;
        for (at, c) in text.char_indices() {
            if c.is_whitespace() {
                in_word = false;
                continue;
            }
            let continues = in_word && c.is_ascii_alphanumeric();
            in_word = c.is_ascii_alphanumeric();
            match ends.last_mut() {
                Some(end) if continues => *end = at + c.len_utf8(),
                _ => ends.push(at + c.len_utf8()),
            }
        }
        Ok(ends)
    }
}

/// Hashes a text into a unit vector; counts what it is asked.
#[derive(Default)]
pub(crate) struct WordEmbedder {
    pub(crate) embedded: AtomicUsize,
    /// Says "busy" this many times first.
    pub(crate) busy: AtomicUsize,
    /// Fails this many times first.
    pub(crate) broken: AtomicUsize,
    /// Fails once, when this many texts were embedded; 0 for never.
    pub(crate) fails_once_at: AtomicUsize,
    /// Never answers while set.
    pub(crate) hangs: std::sync::atomic::AtomicBool,
}

impl WordEmbedder {
    pub(crate) fn take_count(&self) -> usize {
        self.embedded.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn vector(text: &str) -> Vec<f32> {
        let hash = ContentHash::of(text.as_bytes()).0;
        let raw: Vec<f32> = hash.iter().take(8).map(|&b| f32::from(b) + 1.0).collect();
        let norm = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
        raw.into_iter().map(|x| x / norm).collect()
    }
}

fn take_one(count: &AtomicUsize) -> bool {
    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
}

#[async_trait]
impl Embedder for WordEmbedder {
    fn fingerprint(&self) -> &str {
        "words"
    }
    fn dimension(&self) -> usize {
        8
    }
    fn max_tokens(&self) -> usize {
        120
    }
    fn tokens(&self) -> Arc<dyn TokenCounter> {
        Arc::new(WordCounter)
    }
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        Ok(Self::vector(text))
    }
    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if take_one(&self.busy) {
            return Err(Error::busy("embedder is busy", std::time::Duration::from_millis(1)));
        }
        let at = self.fails_once_at.load(Ordering::SeqCst);
        let fails_now = at > 0 && self.embedded.load(Ordering::SeqCst) >= at;
        if fails_now {
            self.fails_once_at.store(0, Ordering::SeqCst);
        }
        if fails_now || take_one(&self.broken) {
            return Err(Error::unavailable("the embedder is away"));
        }
        if let Some(long) =
            texts.iter().find(|t| WordCounter.token_ends(t).unwrap().len() > self.max_tokens())
        {
            return Err(Error::invalid(format!("too long: {long}")));
        }
        self.embedded.fetch_add(texts.len(), Ordering::SeqCst);
        Ok(texts.iter().map(|t| Self::vector(t)).collect())
    }
}

type Held<T> = Mutex<HashMap<GenerationId, BTreeMap<ChunkId, T>>>;

/// A vector index whose writes count only after a flush.
#[derive(Default)]
pub(crate) struct Vectors {
    pub(crate) held: Held<VectorEntry>,
    pub(crate) flushes: AtomicUsize,
}

/// A keyword index.
#[derive(Default)]
pub(crate) struct Keywords {
    pub(crate) held: Held<KeywordEntry>,
    pub(crate) flushes: AtomicUsize,
    pub(crate) losses: std::sync::atomic::AtomicU64,
    /// Loses everything at the next flush, as a writer does that another job's failure ended.
    pub(crate) lose_at_flush: std::sync::atomic::AtomicBool,
}

macro_rules! index {
    ($seam:ident, $name:ident, $entry:ident, $query:ty, { $($rest:tt)* }) => {
        #[async_trait]
        impl $seam for $name {
            async fn ensure(&self, generation: &Generation) -> Result<()> {
                self.held.lock().unwrap().entry(generation.id).or_default();
                Ok(())
            }
            async fn upsert(&self, generation: GenerationId, entries: Vec<$entry>) -> Result<()> {
                let mut held = self.held.lock().unwrap();
                let held = held.get_mut(&generation).expect("ensured first");
                held.extend(entries.into_iter().map(|e| (e.key.chunk, e)));
                Ok(())
            }
            async fn remove(&self, generation: GenerationId, version: VersionId) -> Result<()> {
                let mut held = self.held.lock().unwrap();
                held.entry(generation).or_default().retain(|_, e| e.key.version != version);
                Ok(())
            }
            async fn search(&self, _: Scope, _: &Filter, _: $query, _: usize) -> Result<Vec<Hit>> {
                Ok(Vec::new())
            }
            async fn flush(&self, _: GenerationId) -> Result<()> {
                self.flushes.fetch_add(1, Ordering::SeqCst);
                self.flushing();
                Ok(())
            }
            async fn versions(&self, generation: GenerationId) -> Result<BTreeMap<VersionId, u64>> {
                let mut counts = BTreeMap::new();
                for entry in self.held.lock().unwrap().entry(generation).or_default().values() {
                    *counts.entry(entry.key.version).or_default() += 1;
                }
                Ok(counts)
            }
            async fn check(&self, _: GenerationId) -> Result<()> {
                Ok(())
            }
            $($rest)*
        }

        impl $name {
            /// The entries of a version, in the order of their ids.
            pub(crate) fn of(&self, version: VersionId) -> Vec<$entry> {
                let held = self.held.lock().unwrap();
                held.values().flat_map(|g| g.values()).filter(|e| e.key.version == version).cloned().collect()
            }
        }
    };
}

impl Vectors {
    fn flushing(&self) {}
}

impl Keywords {
    fn flushing(&self) {
        if self.lose_at_flush.swap(false, Ordering::SeqCst) {
            self.held.lock().unwrap().values_mut().for_each(BTreeMap::clear);
            self.losses.fetch_add(1, Ordering::SeqCst);
        }
    }
}

index!(VectorIndex, Vectors, VectorEntry, &[f32], {});
index!(KeywordIndex, Keywords, KeywordEntry, &str, {
    fn lost_writes(&self, _: GenerationId) -> u64 {
        self.losses.load(Ordering::SeqCst)
    }
    async fn score(&self, _: Scope, _: &str, entries: Vec<KeywordEntry>) -> Result<Vec<f32>> {
        Ok(vec![0.0; entries.len()])
    }
    async fn coverage(&self, _: Scope, query: &str, text: &str) -> Result<f32> {
        let terms: Vec<&str> = query.split_whitespace().collect();
        let found = terms.iter().filter(|t| text.contains(**t)).count();
        Ok(found as f32 / terms.len().max(1) as f32)
    }
});

/// Blobs as files of a folder that goes away with them.
pub(crate) struct Blobs {
    folder: tempfile::TempDir,
}

impl Blobs {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, hash: ContentHash) -> PathBuf {
        self.folder.path().join(hash.to_string())
    }
}

struct MemoryWriter {
    bytes: Vec<u8>,
    folder: PathBuf,
}

#[async_trait]
impl BlobWriter for MemoryWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
    async fn finish(self: Box<Self>) -> Result<(ContentHash, u64)> {
        let hash = ContentHash::of(&self.bytes);
        fs_err::write(self.folder.join(hash.to_string()), &self.bytes).unwrap();
        Ok((hash, self.bytes.len() as u64))
    }
}

#[async_trait]
impl BlobStore for Blobs {
    async fn writer(&self) -> Result<Box<dyn BlobWriter>> {
        Ok(Box::new(MemoryWriter { bytes: Vec::new(), folder: self.folder.path().to_owned() }))
    }
    async fn put(&self, bytes: &[u8]) -> Result<ContentHash> {
        let mut writer = self.writer().await?;
        writer.write(bytes).await?;
        Ok(writer.finish().await?.0)
    }
    async fn read(&self, hash: ContentHash) -> Result<Option<Vec<u8>>> {
        Ok(fs_err::read(self.file(hash)).ok())
    }
    async fn path(&self, hash: ContentHash) -> Result<Option<PathBuf>> {
        Ok(Some(self.file(hash)).filter(|p| p.exists()))
    }
    async fn collect(&self, keep: HashSet<ContentHash>, before: DateTime<Utc>) -> Result<u64> {
        let mut removed = 0;
        for file in fs_err::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            let hash: ContentHash = file.file_name().to_str().unwrap().parse().unwrap();
            if !keep.contains(&hash) && file.metadata().unwrap().modified().unwrap() < before.into() {
                fs_err::remove_file(file.path()).unwrap();
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Reads paragraphs between blank lines, `#` headings among them. Some texts make it misbehave.
pub(crate) struct LineParser;

#[async_trait]
impl ParseFile for LineParser {
    async fn parse(&self, path: &Path, file_name: &str, _progress: &Progress) -> Result<ParsedDocument> {
        let text = fs_err::read_to_string(path).unwrap();
        assert!(!text.contains("PANIC"), "the parser met PANIC in {file_name}");
        if text.contains("BROKEN") {
            return Err(Error::invalid(format!("{file_name} is broken")));
        }
        if text.contains("SLOW") {
            return Err(Error::timed_out(format!("parsing {file_name} took too long")));
        }
        let (mut blocks, mut path, mut start) = (Vec::new(), Vec::new(), 0);
        for part in text.split("\n\n") {
            let span = Span::new(start, start + part.chars().count());
            start = span.end + 2;
            let is_heading = part.starts_with("# ");
            if is_heading {
                path.clear();
            }
            let kind = if is_heading { BlockKind::Heading } else { BlockKind::Paragraph };
            let level = u8::from(is_heading);
            blocks.push(Block { kind, span, page: None, heading_path: path.clone(), level });
            if is_heading {
                path.push(part.trim_start_matches("# ").to_owned());
            }
        }
        Ok(ParsedDocument {
            content_type: ContentType::Text,
            title: None,
            text,
            pages: Vec::new(),
            blocks,
            lines: Vec::new(),
            warnings: Vec::new(),
            engine: "lines 1".to_owned(),
        })
    }
}
