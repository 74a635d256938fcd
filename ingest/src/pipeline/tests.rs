//! From a stored original to a current version.

use std::sync::atomic::Ordering;

use footnote_core::chunk::{ChunkEdit, EditAuthor};
use footnote_core::document::VersionState;
use footnote_core::ids::{ChunkEditId, ChunkId};
use footnote_core::job::JobState;
use footnote_core::ports::DocumentStore;

use crate::fakes::World;

fn handbook() -> String {
    let pages = (1..=6).map(|n| {
        format!(
            "# Rule {n}\n\nRule number {n} says that everyone has {n} days of leave for moving house.\n\n"
        )
    });
    pages.collect::<String>() + "# 年假\n\n员工每年享有十天年假，可以顺延。"
}

#[tokio::test]
async fn a_document_becomes_current_after_both_indexes_hold_it() {
    let world = World::new();
    let stored = world.upload("handbook.txt", &handbook()).await;
    world.embedder.busy.store(2, Ordering::SeqCst);
    world.run_jobs().await;

    let version = world.version(&stored).await;
    assert_eq!((version.state, version.failure.clone()), (VersionState::Current, None));
    let facts = version.parsed.unwrap();
    assert_eq!((facts.chunks, facts.embedded), (7, 7));
    assert_eq!(world.job_of(&stored).await.state, JobState::Succeeded);

    let text = world.ctx.blobs.read(facts.text).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), handbook());
    assert_eq!(facts.chars as usize, handbook().chars().count());

    let (vectors, words) = (world.vectors.of(version.id), world.keywords.of(version.id));
    assert_eq!((vectors.len(), words.len()), (7, 7));
    assert_eq!(world.vectors.flushes.load(Ordering::SeqCst), 1);
    let first = words.iter().find(|w| w.headings == "Rule 1").unwrap();
    assert!(first.body.starts_with("# Rule 1\n\nRule number 1"), "{first:?}");
    assert_eq!(first.title, "handbook.txt");
    let expected = crate::fakes::WordEmbedder::vector(&format!("handbook.txt\nRule 1\n\n{}", first.body));
    assert!(vectors.iter().any(|v| v.key == first.key && v.vector == expected));
    let tags: Vec<_> = first.key.tags.iter().map(|t| t.as_str().to_owned()).collect();
    assert_eq!(tags[2], "type=text");
    assert_eq!(tags[0], format!("document={}", stored.document.id));
}

#[tokio::test]
async fn an_edit_embeds_its_own_chunks_only_and_the_old_version_is_swept() {
    let world = World::new();
    let old = world.upload("handbook.txt", &handbook()).await;
    world.run_jobs().await;
    assert_eq!(world.embedder.take_count(), 7);

    let new = world.upload("handbook.txt", &handbook().replace("has 4 days", "has 14 days")).await;
    world.run_jobs().await;
    assert_eq!(world.embedder.take_count(), 1);
    assert_eq!(world.version(&new).await.parsed.unwrap().embedded, 1);
    assert_eq!(world.document(&new).await.unwrap().current, Some(new.version.id));
    assert_eq!(world.version(&old).await.state, VersionState::Retired);
    assert!(world.vectors.of(old.version.id).is_empty() && world.keywords.of(old.version.id).is_empty());
    assert_eq!(world.keywords.of(new.version.id).len(), 7);

    let same = world.upload("copy.txt", "# Rule 1\n\nSame twice here.\n\n# Rule 1\n\nSame twice here.").await;
    world.run_jobs().await;
    assert_eq!(world.version(&same).await.state, VersionState::Current);
}

#[tokio::test]
async fn what_cannot_be_indexed_fails_with_its_reason() {
    for (content, reason) in
        [(" \n\n - \n", "no extractable text in file.txt"), ("BROKEN", "file.txt is broken")]
    {
        let world = World::new();
        let stored = world.upload("file.txt", content).await;
        world.run_jobs().await;
        let version = world.version(&stored).await;
        assert_eq!(version.state, VersionState::Failed);
        assert!(version.failure.as_deref().unwrap().contains(reason), "{version:?}");
        let job = world.job_of(&stored).await;
        assert_eq!((job.state, job.attempts), (JobState::Failed, 1));
        assert_eq!(world.document(&stored).await.unwrap().current, None);
        assert!(world.keywords.of(version.id).is_empty());
    }
}

#[tokio::test]
async fn a_version_is_redone_after_an_interruption_without_leftovers() {
    let world = World::new();
    let stored = world.upload("handbook.txt", &handbook()).await;
    // The first run stops after a batch was embedded and written.
    world.embedder.fails_once_at.store(5, Ordering::SeqCst);
    world.run_jobs().await;
    assert_eq!(world.version(&stored).await.state, VersionState::Pending);
    let written = world.vectors.of(stored.version.id);
    assert_eq!(written.len(), 4);
    assert_eq!(world.embedder.take_count(), 6);

    // What the earlier run wrote and this one will not must go.
    let generation = world.memory.generations().await.unwrap()[0].id;
    let mut stray = written[0].clone();
    stray.key.chunk = ChunkId::derive(stored.version.id, generation, 99);
    world.ctx.vectors.upsert(generation, vec![stray]).await.unwrap();

    world.clock.advance(chrono::TimeDelta::seconds(5));
    world.run_jobs().await;
    assert_eq!(world.version(&stored).await.state, VersionState::Current);
    assert_eq!(world.embedder.take_count(), 1, "what was embedded is not embedded again");
    assert_eq!(world.vectors.of(stored.version.id).len(), 7);
    assert_eq!(world.keywords.of(stored.version.id).len(), 7);
    assert_eq!(world.memory.chunks(stored.version.id, generation).await.unwrap().len(), 7);
}

#[tokio::test]
async fn a_deleted_document_is_not_indexed() {
    let world = World::new();
    let stored = world.upload("handbook.txt", &handbook()).await;
    world.memory.delete_document(stored.document.id, world.ctx.clock.now()).await.unwrap();
    world.run_jobs().await;
    assert_eq!(world.job_of(&stored).await.state, JobState::Succeeded);
    assert_eq!(world.embedder.take_count(), 0);
}

#[tokio::test]
async fn a_generation_without_its_embedder_says_so() {
    let mut world = World::new();
    let stored = world.upload("handbook.txt", &handbook()).await;
    let ctx = std::sync::Arc::get_mut(&mut world.ctx).unwrap();
    ctx.embedders.clear();
    world.run_jobs().await;
    let failure = world.version(&stored).await.failure.unwrap();
    assert!(failure.contains("embedder words, which is not configured"), "{failure}");
}

#[tokio::test]
async fn what_another_jobs_failure_took_along_is_written_again() {
    let world = World::new();
    let stored = world.upload("handbook.txt", &handbook()).await;
    world.keywords.lose_at_flush.store(true, Ordering::SeqCst);
    world.run_jobs().await;
    let job = world.job_of(&stored).await;
    assert_eq!(job.state, JobState::Queued, "{job:?}");
    assert_eq!(
        world.version(&stored).await.state,
        VersionState::Pending,
        "nothing is current without its words"
    );

    world.clock.advance(chrono::TimeDelta::seconds(2));
    world.run_jobs().await;
    assert_eq!(world.version(&stored).await.state, VersionState::Current);
    assert_eq!(world.keywords.of(stored.version.id).len(), 7);
}

fn hiding() -> ChunkEdit {
    ChunkEdit { id: ChunkEditId::new(), note: None, hidden: true, author: EditAuthor::Person }
}

#[tokio::test]
async fn what_was_edited_while_a_version_was_indexed_is_placed_by_another_run() {
    let world = World::new();
    let stored = world.upload("handbook.txt", &handbook()).await;
    let rule = "# Rule 3\n\nRule number 3 says that everyone has 3 days of leave for moving house.";
    world.memory.edit_meanwhile(rule, hiding());
    world.run_jobs().await;
    assert_eq!(world.version(&stored).await.state, VersionState::Pending);
    assert_eq!(world.embedder.take_count(), 7);

    world.clock.advance(chrono::TimeDelta::seconds(2));
    world.run_jobs().await;
    assert_eq!(world.version(&stored).await.state, VersionState::Current);
    assert_eq!(world.embedder.take_count(), 0, "what was embedded is known");
    let generation = world.memory.generations().await.unwrap()[0].id;
    let chunks = world.memory.chunks(stored.version.id, generation).await.unwrap();
    let hidden: Vec<bool> = chunks.iter().map(|chunk| chunk.edit.is_some()).collect();
    assert_eq!(hidden, [false, false, true, false, false, false, false]);
}

#[tokio::test]
async fn a_note_longer_than_the_embedder_takes_hinders_nothing() {
    let world = World::new();
    let text = "# Rule 1\n\nEveryone has ten days of leave.";
    let note = format!("holidays\n{}", "sabbatical ".repeat(150));
    world.memory.edit(text, ChunkEdit { note: Some(note.clone()), hidden: false, ..hiding() });
    let stored = world.upload("rules.txt", text).await;
    world.run_jobs().await;
    let version = world.version(&stored).await;
    assert_eq!((version.state, version.failure), (VersionState::Current, None));
    let expected = crate::fakes::WordEmbedder::vector(&format!("rules.txt\nRule 1\n\n{text}\n\nholidays"));
    assert_eq!(world.vectors.of(stored.version.id)[0].vector, expected);
    assert!(world.keywords.of(stored.version.id)[0].body.ends_with(&note), "its words are all there");
}
