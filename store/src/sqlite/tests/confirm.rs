//! Confirmation where the row or the file below it is another than it was.

use footnote_core::ErrorKind;
use footnote_core::ports::DocumentStore as _;

use super::bed::{Bed, at, scope, spec};

#[tokio::test]
async fn chunks_of_a_generation_that_was_replaced_meanwhile_are_not_confirmed() {
    let bed = Bed::new().await;
    let version = bed.upload("a.md", "secret").await.version.id;
    bed.work().await;
    assert_eq!(bed.visible(&bed.kb, &[version]).await, ["secret"]);
    let next = bed.store.ensure_generation(&spec("bge"), at(0)).await.unwrap().id;
    sqlx::query("UPDATE knowledge_bases SET generation = ?1 WHERE id = ?2")
        .bind(next.0)
        .bind(bed.kb.id.0)
        .execute(&bed.store.writer)
        .await
        .unwrap();
    assert!(bed.visible(&bed.kb, &[version]).await.is_empty(), "the scope's generation is the old one");
}

#[tokio::test]
async fn a_lost_text_is_told_and_not_hidden() {
    let bed = Bed::new().await;
    let version = bed.upload("a.md", "here today").await.version;
    bed.work().await;
    let path = bed.store.blobs.path(version.content).await.unwrap().unwrap();
    fs_err::remove_file(path).unwrap();
    let error = bed.store.confirm(scope(&bed.kb), &bed.chunk_ids(&[version.id])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(&version.content.to_string()), "{error}");
}
