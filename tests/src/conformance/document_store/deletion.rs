//! Deletion hides at once, in whatever state things are, and leaves the sweeps to the queue.

use footnote_core::ErrorKind;
use footnote_core::answer::Conversation;
use footnote_core::ids::{ConversationId, ScheduleId, VersionId};
use footnote_core::job::{JobKind, JobProgress, JobState, LeaseState};
use footnote_core::password::Password;
use footnote_core::ports::DocumentFilter;
use footnote_core::schedule::{RunTrigger, Schedule};
use footnote_core::source::{Source, SourceKind};

use crate::conformance::bed::{Bed, MINUTE, Sql, all, at};

/// Runs these cases, each on an empty database.
pub(super) async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    a_password_goes_with_what_it_opens(bed().await).await;
    a_deleted_document_is_gone_at_once_and_swept_after(bed().await).await;
    a_document_deleted_while_it_is_indexed_never_appears(bed().await).await;
    a_document_deleted_before_it_is_indexed_costs_no_work(bed().await).await;
    a_deleted_source_takes_documents_schedules_and_runs_along_and_nothing_else(bed().await).await;
    a_deleted_knowledge_base_is_gone_with_all_it_holds(bed().await).await;
}

async fn directory(bed: &Bed, name: &str) -> Source {
    let kind = SourceKind::Directory { path: format!("/srv/{name}").into() };
    bed.sql.documents.create_source(bed.kb.id, name, kind, at(0)).await.unwrap()
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

async fn a_password_goes_with_what_it_opens(bed: Bed) {
    let password = Password::parse("open sesame").unwrap();
    let password_of = async |key| bed.sql.documents.password(bed.uploads.id, key).await.unwrap();
    for key in ["a.md", "other.md"] {
        bed.upload_with_password(key, "ten days", Password::parse("old").unwrap()).await;
        bed.upload_with_password(key, "ten days", password.clone()).await;
        assert_eq!(password_of(key).await.as_ref(), Some(&password));
    }
    let again = bed.upload("a.md", "ten days").await;
    assert_eq!(password_of("a.md").await.as_ref(), Some(&password), "what was given before is kept");
    assert!(bed.sql.documents.delete_document(again.document.id, at(20)).await.unwrap());
    assert_eq!(password_of("a.md").await, None);
    assert_eq!(password_of("other.md").await, Some(password));
}

async fn a_deleted_document_is_gone_at_once_and_swept_after(bed: Bed) {
    let stored = bed.upload("a.md", "ten days").await;
    bed.work().await;
    let id = stored.document.id;
    assert!(bed.sql.documents.delete_document(id, at(20)).await.unwrap());
    assert!(!bed.sql.documents.delete_document(id, at(21)).await.unwrap());
    assert!(bed.visible(&bed.kb, &[stored.version.id]).await.is_empty());
    assert_eq!(bed.sql.documents.document(id).await.unwrap(), None);
    assert_eq!(bed.sql.documents.version(stored.version.id).await.unwrap(), None);
    assert!(bed.sql.documents.versions(id).await.unwrap().is_empty());
    assert!(bed.sql.documents.canonical_text(stored.version.id).await.unwrap().is_none());
    assert!(
        bed.sql
            .documents
            .documents(bed.kb.id, DocumentFilter::default(), all())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert!(bed.sql.documents.source_contents(bed.uploads.id).await.unwrap().is_empty());
    assert!(bed.sql.documents.expected_versions(bed.generation).await.unwrap().is_empty());
    assert_eq!(queued_sweeps(&bed).await, [stored.version.id]);

    let again = bed.upload("a.md", "ten days").await;
    assert_ne!(again.document.id, id, "the key is free for another document");
    bed.work().await;
    assert_eq!(bed.visible(&bed.kb, &[stored.version.id, again.version.id]).await, ["ten days"]);
}

async fn a_document_deleted_while_it_is_indexed_never_appears(bed: Bed) {
    let stored = bed.upload("a.md", "ten days").await;
    let (_, lease) = bed.take(at(2)).await;
    let facts = bed.prepare(lease, stored.version.id).await;
    bed.sql.documents.delete_document(stored.document.id, at(3)).await.unwrap();
    let heard = bed.sql.queue.heartbeat(lease, &JobProgress::default(), at(4), MINUTE).await.unwrap();
    assert_eq!(heard, LeaseState::CancelRequested);
    assert!(bed.sql.documents.pending_among(&[stored.version.id]).await.unwrap().is_empty());
    // The sweep is done before the worker, which did not listen, writes and tells its end.
    bed.work().await;
    bed.sql
        .documents
        .activate_version(lease, stored.version.id, bed.generation, (&facts).into(), at(5))
        .await
        .unwrap();
    assert!(bed.visible(&bed.kb, &[stored.version.id]).await.is_empty());
    assert_eq!(queued_sweeps(&bed).await, [stored.version.id], "and what it wrote is swept");
    assert!(bed.sql.documents.chunks(stored.version.id, bed.generation).await.unwrap().is_empty());
}

async fn a_document_deleted_before_it_is_indexed_costs_no_work(bed: Bed) {
    let stored = bed.upload("a.md", "ten days").await;
    bed.sql.documents.delete_document(stored.document.id, at(3)).await.unwrap();
    let job = stored.job.unwrap().id;
    assert_eq!(bed.sql.queue.job(job).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(bed.sql.queue.retry(job, at(4)).await.unwrap_err().kind(), ErrorKind::Conflict);
}

async fn a_deleted_source_takes_documents_schedules_and_runs_along_and_nothing_else(bed: Bed) {
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
    bed.sql.schedules.create_schedule(schedule).await.unwrap();
    let run = bed.sql.schedules.start_run(source.id, RunTrigger::Manual, at(20)).await.unwrap();

    assert!(bed.sql.documents.delete_source(source.id, at(30)).await.unwrap());
    assert!(!bed.sql.documents.delete_source(source.id, at(31)).await.unwrap());
    assert_eq!(bed.visible(&bed.kb, &[theirs, ours]).await, ["travel"]);
    assert!(bed.sql.schedules.due_schedules(at(60)).await.unwrap().is_empty());
    assert_eq!(bed.sql.queue.job(run.job).await.unwrap().unwrap().state, JobState::Cancelled);
    let error = bed.sql.schedules.start_run(source.id, RunTrigger::Manual, at(40)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(queued_sweeps(&bed).await, [theirs]);
    directory(&bed, "policies").await;

    let error = bed.sql.documents.delete_source(bed.uploads.id, at(32)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

async fn a_deleted_knowledge_base_is_gone_with_all_it_holds(bed: Bed) {
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
    bed.sql.conversations.create_conversation(conversation.clone(), &[]).await.unwrap();

    assert!(bed.sql.documents.delete_knowledge_base(bed.kb.id, at(30)).await.unwrap());
    assert!(!bed.sql.documents.delete_knowledge_base(bed.kb.id, at(31)).await.unwrap());
    assert_eq!(bed.sql.documents.knowledge_base(bed.kb.id).await.unwrap(), None);
    assert!(bed.visible(&bed.kb, &versions).await.is_empty());
    assert_eq!(bed.sql.conversations.conversation(conversation.id).await.unwrap(), None);
    assert_eq!(bed.sql.documents.source(bed.uploads.id).await.unwrap(), None);
    assert!(bed.sql.documents.upload_source(bed.kb.id).await.is_err());
    versions.sort();
    assert_eq!(queued_sweeps(&bed).await, versions);
    let name_is_free = bed.kb_named("handbook").await;
    assert_ne!(name_is_free.id, bed.kb.id);
}
