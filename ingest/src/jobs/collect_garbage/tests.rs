//! Deleted documents go from the disk; everything else stays.

use chrono::TimeDelta;
use footnote_core::hash::ContentHash;
use footnote_core::ports::{Clock, DocumentStore};

use super::*;
use crate::fakes::World;

async fn exists(world: &World, content: &str) -> bool {
    world.ctx.blobs.path(ContentHash::of(content.as_bytes())).await.unwrap().is_some()
}

#[tokio::test]
async fn files_go_with_the_last_document_that_names_them() {
    let world = World::new();
    let (kept, doomed, shared) = ("Ten days of leave.", "Twelve days of leave.", "Two have this.");
    world.upload("kept.txt", kept).await;
    let gone = world.upload("doomed.txt", doomed).await;
    let first = world.upload("first.txt", shared).await;
    world.upload("second.txt", shared).await;
    world.upload("old.txt", "The first edition.").await;
    world.run_jobs().await;
    world.upload("old.txt", "The second edition.").await;
    let refused = "Nobody stored a row for this upload.";
    world.ctx.blobs.put(refused.as_bytes()).await.unwrap();
    world.run_jobs().await;
    let now = world.clock.now();
    world.memory.delete_document(gone.document.id, now).await.unwrap();
    world.memory.delete_document(first.document.id, now).await.unwrap();

    // The files' times are the machine's; the clock of this world stands before them.
    run(&world.ctx, &Progress::default()).await.unwrap();
    assert!(exists(&world, doomed).await, "young files stay");

    world.clock.advance(TimeDelta::days(36_500));
    run(&world.ctx, &Progress::default()).await.unwrap();
    for content in [kept, shared, "The first edition.", "The second edition."] {
        assert!(exists(&world, content).await, "{content}");
    }
    assert!(!exists(&world, doomed).await && !exists(&world, refused).await);
    let current = world.memory.parsed(first.version.id).await;
    assert!(current.is_ok(), "what is shared is still read");
}

#[tokio::test]
async fn files_of_a_version_that_is_being_indexed_stay() {
    let world = World::new();
    world.upload("waits.txt", "Ten days of leave.").await;
    let parsed = world.ctx.blobs.put(b"parsed, and not named yet").await.unwrap();
    world.clock.advance(TimeDelta::days(36_500));
    run(&world.ctx, &Progress::default()).await.unwrap();
    assert!(world.ctx.blobs.path(parsed).await.unwrap().is_some());
}

#[tokio::test]
async fn files_beside_a_database_that_knows_nothing_stay() {
    let world = World::new();
    world.upload("kept.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    world.memory.lose_everything();
    world.clock.advance(TimeDelta::days(36_500));
    run(&world.ctx, &Progress::default()).await.unwrap();
    assert!(exists(&world, "Ten days of leave.").await, "the right database may still come");
}
