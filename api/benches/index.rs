//! The keyword index, adding and searching, and the fusion of two lists.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use footnote_core::Result;
use footnote_core::chunk::{Hit, IndexKey, KeywordEntry};
use footnote_core::error::Context;
use footnote_core::ids::{ApiKeyId, ChunkId, GenerationId, KnowledgeBaseId, VersionId, WorkspaceId};
use footnote_core::knowledge_base::{ChunkerSettings, Generation, GenerationSpec, KnowledgeBase};
use footnote_core::ports::{Clock as _, KeywordIndex as _, SystemClock};
use footnote_core::principal::{ApiKey, KeyScope, KeySecret, Principal, Role};
use footnote_core::question::Filter;
use footnote_core::settings::FusionMethod;
use footnote_retriever::fuse::{RankedList, fuse};
use footnote_store::keyword::{ANALYZER_VERSION, TantivyKeywordIndex};
use tokio::runtime::Runtime;

/// Chunks in the index that is searched, and chunks added at a time.
const CHUNKS: usize = 5_000;
const BATCH: usize = 256;
/// Hits per list, as the retriever asks for.
const LIMIT: usize = 100;

fn keyword_index(criterion: &mut Criterion) {
    if let Err(error) = add_and_search(criterion) {
        eprintln!("failed: {error}");
    }
}

fn add_and_search(criterion: &mut Criterion) -> Result<()> {
    let runtime = Runtime::new().internal("cannot start tokio")?;
    let knowledge_base = knowledge_base();
    let scope = principal(&knowledge_base)?.scope(&knowledge_base)?;
    let place = tempfile::tempdir().internal("cannot make a scratch folder")?;
    let index = TantivyKeywordIndex::open(place.path().to_owned())?;
    let generation = Generation { id: knowledge_base.generation, spec: spec() };
    runtime.block_on(index.ensure(&generation))?;
    for first in (0..CHUNKS).step_by(BATCH) {
        runtime.block_on(index.upsert(generation.id, entries(&knowledge_base, first)))?;
    }
    runtime.block_on(index.flush(generation.id))?;

    let mut group = criterion.benchmark_group("keyword");
    group.sample_size(20).throughput(Throughput::Elements(1));
    for (name, query) in [
        ("english", "which sensor was calibrated with two buffer solutions"),
        ("chinese", "传感器什么时候校准"),
        ("identifier", "GB/T 7714-2015"),
    ] {
        group.bench_function(format!("search {name}"), |b| {
            b.iter(|| {
                let hits = runtime.block_on(index.search(scope, &Filter::default(), query, LIMIT));
                assert!(black_box(hits).is_ok_and(|hits| !hits.is_empty()), "{query} is found");
            });
        });
    }
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("add a batch", |b| {
        let batch = || entries(&knowledge_base, CHUNKS);
        b.iter_batched(
            batch,
            |batch| {
                let added = runtime.block_on(async {
                    index.upsert(generation.id, batch).await?;
                    index.flush(generation.id).await
                });
                assert!(added.is_ok(), "the batch is added");
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    Ok(())
}

fn fusion(criterion: &mut Criterion) {
    let version = VersionId::new();
    let generation = GenerationId::new();
    let list = |first: u32| {
        let hit = |rank: u32| Hit {
            chunk: ChunkId::derive(version, generation, first + rank),
            score: 1.0 / (rank as f32 + 1.0),
        };
        RankedList::new((0..LIMIT as u32).map(hit).collect(), LIMIT)
    };
    // Half of the chunks are in both lists.
    let (dense, keyword) = (list(0), list(LIMIT as u32 / 2));
    let mut group = criterion.benchmark_group("fusion");
    for (name, method) in
        [("reciprocal rank", FusionMethod::ReciprocalRank), ("convex", FusionMethod::ConvexCombination)]
    {
        group.bench_function(name, |b| {
            b.iter(|| fuse(method, 0.5, black_box(&dense), black_box(&keyword), &HashMap::new()));
        });
    }
    group.finish();
}

fn entries(knowledge_base: &KnowledgeBase, first: usize) -> Vec<KeywordEntry> {
    let version = VersionId::new();
    let entry = |number: usize| KeywordEntry {
        key: IndexKey {
            chunk: ChunkId::derive(version, knowledge_base.generation, number as u32),
            version,
            knowledge_base: knowledge_base.id,
            tags: Vec::new(),
        },
        title: format!("Work order {number}"),
        headings: "Calibration".to_owned(),
        body: format!(
            "Sensor {number} was calibrated with two buffer solutions after {} days, as GB/T 7714-2015 wants it. \
             编号{number}的传感器已经校准，偏差为百分之{}。",
            number % 90,
            number % 7
        ),
    };
    (first..first + BATCH).map(entry).collect()
}

fn spec() -> GenerationSpec {
    GenerationSpec {
        embedder: "none".into(),
        dimension: 1,
        analyzer: ANALYZER_VERSION,
        chunker: ChunkerSettings::default(),
    }
}

fn knowledge_base() -> KnowledgeBase {
    KnowledgeBase {
        id: KnowledgeBaseId::new(),
        workspace: WorkspaceId::DEFAULT,
        name: "bench".into(),
        description: String::new(),
        settings: Default::default(),
        generation: GenerationId::new(),
        next_generation: None,
        created_at: SystemClock.now(),
    }
}

/// Somebody with a key of the one workspace that exists here.
fn principal(knowledge_base: &KnowledgeBase) -> Result<Principal> {
    let secret = KeySecret::from_random([7; 32]);
    let key = ApiKey {
        id: ApiKeyId::new(),
        workspace: knowledge_base.workspace,
        name: "bench".into(),
        secret_hash: secret.hash(),
        role: Role::Reader,
        scope: KeyScope::All,
        created_at: knowledge_base.created_at,
        revoked_at: None,
    };
    Principal::authenticate(&secret, &key)
}

criterion_group!(benches, keyword_index, fusion);
criterion_main!(benches);
