//! What a killed process left in its database.

use std::path::Path;
use std::sync::Arc;

use footnote_core::job::JobState;
use footnote_core::ports::{JobQueue as _, ListRequest};
use footnote_store::blobs::FsBlobStore;
use footnote_store::sqlite::SqliteStore;

/// The kinds of the jobs that the process held when it died, each once.
pub(super) async fn running(folder: &Path) -> Vec<&'static str> {
    // A copy: opening the database repairs it, and that is the next process's task.
    let copy = tempfile::tempdir().unwrap();
    let copied = copy.path().join("footnote.db");
    for suffix in ["", "-wal"] {
        let left = folder.join(format!("data/footnote.db{suffix}"));
        if left.exists() {
            fs_err::copy(left, copy.path().join(format!("footnote.db{suffix}"))).unwrap();
        }
    }
    let blobs = Arc::new(FsBlobStore::open(copy.path().join("blobs")).unwrap());
    let store = SqliteStore::open(&copied, blobs).await.unwrap();
    let all = ListRequest { after: None, limit: 200 };
    let running = store.jobs(None, Some(JobState::Running), all).await.unwrap().items;
    store.close().await;
    let mut kinds: Vec<_> = running.iter().map(|job| job.kind.name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
