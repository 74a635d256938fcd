//! Versions: one transaction makes one current; the last stored content wins; failures are final.

use chrono::TimeDelta;
use footnote_core::document::VersionState;
use footnote_core::ids::VersionId;
use footnote_core::job::{JobKind, JobState};
use footnote_core::password::Password;
use footnote_core::ports::{DocumentFilter, NewVersion};
use footnote_core::{ErrorKind, Result};
use proptest::prelude::*;

use crate::conformance::bed::{Bed, Sql, all, at, property};

/// Runs these cases, each on an empty database.
pub(super) async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    an_upload_is_a_document_a_pending_version_and_a_job(bed().await).await;
    the_same_content_again_costs_nothing(bed().await).await;
    a_password_that_comes_while_the_file_is_read_is_tried_next(bed().await).await;
    a_parsed_title_beats_the_file_name_and_metadata_is_replaced_only_when_given(bed().await).await.unwrap();
    a_new_version_retires_the_old_one_and_queues_its_sweep(bed().await).await;
    two_pending_versions_end_with_the_newer_one_whatever_order_they_are_done_in(bed().await, false).await;
    two_pending_versions_end_with_the_newer_one_whatever_order_they_are_done_in(bed().await, true).await;
    going_back_to_the_current_content_voids_what_was_pending(bed().await).await;
    activation_is_fenced_atomic_and_harmless_twice(bed().await).await;
    a_failed_version_says_why_and_is_tried_again_by_the_same_upload_or_by_hand(bed().await).await;
    a_cancelled_version_does_not_wait_for_ever(bed().await).await;
    an_upload_during_a_cancellation_is_indexed_all_the_same(bed().await).await;
    a_rename_keeps_the_document_and_refuses_a_taken_key(bed().await).await;
    a_source_of_another_knowledge_base_takes_nothing(bed().await).await;
}

/// Checks the property, on many empty databases.
pub(super) fn properties(open: impl AsyncFn() -> Sql) {
    property(
        24,
        (prop::collection::vec(step(), 1..14), 0_u8..3),
        open,
        whatever_happens_the_last_upload_answers_and_nothing_waits,
    );
}

async fn state(bed: &Bed, version: VersionId) -> VersionState {
    bed.sql.documents.version(version).await.unwrap().unwrap().state
}

fn sweeps(kinds: &[JobKind]) -> Vec<VersionId> {
    let version = |kind: &JobKind| match kind {
        JobKind::SweepVersion { version, .. } => Some(*version),
        _ => None,
    };
    kinds.iter().filter_map(version).collect()
}

async fn an_upload_is_a_document_a_pending_version_and_a_job(bed: Bed) {
    let stored = bed.upload("a.md", "ten days").await;
    assert_eq!((stored.document.key.as_str(), stored.document.current), ("a.md", None));
    assert_eq!((stored.version.state, stored.version.parsed.clone()), (VersionState::Pending, None));
    let job = stored.job.unwrap();
    let kind = JobKind::IndexVersion { document: stored.document.id, version: stored.version.id };
    assert_eq!((job.kind.clone(), job.knowledge_base), (kind, Some(bed.kb.id)));
    assert_eq!(bed.sql.queue.job(job.id).await.unwrap(), Some(job));
    assert_eq!(bed.sql.documents.document(stored.document.id).await.unwrap(), Some(stored.document));
    assert_eq!(bed.sql.documents.version(stored.version.id).await.unwrap(), Some(stored.version));
}

async fn the_same_content_again_costs_nothing(bed: Bed) {
    let first = bed.upload("a.md", "ten days").await;
    let again = bed.upload("a.md", "ten days").await;
    assert_eq!(again.version, first.version);
    assert_eq!(again.job.unwrap().id, first.job.unwrap().id, "the one under way");
    bed.work().await;
    let known = bed.upload("a.md", "ten days").await;
    assert_eq!((known.version.id, known.version.state), (first.version.id, VersionState::Current));
    assert!(known.job.is_none());
    assert_eq!(bed.sql.queue.unfinished().await.unwrap(), 0);
    assert_eq!(bed.sql.documents.versions(first.document.id).await.unwrap().len(), 1);
}

async fn a_password_that_comes_while_the_file_is_read_is_tried_next(bed: Bed) {
    let first = bed.upload("a.pdf", "locked").await;
    let (running, lease) = bed.take(at(2)).await;
    assert_eq!(running.id, first.job.unwrap().id);
    let password = Password::parse("open sesame").unwrap();
    let told = bed.upload_with_password("a.pdf", "locked", password).await.job.unwrap();
    assert_ne!(told.id, running.id, "that one asked for the password before");
    bed.sql.documents.fail_version(lease, first.version.id, "it is encrypted", at(3)).await.unwrap();
    assert_eq!(bed.take(at(4)).await.0.id, told.id);
}

async fn a_parsed_title_beats_the_file_name_and_metadata_is_replaced_only_when_given(bed: Bed) -> Result<()> {
    let stored = bed.upload("a.md", "# Leave policy").await;
    bed.work().await;
    let mut new = NewVersion {
        knowledge_base: bed.kb.id,
        source: bed.uploads.id,
        key: "a.md".to_owned(),
        title: "renamed.md".to_owned(),
        metadata: Some([("team".to_owned(), "人事".to_owned())].into()),
        password: None,
        content: stored.version.content,
        bytes: stored.version.bytes,
    };
    let described = bed.sql.documents.store_version(new.clone(), at(2)).await?.document;
    assert_eq!((described.title.as_str(), described.metadata.len()), ("Leave policy", 1));
    new.metadata = None;
    assert_eq!(bed.sql.documents.store_version(new, at(2)).await?.document.metadata["team"], "人事");
    bed.upload("a.md", "no heading").await;
    bed.work().await;
    assert_eq!(bed.sql.documents.document(stored.document.id).await?.unwrap().title, "a.md");
    Ok(())
}

async fn a_new_version_retires_the_old_one_and_queues_its_sweep(bed: Bed) {
    let old = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let new = bed.upload("a.md", "twelve days").await;
    let done = bed.work().await;
    assert_eq!(sweeps(&done), [old.version.id]);
    assert_eq!(state(&bed, old.version.id).await, VersionState::Retired);
    let versions = bed.sql.documents.versions(old.document.id).await.unwrap();
    assert_eq!(versions.iter().map(|v| v.id).collect::<Vec<_>>(), [new.version.id, old.version.id]);
    assert!(versions[1].retired_at.is_some() && versions[0].activated_at.is_some());
    let expected = bed.sql.documents.expected_versions(bed.generation).await.unwrap();
    assert_eq!(expected, [(new.version.id, 1)].into());
    let job = &bed.jobs(JobState::Succeeded).await;
    assert!(job.iter().all(|j| j.finished_at.is_some()));
}

async fn two_pending_versions_end_with_the_newer_one_whatever_order_they_are_done_in(
    bed: Bed,
    newer_first: bool,
) {
    let old = bed.upload("a.md", "draft").await;
    let new = bed.upload("a.md", "final").await;
    let (job, lease) = bed.take(at(2)).await;
    assert_eq!(job.id, old.job.unwrap().id);
    assert!(bed.claim(at(2)).await.is_none(), "one job of a document at a time");
    if newer_first {
        bed.sql.queue.fail(lease, "disk full", Some(at(1_000)), at(3)).await.unwrap();
    } else {
        let facts = bed.prepare(lease, old.version.id).await;
        bed.sql
            .documents
            .activate_version(lease, old.version.id, bed.generation, (&facts).into(), at(3))
            .await
            .unwrap();
    }
    bed.work().await;
    assert_eq!(bed.visible(&bed.kb, &[old.version.id, new.version.id]).await, ["final"]);
    assert_eq!(state(&bed, old.version.id).await, VersionState::Retired);
    assert_eq!(bed.sql.queue.unfinished().await.unwrap(), 0, "nothing waits, not even the retry");
}

async fn going_back_to_the_current_content_voids_what_was_pending(bed: Bed) {
    let kept = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let void = bed.upload("a.md", "a mistake").await;
    let (_, lease) = bed.take(at(2)).await;
    let back = bed.upload("a.md", "ten days").await;
    assert_eq!((back.version.id, back.job.is_none()), (kept.version.id, true));
    let facts = bed.prepare(lease, void.version.id).await;
    bed.sql
        .documents
        .activate_version(lease, void.version.id, bed.generation, (&facts).into(), at(3))
        .await
        .unwrap();
    assert!(sweeps(&bed.work().await).contains(&void.version.id), "what it wrote is swept");
    assert_eq!(bed.visible(&bed.kb, &[kept.version.id, void.version.id]).await, ["ten days"]);
    let contents = bed.sql.documents.source_contents(bed.uploads.id).await.unwrap();
    assert_eq!(contents, [(kept.document.id, "a.md".to_owned(), kept.version.content)]);
}

async fn activation_is_fenced_atomic_and_harmless_twice(bed: Bed) {
    let stored = bed.upload("a.md", "ten days").await;
    let (_, stale) = bed.take(at(2)).await;
    let (_, lease) = bed.take(at(2) + TimeDelta::seconds(61)).await;
    let version = stored.version.id;
    let facts = bed.prepare(lease, version).await;
    let refused = bed
        .sql
        .documents
        .activate_version(stale, version, bed.generation, (&facts).into(), at(70))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let refused = bed.sql.documents.put_chunks(stale, version, bed.generation, &[]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(bed.sql.documents.chunks(version, bed.generation).await.unwrap().len(), 1);

    let mut wrong = facts.clone();
    wrong.chunks = 2;
    assert!(
        bed.sql
            .documents
            .activate_version(lease, version, bed.generation, (&wrong).into(), at(70))
            .await
            .is_err()
    );
    let untouched = bed.sql.documents.version(version).await.unwrap().unwrap();
    assert_eq!((untouched.state, untouched.parsed), (VersionState::Pending, None), "all or nothing");

    for _ in 0..2 {
        bed.sql
            .documents
            .activate_version(lease, version, bed.generation, (&facts).into(), at(70))
            .await
            .unwrap();
        bed.sql.queue.succeed(lease, at(71)).await.unwrap();
    }
    let activated = bed.sql.documents.version(version).await.unwrap().unwrap();
    assert_eq!((activated.state, activated.parsed), (VersionState::Current, Some(facts)));
}

async fn a_failed_version_says_why_and_is_tried_again_by_the_same_upload_or_by_hand(bed: Bed) {
    let stored = bed.upload("scan.pdf", "???").await;
    let (job, lease) = bed.take(at(2)).await;
    bed.sql.documents.fail_version(lease, stored.version.id, "no extractable text", at(3)).await.unwrap();
    let failed = bed.sql.documents.version(stored.version.id).await.unwrap().unwrap();
    assert_eq!(
        (failed.state, failed.failure.as_deref()),
        (VersionState::Failed, Some("no extractable text"))
    );
    let job = bed.sql.queue.job(job.id).await.unwrap().unwrap();
    assert_eq!((job.state, job.error.as_deref()), (JobState::Failed, Some("no extractable text")));
    let listed = |state| DocumentFilter { state: Some(state), ..Default::default() };
    let failures = bed.sql.documents.documents(bed.kb.id, listed(VersionState::Failed), all()).await.unwrap();
    assert_eq!(failures.items.len(), 1);

    bed.sql.queue.retry(job.id, at(4)).await.unwrap().unwrap();
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Pending);
    let (_, lease) = bed.take(at(5)).await;
    bed.sql.queue.fail(lease, "still nothing", None, at(6)).await.unwrap();
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Failed, "the plain end fails it too");

    let again = bed.upload("scan.pdf", "???").await;
    assert_eq!((again.version.id, again.version.state), (stored.version.id, VersionState::Pending));
    bed.work().await;
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Current);
    let current = bed.sql.documents.documents(bed.kb.id, listed(VersionState::Current), all()).await.unwrap();
    assert_eq!(current.items.len(), 1);
}

async fn a_cancelled_version_does_not_wait_for_ever(bed: Bed) {
    let stored = bed.upload("a.md", "ten days").await;
    let job = stored.job.unwrap().id;
    bed.sql.queue.cancel(job, at(2)).await.unwrap();
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Failed);
    bed.sql.queue.retry(job, at(3)).await.unwrap();
    let (_, lease) = bed.take(at(4)).await;
    bed.sql.queue.cancel(job, at(5)).await.unwrap();
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Pending);
    bed.sql.queue.cancelled(lease, at(6)).await.unwrap();
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Failed);
    bed.upload("a.md", "twelve days").await;
    let error = bed.sql.queue.retry(job, at(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "newer content is on its way");
}

async fn an_upload_during_a_cancellation_is_indexed_all_the_same(bed: Bed) {
    let stored = bed.upload("a.md", "ten days").await;
    let (job, lease) = bed.take(at(2)).await;
    bed.sql.queue.cancel(job.id, at(3)).await.unwrap();
    let again = bed.upload("a.md", "ten days").await;
    assert_ne!(again.job.unwrap().id, job.id);
    bed.sql.queue.cancelled(lease, at(4)).await.unwrap();
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Pending, "the second job still wants it");
    bed.work().await;
    assert_eq!(state(&bed, stored.version.id).await, VersionState::Current);
}

async fn a_rename_keeps_the_document_and_refuses_a_taken_key(bed: Bed) {
    let a = bed.upload("a.md", "ten days").await;
    bed.upload("b.md", "travel").await;
    bed.work().await;
    bed.sql.documents.rename_document(a.document.id, "c.md", "c.md", at(5)).await.unwrap();
    let renamed = bed.sql.documents.document(a.document.id).await.unwrap().unwrap();
    assert_eq!((renamed.key.as_str(), renamed.title.as_str()), ("c.md", "c.md"));
    assert_eq!(renamed.current, Some(a.version.id), "nothing is parsed again");
    assert_eq!(bed.work().await, [JobKind::ResendDocument { document: a.document.id }]);
    let taken = bed.sql.documents.rename_document(a.document.id, "b.md", "b.md", at(5)).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Conflict);
    let missing = footnote_core::ids::DocumentId::new();
    let error = bed.sql.documents.rename_document(missing, "x", "x", at(5)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

async fn a_source_of_another_knowledge_base_takes_nothing(bed: Bed) {
    let other = bed.kb_named("other").await;
    let stored = bed.upload("a.md", "x").await;
    let new = NewVersion {
        knowledge_base: other.id,
        source: bed.uploads.id,
        key: "a.md".to_owned(),
        title: "a.md".to_owned(),
        metadata: None,
        password: None,
        content: stored.version.content,
        bytes: 1,
    };
    assert_eq!(bed.sql.documents.store_version(new, at(1)).await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// One thing that may happen to a document.
#[derive(Debug, Clone, Copy)]
enum Step {
    Upload(u8),
    WorkOnce,
    FailOnce,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![(0_u8..3).prop_map(Step::Upload), Just(Step::WorkOnce), Just(Step::FailOnce)]
}

async fn whatever_happens_the_last_upload_answers_and_nothing_waits(
    bed: Bed,
    (steps, last): (Vec<Step>, u8),
) {
    for step in steps {
        match step {
            Step::Upload(n) => drop(bed.upload("a.md", &format!("content {n}")).await),
            Step::WorkOnce => drop(bed.work_once().await),
            Step::FailOnce => {
                if let Some((_, lease)) = bed.claim(at(12)).await {
                    bed.sql.queue.fail(lease, "bad luck", None, at(12)).await.unwrap();
                }
            }
        }
    }
    let stored = bed.upload("a.md", &format!("content {last}")).await;
    bed.work().await;
    let versions = bed.sql.documents.versions(stored.document.id).await.unwrap();
    let ids: Vec<VersionId> = versions.iter().map(|v| v.id).collect();
    assert_eq!(bed.visible(&bed.kb, &ids).await, [format!("content {last}")]);
    assert!(versions.iter().all(|v| v.state != VersionState::Pending), "{versions:?}");
    assert_eq!(bed.sql.queue.unfinished().await.unwrap(), 0);
    let contents = bed.sql.documents.source_contents(bed.uploads.id).await.unwrap();
    assert_eq!(contents, [(stored.document.id, "a.md".to_owned(), stored.version.content)]);
}
