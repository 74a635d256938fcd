//! Lists page by cursor: everything once, newest first, whatever the page's size.

use footnote_core::ids::{JobId, WorkspaceId};
use footnote_core::job::JobState;
use footnote_core::ports::{DocumentFilter, ListRequest, Listing};

use crate::conformance::bed::{Bed, Sql, all, at, first, property, spec};

/// Runs these cases, each on an empty database.
pub(super) async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    documents_are_filtered_by_source_and_state(bed().await).await;
}

/// Checks the property, on many empty databases.
pub(super) fn properties(open: impl AsyncFn() -> Sql) {
    property(8, (0_usize..12, 1_u32..6), open, pages_cover_everything_exactly_once);
}

async fn documents_are_filtered_by_source_and_state(bed: Bed) {
    let ready = bed.upload("ready.md", "x").await;
    bed.work().await;
    let waiting = bed.upload("waiting.md", "y").await;
    use footnote_core::document::VersionState::{Current, Pending};
    for (state, document) in [(Current, &ready), (Pending, &waiting)] {
        let filter = DocumentFilter { source: Some(bed.uploads.id), state: Some(state), parent: None };
        let listed = bed.sql.documents.documents(bed.kb.id, filter, all()).await.unwrap().items;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].document.id, document.document.id);
        assert_eq!(listed[0].newest.id, document.version.id);
    }
    let elsewhere =
        DocumentFilter { source: Some(footnote_core::ids::SourceId::new()), ..DocumentFilter::default() };
    assert!(bed.sql.documents.documents(bed.kb.id, elsewhere, all()).await.unwrap().items.is_empty());
    assert_eq!(
        bed.sql.queue.jobs(Some(bed.kb.id), Some(JobState::Queued), all()).await.unwrap().items.len(),
        1
    );
    let other = bed.kb_named("other").await;
    assert!(bed.sql.queue.jobs(Some(other.id), None, all()).await.unwrap().items.is_empty());
    assert!(bed.sql.conversations.conversations(bed.kb.id, None, first(1)).await.unwrap().items.is_empty());
}

async fn pages_cover_everything_exactly_once(bed: Bed, (count, limit): (usize, u32)) {
    let mut jobs: Vec<JobId> = Vec::new();
    for n in 0..count {
        jobs.push(bed.upload(&format!("{n}.md"), "same text").await.job.unwrap().id);
    }
    let (mut paged_jobs, mut paged_documents, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page: Listing<_> = bed.sql.queue.jobs(None, None, ListRequest { after, limit }).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        paged_jobs.extend(page.items.into_iter().map(|j| j.id));
        after = page.next;
        if after.is_none() {
            break;
        }
        // Something new between two pages neither doubles nor hides what was there.
        bed.sql.documents.ensure_generation(&spec("another"), at(3)).await.unwrap();
    }
    loop {
        let list = ListRequest { after, limit };
        let page = bed.sql.documents.documents(bed.kb.id, DocumentFilter::default(), list).await.unwrap();
        paged_documents.extend(page.items.into_iter().map(|d| d.document.key));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    jobs.reverse();
    assert_eq!(paged_jobs, jobs);
    let keys: Vec<String> = (0..count).rev().map(|n| format!("{n}.md")).collect();
    assert_eq!(paged_documents, keys);
    let bases = bed.sql.documents.knowledge_bases(WorkspaceId::DEFAULT, all()).await.unwrap();
    assert_eq!((bases.items.len(), bases.next), (1, None));
}
