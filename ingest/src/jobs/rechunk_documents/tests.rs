//! A knowledge base is cut anew while it answers.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use footnote_core::chunk::{ChunkEdit, EditAuthor};
use footnote_core::job::{Job, JobKind, JobState, NewJob};
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::ports::{Clock, DocumentStore, JobQueue};

use super::*;
use crate::fakes::World;

/// Sentences of 11 words each, no two alike: chunks of 24 hold two of them, and those of 64 four.
fn rules(count: usize) -> String {
    (0..count).map(|n| format!("Rule {n} is explained in a sentence of its own. ")).collect()
}

/// A generation of chunks of up to `max_tokens`, to which the knowledge base is asked to change.
async fn change(world: &World, max_tokens: usize) -> GenerationId {
    let mut spec = world.memory.generations().await.unwrap().remove(0).spec;
    spec.chunker.max_tokens = max_tokens;
    let generation = world.memory.add_generation(spec);
    let changed = world.memory.change_generation(world.knowledge_base, generation, world.clock.now()).await;
    assert_eq!(changed.unwrap().unwrap().next_generation, Some(generation));
    generation
}

async fn knowledge_base(world: &World) -> KnowledgeBase {
    world.memory.knowledge_base(world.knowledge_base).await.unwrap().unwrap()
}

fn rechunking(world: &World) -> Job {
    let mut jobs = world.memory.all_jobs().into_iter();
    jobs.find(|job| matches!(job.kind, JobKind::RechunkDocuments { .. })).unwrap()
}

fn held(world: &World, generation: GenerationId) -> (usize, usize) {
    let vectors = world.vectors.held.lock().unwrap().get(&generation).map_or(0, BTreeMap::len);
    let words = world.keywords.held.lock().unwrap().get(&generation).map_or(0, BTreeMap::len);
    (vectors, words)
}

#[tokio::test]
async fn every_document_is_cut_anew_and_then_the_knowledge_base_flips() {
    let world = World::new();
    let long = world.upload("long.txt", &rules(12)).await;
    let short = world.upload("short.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    let before = knowledge_base(&world).await.generation;
    let old = world.memory.chunks(long.version.id, before).await.unwrap();
    world.embedder.take_count();

    let after = change(&world, 64).await;
    assert_eq!(knowledge_base(&world).await.generation, before, "it answers as before until all is done");
    world.run_jobs().await;

    let flipped = knowledge_base(&world).await;
    assert_eq!((flipped.generation, flipped.next_generation), (after, None));
    let new = world.memory.chunks(long.version.id, after).await.unwrap();
    assert!(new.len() < old.len(), "{} and {}", new.len(), old.len());
    // What is embedded for the short one is what it was: its vector is known.
    assert_eq!(world.embedder.take_count(), new.len());
    assert_eq!(world.memory.chunks(short.version.id, after).await.unwrap().len(), 1);
    assert_eq!(held(&world, after), (new.len() + 1, new.len() + 1));
    assert_eq!(held(&world, before), (0, 0), "the old entries are swept");
    assert!(world.memory.chunks(long.version.id, before).await.unwrap().is_empty(), "and their rows go");
    assert_eq!(world.memory.unfinished().await.unwrap(), 0);
}

#[tokio::test]
async fn an_edit_is_on_the_new_chunks_also_where_it_comes_meanwhile() {
    let world = World::new();
    let stored = world.upload("rules.txt", "Ten days of leave.").await;
    world.run_jobs().await;
    let (id, note, author) = (ChunkEditId::new(), Some("sabbatical".to_owned()), EditAuthor::Person);
    world.memory.edit_meanwhile("Ten days of leave.", ChunkEdit { id, note, hidden: false, author });
    let after = change(&world, 64).await;
    world.run_jobs().await;
    let chunks = world.memory.chunks(stored.version.id, after).await.unwrap();
    assert_eq!(chunks[0].edit.as_ref().unwrap().note.as_deref(), Some("sabbatical"));
    assert_eq!(knowledge_base(&world).await.generation, after);
}

#[tokio::test]
async fn only_failures_without_progress_between_them_end_it() {
    let world = World::new();
    for n in 0..4 {
        world.upload(&format!("{n}.txt"), &rules(4)).await;
    }
    world.run_jobs().await;
    let after = change(&world, 64).await;
    let left = async || world.memory.versions_to_rechunk(world.knowledge_base, after).await.unwrap().len();
    // Two runs are all that a job may have; each of these fails at its second document.
    for still_left in [3, 2] {
        world.embedder.take_count();
        world.embedder.fails_once_at.store(1, Ordering::SeqCst);
        world.run_jobs().await;
        assert_eq!((left().await, rechunking(&world).state), (still_left, JobState::Queued));
        world.clock.advance(chrono::TimeDelta::hours(1));
    }
    world.embedder.broken.store(9, Ordering::SeqCst);
    world.run_jobs().await;
    assert_eq!((left().await, rechunking(&world).state), (2, JobState::Failed));
}

#[tokio::test]
async fn it_goes_on_where_it_was_interrupted() {
    let world = World::new();
    let mut stored = Vec::new();
    for n in 0..3 {
        stored.push(world.upload(&format!("{n}.txt"), &rules(8)).await);
    }
    world.run_jobs().await;
    world.embedder.take_count();
    let before = knowledge_base(&world).await.generation;
    let after = change(&world, 64).await;
    // The last document's embedding fails; the job is tried again later.
    world.embedder.fails_once_at.store(3, Ordering::SeqCst);
    world.run_jobs().await;
    let between = knowledge_base(&world).await;
    assert_eq!((between.generation, between.next_generation), (before, Some(after)));
    let left = world.memory.versions_to_rechunk(world.knowledge_base, after).await.unwrap();
    assert!(!left.is_empty() && left.len() < 3, "{left:?}");

    // What is done is sent again with its document.
    world.vectors.held.lock().unwrap().get_mut(&after).unwrap().clear();
    let now = world.clock.now();
    let mut rows = 0;
    for done in &stored {
        let kind = JobKind::ResendDocument { document: done.document.id };
        world.memory.enqueue(NewJob { kind, knowledge_base: None, run_at: now }, now).await.unwrap();
        rows += world.memory.chunks(done.version.id, after).await.unwrap().len();
    }
    world.run_jobs().await;
    assert_eq!(held(&world, after).0, rows);
    assert_eq!(knowledge_base(&world).await.generation, before);

    world.clock.advance(chrono::TimeDelta::hours(1));
    world.run_jobs().await;
    assert_eq!(knowledge_base(&world).await.generation, after);
    assert_eq!(rechunking(&world).state, JobState::Succeeded);
}
