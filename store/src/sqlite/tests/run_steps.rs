//! What a refresh changed is told, however its run ends.

use footnote_core::ErrorKind;
use footnote_core::ids::RunId;
use footnote_core::job::{JobState, Lease, RetryPolicy};
use footnote_core::ports::{DocumentStore as _, JobQueue as _, NewVersion, RunStep, ScheduleStore as _};
use footnote_core::schedule::{Run, RunTrigger};
use footnote_core::source::{RefreshReport, Source, SourceKind};

use super::bed::{Bed, MINUTE, all, at};

async fn directory(bed: &Bed) -> Source {
    let kind = SourceKind::Directory { path: "/srv/policies".into() };
    bed.store.create_source(bed.kb.id, "policies", kind, at(0)).await.unwrap()
}

async fn store(bed: &Bed, source: &Source, key: &str, is_new: bool) -> RunStep {
    let content = bed.store.blobs.put(key.as_bytes()).await.unwrap();
    let (key, title) = (key.to_owned(), key.to_owned());
    let (knowledge_base, source) = (bed.kb.id, source.id);
    let version =
        NewVersion { knowledge_base, source, key, title, metadata: None, password: None, content, bytes: 1 };
    RunStep::Store { version, is_new }
}

async fn begin(bed: &Bed, source: &Source, second: i64) -> (RunId, Lease) {
    let run = bed.store.start_run(source.id, RunTrigger::Manual, at(second)).await.unwrap();
    let (job, lease) = bed.store.claim(at(second), MINUTE, RetryPolicy::default()).await.unwrap().unwrap();
    assert_eq!(job.id, run.job);
    (run.id, lease)
}

async fn newest(bed: &Bed, source: &Source) -> Run {
    bed.store.runs(source.id, all()).await.unwrap().items.remove(0)
}

#[tokio::test]
async fn steps_are_taken_and_noted_together_and_only_under_the_lease() {
    let bed = Bed::new().await;
    let source = directory(&bed).await;
    let (run, lease) = begin(&bed, &source, 1).await;
    let lost = Lease { token: uuid::Uuid::new_v4(), ..lease };
    let refused = bed.store.take_step(lost, run, store(&bed, &source, "a.md", true).await, at(2)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(bed.store.source_contents(source.id).await.unwrap().is_empty());

    for (key, is_new) in [("a.md", true), ("b.md", true), ("a.md", false)] {
        bed.store.take_step(lease, run, store(&bed, &source, key, is_new).await, at(2)).await.unwrap();
    }
    let contents = bed.store.source_contents(source.id).await.unwrap();
    let (a, b) = (contents[0].0, contents[1].0);
    let (from, to, title) = ("b.md".to_owned(), "a.md".to_owned(), "a.md".to_owned());
    let taken = RunStep::Rename { document: b, from, to, title };
    let refused = bed.store.take_step(lease, run, taken, at(3)).await.unwrap_err();
    assert!(refused.to_string().contains("a.md"), "{refused}");
    let (from, to, title) = ("b.md".to_owned(), "c.md".to_owned(), "c.md".to_owned());
    bed.store.take_step(lease, run, RunStep::Rename { document: b, from, to, title }, at(3)).await.unwrap();
    let gone = RunStep::Remove { document: a, key: "a.md".to_owned() };
    bed.store.take_step(lease, run, gone.clone(), at(4)).await.unwrap();
    let refused = bed.store.take_step(lease, run, gone, at(4)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);

    let expected = RefreshReport {
        added: vec!["a.md".to_owned(), "b.md".to_owned()],
        renamed: vec![("b.md".to_owned(), "c.md".to_owned())],
        removed: vec!["a.md".to_owned()],
        ..RefreshReport::default()
    };
    assert_eq!(bed.store.steps_taken(run).await.unwrap(), expected);
    bed.store.finish_run(lease, run, &expected, at(5)).await.unwrap();
    let row = newest(&bed, &source).await;
    assert_eq!((row.state, row.report, row.finished_at), (JobState::Succeeded, Some(expected), Some(at(5))));
    let job = bed.store.job(lease.job).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Succeeded, "the report and the end of the job are one");
}

#[tokio::test]
async fn a_run_that_is_resumed_cancelled_or_tried_again_forgets_nothing() {
    let bed = Bed::new().await;
    let source = directory(&bed).await;
    let (run, lease) = begin(&bed, &source, 1).await;
    bed.store.take_step(lease, run, store(&bed, &source, "a.md", true).await, at(2)).await.unwrap();
    // The service is killed, and started again.
    bed.store.release_leases().await.unwrap();
    let (job, lease) = bed.take(at(3)).await;
    assert_eq!(job.id, lease.job);
    assert_eq!(bed.store.steps_taken(run).await.unwrap().added, ["a.md"]);
    bed.store.cancel(job.id, at(4)).await.unwrap();
    bed.store.cancelled(lease, at(5)).await.unwrap();
    let row = newest(&bed, &source).await;
    assert_eq!((row.state, row.report.unwrap().added), (JobState::Cancelled, vec!["a.md".to_owned()]));

    bed.store.retry(job.id, at(6)).await.unwrap();
    assert_eq!(newest(&bed, &source).await.state, JobState::Queued);
    assert_eq!(bed.store.steps_taken(run).await.unwrap().added, ["a.md"]);
}

#[tokio::test]
async fn failures_tell_whether_trying_again_may_help() {
    let bed = Bed::new().await;
    let (cancelled, bad) = (bed.upload("a.md", "ten days").await, bed.upload("b.md", "broken").await);
    bed.store.cancel(cancelled.job.as_ref().unwrap().id, at(2)).await.unwrap();
    let (_, lease) = bed.take(at(3)).await;
    bed.store.fail_version(lease, bad.version.id, "cannot be read", at(4)).await.unwrap();
    let failures = bed.store.source_failures(bed.uploads.id).await.unwrap();
    assert!(failures[&cancelled.document.id].may_retry);
    let failure = &failures[&bad.document.id];
    assert_eq!((failure.reason.as_str(), failure.may_retry), ("cannot be read", false));

    bed.upload("a.md", "ten days").await;
    assert_eq!(bed.store.source_failures(bed.uploads.id).await.unwrap().len(), 1);
}
