//! A restart frees the jobs of the process before it, and tells when one of them ends every process.

use footnote_core::ids::GenerationId;
use footnote_core::job::{JobKind, JobState, NewJob};
use footnote_core::ports::JobQueue as _;

use super::bed::{Bed, at};
use crate::sqlite::claim::MAX_INTERRUPTIONS;

#[tokio::test]
async fn a_restart_takes_no_attempt_and_yet_not_for_ever() {
    let bed = Bed::new().await;
    let kind = JobKind::Reconcile { generation: GenerationId::new() };
    let new = NewJob { kind, knowledge_base: None, run_at: at(0) };
    let job = bed.store.enqueue(new, at(0)).await.unwrap();
    for restart in 0..i64::from(MAX_INTERRUPTIONS) {
        let (again, _) = bed.take(at(restart)).await;
        assert_eq!((again.id, again.attempts), (job.id, 1));
        assert_eq!(bed.store.release_leases().await.unwrap(), 1);
    }
    assert!(bed.claim(at(100)).await.is_none(), "it takes the service down with it");
    let failed = bed.jobs(JobState::Failed).await;
    assert_eq!(failed.iter().map(|j| j.id).collect::<Vec<_>>(), [job.id]);
    assert!(failed[0].error.as_ref().unwrap().contains("20 times"));
    bed.store.retry(job.id, at(101)).await.unwrap();
    assert_eq!(bed.take(at(102)).await.0.id, job.id, "by hand it starts afresh");
}
