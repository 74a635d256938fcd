//! Lists page by cursor: everything once, newest first, whatever the page's size.

use footnote_core::ids::{JobId, WorkspaceId};
use footnote_core::job::JobState;
use footnote_core::ports::{
    ConversationStore as _, DocumentFilter, DocumentStore as _, JobQueue as _, ListRequest, Listing,
};
use proptest::prelude::*;

use super::bed::{Bed, all, at, first};

#[tokio::test]
async fn documents_are_filtered_by_source_and_state() {
    let bed = Bed::new().await;
    let ready = bed.upload("ready.md", "x").await;
    bed.work().await;
    let waiting = bed.upload("waiting.md", "y").await;
    use footnote_core::document::VersionState::{Current, Pending};
    for (state, document) in [(Current, &ready), (Pending, &waiting)] {
        let filter = DocumentFilter { source: Some(bed.uploads.id), state: Some(state) };
        let listed = bed.store.documents(bed.kb.id, filter, all()).await.unwrap().items;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].document.id, document.document.id);
        assert_eq!(listed[0].newest.id, document.version.id);
    }
    let elsewhere = DocumentFilter { source: Some(footnote_core::ids::SourceId::new()), state: None };
    assert!(bed.store.documents(bed.kb.id, elsewhere, all()).await.unwrap().items.is_empty());
    assert_eq!(bed.store.jobs(Some(bed.kb.id), Some(JobState::Queued), all()).await.unwrap().items.len(), 1);
    let other = bed.kb_named("other").await;
    assert!(bed.store.jobs(Some(other.id), None, all()).await.unwrap().items.is_empty());
    assert!(bed.store.conversations(bed.kb.id, None, first(1)).await.unwrap().items.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn pages_cover_everything_exactly_once(count in 0_usize..12, limit in 1_u32..6) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bed = Bed::new().await;
            let mut jobs: Vec<JobId> = Vec::new();
            for n in 0..count {
                jobs.push(bed.upload(&format!("{n}.md"), "same text").await.job.unwrap().id);
            }
            let (mut paged_jobs, mut paged_documents, mut after) = (Vec::new(), Vec::new(), None);
            loop {
                let page: Listing<_> =
                    bed.store.jobs(None, None, ListRequest { after, limit }).await.unwrap();
                assert!(page.items.len() <= limit as usize);
                paged_jobs.extend(page.items.into_iter().map(|j| j.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
                // Something new between two pages neither doubles nor hides what was there.
                bed.store.ensure_generation(&super::bed::spec("another"), at(3)).await.unwrap();
            }
            loop {
                let list = ListRequest { after, limit };
                let page = bed.store.documents(bed.kb.id, DocumentFilter::default(), list).await.unwrap();
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
            let bases = bed.store.knowledge_bases(WorkspaceId::DEFAULT, all()).await.unwrap();
            assert_eq!((bases.items.len(), bases.next), (1, None));
        });
    }
}
