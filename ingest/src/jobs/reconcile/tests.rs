//! Both directions, both indexes.

use footnote_core::chunk::{IndexKey, KeywordEntry};
use footnote_core::ids::ChunkId;
use footnote_core::ports::{DocumentStore, KeywordIndex, VectorIndex};

use super::*;
use crate::fakes::World;

async fn reconciled(world: &World) -> DriftReport {
    let generation = world.memory.generations().await.unwrap().remove(0);
    reconcile(&world.ctx, &generation, &Progress::default()).await.unwrap()
}

fn stray(version: VersionId) -> KeywordEntry {
    let key = IndexKey {
        chunk: ChunkId(uuid::Uuid::now_v7()),
        version,
        knowledge_base: footnote_core::ids::KnowledgeBaseId::new(),
        tags: Vec::new(),
    };
    KeywordEntry { key, title: String::new(), headings: String::new(), body: "stray".to_owned() }
}

#[tokio::test]
async fn what_is_missing_is_sent_again_and_what_is_surplus_removed() {
    let world = World::new();
    let text = "# One\n\nThe first rule is that every rule has an exception but this one here.\n\n\
                # Two\n\nThe second rule is that nobody may repeat the first one to anybody else.";
    let (a, b) =
        (world.upload("a.txt", text).await, world.upload("b.txt", &text.replace("rule", "law")).await);
    let pending = world.upload("later.txt", "Nothing yet.").await;
    for _ in 0..2 {
        crate::runner::run_one(&world.ctx, World::settings()).await.unwrap();
    }
    assert_eq!(reconciled(&world).await, DriftReport::default());

    let generation = world.memory.generations().await.unwrap()[0].id;
    let (a, b) = (a.version.id, b.version.id);
    let (vectors, words) = (world.vectors.of(a), world.keywords.of(b));
    assert_eq!((vectors.len(), words.len()), (2, 2));
    world.vectors.remove(generation, a).await.unwrap();
    world.keywords.upsert(generation, vec![stray(b), stray(VersionId::new())]).await.unwrap();
    world.keywords.upsert(generation, vec![stray(pending.version.id)]).await.unwrap();
    world.memory.forget_vectors();
    world.embedder.take_count();

    let expected =
        DriftReport { vectors_missing: 1, keywords_missing: 1, keywords_surplus: 1, ..Default::default() };
    assert_eq!(reconciled(&world).await, expected);
    assert_eq!((world.vectors.of(a), world.keywords.of(b)), (vectors, words));
    assert_eq!(world.embedder.take_count(), 2, "only what was missing is embedded");
    assert_eq!(world.keywords.of(pending.version.id).len(), 1, "a pending version is its job's");
    assert_eq!(reconciled(&world).await, DriftReport::default());
}

#[tokio::test]
async fn the_drift_is_kept_as_a_number() {
    let world = World::new();
    let stored = world.upload("a.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    let generation = world.memory.generations().await.unwrap()[0].id;
    world.keywords.remove(generation, stored.version.id).await.unwrap();
    for _ in 0..2 {
        run(&world.ctx, generation, &Progress::default()).await.unwrap();
    }
    let drift = world.ctx.drift.read();
    assert_eq!((drift.runs, drift.resent, drift.removed, drift.last), (2, 1, 0, 0));
}

#[tokio::test]
async fn a_renamed_document_does_not_poison_the_vectors() {
    let world = World::new();
    let stored = world.upload("old.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    let now = world.ctx.clock.now();
    world.memory.rename_document(stored.document.id, "new.txt", "new.txt", now).await.unwrap();
    let generation = world.memory.generations().await.unwrap()[0].id;
    let row = world.memory.chunks(stored.version.id, generation).await.unwrap().remove(0);
    world.vectors.remove(generation, stored.version.id).await.unwrap();
    world.memory.forget_vectors();
    reconciled(&world).await;
    assert_eq!(world.vectors.of(stored.version.id).len(), 1);
    let known = world.memory.vectors("words", &[row.embedded_text]).await.unwrap();
    assert!(known.is_empty(), "the vector of another text was remembered");
}
