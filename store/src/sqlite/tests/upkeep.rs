//! Work that nobody waits for, and opening the data folder without doing any.

use footnote_core::ids::{GenerationId, VersionId};
use footnote_core::job::{JobKind, NewJob};
use footnote_core::ports::JobQueue as _;

use super::bed::{Bed, at};

#[tokio::test]
async fn opening_the_folder_again_and_again_is_one_interruption() {
    let bed = Bed::new().await;
    bed.upload("a.md", "ten days").await;
    let (job, _) = bed.take(at(2)).await;
    assert_eq!(bed.store.release_leases().await.unwrap(), 1);
    // Commands that only read open the folder, too, and start no worker.
    for _ in 0..30 {
        assert_eq!(bed.store.release_leases().await.unwrap(), 0);
    }
    let (again, _) = bed.take(at(3)).await;
    assert_eq!((again.id, again.attempts), (job.id, 1));
}

#[tokio::test]
async fn upkeep_waits_for_what_people_wait_for() {
    let bed = Bed::new().await;
    let sweep = JobKind::SweepVersion { version: VersionId::new(), generation: GenerationId::new() };
    for kind in [JobKind::CollectGarbage, sweep.clone()] {
        bed.store.enqueue(NewJob { kind, knowledge_base: None, run_at: at(0) }, at(0)).await.unwrap();
    }
    let stored = bed.upload("a.md", "ten days").await;
    let index = JobKind::IndexVersion { document: stored.document.id, version: stored.version.id };
    assert_eq!(bed.work().await, [index, JobKind::CollectGarbage, sweep]);
}
