//! What the indexes say of a document follows its row.

use footnote_core::document::Metadata;
use footnote_core::job::{JobKind, NewJob};
use footnote_core::ports::{Clock, DocumentStore, JobQueue};

use super::*;
use crate::fakes::World;

#[tokio::test]
async fn entries_follow_the_title_and_nothing_is_embedded_again() {
    let world = World::new();
    let stored = world.upload("old.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    world.embedder.take_count();
    let before = world.vectors.of(stored.version.id);

    let (now, document) = (world.clock.now(), stored.document.id);
    world.memory.rename_document(document, "new.txt", "new.txt", now).await.unwrap();
    world.memory.describe(document, Metadata::from([("year".to_owned(), "2026".to_owned())]));
    let kind = JobKind::ResendDocument { document };
    world.memory.enqueue(NewJob { kind, knowledge_base: None, run_at: now }, now).await.unwrap();
    world.run_jobs().await;

    assert_eq!(world.memory.unfinished().await.unwrap(), 0);
    assert_eq!(world.embedder.take_count(), 0);
    let (vectors, words) = (world.vectors.of(stored.version.id), world.keywords.of(stored.version.id));
    assert_eq!((vectors.len(), words.len()), (1, 1));
    assert_eq!(vectors[0].vector, before[0].vector);
    assert_eq!(words[0].title, "new.txt");
    for key in [&vectors[0].key, &words[0].key] {
        assert!(key.tags.iter().any(|tag| tag.as_str().contains("2026")), "{key:?}");
    }
}

#[tokio::test]
async fn what_is_not_current_is_not_sent() {
    let world = World::new();
    let pending = world.upload("later.txt", "Nothing yet.").await;
    let generation = world.memory.generations().await.unwrap().remove(0);
    let sent = send(&world.ctx, &generation, pending.version.id, Targets::BOTH, &Progress::default()).await;
    assert!(!sent.unwrap());
    assert!(world.keywords.of(pending.version.id).is_empty());
}
