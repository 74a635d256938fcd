//! Edits of chunks: placed on each version's chunks, and never lost between two versions.

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::chunk::{Chunk, ChunkEdit, EditAuthor, NewChunkEdit, StoredChunkEdit};
use footnote_core::document::{IndexedVersion, VersionFacts, VersionState};
use footnote_core::hash::ContentHash;
use footnote_core::ids::ChunkEditId;
use footnote_core::job::{Job, JobKind, Lease};
use footnote_core::ports::StoredVersion;
use footnote_core::text::Span;

use crate::conformance::bed::{Bed, Sql, at};
use crate::conformance::scope;

/// Runs these cases, each on an empty database.
pub(super) async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    what_a_person_edits_while_a_version_is_indexed_is_not_lost(bed().await).await;
    what_a_model_notes_meanwhile_hinders_nobody(bed().await).await;
    an_edit_changes_nothing_in_the_past(bed().await).await;
    what_is_hidden_is_not_seen_where_a_neighbour_repeats_it(bed().await).await;
    what_a_model_noted_on_text_that_is_gone_does_not_pile_up(bed().await).await;
}

/// What a person does to a chunk.
fn by_person(note: Option<&str>, hidden: bool) -> ChunkEdit {
    let author = EditAuthor::Person;
    ChunkEdit { id: ChunkEditId::new(), note: note.map(str::to_owned), hidden, author }
}

fn by_model(note: &str) -> ChunkEdit {
    ChunkEdit { author: EditAuthor::Model, ..by_person(Some(note), false) }
}

/// Puts an edit on the chunk that is this line of the document's current version.
async fn put(bed: &Bed, of: &StoredVersion, line: &str, edit: ChunkEdit) -> Option<Job> {
    let documents = &bed.sql.documents;
    let current = documents.document(of.document.id).await.unwrap().unwrap().current.unwrap();
    let text = documents.canonical_text(current).await.unwrap().unwrap();
    let chunks = documents.chunks(current, bed.generation).await.unwrap();
    let chunk = chunks.iter().find(|chunk| text.slice(chunk.span) == Some(line)).unwrap();
    let ChunkEdit { note, hidden, author, .. } = edit;
    let embedded_text = ContentHash::of(format!("{line} {note:?}").as_bytes());
    let edit = NewChunkEdit { chunk: chunk.id, text: line.to_owned(), note, hidden, author, embedded_text };
    documents.put_chunk_edit(of.document.id, edit, at(13)).await.unwrap()
}

/// A version whose job has not yet made it current.
struct Prepared {
    lease: Lease,
    of: StoredVersion,
    facts: VersionFacts,
    edits: Vec<ChunkEditId>,
}

/// Takes the job of `of` and places the document's edits, each on the chunk with its text.
async fn prepare(bed: &Bed, of: &StoredVersion) -> Prepared {
    let (lease, version) = loop {
        let (job, lease) = bed.take(at(14)).await;
        match job.kind {
            JobKind::IndexVersion { version, .. } => break (lease, version),
            _ => bed.sql.queue.succeed(lease, at(14)).await.unwrap(),
        }
    };
    assert_eq!(version, of.version.id);
    prepare_again(bed, of, lease).await
}

async fn prepare_again(bed: &Bed, of: &StoredVersion, lease: Lease) -> Prepared {
    let facts = bed.prepare(lease, of.version.id).await;
    let documents = &bed.sql.documents;
    let edits: Vec<StoredChunkEdit> = documents.chunk_edits(of.document.id).await.unwrap();
    let text = bed.sql.blobs.read(of.version.content).await.unwrap().unwrap();
    let text = String::from_utf8(text).unwrap();
    let mut chunks = documents.chunks(of.version.id, bed.generation).await.unwrap();
    for (chunk, line) in chunks.iter_mut().zip(text.split('\n')) {
        chunk.edit = edits.iter().find(|edit| edit.text == line).map(|stored| stored.edit.clone());
    }
    documents.put_chunks(lease, of.version.id, bed.generation, &chunks).await.unwrap();
    let edits = edits.iter().map(|stored| stored.edit.id).collect();
    Prepared { lease, of: of.clone(), facts, edits }
}

async fn activate(bed: &Bed, prepared: &Prepared, now: DateTime<Utc>) -> Result<()> {
    let Prepared { lease, of, facts, edits } = prepared;
    let indexed = IndexedVersion { edits, ..facts.into() };
    bed.sql.documents.activate_version(*lease, of.version.id, bed.generation, indexed, now).await
}

/// Uploads `lines` and makes them current with the edits of the version before.
async fn replace(bed: &Bed, lines: &str, now: DateTime<Utc>) -> StoredVersion {
    let stored = bed.upload("a.md", lines).await;
    let prepared = prepare(bed, &stored).await;
    activate(bed, &prepared, now).await.unwrap();
    stored
}

/// What each chunk of a version has: its note, or that it is hidden.
async fn shown(bed: &Bed, of: &StoredVersion) -> Vec<Option<String>> {
    let chunks = bed.sql.documents.chunks(of.version.id, bed.generation).await.unwrap();
    let edit_of = |edit: ChunkEdit| if edit.hidden { "hidden".to_owned() } else { edit.note.unwrap() };
    chunks.into_iter().map(|chunk| chunk.edit.map(edit_of)).collect()
}

async fn what_a_person_edits_while_a_version_is_indexed_is_not_lost(bed: Bed) {
    replace(&bed, "ten days\nby rail", at(15)).await;
    // Hidden, hidden otherwise, shown again: each while a version is being indexed.
    let edits = [by_person(None, true), by_person(Some("trains"), true), by_person(None, false)];
    for (edit, new_line) in edits.into_iter().zip(["parking", "canteen", "keys"]) {
        let new = bed.upload("a.md", &format!("ten days\nby rail\n{new_line}")).await;
        let stale = prepare(&bed, &new).await;
        let is_hidden = edit.hidden;
        put(&bed, &new, "by rail", edit).await.unwrap();
        let refused = activate(&bed, &stale, at(15)).await.unwrap_err();
        assert!(refused.is_retryable(), "{refused}");
        let version = bed.sql.documents.version(new.version.id).await.unwrap().unwrap();
        assert_eq!(version.state, VersionState::Pending);

        let again = prepare_again(&bed, &new, stale.lease).await;
        activate(&bed, &again, at(15)).await.unwrap();
        let visible = bed.visible(&bed.kb, &[new.version.id]).await;
        assert_eq!(visible.contains(&"by rail".to_owned()), !is_hidden, "{visible:?}");
        assert!(visible.contains(&new_line.to_owned()), "{visible:?}");
    }
}

async fn what_a_model_notes_meanwhile_hinders_nobody(bed: Bed) {
    let old = replace(&bed, "ten days\nby rail", at(15)).await;
    let new = bed.upload("a.md", "ten days\nby plane").await;
    let prepared = prepare(&bed, &new).await;
    put(&bed, &old, "by rail", by_model("trains?")).await.unwrap();
    activate(&bed, &prepared, at(15)).await.unwrap();
    assert_eq!(shown(&bed, &old).await, [None, Some("trains?".to_owned())]);
    assert_eq!(bed.visible(&bed.kb, &[new.version.id]).await, ["ten days", "by plane"]);
}

async fn an_edit_changes_nothing_in_the_past(bed: Bed) {
    let old = replace(&bed, "ten days\nby rail", at(20)).await;
    put(&bed, &old, "ten days", by_person(Some("leave"), false)).await.unwrap();
    put(&bed, &old, "by rail", by_person(None, true)).await.unwrap();
    let new = replace(&bed, "ten days\nby rail\nparking", at(30)).await;
    let (leave, hidden) = (Some("leave".to_owned()), Some("hidden".to_owned()));
    assert_eq!(shown(&bed, &new).await, [leave.clone(), hidden.clone(), None]);

    let nothing = || by_person(None, false);
    let steps = [
        ("by rail", by_person(Some("trains"), true)),
        ("by rail", by_person(Some("trains"), false)),
        ("ten days", by_person(Some("holidays"), false)),
        ("by rail", nothing()),
        ("ten days", nothing()),
    ];
    let both = bed.chunk_ids(&[old.version.id, new.version.id]);
    for (line, edit) in steps {
        put(&bed, &new, line, edit).await.unwrap();
        assert_eq!(shown(&bed, &old).await, [leave.clone(), hidden.clone()]);
        let then = bed.sql.documents.confirm(scope(&bed.kb).at(Some(at(25))), &both).await.unwrap();
        assert_eq!(then.iter().map(|chunk| chunk.text.as_str()).collect::<Vec<_>>(), ["ten days"]);
    }
    let newest = replace(&bed, "ten days\nby rail", at(40)).await;
    assert_eq!(shown(&bed, &newest).await, [None, None], "what was removed does not come back");
    assert_eq!(bed.visible(&bed.kb, &[newest.version.id]).await, ["ten days", "by rail"]);
}

async fn what_a_model_noted_on_text_that_is_gone_does_not_pile_up(bed: Bed) {
    let old = replace(&bed, "ten days\nby rail\nparking", at(20)).await;
    put(&bed, &old, "ten days", by_model("how long?")).await.unwrap();
    put(&bed, &old, "by rail", by_model("how?")).await.unwrap();
    put(&bed, &old, "parking", by_person(Some("cars"), false)).await.unwrap();
    let new = replace(&bed, "ten days", at(30)).await;
    let edits = bed.sql.documents.chunk_edits(new.document.id).await.unwrap();
    let mut notes: Vec<_> = edits.into_iter().map(|stored| stored.edit.note.unwrap()).collect();
    notes.sort();
    assert_eq!(notes, ["cars", "how long?"], "a person's waits for its text to come back");
    let [how_long, how, cars] = ["how long?", "how?", "cars"].map(|note| Some(note.to_owned()));
    assert_eq!(shown(&bed, &old).await, [how_long, how, cars.clone()], "the past stays");
    let back = replace(&bed, "by rail\nparking", at(40)).await;
    assert_eq!(shown(&bed, &back).await, [None, cars]);
}

async fn what_is_hidden_is_not_seen_where_a_neighbour_repeats_it(bed: Bed) {
    let stored = bed.upload("a.md", "aa\nbb\ncc\ndd").await;
    let mut prepared = prepare(&bed, &stored).await;
    let documents = &bed.sql.documents;
    let lines = documents.chunks(stored.version.id, bed.generation).await.unwrap();
    let pairs: Vec<Chunk> = lines
        .windows(2)
        .map(|pair| Chunk { span: Span::new(pair[0].span.start, pair[1].span.end), ..pair[0].clone() })
        .collect();
    documents.put_chunks(prepared.lease, stored.version.id, bed.generation, &pairs).await.unwrap();
    prepared.facts.chunks = 3;
    activate(&bed, &prepared, at(20)).await.unwrap();
    let visible = async || bed.visible(&bed.kb, &[stored.version.id]).await;
    assert_eq!(visible().await, ["aa\nbb", "bb\ncc", "cc\ndd"]);
    put(&bed, &stored, "bb\ncc", by_person(None, true)).await.unwrap();
    assert_eq!(visible().await, ["aa", "dd"]);
    put(&bed, &stored, "bb\ncc", by_person(None, false)).await.unwrap();
    put(&bed, &stored, "aa\nbb", by_person(None, true)).await.unwrap();
    assert_eq!(visible().await, ["cc", "cc\ndd"]);
    put(&bed, &stored, "cc\ndd", by_person(None, true)).await.unwrap();
    assert!(visible().await.is_empty(), "a blank is left of the one between");
}
