//! A document's title and metadata reach the indexes by a job, whatever happens meanwhile.

use footnote_core::document::{Metadata, VersionState};
use footnote_core::job::{Job, JobKind, JobState};
use footnote_core::ports::{DocumentStore as _, JobQueue as _, NewVersion, StoredVersion};

use super::bed::{Bed, at};

async fn upload(bed: &Bed, content: &str, year: &str) -> StoredVersion {
    let new = NewVersion {
        knowledge_base: bed.kb.id,
        source: bed.uploads.id,
        key: "a.md".to_owned(),
        title: "a.md".to_owned(),
        metadata: Some(Metadata::from([("year".to_owned(), year.to_owned())])),
        password: None,
        content: bed.store.blobs.put(content.as_bytes()).await.unwrap(),
        bytes: content.len() as u64,
    };
    bed.store.store_version(new, at(1)).await.unwrap()
}

fn resend(stored: &StoredVersion) -> JobKind {
    JobKind::ResendDocument { document: stored.document.id }
}

async fn queued(bed: &Bed) -> Vec<Job> {
    bed.jobs(JobState::Queued).await
}

#[tokio::test]
async fn new_metadata_of_known_content_is_sent_to_the_indexes() {
    let bed = Bed::new().await;
    upload(&bed, "ten days", "2025").await;
    bed.work().await;
    let again = upload(&bed, "ten days", "2026").await;
    assert_eq!(again.job.as_ref().unwrap().kind, resend(&again));
    assert_eq!(bed.work().await, [resend(&again)]);
    assert!(upload(&bed, "ten days", "2026").await.job.is_none(), "there is nothing to do");
}

#[tokio::test]
async fn a_job_that_has_not_begun_brings_the_new_metadata_and_one_that_has_is_followed() {
    let bed = Bed::new().await;
    let first = upload(&bed, "ten days", "2025").await;
    let again = upload(&bed, "ten days", "2026").await;
    assert_eq!(again.job.unwrap().id, first.job.unwrap().id, "it reads them when it begins");

    let (job, lease) = bed.take(at(2)).await;
    let late = upload(&bed, "ten days", "2027").await;
    assert_eq!(late.job.as_ref().unwrap().kind, resend(&late));
    assert!(bed.claim(at(3)).await.is_none(), "it waits for {job:?}");
    let facts = bed.prepare(lease, first.version.id).await;
    bed.store
        .activate_version(lease, first.version.id, bed.generation, (&facts).into(), at(4))
        .await
        .unwrap();
    assert_eq!(bed.work().await, [resend(&late)]);
}

#[tokio::test]
async fn the_old_version_learns_what_came_with_a_version_that_failed_or_was_taken_back() {
    let bed = Bed::new().await;
    let old = upload(&bed, "ten days", "2025").await;
    bed.work().await;
    let bad = upload(&bed, "broken", "2026").await;
    let (job, lease) = bed.take(at(13)).await;
    assert_eq!(job.id, bad.job.unwrap().id);
    bed.store.fail_version(lease, bad.version.id, "cannot be read", at(14)).await.unwrap();
    let kinds: Vec<_> = queued(&bed).await.into_iter().map(|j| j.kind).collect();
    assert_eq!(kinds, [resend(&old)]);

    upload(&bed, "twelve days", "2027").await;
    let back = upload(&bed, "ten days", "2027").await;
    assert_eq!(back.version.id, old.version.id);
    assert_eq!(back.version.state, VersionState::Current);
    assert_eq!(back.job.unwrap().kind, resend(&old));
}

#[tokio::test]
async fn entries_of_a_version_that_was_given_up_are_swept() {
    let bed = Bed::new().await;
    let stored = bed.upload("a.md", "ten days").await;
    let (_, lease) = bed.take(at(2)).await;
    bed.prepare(lease, stored.version.id).await;
    bed.store.cancelled(lease, at(3)).await.unwrap();
    let sweep = JobKind::SweepVersion { version: stored.version.id, generation: bed.generation };
    assert_eq!(bed.work().await, [sweep]);
}
