//! A knowledge base changes to another generation version by version, and flips when all are done.

use footnote_core::ErrorKind;
use footnote_core::chunk::{ChunkEdit, EditAuthor, NewChunkEdit, RechunkedVersion};
use footnote_core::document::Document;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ChunkEditId, ChunkId, GenerationId, VersionId};
use footnote_core::job::{JobKind, JobState, Lease, RetryPolicy};
use footnote_core::parsed::{ParseWarning, WarningKind};
use footnote_core::ports::{DocumentStore as _, JobQueue as _, StoredVersion};

use super::super::rechunking::FORGOTTEN_AT_ONCE;
use super::bed::{Bed, MINUTE, at, chunks_of, spec};

/// Asks the bed's knowledge base to change to a new generation.
async fn change(bed: &Bed) -> GenerationId {
    let next = bed.store.ensure_generation(&spec("bge"), at(5)).await.unwrap().id;
    let changing = bed.store.change_generation(bed.kb.id, next, at(5)).await.unwrap().unwrap();
    assert_eq!((changing.generation, changing.next_generation), (bed.generation, Some(next)));
    next
}

async fn take(bed: &Bed, generation: GenerationId) -> Lease {
    let (job, lease) = bed.take(at(12)).await;
    assert_eq!(job.kind, JobKind::RechunkDocuments { knowledge_base: bed.kb.id, generation });
    lease
}

async fn document(bed: &Bed, of: &StoredVersion) -> Document {
    bed.store.document(of.document.id).await.unwrap().unwrap()
}

async fn left(bed: &Bed, generation: GenerationId) -> Vec<VersionId> {
    bed.store.versions_to_rechunk(bed.kb.id, generation).await.unwrap()
}

/// Stores a chunk per line of `text`; the first has the edit, if any, with its own text.
async fn put(
    bed: &Bed,
    lease: Lease,
    document: &Document,
    (generation, text): (GenerationId, &str),
    edit: Option<ChunkEdit>,
) -> bool {
    let version = document.current.unwrap();
    let mut chunks = chunks_of(text, version, generation);
    let edits: Vec<ChunkEditId> = edit.iter().map(|edit| edit.id).collect();
    let line = text.lines().next().unwrap().to_owned();
    let edited_texts: Vec<(ChunkId, String)> = edit.iter().map(|_| (chunks[0].id, line.clone())).collect();
    chunks[0].edit = edit;
    let rechunked = RechunkedVersion {
        document,
        version,
        generation,
        chunks: &chunks,
        edits: &edits,
        edited_texts: &edited_texts,
        unplaced: &[],
    };
    bed.store.put_rechunked(lease, rechunked).await.unwrap()
}

async fn finish(bed: &Bed, lease: Lease, generation: GenerationId) -> bool {
    bed.store.finish_generation_change(lease, bed.kb.id, generation, at(12)).await.unwrap()
}

#[tokio::test]
async fn it_flips_when_all_current_versions_are_done_and_not_before() {
    let bed = Bed::new().await;
    let (a, b) = (bed.upload("a.md", "ten days\nof leave").await, bed.upload("b.md", "twelve").await);
    bed.work().await;
    let next = change(&bed).await;
    let lease = take(&bed, next).await;
    assert_eq!(left(&bed, next).await, [a.version.id, b.version.id]);

    assert!(put(&bed, lease, &document(&bed, &a).await, (next, "ten days of leave"), None).await);
    assert_eq!(left(&bed, next).await, [b.version.id]);
    assert!(!finish(&bed, lease, next).await);
    let versions = [a.version.id, b.version.id];
    assert_eq!(bed.visible(&bed.kb, &versions).await, ["ten days", "of leave", "twelve"]);
    // An index may hold what is done and what is being done.
    let expected = bed.store.expected_versions(next).await.unwrap();
    assert_eq!(expected.into_iter().collect::<Vec<_>>(), [(a.version.id, 1)]);
    assert_eq!(bed.store.pending_among(&versions).await.unwrap(), [b.version.id]);

    assert!(put(&bed, lease, &document(&bed, &b).await, (next, "twelve"), None).await);
    assert!(finish(&bed, lease, next).await);
    assert!(finish(&bed, lease, next).await, "telling it twice is harmless");
    let flipped = bed.store.knowledge_base(bed.kb.id).await.unwrap().unwrap();
    assert_eq!((flipped.generation, flipped.next_generation), (next, None));
    let facts = bed.store.version(a.version.id).await.unwrap().unwrap().parsed.unwrap();
    assert_eq!(facts.chunks, 1);
    let sweep = |version| JobKind::SweepVersion { version, generation: bed.generation };
    assert_eq!(bed.work().await, versions.map(sweep));
    assert!(bed.store.expected_versions(bed.generation).await.unwrap().is_empty());
    for generation in [bed.generation, next] {
        bed.store.forget_swept(a.version.id, generation).await.unwrap();
    }
    assert!(bed.store.chunks(a.version.id, bed.generation).await.unwrap().is_empty());
    assert_eq!(bed.store.chunks(a.version.id, next).await.unwrap().len(), 1, "those that answer stay");
}

#[tokio::test]
async fn a_version_that_retires_keeps_the_chunks_that_answered_last() {
    let mut bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let (old, next) = (bed.generation, change(&bed).await);
    let lease = take(&bed, next).await;
    assert!(put(&bed, lease, &document(&bed, &a).await, (next, "ten days"), None).await);
    assert!(finish(&bed, lease, next).await);
    assert_eq!(bed.store.chunks(a.version.id, old).await.unwrap().len(), 1, "it is not swept yet");
    bed.generation = next;
    bed.upload("a.md", "twelve days").await;
    bed.work().await;
    assert!(bed.store.chunks(a.version.id, old).await.unwrap().is_empty());
    assert_eq!(bed.store.chunks(a.version.id, next).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_and_back_leaves_what_is_being_indexed_alone() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days").await;
    let (_, indexing) = bed.take(at(12)).await;
    let facts = bed.prepare(indexing, a.version.id).await;
    let next = change(&bed).await;
    let lease = take(&bed, next).await;
    assert!(finish(&bed, lease, next).await, "nothing is current yet");
    bed.store.change_generation(bed.kb.id, bed.generation, at(6)).await.unwrap().unwrap();
    let lease = take(&bed, bed.generation).await;
    assert!(finish(&bed, lease, bed.generation).await);
    let done = bed.store.activate_version(indexing, a.version.id, bed.generation, (&facts).into(), at(12));
    done.await.unwrap();
    assert_eq!(bed.visible(&bed.kb, &[a.version.id]).await, ["ten days"]);
}

#[tokio::test]
async fn what_has_no_place_there_is_told_with_the_flip_and_not_before() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let next = change(&bed).await;
    let lease = take(&bed, next).await;
    let warning = ParseWarning { kind: WarningKind::Lost, page: None, message: "an edit".to_owned() };
    let rechunked = RechunkedVersion {
        document: &document(&bed, &a).await,
        version: a.version.id,
        generation: next,
        chunks: &chunks_of("ten days", a.version.id, next),
        edits: &[],
        edited_texts: &[],
        unplaced: std::slice::from_ref(&warning),
    };
    assert!(bed.store.put_rechunked(lease, rechunked).await.unwrap());
    let told = async || bed.store.version(a.version.id).await.unwrap().unwrap().parsed.unwrap().warnings;
    assert!(told().await.is_empty(), "the edit still has its chunk");
    assert!(finish(&bed, lease, next).await);
    assert_eq!(told().await, [warning]);
}

#[tokio::test]
async fn what_changes_meanwhile_is_done_again() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let next = change(&bed).await;
    let lease = take(&bed, next).await;
    let old = document(&bed, &a).await;
    assert!(put(&bed, lease, &old, (next, "ten days"), None).await);
    bed.store.rename_document(old.id, "c.md", "c.md", at(6)).await.unwrap();
    assert_eq!(left(&bed, next).await, [a.version.id], "its entries tell the old title");
    assert!(!put(&bed, lease, &old, (next, "ten days"), None).await);
    assert!(put(&bed, lease, &document(&bed, &a).await, (next, "ten days"), None).await);
    // A new version answers by the generation of now, and is left to be done.
    bed.upload("c.md", "twelve days").await;
    assert!(left(&bed, next).await.is_empty());
    bed.work().await;
    let newer = document(&bed, &a).await;
    assert_eq!(left(&bed, next).await, [newer.current.unwrap()]);
    assert!(bed.store.chunks(a.version.id, next).await.unwrap().is_empty(), "it retired before the flip");
    assert!(put(&bed, lease, &newer, (next, "twelve days"), None).await);
    assert!(finish(&bed, lease, next).await);
}

#[tokio::test]
async fn an_edit_is_taken_over_with_the_text_of_its_new_chunk() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days\nof leave").await;
    bed.work().await;
    let chunk = bed.chunk_ids(&[a.version.id])[0];
    let edit = NewChunkEdit {
        chunk,
        text: "ten days".to_owned(),
        note: None,
        hidden: true,
        author: EditAuthor::Person,
        embedded_text: ContentHash::of(b"ten days"),
    };
    bed.store.put_chunk_edit(a.document.id, edit.clone(), at(4)).await.unwrap().unwrap();
    bed.work().await;
    let next = change(&bed).await;
    let lease = take(&bed, next).await;
    let document = document(&bed, &a).await;
    assert!(!put(&bed, lease, &document, (next, "ten days of leave"), None).await, "without the edit");
    let known = bed.store.chunk_edits(document.id).await.unwrap().remove(0).edit;
    assert!(put(&bed, lease, &document, (next, "ten days of leave"), Some(known.clone())).await);
    assert!(finish(&bed, lease, next).await);
    let edits = bed.store.chunk_edits(document.id).await.unwrap();
    assert_eq!(edits.len(), 1);
    assert_eq!((edits[0].text.as_str(), edits[0].edit.hidden), ("ten days of leave", true));
    assert_ne!(edits[0].edit.id, known.id);
    let chunks = bed.store.chunks(a.version.id, next).await.unwrap();
    assert_eq!(chunks[0].edit.as_ref().unwrap().id, edits[0].edit.id);
    // A chunk of before is not what somebody sees and edits now.
    assert!(bed.store.put_chunk_edit(document.id, edit, at(13)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_is_given_up_for_another_or_for_what_is() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let next = change(&bed).await;
    change(&bed).await;
    let lease = take(&bed, next).await;
    assert!(bed.claim(at(12)).await.is_none(), "asked twice, it is one job");
    let document = document(&bed, &a).await;
    assert!(put(&bed, lease, &document, (next, "ten days"), None).await);

    let kept = bed.store.change_generation(bed.kb.id, bed.generation, at(7)).await.unwrap().unwrap();
    assert_eq!((kept.generation, kept.next_generation), (bed.generation, None));
    assert!(left(&bed, next).await.is_empty());
    assert!(!put(&bed, lease, &document, (next, "ten days"), None).await);
    assert!(finish(&bed, lease, next).await, "the job ends and nothing flips");
    assert_eq!(bed.store.knowledge_base(bed.kb.id).await.unwrap().unwrap().generation, bed.generation);
    let queued: Vec<_> = bed.jobs(JobState::Queued).await.into_iter().map(|job| job.kind).collect();
    assert_eq!(queued, [JobKind::SweepVersion { version: a.version.id, generation: next }]);
    assert_eq!(bed.visible(&bed.kb, &[a.version.id]).await, ["ten days"]);
}

#[tokio::test]
async fn what_is_given_up_goes_version_by_version_and_is_done_anew_where_it_is_asked_for_again() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let next = change(&bed).await;
    let lease = take(&bed, next).await;
    // More rows than one transaction removes.
    let lines = "a line\n".repeat(FORGOTTEN_AT_ONCE as usize + 1);
    let long = lines.as_str();
    assert!(put(&bed, lease, &document(&bed, &a).await, (next, long), None).await);
    let rows = async || bed.store.chunks(a.version.id, next).await.unwrap().len();
    bed.store.change_generation(bed.kb.id, bed.generation, at(6)).await.unwrap().unwrap();
    assert_eq!(rows().await, long.lines().count() + 1, "they go with their sweep");
    bed.store.forget_swept(a.version.id, next).await.unwrap();
    assert_eq!(rows().await, 0);

    change(&bed).await;
    bed.store.cancelled(lease, at(7)).await.unwrap();
    let kept = bed.store.knowledge_base(bed.kb.id).await.unwrap().unwrap();
    assert_eq!(kept.next_generation, Some(next), "it was asked for again");
    let kind = JobKind::RechunkDocuments { knowledge_base: bed.kb.id, generation: next };
    let lease = loop {
        let (job, lease) = bed.take(at(12)).await;
        if job.kind == kind {
            break lease;
        }
        bed.store.succeed(lease, at(12)).await.unwrap();
    };
    assert!(put(&bed, lease, &document(&bed, &a).await, (next, long), None).await);
    bed.store.change_generation(bed.kb.id, bed.generation, at(13)).await.unwrap().unwrap();
    // Nobody knows whether rows that are not swept yet have their entries, nor what was edited since.
    change(&bed).await;
    assert_eq!((rows().await, left(&bed, next).await), (0, vec![a.version.id]));
}

#[tokio::test]
async fn a_cancelled_change_is_given_up_and_a_failed_one_waits_to_be_asked_for_again() {
    let bed = Bed::new().await;
    bed.upload("a.md", "ten days").await;
    bed.work().await;
    let next = change(&bed).await;
    let (job, lease) = bed.take(at(12)).await;
    bed.store.fail(lease, "the disk is full", None, at(12)).await.unwrap();
    let changing = async || bed.store.knowledge_base(bed.kb.id).await.unwrap().unwrap().next_generation;
    assert_eq!(changing().await, Some(next));
    change(&bed).await;
    let (again, lease) = bed.take(at(12)).await;
    assert_eq!((again.id, again.attempts), (job.id, 1), "no failed job stays beside it");

    bed.store.cancel(job.id, at(13)).await.unwrap();
    assert_eq!(changing().await, Some(next), "it still runs");
    bed.store.cancelled(lease, at(13)).await.unwrap();
    assert_eq!(changing().await, None);
    let refused = bed.store.retry(job.id, at(14)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    // One that nobody has begun is given up at once.
    change(&bed).await;
    let queued = bed.jobs(JobState::Queued).await;
    bed.store.cancel(queued[0].id, at(15)).await.unwrap();
    assert_eq!(changing().await, None);
}

#[tokio::test]
async fn leases_lost_count_since_a_document_was_done() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let next = change(&bed).await;
    let retry = RetryPolicy { max_attempts: 2, ..RetryPolicy::default() };
    let after = |minutes: i64| at(12 + 61 * minutes);
    let claim = async |minutes| bed.store.claim(after(minutes), MINUTE, retry).await.unwrap();
    for minutes in 0..4 {
        let (job, lease) = claim(minutes).await.expect("it got on");
        assert_eq!(job.kind, JobKind::RechunkDocuments { knowledge_base: bed.kb.id, generation: next });
        assert!(put(&bed, lease, &document(&bed, &a).await, (next, "ten days"), None).await);
    }
    assert_eq!(claim(4).await.expect("it got on").0.attempts, 2);
    assert!(claim(5).await.is_none());
    assert_eq!(bed.jobs(JobState::Failed).await.len(), 1);
}

#[tokio::test]
async fn edits_may_be_told_in_any_order() {
    let bed = Bed::new().await;
    let a = bed.upload("a.md", "ten days\nof leave").await;
    bed.work().await;
    for (chunk, text) in bed.chunk_ids(&[a.version.id]).into_iter().zip(["ten days", "of leave"]) {
        let (note, author) = (Some("sabbatical".to_owned()), EditAuthor::Person);
        let embedded_text = ContentHash::of(text.as_bytes());
        let edit = NewChunkEdit { chunk, text: text.to_owned(), note, hidden: false, author, embedded_text };
        bed.store.put_chunk_edit(a.document.id, edit, at(4)).await.unwrap().unwrap();
    }
    bed.work().await;
    let next = change(&bed).await;
    let lease = take(&bed, next).await;
    let document = document(&bed, &a).await;
    let mut edits: Vec<ChunkEditId> =
        bed.store.chunk_edits(document.id).await.unwrap().into_iter().map(|stored| stored.edit.id).collect();
    edits.reverse();
    let rechunked = RechunkedVersion {
        document: &document,
        version: a.version.id,
        generation: next,
        chunks: &chunks_of("ten days of leave", a.version.id, next),
        edits: &edits,
        edited_texts: &[],
        unplaced: &[],
    };
    assert!(bed.store.put_rechunked(lease, rechunked).await.unwrap());
}
