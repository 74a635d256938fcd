//! Deletion hides at once, in whatever state things are, and leaves the sweeps to the queue.

use footnote_core::ErrorKind;
use footnote_core::answer::Conversation;
use footnote_core::ids::{ConversationId, ScheduleId, VersionId};
use footnote_core::job::{JobKind, JobProgress, JobState, LeaseState};
use footnote_core::ports::{
    ConversationStore as _, DocumentFilter, DocumentStore as _, JobQueue as _, ScheduleStore as _,
};
use footnote_core::schedule::{RunTrigger, Schedule};
use footnote_core::source::{Source, SourceKind};

use super::bed::{Bed, MINUTE, all, at};

async fn directory(bed: &Bed, name: &str) -> Source {
    let kind = SourceKind::Directory { path: format!("/srv/{name}").into() };
    bed.store.create_source(bed.kb.id, name, kind, at(0)).await.unwrap()
}

async fn queued_sweeps(bed: &Bed) -> Vec<VersionId> {
    let sweep = |kind| match kind {
        JobKind::SweepVersion { version, .. } => Some(version),
        _ => None,
    };
    let mut versions: Vec<_> =
        bed.jobs(JobState::Queued).await.into_iter().filter_map(|j| sweep(j.kind)).collect();
    versions.sort();
    versions
}

#[tokio::test]
async fn a_deleted_document_is_gone_at_once_and_swept_after() {
    let bed = Bed::new().await;
    let stored = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let id = stored.document.id;
    assert!(bed.store.delete_document(id, at(20)).await.unwrap());
    assert!(!bed.store.delete_document(id, at(21)).await.unwrap());
    assert!(bed.visible(&bed.kb, &[stored.version.id]).await.is_empty());
    assert_eq!(bed.store.document(id).await.unwrap(), None);
    assert_eq!(bed.store.version(stored.version.id).await.unwrap(), None);
    assert!(bed.store.versions(id).await.unwrap().is_empty());
    assert!(bed.store.canonical_text(stored.version.id).await.unwrap().is_none());
    assert!(bed.store.documents(bed.kb.id, DocumentFilter::default(), all()).await.unwrap().items.is_empty());
    assert!(bed.store.source_contents(bed.uploads.id).await.unwrap().is_empty());
    assert!(bed.store.expected_versions(bed.generation).await.unwrap().is_empty());
    assert_eq!(queued_sweeps(&bed).await, [stored.version.id]);

    let again = bed.upload("a.md", "ten days").await;
    assert_ne!(again.document.id, id, "the key is free for another document");
    bed.work().await;
    assert_eq!(bed.visible(&bed.kb, &[stored.version.id, again.version.id]).await, ["ten days"]);
}

#[tokio::test]
async fn a_document_deleted_while_it_is_indexed_never_appears() {
    let bed = Bed::new().await;
    let stored = bed.upload("a.md", "ten days").await;
    let (_, lease) = bed.take(at(2)).await;
    let facts = bed.prepare(lease, stored.version.id).await;
    bed.store.delete_document(stored.document.id, at(3)).await.unwrap();
    let heard = bed.store.heartbeat(lease, &JobProgress::default(), at(4), MINUTE).await.unwrap();
    assert_eq!(heard, LeaseState::CancelRequested);
    assert!(bed.store.pending_among(&[stored.version.id]).await.unwrap().is_empty());
    // The sweep is done before the worker, which did not listen, writes and tells its end.
    bed.work().await;
    bed.store.activate_version(lease, stored.version.id, bed.generation, &facts, at(5)).await.unwrap();
    assert!(bed.visible(&bed.kb, &[stored.version.id]).await.is_empty());
    assert_eq!(queued_sweeps(&bed).await, [stored.version.id], "and what it wrote is swept");
    assert!(bed.store.chunks(stored.version.id, bed.generation).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_document_deleted_before_it_is_indexed_costs_no_work() {
    let bed = Bed::new().await;
    let stored = bed.upload("a.md", "ten days").await;
    bed.store.delete_document(stored.document.id, at(3)).await.unwrap();
    let job = stored.job.unwrap().id;
    assert_eq!(bed.store.job(job).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(bed.store.retry(job, at(4)).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_deleted_source_takes_documents_schedules_and_runs_along_and_nothing_else() {
    let bed = Bed::new().await;
    let source = directory(&bed, "policies").await;
    let theirs = bed.upload_to(&source, "a.md", "ten days").await.version.id;
    let ours = bed.upload("b.md", "travel").await.version.id;
    bed.work().await;
    let schedule = Schedule {
        id: ScheduleId::new(),
        source: source.id,
        cron: "0 3 * * *".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        enabled: true,
        next_run_at: at(50),
        created_at: at(0),
    };
    bed.store.create_schedule(schedule).await.unwrap();
    let run = bed.store.start_run(source.id, RunTrigger::Manual, at(20)).await.unwrap();

    assert!(bed.store.delete_source(source.id, at(30)).await.unwrap());
    assert!(!bed.store.delete_source(source.id, at(31)).await.unwrap());
    assert_eq!(bed.visible(&bed.kb, &[theirs, ours]).await, ["travel"]);
    assert!(bed.store.due_schedules(at(60)).await.unwrap().is_empty());
    assert_eq!(bed.store.job(run.job).await.unwrap().unwrap().state, JobState::Cancelled);
    let error = bed.store.start_run(source.id, RunTrigger::Manual, at(40)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(queued_sweeps(&bed).await, [theirs]);
    directory(&bed, "policies").await;

    let error = bed.store.delete_source(bed.uploads.id, at(32)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_deleted_knowledge_base_is_gone_with_all_it_holds() {
    let bed = Bed::new().await;
    let mut versions = Vec::new();
    for n in 0..3 {
        versions.push(bed.upload(&format!("{n}.md"), &format!("text {n}")).await.version.id);
    }
    bed.work().await;
    versions.push(bed.upload("pending.md", "not yet").await.version.id);
    let conversation = Conversation {
        id: ConversationId::new(),
        owner: None,
        knowledge_base: bed.kb.id,
        title: "leave".to_owned(),
        created_at: at(1),
    };
    bed.store.create_conversation(conversation.clone(), &[]).await.unwrap();

    assert!(bed.store.delete_knowledge_base(bed.kb.id, at(30)).await.unwrap());
    assert!(!bed.store.delete_knowledge_base(bed.kb.id, at(31)).await.unwrap());
    assert_eq!(bed.store.knowledge_base(bed.kb.id).await.unwrap(), None);
    assert!(bed.visible(&bed.kb, &versions).await.is_empty());
    assert_eq!(bed.store.conversation(conversation.id).await.unwrap(), None);
    assert_eq!(bed.store.source(bed.uploads.id).await.unwrap(), None);
    assert!(bed.store.upload_source(bed.kb.id).await.is_err());
    versions.sort();
    assert_eq!(queued_sweeps(&bed).await, versions);
    let name_is_free = bed.kb_named("handbook").await;
    assert_ne!(name_is_free.id, bed.kb.id);
}
