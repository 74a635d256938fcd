//! The vector cache: what was embedded once is found again, by embedder and text.

use footnote_core::hash::ContentHash;

use crate::conformance::bed::{Bed, Sql, at};

/// Runs these cases, each on an empty database.
pub(super) async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    vectors_are_found_by_embedder_and_text(bed().await).await;
    vectors_that_no_living_chunk_uses_are_forgotten(bed().await).await;
}

fn text(n: usize) -> ContentHash {
    ContentHash::of(format!("text {n}").as_bytes())
}

async fn vectors_are_found_by_embedder_and_text(bed: Bed) {
    let known: Vec<_> = (0..1_100).map(|n| (text(n), vec![n as f32, -0.5, f32::MIN_POSITIVE])).collect();
    bed.sql.documents.put_vectors("e5", &known).await.unwrap();
    bed.sql.documents.put_vectors("e5", &known).await.unwrap();
    let asked: Vec<_> = (0..1_200).map(text).collect();
    let found = bed.sql.documents.vectors("e5", &asked).await.unwrap();
    assert_eq!(found, known.into_iter().collect());
    assert!(bed.sql.documents.vectors("bge", &asked).await.unwrap().is_empty());
    assert!(bed.sql.documents.vectors("e5", &[]).await.unwrap().is_empty());
    assert!(bed.sql.documents.put_vectors("e5", &[(text(1), vec![f32::NAN])]).await.is_err());
}

async fn vectors_that_no_living_chunk_uses_are_forgotten(bed: Bed) {
    let of = |line: &str| (ContentHash::of(line.as_bytes()), vec![1.0, 2.0, 3.0]);
    bed.upload("a.md", "kept\nold line").await;
    bed.work().await;
    bed.upload("a.md", "kept\nnew line").await;
    bed.work().await;
    bed.sql
        .documents
        .put_vectors("e5", &[of("kept"), of("old line"), of("new line"), of("never")])
        .await
        .unwrap();
    bed.sql.documents.put_vectors("bge", &[of("kept")]).await.unwrap();
    assert_eq!(bed.sql.documents.prune_vectors().await.unwrap(), 2, "a retired version's can be asked for");
    let asked = ["kept", "old line", "new line", "never"].map(|l| of(l).0);
    let left = bed.sql.documents.vectors("e5", &asked).await.unwrap();
    assert_eq!(left.len(), 3);
    assert!(asked[..3].iter().all(|text| left.contains_key(text)));
    let again = bed.upload("b.md", "kept").await;
    bed.sql.documents.delete_document(again.document.id, at(30)).await.unwrap();
    assert_eq!(bed.sql.documents.prune_vectors().await.unwrap(), 0);
    let first = bed.upload("a.md", "kept").await;
    bed.sql.documents.delete_document(first.document.id, at(40)).await.unwrap();
    bed.sql.documents.prune_chunks().await.unwrap();
    assert_eq!(bed.sql.documents.prune_vectors().await.unwrap(), 3, "they go with their document");
}
