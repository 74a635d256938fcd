//! Every database runs the suites of the seams it serves.

use std::sync::Arc;

use footnote_store::blobs::FsBlobStore;
use footnote_store::sqlite::SqliteStore;
use footnote_tests::conformance::{
    Sql, answer_store, conversation_store, document_store, job_queue, key_store, schedule_store,
};

/// An empty SQLite database in a folder of its own.
async fn sqlite() -> Sql {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Arc::new(FsBlobStore::open(folder.path().join("blobs")).unwrap());
    let store = SqliteStore::open(&folder.path().join("footnote.db"), blobs.clone()).await.unwrap();
    let store = Arc::new(store);
    Sql {
        documents: store.clone(),
        queue: store.clone(),
        schedules: store.clone(),
        keys: store.clone(),
        conversations: store.clone(),
        answers: store,
        blobs,
        keep: Box::new(folder),
    }
}

#[tokio::test]
async fn sqlite_conforms_as_a_document_store() {
    document_store::run(sqlite).await;
}

#[test]
fn sqlite_keeps_the_properties_of_a_document_store() {
    document_store::properties(sqlite);
}

#[tokio::test]
async fn sqlite_conforms_as_a_job_queue() {
    job_queue::run(sqlite).await;
}

#[test]
fn sqlite_keeps_the_properties_of_a_job_queue() {
    job_queue::properties(sqlite);
}

#[tokio::test]
async fn sqlite_conforms_as_a_schedule_store() {
    schedule_store::run(sqlite).await;
}

#[tokio::test]
async fn sqlite_conforms_as_a_key_store() {
    key_store::run(sqlite).await;
}

#[tokio::test]
async fn sqlite_conforms_as_a_conversation_store() {
    conversation_store::run(sqlite).await;
}

#[tokio::test]
async fn sqlite_conforms_as_an_answer_store() {
    answer_store::run(sqlite).await;
}
